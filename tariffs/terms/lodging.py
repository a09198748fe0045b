"""Objection and appeal: until when, whether in time, and the time to mend what is missing (Awb 6:5–6:11).

Texts mostly as of 2017; to be re-checked, see docs/compliance/terms.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from providers.formatting import AMSTERDAM, format_date, format_datetime
from tariffs.terms.free_days import next_working_day
from tariffs.terms.term import DAY, Length, Term, amsterdam_day, count_term

Channel = Literal["electronic", "desk", "post"]
Timing = Literal["early", "in_time", "late", "unclear"]
Ground = Literal["6:9", "6:10", "6:11", "2:21"]

SIX_WEEKS = Length(6, "weeks")


@dataclass(frozen=True)
class Lodged:
    """How and when a document came in. ``posted_on`` is the day of posting, if known, and only exists for the post.

    ``received_at`` is the moment that Awb section 2.3 calls receipt; it carries a time zone.
    """

    channel: Channel
    received_at: dt.datetime
    posted_on: dt.date | None = None

    def __post_init__(self) -> None:
        received_on = amsterdam_day(self.received_at)
        if self.posted_on is not None and self.channel != "post":
            raise ValueError("only what came by post was posted")
        if self.posted_on is not None and self.posted_on > received_on:
            raise ValueError("nothing is received before it was posted")


@dataclass(frozen=True)
class Timeliness:
    """Whether a document came in time, on which article, with a Dutch sentence.

    "early" is before the term began (6:10), "unclear" is post that came within the week after the term without a known day of
    posting. Only "in_time" needs no person to decide.
    """

    timing: Timing
    articles: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class TimelinessDecision:
    """What a person decided about a document that was not plainly in time. Never computed, always with a reason.

    ``ground``: 6:9 it was posted in time after all, 6:10 it was early for good reason, 6:11 it cannot reasonably be held
    against the sender, 2:21 the portal could not be reached before the end of the term (Wet modernisering elektronisch
    bestuurlijk verkeer, in force since 2026).
    """

    is_accepted: bool
    ground: Ground
    reason: str
    decided_by: str
    decided_on: dt.date

    def __post_init__(self) -> None:
        if not self.reason.strip() or not self.decided_by.strip():
            raise ValueError("a decision about lateness has a reason and somebody who made it")


def objection_term(*, notified_on: dt.date, equated: Collection[dt.date]) -> Term:
    """Six weeks to object (6:7) from the day after the decision was made known as the law prescribes (6:8(1), 3:41)."""
    return _six_weeks("Bezwaartermijn", notified_on, equated)


def appeal_term(*, notified_on: dt.date, equated: Collection[dt.date]) -> Term:
    """Six weeks to appeal (6:7) from the day after the decision on the objection was made known (6:8(1)).

    Whether an appeal was in time is for the court: it receives it.
    """
    return _six_weeks("Beroepstermijn", notified_on, equated)


def remedy_term(
    *,
    asked_on: dt.date,
    length: Length,
    courtesy: bool,
    equated: Collection[dt.date],
    objection_until: dt.date | None = None,
) -> Term:
    """Return the time to mend an omission, such as grounds that follow (6:5, 6:6): set by the authority, so not statutory.

    It begins the day after the request. With ``courtesy`` it runs on to a working day. It ends no earlier than the term to
    object, ``objection_until``: until then somebody may object anew, and completely (6:7).
    """
    term = count_term(
        name="Hersteltermijn",
        articles=("art. 6:5 Awb", "art. 6:6 Awb"),
        start_article="art. 6:6 Awb",
        starts=asked_on + DAY,
        length=length,
        extension="courtesy" if courtesy else "none",
        equated=equated,
    )
    if objection_until is None or objection_until <= term.end:
        return term
    return replace(
        term,
        end=objection_until,
        articles=(*term.articles, "art. 6:7 Awb"),
        sentence=f"{term.sentence} Maar de bezwaartermijn loopt tot en met {format_date(objection_until)} (art. 6:7 Awb): tot en"
        " met die dag kan een bezwaar nog worden aangevuld of opnieuw gemaakt. Daarom eindigt de hersteltermijn niet eerder"
        " (art. 6:6 Awb).",
    )


def last_day_by_post(term: Term, *, equated: Collection[dt.date]) -> dt.date:
    """Return the last day on which post of within the term may still come in: a week after its end (6:9(2)).

    This week is a statutory term of its own, so it runs on as well; the law does not say so in as many words.
    """
    return next_working_day(term.end + 7 * DAY, equated=equated)


def timeliness(*, term: Term, lodged: Lodged, equated: Collection[dt.date]) -> Timeliness:
    """Say whether a document came in time (6:9, 6:10): received before the end, or posted before it and received within a week.

    "Before the end" is up to midnight in Amsterdam at the end of the last day. For views on a draft 3:16(3) points here too.
    """
    received_on = amsterdam_day(lodged.received_at)
    received = f"Ontvangen op {format_received(lodged.received_at)}"
    end = format_date(term.end)
    if term.starts is not None and received_on < term.starts:
        return Timeliness(
            timing="early",
            articles=("art. 6:10 Awb",),
            sentence=(
                f"{received}. Dat is te vroeg: de termijn begint op {format_date(term.starts)}. De NZa beoordeelt of dat mag"
                " (art. 6:10 Awb)."
            ),
        )
    if received_on <= term.end:
        return Timeliness(
            timing="in_time",
            articles=("art. 6:9, eerste lid, Awb",),
            sentence=f"{received}. Dat is op tijd: de termijn loopt tot en met {end} (art. 6:9, eerste lid, Awb).",
        )
    if lodged.channel != "post":
        return Timeliness(
            timing="late",
            articles=("art. 6:9, eerste lid, Awb",),
            sentence=f"{received}. Dat is na het einde van de termijn op {end} (art. 6:9, eerste lid, Awb).",
        )
    articles = ("art. 6:9, tweede lid, Awb",)
    until = last_day_by_post(term, equated=equated)
    if received_on > until:
        return Timeliness(
            timing="late",
            articles=articles,
            sentence=(
                f"{received}. Ook post die op tijd is verstuurd, moet er uiterlijk op {format_date(until)} zijn"
                " (art. 6:9, tweede lid, Awb)."
            ),
        )
    if lodged.posted_on is None:
        return Timeliness(
            timing="unclear",
            articles=articles,
            sentence=(
                f"{received}, binnen een week na het einde van de termijn op {end}. Niet bekend is wanneer de brief op de post"
                " ging. De NZa beoordeelt of dat op tijd was (art. 6:9, tweede lid, Awb)."
            ),
        )
    posted = f"Op de post gedaan op {format_date(lodged.posted_on)}"
    if lodged.posted_on > term.end:
        return Timeliness(
            timing="late",
            articles=articles,
            sentence=f"{posted}. Dat is na het einde van de termijn op {end} (art. 6:9, tweede lid, Awb).",
        )
    return Timeliness(
        timing="in_time",
        articles=articles,
        sentence=(
            f"{posted} en ontvangen op {format_received(lodged.received_at)}. Dat is op tijd: verstuurd voor het einde van de"
            f" termijn op {end} en binnen een week daarna ontvangen (art. 6:9, tweede lid, Awb)."
        ),
    )


def format_received(moment: dt.datetime) -> str:
    """Say when something came in; of what was written down without an hour (the beginning of the day) the day alone."""
    local = moment.astimezone(AMSTERDAM)
    return format_date(local.date()) if local.time() == dt.time.min else format_datetime(moment)


def counts_as_in_time(found: Timeliness, decision: TimelinessDecision | None) -> bool | None:
    """Whether the document is treated as in time; ``None`` as long as a person still has to decide that.

    Late is not enough to turn somebody away: first somebody has to look whether the lateness is excusable (6:11).
    """
    if found.timing == "in_time":
        return True
    return decision.is_accepted if decision is not None else None


def _six_weeks(name: str, notified_on: dt.date, equated: Collection[dt.date]) -> Term:
    return count_term(
        name=name,
        articles=("art. 6:7 Awb", "art. 6:8 Awb"),
        start_article="art. 6:8 Awb",
        starts=notified_on + DAY,
        length=SIX_WEEKS,
        extension="law",
        equated=equated,
    )
