"""What is left in each row at the score, and the second phase that makes it as large as possible."""

from __future__ import annotations

import numpy as np

from benchmarking.dea.highs import Solver
from benchmarking.dea.problem import ZERO, Problem, Program
from benchmarking.dea.result import FloatArray, IntArray
from benchmarking.dea.ties import Face


def slacks_of(
    problem: Problem, unit: int, *, score: float, peers: IntArray, weights: FloatArray, trades: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Input and output slack of given weights, ``(m,)`` and ``(s,)``, in the units of the data; rounding noise is 0."""
    is_input = problem.orientation == "input"
    own_inputs = problem.inputs[:, unit] * (np.where(problem.fixed, 1.0, score) if is_input else 1.0)
    own_outputs = problem.outputs[:, unit] * (1.0 if is_input else score)
    used = np.einsum("ij,j->i", problem.reference_inputs[:, peers], weights)
    made = np.einsum("rj,j->r", problem.reference_outputs[:, peers], weights)
    made = made + np.einsum("rk,k->r", problem.trades, trades)
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
