"""``manage.py migrate``, as the role that owns the tables."""

from typing import Any

from django.core.management.commands import migrate

from ivportal.database.roles import connecting_as_owner
from providers.access import EVERYTHING, scope


class Command(migrate.Command):
    """Django's migrate, connected as the owner; row-level security binds the owner too, so it says that it sees everything."""

    def handle(self, *args: Any, **options: Any) -> None:
        with connecting_as_owner(), scope(EVERYTHING):
            super().handle(*args, **options)
