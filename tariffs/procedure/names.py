"""Names and numbers by which somebody is known, found in a text that everybody is going to read, however they are written.

Letters that only look like others, invisible characters, accents, blanks, dots and hyphens are looked through, and so is the
genitive. A name counts as whole words: what stands inside a longer word is another word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from providers.models import Mandate, Provider, Round

#: Shorter names are ordinary words; the digits of shorter numbers are not put together.
SHORTEST_NAME, SHORTEST_NUMBER = 4, 6
_LEGAL_FORMS: Final = re.compile(
    r"\b(stichting|vereniging|cooperatie|zorggroep|zorgcentrum|zorgcentra|woonzorgcentrum|huize|b\.?v\.?|n\.?v\.?|u\.?a\.?)(?!\w)"
)
#: Cyrillic, Greek and odd Latin letters that look like a plain one, capitals and small letters each as they look.
_LOOK_LIKE: Final = str.maketrans(
    dict(
        [
            *zip("АВЕЗКМНОРСТУХІЈЅԌԚԜҺЬ", "abe3kmhopctyxijsgqwhb", strict=True),
            *zip("авекмнорстухіјѕԁԛԝһьпгцѵ", "abekmhopctyxijsdqwhbnruv", strict=True),
            *zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺ", "abezhikmnoptyxcm", strict=True),
            *zip("αβεηικνορτυχγωϲσςμ", "abenikvoptuxywcoom", strict=True),
            *zip("ıłøđħŧɑɡɩʀʏᴏꞵ", "ilodhtagiryob", strict=True),
            ("æ", "ae"),
            ("œ", "oe"),
            ("ĳ", "ij"),
        ]
    )
)


def names_found(text: str, round: Round) -> list[str]:
    """Return the names and numbers in a text by which a provider of the round, or somebody of it, can be known."""
    said = _Words(text)
    found = []
    providers = Provider.objects.filter(submissions__round=round)
    for name, *numbers in providers.values_list("name", "key", "agb_code", "nza_number"):
        without = " ".join(_LEGAL_FORMS.sub(" ", _folded(name)).split())
        if said.name(name) or said.name(without) or any(said.number(number) for number in numbers):
            found.append(name)
    people = Mandate.objects.filter(provider__submissions__round=round).values_list("user__name", "user__email")
    folded = _folded(text)
    for name, email in people.distinct():
        if said.name(name) or _folded(email) in folded:
            found.append(name)
    return sorted(set(found))


class _Words:
    """The words of a text written without what is between them, with the places where one begins or ends."""

    def __init__(self, text: str) -> None:
        words = re.findall(r"[^\W_]+", _folded(text))
        self._one_by_one = set(words)
        self._words = _joined(words)
        # A number may be stuck to a word, as in kvk12345678.
        self._numbers = _joined([part for word in words for part in re.findall(r"\d+|\D+", word)])

    def name(self, name: str) -> bool:
        """Tell whether a name stands in the text, also in the genitive; too short a name does not count."""
        letters = "".join(re.findall(r"[^\W_]+", _folded(name)))
        if len(letters) < SHORTEST_NAME:
            return False
        return _stands(letters, self._words) or _stands(f"{letters}s", self._words)

    def number(self, number: str) -> bool:
        """Tell whether a number stands in the text, however its digits are grouped; a short one only as a word by itself."""
        digits = "".join(re.findall(r"[^\W_]+", _folded(number)))
        if len(digits) < SHORTEST_NUMBER:
            return digits in self._one_by_one
        return _stands(digits, self._numbers) or _stands(digits, self._words)


def _folded(text: str) -> str:
    """Return text as it looks: no accents, nothing invisible, small letters of one alphabet."""
    seen = [
        sign for sign in unicodedata.normalize("NFKD", text) if unicodedata.category(sign) not in ("Mn", "Me", "Cf")
    ]
    return "".join(seen).translate(_LOOK_LIKE).casefold().translate(_LOOK_LIKE)


def _joined(words: Iterable[str]) -> tuple[str, frozenset[int]]:
    """Return words stuck together, and the places between them."""
    places, length = [0], 0
    kept = list(words)
    for word in kept:
        length += len(word)
        places.append(length)
    return "".join(kept), frozenset(places)


def _stands(wanted: str, joined: tuple[str, frozenset[int]]) -> bool:
    text, places = joined
    start = text.find(wanted)
    while start >= 0:
        if start in places and start + len(wanted) in places:
            return True
        start = text.find(wanted, start + 1)
    return False
