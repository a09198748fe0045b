"""The problem as programmes with common rows, for the lockstep solver: each unit only divides rows by its own amounts.

Every reference unit's column is divided by its own measure: its cost where there is one input, the sum of its inputs
over their means where there are more. With one input that can be reduced theta disappears: measured so, it is the
sum of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarking.dea import lockstep
from benchmarking.dea.lockstep import Batch, Columns
from benchmarking.dea.problem import Problem
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

_SLACK_SIGNS = {"crs": (), "vrs": (-1.0,), "drs": (1.0,), "irs": (-1.0,)}
_SLACK_ENTERS = {"crs": (), "vrs": (False,), "drs": (True,), "irs": (True,)}


@dataclass(frozen=True, eq=False, kw_only=True)
class Programmes:
    """Columns that all units share, and the rows of each unit; ``(n, R)`` arrays have inputs, outputs and scale.

    measure : what each column is divided by, trade-offs too
    scale : one over what a row is measured in, 0 where the unit's row is empty
    right : right-hand side in that measure (-1 in empty rows, so that their slack stays in the basis)
    own : id of the unit's own column
    """

    problem: Problem
    columns: Columns
    single: bool
    measure: FloatArray
    scale: FloatArray
    right: FloatArray
    active: BoolArray
    theta: FloatArray
    own: IntArray
    #: What inputs and trade-offs are measured in, so that a changed problem can be measured alike.
    means: FloatArray
    typical: float

    @property
    def input_rows(self) -> int:
        """Number of rows of inputs."""
        return 0 if self.single else len(self.problem.inputs)

    def with_priced(self, priced: IntArray) -> Columns:
        """The same columns, of which only ``priced`` may enter."""
        columns = self.columns
        return Columns(
            amounts=columns.amounts,
            references=columns.references,
            unit_cost=columns.unit_cost,
            priced=priced,
            table=np.ascontiguousarray(columns.amounts[0, priced].T)[None],
            slack_sign=columns.slack_sign,
            slack_enters=columns.slack_enters,
            has_theta=columns.has_theta,
        )

    def batch(
        self, columns: Columns, units: IntArray, *, segment: IntArray | None = None, rows: IntArray | None = None
    ) -> Batch:
        """The programmes of ``units`` at their start: all by themselves; see ``blank`` for the other arguments.

        A unit that may not use its own column starts there too, at a cost that drives it out.
        """
        batch = self.blank(columns, units, segment=segment, rows=rows)
        is_output = (batch.rows >= self.input_rows) & (batch.rows < self.input_rows + len(self.problem.outputs))
        if self.problem.returns_to_scale == "crs":
            own_row = np.where(is_output & (batch.scale > 0), batch.right, -np.inf).argmax(axis=1)
        else:
            own_row = np.full(len(units), batch.scale.shape[1] - 1)
        theta_row = None
        if not self.single:
            theta_row = np.where(batch.theta > 0, batch.right, -np.inf).argmax(axis=1)
        lockstep.start(columns, batch, own_row=own_row, theta_row=theta_row)
        return batch

    def blank(
        self, columns: Columns, units: IntArray, *, segment: IntArray | None = None, rows: IntArray | None = None
    ) -> Batch:
        """The programmes of ``units`` without a basis, in segments if there are more; ``rows (len(units), k)`` if they
        leave out rows that are empty for them."""
        own = self.own[units]
        all_rows = np.arange(self.right.shape[1])
        if rows is None:
            rows = np.broadcast_to(all_rows, (len(units), len(all_rows)))
        movable = self.active[units].copy()
        if self.problem.returns_to_scale != "crs":
            movable[:, -1] = False
        right = lockstep.perturbed(self.right[units], movable)
        count = rows.shape[1]
        priced = np.zeros(columns.references, dtype=bool)
        priced[columns.priced] = True
        barred = np.where(self.problem.own_is_allowed[units], -1, own)
        return Batch(
            segment=np.zeros(len(units), dtype=np.intp) if segment is None else segment,
            rows=rows,
            apart=(own != barred) & ~priced[own],
            scale=np.take_along_axis(self.scale[units], rows, axis=1),
            right=np.take_along_axis(right, rows, axis=1),
            theta=np.take_along_axis(self.theta[units], rows, axis=1),
            own=own,
            barred=barred,
            basis=np.zeros((len(units), count), dtype=np.intp),
            inverse=np.zeros((len(units), count, count)),
            values=np.zeros((len(units), count)),
            prices=np.zeros((len(units), count)),
        )

    def allowed(self, units: IntArray, priced: IntArray) -> BoolArray | None:
        """Which priced columns each unit may use, ``(len(units), len(priced))``; ``None`` if it is all of them."""
        problem = self.problem
        unused = problem.inputs[:, units] == 0
        if not len(units):
            return np.ones((0, len(priced)), dtype=bool)
        if problem.comparable is None and problem.without is None and not unused.any():
            return None
        allowed = np.stack([problem.allowed(int(unit))[priced] for unit in units])
        if unused.any():
            users = (problem.reference_inputs[:, priced] > 0).astype(float)
            allowed &= unused.astype(float).T @ users == 0
        return allowed


def programmes_of(problem: Problem, like: Programmes | None = None) -> Programmes | None:
    """The programmes of all units, or ``None`` for what the lockstep method does not solve; measured ``like`` others."""
    if problem.orientation != "input" or problem.returns_to_scale == "fdh":
        return None
    single = len(problem.inputs) == 1
    inputs, outputs = problem.reference_inputs, problem.reference_outputs
    own = problem.own
    appended = own < 0
    if appended.any():
        own = np.where(appended, problem.references + np.arange(problem.units), own)
        inputs = np.concatenate([inputs, problem.inputs], axis=1)
        outputs = np.concatenate([outputs, problem.outputs], axis=1)
    means = inputs.mean(axis=1) if like is None else like.means
    means = np.where(means > 0, means, 1.0)
    measure = inputs[0] if single else np.asarray(np.einsum("ij,i->j", inputs, 1 / means))
    typical = 1.0 if like is None else like.typical
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        blocks = [outputs / measure]
        if not single:
            blocks.insert(0, -inputs / measure)
        has_scale = problem.returns_to_scale != "crs"
        if has_scale:
            blocks.append(1.0 / measure[None, :])
        amounts = np.ascontiguousarray(np.concatenate(blocks).T)
        rows = amounts.shape[1]
        first_output = 0 if single else len(inputs)

        size = np.abs(amounts[own])
        active = size > 0
        right = np.where(active, 1.0, -1.0)
        theta = np.zeros(size.shape)
        if not single:
            right[:, :first_output] = np.where(active[:, :first_output] & ~problem.fixed, 0.0, -1.0)
            theta[:, :first_output] = active[:, :first_output] & ~problem.fixed
        trades = np.zeros((0, rows))
        if problem.trades.shape[1]:
            assert problem.anchor is not None
            made = slice(first_output, first_output + len(outputs))
            # A product the unit does not deliver: what is worth as much as all it delivers, see ``Frame``.
            worth = size[:, made] @ problem.anchor
            right[:, made] = np.where(active[:, made], 1.0, 0.0)
            size[:, made] = np.where(active[:, made], size[:, made], worth[:, None] / problem.anchor)
            active[:, made] = True
            trades = np.zeros((problem.trades.shape[1], rows))
            # An exchange of what is worth about as much as one unit of measure makes.
            if like is None:
                typical = float(np.median(amounts[:, made] @ problem.anchor))
            given = np.abs(problem.trades * problem.anchor[:, None]).max(axis=0)
            trades[:, made] = (problem.trades / given).T * typical
            measure = np.concatenate([measure, given / typical])
        scale = np.divide(1.0, size, out=np.zeros_like(size), where=active)
    columns_amounts = np.concatenate([amounts, trades])[None]
    slack_sign = np.array([-1.0] * (rows - has_scale) + list(_SLACK_SIGNS[problem.returns_to_scale]))
    slack_enters = np.array([True] * (rows - has_scale) + list(_SLACK_ENTERS[problem.returns_to_scale]))
    if not (np.isfinite(amounts).all() and np.isfinite(scale).all()):
        return None
    priced = problem.peers
    columns = Columns(
        amounts=columns_amounts,
        references=amounts.shape[0],
        unit_cost=1.0 if single else 0.0,
        priced=priced,
        table=np.ascontiguousarray(amounts[priced].T)[None],
        slack_sign=slack_sign,
        slack_enters=slack_enters,
        has_theta=not single,
    )
    return Programmes(
        problem=problem,
        columns=columns,
        single=single,
        measure=measure,
        scale=scale,
        right=right,
        active=active,
        theta=theta,
        own=own,
        means=means,
        typical=typical,
    )
