"""What may be shown of others: shares in bands, pseudonyms, points on a coarse grid, no small groups.

Costs are confidential business data (Woo art. 5.1(1)(c)); peers are few, so an average of peers can be one organisation.
Who is not named is therefore shown without weight λ and with its share in a band of ten points.

What one's score would be without a peer is told in whole percents, and only of the peer that matters most. It says how much
dearer the next best way is, which is a sum over other providers again: it holds no new equation in the peer's own costs, and
rounded it narrows them less than the band of its share does. Of a peer that carries nearly everything nothing is told at all.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from math import floor, log10

#: No aggregate over fewer organisations than this.
SMALLEST_GROUP = 5
#: Number of steps on each axis of a figure that shows others.
GRID_STEPS = 20


def share_band(share: float) -> str:
    """Return a share of 0 to 1 in words, in a band of ten points: ``"40 tot 50 %"``."""
    lower = min(int(share * 10 + 1e-9), 9) * 10
    return f"{lower} tot {lower + 10}\u00a0%"


def whole_percent(ratio: float) -> int:
    """Return a ratio in whole percents, half up; what would exceed 100 is 100."""
    return min(floor(ratio * 100 + 0.5), 100)


def pseudonyms(*, secret: str, shares: Sequence[tuple[str, float]]) -> dict[str, str]:
    """Return a name without meaning per peer: ``"Peer A"``, ``"Peer B"``, …

    Order: by band of share, largest first; within a band by a hash with ``secret``, so that neither the order nor the letter
    tells more than the band does, and the same letter at two providers says nothing.
    """

    def place(item: tuple[str, float]) -> tuple[int, str]:
        key, share = item
        return -int(share * 10 + 1e-9), hashlib.sha256(f"{secret}|{key}".encode()).hexdigest()

    return {key: f"Peer {_letters(number)}" for number, (key, _) in enumerate(sorted(shares, key=place))}


def _letters(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def to_grid(value: float, step: float) -> float:
    """Return ``value`` at the middle of its cell on a grid with cells of ``step``."""
    return (int(value / step) + 0.5) * step if step > 0 else 0.0


def crowded(points: Iterable[tuple[float, float]]) -> list[tuple[float, float, int]]:
    """Return the grid points with at least :data:`SMALLEST_GROUP` organisations, with how many; others are left out."""
    counted = Counter(points)
    return [(x, y, count) for (x, y), count in sorted(counted.items()) if count >= SMALLEST_GROUP]


def round_up(value: float) -> float:
    """Return the smallest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 or 10 times a power of ten that is at least ``value`` (> 0)."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-12))
