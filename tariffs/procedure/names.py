"""Names and numbers by which somebody is known, found in a text that everybody is going to read, however they are written.

Letters and digits that only look like others, invisible characters, accents, blanks, dots and hyphens are looked through, and so
are genitive and plural. A name counts as whole words: what stands inside a longer word is another word. What may be a name and
may be a word (a telling part of a name, the name of a location) is doubtful: a person says which it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from providers.models import Location, Mandate, Provider, Round

#: Shorter names are ordinary words; the digits of shorter numbers are not put together.
SHORTEST_NAME, SHORTEST_NUMBER = 4, 6
#: A part of a name tells who it is if no more providers have it in theirs. A shorter one counts where it has a capital.
MOST_WITH_A_PART, LONG_PART = 3, 8
#: Words of which names are made and that every text about nursing homes has.
_ORDINARY: Final = frozenset(
    {
        "aanbieder", "aanbieders", "behandeling", "centrum", "gemeente", "groep", "hoofdkantoor", "hoofdlocatie",
        "hospice", "huis", "huizen", "kantoor", "kliniek", "kwaliteit", "landelijk", "leven", "locatie", "locaties",
        "midden", "nederland", "nederlandse", "noord", "noorden", "ons", "onze", "oost", "oosten", "oude", "ouderen",
        "ouderenzorg", "regio", "regionale", "samen", "stad", "thuis", "thuiszorg", "verpleeghuis", "verpleeghuizen",
        "verpleging", "verzorging", "welzijn", "west", "westen", "wonen", "woonvorm", "woonzorg", "woonzorgcentra",
        "zorg", "zorginstelling", "zorgorganisatie", "zorgkantoor", "zuid", "zuiden",
    }
)  # fmt: skip
#: Digits that look like letters, each in the ways that somebody may mean them.
_DIGITS: Final = tuple(str.maketrans("01345789", letters) for letters in ("oleastbg", "oieastbg"))
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


class Names:
    """What a provider of a round, or somebody of it, can be known by: looked up once, and sought in any number of texts."""

    def __init__(self, round: Round) -> None:
        here = Provider.objects.filter(submissions__round=round)
        self._providers: list[tuple[str, frozenset[str], tuple[str, ...]]] = []
        self._parts: dict[str, set[str]] = {}
        for name, *numbers in here.values_list("name", "key", "agb_code", "nza_number"):
            without = " ".join(_LEGAL_FORMS.sub(" ", _folded(name)).split())
            forms = frozenset((*_forms(_letters(name)), *_forms(_letters(without))))
            self._providers.append((name, forms, tuple(numbers)))
            for part in {part for part in re.findall(r"[^\W_]+", without) if part not in _ORDINARY}:
                for form in _forms(part):
                    self._parts.setdefault(form, set()).add(name)
        people = Mandate.objects.filter(provider__submissions__round=round).values_list("user__name", "user__email")
        self._people = [
            (name, frozenset(_forms(_letters(name))), _folded(email)) for name, email in sorted(set(people))
        ]
        places: dict[str, set[str]] = {}
        for name, provider in (
            Location.objects.filter(provider__in=here).values_list("name", "provider__name").distinct()
        ):
            if _letters(name) not in _ORDINARY:
                places.setdefault(name, set()).add(provider)
        self._places = [
            (name, frozenset(_forms(_letters(name))), of) for name, of in places.items() if len(of) <= MOST_WITH_A_PART
        ]

    def found(self, text: str) -> list[str]:
        """Return the names of whom a text surely names: by the whole name, a number or an address."""
        said, folded = _Words(text), _folded(text)
        found = {
            name
            for name, forms, numbers in self._providers
            if said.any_of(forms) or any(said.number(number) for number in numbers)
        }
        found |= {name for name, forms, email in self._people if said.any_of(forms) or email in folded}
        return sorted(found)

    def doubtful(self, text: str) -> dict[str, str]:
        """Return the words in a text that may be a name, as they stand there, each with whose name it would be."""
        said, sure = _Words(text), set(self.found(text))
        found = {}
        for word in re.findall(r"[^\W_]+(?:[-.'’][^\W_]+)*", unicodedata.normalize("NFKC", text)):
            for part in (word, *re.split(r"[-.'’]", word)):
                names = set().union(*(self._parts.get(seen, set()) for seen in _as_letters(_letters(part))))
                is_telling = len(part) >= LONG_PART or part[:1].isupper()
                if is_telling and 0 < len(names) <= MOST_WITH_A_PART and not names & sure:
                    found[part] = ", ".join(sorted(names))
        for name, forms, of in self._places:
            if said.any_of(forms) and not of & sure:
                found.setdefault(name, f"een locatie van {', '.join(sorted(of))}")
        return found


def _letters(name: str) -> str:
    return "".join(re.findall(r"[^\W_]+", _folded(name)))


def _forms(letters: str) -> Iterator[str]:
    """Yield how a name may be written: as it is, in the genitive and in the plural; nothing for one that is too short."""
    if len(letters) < SHORTEST_NAME:
        return
    yield from (letters, f"{letters}s", f"{letters}es", f"{letters}{'n' if letters.endswith('e') else 'en'}")
    soft = {"s": "z", "f": "v"}.get(letters[-1])
    if soft is not None:
        yield from (f"{letters[:-1]}{soft}{end}" for end in ("es", "en"))


def _as_letters(word: str) -> set[str]:
    """Return a word as it stands, and with the letters that its digits look like if it has letters as well."""
    if word.isdigit() or not any(sign.isdigit() for sign in word):
        return {word}
    return {word, *(word.translate(digits) for digits in _DIGITS)}


class _Words:
    """The words of a text written without what is between them, with the places where one begins or ends."""

    def __init__(self, text: str) -> None:
        words = re.findall(r"[^\W_]+", _folded(text))
        self._one_by_one = set(words)
        self._written = [_joined(words)]
        if any(len(_as_letters(word)) > 1 for word in words):
            self._written += [
                _joined([word if word.isdigit() else word.translate(digits) for word in words]) for digits in _DIGITS
            ]
        # A number may be stuck to a word, as in kvk12345678.
        self._numbers = _joined([part for word in words for part in re.findall(r"\d+|\D+", word)])

    def any_of(self, forms: Iterable[str]) -> bool:
        """Tell whether a name stands in the text, in one of its forms."""
        return any(_stands(letters, written) for letters in forms for written in self._written)

    def number(self, number: str) -> bool:
        """Tell whether a number stands in the text, however its digits are grouped; a short one only as a word by itself."""
        digits = "".join(re.findall(r"[^\W_]+", _folded(number)))
        if len(digits) < SHORTEST_NUMBER:
            return digits in self._one_by_one
        return _stands(digits, self._numbers) or _stands(digits, self._written[0])


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
