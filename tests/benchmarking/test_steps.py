"""The steps of a run on tables small enough to check by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarking.calculation import RunFailed
from benchmarking.specification import Environment, Output
from benchmarking.steps.circumstances import circumstances
from benchmarking.steps.cost_base import cost_base
from benchmarking.steps.frontier import frontier
from benchmarking.steps.influence import influence
from benchmarking.steps.minimum_cost import minimum_cost, minimum_cost_of, published_score
from benchmarking.steps.model_arrays import model_arrays, output_weights, price_bounds, same_or_harder
from benchmarking.steps.national_picture import national_picture
from benchmarking.steps.outliers import outliers
from benchmarking.steps.participation import REASONS, REASONS_SHORT, participation
from benchmarking.steps.quality_gate import quality_gate
from benchmarking.steps.uncertainty import uncertainty
from tests.benchmarking.tables import after, column, start

ALL = (
    participation, cost_base, quality_gate, outliers, frontier, uncertainty, circumstances, influence, minimum_cost,
    national_picture,
)  # fmt: skip


def cheap_and_dear(**more: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {"A": {"total_cost": 100, "days_5vv": 10}, "B": {"total_cost": 150, "days_5vv": 10}, **more}


# ── 1. participation ───────────────────────────────────────────────────────────────────────────────────────────────

NORMAL = {"total_cost": 1_000_000, "days_5vv": 4000, "housing_nhc": 1, "months_covered": 12}
STRICT = {
    "participation": {
        "min_care_days": 3650,
        "months_covered": 12,
        "cost_per_day": {"at_least": "100", "at_most": "1000"},
    },
    "allowances": ["housing_nhc"],
}


@pytest.mark.parametrize(
    ("reason", "words", "change"),
    [
        ("not_delivered", "Er is niet aangeleverd.", {"delivered": False, "total_cost": None}),
        ("merged", "opgegaan in een andere zorgaanbieder.", {"merged": True, "delivered": False}),
        ("errors", "fouten die eerst hersteld moeten worden (IV-K-002, IV-P-001)", {"errors": "IV-K-002 IV-P-001"}),
        ("missing_value", ": totale kosten.", {"total_cost": None}),
        ("missing_value", ": dagen 5VV zonder behandeling.", {"days_5vv": None}),
        ("missing_value", ": kapitaallasten van huisvesting (NHC).", {"housing_nhc": None}),
        ("negative_value", ": dagen 5VV zonder behandeling.", {"days_5vv": -1}),
        ("no_days", "geen zorgdagen", {"days_5vv": 0}),
        ("too_small", "minder dan 3.650 zorgdagen.", {"days_5vv": 3649}),
        ("months", "gaan niet over 12 maanden", {"months_covered": 11}),
        ("months", "gaan niet over 12 maanden", {"months_covered": None}),
        ("cost_per_day", "buiten de grenzen van €\u00a0100 tot €\u00a01.000.", {"total_cost": 399_999}),
        ("cost_per_day", "buiten de grenzen van €\u00a0100 tot €\u00a01.000.", {"total_cost": 4_000_001}),
    ],
)
def test_who_does_not_take_part_reads_why(reason: str, words: str, change: dict[str, Any]) -> None:
    done = after(start({"A": NORMAL, "B": {**NORMAL, **change}}, **STRICT), participation)
    assert column(done, "participates") == {"A": True, "B": False}
    assert column(done, "reasons") == {"A": "", "B": reason}
    assert words in done.results.loc["B", "reason_text"]
    assert done.results.loc["A", "reason_text"] == ""


def test_somebody_exactly_on_every_bound_takes_part() -> None:
    rows = {"A": {**NORMAL, "days_5vv": 3650, "total_cost": 365_000}, "B": {**NORMAL, "total_cost": 4_000_000}}
    assert column(after(start(rows, **STRICT), participation), "participates") == {"A": True, "B": True}


def test_all_reasons_are_told_together() -> None:
    rows = {"A": NORMAL, "B": {**NORMAL, "errors": "IV-B-001", "days_5vv": 100, "months_covered": 3}}
    done = after(start(rows, **STRICT), participation)
    assert done.results.loc["B", "reasons"] == "errors too_small months cost_per_day"
    assert len(done.results.loc["B", "reason_text"].splitlines()) == 4


def test_errors_keep_nobody_out_if_the_model_says_so() -> None:
    rows = cheap_and_dear(C={"total_cost": 1, "days_5vv": 1, "errors": "IV-K-002"})
    done = after(start(rows, participation={"without_errors": False}), participation)
    assert all(column(done, "participates").values())


def test_what_was_counted_stands_in_the_record_of_the_step() -> None:
    rows = {"A": NORMAL, "B": {**NORMAL, "merged": True}, "C": {**NORMAL, "days_5vv": 1}}
    outcome = participation(start(rows, **STRICT))
    assert outcome.figures == {"taking_part": 1, "not_taking_part": {"merged": 1, "too_small": 1, "cost_per_day": 1}}
    assert outcome.sentences[0] == "1 van 3 zorgaanbieders doen mee."
    assert "te weinig zorgdagen" in " ".join(outcome.sentences)


def test_every_reason_has_a_long_and_a_short_text() -> None:
    assert REASONS.keys() == REASONS_SHORT.keys()


def test_a_round_in_which_nobody_takes_part_fails_with_the_reason() -> None:
    with pytest.raises(RunFailed, match="Geen enkele zorgaanbieder voldoet"):
        participation(start({"A": {"total_cost": None, "days_5vv": 1}}))


# ── 2. cost base ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_allowances_are_taken_out_of_what_is_compared() -> None:
    rows = {"A": {"total_cost": "1000.10", "days_5vv": 1, "housing_nhc": "200.05", "inventory_nic": "50.05"}}
    done = after(start(rows, allowances=["housing_nhc", "inventory_nic"]), participation, cost_base)
    found = done.results.loc["A"]
    assert (found["total_cost"], found["allowance"]) == (Decimal("1000.10"), Decimal("250.10"))
    assert (found["comparable_cost"], found["fixed_cost"]) == (Decimal("750.00"), Decimal(0))


@pytest.mark.parametrize("allowance", [100, 101])
def test_who_has_nothing_left_to_compare_is_left_out_with_the_reason(allowance: int) -> None:
    rows = {
        "A": {"total_cost": 100, "days_5vv": 1, "housing_nhc": 1},
        "B": {"total_cost": 100, "days_5vv": 1, "housing_nhc": allowance},
    }
    done = after(start(rows, allowances=["housing_nhc"]), participation, cost_base)
    assert column(done, "participates") == {"A": True, "B": False}
    assert done.results.loc["B", "reasons"] == "cost_not_positive"
    assert done.results.loc["B", "reason_text"] == REASONS["cost_not_positive"]


def test_costs_of_several_kinds_add_up_and_the_fixed_part_is_kept_apart() -> None:
    rows = {"A": {"salaries": 60, "rent": 40, "days_5vv": 1}, "B": {"salaries": 60, "rent": -1, "days_5vv": 1}}
    done = after(start(rows, inputs=["salaries", "rent"], fixed_inputs=["rent"]), participation, cost_base)
    found = done.results.loc["A"]
    assert (found["total_cost"], found["comparable_cost"], found["fixed_cost"]) == (100, 100, 40)
    assert done.results.loc["B", "reasons"] == "cost_not_positive"


def test_a_round_without_any_cost_above_zero_fails_with_the_reason() -> None:
    with pytest.raises(RunFailed, match="vergelijkbare kosten boven nul"):
        after(start({"A": {"total_cost": 0, "days_5vv": 1}}), participation, cost_base)


# ── 3. quality ─────────────────────────────────────────────────────────────────────────────────────────────────────

GATE = {"quality_gate": [{"measure": "qualified", "at_least": "0.40"}]}


def test_without_a_condition_on_quality_everybody_may_be_a_peer() -> None:
    done = after(start(cheap_and_dear()), participation, cost_base, quality_gate)
    assert column(done, "quality") == {"A": "not_asked", "B": "not_asked"}
    assert column(done, "may_be_peer") == {"A": True, "B": True}


@pytest.mark.parametrize(
    ("qualified", "verdict", "may_be_peer"),
    [("0.40", "passed", True), ("0.399", "failed", False), (None, "missing", False)],
)
def test_quality_decides_who_may_be_a_peer(qualified: str | None, verdict: str, may_be_peer: bool) -> None:
    rows = {"A": {"total_cost": 100, "days_5vv": 10, "qualified": qualified}}
    done = after(start(rows, **GATE), participation, cost_base, quality_gate)
    assert (done.results.loc["A", "quality"], done.results.loc["A", "may_be_peer"]) == (verdict, may_be_peer)


def test_a_missing_figure_may_count_as_passed_if_the_model_says_so() -> None:
    rows = {
        "A": {"total_cost": 1, "days_5vv": 1, "qualified": None},
        "B": {"total_cost": 1, "days_5vv": 1, "qualified": 1},
    }
    gate = [{"measure": "qualified", "at_least": "0.40", "missing": "may_be_peer"}]
    done = after(start(rows, quality_gate=gate), participation, cost_base, quality_gate)
    assert column(done, "may_be_peer") == {"A": True, "B": True}


def test_failing_one_of_two_conditions_weighs_heavier_than_missing_the_other() -> None:
    rows = {"A": {"total_cost": 1, "days_5vv": 1, "qualified": None, "absence": "0.2"}}
    gate = [{"measure": "qualified", "at_least": "0.40"}, {"measure": "absence", "at_most": "0.1"}]
    done = after(start(rows, quality_gate=gate), participation, cost_base, quality_gate)
    assert done.results.loc["A", "quality"] == "failed"


def test_who_takes_no_part_is_not_asked_and_is_no_peer() -> None:
    rows = cheap_and_dear(C={"total_cost": None, "days_5vv": 10})
    done = after(start(rows), participation, cost_base, quality_gate)
    assert (done.results.loc["C", "quality"], done.results.loc["C", "may_be_peer"]) == ("not_asked", False)


def test_a_cheap_provider_that_fails_on_quality_makes_nobody_elses_minimum_lower() -> None:
    rows = {key: {**row, "qualified": "0.50"} for key, row in cheap_and_dear().items()}
    rows["C"] = {"total_cost": 50, "days_5vv": 10, "qualified": "0.30"}
    rows["D"] = {"total_cost": 125, "days_5vv": 10, "qualified": None}
    done = after(start(rows, **GATE), *ALL)
    # Cheapest that may be a peer: A, 10 per day. C is its own reference; D is measured against A.
    assert column(done, "published_score") == {
        "A": Decimal(1),
        "B": Decimal("0.666667"),
        "C": Decimal(1),
        "D": Decimal("0.8"),
    }
    assert column(done, "minimum_cost") == {"A": 100, "B": Decimal("100.00"), "C": 50, "D": 100}
    assert {(link.key, link.peer) for link in done.peers.itertuples()} == {
        ("A", "A"),
        ("B", "A"),
        ("C", "C"),
        ("D", "A"),
    }
    assert done.summary["not_a_peer"] == {"quality": 2, "outlier": 0}
    assert column(done, "comparable_count") == {"A": 2, "B": 2, "C": 3, "D": 3}  # A and B, and oneself


# ── 4. outliers ────────────────────────────────────────────────────────────────────────────────────────────────────


def crowd(extreme: int) -> dict[str, Mapping[str, Any]]:
    """Thirty providers at 100 to 129 per day, and one ("Z") at ``extreme`` per day."""
    rows: dict[str, Mapping[str, Any]] = {f"P{n:02d}": {"total_cost": 100 + n, "days_5vv": 1} for n in range(30)}
    return {**rows, "Z": {"total_cost": extreme, "days_5vv": 1}}


@pytest.mark.parametrize("rule", ["dominance", "super_efficiency"])
def test_an_unbelievably_cheap_provider_is_measured_but_makes_nobody_elses_score_lower(rule: str) -> None:
    done = after(start(crowd(10), outliers={"rules": [{"rule": rule}]}), *ALL)
    assert done.results.loc["Z", "outlier"] == rule
    assert {key for key, verdict in column(done, "outlier").items() if verdict != "none"} == {"Z"}
    assert not done.results.loc["Z", "may_be_peer"]
    assert (done.results.loc["Z", "score"], done.results.loc["P00", "score"]) == (1, 1)
    assert done.results.loc["P25", "score"] == pytest.approx(100 / 125, abs=1e-12)
    assert done.summary["not_a_peer"] == {"quality": 0, "outlier": 1}


def test_a_provider_that_is_merely_the_best_stays_a_peer() -> None:
    rules = [{"rule": "dominance"}, {"rule": "super_efficiency"}]
    done = after(start(crowd(98), outliers={"rules": rules}), *ALL)
    assert set(column(done, "outlier").values()) == {"none"}
    assert done.results.loc["P00", "score"] == pytest.approx(0.98, abs=1e-12)


def test_without_outlier_rules_the_cheap_provider_leads_and_the_record_says_that_nobody_tested() -> None:
    calculation = after(start(crowd(10)), participation, cost_base, quality_gate)
    outcome = outliers(calculation)
    assert outcome.sentences == ("Voor deze ronde is geen toets op uitbijters ingesteld.",)
    done = after(outcome.calculation, frontier)
    assert set(column(done, "outlier").values()) == {"not_tested"}
    assert done.results.loc["P00", "score"] == pytest.approx(0.1, abs=1e-12)


def test_who_failed_on_quality_is_not_tested_as_an_outlier() -> None:
    rows = {key: {**row, "qualified": 1} for key, row in crowd(98).items()}
    rows["Z"] = {"total_cost": 10, "days_5vv": 1, "qualified": 0}
    done = after(start(rows, outliers={"rules": [{"rule": "dominance"}]}, **GATE), *ALL)
    assert done.results.loc["Z", "outlier"] == "not_tested"
    assert done.results.loc["P25", "score"] == pytest.approx(100 / 125, abs=1e-12)


# ── 5. frontier ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("returns_to_scale", "score"), [("crs", 0.5), ("vrs", 1), ("irs", 1), ("drs", 0.5), ("fdh", 1)]
)
def test_returns_to_scale_of_the_model_decide_whether_being_small_counts(returns_to_scale: str, score: float) -> None:
    rows = {"large": {"total_cost": 1000, "days_5vv": 100}, "small": {"total_cost": 200, "days_5vv": 10}}
    done = after(start(rows, returns_to_scale=returns_to_scale), *ALL)
    assert done.results.loc["small", "score"] == pytest.approx(score, abs=1e-12)


def test_peers_carry_weight_and_share_of_the_minimum_cost() -> None:
    rows = {
        "five": {"total_cost": 100, "days_5vv": 10, "days_6vv": 0},
        "six": {"total_cost": 200, "days_5vv": 0, "days_6vv": 10},
        "mix": {"total_cost": 600, "days_5vv": 20, "days_6vv": 5},
    }
    outputs = [{"name": "5vv", "days": ["days_5vv"]}, {"name": "6vv", "days": ["days_6vv"]}]
    done = after(start(rows, outputs=outputs), *ALL)
    # 20 days of 5VV cost 200 at best and 5 days of 6VV 100: together 300 of 600.
    assert done.results.loc["mix", "score"] == pytest.approx(0.5, abs=1e-12)
    links = {link.peer: (link.weight, link.cost_share) for link in done.peers.itertuples() if link.key == "mix"}
    assert links == {"five": pytest.approx((2, 2 / 3)), "six": pytest.approx((0.5, 1 / 3))}
    assert list(done.peers.loc[done.peers["key"] == "mix", "peer"]) == ["five", "six"]  # the largest share first


def test_who_does_not_take_part_has_no_score_and_is_nobodys_peer() -> None:
    rows = cheap_and_dear(C={"total_cost": 1, "days_5vv": 10, "errors": "IV-K-002"})
    done = after(start(rows), *ALL)
    assert done.results.loc["C", ["score", "published_score", "minimum_cost"]].tolist() == [None, None, None]
    assert "C" not in set(done.peers["peer"]) | set(done.peers["key"])


def test_the_record_of_the_step_counts_scores_peers_and_the_worst_certificate() -> None:
    figures = frontier(after(start(cheap_and_dear()), participation, cost_base, quality_gate, outliers)).figures
    assert (figures["scores"], figures["peers"], figures["on_frontier"], figures["under_20_comparable"]) == (2, 1, 1, 2)
    assert 0 <= figures["worst_certificate"] <= 1e-8


# ── circumstances ──────────────────────────────────────────────────────────────────────────────────────────────────


def allowed(values: list[Any], harder: str = "higher", tolerance: str = "0") -> list[str]:
    """Return per provider with whom it may be compared, as digits."""
    rows = pd.DataFrame({"urbanity": pd.Series([None if v is None else Decimal(str(v)) for v in values], dtype=object)})
    factor = Environment.model_validate({"measure": "urbanity", "harder": harder, "tolerance": tolerance})
    matrix = same_or_harder(rows, (factor,))
    assert matrix is not None
    return ["".join(str(place) for place in np.flatnonzero(row)) for row in matrix]


def test_one_is_compared_with_the_same_or_harder_circumstances_only() -> None:
    assert allowed([1, 2, 2, 3]) == ["0123", "123", "123", "3"]
    assert allowed([1, 2, 2, 3], harder="lower") == ["0", "012", "012", "0123"]


def test_a_tolerance_lets_slightly_easier_circumstances_in() -> None:
    assert allowed([1, 2, 4], tolerance="1") == ["012", "012", "2"]


def test_a_missing_circumstance_compares_with_nobody_but_itself() -> None:
    assert allowed([1, None, 2]) == ["02", "1", "2"]
    assert allowed([None, None], harder="lower") == ["0", "1"]


def test_all_circumstances_hold_at_once() -> None:
    rows = pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 4]}).map(Decimal)
    factors = tuple(Environment.model_validate({"measure": name, "harder": "higher"}) for name in "ab")
    matrix = same_or_harder(rows, factors)
    assert matrix is not None
    assert matrix.tolist() == [[True, False, True], [False, True, True], [False, False, True]]


def test_without_circumstances_everybody_is_compared_with_everybody() -> None:
    assert same_or_harder(pd.DataFrame({"a": [Decimal(1)]}), ()) is None


def test_a_provider_in_hard_circumstances_is_not_measured_against_a_cheap_one_in_easy_circumstances() -> None:
    rows = {key: {**row, "urbanity": 1} for key, row in cheap_and_dear().items()}
    rows["C"] = {"total_cost": 300, "days_5vv": 10, "urbanity": 5}
    rows["D"] = {"total_cost": 200, "days_5vv": 10, "urbanity": 5}
    rows["E"] = {"total_cost": 900, "days_5vv": 10, "urbanity": None}
    done = after(start(rows, environment=[{"measure": "urbanity", "harder": "higher"}]), *ALL)
    assert {key: round(score, 9) for key, score in column(done, "score").items()} == {
        "A": 1.0,
        "B": 0.666666667,
        "C": 0.666666667,
        "D": 1.0,
        "E": 1.0,
    }
    assert column(done, "comparable_count") == {"A": 4, "B": 4, "C": 2, "D": 2, "E": 1}


# ── products that are counted together ─────────────────────────────────────────────────────────────────────────────

PRICES = {"days_5vv": Decimal(300), "days_6vv": Decimal(330), "days_8vv": Decimal(400)}


def test_products_counted_together_weigh_by_their_tariffs() -> None:
    rows = {"A": {"total_cost": 1, "days_5vv": 100, "days_6vv": 50, "days_8vv": 7}}
    outputs = [
        {"name": "5_6vv", "days": ["days_5vv", "days_6vv"], "weights": "tariff"},
        {"name": "8vv", "days": ["days_8vv"], "weights": "tariff"},
    ]
    frozen = {"product_prices": {code: str(price) for code, price in PRICES.items()}}
    done = after(start(rows, frozen, outputs=outputs), participation, cost_base, quality_gate)
    # 100 · 300/300 + 50 · 330/300 = 155; the first product is the base
    assert model_arrays(done).outputs.tolist() == [[pytest.approx(155), 7]]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("sum", [1, 1]),
        (["1", "2.5"], [1, Decimal("2.5")]),
        ("tariff", [1, Decimal("1.1")]),
    ],
)
def test_weights_are_those_of_the_model(weights: Any, expected: list[Any]) -> None:
    output = Output.model_validate({"name": "5_6vv", "days": ["days_5vv", "days_6vv"], "weights": weights})
    assert output_weights(output, PRICES) == expected


def test_a_tariff_that_is_missing_in_the_book_year_stops_the_run_with_the_product() -> None:
    output = Output.model_validate({"name": "x", "days": ["days_5vv", "days_9vv"], "weights": "tariff"})
    with pytest.raises(RunFailed, match=r"ontbreekt een maximumtarief in het boekjaar: days_9vv\."):
        output_weights(output, PRICES)


def test_price_bounds_lie_a_factor_around_the_ratio_of_the_tariffs() -> None:
    outputs = [{"name": "5vv", "days": ["days_5vv"]}, {"name": "8vv", "days": ["days_8vv"]}]
    frozen = {"product_prices": {code: str(price) for code, price in PRICES.items()}}
    rows = {"A": {"total_cost": 1, "days_5vv": 1, "days_8vv": 1}}
    found = price_bounds(start(rows, frozen, outputs=outputs, price_bounds={"factor": "1.5"}))
    assert found is not None
    assert found[0].tolist() == [[1, pytest.approx(300 / 400 / 1.5)], [pytest.approx(400 / 300 / 1.5), 1]]
    assert found[1].tolist() == [[1, pytest.approx(300 / 400 * 1.5)], [pytest.approx(400 / 300 * 1.5), 1]]
    with pytest.raises(RunFailed, match="Voor prijsgrenzen ontbreekt een maximumtarief in het boekjaar: days_5vv"):
        price_bounds(start(rows, {}, outputs=outputs, price_bounds={"factor": "1.5"}))


# ── 9. minimum ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (0.8500004999, "0.850000"),
        (0.8500005, "0.850001"),  # a half goes up, also where the last digit is even
        (0.8500015, "0.850002"),
        (1.0000000000000002, "1.000000"),
        (1e-7, "0.000000"),
    ],
)
def test_a_score_is_rounded_half_up_to_six_decimals(score: float, shown: str) -> None:
    assert str(published_score(score)) == shown


def test_a_floor_lifts_low_scores_only() -> None:
    assert published_score(0.3, Decimal("0.5")) == Decimal("0.5")
    assert published_score(0.7, Decimal("0.5")) == Decimal("0.7")


def test_the_minimum_is_score_times_what_can_be_reduced_plus_the_rest_half_up() -> None:
    # 0.5 × (100.01 − 20) + 20 + 7.13 = 67.135 → 67.14
    found = minimum_cost_of(
        score=Decimal("0.5"), comparable_cost=Decimal("100.01"), fixed_cost=Decimal(20), allowance=Decimal("7.13")
    )
    assert found == Decimal("67.14")


def test_money_follows_from_the_score_that_is_shown_and_not_from_hidden_decimals() -> None:
    rows = cheap_and_dear(C={"total_cost": 300_000_000, "days_5vv": 20_000_000})
    done = after(start(rows), *ALL)
    assert done.results.loc["C", "published_score"] == Decimal("0.666667")
    assert done.results.loc["C", "minimum_cost"] == Decimal("200000100.00")


def test_nobody_is_told_a_minimum_above_the_own_costs() -> None:
    generator = np.random.default_rng(3)
    rows = {
        f"P{n:02d}": {
            "total_cost": f"{generator.uniform(50, 500):.2f}",
            "days_5vv": int(generator.integers(1, 20)),
            "housing_nhc": f"{generator.uniform(0, 40):.2f}",
            "qualified": f"{generator.uniform(0.2, 0.8):.2f}",
            "urbanity": int(generator.integers(1, 4)),
        }
        for n in range(40)
    }
    done = after(
        start(
            rows,
            returns_to_scale="vrs",
            allowances=["housing_nhc"],
            outliers={"rules": [{"rule": "dominance"}, {"rule": "super_efficiency"}]},
            environment=[{"measure": "urbanity", "harder": "higher"}],
            **GATE,
        ),
        *ALL,
    )
    results = done.results.loc[done.taking_part]
    assert len(results) == 40
    assert all(results["minimum_cost"] <= results["total_cost"])
    assert all(results["minimum_cost"] > results["allowance"])
    assert {"failed", "passed"} <= set(results["quality"])


def test_the_floor_stands_in_the_record_with_how_many_it_lifted() -> None:
    calculation = after(start(crowd(50), score_floor="0.45"), *ALL[:5])
    outcome = minimum_cost(calculation)
    assert outcome.figures["floored"] == 18  # 50 / (100 + n) < 0.45 from n = 12 on
    assert "Bij 18 zorgaanbieders is de score opgehoogd naar de ondergrens 0.45." in outcome.sentences
    assert min(column(outcome.calculation, "published_score").values()) == Decimal("0.45")


# ── 10. national picture ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_national_picture_adds_up_to_everybody_who_was_asked() -> None:
    rows = {
        **cheap_and_dear(),
        "C": {"total_cost": 125, "days_5vv": 10, "housing_nhc": 0},
        "D": {"total_cost": None, "days_5vv": 10},
        "E": {"delivered": False},
        "F": {"delivered": False, "merged": True},
    }
    found = after(start(rows), *ALL).summary
    assert (found["providers"], found["delivered"], found["taking_part"], found["excluded"]) == (6, 4, 3, 3)
    assert found["reasons"] == {"merged": 1, "missing_value": 1, "not_delivered": 1}
    assert found["mean_score"] == pytest.approx((1 + 0.8 + 0.666667) / 3, abs=1e-12)
    assert found["median_score"] == pytest.approx(0.8)
    assert (found["efficient"], found["peers"]) == (1, 1)
    assert (found["total_cost"], found["minimum_cost"]) == ("375", "300.00")


def test_every_score_stands_in_one_bar_and_a_bound_belongs_to_the_bar_above_it() -> None:
    rows = {
        f"P{cost}": {"total_cost": cost, "days_5vv": 1} for cost in (100, 125, 200, 250, 2500)
    }  # 1, .8, .5, .4, .04
    found = after(start(rows), *ALL).summary["distribution"]
    assert [bar["from"] for bar in found] == [round(0.05 * n, 2) for n in range(20)]
    assert all(left["to"] == right["from"] for left, right in pairwise(found))
    assert {bar["from"]: bar["providers"] for bar in found if bar["providers"]} == {
        0.0: 1,
        0.4: 1,
        0.5: 1,
        0.8: 1,
        0.95: 1,
    }


# ── all steps ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_step_changes_the_tables_that_it_was_given() -> None:
    calculation = start(crowd(10), outliers={"rules": [{"rule": "dominance"}]})
    for step in ALL:
        before = replace(calculation, delivered=calculation.delivered.copy(), results=calculation.results.copy())
        outcome = step(calculation)
        pd.testing.assert_frame_equal(calculation.delivered, before.delivered)
        pd.testing.assert_frame_equal(calculation.results, before.results)
        assert list(outcome.calculation.results.index) == sorted(outcome.calculation.results.index)
        calculation = outcome.calculation


def test_every_step_has_a_name_and_leaves_a_dutch_sentence() -> None:
    calculation = start(crowd(10))
    for step in ALL:
        outcome = step(calculation)
        assert step.code.isidentifier()
        assert step.title[0].isupper()
        assert outcome.sentences
        assert all(sentence.strip() for sentence in outcome.sentences)
        calculation = outcome.calculation
