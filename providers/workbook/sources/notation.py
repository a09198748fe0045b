"""Which notation a file writes its numbers in, found from the numbers that leave no doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from providers.workbook.numbers import Notation, NumberError, parse_number

_POSSIBLE: Final[tuple[Notation, ...]] = ("nl", "en")
MISSING: Final = frozenset({"", "na", "nvt", "n.v.t.", "n.v.t", "n.b.", "onbekend"})
_SURPLUS_ZEROS = re.compile(r"^(-?)0+(?=[0-9])")


def is_missing(raw: str) -> bool:
    """Whether the source says that there is no figure."""
    return raw.strip().casefold() in MISSING


def notation_of(numbers: Iterable[str]) -> Notation | None:
    """The one notation in which all numbers can be read, or ``None`` if there is not one.

    ``33.33`` can only be English and ``33,33`` only Dutch; ``1.234`` may be both. A file that mixes them has no
    notation: then only those numbers can be read that mean the same in each.
    """
    seen: set[Notation] = set()
    for raw in set(numbers):
        if not ("," in raw or "." in raw):
            continue
        found = [notation for notation in _POSSIBLE if _is(raw, notation)]
        if len(found) == 1:
            seen.update(found)
    return next(iter(seen)) if len(seen) == 1 else None


def _is(raw: str, notation: Notation) -> bool:
    try:
        parse_number(without_surplus_zeros(raw), notation)
    except NumberError:
        return False
    return True


def without_surplus_zeros(raw: str) -> str:
    """``01.00`` → ``1.00``: a source may fill up a number with zeros, which changes nothing."""
    return _SURPLUS_ZEROS.sub(r"\1", raw.strip())


@lru_cache(maxsize=1 << 14)
def figure(raw: str, notation: Notation | None) -> Decimal:
    """The number; :class:`NumberError` says in Dutch why there is none."""
    return parse_number(without_surplus_zeros(raw), notation)
