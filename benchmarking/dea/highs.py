"""HiGHS as the solver of one small linear programme at a time, and the vertex its basis stands for.

Only the basis is taken from the solver. Weights and prices follow from it by solving the two small systems anew, so
that their bits depend on the basis and not on the road that led to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from benchmarking.dea.problem import Program
from benchmarking.dea.result import FloatArray, IntArray

TOLERANCE = 1e-9


class Infeasible(Exception):
    """The programme has no solution."""


class NoSolution(Exception):
    """The solver stopped without an optimal basis."""


@dataclass(frozen=True, eq=False)
class Vertex:
    """A basic solution. ``basic_columns`` and ``active_rows`` have the same length and span the basis matrix."""

    values: FloatArray
    prices: FloatArray
    basic_columns: IntArray
    basic_rows: IntArray
    active_rows: IntArray


class Solver:
    """One HiGHS instance, reused for all units; deterministic, single-threaded, tolerances 1e-9."""

    def __init__(self) -> None:
        # Any: the stubs of highspy leave out some of the methods used here.
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # untyped there
        options: dict[str, bool | int | float | str] = {
            "output_flag": False,
            "threads": 1,
            "parallel": "off",
            "random_seed": 0,
            "solver": "simplex",
            "presolve": "off",
            # Some hundred times what a programme of this size takes; not a time, which would differ by machine.
            "simplex_iteration_limit": 10_000,
            "simplex_strategy": 1,
            "simplex_scale_strategy": 2,
            "primal_feasibility_tolerance": TOLERANCE,
            "dual_feasibility_tolerance": TOLERANCE,
            # A coefficient below 1e-9 is otherwise dropped without a word, and one above 1e15 refused.
            "small_matrix_value": 1e-12,
            "large_matrix_value": 1e30,
        }
        for name, value in options.items():
            if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise RuntimeError(f"HiGHS does not take option {name}={value!r}")

    def load(self, program: Program) -> None:
        """Forget the last programme and take this one."""
        rows, columns = program.matrix.shape
        transposed = np.ascontiguousarray(program.matrix.T)
        entries = transposed != 0
        start = np.zeros(columns + 1, dtype=np.int32)
        np.cumsum(entries.sum(axis=1), out=start[1:])
        values = transposed[entries]
        self._highs.clearModel()
        status = self._highs.passModel(
            columns,
            rows,
            len(values),
            int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            program.cost,
            program.column_lower,
            program.column_upper,
            program.row_lower,
            program.row_upper,
            start,
            np.nonzero(entries)[1].astype(np.int32),
            values,
            np.zeros(columns, dtype=np.int32),
        )
        if status == highspy.HighsStatus.kError:
            raise NoSolution("HiGHS refuses the programme")

    def change(self, program: Program) -> None:
        """New costs and bounds for the programme that is loaded; the basis is kept."""
        rows, columns = program.matrix.shape
        index = np.arange(columns, dtype=np.int32)
        self._highs.changeColsCost(columns, index, program.cost)
        self._highs.changeColsBounds(columns, index, program.column_lower, program.column_upper)
        index = np.arange(rows, dtype=np.int32)
        self._highs.changeRowsBounds(rows, index, program.row_lower, program.row_upper)

    def run(self) -> float:
        """Solve what is loaded and return the objective value; raise ``Infeasible`` or ``NoSolution``."""
        self._highs.run()
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            return float(self._highs.getInfo().objective_function_value)
        if status == highspy.HighsModelStatus.kInfeasible:
            raise Infeasible
        raise NoSolution(self._highs.modelStatusToString(status))

    def vertex(self, program: Program) -> Vertex:
        """Weights and prices of the basis just found, computed anew from ``program``."""
        status, basic = self._highs.getBasicVariables()
        if status != highspy.HighsStatus.kOk:
            raise NoSolution("HiGHS has no basis")
        columns: IntArray = np.sort(basic[basic >= 0]).astype(np.intp)
        basic_rows: IntArray = np.sort(-1 - basic[basic < 0]).astype(np.intp)
        return vertex_of(program, columns, basic_rows)


def vertex_of(program: Program, columns: IntArray, basic_rows: IntArray) -> Vertex:
    """The vertex at which ``columns`` are basic, and the slacks of ``basic_rows``; raise ``NoSolution`` if there is
    none."""
    active = np.ones(len(program.row_lower), dtype=bool)
    active[basic_rows] = False
    rows: IntArray = np.flatnonzero(active)
    if len(rows) != len(columns):
        raise NoSolution("the basis has not as many columns as active rows")
    values = program.column_lower.copy()
    values[~np.isfinite(values)] = 0.0
    prices = np.zeros(len(program.row_lower))
    basis = program.matrix[np.ix_(rows, columns)]
    bound = np.where(np.isfinite(program.row_lower[rows]), program.row_lower[rows], program.row_upper[rows])
    try:
        values[columns] = np.linalg.solve(basis, bound)
        prices[rows] = np.linalg.solve(basis.T, program.cost[columns])
    except np.linalg.LinAlgError as error:
        raise NoSolution("the optimal basis is singular") from error
    # A price a hair on the wrong side of zero would let the reduced cost of a far larger unit look better than it is.
    prices[(program.row_lower == -np.inf) & (prices > 0)] = 0.0
    prices[(program.row_upper == np.inf) & (prices < 0)] = 0.0
    return Vertex(values, prices, columns, basic_rows, rows)
