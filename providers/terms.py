"""What the clock does in a round: invitations and reminders go out, and at the end of the term the round closes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from providers import desk, notices, tasks, waking
from providers.formatting import AMSTERDAM, format_datetime
from providers.mandates import current_mandates, people_of_each
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
    untold = _untold(_invited(round), Q(round=round, kind="invitation"))
    return _tell("invitation", untold, round, lambda item: f"{round.pk}:{item.provider_id}")


def remind(round: Round, now: datetime) -> int:
    """Remind who has not delivered, by its own term; return how many providers were reminded now."""
    # Who just read that she is asked for figures, or to correct them, is not asked again the same day.
    asked = Notice.objects.filter(
        round=round,
        provider=OuterRef("provider"),
        kind__in=("invitation", "returned"),
        created_at__range=(now - timedelta(days=1), now),
    )
    late = round.submissions.filter(~Exists(asked), status__in=EDITABLE, merged_into__isnull=True)
    # Nothing is due for a term that is further away than the first reminder, or longer ago than the last.
    first, last = now - timedelta(days=OVERDUE_UNTIL + 1), now + timedelta(days=max(REMINDERS) + 1)
    own = late.filter(extended_until__range=(first, last)).order_by().values_list("extended_until", flat=True)
    count = 0
    for until in [None, *sorted({moment for moment in own.distinct() if moment is not None})]:
        due = _due(Submission(round=round, extended_until=until), now)
        if due is not None:
            kind, mark = due
            said = Q(round=round, kind=kind, key__contains=f":{mark}:")
            count += _tell(kind, _untold(late.filter(extended_until=until), said), round, _named(round, mark))
    return count


def _due(submission: Submission, now: datetime) -> tuple[str, str] | None:
    """Return what who has this term and did not deliver is told today, and what names that occasion; ``None``: nothing."""
    if submission.deadline is None:
        return None
    opens_at = submission.round.opens_at
    opened = timezone.localtime(opens_at, AMSTERDAM).date() if opens_at else None
    last_day = timezone.localtime(submission.deadline, AMSTERDAM).date()
    left = (last_day - timezone.localtime(now, AMSTERDAM).date()).days
    if now.replace(microsecond=0) > submission.deadline:
        return ("overdue", f"{last_day}") if OVERDUE_AFTER <= -left <= OVERDUE_UNTIL else None
    due = [days for days in REMINDERS if 0 <= left <= days and (opened is None or last_day - timedelta(days) > opened)]
    # Nobody is asked to hurry in a round that was closed before its term.
    return ("reminder", f"{last_day}:{min(due)}") if due and submission.accepts_at(now) else None


def tell_of_term(change_id: int) -> None:
    """Tell everybody who has not delivered that the term moved for all."""
    change = TermChange.objects.select_related("round").get(pk=change_id)
    late = change.round.submissions.filter(status__in=EDITABLE, merged_into__isnull=True)
    said = Q(key__startswith=f"term_extended:{change.pk}:") | Q(key__startswith=f"reopened:{change.pk}:")
    desk.tell_of_term(change, list(_untold(late, said)))


def tell_of_closing(round: Round, now: datetime | None = None) -> int:
    """Tell everybody who has no running term of its own that the round is closed; return how many providers were told."""
    now = now or timezone.now()
    occasion = f"{round.pk}:{round.deadline:%Y-%m-%dT%H:%M}" if round.deadline else f"{round.pk}"
    invited = _invited(round).exclude(status=SubmissionStatus.EXEMPT).exclude(extended_until__gte=now)
    untold = _untold(invited, Q(round=round, kind="closed", key__startswith=f"closed:{occasion}:"))
    return _tell("closed", untold, round, lambda item: f"{occasion}:{item.provider_id}")


def wake_announcing(round_id: int) -> None:
    """Have a worker send the invitations of a round."""
    waking.wake(tasks.announce_round, round_id)


def wake_telling_of_closing(round_id: int) -> None:
    """Have a worker tell that a round is closed."""
    waking.wake(tasks.tell_of_closing, round_id)


def wake_telling_of_term(change_id: int) -> None:
    """Have a worker tell that a term moved."""
    waking.wake(tasks.tell_of_term, change_id)


def _invited(round: Round) -> QuerySet[Submission]:
    return round.submissions.filter(merged_into__isnull=True)


def _named(round: Round, mark: str) -> Callable[[Submission], str]:
    return lambda submission: f"{round.pk}:{submission.provider_id}:{mark}"


def _untold(submissions: QuerySet[Submission], said: Q) -> QuerySet[Submission]:
    """Return the submissions of providers that have somebody to tell, and of whom nobody was told (``said``) yet."""
    current = current_mandates().filter(provider=OuterRef("provider"))
    told = Notice.objects.filter(said, provider=OuterRef("provider"))
    return submissions.filter(Exists(current), ~Exists(told)).select_related("provider", "round")


def _tell(kind: str, submissions: QuerySet[Submission], round: Round, occasion: Callable[[Submission], str]) -> int:
    """Tell the people of these submissions something; return of how many providers."""
    chosen = list(submissions)
    if not chosen:
        return 0
    people = people_of_each(submission.provider_id for submission in chosen)
    notices.tell_all(
        kind=kind,
        round=round,
        path=reverse("own_submission", args=[round.slug]),
        messages=[
            notices.Message(
                to=people.get(submission.provider_id, []),
                provider=submission.provider,
                occasion=occasion(submission),
                facts={"termijn": format_datetime(submission.deadline)},
            )
            for submission in chosen
        ],
    )
    return len(chosen)
