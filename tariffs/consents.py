"""Consents of providers: to be shown by name as a peer, and to get decisions by electronic post. The newest word counts."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Power, Provider, Round
from tariffs.models import Consent, ConsentKind


def given(*, kind: ConsentKind, round: Round | None = None, at: datetime | None = None) -> frozenset[int]:
    """Return the keys of the providers that consent now, or did at a moment."""
    said = Consent.objects.filter(kind=kind, round=round)
    newest = (
        (said if at is None else said.filter(at__lte=at))
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
        if round is not None:
            one_by_one(round)
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


def changes_in_words(round: Round, *, since: datetime) -> str:
    """Say who consents to be shown by name otherwise than at a moment, in Dutch for the NZa; empty if nobody does.

    What was given and taken back again since then, or the other way round, changes nothing. Who says something at this moment
    goes first, or waits until what this is asked for is done.
    """
    one_by_one(round)
    then, now = (given(kind=ConsentKind.NAMED_AS_PEER, round=round, at=at) for at in (since, None))
    names = dict(Provider.objects.filter(pk__in=then ^ now).order_by("name").values_list("pk", "name"))
    came = [name for pk, name in names.items() if pk in now]
    went = [name for pk, name in names.items() if pk in then]
    said = []
    if came:
        verb = "gaf" if len(came) == 1 else "gaven"
        said.append(
            f"Sinds het klaarzetten {verb} toestemming om met naam als peer getoond te worden: {', '.join(came)}."
        )
    if went:
        verb = "trok" if len(went) == 1 else "trokken"
        said.append(f"Sinds het klaarzetten {verb} de toestemming om met naam getoond te worden in: {', '.join(went)}.")
    return " ".join(said)


def one_by_one(round: Round) -> None:
    """Let who consents in a round, and who looks at that, at the same moment go one by one, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('consents'), %s)", [round.pk])
