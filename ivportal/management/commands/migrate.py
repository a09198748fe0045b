"""``manage.py migrate``, as the role that owns the tables."""

from typing import Any

from django.core.management.commands import migrate

from ivportal.database.roles import connecting_as_owner


class Command(migrate.Command):
    """Django's migrate, connected as the owner."""

    def handle(self, *args: Any, **options: Any) -> None:
        with connecting_as_owner():
            super().handle(*args, **options)
