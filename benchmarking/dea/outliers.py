"""Units whose data are too extreme to be believed as somebody's example: the two tests of the German ARegV, Annex 3.

Dominance (Banker & Gifford): take unit k out and add up the squared inefficiencies of the others again. If
T_k = sum (theta_-k - 1)^2 / sum (theta - 1)^2, over j != k, is below the lower quantile F_alpha(n - 1, n - 1), then k
alone makes the others look inefficient. Super-efficiency: a score without oneself above Q3 + multiple x (Q3 - Q1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmarking.dea import validation
from benchmarking.dea.certificate import ACCEPTED
from benchmarking.dea.efficiency import prepare
from benchmarking.dea.leave_one_out import Scores
from benchmarking.dea.parameters import LARGEST, shown
from benchmarking.dea.problem import Problem
from benchmarking.dea.result import BoolArray, FloatArray, ReadOnly
from benchmarking.dea.threads import one_thread

KEPT = "kept"
NOT_TESTED = "not_tested"
DOMINANCE = "dominance"
SUPER_EFFICIENCY = "super_efficiency"

_PARAMETERS = {DOMINANCE: "alpha", SUPER_EFFICIENCY: "iqr_multiple"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Outliers(ReadOnly):
    """Verdicts in the order of the rows given; arrays ``(n,)``, read-only.

    ``verdict`` is ``"kept"``, ``"not_tested"`` (may not be a peer anyway) or the name of the rule that took the unit
    out. A statistic is ``nan`` where its rule did not get to the unit or cannot be computed: ``dominance_testable``
    is false where everybody else is efficient, but for what certified scores may be off (1e-8 each), and
    ``super_efficiency`` is ``nan`` for a unit nobody else can match. A threshold is ``nan`` if its rule was not asked
    for or could not be tested: the rules before it left fewer than two units, or nobody can match anybody.
    """

    verdict: NDArray[np.str_]
    is_outlier: BoolArray
    dominance: FloatArray
    dominance_testable: BoolArray
    dominance_threshold: float
    super_efficiency: FloatArray
    super_efficiency_threshold: float


def outliers(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    rules: Sequence[Mapping[str, object]],
    returns_to_scale: str = "crs",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    fixed_inputs: Iterable[int] = (),
    price_bounds: object = None,
) -> Outliers:
    """Apply the rules in the order given; each judges all units that are left at once, and removes together.

    Parameters
    ----------
    inputs, outputs : (n, m), (n, s)
        As for ``efficiency``; input orientation.
    rules : sequence of mappings
        ``{"rule": "dominance", "alpha": 0.05}`` and ``{"rule": "super_efficiency", "iqr_multiple": 1.5}``, each at
        most once.
    may_be_peer : (n,) bool
        Only these are tested, and only these take part in the tests.
    returns_to_scale, keys, comparable, fixed_inputs, price_bounds
        As for ``efficiency``.

    Raises
    ------
    ValueError
        As for ``efficiency``; for an unknown rule; and if fewer than two units may be peers.
    """
    asked = _rules(rules)
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
    if int(problem.may_be_peer.sum()) < 2:
        raise ValueError(
            f"outliers needs at least two units that may be peers, and there are {int(problem.may_be_peer.sum())}; "
            "allow more units in may_be_peer"
        )
    verdict = np.where(problem.may_be_peer, KEPT, NOT_TESTED).astype("<U16")
    dominance = np.full(problem.units, np.nan)
    super_scores = np.full(problem.units, np.nan)
    testable = np.zeros(problem.units, dtype=bool)
    thresholds = {DOMINANCE: np.nan, SUPER_EFFICIENCY: np.nan}
    for rule, parameter in asked:
        tested = verdict == KEPT
        if tested.sum() < 2:
            continue  # Nobody to be held against: the rule is not testable, and its figures stay nan.
        remaining = replace(problem, may_be_peer=tested)
        with one_thread():
            if rule == DOMINANCE:
                dominance, testable, threshold = _dominance(remaining, parameter)
                out = dominance < threshold
            else:
                super_scores, threshold = _super_efficiency(remaining, parameter)
                out = super_scores - threshold > ACCEPTED * np.maximum(1.0, super_scores)
        thresholds[rule] = threshold
        verdict[out] = rule

    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return Outliers(
        verdict=verdict[back],
        is_outlier=np.isin(verdict, list(_PARAMETERS))[back],
        dominance=dominance[back],
        dominance_testable=testable[back],
        dominance_threshold=float(thresholds[DOMINANCE]),
        super_efficiency=super_scores[back],
        super_efficiency_threshold=float(thresholds[SUPER_EFFICIENCY]),
    )


def _rules(rules: Sequence[Mapping[str, object]]) -> list[tuple[str, float]]:
    cure = "give a list of mappings, {'rule': 'dominance', 'alpha': 0.05} for instance"
    found: list[tuple[str, float]] = []
    if not isinstance(rules, Iterable) or isinstance(rules, (str, bytes, Mapping)):
        raise ValueError(f"rules is {shown(rules)}; {cure}")
    for position, rule in enumerate(rules):
        if not isinstance(rule, Mapping):
            raise ValueError(f"rules[{position}] is {shown(rule)}; {cure}")
        name = rule.get("rule")
        if not isinstance(name, str) or name not in _PARAMETERS:
            raise ValueError(f"rules[{position}] is {shown(name)}; choose one of {', '.join(_PARAMETERS)}")
        if name in (known for known, _ in found):
            raise ValueError(f"rules[{position}] repeats {name!r}; give each rule once")
        parameter = _PARAMETERS[name]
        if set(rule) != {"rule", parameter}:
            raise ValueError(f"rules[{position}] ({name}) has {sorted(map(str, rule))}; give 'rule' and {parameter!r}")
        try:
            value = float(str(rule[parameter]))
        except ValueError:
            value = np.nan
        if not (0 < value < 1 if name == DOMINANCE else 0 <= value <= LARGEST):
            limits = "between 0 and 1" if name == DOMINANCE else "of 0 or more"
            raise ValueError(
                f"rules[{position}] ({name}): {parameter} is {shown(rule[parameter])}; give a number {limits}"
            )
        found.append((name, value))
    return found


def _dominance(problem: Problem, alpha: float) -> tuple[FloatArray, BoolArray, float]:
    """T per unit, whether it can be tested, and the threshold."""
    units = problem.peers
    scores = Scores(_among_peers(problem))
    squares = (scores.score - 1.0) ** 2
    others = scores.pair_unit != scores.pair_peer
    user, peer = scores.pair_unit[others], scores.pair_peer[others]
    # Who does not use k as a peer has a solution without k and keeps its score.
    without = (scores.without(user, peer).score - 1.0) ** 2
    edges = np.searchsorted(peer, np.arange(len(units) + 1))
    statistic = np.full(problem.units, np.nan)
    testable = np.zeros(problem.units, dtype=bool)
    for k, unit in enumerate(units.tolist()):
        # Summed over the others, not total minus own: a difference of sums would leave rounding where there is nothing.
        rest = float(np.delete(squares, k).sum())
        if rest <= len(units) * ACCEPTED**2:
            continue
        testable[unit] = True
        changed = squares.copy()
        used = slice(edges[k], edges[k + 1])
        changed[user[used]] = without[used]
        statistic[unit] = float(np.delete(changed, k).sum()) / rest
    threshold = float(special.fdtri(len(units) - 1, len(units) - 1, alpha))
    return statistic, testable, threshold


def _super_efficiency(problem: Problem, multiple: float) -> tuple[FloatArray, float]:
    """Score without oneself per unit, and the threshold; infeasible ones are ``nan`` and outside the quartiles."""
    units = problem.peers
    alone = Scores(replace(_among_peers(problem), exclude_self=True)).score
    scores = np.full(problem.units, np.nan)
    scores[units] = alone
    feasible = np.sort(alone[np.isfinite(alone)])
    if not feasible.size:
        return scores, np.nan
    first, third = np.quantile(feasible, [0.25, 0.75], method="linear")
    return scores, float(third + multiple * (third - first))


def _among_peers(problem: Problem) -> Problem:
    """The problem of those who may be peers alone."""
    units = problem.peers
    comparable = problem.comparable
    return replace(
        problem,
        inputs=problem.inputs[:, units],
        outputs=problem.outputs[:, units],
        reference_inputs=problem.reference_inputs[:, units],
        reference_outputs=problem.reference_outputs[:, units],
        may_be_peer=np.ones(len(units), dtype=bool),
        comparable=None if comparable is None else lambda unit: comparable(int(units[unit]))[units],
        own=np.arange(len(units)),
    )
