"""Figures in the sentences of the checks, as the Dutch write them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from providers.measures import Measure

_SIGNS = {"EUR": "€"}


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
