"""Exemption: a provider asks not to have to deliver, the NZa answers with a reason."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from providers import drafts, history, notices
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_datetime
from providers.mandates import people_of
from providers.models import Act, Exemption, ExemptionStatus, Power, Submission, SubmissionStatus
from providers.refusal import Refused


def ask(*, submission: Submission, grounds: str, actor: Actor) -> Exemption:
    """Ask for exemption; asked twice while the first waits, it is one request."""
    if not grounds.strip():
        raise Refused("Schrijf op waarom u ontheffing vraagt.")
    with transaction.atomic():
        locked = drafts.lock(submission, actor, Power.DELIVER)
        waiting = Exemption.objects.filter(submission=locked, status=ExemptionStatus.ASKED).first()
        if waiting is not None:
            return waiting
        drafts.require_open(locked, timezone.now())
        made = Exemption.objects.create(submission=locked, grounds=grounds.strip(), asked_by=actor.user)
        record(act=Act.EXEMPTION_ASKED, actor=actor, subject=str(locked))
    return made


def withdraw(*, submission: Submission, actor: Actor) -> None:
    """Take back a request that waits."""
    with transaction.atomic():
        locked = drafts.lock(submission, actor, Power.DELIVER)
        waiting = Exemption.objects.filter(submission=locked, status=ExemptionStatus.ASKED).first()
        if waiting is None:
            raise Refused(
                "Er loopt geen verzoek om ontheffing. Misschien heeft de NZa al geantwoord: ververs de bladzijde."
            )
        _answer(waiting, ExemptionStatus.WITHDRAWN, "", actor)


def answer(*, exemption: Exemption, is_granted: bool, reason: str, actor: Actor) -> Exemption:
    """Answer a request, with the reason; granted, the provider need not deliver in this round."""
    if not reason.strip():
        raise Refused("Schrijf op waarom u dit besluit. De aanbieder leest de reden.")
    with transaction.atomic():
        locked = drafts.lock(exemption.submission, actor)
        waiting = Exemption.objects.select_for_update().get(pk=exemption.pk)
        if waiting.status != ExemptionStatus.ASKED:
            raise Refused(f"Dit verzoek is al afgehandeld: {waiting.get_status_display().lower()}.")
        if is_granted:
            history.move(submission=locked, to=SubmissionStatus.EXEMPT, actor=actor, reason=reason)
        _answer(waiting, ExemptionStatus.GRANTED if is_granted else ExemptionStatus.REFUSED, reason.strip(), actor)
        notices.tell(
            kind="exemption_granted" if is_granted else "exemption_refused",
            to=people_of(locked.provider),
            provider=locked.provider,
            round=locked.round,
            occasion=str(waiting.uuid),
            path=reverse("own_submission", args=[locked.round.slug]),
            reden=reason.strip(),
        )
    return waiting


def end(*, submission: Submission, reason: str, actor: Actor) -> None:
    """End an exemption that was granted: the provider has to deliver after all."""
    if not reason.strip():
        raise Refused("Schrijf op waarom de ontheffing eindigt. De aanbieder leest de reden.")
    with transaction.atomic():
        locked = drafts.lock(submission, actor)
        step = history.move(submission=locked, to=SubmissionStatus.NOT_STARTED, actor=actor, reason=reason)
        notices.tell(
            kind="exemption_ended",
            to=people_of(locked.provider),
            provider=locked.provider,
            round=locked.round,
            occasion=str(step.pk),
            path=reverse("own_submission", args=[locked.round.slug]),
            termijn=format_datetime(locked.deadline),
            reden=reason.strip(),
        )


def _answer(exemption: Exemption, status: ExemptionStatus, reason: str, actor: Actor) -> None:
    exemption.status, exemption.answer = status, reason
    exemption.answered_by, exemption.answered_at = actor.user, timezone.now()
    exemption.save()
    record(
        act=Act.EXEMPTION_ANSWERED,
        actor=actor,
        subject=str(exemption.submission),
        details={"status": status.value},
    )
