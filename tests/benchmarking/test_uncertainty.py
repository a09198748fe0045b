"""How sure a score is and what hangs on one peer: information beside the outcome, which no amount follows from."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from benchmarking import dea
from benchmarking.calculation import Calculation, RunFailed
from benchmarking.rounding import published_interval
from benchmarking.steps.circumstances import circumstances
from benchmarking.steps.cost_base import cost_base
from benchmarking.steps.frontier import frontier
from benchmarking.steps.influence import influence
from benchmarking.steps.minimum_cost import minimum_cost
from benchmarking.steps.outliers import outliers
from benchmarking.steps.participation import participation
from benchmarking.steps.quality_gate import quality_gate
from benchmarking.steps.uncertainty import NOT_ASKED, TOO_ALIKE, join, order, part, uncertainty
from tests.benchmarking.tables import after, column, start

BEFORE = (participation, cost_base, quality_gate, outliers, frontier)
TWO = [{"name": "5vv", "days": ["days_5vv"]}, {"name": "7vv", "days": ["days_7vv"]}]
QUICK = {"bootstrap": {"replications": 100}}


def crowd(count: int = 30, **facts: Any) -> dict[str, dict[str, Any]]:
    """Return providers with two products and costs 0 to 50 % above what the best would need; by a fixed draw."""
    random = np.random.default_rng(3)
    rows: dict[str, dict[str, Any]] = {}
    for number in range(count):
        first, second = random.integers(1_000, 9_000, 2)
        dearer = 1 + random.uniform(0, 0.5)
        rows[f"P{number:02d}"] = {
            "total_cost": round(float(first * 200 + second * 300) * dearer, 2),
            "days_5vv": int(first),
            "days_7vv": int(second),
            **{name: values[number] for name, values in facts.items()},
        }
    return rows


def scored(rows: dict[str, dict[str, Any]], frozen: dict[str, Any] | None = None, **model: Any) -> Calculation:
    return after(start(rows, frozen, **{"outputs": TWO, **model}), *BEFORE)


# ── 6. uncertainty ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_score_is_an_upper_estimate_and_the_interval_lies_below_it() -> None:
    done = after(scored(crowd(), bootstrap={"replications": 500}), uncertainty)
    for row in done.results.to_dict("records"):
        assert row["uncertainty_shown"]
        assert 0 < row["score_lower"] < row["bias_corrected_score"] < row["score_upper"] <= row["score"] + 1e-9
    assert done.summary["uncertainty"]["estimated"] == 30


def test_an_interval_changes_no_amount_and_no_score() -> None:
    amounts = ("score", "published_score", "minimum_cost")
    plain, informed = (
        after(scored(crowd(), **model), uncertainty, circumstances, influence, minimum_cost) for model in ({}, QUICK)
    )
    for name in amounts:
        assert column(plain, name) == column(informed, name)
    assert plain.results["score_lower"].isna().all()
    assert informed.results["score_lower"].notna().all()


def test_everybody_who_takes_part_has_an_interval_and_nobody_else() -> None:
    rows = crowd()
    rows["P03"]["total_cost"] = None
    rows["P04"]["qualified"] = Decimal("0.1")
    done = after(
        scored(
            {key: {"qualified": Decimal("0.9"), **row} for key, row in rows.items()},
            quality_gate=[{"measure": "qualified", "at_least": "0.4"}],
            **QUICK,
        ),
        uncertainty,
    )
    assert [key for key, value in column(done, "score_lower").items() if value is None] == ["P03"]
    assert not done.results.loc["P03", "uncertainty_shown"]
    assert done.results.loc["P04", "uncertainty_shown"]


def test_the_parts_get_the_same_model_as_the_comparison() -> None:
    """Circumstances, price bounds, gates and returns to scale travel along: the scores below the intervals are the scores."""
    random = np.random.default_rng(5)
    rows = crowd(urbanity=random.integers(1, 4, 30).tolist(), qualified=random.uniform(0.3, 1, 30).round(2).tolist())
    calculation = scored(
        rows,
        {"product_prices": {"days_5vv": "200", "days_7vv": "300"}},
        returns_to_scale="vrs",
        environment=[{"measure": "urbanity", "harder": "higher"}],
        quality_gate=[{"measure": "qualified", "at_least": "0.4"}],
        price_bounds={"factor": "1.5"},
        **QUICK,
    )
    packed = order(calculation)
    assert packed is not None
    found = dea.combine_shards([dea.BootstrapShard.from_bytes(part(packed, 0, 1))])
    assert np.abs(found.score - calculation.results["score"].to_numpy(dtype=float)).max() < 1e-9
    plain = dea.efficiency(
        [[float(row["total_cost"])] for row in rows.values()],
        [[row["days_5vv"], row["days_7vv"]] for row in rows.values()],
    )
    assert np.abs(found.score - plain.score).max() > 0.01, "the rules change nothing here: this test cannot fail"


def test_in_however_many_parts_in_whatever_order_they_come_the_outcome_is_the_same_to_the_bit() -> None:
    calculation = scored(crowd(), **QUICK)
    packed = order(calculation)
    assert packed is not None
    whole = join(calculation, [part(packed, 0, 1)]).calculation
    for of in (2, 7):
        contents = [part(packed, number, of) for number in range(of)]
        divided = join(calculation, contents[::-1]).calculation
        for name in ("score_lower", "score_upper", "bias_corrected_score"):
            assert column(divided, name) == column(whole, name)


def test_another_seed_gives_another_interval_but_not_much() -> None:
    calculation = scored(crowd(), bootstrap={"replications": 1000})
    first, second = (after(replace(calculation, seed=seed), uncertainty).results["score_lower"] for seed in (1, 2))
    difference = (first.astype(float) - second.astype(float)).abs()
    assert difference.max() > 0
    assert difference.mean() < 0.01


def test_a_round_that_asks_for_no_interval_says_so() -> None:
    outcome = uncertainty(scored(crowd()))
    assert outcome.sentences == (NOT_ASKED,)
    assert outcome.calculation.summary["uncertainty"] is None
    assert not outcome.calculation.results["uncertainty_shown"].any()


@pytest.mark.parametrize("costs", [[100], [100, 100, 100, 100], [100, 150]])
def test_too_few_providers_or_scores_that_are_alike_give_no_interval_but_an_outcome(costs: list[int]) -> None:
    rows = {f"P{number}": {"total_cost": cost, "days_5vv": 10} for number, cost in enumerate(costs)}
    calculation = after(start(rows, **QUICK), *BEFORE)
    outcome = uncertainty(calculation)
    assert outcome.sentences == (TOO_ALIKE,)
    done = after(outcome.calculation, circumstances, influence, minimum_cost)
    assert done.results["minimum_cost"].notna().all()


def test_what_is_published_of_an_interval_is_in_the_hash_with_four_decimals() -> None:
    done = after(scored(crowd(), **QUICK), uncertainty)
    assert {"published_score_lower", "published_score_upper", "published_bias_corrected_score"} <= set(done.published)
    for row in done.results.to_dict("records"):
        assert abs(float(row["published_score_lower"]) - row["score_lower"]) <= 0.00005
        assert row["published_score_lower"].as_tuple().exponent == -4


@pytest.mark.parametrize(("value", "shown"), [(0.81235, "0.8124"), (0.81234999, "0.8123"), (1.0, "1.0000")])
def test_an_interval_is_rounded_half_up(value: float, shown: str) -> None:
    assert published_interval(value) == Decimal(shown)


def test_the_record_tells_how_it_was_done_in_dutch() -> None:
    outcome = uncertainty(scored(crowd(), **QUICK))
    assert outcome.figures["replications"] == 100
    assert outcome.figures["convention"] == "shephard"
    assert outcome.figures["bandwidth"] > 0
    assert outcome.figures["problems"] >= 100 * 30
    assert outcome.figures["fallback"] < outcome.figures["problems"] / 100
    assert 0 <= outcome.figures["worst_certificate"] < 1e-8
    text = " ".join(outcome.sentences)
    assert "Van 30 zorgaanbieders is een interval rond de score berekend, met 100 herhalingen" in text
    assert "verandert geen bedrag" in text


# ── 7. circumstances ───────────────────────────────────────────────────────────────────────────────────────────────

CORRECTED = {**QUICK, "correction": {"method": "peer_difference", "measures": ["urbanity"]}}


def urban(count: int = 30) -> dict[str, dict[str, Any]]:
    """Return providers that are 6 % dearer per class of urbanity, on top of what they differ anyway."""
    random = np.random.default_rng(8)
    rows = crowd(count, urbanity=random.integers(1, 6, count).tolist())
    for row in rows.values():
        row["total_cost"] = round(row["total_cost"] * (1 + 0.06 * row["urbanity"]), 2)
    return rows


def own_less_peers(done: Calculation, rows: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Return own urbanity less that of the own peers, weighed by their share of the costs; computed from the links."""
    found = dict.fromkeys(rows, 0.0)
    for link in done.peers.to_dict("records"):
        found[link["key"]] += link["cost_share"] * (rows[link["key"]]["urbanity"] - rows[link["peer"]]["urbanity"])
    return found


def test_the_correction_is_what_the_difference_with_the_own_peers_explains() -> None:
    rows = urban()
    done = after(scored(rows, **CORRECTED), uncertainty, circumstances, influence, minimum_cost)
    difference = own_less_peers(done, rows)
    ones = np.ones(len(rows))
    table = np.column_stack([ones, [difference[key] for key in rows]])
    corrected = done.results["bias_corrected_score"].to_numpy(dtype=float)
    (_, slope), *_ = np.linalg.lstsq(table, corrected, rcond=None)
    assert slope < -0.01, "urbanity explains nothing here: this test cannot fail"
    for key, row in done.results.iterrows():
        expected = min(row["score"] - slope * difference[str(key)], 1.0)
        assert row["score"] + row["correction"] == pytest.approx(expected, abs=1e-9)
        assert float(row["published_score"]) == pytest.approx(expected, abs=5.1e-7)
        assert float(row["minimum_cost"]) == pytest.approx(expected * float(row["comparable_cost"]), rel=1e-6)
    assert "published_correction" in done.published


def test_nobody_is_told_a_minimum_above_its_own_costs_by_a_correction() -> None:
    done = after(scored(urban(), **CORRECTED), uncertainty)
    outcome = circumstances(done)
    assert outcome.figures["held_at_one"] > 0
    assert "op 100\u00a0% gehouden" in " ".join(outcome.sentences)
    results = after(outcome.calculation, minimum_cost).results
    assert (results["published_score"] <= 1).all()
    assert (results["minimum_cost"] <= results["total_cost"]).all()


def test_a_correction_stays_within_its_cap() -> None:
    model = {**QUICK, "correction": {**CORRECTED["correction"], "cap": "0.02"}}
    outcome = circumstances(after(scored(urban(), **model), uncertainty))
    corrections = outcome.calculation.results["correction"].astype(float)
    assert corrections.abs().max() == pytest.approx(0.02)
    assert outcome.figures["capped"] > 0


def test_who_misses_a_figure_or_has_a_peer_that_does_keeps_its_score() -> None:
    rows = urban()
    calculation = scored(rows, **CORRECTED)
    peer = next(link.peer for link in calculation.peers.itertuples() if link.key != link.peer)
    rows[peer]["urbanity"] = None
    done = after(scored(rows, **CORRECTED), uncertainty, circumstances, minimum_cost)
    leaning = {link.key for link in done.peers.itertuples() if link.peer == peer}
    assert len(leaning) > 1
    for key, row in done.results.iterrows():
        assert (row["correction"] is None) == (key in leaning)
        if key in leaning:
            assert float(row["published_score"]) == pytest.approx(row["score"], abs=5.1e-7)


def test_circumstances_that_are_the_same_everywhere_cannot_be_corrected_for() -> None:
    rows = crowd(urbanity=[3] * 30)
    with pytest.raises(RunFailed, match="niet te berekenen"):
        after(scored(rows, **CORRECTED), uncertainty, circumstances)


def test_a_round_without_correction_says_so() -> None:
    outcome = circumstances(scored(crowd()))
    assert outcome.sentences == ("Voor deze ronde is geen correctie voor omstandigheden ingesteld.",)
    assert outcome.calculation.results["correction"].isna().all()


# ── 8. influence ───────────────────────────────────────────────────────────────────────────────────────────────────


def without(done: Calculation) -> dict[tuple[str, str], float]:
    links = done.peers
    return {
        (key, peer): score
        for key, peer, score in zip(links["key"], links["peer"], links["score_without"], strict=True)
        if score is not None
    }


def test_what_hangs_on_the_one_peer_of_all() -> None:
    """Costs per day 10, 12.5 and 15: without A, C is the best."""
    rows = {
        "A": {"total_cost": 100, "days_5vv": 10},
        "B": {"total_cost": 150, "days_5vv": 10},
        "C": {"total_cost": 125, "days_5vv": 10},
    }
    done = after(start(rows), *BEFORE, influence)
    assert without(done) == {("B", "A"): pytest.approx(125 / 150), ("C", "A"): pytest.approx(1)}
    assert column(done, "users") == {"A": 2, "B": 0, "C": 0}
    # (0.833333 − 0.666667) · 150 + (1 − 0.8) · 125
    assert column(done, "influence") == {"A": Decimal("50.00"), "B": Decimal("0.00"), "C": Decimal("0.00")}


def test_somebody_who_was_dominated_becomes_a_peer_when_the_best_is_left_out() -> None:
    """Nobody but A is on the frontier; a shortcut over that frontier would have nobody to measure B against."""
    rows = {
        "A": {"total_cost": 100, "days_5vv": 10, "days_7vv": 10},
        "B": {"total_cost": 200, "days_5vv": 10, "days_7vv": 10},
        "C": {"total_cost": 125, "days_5vv": 10, "days_7vv": 9},
        "D": {"total_cost": 125, "days_5vv": 9, "days_7vv": 10},
    }
    done = after(start(rows, outputs=TWO), *BEFORE, influence)
    # C and D each 10/19 times give 10 days of either product for less than either alone.
    expected = (125 + 125) * 10 / 19 / 200
    assert without(done)[("B", "A")] == pytest.approx(expected, abs=1e-9)


def test_only_the_part_that_can_be_reduced_counts_in_the_amount() -> None:
    rows = {
        "A": {"staff": 100, "rent": 50, "days_5vv": 10},
        "B": {"staff": 200, "rent": 50, "days_5vv": 10},
        "C": {"staff": 125, "rent": 50, "days_5vv": 10},
    }
    model = {"inputs": ["staff", "rent"], "fixed_inputs": ["rent"]}
    done = after(start(rows, **model), *BEFORE, influence)
    assert column(done, "influence")["A"] == Decimal("50.00")  # (0.625 − 0.5) · 200 + (1 − 0.8) · 125


def test_influence_changes_no_amount() -> None:
    calculation = after(scored(crowd()), uncertainty, circumstances)
    plain, informed = after(calculation, minimum_cost), after(calculation, influence, minimum_cost)
    assert column(plain, "minimum_cost") == column(informed, "minimum_cost")
    assert {"users", "influence"} <= set(informed.published)


def test_leaving_a_peer_out_never_lowers_a_score_and_is_told_of_every_link_to_another() -> None:
    done = after(scored(crowd()), influence)
    scores, found = column(done, "score"), without(done)
    links = {(key, peer) for key, peer in zip(done.peers["key"], done.peers["peer"], strict=True) if key != peer}
    assert set(found) == links
    assert all(score >= scores[key] - 1e-9 for (key, _), score in found.items())


def test_a_round_with_one_provider_has_nobody_to_leave_out() -> None:
    outcome = influence(after(start({"A": {"total_cost": 1, "days_5vv": 1}}), *BEFORE))
    assert "geen peer om weg te laten" in outcome.sentences[0]
    assert after(outcome.calculation, minimum_cost).results.loc["A", "minimum_cost"] == 1
