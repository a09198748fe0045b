"""``manage.py add_user EMAIL --name NAME --role ROLE``: somebody who may log in, with a mandate."""

from __future__ import annotations

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from providers.access import EVERYTHING, scope
from providers.mandates import grant, new_user
from providers.models import CareOffice, Provider, Role


class Command(BaseCommand):
    """Add a user, or a mandate to a user there is. Without --password she chooses one by "wachtwoord vergeten"."""

    help = "Voeg een gebruiker met een bevoegdheid toe, of een bevoegdheid aan een bestaande gebruiker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", default="", help="naam zoals collega's die zien")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--provider", metavar="KEY", help="KvK-nummer (of sleutel) van de zorgaanbieder")
        parser.add_argument("--care-office", metavar="NAME", help="naam van het zorgkantoor")
        parser.add_argument("--password", action="store_true", help="vraag hier om een wachtwoord")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with scope(EVERYTHING), transaction.atomic():
                self._add(**options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error

    def _add(self, *, email: str, name: str, role: str, **options: Any) -> None:
        validate_email(email)
        provider = self._one(Provider, "key", options["provider"]) if role == Role.PROVIDER else None
        office = self._one(CareOffice, "name", options["care_office"]) if role == Role.CARE_OFFICE else None
        user = new_user(email=email, name=name)
        if options["password"]:
            chosen = getpass("Wachtwoord: ")
            validate_password(chosen, user)
            user.set_password(chosen)
            user.save()
        mandate = grant(user=user, role=Role(role), provider=provider, care_office=office)
        self.stdout.write(f"{user}: {mandate.label}")

    def _one(self, model: Any, field: str, value: str | None) -> Any:
        found = list(model.objects.filter(**{field: value})) if value else []
        if len(found) != 1:
            raise CommandError(f"Noem een bestaande organisatie; {value!r} is er geen of niet de enige.", returncode=2)
        return found[0]
