"""Who may act for whom: inviting people, granting, changing and ending mandates. Always recorded, and told to who it is about.

A provider's own administrators see to the mandates of their organisation; NZa staff may see to everybody's. A mandate is never
changed: other powers are another mandate, and whoever works under the old one logs in again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from providers import notices
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_date
from providers.models import Act, CareOffice, Mandate, Power, Provider, Role, User
from providers.models.accounts import every_power
from providers.refusal import Refused

#: Who asks for the same within this time pressed the button twice, or sent the form again.
TWICE = timedelta(minutes=10)


def new_user(*, email: str, name: str) -> User:
    """Return the user with this address, made if there is none.

    A new one has a password that nobody knows, and not none at all: only then does "wachtwoord vergeten" send a mail.
    """
    address = User.objects.normalize_email(email.strip()).lower()
    # Nobody guesses 256 random bits, however little work a guess is; and a list of hundreds of people takes seconds, not minutes.
    unknown = PBKDF2PasswordHasher().encode(secrets.token_urlsafe(32), secrets.token_hex(11), iterations=1)
    # A name is one line: mails begin with it.
    called = " ".join(word for word in name.split() if word.isprintable()) or address
    user, _ = User.objects.get_or_create(email=address, defaults={"name": called, "password": unknown})
    return user


def grant(
    *,
    user: User,
    role: Role,
    provider: Provider | None = None,
    care_office: CareOffice | None = None,
    powers: Iterable[str] | None = None,
    valid_until: datetime | None = None,
    actor: Actor | None = None,
) -> Mandate:
    """Give ``user`` a mandate from now on, and return it; one that she has already is returned as it is.

    ``powers``: what she may do for a provider; left out it is everything. Raises :class:`Refused` if ``actor`` may not.
    """
    _require_may_manage(actor, role, provider)
    with transaction.atomic():
        # Two who grant at once do so one after the other, and the second finds what the first did.
        User.objects.select_for_update().get(pk=user.pk)
        known = user.current_mandates().filter(role=role, provider=provider, care_office=care_office).first()
        if known is not None:
            return known
        held = _sorted(every_power() if powers is None else powers) if role == Role.PROVIDER else []
        mandate = Mandate.objects.create(
            user=user,
            role=role,
            provider=provider,
            care_office=care_office,
            powers=held,
            valid_until=valid_until,
            granted_by=actor.user if actor else None,
        )
        record(
            act=Act.MANDATE_GRANTED,
            actor=actor,
            subject=str(mandate),
            details={"powers": held, "valid_until": valid_until.isoformat() if valid_until else None},
        )
    return mandate


def end(*, mandate: Mandate, actor: Actor | None = None) -> None:
    """End a mandate now; whoever works under it is stopped at the next request. Ended ones stay as they are.

    Raises :class:`Refused` if ``actor`` may not, or if nobody would be left to see to the mandates.
    """
    with transaction.atomic():
        locked = _locked(mandate)
        if not _is_current(locked):
            return
        _require_may_manage(actor, locked.role, locked.provider)
        _require_somebody_left(locked, actor)
        _end(locked, actor)
        if actor is not None and locked.user_id != actor.user.pk:
            notices.tell(
                kind="mandate_ended",
                to=[locked.user],
                provider=locked.provider,
                occasion=str(locked.uuid),
                path=reverse("login"),
                wie=actor.user.name,
                organisatie=locked.organisation,
            )


def change(*, mandate: Mandate, powers: Iterable[str], valid_until: datetime | None, actor: Actor | None) -> Mandate:
    """End a mandate for a provider and grant another with other powers or another end, at once; return the one that holds.

    Raises :class:`Refused` if ``actor`` may not, if the mandate is over, or if nobody would be left to see to the mandates.
    """
    held = _sorted(powers)
    with transaction.atomic():
        locked = _locked(mandate)
        _require_may_manage(actor, locked.role, locked.provider)
        if locked.role != Role.PROVIDER or not _is_current(locked):
            raise Refused("Deze bevoegdheid is al beëindigd of veranderd. Bekijk de lijst opnieuw.")
        _require_future(valid_until)
        if (locked.powers, locked.valid_until) == (held, valid_until):
            return locked
        until = locked.valid_until
        is_shorter = valid_until is not None and (until is None or valid_until < until)
        if Power.ADMINISTER not in held or is_shorter:
            _require_somebody_left(locked, actor)
        _end(locked, actor)
        made = grant(
            user=locked.user,
            role=Role.PROVIDER,
            provider=locked.provider,
            powers=held,
            valid_until=valid_until,
            actor=actor,
        )
        _tell_granted("mandate_granted", made, actor)
    return made


def invite(
    *,
    email: str,
    name: str,
    actor: Actor | None,
    provider: Provider | None = None,
    powers: Iterable[str] = (),
    valid_until: datetime | None = None,
) -> Mandate:
    """Give somebody a mandate for ``provider`` (without: as staff of the NZa), make her a user if she is none, and tell her.

    Raises :class:`Refused` if ``actor`` may not, if the address cannot be one, or if she has such a mandate already.
    """
    role = Role.NZA if provider is None else Role.PROVIDER
    _require_may_manage(actor, role, provider)
    _require_future(valid_until)
    try:
        validate_email(email.strip())
    except ValidationError:
        raise Refused("Dit is geen volledig e-mailadres. Schrijf het zoals naam@organisatie.nl.") from None
    with transaction.atomic():
        is_known = User.objects.filter(email=email.strip().lower()).exists()
        if not is_known and not name.strip():
            raise Refused("Vul de naam in. Dit e-mailadres heeft nog geen account.")
        user = new_user(email=email, name=name)
        if not user.is_active:
            raise Refused("Dit account is niet actief. Vraag de beheerder van het portaal om het weer aan te zetten.")
        locked = User.objects.select_for_update().get(pk=user.pk)
        known = locked.current_mandates().filter(role=role, provider=provider).first()
        if known is not None and _was_just_made(known, powers, valid_until, actor):
            return known
        if known is not None:
            raise Refused(f"{user.name} heeft al een bevoegdheid. U kunt die veranderen in de lijst.")
        mandate = grant(user=locked, role=role, provider=provider, powers=powers, valid_until=valid_until, actor=actor)
        _tell_granted("mandate_granted" if is_known else "account_invited", mandate, actor)
    return mandate


def current_mandates() -> QuerySet[Mandate]:
    """Return the mandates for providers that are valid now, of people who may log in: whom a message reaches."""
    now = timezone.now()
    return Mandate.objects.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now)).filter(
        role=Role.PROVIDER, valid_from__lte=now, user__is_active=True
    )


def mandates_of(provider: Provider | None) -> QuerySet[Mandate]:
    """Return the mandates for a provider (``None``: of NZa staff) that are valid now or later, by name."""
    now = timezone.now()
    return (
        Mandate.objects.filter(role=Role.NZA if provider is None else Role.PROVIDER, provider=provider)
        .filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now))
        .filter(user__is_active=True)
        .select_related("user", "granted_by", "provider")
        .order_by("user__name", "pk")
    )


def people_of(provider: Provider, *powers: str) -> list[User]:
    """Return who may act for a provider now, by name; with ``powers`` only who holds at least one of them."""
    current = mandates_of(provider).filter(valid_from__lte=timezone.now())
    if powers:
        current = current.filter(powers__overlap=list(powers))
    return list({mandate.user_id: mandate.user for mandate in current}.values())


def people_of_each(providers: Iterable[int]) -> dict[int, list[User]]:
    """Return who may act now for each of many providers (by primary key), by name; who has nobody is left out."""
    found: dict[int, dict[int, User]] = {}
    mandates = current_mandates().filter(provider__in=list(providers)).select_related("user")
    for mandate in mandates.order_by("user__name", "pk"):
        assert mandate.provider_id is not None
        found.setdefault(mandate.provider_id, {})[mandate.user_id] = mandate.user
    return {provider: list(users.values()) for provider, users in found.items()}


def may_manage(actor: Actor, role: str, provider: Provider | None) -> bool:
    """Tell whether ``actor`` sees to mandates in this role: NZa staff to all, administrators to those of their own provider."""
    if actor.role == Role.NZA:
        return True
    own = provider is not None and provider.pk == actor.provider_id
    return role == Role.PROVIDER and own and actor.can(Power.ADMINISTER)


def _require_may_manage(actor: Actor | None, role: str, provider: Provider | None) -> None:
    if actor is not None and not may_manage(actor, role, provider):
        raise Refused("U mag voor deze organisatie geen bevoegdheden beheren. Vraag het een beheerder.")


def _require_future(moment: datetime | None) -> None:
    if moment is not None and moment <= timezone.now():
        raise Refused("De einddatum is al voorbij. Kies een latere dag, of laat de einddatum leeg.")


def _require_somebody_left(mandate: Mandate, actor: Actor | None) -> None:
    """Refuse to end the last mandate that sees to mandates; only NZa staff may leave a provider without an administrator."""
    if mandate.role == Role.NZA:
        if not mandates_of(None).exclude(user=mandate.user).exists():
            raise Refused("Dit is de laatste medewerker van de NZa in het portaal. Nodig eerst een ander uit.")
    elif actor is not None and actor.role != Role.NZA and Power.ADMINISTER in mandate.powers:
        administrators = people_of(mandate.provider, Power.ADMINISTER) if mandate.provider else []
        if all(user.pk == mandate.user_id for user in administrators):
            raise Refused(
                "U bent de enige beheerder van uw organisatie. Geef eerst een collega de bevoegdheid"
                " ‘Bevoegdheden beheren’."
            )


def _locked(mandate: Mandate) -> Mandate:
    """Return a mandate as it is now, with all mandates of the organisation locked.

    All, and in one order: of two administrators who end each other at the same moment, the second finds what the first did.
    """
    together = Mandate.objects.filter(role=mandate.role, provider=mandate.provider, care_office=mandate.care_office)
    list(together.order_by("pk").select_for_update(of=("self",)))
    return Mandate.objects.select_related("user", "provider").get(pk=mandate.pk)


def _is_current(mandate: Mandate) -> bool:
    return mandate.valid_until is None or mandate.valid_until > timezone.now()


def _was_just_made(mandate: Mandate, powers: Iterable[str], valid_until: datetime | None, actor: Actor | None) -> bool:
    """Tell whether somebody pressed the button twice."""
    same = (mandate.powers, mandate.valid_until) == (_sorted(powers), valid_until)
    by_actor = actor is not None and mandate.granted_by_id == actor.user.pk
    return same and by_actor and mandate.valid_from > timezone.now() - TWICE


def _end(mandate: Mandate, actor: Actor | None) -> None:
    mandate.valid_until = max(timezone.now(), mandate.valid_from)
    mandate.save(update_fields=["valid_until"])
    record(act=Act.MANDATE_ENDED, actor=actor, subject=str(mandate))


def _tell_granted(kind: str, mandate: Mandate, actor: Actor | None) -> None:
    may = ", ".join(mandate.power_labels) if mandate.role == Role.PROVIDER else "werken als medewerker van de NZa"
    notices.tell(
        kind=kind,
        to=[mandate.user],
        provider=mandate.provider,
        occasion=str(mandate.uuid),
        path=reverse("password_reset" if kind == "account_invited" else "login"),
        wie=actor.user.name if actor else "De beheerder van het portaal",
        organisatie=mandate.organisation,
        bevoegdheden=may,
        einde=format_date(mandate.valid_until) if mandate.valid_until else "tot iemand de bevoegdheid beëindigt",
    )


def _sorted(powers: Iterable[str]) -> list[str]:
    """Return powers in their fixed order, each once; what is no power is left out."""
    wanted = set(powers)
    return [str(power.value) for power in Power if power in wanted]
