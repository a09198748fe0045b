"""Corrections against a frozen frontier: who was corrected gets another outcome, everybody else keeps theirs to the last bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from scipy.optimize import linprog

from benchmarking import frontiers, lease, mirror, runs
from benchmarking.compared import compared
from benchmarking.datasets import freeze
from benchmarking.field import Field
from benchmarking.models import Run
from benchmarking.runs import RunRefused
from providers.mandates import people_of
from providers.models import Notice, Power, Provider, Submission, SubmissionStatus
from providers.refusal import Refused
from tariffs.models import (
    InterpretationResponse,
    Release,
    ReportStatus,
    ResponseKind,
    ResponseOutcome,
    Settlement,
    Standing,
)
from tariffs.policies import set_policy
from tariffs.procedure import answering, corrections, outlook
from tariffs.procedure.answering import Answer
from tariffs.release import ReleaseRefused, release_run
from tests.access.world import FIGURES, MODEL
from tests.delivering import somebody_at
from tests.factories import a_workday, computed
from tests.plain_sql import query
from tests.responding import Period, looked_ahead, make_period, respond
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("db")

YES = "De jaarrekening bevestigt deze bedragen."
#: De Linde leans on others. Het Kompas is a peer of others: in a run of everybody its costs move them.
LINDE, LEADER = "99900001", "99900003"
CHEAPER = {
    LINDE: {"total_cost": Decimal("7113977.41"), "care_staff_employed": Decimal("6696586.28")},
    LEADER: {"total_cost": Decimal("2717431.83"), "care_staff_employed": Decimal("2533712.46")},
    "99900002": {"total_cost": Decimal("9071833.67"), "care_staff_employed": Decimal("8478116.38")},
}
#: Everything that a run stored of a provider but identifiers, straight from the tables.
OUTCOME = """
SELECT p.key, to_jsonb(r) - 'id' - 'uuid' - 'run_id', to_jsonb(b) - 'id' - 'uuid' - 'run_id' - 'result_id',
  (SELECT jsonb_agg(to_jsonb(x) - 'id' - 'bandwidth_id' ORDER BY x.product) FROM tariffs_productbandwidth x
   WHERE x.bandwidth_id = b.id),
  (SELECT jsonb_agg(jsonb_build_array(q.key, l.weight, l.cost_share, l.score_without) ORDER BY q.key)
   FROM benchmarking_peerlink l JOIN benchmarking_result o ON o.id = l.peer_id JOIN providers_provider q ON q.id = o.provider_id
   WHERE l.result_id = r.id)
FROM benchmarking_result r JOIN providers_provider p ON p.id = r.provider_id JOIN tariffs_bandwidth b ON b.result_id = r.id
WHERE r.run_id = %s"""


def outcome(run: Run) -> dict[str, tuple[Any, ...]]:
    return {key: tuple(json.loads(part or "[]") for part in rest) for key, *rest in query(OUTCOME, run.pk)}


def correct(period: Period, key: str) -> InterpretationResponse:
    """Ask for the correction of one provider, look at what it does, accept it and bring it into the data."""
    user = somebody_at(Provider.objects.get(key=key), Power.DELIVER)
    response = respond(period, user, kind=ResponseKind.CORRECT, changes=CHEAPER[key])
    looked_ahead(response, period.noor)
    answering.answer(response=response, given=Answer(ResponseOutcome.ACCEPTED, YES), actor=period.noor)
    response.refresh_from_db()
    corrections.carry_over(response=response, actor=period.rinske)
    return response


def carried_out(run: Run) -> Run:
    claimed = lease.claim(run.pk)
    assert claimed is not None
    runs.carry_out(claimed)
    run.refresh_from_db()
    assert run.status == "completed", run.failure_reason
    return run


def against(run: Run) -> Run:
    """Compute only who was corrected, as a worker does."""
    return carried_out(runs.request_run(round=run.dataset.round, actor=None, against=run))


@pytest.fixture(scope="module")
def stored_period(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Period, Run]]:
    """Give a released round, and a run against its frontier after two corrections."""
    with stored(django_db_blocker):
        period = make_period()
        set_policy(round=period.release.round, actor=None, corrections_settled=Settlement.FROZEN_FRONTIER)
        for key in (LEADER, LINDE):
            correct(period, key)
        yield period, against(period.run)


@pytest.fixture
def period(stored_period: tuple[Period, Run], db: None) -> Period:
    return stored_period[0]


@pytest.fixture
def frozen(stored_period: tuple[Period, Run], db: None) -> Run:
    return Run.objects.get(pk=stored_period[1].pk)


def test_what_everybody_was_compared_with_is_read_once_for_all_reports_of_a_round(period: Period, frozen: Run) -> None:
    earlier: list[tuple[Run, dict[int, Any]]] = [(period.run, {}), (frozen, {})]
    with CaptureQueriesContext(connection) as asked:
        mirror.contents(frozen, named=frozenset(), earlier=earlier)
    # The comparison itself, and for each run against it whoever was measured anew.
    assert sum('FROM "benchmarking_peerlink"' in query["sql"] for query in asked) == 3
    # What is taken from there is what would be worked out.
    for provider_id, one in compared(frozen).anew.items():
        anew = Field(frozen, {result.pk: result for result in one.results.values()}, delivered=one.field.delivered)
        assert {pk: list(row) for pk, row in one.field.outputs.items()} == {
            pk: list(row) for pk, row in anew.outputs.items()
        }, provider_id


# ── what is computed ───────────────────────────────────────────────────────────────────────────────────────────────


def test_who_was_not_corrected_keeps_everything_to_the_last_bit(period: Period, frozen: Run) -> None:
    before, after = outcome(period.run), outcome(frozen)
    assert before.keys() == after.keys() == {row[0] for row in FIGURES}
    assert {key for key in before if before[key] != after[key]} == {LINDE, LEADER}
    assert any(LEADER in [peer[0] for peer in row[3]] for key, row in after.items() if key != LEADER)
    assert before[LINDE][0]["score_lower"] is not None
    for key in (LINDE, LEADER):
        own = after[key][0]
        assert own["total_cost"] == float(CHEAPER[key]["total_cost"])
        # What only informs is not there for them, but for whom they are a peer of: those others stay.
        assert [own[name] for name in ("score_lower", "score_upper", "bias_corrected_score")] == [None] * 3
        assert not own["uncertainty_shown"]
        assert (own["users"], own["influence"]) == (before[key][0]["users"], before[key][0]["influence"])
        assert all(peer[3] is None for peer in after[key][3])


@pytest.mark.parametrize("key", [LINDE, LEADER])
def test_who_was_corrected_is_measured_against_all_others_as_they_were(frozen: Run, key: str) -> None:
    own, band, *_ = outcome(frozen)[key]
    score, minimum = judged(key)
    assert (Decimal(str(own["published_score"])), Decimal(str(own["minimum_cost"]))) == (score, minimum)
    maximum = (minimum * Decimal("1.10")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert abs(Decimal(str(band["maximum_cost"])) - maximum) <= Decimal("0.01")


def judged(key: str) -> tuple[Decimal, Decimal]:
    """Return score and minimum costs by scipy, from the old figures of all others and the own new ones.

    Least θ with Σλ cost ≤ θ cost, Σλ days ≥ days, Σλ = 1.
    """
    units = {
        name: (Decimal(cost) - Decimal(housing), Decimal(housing), days, treated)
        for name, _, _, cost, housing, days, treated in FIGURES
    }
    _, housing, days, treated = units[key]
    units[key] = (CHEAPER[key]["total_cost"] - housing, housing, days, treated)
    cost = [float(unit[0] / units[key][0]) for unit in units.values()]
    rows = [[-1.0, *cost], *([0.0, *(-unit[place] / units[key][place] for unit in units.values())] for place in (2, 3))]
    solved = linprog(
        [1.0, *[0.0] * len(units)], A_ub=rows, b_ub=[0.0, -1.0, -1.0], A_eq=[[0.0, *[1.0] * len(units)]], b_eq=[1.0]
    )
    score = Decimal(f"{solved.x[0]:.9f}").quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return score, (score * units[key][0] + housing).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_what_was_foretold_before_the_decision_is_what_comes_of_it(period: Period, frozen: Run) -> None:
    now = outcome(frozen)
    for response in InterpretationResponse.objects.filter(report__release__round=period.release.round):
        (own,) = response.seen.document["this"]["own"]
        key = own["key"]
        assert response.seen.document["this"]["nobody_else_moves"]
        for name in ("minimum_cost", "maximum_cost", "lower_rate", "upper_rate"):
            assert Decimal(own["after"][name]) == Decimal(str(now[key][1][name]))
        assert Decimal(own["after"]["score"]) == Decimal(str(now[key][0]["published_score"]))
        assert sorted(own["after"]["peers"]) == sorted(peer[0] for peer in now[key][3] if peer[0] != key)


def test_a_run_of_everybody_moves_others_where_this_one_does_not(period: Period, frozen: Run) -> None:
    full = computed(period.release.round, MODEL)
    assert full.dataset == frozen.dataset
    before, after = outcome(period.run), outcome(full)
    assert [key for key in before if before[key][0]["minimum_cost"] > after[key][0]["minimum_cost"] and key != LINDE]
    assert full.result_hash != frozen.result_hash


def test_computed_again_it_is_the_same_and_the_proof_command_says_so(period: Period, frozen: Run) -> None:
    out = StringIO()
    call_command("verify", str(frozen.uuid), "--exact", stdout=out, stderr=StringIO())
    assert frozen.result_hash in out.getvalue()
    assert f"berekening {str(period.run.uuid)[:8]}" in out.getvalue()


# ── what is released ───────────────────────────────────────────────────────────────────────────────────────────────


def released(period: Period, run: Run, **facts: Any) -> tuple[Release, set[str]]:
    """Release a run; return the keys of the providers of whom somebody was told."""
    given = {"status": ReportStatus.PROVISIONAL, "respond_until": period.release.respond_until, **facts}
    before = list(Notice.objects.values_list("pk", flat=True))
    release = release_run(run=run, actor=None, note="Twee correcties zijn verwerkt.", **given)
    new = Notice.objects.exclude(pk__in=before)
    assert {notice.kind for notice in new} <= {"mirror_released", "mirror_to_respond_to"}
    return release, set(new.values_list("provider__key", flat=True))


def with_people() -> set[str]:
    return {provider.key for provider in Provider.objects.all() if people_of(provider)}


def documents(release: Release) -> dict[str, Any]:
    """Return what everybody reads, without what is said of the release itself."""
    about = ("release", "provenance")
    return {
        report.provider.key: {name: part for name, part in report.content.items() if name not in about}
        for report in release.reports.select_related("provider")
    }


def test_nobody_but_who_was_corrected_is_told_or_reads_anything_else(period: Period, frozen: Run) -> None:
    release, told = released(period, frozen)
    assert with_people() > {LINDE, LEADER}, "if nobody else has people here, this judges nothing"
    assert told == {LINDE, LEADER}
    before, after = documents(period.release), documents(release)
    assert {key for key in before if before[key] != after[key]} == {LINDE, LEADER}
    why = {report.provider.key: report.content["release"]["why"] for report in release.reports.all()}
    assert {key for key, said in why.items() if len(said) == 1 and "dezelfde als in de vorige versie" in said[0]} == (
        set(before) - {LINDE, LEADER}
    )
    assert "Uw eigen gegevens zijn veranderd" in why[LINDE][0]
    assert not any("andere zorgaanbieders zijn veranderd" in sentence for said in why.values() for sentence in said)
    assert "een interval is daarbij niet berekend" in after[LINDE]["certainty_reason"].lower()
    newest = release.reports.get(provider__key=LINDE).content
    assert newest["costs"]["minimum"] == str(judged(LINDE)[1])
    assert newest["provenance"]["sentences"][0] == (
        f"Alleen opnieuw berekend: 2 aanbieders. De vergelijking is die van berekening {str(period.run.uuid)[:8]}."
    )
    held = Standing.objects.filter(release=release).values_list("provider__key", flat=True)
    assert set(held) == {LINDE, LEADER}


def test_a_new_status_or_a_new_term_is_told_to_everybody(period: Period, frozen: Run) -> None:
    _, told = released(period, frozen, respond_until=a_workday(45))
    assert told == with_people()
    adopted, told = released(period, frozen, status=ReportStatus.ADOPTED, respond_until=None)
    assert told == with_people()
    assert Standing.objects.filter(release=adopted).count() == len(FIGURES)
    # What a rule does is computed on a comparison of everybody: that of the run with the frontier.
    assert adopted.effects.document["run"] == str(period.run.uuid)


def test_a_next_correction_leaves_the_one_before_as_it_is(period: Period, frozen: Run) -> None:
    first, _ = released(period, frozen)
    key, before = "99900002", outcome(frozen)
    correct(replace(period, release=Release.objects.released().first()), key)
    second = against(frozen)
    after = outcome(second)
    assert second.frozen["frontier_of"] == str(period.run.uuid)
    assert {name for name in before if before[name] != after[name]} == {key}
    own = after[key][0]
    assert (Decimal(str(own["published_score"])), Decimal(str(own["minimum_cost"]))) == judged(key)
    release, told = released(period, second)
    assert told == {key}
    reports = documents(first), documents(release)
    assert {name for name in before if reports[0][name] != reports[1][name]} == {key}


def test_a_run_against_a_frontier_that_was_replaced_does_not_go_out(period: Period, frozen: Run) -> None:
    other = computed(period.release.round, MODEL)
    late = against(period.run)
    assert late.result_hash == frozen.result_hash
    released(period, other)
    with pytest.raises(ReleaseRefused, match="inmiddels is er een andere vergelijking vrijgegeven"):
        released(period, late)


# ── when it cannot be done ─────────────────────────────────────────────────────────────────────────────────────────


def test_without_other_figures_or_with_another_model_or_policy_there_is_nothing_to_freeze(
    period: Period, frozen: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    round = period.release.round
    with pytest.raises(RunRefused, match="Er valt niets opnieuw te berekenen"):
        runs.request_run(round=round, actor=None, against=frozen)
    set_policy(round=round, actor=None, corrections_settled=Settlement.FULL_RERUN)
    with pytest.raises(RunRefused, match="Er valt niets"):  # another number of the policy is no other policy
        runs.request_run(round=round, actor=None, against=frozen)
    runs.set_specification(round=round, document={**MODEL, "returns_to_scale": "crs"}, actor=None)
    with pytest.raises(RunRefused, match=r"modelspecificatie is een andere.*Kies een berekening voor iedereen"):
        runs.request_run(round=round, actor=None, against=period.run)
    runs.set_specification(round=round, document=MODEL, actor=None)
    with monkeypatch.context() as later:
        later.setattr(frontiers, "ENGINE_VERSION", "99")
        with pytest.raises(RunRefused, match="rekenmodel van het portaal is vernieuwd"):
            runs.request_run(round=round, actor=None, against=period.run)
    set_policy(round=round, actor=None, markup=Decimal("0.20"))
    with pytest.raises(RunRefused, match="beleid of de tarieven"):
        runs.request_run(round=round, actor=None, against=period.run)
    assert not Run.objects.filter(dataset__round=round, status="queued").exists()


def test_while_the_figures_of_one_are_away_nobody_is_computed_without_it(period: Period) -> None:
    for status in (SubmissionStatus.IN_REVIEW, SubmissionStatus.RETURNED):
        Submission.objects.filter(round=period.release.round, provider__key=LINDE).update(status=status)
    with pytest.raises(RunRefused, match=r"Van één zorgaanbieder zijn er in berekening .* wel gegevens en nu niet"):
        runs.request_run(round=period.release.round, actor=None, against=period.run)


def test_what_counts_next_year_comes_into_nothing_of_this_round(period: Period) -> None:
    round = period.release.round
    set_policy(round=round, actor=None, corrections_settled=Settlement.NEXT_YEAR)
    before = freeze(round=round)
    user = somebody_at(Provider.objects.get(key="99900002"), Power.DELIVER)
    response = respond(period, user, kind=ResponseKind.CORRECT, changes=CHEAPER["99900002"])
    answering.answer(response=response, given=Answer(ResponseOutcome.ACCEPTED, YES), actor=period.noor)
    response.refresh_from_db()
    with pytest.raises(Refused, match="vergelijking van het volgende jaar"):
        corrections.carry_over(response=response, actor=period.rinske)
    assert freeze(round=round) == before
    full = computed(round, MODEL)
    assert outcome(full)["99900002"][0]["total_cost"] == outcome(period.run)["99900002"][0]["total_cost"]
    # What another correction would do is foretold without it too; what was in the data before that was chosen stays there.
    other = respond(period, user, kind=ResponseKind.CORRECT, changes={"days_5vv": Decimal(21_000)})
    assert outlook.question(other).accepted.keys() == {LINDE, LEADER}
