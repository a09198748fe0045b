"""Scores of the original units against many pseudo references, each with other costs: the inner loop of the bootstrap.

In a pseudo reference every unit's inputs are multiplied by a factor of its own. With one input that changes nothing but
the objective: every basis that ever was optimal for a unit still is feasible. So a library of bases is kept for each
unit, and each replication starts at the cheapest of them. The library comes from pilot draws and is frozen before the
first replication, so that a replication's bits do not depend on which ones were done before it, or where.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from benchmarking.dea import lockstep
from benchmarking.dea.answer import Solvers, score_of
from benchmarking.dea.certificate import ACCEPTED
from benchmarking.dea.lockstep import Batch, Columns
from benchmarking.dea.problem import Problem
from benchmarking.dea.programmes import Programmes
from benchmarking.dea.radial import first_pool
from benchmarking.dea.result import BoolArray, FloatArray, IntArray
from benchmarking.dea.solve import Solved

#: Replications are solved so many at a time; part of the promise of equal bits.
TOGETHER = 8
#: So many pilot draws fill the library.
PILOTS = 48


@dataclass(frozen=True, eq=False, kw_only=True)
class Replicated:
    """Scores ``(b, n)`` of b replications, how many HiGHS had to solve, and the worst certificate."""

    score: FloatArray
    fallback: int
    worst_certificate: float


class Library:
    """For each unit the bases that were optimal in some draw; ``add`` drops what is there already."""

    def __init__(self, units: int, references: int) -> None:
        self.units = units
        self.references = references
        self._basis: list[IntArray] = []
        self._inverse: list[FloatArray] = []
        self._values: list[FloatArray] = []

    def add(self, basis: IntArray, inverse: FloatArray, values: FloatArray) -> None:
        """Take in one basis of every unit, ``(n, R)``, ``(n, R, R)``, ``(n, R)``, at factors of one."""
        self._basis.append(basis)
        self._inverse.append(inverse)
        self._values.append(values)

    def __len__(self) -> int:
        return len(self._basis)

    def frozen(self) -> tuple[IntArray, FloatArray, FloatArray, sparse.csr_array]:
        """The library as arrays ``(K * n, ...)``, and the weights as a matrix ``(K * n, references)``."""
        basis = np.concatenate(self._basis)
        inverse = np.concatenate(self._inverse)
        values = np.concatenate(self._values)
        row, column = np.nonzero((basis < self.references) & (values != 0.0))
        weights = sparse.csr_array(
            (values[row, column], (row, basis[row, column])), shape=(len(basis), self.references)
        )
        return basis, inverse, values, weights


class Replications:
    """The original units, ready to be scored against pseudo references."""

    def __init__(self, solved: Solved, original: FloatArray) -> None:
        """``original (n,)`` are the scores against the reference as it is."""
        self._original = original
        self.programmes: Programmes = solved.programmes
        self.columns: Columns = self.programmes.columns
        self.problem: Problem = self.programmes.problem
        self.allowed: BoolArray | None = self.programmes.allowed(np.arange(self.problem.units), self.columns.priced)
        self._library: Library | None = None
        self._frozen: tuple[IntArray, FloatArray, FloatArray, sparse.csr_array] | None = None
        if self.programmes.single:
            batch = solved.batch(np.arange(self.problem.units))
            self._library = Library(self.problem.units, self.columns.references)
            self._library.add(batch.basis, batch.inverse, batch.values)

    def learn(self, draw: Callable[[int], FloatArray]) -> None:
        """Fill the library with what is optimal for the pilot draws ``draw(k)``, ``(n_ref,)`` factors each."""
        if self._library is None:
            return
        units = np.arange(self.problem.units)
        for pilot in range(PILOTS):
            factors = draw(pilot)[None]
            self._frozen = self._library.frozen()
            batch, columns = self._start(factors)
            ended = lockstep.run(columns, batch, allowed=self.allowed)
            back = _factor_of(columns, batch, 1 / factors)
            # What did not come to an end is feasible all the same, and no worse a start than others.
            del ended
            self._library.add(batch.basis[units], batch.inverse * back[:, :, None], batch.values * back)
        self._frozen = self._library.frozen()

    def scores(self, factors: FloatArray) -> Replicated:
        """Scores against references whose inputs are multiplied by ``factors (b, n_ref)``."""
        parts, fallback, worst = [], 0, 0.0
        for begin in range(0, len(factors), TOGETHER):
            some = factors[begin : begin + TOGETHER]
            batch, columns = self._start(some)
            allowed = None if self.allowed is None else np.tile(self.allowed, (len(some), 1))
            ended = lockstep.run(columns, batch, allowed=allowed)
            score, certificate = self._read(columns, batch)
            bad = ~ended | ~(certificate <= ACCEPTED)
            worst = max(worst, float(certificate[~bad].max(initial=0.0)))
            for place in np.flatnonzero(bad).tolist():
                segment, unit = divmod(place, self.problem.units)
                score[place] = self._by_highs(unit, some[segment])
            fallback += int(bad.sum())
            table = score.reshape(len(some), -1)
            if self.problem.comparable is None:
                # A pseudo reference lies inside the original one, so what is below the original score is rounding.
                table = np.maximum(table, self._original)
            alone = ~self.problem.may_be_peer[self.problem.own]
            table[:, alone] = np.minimum(table[:, alone], 1.0)
            parts.append(table)
        return Replicated(score=np.concatenate(parts), fallback=fallback, worst_certificate=worst)

    def _pseudo(self, factors: FloatArray) -> Columns:
        """The columns with inputs multiplied by ``factors``, each divided by its own new measure."""
        columns, problem = self.columns, self.problem
        moves = np.ones(columns.rows, dtype=bool)
        moves[: self.programmes.input_rows] = problem.fixed[: self.programmes.input_rows]
        amounts = np.repeat(columns.amounts, len(factors), axis=0)
        references = amounts[:, : problem.references]
        references[:, :, moves] /= factors[:, :, None]
        return Columns(
            amounts=amounts,
            references=columns.references,
            unit_cost=columns.unit_cost,
            priced=columns.priced,
            table=np.ascontiguousarray(amounts[:, columns.priced].transpose(0, 2, 1)),
            slack_sign=columns.slack_sign,
            slack_enters=columns.slack_enters,
            has_theta=columns.has_theta,
        )

    def _start(self, factors: FloatArray) -> tuple[Batch, Columns]:
        columns = self._pseudo(factors)
        units, count = self.problem.units, len(factors)
        unit = np.tile(np.arange(units), count)
        segment = np.repeat(np.arange(count), units)
        if self._frozen is None:
            return self.programmes.batch(columns, unit, segment), columns
        basis, inverse, values, weights = self._frozen
        cost = (weights @ factors.T).reshape(-1, units, count)
        chosen = (cost.argmin(axis=0) * units + np.arange(units)[:, None]).T.ravel()
        batch = self.programmes.blank(unit, segment)
        batch.basis = basis[chosen]
        scale = _factor_of(columns, batch, factors)
        batch.inverse = inverse[chosen]
        batch.inverse *= scale[:, :, None]
        batch.values = values[chosen] * scale
        lockstep.reprice(columns, batch)
        return batch, columns

    def _read(self, columns: Columns, batch: Batch) -> tuple[FloatArray, FloatArray]:
        """Scores at the true right-hand sides, and their certificates (the worst of the three figures), ``(B,)``."""
        programmes = self.programmes
        unit = np.tile(np.arange(self.problem.units), len(columns.amounts))
        right = programmes.right[unit]
        values = np.matmul(batch.inverse, right[:, :, None])[:, :, 0]
        values[np.abs(values) < 1e-9] = 0.0
        structural = columns.references + columns.trades
        is_column = batch.basis < structural
        weights = np.where(is_column, values, 0.0)
        ids = np.minimum(batch.basis, structural - 1)
        made = np.einsum("bk,bkr->br", weights, columns.amounts[batch.segment[:, None], ids])
        made *= batch.scale
        if columns.has_theta:
            theta = np.where(batch.basis == structural + columns.rows, values, 0.0).sum(axis=1)
            score = theta
            made += theta[:, None] * batch.theta
        else:
            score = np.where(batch.basis < columns.references, values, 0.0).sum(axis=1)
        residual = right - made
        # A row with slack +1 is an upper bound, one whose slack may not enter an equality.
        residual = np.where(columns.slack_sign > 0, -residual, residual)
        residual = np.where(columns.slack_enters, residual, np.abs(residual))
        residual[batch.scale == 0.0] = 0.0
        primal = np.maximum(residual.max(axis=1), -values.min(axis=1))
        gap = np.abs(score - np.einsum("br,br->b", batch.prices, right * (batch.scale != 0))) / np.maximum(1.0, score)
        _, gain = lockstep.dearest_miss(columns, batch, self._allowed_of(batch))
        return score, np.maximum(np.maximum(primal, gap), np.maximum(gain, 0.0))

    def _allowed_of(self, batch: Batch) -> BoolArray | None:
        if self.allowed is None:
            return None
        return np.tile(self.allowed, (len(batch) // self.problem.units, 1))

    def _by_highs(self, unit: int, factors: FloatArray) -> float:
        """The score of one unit in one replication, from the other solver."""
        problem = self.problem
        allowed = problem.allowed(unit)
        own = problem.own[unit : unit + 1]
        moved = np.where(problem.fixed[:, None], 1.0, factors)
        alone = Problem(
            inputs=problem.inputs[:, unit : unit + 1],
            outputs=problem.outputs[:, unit : unit + 1],
            reference_inputs=problem.reference_inputs * moved,
            reference_outputs=problem.reference_outputs,
            returns_to_scale=problem.returns_to_scale,
            orientation=problem.orientation,
            fixed=problem.fixed,
            trades=problem.trades,
            anchor=problem.anchor,
            may_be_peer=allowed,
            comparable=None,
            # A unit that is no peer is its own reference as it is; a peer only as it was drawn.
            own=own if not problem.may_be_peer[own[0]] else np.array([-1]),
            own_reference=True,
            exclude_self=False,
        )
        return score_of(alone, 0, pool=first_pool(alone), solvers=Solvers())[0]


def _factor_of(columns: Columns, batch: Batch, factors: FloatArray) -> FloatArray:
    """The factor of each basic column, 1 for what is no reference unit, ``(B, R)``."""
    padded = np.concatenate([factors, np.ones((len(factors), 1))], axis=1)
    return np.asarray(padded[batch.segment[:, None], np.minimum(batch.basis, factors.shape[1])])
