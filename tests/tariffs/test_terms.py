"""Terms to the day: around Easter, Christmas, King's Day, the leap day and the turn of the year, and when the clock changes.

Expected days were counted by hand on a calendar. The judge of holidays is Gauss's rule for Easter and plain dates; it shares
no line with ``tariffs.terms`` nor with the holiday library.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tariffs.terms import (
    Adjournment,
    Length,
    Lodged,
    PenaltyAmounts,
    PrematureNotice,
    Suspension,
    Term,
    TimelinessDecision,
    appeal_term,
    count_term,
    counts_as_in_time,
    decision_term,
    delay_suspension,
    draft_term,
    equated_days,
    free_day_name,
    free_days,
    hearing_terms,
    interpretation_term,
    is_free_day,
    next_working_day,
    notice_of_default,
    objection_term,
    penalty,
    read_equated_days,
    remedy_suspension,
    remedy_term,
    timeliness,
    views_term,
)

NONE: frozenset[dt.date] = frozenset()
DAY = dt.timedelta(days=1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TWO_WEEKS = Length(2, "weeks")

# Easter Sundays as printed in calendars.
EASTER = """
2014-04-20 2015-04-05 2016-03-27 2017-04-16 2018-04-01 2019-04-21 2020-04-12 2021-04-04 2022-04-17 2023-04-09 2024-03-31
2025-04-20 2026-04-05 2027-03-28 2028-04-16 2029-04-01 2030-04-21 2031-04-13 2032-03-28 2033-04-17 2034-04-09 2035-03-25
2036-04-13 2037-04-05 2038-04-25 2039-04-10 2040-04-01
"""


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def easter_by_gauss(year: int) -> dt.date:
    a, b, c = year % 19, year % 4, year % 7
    d = (19 * a + 24) % 30
    e = (2 * b + 4 * c + 6 * d + 5) % 7
    if (d, e) == (29, 6) or (d == 28 and e == 6 and a > 10):
        e -= 7
    return dt.date(year, 3, 22) + DAY * (d + e)


def judged_holidays(easter: dt.date) -> set[dt.date]:
    year = easter.year
    kings_day = dt.date(year, 4, 27)
    if kings_day.isoweekday() == 7:
        kings_day = dt.date(year, 4, 26)
    fixed = {dt.date(year, month, number) for month, number in ((1, 1), (5, 5), (12, 25), (12, 26))}
    return fixed | {kings_day} | {easter + DAY * offset for offset in (-2, 1, 39, 50)}


def judged_free(moment: dt.date) -> bool:
    return moment.isoweekday() > 5 or moment in judged_holidays(easter_by_gauss(moment.year))


# ── which days are free ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("printed", EASTER.split(), ids=lambda text: text[:4])
def test_no_holiday_is_missed_and_no_working_day_is_called_one(printed: str) -> None:
    easter = day(printed)
    assert easter_by_gauss(easter.year) == easter
    holidays = judged_holidays(easter)
    year = [dt.date(easter.year, 1, 1) + DAY * number for number in range(365 + (easter.year % 4 == 0))]
    assert year[-1] == dt.date(easter.year, 12, 31)
    wrong = [one for one in year if is_free_day(one, equated=NONE) != (one.isoweekday() > 5 or one in holidays)]
    assert wrong == []


@pytest.mark.parametrize(
    ("when", "name"),
    [
        ("2026-04-03", "Goede Vrijdag"),
        ("2026-04-06", "Tweede Paasdag"),
        ("2026-05-05", "Bevrijdingsdag"),  # not a lustrum year
        ("2025-05-05", "Bevrijdingsdag"),
        ("2025-04-26", "Koningsdag"),  # the 27th is a Sunday
        ("2025-04-27", "een zondag"),
        ("2031-04-26", "Koningsdag"),
        ("2024-04-27", "Koningsdag"),  # a Saturday, and it stays there
        ("2026-12-26", "Tweede Kerstdag"),
        ("2026-05-16", "een zaterdag"),
        ("2026-04-04", "een zaterdag"),
        ("2026-05-15", None),
        ("2026-12-24", None),
        ("2026-12-31", None),
    ],
)
def test_a_letter_gives_a_free_day_its_own_name(when: str, name: str | None) -> None:
    assert free_day_name(day(when), equated=NONE) == name


def test_a_day_equated_by_royal_decree_is_free_only_if_it_is_given() -> None:
    friday = day("2026-05-15")
    assert next_working_day(friday, equated=NONE) == friday
    assert next_working_day(friday, equated={friday}) == day("2026-05-18")
    assert "koninklijk besluit" in str(free_day_name(friday, equated={friday}))


def test_a_holiday_that_the_library_renames_is_noticed_and_old_years_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match="2014"):
        is_free_day(day("2013-04-30"), equated=NONE)
    monkeypatch.setitem(free_days.HOLIDAYS, "Prinsjesdag", "Prinsjesdag")
    with pytest.raises(ValueError, match="no longer names Prinsjesdag"):
        is_free_day(day("2077-01-04"), equated=NONE)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("[[day]]\ndate = 2026-05-15\nchecked = 2026-01-01", "a source"),
        ('[[day]]\ndate = 2026-05-15\nsource = " "\nchecked = 2026-01-01', "name of a decree"),
        ('[[day]]\ndate = 2026-05-15T00:00:00\nsource = "KB"\nchecked = 2026-01-01', "needs dates"),
        ('[[day]]\ndate = 2026-05-15\nsource = "KB"\nchecked = "gisteren"', "needs dates"),
        ('[[days]]\ndate = 2026-05-15\nsource = "KB"\nchecked = 2026-01-01', "unknown days"),
        ('[[day]]\ndate = 2026-05-15\nsource = "KB"\nchecked = 2026-01-01\n' * 2, "twice"),
    ],
)
def test_an_equated_day_without_a_source_is_refused(tmp_path: Path, row: str, complaint: str) -> None:
    path = tmp_path / "days.toml"
    path.write_text(row)
    with pytest.raises(ValueError, match=complaint):
        read_equated_days(path)


def test_equated_days_are_read_and_those_of_the_portal_are_otherwise_working_days(tmp_path: Path) -> None:
    path = tmp_path / "days.toml"
    path.write_text('[[day]]\ndate = 2026-05-15\nsource = "KB"\nchecked = 2026-01-01\n')
    path.write_text(path.read_text() + '[[day]]\ndate = 2027-05-07\nsource = "KB"\n')
    read = [(row.day, row.source, row.checked) for row in read_equated_days(path)]
    assert read == [(day("2026-05-15"), "KB", day("2026-01-01")), (day("2027-05-07"), "KB", None)]
    # A decree fills the gap between a holiday and a weekend: a day with another place is a typing error.
    known = equated_days()
    assert len(known) == 17
    for one in known:
        before, after = one - dt.timedelta(days=1), one + dt.timedelta(days=1)
        assert not judged_free(one)
        assert judged_free(before), one
        assert judged_free(after), one


# ── six weeks ──────────────────────────────────────────────────────────────────────────────────────────────────────

SIX_WEEKS = [
    # made known, last day before running on, last day, equated
    ("2026-09-01", "2026-10-13", "2026-10-13", ""),  # Tuesday to Tuesday
    ("2026-02-20", "2026-04-03", "2026-04-07", ""),  # Good Friday
    ("2026-02-21", "2026-04-04", "2026-04-07", ""),  # Saturday before Easter
    ("2026-02-23", "2026-04-06", "2026-04-07", ""),  # Easter Monday
    ("2038-03-12", "2038-04-23", "2038-04-28", ""),  # Good Friday … Easter Monday, King's Day on Tuesday
    ("2026-03-16", "2026-04-27", "2026-04-28", ""),  # King's Day
    ("2025-03-14", "2025-04-25", "2025-04-25", ""),  # Friday before a King's Day on Saturday
    ("2025-03-15", "2025-04-26", "2025-04-28", ""),  # King's Day moved to Saturday; the Monday is no holiday
    ("2025-03-16", "2025-04-27", "2025-04-28", ""),
    ("2031-03-16", "2031-04-27", "2031-04-28", ""),
    ("2024-03-16", "2024-04-27", "2024-04-29", ""),  # King's Day on its own Saturday
    ("2026-03-24", "2026-05-05", "2026-05-06", ""),  # 5 May in a year that is no lustrum
    ("2016-03-24", "2016-05-05", "2016-05-06", ""),  # Ascension on 5 May
    ("2026-04-02", "2026-05-14", "2026-05-15", ""),  # Ascension
    ("2026-04-02", "2026-05-14", "2026-05-18", "2026-05-15"),
    ("2026-04-13", "2026-05-25", "2026-05-26", ""),  # Whit Monday
    ("2026-11-13", "2026-12-25", "2026-12-28", ""),  # Christmas on Friday and Saturday
    ("2025-11-13", "2025-12-25", "2025-12-29", ""),  # Christmas on Thursday and Friday
    ("2024-11-13", "2024-12-25", "2024-12-27", ""),
    ("2024-11-13", "2024-12-25", "2024-12-30", "2024-12-27"),
    ("2025-11-19", "2025-12-31", "2025-12-31", ""),  # New Year's Eve is a working day
    ("2025-11-20", "2026-01-01", "2026-01-02", ""),
    ("2025-11-20", "2026-01-01", "2026-01-05", "2026-01-02"),
    ("2024-01-18", "2024-02-29", "2024-02-29", ""),  # leap day
    ("2028-01-18", "2028-02-29", "2028-02-29", ""),
    ("2023-01-18", "2023-03-01", "2023-03-01", ""),  # no leap day
]


@pytest.mark.parametrize(("made_known", "nominal", "end", "equated"), SIX_WEEKS)
def test_objection_and_appeal_end_on_the_day_the_law_says(
    made_known: str, nominal: str, end: str, equated: str
) -> None:
    days = {day(equated)} if equated else NONE
    for counted in (objection_term, appeal_term):
        term = counted(notified_on=day(made_known), equated=days)
        assert (term.starts, term.nominal_end, term.end) == (day(made_known) + DAY, day(nominal), day(end))


def test_the_sentence_explains_start_end_and_why_it_runs_on() -> None:
    term = objection_term(notified_on=day("2026-02-23"), equated=NONE)
    assert term.sentence == (
        "De termijn van zes weken begint op 24 februari 2026 (art. 6:8 Awb) en eindigt op 6 april 2026. Dat is Tweede Paasdag;"
        " daarom loopt de termijn door tot en met 7 april 2026 (art. 1 Algemene termijnenwet)."
    )
    assert term.articles == ("art. 6:7 Awb", "art. 6:8 Awb", "art. 1 Algemene termijnenwet")
    plain = objection_term(notified_on=day("2026-09-01"), equated=NONE)
    assert plain.sentence.endswith("(art. 6:8 Awb) en eindigt op 13 oktober 2026.")
    assert plain.articles == ("art. 6:7 Awb", "art. 6:8 Awb")


@settings(max_examples=60, deadline=None)
@given(starts=st.dates(dt.date(2014, 1, 2), dt.date(2039, 1, 1)), weeks=st.integers(1, 12))
def test_a_statutory_term_never_ends_on_a_free_day_or_early_or_later_than_needed(starts: dt.date, weeks: int) -> None:
    term = statutory(starts, Length(weeks, "weeks"))
    assert term.nominal_end == starts + dt.timedelta(weeks=weeks) - DAY
    assert not judged_free(term.end)
    assert all(judged_free(term.nominal_end + DAY * number) for number in range((term.end - term.nominal_end).days))
    assert dt.timedelta(0) <= term.end - term.nominal_end <= 5 * DAY


def statutory(starts: dt.date, length: Length) -> Term:
    return count_term(
        name="proef", articles=(), start_article="", starts=starts, length=length, extension="law", equated=NONE
    )


@pytest.mark.parametrize(
    ("starts", "number", "unit", "end", "article"),
    [
        ("2026-04-03", 2, "days", "2026-04-07", "art. 1"),  # two days need no two working days
        ("2026-04-03", 3, "days", "2026-04-08", "art. 2"),  # Good Friday to Easter: Tuesday and Wednesday
        ("2026-04-02", 5, "days", "2026-04-07", "art. 1"),  # Thursday and Tuesday
        ("2026-05-30", 3, "days", "2026-06-02", "art. 2"),  # Saturday, Sunday, Monday
        ("2025-10-03", 12, "weeks", "2025-12-29", "art. 1"),  # ends on Christmas Day
        ("2025-09-26", 13, "weeks", "2025-12-25", "art. 4"),
        ("2025-09-27", 90, "days", "2025-12-29", "art. 1"),
        ("2025-09-26", 91, "days", "2025-12-25", "art. 4"),
        ("2025-09-26", 3, "months", "2025-12-29", "art. 1"),
        ("2025-08-26", 4, "months", "2025-12-25", "art. 4"),
        ("2024-12-26", 1, "years", "2025-12-25", "art. 4"),
        ("2024-02-01", 1, "months", "2024-02-29", ""),  # a month from 31 January
        ("2025-12-01", 3, "months", "2026-03-02", "art. 1"),  # from 30 November to 28 February, a Saturday
    ],
)
def test_short_terms_hold_two_working_days_and_long_ones_do_not_run_on(
    starts: str, number: int, unit: str, end: str, article: str
) -> None:
    term = statutory(day(starts), Length(number, unit))  # type: ignore[arg-type]
    assert term.end == day(end)
    assert term.articles == ((f"{article} Algemene termijnenwet",) if article else ())
    assert article in term.sentence


def test_a_term_in_hours_has_no_last_day_and_a_term_of_nothing_does_not_exist() -> None:
    assert not Length(48, "hours").runs_on_by_law
    with pytest.raises(ValueError, match="hours"):
        statutory(day("2026-04-03"), Length(48, "hours"))
    with pytest.raises(ValueError, match="no term"):
        Length(0, "weeks")


# ── received in time ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("law", "begun_by", "last_second"),
    [
        (True, "2026-02-23", "2026-04-07T21:59:59"),  # summer time
        (True, "2026-11-13", "2026-12-28T22:59:59"),  # winter time
        # on the Sundays on which the clock changes, at the end of a term that does not run on
        (False, "2026-03-15", "2026-03-29T21:59:59"),
        (False, "2026-10-11", "2026-10-25T22:59:59"),
    ],
)
def test_the_last_second_in_amsterdam_counts_and_the_next_one_does_not(
    law: bool, begun_by: str, last_second: str
) -> None:
    if law:
        term = objection_term(notified_on=day(begun_by), equated=NONE)
    else:
        term = remedy_term(asked_on=day(begun_by), length=TWO_WEEKS, courtesy=False, equated=NONE)
    last = utc(last_second)
    after = last + dt.timedelta(seconds=1)
    assert last.astimezone(AMSTERDAM).strftime("%H:%M:%S") == "23:59:59"
    assert (term.is_over(last), term.is_over(after), term.closes_at == after) == (False, True, True)
    found = [timeliness(term=term, lodged=Lodged("electronic", at), equated=NONE).timing for at in (last, after)]
    assert found == ["in_time", "late"]


@pytest.mark.parametrize(
    ("objection_until", "end"),
    [("2026-10-14", "2026-10-15"), ("2026-10-15", "2026-10-15"), ("2026-10-16", "2026-10-16"), (None, "2026-10-15")],
)
def test_the_time_to_mend_ends_no_earlier_than_the_time_to_object(objection_until: str | None, end: str) -> None:
    # Asked on 1 October 2026: two weeks end on Thursday 15 October.
    until = day(objection_until) if objection_until else None
    term = remedy_term(
        asked_on=day("2026-10-01"), length=TWO_WEEKS, courtesy=False, equated=NONE, objection_until=until
    )
    assert term.end == day(end)
    is_put_off = end == "2026-10-16"
    assert ("6:7" in term.sentence, "art. 6:7 Awb" in term.articles) == (is_put_off, is_put_off)


@pytest.mark.parametrize(
    ("made_known", "posted", "received", "timing"),
    [
        # The term runs from 2 September to 13 October 2026, a Wednesday and a Tuesday.
        ("2026-09-01", "2026-08-31", "2026-09-01", "early"),
        ("2026-09-01", "2026-09-01", "2026-09-02", "in_time"),
        ("2026-09-01", "2026-10-13", "2026-10-20", "in_time"),
        ("2026-09-01", "2026-10-13", "2026-10-21", "late"),
        ("2026-09-01", "2026-10-14", "2026-10-15", "late"),
        ("2026-09-01", None, "2026-10-13", "in_time"),
        ("2026-09-01", None, "2026-10-14", "unclear"),
        ("2026-09-01", None, "2026-10-21", "late"),
        # It ends on 30 March 2026; a week later is Easter Monday.
        ("2026-02-16", "2026-03-30", "2026-04-07", "in_time"),
        ("2026-02-16", "2026-03-30", "2026-04-08", "late"),
    ],
)
def test_a_letter_counts_from_the_day_of_posting_if_it_comes_within_a_week(
    made_known: str, posted: str | None, received: str, timing: str
) -> None:
    term = objection_term(notified_on=day(made_known), equated=NONE)
    lodged = Lodged("post", utc(f"{received}T10:00:00"), posted_on=day(posted) if posted else None)
    found = timeliness(term=term, lodged=lodged, equated=NONE)
    assert found.timing == timing
    assert all(article in found.sentence for article in found.articles)


def test_nobody_is_turned_away_for_lateness_before_a_person_gave_a_reason() -> None:
    term = objection_term(notified_on=day("2026-02-16"), equated=NONE)
    late = timeliness(term=term, lodged=Lodged("desk", utc("2026-04-01T10:00:00")), equated=NONE)
    assert late.sentence.startswith(
        "Ontvangen op 1 april 2026 om 12.00 uur. Dat is na het einde van de termijn op 30 maart"
    )
    assert counts_as_in_time(late, None) is None
    for accepted in (True, False):
        decision = TimelinessDecision(
            accepted, "6:11", "De indiener lag in het ziekenhuis.", "J. Jansen", day("2026-04-02")
        )
        assert counts_as_in_time(late, decision) is accepted
    in_time = timeliness(term=term, lodged=Lodged("desk", utc("2026-03-01T10:00:00")), equated=NONE)
    assert counts_as_in_time(in_time, None) is True
    with pytest.raises(ValueError, match="reason"):
        TimelinessDecision(True, "6:11", " ", "J. Jansen", day("2026-04-02"))


def test_what_cannot_have_happened_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Lodged("desk", dt.datetime(2026, 4, 1, 10))
    with pytest.raises(ValueError, match="posted"):
        Lodged("electronic", utc("2026-04-01T10:00:00"), posted_on=day("2026-03-31"))
    with pytest.raises(ValueError, match="before it was posted"):
        Lodged("post", utc("2026-04-01T10:00:00"), posted_on=day("2026-04-02"))


# ── terms that the authority sets ──────────────────────────────────────────────────────────────────────────────────


def test_a_term_set_by_the_authority_runs_on_only_by_courtesy_and_says_so() -> None:
    # Four weeks from Friday 6 March 2026 end on Good Friday.
    sent, four_weeks = day("2026-03-06"), Length(4, "weeks")
    for strict, on_a_law in (
        (views_term(sent_on=sent, length=four_weeks, courtesy=False, equated=NONE), True),
        (interpretation_term(released_on=sent, length=four_weeks, courtesy=False, equated=NONE), False),
        (remedy_term(asked_on=sent, length=four_weeks, courtesy=False, equated=NONE), True),
    ):
        assert (strict.starts, strict.end) == (day("2026-03-07"), day("2026-04-03"))
        assert strict.sentence.endswith("Dat is Goede Vrijdag. Deze termijn loopt dan niet door.")
        assert bool(strict.articles) is on_a_law
    kind_one = views_term(sent_on=sent, length=four_weeks, courtesy=True, equated=NONE)
    assert (kind_one.nominal_end, kind_one.end) == (day("2026-04-03"), day("2026-04-07"))
    assert "Dat hoeft niet van de wet" in kind_one.sentence
    assert kind_one.articles == ("art. 4:8 Awb",)


@pytest.mark.parametrize(
    ("available", "announced", "starts", "end"),
    [
        ("2026-03-23", "2026-03-23", "2026-03-23", "2026-05-04"),  # six weeks end on Sunday 3 May
        ("2026-03-24", "2026-03-20", "2026-03-24", "2026-05-04"),
        ("2026-03-20", "2026-03-25", "2026-03-25", "2026-05-06"),  # ends on 5 May
    ],
)
def test_a_draft_lies_open_from_the_day_itself(available: str, announced: str, starts: str, end: str) -> None:
    term = draft_term(available_on=day(available), announced_on=day(announced), equated=NONE)
    assert (term.starts, term.end) == (day(starts), day(end))


def test_before_a_hearing_days_are_counted_back_and_never_moved() -> None:
    # Thursday 28 May 2026; the eleventh day before is a Sunday.
    terms = hearing_terms(hearing_on=day("2026-05-28"), notice=Length(3, "weeks"))
    assert (terms.notice.end, terms.papers.end) == (day("2026-05-07"), day("2026-05-17"))
    assert (terms.file.starts, terms.file.end) == (day("2026-05-21"), day("2026-05-27"))
    assert terms.papers.sentence == (
        "De hoorzitting is op 28 mei 2026. Stukken kunt u insturen tot tien dagen daarvoor, dus tot en met 17 mei 2026"
        " (art. 7:4, eerste lid, Awb)."
    )
    with pytest.raises(ValueError, match="after the last day for papers"):
        hearing_terms(hearing_on=day("2026-05-28"), notice=Length(10, "days"))


# ── the decision on an objection ───────────────────────────────────────────────────────────────────────────────────


def decided(
    ended: str = "2026-04-07",
    *suspensions: Suspension,
    committee: bool = False,
    adjournment: Adjournment | None = None,
    agreed: str | None = None,
) -> Term:
    return decision_term(
        lodging_ended_on=day(ended),
        has_committee=committee,
        suspensions=suspensions,
        adjournment=adjournment,
        agreed_until=day(agreed) if agreed else None,
        equated=NONE,
    )


def mended(asked: str, weeks: int, on: str | None) -> Suspension:
    remedy = remedy_term(asked_on=day(asked), length=Length(weeks, "weeks"), courtesy=False, equated=NONE)
    return remedy_suspension(asked_on=day(asked), remedy=remedy, remedied_on=day(on) if on else None)


def span(first: str, until: str) -> Suspension:
    return delay_suspension(cause="objector", starts=day(first), until=day(until))


def test_six_or_twelve_weeks_from_the_day_after_the_term_to_object() -> None:
    assert (decided().starts, decided().end) == (day("2026-04-08"), day("2026-05-19"))
    assert decided(committee=True).end == day("2026-06-30")
    assert decided("2026-02-20").end == day("2026-04-07")  # Good Friday
    assert decided("2025-10-02", committee=True).end == day("2025-12-29")  # Christmas Day


@pytest.mark.parametrize(
    ("suspensions", "end"),
    [
        # Without any the term ends on Tuesday 19 May 2026.
        ([mended("2026-04-20", 2, "2026-04-28")], "2026-05-26"),  # 21–27 April: 7 days
        ([mended("2026-04-20", 2, None)], "2026-06-01"),  # 21 April – 3 May: 13 days
        ([mended("2026-04-20", 2, "2026-05-04")], "2026-06-01"),  # mended on the last day
        ([mended("2026-04-20", 2, "2026-05-20")], "2026-06-01"),  # mended too late
        ([mended("2026-04-20", 2, "2026-04-20")], "2026-05-19"),
        ([mended("2026-04-20", 2, "2026-04-21")], "2026-05-19"),
        ([mended("2026-04-20", 2, "2026-04-25")], "2026-05-26"),  # 4 days: Saturday before Whit Monday
        ([mended("2026-03-20", 4, None)], "2026-05-28"),  # only 8–16 April lie in the term
        ([mended("2026-03-02", 2, None)], "2026-05-19"),  # over before the term began
        ([mended("2026-05-12", 4, "2026-06-03")], "2026-06-09"),  # 21 days, over the end
        ([span("2026-05-19", "2026-05-26")], "2026-05-26"),  # from the last day on
        ([span("2026-04-21", "2026-04-28"), span("2026-04-25", "2026-05-01")], "2026-05-29"),  # overlap: 10 days
        ([span("2026-05-01", "2026-05-06"), span("2026-04-10", "2026-04-12")], "2026-05-26"),  # 5 + 2 days
        ([span("2026-05-15", "2026-05-22"), span("2026-05-25", "2026-06-01")], "2026-06-02"),  # second one only just
    ],
)
def test_the_term_to_decide_stands_still_for_exactly_those_days(suspensions: list[Suspension], end: str) -> None:
    assert decided("2026-04-07", *suspensions).end == day(end)


def test_what_begins_in_the_days_to_which_a_term_ran_on_stops_the_rest() -> None:
    # Good Friday 3 April, running on to Tuesday 7 April. Stopped 6–9 April: two days are left, 10 and 11 (a Saturday).
    assert decided("2026-02-20", span("2026-04-06", "2026-04-10")).end == day("2026-04-13")
    with pytest.raises(ValueError, match="cannot stand still"):
        decided("2026-02-20", span("2026-04-08", "2026-04-10"))


def test_adjournment_is_six_weeks_at_most_in_time_and_longer_than_twelve_weeks_does_not_run_on() -> None:
    six = Length(6, "weeks")
    in_time, too_late = Adjournment(day("2026-05-19"), six), Adjournment(day("2026-05-20"), six)
    assert decided(adjournment=in_time).end == day("2026-06-30")
    assert decided(adjournment=Adjournment(day("2026-05-19"), Length(10, "days"))).end == day("2026-05-29")
    with pytest.raises(ValueError, match="cannot be adjourned"):
        decided(adjournment=too_late)
    # A suspension moves the day on which it can still be adjourned.
    assert decided("2026-04-07", span("2026-04-21", "2026-04-28"), adjournment=too_late).end == day("2026-07-07")
    with pytest.raises(ValueError, match="at most six weeks"):
        Adjournment(day("2026-05-19"), Length(43, "days"))
    early = Adjournment(day("2025-10-03"), six)
    assert decided("2025-10-02", adjournment=early).end == day("2025-12-29")  # 6 + 6 weeks end on Christmas Day
    long = decided("2025-08-21", committee=True, adjournment=early)  # 12 + 6 weeks end there too
    assert long.end == day("2025-12-25")
    assert "art. 4 Algemene termijnenwet" in long.articles


def test_further_waiting_ends_on_the_day_agreed_even_a_free_one() -> None:
    term = decided(agreed="2026-12-26")
    assert (term.nominal_end, term.end) == (day("2026-12-26"), day("2026-12-26"))
    assert "art. 7:10, vierde lid, Awb" in term.articles
    with pytest.raises(ValueError, match="no further adjournment"):
        decided(agreed="2026-05-19")


def test_the_sentence_tells_the_whole_history_of_the_term_to_decide() -> None:
    term = decided(
        "2026-04-07",
        mended("2026-04-20", 2, "2026-04-28"),
        committee=True,
        adjournment=Adjournment(day("2026-06-01"), Length(2, "weeks")),
    )
    assert term.sentence == (
        "De NZa beslist binnen twaalf weken, omdat een commissie adviseert. Die termijn begint op 8 april 2026, de dag na het"
        " einde van de bezwaartermijn (art. 7:10, eerste lid, Awb). De termijn stond 7 dagen stil, van 21 april 2026 tot en met"
        " 27 april 2026, omdat de bezwaarmaker het bezwaar kon aanvullen (art. 7:10, tweede lid, Awb). De NZa heeft de"
        " beslissing twee weken verdaagd (art. 7:10, derde lid, Awb). De termijn eindigt op 21 juli 2026."
    )
    running = delay_suspension(
        cause="force_majeure", starts=day("2026-05-01"), until=day("2026-05-02"), is_running=True
    )
    assert "Zolang dat duurt, is er geen laatste dag." in decided("2026-04-07", running).sentence


@settings(max_examples=40, deadline=None)
@given(
    ended=st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    pieces=st.lists(st.tuples(st.integers(-20, 41), st.integers(0, 60)), max_size=4),
)
def test_as_many_days_run_as_the_law_gives_whatever_stood_still(ended: dt.date, pieces: list[tuple[int, int]]) -> None:
    spans = [
        delay_suspension(cause="objector", starts=ended + DAY * (1 + a), until=ended + DAY * (1 + a + n))
        for a, n in pieces
    ]
    term = decision_term(lodging_ended_on=ended, has_committee=False, suspensions=spans, equated=NONE)
    still = {item.starts + DAY * number for item in spans for number in range((item.until - item.starts).days)}
    every = [ended + DAY * number for number in range(1, (term.nominal_end - ended).days + 1)]
    assert sum(one not in still for one in every) == 42
    assert term.nominal_end not in still
    assert not judged_free(term.end)
    assert term.nominal_end <= term.end <= term.nominal_end + 5 * DAY


# ── late ───────────────────────────────────────────────────────────────────────────────────────────────────────────

AMOUNTS = PenaltyAmounts(
    Decimal(10), Decimal(20), Decimal(30), source="bedacht voor deze proef", valid_from=day("2026-01-01")
)


def test_a_notice_of_default_gives_two_weeks_and_a_premature_one_nothing() -> None:
    ended = day("2026-05-08")
    plain = notice_of_default(decision_ended_on=ended, received_on=day("2026-05-22"), equated=NONE)
    assert (plain.starts, plain.end) == (day("2026-05-23"), day("2026-06-05"))
    whit = notice_of_default(decision_ended_on=ended, received_on=day("2026-05-11"), equated=NONE)
    assert (whit.nominal_end, whit.end) == (day("2026-05-25"), day("2026-05-26"))
    with pytest.raises(PrematureNotice):
        notice_of_default(decision_ended_on=ended, received_on=ended, equated=NONE)


@pytest.mark.parametrize(
    ("through", "days", "amount"),
    [
        ("2026-06-05", 0, 0),
        ("2026-06-06", 1, 10),  # a Saturday counts
        ("2026-06-19", 14, 140),
        ("2026-06-20", 15, 160),
        ("2026-07-03", 28, 420),
        ("2026-07-04", 29, 450),
        ("2026-07-17", 42, 840),
        ("2026-07-18", 42, 840),
        ("2027-01-01", 42, 840),
    ],
)
def test_the_penalty_rises_in_three_steps_and_stops_after_42_days(through: str, days: int, amount: int) -> None:
    notice = notice_of_default(decision_ended_on=day("2026-05-08"), received_on=day("2026-05-22"), equated=NONE)
    due = penalty(notice=notice, in_default_through=day(through), amounts=AMOUNTS)
    assert (due.first_day, due.days, due.amount, due.is_maximum) == (day("2026-06-06"), days, amount, days == 42)
    assert AMOUNTS.maximum == 840


def test_the_amounts_of_a_penalty_come_with_a_source() -> None:
    with pytest.raises(ValueError, match="source"):
        PenaltyAmounts(Decimal(1), Decimal(2), Decimal(3), source="", valid_from=day("2026-01-01"))
