"""What the drawn bars say: labels that do not hide lines, amounts that can be told apart, intervals in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ivportal.pages.care_office.charts import rates_in_bandwidths
from ivportal.pages.intervals import format_range, in_words, interval_bar
from ivportal.pages.scales import bandwidth_bar, label_places, rate_scale, scale_ends

#: On a telephone: the width of the bar and of a label as "Maximum € 26,3 mln", in pixels.
BAR, LABEL = 335, 140


def extent(position: float, anchor: str) -> tuple[float, float]:
    """Return where a label begins and ends on a telephone."""
    mark = position / 100 * BAR
    start = {"start": mark, "middle": mark - LABEL / 2, "end": mark - LABEL}[anchor]
    return start, start + LABEL


def test_no_line_to_a_label_runs_through_the_other_label_and_no_label_leaves_the_screen() -> None:
    checked = 0
    for minimum in range(4, 92):
        for maximum in range(minimum + 4, 97):
            low, high = label_places(minimum, maximum)
            assert {low[0], high[0]} == {1, 2}
            first = low if low[0] == 1 else high
            at, other = (minimum, maximum) if low[0] == 1 else (maximum, minimum)
            begin, end = extent(at, first[1])
            line = other / 100 * BAR
            assert not begin < line < end, (minimum, maximum)
            for position, (_, anchor) in ((minimum, low), (maximum, high)):
                begin, end = extent(position, anchor)
                assert begin >= -16, (minimum, maximum, "beyond the margin on the left")
                assert end <= BAR + 16, (minimum, maximum, "beyond the margin on the right")
            checked += 1
    assert checked > 3000


def bar(own: int, minimum: int, maximum: int) -> dict[str, object]:
    return bandwidth_bar(
        own=Decimal(own), minimum=Decimal(minimum), maximum=Decimal(maximum), currency="EUR", book_year=2024
    )


def labels(drawn: dict[str, object]) -> list[str]:
    ticks = drawn["ticks"]
    assert isinstance(ticks, list)
    return [tick["label"] for tick in ticks]


def test_ticks_that_would_read_the_same_get_a_second_decimal() -> None:
    drawn = bar(26_310_000, 26_250_000, 26_420_000)
    assert len(set(labels(drawn))) == len(labels(drawn)) > 2
    assert all(label.split(",")[1][:2].isdigit() for label in labels(drawn))


def test_own_costs_and_minimum_that_would_read_the_same_get_a_second_decimal() -> None:
    drawn = bar(1_719_000, 1_652_000, 1_817_000)
    shown = [drawn[name]["label"] for name in ("own", "minimum", "maximum")]  # type: ignore[index]
    assert shown == ["€\u00a01,72\u00a0mln", "€\u00a01,65\u00a0mln", "€\u00a01,82\u00a0mln"]


def test_where_one_decimal_tells_amounts_apart_there_is_one() -> None:
    drawn = bar(26_300_000, 22_100_000, 24_300_000)
    assert drawn["own"]["label"] == "€\u00a026,3\u00a0mln"  # type: ignore[index]


@pytest.mark.parametrize(
    ("lower", "upper", "short", "long"),
    [
        ("0.8302", "0.8466", "83,0–84,7\u00a0%", "tussen 83,0\u00a0% en 84,7\u00a0%"),
        (
            "0.8302", "0.8308", "83,0\u00a0% (smaller dan 0,1 punt)",
            "rond 83,0\u00a0%, met een interval dat smaller is dan 0,1 procentpunt",
        ),
    ],
)  # fmt: skip
def test_an_interval_is_written_as_people_read_it(lower: str, upper: str, short: str, long: str) -> None:
    assert format_range(Decimal(lower), Decimal(upper)) == short
    assert in_words(Decimal(lower), Decimal(upper)) == long


def test_the_bar_of_an_interval_names_its_ends_the_score_and_the_ends_of_the_axis() -> None:
    drawn = interval_bar(lower=Decimal("0.8302"), upper=Decimal("0.8466"), score=Decimal("0.851234"))
    assert (drawn["lower"]["label"], drawn["upper"]["label"]) == ("83,0\u00a0%", "84,7\u00a0%")
    assert (drawn["from"], drawn["to"]) == ("70\u00a0%", "100\u00a0%")
    assert drawn["lower"]["position"] == pytest.approx((83.02 - 70) / 30 * 100, abs=0.01)
    assert drawn["score"]["position"] == pytest.approx((85.1234 - 70) / 30 * 100, abs=0.01)
    assert drawn["width"] == pytest.approx((84.66 - 83.02) / 30 * 100, abs=0.02)
    assert not drawn["is_stacked"]


def test_the_labels_of_an_interval_near_100_stand_under_each_other() -> None:
    drawn = interval_bar(lower=Decimal("0.97"), upper=Decimal("0.99"), score=Decimal(1))
    assert drawn["is_stacked"]
    assert (drawn["lower"]["anchor"], drawn["upper"]["anchor"]) == ("end", "end")


def test_a_scale_marks_the_guide_percentage_and_what_was_agreed_where_they_lie_and_says_so_in_words() -> None:
    rates = [Decimal(rate) for rate in ("0.85", "0.95", "0.9")]
    lower, upper, guide = rates
    drawn = rate_scale(
        lower=lower, upper=upper, ends=scale_ends(rates), guide=guide, agreed=(Decimal("0.86"), Decimal("0.94"))
    )
    assert drawn["lower"] < drawn["agreed"][0] < drawn["guide"] < drawn["agreed"][1] < drawn["lower"] + drawn["width"]
    assert drawn["label"].endswith("richtpercentage 90,00\u00a0%; afgesproken 86,00\u00a0% tot 94,00\u00a0%")
    plain = rate_scale(lower=lower, upper=upper, ends=scale_ends(rates))
    assert (plain["guide"], plain["agreed"]) == (None, [])
    assert plain["label"].endswith("van het maximumtarief")


def row(name: str, lower: str | None, reason: str = "") -> dict[str, Any]:
    """Return what the figure of a care office takes of a provider."""
    rate = None if lower is None else Decimal(lower)
    return {
        "name": name, "name_key": name.casefold(), "lower_rate": rate, "upper_rate": rate and rate + Decimal("0.05"),
        "rates": "" if rate is None else f"vanaf {rate}", "agreed": None, "status_label": "Vastgesteld", "reason": reason,
    }  # fmt: skip


def test_providers_whose_names_begin_alike_can_be_told_apart_and_nobody_is_left_out_unsaid() -> None:
    alike = "Expertisecentrum voor Wonen, Zorg en Behandeling"
    rows = [row(f"{alike} {where}", lower) for where, lower in (("Oost", "0.93"), ("West", "0.91"), ("Zuid", "0.92"))]
    rows += [row("Huis & Haard", None, "Doet niet mee in de vergelijking."), row("De Brug", None, "Geen tarief.")]
    figure = rates_in_bandwidths(rows, guide=None, identifier="vergelijking", title="Titel")
    assert figure is not None
    layout = figure["plotly"]["layout"]
    labels, narrow = layout["xaxis"]["ticktext"], layout["meta"]["narrow"]["xaxis"]["ticktext"]
    assert len(set(labels)) == 3
    assert narrow == ["1", "2", "3"]
    assert [line[0] for line in figure["table"]["rows"]] == [
        f"{number}. {alike} {where}" for number, where in enumerate(("West", "Zuid", "Oost"), start=1)
    ]
    assert max(len(line) for label in labels for line in label.split("<br>")) <= 19
    assert figure["note"] == (
        "Zonder bandbreedte, en daarom niet in de figuur: Huis & Haard (Doet niet mee in de vergelijking);"
        " De Brug (Geen tarief)."
    )
    guided = rates_in_bandwidths(rows, guide=Decimal("0.95"), identifier="vergelijking", title="Titel")
    assert guided is not None
    (label,) = guided["plotly"]["layout"]["annotations"]
    assert (label["yref"], label["y"], label["yanchor"]) == ("paper", 1, "bottom"), (
        "above the figure: no band runs through it"
    )
    everyone = rates_in_bandwidths(rows[:3] * 3, guide=None, identifier="afspraken", title="Titel")
    assert everyone is not None
    assert everyone["note"] == ""
    assert everyone["table"]["rows"][0][0] == f"{alike} West"
