"""Recording of acts: one function, a closed vocabulary, append-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Max
from django.utils import timezone

from providers.access import Actor
from providers.models import Act, AuditRecord, User

#: Who sees the same within this time is still reading.
SAME_READING: Final = timedelta(minutes=1)


def record(
    *,
    act: Act,
    actor: Actor | None,
    user: User | None = None,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record that ``actor`` did ``act``: or ``user``, outside any mandate; or, with neither, the portal itself.

    ``details`` never holds figures of a provider.
    """
    AuditRecord.objects.create(
        act=act,
        user=actor.user if actor else user,
        organisation=actor.organisation if actor else "",
        subject=subject[:250],
        details=dict(details or {}),
    )


def record_reading(*, actor: Actor, subject: str) -> None:
    """Record that somebody of the NZa read of a case; of a page that loads itself anew, once a minute."""
    subject = subject[:250]
    same = AuditRecord.objects.filter(act=Act.CASE_READ, user=actor.user, subject=subject)
    if not same.filter(at__gt=timezone.now() - SAME_READING).exists():
        record(act=Act.CASE_READ, actor=actor, subject=subject)


def record_each(*, act: Act, actor: Actor | None, details: Mapping[str, Any], subjects: Iterable[str]) -> None:
    """Record that ``actor`` did the same to many ``subjects``, in one statement."""
    AuditRecord.objects.bulk_create(
        AuditRecord(
            act=act,
            user=actor.user if actor else None,
            organisation=actor.organisation if actor else "",
            subject=subject[:250],
            details=dict(details),
        )
        for subject in subjects
    )


def record_login(*, user: Any, **_signal: Any) -> None:
    """Record that somebody logged in. Signal handler."""
    AuditRecord.objects.create(act=Act.LOGGED_IN, user=user, subject=str(user)[:250])


def record_failed_login(*, credentials: Mapping[str, Any], **_signal: Any) -> None:
    """Record that somebody tried to log in and could not. Signal handler."""
    AuditRecord.objects.create(act=Act.LOGIN_FAILED, subject=_address(credentials.get("username")))


def record_password_reset(*, user: User) -> None:
    """Record that somebody chose a new password."""
    AuditRecord.objects.create(act=Act.PASSWORD_RESET, user=user, subject=_address(user.email))


def failed_logins(username: str, *, since: datetime) -> int:
    """Return how often logging in with this address failed since a moment, counted from the last time that it worked."""
    worked = AuditRecord.objects.filter(
        act__in=[Act.LOGGED_IN, Act.PASSWORD_RESET], user__email=_address(username), at__gte=since
    ).aggregate(last=Max("at"))["last"]
    return AuditRecord.objects.filter(act=Act.LOGIN_FAILED, subject=_address(username), at__gte=worked or since).count()


def _address(username: object) -> str:
    return str(username or "").strip().lower()[:250]
