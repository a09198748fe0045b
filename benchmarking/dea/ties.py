"""Whether weights and prices are the only optimal ones, and which weights to take when they are not.

At an optimal basis let Z be the basic variables at zero and N the non-basic ones with reduced cost zero.

- N empty: only these weights are optimal. Z empty: only these prices are.
- N empty, Z not: moving along a row of the inverse basis keeps every reduced cost positive, so the prices are not
  unique.
- Z empty, N not: any of N may enter, so the weights are not unique.
- Both: a zero reduced cost proves nothing, because the vertex is degenerate. With G[z, n] the rate at which z changes
  as n enters, another set of weights exists iff some nu >= 0, nu != 0 has G nu >= 0, and other prices exist iff some
  tau >= 0, tau != 0 has tau G <= 0. These are cones, so inside the unit box the largest sum is 0 or at least 1: no
  fine line to draw.

The weights to take are the lexicographically largest ones in key order: of the optimal face the part with the largest
weight of the first peer, of that the part with the largest weight of the second, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarking.dea.highs import Infeasible, NoSolution, Solver, Vertex
from benchmarking.dea.problem import INFINITY, NOISE, ZERO, Program
from benchmarking.dea.radial import Solution
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

_CANCELLED = 1e-10


@dataclass(frozen=True, eq=False)
class Face:
    """All optimal weights and trade-offs of a unit: ``program`` has weights of ``peers`` first, then ``trades``.

    By complementarity it holds every solution that uses only reference units with reduced cost zero and leaves no
    slack in a row with a price.
    """

    program: Program
    peers: IntArray
    trades: IntArray
    scale: FloatArray


def face_of(solution: Solution) -> Face:
    """The optimal face of a solved unit."""
    frame = solution.frame
    zero = frame.candidates & (solution.reduced <= ZERO * solution.sizes)
    zero[solution.columns[solution.weights > 0]] = True
    peers = np.flatnonzero(zero)
    trades = np.flatnonzero(~_priced_trades(solution))
    block = frame.reference_block(peers)
    if frame.has_trades:
        block = np.concatenate([block, frame.trade_block()[:, trades]], axis=1)
    scale = np.abs(block).max(axis=0)
    shift = frame.radial * solution.score
    lower, upper = frame.row_lower - shift, frame.row_upper - shift
    priced = np.abs(solution.prices) > _price_zero(solution)
    bound = np.where(np.isfinite(lower), lower, upper)
    program = Program(
        np.zeros(len(scale)),
        block / scale,
        np.where(priced, bound, lower),
        np.where(priced, bound, upper),
        np.zeros(len(scale)),
        np.full(len(scale), INFINITY),
    )
    return Face(program, peers, trades, scale)


@dataclass(frozen=True, kw_only=True)
class Uniqueness:
    """What is the only optimal answer: the weights; the prices of all rows; the prices of what the unit itself uses and
    delivers, and the scale price."""

    weights: bool
    prices: bool
    own_prices: bool


def uniqueness(solution: Solution, solver: Solver) -> Uniqueness:
    """Decide by the vertex where that proves it, by small programmes on the optimal face where it does not."""
    frame = solution.frame
    entering = _entering(solution)
    at_zero, both_ways, absent = _at_zero(solution)
    # The price of an input the unit does not use can always be raised further.
    all_inputs_used = bool((frame.inputs > 0).all())
    if entering.shape[1] == 0:
        own = bool(absent.all())
        return Uniqueness(weights=True, prices=all_inputs_used and not len(absent), own_prices=own)
    rates = _rates(at_zero, entering)
    own_rates, own_both_ways = rates[~absent], both_ways[~absent]
    weights = len(own_rates) > 0 and not _has_direction(own_rates, own_both_ways, solver)
    if not weights and frame.has_trades:
        weights = not _weights_move(solution, solver)
    own_prices = not len(own_rates) or not _has_dual_direction(own_rates, own_both_ways, solver)
    prices = own_prices and all_inputs_used
    if prices and absent.any():
        prices = not _has_dual_direction(rates, both_ways, solver)
    return Uniqueness(weights=weights, prices=prices, own_prices=own_prices)


def lexicographic(face: Face, solver: Solver, *, last_first: bool = False) -> tuple[FloatArray, FloatArray]:
    """The lexicographically largest weights on the face, and trade-offs that go with them.

    ``last_first=True`` gives the smallest instead (of the first peer, then of the second, ...).
    """
    if not len(face.peers):
        return np.zeros(0), np.zeros(len(face.trades))
    program = face.program
    vertex: Vertex | None = None
    lower, upper = program.row_lower.copy(), program.row_upper.copy()
    column_upper = program.column_upper.copy()
    solver.load(program)
    for peer in range(len(face.peers)):
        if column_upper[peer] == 0.0:
            continue
        cost = np.zeros(len(face.scale))
        cost[peer] = 1.0 if last_first else -1.0
        step = Program(cost, program.matrix, lower.copy(), upper.copy(), program.column_lower, column_upper.copy())
        solver.change(step)
        solver.run()
        vertex = solver.vertex(step)
        # What has a reduced cost or a price now must stay where it is, or this peer's weight would be given up again.
        reduced = cost - np.einsum("r,rc->c", vertex.prices, program.matrix)
        reduced[vertex.basic_columns] = 0.0
        column_upper[np.abs(reduced) > ZERO] = 0.0
        bound = np.where(np.isfinite(lower), lower, upper)
        priced = np.abs(vertex.prices) > ZERO
        lower[priced] = bound[priced]
        upper[priced] = bound[priced]
        movable = column_upper > 0
        movable[vertex.basic_columns] = False
        if not movable.any() and (lower[vertex.active_rows] == upper[vertex.active_rows]).all():
            break
    if vertex is None:
        raise AssertionError("a face without peers has no weights to choose between")
    values = vertex.values.copy()
    values[np.abs(values) <= NOISE] = 0.0
    values /= face.scale
    return values[: len(face.peers)], values[len(face.peers) :]


def _price_zero(solution: Solution) -> float:
    return ZERO * max(1.0, abs(solution.score))


def _priced_trades(solution: Solution) -> BoolArray:
    """Which trade-offs have a positive reduced cost, ``(K,)``."""
    frame = solution.frame
    if not frame.has_trades:
        return np.zeros(0, dtype=bool)
    scale = solution.column_scale[len(solution.columns) :]
    gain = np.einsum("r,rk->k", solution.prices, frame.trade_block() / scale)
    priced: BoolArray = -gain > _price_zero(solution)
    return priced


def _basis_inverse(solution: Solution) -> FloatArray:
    vertex = solution.vertex
    inverse: FloatArray = np.asarray(
        np.linalg.inv(solution.program.matrix[np.ix_(vertex.active_rows, vertex.basic_columns)]), dtype=np.float64
    )
    return inverse


def _entering(solution: Solution) -> FloatArray:
    """Coefficients of N in the rows, ``(rows, |N|)``: reference units, trade-offs, and slacks of active rows."""
    frame, vertex = solution.frame, solution.vertex
    weights = len(solution.columns)
    is_weight = (vertex.basic_columns > 0) & (vertex.basic_columns <= weights)
    basic_peers = solution.columns[vertex.basic_columns[is_weight] - 1]
    zero = frame.candidates & (solution.reduced <= ZERO * solution.sizes)
    zero[basic_peers] = False
    parts = [frame.reference_block(np.flatnonzero(zero))]
    if frame.has_trades:
        free = ~_priced_trades(solution)
        free[vertex.basic_columns[vertex.basic_columns > weights] - 1 - weights] = False
        parts.append(frame.trade_block()[:, free])
    rows = np.zeros(len(frame.row_lower), dtype=bool)
    rows[vertex.active_rows] = True
    rows &= (np.abs(solution.prices) <= _price_zero(solution)) & (frame.row_lower != frame.row_upper)
    # Row r with slack: matrix x - slack = lower, or matrix x + slack = upper.
    slack = np.where(np.isfinite(frame.row_lower), -1.0, 1.0)
    parts.append(np.diag(slack)[:, rows])
    block = np.concatenate(parts, axis=1)
    # Rows of products not delivered are part of the full problem: they count for the prices.
    absent = np.zeros((len(frame.absent_outputs), block.shape[1]))
    peers = np.flatnonzero(zero)
    absent[:, : len(peers)] = _absent_block(solution, peers)
    return np.concatenate([block, absent])


def _absent_block(solution: Solution, peers: IntArray) -> FloatArray:
    frame = solution.frame
    return frame.problem.reference_outputs[np.ix_(frame.absent_outputs, peers)]


def _at_zero(solution: Solution) -> tuple[FloatArray, BoolArray, BoolArray]:
    """For each of Z the row that turns coefficients of an entering variable into the rate at which z changes,
    ``(|Z|, rows)``, whether z may neither rise nor fall, and whether z is the row of a product not delivered,
    ``(|Z|,)``."""
    frame, vertex, program = solution.frame, solution.vertex, solution.program
    inverse = _basis_inverse(solution)
    rows = len(frame.row_lower)
    width = rows + len(frame.absent_outputs)

    columns = np.zeros((len(vertex.basic_columns), width))
    columns[:, vertex.active_rows] = -inverse
    at_bound = (np.abs(vertex.values[vertex.basic_columns]) <= ZERO) & (vertex.basic_columns > 0)

    activity = np.einsum("rc,c->r", program.matrix, vertex.values)
    is_lower = np.isfinite(frame.row_lower)
    bound = np.where(is_lower, frame.row_lower, frame.row_upper)
    slack = np.abs(activity - bound)[vertex.basic_rows] <= ZERO
    tight = vertex.basic_rows[slack]
    sign = np.where(is_lower[tight], 1.0, -1.0)[:, None]
    row_rates = np.zeros((len(tight), width))
    row_rates[:, vertex.active_rows] = -program.matrix[np.ix_(tight, vertex.basic_columns)] @ inverse
    row_rates[np.arange(len(tight)), tight] = 1.0

    # sum_j y_rj lambda_j >= 0 of a product not delivered: tight if no peer delivers it either.
    is_weight = (vertex.basic_columns > 0) & (vertex.basic_columns <= len(solution.columns))
    absent = np.zeros((len(frame.absent_outputs), program.matrix.shape[1]))
    absent[:, 1 : 1 + len(solution.columns)] = _absent_block(solution, solution.columns)
    absent[:, 1 : 1 + len(solution.columns)] /= solution.column_scale[: len(solution.columns)]
    weighted = solution.columns[solution.weights > 0]
    none = ~(_absent_block(solution, weighted) > 0).any(axis=1)
    absent_rates = np.zeros((int(none.sum()), width))
    absent_rates[:, vertex.active_rows] = -absent[np.ix_(none, vertex.basic_columns * is_weight)] @ inverse
    absent_rates[np.arange(len(absent_rates)), rows + np.flatnonzero(none)] = 1.0

    rates = np.concatenate([columns[at_bound], sign * row_rates, absent_rates])
    both_ways = np.zeros(len(rates), dtype=bool)
    first = int(at_bound.sum())
    both_ways[first : first + len(tight)] = frame.row_lower[tight] == frame.row_upper[tight]
    is_absent = np.zeros(len(rates), dtype=bool)
    is_absent[first + len(tight) :] = True
    return rates, both_ways, is_absent


def _rates(at_zero: FloatArray, entering: FloatArray) -> FloatArray:
    """G, with exact zeros where its sums cancel, and rows and columns scaled (which changes neither cone)."""
    rates: FloatArray = np.einsum("zr,rn->zn", at_zero, entering)
    # Against the size of what went in, before scaling: a row of nothing but rounding must not be blown up to ones.
    sizes = np.abs(at_zero).max(axis=1, keepdims=True, initial=0.0) * np.abs(entering).max(axis=0, initial=0.0)
    rates[np.abs(rates) <= _CANCELLED * sizes] = 0.0
    for axis in (0, 1):
        largest: FloatArray = np.abs(rates).max(axis=axis, keepdims=True, initial=0.0)
        rates = rates / np.where(largest > 0, largest, 1.0)
    return rates


def _largest(
    cost: FloatArray, matrix: FloatArray, lower: FloatArray, upper: FloatArray, low: FloatArray, solver: Solver
) -> float:
    solver.load(Program(-cost, matrix, lower, upper, low, np.ones(len(cost))))
    return -solver.run()


def _has_direction(rates: FloatArray, both_ways: BoolArray, solver: Solver) -> bool:
    """Whether some nu >= 0, not all zero, has rates nu >= 0 (= 0 where ``both_ways``)."""
    rows, columns = rates.shape
    upper = np.where(both_ways, 0.0, INFINITY)
    return _largest(np.ones(columns), rates, np.zeros(rows), upper, np.zeros(columns), solver) > 0.5


def _has_dual_direction(rates: FloatArray, both_ways: BoolArray, solver: Solver) -> bool:
    """Whether some tau >= 0 (any sign where ``both_ways``), not all zero, has tau rates <= 0."""
    rows, columns = rates.shape
    low = np.where(both_ways, -1.0, 0.0)
    goals = [np.where(both_ways, 0.0, 1.0)]
    for row in np.flatnonzero(both_ways):
        goals += [np.eye(rows)[row], -np.eye(rows)[row]]
    transposed = np.ascontiguousarray(rates.T)
    bounds = np.full(columns, -INFINITY), np.zeros(columns)
    return any(_largest(goal, transposed, *bounds, low, solver) > 0.5 for goal in goals)


def _weights_move(solution: Solution, solver: Solver) -> bool:
    """With trade-offs, whether the optimal face holds two sets of weights, or one with several trade-offs only."""
    face = face_of(solution)
    try:
        largest, _ = lexicographic(face, solver)
        smallest, _ = lexicographic(face, solver, last_first=True)
    except (NoSolution, Infeasible):
        # What cannot be decided is not called unique.
        return True
    scale = face.scale[: len(face.peers)]
    return bool((np.abs(largest - smallest) * scale > 10 * ZERO).any())
