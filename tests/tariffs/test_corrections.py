"""Corrections: what they would do is looked at before, what was accepted comes into the data, and nothing else does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarking.datasets import freeze
from benchmarking.models import Run
from providers import drafts, review, signing
from providers.access import Actor, scope
from providers.models import (
    Draft,
    Notice,
    Power,
    Provider,
    Round,
    SignatureRequest,
    SubmissionVersion,
)
from providers.refusal import Refused
from tariffs import tasks
from tariffs.models import (
    Bandwidth,
    Consequences,
    InterpretationResponse,
    ReportStatus,
    ResponseKind,
    ResponseOutcome,
    Settlement,
)
from tariffs.policies import set_policy
from tariffs.procedure import answering, carrying, corrected_figures, corrections, interpretation, outlook
from tariffs.procedure.answering import Answer
from tariffs.release import release_run
from tests.access.world import MODEL, deliveries, with_tariffs
from tests.cast import browser_of
from tests.delivering import acting, an_employee, delivered, portal_round, somebody_at, submission_of
from tests.factories import a_workday, computed, make_round
from tests.plain_sql import query
from tests.responding import WHY, Period, looked_ahead, make_period, respond
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("db")

YES = "De jaarrekening bevestigt deze bedragen."
#: De Linde: total and line change alike, housing stays. Two figures that only make sense together.
CHEAPER = {"total_cost": Decimal("7113977.41"), "care_staff_employed": Decimal("6696586.28")}
#: Het Kompas is a peer of others: what it costs moves them.
LEADER = "99900003"
OF_ANKER = {"total_cost": Decimal("9071833.67"), "care_staff_employed": Decimal("8478116.38")}
LEADER_CHEAPER = {"total_cost": Decimal("2717431.83"), "care_staff_employed": Decimal("2533712.46")}


@pytest.fixture(scope="module")
def stored_period(django_db_setup: None, django_db_blocker: Any) -> Iterator[Period]:
    """Give a released round of another source that was made once."""
    with stored(django_db_blocker):
        yield make_period()


@pytest.fixture
def period(stored_period: Period, db: None) -> Period:
    """Give it; what a test does is undone."""
    return stored_period


def correction(period: Period, user: Any = None, **changes: Decimal) -> InterpretationResponse:
    return respond(period, user or period.cast.daan, kind=ResponseKind.CORRECT, changes=changes or CHEAPER)


def of_leader(period: Period, **changes: Decimal) -> InterpretationResponse:
    provider = Provider.objects.get(key=LEADER)
    return correction(period, somebody_at(provider, Power.DELIVER), **(changes or LEADER_CHEAPER))


def accept(response: InterpretationResponse, actor: Actor, *, measures: tuple[str, ...] = ()) -> None:
    """Have the consequences computed and accept a correction, wholly or for some figures."""
    looked_ahead(response, actor, measures or None)
    outcome = ResponseOutcome.PARTLY if measures else ResponseOutcome.ACCEPTED
    answering.answer(response=response, given=Answer(outcome, YES, measures), actor=actor)
    response.refresh_from_db()


def frozen(round: Round) -> dict[str, dict[str, str]]:
    """Return the figures of the dataset that a next run would use, by key and column."""
    dataset = freeze(round=round)
    ((content,),) = query("SELECT content FROM benchmarking_dataset WHERE id = %s", dataset.pk)
    head, *rows = [line.split(",") for line in bytes(content).decode().splitlines()]
    return {row[0]: dict(zip(head, row, strict=True)) for row in rows}


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"days_9vv": Decimal(3)}, "geen gegeven dat u in deze ronde aanleverde"),
        ({"days_5vv": Decimal("17351.0")}, "het getal in dat er al staat"),
        ({"total_cost": Decimal("7113977.41")}, "klopt de opgave zelf niet meer"),
        ({"days_5vv": Decimal(-1)}, "klopt de opgave zelf niet meer"),
    ],
)
def test_a_correction_that_changes_nothing_or_makes_an_error_is_not_taken(
    period: Period, changes: dict[str, Decimal], message: str
) -> None:
    with pytest.raises(Refused, match=message):
        correction(period, **changes)
    with pytest.raises(Refused, match="ten minste één gegeven"):
        respond(period, period.cast.daan, kind=ResponseKind.CORRECT, changes={})


# ── what it would do ───────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_accepts_a_correction_without_having_seen_what_exactly_that_does(period: Period) -> None:
    response = correction(period)
    whole = Answer(ResponseOutcome.ACCEPTED, YES)
    with pytest.raises(Refused, match="nog niet berekend"):
        answering.answer(response=response, given=whole, actor=period.noor)
    looked_ahead(response, period.noor, ["total_cost"])
    with pytest.raises(Refused, match="Bereken ze opnieuw"):
        answering.answer(response=response, given=whole, actor=period.noor)
    looked_ahead(response, period.noor)
    other = of_leader(period)
    accept(other, period.rinske)
    with pytest.raises(Refused, match="Bereken ze opnieuw"):
        answering.answer(response=response, given=whole, actor=period.noor)
    looked_ahead(response, period.noor)
    set_policy(round=period.release.round, actor=None, corrections_settled=Settlement.FROZEN_FRONTIER)
    with pytest.raises(Refused, match="Bereken ze opnieuw"):
        answering.answer(response=response, given=whole, actor=period.noor)
    looked_ahead(response, period.noor)
    answering.answer(response=response, given=whole, actor=period.noor)
    assert Consequences.objects.count() == 2


def test_what_is_asked_of_a_worker_is_computed_once_and_decided_on_only_then(period: Period) -> None:
    response = correction(period)
    yes = Answer(ResponseOutcome.ACCEPTED, YES)
    outlook.ask(response=response, actor=period.noor)
    outlook.ask(response=response, actor=period.rinske)
    assert outlook.seen_of(response).is_busy
    with pytest.raises(Refused, match="Bereken ze opnieuw"):
        answering.answer(response=response, given=yes, actor=period.noor)
    assert (outlook.compute_next(), outlook.compute_next()) == (True, False)
    assert Consequences.objects.get() == outlook.seen_of(response).kept
    # Asked again for less, what was computed for all figures holds no more.
    outlook.ask(response=response, actor=period.noor, measures=["total_cost"])
    with pytest.raises(Refused, match="Bereken ze opnieuw"):
        answering.answer(response=response, given=yes, actor=period.noor)


def test_what_a_worker_cannot_compute_says_why_and_keeps_nothing_else_waiting(
    period: Period, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = correction(period), of_leader(period), correction(period, period.cast.bram, **OF_ANKER)
    for response in (first, second, third):
        outlook.ask(response=response, actor=period.noor)
    answering.answer(response=first, given=Answer(ResponseOutcome.REJECTED, "Dit klopt niet."), actor=period.noor)
    at_fault = second.provider.key

    def wrong(self: outlook.Question) -> dict[str, str]:
        if self.response.provider.key == at_fault:
            raise ZeroDivisionError
        return errors(self)

    errors = outlook.Question.errors
    monkeypatch.setattr(outlook.Question, "errors", wrong)
    woken: list[str] = []
    monkeypatch.setattr(outlook, "wake", lambda task: woken.append(task.name))
    # The sweeper computes nothing itself: what goes out at its moment would wait for it.
    tasks.sweep()
    assert [outlook.seen_of(response).is_busy for response in (first, second, third)] == [True] * 3
    for _ in range(4):
        tasks.look_ahead()
    # One message of the sweeper, and one of each that was computed while somebody still waited.
    assert woken == ["tariffs.tasks.look_ahead"] * 3
    assert outlook.seen_of(first).reason == "Deze reactie is al afgehandeld."
    assert "ging iets mis" in outlook.seen_of(second).reason
    assert outlook.seen_of(third).kept is not None


def test_what_takes_its_worker_down_is_given_up_after_three_tries_and_holds_nobody_else_up(
    period: Period, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly, other = correction(period), of_leader(period)
    for response in (deadly, other):
        outlook.ask(response=response, actor=period.noor)

    def dies(self: outlook.Question) -> dict[str, str]:
        if self.response == deadly:
            raise SystemExit  # nothing that happens after it happens, as when the worker is killed
        return errors(self)

    errors = outlook.Question.errors
    monkeypatch.setattr(outlook.Question, "errors", dies)
    with pytest.raises(SystemExit):
        outlook.compute_next()
    assert outlook.compute_next()
    assert outlook.seen_of(other).kept is not None
    for _ in range(2):
        assert outlook.seen_of(deadly).is_busy
        with pytest.raises(SystemExit):
            outlook.compute_next()
    assert not outlook.compute_next()
    assert "drie keer" in outlook.seen_of(deadly).reason
    # Whoever mended it asks again, and it begins anew.
    monkeypatch.setattr(outlook.Question, "errors", errors)
    assert looked_ahead(deadly, period.noor).document["state"] == "done"


def test_a_correction_is_refused_without_any_computing_and_a_second_colleague_comes_too_late(period: Period) -> None:
    response = correction(period)
    no = Answer(ResponseOutcome.REJECTED, "De jaarrekening spreekt dit tegen.")
    answering.answer(response=response, given=no, actor=period.noor)
    with pytest.raises(Refused, match="al beantwoord door Noor"):
        answering.answer(response=response, given=Answer(ResponseOutcome.ACCEPTED, YES), actor=period.rinske)
    response.refresh_from_db()
    assert (response.outcome, response.accepted_changes) == ("rejected", {})


def test_what_the_nza_saw_before_it_decided_is_what_the_next_run_gives_everybody(period: Period) -> None:
    first, second = of_leader(period), correction(period)
    accept(first, period.noor)
    accept(second, period.noor)
    seen = second.seen.document
    for response in (first, second):
        corrections.carry_over(response=response, actor=period.rinske)
    after = computed(period.release.round, MODEL)
    assert after.status == "completed", after.failure_reason
    now, before = costs(after), costs(period.run)
    others = [key for key in now if key not in (LEADER, "99900001")]
    assert seen["together"]["others"]["minimum_cost"] == str(sum(now[key] - before[key] for key in others))
    assert seen["together"]["others"]["down"] == sum(now[key] < before[key] for key in others) > 0
    own = {change["key"]: change["after"]["minimum_cost"] for change in seen["together"]["own"]}
    assert own == {key: str(now[key]) for key in (LEADER, "99900001")}
    assert not first.seen.document["this"]["nobody_else_moves"]
    # De Linde leans on others and carries nobody: what it adds moves only itself.
    assert seen["this"]["nobody_else_moves"]


def costs(run: Run) -> dict[str, Decimal]:
    return dict(
        query(
            "SELECT p.key, r.minimum_cost FROM benchmarking_result r JOIN providers_provider p ON p.id = r.provider_id"
            " WHERE r.run_id = %s",
            run.pk,
        )
    )


def test_nobody_outside_the_nza_reads_what_a_correction_does_to_others(period: Period) -> None:
    response = of_leader(period)
    looked_ahead(response, period.noor)
    assert query("SELECT count(*) FROM tariffs_consequences") == [(1,)]
    for user in (response.submitted_by, period.cast.anne, period.cast.karim):
        actor = acting(user)
        assert not Consequences.objects.visible_to(actor).exists()
        with scope(actor.database_scope):
            assert query("SELECT count(*) FROM tariffs_consequences") == [(0,)]


# ── into the data: a round of another source ───────────────────────────────────────────────────────────────────────


def test_a_correction_comes_into_a_read_round_as_a_version_whose_file_says_who_asked_and_decided(
    period: Period,
) -> None:
    before = frozen(period.release.round)
    response = correction(period, **CHEAPER, days_5vv=Decimal(17_350))
    accept(response, period.noor, measures=("total_cost", "care_staff_employed"))
    assert frozen(period.release.round) == before
    assert corrections.carry_over(response=response, actor=period.rinske) == [response]
    assert corrections.carry_over(response=response, actor=period.rinske) == []
    changed = before["99900001"] | {"total_cost": "7113977.41", "care_staff_employed": "6696586.28"}
    assert frozen(period.release.round) == before | {"99900001": changed}
    version = SubmissionVersion.objects.get(submission__provider=period.cast.linde, number=2)
    response.refresh_from_db()
    assert response.version == version
    page = browser_of(period.cast.anne).get(reverse("own_submission", args=[period.release.round.slug]))
    assert "De NZa nam uw correctie over. De verbeterde getallen staan in versie 2" in page.content.decode()
    content = bytes(version.source_file.content)
    said = json.loads(content)
    assert version.source_file.sha256 == hashlib.sha256(content).hexdigest()
    assert said["figures"] == {"total_cost": "7113977.41", "care_staff_employed": "6696586.28"}
    assert said["responses"][0]["uuid"] == str(response.uuid)
    assert said["responses"][0]["asked"]["days_5vv"] == "17350"
    assert (said["responses"][0]["accepted_by"], said["carried_over_by"]) == ("Noor", "Rinske de Ronde")
    sheets = dict(query("SELECT measure, sheet FROM providers_measuredvalue WHERE version_id = %s", version.pk))
    assert {name for name, sheet in sheets.items() if sheet == "Correctie"} == {"total_cost", "care_staff_employed"}
    assert len(sheets) == 5


def test_reading_the_same_source_again_does_not_undo_a_correction_and_a_newer_source_does(period: Period) -> None:
    response = correction(period)
    accept(response, period.noor)
    corrections.carry_over(response=response, actor=period.noor)
    round = make_round(deliveries())
    assert frozen(round)["99900001"]["total_cost"] == "7113977.41"
    make_round(deliveries(dearer=Decimal(7)))
    assert frozen(round)["99900001"]["total_cost"] == "7313984.41"


def test_two_corrections_of_one_provider_come_in_together(period: Period) -> None:
    first, second = correction(period), correction(period, days_5vv=Decimal(17_350))
    accept(first, period.noor)
    accept(second, period.noor)
    assert corrections.carry_over(response=second, actor=period.noor) == [first, second]
    figures = frozen(period.release.round)["99900001"]
    assert (figures["total_cost"], figures["days_5vv"]) == ("7113977.41", "17350")
    assert SubmissionVersion.objects.filter(submission__provider=period.cast.linde).count() == 2


def test_only_what_was_accepted_is_carried_over_and_only_by_the_nza(period: Period) -> None:
    response = correction(period)
    with pytest.raises(Refused, match="Alleen een correctie die is overgenomen"):
        corrections.carry_over(response=response, actor=period.noor)
    accept(response, period.noor)
    with pytest.raises(Refused, match="Alleen een medewerker van de NZa"):
        corrections.carry_over(response=response, actor=acting(period.cast.anne))


def test_where_corrections_count_next_year_the_answer_says_so_and_the_data_stay(period: Period) -> None:
    set_policy(round=period.release.round, actor=None, corrections_settled=Settlement.NEXT_YEAR)
    before, response = frozen(period.release.round), correction(period)
    given = Answer(ResponseOutcome.ACCEPTED, YES)
    for _ in range(2):
        answering.answer(response=response, given=given, actor=period.noor)
    response.refresh_from_db()
    assert response.answer.startswith(YES)
    assert "vergelijking van het volgende jaar" in response.answer
    assert "vergelijking van het volgende jaar" in Notice.objects.filter(kind="response_answered")[0].body
    with pytest.raises(Refused, match="volgende jaar"):
        corrections.carry_over(response=response, actor=period.noor)
    assert frozen(period.release.round) == before


# ── into the data: a round that is delivered in the portal ─────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def stored_portal(django_db_setup: None, django_db_blocker: Any) -> Iterator[InterpretationResponse]:
    """Give an accepted correction in a round that three providers delivered in the portal."""
    with stored(django_db_blocker):
        round = with_tariffs(portal_round(slug="uitvraag-2024", book_year=2024, providers=[]))
        noor = acting(an_employee())
        for submission in round.submissions.select_related("round", "provider"):
            delivered(submission)
            review.take(submission=submission, actor=noor)
            review.validate(submission=submission, actor=noor)
        run = computed(round, {**MODEL, "allowances": []})
        assert run.status == "completed", run.failure_reason
        until = a_workday()
        release_run(run=run, actor=None, status=ReportStatus.PROVISIONAL, respond_until=until)
        linde = Provider.objects.get(key="99900001")
        submission = submission_of(round, linde)
        now = corrected_figures.contents_of(submission.versions.get()).values()
        asker = acting(somebody_at(linde, Power.DELIVER, Power.SIGN, name="Ada van Dam"), linde)
        days = now["days_5vv"]
        assert days is not None
        with scope(asker.database_scope):
            response = interpretation.respond(
                report=linde.mirror_reports.select_related("release__round", "provider").get(release__round=round),
                item="days",  # type: ignore[arg-type]
                kind=ResponseKind.CORRECT,
                text=WHY,
                key="een",
                changes={"days_5vv": days + 11},
                actor=asker,
            )
        accept(response, noor)
        yield response


@pytest.fixture
def portal(stored_portal: InterpretationResponse, db: None) -> InterpretationResponse:
    """Give it; what a test does is undone."""
    return InterpretationResponse.objects.get(pk=stored_portal.pk)


def test_a_correction_waits_for_the_board_which_signs_what_another_asked_and_then_the_nza_validates(
    portal: InterpretationResponse,
) -> None:
    round, linde = portal.report.release.round, portal.provider
    before, employee = frozen(round), acting(an_employee())
    corrections.carry_over(response=portal, actor=employee, until=a_workday(14))
    corrections.carry_over(response=portal, actor=employee, until=a_workday(14))
    portal.refresh_from_db()
    draft = portal.carried_into
    assert draft is not None
    assert (draft.made_by, Draft.objects.filter(submission=draft.submission).count()) == (
        portal.submitted_by,
        draft.number,
    )
    assert draft.changed == ["figure:days_5vv"]
    submission = submission_of(round, linde)
    assert submission.status == "returned"
    assert corrections.version_of(portal) is None
    signer = acting(somebody_at(linde, Power.SIGN), linde)
    assert SignatureRequest.objects.get(draft=draft).answer == "waiting"
    assert Notice.objects.filter(kind="signature_requested", recipient=signer.user, key__contains="signature").exists()
    returned = Notice.objects.filter(kind="returned", provider=linde)
    assert returned.count() == returned.values("recipient").distinct().count() > 0
    asker = acting(portal.submitted_by, linde)
    with scope(asker.database_scope), pytest.raises(Refused, match="U vulde zelf gegevens in"):
        signing.sign(submission=submission, draft_number=draft.number, position="bestuurder", actor=asker)
    with scope(signer.database_scope):
        version = signing.sign(submission=submission, draft_number=draft.number, position="bestuurder", actor=signer)
    assert corrections.version_of(portal) == version
    page = browser_of(signer.user).get(reverse("own_submission", args=[round.slug])).content.decode()
    assert f"De verbeterde getallen staan in versie {version.number} van uw gegevens" in page
    submission.refresh_from_db()
    review.take(submission=submission, actor=employee)
    review.validate(submission=submission, actor=employee)
    days = str(int(before["99900001"]["days_5vv"]) + 11)
    assert frozen(round) == before | {"99900001": before["99900001"] | {"days_5vv": days}}


def test_what_the_nza_settles_itself_is_signed_by_whoever_may_sign_at_the_provider(
    portal: InterpretationResponse,
) -> None:
    round, linde, employee = portal.report.release.round, portal.provider, acting(an_employee())
    days = frozen(round)["99900001"]["days_5vv"]
    changes = {"days_5vv": Decimal(days) + 23}
    submission = submission_of(round, linde)
    settled = carrying.Settled(
        changes=changes,
        asked_by=employee.user,
        words={"days_5vv": WHY},
        why="Wij hebben gegevens verbeterd na uw bezwaar.",
        origin={},
    )
    assert not carrying.awaits(submission, changes)
    carrying.carry(submission=submission, settled=settled, until=a_workday(14), actor=employee)
    submission.refresh_from_db()
    assert carrying.awaits(submission, changes)
    assert not carrying.holds(submission, changes)
    assert Notice.objects.filter(kind="returned", provider=linde, body__contains="na uw bezwaar").exists()
    # Who asked for the correction may sign this: she did not settle it.
    signer, newest = acting(portal.submitted_by, linde), drafts.newest_of(submission)
    assert newest is not None
    with scope(signer.database_scope):
        signing.sign(submission=submission, draft_number=newest.number, position="bestuurder", actor=signer)
    assert carrying.holds(submission, changes)
    assert not carrying.awaits(submission, changes)
    submission.refresh_from_db()
    review.take(submission=submission, actor=employee)
    review.validate(submission=submission, actor=employee)
    assert frozen(round)["99900001"]["days_5vv"] == str(changes["days_5vv"])


def test_a_correction_that_is_in_the_run_does_not_count_a_second_time(portal: InterpretationResponse) -> None:
    round, employee = portal.report.release.round, acting(an_employee())
    assert set(outlook.accepted_after(portal.report.release.run, round)) == {"99900001"}
    corrections.carry_over(response=portal, actor=employee, until=a_workday(14))
    assert set(outlook.accepted_after(portal.report.release.run, round)) == {"99900001"}
    submission, signer = submission_of(round, portal.provider), acting(somebody_at(portal.provider, Power.SIGN))
    newest = drafts.newest_of(submission)
    assert newest is not None
    signing.sign(submission=submission, draft_number=newest.number, position="bestuurder", actor=signer)
    run = computed(round, {**MODEL, "allowances": []})
    assert Bandwidth.objects.filter(run=run).exists()
    with CaptureQueriesContext(connection) as of_one:
        assert outlook.accepted_after(run, round) == {}
    assert set(outlook.accepted_after(portal.report.release.run, round)) == {"99900001"}
    # It is asked with the round locked: of many corrections in as many queries as of one.
    portal.refresh_from_db()
    for number in (2, 3, 4):
        portal.pk, portal.uuid, portal.key, portal.number = None, uuid4(), str(number), number
        portal._state.adding = True
        portal.save()
    with CaptureQueriesContext(connection) as of_four:
        assert outlook.accepted_after(run, round) == {}
    assert len(corrections.accepted_in(round)) == 4
    assert len(of_four) == len(of_one)
