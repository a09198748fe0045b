"""Bases of many programmes at once: computed anew from their columns, and made feasible again (the dual simplex method)."""

from __future__ import annotations

import numpy as np

from benchmarking.dea.lockstep import (
    FORBIDDEN,
    SMALLEST_PIVOT,
    Batch,
    Columns,
    directions,
    pivot,
    theta_id,
)
from benchmarking.dea.problem import mark
from benchmarking.dea.result import BoolArray, FloatArray

MOST_DUAL_STEPS = 40


def reprice(columns: Columns, batch: Batch) -> None:
    """Compute the prices anew, after another column was barred."""
    costs = np.where(batch.basis < columns.references, columns.unit_cost, 0.0)
    costs[batch.basis == batch.barred[:, None]] = FORBIDDEN
    if columns.has_theta:
        costs[batch.basis == theta_id(columns)] = 1.0
    batch.prices[:] = np.matmul(costs[:, None, :], batch.inverse)[:, 0]


def basis_columns(columns: Columns, batch: Batch) -> FloatArray:
    """The columns of all bases, ``(B, R, R)``: element b, k, r is that of basic variable k in row r."""
    structural = columns.references + columns.trades
    count = batch.basis.shape[1]
    place = (batch.segment[:, None] * structural + np.minimum(batch.basis, structural - 1)) * columns.rows
    found = columns.amounts.reshape(-1)[place[:, :, None] + batch.rows[:, None, :]]
    found *= batch.scale[:, None, :]
    which, position = np.nonzero(batch.basis >= structural)
    found[which, position] = 0.0
    row = batch.basis[which, position] - structural
    slack = row < count
    found[which[slack], position[slack], row[slack]] = columns.slack_sign[-count:][row[slack]]
    if columns.has_theta:
        found[which[~slack], position[~slack]] = batch.theta[which[~slack]]
    return np.asarray(found)


def refactor(columns: Columns, batch: Batch) -> BoolArray:
    """Compute inverse, values and prices of all bases anew from the columns; return which bases are regular."""
    units = len(batch)
    matrices = basis_columns(columns, batch).transpose(0, 2, 1)
    regular = np.ones(units, dtype=bool)
    try:
        batch.inverse[:] = np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        for unit in range(units):
            try:
                batch.inverse[unit] = np.linalg.inv(matrices[unit])
            except np.linalg.LinAlgError:
                regular[unit] = False
    batch.values[:] = np.matmul(batch.inverse, batch.right[:, :, None])[:, :, 0]
    reprice(columns, batch)
    return regular


def restore(columns: Columns, batch: Batch, *, allowed: BoolArray | None = None, noise: float = 0.0) -> BoolArray:
    """Make bases feasible again whose right-hand side has changed: the dual simplex method, in place.

    Prices that were optimal stay so along the way, so the steps are few. Returns which bases are feasible now, but for
    values of ``-noise``.
    """
    numbers = np.arange(len(batch))
    count = batch.scale.shape[1]
    assert count == columns.rows, "only programmes with all rows"
    slacks = np.diag(columns.slack_sign)[columns.slack_enters]
    slack_ids = columns.references + columns.trades + np.flatnonzero(columns.slack_enters)
    for _ in range(MOST_DUAL_STEPS):
        leaving = batch.values.argmin(axis=1)
        live = batch.values[numbers, leaving] < -noise
        if not live.any():
            break
        row = batch.inverse[numbers, leaving]
        # Rate at which the leaving variable falls, and reduced cost, of each column that could take its place.
        rates, costs = [(row * batch.scale) @ columns.table[0]], [(batch.prices * batch.scale) @ columns.table[0]]
        costs[0] = columns.unit_cost - costs[0]
        if allowed is not None:
            rates[0][~allowed] = 0.0
        mark(rates[0], columns.priced, batch.barred, 0.0)
        rates.append(row @ slacks.T)
        costs.append(-batch.prices @ slacks.T)
        ids = [columns.priced, slack_ids]
        if columns.trades:
            given = columns.amounts[0, columns.references :]
            rates.append((row * batch.scale) @ given.T)
            costs.append(-(batch.prices * batch.scale) @ given.T)
            ids.append(columns.references + np.arange(columns.trades))
        if columns.has_theta:
            rates.append(np.einsum("br,br->b", row, batch.theta)[:, None])
            costs.append(1.0 - np.einsum("br,br->b", batch.prices, batch.theta)[:, None])
            ids.append(np.array([theta_id(columns)]))
        rate, cost = np.concatenate(rates, axis=1), np.concatenate(costs, axis=1)
        usable = rate < -SMALLEST_PIVOT
        ratio = np.divide(np.maximum(cost, 0.0), -rate, out=np.full_like(rate, np.inf), where=usable)
        best = ratio.argmin(axis=1)
        live &= np.isfinite(ratio[numbers, best])
        if not live.any():
            break
        entering = np.concatenate(ids)[best]
        direction = directions(columns, batch, entering)
        # Where the two ways to compute the pivot do not agree it is rounding.
        live &= direction[numbers, leaving] < -0.5 * SMALLEST_PIVOT
        pivot(batch, entering, direction, leaving, -cost[numbers, best], live)
    return np.asarray((batch.values >= -noise).all(axis=1))
