"""What several tests look at, stored once in a transaction around them all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from providers.access import EVERYTHING, scope


@contextmanager
def stored(django_db_blocker: Any) -> Iterator[None]:
    """Keep what is stored inside the block until its end, for a fixture of a class or a module.

    The tests themselves use ``db`` as always: what each of them changes is undone after it.
    """
    with django_db_blocker.unblock(), scope(EVERYTHING), transaction.atomic():
        yield
        transaction.set_rollback(True)
