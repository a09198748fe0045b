"""Consents of providers: to be shown by name as a peer, and to get decisions by electronic post. The newest word counts."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Power, Provider, Round
from tariffs.models import Consent, ConsentKind


def given(*, kind: ConsentKind, round: Round | None = None) -> frozenset[int]:
    """Return the keys of the providers that consent now."""
    newest = (
        Consent.objects.filter(kind=kind, round=round)
        .order_by("provider_id", "-pk")
        .distinct("provider_id")
        .values_list("provider_id", "is_given")
    )
    return frozenset(provider for provider, is_given in newest if is_given)


def is_given(*, kind: ConsentKind, provider: Provider, round: Round | None = None) -> bool:
    """Tell whether a provider consents now."""
    newest = Consent.objects.filter(kind=kind, round=round, provider=provider).first()
    return newest is not None and newest.is_given


def give(*, kind: ConsentKind, provider: Provider, is_given: bool, actor: Actor, round: Round | None = None) -> None:
    """Consent on behalf of a provider, or take that back; said twice, it is written down once.

    It holds for what is released or sent from then on: what was released before stays as it is.
    """
    powers.require(actor, provider, Power.SIGN)
    with transaction.atomic():
        newest = Consent.objects.filter(kind=kind, round=round, provider=provider).first()
        if (newest is not None and newest.is_given) == is_given:
            return
        Consent.objects.create(kind=kind, round=round, provider=provider, is_given=is_given, by=actor.user)
        record(
            act=Act.CONSENT_CHANGED,
            actor=actor,
            subject=str(provider),
            details={"kind": kind.value, "given": is_given, "round": round.slug if round else ""},
        )


def changed_since(moment: datetime, *, kind: ConsentKind, round: Round | None = None) -> bool:
    """Tell whether anybody consented, or took that back, after a moment."""
    return Consent.objects.filter(kind=kind, round=round, at__gt=moment).exists()
