"""Steps of a submission from one status to the next: one door, always written down."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from providers.access import Actor
from providers.audit import record_each
from providers.models import (
    EDITABLE,
    Act,
    Exemption,
    ExemptionStatus,
    Role,
    SignatureAnswer,
    SignatureRequest,
    StatusChange,
    Submission,
    SubmissionStatus,
)
from providers.models.submissions import PROVIDER_STEPS, SUBMISSION_TRANSITIONS
from providers.refusal import Refused


def move(*, submission: Submission, to: SubmissionStatus, actor: Actor | None, reason: str = "") -> StatusChange:
    """Bring a locked submission into status ``to`` and write down by whom and why; what waited for the provider is closed.

    Raises :class:`~providers.refusal.Refused` if the table of transitions has no such step, or not for a provider.
    """
    (step,) = move_all(submissions=[submission], to=to, actor=actor, reason=reason)
    return step


def move_all(
    *, submissions: Sequence[Submission], to: SubmissionStatus, actor: Actor | None, reason: str = ""
) -> list[StatusChange]:
    """Do what :func:`move` does to many locked submissions, all of them or none, in as many queries as for one."""
    is_provider = actor is not None and actor.role == Role.PROVIDER
    allowed = PROVIDER_STEPS if is_provider else SUBMISSION_TRANSITIONS
    by_status: dict[SubmissionStatus, list[Submission]] = {}
    for submission in submissions:
        before = SubmissionStatus(submission.status)
        if to not in allowed.get(before, frozenset()):
            raise Refused(
                f"Deze aanlevering staat op ‘{before.label}’ en kan niet naar ‘{to.label}’. Misschien was een collega u voor:"
                " ververs de bladzijde."
            )
        by_status.setdefault(before, []).append(submission)
    Submission.objects.filter(pk__in=[submission.pk for submission in submissions]).update(status=to)
    steps = StatusChange.objects.bulk_create(
        StatusChange(
            submission=submission,
            before=submission.status,
            after=to,
            reason=reason.strip(),
            by=actor.user if actor else None,
        )
        for submission in submissions
    )
    for before, moved in by_status.items():
        details = {"before": before.value, "after": to.value}
        record_each(act=Act.SUBMISSION_MOVED, actor=actor, details=details, subjects=map(str, moved))
    for submission in submissions:
        submission.status = to
    if to not in EDITABLE:
        _close_what_waits(submissions, to, actor)
    return steps


def _close_what_waits(submissions: Sequence[Submission], to: SubmissionStatus, actor: Actor | None) -> None:
    """End what only made sense while the figures were with the provider: a request to sign, a request for exemption.

    Who grants an exemption answers the request herself.
    """
    closed = {"answered_by": actor.user if actor else None, "answered_at": timezone.now()}
    SignatureRequest.objects.filter(submission__in=submissions, answer=SignatureAnswer.WAITING).update(
        answer=SignatureAnswer.OVERTAKEN, **closed
    )
    if to == SubmissionStatus.EXEMPT:
        return
    waiting = Exemption.objects.filter(submission__in=submissions, status=ExemptionStatus.ASKED)
    ended = [
        str(exemption.submission) for exemption in waiting.select_related("submission__round", "submission__provider")
    ]
    if ended:
        waiting.update(
            status=ExemptionStatus.WITHDRAWN,
            answer=f"Vervallen: de aanlevering kreeg de status ‘{to.label}’.",
            **closed,
        )
        details = {"status": ExemptionStatus.WITHDRAWN.value}
        record_each(act=Act.EXEMPTION_ANSWERED, actor=actor, details=details, subjects=ended)
