"""The proof that a unit's programme has no solution: prices at which nobody comes up to what the unit asks (Farkas).

A solver only finds the prices; here they are cleaned of rounding, raised to where they keep the bounds, and the rest is
computed with a margin that rounding cannot reach. What this does not prove goes to exact arithmetic.
"""

from __future__ import annotations

import numpy as np

from benchmarking.dea.problem import Problem
from benchmarking.dea.result import FloatArray

#: Terms that are so small a share of all are taken for rounding and left out.
CLEAN = 1e-9
#: What the unit asks must exceed what anybody offers by this share of all terms.
MARGIN = 1e-12


def is_proven(
    problem: Problem, unit: int, input_price: FloatArray, output_price: FloatArray, *, barred: int = -1
) -> bool:
    """Whether prices ``(m,)`` and ``(s,)`` prove that ``unit`` has no solution, without reference unit ``barred``.

    Input orientation: inputs that can be reduced, and in output orientation outputs, can make up for anything, so their
    prices have no part in it.
    """
    own_inputs, own_outputs = problem.inputs[:, unit], problem.outputs[:, unit]
    is_input = problem.orientation == "input"
    returns = problem.returns_to_scale
    allowed = problem.allowed(unit) & ~(problem.reference_inputs[own_inputs == 0] > 0).any(axis=0)
    if barred >= 0:
        allowed[barred] = False
    if not allowed.any():
        # Weights of zero do where only inputs bind.
        return is_input or returns in ("vrs", "irs")
    bound = (problem.fixed if is_input else np.ones(len(own_inputs), dtype=bool)) & (own_inputs > 0)
    asked = np.where(own_outputs > 0, output_price, 0.0) * own_outputs if is_input else np.zeros(len(own_outputs))
    spent = np.where(bound, input_price, 0.0) * own_inputs
    largest = max(asked.max(initial=0.0), spent.max(initial=0.0))
    if not 0 < largest < np.inf:
        return False
    made_price = np.where(asked > CLEAN * largest, output_price, 0.0)
    used_price = np.where(spent > CLEAN * largest, input_price, 0.0)
    if is_input:
        made_price = problem.within_bounds(made_price[None])[0]
    made = np.einsum("r,rj->j", made_price, problem.reference_outputs[:, allowed])
    used = np.einsum("i,ij->j", used_price, problem.reference_inputs[:, allowed])
    if returns in ("crs", "irs") and (made > used).any():
        # Larger prices of the inputs may still do.
        if not (used[made > 0] > 0).all():
            return False
        factor = float((made[made > 0] / used[made > 0]).max()) * (1 + MARGIN)
        used_price, used = used_price * factor, used * factor
    asked_worth, spent_worth = float((made_price * own_outputs).sum()), float((used_price * own_inputs).sum())
    offered = float((made - used).max())
    scale = 0.0 if returns == "crs" else -offered
    if returns == "drs":
        scale = min(0.0, scale)
    elif returns == "irs":
        scale = max(0.0, scale)
    terms = asked_worth + spent_worth + float((made + used).max() if returns != "crs" else 0.0)
    return asked_worth - spent_worth + scale > MARGIN * terms
