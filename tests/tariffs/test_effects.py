"""What each rule is worth in the whole country: judged by another solver and by runs that were really made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from benchmarking.models import Dataset, Result, Run
from providers.models import Round
from tariffs import effects
from tariffs.models import Bandwidth, MaximumTariff, ProductBandwidth, TariffTable
from tariffs.policies import set_policy
from tests.factories import computed, delivery, make_round
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("db")

PRODUCTS = ("days_5vv", "days_7vv")
TARIFFS = {"days_5vv": Decimal("271.30"), "days_7vv": Decimal("333.70")}
GATE = [{"measure": "qualified_staff_share", "at_least": "0.40"}]
MODEL: dict[str, Any] = {
    "inputs": ["total_cost"],
    "outputs": [{"name": "5vv", "days": ["days_5vv"]}, {"name": "7vv", "days": ["days_7vv"]}],
    "returns_to_scale": "vrs",
    "allowances": ["housing_nhc"],
    "quality_gate": GATE,
    "score_floor": "0.8",
}
OUTLIERS = {"returns_to_scale": "crs", "rules": [{"rule": "super_efficiency", "iqr_multiple": 0.2}]}
UNDER_THE_GATE = ("99900003", "99900008")


def figures(count: int = 16) -> dict[str, dict[str, Decimal]]:
    """Return what everybody delivers; two fail on quality, of whom one works for less than anybody."""
    random = np.random.default_rng(5)
    made = {}
    for number in range(count):
        days, heavy = int(random.integers(20_000, 45_000)), int(random.integers(10_000, 22_000))
        per_day = random.uniform(200, 330)
        key = f"999{number:05d}"
        per_day = 185.0 if key == UNDER_THE_GATE[0] else per_day
        housing = Decimal(str(round((days + heavy) * random.uniform(15, 25), 2)))
        staff = Decimal(str(round((days + 1.25 * heavy) * per_day, 2)))
        made[key] = {
            "total_cost": staff + housing,
            "care_staff_employed": staff,
            "housing_nhc": housing,
            "days_5vv": Decimal(days),
            "days_7vv": Decimal(heavy),
            "qualified_staff_share": Decimal("0.3") if key in UNDER_THE_GATE else Decimal("0.5"),
        }
    return made


def stored_round(delivered: dict[str, dict[str, Decimal]], **facts: Any) -> Round:
    return make_round([delivery(key, **values) for key, values in delivered.items()], **facts)


def set_tariffs(round: Round, **choices: Any) -> None:
    table = TariffTable.objects.create(name="tarieven.csv", sha256="e" * 64, is_fictitious=True)
    for year in (2024, 2025):
        for product, amount in TARIFFS.items():
            MaximumTariff.objects.create(
                table=table, year=year, product=product, amount=amount, source="Fictief", valid_from=f"{year}-01-01"
            )
    set_policy(round=round, actor=None, tariff_table=table, tariff_year=2025, **choices)


@dataclass(frozen=True)
class Judged:
    """What one provider gets by the judge."""

    minimum_cost: Decimal
    maximum_cost: Decimal
    tariffs_lower: Decimal
    tariffs_upper: Decimal


def judged_score(own: dict[str, Decimal], reference: list[dict[str, Decimal]]) -> float:
    """Return θ under variable returns by scipy: least θ with Σλ cost ≤ θ cost, Σλ days ≥ days, Σλ = 1."""
    scale = {name: float(own[name]) for name in PRODUCTS} | {"cost": float(own["total_cost"] - own["housing_nhc"])}
    cost = [float(unit["total_cost"] - unit["housing_nhc"]) / scale["cost"] for unit in reference]
    rows = [[-1.0, *cost]]
    rows += [[0.0, *(-float(unit[name]) / scale[name] for unit in reference)] for name in PRODUCTS]
    solved = linprog(
        [1.0, *[0.0] * len(reference)],
        A_ub=rows,
        b_ub=[0.0, *[-1.0] * len(PRODUCTS)],
        A_eq=[[0.0, *[1.0] * len(reference)]],
        b_eq=[1.0],
    )
    assert solved.status == 0
    return float(solved.x[0])


def judged(
    *,
    has_gate: bool = True,
    floor: str | None = "0.8",
    markup: str = "0.10",
    marks_up: bool = True,
    is_capped: bool = True,
) -> dict[str, Judged]:
    """Return what everybody gets, by scipy and exact fractions."""
    delivered = figures()
    good = [unit for key, unit in delivered.items() if not has_gate or key not in UNDER_THE_GATE]
    found = {}
    for key, own in delivered.items():
        score = judged_score(own, [*good, own])
        published = Decimal(f"{score:.9f}").quantize(Decimal("0.000001"), ROUND_HALF_UP)
        published = max(published, Decimal(floor or 0))
        base = published * (own["total_cost"] - own["housing_nhc"])
        up = 1 + Decimal(markup)
        minimum = (base + own["housing_nhc"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
        maximum = (base * up + own["housing_nhc"] * (up if marks_up else 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        worth = Fraction(sum(own[name] * TARIFFS[name] for name in PRODUCTS))
        sums = [Decimal(0), Decimal(0)]
        for name in PRODUCTS:
            ends = []
            for amount, rounding in ((minimum, ROUND_CEILING), (maximum, ROUND_FLOOR)):
                rate = Fraction(amount) / worth
                exact = (min(rate, Fraction(1)) if is_capped else rate) * Fraction(TARIFFS[name]) * 100
                cents = Decimal(exact.numerator) / Decimal(exact.denominator)
                ends.append(cents.to_integral_value(rounding) / 100)
            sums[0] += own[name] * min(ends)
            sums[1] += own[name] * ends[1]
        found[key] = Judged(minimum, maximum, *sums)
    return found


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Run]:
    """Give one completed run with gate, floor, mark-up and cap, and without outlier rules."""
    with stored(django_db_blocker):
        round = stored_round(figures())
        set_tariffs(round)
        run = computed(round, MODEL)
        assert run.status == "completed", run.failure_reason
        yield run


@pytest.fixture(scope="module")
def found(world: Run) -> dict[str, effects.RuleEffect]:
    return {effect.rule: effect for effect in effects.of_each_rule(world).rules}


@pytest.mark.parametrize(
    ("rule", "without"),
    [
        ("quality_gate", {"has_gate": False}),
        ("score_floor", {"floor": None}),
        ("cap", {"is_capped": False}),
        ("markup", {"markup": "0"}),
        ("marks_up_allowances", {"marks_up": False}),
    ],
)
def test_the_worth_of_a_rule_is_what_another_solver_makes_of_it(
    found: dict[str, effects.RuleEffect], rule: str, without: dict[str, Any]
) -> None:
    with_all, less = judged(), judged(**without)
    told = found[rule]
    assert told.is_on
    moved = 0
    for name in effects.AMOUNTS:
        effect = getattr(told, name)
        changes = {key: getattr(with_all[key], name) - getattr(less[key], name) for key in with_all}
        assert effect.with_rule == sum(getattr(item, name) for item in with_all.values())
        assert effect.without_rule == sum(getattr(item, name) for item in less.values())
        assert effect.difference == sum(changes.values())
        assert effect.higher == sum(change > 0 for change in changes.values())
        assert effect.lower == sum(change < 0 for change in changes.values())
        assert abs(effect.largest_change) == max(map(abs, changes.values()))
        assert changes.get(effect.largest, Decimal(0)) == effect.largest_change
        moved += effect.higher + effect.lower
    assert moved, "a rule that does nothing here judges nothing"


def test_a_rule_that_protects_never_lowers_a_minimum_and_the_cap_never_raises_a_tariff(
    found: dict[str, effects.RuleEffect],
) -> None:
    for rule in ("quality_gate", "score_floor", "markup", "marks_up_allowances"):
        assert all(getattr(found[rule], name).lower == 0 for name in effects.AMOUNTS), rule
    cap = found["cap"]
    assert cap.minimum_cost is not None
    assert cap.tariffs_upper is not None
    assert (cap.minimum_cost.difference, cap.tariffs_upper.higher) == (0, 0)
    assert cap.tariffs_upper.lower > 0


def test_a_rule_that_is_off_says_so_and_has_no_effect(
    db: None, world: Run, found: dict[str, effects.RuleEffect]
) -> None:
    told = found["outliers"]
    assert (told.is_on, told.explanation, told.minimum_cost) == (False, "Deze regel staat uit.", None)
    plain = {**MODEL, "quality_gate": [], "score_floor": None, "allowances": [], "inputs": ["care_staff_employed"]}
    set_policy(round=world.dataset.round, actor=None, tariff_table=None, tariff_year=None, markup=Decimal(0))
    told_of = {item.rule: item for item in effects.of_each_rule(computed(world.dataset.round, plain)).rules}
    assert not any(item.is_on for item in told_of.values())
    assert "geen tabel" in told_of["cap"].explanation
    assert "afzonderlijk vergoede kosten" in told_of["marks_up_allowances"].explanation


def test_the_worth_of_the_outlier_rules_is_the_difference_between_two_runs_that_were_made(world: Run) -> None:
    round = world.dataset.round
    model = {**MODEL, "outliers": OUTLIERS, "score_floor": None}
    run = computed(round, model)
    assert Result.objects.filter(run=run, outlier="super_efficiency").exists()
    made = computed(round, {**model, "outliers": {}}), computed(round, {**model, "quality_gate": []})
    told = {item.rule: item for item in effects.of_each_rule(run).rules}
    for rule, without in zip(("outliers", "quality_gate"), made, strict=True):
        for name in ("minimum_cost", "maximum_cost"):
            before, after = (dict(amounts(item, name)) for item in (run, without))
            effect = getattr(told[rule], name)
            assert (effect.with_rule, effect.without_rule) == (sum(before.values()), sum(after.values()))
            assert effect.higher == sum(before[key] > after[key] for key in before) > 0
        lower = [
            sum(row.days * row.lower for row in ProductBandwidth.objects.filter(bandwidth__run=item))
            for item in (run, without)
        ]
        assert [told[rule].tariffs_lower.with_rule, told[rule].tariffs_lower.without_rule] == lower  # type: ignore[union-attr]


def amounts(run: Run, name: str) -> Any:
    return Bandwidth.objects.filter(run=run).values_list("provider__key", name)


def test_the_effects_can_be_kept_as_json_and_nothing_else_is_kept(world: Run) -> None:
    before = (Run.objects.count(), Dataset.objects.count(), Result.objects.count(), Bandwidth.objects.count())
    document = effects.of_each_rule(world).as_document()
    assert json.loads(json.dumps(document)) == document
    assert document["result_hash"] == world.result_hash
    assert [rule["rule"] for rule in document["rules"]] == [rule.code for rule in effects.RULES]
    gate = document["rules"][0]["minimum_cost"]
    assert Decimal(gate["with_rule"]) == Decimal(world.summary["minimum_cost"])
    assert (Run.objects.count(), Dataset.objects.count(), Result.objects.count(), Bandwidth.objects.count()) == before


def test_a_rule_without_which_nothing_can_be_computed_says_why() -> None:
    """One home is far below all others on quality and on cost. Beside it harder circumstances seem to make everybody dear.

    The dearest has easier ones than that home, and would be corrected to less than nothing.
    """
    rows = {f"9990000{number}": (100 + 5 * number, 100 - number) for number in range(10)}
    rows |= {"99900010": (20, 30), "99900011": (400, 0)}
    round = make_round(
        [
            delivery(
                key,
                total_cost=per_day * 10_000,
                days_5vv=10_000,
                address_density=100 * density,
                qualified_staff_share="0.3" if key == "99900010" else "0.5",
            )
            for key, (per_day, density) in rows.items()
        ],
        slug="zonder-poort-2024",
    )
    model = {
        "inputs": ["total_cost"],
        "outputs": [{"name": "5vv", "days": ["days_5vv"]}],
        "returns_to_scale": "crs",
        "participation": {"without_errors": False},
        "quality_gate": GATE,
        "bootstrap": {"replications": 100},
        "correction": {"method": "peer_difference", "measures": ["address_density"], "cap": "0.40"},
    }
    run = computed(round, model)
    assert run.status == "completed", run.failure_reason
    gate = effects.of_each_rule(run).rules[0]
    assert (gate.rule, gate.is_on, gate.minimum_cost) == ("quality_gate", True, None)
    assert gate.explanation.startswith(
        "Zonder deze regel kan er niet worden gerekend. De correctie voor omstandigheden"
    )
