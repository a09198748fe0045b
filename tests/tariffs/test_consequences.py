"""What a correction does to its provider and to everybody else: judged by runs that were really made and by another solver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from benchmarking.models import Dataset, PeerLink, Result, Run
from providers.models import Finding
from tariffs import consequences
from tariffs.consequences import Change, ChangeRefused, Consequences
from tariffs.models import Bandwidth
from tests.factories import computed, delivery, make_round
from tests.storing import stored
from tests.tariffs.test_effects import (
    MODEL,
    OUTLIERS,
    UNDER_THE_GATE,
    figures,
    judged_score,
    set_tariffs,
    stored_round,
)

pytestmark = pytest.mark.usefixtures("db")

THIS_MODEL = {**MODEL, "score_floor": None, "outliers": OUTLIERS}
INVITED = "99900099"
NOBODYS_PEER = UNDER_THE_GATE[1]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[Run]:
    """Give a completed run with quality gate, outliers and tariffs, in which one provider delivered nothing."""
    with stored(django_db_blocker):
        round = stored_round(figures(), invited=(delivery(INVITED),))
        set_tariffs(round)
        run = computed(round, THIS_MODEL)
        assert run.status == "completed", run.failure_reason
        yield run


@pytest.fixture(scope="module")
def leader(world: Run) -> str:
    """Give the key of who is a peer of most others."""
    result = (
        Result.objects.filter(run=world)
        .select_related("provider")
        .exclude(users=None)
        .order_by("-users", "provider__key")[0]
    )
    assert (result.users or 0) >= 3
    return str(result.provider.key)


def cost_of(key: str, factor: str) -> dict[str, Decimal]:
    """Return the figures of one provider when its staff cost is this much times what it was, total and line alike."""
    before = figures()[key]
    staff = (before["care_staff_employed"] * Decimal(factor)).quantize(Decimal("0.01"))
    return {"care_staff_employed": staff, "total_cost": staff + before["housing_nhc"]}


def delivered_again(world: Run, changes: consequences.Changes) -> Run:
    """Deliver corrected figures as a new version, and make the new run."""
    delivered = {key: {**row, **changes.get(key, {})} for key, row in figures().items()}
    run = computed(stored_round(delivered, invited=(delivery(INVITED),)), THIS_MODEL)
    assert run.dataset != world.dataset
    assert run.dataset.round == world.dataset.round
    return run


def told(run: Run) -> dict[str, Any]:
    """Return what a run stored of everybody, straight from the tables."""
    found = {}
    for band in Bandwidth.objects.filter(run=run).select_related("result", "provider").prefetch_related("products"):
        found[band.provider.key] = (
            band.result.participates,
            band.result.published_score,
            band.result.minimum_cost,
            band.maximum_cost,
            band.minimum_rate,
            band.maximum_rate,
            band.lower_rate,
            band.upper_rate,
            band.status,
            [(item.product, item.days, item.maximum_tariff, item.lower, item.upper) for item in band.products.all()],
            set(
                PeerLink.objects.filter(result=band.result)
                .exclude(peer=band.result)
                .values_list("peer__provider__key", flat=True)
            ),
        )
    return found


def said(position: Any) -> Any:
    return (
        position.participates,
        position.score,
        position.minimum_cost,
        position.maximum_cost,
        position.minimum_rate,
        position.maximum_rate,
        position.lower_rate,
        position.upper_rate,
        position.status,
        [(item.product, item.days, item.maximum, item.lower, item.upper) for item in position.products],
        set(position.peers),
    )


def of_key(found: Consequences, key: str) -> Change:
    return next(change for change in found.everyone if change.key == key)


@pytest.fixture
def dearer(world: Run, leader: str) -> tuple[Consequences, Run]:
    """Give what is foretold when the leading peer turns out dearer and another cheaper, and the run that is made then."""
    changes = {leader: cost_of(leader, "1.15"), NOBODYS_PEER: cost_of(NOBODYS_PEER, "0.97")}
    return consequences.of(world, changes), delivered_again(world, changes)


# ── of: what a new run would give ──────────────────────────────────────────────────────────────────────────────────


def test_what_is_foretold_is_what_the_new_run_gives_and_what_the_old_one_gave(
    world: Run, leader: str, dearer: tuple[Consequences, Run]
) -> None:
    found, made = dearer
    assert {change.key: said(change.before) for change in found.everyone} == told(world)
    assert {change.key: said(change.after) for change in found.everyone} == told(made)
    assert [change.key for change in found.own] == sorted([leader, NOBODYS_PEER])
    assert found.moved, "a correction that moves nobody judges nothing"


def test_who_goes_up_and_down_and_by_how_much_follows_from_the_two_runs(
    world: Run, leader: str, dearer: tuple[Consequences, Run]
) -> None:
    found, made = dearer
    before, after = told(world), told(made)
    others = [key for key in before if key not in (leader, NOBODYS_PEER) and before[key][1] is not None]
    minima = {key: after[key][2] - before[key][2] for key in others}
    totals = found.totals
    assert (totals.up, totals.down) == (sum(m > 0 for m in minima.values()), sum(m < 0 for m in minima.values()))
    # Who takes no part is no other with the same score.
    assert totals.up + totals.down + totals.unchanged == len(others) < len(found.everyone) - 2
    assert totals.minimum_cost == sum(minima.values())
    assert totals.maximum_cost == sum(after[key][3] - before[key][3] for key in others)
    upper = [sum(days * high for _, days, _, _, high in row[9]) for rows in (before, after) for row in
             [rows[key] for key in others]]  # fmt: skip
    assert totals.tariffs_upper == sum(upper[len(others) :]) - sum(upper[: len(others)])
    assert totals.other_peers == sum(after[key][10] != before[key][10] for key in others)
    by_size = sorted((key for key in others if minima[key]), key=lambda key: -abs(minima[key]))
    assert [change.key for change in found.largest] == by_size[:5]
    peers = [set().union(*(row[10] for row in rows.values())) for rows in (before, after)]
    assert set(found.become_peers) == peers[1] - peers[0]
    assert set(found.stop_being_peers) == peers[0] - peers[1]


def test_of_each_correction_is_told_whether_it_moves_anybody_else(
    leader: str, dearer: tuple[Consequences, Run]
) -> None:
    found, _ = dearer
    assert {item.key: item.nobody_else_moves for item in found.corrections} == {leader: False, NOBODYS_PEER: True}
    assert not found.nobody_else_moves


def test_a_correction_of_who_may_be_no_peer_moves_nobody_else(world: Run) -> None:
    found = consequences.of(world, {NOBODYS_PEER: cost_of(NOBODYS_PEER, "0.9")})
    assert found.nobody_else_moves
    assert [item.nobody_else_moves for item in found.corrections] == [True]
    assert (found.totals.up, found.totals.down, found.totals.minimum_cost) == (0, 0, 0)
    (own,) = found.own
    assert own.score > 0


def test_the_same_figures_once_more_change_nothing(world: Run, leader: str) -> None:
    same = {key: dict(figures()[key]) for key in (leader, NOBODYS_PEER)}
    recomputed = Run.objects.get(pk=world.pk)
    recomputed.engine_version = "0"  # what was stored by an older program is computed again on both sides
    for run in (world, recomputed):
        found = consequences.of(run, same)
        assert not any(change.moves or change.peers_changed for change in found.everyone)
        assert (found.moved, found.become_peers, found.stop_being_peers) == ((), (), ())


def test_what_was_accepted_before_counts_on_both_sides(world: Run, leader: str) -> None:
    first = {leader: cost_of(leader, "1.15")}
    then = {key: cost_of(key, "0.97") for key in UNDER_THE_GATE}
    added = consequences.of(world, then, accepted=first)
    apart, together = consequences.of(world, first), consequences.of(world, {**first, **then})
    assert [change.before for change in added.everyone] == [change.after for change in apart.everyone]
    assert [change.after for change in added.everyone] == [change.after for change in together.everyone]
    assert added.nobody_else_moves
    assert {item.key: item.nobody_else_moves for item in added.corrections} == dict.fromkeys(UNDER_THE_GATE, True)
    assert not together.nobody_else_moves


def test_higher_costs_of_one_lower_nobody_else(world: Run) -> None:
    """Whoever it is: with fewer or dearer peers a score can only rise. The outlier rules are off, for they may turn."""
    run = computed(world.dataset.round, {**THIS_MODEL, "outliers": {}})
    moved = 0
    for key in figures():
        found = consequences.of(run, {key: cost_of(key, "1.2")})
        assert found.totals.down == 0
        assert of_key(found, key).score <= 0
        moved += found.totals.up
    assert moved > 3


def test_a_delivery_without_its_errors_takes_part_again(world: Run) -> None:
    key = NOBODYS_PEER
    wrong = {**figures()[key], "days_5vv": Decimal(-1)}
    run = computed(stored_round({**figures(), key: wrong}, invited=(delivery(INVITED),)), THIS_MODEL)
    assert Finding.objects.filter(version__datasets=run.dataset, version__submission__provider__key=key).exists()
    right = {key: {"days_5vv": figures()[key]["days_5vv"]}}
    found = consequences.of(run, right, errors={key: ""})
    assert not of_key(found, key).before.participates
    assert {change.key: said(change.after) for change in found.everyone} == told(world)
    assert not of_key(consequences.of(run, right), key).after.participates  # the errors are not gone by themselves
    assert said(consequences.frozen_frontier(run, key, right[key], errors="").after) == told(world)[key]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"12345678": {"total_cost": Decimal(1)}}, "12345678 komt in deze berekening niet voor"),
        ({INVITED: {"total_cost": Decimal(1)}}, "zijn in deze berekening geen cijfers"),
        ({NOBODYS_PEER: {"days_9vv": Decimal(1)}}, "days_9vv is geen gegeven van deze ronde"),
        ({NOBODYS_PEER: {"errors": Decimal(1)}}, "errors is geen gegeven van deze ronde"),
    ],
)
def test_figures_that_cannot_be_changed_are_refused(world: Run, changes: consequences.Changes, words: str) -> None:
    with pytest.raises(ChangeRefused, match=words):
        consequences.of(world, changes)
    with pytest.raises(ChangeRefused, match=words):
        consequences.of(world, {}, accepted=changes)
    for key, row in changes.items():
        with pytest.raises(ChangeRefused, match=words):
            consequences.frozen_frontier(world, key, row)


def test_what_is_foretold_can_be_kept_as_json_and_nothing_else_is_kept(world: Run, leader: str) -> None:
    counted = (Run.objects.count(), Dataset.objects.count(), Result.objects.count())
    found = consequences.of(world, {leader: cost_of(leader, "1.15")})
    document = found.as_document()
    assert json.loads(json.dumps(document)) == document
    assert document["own"][0]["key"] == leader
    assert len(document["moved"]) == len(found.moved)
    moved, change = document["moved"][0], found.moved[0]
    assert (
        Decimal(moved["difference"]["minimum_cost"])
        == change.minimum_cost
        == (Decimal(moved["after"]["minimum_cost"]) - Decimal(moved["before"]["minimum_cost"]))
    )
    assert (Run.objects.count(), Dataset.objects.count(), Result.objects.count()) == counted


def test_who_takes_part_no_more_has_no_amounts(world: Run) -> None:
    gone = {"days_5vv": Decimal(0), "days_7vv": Decimal(0)}
    (own,) = consequences.of(world, {NOBODYS_PEER: gone}).own
    assert (own.after.minimum_cost, own.after.maximum_cost) == (None, None)
    assert own.minimum_cost == -told(world)[NOBODYS_PEER][2]
    change = consequences.frozen_frontier(world, NOBODYS_PEER, gone)
    assert (change.after.participates, change.after.reason, change.after.score) == (False, "no_days", None)


# ── frozen frontier: one provider, everybody else as decided ───────────────────────────────────────────────────────


def test_without_other_figures_everybody_keeps_what_it_had(world: Run) -> None:
    before = told(world)
    for key in list(figures())[::3]:
        change = consequences.frozen_frontier(world, key, {})
        assert said(change.before) == said(change.after) == before[key]


def test_for_who_is_nobodys_peer_the_frozen_frontier_gives_what_a_full_run_gives(world: Run) -> None:
    row = cost_of(NOBODYS_PEER, "0.97")
    assert not PeerLink.objects.filter(result__run=world, peer__provider__key=NOBODYS_PEER).exclude(
        result__provider__key=NOBODYS_PEER
    )
    alone = consequences.frozen_frontier(world, NOBODYS_PEER, row)
    assert alone.moves
    made = told(delivered_again(world, {NOBODYS_PEER: row}))
    assert said(alone.after) == made[NOBODYS_PEER]


@pytest.mark.parametrize("factor", ["0.9", "1.1", "1.3"])
def test_a_leading_peer_is_measured_against_all_others_as_decided_and_itself(
    world: Run, leader: str, factor: str
) -> None:
    score, minimum = judged_against_the_decided(world, leader, factor)
    after = consequences.frozen_frontier(world, leader, cost_of(leader, factor)).after
    assert (after.score, after.minimum_cost) == (score, minimum)


def test_a_verdict_on_another_that_would_turn_stays_as_decided(world: Run) -> None:
    """In a full run a best practice becomes an outlier when this provider turns out dearer; against the frozen frontier not."""
    key, factor = "99900006", "1.3"
    score, minimum = judged_against_the_decided(world, key, factor)
    after = consequences.frozen_frontier(world, key, cost_of(key, factor)).after
    assert (after.score, after.minimum_cost) == (score, minimum)
    (full,) = consequences.of(world, {key: cost_of(key, factor)}).own
    assert full.after.score is not None
    assert full.after.score - score > Decimal("0.05")


def judged_against_the_decided(run: Run, key: str, factor: str) -> tuple[Decimal, Decimal]:
    """Return score and minimum costs by scipy: all others who may be a peer by what the run stored, and the new figures."""
    others = Result.objects.filter(run=run, may_be_peer=True).exclude(provider__key=key)
    own = {**figures()[key], **cost_of(key, factor)}
    score = judged_score(own, [*(figures()[peer] for peer in others.values_list("provider__key", flat=True)), own])
    published = Decimal(f"{score:.9f}").quantize(Decimal("0.000001"), ROUND_HALF_UP)
    minimum = published * (own["total_cost"] - own["housing_nhc"]) + own["housing_nhc"]
    return published, minimum.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_circumstances_are_corrected_with_the_coefficients_of_the_run() -> None:
    rows = {f"9990000{number}": (100 + 5 * number, 300 + (number * 300) % 700) for number in range(9)}
    round = make_round(
        [
            delivery(key, total_cost=per_day * 10_000, days_5vv=10_000, address_density=density)
            for key, (per_day, density) in rows.items()
        ],
        slug="omstandigheden-2024",
    )
    model = {
        "inputs": ["total_cost"],
        "outputs": [{"name": "5vv", "days": ["days_5vv"]}],
        "returns_to_scale": "crs",
        "bootstrap": {"replications": 100},
        "correction": {"method": "peer_difference", "measures": ["address_density"], "cap": "0.40"},
    }
    run = computed(round, model)
    assert run.status == "completed", run.failure_reason
    (slope,) = [item["coefficient"] for item in run.steps.get(code="circumstances").figures["factors"].values()]
    for key in rows:
        change = consequences.frozen_frontier(run, key, {})
        assert said(change.before) == said(change.after) == told(run)[key]
    # A hundred more on the factor: its one peer is another, so the difference from it is a hundred more.
    key = "99900006"
    score = Result.objects.get(run=run, provider__key=key)
    assert score.correction is not None
    change = consequences.frozen_frontier(run, key, {"address_density": Decimal(rows[key][1] + 100)})
    assert float(change.score) == pytest.approx(-100 * slope, abs=2e-6)
    missing = consequences.frozen_frontier(run, key, {"address_density": None})
    assert float(missing.after.score or 0) == pytest.approx(score.score, abs=1e-6)
    assert not consequences.of(run, {key: {"address_density": Decimal(rows[key][1])}}).moved
