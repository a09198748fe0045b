"""Everything that happened in the case of one provider in a round, in all three channels, oldest first.

A provider reads its own side: what is prepared or drawn up, and advice that was not decided on yet, is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from providers.measures import CATALOGUE
from tariffs.models import Decision
from tariffs.procedure import granted
from tariffs.procedure.case import CaseOf
from tariffs.procedure.event import NZA, Event, day_only, files_with, name, start_of
from tariffs.procedure.objection_events import of_objections
from tariffs.procedure.views import WAIVED


def events(case: CaseOf) -> list[Event]:
    """Return everything that happened, oldest first."""
    found = [
        *_reports(case),
        *_responses(case),
        *_decisions(case),
        *_views(case),
        *of_objections(case),
        *_figures(case),
        *_letters(case),
        *_standings(case),
    ]
    return sorted(found, key=lambda event: event.at)


def _figures(case: CaseOf) -> Iterator[Event]:
    """Return that figures came into the data for an objection."""
    if not case.objections:
        return
    for version, document in granted.brought_in(case.round.pk, case.provider.pk):
        labels = [CATALOGUE[code].label if code in CATALOGUE else code for code in sorted(document["figures"])]
        yield Event(
            at=version.submitted_at,
            who=document["carried_over_by"],
            what=f"Gegevens overgenomen bij bezwaar {document['objection']['reference']}: versie {version.number}",
            text=f"{', '.join(labels)}.",
            channel="Bezwaar",
            direction="out",
        )


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
            files=files_with(case, response=response.pk),
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
                who=name(response.answered_by),
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
                who=name(decision.prepared_by),
                what=f"Besluit {decision.reference} voorbereid",
                channel="Besluit",
            )
            if decision.drafted_at is not None:
                yield Event(
                    at=decision.drafted_at,
                    who=name(decision.drafted_by),
                    what=f"Besluit {decision.reference} opgesteld",
                    text=decision.reasons,
                    channel="Besluit",
                )
            yield from _withdrawn(decision)


def _withdrawn(decision: Decision) -> Iterator[Event]:
    """Return that a decision was withdrawn before it was taken, and why: for the NZa, the provider has the letter."""
    if decision.withdrawn_at is not None:
        yield Event(
            at=decision.withdrawn_at,
            who=name(decision.withdrawn_by),
            what=f"Voornemen {decision.reference} ingetrokken",
            text=decision.withdrawn_reason,
            channel="Voornemen",
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
            files=files_with(case, views=views.pk),
            day=day_only(views.received_at, views.channel),
        )
        if views.reaction_at is not None and (case.is_internal or views.decision.sent_on is not None):
            yield Event(
                at=views.reaction_at,
                who=name(views.reaction_by) if case.is_internal else NZA,
                what="Overweging van de NZa bij de zienswijze",
                text=views.reaction,
                channel="Zienswijze",
                direction="out",
            )


def _letters(case: CaseOf) -> Iterator[Event]:
    channels = {
        "letter_answer": "Duiding",
        "letter_intended": "Voornemen",
        "letter_withdrawn": "Voornemen",
        "letter_decision": "Besluit",
    }
    for letter in case.letters:
        yield Event(
            at=letter.sent_at,
            who=name(letter.sent_by),
            what=f"Brief: {letter.get_kind_display().lower()} ({letter.reference})",
            channel=channels.get(letter.kind, "Bezwaar"),
            direction="out",
            letter=letter,
        )
        if hasattr(letter, "posting"):
            yield Event(
                at=max(letter.sent_at, start_of(letter.posting.posted_on)),
                who=name(letter.posting.by),
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
