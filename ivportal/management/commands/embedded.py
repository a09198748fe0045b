"""``manage.py embedded stop``: stop the embedded database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ivportal import embedded


class Command(BaseCommand):
    """Stop the embedded database server."""

    help = "Stop de ingebouwde databaseserver."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["stop"])

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = embedded.stop_database()
        self.stdout.write("De ingebouwde database is gestopt." if stopped else "De ingebouwde database draaide niet.")
