"""Everything that is said about one unit: solve, prove, settle ties, and if any of that fails do it in whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarking.dea.certificate import certify, is_accepted, primal_residual
from benchmarking.dea.exact import solve_exactly
from benchmarking.dea.fdh import fdh_certificate, fdh_unit
from benchmarking.dea.highs import Infeasible, NoSolution, Solver
from benchmarking.dea.problem import Problem
from benchmarking.dea.proof import with_unused_inputs
from benchmarking.dea.radial import Solution, solution_at, solve_unit
from benchmarking.dea.result import INFEASIBLE, NO_PEER, OPTIMAL, BoolArray, FloatArray, IntArray
from benchmarking.dea.slacks import largest_slacks, slack_weights, slacks_of
from benchmarking.dea.ties import Face, face_of, lexicographic, uniqueness


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """One row of ``Efficiency``; ``peers`` index reference units in key order, ``scale_price`` is w of
    ``problem.py``."""

    status: str
    score: float
    peers: IntArray
    weights: FloatArray
    trades: FloatArray
    input_price: FloatArray
    output_price: FloatArray
    scale_price: float
    input_slack: FloatArray
    output_slack: FloatArray
    certificate: FloatArray
    unique: bool
    prices_unique: bool
    own_prices_unique: bool
    fallback: bool


def answer_unit(problem: Problem, unit: int, *, pool: BoolArray, solver: Solver, slacks: bool) -> Answer:
    """The complete answer for one unit; ``pool`` grows in place."""
    if not problem.allowed(unit).any():
        return _without_answer(problem, NO_PEER)
    if problem.returns_to_scale == "fdh":
        return _fdh_answer(problem, unit, slacks=slacks)
    try:
        found = _proven(problem, unit, pool, solver)
        if found is None:
            return _without_answer(problem, INFEASIBLE)
        answer = _finished(problem, unit, *found, solver=solver, slacks=slacks)
    except (NoSolution, Infeasible):
        return exact_answer(problem, unit, slacks=slacks)
    return replace(answer, fallback=True)


def settled(
    problem: Problem,
    unit: int,
    *,
    peers: IntArray,
    trades: IntArray,
    slack_rows: IntArray,
    solver: Solver,
    slacks: bool,
) -> Answer | None:
    """The complete answer at a basis that the lockstep solver found, ties settled; ``None`` if it does not hold.

    ``peers``, ``trades`` and ``slack_rows`` are what is basic, see ``solution_at``.
    """
    try:
        solution = solution_at(problem, unit, peers, trades, slack_rows)
        answer = _vertex_answer(problem, unit, solution)
        if not _is_accepted(answer):
            return None
        return _finished(problem, unit, solution, answer, solver=solver, slacks=slacks)
    except (NoSolution, Infeasible):
        return None


def _finished(
    problem: Problem, unit: int, solution: Solution, answer: Answer, *, solver: Solver, slacks: bool
) -> Answer:
    """What is unique is told, ties are settled, slacks are read off; raises ``NoSolution`` or ``Infeasible`` where
    rounding leaves that open."""
    only = uniqueness(solution, solver)
    # Weights that are unique still leave trade-offs, and so slacks, to choose between.
    face = face_of(solution) if not only.weights or (slacks and problem.trades.shape[1]) else None
    if not only.weights and face is not None:
        answer = _with_ties_settled(problem, unit, answer, face, solver)
    peers, weights, trades = answer.peers, answer.weights, answer.trades
    if slacks and face is not None:
        peers = face.peers
        weights, trades = largest_slacks(problem, face, solver)
        trades = _spread(problem, face.trades, trades)
    input_slack, output_slack = _slacks(problem, unit, answer.score, peers, weights, trades)
    return replace(
        answer,
        input_slack=input_slack,
        output_slack=output_slack,
        unique=only.weights,
        prices_unique=only.prices,
        own_prices_unique=only.own_prices,
    )


def score_of(problem: Problem, unit: int, *, pool: BoolArray, solver: Solver) -> tuple[float, IntArray, FloatArray]:
    """Only the score of a unit, its peers and the certificate, ``nan`` and nobody if there is none; ties are not
    settled."""
    none = np.nan, np.zeros(0, dtype=np.intp), np.full(3, np.nan)
    if not problem.allowed(unit).any():
        return none
    if problem.returns_to_scale == "fdh":
        answer = _fdh_answer(problem, unit, slacks=False)
        return answer.score, answer.peers, answer.certificate
    try:
        proven = _proven(problem, unit, pool, solver)
    except NoSolution:
        exact = solve_exactly(problem, unit, ties=False)
        return none if exact is None else (exact.score, exact.peers, np.zeros(3))
    return none if proven is None else (proven[1].score, proven[1].peers, proven[1].certificate)


def _proven(problem: Problem, unit: int, pool: BoolArray, solver: Solver) -> tuple[Solution, Answer] | None:
    """Solution and answer with an accepted certificate, ``None`` if there provably is none; else ``NoSolution``."""
    solution = solve_unit(problem, unit, pool=pool, solver=solver)
    if solution is None:
        return None
    answer = _vertex_answer(problem, unit, solution)
    if not _is_accepted(answer):
        raise NoSolution("the certificate is not good enough")
    return solution, answer


def _is_accepted(answer: Answer) -> bool:
    return bool(is_accepted(answer.certificate[None], np.array([answer.score]))[0])


def exact_answer(problem: Problem, unit: int, *, slacks: bool) -> Answer:
    """The answer in whole numbers, not under "fdh": nothing in it falls short, so the three figures are 0."""
    if not problem.allowed(unit).any():
        return _without_answer(problem, NO_PEER)
    exact = solve_exactly(problem, unit, slacks=slacks)
    if exact is None:
        return _without_answer(problem, INFEASIBLE)
    units, scale_price = np.array([unit]), np.array([exact.scale_price])
    prices = with_unused_inputs(problem, units, exact.input_price[None], exact.output_price[None], scale_price)
    weights = exact.slack_peers, exact.slack_weights, exact.slack_trades
    input_slack, output_slack = _slacks(problem, unit, exact.score, *weights)
    delivered = (problem.reference_outputs[:, exact.peers] > 0).any(axis=1) | (problem.outputs[:, unit] > 0)
    delivered |= bool(problem.trades.shape[1])
    return Answer(
        status=OPTIMAL,
        score=exact.score,
        peers=exact.peers,
        weights=exact.weights,
        trades=exact.trades,
        input_price=prices[0],
        output_price=exact.output_price,
        scale_price=exact.scale_price,
        input_slack=input_slack,
        output_slack=output_slack,
        certificate=np.zeros(3),
        unique=exact.unique,
        prices_unique=exact.prices_unique and bool(delivered.all()) and bool((problem.inputs[:, unit] > 0).all()),
        own_prices_unique=exact.prices_unique,
        fallback=True,
    )


def _vertex_answer(problem: Problem, unit: int, solution: Solution) -> Answer:
    frame = solution.frame
    score = solution.score
    # The unit's own column is a solution with score 1: what is left beyond that is rounding.
    own = problem.own[unit]
    if own >= 0 and frame.allowed[own]:
        score = min(score, 1.0) if problem.orientation == "input" else max(score, 1.0)
    original = solution.prices / frame.row_scale
    inputs = len(frame.input_rows)
    input_price = np.zeros(len(problem.inputs))
    output_price = np.zeros(len(problem.outputs))
    input_price[frame.input_rows] = original[:inputs]
    output_price[frame.output_rows] = original[inputs : inputs + len(frame.output_rows)]
    output_price = problem.within_bounds(output_price[None])[0]
    scale_price = float(original[-1]) + 0.0 if frame.has_scale_row else 0.0
    priced = with_unused_inputs(
        problem, np.array([unit]), input_price[None], output_price[None], np.array([scale_price])
    )
    blank = np.zeros(0)
    answer = Answer(
        status=OPTIMAL,
        score=score,
        peers=solution.columns,
        weights=blank,
        trades=blank,
        # Prices of rows that are not tight come out of the solver's basis as exact zeros; minus zero is no price.
        input_price=priced[0] + 0.0,
        output_price=output_price + 0.0,
        scale_price=scale_price,
        input_slack=blank,
        output_slack=blank,
        certificate=blank,
        unique=False,
        prices_unique=False,
        own_prices_unique=False,
        fallback=False,
    )
    return _with_weights(problem, unit, answer, solution.columns, solution.weights, solution.trades)


def _with_weights(
    problem: Problem, unit: int, answer: Answer, peers: IntArray, weights: FloatArray, trades: FloatArray
) -> Answer:
    used = weights != 0
    peers, weights = peers[used], weights[used]
    certificate = certify(
        problem,
        np.array([unit]),
        score=np.array([answer.score]),
        peers=peers[None],
        weights=weights[None],
        trades=trades[None],
        input_price=answer.input_price[None],
        output_price=answer.output_price[None],
        scale_price=np.array([answer.scale_price]),
    )[0]
    return replace(answer, peers=peers, weights=weights, trades=trades, certificate=certificate)


def _with_ties_settled(problem: Problem, unit: int, answer: Answer, face: Face, solver: Solver) -> Answer:
    weights, trades = lexicographic(face, solver)
    chosen = _with_weights(problem, unit, answer, face.peers, weights, _spread(problem, face.trades, trades))
    if not _is_accepted(chosen):
        raise NoSolution("the face is optimal but for rounding")
    return chosen


def _slacks(
    problem: Problem, unit: int, score: float, peers: IntArray, weights: FloatArray, trades: FloatArray
) -> tuple[FloatArray, FloatArray]:
    by_input, by_output = slacks_of(
        problem,
        np.array([unit]),
        score=np.array([score]),
        peers=peers[None],
        weights=weights[None],
        trades=trades[None],
    )
    return by_input[0], by_output[0]


def _spread(problem: Problem, index: IntArray, trades: FloatArray) -> FloatArray:
    full = np.zeros(problem.trades.shape[1])
    full[index] = trades
    return full


def _fdh_answer(problem: Problem, unit: int, *, slacks: bool) -> Answer:
    found = fdh_unit(problem, unit)
    if found is None:
        return _without_answer(problem, INFEASIBLE)
    score, tied = found
    one, none = np.ones(1), np.zeros(0)

    def slack_of(peer: int) -> tuple[FloatArray, FloatArray]:
        return _slacks(problem, unit, score, np.array([peer]), one, none)

    chosen = int(tied[0])
    if slacks:
        by_input, by_output = slack_weights(problem)
        sums = [
            float((slack_of(int(peer))[0] * by_input).sum() + (slack_of(int(peer))[1] * by_output).sum())
            for peer in tied
        ]
        chosen = int(tied[int(np.argmax(sums))])
    input_slack, output_slack = slack_of(chosen)
    peer = int(tied[0])
    residual = float(
        primal_residual(
            problem,
            np.array([unit]),
            score=np.array([score]),
            peers=tied[:1][None],
            weights=one[None],
            trades=none[None],
        )[0]
    )
    return replace(
        _without_answer(problem, OPTIMAL),
        score=score,
        peers=tied[:1],
        weights=one,
        input_slack=input_slack,
        output_slack=output_slack,
        certificate=fdh_certificate(problem, unit, score, peer, residual),
        unique=len(tied) == 1,
    )


def _without_answer(problem: Problem, status: str) -> Answer:
    inputs, outputs = (np.full(len(problem.inputs), np.nan), np.full(len(problem.outputs), np.nan))
    return Answer(
        status=status,
        score=np.nan,
        peers=np.zeros(0, dtype=np.intp),
        weights=np.zeros(0),
        trades=np.zeros(problem.trades.shape[1]),
        input_price=inputs,
        output_price=outputs,
        scale_price=np.nan,
        input_slack=inputs,
        output_slack=outputs,
        certificate=np.full(3, np.nan),
        unique=False,
        prices_unique=False,
        own_prices_unique=False,
        fallback=False,
    )
