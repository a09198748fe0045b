"""The answers for all units: most from the lockstep solver as they are, the rest one by one with HiGHS.

One by one go: what the lockstep method does not solve (output orientation), what it leaves without a proof, and, from
the basis it found, what may have ties to settle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarking.dea.answer import Answer, answer_unit, exact_answer, settled
from benchmarking.dea.highs import Solver
from benchmarking.dea.problem import Problem
from benchmarking.dea.radial import first_pool
from benchmarking.dea.result import INFEASIBLE, NO_PEER, OPTIMAL, BoolArray, FloatArray, IntArray
from benchmarking.dea.slacks import slacks_of
from benchmarking.dea.solve import BLOCK, Solved, may_be_tied, solve


@dataclass(eq=False, kw_only=True)
class Answers:
    """One row per unit in key order, as in ``Efficiency``; ``scale_price`` is w of ``problem.py``.

    Weights stand apart: ``weight[k]`` is that of reference unit ``weight_peer[k]`` for unit ``weight_row[k]``.
    """

    status: NDArray[np.str_]
    score: FloatArray
    trades: FloatArray
    input_price: FloatArray
    output_price: FloatArray
    scale_price: FloatArray
    input_slack: FloatArray
    output_slack: FloatArray
    certificate: FloatArray
    unique: BoolArray
    prices_unique: BoolArray
    own_prices_unique: BoolArray
    fallback: BoolArray
    weight_row: IntArray
    weight_peer: IntArray
    weight: FloatArray

    @classmethod
    def blank(cls, problem: Problem) -> Answers:
        """Answers without a number in them: nobody to be compared with."""
        n, m, s = problem.units, len(problem.inputs), len(problem.outputs)
        none = np.zeros(0, dtype=np.intp)
        return cls(
            status=np.full(n, NO_PEER, dtype=f"<U{max(map(len, (OPTIMAL, INFEASIBLE, NO_PEER)))}"),
            score=np.full(n, np.nan),
            trades=np.zeros((n, problem.trades.shape[1])),
            input_price=np.full((n, m), np.nan),
            output_price=np.full((n, s), np.nan),
            scale_price=np.full(n, np.nan),
            input_slack=np.full((n, m), np.nan),
            output_slack=np.full((n, s), np.nan),
            certificate=np.full((n, 3), np.nan),
            unique=np.zeros(n, dtype=bool),
            prices_unique=np.zeros(n, dtype=bool),
            own_prices_unique=np.zeros(n, dtype=bool),
            fallback=np.zeros(n, dtype=bool),
            weight_row=none,
            weight_peer=none,
            weight=np.zeros(0),
        )

    def put(self, unit: int, answer: Answer) -> None:
        """Write the answer of one unit, but for its weights."""
        for name in (
            "status", "score", "trades", "input_price", "output_price", "scale_price", "input_slack", "output_slack",
            "certificate", "unique", "prices_unique", "own_prices_unique", "fallback",
        ):  # fmt: skip
            getattr(self, name)[unit] = getattr(answer, name)


def answer_exactly(problem: Problem, *, slacks: bool) -> Answers:
    """Solve every unit in whole numbers, not under "fdh"."""
    answers = Answers.blank(problem)
    _put(answers, [(unit, exact_answer(problem, unit, slacks=slacks)) for unit in range(problem.units)])
    return answers


def answer_all(
    problem: Problem, *, slacks: bool, basis: IntArray | None = None, solved: Solved | None = None
) -> Answers:
    """Solve and prove every unit; ``slacks`` asks for the second phase, ``basis`` is where to begin, see ``solve``, and
    ``solved`` is what that gave if it was done already."""
    answers = Answers.blank(problem)
    asked = problem.has_anybody
    solved = solved or solve(problem, basis=basis)
    if solved is None:
        one_by_one, tied = np.flatnonzero(asked), np.zeros(0, dtype=np.intp)
    else:
        proven = solved.proven
        answers.status[proven.infeasible & asked] = INFEASIBLE
        good = np.flatnonzero(proven.good & asked)
        one_by_one = np.flatnonzero(~proven.good & ~proven.infeasible & asked)
        tied = good[may_be_tied(solved, good)]
        _write(answers, solved, np.setdiff1d(good, tied, assume_unique=True))
    left = np.union1d(one_by_one, tied).tolist()
    if not left:
        return answers
    solver, pool = Solver(), first_pool(problem)
    found = []
    for unit in left:
        answer = None
        if solved is not None and proven.good[unit]:
            answer = _settled(solved, unit, solver, slacks=slacks)
        if answer is None:
            answer = answer_unit(problem, unit, pool=pool, solver=solver, slacks=slacks)
        found.append((unit, answer))
    _put(answers, found)
    return answers


def _put(answers: Answers, found: list[tuple[int, Answer]]) -> None:
    rows, peers, weights = [answers.weight_row], [answers.weight_peer], [answers.weight]
    for unit, answer in found:
        answers.put(unit, answer)
        rows.append(np.full(len(answer.peers), unit))
        peers.append(answer.peers)
        weights.append(answer.weights)
    answers.weight_row, answers.weight_peer = np.concatenate(rows), np.concatenate(peers)
    answers.weight = np.concatenate(weights)


def _write(answers: Answers, solved: Solved, units: IntArray) -> None:
    """Write the answers of units that have no ties: their vertex is all there is."""
    problem, proven = solved.programmes.problem, solved.proven
    answers.status[units] = OPTIMAL
    for name in ("score", "trades", "input_price", "output_price", "scale_price", "certificate"):
        getattr(answers, name)[units] = getattr(proven, name)[units]
    answers.unique[units] = True
    # At a degenerate vertex other prices are as good: see ``ties.py``, N empty and Z not.
    answers.own_prices_unique[units] = ~proven.at_zero[units]
    all_used = (problem.inputs[:, units] > 0).all(axis=0)
    answers.prices_unique[units] = answers.own_prices_unique[units] & all_used
    chosen_rows, chosen_peers, chosen_weights = [], [], []
    for begin in range(0, len(units), BLOCK):
        some = units[begin : begin + BLOCK]
        peers, weights = proven.peers[some], proven.weights[some]
        inputs, outputs = slacks_of(
            problem, some, score=proven.score[some], peers=peers, weights=weights, trades=proven.trades[some]
        )
        answers.input_slack[some], answers.output_slack[some] = inputs, outputs
        if not problem.trades.shape[1]:
            # A product that neither the unit nor its peers deliver: its price could be anything from nothing up.
            delivered = ((weights != 0)[:, :, None] & (problem.reference_outputs.T[peers] > 0)).any(axis=1)
            answers.prices_unique[some] &= (delivered | (problem.outputs[:, some].T > 0)).all(axis=1)
        place, column = np.nonzero(weights)
        chosen_rows.append(some[place])
        chosen_peers.append(peers[place, column])
        chosen_weights.append(weights[place, column])
    if chosen_rows:
        answers.weight_row, answers.weight_peer = np.concatenate(chosen_rows), np.concatenate(chosen_peers)
        answers.weight = np.concatenate(chosen_weights)


def _settled(solved: Solved, unit: int, solver: Solver, *, slacks: bool) -> Answer | None:
    columns, programmes = solved.columns, solved.programmes
    basis = solved.proven.basis[unit]
    structural = columns.references + columns.trades
    slack_rows = basis[(basis >= structural) & (basis < structural + columns.rows)] - structural
    slack_rows = slack_rows[programmes.active[unit, slack_rows]]
    inputs = len(programmes.problem.inputs)
    outputs = len(programmes.problem.outputs)
    # Rows of the lockstep programmes have no inputs where there is one input only; the scale row comes last in both.
    is_scale = slack_rows == programmes.input_rows + outputs
    full_rows = np.where(is_scale, inputs + outputs, slack_rows + (inputs - programmes.input_rows))
    return settled(
        programmes.problem,
        unit,
        peers=basis[basis < columns.references],
        trades=basis[(basis >= columns.references) & (basis < structural)] - columns.references,
        slack_rows=full_rows,
        solver=solver,
        slacks=slacks,
    )
