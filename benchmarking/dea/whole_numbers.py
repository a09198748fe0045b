"""One unit's programme in whole numbers: the rows of ``Frame``, scaled by powers of two and so without rounding."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchmarking.dea.problem import Frame
from benchmarking.dea.radial import first_pool
from benchmarking.dea.result import FloatArray, IntArray

_MANTISSA = 53

ObjectArray = NDArray[np.object_]


class Programme:
    """The rows of ``Frame`` with whole numbers in them: element (r, j) is ``mantissa << shift``, exactly that of the
    figures times a power of two per row and per column.

    Columns are the candidates, then the trade-offs; ``theta`` is one more, then the slacks, then the artificial ones.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        problem = frame.problem
        self.ids: IntArray = np.flatnonzero(frame.candidates)
        rows = len(frame.row_lower)
        references = [
            -problem.reference_inputs[np.ix_(frame.input_rows, self.ids)],
            problem.reference_outputs[np.ix_(frame.output_rows, self.ids)],
        ]
        trades = problem.trades[frame.output_rows]
        given = [np.zeros((len(frame.input_rows), trades.shape[1])), trades]
        if frame.has_scale_row:
            references.append(np.ones((1, len(self.ids))))
            given.append(np.zeros((1, trades.shape[1])))
        own = np.concatenate([frame.inputs[frame.input_rows], frame.outputs[frame.output_rows], np.ones(rows)])[:rows]
        fixed = np.zeros(rows, dtype=bool)
        fixed[: len(frame.input_rows)] = problem.fixed[frame.input_rows]
        is_input = np.arange(rows) < len(frame.input_rows)
        is_output = ~is_input & (np.arange(rows) < len(frame.input_rows) + len(frame.output_rows))
        if problem.orientation == "input":
            theta, right = np.where(is_input & ~fixed, own, 0.0), np.where(is_input, np.where(fixed, -own, 0.0), own)
        else:
            theta, right = np.where(is_output, -own, 0.0), np.where(is_input, -own, np.where(is_output, 0.0, own))
        self._mantissa, exponent = _whole(np.concatenate([np.concatenate(references), np.concatenate(given)], axis=1))
        ends, ends_exponent = _whole(np.column_stack([theta, right]))
        row_shift = -np.frexp(frame.row_scale)[1].astype(np.int64)
        scaled = exponent + row_shift[:, None]
        used = self._mantissa != 0
        column_shift = -np.where(used, scaled, np.iinfo(np.int64).min).max(axis=0, initial=-_MANTISSA) - _MANTISSA
        scaled += column_shift
        ends_scaled = ends_exponent + row_shift[:, None]
        lowest = np.where(used, scaled, 0).min(axis=1, initial=0)
        lowest = np.minimum(lowest, np.where(ends != 0, ends_scaled, 0).min(axis=1))
        self._shift = scaled - lowest[:, None]
        ends_shift = ends_scaled - lowest[:, None]
        self.theta_column, self.right = (
            [int(m) << int(e) if m else 0 for m, e in zip(ends[:, k], ends_shift[:, k], strict=True)] for k in (0, 1)
        )
        #: What a price of a row of whole numbers has to be multiplied by; and a weight of a scaled column.
        self.price_scales = [power_of_two(int(row + up)) for row, up in zip(row_shift, -lowest, strict=True)]
        self._weight_scales = column_shift
        self.theta_cost = 1 if problem.orientation == "input" else -1
        returns = problem.returns_to_scale
        self.slack_signs = [-1] * (rows - frame.has_scale_row)
        if frame.has_scale_row:
            self.slack_signs.append({"vrs": 0, "drs": 1, "irs": -1}[returns])
        self.rows, self.columns = rows, len(self.ids) + trades.shape[1]
        self.theta = self.columns
        # For a first look at all columns: the same, as floating-point numbers of at most 1, up to a power of two per row.
        with np.errstate(under="ignore"):
            self.rough = np.ldexp(self._mantissa.astype(float), np.maximum(scaled, -2000).astype(np.int32))
        self.row_powers = (-lowest).tolist()

    def column(self, number: int) -> ObjectArray:
        """Column ``number`` as whole numbers, ``(rows,)``."""
        pairs = zip(self._mantissa[:, number].tolist(), self._shift[:, number].tolist(), strict=True)
        return np.array([m << e if m else 0 for m, e in pairs], dtype=object)

    def start(self) -> list[int]:
        """Columns to begin with: who is extreme in one respect, and the unit itself."""
        problem, ids = self.frame.problem, self.ids
        likely = first_pool(problem)[ids] | (ids == problem.own[self.frame.unit])
        return [int(number) for number in np.flatnonzero(likely)]

    def weight_scale(self, number: int) -> Fraction:
        """What a weight of column ``number`` has to be multiplied by to be one of the figures as given."""
        return power_of_two(int(self._weight_scales[number]))


def _whole(values: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Mantissas and exponents of two: ``values == mantissa * 2**exponent`` exactly."""
    mantissa, exponent = np.frexp(values)
    return (mantissa * 2.0**_MANTISSA).astype(np.int64), exponent.astype(np.int64) - _MANTISSA


def power_of_two(exponent: int) -> Fraction:
    return Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)
