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


@dataclass(frozen=True)
class Told:
    """Care days that came to hold of a provider: in a round, by its key, of a book year."""

    round: int
    book_year: int
    days: Decimal


def shown(told: Iterable[Told]) -> dict[int, SizeClass]:
    """Return the class to show of one provider in each round, by key; ``told``: what came to hold, in the order in which it did.

    A class stays until the days are two classes away from it: in a round the class that it had, and in a round that is told of
    for the first time the class of the book year nearest to it. A change that is small, as the rates or two rows of days tell,
    and yet passed an edge would say that the days lie at that edge. What was shown of one round never changes another.
    """
    places: dict[int, int] = {}
    years: dict[int, int] = {}
    for one in told:
        place, before = bisect_right(EDGES, one.days), _before(one, places, years)
        years[one.round] = one.book_year
        places[one.round] = place if before is None or abs(place - before) > 1 else before
    return {round: CLASSES[place] for round, place in places.items()}


def _before(one: Told, places: dict[int, int], years: dict[int, int]) -> int | None:
    """Return the place of the class from which to look: of the round, else of the nearest book year, the earlier of two."""
    if one.round in places:
        return places[one.round]
    nearest = min(years, key=lambda told: (abs(years[told] - one.book_year), years[told]), default=None)
    return None if nearest is None else places[nearest]
