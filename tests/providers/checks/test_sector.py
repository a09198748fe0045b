"""What is usual in the sector: the right middle and spread, in whatever order, and nothing about one provider."""

from __future__ import annotations

import json
import random
import re
import statistics as judge
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.checks import SectorStatistics, rules, statistics
from providers.checks.ratios import ratios
from providers.checks.sector import FEWEST
from providers.fictitious import Population, form_figures, generate
from tests.providers.checks.deliveries import GOOD, Changes, cell_of, codes, findings, numbers

Figures = dict[str, Decimal | None]


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(11, providers=120)


@pytest.fixture(scope="module")
def deliveries(population: Population) -> list[Figures]:
    return [dict(form_figures(population, provider, 2024)) for provider in population.delivered(2024)]


def sector(homes: int = 41) -> SectorStatistics:
    """Homes like the good one: every figure somewhere within fifteen percent of it, the good one in the middle."""
    everyone = []
    for number in range(homes):
        shifts = random.Random(number)
        moved = {
            code: str(Decimal(value) * Decimal(str(round(shifts.uniform(0.93, 1.07), 4))))
            if code != "months_covered"
            else value
            for code, value in GOOD["iv-2"].items()
        }
        everyone.append(numbers(moved))
    return statistics(everyone)


# rule → changes, measure it is about, words of the message
FIRES: dict[str, tuple[Changes, str, str]] = {
    "IV-S-001": ({"total_cost": "15000000"}, "total_cost", "€\u00a0469. Dat is veel hoger dan gebruikelijk"),
    "IV-S-002": ({"overhead": "900000"}, "overhead", "Overhead per zorgdag: €\u00a028. Dat is veel hoger dan"),
    "IV-S-003": (
        # per day the overhead doubled only just; as a part of half the cost it stands out
        {"care_staff_employed": "3100000", "overhead": "430000"},
        "overhead",
        "Deel van de kosten voor overhead: 6,7\u00a0%. Dat is veel hoger",
    ),
    "IV-S-004": ({"staff_fte_care": "140"}, "staff_fte_care", "per bewoner: 1,60. Dat is veel hoger dan gebruikelijk"),
    "IV-S-005": (
        {"staff_fte_care": "140"},
        "care_staff_employed",
        "per voltijdbaan: €\u00a046.429. Dat is veel lager dan gebruikelijk",
    ),
    "IV-S-006": ({"places": "130"}, "places", "Bezetting van de plaatsen: 67\u00a0%. Dat is veel lager"),
    "IV-S-007": (
        {"days_5vv_with_treatment": "4000", "days_4vv": "28000"},
        "treatment",
        "per dag met behandeling: €\u00a0200. Dat is veel hoger",
    ),
}


@pytest.mark.parametrize("code", FIRES)
def test_what_lies_far_from_the_others_is_asked_about_at_its_cell(code: str) -> None:
    changes, measure, words = FIRES[code]
    found = [item for item in findings("iv-2", changes, sector=sector()) if item.rule.code == code]
    assert [item.measure for item in found if words in item.message] == [measure], [item.message for item in found]
    assert found[0].cell == cell_of({**GOOD["iv-2"], **changes}, found[0].measure)


def test_the_provider_in_the_middle_is_asked_nothing() -> None:
    assert codes(findings("iv-2", {}, sector=sector())) == set()


@pytest.mark.parametrize("code", FIRES)
def test_without_a_sector_nothing_is_compared_with_it(code: str) -> None:
    assert not {item for item in codes(findings("iv-2", FIRES[code][0])) if item.startswith("IV-S-")}


@pytest.mark.parametrize("code", FIRES)
def test_the_limit_is_where_the_rule_says(code: str) -> None:
    """A sector made by hand: median 100, spread 10. One step inside the limit is silent, one step beyond it is not."""
    rule = rules()[code]
    ratio = ratios()[rule.ratios[0]]
    # Sector statistics in which the good figures are as far from the median as the rule allows, or a hair further.
    value = ratio.of(numbers(GOOD["iv-2"]), "iv-2")
    assert value is not None
    spreads, relative = rule.parameters["spreads"], rule.parameters["relative"]
    median = value / (1 + 2 * relative)
    distance = value - median
    for hair, is_found in (("1.001", False), ("0.999", True)):
        content = {
            "template": "iv-2",
            "deliveries": 50,
            "usual": {
                ratio.code: {"count": 50, "median": str(median), "spread": str(distance / spreads * Decimal(hair))}
            },
        }
        found = findings("iv-2", {}, sector=SectorStatistics.from_json(content))
        assert (code in codes(found)) == is_found
    # Where all are nearly alike the part of the median decides.
    for share, is_found in ((relative * Decimal("0.99"), False), (relative * Decimal("1.01"), True)):
        content["usual"][ratio.code] = {"count": 50, "median": str(value / (1 + share)), "spread": "0.0001"}
        found = findings("iv-2", {}, sector=SectorStatistics.from_json(content))
        assert (code in codes(found)) == is_found


def _judged(values: list[Fraction]) -> tuple[Fraction, Fraction]:
    """Median and spread by the standard library, in exact fractions."""
    middle = judge.median(values)
    distances = [abs(value - middle) for value in values]
    spread = judge.median(distances) * Fraction("1.4826")
    return middle, spread or judge.mean(distances) * Fraction("1.2533")


#: The ratios worked out by hand: what stands above and below the line, in Python.
BY_HAND = {
    "cost_per_day": (["total_cost"], 1, "days"),
    "overhead_share": (["overhead"], 1, "lines"),
    "staff_per_resident": (["staff_fte_care"], 365, "days"),
    "care_staff_cost_per_fte": (["care_staff_employed", "care_staff_hired"], 1, "staff_fte_care"),
    "housing_nhc_per_day": (["housing_nhc"], 1, "days"),
}
LINES = (
    "care_staff_employed care_staff_hired treatment food_and_hotel_services housing_controllable overhead other_costs"
)


def _by_hand(figures: Figures, code: str) -> Fraction | None:
    above, times, below = BY_HAND[code]
    if code in ("staff_per_resident", "care_staff_cost_per_fte") and (figures["months_covered"] or 12) < 12:
        return None
    if any(figures[name] is None for name in above):
        return None
    if below == "days":
        names = [name for name in figures if name.startswith("days_")]
    else:
        names = LINES.split() if below == "lines" else [below]
    under = sum(Fraction(figures[name] or 0) for name in names)
    return sum((Fraction(figures[name] or 0) for name in above), Fraction(0)) * times / under if under > 0 else None


@pytest.mark.parametrize("code", BY_HAND)
def test_median_and_spread_are_those_of_a_judge_who_works_in_fractions(code: str, deliveries: list[Figures]) -> None:
    found = statistics(deliveries).usual[code]
    values = [value for figures in deliveries if (value := _by_hand(figures, code)) is not None]
    middle, spread = _judged(values)
    assert found.count == len(values) > 100
    assert abs(Fraction(found.median) / middle - 1) < Fraction(1, 10**24)
    assert abs(Fraction(found.spread) / spread - 1) < Fraction(1, 10**20)


@settings(max_examples=60, deadline=None)
@given(
    days=st.lists(st.integers(1, 9), min_size=FEWEST, max_size=45),
    same=st.integers(0, 40),
)
def test_the_spread_is_right_also_where_many_are_alike(days: list[int], same: int) -> None:
    counts = [*days, *[4] * same]
    homes: list[Figures] = [{"total_cost": Decimal(360), "days_4vv": Decimal(count)} for count in counts]
    found = statistics(homes).usual["cost_per_day"]
    middle, spread = _judged([Fraction(360, count) for count in counts])
    assert abs(Fraction(found.median) - middle) < Fraction(1, 10**20)
    assert abs(Fraction(found.spread) - spread) < Fraction(1, 10**20)


def test_the_order_of_the_deliveries_does_not_matter(deliveries: list[Figures]) -> None:
    first = statistics(deliveries)
    for seed in range(5):
        shuffled = list(deliveries)
        random.Random(seed).shuffle(shuffled)
        assert json.dumps(statistics(shuffled).to_json()) == json.dumps(first.to_json())


def test_they_come_back_from_a_document_as_they_were(deliveries: list[Figures]) -> None:
    made = statistics(deliveries)
    assert SectorStatistics.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_of_nineteen_providers_no_median_is_formed() -> None:
    assert not sector(homes=FEWEST - 1).usual
    assert "cost_per_day" in sector(homes=FEWEST).usual
    few = sector(homes=FEWEST).to_json()
    few["usual"]["cost_per_day"]["count"] = FEWEST - 1
    assert "cost_per_day" not in SectorStatistics.from_json(few).usual


def test_where_all_are_alike_nobody_is_asked() -> None:
    homes = [numbers(GOOD["iv-2"]) for _ in range(30)]
    assert not codes(findings("iv-2", {"overhead": "900000"}, sector=statistics(homes))) & FIRES.keys()


def test_one_wild_provider_hardly_moves_what_is_usual(deliveries: list[Figures]) -> None:
    before = statistics(deliveries).usual["cost_per_day"]
    wild = [*deliveries, {**deliveries[0], "total_cost": Decimal(10) ** 11}]
    after = statistics(wild).usual["cost_per_day"]
    assert abs(after.median / before.median - 1) < Decimal("0.02")
    assert abs(after.spread / before.spread - 1) < Decimal("0.1")


@pytest.mark.parametrize("code", FIRES)
def test_the_middle_is_named_in_two_digits_and_nothing_else_of_the_sector(code: str) -> None:
    """Two digits of a median of twenty or more: the figure of another provider cannot be worked out from it."""
    statistics = sector()
    for item in findings("iv-2", FIRES[code][0], sector=statistics):
        if item.rule.scope != "sector":
            continue
        (usual,) = re.findall(r" rond (?:€\u00a0)?([\d.,]*\d)(?:\u00a0%)?\.$", item.message)
        assert len(re.sub(r"[.,]", "", usual).strip("0")) <= 2, item.message
