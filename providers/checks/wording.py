"""Figures in the sentences of the checks, as the Dutch write them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from providers.checks.ratios import Ratio
from providers.measures import Measure

_SIGNS = {"EUR": "€"}
_WHOLE_FROM: Final = 10
_TIMES_FROM: Final = 3
_TIMES: Final = {1: "tien keer", 2: "honderd keer", 3: "duizend keer"}
_PARTS: Final = {1: "een tiende van", 2: "een honderdste van", 3: "een duizendste van"}


def number(value: Decimal, decimals: int = 0) -> str:
    """``1234.5`` → ``1.234,5`` with one decimal."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{rounded:,f}".translate(str.maketrans(",.", ".,"))


def amount(value: Decimal, currency: str, decimals: int = 2) -> str:
    """``1234.5`` → ``€ 1.234,50``; other currencies by their code."""
    return f"{_SIGNS.get(currency, currency)}\u00a0{number(value, decimals)}"


def percentage(value: Decimal, decimals: int = 1) -> str:
    """``0.953`` → ``95,3 %``."""
    return f"{number(value * 100, decimals)}\u00a0%"


def figure(value: Decimal, measure: Measure, currency: str, *, as_percentage: bool = True) -> str:
    """A value of a measure, in its unit. ``as_percentage=False`` shows a share as the number that was filled in."""
    if measure.unit == "money":
        return amount(value, currency, measure.decimals)
    if measure.unit == "share" and as_percentage:
        return percentage(value, max(measure.decimals - 2, 0))
    exponent = value.normalize().as_tuple().exponent
    written = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return number(value, min(written, measure.decimals or 6))


def limits(minimum: str | None, maximum: str | None) -> str:
    """A range in words; at least one end is given."""
    if minimum is not None and maximum is not None:
        return f"van {minimum} tot en met {maximum}"
    return f"ten minste {minimum}" if minimum is not None else f"ten hoogste {maximum}"


def significant(value: Decimal, digits: int) -> Decimal:
    """``value`` rounded to this many digits: ``312.4`` in two digits is ``310``."""
    if not value:
        return value
    return value.quantize(Decimal(1).scaleb(value.adjusted() - digits + 1), rounding=ROUND_HALF_UP)


def ratio_figure(value: Decimal, ratio: Ratio, currency: str) -> str:
    """A ratio in its unit: an amount above ten in whole units, below with cents; a share in whole percents from ten on."""
    if ratio.unit == "money":
        return amount(value, currency, 0 if abs(value) >= _WHOLE_FROM else 2)
    if ratio.unit == "share":
        return percentage(value, 0 if abs(value * 100) >= _WHOLE_FROM else 1)
    return number(value, 2)


def change(value: Decimal, previous: Decimal) -> str:
    """How much more or less than ``previous``, which is not 0: ``62 % meer``, from threefold on ``4,2 keer zo veel``."""
    if previous and value / previous >= _TIMES_FROM:
        return f"{number(value / previous, 1)} keer zo veel"
    share = percentage(abs(value - previous) / abs(previous), 0)
    return f"{share} {'meer' if abs(value) > abs(previous) else 'minder'}"


def factor_in_words(exponent: int, *, is_exact: bool) -> str:
    """``3`` → ``precies duizend keer``; ``-3`` → ``precies een duizendste van``; about, if it is not exact."""
    word = (_TIMES if exponent > 0 else _PARTS)[abs(exponent)]
    return f"{'precies' if is_exact else 'ongeveer'} {word}"
