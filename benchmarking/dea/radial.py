"""The score of one unit by column generation: solve over a pool of likely peers, price everybody, take in who is
cheaper.

Exact, because nothing is final until one pass over all reference units finds nobody with a negative reduced cost; and
quick, because only units on the frontier ever get into the pool. Candidates belong to each unit's own reference set,
so a unit that is dominated elsewhere can still be a peer here.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from benchmarking.dea.highs import Infeasible, NoSolution, Solver, Vertex, vertex_of
from benchmarking.dea.no_solution import is_proven
from benchmarking.dea.problem import INFINITY, NOISE, ZERO, Frame, Problem, Program
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

#: How many columns enter the pool at once; more means fewer rounds and larger programmes.
ENTERING = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class Solution:
    """An optimal vertex of one unit's scaled programme, with what the later steps need to know of it."""

    frame: Frame
    program: Program
    vertex: Vertex
    columns: IntArray
    column_scale: FloatArray
    score: float
    weights: FloatArray
    trades: FloatArray
    prices: FloatArray
    reduced: FloatArray
    sizes: FloatArray


def first_pool(problem: Problem) -> BoolArray:
    """Units that are extreme in one respect, ``(n_ref,)``: a start from which most programmes are feasible."""
    pool = np.zeros(problem.references, dtype=bool)
    usable = problem.may_be_peer
    if not usable.any():
        return pool
    candidates = np.flatnonzero(usable)
    inputs = problem.reference_inputs[:, candidates]
    outputs = problem.reference_outputs[:, candidates]
    pool[candidates[inputs.argmin(axis=1)]] = True
    pool[candidates[outputs.argmax(axis=1)]] = True
    for row in inputs:
        ratio = np.divide(outputs, row, out=np.zeros_like(outputs), where=row > 0)
        pool[candidates[ratio.argmax(axis=1)]] = True
    return pool


def build(frame: Frame, columns: IntArray) -> tuple[Program, FloatArray]:
    """The scaled programme over ``columns`` and the scales of its weights and trade-offs."""
    block = frame.reference_block(columns)
    if frame.has_trades:
        block = np.concatenate([block, frame.trade_block()], axis=1)
    scale = np.abs(block).max(axis=0) if block.size else np.ones(block.shape[1])
    matrix = np.concatenate([frame.radial[:, None], block / scale], axis=1)
    cost = np.zeros(matrix.shape[1])
    cost[0] = frame.sense
    lower = np.zeros(matrix.shape[1])
    lower[0] = -INFINITY
    return Program(cost, matrix, frame.row_lower, frame.row_upper, lower, np.full(len(lower), INFINITY)), scale


def solve_unit(problem: Problem, unit: int, *, pool: BoolArray, solver: Solver) -> Solution | None:
    """The optimal vertex of one unit, or ``None`` if its programme provably has no solution. ``pool`` grows in place.

    Raises ``NoSolution`` where neither is found.
    """
    frame = Frame(problem, unit)
    candidates = frame.candidates
    chosen = candidates & pool
    own = problem.own[unit]
    if own >= 0 and candidates[own]:
        chosen[own] = True
    sizes = frame.sizes()
    while True:
        columns = np.flatnonzero(chosen)
        program, scale = build(frame, columns)
        solver.load(program)
        try:
            solver.run()
        except Infeasible:
            if len(columns) < int(candidates.sum()):
                chosen = candidates.copy()
                continue
            if _is_infeasible(frame, program, solver):
                return None
            raise NoSolution("feasible and infeasible cannot be told apart") from None
        vertex = solver.vertex(program)
        reduced = frame.reduced_costs(vertex.prices)
        cheaper = candidates & ~chosen & (reduced < -0.1 * ZERO * sizes)
        if not cheaper.any():
            break
        found = np.flatnonzero(cheaper)
        worst = np.argsort(reduced[found] / sizes[found], kind="stable")[:ENTERING]
        chosen[found[worst]] = True
        pool[found[worst]] = True

    basic = vertex.basic_columns[(vertex.basic_columns > 0) & (vertex.basic_columns <= len(columns))] - 1
    pool[columns[basic]] = True
    return _solution(frame, program, vertex, columns, scale, reduced)


def solution_at(problem: Problem, unit: int, peers: IntArray, trades: IntArray, slack_rows: IntArray) -> Solution:
    """The vertex of one unit at a basis found elsewhere: reference units, trade-offs and rows whose slack is basic.

    ``slack_rows`` counts inputs, outputs and scale in the order of the full problem. Raises ``NoSolution`` if the basis
    is none of this programme.
    """
    frame = Frame(problem, unit)
    columns = np.sort(peers)
    program, scale = build(frame, columns)
    inputs, outputs = len(problem.inputs), len(problem.outputs)
    place = np.full(inputs + outputs + 1, -1, dtype=np.intp)
    place[np.concatenate([frame.input_rows, inputs + frame.output_rows])] = np.arange(
        len(frame.input_rows) + len(frame.output_rows)
    )
    if frame.has_scale_row:
        place[-1] = len(frame.row_lower) - 1
    basic_rows = place[slack_rows]
    basic = np.concatenate([[0], 1 + np.arange(len(columns)), 1 + len(columns) + np.sort(trades)]).astype(np.intp)
    vertex = vertex_of(program, basic, np.sort(basic_rows[basic_rows >= 0]))
    return _solution(frame, program, vertex, columns, scale, frame.reduced_costs(vertex.prices))


def _solution(
    frame: Frame, program: Program, vertex: Vertex, columns: IntArray, scale: FloatArray, reduced: FloatArray
) -> Solution:
    scaled = vertex.values[1:].copy()
    scaled[np.abs(scaled) <= NOISE] = 0.0
    activity = np.einsum("rc,c->r", program.matrix, vertex.values)
    short = np.maximum(program.row_lower - activity, activity - program.row_upper)
    if (scaled < 0.0).any() or (short > NOISE * np.maximum(1.0, np.abs(activity))).any():
        raise NoSolution("the basis is that of nearly the same programme")
    amounts = scaled / scale
    return Solution(
        frame=frame,
        program=program,
        vertex=vertex,
        columns=columns,
        column_scale=scale,
        score=float(vertex.values[0]),
        weights=amounts[: len(columns)],
        trades=amounts[len(columns) :],
        prices=vertex.prices,
        reduced=reduced,
        sizes=frame.sizes(),
    )


def _is_infeasible(frame: Frame, program: Program, solver: Solver) -> bool:
    """Whether it can be proven that there is no solution, so that the verdict does not rest on the solver's word alone:
    one shared shortfall is made as small as possible, and its prices are looked at."""
    rows = len(program.row_lower) - int(frame.has_scale_row)
    shortfall = np.zeros((len(program.row_lower), 1))
    shortfall[:rows] = 1.0
    elastic = Program(
        np.append(np.zeros_like(program.cost), 1.0),
        np.concatenate([program.matrix, shortfall], axis=1),
        program.row_lower,
        program.row_upper,
        np.append(program.column_lower, 0.0),
        np.append(program.column_upper, INFINITY),
    )
    prices = np.zeros(len(program.row_lower))
    solver.load(elastic)
    # Nobody at all to add up to one needs no prices.
    with suppress(Infeasible):
        solver.run()
        prices = solver.vertex(elastic).prices
    original = np.maximum(prices / frame.row_scale, 0.0)
    input_price, output_price = np.zeros(len(frame.inputs)), np.zeros(len(frame.outputs))
    inputs = len(frame.input_rows)
    input_price[frame.input_rows] = original[:inputs]
    output_price[frame.output_rows] = original[inputs : inputs + len(frame.output_rows)]
    return is_proven(frame.problem, frame.unit, input_price, output_price)
