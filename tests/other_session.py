"""Somebody else who does something in the same moment, in a session of her own with the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from providers.access import EVERYTHING, scope
from tests.processes import wait_for


class OtherSession:
    """What ``act`` does in another session, begun at once. Needs a test whose transactions are real."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._number: int | None = None
        self._found: Any = None
        self._thread = threading.Thread(target=self._do, daemon=True)
        self._thread.start()

    def _do(self) -> None:
        try:
            with scope(EVERYTHING):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    self._number = cursor.fetchone()[0]
                self._found = self._act()
        except Exception as error:  # noqa: BLE001 (whatever it is, the test looks at it)
            self._found = error
        finally:
            connection.close()

    def until_it_waits(self) -> None:
        """Return once the other session waits for what this one holds; it is an error if it is done without waiting."""
        wait_for("the other session waits for this one", self._waits, patience=30, every=0.01)

    def _waits(self) -> bool:
        assert self._thread.is_alive(), f"it did not wait: {self._found!r}"
        if self._number is None:
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid() = ANY(pg_blocking_pids(%s))", [self._number])
            return bool(cursor.fetchone()[0])

    def result(self) -> Any:
        """Wait until it is done and return what it gave, or what went wrong."""
        self._thread.join(timeout=60)
        assert not self._thread.is_alive(), "it never ended"
        return self._found
