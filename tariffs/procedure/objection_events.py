"""What happened with the objections of a case: everything that came in, what moved its term, who was heard, what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby

from providers.formatting import format_datetime
from tariffs.models import (
    CaseFile,
    FileKind,
    Ground,
    Hearing,
    Letter,
    LetterKind,
    Objection,
    ObjectionOutcome,
    TermEvent,
    TermEventKind,
)
from tariffs.procedure.case import CaseOf, shows_outcome
from tariffs.procedure.deadlines import decision_term_of
from tariffs.procedure.event import NZA, Event, day_only, files_with, name, place_on, start_of
from tariffs.terms import amsterdam_day

#: Files of within so much time came with the objection itself.
WITH_IT = timedelta(minutes=1)
DAY = timedelta(days=1)
#: Asking for what is missing, and getting it, as long as the term to decide does not move by it (Awb 7:10(2)).
MENDING = {
    TermEventKind.REMEDY_ASKED: "Aanvulling gevraagd (art. 6:6 Awb)",
    TermEventKind.REMEDIED: "Aangevuld (art. 6:6 Awb)",
}


def of_objections(case: CaseOf) -> Iterator[Event]:
    """Return what happened with each objection, as far as it may be seen."""
    for objection in case.objections:
        yield Event(
            at=objection.received_at,
            who=objection.signed_by or objection.received_by.name,
            what=f"Bezwaar {objection.reference} ({objection.get_channel_display().lower()})"
            + (", pro forma" if objection.is_pro_forma else ""),
            channel="Bezwaar",
            direction="in",
            files=tuple(item for item in files_with(case, objection=objection.pk) if came_with(item, objection)),
            day=day_only(objection.received_at, objection.channel),
        )
        yield from _supplements(case, objection)
        for ground in objection.grounds.all():
            yield _ground(ground, _who_brought(case, objection, ground.brought_at))
        yield from _treatment(objection)
        if shows_outcome(case, objection):
            yield from _verdicts(case, objection)
        brought = _brought(case, objection)
        for event in objection.events.all():
            yield _term_event(event, objection, brought)
        for hearing in objection.hearings.all():
            yield from _hearing(case, objection, hearing)
        if objection.excused_reason and case.is_internal:
            yield Event(
                at=objection.received_at,
                who=NZA,
                what=f"Te laat: {'verschoonbaar' if objection.is_excused else 'niet verschoonbaar'}",
                text=objection.excused_reason,
                channel="Bezwaar",
            )
        if objection.advised_on is not None and shows_outcome(case, objection):
            yield Event(
                at=max(place_on(objection.advised_on, [*brought, *_heard(objection)]), objection.received_at),
                who="de adviescommissie",
                what="Advies over het bezwaar",
                text=objection.advice,
                channel="Bezwaar",
                direction="in",
                day=objection.advised_on,
            )
        if objection.deviation and shows_outcome(case, objection) and objection.decided_on is not None:
            yield _deviation(case, objection, objection.decided_on)


def _deviation(case: CaseOf, objection: Objection, decided_on: date) -> Event:
    """Return why advice was not followed: at the moment of the ruling that says so."""
    ruling = _ruling(case, objection)
    return Event(
        at=ruling.sent_at if ruling is not None else start_of(decided_on + DAY) - WITH_IT,
        who=NZA,
        what="Waarom de NZa van het advies afwijkt (art. 7:13, zevende lid, Awb)",
        text=objection.deviation,
        channel="Bezwaar",
        direction="out",
        day=None if ruling is not None else decided_on,
    )


def _ruling(case: CaseOf, objection: Objection) -> Letter | None:
    """Return the letter with the decision on an objection."""
    found = (letter for letter in case.letters if letter.objection_id == objection.pk)
    return next((letter for letter in found if letter.kind == LetterKind.OBJECTION_DECISION), None)


def _treatment(objection: Objection) -> Iterator[Event]:
    """Return that an objection was taken into treatment, and that it is treated with others."""
    if objection.admitted_at is not None:
        yield Event(at=objection.admitted_at, who=NZA, what="In behandeling genomen", channel="Bezwaar")
    if objection.group is not None:
        yield Event(
            at=max(objection.group.made_at, objection.received_at),
            who=objection.group.made_by.name,
            what=f"Samen behandeld met andere bezwaren: {objection.group.name}",
            channel="Bezwaar",
        )


def _verdicts(case: CaseOf, objection: Objection) -> Iterator[Event]:
    """Return what was decided on each ground, own or shared, at the moment of the ruling that says so."""
    ruling = _ruling(case, objection)
    if ruling is None or objection.outcome == ObjectionOutcome.INADMISSIBLE:
        return
    shared = objection.group.grounds.all() if objection.group is not None else ()
    # An own ground in the words of a shared one was answered there.
    for ground in (each for each in (*shared, *objection.grounds.all()) if each.verdict):
        yield Event(
            at=ruling.sent_at,
            who=name(ruling.sent_by),
            what=f"{'Gedeelde grond' if ground.group_id else 'Grond'} {ground.number}:"
            f" {ground.get_verdict_display().lower()}",
            text=ground.reasons,
            channel="Bezwaar",
            direction="out",
        )


def _who_brought(case: CaseOf, objection: Objection, moment: datetime) -> str:
    """Return who brought something forward: who signed the objection, or who sent or wrote down what was added at a moment."""
    if moment <= objection.received_at + WITH_IT:
        return objection.signed_by or objection.received_by.name
    files = files_with(case, objection=objection.pk)
    senders = [item.received_from.name for item in files if item.received_at == moment]
    mended = [event for event in objection.events.all() if event.kind == TermEventKind.REMEDIED]
    senders += [event.by.name for event in mended if moment <= event.at <= moment + WITH_IT]
    return senders[0] if senders else "de bezwaarmaker"


def _brought(case: CaseOf, objection: Objection) -> list[datetime]:
    """Return the moments at which anything came in with an objection, and at which more was asked."""
    return [
        objection.received_at,
        *(item.received_at for item in files_with(case, objection=objection.pk)),
        *(ground.brought_at for ground in objection.grounds.all()),
        *(item.at for item in objection.events.all() if amsterdam_day(item.at) == item.on),
    ]


def _heard(objection: Objection) -> Iterator[datetime]:
    """Return the moments of hearings, or of the waiver, and of what was written down of them."""
    for item in objection.hearings.all():
        yield from (moment for moment in (item.invited_at, item.at, item.reported_at) if moment is not None)


def came_with(file: CaseFile, objection: Objection) -> bool:
    """Tell whether a file came with an objection itself, and was not added later."""
    return file.received_at <= objection.received_at + WITH_IT


def _supplements(case: CaseOf, objection: Objection) -> Iterator[Event]:
    """Return the files that were added later, each moment once."""
    later = [item for item in files_with(case, objection=objection.pk) if not came_with(item, objection)]
    for moment, found in groupby(sorted(later, key=_moment), key=_moment):
        files = tuple(found)
        is_mandate = all(item.kind == FileKind.MANDATE for item in files)
        yield Event(
            at=moment,
            who=files[0].received_from.name,
            what=f"{'Machtiging' if is_mandate else 'Stukken'} bij bezwaar {objection.reference}",
            channel="Bezwaar",
            direction="in",
            files=files,
            day=day_only(moment),
        )


def _moment(file: CaseFile) -> datetime:
    return file.received_at


def _ground(ground: Ground, who: str) -> Event:
    return Event(
        at=ground.brought_at,
        who=who,
        what=f"Grond {ground.number}",
        text=ground.text,
        channel="Bezwaar",
        direction="in",
        day=day_only(ground.brought_at),
    )


def _term_event(event: TermEvent, objection: Objection, brought: Iterable[datetime]) -> Event:
    weeks = f", {event.weeks} {'week' if event.weeks == 1 else 'weken'}" if event.weeks else ""
    has_hour = amsterdam_day(event.at) == event.on
    name = str(event.get_kind_display())
    if event.kind in MENDING and not _moves_term(objection):
        name = MENDING[TermEventKind(event.kind)]
    return Event(
        at=event.at if has_hour else place_on(event.on, brought),
        who=event.by.name,
        what=f"{name}{weeks}",
        text=event.reason,
        channel="Bezwaar",
        direction="in" if event.kind in ("remedied", "default_notice") else "out",
        day=None if has_hour else event.on,
    )


def _moves_term(objection: Objection) -> bool:
    """Tell whether asking for more moved the term to decide (Awb 7:10(2)); before that term began it did not."""
    found = list(objection.events.all())
    try:
        others = [event for event in found if event.kind not in MENDING]
        return decision_term_of(objection, events=others).end != decision_term_of(objection).end
    except ValueError:
        # Without it something else would have come after the end: so it did.
        return True


def _hearing(case: CaseOf, objection: Objection, hearing: Hearing) -> Iterator[Event]:
    if hearing.at is None:
        yield Event(
            at=hearing.invited_at,
            who=hearing.invited_by.name,
            what="Geen hoorzitting (art. 7:3 Awb)",
            text=hearing.waived_because,
            channel="Bezwaar",
        )
        return
    told = _told_cancelled(case, objection, hearing)
    why = hearing.cancelled_because
    yield Event(
        at=hearing.invited_at,
        who=hearing.invited_by.name,
        what=f"Uitgenodigd voor de hoorzitting van {format_datetime(hearing.at)}",
        # Who withdrew got no letter that says when.
        text=hearing.place + (f"\nAfgezegd: {why}" if why and told is None else ""),
        channel="Bezwaar",
        direction="out",
    )
    if told is not None:
        yield Event(
            at=told.sent_at,
            who=name(told.sent_by),
            what=f"Hoorzitting van {format_datetime(hearing.at)} afgezegd",
            text=why,
            channel="Bezwaar",
            direction="out",
        )
    if hearing.reported_at is not None:
        yield Event(
            at=hearing.reported_at,
            who=name(hearing.reported_by),
            what="Verslag van de hoorzitting (art. 7:7 Awb)",
            text=hearing.report,
            channel="Bezwaar",
            direction="out",
        )


def _told_cancelled(case: CaseOf, objection: Objection, hearing: Hearing) -> Letter | None:
    """Return the letter that a hearing does not take place: the first after its invitation. ``None`` if there is none."""
    if not hearing.cancelled_because:
        return None
    found = (
        letter
        for letter in case.letters
        if letter.objection_id == objection.pk and letter.kind == LetterKind.HEARING_CANCELLED
    )
    return next((letter for letter in found if letter.sent_at >= hearing.invited_at), None)
