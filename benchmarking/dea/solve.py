"""Scores of all units of a problem at once: who can be a peer, then everybody against those, then the proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarking.dea import bases, lockstep
from benchmarking.dea.certificate import PAIRS, relative_reduced_costs
from benchmarking.dea.lockstep import Batch, Columns
from benchmarking.dea.problem import ZERO, Problem, mark
from benchmarking.dea.programmes import Programmes, programmes_of
from benchmarking.dea.proof import Proven, prove, row_prices
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

#: So many programmes are in hand at a time.
BLOCK = 2048
#: Up to so many possible peers everybody is priced every time; beyond, those on the frontier are sought first.
FEW = 1500
#: A score this close to one may be a score of one.
NEARLY = 1e-7


def blocks(count: int) -> Iterator[IntArray]:
    """The numbers below ``count`` in pieces."""
    for begin in range(0, count, BLOCK):
        yield np.arange(begin, min(begin + BLOCK, count))


class Solved:
    """All units solved in lockstep: the bases they ended in, and the proven answers."""

    def __init__(self, programmes: Programmes, columns: Columns, batches: list[Batch], proven: Proven) -> None:
        self.programmes = programmes
        self.columns = columns
        self.batches = batches
        self.proven = proven

    def batch(self, units: IntArray) -> Batch:
        """The programmes of ``units`` as they ended, in the order asked for, to go on from."""
        order = np.argsort(units // BLOCK, kind="stable")
        sorted_units = units[order]
        edges = np.searchsorted(sorted_units // BLOCK, np.arange(len(self.batches) + 1))
        parts = [
            whole.take(sorted_units[edges[number] : edges[number + 1]] - number * BLOCK)
            for number, whole in enumerate(self.batches)
        ]
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return Batch.joined(parts).take(back)


def solve(problem: Problem, *, basis: IntArray | None = None) -> Solved | None:
    """Solve every unit; ``None`` if this kind of problem is not for the lockstep method.

    ``basis (n, R)`` is where to begin, as far as that is feasible: the bases of a problem much like this one.
    """
    programmes = programmes_of(problem)
    if programmes is None:
        return None
    batches, columns, ended = _bases(programmes) if basis is None else _against(programmes, programmes.columns, basis)
    proven = [
        prove(programmes, columns, batch, units, ended[units])
        for units, batch in zip(blocks(problem.units), batches, strict=True)
    ]
    return Solved(programmes, columns, batches, Proven.joined(proven))


def _bases(programmes: Programmes) -> tuple[list[Batch], Columns, BoolArray]:
    problem = programmes.problem
    plain = problem.comparable is None and not problem.exclude_self and problem.without is None
    if len(problem.peers) <= FEW or not plain:
        return _against(programmes, programmes.columns)
    if not (problem.own >= 0).all() or not problem.own_reference or problem.units != problem.references:
        frontier = frontier_of(problem)
        return _against(programmes, programmes.with_priced(frontier))
    # The units are the reference units: finding the frontier already solves most of them.
    batches, columns, ended = _against(programmes, programmes.with_priced(_likely(problem)))
    columns = programmes.with_priced(_completed(programmes, columns, batches, ended))
    for units, batch in zip(blocks(problem.units), batches, strict=True):
        ended[units] &= lockstep.run(columns, batch, allowed=programmes.allowed(units, columns.priced))
    return batches, columns, ended


def _against(
    programmes: Programmes, columns: Columns, basis: IntArray | None = None
) -> tuple[list[Batch], Columns, BoolArray]:
    batches, ended = [], np.zeros(programmes.problem.units, dtype=bool)
    for units in blocks(programmes.problem.units):
        batch = begin(programmes, columns, units, None if basis is None else basis[units])
        ended[units] = lockstep.run(columns, batch, allowed=programmes.allowed(units, columns.priced))
        batches.append(batch)
    return batches, columns, ended


def begin(programmes: Programmes, columns: Columns, units: IntArray, basis: IntArray | None) -> Batch:
    """The programmes of ``units`` near ``basis (B, R)`` where that can be made feasible, elsewhere at their start."""
    if basis is None or not units.size:
        return programmes.batch(columns, units)
    batch = programmes.blank(columns, units)
    batch.basis[:] = basis
    feasible = bases.refactor(columns, batch)
    feasible &= bases.restore(columns, batch, allowed=programmes.allowed(units, columns.priced))
    if not feasible.all():
        batch.put(np.flatnonzero(~feasible), programmes.batch(columns, units[~feasible]))
    return batch


def frontier_of(problem: Problem) -> IntArray:
    """Ids of all reference units that can be anybody's peer, and perhaps a few more."""
    frontier = replace(
        problem,
        inputs=problem.reference_inputs,
        outputs=problem.reference_outputs,
        own=np.arange(problem.references),
        own_reference=True,
        exclude_self=False,
        comparable=None,
    )
    programmes = programmes_of(frontier)
    assert programmes is not None
    columns = programmes.with_priced(_likely(frontier))
    batches, _, ended = _against(programmes, columns)
    return _completed(programmes, columns, batches, ended)


def _likely(problem: Problem) -> IntArray:
    """Ids of a few hundred to a few thousand units that are efficient among themselves, to begin with: the best of each
    ratio of a product to an input, the largest, the smallest, and a sample by key."""
    peers = problem.peers
    inputs, outputs = problem.reference_inputs[:, peers], problem.reference_outputs[:, peers]
    count = max(8, len(peers) // 500)
    ranks: list[FloatArray] = [*inputs, *(-outputs)]
    for row in inputs:
        safe = np.where(row > 0, row, np.inf)
        ranks += [-(made / safe) for made in outputs]
    chosen = np.zeros(len(peers), dtype=bool)
    for rank in ranks:
        chosen[np.argsort(rank, kind="stable")[:count]] = True
    chosen[:: max(1, len(peers) // max(600, len(peers) // 30))] = True
    sample = peers[chosen]
    small = replace(
        problem,
        inputs=problem.reference_inputs[:, sample],
        outputs=problem.reference_outputs[:, sample],
        reference_inputs=problem.reference_inputs[:, sample],
        reference_outputs=problem.reference_outputs[:, sample],
        may_be_peer=np.ones(len(sample), dtype=bool),
        own=np.arange(len(sample)),
        own_reference=True,
        exclude_self=False,
        comparable=None,
    )
    programmes = programmes_of(small)
    assert programmes is not None
    batches, columns, ended = _against(programmes, programmes.columns)
    best = [_at_one(programmes, columns, batch) for batch in batches]
    return sample[np.concatenate(best) | ~ended]


def _at_one(programmes: Programmes, columns: Columns, batch: Batch) -> BoolArray:
    """Which units have no better example than themselves among the priced columns, as far as one can see."""
    if columns.has_theta:
        is_theta = batch.basis == columns.references + columns.trades + columns.rows
        score = np.where(is_theta, batch.values, 0.0).sum(axis=1)
    else:
        score = np.where(batch.basis < columns.references, batch.values, 0.0).sum(axis=1)
    return np.asarray(score >= 1.0 - NEARLY)


def _completed(programmes: Programmes, columns: Columns, batches: list[Batch], ended: BoolArray) -> IntArray:
    """Everybody who can be a peer: who is dominated by those priced so far can be nobody's, so only the rest counts."""
    problem = programmes.problem
    at_one = [_at_one(programmes, columns, batch) for batch in batches]
    outside = np.ones(problem.references, dtype=bool)
    outside[columns.priced] = False
    left = np.flatnonzero((np.concatenate(at_one) | ~ended) & outside & problem.may_be_peer)
    wider = programmes.with_priced(np.union1d(columns.priced, left))
    found = [columns.priced]
    for begin in range(0, len(left), BLOCK):
        units = left[begin : begin + BLOCK]
        batch = programmes.batch(wider, units)
        finished = lockstep.run(wider, batch, allowed=programmes.allowed(units, wider.priced))
        found.append(units[_at_one(programmes, wider, batch) | ~finished])
    return np.unique(np.concatenate(found))


def may_be_tied(solved: Solved, units: IntArray) -> BoolArray:
    """Which of ``units`` have something outside their basis that could enter at no cost, ``(B,)``: only then can there
    be other weights."""
    programmes, columns = solved.programmes, solved.columns
    problem, proven = programmes.problem, solved.proven.take(units)
    if not programmes.single:
        # Who is dominated only by inputs that cost nothing may still come in at no cost.
        columns = programmes.columns
    tied = np.zeros(len(units), dtype=bool)
    limit = ZERO * np.maximum(1.0, np.abs(proven.score))
    scaled = row_prices(programmes, proven, units)
    rows = columns.rows
    # Prices of the rows in the unit's own measure.
    own = scaled * np.divide(1.0, programmes.scale[units], out=np.zeros_like(scaled), where=programmes.scale[units] > 0)
    structural = columns.references + columns.trades
    is_basic = np.zeros((len(units), rows + 1), dtype=bool)
    slack = np.where(proven.basis >= structural, proven.basis - structural, rows)
    np.put_along_axis(is_basic, np.minimum(slack, rows), True, axis=1)
    free = columns.slack_enters & programmes.active[units] & ~is_basic[:, :rows]
    tied |= (free & (np.abs(own) <= limit[:, None])).any(axis=1)
    if columns.trades:
        made = slice(programmes.input_rows, programmes.input_rows + len(problem.outputs))
        worth = scaled[:, made] @ columns.amounts[0, columns.references :, made].T
        for row in range(rows):
            which = proven.basis[:, row]
            traded = np.flatnonzero((which >= columns.references) & (which < structural))
            worth[traded, which[traded] - columns.references] = -np.inf
        tied |= (-worth <= limit[:, None]).any(axis=1)
    block = max(1, PAIRS // max(1, len(columns.priced)))
    for begin in range(0, len(units), block):
        part = slice(begin, begin + block)
        relative = relative_reduced_costs(
            problem,
            units[part],
            proven.score[part],
            proven.input_price[part],
            proven.output_price[part],
            proven.scale_price[part],
            columns=columns.priced,
        )
        mark(relative, columns.priced, proven.basis[part], np.inf)
        tied[part] |= (relative <= ZERO).any(axis=1)
    # One's own column, where nobody else may use it.
    mine_id = problem.own[units]
    apart = problem.own_is_allowed[units] & ~problem.may_be_peer[mine_id]
    outside = apart & ~(proven.basis == mine_id[:, None]).any(axis=1)
    mine = np.einsum("bi,ib->b", proven.input_price, problem.inputs[:, units]) - proven.scale_price
    mine -= np.einsum("br,rb->b", proven.output_price, problem.outputs[:, units])
    return np.asarray(tied | (outside & (mine <= ZERO)))
