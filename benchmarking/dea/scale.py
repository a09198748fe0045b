"""How much of the distance to the frontier is a matter of size, and whether size matters at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarking.dea import parameters, validation
from benchmarking.dea.conventions import EFFICIENT, inefficient, mirrored_at_one, shrunk, silverman, smoothed
from benchmarking.dea.efficiency import efficiency
from benchmarking.dea.result import FloatArray, ReadOnly
from benchmarking.dea.threads import one_thread

CONSTANT = "constant"
INCREASING = "increasing"
DECREASING = "decreasing"

RATIO_OF_MEANS = "ratio_of_means"
MEAN_OF_RATIOS = "mean_of_ratios"


@dataclass(frozen=True, eq=False, kw_only=True)
class Scale(ReadOnly):
    """Scores under three returns to scale and what they say of size; arrays ``(n,)``, read-only, the caller's order.

    crs, vrs, drs : scores of ``efficiency`` (theta or phi).
    scale_efficiency : crs / vrs (input orientation) or vrs / crs (output orientation), in (0, 1].
        The share of the inputs that would do, or of the outputs that are made, because the unit is not of the size
        with the highest productivity; 1 where it is.
    returns : "constant", "increasing" (too small: growing would raise productivity) or "decreasing" (too large).
        Of the point on the frontier the unit is compared with.
    certificate : the worst figure of the three certificates of each unit.
    """

    crs: FloatArray
    vrs: FloatArray
    drs: FloatArray
    scale_efficiency: FloatArray
    returns: NDArray[np.str_]
    certificate: FloatArray
    orientation: str
    tolerance: float


@dataclass(frozen=True, eq=False, kw_only=True)
class ReturnsTest(ReadOnly):
    """Is the frontier one of constant returns to scale?

    statistic : float
        Of the sample, in (0, 1]; 1 if every score is the same with and without constant returns. ``name`` says which.
    p_value : float
        (1 + number of replications with a statistic at or below the sample's) / (1 + replications), so never 0.
    replicated : (replications,)
        The statistic of every replication, read-only.
    bandwidth : float
        Of the smoothed distances, on the scale 1 / theta.
    solved, fallback, worst_certificate : int, int, float
        Frontier problems, how many of them by the careful attempt, and the worst certificate of all.
    """

    name: str
    statistic: float
    p_value: float
    replicated: FloatArray
    bandwidth: float
    units: int
    replications: int
    solved: int
    fallback: int
    worst_certificate: float


def scale(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    orientation: str = "input",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    fixed_inputs: Iterable[int] = (),
    price_bounds: object = None,
    tolerance: float = 1e-7,
) -> Scale:
    """Scale efficiency and returns to scale of every unit.

    The constant-returns score is never above (theta) that of non-increasing returns, and that never above that of
    variable returns. By Färe, Grosskopf & Lovell the class follows from which of the three are equal:

    - crs = vrs: constant;
    - crs < vrs and drs = vrs: decreasing (what beats the unit is smaller examples blown up, which drs does not allow);
    - crs < vrs and drs = crs: increasing (what beats it is larger examples scaled down, which drs allows).

    ``drs`` always equals one of the other two; which, is decided by the nearest. ``tolerance`` decides crs = vrs only:
    they count as equal if they differ by no more than that share of vrs, so that a unit with a score of 0.000 001 has
    a class as well. It is above the accuracy of the scores (1e-8 of max(1, score)) and below anything that is shown.

    Parameters
    ----------
    inputs, outputs, orientation, keys, may_be_peer, comparable, fixed_inputs, price_bounds
        As for ``efficiency``; the own reference is kept, so a unit beyond the frontier of those that may be peers
        scores 1 under all three and counts as constant.

    Raises
    ------
    ValueError
        As for ``efficiency``, and if ``tolerance`` is not positive.

    Source: Färe, Grosskopf & Lovell (1985), The Measurement of Efficiency of Production; the same authors (1994),
    Production Frontiers, chapter 3.
    """
    tolerance = parameters.positive(tolerance, "tolerance")
    orientation = validation.choice(orientation, validation.ORIENTATIONS, "orientation")
    names = None if keys is None else parameters.listed(keys)
    fixed = validation.column_numbers(fixed_inputs)
    crs, vrs, drs = (
        efficiency(
            inputs,
            outputs,
            returns_to_scale=returns_to_scale,
            orientation=orientation,
            keys=names,
            may_be_peer=may_be_peer,
            comparable=comparable,
            fixed_inputs=fixed,
            price_bounds=price_bounds,
        )
        for returns_to_scale in ("crs", "vrs", "drs")
    )
    if orientation == "input":
        validation.distances(crs.score, np.arange(len(crs.score)), names)
    constant = np.abs(crs.score - vrs.score) <= tolerance * vrs.score
    decreasing = np.abs(drs.score - vrs.score) < np.abs(drs.score - crs.score)
    ratio = crs.score / vrs.score if orientation == "input" else vrs.score / crs.score
    return Scale(
        crs=crs.score,
        vrs=vrs.score,
        drs=drs.score,
        # At most one; a ratio of two rounded scores can miss that by its last digit.
        scale_efficiency=np.minimum(ratio, 1.0),
        returns=np.where(constant, CONSTANT, np.where(decreasing, DECREASING, INCREASING)),
        certificate=np.max([found.certificate.max(axis=1) for found in (crs, vrs, drs)], axis=0),
        orientation=orientation,
        tolerance=tolerance,
    )


@one_thread()
def constant_returns_test(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    replications: int = 2000,
    seed: int,
    statistic: str = RATIO_OF_MEANS,
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    price_bounds: object = None,
) -> ReturnsTest:
    """Test constant returns to scale against variable returns, input orientation.

    The statistic is mean(theta_crs) / mean(theta_vrs) ("ratio_of_means") or mean(theta_crs / theta_vrs)
    ("mean_of_ratios"). It is small if the data contradict constant returns. Its distribution under constant returns
    comes from the smoothed homogeneous bootstrap:

    1. delta_i = 1 / theta_crs_i of the sample; bandwidth h by the normal-reference rule, 0.9 min(deviation,
       interquartile range / 1.34) (2m)^(-1/5), of the m distances above 1 and their mirror images 2 - delta, then
       times (2m / n)^(1/5) and deviation(delta) / deviation(mirrored).
    2. Each replication draws n of the delta with replacement (d), adds h times standard normal numbers, mirrors what
       falls below 1, and takes out the variance that h put in: mean(d) + (value - mean(d)) / sqrt(1 + h^2 / var(delta)).
    3. Every unit is moved to its drawn distance from the constant-returns frontier, x_i theta_crs_i delta*_i, and the
       statistic is computed for that sample as it was for the real one. (Measuring the real units against the drawn
       frontier instead, as some programs do, gives the same size and less power.)

    The bootstrap is homogeneous: it assumes that the distribution of the distances is the same for small and large.
    With few units near the frontier the test rejects too often (16 % instead of 5 % in a simulation with gamma(2)
    distances and 100 units), so a p-value just below the threshold proves little.

    Parameters
    ----------
    inputs, outputs, price_bounds
        As for ``efficiency``.
    may_be_peer : (n,) bool
        Only these are the sample; the others cannot say anything about the frontier.
    keys : (n,) sortable, all different
        The order in which random numbers are handed out; with keys the result does not depend on the order of rows.
    replications : int
        At least 19, so that the p-value can be 0.05.
    seed : int
        Each replication has its own stream: PCG64 of the children of ``SeedSequence(seed)``; first n row numbers
        (``integers``), then n normal numbers (``standard_normal``).

    Raises
    ------
    ValueError
        As for ``efficiency``; for fewer than two units that may be peers; for a bandwidth of zero (all units efficient under
        constant returns), where there is nothing to smooth.

    Source: Simar & Wilson (2002), Non-parametric tests of returns to scale, European Journal of Operational Research
    139: test 1, statistics (4.5) and (4.6). Variance correction: Simar & Wilson (1998).
    """
    replications = parameters.replications_of(replications, least=19)
    statistic = validation.choice(statistic, (RATIO_OF_MEANS, MEAN_OF_RATIOS), "statistic")
    root = parameters.seed_sequence(seed)
    names = None if keys is None else parameters.listed(keys)
    x = validation.amounts(inputs, "inputs", names=names)
    y = validation.amounts(outputs, "outputs", names=names)
    validation.same_rows(x, y)
    order = validation.order_of(names, len(x))
    order = order[validation.peers_mask(may_be_peer, len(x))[order]]
    units = len(order)
    if units < 2:
        raise ValueError(
            f"constant_returns_test needs at least two units that may be peers, and there are {units}; allow more "
            "units in may_be_peer"
        )
    sample = _Sample(y[order], statistic, price_bounds)
    observed, theta = sample.statistic(x[order])
    distance = validation.distances(theta, order, names)
    in_order = None if names is None else [names[row] for row in order]
    bandwidth = _bandwidth(distance)
    variance = float(distance.var(ddof=1))
    replicated = np.empty(replications)
    for replication, child in enumerate(root.spawn(replications)):
        stream = parameters.generator(child)
        base, values = smoothed(distance, units, bandwidth, stream)
        # At least 1, as the values and their mean are; the maximum is for the rounding of distances very far apart.
        drawn = np.maximum(shrunk(mirrored_at_one(values), base.mean(), bandwidth, variance), 1.0)
        moved = x[order] * (theta * drawn)[:, None]
        parameters.of_usable_size(moved, "inputs, moved to a drawn distance from the frontier,", in_order)
        replicated[replication], _ = sample.statistic(moved)
    at_or_below = int((replicated <= observed).sum())
    return ReturnsTest(
        name=statistic,
        statistic=observed,
        p_value=(1 + at_or_below) / (1 + replications),
        replicated=replicated,
        bandwidth=bandwidth,
        units=units,
        replications=replications,
        solved=sample.solved,
        fallback=sample.fallback,
        worst_certificate=sample.worst_certificate,
    )


class _Sample:
    """Units with given outputs, measured with whatever inputs they are given."""

    def __init__(self, outputs: FloatArray, name: str, price_bounds: object) -> None:
        self._outputs = outputs
        self._name = name
        self._price_bounds = price_bounds
        self.solved = self.fallback = 0
        self.worst_certificate = 0.0

    def statistic(self, inputs: FloatArray) -> tuple[float, FloatArray]:
        """The statistic and the constant-returns scores."""
        crs, vrs = self._scores(inputs, "crs"), self._scores(inputs, "vrs")
        ratio = crs.mean() / vrs.mean() if self._name == RATIO_OF_MEANS else (crs / vrs).mean()
        # Rounding only: no unit scores higher under constant returns.
        return min(float(ratio), 1.0), crs

    def _scores(self, inputs: FloatArray, returns_to_scale: str) -> FloatArray:
        found = efficiency(inputs, self._outputs, returns_to_scale=returns_to_scale, price_bounds=self._price_bounds)
        self.solved += len(found.score)
        self.fallback += int(found.fallback.sum())
        self.worst_certificate = max(self.worst_certificate, float(found.certificate.max()))
        return found.score


def _bandwidth(distance: FloatArray) -> float:
    bandwidth = silverman(distance, inefficient(distance), 1.34)
    if not bandwidth > EFFICIENT:
        raise ValueError(
            f"the bandwidth is {bandwidth:.3g}: every unit is (all but) efficient under constant returns, so there is "
            "nothing to smooth and to draw from; use fewer products or more units"
        )
    return bandwidth
