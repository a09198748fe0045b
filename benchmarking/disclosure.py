"""What may be shown of others: rules for aggregates, shares in bands, pseudonyms, groups on a coarse fan.

Costs are confidential business data (Woo art. 5.1(1)(c)); peers are few, so an average of peers can be one organisation.
An aggregate is shown if enough organisations are in it and neither the largest few nor the largest alone can be read from it.
Who is not named is shown without weight λ and with its share in a band that is wide enough for the p % rule.
How much the figures of one account tell together is worked out in ``benchmarking.inference``; what of it a report then
shows is decided in ``benchmarking.peers_shown``.

Source: Hundepool et al., Statistical Disclosure Control, chapter 4: minimum frequency, (n, k) dominance, p %.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log, log10
from typing import Any

#: Widths of bands of shares, in points; each divides 100, so that bands read well.
WIDTHS = (10, 20, 25, 50)
#: Parts in which a mix is told.
TENTHS = 10


@dataclass(frozen=True)
class Rules:
    """The rules of a round. The law names none of these figures; the NZa sets them in the policy of the round.

    smallest_group: no aggregate over fewer organisations. n, k: none in which the ``n`` largest make up more than a share
    ``k``. p: none from which the second largest could work out the largest to within a share ``p`` of it, and no peer's costs
    to within that share by what one account is told.
    """

    smallest_group: int = 5
    n: int = 1
    k: float = 0.85
    p: float = 0.10

    def __post_init__(self) -> None:
        if self.smallest_group < 1 or self.n < 1 or not 0 < self.k <= 1 or not 0 <= self.p < 1:
            raise ValueError(f"{self}: smallest_group and n at least 1, k above 0 and at most 1, p from 0 to below 1")

    @property
    def ratio(self) -> float:
        """The least that the highest must be of the lowest that fits, if no figure is within p % of everything between."""
        return (1 + self.p) / (1 - self.p)

    @property
    def band(self) -> int:
        """Width in points of the bands in which shares are told; 0 if no band is wide enough.

        The highest band is the narrowest by ratio, and bands that add up to one leave each a whole number of widths. So
        100 / (100 − width) has to be at least :attr:`ratio`.
        """
        return next((width for width in WIDTHS if 100 / (100 - width) >= self.ratio - 1e-9), 0)


def rules_of(policy: Mapping[str, Any]) -> Rules:
    """Return the rules in the frozen policy of a run; the defaults for what an older run lacks."""
    usual = Rules()
    return Rules(
        smallest_group=int(policy.get("smallest_group", usual.smallest_group)),
        n=int(policy.get("dominance_n", usual.n)),
        k=float(policy.get("dominance_k", usual.k)),
        p=float(policy.get("p_percent", usual.p)),
    )


# ── aggregates ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Aggregate:
    """A figure over several organisations that may be shown, or ``None`` with the reason in Dutch."""

    value: float | None
    reason: str = ""


def dominated(values: Iterable[float], rules: Rules) -> bool:
    """Tell whether the ``n`` largest of ``values`` make up more than a share ``k`` of them all; by size, whatever the sign."""
    sizes = sorted((abs(value) for value in values), reverse=True)
    return sum(sizes[: rules.n]) > rules.k * sum(sizes)


def p_percent_open(values: Iterable[float], rules: Rules) -> bool:
    """Tell whether the second largest, who knows its own, could work out the largest from the total to within a share ``p``.

    It can if all others together are less than ``p`` times the largest.
    """
    sizes = sorted((abs(value) for value in values), reverse=True)
    return bool(sizes) and sizes[0] > 0 and sum(sizes[2:]) < rules.p * sizes[0]


def why_not(values: Sequence[float], rules: Rules) -> str:
    """Return why a figure over ``values``, one per organisation, may not be shown, in Dutch; empty if it may."""
    if len(values) < rules.smallest_group:
        return f"Niet getoond: het gaat om minder dan {rules.smallest_group} organisaties."
    if dominated(values, rules) or p_percent_open(values, rules):
        return "Niet getoond: één of enkele organisaties bepalen dit cijfer bijna helemaal."
    return ""


def safe_total(values: Sequence[float], rules: Rules) -> Aggregate:
    """Return the total of ``values``, one per organisation, if it may be shown."""
    reason = why_not(values, rules)
    return Aggregate(None, reason) if reason else Aggregate(float(sum(values)))


def safe_ratio(numerators: Sequence[float], denominators: Sequence[float], rules: Rules) -> Aggregate:
    """Return the quotient of two totals, one value of each per organisation, if both may be shown."""
    reason = why_not(denominators, rules) or why_not(numerators, rules)
    if reason or not sum(denominators):
        return Aggregate(None, reason or "Niet getoond: er is niets om door te delen.")
    return Aggregate(float(sum(numerators) / sum(denominators)))


# ── peers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def band_of(share: float, width: int) -> tuple[float, float]:
    """Return the ends of the band of ``width`` points in which a share of 0 to 1 lies."""
    number = min(int(share * 100 / width + 1e-9), 100 // width - 1)
    return number * width / 100, (number + 1) * width / 100


def share_band(share: float, width: int) -> str:
    """Return a share of 0 to 1 in words, in a band of ``width`` points: ``"40 tot 60 %"``."""
    lower, upper = band_of(share, width)
    return f"{lower * 100:.0f} tot {upper * 100:.0f}\u00a0%"


def whole_percent(ratio: float) -> int:
    """Return a ratio in whole percents, half up; what would exceed 100 is 100."""
    return min(floor(ratio * 100 + 0.5), 100)


def pseudonyms(*, secret: str, shares: Sequence[tuple[str, float]], width: int) -> dict[str, str]:
    """Return a name without meaning per peer: ``"Peer A"``, ``"Peer B"``, …

    Order: by band of ``width`` points of the share, largest first; within a band, and where shares are not told (``width``
    0), by a hash with ``secret``, so that neither the order nor the letter tells more than the band does, and the same letter
    at two providers says nothing.
    """

    def place(item: tuple[str, float]) -> tuple[float, str]:
        key, share = item
        band = band_of(share, width)[0] if width else 0.0
        return -band, hashlib.sha256(f"{secret}|{key}".encode()).hexdigest()

    return {key: f"Peer {_letters(number)}" for number, (key, _) in enumerate(sorted(shares, key=place))}


def _letters(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


# ── figures ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, order=True)
class Cell:
    """A place on the fan: a mix in tenths (0 to 10) and a step of :attr:`Rules.ratio` away from the origin."""

    tenth: int
    step: int

    def middle(self, rules: Rules) -> tuple[float, float]:
        """Return the middle of the cell, by ratio, on both axes."""
        length = _growth(rules) ** (self.step + 0.5)
        return length * (1 - self.tenth / TENTHS), length * self.tenth / TENTHS


def _growth(rules: Rules) -> float:
    """Return by how much each step is longer than the one before: at least a tenth, or a figure would have no cells to fill."""
    return max(rules.ratio, 1.1)


def cell_of(x: float, y: float, rules: Rules) -> Cell | None:
    """Return the cell of a point with positive sum; ``None`` for the origin.

    A step covers every length within one factor, whatever the mix: somebody's costs per day are known from its place to within
    that factor and no better, also by who knows the mix exactly. Square cells have corners, which tell more.
    """
    length = x + y
    if not (isfinite(length) and length > 0):
        return None
    return Cell(tenth_of(y / length), floor(log(length) / log(_growth(rules)) + 1e-12))


def tenth_of(share: float) -> int:
    """Return a share of 0 to 1 in tenths, half up."""
    return floor(share * TENTHS + 0.5)


def crowded(cells: Iterable[Cell], rules: Rules) -> list[tuple[Cell, int]]:
    """Return the cells with at least ``smallest_group`` organisations, with how many; others are left out."""
    counted = Counter(cells)
    return [(cell, count) for cell, count in sorted(counted.items()) if count >= rules.smallest_group]


def round_up(value: float) -> float:
    """Return the smallest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 or 10 times a power of ten that is at least ``value`` (> 0)."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-12))
