"""What if one unit's figures were others: against the frontier as it was decided, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from benchmarking.dea import lockstep, parameters, validation
from benchmarking.dea.answer import score_of
from benchmarking.dea.answers import answer_all
from benchmarking.dea.efficiency import assemble, prepare
from benchmarking.dea.highs import Solver
from benchmarking.dea.leave_one_out import Scores
from benchmarking.dea.price_bounds import Trades
from benchmarking.dea.problem import Problem
from benchmarking.dea.programmes import programmes_of
from benchmarking.dea.proof import prove, row_prices
from benchmarking.dea.radial import first_pool
from benchmarking.dea.result import BoolArray, Efficiency, FloatArray, IntArray, ReadOnly
from benchmarking.dea.solve import begin
from benchmarking.dea.threads import one_thread

#: A changed column that is worth this much less than its cost at a unit's prices changes nothing for that unit.
WORTHLESS = lockstep.CHEAPER


class Frontier:
    """A solved round to ask questions of: who may be a peer is decided, everybody's score and prices are kept.

    ``score (n,)`` in the order of the rows given, read-only.
    """

    def __init__(self, problem: Problem, order: IntArray, trades: Trades | None) -> None:
        self._problem = problem
        self._order = order
        self._trades = trades
        self._place = np.empty_like(order)
        self._place[order] = np.arange(len(order))
        self._scores = Scores(problem)
        self.score: FloatArray = self._scores.score[self._place]
        self.score.setflags(write=False)

    @property
    def units(self) -> int:
        """Number of units."""
        return self._problem.units


@dataclass(frozen=True, eq=False, kw_only=True)
class WhatIf(ReadOnly):
    """The answer for one unit with other figures.

    before : its score as it was
    after : ``Efficiency`` of one row, weights ``(1, n)``: score, peers, prices, slacks and certificate
    everyone : (n,) or None
        On request: the scores of all units if the figures were those, in the order of the rows of the frontier.
    resolved : (n,) or None
        Who had to be solved again; the others provably keep their score.
    """

    before: float
    after: Efficiency
    everyone: FloatArray | None
    resolved: BoolArray | None


def frontier(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    returns_to_scale: str = "vrs",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    fixed_inputs: Iterable[int] = (),
    price_bounds: object = None,
) -> Frontier:
    """Solve a round once, to ask ``what_if`` of afterwards; arguments and ``ValueError`` as for ``efficiency``, input
    orientation, every unit in its own reference."""
    problem, order, _, trades = prepare(
        inputs,
        outputs,
        returns_to_scale=returns_to_scale,
        orientation="input",
        keys=keys,
        may_be_peer=may_be_peer,
        comparable=comparable,
        own_reference=True,
        exclude_self=False,
        fixed_inputs=fixed_inputs,
        price_bounds=price_bounds,
    )
    with one_thread():
        return Frontier(problem, order, trades)


def what_if(
    frontier: Frontier, unit: int, new_inputs: ArrayLike, new_outputs: ArrayLike, *, everyone: bool = False
) -> WhatIf:
    """The score of row ``unit`` of ``frontier`` if its figures were ``new_inputs (m,)`` and ``new_outputs (s,)``.

    All other units stay as they are, with the verdicts of the quality gate and the outlier rules; the unit's old column
    is taken out and the new one is its own reference. With ``everyone`` the scores of all units are given too: where the
    unit may be a peer, the others have the new column in their reference instead of the old one.

    Raises
    ------
    ValueError
        For a row that is not there, and as ``efficiency`` for the figures.
    """
    if not isinstance(frontier, Frontier):
        raise ValueError(f"frontier is {parameters.shown(frontier)}; give what frontier(inputs, outputs) returned")
    if isinstance(unit, bool) or not isinstance(unit, (int, np.integer)) or not 0 <= unit < frontier.units:
        raise ValueError(f"unit is {parameters.shown(unit)}; give a row number from 0 to {frontier.units - 1}")
    everyone = parameters.flag(everyone, "everyone")
    problem = frontier._problem
    x, y = _row(new_inputs, "new_inputs", len(problem.inputs)), _row(new_outputs, "new_outputs", len(problem.outputs))
    validation.reducible(x[None], problem.fixed)
    validation.of_one_world(
        np.vstack([problem.reference_inputs.T, x]), np.vstack([problem.reference_outputs.T, y]), "new_"
    )
    place = int(frontier._place[unit])
    changed = _with_row(problem, place, x, y)
    with one_thread():
        alone = replace(
            changed,
            inputs=x[:, None],
            outputs=y[:, None],
            own=np.array([place]),
            comparable=None if problem.comparable is None else _of_one(problem, place),
        )
        old = frontier._scores.solved
        basis = None if old is None or not old.proven.good[place] else old.proven.basis[place : place + 1]
        found = answer_all(alone, slacks=True, basis=basis)
        after = assemble(alone, found, np.zeros(1, dtype=np.intp), frontier._order, frontier._trades)
        scores, resolved = _everyone(frontier, changed, place, after) if everyone else (None, None)
    back = frontier._place
    return WhatIf(
        before=float(frontier._scores.score[place]),
        after=after,
        everyone=None if scores is None else scores[back],
        resolved=None if resolved is None else resolved[back],
    )


def _row(values: ArrayLike, name: str, columns: int) -> FloatArray:
    row = parameters.read(values, name, f"give one row of {columns} amounts")
    if row.shape != (columns,):
        raise ValueError(f"{name} has shape {row.shape}; give one row of {columns} amounts")
    # A list as it is: large whole numbers, which it may hold, would be objects in an array.
    return np.asarray(validation.amounts(row[None] if isinstance(values, np.ndarray) else [values], name)[0])


def _with_row(problem: Problem, place: int, x: FloatArray, y: FloatArray) -> Problem:
    inputs, outputs = problem.inputs.copy(), problem.outputs.copy()
    inputs[:, place], outputs[:, place] = x, y
    return replace(problem, inputs=inputs, outputs=outputs, reference_inputs=inputs, reference_outputs=outputs)


def _of_one(problem: Problem, place: int) -> Callable[[int], BoolArray]:
    assert problem.comparable is not None
    row = problem.comparable(place)
    return lambda unit: row


def _everyone(frontier: Frontier, changed: Problem, place: int, after: Efficiency) -> tuple[FloatArray, BoolArray]:
    """All scores with the changed column, in key order: who had the old one in the basis starts anew, who finds the new
    one cheap goes on from the old basis, and the rest has its proof already."""
    scores = frontier._scores.score.copy()
    scores[place] = after.score[0]
    resolved = np.zeros(len(scores), dtype=bool)
    resolved[place] = True
    if not changed.may_be_peer[place]:
        return scores, resolved
    old = frontier._scores.solved
    programmes = None if old is None else programmes_of(changed, like=old.programmes)
    left = np.ones(len(scores), dtype=bool)
    if old is not None and programmes is not None:
        columns = programmes.columns
        proven = old.proven
        gain = (
            row_prices(old.programmes, proven, np.arange(len(scores))) @ columns.amounts[0, place] - columns.unit_cost
        )
        if changed.comparable is not None:
            gain[~np.array([changed.comparable(unit)[place] for unit in range(changed.units)])] = -np.inf
        had = (proven.basis == place).any(axis=1)
        left = ~proven.good | had | (gain > WORTHLESS)
        left[place] = False
        anew = np.flatnonzero(left & (had | ~proven.good))
        on = np.flatnonzero(left & ~had & proven.good)
        for units, batch in ((anew, begin(programmes, columns, anew, proven.basis[anew])), (on, old.batch(on))):
            if units.size:
                ended = lockstep.run(columns, batch, allowed=programmes.allowed(units, columns.priced))
                found = prove(programmes, columns, batch, units, ended, anew=False)
                scores[units[found.good]] = found.score[found.good]
                resolved[units] = True
                left[units[found.good]] = False
    left[place] = False
    solver, pool = Solver(), first_pool(changed)
    for unit in np.flatnonzero(left).tolist():
        scores[unit], _, _ = score_of(changed, unit, pool=pool, solver=solver)
        resolved[unit] = True
    return scores, resolved
