"""Plotly figures as plain JSON, drawn by ``static/js/figures.js``; each with its title, description and table.

What a figure holds is in the page source, so it holds nothing that the table beside it hides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import floor
from typing import Any

import plotly.graph_objects as go

from benchmarking.disclosure import Rules, cell_of, crowded, round_up, tenth_of

ACCENT = "#0b5773"
GREY = "#9aa7b1"
RED = "#b3261e"
INK = "#47545f"
#: An interval narrower than this, a tenth of a point, has ends that read the same.
NARROW = 0.001


def score_distribution(distribution: Sequence[Mapping[str, Any]], *, mean: float, median: float) -> dict[str, Any]:
    """Return the national distribution of scores: number of providers per bar of 5 points, mean as a dashed line."""
    filled = [bar for bar in distribution if bar["providers"]]
    first = filled[0]["from"] if filled else 0.0
    bars = [bar for bar in distribution if bar["from"] >= first]
    labels = [f"{bar['from'] * 100:.0f} tot {bar['to'] * 100:.0f}\u00a0%" for bar in bars]
    figure = go.Figure(
        go.Bar(
            x=[(bar["from"] + bar["to"]) * 50 for bar in bars],
            y=[bar["providers"] for bar in bars],
            width=4.6,
            marker={"color": GREY},
            customdata=labels,
            hovertemplate="%{customdata}: %{y} aanbieders<extra></extra>",
        )
    )
    figure.add_vline(x=mean * 100, line={"dash": "dash", "color": INK, "width": 2})
    figure.update_layout(
        xaxis={"title": {"text": "Efficiëntiescore (%)"}, "range": [first * 100, 100]},
        yaxis={"title": {"text": "Aantal aanbieders"}},
        annotations=[
            {
                "x": mean * 100, "y": 1, "yref": "paper", "yanchor": "top", "xanchor": "right", "showarrow": False,
                "text": f"gemiddeld {_percent(mean)} ", "font": {"color": INK},
            }
        ],
    )  # fmt: skip
    return {
        "id": "verdeling-scores",
        "title": f"De helft van de aanbieders heeft een score van {_percent(median)} of hoger",
        "description": "Het aantal aanbieders per vijf punten van de efficiëntiescore; de streeplijn is het gemiddelde.",
        "plotly": _plain(figure),
        "table": {
            "caption": "Aantal aanbieders naar efficiëntiescore",
            "columns": [{"label": "Efficiëntiescore", "numeric": False}, {"label": "Aanbieders", "numeric": True}],
            "rows": [[label, str(bar["providers"])] for label, bar in zip(labels, bars, strict=True)],
        },
        "note": "",
    }


def score_intervals(scores: Sequence[tuple[str, float, float, float]]) -> dict[str, Any]:
    """Return all scores with their intervals, lowest first: for the NZa, who may see everyone's.

    ``scores``: name, score, lower and upper end, in ascending order of score; at least one.
    """
    widths = sorted(upper - lower for _, _, lower, upper in scores)
    places = list(range(1, len(scores) + 1))
    # Plain mappings: a figure of hundreds of intervals is quick to write and slow to validate; a test validates one.
    lines: dict[str, list[float | None]] = {"x": [], "y": []}
    for place, (_, _, lower, upper) in zip(places, scores, strict=True):
        lines["x"] += [place, place, None]
        lines["y"] += [round(lower * 100, 2), round(upper * 100, 2), None]
    interval = {
        "type": "scatter", "mode": "lines", "name": "interval", "hoverinfo": "skip", "connectgaps": False,
        "line": {"color": GREY, "width": 2}, **lines,
    }  # fmt: skip
    marks = {
        "type": "scatter",
        "mode": "markers",
        "name": "score",
        "x": places,
        "y": [round(score * 100, 2) for _, score, _, _ in scores],
        "marker": {"color": INK, "size": 4},
        "text": [
            f"{escape(name)}<br>score {_percent(score)}, interval "
            + (f"{_percent(lower)} tot {_percent(upper)}" if upper - lower >= NARROW else "smaller dan 0,1 punt")
            for name, score, lower, upper in scores
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
    lowest = min(lower for _, _, lower, _ in scores)
    median = f"{widths[len(widths) // 2] * 100:.1f}".replace(".", ",")
    return {
        "id": "intervallen-scores",
        "title": f"Bij de helft van de aanbieders is het interval smaller dan {median} procentpunt",
        "description": (
            "Elke stip is de score van een aanbieder, van laag naar hoog; de lijn is het interval waarin de werkelijke score"
            " waarschijnlijk ligt. De getoonde score is een schatting aan de hoge kant en ligt daarom meestal boven het"
            " interval. In proeven lag de werkelijke score vaker buiten het interval dan berekend: lees het als orde van grootte."
        ),
        "plotly": {
            "data": [interval, marks],
            "layout": {
                "xaxis": {"title": {"text": "Aanbieders, van lage naar hoge score"}, "showgrid": False},
                "yaxis": {"title": {"text": "Efficiëntiescore (%)"}, "range": [floor(lowest * 20) * 5, 101]},
                "annotations": _named_once(scores),
            },
        },
        "table": {
            "caption": "Score en interval, gemiddeld per tiende deel van de aanbieders",
            "columns": [
                {"label": "Aanbieders", "numeric": False},
                {"label": "Score", "numeric": True},
                {"label": "Interval van", "numeric": True},
                {"label": "Interval tot", "numeric": True},
            ],
            "rows": _tenths(scores),
        },
        "note": "",
    }


def _named_once(scores: Sequence[tuple[str, float, float, float]]) -> list[dict[str, Any]]:
    """Return the words "score" and "interval" beside one of the scores, a third from the left where there is room under it."""
    place = len(scores) // 3
    _, score, lower, _ = scores[place]
    words = (("score", score, INK, -30, -30), ("interval", lower, INK, 40, 36))
    return [
        {
            "x": place + 1, "y": round(at * 100, 2), "text": text, "ax": right, "ay": down, "font": {"color": colour},
            "showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": colour, "standoff": 3,
        }
        for text, at, colour, right, down in words
    ]  # fmt: skip


def _tenths(scores: Sequence[tuple[str, float, float, float]]) -> list[list[str]]:
    """Return ten rows of averages, or as many as there are scores."""
    count = min(10, len(scores))
    rows = []
    for number in range(count):
        first, last = len(scores) * number // count, len(scores) * (number + 1) // count
        group = scores[first:last]
        columns = list(zip(*((score, lower, upper) for _, score, lower, upper in group), strict=True))
        rows.append([f"{first + 1} tot en met {last}", *(_percent(sum(column) / len(column)) for column in columns)])
    return rows


def treatment_plane(
    points: Mapping[str, tuple[float, float]], may_be_peer: set[str], national_share: float | None, rules: Rules
) -> dict[str, Any] | None:
    """Return what the peer-link figures of one run share: groups of others and the line of the best, nothing of anyone alone.

    ``points``: per provider care days without and with treatment per 1,000 of comparable costs. ``national_share``: part of
    all care days that is with treatment; ``None`` if it may not be shown. ``None`` when nobody delivers one of the two.
    """
    possible = [points[key] for key in may_be_peer if key in points]
    if min((max((point[axis] for point in possible), default=0.0) for axis in (0, 1)), default=0.0) <= 0:
        return None
    cells = {key: cell for key, (x, y) in points.items() if (cell := cell_of(x, y, rules)) is not None}
    crowd = [(*cell.middle(rules), count) for cell, count in crowded(cells.values(), rules)]
    best = crowded((cells[key] for key in may_be_peer if key in cells), rules)
    frontier = _upper_hull(sorted(cell.middle(rules) for cell, _ in best))
    figure = go.Figure(
        [
            go.Scatter(
                x=[x for x, _, _ in crowd],
                y=[y for _, y, _ in crowd],
                mode="markers",
                name="andere aanbieders",
                marker={"color": GREY, "opacity": 0.7, "size": [min(7 + count, 26) for *_, count in crowd]},
                hovertemplate=f"groep van {rules.smallest_group} of meer aanbieders<extra></extra>",
            ),
            go.Scatter(
                x=[x for x, _ in frontier],
                y=[y for _, y in frontier],
                mode="lines",
                name="beste groepen",
                line={"color": INK, "width": 2},
                hoverinfo="skip",
            ),
        ]
    )
    figure.update_layout(
        xaxis={"title": {"text": "Zorgdagen zonder behandeling per € 1.000"}},
        yaxis={"title": {"text": "Zorgdagen met behandeling per € 1.000"}},
    )
    return {
        # Of what is shown: the largest value of all would be some provider's own.
        "reach": tuple(max((group[axis] for group in crowd), default=0.0) for axis in (0, 1)),
        "national_share": national_share,
        "smallest_group": rules.smallest_group,
        "figure": _plain(figure),
    }


def peer_link(
    plane: Mapping[str, Any],
    *,
    own: tuple[float, float],
    peers: Sequence[tuple[str, tuple[float, float], bool]],
    own_share: float,
) -> dict[str, Any]:
    """Return the *illustratie peer-koppeling* for one provider: care with against care without treatment per euro.

    ``own``: own point, exact. ``peers``: name as shown, point, and whether the peer is named: then it stands at its point,
    and otherwise there is only a line in the direction of its mix, rounded to tenths. How far along that line it stands is
    what its care costs. ``own_share``: part of the own care days with treatment, drawn as a ray beside the national one.
    """
    shared, national_share = plane["figure"], plane["national_share"]
    named = [(name, point) for name, point, is_named in peers if is_named]
    hidden = [(name, tenth_of(y / (x + y)) / 10) for name, (x, y), is_named in peers if not is_named and x + y > 0]
    top = [
        round_up(max([plane["reach"][axis], own[axis], *(point[axis] for _, point in named)]) * 1.1 or 1.0)
        for axis in (0, 1)
    ]
    ends = _directions(hidden, top)
    marks = _marks(named)
    drawn = [
        {"type": "scatter", **_ray(own_share, "uw mix", ACCENT, "dot", top)},
        *(
            [{"type": "scatter", **_ray(national_share, "landelijke mix", INK, "dash", top)}]
            if national_share is not None
            else []
        ),
        *shared["data"],
        {
            "type": "scatter",
            "x": [x for _, end in ends for x in (0, end[0], None)],
            "y": [y for _, end in ends for y in (0, end[1], None)],
            "mode": "lines",
            "name": "richting van peers",
            "hoverinfo": "skip",
            "line": {"color": RED, "width": 1.5},
        },
        {
            "type": "scatter",
            "x": [x for _, (x, _), _ in marks],
            "y": [y for _, (_, y), _ in marks],
            "mode": "markers+text",
            "text": [escape(name) for name, _, _ in marks],
            "textposition": [side for *_, side in marks],
            "name": "peers",
            "cliponaxis": False,
            "marker": {"color": "#ffffff", "size": 15, "line": {"color": RED, "width": 3}},
            "hovertemplate": "%{text}<extra></extra>",
        },
        {
            "type": "scatter",
            "x": [own[0]],
            "y": [own[1]],
            "mode": "markers+text",
            "text": ["u"],
            "textposition": "bottom center",
            "name": "u",
            "marker": {"color": ACCENT, "size": 14, "symbol": "diamond"},
            "textfont": {"color": ACCENT},
            "cliponaxis": False,
            "hovertemplate": "u<extra></extra>",
        },
    ]
    # Plain mappings: validating the same figure hundreds of times with Plotly takes seconds; a test validates one.
    layout = {
        **shared["layout"],
        "xaxis": {**shared["layout"]["xaxis"], "range": [0, top[0] * 1.06]},
        "yaxis": {**shared["layout"]["yaxis"], "range": [0, top[1] * 1.1]},
        "annotations": [
            _ray_label(own_share, "uw mix", top),
            *([_ray_label(national_share, "landelijke mix", top)] if national_share is not None else []),
            *(
                {
                    "x": x * 0.97, "y": y * 0.97, "text": escape(name), "showarrow": False,
                    "font": {"color": RED}, "bgcolor": "#ffffff",
                }
                for name, (x, y) in ends
            ),
        ],
    }  # fmt: skip
    return {
        "id": "peer-koppeling",
        "title": _finding(own_share, national_share),
        "description": (
            "Naar rechts staat hoeveel zorgdagen zonder behandeling aanbieders leveren voor duizend euro, naar boven hoeveel"
            " met behandeling. Elke grijze stip is een groep aanbieders; hoe groter de stip, hoe meer. De donkere lijn verbindt"
            " de beste groepen. De rode lijnen laten zien in welke richting uw peers liggen: hoe steiler, hoe meer zorg met"
            " behandeling."
            if hidden or not named
            else "Naar rechts staat hoeveel zorgdagen zonder behandeling aanbieders leveren voor duizend euro, naar boven"
            " hoeveel met behandeling. Elke grijze stip is een groep aanbieders; hoe groter de stip, hoe meer. De donkere lijn"
            " verbindt de beste groepen; uw peers zijn rood omrand."
        ),
        "plotly": {"data": drawn, "layout": layout},
        "table": {
            "caption": "Mix van zorg, en zorgdagen per € 1.000 vergelijkbare kosten",
            "columns": [
                {"label": "Aanbieder", "numeric": False},
                {"label": "Zorgdagen met behandeling", "numeric": True},
                {"label": "Zonder behandeling per € 1.000", "numeric": True},
                {"label": "Met behandeling per € 1.000", "numeric": True},
            ],
            "rows": [
                ["u", _percent(own_share), _two(own[0]), _two(own[1])],
                *([name, _percent(y / (x + y)), _two(x), _two(y)] for name, (x, y) in named if x + y > 0),
                *([name, f"ongeveer {mix * 100:.0f}\u00a0%", "niet getoond", "niet getoond"] for name, mix in hidden),
            ],
            "note": "Wat peers zonder naam voor € 1.000 leveren is geheim: daaruit volgt wat hun zorg kost."
            if hidden
            else "",
        },
        "note": (
            f"Anderen staan hier alleen in groepen van {plane['smallest_group']} of meer, op afgeronde plekken. De figuur is een"
            " vereenvoudiging: de berekening let ook op het zorgprofiel en op de omvang."
        ),
    }


def _directions(hidden: Sequence[tuple[str, float]], top: Sequence[float]) -> list[tuple[str, tuple[float, float]]]:
    """Return the names of peers with one mix together, and where the line in their direction meets the edge."""
    by_mix: dict[float, list[str]] = {}
    for name, mix in hidden:
        by_mix.setdefault(mix, []).append(name)
    return [(" en ".join(names), _to_edge(mix, top)) for mix, names in sorted(by_mix.items())]


def _marks(places: Sequence[tuple[str, tuple[float, float]]]) -> list[tuple[str, tuple[float, float], str]]:
    """Return the marks of peers from left to right, neighbours with their names above and below."""
    sides = ("top center", "bottom center")
    ordered = sorted(places, key=lambda item: (item[1], item[0]))
    return [(name, place, sides[number % 2]) for number, (name, place) in enumerate(ordered)]


def _finding(own: float, national: float | None) -> str:
    here = f"{own * 100:.0f}\u00a0%"
    if national is None:
        return f"U levert {here} van uw zorgdagen met behandeling"
    elsewhere = f"{national * 100:.0f}\u00a0%"
    if abs(own - national) < 0.05:
        return f"U levert {here} van uw zorgdagen met behandeling, ongeveer zoals landelijk ({elsewhere})"
    return f"U levert {here} van uw zorgdagen met behandeling; landelijk is dat {elsewhere}"


def _to_edge(share: float, top: Sequence[float]) -> tuple[float, float]:
    """Return where the ray with ``share`` of the days with treatment meets the edge of the figure."""
    x, y = 1 - share, share
    scale = min(top[0] / x if x > 0 else float("inf"), top[1] / y if y > 0 else float("inf"))
    return x * scale, y * scale


def _ray(share: float, name: str, colour: str, dash: str, top: Sequence[float]) -> dict[str, Any]:
    x, y = _to_edge(share, top)
    line = {"color": colour, "dash": dash, "width": 1.5}
    return {"x": [0, x], "y": [0, y], "mode": "lines", "hoverinfo": "skip", "name": name, "line": line}


def _ray_label(share: float, name: str, top: Sequence[float]) -> dict[str, Any]:
    x, y = _to_edge(share, top)
    return {
        "x": x, "y": y, "text": name, "showarrow": False, "font": {"color": ACCENT if name == "uw mix" else INK},
        "xanchor": "right", "yanchor": "bottom" if name == "uw mix" else "top",
    }  # fmt: skip


def _upper_hull(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the frontier through ``points``, sorted by x: the concave edge, from the y axis down to the x axis."""
    hull: list[tuple[float, float]] = []
    for point in points:
        while len(hull) >= 2 and _turns_left(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    if not hull:
        return []
    highest = max(range(len(hull)), key=lambda place: (hull[place][1], hull[place][0]))
    falling = hull[highest:]
    return [(0.0, falling[0][1]), *falling, (falling[-1][0], 0.0)]


def _turns_left(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) >= 0


def _percent(ratio: float) -> str:
    return f"{ratio * 100:.1f}".replace(".", ",") + "\u00a0%"


def _two(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def _plain(figure: go.Figure) -> dict[str, Any]:
    drawn = figure.to_plotly_json()
    layout = {name: value for name, value in drawn["layout"].items() if name != "template"}
    return {"data": drawn["data"], "layout": layout}
