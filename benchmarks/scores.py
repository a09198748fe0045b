"""All scores with peers, prices and certificates; super-efficiency; leaving every peer out for everyone who uses it."""

from __future__ import annotations

import time

import numpy as np

from benchmarking import dea
from benchmarks.peers import WarmHighs, linprog_score
from benchmarks.rounds import homes

TIMES = 5


def measure(*, units: int = 700, products: int = 14, returns_to_scale: str = "vrs", sample: int = 60) -> str:
    """Return a line with CPU seconds (the best of five), and the ratios to the peers for the scores alone."""
    costs, days = homes(units, products=products)
    seconds: dict[str, float] = {}
    for _ in range(TIMES):
        for name, compute in (("scores", dea.efficiency), ("super-efficiency", dea.super_efficiency)):
            began = time.process_time()
            compute(costs, days, returns_to_scale=returns_to_scale)
            seconds[name] = min(seconds.get(name, np.inf), time.process_time() - began)
        began = time.process_time()
        left_out = dea.influence(costs, days, returns_to_scale=returns_to_scale)
        seconds["leave-one-out"] = min(seconds.get("leave-one-out", np.inf), time.process_time() - began)
    score, pairs = left_out.score, len(left_out.peer)
    began = time.process_time()
    warm = WarmHighs(costs, days, returns_to_scale)
    by_highs = np.array([warm.score(costs[unit], days[unit]) for unit in range(units)])
    highs = time.process_time() - began
    chosen = np.linspace(0, units - 1, sample).astype(int)
    began = time.process_time()
    by_linprog = [linprog_score(costs, days, costs[unit], days[unit], returns_to_scale) for unit in chosen]
    linprog = (time.process_time() - began) * units / sample
    worst = max(float(np.abs(score - by_highs).max()), float(np.abs(score[chosen] - by_linprog).max()))
    parts = ", ".join(f"{name} {value:.3f} s" for name, value in seconds.items())
    return (
        f"scores, {returns_to_scale}, {units} units, 1 × {products}: {parts} ({pairs} pairs); together"
        f" {sum(seconds.values()):.3f} s CPU. Scores alone: linprog {linprog:.2f} s (ratio {linprog / seconds['scores']:.0f}),"
        f" warm HiGHS {highs:.2f} s (ratio {highs / seconds['scores']:.1f}); largest difference {worst:.0e}"
    )
