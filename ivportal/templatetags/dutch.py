"""Filters for figures and moments in Dutch; the rules stand in ``providers.formatting``.

In a template: ``{% load dutch %}``, then ``{{ cost|euro }}``, ``{{ rate|euro:2 }}``, ``{{ cost|money:currency }}``,
``{{ cost|million:currency }}``, ``{{ score|percent }}``, ``{{ days|number }}``, ``{{ deadline|dutch_datetime }}``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django import template

from providers import formatting
from providers.formatting import Figure

register = template.Library()


@register.filter
def euro(value: Figure, decimals: int = 0) -> str:
    """An exact amount in euros; ``euro:2`` shows the cents."""
    return formatting.format_money(value, decimals=decimals)


@register.filter
def money(value: Figure, currency: str = "EUR") -> str:
    """An exact amount in whole units of a currency given by its code."""
    return formatting.format_money(value, currency=currency or "EUR")


@register.filter
def money_cents(value: Figure, currency: str = "EUR") -> str:
    """An exact amount with cents in a currency given by its code."""
    return formatting.format_money(value, currency=currency or "EUR", decimals=2)


@register.filter
def million(value: Figure, currency: str = "EUR") -> str:
    """An amount for a sentence, in millions with one decimal where it is that large."""
    return formatting.format_million(value, currency=currency or "EUR")


@register.filter
def percent(value: Figure, decimals: int = 1) -> str:
    """A ratio as a percentage."""
    return formatting.format_percent(value, decimals=decimals)


@register.filter
def number(value: Figure, decimals: int = 0) -> str:
    """A number with Dutch separators."""
    return formatting.format_number(value, decimals=decimals)


@register.filter
def magnitude(value: Figure) -> Decimal | float | None:
    """The size of a number without its sign, for sentences that say "more" or "less" in words."""
    if value is None or isinstance(value, str):
        return None
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


@register.filter
def dutch_date(value: dt.date | None) -> str:
    """A day."""
    return formatting.format_date(value)


@register.filter
def dutch_datetime(value: dt.datetime | None) -> str:
    """A moment in Amsterdam time."""
    return formatting.format_datetime(value)


@register.filter
def duration(value: Figure) -> str:
    """How long something took, from a number of seconds."""
    return formatting.format_duration(value)


@register.filter
def labelled(cells: Iterable[str], columns: Iterable[Mapping[str, object]]) -> list[tuple[str, str]]:
    """Each cell of a row with the label of its column: on a narrow screen a row stands on its own."""
    return [(str(column["label"]), cell) for column, cell in zip(columns, cells, strict=True)]
