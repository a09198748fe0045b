"""What the NZa does with a delivery: look at it, approve it, give it back, leave it out, and open it again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from providers import desk, drafts, history, notices
from providers.access import Actor
from providers.formatting import format_datetime
from providers.mandates import people_of
from providers.models import (
    Finding,
    Severity,
    StatusChange,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)
from providers.refusal import Refused


def take(*, submission: Submission, actor: Actor) -> StatusChange:
    """Begin to look at a delivery: from now on the provider cannot withdraw it by itself."""
    return _step(submission, SubmissionStatus.IN_REVIEW, actor)


def validate(*, submission: Submission, actor: Actor) -> StatusChange:
    """Approve a delivery."""
    with transaction.atomic():
        step = _step(submission, SubmissionStatus.VALIDATED, actor)
        _tell("validated", step)
    return step


def give_back(*, submission: Submission, reason: str, until: datetime, actor: Actor) -> StatusChange:
    """Give a delivery back to be corrected, with what has to change and until when."""
    _require(reason, "Schrijf op wat er moet veranderen. De aanbieder leest dit.")
    _require_future(until)
    with transaction.atomic():
        step = _step(submission, SubmissionStatus.RETURNED, actor, reason)
        drafts.repeat(step.submission)
        # Nobody who is asked to correct something gets less time than everybody.
        until = max(until, step.submission.deadline or until)
        desk.give_term(submission=step.submission, until=until, reason=reason, actor=actor)
        _tell("returned", step, termijn=format_datetime(until), reden=reason.strip())
    return step


def reopen(*, submission: Submission, reason: str, until: datetime, actor: Actor) -> StatusChange:
    """Open a delivery again that was validated or left out: it goes back to the provider, with a term."""
    with transaction.atomic():
        locked = drafts.lock(submission)
        if locked.status not in (SubmissionStatus.VALIDATED, SubmissionStatus.EXCLUDED):
            raise Refused(
                f"Deze aanlevering staat op ‘{locked.get_status_display()}’. Alleen wat gevalideerd of uitgesloten is, kunt u"
                " heropenen."
            )
        take(submission=locked, actor=actor)
        return give_back(submission=locked, reason=reason, until=until, actor=actor)


def keep_as_delivered(*, submission: Submission, reason: str, actor: Actor) -> StatusChange:
    """Take back a return: what was delivered before stays what counts, and the NZa goes on looking at it."""
    _require(reason, "Schrijf op waarom de eerdere aanlevering blijft staan.")
    with transaction.atomic():
        locked = drafts.lock(submission)
        if not SubmissionVersion.objects.filter(submission=locked).exists():
            raise Refused("Er is nog niets aangeleverd om te laten staan.")
        return _step(submission, SubmissionStatus.IN_REVIEW, actor, reason)


def exclude(*, submission: Submission, reason: str, actor: Actor) -> StatusChange:
    """Leave a delivery out of the comparison, with the reason."""
    _require(reason, "Schrijf op waarom deze aanlevering niet meedoet. De aanbieder leest dit.")
    with transaction.atomic():
        step = _step(submission, SubmissionStatus.EXCLUDED, actor, reason)
        _tell("excluded", step, reden=reason.strip())
    return step


def quiet(submissions: QuerySet[Submission]) -> QuerySet[Submission]:
    """Return those that wait for the NZa and in which the checks found neither an error nor anything to look at."""
    versions = SubmissionVersion.objects.filter(submission__in=submissions)
    newest = versions.order_by("submission", "-number").distinct("submission").values("pk")
    loud = Finding.objects.filter(
        version__in=newest, severity__in=[Severity.ERROR, Severity.WARNING], ended_at__isnull=True
    )
    return submissions.filter(
        ~Q(pk__in=loud.values("version__submission")),
        Exists(SubmissionVersion.objects.filter(submission=OuterRef("pk"))),
        status__in=[SubmissionStatus.SUBMITTED, SubmissionStatus.IN_REVIEW],
    )


def validate_all_quiet(*, submissions: QuerySet[Submission], actor: Actor) -> int:
    """Approve every one of these that is :func:`quiet`; return how many. What a colleague is ahead with is left to her."""
    count = 0
    for submission in quiet(submissions):
        try:
            with transaction.atomic():
                if submission.status == SubmissionStatus.SUBMITTED:
                    take(submission=submission, actor=actor)
                validate(submission=submission, actor=actor)
        except Refused:
            continue
        count += 1
    return count


def _step(submission: Submission, to: SubmissionStatus, actor: Actor, reason: str = "") -> StatusChange:
    with transaction.atomic():
        locked = drafts.lock(submission)
        step = history.move(submission=locked, to=to, actor=actor, reason=reason)
    submission.status = locked.status
    return step


def _tell(kind: str, step: StatusChange, **facts: str) -> None:
    submission = step.submission
    notices.tell(
        kind=kind,
        to=people_of(submission.provider),
        provider=submission.provider,
        round=submission.round,
        occasion=str(step.pk),
        path=reverse("own_submission", args=[submission.round.slug]),
        **facts,
    )


def _require(reason: str, sentence: str) -> None:
    if not reason.strip():
        raise Refused(sentence)


def _require_future(until: datetime) -> None:
    if until <= timezone.now():
        raise Refused("Kies een termijn die nog moet komen.")
