"""Figures that a granted objection rests on: they come into the data, so that what somebody won is in every next comparison.

Where a new national run settles objections they come in before, for that run has to hold them. Where one provider is computed
alone they come in after, as the decision has them. Until then that decision gives way to no outcomes
(:mod:`tariffs.procedure.renewals`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from providers import drafts, powers
from providers.access import Actor
from providers.audit import record
from providers.measures import CATALOGUE
from providers.models import Act, Draft, Round, Submission, SubmissionVersion
from providers.refusal import Refused
from tariffs.models import (
    ENDED_BY_DECISION,
    Consequence,
    Decision,
    Ground,
    Objection,
    ObjectionOutcome,
    ObjectionStatus,
    Verdict,
)
from tariffs.procedure import carrying, corrected_figures, figures, replacing
from tariffs.procedure.handling import lock, tell
from tariffs.procedure.renewals import figures_came_in

SUCCEEDS = (Verdict.FOUNDED, Verdict.PARTLY)


def comes_before(objection: Objection) -> bool:
    """Tell whether figures come into the data before the decision: a ground succeeds, and a new national run settles it."""
    return (
        objection.status in (ObjectionStatus.HEARD, ObjectionStatus.ADVISED)
        and Consequence.NEW_RUN in replacing.allowed(objection.decision.round)
        and _succeeds(objection)
    )


def _succeeds(objection: Objection) -> bool:
    if objection.status == ObjectionStatus.WITHDRAWN:
        return False
    grounds = Ground.objects.filter(objection=objection)
    if objection.group_id is not None:
        grounds |= Ground.objects.filter(group=objection.group_id)
    # Read row by row: a verdict that is not announced yet is no column that can be asked for.
    return any(item.verdict in SUCCEEDS for item in grounds)


def to_bring(objection: Objection) -> dict[str, Decimal]:
    """Return the figures that an objection was granted on, if they never came into the data and nobody has them to sign.

    Once they did, what came later counts: a newer correction is not undone.
    """
    if objection.status not in ENDED_BY_DECISION or objection.new_decision is None:
        return {}
    found = figures.changed(objection.new_decision.figures)
    submission = _submission_of(objection.decision)
    if (
        not found
        or submission is None
        or figures_came_in(objection.new_decision) is not None
        or carrying.awaits(submission, found)
    ):
        return {}
    return found


def to_put_back(objection: Objection) -> dict[str, Decimal]:
    """Return the figures that were in the data before this objection, if others came in for it and no ground succeeds (any more).

    In a round that is delivered here there are none: there the board signed them as its own.
    """
    if objection.outcome in (ObjectionOutcome.GRANTED, ObjectionOutcome.PARTLY) or _succeeds(objection):
        return {}
    submission = _submission_of(objection.decision)
    if submission is None:
        return {}
    before: dict[str, Decimal] = {}
    came_in: dict[str, Decimal] = {}
    for _, document in brought_in(submission.round_id, submission.provider_id):
        if document["objection"]["uuid"] != str(objection.uuid):
            continue
        came_in |= corrected_figures.as_figures(document["figures"])
        older = SubmissionVersion.objects.get(submission=submission, number=document["corrects"]["version"])
        known = corrected_figures.contents_of(older).figures
        for code in document["figures"]:
            if (value := known[code].value) is not None:
                before.setdefault(code, value)
    if not before or before == came_in or not carrying.holds(submission, came_in):
        return {}
    return before


def brought_in(round_id: int, provider_id: int) -> list[tuple[SubmissionVersion, dict[str, Any]]]:
    """Return the versions that the NZa added for objections of a provider, oldest first, each with what its file says."""
    found = SubmissionVersion.objects.filter(
        submission__round=round_id, submission__provider=provider_id, source_file__name__startswith=carrying.PREFIX
    )
    read = [
        (version, json.loads(bytes(version.source_file.content)))
        for version in found.select_related("source_file").order_by("number")
    ]
    return [(version, document) for version, document in read if "objection" in document]


def require_put_back(objection: Objection) -> None:
    """Raise :class:`~providers.refusal.Refused` if figures came in for an objection that is lost."""
    if found := to_put_back(objection):
        names = ", ".join(CATALOGUE[code].label if code in CATALOGUE else code for code in sorted(found))
        raise Refused(
            f"Voor dit bezwaar staan al andere getallen in de gegevens ({names}), en er slaagt geen grond. Zet eerst de vorige"
            " getallen terug: kies bij deze zaak ‘Neem de gegevens over’ (art. 3:2 Awb)."
        )


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
        tell(
            locked,
            "De NZa nam gegevens over na uw bezwaar",
            _in_words(locked, found),
            f"figures {type(made).__name__} {made.pk}",
        )
        record(
            act=Act.CORRECTION_CARRIED_OVER,
            actor=actor,
            subject=str(locked),
            details={"objection": locked.reference, "measures": sorted(found)},
        )
    return made


def _found(objection: Objection, changes: Mapping[str, Decimal] | None) -> dict[str, Decimal]:
    if found := to_put_back(objection):
        return found
    if objection.status in ENDED_BY_DECISION:
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
    does = "verbeterd na" if _succeeds(objection) else "teruggezet na"
    why = f"Wij hebben gegevens {does} uw bezwaar {objection.reference} (art. 7:11 Awb)."
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


def _in_words(objection: Objection, changes: Mapping[str, Decimal]) -> str:
    names = ", ".join(CATALOGUE[code].label if code in CATALOGUE else code for code in sorted(changes))
    if not _succeeds(objection):
        return f"Deze getallen zijn teruggezet zoals ze waren: {names}."
    if objection.status in ENDED_BY_DECISION:
        return f"Zoals in de beslissing op uw bezwaar staat, zijn deze getallen nu anders: {names}."
    return f"Deze getallen zijn nu anders: {names}. Op uw bezwaar beslist de NZa nog; daarover krijgt u een brief."
