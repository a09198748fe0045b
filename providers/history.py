"""Steps of a submission from one status to the next: one door, always written down."""

from __future__ import annotations

from providers.access import Actor
from providers.audit import record
from providers.models import Act, StatusChange, Submission, SubmissionStatus
from providers.models.submissions import SUBMISSION_TRANSITIONS
from providers.refusal import Refused


def move(*, submission: Submission, to: SubmissionStatus, actor: Actor | None, reason: str = "") -> StatusChange:
    """Bring a locked submission into status ``to`` and write down by whom and why.

    Raises :class:`~providers.refusal.Refused` if the table of transitions has no such step.
    """
    before = SubmissionStatus(submission.status)
    if to not in SUBMISSION_TRANSITIONS[before]:
        raise Refused(
            f"Deze aanlevering staat op ‘{before.label}’ en kan niet naar ‘{to.label}’. Misschien was een collega u voor:"
            " ververs de bladzijde."
        )
    submission.status = to
    submission.save(update_fields=["status"])
    step = StatusChange.objects.create(
        submission=submission, before=before, after=to, reason=reason.strip(), by=actor.user if actor else None
    )
    record(
        act=Act.SUBMISSION_MOVED,
        actor=actor,
        subject=str(submission),
        details={"before": before.value, "after": to.value},
    )
    return step
