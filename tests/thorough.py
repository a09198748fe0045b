"""How much the suite looks at where data are drawn by chance: a share of it each time, or all of it on request.

With ``IVPORTAL_THOROUGH=1`` the judges look at every unit of every round, and more rounds are drawn; that takes some minutes.
"""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("IVPORTAL_THOROUGH"))


def rounds(few: int, many: int) -> range:
    """Return as many numbers as there are rounds to draw."""
    return range(many if THOROUGH else few)


def some_of(count: int, every: int, *, first: int = 0) -> list[int]:
    """Return the rows a judge looks at: every so many, counted from another one in each test; all of them on request."""
    every = 1 if THOROUGH else min(every, count)
    return list(range(first % every, count, every))
