"""What is left in each row at the score, and the second phase that makes it as large as possible."""

from __future__ import annotations

import numpy as np

from benchmarking.dea.highs import Solver
from benchmarking.dea.problem import ZERO, Problem, Program
from benchmarking.dea.result import FloatArray, IntArray
from benchmarking.dea.ties import Face


def slacks_of(
    problem: Problem, units: IntArray, *, score: FloatArray, peers: IntArray, weights: FloatArray, trades: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Input and output slack of given weights, ``(B, m)`` and ``(B, s)``, in the units of the data; rounding is 0.

    ``score (B,)``, ``peers`` and ``weights`` ``(B, K)``, ``trades (B, number of trades)``.
    """
    is_input = problem.orientation == "input"
    own_inputs, own_outputs = problem.inputs[:, units].T, problem.outputs[:, units].T
    if is_input:
        own_inputs = own_inputs * np.where(problem.fixed, 1.0, score[:, None])
    else:
        own_outputs = own_outputs * score[:, None]
    used = np.einsum("bk,bki->bi", weights, problem.reference_inputs.T[peers])
    made = np.einsum("bk,bkr->br", weights, problem.reference_outputs.T[peers])
    if trades.shape[1]:
        made = made + np.einsum("bk,rk->br", trades, problem.trades)
    input_slack = own_inputs - used
    output_slack = made - own_outputs
    input_slack[np.abs(input_slack) <= ZERO * np.maximum(own_inputs, used)] = 0.0
    output_slack[np.abs(output_slack) <= ZERO * np.maximum(own_outputs, np.abs(made))] = 0.0
    return input_slack, output_slack


def slack_weights(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """One over the mean of each column over the reference units; 0 for a column in which nobody has anything."""
    means = [np.mean(amounts, axis=1) for amounts in (problem.reference_inputs, problem.reference_outputs)]
    by_input, by_output = (np.divide(1.0, mean, out=np.zeros_like(mean), where=mean > 0) for mean in means)
    return by_input, by_output


def largest_slacks(problem: Problem, face: Face, solver: Solver) -> tuple[FloatArray, FloatArray]:
    """Weights and trade-offs on the optimal face with the largest sum of slacks, each divided by its column mean."""
    by_input, by_output = slack_weights(problem)
    gain = np.einsum("r,rj->j", by_output, problem.reference_outputs[:, face.peers])
    gain -= np.einsum("i,ij->j", by_input, problem.reference_inputs[:, face.peers])
    traded = np.einsum("r,rk->k", by_output, problem.trades[:, face.trades])
    gains = np.concatenate([gain, traded]) / face.scale
    largest = np.abs(gains).max(initial=0.0)
    face_program = face.program
    program = Program(
        -gains / (largest if largest > 0 else 1.0),
        face_program.matrix,
        face_program.row_lower,
        face_program.row_upper,
        face_program.column_lower,
        face_program.column_upper,
    )
    solver.load(program)
    solver.run()
    values = solver.vertex(program).values.copy()
    values[np.abs(values) <= ZERO] = 0.0
    values /= face.scale
    return values[: len(face.peers)], values[len(face.peers) :]
