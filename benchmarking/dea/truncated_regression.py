"""Regression of a quantity that is never below a bound: maximum likelihood, and draws from the fitted model.

    y_i = x_i b + e_i,   e_i normal with mean 0 and deviation s, truncated so that y_i >= bound

With t = y - bound, u_i = x_i g and the parameters g = b / s (b of t) and h = 1 / s (Olsen 1978), the log likelihood is

    sum_i [ log h - (h t_i - u_i)^2 / 2 - log Phi(u_i) ] - n/2 log 2 pi.

For given h it is concave in g, and a stationary point, if there is one, is the only maximum (Orme 1989). There need not
be one: where t falls off as slowly as an exponential distribution or slower, the likelihood keeps rising as s grows
without end and b falls without end. Then there is no estimate, and none is made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from benchmarking.dea.result import FloatArray

#: Largest derivative of the mean log likelihood at what counts as its maximum.
STATIONARY = 1e-9
#: Outside this range, in deviations of t, s is on its way to infinity (no maximum) or to zero (an exact fit).
SMALLEST, LARGEST = 1e-7, 50.0
STEPS = 100

_LOG_ROOT_2_PI = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """``coefficients`` (columns of the design,), ``sigma`` (of the normal before truncation), largest derivative of the
    mean log likelihood there (``gradient``), and the log likelihood."""

    coefficients: FloatArray
    sigma: float
    gradient: float
    log_likelihood: float


def fit(values: FloatArray, design: FloatArray, *, bound: float, start: Fit | None = None) -> Fit | None:
    """The maximum of the likelihood by damped Newton steps, or ``None`` if there is none.

    ``values`` (n,), none below ``bound``; ``design`` (n, p), columns of similar size, the first all ones; ``start``
    another fit to begin at.
    """
    above = values - bound
    spread = float(above.std())
    if spread == 0.0:
        return None
    above = above / spread
    intercept = np.zeros(design.shape[1])
    intercept[0] = bound
    if start is None:
        coefficients, *_ = np.linalg.lstsq(design, above, rcond=None)
        rest = above - np.einsum("ip,p->i", design, coefficients)
        sigma = max(float(rest.std()), 1e-3)
    else:
        coefficients, sigma = (start.coefficients - intercept) / spread, start.sigma / spread
    point = np.append(coefficients / sigma, -np.log(sigma))
    value, gradient, curvature = _likelihood(point, above, design)
    for _ in range(STEPS):
        if np.abs(gradient).max() <= STATIONARY:
            break
        # Uphill also where the likelihood is not concave: every direction is taken with the size of its curvature.
        sizes, directions = np.linalg.eigh(curvature)
        sizes = np.maximum(np.abs(sizes), 1e-8 * np.abs(sizes).max())
        step = np.einsum("ab,b->a", directions, np.einsum("ab,a->b", directions, gradient) / sizes)
        rise = float(np.einsum("a,a->", step, gradient))
        length = min(1.0, 2.0 / max(abs(float(step[-1])), 1e-300))  # h by no more than a factor e^2 at a time
        while length > 1e-10:
            candidate = point + length * step
            found = _likelihood(candidate, above, design)
            # The allowance is for rounding beside the top, where a full step is right and the rise cannot be seen.
            if found[0] >= value + 1e-4 * length * rise - 1e-14 * abs(value):
                break
            length *= 0.5
        else:
            return None
        point = candidate
        value, gradient, curvature = found
        if not np.log(SMALLEST) < -point[-1] < np.log(LARGEST):
            return None
    else:
        return None
    sigma = float(np.exp(-point[-1]))
    return Fit(
        coefficients=point[:-1] * sigma * spread + intercept,
        sigma=sigma * spread,
        gradient=float(np.abs(gradient).max()),
        log_likelihood=float(value - np.log(spread)) * len(above),
    )


def draw(mean: FloatArray, sigma: float, *, bound: float, stream: np.random.Generator) -> FloatArray:
    """One value per entry of ``mean``: normal around it with deviation ``sigma``, given that it is at least ``bound``.

    The inverse of the upper tail, in logarithms, so that bounds far out in the tail do no harm.
    """
    tail = 1.0 - stream.random(len(mean))  # in (0, 1]: its logarithm is finite
    standard: FloatArray = -special.ndtri_exp(np.log(tail) + special.log_ndtr((mean - bound) / sigma))
    return np.maximum(mean + sigma * standard, bound)


def _likelihood(point: FloatArray, above: FloatArray, design: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Mean log likelihood, its first and second derivatives in (g, log h)."""
    units = len(above)
    index = np.einsum("ip,p->i", design, point[:-1])
    scaled = np.exp(point[-1]) * above
    rest = scaled - index
    log_tail = special.log_ndtr(index)
    hazard = np.exp(-0.5 * index**2 - _LOG_ROOT_2_PI - log_tail)
    value = point[-1] - _LOG_ROOT_2_PI - float((0.5 * rest**2 + log_tail).sum()) / units
    gradient = np.append(np.einsum("ip,i->p", design, rest - hazard), units - np.einsum("i,i->", rest, scaled))
    curvature = np.empty((len(point), len(point)))
    curvature[:-1, :-1] = -np.einsum("ip,i,iq->pq", design, 1.0 - hazard * (index + hazard), design)
    curvature[:-1, -1] = curvature[-1, :-1] = np.einsum("ip,i->p", design, scaled)
    curvature[-1, -1] = -float((rest * scaled + scaled**2).sum())
    return value, gradient / units, curvature / units
