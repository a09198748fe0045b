"""One changed unit: its own answer, and everybody's."""

from __future__ import annotations

import time

import numpy as np

from benchmarking import dea
from benchmarks.rounds import homes


def measure(*, units: int = 700, inputs: int = 1, products: int = 14, questions: int = 100) -> str:
    """Return a line with the median CPU milliseconds of a question, and how many units had to be solved again."""
    costs, days = homes(units, inputs=inputs, products=products)
    frontier = dea.frontier(costs, days)
    draw = np.random.default_rng(1)
    alone, together, resolved = [], [], []
    for unit in draw.choice(units, questions, replace=False).tolist():
        new_costs, new_days = costs[unit] * draw.uniform(0.8, 1.05), days[unit] * draw.uniform(0.9, 1.1, products)
        began = time.process_time()
        dea.what_if(frontier, unit, new_costs, new_days)
        alone.append(time.process_time() - began)
        began = time.process_time()
        answer = dea.what_if(frontier, unit, new_costs, new_days, everyone=True)
        together.append(time.process_time() - began)
        assert answer.resolved is not None
        resolved.append(int(answer.resolved.sum()))
    return (
        f"what if, vrs, {units} units, {inputs} × {products}: for the unit median {np.median(alone) * 1e3:.2f} ms CPU (95 %:"
        f" {np.quantile(alone, 0.95) * 1e3:.2f}); for all {units} median {np.median(together) * 1e3:.1f} ms (95 %:"
        f" {np.quantile(together, 0.95) * 1e3:.1f}), {np.median(resolved):.0f} solved again"
    )
