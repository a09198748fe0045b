"""The problem of all units (``Problem``) and the scaled linear programme of one of them (``Frame``).

Input orientation, unit 0, variable inputs v, fixed inputs f, outputs r, reference units j, trade-offs k:

    min theta    theta x_v0 - sum_j x_vj lambda_j            >= 0        price of input v
                 - sum_j x_fj lambda_j                       >= -x_f0    price of input f
                 sum_j y_rj lambda_j + sum_k w_rk delta_k    >= y_r0     price of output r
                 sum_j lambda_j   (= | <= | >= 1, or absent under crs)   w
                 lambda, delta >= 0

Output orientation is written as a minimisation too: min -phi with -sum_j x_j lambda_j >= -x_0 and
sum_j y_rj lambda_j + sum_k w_rk delta_k - phi y_r0 >= 0. In both, the reduced cost of reference unit j is

    d_j = sum_i price_i x_ij - sum_r price_r y_rj - w.

Three things keep one unit's programme small and well scaled, and none of them changes its answer:
- a row of a product that the unit does not deliver says sum_j y_rj lambda_j >= 0, which always holds; it goes, unless
  there are trade-offs;
- a row of an input that the unit does not use says that nobody who uses it is a peer; the row goes and so do they;
- every other row is divided by the unit's own amount, every column by its largest entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarking.dea.result import BoolArray, FloatArray, IntArray

INFINITY = float("inf")

#: Below this a scaled weight, slack, price or reduced cost counts as zero where ties are told apart.
ZERO = 1e-9
#: Below this a scaled weight is rounding, and is left out; a basis with a weight below minus this is none.
NOISE = 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem:
    """Units and reference units in key order, amounts one row per input or output (``(m, n)``, ``(s, n)``)."""

    inputs: FloatArray
    outputs: FloatArray
    reference_inputs: FloatArray
    reference_outputs: FloatArray
    returns_to_scale: str
    orientation: str
    fixed: BoolArray
    trades: FloatArray
    anchor: FloatArray | None
    may_be_peer: BoolArray
    comparable: Callable[[int], BoolArray] | None
    own: IntArray
    own_reference: bool
    exclude_self: bool
    #: One more reference unit that may be nobody's peer, not even its own.
    without: int | None = None

    @property
    def units(self) -> int:
        """Number of evaluated units."""
        return int(self.inputs.shape[1])

    @property
    def references(self) -> int:
        """Number of reference units."""
        return int(self.reference_inputs.shape[1])

    @cached_property
    def peers(self) -> IntArray:
        """Who may be a peer at all, ascending."""
        return np.flatnonzero(self.may_be_peer)

    @cached_property
    def has_anybody(self) -> BoolArray:
        """Whether each unit has anybody to be compared with, ``(n,)``."""
        if self.comparable is not None:
            return np.array([bool(self.allowed(unit).any()) for unit in range(self.units)])
        others = self.may_be_peer.copy()
        if self.without is not None:
            others[self.without] = False
        own_counts = (self.own >= 0) & others[self.own]
        return np.asarray((int(others.sum()) - own_counts > 0) | self.own_is_allowed)

    @cached_property
    def made_per_cost(self) -> FloatArray:
        """With one input, what those who may be a peer make per unit of cost, and one over their cost,
        ``(s + 1, peers)``."""
        cost = self.reference_inputs[0, self.peers]
        ones = np.ones((1, len(self.peers)))
        return np.ascontiguousarray(np.concatenate([self.reference_outputs[:, self.peers], ones]) / cost)

    @cached_property
    def least_ratios(self) -> FloatArray | None:
        """With price bounds, how large the price of each output is at least beside every other, by way of any others,
        ``(s, s)``: price_r >= least_ratios[r, q] price_q."""
        if not self.trades.shape[1]:
            return None
        outputs = len(self.outputs)
        ratios: FloatArray = np.eye(outputs)
        for column in self.trades.T:
            ratios[column.argmin(), column.argmax()] = column.max()
        for via in range(outputs):
            ratios = np.maximum(ratios, ratios[:, [via]] * ratios[[via], :])
        return ratios

    def within_bounds(self, output_price: FloatArray) -> FloatArray:
        """Prices ``(B, s)`` raised to where they keep the price bounds to the last digit."""
        if self.least_ratios is None:
            return output_price
        raised: FloatArray = (self.least_ratios * output_price[:, None, :]).max(axis=2)
        return raised

    @cached_property
    def own_is_allowed(self) -> BoolArray:
        """Whether each unit may use its own column, ``(n,)``."""
        mine = self.own >= 0
        if self.exclude_self:
            return np.zeros(self.units, dtype=bool)
        if not self.own_reference:
            mine &= self.may_be_peer[self.own]
            if self.comparable is not None:
                mine = np.array(
                    [bool(m and self.comparable(k)[self.own[k]]) for k, m in enumerate(mine.tolist())], dtype=bool
                )
        if self.without is not None:
            mine &= self.own != self.without
        return mine

    def allowed(self, unit: int) -> BoolArray:
        """Which reference units may be a peer of ``unit``, ``(n_ref,)``."""
        mask = self.may_be_peer.copy()
        if self.comparable is not None:
            mask &= self.comparable(unit)
        own = self.own[unit]
        if own >= 0:
            if self.exclude_self:
                mask[own] = False
            elif self.own_reference:
                mask[own] = True
        if self.without is not None:
            mask[self.without] = False
        return mask


@dataclass(frozen=True, eq=False)
class Program:
    """min cost x subject to row_lower <= matrix x <= row_upper and column_lower <= x <= column_upper."""

    cost: FloatArray
    matrix: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
    column_lower: FloatArray
    column_upper: FloatArray


class Frame:
    """The rows, scales and candidates of one unit's programme."""

    def __init__(self, problem: Problem, unit: int) -> None:
        self.problem = problem
        self.unit = unit
        self.inputs = problem.inputs[:, unit]
        self.outputs = problem.outputs[:, unit]
        self.allowed = problem.allowed(unit)
        self.input_rows: IntArray = np.flatnonzero(self.inputs > 0)
        self.has_trades = problem.trades.shape[1] > 0
        delivered = self.outputs > 0
        self.output_rows: IntArray = np.flatnonzero(delivered | self.has_trades)
        self.absent_outputs: IntArray = np.flatnonzero(~delivered & (not self.has_trades))
        self.has_scale_row = problem.returns_to_scale != "crs"

        unused = np.flatnonzero(self.inputs == 0)
        self.candidates = self.allowed & ~(problem.reference_inputs[unused] > 0).any(axis=0)

        output_scale = self.outputs.copy()
        if problem.anchor is not None:
            # A product the unit does not deliver has no amount to divide by: take the amount of it that is worth as
            # much as everything the unit does deliver, at one price vector that the bounds admit.
            worth = float(np.einsum("r,r->", problem.anchor, self.outputs))
            output_scale = np.where(delivered, self.outputs, worth / problem.anchor)
        self.input_scale = self.inputs[self.input_rows]
        self.output_scale = output_scale[self.output_rows]
        self.row_scale: FloatArray = np.concatenate(
            [self.input_scale, self.output_scale, np.ones(int(self.has_scale_row))]
        )

        fixed = problem.fixed[self.input_rows]
        radial_outputs = self.outputs[self.output_rows] / self.output_scale
        if problem.orientation == "input":
            radial = np.concatenate([np.where(fixed, 0.0, 1.0), np.zeros(len(self.output_rows))])
            lower = np.concatenate([np.where(fixed, -1.0, 0.0), radial_outputs])
        else:
            radial = np.concatenate([np.zeros(len(self.input_rows)), -radial_outputs])
            lower = np.concatenate([np.full(len(self.input_rows), -1.0), np.zeros(len(self.output_rows))])
        upper = np.full(len(lower), INFINITY)
        if self.has_scale_row:
            radial = np.append(radial, 0.0)
            lower = np.append(lower, -INFINITY if problem.returns_to_scale == "drs" else 1.0)
            upper = np.append(upper, INFINITY if problem.returns_to_scale == "irs" else 1.0)
        self.radial = radial
        self.row_lower = lower
        self.row_upper = upper
        #: Whether the objective is theta (1) or -phi (-1).
        self.sense = 1.0 if problem.orientation == "input" else -1.0

    def reference_block(self, columns: IntArray) -> FloatArray:
        """Coefficients of the weights of ``columns`` in the scaled rows, ``(rows, len(columns))``, columns unscaled."""
        problem = self.problem
        parts = [
            -problem.reference_inputs[np.ix_(self.input_rows, columns)] / self.input_scale[:, None],
            problem.reference_outputs[np.ix_(self.output_rows, columns)] / self.output_scale[:, None],
        ]
        if self.has_scale_row:
            parts.append(np.ones((1, len(columns))))
        return np.concatenate(parts)

    def trade_block(self) -> FloatArray:
        """Coefficients of the trade-offs in the scaled rows, ``(rows, number of trades)``, columns unscaled."""
        block = np.zeros((len(self.row_lower), self.problem.trades.shape[1]))
        first = len(self.input_rows)
        block[first : first + len(self.output_rows)] = (
            self.problem.trades[self.output_rows] / self.output_scale[:, None]
        )
        return block

    def sizes(self) -> FloatArray:
        """How large each reference unit is beside this one, ``(n_ref,)``: what a reduced cost is measured against.

        lambda_j times the largest ratio of an input of j to the unit's own is at most max(score, 1) in any solution, so
        the score is wrong by no more than the number of inputs times the worst d_j / size_j. Where the weights add up
        to at most one, d_j itself is as good a measure.
        """
        ratios: FloatArray = (self.problem.reference_inputs[self.input_rows] / self.input_scale[:, None]).max(axis=0)
        if self.problem.returns_to_scale in ("vrs", "drs"):
            return np.maximum(ratios, 1.0)
        # Only units that are no candidates can have ratio zero.
        return np.where(ratios > 0, ratios, 1.0)

    def reduced_costs(self, prices: FloatArray) -> FloatArray:
        """d_j of every reference unit at scaled row prices, ``(n_ref,)``."""
        # einsum without BLAS: the same bits whatever number of threads a BLAS library uses.
        problem = self.problem
        original = prices / self.row_scale
        inputs = len(self.input_rows)
        outputs = inputs + len(self.output_rows)
        reduced: FloatArray = np.einsum("i,ij->j", original[:inputs], problem.reference_inputs[self.input_rows])
        reduced -= np.einsum("r,rj->j", original[inputs:outputs], problem.reference_outputs[self.output_rows])
        if self.has_scale_row:
            reduced -= original[-1]
        return reduced


def mark(table: FloatArray, columns: IntArray, ids: IntArray, value: float) -> None:
    """Put ``value`` in those columns of ``table (B, len(columns))`` that belong to the ids of each row, ``(B,)`` or
    ``(B, k)``; ids that no column has are passed over."""
    if not len(columns):
        return
    place = np.minimum(np.searchsorted(columns, ids), len(columns) - 1)
    found = np.nonzero(columns[place] == ids)
    table[found[0], place[found]] = value
