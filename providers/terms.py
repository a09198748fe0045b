"""What the clock does in a round: invitations and reminders go out, and at the end of the term the round closes."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import KombuError

from providers import desk, notices
from providers.formatting import AMSTERDAM, format_datetime
from providers.mandates import current_mandates, people_of
from providers.models import (
    EDITABLE,
    PORTAL,
    Notice,
    Round,
    RoundStatus,
    Submission,
    SubmissionStatus,
    TermChange,
)

logger = logging.getLogger(__name__)

#: Days before the end of the term on which who has not delivered is reminded (domain facts §7.3: T−21, T−7, T−1).
REMINDERS: Final = (21, 7, 1)
#: Days after it on which it is reminded once more (rappel), and until when that still makes sense.
OVERDUE_AFTER, OVERDUE_UNTIL = 1, 14
#: Nobody is reminded before this hour.
REMINDING_FROM: Final = time(8)


def keep(now: datetime | None = None) -> None:
    """Do everything that is due at ``now``; done twice, nothing happens twice."""
    now = now or timezone.now()
    # The whole of the last second is in time.
    second = now.replace(microsecond=0)
    for round in Round.objects.filter(source=PORTAL, status=RoundStatus.OPEN, deadline__lt=second):
        with transaction.atomic():
            # Somebody may have extended or closed it since we looked.
            if Round.objects.select_for_update().filter(pk=round.pk, status=RoundStatus.OPEN, deadline__lt=second):
                desk.close_round(round=round, actor=None)
    for round in Round.objects.filter(source=PORTAL, status__in=[RoundStatus.OPEN, RoundStatus.CLOSED]):
        recently = now - timedelta(days=OVERDUE_UNTIL)
        if round.status == RoundStatus.OPEN:
            announce(round)
            for change in TermChange.objects.filter(round=round, submission__isnull=True, at__gte=recently):
                tell_of_term(change.pk)
        elif round.deadline is not None and round.deadline >= recently:
            tell_of_closing(round, now)
        if timezone.localtime(now, AMSTERDAM).time() >= REMINDING_FROM:
            remind(round, now)


def announce(round: Round) -> int:
    """Tell everybody invited who was not told yet; return how many providers were."""
    told = set(Notice.objects.filter(round=round, kind="invitation").values_list("provider_id", flat=True))
    count = 0
    for submission in _with_people(round.submissions.filter(merged_into__isnull=True)):
        if submission.provider_id in told:
            continue
        _tell("invitation", submission, occasion=f"{round.pk}:{submission.provider_id}")
        count += 1
    return count


def remind(round: Round, now: datetime) -> int:
    """Remind who has not delivered, by its own term; return how many providers were reminded now."""
    count = 0
    today = timezone.localtime(now, AMSTERDAM).date()
    late = _with_people(round.submissions.filter(status__in=EDITABLE, merged_into__isnull=True))
    told = set(Notice.objects.filter(round=round, kind__in=["reminder", "overdue"]).values_list("provider_id", "key"))
    keys = {(provider, key.rsplit(":", 1)[0]) for provider, key in told}
    opened = timezone.localtime(round.opens_at, AMSTERDAM).date() if round.opens_at else None
    for submission in late:
        if submission.deadline is None:
            continue
        last_day = timezone.localtime(submission.deadline, AMSTERDAM).date()
        left = (last_day - today).days
        due = [
            days for days in REMINDERS if 0 <= left <= days and (opened is None or last_day - timedelta(days) > opened)
        ]
        if now.replace(microsecond=0) > submission.deadline:
            if not OVERDUE_AFTER <= -left <= OVERDUE_UNTIL:
                continue
            kind, occasion = "overdue", f"{round.pk}:{submission.provider_id}:{last_day}"
        elif due and submission.accepts_at(now):
            # Nobody is asked to hurry in a round that was closed before its term.
            kind, occasion = "reminder", f"{round.pk}:{submission.provider_id}:{last_day}:{min(due)}"
        else:
            continue
        if (submission.provider_id, f"{kind}:{occasion}") in keys:
            continue
        _tell(kind, submission, occasion=occasion)
        count += 1
    return count


def tell_of_term(change_id: int) -> None:
    """Tell everybody who has not delivered that the term moved for all."""
    change = TermChange.objects.select_related("round").get(pk=change_id)
    told = set(
        Notice.objects.filter(
            Q(key__startswith=f"term_extended:{change.pk}:") | Q(key__startswith=f"reopened:{change.pk}:"),
            round=change.round,
        ).values_list("provider_id", flat=True)
    )
    late = change.round.submissions.filter(status__in=EDITABLE, merged_into__isnull=True)
    for submission in _with_people(late.exclude(provider__in=told)):
        desk.tell_of_term(change, submission)


def tell_of_closing(round: Round, now: datetime | None = None) -> int:
    """Tell everybody who has no running term of its own that the round is closed; return how many providers were told."""
    now = now or timezone.now()
    occasion = f"{round.pk}:{round.deadline:%Y-%m-%dT%H:%M}" if round.deadline else f"{round.pk}"
    told = set(
        Notice.objects.filter(round=round, kind="closed", key__startswith=f"closed:{occasion}:").values_list(
            "provider_id", flat=True
        )
    )
    count = 0
    for submission in _with_people(
        round.submissions.filter(merged_into__isnull=True).exclude(status=SubmissionStatus.EXEMPT)
    ):
        if submission.provider_id in told or (submission.extended_until and submission.extended_until >= now):
            continue
        _tell("closed", submission, occasion=f"{occasion}:{submission.provider_id}")
        count += 1
    return count


def wake_announcing(round_id: int) -> None:
    """Have a worker send the invitations of a round."""
    from providers.tasks import announce_round

    _wake(announce_round, round_id)


def wake_telling_of_closing(round_id: int) -> None:
    """Have a worker tell that a round is closed."""
    from providers.tasks import tell_of_closing as task

    _wake(task, round_id)


def wake_telling_of_term(change_id: int) -> None:
    """Have a worker tell that a term moved."""
    from providers.tasks import tell_of_term as task

    _wake(task, change_id)


def _wake(task: Any, key: int) -> None:
    try:
        task.delay(key)
    except (KombuError, OSError):
        logger.warning("The broker is away; the sweeper will do it.")


def _with_people(submissions: QuerySet[Submission]) -> QuerySet[Submission]:
    """Return the submissions of providers that have somebody to tell."""
    current = current_mandates().filter(provider=OuterRef("provider"))
    return submissions.filter(Exists(current)).select_related("provider", "round")


def _tell(kind: str, submission: Submission, *, occasion: str) -> None:
    notices.tell(
        kind=kind,
        to=people_of(submission.provider),
        provider=submission.provider,
        round=submission.round,
        occasion=occasion,
        path=reverse("own_submission", args=[submission.round.slug]),
        termijn=format_datetime(submission.deadline),
    )
