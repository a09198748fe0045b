"""Work that may take its worker down with it: done by one worker at a time, tried a few times, and then given up.

A try is counted, and that stored, before the work begins: what a worker died of would be begun anew for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

#: So often something is tried; then whoever waits for it is told.
MOST: Final = 3


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Tell whether nobody else is at what ``name`` names; if so it stays that way inside the block, over transactions.

    It is a lock of the session: of a worker that dies it is gone with its connection.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        (is_mine,) = cursor.fetchone()
    try:
        yield bool(is_mine)
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
