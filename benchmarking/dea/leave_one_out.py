"""Scores with one reference unit left out: from the basis that was optimal with it, a few steps on.

A unit whose example does not contain the one left out keeps its score; the others are solved against everybody else,
since who was dominated may be efficient now (Wilson 1995).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from benchmarking.dea import bases, lockstep, validation
from benchmarking.dea.answer import score_of
from benchmarking.dea.answers import answer_all
from benchmarking.dea.efficiency import prepare
from benchmarking.dea.highs import Solver
from benchmarking.dea.problem import Problem
from benchmarking.dea.proof import prove
from benchmarking.dea.radial import first_pool
from benchmarking.dea.result import BoolArray, FloatArray, IntArray, ReadOnly
from benchmarking.dea.solve import BLOCK, Solved, solve
from benchmarking.dea.threads import one_thread


@dataclass(frozen=True, eq=False, kw_only=True)
class LeftOut:
    """Scores of pairs, ``(p,)``: of a unit with one reference unit left out; ``nan`` where that has no solution."""

    score: FloatArray
    certificate: FloatArray
    fallback: BoolArray


class Scores:
    """The scores of all units of a problem and their peers, from which one reference unit at a time can be left out.

    ``score (n,)``, ``fallback (n,)``; ``peers_of(unit)``.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.solved: Solved | None = solve(problem)
        self._solver = Solver()
        self._pool = first_pool(problem)
        units = problem.units
        self.score = np.full(units, np.nan)
        self.fallback = np.zeros(units, dtype=bool)
        asked = problem.has_anybody
        left = asked
        rows: list[IntArray] = []
        peers: list[IntArray] = []
        if self.solved is not None:
            proven = self.solved.proven
            left = asked & ~proven.good & ~proven.infeasible
            good = proven.good & asked
            self.score[good] = proven.score[good]
            row, column = np.nonzero(np.where(good[:, None], proven.weights, 0.0))
            rows.append(row)
            peers.append(proven.peers[row, column])
        for unit in np.flatnonzero(left).tolist():
            self.score[unit], found, _ = score_of(problem, unit, pool=self._pool, solver=self._solver)
            self.fallback[unit] = True
            rows.append(np.full(len(found), unit))
            peers.append(found)
        user, peer = np.concatenate(rows), np.concatenate(peers)
        order = np.lexsort((user, peer))
        #: All pairs of a unit and a peer with a positive weight, by peer and then by unit.
        self.pair_unit: IntArray = user[order]
        self.pair_peer: IntArray = peer[order]

    def without(self, units: IntArray, left_out: IntArray) -> LeftOut:
        """Scores of ``units (p,)``, each with the reference unit ``left_out (p,)`` taken away."""
        score = np.full(len(units), np.nan)
        certificate = np.full((len(units), 3), np.nan)
        fallback = np.ones(len(units), dtype=bool)
        # The lockstep programmes can do without one column each: the unit's own, if it may not use that.
        if self.solved is not None and self.problem.own_reference and not self.problem.exclude_self:
            for begin in range(0, len(units), BLOCK):
                part = np.arange(begin, min(begin + BLOCK, len(units)))
                part = part[self.solved.proven.good[units[part]]]
                if part.size:
                    score[part], certificate[part], fallback[part] = self._in_lockstep(units[part], left_out[part])
        for place in np.flatnonzero(fallback).tolist():
            rest = replace(self.problem, without=int(left_out[place]))
            score[place], _, certificate[place] = score_of(
                rest, int(units[place]), pool=self._pool, solver=self._solver
            )
        return LeftOut(score=score, certificate=certificate, fallback=fallback)

    def _in_lockstep(self, units: IntArray, left_out: IntArray) -> tuple[FloatArray, FloatArray, BoolArray]:
        assert self.solved is not None
        programmes = self.solved.programmes
        columns = programmes.columns
        batch = self.solved.batch(units)
        batch.barred = left_out.copy()
        batch.apart &= batch.own != batch.barred
        bases.reprice(columns, batch)
        ended = lockstep.run(columns, batch, allowed=programmes.allowed(units, columns.priced))
        proven = prove(programmes, columns, batch, units, ended, anew=False)
        score = np.where(proven.good, proven.score, np.nan)
        certificate = np.where(proven.good[:, None], proven.certificate, np.nan)
        return score, certificate, ~(proven.good | proven.infeasible)


@dataclass(frozen=True, eq=False, kw_only=True)
class Influence(ReadOnly):
    """What happens when one peer is left out, in the order of the rows given; arrays are read-only.

    score : (n,)
        Scores with everybody in.
    peer, unit, score_without : (p,)
        For every unit and each of its peers other than itself: row numbers, and the score of the unit without the
        peer; never below ``score`` of the unit.
    users : (n,)
        How many others have the unit as a peer.
    certificate : (p, 3)
        The proof of each ``score_without``.
    fallback : (p,)
        Whether HiGHS solved it.
    """

    score: FloatArray
    peer: IntArray
    unit: IntArray
    score_without: FloatArray
    users: IntArray
    certificate: FloatArray
    fallback: BoolArray


def influence(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    returns_to_scale: str = "vrs",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    fixed_inputs: Iterable[int] = (),
    price_bounds: object = None,
) -> Influence:
    """For each peer and each unit that uses it: the score of the unit without that peer, against all others.

    Arguments as for ``efficiency``; input orientation, and a unit stays in its own reference. Pairs are ordered by the
    key of the peer, then that of the unit.

    Raises
    ------
    ValueError
        As for ``efficiency``, and for fewer than two units.

    Source: Wilson (1995). Who is dominated by the peer left out may be a peer then, so everybody counts.
    """
    problem, order, _, _ = prepare(
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
    if problem.units < 2:
        raise ValueError(f"influence needs at least two units, and there is {problem.units}; give more rows")
    with one_thread():
        scores = Scores(problem)
        # The peers that ``efficiency`` names, also where there are ties; of those another optimum does without, nothing
        # changes.
        answers = answer_all(problem, slacks=False, solved=scores.solved)
        order_of_pairs = np.lexsort((answers.weight_row, answers.weight_peer))
        unit, peer = answers.weight_row[order_of_pairs], answers.weight_peer[order_of_pairs]
        others = unit != peer
        unit, peer = unit[others], peer[others]
        found = scores.without(unit, peer)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return Influence(
        score=scores.score[back],
        peer=order[peer],
        unit=order[unit],
        score_without=np.maximum(found.score, scores.score[unit]),
        users=np.bincount(peer, minlength=problem.units)[back],
        certificate=found.certificate,
        fallback=found.fallback,
    )
