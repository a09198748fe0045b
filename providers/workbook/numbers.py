"""Reading a number that was written as text, in Dutch, English or Swiss notation. Never guesses.

``1.234`` is one thousand two hundred and thirty-four to a Dutch reader and a little over one to an English one. So a
number is read in the notation that its source uses; when the notation is not known, it is read only if all notations
that allow the text agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

Notation = Literal["nl", "en", "ch"]

_SPACE = "[ \u00a0\u2009\u202f]"
_WHOLE = "(?:0|[1-9][0-9]*)"

# Per notation: the pattern, the thousands separators to take out, the decimal mark.
_NOTATIONS: Final[dict[Notation, tuple[re.Pattern[str], str, str]]] = {
    "nl": (
        re.compile(rf"(?:{_WHOLE}|[1-9][0-9]{{0,2}}(?:(?:\.[0-9]{{3}})+|(?:{_SPACE}[0-9]{{3}})+))(?:,(?:[0-9]+|-))?"),
        ". \u00a0\u2009\u202f",
        ",",
    ),
    "en": (
        re.compile(rf"(?:{_WHOLE}|[1-9][0-9]{{0,2}}(?:(?:,[0-9]{{3}})+|(?:{_SPACE}[0-9]{{3}})+))(?:\.[0-9]+)?"),
        ", \u00a0\u2009\u202f",
        ".",
    ),
    "ch": (
        re.compile(rf"(?:{_WHOLE}|[1-9][0-9]{{0,2}}(?:(?:['’][0-9]{{3}})+|(?:{_SPACE}[0-9]{{3}})+))(?:\.[0-9]+)?"),
        "'’ \u00a0\u2009\u202f",
        ".",
    ),
}
_NAMES: Final[dict[Notation, str]] = {
    "nl": "Nederlandse notatie (1.234,5)",
    "en": "Engelse notatie (1,234.5)",
    "ch": "Zwitserse notatie (1'234.5)",
}
_CURRENCY = re.compile(rf"^(?:€|EUR|CHF){_SPACE}*")
_SCIENTIFIC = re.compile(r"[0-9][0-9.,]*[eE][+-]?[0-9]+")
_LONGEST = 60
_CERTAIN = 3


class NumberError(ValueError):
    """The text cannot be read as one number; the message says why, in Dutch."""


def parse_number(raw: str, notation: Notation | None = None) -> Decimal:
    """The number that ``raw`` says in ``notation``, exactly; :class:`NumberError` if it says none or more than one.

    Allowed around the digits: spaces, one minus sign in front, a currency sign in front. Thousands separators must be
    at every third digit or absent. Without a notation the text is read in all three; different outcomes are refused.
    """
    text = raw.strip(" \u00a0\u2009\u202f\t")
    if not text:
        raise NumberError("er staat niets")
    if len(text) > _LONGEST:
        raise NumberError("de tekst is te lang voor een getal")
    negative = text[0] in "-\u2212"
    digits = _CURRENCY.sub("", text.removeprefix("-").removeprefix("\u2212").lstrip())
    if not negative and digits[:1] in ("-", "\u2212"):
        negative, digits = True, digits[1:].lstrip()
    if "%" in digits:
        raise NumberError("er staat een procentteken bij; vul alleen het getal in")
    if not re.search("[0-9]", digits):
        raise NumberError("dit is tekst en geen getal")
    if _SCIENTIFIC.fullmatch(digits):
        raise NumberError(
            "dit is geen getal dat wij veilig lezen: in wetenschappelijke notatie kunnen cijfers zijn weggevallen"
        )

    outcomes: dict[Notation, Decimal] = {}
    for name in (notation,) if notation else _NOTATIONS:
        pattern, thousands, mark = _NOTATIONS[name]
        if pattern.fullmatch(digits):
            plain = digits.removesuffix(",-") if name == "nl" else digits
            plain = plain.translate({ord(separator): None for separator in thousands}).replace(mark, ".")
            outcomes[name] = Decimal(plain)
    if not outcomes:
        asked = _NAMES[notation] if notation else "Nederlandse of Engelse notatie"
        raise NumberError(f"dit is geen getal in {asked}")
    values = set(outcomes.values())
    if len(values) > 1:
        meanings = " of ".join(_dutch(value) for value in sorted(values, reverse=True))
        raise NumberError(f"dit kan {meanings} betekenen; vul het in als getal en niet als tekst")
    value = values.pop()
    return -value if negative else value


def notation_beyond_doubt(texts: Iterable[str]) -> Notation | None:
    """The notation in which all these numbers were written, if they leave no doubt, else ``None``.

    At least three of them must be readable with a decimal comma only (or with a decimal point only), and none with the
    other only. Texts that are no number say nothing.
    """
    comma = point = 0
    for text in texts:
        reads = {name for name in _NOTATIONS if _is_number(text, name)}
        comma += reads == {"nl"}
        point += bool(reads) and "nl" not in reads
    if comma >= _CERTAIN and not point:
        return "nl"
    return "en" if point >= _CERTAIN and not comma else None


def _is_number(text: str, notation: Notation) -> bool:
    try:
        parse_number(text, notation)
    except NumberError:
        return False
    return True


def _dutch(value: Decimal) -> str:
    """``1234`` → ``1.234`` and ``1.234`` → ``1,234``: the two readings of an ambiguous text, told apart."""
    return f"{value:,f}".translate(str.maketrans(",.", ".,"))
