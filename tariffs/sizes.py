"""Care days as others may know them: in classes.

A bandwidth in tariffs is known to some 3 in 100,000. Whoever has the care days of a provider of one product as well multiplies
the two and has its minimum costs, which for a best practice are its costs. So a care office gets a class, of which the end is
at least one and a half times the beginning: the costs stay open by as much (docs/compliance/disclosure.md).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from providers.formatting import format_number

#: Where classes end and the next begins, in care days of the whole organisation in a book year. The first is well above what
#: providers need to take part (3,650 days in the model of the demonstration), or that would be its other end.
EDGES: Final = (
    6_000, 10_000, 15_000, 25_000, 40_000, 60_000, 100_000, 150_000, 250_000, 400_000, 600_000, 1_000_000,
)  # fmt: skip


@dataclass(frozen=True, order=True)
class SizeClass:
    """From ``at_least`` care days up to ``below``, ``None`` for the last."""

    at_least: int
    below: int | None

    @property
    def words(self) -> str:
        """Return it in Dutch: ``15.000 tot 25.000``."""
        if self.below is None:
            return f"{format_number(self.at_least)} of meer"
        if not self.at_least:
            return f"minder dan {format_number(self.below)}"
        return f"{format_number(self.at_least)} tot {format_number(self.below)}"


CLASSES: Final = tuple(SizeClass(at_least, below) for at_least, below in zip((0, *EDGES), (*EDGES, None), strict=True))


def shown(days: Iterable[Decimal | None]) -> SizeClass | None:
    """Return the class to show of a provider in a round; ``days``: what held one after the other, oldest first.

    The first class stays until the days are two classes away from it. A correction that is small, as the rates tell, and yet
    passed an edge would say that the days lie at that edge.
    """
    found: int | None = None
    for number in days:
        if number is not None:
            place = bisect_right(EDGES, number)
            if found is None or abs(place - found) > 1:
                found = place
    return None if found is None else CLASSES[found]
