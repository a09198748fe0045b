"""With prices of the inputs: what would the same care cost at best, and is the loss waste or the wrong mix?

The cheapest way to make y_0 at prices p is min p.x over all x that some combination of the reference units allows. As
nobody needs more inputs than the combination has, that is min sum_j (p.x_j) lambda_j subject to Y lambda >= y_0: the
radial problem with one input, cost at the unit's own prices. So it is solved, and proved, by ``efficiency``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarking.dea import parameters, validation
from benchmarking.dea.efficiency import efficiency
from benchmarking.dea.result import INFEASIBLE, NO_PEER, BoolArray, FloatArray, ReadOnly


@dataclass(frozen=True, eq=False, kw_only=True)
class CostEfficiency(ReadOnly):
    """cost = technical * allocative; arrays read-only, in the caller's order, ``nan`` where there is no solution.

    cost : (n,)
        Lowest cost over actual cost, at the unit's own prices.
    technical : (n,)
        theta: the share of all inputs that would do, in the mix the unit has.
    allocative : (n,)
        What remains: the share of that cost that would do in the cheapest mix.
    minimum_cost : (n,)
        In the currency of the prices.
    best_inputs : (n, m)
        The cheapest amounts, those of the peers of the cost problem; the only cheapest ones where ``unique``.
    status : (n,)
        "optimal", "infeasible" or "no_peer".
    certificate, fallback : (n,)
        The worst figure of the certificates of both problems, and whether either took the careful attempt.
    """

    cost: FloatArray
    technical: FloatArray
    allocative: FloatArray
    minimum_cost: FloatArray
    best_inputs: FloatArray
    unique: BoolArray
    status: NDArray[np.str_]
    certificate: FloatArray
    fallback: BoolArray
    returns_to_scale: str


def cost_efficiency(
    inputs: ArrayLike,
    outputs: ArrayLike,
    prices: ArrayLike,
    *,
    returns_to_scale: str = "vrs",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    own_reference: bool = True,
) -> CostEfficiency:
    """Cost efficiency and its two parts.

    Parameters
    ----------
    inputs : (n, m)
        Amounts, not costs: hours, places, square metres.
    outputs : (n, s)
    prices : (m,) or (n, m)
        Price of one unit of each input, above 0; the same for all, or each unit's own. Units are compared at the prices
        of the one evaluated.
    returns_to_scale, keys, may_be_peer, comparable, own_reference
        As for ``efficiency``.

    Raises
    ------
    ValueError
        As for ``efficiency``, and for prices of another shape, not finite or not above 0, naming row and column.

    Source: Farrell (1957), The measurement of productive efficiency; Färe, Grosskopf & Lovell (1985).
    """
    names = None if keys is None else parameters.listed(keys)
    x = validation.amounts(inputs, "inputs", names=names)
    y = validation.amounts(outputs, "outputs", names=names)
    validation.same_rows(x, y)
    units = len(x)
    # Everything in key order, so that sums do not depend on the order of rows.
    order = validation.order_of(names, units)
    price = _prices(prices, x.shape, names)[order]
    x, y = x[order], y[order]
    own_reference = parameters.flag(own_reference, "own_reference")
    peers = validation.peers_mask(may_be_peer, units)[order]
    alike = validation.comparable_rows(comparable, units, units, order, order)
    technical = efficiency(
        x,
        y,
        returns_to_scale=returns_to_scale,
        may_be_peer=peers,
        comparable=alike,
        own_reference=own_reference,
    )

    solved = np.flatnonzero(technical.score <= 1.0)
    validation.distances(technical.score[solved], order[solved], names)
    everybody = alike is None and bool(peers.all())

    def reference(unit: int) -> BoolArray:
        mask = peers.copy()
        if alike is not None:
            mask &= alike(unit)
        if own_reference:
            mask[unit] = True
        return mask

    cost, certificate = np.full(units, np.nan), np.full(units, np.nan)
    best_inputs = np.full(x.shape, np.nan)
    unique, fallback = np.zeros(units, dtype=bool), technical.fallback.copy()
    status = np.full(units, NO_PEER, dtype=f"<U{len(INFEASIBLE)}")
    # One problem set for all units with the same prices; who has nobody to be compared with stays out of it.
    distinct, group = np.unique(price, axis=0, return_inverse=True)
    back = np.empty_like(order)
    back[order] = np.arange(units)
    for at in distinct:
        parameters.of_usable_size(np.einsum("ij,j->i", x, at)[back], "inputs times prices,", names)
    for number, at in enumerate(distinct):
        chosen = np.flatnonzero((group.ravel() == number) & (technical.status != NO_PEER))
        if not len(chosen):
            continue
        costs = np.einsum("ij,j->i", x, at)[:, None]
        found = efficiency(
            costs[chosen],
            y[chosen],
            returns_to_scale=returns_to_scale,
            reference_inputs=costs,
            reference_outputs=y,
            comparable=None if everybody else lambda k, chosen=chosen: reference(int(chosen[k])),
        )
        # The unit's own column is a solution with score 1: what is left beyond that is rounding.
        own = np.array([everybody or reference(int(unit))[unit] for unit in chosen])
        cost[chosen] = np.where(own, np.minimum(found.score, 1.0), found.score)
        known = np.isfinite(found.score)
        best_inputs[chosen[known]] = (found.weights @ x)[known]
        unique[chosen], status[chosen] = found.unique, found.status
        certificate[chosen] = np.maximum(found.certificate, technical.certificate[chosen]).max(axis=1)
        fallback[chosen] |= found.fallback
    return CostEfficiency(
        cost=cost[back],
        technical=technical.score[back],
        allocative=(cost / technical.score)[back],
        minimum_cost=(cost * np.einsum("ij,ij->i", x, price))[back],
        best_inputs=best_inputs[back],
        unique=unique[back],
        status=status[back],
        certificate=certificate[back],
        fallback=fallback[back],
        returns_to_scale=returns_to_scale,
    )


def _prices(prices: ArrayLike, shape: tuple[int, ...], names: list[object] | None) -> FloatArray:
    array = parameters.numbers_of(prices, "prices", f"give {shape[1]} prices, or one row per unit")
    if array.shape not in ((shape[1],), shape):
        raise ValueError(f"prices has shape {array.shape}; give {shape[1]} prices, or a row of them for each unit")
    wrong = np.argwhere(~((array >= parameters.SMALLEST) & (array <= parameters.LARGEST)))
    if len(wrong):
        *row, column = (int(position) for position in wrong[0])
        where = f"{parameters.row_name(row[0], names)}, " if row else ""
        raise ValueError(
            f"prices {where}column {column}: {array[tuple(wrong[0])]:.12g}; give a finite price above 0, from "
            f"{parameters.SMALLEST:g} to {parameters.LARGEST:g}"
        )
    return np.broadcast_to(array, shape)
