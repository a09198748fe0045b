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

from benchmarking.dea import bases, lockstep
from benchmarking.dea.answer import score_of
from benchmarking.dea.certificate import is_accepted
from benchmarking.dea.highs import Solver
from benchmarking.dea.lockstep import Batch, Columns
from benchmarking.dea.problem import ZERO, Problem
from benchmarking.dea.programmes import Programmes
from benchmarking.dea.radial import first_pool
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

#: Replications are solved so many at a time; part of the promise of equal bits.
TOGETHER = 32
#: Fewer, where a table of who may be whose peer would hold more than so many entries.
MOST_ENTRIES = 200_000_000
#: So many pilot draws fill the library.
PILOTS = 48


@dataclass(frozen=True, eq=False, kw_only=True)
class Replicated:
    """Scores ``(b, n)`` of b replications, how many HiGHS had to solve, and the worst certificate."""

    score: FloatArray
    fallback: int
    worst_certificate: float


#: Units are put together by the number of rows they have, in so many groups at most.
GROUPS = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Library:
    """For each unit of a group K bases that are feasible at any costs: ``basis (K * n, R)``, ``inverse (K * n, R, R)``,
    ``values (K * n, R)`` at factors of one, and the values of reference units as a matrix ``(K * n, n_ref)``."""

    basis: IntArray
    inverse: FloatArray
    values: FloatArray
    weights: sparse.csr_array


def _weights(basis: IntArray, values: FloatArray, references: int) -> sparse.csr_array:
    row, column = np.nonzero((basis < references) & (values != 0.0))
    return sparse.csr_array((values[row, column], (row, basis[row, column])), shape=(len(basis), references))


class Group:
    """Units with about as many rows: ``units (n,)``, ``rows (n, R)``, and what the replications start from."""

    def __init__(self, programmes: Programmes, units: IntArray, rows: IntArray) -> None:
        self.programmes = programmes
        self.units = units
        self.rows = rows
        self.allowed = programmes.allowed(units, programmes.columns.priced)
        self.library: Library | None = None

    def start(self, columns: Columns, factors: FloatArray) -> Batch:
        """All units of the group in every segment: at the cheapest basis known, or by themselves."""
        count = len(factors)
        unit, rows = np.tile(self.units, count), np.tile(self.rows, (count, 1))
        segment = np.repeat(np.arange(count), len(self.units))
        if self.library is None:
            return self.programmes.batch(columns, unit, segment=segment, rows=rows)
        cost = (self.library.weights @ factors.T).reshape(-1, len(self.units), count)
        chosen = (cost.argmin(axis=0) * len(self.units) + np.arange(len(self.units))[:, None]).T.ravel()
        batch = self.programmes.blank(columns, unit, segment=segment, rows=rows)
        batch.basis = self.library.basis[chosen]
        scale = _factor_of(batch, factors)
        batch.inverse = self.library.inverse[chosen]
        batch.inverse *= scale[:, :, None]
        batch.values = self.library.values[chosen] * scale
        bases.reprice(columns, batch)
        return batch

    def run(self, columns: Columns, batch: Batch) -> BoolArray:
        """Solve the batch in place; return which programmes came to an end."""
        return lockstep.run(columns, batch, allowed=self._allowed(batch))

    def dearest_miss(self, columns: Columns, batch: Batch) -> FloatArray:
        """By how much the prices miss the column that is cheaper than they say by most, ``(B,)``."""
        return lockstep.dearest_miss(columns, batch, self._allowed(batch))[1]

    def _allowed(self, batch: Batch) -> BoolArray | None:
        return None if self.allowed is None else np.tile(self.allowed, (len(batch) // len(self.units), 1))


def _groups(programmes: Programmes) -> list[Group]:
    """The units in groups, each with the rows that are not empty for them and as few others as possible."""
    counts = programmes.active.sum(axis=1)
    widths = np.unique(np.quantile(counts, np.arange(1, GROUPS + 1) / GROUPS, method="higher"))
    groups = []
    for lower, upper in zip([0, *widths[:-1].tolist()], widths.tolist(), strict=True):
        units = np.flatnonzero((counts > lower) & (counts <= upper))
        # Rows that are not empty first, in their order; then the order of rows again, so that the last stays the last.
        first = np.argsort(~programmes.active[units], axis=1, kind="stable")[:, : int(upper)]
        groups.append(Group(programmes, units, np.sort(first, axis=1)))
    return groups


class Replications:
    """The original units, ready to be scored against pseudo references; ``original (n,)`` are their own scores."""

    def __init__(self, programmes: Programmes, original: FloatArray) -> None:
        self._original = original
        self.programmes = programmes
        self.columns: Columns = programmes.columns
        self.problem: Problem = programmes.problem
        self.groups = _groups(programmes)
        tables = [group.allowed.size for group in self.groups if group.allowed is not None]
        self._together = max(1, min(TOGETHER, MOST_ENTRIES // max(tables, default=1)))

    def learn(self, draw: Callable[[int], FloatArray]) -> None:
        """Fill the libraries with what is optimal for the pilot draws ``draw(k)``, ``(n_ref,)`` factors each.

        Only with one input: with more, a draw changes the columns themselves, and no basis stays what it was.
        """
        if not self.programmes.single:
            return
        pilots = [np.ones(self.problem.references), *(draw(pilot) for pilot in range(PILOTS))]
        pseudo = [(self._pseudo(factors[None]), factors[None]) for factors in pilots]
        for group in self.groups:
            n, rows = group.rows.shape
            basis = np.empty((len(pilots) * n, rows), dtype=np.intp)
            inverse, values = np.empty((len(pilots) * n, rows, rows)), np.empty((len(pilots) * n, rows))
            weights = sparse.csr_array((0, self.columns.references))
            for number, (columns, factors) in enumerate(pseudo):
                batch = group.start(columns, factors)
                # What does not come to an end is feasible all the same, and no worse a start than others.
                group.run(columns, batch)
                back = _factor_of(batch, 1 / factors)
                part, known = slice(number * n, (number + 1) * n), (number + 1) * n
                basis[part], values[part] = batch.basis, batch.values * back
                np.multiply(batch.inverse, back[:, :, None], out=inverse[part])
                new = _weights(basis[part], values[part], self.columns.references)
                weights = sparse.vstack([weights, new], format="csr")
                group.library = Library(
                    basis=basis[:known], inverse=inverse[:known], values=values[:known], weights=weights
                )

    def scores(self, factors: FloatArray) -> Replicated:
        """Scores against references whose inputs are multiplied by ``factors (b, n_ref)``."""
        table = np.empty((len(factors), self.problem.units))
        fallback, worst = 0, 0.0
        for begin in range(0, len(factors), self._together):
            some = factors[begin : begin + self._together]
            columns = self._pseudo(some)
            for group in self.groups:
                batch = group.start(columns, some)
                ended = group.run(columns, batch)
                score, certificate = self._read(columns, batch, group)
                bad = ~ended | ~is_accepted(certificate, score)
                worst = max(worst, float(certificate[~bad].max(initial=0.0)))
                for place in np.flatnonzero(bad).tolist():
                    segment, unit = divmod(place, len(group.units))
                    score[place], proof = self._by_highs(int(group.units[unit]), some[segment])
                    worst = max(worst, float(proof.max()))
                fallback += int(bad.sum())
                table[begin : begin + len(some), group.units] = score.reshape(len(some), -1)
        if self.problem.comparable is None:
            # A pseudo reference lies inside the original one, so what is below the original score is rounding.
            table = np.maximum(table, self._original)
        alone = ~self.problem.may_be_peer[self.problem.own]
        table[:, alone] = np.minimum(table[:, alone], 1.0)
        return Replicated(score=table, fallback=fallback, worst_certificate=worst)

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

    def _read(self, columns: Columns, batch: Batch, group: Group) -> tuple[FloatArray, FloatArray]:
        """Scores at the true right-hand sides, and their certificates (the worst of the three figures), ``(B,)``."""
        structural = columns.references + columns.trades
        count = batch.scale.shape[1]
        if columns.trades:
            made_rows = slice(self.programmes.input_rows, self.programmes.input_rows + len(self.problem.outputs))
            scale = batch.scale[:, made_rows]
            prices = self.problem.within_bounds(np.maximum(batch.prices[:, made_rows] * scale, 0.0))
            batch.prices[:, made_rows] = prices / scale
        true = np.take_along_axis(self.programmes.right[group.units], group.rows, axis=1)
        right = np.tile(true, (len(columns.amounts), 1))
        values = np.matmul(batch.inverse, right[:, :, None])[:, :, 0]
        values[np.abs(values) < ZERO] = 0.0
        # What the columns make without their slacks.
        weights = np.where((batch.basis < structural) | (batch.basis == lockstep.theta_id(columns)), values, 0.0)
        made = np.matmul(weights[:, None, :], bases.basis_columns(columns, batch))[:, 0]
        counts = batch.basis == lockstep.theta_id(columns) if columns.has_theta else batch.basis < columns.references
        score = np.where(counts, values, 0.0).sum(axis=1)
        # A row with slack +1 is an upper bound, one whose slack may not enter an equality.
        residual = (right - made) * -columns.slack_sign[-count:]
        residual = np.where(columns.slack_enters[-count:], residual, np.abs(residual))
        residual[batch.scale == 0.0] = 0.0
        lacking = np.einsum("br,br->b", np.abs(batch.prices), np.maximum(residual, 0.0)) / np.maximum(1.0, score)
        primal = np.maximum(np.maximum(residual.max(axis=1), lacking), -values.min(axis=1))
        worth = np.einsum("br,br->b", batch.prices, np.where(batch.scale > 0, right, 0.0))
        gap = np.abs(score - worth) / np.maximum(1.0, score)
        dual = np.maximum(group.dearest_miss(columns, batch), 0.0)
        return score, np.maximum(np.maximum(primal, gap), dual)

    def _by_highs(self, unit: int, factors: FloatArray) -> tuple[float, FloatArray]:
        """The score of one unit in one replication, from the other solver, and its certificate."""
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
        score, _, certificate = score_of(alone, 0, pool=first_pool(alone), solver=Solver())
        return score, certificate


def _factor_of(batch: Batch, factors: FloatArray) -> FloatArray:
    """The factor of each basic column, 1 for what is no reference unit, ``(B, R)``."""
    padded = np.concatenate([factors, np.ones((len(factors), 1))], axis=1)
    return np.asarray(padded[batch.segment[:, None], np.minimum(batch.basis, factors.shape[1])])
