"""Corrections of delivered figures: what was accepted, and when that comes into the data (:mod:`tariffs.procedure.carrying`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from providers import drafts, powers
from providers.access import Actor
from providers.audit import record
from providers.models import (
    Act,
    Draft,
    Round,
    Statement,
    Submission,
    SubmissionVersion,
)
from providers.refusal import Refused
from tariffs.models import InterpretationResponse, ResponseOutcome, Settlement
from tariffs.policies import current_policy
from tariffs.procedure import carrying
from tariffs.procedure.corrected_figures import as_figures
from tariffs.procedure.responses import facts_of, subject_of

ACCEPTED: Final = (ResponseOutcome.ACCEPTED, ResponseOutcome.PARTLY)
NEXT_YEAR: Final = (
    "Volgens het beleid van deze ronde tellen verbeterde gegevens mee in de vergelijking van het volgende jaar. De uitkomst van"
    " deze ronde verandert er niet door."
)


# ── what was accepted ──────────────────────────────────────────────────────────────────────────────────────────────


def accepted_in(round: Round) -> list[InterpretationResponse]:
    """Return every correction that was accepted in a round, in the order in which that was done."""
    return list(
        InterpretationResponse.objects.filter(report__release__round=round, outcome__in=ACCEPTED)
        .exclude(accepted_changes={})
        .select_related("provider", "version", "carried_into__submission")
        .order_by("answered_at", "pk")
    )


def waiting(round: Round, provider_id: int | None = None) -> list[InterpretationResponse]:
    """Return the accepted corrections that are not carried over yet, of everybody or of one provider."""
    return [
        item
        for item in accepted_in(round)
        if item.carried_into_id is None
        and item.version_id is None
        and (provider_id is None or item.provider_id == provider_id)
    ]


def version_of(response: InterpretationResponse) -> SubmissionVersion | None:
    """Return the delivered version that holds an accepted correction; ``None`` as long as nobody signed it."""
    return versions_of([response]).get(response.pk)


def versions_of(responses: Collection[InterpretationResponse]) -> dict[int, SubmissionVersion]:
    """Return the delivered versions that hold accepted corrections, by key of the response; one that nobody signed has none.

    In one query beside what was read with the responses, however many there are.
    """
    carried = [(item.pk, item.carried_into) for item in responses if item.version is None and item.carried_into]
    signed = Statement.objects.filter(draft__submission__in={draft.submission_id for _, draft in carried})
    by_number = list(signed.select_related("draft", "version").order_by("version__number")) if carried else []
    found = {item.pk: item.version for item in responses if item.version is not None}
    for pk, draft in carried:
        later = (
            each.version
            for each in by_number
            if each.draft.submission_id == draft.submission_id and each.draft.number >= draft.number
        )
        if (first := next(later, None)) is not None:
            found[pk] = first
    return found


def holds_correction(version: SubmissionVersion) -> bool:
    """Tell whether a delivered version is the first to hold a correction that was accepted."""
    submission = version.submission
    own = [item for item in accepted_in(submission.round) if item.provider_id == submission.provider_id]
    return version in versions_of(own).values()


# ── carrying over ──────────────────────────────────────────────────────────────────────────────────────────────────


def carry_over(
    *, response: InterpretationResponse, actor: Actor, until: datetime | None = None
) -> list[InterpretationResponse]:
    """Bring all accepted corrections of the same provider that wait into the data, and return them.

    In a round that is delivered here ``until`` is the last moment for the board to sign; the new state is offered to it if the
    checks allow. Done twice, nothing happens twice. Raises :class:`~providers.refusal.Refused` if the policy settles corrections
    next year.
    """
    powers.require_staff(actor)
    with transaction.atomic():
        round = Round.objects.select_for_update(no_key=True).get(pk=response.report.release.round_id)
        if current_policy(round).corrections_settled == Settlement.NEXT_YEAR:
            raise Refused(NEXT_YEAR)
        submission = drafts.lock(Submission.objects.get(round=round, provider=response.provider_id), actor)
        found = waiting(round, response.provider_id)
        response.refresh_from_db()
        if response.outcome not in ACCEPTED or not response.accepted_changes:
            raise Refused("Alleen een correctie die is overgenomen kan in de gegevens komen.")
        if response not in found:
            return []
        made = carrying.carry(submission=submission, settled=_settled(found), until=until, actor=actor)
        for item in found:
            if isinstance(made, Draft):
                item.carried_into = made
            else:
                item.version = made
            item.save(update_fields=["carried_into", "version"])
            record(act=Act.CORRECTION_CARRIED_OVER, actor=actor, subject=subject_of(item), details=facts_of(item))
    response.refresh_from_db()
    return found


def _settled(responses: Sequence[InterpretationResponse]) -> carrying.Settled:
    """Return what was accepted of one provider, with the words in which it was asked."""
    changes: dict[str, Decimal] = {}
    for item in responses:
        changes |= as_figures(item.accepted_changes)
    numbers = ", ".join(str(item.number) for item in responses)
    return carrying.Settled(
        changes=changes,
        asked_by=responses[-1].submitted_by,
        words={code: item.text for item in responses for code in item.accepted_changes},
        why=f"Wij hebben uw correctie overgenomen (reactie {numbers} in de duidingsperiode).",
        origin={
            "responses": [
                {
                    "uuid": str(item.uuid),
                    "asked_by": item.submitted_by.name,
                    "asked_at": item.submitted_at.isoformat(),
                    "asked": item.changes,
                    "accepted": item.accepted_changes,
                    "accepted_by": item.answered_by.name if item.answered_by else "",
                    "accepted_at": item.answered_at.isoformat() if item.answered_at else "",
                }
                for item in responses
            ]
        },
    )
