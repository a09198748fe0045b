"""Who may act for whom: granting and ending mandates, always recorded."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from providers.access import Actor
from providers.audit import record
from providers.models import Act, CareOffice, Mandate, Provider, Role, User


def grant(
    *,
    user: User,
    role: Role,
    provider: Provider | None = None,
    care_office: CareOffice | None = None,
    actor: Actor | None = None,
) -> Mandate:
    """Give ``user`` a mandate from now on, and return it; one that she has already is returned as it is."""
    with transaction.atomic():
        known = user.current_mandates().filter(role=role, provider=provider, care_office=care_office).first()
        if known is not None:
            return known
        mandate = Mandate.objects.create(
            user=user, role=role, provider=provider, care_office=care_office, granted_by=actor.user if actor else None
        )
        record(act=Act.MANDATE_GRANTED, actor=actor, subject=str(mandate))
    return mandate


def end(*, mandate: Mandate, actor: Actor | None = None) -> None:
    """End a mandate now; whoever works under it is stopped at the next request. Ended ones stay as they are."""
    now = timezone.now()
    with transaction.atomic():
        locked = Mandate.objects.select_for_update().get(pk=mandate.pk)
        if locked.valid_until is not None and locked.valid_until <= now:
            return
        locked.valid_until = max(now, locked.valid_from)
        locked.save()
        record(act=Act.MANDATE_ENDED, actor=actor, subject=str(locked))
