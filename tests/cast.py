"""The cast of the suite: the same few people and organisations everywhere.

Anne works for provider De Linde, Bram for provider Het Anker, each as administrator with all powers; Noor works for the NZa,
Karim for the care office of De Linde's region and Eva for the care office of another region. Olaf has no mandate at all; Maria
has three. Anne's colleagues have one power or none: Daan fills in, Fatima signs, Greet only reads.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from providers.models import CareOffice, CareOfficeRegion, Location, Mandate, Power, Provider, Role, User
from providers.models.accounts import every_power

PASSWORD = "een-lang-wachtwoord-1"


class QuickHasher(PBKDF2PasswordHasher):
    """The hasher of production with next to no work: what it makes is accepted by a portal in a process of its own too."""

    iterations = 1


@dataclass(frozen=True)
class Cast:
    """Everybody, with what they belong to."""

    linde: Provider
    anker: Provider
    north: CareOffice
    south: CareOffice
    anne: User
    bram: User
    noor: User
    karim: User
    eva: User
    olaf: User
    maria: User
    daan: User
    fatima: User
    greet: User


def make_cast() -> Cast:
    """Store the cast; needs a database."""
    north = CareOfficeRegion.objects.select_related("care_office").get(code="5501")
    south = (
        CareOfficeRegion.objects.select_related("care_office").exclude(care_office=north.care_office).get(code="5525")
    )
    linde, anker = (
        Provider.objects.create(key_scheme="kvk", key=key, name=name)
        for key, name in (("99900001", "De Linde"), ("99900002", "Het Anker"))
    )
    Location.objects.create(provider=linde, number="999000010001", postcode="9711 AA", place="Groningen", region=north)
    Location.objects.create(provider=anker, number="999000020001", postcode="4331 AA", place="Middelburg", region=south)
    people = {
        name.lower(): User.objects.create_user(f"{name.lower()}@example.org", PASSWORD, name=name)
        for name in ("Anne", "Bram", "Noor", "Karim", "Eva", "Olaf", "Maria", "Daan", "Fatima", "Greet")
    }
    Mandate.objects.create(user=people["anne"], role=Role.PROVIDER, provider=linde, powers=every_power())
    Mandate.objects.create(user=people["bram"], role=Role.PROVIDER, provider=anker, powers=every_power())
    for name, powers in (("daan", [Power.DELIVER]), ("fatima", [Power.SIGN]), ("greet", [])):
        Mandate.objects.create(user=people[name], role=Role.PROVIDER, provider=linde, powers=powers)
    Mandate.objects.create(user=people["noor"], role=Role.NZA)
    Mandate.objects.create(user=people["karim"], role=Role.CARE_OFFICE, care_office=north.care_office)
    Mandate.objects.create(user=people["eva"], role=Role.CARE_OFFICE, care_office=south.care_office)
    Mandate.objects.create(user=people["maria"], role=Role.PROVIDER, provider=linde, powers=every_power())
    Mandate.objects.create(user=people["maria"], role=Role.CARE_OFFICE, care_office=south.care_office)
    Mandate.objects.create(user=people["maria"], role=Role.NZA)
    return Cast(linde=linde, anker=anker, north=north.care_office, south=south.care_office, **people)


def browser_of(user: User) -> Client:
    """Return a client that is logged in as ``user``."""
    client = Client()
    client.force_login(user)
    return client
