"""There is no superuser here: rights are mandates."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Refuse, and name the command that does what is meant."""

    help = "Bestaat hier niet; gebruik add_user."

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Dit portaal kent geen superuser. Gebruik: add_user EMAIL --role nza.", returncode=2)
