"""Several people who act in the same moment, for tests: each has a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from providers.access import EVERYTHING, scope
from providers.refusal import Refused


def at_once(*acts: Callable[[], Any], within: float = 60.0) -> list[Any]:
    """Do all at the same moment; return for each what it gave, or its refusal.

    Anything else that goes wrong, such as a deadlock, is raised; and so is it if somebody is not done ``within`` seconds.
    """
    start = threading.Barrier(len(acts), timeout=60)
    ended: dict[int, Any] = {}

    def do(place: int, act: Callable[[], Any]) -> None:
        try:
            with scope(EVERYTHING):
                start.wait()
                ended[place] = act()
        except Exception as error:  # noqa: BLE001 (whatever it is, it is looked at below)
            ended[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=item, daemon=True) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=within)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for another and does not come back"
    for outcome in ended.values():
        if isinstance(outcome, Exception) and not isinstance(outcome, Refused):
            raise outcome
    return [ended[place] for place in range(len(acts))]
