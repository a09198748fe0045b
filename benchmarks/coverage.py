"""How often the bootstrap's interval holds the true score: samples from a known frontier, so that the truth is known.

Run by ``python -m benchmarks.coverage``; the figures of docs/method/5-onzekerheid.md come from here.

One input, two outputs, variable returns to scale. To deliver y costs at least

    C(y) = 0.3 + 0.7 |y| ** 1.5        |y| the Euclidean length (a constant-elasticity-of-transformation technology),

a convex function with increasing returns below |y| = 0.9 and decreasing ones above. A home's size |y| is uniform on
[0.4, 2], the direction of y uniform between 5 and 85 degrees, and its costs are C(y) times exp(u), u exponential with mean
0.2, so that the true score is exp(-u), 0.83 on average.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarking import dea

FloatArray = NDArray[np.float64]
CONVENTIONS = ("shephard", "benchmarking", "rdea")
CONFIDENCE = 0.95
INEFFICIENCY = 0.2


def sample(units: int, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return costs (n, 1), outputs (n, 2) and true scores (n,) of one sample."""
    draw = np.random.default_rng([units, seed])
    length = draw.uniform(0.4, 2.0, units)
    angle = np.deg2rad(draw.uniform(5.0, 85.0, units))
    true = np.exp(-draw.exponential(INEFFICIENCY, units))
    costs = (0.3 + 0.7 * length**1.5) / true
    return costs[:, None], length[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), true


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Averages over all units of all samples; ``error`` is the standard error of ``covered`` over the samples."""

    units: int
    convention: str
    covered: float
    error: float
    width: float
    bias: float
    bias_corrected: float
    outside: float
    fallback: int
    worst_certificate: float

    def line(self) -> str:
        """Return the figures as a row of the table."""
        return (
            f"{self.units:5d}  {self.convention:12s}  {self.covered:6.1%} ± {self.error:.1%}  {self.width:6.3f}"
            f"  {self.bias:+9.4f}  {self.bias_corrected:+9.4f}  {self.outside:6.1%}"
        )


HEADER = "units  convention    coverage        width   bias raw   bias corr  outside"


def measure(units: int, convention: str, *, samples: int, replications: int) -> Coverage:
    """Return the coverage of one convention at one number of units."""
    covered, width, bias, corrected, outside = [], [], [], [], []
    fallback, worst = 0, 0.0
    for number in range(samples):
        costs, outputs, true = sample(units, number)
        found = dea.bootstrap(
            costs, outputs, replications=replications, seed=number, convention=convention, confidence=CONFIDENCE
        )
        assert isinstance(found, dea.Bootstrap)
        covered.append(float(((found.lower <= true) & (true <= found.upper)).mean()))
        width.append(float((found.upper - found.lower).mean()))
        bias.append(float((found.score - true).mean()))
        corrected.append(float((found.bias_corrected - true).mean()))
        outside.append(float(found.outside.mean()))
        fallback += found.fallback
        worst = max(worst, found.worst_certificate)
    return Coverage(
        units=units,
        convention=convention,
        covered=float(np.mean(covered)),
        error=float(np.std(covered, ddof=1) / np.sqrt(samples)),
        width=float(np.mean(width)),
        bias=float(np.mean(bias)),
        bias_corrected=float(np.mean(corrected)),
        outside=float(np.mean(outside)),
        fallback=fallback,
        worst_certificate=worst,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__.partition("\n")[0])
    parser.add_argument("--units", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--conventions", nargs="+", choices=CONVENTIONS, default=CONVENTIONS)
    parser.add_argument("--samples", type=int, default=200, help="samples per number of units (at least 2)")
    parser.add_argument("--replications", type=int, default=500, help="replications per bootstrap")
    chosen = parser.parse_args()
    print(
        f"Nominal coverage {CONFIDENCE:.0%}; {chosen.samples} samples of each size, B = {chosen.replications}; averages "
        "over all units of all samples"
    )
    print(HEADER, flush=True)
    began = time.process_time()
    fallback, worst = 0, 0.0
    for units in chosen.units:
        for convention in chosen.conventions:
            row = measure(units, convention, samples=chosen.samples, replications=chosen.replications)
            print(row.line(), flush=True)
            fallback, worst = fallback + row.fallback, max(worst, row.worst_certificate)
    problems = sum(chosen.units) * len(chosen.conventions) * chosen.samples * chosen.replications
    print(
        f"{problems:,} linear programmes in {time.process_time() - began:.0f} s CPU, {fallback} of them by HiGHS; worst "
        f"certificate {worst:.0e}"
    )


if __name__ == "__main__":
    main()
