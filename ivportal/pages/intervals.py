"""An interval around a score as pages show it: in words, as a range and as a drawn bar."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Any

from providers.formatting import NBSP, format_percent

#: An interval under a tenth of a percentage point has ends that read the same.
NARROW = Decimal("0.001")
#: In percents of the width: a label that starts further to the right than this would leave the bar.
ROOM_RIGHT = 86


def is_narrow(lower: Decimal, upper: Decimal) -> bool:
    """Tell whether the interval is narrower than the tenth of a point that figures are shown in."""
    return upper - lower < NARROW


def format_range(lower: Decimal, upper: Decimal) -> str:
    """Write an interval: "83,0–84,7 %", and a narrow one as "83,0 % (smaller dan 0,1 punt)"."""
    if is_narrow(lower, upper):
        return f"{format_percent(lower)} (smaller dan 0,1 punt)"
    return f"{format_percent(lower).removesuffix(f'{NBSP}%')}–{format_percent(upper)}"


def in_words(lower: Decimal, upper: Decimal) -> str:
    """Write where a true score probably lies: "tussen 83,0 % en 84,7 %"."""
    if is_narrow(lower, upper):
        return f"rond {format_percent(lower)}, met een interval dat smaller is dan 0,1 procentpunt"
    return f"tussen {format_percent(lower)} en {format_percent(upper)}"


def interval_bar(*, lower: Decimal, upper: Decimal, score: Decimal) -> dict[str, Any]:
    """Return what ``components/interval_bar.html`` draws: the interval and the score on an axis from a round figure to 100 %.

    The axis begins at least 10 points under the interval, so that its label has room.
    """
    tenth = Decimal("0.1")
    start = max((min(lower, score) / tenth).to_integral_value(ROUND_FLOOR) * tenth - tenth, Decimal(0))

    def mark(value: Decimal, anchor: str) -> dict[str, Any]:
        return {"position": place(value), "label": format_percent(value), "anchor": anchor}

    def place(value: Decimal) -> float:
        return round(float((value - start) / (1 - start) * 100), 2)

    return {
        "lower": mark(lower, "end"),
        "upper": mark(upper, "end" if place(upper) > ROOM_RIGHT else "start"),
        # Two labels that both run to the left stand under each other.
        "is_stacked": place(upper) > ROOM_RIGHT,
        "is_narrow": is_narrow(lower, upper),
        "score": mark(score, "start" if place(score) < 34 else "end" if place(score) > 66 else "middle"),
        "width": round(max(place(upper) - place(lower), 0.4), 2),
        "from": format_percent(start, decimals=0),
        "to": format_percent(1, decimals=0),
        "description": f"interval {format_percent(lower)} tot {format_percent(upper)}; getoonde score {format_percent(score)}",
    }
