"""Places on a scale: what the drawn components need, from 0 to 100."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from providers.formatting import format_million, format_percent

#: Steps of axes: 1, 2, 2.5 or 5 times a power of ten.
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5))


def bandwidth_bar(*, own: Decimal, minimum: Decimal, maximum: Decimal, currency: str, book_year: int) -> dict[str, Any]:
    """Return what ``components/bandwidth_bar.html`` draws: own costs against the band, on an axis with round ticks."""
    low, high = min(own, minimum), max(own, maximum)
    spread = max(high - low, high / 100)
    step = _step(spread / 3)
    start = ((low - spread / 8) / step).to_integral_value(ROUND_FLOOR) * step
    end = ((high + spread / 8) / step).to_integral_value(ROUND_CEILING) * step
    start = max(start, Decimal(0))

    def place(value: Decimal) -> float:
        return round(float((value - start) / (end - start) * 100), 2)

    def shown(value: Decimal) -> str:
        return format_million(value, currency=currency)

    count = int((end - start) / step)
    ticks = [start + step * number for number in range(count + 1)]
    return {
        "own": {"position": place(own), "label": shown(own)},
        "minimum": {"position": place(minimum), "label": shown(minimum)},
        "maximum": {"position": place(maximum), "label": shown(maximum)},
        "width": round(place(maximum) - place(minimum), 2),
        "ticks": [{"position": place(tick), "label": shown(tick)} for tick in ticks],
        "axis_title": f"Kosten in boekjaar {book_year}",
        "description": f"Minimum {shown(minimum)}, maximum {shown(maximum)}, uw kosten {shown(own)}.",
    }


def _step(wanted: Decimal) -> Decimal:
    """Return the smallest round step that is at least ``wanted``."""
    power = Decimal(1).scaleb(wanted.adjusted())
    return next((factor * power for factor in STEPS if factor * power >= wanted), power * 10)


def scale_ends(rates: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Return the ends of a scale of rates in tens of percents, with 100 % on it."""
    tenth = Decimal("0.1")
    low = min([*rates, Decimal(1)])
    high = max([*rates, Decimal(1)])
    start = (low / tenth).to_integral_value(ROUND_FLOOR) * tenth
    end = (high / tenth).to_integral_value(ROUND_CEILING) * tenth
    return max(start - tenth, Decimal(0)), end + tenth / 2


def rate_scale(
    *, lower: Decimal, upper: Decimal, ends: tuple[Decimal, Decimal], mark: Decimal = Decimal(1)
) -> dict[str, Any]:
    """Return what ``components/rate_scale.html`` draws: a band, and a mark that is 100 % unless told otherwise."""

    def place(rate: Decimal) -> float:
        return round(float((rate - ends[0]) / (ends[1] - ends[0]) * 100), 2)

    return {
        "lower": place(lower),
        "width": round(max(place(upper) - place(lower), 0.8), 2),
        "cap": place(mark),
        "label": f"{format_percent(lower)} tot {format_percent(upper)} van het maximumtarief",
    }
