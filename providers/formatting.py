"""Figures and moments as the Dutch write them.

Pure functions: a value goes in, a string comes out, and nothing here knows Django. Thousands are parted by a full stop and
decimals by a comma; rounding is half away from zero, as on a tax form. What is missing or not finite becomes ``MISSING``,
so that no page ever shows "nan". A non-breaking space joins a sign and its number, so that no line ends on a lone "€".
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from numbers import Integral, Real
from zoneinfo import ZoneInfo

__all__ = [
    "MISSING",
    "NBSP",
    "Figure",
    "format_date",
    "format_datetime",
    "format_duration",
    "format_million",
    "format_money",
    "format_number",
    "format_percent",
]

MISSING = "–"
NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
CURRENCY_SIGNS = {"EUR": "€"}

Figure = Decimal | float | str | None
"""What a template may hand over: a number, a number written as text, or nothing."""


def format_number(value: Figure, *, decimals: int = 0) -> str:
    """Write a number with Dutch separators: ``1234567.891`` with two decimals is "1.234.567,89".

    Raises ``ValueError`` for text that is no number: that is a mistake in the page, not a missing value.
    """
    number = _as_decimal(value)
    return MISSING if number is None else _grouped(number, decimals=decimals)


def format_exact(value: Decimal | float) -> str:
    """Write a number with all its decimals and no more: ``Decimal("3650.50")`` is "3.650,5"."""
    exact = Decimal(str(value)).normalize()
    return format_number(exact, decimals=max(-int(exact.as_tuple().exponent), 0))


def format_money(value: Figure, *, currency: str = "EUR", decimals: int = 0) -> str:
    """Write an amount in full: "€ 26.312.480", or "CHF 1.234,50" with two decimals.

    ``currency`` is an ISO 4217 code; one without a sign of its own is written as the code.
    """
    number = _as_decimal(value)
    if number is None:
        return MISSING
    return f"{CURRENCY_SIGNS.get(currency, currency)}{NBSP}{_grouped(number, decimals=decimals)}"


def format_million(value: Figure, *, currency: str = "EUR", decimals: int = 1) -> str:
    """Write an amount for a sentence: "€ 26,3 mln", from a thousand million "€ 11,1 mld".

    Under a million that would say too little: from 10.000 it is rounded to thousands ("€ 412.000"), below it is exact.
    """
    number = _as_decimal(value)
    if number is None:
        return MISSING
    thousands = number.scaleb(-3).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if abs(thousands) >= 1_000_000:
        return f"{format_money(number.scaleb(-9), currency=currency, decimals=decimals)}{NBSP}mld"
    if abs(thousands) >= 1000:
        return f"{format_money(number.scaleb(-6), currency=currency, decimals=decimals)}{NBSP}mln"
    if abs(number) >= 10_000:
        return format_money(thousands.scaleb(3), currency=currency)
    return format_money(number, currency=currency)


def format_percent(ratio: Figure, *, decimals: int = 1) -> str:
    """Write a ratio as a percentage: ``0.926`` is "92,6 %"."""
    number = _as_decimal(ratio)
    return MISSING if number is None else f"{_grouped(number.scaleb(2), decimals=decimals)}{NBSP}%"


def format_date(moment: dt.date | None) -> str:
    """Write a day: "14 mei 2024". A moment is first brought to Amsterdam time; without a time zone it is refused."""
    if moment is None or moment == "":
        return MISSING
    day = _in_amsterdam(moment) if isinstance(moment, dt.datetime) else moment
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def format_datetime(moment: dt.datetime | None) -> str:
    """Write a moment in Amsterdam time: "14 mei 2024 om 23.59 uur". Refuses a moment without a time zone."""
    if moment is None or moment == "":
        return MISSING
    local = _in_amsterdam(moment)
    return f"{format_date(local)} om {local.hour}.{local.minute:02d} uur"


def format_duration(seconds: Figure) -> str:
    """Write how long something took: "2,4 s", "1 min 12 s", "3 uur 5 min"."""
    number = _as_decimal(seconds)
    if number is None:
        return MISSING
    if number < Decimal("59.95"):
        return f"{_grouped(number, decimals=1)}{NBSP}s"
    whole = int(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if whole < 3600:
        return f"{whole // 60}{NBSP}min {whole % 60}{NBSP}s"
    return f"{whole // 3600}{NBSP}uur {whole % 3600 // 60}{NBSP}min"


def _as_decimal(value: Figure) -> Decimal | None:
    """The value as an exact decimal, or None when there is nothing to show."""
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, Integral):
        number = Decimal(int(value))
    elif isinstance(value, Real):
        # repr gives the shortest decimal that means this float, so 0.285 rounds as a reader expects.
        number = Decimal(repr(float(value)))
    else:
        try:
            number = Decimal(value)
        except ArithmeticError as error:
            raise ValueError(f"{value!r} is not a number") from error
    return number if number.is_finite() else None


def _grouped(number: Decimal, *, decimals: int) -> str:
    """Digits with Dutch separators and a true minus sign; what rounds to zero carries no sign."""
    rounded = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{decimals}f}".translate(str.maketrans(",.", ".,"))
    return f"{MINUS}{text}" if rounded < 0 else text


def _in_amsterdam(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be written as Dutch local time")
    return moment.astimezone(AMSTERDAM)
