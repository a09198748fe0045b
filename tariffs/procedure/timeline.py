"""Everything that happened in the case of one provider in a round, in all three channels, oldest first; and what it consists of.

A provider reads its own side: what is prepared or drawn up, and advice that was not decided on yet, is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal

from django.db.models import Q

from providers.access import Actor
from providers.formatting import AMSTERDAM, format_datetime
from providers.models import Provider, Role, Round, User
from tariffs.models import (
    CaseFile,
    Decision,
    Ground,
    Hearing,
    InterpretationResponse,
    Letter,
    MirrorReport,
    Objection,
    ObjectionStatus,
    Standing,
    StatementOfViews,
    TermEvent,
)
from tariffs.procedure.views import WAIVED

Direction = Literal["in", "out", ""]
NZA = "de NZa"
ENDED = (ObjectionStatus.DECIDED, ObjectionStatus.APPEALED)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened: from whom, what, and in which channel. ``direction``: to the NZa, from it, or neither."""

    at: datetime
    who: str
    what: str
    text: str = ""
    channel: str = ""
    direction: Direction = ""
    letter: Letter | None = None
    files: tuple[CaseFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseOf:
    """All of one case, as far as somebody may see it."""

    provider: Provider
    round: Round
    is_internal: bool
    """Whether it is seen by the NZa: with what is still being prepared."""
    reports: tuple[MirrorReport, ...]
    responses: tuple[InterpretationResponse, ...]
    decisions: tuple[Decision, ...]
    views: tuple[StatementOfViews, ...]
    objections: tuple[Objection, ...]
    letters: tuple[Letter, ...]
    standings: tuple[Standing, ...]
    files: tuple[CaseFile, ...] = field(default=())

    @property
    def decision(self) -> Decision | None:
        """Return the decision that is under way or holds: the newest that was not withdrawn and is not replaced."""
        return next((item for item in self.decisions if item.status not in ("withdrawn", "replaced")), None)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to see yet."""
        return not (self.decisions or self.views or self.objections or self.letters)


def case_of(*, provider: Provider, round: Round, actor: Actor) -> CaseOf:
    """Look a case up. The number of queries does not depend on how much happened."""
    mine = Q(provider=provider)
    return CaseOf(
        provider=provider,
        round=round,
        is_internal=actor.role == Role.NZA,
        reports=tuple(
            MirrorReport.objects.visible_to(actor)
            .filter(mine, release__round=round, release__stage="released")
            .select_related("release")
            .defer("content")
            .order_by("version")
        ),
        responses=tuple(
            InterpretationResponse.objects.visible_to(actor)
            .filter(mine, report__release__round=round)
            .select_related("submitted_by", "answered_by", "report")
            .defer("report__content")
            .prefetch_related("messages__by")
            .order_by("pk")
        ),
        decisions=tuple(
            Decision.objects.visible_to(actor)
            .filter(mine, round=round)
            .select_related(
                "report__release", "prepared_by", "drafted_by", "decided_by", "replaces", "round", "provider"
            )
            .defer("report__content")
            .order_by("-pk")
        ),
        views=tuple(
            StatementOfViews.objects.visible_to(actor)
            .filter(mine, decision__round=round)
            .select_related("received_by", "reaction_by", "decision")
        ),
        objections=tuple(
            Objection.objects.visible_to(actor)
            .filter(mine, decision__round=round)
            .select_related(
                "received_by",
                "decision__round",
                "decision__provider",
                "group",
                "provider",
                "drafted_by",
                "decided_by",
                "assigned_to",
            )
            .prefetch_related("events__by", "hearings", "grounds")
            .order_by("pk")
        ),
        letters=tuple(
            Letter.objects.visible_to(actor).filter(mine, round=round).select_related("sent_by").order_by("pk")
        ),
        standings=tuple(Standing.objects.visible_to(actor).filter(mine, round=round).order_by("since", "pk")),
        files=tuple(
            CaseFile.objects.visible_to(actor)
            .filter(mine)
            .filter(
                Q(response__report__release__round=round)
                | Q(views__decision__round=round)
                | Q(objection__decision__round=round)
            )
            .select_related("received_from")
            .defer("content")
            .order_by("pk")
        ),
    )


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


def shows_outcome(case: CaseOf, objection: Objection) -> bool:
    """Tell whether the outcome, verdicts and advice of an objection may be seen: by the provider once it was decided."""
    return case.is_internal or objection.status in ENDED


def _name(user: User | None) -> str:
    return user.name if user is not None else NZA


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=AMSTERDAM)


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
        )
        if views.reaction_at is not None and (case.is_internal or views.decision.sent_on is not None):
            yield Event(
                at=views.reaction_at,
                who=_name(views.reaction_by) if case.is_internal else NZA,
                what="Reactie op de zienswijze",
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
            files=_files_with(case, objection=objection.pk),
        )
        for ground in objection.grounds.all():
            yield _ground(ground)
        for event in objection.events.all():
            yield _term_event(event)
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
                at=max(
                    _start_of(objection.advised_on),
                    objection.received_at,
                    *(item.reported_at for item in objection.hearings.all() if item.reported_at is not None),
                ),
                who="de adviescommissie",
                what="Advies over het bezwaar",
                text=objection.advice,
                channel="Bezwaar",
                direction="in",
            )


def _ground(ground: Ground) -> Event:
    return Event(
        at=ground.brought_at,
        who="de bezwaarmaker",
        what=f"Grond {ground.number}",
        text=ground.text,
        channel="Bezwaar",
        direction="in",
    )


def _term_event(event: TermEvent) -> Event:
    weeks = f", {event.weeks} {'week' if event.weeks == 1 else 'weken'}" if event.weeks else ""
    return Event(
        at=max(event.at, _start_of(event.on)) if event.at.date() == event.on else _start_of(event.on),
        who=event.by.name,
        what=f"{event.get_kind_display()}{weeks}",
        text=event.reason,
        channel="Bezwaar",
        direction="in" if event.kind in ("remedied", "default_notice") else "out",
    )


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
    channels = {"letter_answer": "Duiding", "letter_intended": "Zienswijze", "letter_decision": "Besluit"}
    for letter in case.letters:
        yield Event(
            at=letter.sent_at,
            who=_name(letter.sent_by),
            what=f"Brief: {letter.get_kind_display().lower()} ({letter.reference})",
            channel=channels.get(letter.kind, "Bezwaar"),
            direction="out",
            letter=letter,
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
