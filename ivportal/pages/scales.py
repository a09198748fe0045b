"""Places on a scale: what the drawn components need, from 0 to 100."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from providers.formatting import format_million, format_percent
from tariffs.room import inward

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

    count = int((end - start) / step)
    ticks = [start + step * number for number in range(count + 1)]
    decimals = 2 if _coincide(ticks, currency) or _coincide((own, minimum, maximum), currency) else 1

    def shown(value: Decimal) -> str:
        return format_million(value, currency=currency, decimals=decimals)

    def mark(value: Decimal, label: tuple[int, str] | None = None) -> dict[str, Any]:
        row, anchor = label or (0, "")
        return {"position": place(value), "label": shown(value), "row": row, "anchor": anchor}

    for_minimum, for_maximum = label_places(place(minimum), place(maximum))
    return {
        "own": mark(own),
        "minimum": mark(minimum, for_minimum),
        "maximum": mark(maximum, for_maximum),
        "width": round(place(maximum) - place(minimum), 2),
        "ticks": [{"position": place(tick), "label": shown(tick)} for tick in ticks],
        "axis_title": f"Kosten in boekjaar {book_year}",
        "description": f"Minimum {shown(minimum)}, maximum {shown(maximum)}, uw kosten {shown(own)}.",
    }


def _coincide(values: Sequence[Decimal], currency: str) -> bool:
    """Tell whether two different amounts read the same with one decimal."""
    different = set(values)
    return len({format_million(value, currency=currency) for value in different}) < len(different)


def label_places(minimum: float, maximum: float) -> tuple[tuple[int, str], tuple[int, str]]:
    """Return for the labels of minimum and maximum the row (1 or 2) and the side they run to (``text-anchor``).

    A line leads from the band to each label; that to the second row must not run through the label in the first. On a
    narrow screen a label takes up to 42 % of the width.
    """
    if maximum < 50:
        return (2, "start"), (1, "start")
    if minimum >= 40:
        return (1, "end"), (2, "end")
    if maximum - minimum >= 45:
        return (2, "start"), (1, "end")
    return ((2, "start"), (1, "start")) if maximum <= 60 else ((1, "middle"), (2, "end"))


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
    *,
    lower: Decimal,
    upper: Decimal,
    ends: tuple[Decimal, Decimal],
    guide: Decimal | None = None,
    agreed: tuple[Decimal | None, Decimal | None] | None = None,
) -> dict[str, Any]:
    """Return what ``components/rate_scale.html`` draws: a band, and a mark at 100 %.

    ``guide`` and ``agreed`` (lowest and highest) are marked too, if given; the scale has to hold them.
    """

    def place(rate: Decimal) -> float:
        return round(float((rate - ends[0]) / (ends[1] - ends[0]) * 100), 2)

    said = dict.fromkeys(format_percent(rate, decimals=2) for rate in inward(lower, upper))
    label = f"{' tot '.join(said)} van het maximumtarief"
    if guide is not None:
        label += f"; richtpercentage {format_percent(guide, decimals=2)}"
    lowest, highest = agreed or (None, None)
    if lowest is not None and highest is not None:
        label += f"; afgesproken {format_percent(lowest, decimals=2)}"
        label += f" tot {format_percent(highest, decimals=2)}" if highest > lowest else ""
    return {
        "lower": place(lower),
        "width": round(max(place(upper) - place(lower), 0.8), 2),
        "cap": place(Decimal(1)),
        "guide": None if guide is None else place(guide),
        "agreed": [place(rate) for rate in dict.fromkeys((lowest, highest)) if rate is not None],
        "label": label,
    }
