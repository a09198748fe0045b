"""The desk of a round: which steps exist, who is invited, and terms that never become shorter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from ivportal.celery import app
from providers import desk, terms
from providers.access import EVERYTHING, Actor, scope
from providers.models import Notice, Power, Round, RoundStatus, Submission, TermChange
from providers.refusal import Refused
from tests.delivering import a_provider, acting, an_employee, delivered, portal_round, somebody_at, submission_of
from tests.processes import wait_for

LINDE, ANKER = "99900001", "99900002"
STEPS = {"draft": "open", "open": "closed", "closed": "open archived", "archived": ""}


@pytest.fixture
def noor(db: None) -> Actor:
    """Give somebody of the NZa, acting."""
    return acting(an_employee("Noor Bakker"))


def in_days(days: int) -> Any:
    """Return a moment, so many days from now."""
    return timezone.now() + timedelta(days=days)


def test_a_round_takes_the_steps_of_the_table_and_no_others(noor: Actor) -> None:
    """By its verbs and by a raw UPDATE alike."""
    assert set(STEPS) == set(RoundStatus.values)
    verbs: dict[str, Callable[[Round], Any]] = {
        "open": lambda item: (
            desk.open_round(round=item, actor=noor)
            if item.status == "draft"
            else desk.open_again(round=item, until=in_days(90), reason="Toch.", actor=noor)
        ),
        "closed": lambda item: desk.close_round(round=item, actor=noor),
        "archived": lambda item: desk.archive_round(round=item, actor=noor),
    }
    for old in STEPS:
        for new in STEPS:
            if old == new:
                continue
            is_allowed = new in STEPS[old].split()
            if new in verbs:
                round = portal_round(slug=f"door-een-stap-{old}-{new}", status=old)
                try:
                    verbs[new](round)
                    happened = True
                except Refused:
                    happened = False
                assert happened == is_allowed, (old, new)
                round.refresh_from_db()
                assert round.status == (new if is_allowed else old)
            forced = portal_round(slug=f"met-geweld-{old}-{new}", status=old)
            try:
                with transaction.atomic():
                    changed = bool(Round.objects.filter(pk=forced.pk).update(status=new))
            except Error:
                changed = False
            assert changed == is_allowed, (old, new)


def test_a_step_taken_twice_is_refused_and_does_nothing(noor: Actor) -> None:
    round = portal_round()
    for verb in (desk.open_round, desk.close_round, desk.archive_round):
        if verb is not desk.open_round:
            verb(round=round, actor=noor)
        before = Round.objects.get(pk=round.pk)
        with pytest.raises(Refused, match="kan niet naar"):
            verb(round=round, actor=noor)
        assert Round.objects.get(pk=round.pk).status == before.status


def test_a_draft_is_changed_and_an_open_round_is_not(noor: Actor) -> None:
    facts = {"title": "Ander", "opens_at": None, "deadline": in_days(9), "contact": "Bel 030.", "actor": noor}
    draft = desk.change_round(round=portal_round(status="draft"), **facts)
    assert draft.title == "Ander"
    with pytest.raises(Refused, match="alleen nog de termijn verlengen"):
        desk.change_round(round=portal_round(slug="open"), **facts)


def test_everybody_of_the_previous_round_is_invited_except_who_merged(noor: Actor) -> None:
    before = portal_round(slug="iv-2024", book_year=2024)
    Submission.objects.filter(round=before, provider__key=ANKER).update(merged_into=a_provider(LINDE))
    after = portal_round(previous=before, status="draft")
    assert [item.provider.key for item in after.submissions.all()] == [LINDE]


def test_inviting_twice_is_inviting_once(noor: Actor) -> None:
    round = portal_round()
    assert desk.invite(round=round, providers=[a_provider(LINDE), a_provider("99900003")], actor=noor) == 1
    assert desk.invite(round=round, providers=[a_provider(LINDE), a_provider("99900003")], actor=noor) == 0


def test_who_is_added_to_an_open_round_is_invited_at_once_and_not_when_a_sweeper_comes_by(
    noor: Actor, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    new = a_provider("99900003", "De Populier")
    somebody_at(new, Power.DELIVER)
    draft, open_one = portal_round(slug="concept", status="draft"), portal_round()
    for round, told in ((draft, []), (open_one, [open_one])):
        with django_capture_on_commit_callbacks(execute=True):
            desk.invite(round=round, providers=[new], actor=noor)
        assert [notice.round for notice in Notice.objects.filter(kind="invitation", provider=new)] == told


@pytest.mark.parametrize("status", ["closed", "archived"])
def test_nobody_is_invited_to_a_round_that_is_over(status: str, noor: Actor) -> None:
    with pytest.raises(Refused, match="Deze ronde is gesloten"):
        desk.invite(round=portal_round(status=status), providers=[a_provider("99900003")], actor=noor)


def test_an_invitation_is_taken_back_only_while_it_is_a_draft(noor: Actor) -> None:
    draft = portal_round(status="draft")
    desk.uninvite(submission=submission_of(draft, LINDE), actor=noor)
    assert draft.submissions.count() == 1
    with pytest.raises(Refused, match="ontheffing"):
        desk.uninvite(submission=submission_of(portal_round(slug="open"), LINDE), actor=noor)


def test_a_term_never_becomes_shorter(noor: Actor) -> None:
    round = portal_round(deadline=in_days(20).replace(microsecond=0))
    for days in (10, 20):
        with pytest.raises(Refused):
            desk.extend(round=round, until=round.deadline + timedelta(days=days - 20), reason="Kort.", actor=noor)
    submission = submission_of(round, LINDE)
    with pytest.raises(Refused, match="De termijn van deze aanbieder loopt al"):
        desk.extend_for_one(submission=submission, until=in_days(5), reason="Kort.", actor=noor)
    assert not TermChange.objects.exists()


def test_extending_for_one_tells_that_one_with_the_reason(noor: Actor) -> None:
    round = portal_round()
    for key in (LINDE, ANKER):
        somebody_at(a_provider(key), Power.DELIVER)
    desk.extend_for_one(submission=submission_of(round, LINDE), until=in_days(50), reason="Brand.", actor=noor)
    notice = Notice.objects.get(kind="term_extended")
    assert notice.provider == a_provider(LINDE)
    assert "Brand." in notice.body


def test_extending_for_all_tells_who_has_not_delivered(noor: Actor) -> None:
    round = portal_round()
    delivered(submission_of(round, LINDE))
    somebody_at(a_provider(ANKER), Power.DELIVER)
    desk.extend(round=round, until=in_days(50), reason="Storing.", actor=noor)
    change = TermChange.objects.get()
    for _ in range(2):
        terms.tell_of_term(change.pk)
    told = Notice.objects.filter(kind="term_extended")
    assert [notice.provider.key for notice in told] == [ANKER]
    assert "Storing." in told[0].body


def test_a_round_opens_again_for_all_with_a_new_term(noor: Actor) -> None:
    round = portal_round(status="closed", deadline=timezone.now() - timedelta(days=3))
    submission = submission_of(round, LINDE)
    assert not submission.accepts_at(timezone.now())
    desk.open_again(round=round, until=in_days(7), reason="Nog vijf.", actor=noor)
    assert submission_of(round, LINDE).accepts_at(timezone.now())


def test_opening_again_without_a_new_term_leaves_the_round_closed(noor: Actor) -> None:
    round = portal_round(status="closed")
    with pytest.raises(Refused):
        desk.open_again(round=round, until=in_days(1), reason="Korter.", actor=noor)
    round.refresh_from_db()
    assert round.status == "closed"


def test_nobody_delivers_in_an_archived_round_whatever_the_term(noor: Actor) -> None:
    round = portal_round(status="closed")
    desk.extend_for_one(submission=submission_of(round, LINDE), until=in_days(90), reason="Brand.", actor=noor)
    desk.archive_round(round=round, actor=noor)
    assert not submission_of(round, LINDE).accepts_at(timezone.now())
    with pytest.raises(Refused, match="Alleen in een open of gesloten ronde"):
        desk.extend_for_one(submission=submission_of(round, LINDE), until=in_days(99), reason="Meer.", actor=noor)


def test_a_longer_term_for_all_never_leaves_somebody_behind(noor: Actor) -> None:
    round = portal_round()
    deadline, submission = round.deadline, submission_of(round, LINDE)
    assert deadline is not None
    desk.extend_for_one(submission=submission, until=deadline + timedelta(days=3), reason="Ziekte.", actor=noor)
    desk.extend(round=round, until=deadline + timedelta(days=20), reason="Storing.", actor=noor)
    assert submission_of(round, LINDE).deadline == deadline + timedelta(days=20)


def test_of_two_who_extend_a_round_at_once_the_second_does_not_make_the_term_shorter(transactional_db: None) -> None:
    round, noor = portal_round(), acting(an_employee())
    said: list[str] = []

    def extend_less() -> None:
        with scope(EVERYTHING):
            try:
                desk.extend(round=round, until=in_days(50), reason="Storing.", actor=noor)
            except Refused as refused:
                said.append(str(refused))
        connection.close()

    colleague = threading.Thread(target=extend_less)
    with transaction.atomic():
        desk.extend(round=round, until=in_days(60), reason="Storing.", actor=noor)
        colleague.start()
        wait_for("the colleague waits for us", _somebody_waits, every=0.01)
    colleague.join(timeout=60)
    round.refresh_from_db()
    assert round.deadline is not None
    assert round.deadline > in_days(59)
    assert ["Een termijn wordt nooit korter" in refusal for refusal in said] == [True]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # Within a transaction the list of connections is otherwise the one of the first look.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        return bool(cursor.fetchone() != (0,))
