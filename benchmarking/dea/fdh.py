"""Free disposal hull: every unit is compared with one reference unit at a time (Deprins, Simar & Tulkens 1984)."""

from __future__ import annotations

import numpy as np

from benchmarking.dea.problem import INFINITY, Problem
from benchmarking.dea.result import FloatArray, IntArray

#: Two scores this close, relative, are one score: a quotient and a maximum of quotients round differently.
SAME = 1e-12


def fdh_unit(problem: Problem, unit: int) -> tuple[float, IntArray] | None:
    """Score and all reference units that attain it, in key order; ``None`` if nobody dominates the unit."""
    inputs, outputs = problem.inputs[:, unit], problem.outputs[:, unit]
    candidates = np.flatnonzero(problem.allowed(unit))
    peer_inputs = problem.reference_inputs[:, candidates]
    peer_outputs = problem.reference_outputs[:, candidates]
    if problem.orientation == "input":
        unmovable = problem.fixed | (inputs == 0)
        possible = (peer_outputs >= outputs[:, None]).all(axis=0)
        possible &= (peer_inputs[unmovable] <= inputs[unmovable][:, None]).all(axis=0)
        movable = ~unmovable
        ratios = (peer_inputs[movable] / inputs[movable][:, None]).max(axis=0)
        best = float(ratios[possible].min(initial=INFINITY))
    else:
        possible = (peer_inputs <= inputs[:, None]).all(axis=0)
        delivered = outputs > 0
        ratios = (peer_outputs[delivered] / outputs[delivered][:, None]).min(axis=0)
        best = float(ratios[possible].max(initial=-INFINITY))
    if not possible.any():
        return None
    tied = possible & (np.abs(ratios - best) <= SAME * best)
    return best, candidates[tied]


def fdh_certificate(problem: Problem, unit: int, score: float, peer: int, residual: float) -> FloatArray:
    """The three figures of ``certificate.py``, read for FDH: how far the peer falls short, by how much anybody else
    beats the score, how far the score is from what the peer's own amounts say."""
    inputs, outputs = problem.inputs[:, unit], problem.outputs[:, unit]
    allowed = np.flatnonzero(problem.allowed(unit))
    x, y = problem.reference_inputs[:, allowed], problem.reference_outputs[:, allowed]
    size = max(1.0, abs(score))
    # Not the quotients again but dominance itself: does anybody lie inside the point the score leads to?
    if problem.orientation == "input":
        goal = np.where(problem.fixed, inputs, inputs * (score - SAME * size))
        inside = (x <= goal[:, None]).all(axis=0) & (y >= outputs[:, None]).all(axis=0)
        used = (inputs > 0) & ~problem.fixed
        quotients = problem.reference_inputs[used, peer] / inputs[used]
        reached = float(quotients.max())
        better = score - float((x[used][:, inside] / inputs[used][:, None]).max(axis=0).min(initial=score))
    else:
        goal = outputs * (score + SAME * size)
        inside = (x <= inputs[:, None]).all(axis=0) & (y >= goal[:, None]).all(axis=0)
        made = outputs > 0
        reached = float((problem.reference_outputs[made, peer] / outputs[made]).min())
        better = float((y[made][:, inside] / outputs[made][:, None]).min(axis=0).max(initial=score)) - score
    return np.array([residual, max(0.0, better) / size, abs(reached - score) / size])
