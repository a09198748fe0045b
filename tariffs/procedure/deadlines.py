"""What falls due, computed from what happened: every day with the article it stands on, and whether it has passed.

Nothing is stored: a term follows from the facts each time (``tariffs.terms``). For an objection those are the day on which the
decision was made known (``tariffs.procedure.notified``), and everything that moved the term since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import singledispatch
from typing import Any, Literal

from django.utils import timezone

from providers.formatting import format_date, format_datetime
from tariffs.models import (
    ENDED_BY_DECISION,
    Channel,
    Decision,
    DecisionStatus,
    Hearing,
    InterpretationResponse,
    Objection,
    ObjectionStatus,
    Origin,
    Release,
    ResponseStatus,
    TermEvent,
    TermEventKind,
    period_until,
)
from tariffs.procedure.notified import is_posting_unknown, notified_on, posted_sentence, unposted_intention
from tariffs.terms import (
    Adjournment,
    Length,
    Lodged,
    PrematureNotice,
    Suspension,
    Term,
    Timeliness,
    amsterdam_day,
    appeal_term,
    decision_term,
    delay_suspension,
    equated_days,
    format_received,
    notice_of_default,
    objection_term,
    remedy_suspension,
    timeliness,
)

Whose = Literal["nza", "provider"]
DAY = timedelta(days=1)
K = TermEventKind


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """One day that matters. ``code`` names the kind; ``whose``: who has to do something by then; ``article`` may be empty.

    ``stands_still``: there is no such day as long as the term stands still; ``on`` is what it would be if it ran on tomorrow.
    ``starts``: the first day of a term of the law, if it names one.
    """

    code: str
    name: str
    article: str
    on: date
    is_over: bool
    sentence: str
    whose: Whose = "provider"
    stands_still: bool = False
    starts: date | None = None


@singledispatch
def deadlines(subject: object) -> list[Deadline]:
    """Return the days that matter for a release, a response, a decision or an objection, earliest first."""
    raise TypeError(f"nothing falls due for {type(subject).__name__}")


@deadlines.register
def _of_release(release: Release) -> list[Deadline]:
    until = period_until(release)
    if until is None:
        return []
    return [
        Deadline(
            code="respond",
            name="Duidingsperiode",
            article="",
            on=amsterdam_day(until),
            is_over=timezone.now() > until,
            sentence=f"Reageren op de spiegel kan tot en met {format_datetime(until)}. Dat is geen wettelijke termijn.",
        )
    ]


@deadlines.register
def _of_response(response: InterpretationResponse) -> list[Deadline]:
    if response.status != ResponseStatus.MORE_ASKED:
        return []
    asked = max((item for item in response.messages.all() if item.until), key=lambda item: item.pk, default=None)
    if asked is None or asked.until is None:
        return []
    return [
        Deadline(
            code="supplement",
            name="Aanvulling op een reactie",
            article="",
            on=amsterdam_day(asked.until),
            is_over=timezone.now() > asked.until,
            sentence=f"De NZa vroeg om meer. Dat kan tot en met {format_datetime(asked.until)}.",
        )
    ]


@deadlines.register
def _of_decision(decision: Decision) -> list[Deadline]:
    found = []
    if decision.status == DecisionStatus.ANNOUNCED and decision.views_until is not None:
        found.append(
            _deadline(
                "views",
                "Zienswijze",
                "art. 4:8 Awb",
                decision.views_until,
                f"{unposted_intention(decision)} Een zienswijze kan tot en met {format_date(decision.views_until)} (art. 4:8"
                " Awb).".strip(),
            )
        )
    if decision.status == DecisionStatus.SENT and decision.origin != Origin.OBJECTION:
        # Against a decision on an objection stands an appeal: that term comes with the objection.
        term = objection_term_of(decision)
        found.append(_of_term("objection", term, before=posted_sentence(decision, term)))
    return found


@deadlines.register
def _of_objection(objection: Objection) -> list[Deadline]:
    status = ObjectionStatus(objection.status)
    if status in ENDED_BY_DECISION:
        term = appeal_term_of(objection)
        return [_of_term("appeal", term, before=posted_sentence(objection, term))]
    if not objection.is_open:
        return []
    events = _events(objection)
    found = []
    asked = next((event for event in reversed(events) if event.kind == K.REMEDY_ASKED), None)
    if status == ObjectionStatus.INCOMPLETE and asked is not None and asked.until is not None:
        found.append(
            _deadline(
                "remedy",
                "Aanvulling van het bezwaar",
                "art. 6:6 Awb",
                asked.until,
                f"Aanvullen kan tot en met {format_date(asked.until)} (art. 6:6 Awb).",
            )
        )
    if status == ObjectionStatus.HEARING:
        found += _of_hearing(hearing_of(objection))
    term = decision_term_of(objection)
    found.append(_of_term("decide", term, whose="nza"))
    notice = next((event for event in events if event.kind == K.DEFAULT_NOTICE), None)
    if notice is not None:
        found.append(_of_notice(notice, term))
    return sorted(found, key=lambda item: item.on)


def hearing_of(objection: Objection) -> Hearing | None:
    """Return the hearing that is planned or was held, or why there is none; one that was cancelled does not count."""
    held = [item for item in objection.hearings.all() if not item.cancelled_because]
    return held[-1] if held else None


def objection_term_of(decision: Decision) -> Term:
    """Return the term to object to a decision that was sent."""
    return objection_term(notified_on=notified_on(decision), equated=equated_days())


def appeal_term_of(objection: Objection) -> Term:
    """Return the term to appeal against the decision on an objection."""
    return appeal_term(notified_on=notified_on(objection), equated=equated_days())


def timeliness_of(objection: Objection) -> Timeliness:
    """Say whether an objection came in time, with the article.

    One of before the term, but not before the day on which the decision was taken, is: the decision was there (6:10(1)(a)).
    """
    lodged = Lodged(
        channel="post"
        if objection.channel == Channel.POST
        else "desk"
        if objection.channel == Channel.DESK
        else "electronic",
        received_at=objection.received_at,
        posted_on=objection.posted_on,
    )
    found = timeliness(term=objection_term_of(objection.decision), lodged=lodged, equated=equated_days())
    received_on = amsterdam_day(objection.received_at)
    if found.timing == "early" and objection.decision.sent_on is not None and received_on >= objection.decision.sent_on:
        return Timeliness(
            timing="in_time",
            articles=("art. 6:10, eerste lid, onder a, Awb",),
            sentence=(
                f"Ontvangen op {format_received(objection.received_at)}, voordat de termijn begon. Het besluit is van"
                f" {format_date(objection.decision.sent_on)}: een bezwaar van die dag of later is op tijd (art. 6:10, eerste lid,"
                " onder a, Awb)."
            ),
        )
    if found.timing == "late" and is_posting_unknown(objection.decision):
        return Timeliness(
            timing="unclear",
            articles=("art. 3:41 en 6:8 Awb",),
            sentence=f"{found.sentence} Maar van het besluit staat nog niet vast op welke dag het op de post ging, en de termijn"
            " begint pas daarna (art. 3:41 en 6:8 Awb).",
        )
    return found


def counts_as_in_time(objection: Objection) -> bool | None:
    """Tell whether an objection is treated as in time; ``None`` as long as a person still has to decide that (Awb 6:11)."""
    if timeliness_of(objection).timing == "in_time":
        return True
    if is_posting_unknown(objection.decision):
        return objection.is_excused or None
    return objection.is_excused


def decision_term_of(objection: Objection, *, events: Sequence[TermEvent] | None = None) -> Term:
    """Return until when the NZa decides on an objection, with everything that moved that day, and why.

    Raises ValueError if ``events`` hold something that came after the term had ended; what is stored never does.
    """
    found = _events(objection) if events is None else list(events)
    adjourned = next((event for event in found if event.kind == K.ADJOURNED), None)
    agreed = max((event.until for event in found if event.kind == K.AGREED and event.until), default=None)
    facts: dict[str, Any] = {
        "lodging_ended_on": objection_term_of(objection.decision).end,
        "has_committee": objection.with_committee,
        "equated": equated_days(),
        "suspensions": [*_remedies(found), *_delays(found)],
        "adjournment": Adjournment(notified_on=adjourned.on, length=Length(adjourned.weeks or 1, "weeks"))
        if adjourned is not None
        else None,
    }
    if agreed is None:
        return decision_term(**facts)
    by_itself = decision_term(**facts)
    # A suspension that goes on moves the term by itself past a day that was agreed before: then it holds as it runs.
    return by_itself if by_itself.end >= agreed else decision_term(**facts, agreed_until=agreed)


def _events(objection: Objection) -> list[TermEvent]:
    return sorted(objection.events.all(), key=lambda event: (event.on, event.pk))


def _remedies(events: Iterable[TermEvent]) -> list[Suspension]:
    """Return how long the term stood still while something could be mended (7:10(2))."""
    found: list[Suspension] = []
    asked: TermEvent | None = None
    for event in events:
        if event.kind == K.REMEDY_ASKED:
            if asked is not None:
                found.append(_remedy(asked, None))
            asked = event
        elif event.kind == K.REMEDIED and asked is not None:
            found.append(_remedy(asked, event.on))
            asked = None
    return [*found, *([_remedy(asked, None)] if asked is not None else [])]


def _remedy(asked: TermEvent, remedied_on: date | None) -> Suspension:
    assert asked.until is not None
    term = Term(
        name="Hersteltermijn",
        articles=("art. 6:6 Awb",),
        starts=asked.on + DAY,
        nominal_end=asked.until,
        end=asked.until,
        sentence="",
    )
    return remedy_suspension(asked_on=asked.on, remedy=term, remedied_on=remedied_on)


def _delays(events: Iterable[TermEvent]) -> list[Suspension]:
    """Return how long the term stood still for another reason (4:15); what still runs ends after today."""
    found: list[Suspension] = []
    begun: TermEvent | None = None
    for event in events:
        if event.kind == K.SUSPENDED and begun is None:
            begun = event
        elif event.kind == K.RESUMED and begun is not None:
            found.append(_delay(begun, event.on, is_running=False))
            begun = None
    if begun is not None:
        until = max(amsterdam_day(timezone.now()), begun.on) + DAY
        found.append(_delay(begun, until, is_running=True))
    return found


def _delay(begun: TermEvent, until: date, *, is_running: bool) -> Suspension:
    return delay_suspension(
        cause=begun.cause,  # type: ignore[arg-type]  # the choices are those of the terms
        starts=begun.on,
        until=max(until, begun.on),
        is_running=is_running,
    )


def _of_hearing(hearing: Hearing | None) -> list[Deadline]:
    if hearing is None or hearing.at is None:
        return []
    day = amsterdam_day(hearing.at)
    found = [
        _deadline(
            "hearing",
            "Hoorzitting",
            "art. 7:2 Awb",
            day,
            f"De hoorzitting is op {format_datetime(hearing.at)} (art. 7:2 Awb).",
            whose="nza",
        )
    ]
    if hearing.papers_until is not None:
        found.append(
            _deadline(
                "papers",
                "Nadere stukken",
                "art. 7:4, eerste lid, Awb",
                hearing.papers_until,
                f"Stukken kunnen worden ingestuurd tot en met {format_date(hearing.papers_until)}"
                " (art. 7:4, eerste lid, Awb).",
            )
        )
    if hearing.file_open_from is not None:
        found.append(
            _deadline(
                "file",
                "Inzage in het dossier",
                "art. 7:4, tweede lid, Awb",
                hearing.file_open_from,
                f"Het dossier ligt open vanaf {format_date(hearing.file_open_from)} (art. 7:4, tweede lid, Awb).",
                whose="nza",
            )
        )
    return found


def _of_notice(notice: TermEvent, term: Term) -> Deadline:
    try:
        given = notice_of_default(decision_ended_on=term.end, received_on=notice.on, equated=equated_days())
    except PrematureNotice:
        # The term moved after the notice, for example because a suspension ended later than it seemed.
        return _deadline(
            "default",
            "Ingebrekestelling",
            "art. 4:17, derde lid, Awb",
            notice.on,
            f"De ingebrekestelling van {format_date(notice.on)} kwam voordat de NZa te laat was en heeft geen gevolg"
            " (art. 4:17, derde lid, Awb).",
            whose="nza",
        )
    last = format_date(given.end)
    return _deadline(
        "default",
        "Ingebrekestelling",
        "art. 4:17 Awb",
        given.end,
        f"{given.sentence} Beslist de NZa niet uiterlijk op {last}, dan is zij vanaf de dag daarna een dwangsom verschuldigd,"
        " ten hoogste 42 dagen (art. 4:17 Awb).",
        whose="nza",
    )


def _of_term(code: str, term: Term, *, whose: Whose = "provider", before: str = "") -> Deadline:
    sentence = f"{before} {term.sentence}".strip()
    name = f"{term.name} (staat stil)" if term.stands_still else term.name
    found = _deadline(code, name, term.ends_by or term.articles[0], term.end, sentence, whose=whose)
    return replace(found, stands_still=term.stands_still, starts=term.starts)


def _deadline(code: str, name: str, article: str, on: date, sentence: str, *, whose: Whose = "provider") -> Deadline:
    today = amsterdam_day(timezone.now())
    return Deadline(code=code, name=name, article=article, on=on, is_over=today > on, sentence=sentence, whose=whose)


def in_words(deadline: Deadline) -> str:
    """Return a deadline as a page says it: ``uiterlijk 4 januari 2027 (art. 6:7 Awb)``."""
    article = f" ({deadline.article})" if deadline.article else ""
    if deadline.stands_still and deadline.starts is not None and deadline.starts > amsterdam_day(timezone.now()):
        return f"later: de termijn begint op {format_date(deadline.starts)} en staat vanaf die dag stil{article}"
    if deadline.stands_still:
        return f"later: de termijn staat nu stil{article}"
    return f"uiterlijk {format_date(deadline.on)}{article}"
