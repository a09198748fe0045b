"""What the clock does in a round: who is in time to the second, when it closes, and who is reminded on which day, once.

Terms lie around the nights in which the clock is moved, as Amsterdam shows it: 25 October 2026 and 29 March 2026.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from providers import desk, drafts, mandates, review, signing, terms
from providers.models import Notice, Power, Round, RoundStatus, Submission, TermChange
from providers.refusal import Refused
from tests.delivering import (
    a_provider,
    acting,
    an_employee,
    delivered,
    end_of_day,
    offered,
    portal_round,
    prepared,
    somebody_at,
    submission_of,
)

LINDE, ANKER = "99900001", "99900002"
SECOND = timedelta(seconds=1)
#: 23.59.59 on the day on which the clock goes back, and on the day on which it goes forward: an hour later and earlier in UTC
#: than the day before.
WINTER = datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)
SUMMER = datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)
ORDINARY = datetime(2026, 5, 14, 21, 59, 59, tzinfo=UTC)


def a_round(deadline: datetime, *, days_before: int = 40) -> Round:
    """Return an open round with this term, with somebody at De Linde, who was told."""
    with time_machine.travel(deadline - timedelta(days=days_before), tick=False):
        round = portal_round(deadline=deadline)
        somebody_at(a_provider(LINDE), Power.DELIVER)
        somebody_at(a_provider(LINDE), Power.SIGN)
        terms.announce(round)
    return round


@pytest.mark.parametrize("deadline", [WINTER, SUMMER, ORDINARY], ids=["winter", "summer", "may"])
class TestTheLastSecond:
    """One second decides, and it is the same second for saving, signing and closing."""

    def test_the_term_is_the_end_of_the_day_in_amsterdam(self, deadline: datetime, db: None) -> None:
        day = {WINTER: date(2026, 10, 25), SUMMER: date(2026, 3, 29), ORDINARY: date(2026, 5, 14)}[deadline]
        assert end_of_day(day) == deadline

    @pytest.mark.parametrize(
        ("after", "is_in_time"),
        [
            (-SECOND, True),
            (timedelta(0), True),
            (timedelta(milliseconds=999), True),
            (SECOND, False),
            (2 * SECOND, False),
        ],
    )
    def test_saving_is_in_time_up_to_the_last_second(
        self, after: timedelta, is_in_time: bool, deadline: datetime, db: None
    ) -> None:
        round = a_round(deadline)
        with time_machine.travel(deadline + after, tick=False):
            # The sweeper comes by first, as late as it can.
            terms.keep()
            round.refresh_from_db()
            assert (round.status == RoundStatus.OPEN) == is_in_time
            if is_in_time:
                assert prepared(submission_of(round, LINDE)) == 2
            else:
                with pytest.raises(Refused, match="De termijn is voorbij"):
                    prepared(submission_of(round, LINDE))

    def test_an_hour_before_the_end_on_the_clock_is_in_time(self, deadline: datetime, db: None) -> None:
        round = a_round(deadline)
        with time_machine.travel(deadline - timedelta(hours=1), tick=False):
            terms.keep()
            assert delivered(submission_of(round, LINDE)).number == 1

    def test_signing_a_second_late_is_refused_and_nothing_is_delivered(self, deadline: datetime, db: None) -> None:
        round = a_round(deadline)
        submission = submission_of(round, LINDE)
        with time_machine.travel(deadline, tick=False):
            number = offered(submission)
        signatory = acting(somebody_at(submission.provider, Power.SIGN))
        with time_machine.travel(deadline + SECOND, tick=False), pytest.raises(Refused, match="De termijn is voorbij"):
            signing.sign(submission=submission, draft_number=number, position="bestuurder", actor=signatory)
        submission.refresh_from_db()
        assert submission.status == "draft"
        assert not submission.versions.exists()


class TestClosing:
    """The round closes by itself, once, and never when the term was moved."""

    def test_it_closes_once(self, db: None) -> None:
        round = a_round(ORDINARY)
        for _ in range(2):
            terms.keep(ORDINARY + SECOND)
        round.refresh_from_db()
        assert round.status == RoundStatus.CLOSED

    def test_a_term_that_was_extended_stays_open(self, db: None) -> None:
        round = a_round(ORDINARY)
        with time_machine.travel(ORDINARY - SECOND, tick=False):
            desk.extend(round=round, until=ORDINARY + timedelta(days=3), reason="Storing.", actor=acting(an_employee()))
        terms.keep(ORDINARY + SECOND)
        round.refresh_from_db()
        assert round.status == RoundStatus.OPEN

    def test_who_has_a_term_of_its_own_delivers_after_closing_and_others_do_not(self, db: None) -> None:
        round = a_round(ORDINARY)
        later = ORDINARY + timedelta(days=5)
        with time_machine.travel(ORDINARY - timedelta(days=1), tick=False):
            desk.extend_for_one(
                submission=submission_of(round, LINDE), until=later, reason="Ziekte.", actor=acting(an_employee())
            )
        terms.keep(ORDINARY + SECOND)
        with time_machine.travel(later, tick=False):
            assert submission_of(round, LINDE).accepts_at(later)
            prepared(submission_of(round, LINDE))
            with pytest.raises(Refused, match="De termijn is voorbij"):
                prepared(submission_of(round, ANKER))
        with time_machine.travel(later + SECOND, tick=False), pytest.raises(Refused, match="De termijn is voorbij"):
            prepared(submission_of(round, LINDE), places=190)

    def test_nobody_delivers_before_the_round_opens(self, db: None) -> None:
        opens = ORDINARY - timedelta(days=30)
        with time_machine.travel(opens - timedelta(days=2), tick=False):
            round = portal_round(deadline=ORDINARY, opens_at=opens)
        submission = submission_of(round, LINDE)
        for moment, is_open in ((opens - SECOND, False), (opens, True)):
            with time_machine.travel(moment, tick=False):
                assert submission.accepts_at(moment) == is_open
                if not is_open:
                    with pytest.raises(Refused, match="nog niet open"):
                        drafts.require_open(submission, moment)


def told(round: Round, kind: str) -> int:
    """Return how many people were told something."""
    return Notice.objects.filter(round=round, kind=kind).count()


def days_of(round: Round, first: datetime, last: datetime) -> dict[str, list[int]]:
    """Let the sweeper come by every hour; return on which days before (and after) the first term it told De Linde what."""
    found: dict[str, list[int]] = {"reminder": [], "overdue": []}
    moment = first
    while moment <= last:
        with time_machine.travel(moment, tick=False):
            before = {kind: told(round, kind) for kind in found}
            terms.keep()
            for kind, count in before.items():
                # Two people at De Linde: both are told, together.
                new = told(round, kind) - count
                assert new in (0, 2), (moment, kind, new)
                if new:
                    found[kind].append((ORDINARY.date() - moment.date()).days)
        moment += timedelta(hours=6)
    return found


class TestReminders:
    """T−21, T−7, T−1 and T+1, each once, and from the new term if it moves."""

    def test_each_reminder_goes_out_once_on_its_day(self, db: None) -> None:
        round = a_round(ORDINARY)
        found = days_of(round, ORDINARY - timedelta(days=30), ORDINARY + timedelta(days=10))
        assert found == {"reminder": [21, 7, 1], "overdue": [-1]}

    def test_a_sweeper_that_was_away_for_days_sends_one_and_not_all(self, db: None) -> None:
        round = a_round(ORDINARY)
        for moment in (ORDINARY - timedelta(days=22), ORDINARY - timedelta(days=5)):
            with time_machine.travel(moment, tick=False):
                terms.keep()
        assert told(round, "reminder") == 2

    def test_reminders_move_with_the_term(self, db: None) -> None:
        round = a_round(ORDINARY)
        with time_machine.travel(ORDINARY - timedelta(days=8), tick=False):
            desk.extend(
                round=round, until=ORDINARY + timedelta(days=10), reason="Storing.", actor=acting(an_employee())
            )
        found = days_of(round, ORDINARY - timedelta(days=8), ORDINARY + timedelta(days=20))
        # Eighteen days were left when it was extended: the reminder of three weeks is late, but comes once.
        assert found == {"reminder": [8, -3, -9], "overdue": [-11]}

    def test_who_delivered_is_left_alone_and_who_was_returned_is_reminded(self, db: None) -> None:
        round = a_round(ORDINARY)
        submission = submission_of(round, LINDE)
        with time_machine.travel(ORDINARY - timedelta(days=20), tick=False):
            delivered(submission)
        with time_machine.travel(ORDINARY - timedelta(days=7), tick=False):
            terms.keep()
        assert told(round, "reminder") == 0
        Submission.objects.filter(pk=submission.pk).update(status="in_review")
        Submission.objects.filter(pk=submission.pk).update(status="returned")
        with time_machine.travel(ORDINARY - timedelta(days=6), tick=False):
            terms.keep()
        assert told(round, "reminder") == 2

    def test_nobody_is_reminded_on_the_day_she_was_asked_to_correct_something(self, db: None) -> None:
        round = a_round(ORDINARY)
        week_before = ORDINARY - timedelta(days=7, hours=12)
        with time_machine.travel(week_before, tick=False):
            submission, noor = submission_of(round, LINDE), acting(an_employee())
            delivered(submission)
            review.take(submission=submission, actor=noor)
            review.give_back(submission=submission, reason="Kijk naar het verzuim.", until=ORDINARY, actor=noor)
        # She keeps the term that she had: nobody tells her that it moved, and nobody hurries her on the same day.
        assert not TermChange.objects.exists()
        for later, count in ((timedelta(hours=3), 0), (timedelta(hours=25), 2)):
            with time_machine.travel(week_before + later, tick=False):
                terms.keep()
            assert told(round, "reminder") == count

    def test_nobody_is_reminded_at_night(self, db: None) -> None:
        round = a_round(ORDINARY)
        # Five in the morning in Amsterdam, and a quarter past eight.
        for moment, count in (
            (datetime(2026, 5, 7, 3, 0, tzinfo=UTC), 0),
            (datetime(2026, 5, 7, 6, 15, tzinfo=UTC), 2),
        ):
            with time_machine.travel(moment, tick=False):
                terms.keep()
            assert told(round, "reminder") == count

    def test_a_round_that_was_closed_early_asks_nobody_to_hurry(self, db: None) -> None:
        round = a_round(ORDINARY)
        with time_machine.travel(ORDINARY - timedelta(days=9), tick=False):
            desk.close_round(round=round, actor=acting(an_employee()))
        with time_machine.travel(ORDINARY - timedelta(days=7), tick=False):
            terms.keep()
        assert told(round, "reminder") == 0

    @pytest.mark.parametrize("deadline", [WINTER, SUMMER], ids=["winter", "summer"])
    def test_days_are_counted_on_the_calendar_when_the_clock_moves(self, deadline: datetime, db: None) -> None:
        round = a_round(deadline)
        # The evening before the day before: 23.30 in Amsterdam, less than 25 hours and a half from a day of another length.
        local_midnight = deadline + SECOND
        # Eight in the morning, a day before the last day; on the other side of the change of the clock.
        eight = {WINTER: datetime(2026, 10, 24, 6, 0, tzinfo=UTC), SUMMER: datetime(2026, 3, 28, 7, 0, tzinfo=UTC)}
        with time_machine.travel(eight[deadline] - SECOND, tick=False):
            terms.keep()
        assert told(round, "reminder") == 0
        with time_machine.travel(eight[deadline], tick=False):
            terms.keep()
            terms.keep()
        assert told(round, "reminder") == 2
        with time_machine.travel(local_midnight + timedelta(hours=9), tick=False):
            terms.keep()
        assert told(round, "overdue") == 2

    def test_invitations_go_to_whom_they_reach_once_and_later_to_who_got_people(self, db: None) -> None:
        round = a_round(ORDINARY)
        with time_machine.travel(ORDINARY - timedelta(days=30), tick=False):
            for _ in range(2):
                terms.keep()
            assert told(round, "invitation") == 2
            somebody_at(a_provider(ANKER), Power.DELIVER)
            terms.keep()
            assert told(round, "invitation") == 3

    def test_nobody_is_reminded_when_the_term_is_over_for_more_than_two_weeks(self, db: None) -> None:
        round = a_round(ORDINARY)
        for days, count in ((15, 0), (14, 2)):
            with time_machine.travel(ORDINARY + timedelta(days=days), tick=False):
                terms.keep()
            assert told(round, "overdue") == count, days

    def test_somebody_with_an_ended_mandate_does_not_keep_her_colleagues_from_being_told(self, db: None) -> None:
        round = portal_round()
        left = somebody_at(a_provider(LINDE), Power.DELIVER, name="Vertrokken Vera")
        somebody_at(a_provider(LINDE), Power.DELIVER, name="Gebleven Gijs")
        mandates.end(mandate=left.mandates.get())
        terms.announce(round)
        assert [notice.recipient.name for notice in Notice.objects.all()] == ["Gebleven Gijs"]


def test_who_has_a_term_of_its_own_is_told_of_closing_and_reminded_when_that_is_over(db: None) -> None:
    round = a_round(ORDINARY)
    noon = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)
    with time_machine.travel(ORDINARY - timedelta(days=1), tick=False):
        somebody_at(a_provider(ANKER), Power.DELIVER)
        desk.extend_for_one(
            submission=submission_of(round, LINDE), until=noon, reason="Ziekte.", actor=acting(an_employee())
        )
    hour, day = timedelta(hours=1), timedelta(days=1)
    # Nobody is late on the day itself, nor after two weeks any more; the sweeper was away in between.
    for moment, closed, overdue in (
        (ORDINARY + SECOND, 0, 0),
        (noon + hour, 2, 0),
        (noon + 15 * day, 2, 0),
        (noon + 14 * day, 2, 2),
    ):
        with time_machine.travel(moment, tick=False):
            terms.keep()
        assert told(round, "closed") == closed + 1, "the other provider is told at once"
        at_linde = Notice.objects.filter(round=round, kind="overdue", provider__key=LINDE)
        assert at_linde.count() == overdue, moment


def test_who_merged_into_another_is_told_nothing_about_the_round(db: None) -> None:
    """No invitation, no reminder, no longer term, no closing: that is all for the provider it is part of now."""
    round = a_round(ORDINARY)
    with time_machine.travel(ORDINARY - timedelta(days=30), tick=False):
        left = somebody_at(a_provider(ANKER), Power.DELIVER)
        Submission.objects.filter(round=round, provider__key=ANKER).update(merged_into=a_provider(LINDE))
        terms.keep()
        desk.extend(round=round, until=ORDINARY + timedelta(days=1), reason="Storing.", actor=acting(an_employee()))
    for days in (-20, 2):
        with time_machine.travel(ORDINARY + timedelta(days=days), tick=False):
            terms.keep()
    assert set(Notice.objects.filter(round=round).values_list("kind", flat=True)) == {
        "invitation", "term_extended", "reminder", "closed", "overdue",
    }  # fmt: skip
    assert not Notice.objects.filter(recipient=left).exists()
