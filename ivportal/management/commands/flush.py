"""``manage.py flush``: empty the database; what every database holds is then written anew, which is nobody's request."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush

from providers.access import EVERYTHING, scope


class Command(flush.Command):
    """Django's own command, with scope ``all``."""

    def handle(self, **options: Any) -> None:
        with scope(EVERYTHING):
            super().handle(**options)
