"""Do circumstances explain the distance to the frontier? Simar & Wilson (2007), algorithms 1 and 2.

The scale is Shephard's input distance, delta = 1 / theta >= 1: by what factor a unit's inputs exceed those that would
do. The model is delta_i = b_0 + z_i b + e_i, e_i normal and truncated so that delta_i >= 1. A positive coefficient says:
more of this factor, farther from the frontier.

Algorithm 1 regresses the scores as they are, of the inefficient units only (an estimated 1 is an artefact of the
estimated frontier), and draws again from the fitted model to see how far the coefficients could be off.

Algorithm 2 corrects the scores first. Each of ``bias_replications`` times it draws new distances for all units from the
fitted model, moves every unit to its new distance from the estimated frontier, x*_i = x_i delta*_i / delta_i, and
measures the units as they are against the frontier of those. As delta* >= 1, that frontier lies inside the estimated
one, as the estimated one lies inside the true one; the mean difference is the bias, and 2 delta - mean(delta measured)
the corrected distance, never below delta. All units take part in the regression of the corrected distances.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from benchmarking.dea import parameters, truncated_regression, validation
from benchmarking.dea.conventions import EFFICIENT
from benchmarking.dea.efficiency import efficiency
from benchmarking.dea.factors import factor_table, require_information
from benchmarking.dea.result import BoolArray, FloatArray, IntArray, ReadOnly
from benchmarking.dea.threads import one_thread

#: Fewest inefficient units for each estimated parameter (coefficients, intercept, sigma).
UNITS_PER_PARAMETER = 2
#: If a larger share of the replications has no estimate, quantiles of the rest say nothing, and there is no interval.
MOST_FAILED = 0.05

INTERVALS = ("percentile", "basic")


@dataclass(frozen=True, eq=False, kw_only=True)
class SecondStage(ReadOnly):
    """What the factors do to the distance from the frontier. Arrays are read-only.

    names : the ``k`` factors.
    coefficient, lower, upper : (k,)
        Change of delta = 1 / theta per unit of the factor, and its interval; ``nan`` intervals if more than 5 % of the
        replications had no estimate (``failed`` of ``replications``).
    intercept, intercept_lower, intercept_upper, sigma, sigma_lower, sigma_upper : float
        The same for the constant, and for the deviation of the normal before truncation.
    distance : (n,)
        The delta that was regressed: 1 / score (algorithm 1) or bias-corrected (algorithm 2).
    score : (n,)
        1 / ``distance``: of algorithm 2 the bias-corrected score, in (0, 1].
    used : (n,)
        Which units took part in the (final) regression.
    log_likelihood : float
        Of the final regression.
    solved, fallback, worst_certificate : int, int, float
        Algorithm 2: how many frontier problems, how many of them by the careful attempt, and the worst certificate of
        all. 0, 0, ``nan`` for algorithm 1.
    """

    algorithm: int
    names: tuple[str, ...]
    coefficient: FloatArray
    lower: FloatArray
    upper: FloatArray
    intercept: float
    intercept_lower: float
    intercept_upper: float
    sigma: float
    sigma_lower: float
    sigma_upper: float
    distance: FloatArray
    score: FloatArray
    used: BoolArray
    log_likelihood: float
    replications: int
    failed: int
    confidence: float
    interval: str
    solved: int
    fallback: int
    worst_certificate: float


@one_thread()
def second_stage(
    factors: ArrayLike,
    *,
    algorithm: int,
    scores: ArrayLike | None = None,
    inputs: ArrayLike | None = None,
    outputs: ArrayLike | None = None,
    factor_names: Sequence[str] | None = None,
    keys: Iterable[object] | None = None,
    returns_to_scale: str = "vrs",
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    fixed_inputs: Iterable[int] = (),
    price_bounds: object = None,
    replications: int = 2000,
    bias_replications: int = 100,
    confidence: float = 0.95,
    interval: str = "percentile",
    seed: int,
) -> SecondStage:
    """Regress the distance from the frontier on the factors.

    Parameters
    ----------
    factors : (n, k)
        Circumstances, one row per unit; ``factor_names`` (k,) name the columns in messages and result.
    algorithm : 1 or 2
        1 takes ``scores``, 2 takes ``inputs`` and ``outputs`` and estimates the scores itself.
    scores : (n,)
        theta of ``efficiency`` (input orientation), in (0, 1].
    inputs, outputs, returns_to_scale, may_be_peer, comparable, fixed_inputs, price_bounds
        Algorithm 2: as for ``efficiency``, own reference kept, in every replication too. Not under "fdh", whose
        frontier the bootstrap does not reproduce.
    keys : (n,) sortable, all different
        The order in which random numbers are handed out; with keys the result does not depend on the order of rows.
    replications, bias_replications : int
        Of the interval (at least 100; 2000 in the source) and, in algorithm 2, of the bias (at least 20; 100 there);
        both at most 100,000.
    confidence : share of the replications inside the interval.
    interval : "percentile" or "basic"
        Quantiles of the replicated coefficients, or these mirrored at the estimate (the source's own construction).
    seed : int
        Each replication has its own stream: PCG64 of the children of ``SeedSequence(seed)``, of whose two children the
        first is the parent of the bias replications and the second of the interval's.

    Raises
    ------
    ValueError
        For data as in ``efficiency``; for a factor that is not finite, does not vary or follows from the others (among
        the units of the regression); for fewer than two inefficient units per estimated parameter; and if the
        likelihood has no maximum, because the distances are spread as widely as an exponential distribution.

    Source: Simar & Wilson (2007), Estimation and inference in two-stage, semi-parametric models of production
    processes, Journal of Econometrics 136. Its condition remains: the factors change how far units are from the
    frontier, not the frontier itself (otherwise compare like with like, with ``comparable``).
    """
    if isinstance(algorithm, bool) or not isinstance(algorithm, (int, np.integer)) or algorithm not in (1, 2):
        raise ValueError(
            f"algorithm is {parameters.shown(algorithm)}; choose 1 (on scores) or 2 (on inputs and outputs)"
        )
    algorithm = int(algorithm)
    returns_to_scale = validation.choice(returns_to_scale, validation.RETURNS_TO_SCALE, "returns_to_scale")
    replications = parameters.replications_of(replications, least=100)
    bias_replications = parameters.replications_of(bias_replications, "bias_replications", least=20)
    confidence = parameters.share(confidence, "confidence")
    interval = validation.choice(interval, INTERVALS, "interval")
    bias_seed, interval_seed = parameters.seed_sequence(seed).spawn(2)
    names = None if keys is None else parameters.listed(keys)

    frontier: _Frontier | None = None
    if algorithm == 1:
        if scores is None or inputs is not None or outputs is not None:
            raise ValueError("algorithm 1 takes scores, and neither inputs nor outputs; give these or use algorithm 2")
        distance, order = _given(scores, names)
    else:
        if scores is not None or inputs is None or outputs is None:
            raise ValueError("algorithm 2 takes inputs and outputs and no scores, which it estimates; give these two")
        if returns_to_scale == "fdh":
            raise ValueError("returns_to_scale 'fdh' has no smooth frontier to draw from; use vrs, crs, drs or irs")
        frontier = _Frontier(
            inputs,
            outputs,
            names=names,
            returns_to_scale=returns_to_scale,
            may_be_peer=may_be_peer,
            comparable=comparable,
            fixed_inputs=fixed_inputs,
            price_bounds=price_bounds,
        )
        distance, order = frontier.distance, frontier.order
    units = len(distance)
    table, factor_labels = factor_table(factors, units, factor_names=factor_names, keys=names)
    table = table[order]
    used = distance > 1.0 + EFFICIENT
    _enough(int(used.sum()), len(factor_labels))
    require_information(table[used], factor_labels, among="that is not efficient")
    model = _Model(table[used])
    first = _fitted(model, distance[used], table[used])
    if frontier is not None:
        distance = _corrected(frontier, first, model.rows(table), bias_replications, bias_seed)
        used = np.ones(units, dtype=bool)
        model = _Model(table)
        first = _fitted(model, distance, table)

    draws, failed = _replicates(model, first, replications, interval_seed)
    estimate = model.natural(first.coefficients, first.sigma)
    lower, upper = _interval(estimate, draws, failed, replications, confidence, interval)
    back = np.empty_like(order)
    back[order] = np.arange(units)
    return SecondStage(
        algorithm=algorithm,
        names=factor_labels,
        coefficient=estimate[1:-1],
        lower=lower[1:-1],
        upper=upper[1:-1],
        intercept=float(estimate[0]),
        intercept_lower=float(lower[0]),
        intercept_upper=float(upper[0]),
        sigma=float(estimate[-1]),
        sigma_lower=float(lower[-1]),
        sigma_upper=float(upper[-1]),
        distance=distance[back],
        score=1.0 / distance[back],
        used=used[back],
        log_likelihood=first.log_likelihood,
        replications=replications,
        failed=failed,
        confidence=confidence,
        interval=interval,
        solved=0 if frontier is None else frontier.solved,
        fallback=0 if frontier is None else frontier.fallback,
        worst_certificate=float("nan") if frontier is None else frontier.worst_certificate,
    )


class _Model:
    """Factors measured in their own deviations from their own mean, so that the likelihood is well scaled."""

    def __init__(self, table: FloatArray) -> None:
        self._mean: FloatArray = table.mean(axis=0)
        self._deviation: FloatArray = table.std(axis=0)
        self.design = self.rows(table)

    def rows(self, table: FloatArray) -> FloatArray:
        """The design of these units, ``(n, 1 + k)``, the first column all ones."""
        return np.column_stack([np.ones(len(table)), (table - self._mean) / self._deviation])

    def natural(self, coefficients: FloatArray, sigma: float) -> FloatArray:
        """Intercept, coefficients and sigma in the units of the factors, ``(k + 2,)``."""
        slopes = coefficients[1:] / self._deviation
        return np.concatenate([[coefficients[0] - np.einsum("k,k->", slopes, self._mean)], slopes, [sigma]])


class _Frontier:
    """Algorithm 2's first stage: distances in key order, and the same units measured against other frontiers."""

    def __init__(
        self,
        inputs: ArrayLike,
        outputs: ArrayLike,
        *,
        names: list[object] | None,
        returns_to_scale: str,
        may_be_peer: ArrayLike | None,
        comparable: validation.Comparable | None,
        fixed_inputs: Iterable[int],
        price_bounds: object,
    ) -> None:
        x = validation.amounts(inputs, "inputs", names=names)
        y = validation.amounts(outputs, "outputs", names=names)
        validation.same_rows(x, y)
        units = len(x)
        self.order: IntArray = validation.order_of(names, units)
        self._fixed = validation.fixed_mask(fixed_inputs, x.shape[1], "input")
        self._peers = validation.peers_mask(may_be_peer, units)[self.order]
        self._alike = validation.comparable_rows(comparable, units, units, self.order, self.order)
        self._inputs, self._outputs = x[self.order], y[self.order]
        self._names = None if names is None else [names[row] for row in self.order]
        self._returns_to_scale = returns_to_scale
        self._price_bounds = price_bounds
        self.solved = self.fallback = 0
        self.worst_certificate = 0.0
        # Never below one: the own reference is kept.
        self.distance = validation.distances(self._theta(self._inputs), self.order, names)

    def moved(self, distance: FloatArray) -> FloatArray:
        """The distance of every unit from the frontier of units at ``distance`` from the estimated frontier, (n,)."""
        factor = np.where(self._fixed, 1.0, (distance / self.distance)[:, None])
        inputs = self._inputs * factor
        parameters.of_usable_size(inputs, "inputs, moved to a drawn distance from the frontier,", self._names)
        return 1.0 / self._theta(inputs)

    def _theta(self, reference_inputs: FloatArray) -> FloatArray:
        restricted = self._alike is not None or not self._peers.all()
        found = efficiency(
            self._inputs,
            self._outputs,
            returns_to_scale=self._returns_to_scale,
            reference_inputs=reference_inputs,
            reference_outputs=self._outputs,
            comparable=self._reference if restricted else None,
            fixed_inputs=np.flatnonzero(self._fixed).tolist(),
            price_bounds=self._price_bounds,
        )
        self.solved += len(found.score)
        self.fallback += int(found.fallback.sum())
        self.worst_certificate = max(self.worst_certificate, float(found.certificate.max()))
        return found.score

    def _reference(self, unit: int) -> BoolArray:
        """Who may be a peer of ``unit``, and ``unit`` itself."""
        mask = self._peers.copy()
        if self._alike is not None:
            mask &= self._alike(unit)
        mask[unit] = True
        return mask


def _given(scores: ArrayLike, names: list[object] | None) -> tuple[FloatArray, IntArray]:
    """Distances in key order, and that order."""
    score = parameters.column(scores, "scores", None, keys=names, cure="give one score per unit")
    wrong = np.flatnonzero((score <= 0) | (score > 1))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"scores {parameters.row_name(row, names)}: {score[row]:.12g} is outside (0, 1]; give theta of the input "
            "orientation with the own reference kept, not super-efficiency or phi"
        )
    order = validation.order_of(names, len(score))
    return 1.0 / score[order], order


def _enough(inefficient: int, factors: int) -> None:
    least = UNITS_PER_PARAMETER * (factors + 2)
    if inefficient < least:
        raise ValueError(
            f"second_stage needs at least {least} inefficient units for {factors} factor(s), and there are "
            f"{inefficient}; use fewer factors, fewer products or more units"
        )


def _fitted(model: _Model, distance: FloatArray, table: FloatArray) -> truncated_regression.Fit:
    found = _maximum(distance, model.design)
    if found is None:
        spread = float(distance.std() / (distance.mean() - 1.0)) if distance.mean() > 1.0 else 0.0
        raise ValueError(
            f"the truncated regression has no estimate on {len(table)} units: the likelihood has no maximum. The "
            f"distances 1/score have deviation {spread:.3g} times their mean excess over 1 (from about 1 on, no "
            "truncated normal fits; 0 is an exact fit). Leave out extreme units or factors, or use more units"
        )
    return found


def _maximum(
    distance: FloatArray, design: FloatArray, start: truncated_regression.Fit | None = None
) -> truncated_regression.Fit | None:
    try:
        return truncated_regression.fit(distance, design, bound=1.0, start=start)
    except np.linalg.LinAlgError:  # distances so far apart that their curvature overflows: no maximum either
        return None


def _corrected(
    frontier: _Frontier,
    first: truncated_regression.Fit,
    design: FloatArray,
    bias_replications: int,
    seed: np.random.SeedSequence,
) -> FloatArray:
    """Bias-corrected distances of all units, (n,)."""
    mean = np.einsum("ip,p->i", design, first.coefficients)
    total = np.zeros(len(mean))
    for child in seed.spawn(bias_replications):
        stream = parameters.generator(child)
        drawn = truncated_regression.draw(mean, first.sigma, bound=1.0, stream=stream)
        total += frontier.moved(drawn)
    # Not below the estimate, because every frontier drawn lies inside the estimated one; the maximum is for rounding.
    return np.maximum(2.0 * frontier.distance - total / bias_replications, frontier.distance)


def _replicates(
    model: _Model, first: truncated_regression.Fit, replications: int, seed: np.random.SeedSequence
) -> tuple[FloatArray, int]:
    """Estimates of the replications that have one, ``(B', k + 2)``, and how many have none."""
    mean = np.einsum("ip,p->i", model.design, first.coefficients)
    found: list[FloatArray] = []
    for child in seed.spawn(replications):
        stream = parameters.generator(child)
        drawn = truncated_regression.draw(mean, first.sigma, bound=1.0, stream=stream)
        again = _maximum(drawn, model.design, start=first)
        if again is not None:
            found.append(model.natural(again.coefficients, again.sigma))
    return np.array(found).reshape(len(found), len(first.coefficients) + 1), replications - len(found)


def _interval(
    estimate: FloatArray, draws: FloatArray, failed: int, replications: int, confidence: float, interval: str
) -> tuple[FloatArray, FloatArray]:
    if failed > MOST_FAILED * replications:
        nothing = np.full(len(estimate), np.nan)
        return nothing, nothing.copy()
    tail = (1.0 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0, method="linear")
    return (low, high) if interval == "percentile" else (2 * estimate - high, 2 * estimate - low)
