"""Everything that is said about one unit: solve, prove, solve again with more care if the proof fails, settle ties."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarking.dea.certificate import ACCEPTED, certify, primal_residual
from benchmarking.dea.fdh import fdh_certificate, fdh_unit
from benchmarking.dea.highs import Infeasible, NoSolution, Solver
from benchmarking.dea.problem import Problem
from benchmarking.dea.radial import Solution, solution_at, solve_unit
from benchmarking.dea.result import INFEASIBLE, NO_PEER, OPTIMAL, BoolArray, FloatArray, IntArray
from benchmarking.dea.slacks import largest_slacks, slack_weights, slacks_of
from benchmarking.dea.ties import Face, face_of, lexicographic, uniqueness


class Solvers:
    """The solver for every unit, and those for the careful attempts, made only when they are needed."""

    def __init__(self) -> None:
        self.first = Solver()
        self._made: dict[str, Solver] = {}

    def careful(self, manner: str) -> Solver:
        """A solver that takes another road."""
        if manner not in self._made:
            self._made[manner] = Solver(manner)
        return self._made[manner]


#: The careful attempts, in order: manner of solving, and whether columns are measured by inputs only.
CAREFUL = (("primal", True), ("dual", True), ("presolved", False), ("primal", False))


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


def answer_unit(problem: Problem, unit: int, *, pool: BoolArray, solvers: Solvers, slacks: bool) -> Answer:
    """The complete answer for one unit; ``pool`` grows in place."""
    if not problem.allowed(unit).any():
        return _without_answer(problem, NO_PEER)
    if problem.returns_to_scale == "fdh":
        return _fdh_answer(problem, unit, slacks=slacks)
    found = _proven(problem, unit, pool, solvers)
    if found is None:
        return _without_answer(problem, INFEASIBLE)
    return replace(_finished(problem, unit, *found, solvers=solvers, slacks=slacks), fallback=True)


def settled(
    problem: Problem,
    unit: int,
    *,
    peers: IntArray,
    trades: IntArray,
    slack_rows: IntArray,
    solvers: Solvers,
    slacks: bool,
) -> Answer | None:
    """The complete answer at a basis that the lockstep solver found, ties settled; ``None`` if it does not hold.

    ``peers``, ``trades`` and ``slack_rows`` are what is basic, see ``solution_at``.
    """
    try:
        solution = solution_at(problem, unit, peers, trades, slack_rows)
    except NoSolution:
        return None
    answer = _vertex_answer(problem, unit, solution)
    if answer.certificate.max() > ACCEPTED:
        return None
    return _finished(problem, unit, solution, answer, solvers=solvers, slacks=slacks)


def _finished(
    problem: Problem, unit: int, solution: Solution, answer: Answer, *, solvers: Solvers, slacks: bool
) -> Answer:
    """What is unique is told, ties are settled, slacks are read off."""
    only = uniqueness(solution, solvers.first)
    # Weights that are unique still leave trade-offs, and so slacks, to choose between.
    face = face_of(solution) if not only.weights or (slacks and problem.trades.shape[1]) else None
    if not only.weights and face is not None:
        answer = _with_ties_settled(problem, unit, answer, face, solvers)
    if slacks and face is not None:
        input_slack, output_slack = _second_phase(problem, unit, answer, face, solvers)
    else:
        input_slack, output_slack = _slacks(problem, unit, answer.score, answer.peers, answer.weights, answer.trades)
    return replace(
        answer,
        input_slack=input_slack,
        output_slack=output_slack,
        unique=only.weights,
        prices_unique=only.prices,
        own_prices_unique=only.own_prices,
    )


def score_of(problem: Problem, unit: int, *, pool: BoolArray, solvers: Solvers) -> tuple[float, IntArray]:
    """Only the score of a unit and its peers, ``nan`` and nobody if there is none; ties are not settled."""
    none = np.zeros(0, dtype=np.intp)
    if not problem.allowed(unit).any():
        return np.nan, none
    if problem.returns_to_scale == "fdh":
        found = fdh_unit(problem, unit)
        return (np.nan, none) if found is None else (found[0], found[1][:1])
    proven = _proven(problem, unit, pool, solvers)
    return (np.nan, none) if proven is None else (proven[1].score, proven[1].peers)


def _proven(problem: Problem, unit: int, pool: BoolArray, solvers: Solvers) -> tuple[Solution, Answer] | None:
    """Solution and answer with the best certificate, ``None`` if infeasible.

    A careful attempt is made only while no certificate is accepted; it takes all candidates at once from a cold start.
    """
    best: tuple[Solution, Answer] | None = None
    for manner, by_inputs in (("", False), *CAREFUL):
        solver = solvers.careful(manner) if manner else solvers.first
        try:
            solution = solve_unit(problem, unit, pool=pool, solver=solver, whole=bool(manner), by_inputs=by_inputs)
        except (NoSolution, Infeasible):
            continue
        if solution is None:
            if best is None:
                return None
            continue
        answer = _vertex_answer(problem, unit, solution)
        if best is None or answer.certificate.max() < best[1].certificate.max():
            best = (solution, answer)
        if answer.certificate.max() <= ACCEPTED:
            break
    if best is None:
        raise ArithmeticError(f"unit {unit} in key order: no attempt ends in a solution")
    return best


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
    # An input the unit does not use: its lowest price at which nobody who uses it would be a peer.
    barred = frame.allowed & ~frame.candidates
    for row in np.flatnonzero(frame.inputs == 0):
        users = barred & (problem.reference_inputs[row] > 0)
        needed = -solution.reduced[users] / problem.reference_inputs[row, users]
        input_price[row] = needed.max(initial=0.0)
    blank = np.zeros(0)
    answer = Answer(
        status=OPTIMAL,
        score=score,
        peers=solution.columns,
        weights=blank,
        trades=blank,
        # Prices of rows that are not tight come out of the solver's basis as exact zeros; minus zero is no price.
        input_price=input_price + 0.0,
        output_price=output_price + 0.0,
        scale_price=float(original[-1]) + 0.0 if frame.has_scale_row else 0.0,
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


def _with_ties_settled(problem: Problem, unit: int, answer: Answer, face: Face, solvers: Solvers) -> Answer:
    try:
        weights, trades = lexicographic(face, solvers.first)
    except (NoSolution, Infeasible):
        return answer
    chosen = _with_weights(problem, unit, answer, face.peers, weights, _spread(problem, face.trades, trades))
    # Rounding on a face that is only just optimal: better the vertex with its proof than the rule for ties without one.
    return chosen if chosen.certificate.max() <= max(ACCEPTED, answer.certificate.max()) else answer


def _second_phase(
    problem: Problem, unit: int, answer: Answer, face: Face, solvers: Solvers
) -> tuple[FloatArray, FloatArray]:
    """The largest slacks, ``nan`` if no attempt finds them."""
    for solver in (solvers.first, solvers.careful("primal"), solvers.careful("presolved")):
        try:
            weights, trades = largest_slacks(problem, face, solver)
        except (NoSolution, Infeasible):
            continue
        trades = _spread(problem, face.trades, trades)
        return _slacks(problem, unit, answer.score, face.peers, weights, trades)
    return np.full(len(problem.inputs), np.nan), np.full(len(problem.outputs), np.nan)


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
