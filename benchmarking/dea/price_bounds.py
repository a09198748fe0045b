"""Bounds on ratios of output prices (type-I assurance regions), as columns of the programme.

lower[r, q] <= price_r / price_q says that lower[r, q] units of q may be given for one unit of r: a column with
+lower[r, q] in row q and -1 in row r. The upper bound of (r, q) is the lower bound of (q, r).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from benchmarking.dea import parameters
from benchmarking.dea.result import FloatArray, IntArray

#: How far rounding may put a bound and its mirror image apart, relative.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Trades:
    """The columns ``(s, K)``, which (r, q) each belongs to ``(K, 2)``, and one admissible price vector ``(s,)``."""

    columns: FloatArray
    pairs: IntArray
    anchor: FloatArray


def trades_of(price_bounds: object, outputs: int) -> Trades:
    """Check ``(lower, upper)``, each ``(s, s)``, and turn the lower bounds into columns.

    Bounds that only rounding sets against each other are lowered until they agree: a chain of exchanges that ends with
    more than it began with, be it by the last digit, would make everything from nothing.

    Raises ``ValueError`` if the two contradict each other or admit no positive price vector.
    """
    lower, upper = _matrices(price_bounds, outputs)
    for r in range(outputs):
        for q in range(outputs):
            where = f"price_bounds of output {r} over output {q}"
            if np.isnan(lower[r, q]) or np.isnan(upper[r, q]) or lower[r, q] < 0 or np.isposinf(lower[r, q]):
                raise ValueError(
                    f"{where}: lower {lower[r, q]:.12g}, upper {upper[r, q]:.12g}; give a finite lower bound "
                    "of at least 0 and an upper bound (0 and infinity mean: no bound)"
                )
            if lower[r, q] > upper[r, q] * (1 + ROUNDING):
                raise ValueError(
                    f"{where}: lower {lower[r, q]:.12g} is above upper {upper[r, q]:.12g}; swap or widen them"
                )
            mirror = 0.0 if np.isinf(upper[r, q]) else np.inf if upper[r, q] == 0 else 1 / upper[r, q]
            if not np.isclose(lower[q, r], mirror, rtol=ROUNDING, atol=0):
                raise ValueError(
                    f"{where}: upper {upper[r, q]:.12g} says that lower[{q}, {r}] is {mirror:.12g}, but it is "
                    f"{lower[q, r]:.12g}; make lower[q, r] = 1 / upper[r, q]"
                )
    anchor = _admissible(lower)
    lower = _without_gain(lower)
    r_index, q_index = np.nonzero((lower > 0) & ~np.eye(outputs, dtype=bool))
    columns = np.zeros((outputs, len(r_index)))
    k = np.arange(len(r_index))
    columns[q_index, k] = lower[r_index, q_index]
    columns[r_index, k] = -1.0
    return Trades(columns, np.column_stack([r_index, q_index]), anchor)


def _matrices(price_bounds: object, outputs: int) -> tuple[FloatArray, FloatArray]:
    if not isinstance(price_bounds, (tuple, list)) or len(price_bounds) != 2:
        raise ValueError("price_bounds must be a pair (lower, upper) of square arrays, one row and column per output")
    lower, upper = (
        parameters.numbers_of(matrix, f"price_bounds {name}", f"give numbers of shape ({outputs}, {outputs})")
        for name, matrix in zip(("lower", "upper"), price_bounds, strict=True)
    )
    for name, matrix in (("lower", lower), ("upper", upper)):
        if matrix.shape != (outputs, outputs):
            raise ValueError(f"price_bounds {name} has shape {matrix.shape}; make it ({outputs}, {outputs})")
        parameters.of_usable_size(matrix, f"price_bounds {name}")
    return lower, upper


def _admissible(lower: FloatArray) -> FloatArray:
    """A positive price vector within the bounds: longest paths of log price_r >= log lower[r, q] + log price_q."""
    with np.errstate(divide="ignore"):
        longest = np.log(lower)
    np.fill_diagonal(longest, np.maximum(np.diagonal(longest), 0.0))
    for via in range(len(longest)):
        longest = np.maximum(longest, longest[:, [via]] + longest[[via], :])
    for r in range(len(longest)):
        if longest[r, r] > ROUNDING * len(longest):
            raise ValueError(
                f"price_bounds admit no positive prices: chained together they put the price of output {r} above "
                f"itself by a factor {np.exp(longest[r, r]):.6g}; widen the bounds that involve output {r}"
            )
    heights = longest.max(axis=1)
    highest = int(heights.argmax())
    if heights[highest] > np.log(parameters.LARGEST):
        raise ValueError(
            f"price_bounds, chained together, put the price of output {highest} above another by a factor "
            f"10^{heights[highest] / np.log(10):.0f}, which is too large to compute with; widen the bounds that involve it"
        )
    anchor: FloatArray = np.exp(heights)
    return anchor


def _without_gain(lower: FloatArray) -> FloatArray:
    """The lower bounds, all of them lowered alike if some chain of exchanges would come back with a gain."""
    outputs = len(lower)
    ratios = [[Fraction(0) if r == q else Fraction(float(lower[r, q])) for q in range(outputs)] for r in range(outputs)]
    rough = np.where(np.eye(outputs, dtype=bool), 0.0, lower)
    for via in range(outputs):
        rough = np.maximum(rough, rough[:, [via]] * rough[[via], :])
    if np.diagonal(rough).max(initial=0.0) < 1 - ROUNDING:
        return lower
    for via in range(outputs):
        for r in range(outputs):
            if ratios[r][via]:
                ratios[r] = [max(old, ratios[r][via] * ratios[via][q]) for q, old in enumerate(ratios[r])]
    gain = max(ratios[r][r] for r in range(outputs))
    if gain <= 1:
        return lower
    # A chain has at least two bounds, so lowering each by the largest gain is enough, rounding included.
    lowered: FloatArray = lower * (float(1 / gain) * (1 - 2.0**-50))
    return lowered
