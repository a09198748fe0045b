"""The terms of a case, counted from what happened: around Easter, Christmas and King's day, with everything that can move them.

The days that are expected stand here as dates, counted by hand with a calendar.
"""

from __future__ import annotations

import datetime as dt

import pytest

from providers.formatting import AMSTERDAM
from tariffs.models import Channel, Decision, DecisionStatus, Objection, TermEvent, TermEventKind
from tariffs.procedure import deadlines
from tests.tariffs.cases import at

D = dt.date
K = TermEventKind


def an_objection(sent_on: dt.date, **facts: object) -> Objection:
    """Return an objection that is not stored to a decision of a day."""
    decision = Decision(status=DecisionStatus.SENT, sent_on=sent_on)
    return Objection(
        decision=decision, received_at=dt.datetime.combine(sent_on, dt.time(12), tzinfo=AMSTERDAM), **facts
    )


def event(kind: TermEventKind, on: dt.date, **facts: object) -> TermEvent:
    return TermEvent(kind=kind, on=on, **facts)


@pytest.mark.parametrize(
    ("sent_on", "last_day"),
    [
        # Six weeks from the day after; the last day is the same day of the week as the one of sending.
        (D(2026, 9, 22), D(2026, 11, 3)),
        # 16 March 2026 + 6 weeks is Monday 27 April, King's day.
        (D(2026, 3, 16), D(2026, 4, 28)),
        # In 2025 the 27th was a Sunday, so King's day was Saturday 26 April: the term runs on to Monday the 28th.
        (D(2025, 3, 15), D(2025, 4, 28)),
        # 20 February 2026 + 6 weeks is Good Friday 3 April; Easter Monday is the 6th.
        (D(2026, 2, 20), D(2026, 4, 7)),
        # 13 November 2026 + 6 weeks is Christmas Day, a Friday; Boxing Day is the Saturday after it.
        (D(2026, 11, 13), D(2026, 12, 28)),
        # 24 March 2026 + 6 weeks is Liberation day.
        (D(2026, 3, 24), D(2026, 5, 6)),
        # A leap day: 18 January 2028 + 6 weeks is 29 February.
        (D(2028, 1, 18), D(2028, 2, 29)),
        # The year ends in between: 20 November 2026 + 6 weeks is New Year's Day, a Friday.
        (D(2026, 11, 20), D(2027, 1, 4)),
    ],
)
def test_objecting_can_until_the_last_day(sent_on: dt.date, last_day: dt.date) -> None:
    decision = an_objection(sent_on).decision
    for day, is_over in ((last_day, False), (last_day + dt.timedelta(days=1), True)):
        with at(day):
            (found,) = deadlines.deadlines(decision)
        assert (found.on, found.is_over, found.article) == (last_day, is_over, "art. 6:7 Awb")


def test_who_objects_on_the_day_itself_is_in_time() -> None:
    found = deadlines.timeliness_of(an_objection(D(2026, 9, 22)))
    assert found.timing == "in_time"
    assert "6:10" in found.sentence
    # Of what was written down without an hour nobody knows whether it came before the decision was taken.
    without = an_objection(D(2026, 9, 22), channel=Channel.POST)
    without.received_at = dt.datetime(2026, 9, 22, tzinfo=AMSTERDAM)
    found = deadlines.timeliness_of(without)
    assert found.timing == "in_time"
    assert "Ontvangen op 22 september 2026, voordat" in found.sentence
    assert "een bezwaar van die dag of later is op tijd" in found.sentence


@pytest.mark.parametrize(("channel", "timing"), [(Channel.POST, "in_time"), (Channel.EMAIL, "late")])
def test_only_post_may_come_a_week_later(channel: Channel, timing: str) -> None:
    late = an_objection(D(2026, 9, 22), channel=channel)
    late.received_at = dt.datetime(2026, 11, 10, 9, 0, tzinfo=AMSTERDAM)
    late.posted_on = D(2026, 11, 3) if channel == Channel.POST else None
    assert deadlines.timeliness_of(late).timing == timing


#: Sent on 22 September: the NZa decides from 4 November on, six weeks, until 15 December.
SENT = D(2026, 9, 22)


@pytest.mark.parametrize(
    ("with_committee", "events", "end"),
    [
        (False, [], D(2026, 12, 15)),
        (True, [], D(2027, 1, 26)),
        # Asked on 9 November, mended on the 19th: the ten days of 10 to 18 November are nine, until 24 December.
        (
            False,
            [event(K.REMEDY_ASKED, D(2026, 11, 9), until=D(2026, 11, 23)), event(K.REMEDIED, D(2026, 11, 19))],
            D(2026, 12, 24),
        ),
        # Never mended: it stands still until the last day of the remedy term, thirteen days: 28 December.
        (False, [event(K.REMEDY_ASKED, D(2026, 11, 9), until=D(2026, 11, 23))], D(2026, 12, 28)),
        # Asked and mended before the term begins: nothing stands still.
        (
            False,
            [event(K.REMEDY_ASKED, D(2026, 10, 1), until=D(2026, 10, 15)), event(K.REMEDIED, D(2026, 10, 9))],
            D(2026, 12, 15),
        ),
        # Adjourned by two weeks: 29 December.
        (False, [event(K.ADJOURNED, D(2026, 12, 14), weeks=2)], D(2026, 12, 29)),
        # Adjourned by six weeks onto 26 January.
        (False, [event(K.ADJOURNED, D(2026, 12, 15), weeks=6)], D(2027, 1, 26)),
        # Ten days of force majeure, 1 to 10 December, put 15 December off to Christmas Day, and so to Monday the 28th.
        (
            False,
            [event(K.SUSPENDED, D(2026, 12, 1), cause="force_majeure"), event(K.RESUMED, D(2026, 12, 11))],
            D(2026, 12, 28),
        ),
        # Consent: the day that was agreed, also if it is a Sunday.
        (False, [event(K.AGREED, D(2026, 12, 20), until=D(2027, 1, 31))], D(2027, 1, 31)),
    ],
)
def test_the_term_to_decide_moves_by_what_the_law_says(
    with_committee: bool, events: list[TermEvent], end: dt.date
) -> None:
    with at(D(2026, 12, 1)):
        term = deadlines.decision_term_of(an_objection(SENT, with_committee=with_committee), events=events)
    assert term.end == end
    assert term.articles[0] == "art. 7:10, eerste lid, Awb"


def test_what_came_after_the_end_is_refused_and_not_counted() -> None:
    with pytest.raises(ValueError, match="cannot be adjourned"):
        deadlines.decision_term_of(an_objection(SENT), events=[event(K.ADJOURNED, D(2026, 12, 16), weeks=2)])


def test_a_term_that_stands_still_now_moves_along() -> None:
    events = [event(K.SUSPENDED, D(2026, 12, 1), cause="objector")]
    ends = []
    for day in (D(2026, 12, 2), D(2026, 12, 9)):
        with at(day):
            ends.append(deadlines.decision_term_of(an_objection(SENT), events=events).end)
    assert ends == [D(2026, 12, 17), D(2026, 12, 24)]
