"""What the NZa does with a delivery: look at it, approve it, give it back, leave it out, and open it again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from providers import desk, drafts, history, notices, powers
from providers.access import Actor
from providers.formatting import format_datetime
from providers.mandates import people_of, people_of_each
from providers.models import (
    PORTAL,
    Finding,
    Round,
    RoundStatus,
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
    """Give a delivery back to be corrected, with what has to change and until when.

    Nobody who is asked to correct something gets less time than she has: a term before the one that runs is refused.
    """
    _require(reason, "Schrijf op wat er moet veranderen. De aanbieder leest dit.")
    _require_future(until)
    with transaction.atomic():
        step = _step(submission, SubmissionStatus.RETURNED, actor, reason)
        drafts.repeat(step.submission)
        _give_term(step.submission, until=until, reason=reason, actor=actor)
        _tell("returned", step, termijn=format_datetime(step.submission.deadline), reden=reason.strip())
    return step


def running_term(submission: Submission) -> datetime | None:
    """Return until when this provider may deliver by the term it has; ``None`` if that is over, or the round is closed."""
    return submission.deadline if submission.accepts_at(timezone.now()) else None


def _give_term(submission: Submission, *, until: datetime, reason: str, actor: Actor) -> None:
    """Give a submission that goes back its term: a later one is written down as such, the one that runs is only kept."""
    running = running_term(submission)
    second = running.replace(microsecond=0) if running is not None else None
    if second is not None and until < second:
        raise Refused(
            f"De termijn van deze aanbieder loopt tot en met {format_datetime(running)}. Kies dat moment of een later."
        )
    if second is None or until.replace(microsecond=0) > second:
        desk.give_term(submission=submission, until=until, reason=reason, actor=actor)
    elif submission.extended_until is None:
        # Closes the round sooner, then what the NZa asked for can still be corrected.
        submission.extended_until = running
        submission.save(update_fields=["extended_until"])


def reopen(*, submission: Submission, reason: str, until: datetime, actor: Actor) -> StatusChange:
    """Open a delivery again that was validated or left out: it goes back to the provider, with a term."""
    with transaction.atomic():
        locked = drafts.lock(submission, actor)
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
        locked = drafts.lock(submission, actor)
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


def validate_all_quiet(*, versions: Collection[UUID], actor: Actor) -> int:
    """Approve, at once, the deliveries whose newest version is one of ``versions``, as long as they are :func:`quiet`.

    Returns how many were approved. What changed since somebody looked at these versions is left as it is: delivered again, taken
    back, returned by a colleague, or noticed by the checks. Done twice, nothing happens twice.
    """
    powers.require_staff(actor)
    with transaction.atomic():
        locked = (
            Submission.objects.select_for_update(of=("self",))
            .filter(
                pk__in=SubmissionVersion.objects.filter(uuid__in=versions).values("submission"),
                round__source=PORTAL,
                round__status__in=[RoundStatus.OPEN, RoundStatus.CLOSED],
                merged_into__isnull=True,
            )
            .select_related("round", "provider")
            .order_by("pk")
        )
        waiting = {submission.pk: submission for submission in locked}
        still_quiet = newest_of_quiet(Submission.objects.filter(pk__in=waiting)).filter(uuid__in=versions)
        chosen = [waiting[key] for key in still_quiet.values_list("submission", flat=True)]
        if not chosen:
            return 0
        untaken = [submission for submission in chosen if submission.status == SubmissionStatus.SUBMITTED]
        if untaken:
            history.move_all(submissions=untaken, to=SubmissionStatus.IN_REVIEW, actor=actor)
        steps = history.move_all(submissions=chosen, to=SubmissionStatus.VALIDATED, actor=actor)
        people = people_of_each(submission.provider_id for submission in chosen)
        by_round: dict[Round, list[StatusChange]] = {}
        for step in steps:
            by_round.setdefault(step.submission.round, []).append(step)
        for round, taken in by_round.items():
            notices.tell_all(
                kind="validated",
                round=round,
                path=reverse("own_submission", args=[round.slug]),
                messages=[
                    notices.Message(
                        to=people.get(step.submission.provider_id, []),
                        provider=step.submission.provider,
                        occasion=str(step.pk),
                        facts={"termijn": format_datetime(step.submission.deadline)},
                    )
                    for step in taken
                ],
            )
    return len(chosen)


def newest_of_quiet(submissions: QuerySet[Submission]) -> QuerySet[SubmissionVersion]:
    """Return the newest version of each of these submissions that is :func:`quiet`."""
    newest = SubmissionVersion.objects.filter(submission__in=quiet(submissions)).order_by("submission", "-number")
    return SubmissionVersion.objects.filter(pk__in=newest.distinct("submission").values("pk"))


def _step(submission: Submission, to: SubmissionStatus, actor: Actor, reason: str = "") -> StatusChange:
    with transaction.atomic():
        locked = drafts.lock(submission, actor)
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
