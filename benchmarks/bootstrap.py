"""The whole bootstrap, every programme certified, against the peers on a few replications."""

from __future__ import annotations

import time

import numpy as np

from benchmarking import dea
from benchmarks.peers import WarmHighs, linprog_score
from benchmarks.rounds import homes


def measure(
    *,
    units: int = 700,
    inputs: int = 1,
    products: int = 14,
    returns_to_scale: str = "vrs",
    replications: int = 2000,
    sample: int = 40,
    warm_replications: int = 3,
) -> str:
    """Return a line with CPU seconds and ratios; the peers' time is that of a sample times what is left out.

    The peers score the original units against references whose inputs are multiplied by factors of the same size as in
    the bootstrap (theta times a draw from 1 / theta).
    """
    costs, days = homes(units, inputs=inputs, products=products)
    began = time.process_time()
    found = dea.bootstrap(costs, days, replications=replications, seed=1, returns_to_scale=returns_to_scale)
    ours = time.process_time() - began
    assert isinstance(found, dea.Bootstrap)
    draw = np.random.default_rng(1)
    warm = WarmHighs(costs, days, returns_to_scale)
    highs = 0.0
    for _ in range(warm_replications):
        factors = found.score / draw.choice(found.score, units)
        pseudo = costs * np.maximum(factors, found.score)[:, None]
        began = time.process_time()
        warm.reprice(pseudo) if warm.single else warm.load(pseudo)
        for unit in range(units):
            warm.score(costs[unit], days[unit])
        highs += time.process_time() - began
    highs *= replications / warm_replications
    began = time.process_time()
    for unit in np.linspace(0, units - 1, sample).astype(int):
        linprog_score(pseudo, days, costs[unit], days[unit], returns_to_scale)
    linprog = (time.process_time() - began) * units / sample * replications
    return (
        f"bootstrap, {returns_to_scale}, {units} units, {inputs} × {products}, B = {replications}: {ours:.1f} s CPU for"
        f" {found.solved:,} programmes, worst certificate {found.worst_certificate:.0e}, by HiGHS {found.fallback}"
        f" ({found.fallback / found.solved:.4%}); linprog {linprog:.0f} s (ratio {linprog / ours:.0f}), warm HiGHS {highs:.0f} s"
        f" (ratio {highs / ours:.1f})"
    )
