"""Zorgkantoor: bandwidths beside each other, with what was agreed in them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from decimal import Decimal
from html import escape
from typing import Any

from providers.formatting import MISSING, NBSP, format_percent

ACCENT = "#0b5773"
GREY = "#9aa7b1"
INK = "#17222b"
#: Up to so many providers their names stand along the axis, each with a number: names may begin alike.
NAMED = 6
#: Signs in a line of a name along the axis, and lines.
LINE, LINES = 19, 4


def in_order(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as the figure has them, from a low minimum to a high one; those without a bandwidth last."""
    return sorted(rows, key=lambda row: (row["lower_rate"] is None, row["lower_rate"] or 0, row["name_key"]))


def rates_in_bandwidths(
    rows: Sequence[dict[str, Any]], *, guide: Decimal | None, identifier: str, title: str
) -> dict[str, Any] | None:
    """Return the figure of bandwidths from low to high, with the agreed rates; ``None`` without any bandwidth."""
    shown = [row for row in in_order(rows) if row["lower_rate"] is not None]
    if not shown:
        return None
    numbered = len(shown) <= NAMED
    return {
        "id": identifier,
        "title": title,
        "description": (
            "Elke streep is de bandbreedte van een aanbieder, van minimum tot maximum, in procenten van het maximumtarief."
            " Een dwarsstreep is een bandbreedte van één punt. Een stip is wat u afsprak; twee stippen zijn het laagste en"
            " hoogste tarief per zorgprofiel."
        ),
        "plotly": {"data": _traces(shown), "layout": _layout(shown, guide)},
        "table": {
            "caption": "Bandbreedte en afspraak per aanbieder, in procenten van het maximumtarief",
            "columns": [
                {"label": "Zorgaanbieder", "numeric": False},
                {"label": "Onderkant", "numeric": True},
                {"label": "Bovenkant", "numeric": True},
                {"label": "Afspraak", "numeric": True},
                {"label": "Status", "numeric": True},
            ],
            "rows": [
                [
                    f"{number}. {row['name']}" if numbered else row["name"],
                    format_percent(row["lower_rate"], decimals=2),
                    format_percent(row["upper_rate"], decimals=2),
                    row["agreed"]["words"] if row["agreed"] else MISSING,
                    row["status_label"],
                ]
                for number, row in enumerate(shown, start=1)
            ],
        },
        "note": _left_out(rows),
    }


def _left_out(rows: Sequence[dict[str, Any]]) -> str:
    """Say who is not in the figure, and why."""
    names: dict[str, list[str]] = {}
    for row in rows:
        if row["lower_rate"] is None:
            names.setdefault(row["reason"], []).append(row["name"])
    said = "; ".join(f"{', '.join(found)} ({reason.removesuffix('.')})" for reason, found in names.items())
    return f"Zonder bandbreedte, en daarom niet in de figuur: {said}." if said else ""


def _traces(shown: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bands, those of one point, an unseen mark on each to point at, and what was agreed."""
    few = len(shown) <= NAMED
    colour = ACCENT if few else GREY
    bands: dict[str, list[float | None]] = {"x": [], "y": []}
    single: dict[str, list[float]] = {"x": [], "y": []}
    pointed: dict[str, list[Any]] = {"x": [], "y": [], "text": []}
    agreed: dict[str, list[Any]] = {"x": [], "y": [], "text": []}
    for place, row in enumerate(shown, start=1):
        lower, upper = _points(row["lower_rate"]), _points(row["upper_rate"])
        words = (
            f"{escape(row['name'])}<br>{row['rates']},"
            f" {row['status_label'].lower()}"
            f"<br>{'afgesproken ' + row['agreed']['words'] if row['agreed'] else 'nog geen afspraak'}"
        )
        bands["x"] += [place, place, None]
        bands["y"] += [lower, upper, None]
        if lower == upper:
            _add(single, x=place, y=upper)
        _add(pointed, x=place, y=(lower + upper) / 2, text=words)
        if row["agreed"]:
            for rate in dict.fromkeys((row["agreed"]["lowest"], row["agreed"]["highest"])):
                if rate is not None:
                    _add(agreed, x=place, y=_points(rate), text=words)
    marks = {"type": "scatter", "mode": "markers", "hovertemplate": "%{text}<extra></extra>"}
    return [
        {
            "type": "scatter", "mode": "lines", "name": "bandbreedte", "hoverinfo": "skip", "connectgaps": False,
            "line": {"color": colour, "width": 14 if few else 5}, **bands,
        },
        {
            "type": "scatter", "mode": "markers", "name": "bandbreedte van één punt", "hoverinfo": "skip",
            "marker": {"symbol": "line-ew-open", "size": 18, "color": colour, "line": {"width": 4}}, **single,
        },
        {**marks, "name": "aanbieder", "marker": {"size": 14, "opacity": 0}, **pointed},
        {**marks, "name": "afspraak", "marker": {"color": INK, "size": 9, "line": {"color": "#fff", "width": 2}}, **agreed},
    ]  # fmt: skip


def _add(trace: dict[str, list[Any]], **values: Any) -> None:
    for name, value in values.items():
        trace[name].append(value)


def _layout(shown: Sequence[dict[str, Any]], guide: Decimal | None) -> dict[str, Any]:
    unnamed = {
        "title": {"text": "Aanbieders, van laag naar hoog minimum"},
        "showgrid": False,
        "showticklabels": False,
        "ticks": "",
    }
    places = range(1, len(shown) + 1)
    named = {
        "showgrid": False,
        "tickmode": "array",
        "tickvals": list(places),
        "ticktext": [_label(number, row["name"]) for number, row in enumerate(shown, start=1)],
        "range": [0.4, len(shown) + 0.6],
    }
    # On a narrow screen there is no room for names: the table has them, with these numbers.
    numbered = named | {
        "ticktext": [str(number) for number in places],
        "title": {"text": "Nummer van de aanbieder in de tabel"},
    }
    few = len(shown) <= NAMED
    layout: dict[str, Any] = {
        "xaxis": named if few else unnamed,
        "yaxis": {"title": {"text": "Percentage van het maximumtarief"}, "ticksuffix": " %"},
        "meta": {"narrow": {"xaxis": numbered if few else unnamed}},
    }
    if guide is not None:
        at = _points(guide)
        layout["shapes"] = [
            {
                "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at,
                "line": {"dash": "dash", "color": INK, "width": 1.5},
            }
        ]  # fmt: skip
        # The words stand above the bands: beside the line one could run through them.
        layout["margin"] = {"t": 32}
        layout["annotations"] = [
            {
                "xref": "paper", "x": 1, "xanchor": "right", "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False,
                "text": f"– – uw richtpercentage {format_percent(guide, decimals=2)}", "font": {"color": INK},
            }
        ]  # fmt: skip
    return layout


def _points(rate: Decimal) -> float:
    """Return a rate in percents, as precise as the tables show a bandwidth."""
    return float(round(rate * 100, 2))


def _label(number: int, name: str) -> str:
    """Return a name in lines of its own, with its number."""
    lines = textwrap.wrap(f"{number}.{NBSP}{name}", LINE, max_lines=LINES, placeholder="…")
    return "<br>".join(escape(line) for line in lines)
