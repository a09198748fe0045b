"""Figures that a granted objection rests on: they come into the data, so that what somebody won is in every next comparison.

Where a new national run settles objections they come in before, for that run has to hold them. Where one provider is computed
alone they come in after, as the decision has them. Until then that decision gives way to no outcomes
(:mod:`tariffs.procedure.renewals`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from providers import drafts, powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Draft, Round, Submission, SubmissionVersion
from providers.refusal import Refused
from tariffs.models import Consequence, Decision, Objection, ObjectionStatus, Verdict
from tariffs.procedure import carrying, corrected_figures, figures, replacing, rulings
from tariffs.procedure.handling import lock

SUCCEEDS = (Verdict.FOUNDED, Verdict.PARTLY)


def comes_before(objection: Objection) -> bool:
    """Tell whether figures come into the data before the decision: a ground succeeds, and a new national run settles it."""
    return (
        objection.status in (ObjectionStatus.HEARD, ObjectionStatus.ADVISED)
        and Consequence.NEW_RUN in replacing.allowed(objection.decision.round)
        and any(item.verdict in SUCCEEDS for item in rulings.grounds_of(objection))
    )


def to_bring(objection: Objection) -> dict[str, Decimal]:
    """Return the figures that an objection was granted on, if the data do not hold them and nobody has them to sign."""
    if objection.status != ObjectionStatus.DECIDED or objection.new_decision is None:
        return {}
    found = figures.changed(objection.new_decision.figures)
    submission = _submission_of(objection.decision)
    if not found or submission is None or carrying.holds(submission, found) or carrying.awaits(submission, found):
        return {}
    return found


def bring_in(
    *, objection: Objection, changes: Mapping[str, Decimal] | None = None, until: datetime | None = None, actor: Actor
) -> Draft | SubmissionVersion:
    """Bring figures of an objection into the data of the provider; what comes of it, see :func:`carrying.carry`.

    ``changes``: before a new national run, the figures that become other ones. After the decision they are those it rests on.
    Raises :class:`~providers.refusal.Refused`.
    """
    powers.require_staff(actor)
    with transaction.atomic():
        Round.objects.select_for_update(no_key=True).get(pk=objection.decision.round_id)
        locked = lock(objection, actor)
        found = _found(locked, changes)
        submission = _submission_of(locked.decision)
        if submission is None:
            raise Refused("Deze zorgaanbieder leverde in deze ronde niets aan. Er valt niets te verbeteren.")
        submission = drafts.lock(submission, actor)
        if carrying.holds(submission, found):
            raise Refused("Deze getallen staan al in de gegevens. Kijk na wat u invulde.")
        if carrying.awaits(submission, found):
            raise Refused("Deze getallen staan al klaar bij de aanbieder. Ze tellen mee zodra het bestuur ondertekent.")
        made = carrying.carry(submission=submission, settled=_settled(locked, found, actor), until=until, actor=actor)
        record(
            act=Act.CORRECTION_CARRIED_OVER,
            actor=actor,
            subject=str(locked),
            details={"objection": locked.reference, "measures": sorted(found)},
        )
    return made


def _found(objection: Objection, changes: Mapping[str, Decimal] | None) -> dict[str, Decimal]:
    if objection.status == ObjectionStatus.DECIDED:
        if found := to_bring(objection):
            return found
        raise Refused("Er staan geen toegekende getallen open: ze staan al in de gegevens, of er zijn er geen.")
    if not comes_before(objection):
        raise Refused(
            "Getallen komen vóór de beslissing alleen in de gegevens als een grond slaagt en het beleid zegt dat een gegrond"
            " bezwaar tot een nieuwe landelijke berekening leidt (art. 7:11, tweede lid, Awb)."
        )
    if not changes:
        raise Refused("Vul in welke gegevens van de aanbieder anders worden (art. 7:11 Awb).")
    submission = _submission_of(objection.decision)
    version = None if submission is None else corrected_figures.newest_version(submission)
    if submission is not None and version is not None:
        corrected_figures.require_sound(submission=submission, version=version, changes=changes)
    return dict(changes)


def _submission_of(decision: Decision) -> Submission | None:
    found = Submission.objects.filter(round=decision.round_id, provider=decision.provider_id)
    return found.select_related("round", "provider").first()


def _settled(objection: Objection, changes: Mapping[str, Decimal], actor: Actor) -> carrying.Settled:
    """Return figures with where they come from; who of the NZa brings them in does not sign, the board of the provider does."""
    why = f"Wij hebben gegevens verbeterd na uw bezwaar {objection.reference} (art. 7:11 Awb)."
    return carrying.Settled(
        changes=changes,
        asked_by=actor.user,
        words=dict.fromkeys(changes, why),
        why=why,
        origin={
            "objection": {
                "uuid": str(objection.uuid),
                "reference": objection.reference,
                "against": objection.decision.reference,
                "decided_on": objection.decided_on.isoformat() if objection.decided_on else None,
                "decided_by": objection.decided_by.name if objection.decided_by else "",
            }
        },
    )
