"""``manage.py check_migrations``: do the migrations match the models? Needs no database."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


class Command(BaseCommand):
    """Fail if a model changed without a migration; Django's own check connects to the database first, this one does not."""

    help = "Controleer dat elke wijziging van een model een migratie heeft."
    requires_system_checks: list[str] = []

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        loader = MigrationLoader(None)
        found = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(graph=loader.graph)
        missing = [
            f"{label}: {operation.describe()}"
            for label, migrations in found.items()
            for migration in migrations
            for operation in migration.operations
        ]
        if missing:
            raise CommandError("Er ontbreken migraties:\n" + "\n".join(missing), returncode=1)
        self.stdout.write("Elke wijziging van een model heeft een migratie.")
