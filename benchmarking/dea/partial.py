"""Frontiers that a few extreme units do not decide: order m and order alpha.

Both start from the units that a unit could be compared with under free disposal: of input orientation, those that make
at least as much of everything. Each of these N units has one ratio r_j, the largest of its inputs over the unit's own
(output orientation: the smallest of its outputs over the unit's own, among units that use no more of anything).

- Free disposal hull: the best ratio of all.
- Order m: the best ratio among m of them drawn at random with replacement, on average. As every unit is reduced to one
  ratio, the average is a finite sum: with r_(1) <= ... <= r_(N),

      theta_m = sum_j r_(j) [ ((N - j + 1) / N)^m - ((N - j) / N)^m ],

  exact, without a single random number. ``replications`` does it by simulation as it was published.
- Order alpha: the smallest ratio that more than a share 1 - alpha of them reach. alpha = 1 is the hull.

Scores above 1 (theta) or below 1 (phi) are ordinary here: the unit does better than that partial frontier.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarking.dea import parameters, validation
from benchmarking.dea.result import INFEASIBLE, NO_PEER, OPTIMAL, FloatArray, IntArray, ReadOnly

#: The larger m, the nearer to the free disposal hull: with more than a million draws there is nothing between the two.
LARGEST_M = 1_000_000
#: Random numbers that one unit may take, m times replications: a second of work. The exact expectation takes none.
MOST_DRAWN = 100_000_000
#: So many random numbers are in memory at a time.
DRAWN_AT_ONCE = 1_000_000


@dataclass(frozen=True, eq=False, kw_only=True)
class PartialFrontier(ReadOnly):
    """Scores against a partial frontier; arrays ``(n,)``, read-only, in the caller's order.

    score : theta or phi; ``nan`` where ``status`` is not "optimal".
    status : "optimal", "no_peer" (nobody may be compared with the unit) or "infeasible" (nobody makes as much).
    compared : N, the number of units the score rests on; with few of them it says little.
    simulation_error : standard error of a simulated score; 0 where it is exact.
    """

    score: FloatArray
    status: NDArray[np.str_]
    compared: IntArray
    simulation_error: FloatArray
    orientation: str


def order_m(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    m: int,
    replications: int | None = None,
    seed: int | None = None,
    orientation: str = "input",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    own_reference: bool = True,
) -> PartialFrontier:
    """Order-m efficiency: the score against the best of ``m`` units drawn at random.

    Parameters
    ----------
    inputs, outputs, orientation, keys, may_be_peer, comparable, own_reference
        As for ``efficiency``. A unit that does not use an input is compared with units that do not use it either.
    m : int
        How many units are drawn, 1 to 1,000,000. The larger, the nearer to the free disposal hull.
    replications, seed : int or None
        None: the exact expectation. A number (2 to 100,000, times ``m`` at most 1e8): that many draws, and a seed.
        Each unit has its own stream, PCG64 of a child of ``SeedSequence(seed)``, in key order.

    Raises
    ------
    ValueError
        As for ``efficiency``; if nobody has anybody to be compared with; and for a seed without replications or the
        reverse.

    Source: Cazals, Florens & Simar (2002), Nonparametric frontier estimation: a robust approach, Journal of
    Econometrics 106.
    """
    size = parameters.count(m, "m", least=1, most=LARGEST_M)
    if (replications is None) != (seed is None):
        raise ValueError("replications and seed belong together; give both to simulate, or neither to be exact")
    draws = None if replications is None else parameters.replications_of(replications, least=2)
    if draws is not None and draws * size > MOST_DRAWN:
        raise ValueError(
            f"replications is {draws} and m is {size}, which makes {draws * size} random numbers for each unit; give at "
            f"most {MOST_DRAWN}, or leave replications and seed out: that is exact"
        )
    pools = _Pools(inputs, outputs, orientation, keys, may_be_peer, comparable, own_reference)
    streams: Iterator[np.random.SeedSequence] | None = None
    if draws is not None:
        streams = iter(parameters.seed_sequence(seed).spawn(pools.units))
    score, error = np.full(pools.units, np.nan), np.full(pools.units, np.nan)
    for unit, ratios in pools.in_key_order():
        child = None if streams is None else next(streams)
        if not len(ratios):
            continue
        if child is None or draws is None:
            share = np.arange(len(ratios), -1, -1) / len(ratios)
            score[unit] = math.fsum(ratios * (share[:-1] ** size - share[1:] ** size))
            error[unit] = 0.0
        else:
            stream = parameters.generator(child)
            at_once = max(1, DRAWN_AT_ONCE // size)
            best = np.concatenate(
                [
                    stream.integers(0, len(ratios), (min(at_once, draws - begin), size)).min(axis=1)
                    for begin in range(0, draws, at_once)
                ]
            )
            score[unit] = ratios[best].mean()
            error[unit] = ratios[best].std(ddof=1) / math.sqrt(draws)
    return pools.result(score, error)


def order_alpha(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    alpha: float,
    orientation: str = "input",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    own_reference: bool = True,
) -> PartialFrontier:
    """Order-alpha efficiency: the score that a share 1 - ``alpha`` of the units compared with surpass.

    theta = inf { t : share of the N units with ratio <= t is above 1 - alpha }; output orientation the mirror image,
    sup { t : share with ratio >= t is above 1 - alpha }. In both the ratio number floor((1 - alpha) N) + 1 from the
    best.

    Parameters
    ----------
    inputs, outputs, orientation, keys, may_be_peer, comparable, own_reference
        As for ``order_m``.
    alpha : float
        Above 0, at most 1. 1 gives the free disposal hull, 0.95 leaves the best 5 % out of account.

    Raises
    ------
    ValueError
        As for ``order_m``, and for an alpha outside (0, 1].

    Source: Aragon, Daouia & Thomas-Agnan (2005), Nonparametric frontier estimation: a conditional quantile-based
    approach, Econometric Theory 21; several inputs and outputs: Daouia & Simar (2007).
    """
    order = parameters.share(alpha, "alpha", one=True)
    pools = _Pools(inputs, outputs, orientation, keys, may_be_peer, comparable, own_reference)
    score = np.full(pools.units, np.nan)
    for unit, ratios in pools.in_key_order():
        if len(ratios):
            # 1 - 0.9 is a hair below 0.1: ten units at alpha 0.9 must leave one out.
            left_out = math.floor((1.0 - order) * len(ratios) + 1e-9)
            score[unit] = ratios[min(left_out, len(ratios) - 1)]
    return pools.result(score, np.where(np.isnan(score), np.nan, 0.0))


class _Pools:
    """The ratios of the units that each unit is compared with, the best first."""

    def __init__(
        self,
        inputs: ArrayLike,
        outputs: ArrayLike,
        orientation: str,
        keys: Iterable[object] | None,
        may_be_peer: ArrayLike | None,
        comparable: validation.Comparable | None,
        own_reference: bool,
    ) -> None:
        self.orientation = validation.choice(orientation, validation.ORIENTATIONS, "orientation")
        names = None if keys is None else parameters.listed(keys)
        x = validation.amounts(inputs, "inputs", names=names)
        y = validation.amounts(outputs, "outputs", names=names)
        validation.same_rows(x, y)
        self.units = len(x)
        self.order = validation.order_of(names, self.units)
        self._inputs, self._outputs = x[self.order], y[self.order]
        self._peers = validation.peers_mask(may_be_peer, self.units)[self.order]
        self._alike = validation.comparable_rows(comparable, self.units, self.units, self.order, self.order)
        self._own_reference = parameters.flag(own_reference, "own_reference")
        self._compared = np.zeros(self.units, dtype=np.intp)
        self._status = np.full(self.units, OPTIMAL, dtype=f"<U{len(INFEASIBLE)}")

    def in_key_order(self) -> Iterator[tuple[int, FloatArray]]:
        """Unit in key order and its ratios ``(N,)``, empty where there is no score."""
        for unit in range(self.units):
            mask = self._peers.copy()
            if self._alike is not None:
                mask &= self._alike(unit)
            if self._own_reference:
                mask[unit] = True
            ratios = self._ratios(unit, np.flatnonzero(mask))
            self._compared[unit] = len(ratios)
            if not len(ratios):
                self._status[unit] = INFEASIBLE if mask.any() else NO_PEER
            yield unit, ratios

    def _ratios(self, unit: int, allowed: IntArray) -> FloatArray:
        inputs, outputs = self._inputs[unit], self._outputs[unit]
        x, y = self._inputs[allowed], self._outputs[allowed]
        if self.orientation == "input":
            used = inputs > 0
            possible = (y >= outputs).all(axis=1) & (x[:, ~used] == 0).all(axis=1)
            return np.sort((x[possible][:, used] / inputs[used]).max(axis=1))
        made = outputs > 0
        possible = (x <= inputs).all(axis=1)
        return np.sort((y[possible][:, made] / outputs[made]).min(axis=1))[::-1]

    def result(self, score: FloatArray, error: FloatArray) -> PartialFrontier:
        """From key order back to the caller's; refuse if nobody could be compared with anybody."""
        if (self._status == NO_PEER).all():
            raise ValueError(
                "no unit has anybody to be compared with; allow more units in may_be_peer or comparable, or keep "
                "own_reference=True"
            )
        back = np.empty_like(self.order)
        back[self.order] = np.arange(self.units)
        return PartialFrontier(
            score=score[back],
            status=self._status[back],
            compared=self._compared[back],
            simulation_error=error[back],
            orientation=self.orientation,
        )
