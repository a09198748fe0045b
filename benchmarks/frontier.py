"""All scores of one round against ``scipy.optimize.linprog``, one linear programme per unit."""

from __future__ import annotations

import time

import numpy as np
from scipy.optimize import linprog

from benchmarking import dea


def data(units: int, products: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return costs (n, 1) and care days (n, s) with 39 % zeros, as in a national round."""
    draw = np.random.default_rng(seed)
    outputs = draw.lognormal(8, 1, (units, products)) * (draw.random((units, products)) > 0.39)
    outputs[:, 0] += 1
    costs = (outputs * draw.uniform(250, 400, products)).sum(axis=1) / draw.beta(12, 2.2, units)
    return costs[:, None], outputs


def textbook(costs: np.ndarray, outputs: np.ndarray, unit: int) -> float:
    """Return the VRS input score of one unit: min θ, Σλy ≥ y₀, Σλc ≤ θc₀, Σλ = 1."""
    n, s = outputs.shape
    goal = np.zeros(n + 1)
    goal[0] = 1
    rows = np.zeros((s + 1, n + 1))
    rows[:s, 1:] = -outputs.T
    rows[s, 0], rows[s, 1:] = -costs[unit, 0], costs[:, 0]
    answer = linprog(
        goal,
        A_ub=rows,
        b_ub=np.append(-outputs[unit], 0),
        A_eq=np.append(0, np.ones(n))[None, :],
        b_eq=[1],
        bounds=(0, None),
    )
    assert answer.fun is not None, answer.message
    return float(answer.fun)


def measure(units: int = 650, products: int = 14, sample: int = 60) -> str:
    """Return a line with CPU seconds for all units, extrapolated for linprog from ``sample`` units, and the ratio."""
    costs, outputs = data(units, products)
    began = time.process_time()
    found = dea.efficiency(costs, outputs, returns_to_scale="vrs")
    ours = time.process_time() - began
    chosen = np.linspace(0, units - 1, sample).astype(int)
    began = time.process_time()
    scores = [textbook(costs, outputs, unit) for unit in chosen]
    theirs = (time.process_time() - began) * units / sample
    worst = float(np.abs(found.score[chosen] - scores).max())
    return (
        f"frontier, VRS, {units} units, 1 input × {products} outputs: {ours:.2f} s CPU with peers, prices, certificates and"
        f" uniqueness; linprog (scores only) {theirs:.2f} s; ratio {theirs / ours:.1f}; largest difference {worst:.0e}"
    )
