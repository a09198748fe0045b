"""Everything that happened in the case of one provider in a round, in all three channels, oldest first.

A provider reads its own side: what is prepared or drawn up, and advice that was not decided on yet, is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Literal

from providers.formatting import AMSTERDAM, format_date, format_datetime
from providers.models import User
from tariffs.models import (
    CaseFile,
    Channel,
    Ground,
    Hearing,
    Letter,
    LetterKind,
    Objection,
    TermEvent,
    TermEventKind,
)
from tariffs.procedure.case import CaseOf, shows_outcome
from tariffs.procedure.deadlines import decision_term_of
from tariffs.procedure.views import WAIVED
from tariffs.terms import amsterdam_day

Direction = Literal["in", "out", ""]
NZA = "de NZa"
#: Files of within so much time came with the objection itself.
WITH_IT = timedelta(minutes=1)
DAY = timedelta(days=1)
#: Asking for what is missing, and getting it, as long as the term to decide does not move by it (Awb 7:10(2)).
MENDING = {
    TermEventKind.REMEDY_ASKED: "Aanvulling gevraagd (art. 6:6 Awb)",
    TermEventKind.REMEDIED: "Aangevuld (art. 6:6 Awb)",
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened: from whom, what, and in which channel. ``direction``: to the NZa, from it, or neither.

    ``day``: the day of something of which nobody wrote down an hour; then ``at`` is only its place in the order.
    """

    at: datetime
    who: str
    what: str
    text: str = ""
    channel: str = ""
    direction: Direction = ""
    letter: Letter | None = None
    files: tuple[CaseFile, ...] = ()
    day: date | None = None

    @property
    def when(self) -> str:
        """Return the moment in words; without an hour if only the day is known."""
        return format_datetime(self.at) if self.day is None else format_date(self.day)


def events(case: CaseOf) -> list[Event]:
    """Return everything that happened, oldest first."""
    found = [
        *_reports(case),
        *_responses(case),
        *_decisions(case),
        *_views(case),
        *_objections(case),
        *_letters(case),
        *_standings(case),
    ]
    return sorted(found, key=lambda event: event.at)


def _name(user: User | None) -> str:
    return user.name if user is not None else NZA


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=AMSTERDAM)


def _day_only(moment: datetime, channel: str = "") -> date | None:
    """Return the day of what came in outside the portal with the hour left empty: that is kept as the beginning of the day."""
    local = moment.astimezone(AMSTERDAM)
    return local.date() if channel != Channel.PORTAL and local.time() == time.min else None


def _place_on(day: date, moments: Iterable[datetime]) -> datetime:
    """Return where something of a day stands in its order: after those of ``moments`` that are of that day."""
    return max([_start_of(day), *(moment for moment in moments if amsterdam_day(moment) == day)])


def _files_with(case: CaseOf, **of: int) -> tuple[CaseFile, ...]:
    ((name, pk),) = of.items()
    return tuple(item for item in case.files if getattr(item, f"{name}_id") == pk)


def _reports(case: CaseOf) -> Iterator[Event]:
    for report in case.reports:
        if report.release.released_at is not None:
            yield Event(
                at=report.release.released_at,
                who=NZA,
                what=f"Spiegel, versie {report.version}: {report.release.get_status_display().lower()}",
                text=report.release.note,
                channel="Duiding",
                direction="out",
            )


def _responses(case: CaseOf) -> Iterator[Event]:
    for response in case.responses:
        about = response.get_item_display()
        yield Event(
            at=response.submitted_at,
            who=response.submitted_by.name,
            what=f"Reactie {response.number} ({response.get_kind_display().lower()}): {about}",
            text=response.text,
            channel="Duiding",
            direction="in",
            files=_files_with(case, response=response.pk),
        )
        for message in response.messages.all():
            yield Event(
                at=message.at,
                who=message.by.name,
                what=f"{'Vraag om aanvulling' if message.is_from_nza else 'Aanvulling'} bij reactie {response.number}",
                text=message.text,
                channel="Duiding",
                direction="out" if message.is_from_nza else "in",
            )
        if response.answered_at is not None:
            yield Event(
                at=response.answered_at,
                who=_name(response.answered_by),
                what=f"Antwoord op reactie {response.number}: {response.get_outcome_display().lower()}",
                text=response.answer,
                channel="Duiding",
                direction="out",
            )


def _decisions(case: CaseOf) -> Iterator[Event]:
    for decision in case.decisions:
        if case.is_internal:
            yield Event(
                at=decision.prepared_at,
                who=_name(decision.prepared_by),
                what=f"Besluit {decision.reference} voorbereid",
                channel="Besluit",
            )
            if decision.drafted_at is not None:
                yield Event(
                    at=decision.drafted_at,
                    who=_name(decision.drafted_by),
                    what=f"Besluit {decision.reference} opgesteld",
                    text=decision.reasons,
                    channel="Besluit",
                )


def _views(case: CaseOf) -> Iterator[Event]:
    for views in case.views:
        yield Event(
            at=views.received_at,
            who=views.received_by.name,
            what="Geen zienswijze" if views.text == WAIVED else f"Zienswijze ({views.get_channel_display().lower()})",
            text="" if views.text == WAIVED else views.text,
            channel="Zienswijze",
            direction="in",
            files=_files_with(case, views=views.pk),
            day=_day_only(views.received_at, views.channel),
        )
        if views.reaction_at is not None and (case.is_internal or views.decision.sent_on is not None):
            yield Event(
                at=views.reaction_at,
                who=_name(views.reaction_by) if case.is_internal else NZA,
                what="Overweging van de NZa bij de zienswijze",
                text=views.reaction,
                channel="Zienswijze",
                direction="out",
            )


def _objections(case: CaseOf) -> Iterator[Event]:
    for objection in case.objections:
        yield Event(
            at=objection.received_at,
            who=objection.signed_by or objection.received_by.name,
            what=f"Bezwaar {objection.reference} ({objection.get_channel_display().lower()})"
            + (", pro forma" if objection.is_pro_forma else ""),
            channel="Bezwaar",
            direction="in",
            files=tuple(item for item in _files_with(case, objection=objection.pk) if came_with(item, objection)),
            day=_day_only(objection.received_at, objection.channel),
        )
        yield from _supplements(case, objection)
        for ground in objection.grounds.all():
            yield _ground(ground)
        brought = _brought(case, objection)
        for event in objection.events.all():
            yield _term_event(event, objection, brought)
        for hearing in objection.hearings.all():
            yield from _hearing(hearing)
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
                at=max(_place_on(objection.advised_on, [*brought, *_heard(objection)]), objection.received_at),
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
    ruling = next(
        (
            letter
            for letter in case.letters
            if letter.objection_id == objection.pk and letter.kind == LetterKind.OBJECTION_DECISION
        ),
        None,
    )
    return Event(
        at=ruling.sent_at if ruling is not None else _start_of(decided_on + DAY) - WITH_IT,
        who=NZA,
        what="Waarom de NZa van het advies afwijkt (art. 7:13, zevende lid, Awb)",
        text=objection.deviation,
        channel="Bezwaar",
        direction="out",
        day=None if ruling is not None else decided_on,
    )


def _brought(case: CaseOf, objection: Objection) -> list[datetime]:
    """Return the moments at which anything came in with an objection, and at which more was asked."""
    return [
        objection.received_at,
        *(item.received_at for item in _files_with(case, objection=objection.pk)),
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
    later = [item for item in _files_with(case, objection=objection.pk) if not came_with(item, objection)]
    for moment, found in groupby(sorted(later, key=_moment), key=_moment):
        yield Event(
            at=moment,
            who="de bezwaarmaker",
            what=f"Stukken bij bezwaar {objection.reference}",
            channel="Bezwaar",
            direction="in",
            files=tuple(found),
            day=_day_only(moment),
        )


def _moment(file: CaseFile) -> datetime:
    return file.received_at


def _ground(ground: Ground) -> Event:
    return Event(
        at=ground.brought_at,
        who="de bezwaarmaker",
        what=f"Grond {ground.number}",
        text=ground.text,
        channel="Bezwaar",
        direction="in",
        day=_day_only(ground.brought_at),
    )


def _term_event(event: TermEvent, objection: Objection, brought: Iterable[datetime]) -> Event:
    weeks = f", {event.weeks} {'week' if event.weeks == 1 else 'weken'}" if event.weeks else ""
    has_hour = amsterdam_day(event.at) == event.on
    name = str(event.get_kind_display())
    if event.kind in MENDING and not _moves_term(objection):
        name = MENDING[TermEventKind(event.kind)]
    return Event(
        at=event.at if has_hour else _place_on(event.on, brought),
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


def _hearing(hearing: Hearing) -> Iterator[Event]:
    if hearing.at is None:
        yield Event(
            at=hearing.invited_at,
            who=NZA,
            what="Geen hoorzitting (art. 7:3 Awb)",
            text=hearing.waived_because,
            channel="Bezwaar",
        )
        return
    yield Event(
        at=hearing.invited_at,
        who=NZA,
        what=f"Uitgenodigd voor de hoorzitting van {format_datetime(hearing.at)}",
        text=hearing.place + (f"\nAfgezegd: {hearing.cancelled_because}" if hearing.cancelled_because else ""),
        channel="Bezwaar",
        direction="out",
    )
    if hearing.reported_at is not None:
        yield Event(
            at=hearing.reported_at,
            who=NZA,
            what="Verslag van de hoorzitting (art. 7:7 Awb)",
            text=hearing.report,
            channel="Bezwaar",
            direction="out",
        )


def _letters(case: CaseOf) -> Iterator[Event]:
    channels = {"letter_answer": "Duiding", "letter_intended": "Voornemen", "letter_decision": "Besluit"}
    for letter in case.letters:
        yield Event(
            at=letter.sent_at,
            who=_name(letter.sent_by),
            what=f"Brief: {letter.get_kind_display().lower()} ({letter.reference})",
            channel=channels.get(letter.kind, "Bezwaar"),
            direction="out",
            letter=letter,
        )
        if hasattr(letter, "posting"):
            yield Event(
                at=max(letter.sent_at, _start_of(letter.posting.posted_on)),
                who=NZA,
                what=f"Op de post gedaan: {letter.get_kind_display().lower()} ({letter.reference})",
                channel=channels.get(letter.kind, "Bezwaar"),
                direction="out",
                day=letter.posting.posted_on,
            )


def _standings(case: CaseOf) -> Iterator[Event]:
    for standing in case.standings:
        if standing.occasion in ("objection", "objection_ended"):
            yield Event(
                at=standing.since,
                who="het portaal",
                what=f"Status van uw bandbreedte: {standing.get_status_display().lower()}"
                if not case.is_internal
                else f"Status van de bandbreedte: {standing.get_status_display().lower()}",
                text=standing.get_occasion_display(),
                channel="Bezwaar",
            )
