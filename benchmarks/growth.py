"""How time and memory grow with the number of units; each size in a process of its own, for the peak of its memory."""

from __future__ import annotations

import multiprocessing
import resource
import time

import numpy as np

from benchmarking import dea
from benchmarks.rounds import homes

SIZES = (700, 5_000, 20_000, 100_000)


def _one(units: int) -> tuple[float, float, float, float]:
    costs, days = homes(units, products=14)
    began = time.process_time()
    found = dea.efficiency(costs, days, returns_to_scale="vrs")
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return seconds, peak, float(np.nanmax(found.certificate)), float(found.fallback.mean())


def measure() -> str:
    """Return a line per size, and the growth exponent between neighbours."""
    lines, before = [], None
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for units in SIZES:
            seconds, peak, worst, fallback = pool.apply(_one, (units,))
            exponent = (
                "" if before is None else f", exponent {np.log(seconds / before[1]) / np.log(units / before[0]):.2f}"
            )
            lines.append(
                f"growth, vrs, 1 × 14, n = {units:,}: {seconds:.2f} s CPU, peak {peak:.2f} GiB, worst certificate {worst:.0e},"
                f" by HiGHS {fallback:.4%}{exponent}"
            )
            before = (units, seconds)
    return "\n".join(lines)
