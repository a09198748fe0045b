"""From the last bases of the lockstep solver to answers in the caller's own units, with their certificates."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from benchmarking.dea import bases
from benchmarking.dea.certificate import certify, is_accepted
from benchmarking.dea.lockstep import Batch, Columns
from benchmarking.dea.no_solution import is_proven
from benchmarking.dea.problem import NOISE, ZERO, Problem
from benchmarking.dea.programmes import Programmes
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

#: A column that may not be used and is left in the basis with more than this shows that there is no solution.
SHORT = 1e-7


@dataclass(frozen=True, eq=False, kw_only=True)
class Proven:
    """Answers for some units, one row each.

    ``good``: solved, with an accepted certificate; ``infeasible``: shown to have no solution. What is neither is for
    another solver. ``peers (B, R)`` index reference units, with weight 0 where there are fewer. ``at_zero``: some basic
    variable is zero, so the vertex is degenerate.
    """

    good: BoolArray
    infeasible: BoolArray
    score: FloatArray
    peers: IntArray
    weights: FloatArray
    trades: FloatArray
    input_price: FloatArray
    output_price: FloatArray
    scale_price: FloatArray
    certificate: FloatArray
    at_zero: BoolArray
    basis: IntArray

    def take(self, chosen: IntArray) -> Self:
        """Return the chosen units."""
        return type(self)(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Return the parts as one."""
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )


def prove(
    programmes: Programmes,
    columns: Columns,
    batch: Batch,
    units: IntArray,
    ended: BoolArray,
    *,
    anew: bool = True,
) -> Proven:
    """Read off the answers of ``units`` from their bases and measure them against the full problem.

    ``anew``: factor the bases once more, so that the bits depend on the basis and not on the road to it. Without, the
    inverses are taken as they are; the certificate tells whether they are good enough.
    """
    problem = programmes.problem
    if anew:
        regular = bases.refactor(columns, batch) & ended
    else:
        bases.reprice(columns, batch)
        regular = ended
    values = _values(columns, batch, programmes.right[units], refined=anew)
    # Right-hand sides were perturbed: the basis may be that of nearly the same problem only.
    off = np.flatnonzero(regular & (values.min(axis=1) < -NOISE))
    off = off[~_is_rounding(columns, batch.take(off), values[off])]
    if off.size:
        regular[off], values[off] = _put_right(programmes, columns, batch, units, off)
    values[~regular] = 0.0
    prices = np.where(regular[:, None], batch.prices, 0.0)
    references = columns.references
    structural = references + columns.trades
    is_peer = batch.basis < references
    ids = np.where(is_peer, batch.basis, 0)
    own_measure = programmes.measure[programmes.own[units]]
    sizes = np.abs(values)
    if problem.returns_to_scale != "crs":
        # A small weight in costs may be a large one in number.
        in_number = sizes * own_measure[:, None] / programmes.measure[ids]
        sizes = np.where(is_peer, np.maximum(sizes, in_number), sizes)
    tiny = sizes <= ZERO
    values[(sizes <= NOISE) | (values < 0.0)] = 0.0
    amounts = np.where(is_peer, values, 0.0)
    forbidden = is_peer & (ids == batch.barred[:, None])
    short = np.where(forbidden, amounts, 0.0).max(axis=1)
    infeasible = regular & (short > SHORT)
    if infeasible.any():
        infeasible[infeasible] = _has_no_solution(programmes, batch, forbidden, units, infeasible)
    amounts[forbidden] = 0.0
    if columns.has_theta:
        score = np.where(batch.basis == structural + columns.rows, values, 0.0).sum(axis=1)
    else:
        score = amounts.sum(axis=1)
    # The unit's own column is a solution with score 1: what is left beyond that is rounding.
    score = np.where(problem.own_is_allowed[units] & (batch.own != batch.barred), np.minimum(score, 1.0), score)
    weights = amounts * own_measure[:, None] / programmes.measure[ids]
    ids = np.where(ids < problem.references, ids, 0)

    trades = np.zeros((len(units), problem.trades.shape[1]))
    if columns.trades:
        for row in range(columns.rows):
            traded = np.flatnonzero((batch.basis[:, row] >= references) & (batch.basis[:, row] < structural))
            which = batch.basis[traded, row]
            trades[traded, which - references] = values[traded, row] * own_measure[traded] / programmes.measure[which]

    original = prices * batch.scale / own_measure[:, None]
    inputs, outputs = programmes.input_rows, len(problem.outputs)
    input_price = 1.0 / problem.inputs[:, units].T if programmes.single else original[:, :inputs]
    output_price = original[:, inputs : inputs + outputs]
    has_scale = problem.returns_to_scale != "crs"
    scale_price = prices[:, -1] if has_scale else np.zeros(len(units))
    # A price a hair on the wrong side of zero would let the reduced cost of a far larger unit look better than it is,
    # and one a hair outside its bounds whatever it likes.
    input_price = np.maximum(input_price, 0.0)
    output_price = problem.within_bounds(np.maximum(output_price, 0.0))
    if problem.returns_to_scale == "drs":
        scale_price = np.minimum(scale_price, 0.0)
    elif problem.returns_to_scale == "irs":
        scale_price = np.maximum(scale_price, 0.0)
    input_price = with_unused_inputs(problem, units, input_price, output_price, scale_price)

    certificate = certify(
        problem,
        units,
        score=score,
        peers=ids,
        weights=weights,
        trades=trades,
        input_price=input_price,
        output_price=output_price,
        scale_price=scale_price,
        barred=batch.barred,
    )
    at_zero = (tiny & (batch.basis != structural + columns.rows) & ~_is_idle(programmes, batch, units, structural)).any(
        axis=1
    )
    return Proven(
        good=regular & ~infeasible & (short == 0.0) & is_accepted(certificate, score),
        infeasible=infeasible,
        score=score,
        peers=ids,
        weights=weights,
        trades=trades,
        input_price=input_price + 0.0,
        output_price=output_price + 0.0,
        scale_price=scale_price + 0.0,
        certificate=certificate,
        at_zero=at_zero,
        basis=batch.basis.copy(),
    )


def _values(columns: Columns, batch: Batch, right: FloatArray, *, refined: bool) -> FloatArray:
    """Values of the basic variables at the true right-hand sides ``right (B, R)``."""
    values = np.matmul(batch.inverse, right[:, :, None])
    if refined:
        # What is left over is worth most where two homes are nearly one.
        matrices = bases.basis_columns(columns, batch).transpose(0, 2, 1)
        values += np.matmul(batch.inverse, right[:, :, None] - np.matmul(matrices, values))
    return np.asarray(values[:, :, 0])


def _is_rounding(columns: Columns, batch: Batch, values: FloatArray) -> BoolArray:
    """Whether negative values are no more than rounding beside what is added up in the rows, ``(B,)``."""
    matrices = bases.basis_columns(columns, batch)
    left_out = np.matmul(np.minimum(values, 0.0)[:, None, :], matrices)[:, 0]
    handled = np.matmul(np.abs(values)[:, None, :], np.abs(matrices))[:, 0]
    return np.asarray((np.abs(left_out) <= NOISE * np.maximum(1.0, handled)).all(axis=1))


def _put_right(
    programmes: Programmes, columns: Columns, batch: Batch, units: IntArray, places: IntArray
) -> tuple[BoolArray, FloatArray]:
    """Take the few steps to a basis that is feasible at the true right-hand sides, in place; return whether there is
    one, and the values."""
    right = programmes.right[units[places]]
    some = batch.take(places)
    some.right = right
    regular = bases.refactor(columns, some)
    kept = np.flatnonzero(regular)
    rest = some.take(kept)
    bases.restore(columns, rest, allowed=programmes.allowed(units[places[kept]], columns.priced), noise=NOISE)
    regular[kept] = bases.refactor(columns, rest)
    some.put(kept, rest)
    batch.put(places, some)
    values = _values(columns, some, right, refined=True)
    return regular & _is_rounding(columns, some, values), values


def _is_idle(programmes: Programmes, batch: Batch, units: IntArray, structural: int) -> BoolArray:
    """Slacks of rows that are empty for the unit: no part of its programme."""
    row = np.clip(batch.basis - structural, 0, batch.basis.shape[1] - 1)
    is_slack = (batch.basis >= structural) & (batch.basis < structural + batch.basis.shape[1])
    return np.asarray(is_slack & ~np.take_along_axis(programmes.active[units], row, axis=1))


def with_unused_inputs(
    problem: Problem,
    units: IntArray,
    input_price: FloatArray,
    output_price: FloatArray,
    scale_price: FloatArray,
) -> FloatArray:
    """An input the unit does not use gets the lowest price at which nobody who uses it would be a peer."""
    lacking = np.flatnonzero((problem.inputs[:, units] == 0).any(axis=0))
    if not lacking.size:
        return input_price
    priced = input_price.copy()
    for place in lacking:
        unit = int(units[place])
        allowed = problem.allowed(unit)
        reduced = priced[place] @ problem.reference_inputs - output_price[place] @ problem.reference_outputs
        reduced -= scale_price[place]
        for row in np.flatnonzero(problem.inputs[:, unit] == 0):
            users = allowed & (problem.reference_inputs[row] > 0)
            needed = -reduced[users] / problem.reference_inputs[row, users]
            priced[place, row] = needed.max(initial=0.0)
    return priced


def _has_no_solution(
    programmes: Programmes, batch: Batch, forbidden: BoolArray, units: IntArray, chosen: BoolArray
) -> BoolArray:
    """Whether the row of the forbidden column holds prices that prove it."""
    problem = programmes.problem
    places = np.flatnonzero(chosen)
    row = forbidden[places].argmax(axis=1)
    prices = np.maximum(batch.inverse[places, row] * batch.scale[places], 0.0)
    inputs, outputs = programmes.input_rows, len(problem.outputs)
    input_price = np.zeros((len(places), len(problem.inputs))) if programmes.single else prices[:, :inputs]
    output_price = prices[:, inputs : inputs + outputs]
    # A column of the unit's own that no reference unit has is barred to everybody else anyway.
    barred = np.where(batch.barred[places] < problem.references, batch.barred[places], -1)
    found = zip(units[places].tolist(), input_price, output_price, barred.tolist(), strict=True)
    return np.array([is_proven(problem, unit, dear, worth, barred=out) for unit, dear, worth, out in found], dtype=bool)


def row_prices(programmes: Programmes, proven: Proven, units: IntArray) -> FloatArray:
    """Prices of the common rows at which a column's worth is measured by what the unit itself is, ``(B, R)``; ``proven``
    holds the answers of ``units``."""
    parts = [] if programmes.single else [proven.input_price]
    parts.append(proven.output_price)
    if programmes.problem.returns_to_scale != "crs":
        parts.append(proven.scale_price[:, None])
    own_measure = programmes.measure[programmes.own[units]]
    return np.asarray(np.concatenate(parts, axis=1) * own_measure[:, None])
