"""``manage.py migrate``, as the role that owns the tables."""

import gc
from typing import Any

from django.core.management.commands import migrate

from ivportal.database.roles import connecting_as_owner
from providers.access import EVERYTHING, scope


class Command(migrate.Command):
    """Django's migrate, connected as the owner; row-level security binds the owner too, so it says that it sees everything."""

    def handle(self, *args: Any, **options: Any) -> None:
        # Migrations make thousands of classes that are thrown away. What is loaded already is not garbage, and to look at it each
        # time would take a fifth of the time.
        gc.freeze()
        try:
            with connecting_as_owner(), scope(EVERYTHING):
                super().handle(*args, **options)
        finally:
            gc.unfreeze()
