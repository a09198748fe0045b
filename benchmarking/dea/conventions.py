"""What a bootstrap of scores is, by name: scale, sample, bandwidth, variance correction, interval and quantile rule.

All follow Simar & Wilson (1998): scores of the original units against pseudo references in which every possible peer
has a score drawn from a smoothed distribution. They differ in the six choices above, and by some 0.02 in their results.
Throughout delta = 1/theta >= 1 is Shephard's distance, m of n deltas belong to inefficient units, and h is the bandwidth.

shephard (the default)
    All on Shephard's scale. Drawn from the 2n values {delta, 2 - delta}; h = 0.9 min(sd, IQR/1.34) (2m)^(-1/5) over the
    2m reflected inefficient values, times sd(delta)/sd(reflected) (2m/n)^(1/5) (Silverman 1986, Simar & Wilson 2008);
    values shrunk to the variance of what they were drawn from, then reflected at 1. delta_bc = 2 delta - mean(delta*);
    basic interval, quantiles interpolated linearly. Since delta* <= delta every figure lies in (0, theta]; only where
    ``comparable`` is not transitive (j may be a peer of i, and k of j, but not k of i) can delta* be above delta.
benchmarking
    As R's package Benchmarking (``dea.boot``, SHEPHARD.INPUT=TRUE, the default there since 0.25): the same, but the
    bandwidth is taken from the Farrell scores of the inefficient units, with IQR/1.349, and quantiles are of type 9.
rdea
    As R's package rDEA (``dea.robust``, from 1.2-1): drawn from the n deltas without reflection; h by unbiased
    cross-validation over the 2m reflected values; reflected first, then shrunk; bias on Farrell's scale,
    theta_bc = 2 theta - mean(theta*); percentile interval shifted by twice the bias, quantiles of type 7. May leave
    (0, 1]. (There a score of 1 - 2e-16 counts as inefficient for the bandwidth; here only what is 1e-6 away.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from benchmarking.dea.result import FloatArray

#: A distance above one by less than this is an efficient unit measured with rounding.
EFFICIENT = 1e-6
#: Bins of the cross-validation, as in R's bw.ucv.
BINS = 1000


@dataclass(frozen=True, eq=False)
class Summary:
    """Bias, corrected score and interval of every unit, ``(n,)`` each."""

    bias: FloatArray
    bias_corrected: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, eq=False)
class Convention:
    """One way to do it.

    ``bandwidth(delta)``; ``draw(delta, h, generator)`` returns one drawn delta per unit, all at least 1;
    ``summarise(score, replicates, confidence)`` takes ``(n,)`` and ``(B, n)`` Farrell scores.
    """

    name: str
    bandwidth: Callable[[FloatArray], float]
    draw: Callable[[FloatArray, float, np.random.Generator], FloatArray]
    summarise: Callable[[FloatArray, FloatArray, float], Summary]


def inefficient(delta: FloatArray) -> FloatArray:
    """Those of the distances that are above one by more than rounding."""
    return delta[delta > 1 + EFFICIENT]


def _reflected(values: FloatArray) -> FloatArray:
    return np.concatenate([values, 2 - values])


def _robust_spread(values: FloatArray, quartile_distance: float) -> float:
    spread = float(np.std(values, ddof=1))
    first, third = np.quantile(values, [0.25, 0.75])
    by_quartiles = float(third - first) / quartile_distance
    return min(spread, by_quartiles) if by_quartiles > EFFICIENT else spread


def silverman(delta: FloatArray, sample: FloatArray, quartile_distance: float) -> float:
    """0.9 x spread x (2m)^(-1/5) of the reflected sample, brought to n deltas and their spread."""
    if not len(sample):
        return 0.0
    mirrored = _reflected(sample)
    spread = float(np.std(mirrored, ddof=1))
    if not spread > 0:
        return 0.0
    base = 0.9 * _robust_spread(mirrored, quartile_distance) * len(mirrored) ** -0.2
    return float(base * np.std(delta, ddof=1) / spread * (len(mirrored) / len(delta)) ** 0.2)


def _bandwidth_shephard(delta: FloatArray) -> float:
    return silverman(delta, inefficient(delta), 1.34)


def _bandwidth_benchmarking(delta: FloatArray) -> float:
    return silverman(delta, 1 / inefficient(delta), 1.349)


def _bandwidth_cross_validation(delta: FloatArray) -> float:
    """The h in [0.1, 1] x 1.144 sd N^(-1/5) with the smallest estimated integrated squared error (Scott & Terrell 1987),
    from differences counted in 1000 bins, to 1 % of its upper limit as R does."""
    sample = inefficient(delta)
    if not len(sample):
        return 0.0
    values = _reflected(sample)
    count = len(values)
    widest = 1.144 * float(np.std(values, ddof=1)) * count**-0.2
    if not widest > 0:
        return 0.0
    width = float(values.max() - values.min()) * 1.01 / BINS
    bins = np.trunc(values / width).astype(np.intp)
    per_bin = np.bincount(bins - bins.min(), minlength=BINS).astype(float)
    pairs = np.correlate(per_bin, per_bin, mode="full")[len(per_bin) - 1 :]
    pairs[0] = (per_bin * (per_bin - 1)).sum() / 2
    distances = np.arange(len(pairs)) * width

    def error(bandwidth: float) -> float:
        squares = (distances / bandwidth) ** 2
        near = squares < 1000
        terms = np.exp(-squares[near] / 4) - np.sqrt(8.0) * np.exp(-squares[near] / 2)
        total = float((pairs[near] * terms).sum())
        return float((0.5 + total / count) / (count * bandwidth * np.sqrt(np.pi)))

    bounds = (0.1 * widest, widest)
    found = optimize.minimize_scalar(error, bounds=bounds, method="bounded", options={"xatol": 0.01 * widest})
    return float(found.x)


def smoothed(
    values: FloatArray, units: int, bandwidth: float, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """``units`` of the values with replacement, and the same with h times standard normal numbers added."""
    drawn = values[generator.integers(0, len(values), units)]
    return drawn, drawn + bandwidth * generator.standard_normal(units)


def mirrored_at_one(values: FloatArray) -> FloatArray:
    """What fell below 1 as far above it."""
    return np.where(values < 1, 2 - values, values)


def shrunk(values: FloatArray, centre: float, bandwidth: float, variance: float) -> FloatArray:
    """``values`` drawn together around ``centre``, so that h adds nothing to their ``variance``."""
    return np.asarray(centre + (values - centre) / np.sqrt(1 + bandwidth**2 / variance))


def _draw_reflected(delta: FloatArray, bandwidth: float, generator: np.random.Generator) -> FloatArray:
    mirrored = _reflected(delta)
    drawn, values = smoothed(mirrored, len(delta), bandwidth, generator)
    return mirrored_at_one(shrunk(values, drawn.mean(), bandwidth, float(np.var(mirrored, ddof=1))))


def _draw_unreflected(delta: FloatArray, bandwidth: float, generator: np.random.Generator) -> FloatArray:
    _, values = smoothed(delta, len(delta), bandwidth, generator)
    drawn = shrunk(mirrored_at_one(values), delta.mean(), bandwidth, float(np.var(delta, ddof=1)))
    # Between values and a mean of 1 and more; the maximum is for the rounding of distances that lie very far apart.
    return np.maximum(drawn, 1.0)


def _tails(confidence: float) -> tuple[float, float]:
    return (1 - confidence) / 2, (1 + confidence) / 2


def _basic_on_shephard(method: str) -> Callable[[FloatArray, FloatArray, float], Summary]:
    def summarise(score: FloatArray, replicates: FloatArray, confidence: float) -> Summary:
        delta, drawn = 1 / score, 1 / replicates
        corrected = 1 / (2 * delta - drawn.mean(axis=0))
        low, high = np.quantile(drawn, _tails(confidence), axis=0, method=method)  # type: ignore[call-overload]
        return Summary(
            bias=score - corrected,
            bias_corrected=corrected,
            lower=1 / (2 * delta - low),
            upper=1 / (2 * delta - high),
        )

    return summarise


def _shifted_percentile(score: FloatArray, replicates: FloatArray, confidence: float) -> Summary:
    bias = replicates.mean(axis=0) - score
    low, high = np.quantile(replicates, _tails(confidence), axis=0)
    return Summary(bias=bias, bias_corrected=score - bias, lower=low - 2 * bias, upper=high - 2 * bias)


CONVENTIONS = {
    convention.name: convention
    for convention in (
        Convention("shephard", _bandwidth_shephard, _draw_reflected, _basic_on_shephard("linear")),
        Convention("benchmarking", _bandwidth_benchmarking, _draw_reflected, _basic_on_shephard("normal_unbiased")),
        Convention("rdea", _bandwidth_cross_validation, _draw_unreflected, _shifted_percentile),
    )
}
