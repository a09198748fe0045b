"""A run against the frontier of another: corrections for circumstances, who stops or begins to take part, a worker that dies."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from benchmarking import frontiers, lease, pipeline, runs
from benchmarking.models import PeerLink, Result, Run
from providers.models import Round
from tests.factories import computed, delivery, make_round

pytestmark = pytest.mark.usefixtures("db")

#: Costs per day and a circumstance, of nine providers under constant returns: the cheapest is everybody's one peer.
FACTS = {f"9990000{number}": (100 + 5 * number, 300 + (number * 300) % 700) for number in range(9)}
CHEAPEST, MOVED, STOPS, BEGINS = "99900000", "99900006", "99900004", "99900007"
MODEL: dict[str, Any] = {
    "inputs": ["total_cost"],
    "outputs": [{"name": "5vv", "days": ["days_5vv"]}],
    "returns_to_scale": "crs",
    "bootstrap": {"replications": 100},
    "correction": {"method": "peer_difference", "measures": ["address_density"], "cap": "0.40"},
}


def store(days: dict[str, int], density: dict[str, int]) -> Round:
    return make_round(
        [
            delivery(
                key,
                total_cost=per_day * 10_000,
                days_5vv=days.get(key, 10_000),
                address_density=density.get(key, before),
            )
            for key, (per_day, before) in FACTS.items()
        ]
    )


def results(run: Run) -> dict[str, dict[str, Any]]:
    """Return what a run stored of everybody, without identifiers."""
    found = {}
    for result in Result.objects.filter(run=run).values():
        key = Result.objects.get(pk=result["id"]).provider.key
        found[key] = {name: value for name, value in result.items() if name not in ("id", "uuid", "run_id")}
    return found


def peers(run: Run) -> set[tuple[str, str, float]]:
    return set(
        PeerLink.objects.filter(result__run=run).values_list("result__provider__key", "peer__provider__key", "weight")
    )


def test_circumstances_come_and_go_with_the_coefficients_that_were_decided_and_who_has_no_days_takes_no_part() -> None:
    run = computed(store({BEGINS: 0}, {}), MODEL)
    assert run.status == "completed", run.failure_reason
    (slope,) = [item["coefficient"] for item in run.steps.get(code="circumstances").figures["factors"].values()]
    round = store({STOPS: 0}, {MOVED: FACTS[MOVED][1] + 100})
    asked = runs.request_run(round=round, actor=None, against=run)
    # The first worker dies after two steps; the next one begins anew.
    first = lease.claim(asked.pk)
    assert first is not None
    with first.commit() as held:
        assert [one.code for one in pipeline.steps_of(held)][2:4] == ["as_decided", "measured_anew"]
    Run.objects.filter(pk=asked.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = lease.claim(asked.pk)
    assert second is not None
    runs.carry_out(second)
    asked.refresh_from_db()
    assert asked.status == "completed", asked.failure_reason
    with pytest.raises(lease.LeaseLost), first.commit():
        pass

    before, after = results(run), results(asked)
    assert {key for key in before if before[key] != after[key]} == {MOVED, STOPS, BEGINS}
    assert frontiers.corrected_in(asked) == {MOVED, STOPS, BEGINS}
    assert {link for link in peers(run) if link[0] not in (MOVED, STOPS, BEGINS)} == {
        link for link in peers(asked) if link[0] not in (MOVED, STOPS, BEGINS)
    }
    # A hundred more on the circumstance; its one peer is the cheapest, so the difference from it is a hundred more.
    assert float(after[MOVED]["published_score"] - before[MOVED]["published_score"]) == pytest.approx(
        -100 * slope, abs=2e-6
    )
    assert (after[STOPS]["participates"], after[STOPS]["score"]) == (False, None)
    assert "no_days" in after[STOPS]["reasons"]
    assert (after[STOPS]["minimum_cost"], after[STOPS]["may_be_peer"], after[STOPS]["users"]) == (None, False, None)
    assert not before[BEGINS]["participates"]
    difference = FACTS[BEGINS][1] - FACTS[CHEAPEST][1]
    score = FACTS[CHEAPEST][0] / FACTS[BEGINS][0]
    expected = min(score + min(max(-slope * difference, -0.4), 0.4), 1.0)
    assert float(after[BEGINS]["published_score"]) == pytest.approx(expected, abs=1e-6)
    assert after[BEGINS]["total_cost"] == Decimal(FACTS[BEGINS][0] * 10_000)
    assert asked.summary["taking_part"] == run.summary["taking_part"]
    assert pipeline.result_hash(pipeline.compute(asked)) == asked.result_hash
