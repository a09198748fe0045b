"""The peers that the numeric core is measured against: ``scipy.optimize.linprog`` with one programme per unit, and HiGHS
warm-started, one model in which from unit to unit only bounds change (as fast as R's package Benchmarking)."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

FloatArray = NDArray[np.float64]
INFINITY = float("inf")


def linprog_score(costs: FloatArray, outputs: FloatArray, inputs0: FloatArray, outputs0: FloatArray, rts: str) -> float:
    """Return the input score of one unit: min θ, Σλy ≥ y₀, Σλx ≤ θx₀, Σλ = 1 (under VRS)."""
    n, s = outputs.shape
    m = costs.shape[1]
    goal = np.zeros(n + 1)
    goal[0] = 1
    rows = np.zeros((s + m, n + 1))
    rows[:s, 1:] = -outputs.T
    rows[s:, 0], rows[s:, 1:] = -inputs0, costs.T
    one = np.append(0, np.ones(n))[None, :]
    answer = linprog(
        goal,
        A_ub=rows,
        b_ub=np.concatenate([-outputs0, np.zeros(m)]),
        A_eq=one if rts == "vrs" else None,
        b_eq=[1] if rts == "vrs" else None,
        bounds=(0, None),
    )
    assert answer.fun is not None, answer.message
    return float(answer.fun)


class WarmHighs:
    """One HiGHS model for all units of a reference; the basis of the unit before is where the next one starts.

    The programme is min θ with Σλy ≥ y₀ and Σλx ≤ θx₀. With one input θ is left out: min Σλc, so that from unit to unit
    only the bounds of the rows change. With more, the coefficients of θ change too.
    """

    def __init__(self, inputs: FloatArray, outputs: FloatArray, rts: str) -> None:
        self.inputs, self.outputs, self.rts = inputs, outputs, rts
        self.single = inputs.shape[1] == 1
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # untyped there
        for name, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex")):
            self._highs.setOptionValue(name, value)
        # Columns and rows of about one, as anybody would scale them.
        self.input_size, self.output_size = inputs.mean(axis=0), outputs.mean(axis=0)
        self.load(inputs)

    def load(self, inputs: FloatArray) -> None:
        """Give the model other inputs of the reference."""
        x, y = inputs / self.input_size, self.outputs / self.output_size
        n, m, s = len(x), x.shape[1], y.shape[1]
        blocks = [y.T] if self.single else [y.T, -x.T]
        if self.rts == "vrs":
            blocks.append(np.ones((1, n)))
        matrix = np.concatenate(blocks)
        if not self.single:
            theta = np.zeros((len(matrix), 1))
            theta[s : s + m] = 1.0
            matrix = np.concatenate([matrix, theta], axis=1)
        rows, columns = matrix.shape
        cost = x[:, 0].copy() if self.single else np.append(np.zeros(n), 1.0)
        lower, upper = np.zeros(rows), np.full(rows, INFINITY)
        if self.rts == "vrs":
            lower[-1] = upper[-1] = 1.0
        transposed = np.ascontiguousarray(matrix.T)
        entries = transposed != 0
        start = np.zeros(columns + 1, dtype=np.int32)
        np.cumsum(entries.sum(axis=1), out=start[1:])
        self._highs.passModel(
            columns,
            rows,
            int(start[-1]),
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            cost,
            np.zeros(columns),
            np.full(columns, INFINITY),
            lower,
            upper,
            start,
            np.nonzero(entries)[1].astype(np.int32),
            transposed[entries],
            np.zeros(columns, dtype=np.int32),
        )
        self._rows = np.arange(s, dtype=np.int32)
        self._upper = np.full(s, INFINITY)

    def reprice(self, costs: FloatArray) -> None:
        """With one input: other costs of the reference, the same model."""
        n = len(costs)
        self._highs.changeColsCost(n, np.arange(n, dtype=np.int32), costs[:, 0] / self.input_size[0])

    def score(self, inputs0: FloatArray, outputs0: FloatArray) -> float:
        """Return the score of one unit."""
        self._highs.changeRowsBounds(len(self._rows), self._rows, outputs0 / self.output_size, self._upper)
        if not self.single:
            theta, first = len(self.inputs), len(self._rows)
            for k, amount in enumerate(inputs0 / self.input_size):
                self._highs.changeCoeff(first + k, theta, float(amount))
        self._highs.run()
        assert self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        value = float(self._highs.getInfo().objective_function_value)
        return value / (inputs0[0] / self.input_size[0]) if self.single else value
