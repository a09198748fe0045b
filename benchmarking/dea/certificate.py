"""The proof that goes with every score: measured in the caller's own numbers, on the full problem.

Nothing here comes from the solver but the answer itself. Every row counts, also the ones left out of the small
programme, and every reference unit that may be a peer. Three relative figures, all 0 for a perfect answer:

1. primal residual: how far the weights fall short in any row, as a share of the unit's own amount, times the score
   if that is above 1 (for a product it does not deliver, with price bounds: of the amount that is worth as much as
   all it delivers); negative weights count too;
2. worst reduced cost: how much cheaper than the prices say any reference unit is, as a share of its size beside the
   unit and so of max(1, score) (``Frame.sizes`` says why that bounds the error of the score); negative prices, prices
   outside their bounds and a wrong normalisation count too;
3. duality gap, as a share of max(1, score).
"""

from __future__ import annotations

import numpy as np

from benchmarking.dea.problem import Problem
from benchmarking.dea.result import FloatArray, IntArray

#: A worse figure than this sends the unit to the second attempt.
ACCEPTED = 1e-8


def certify(
    problem: Problem,
    unit: int,
    *,
    score: float,
    peers: IntArray,
    weights: FloatArray,
    trades: FloatArray,
    input_price: FloatArray,
    output_price: FloatArray,
    scale_price: float,
) -> FloatArray:
    """The three figures, ``(3,)``. ``scale_price`` is w of ``problem.py``; ``peers`` index reference units."""
    return np.array(
        [
            primal_residual(problem, unit, score=score, peers=peers, weights=weights, trades=trades),
            _dual_residual(problem, unit, score, input_price, output_price, scale_price),
            _gap(problem, unit, score, input_price, output_price, scale_price),
        ]
    )


def primal_residual(
    problem: Problem, unit: int, *, score: float, peers: IntArray, weights: FloatArray, trades: FloatArray
) -> float:
    """The worst violation of any row or sign, relative."""
    own_inputs = problem.inputs[:, unit]
    own_outputs = problem.outputs[:, unit]
    peer_inputs = problem.reference_inputs[:, peers]
    used = np.einsum("ij,j->i", peer_inputs, weights)
    made = np.einsum("rj,j->r", problem.reference_outputs[:, peers], weights)
    traded = np.einsum("rk,k->r", problem.trades, trades)
    is_input = problem.orientation == "input"
    input_factor = np.where(problem.fixed, 1.0, score) if is_input else np.ones(len(own_inputs))
    output_factor = 1.0 if is_input else score
    # An input the unit does not use has no amount of its own to measure an excess by, nor a product it does not
    # deliver.
    largest = peer_inputs.max(axis=1, initial=0.0)
    input_unit = np.where(own_inputs > 0, own_inputs, np.where(largest > 0, largest, 1.0))
    output_unit = _output_units(problem, own_outputs)
    weight_sizes = (peer_inputs / input_unit[:, None]).max(axis=0, initial=0.0)
    input_unit = input_unit * np.maximum(1, input_factor)
    output_unit = output_unit * max(1, output_factor)
    total = float(weights.sum())
    over, under = max(0.0, total - 1.0), max(0.0, 1.0 - total)
    scale = {"crs": 0.0, "vrs": max(over, under), "drs": over, "irs": under, "fdh": max(over, under)}
    return max(
        0.0,
        float(((used - input_factor * own_inputs) / input_unit).max()),
        float(((output_factor * own_outputs - made - traded) / output_unit).max()),
        scale[problem.returns_to_scale],
        float(-(weights * weight_sizes).min(initial=0.0)),
        float(-(trades * _trade_sizes(problem, own_outputs)).min(initial=0.0)),
    )


def _output_units(problem: Problem, own_outputs: FloatArray) -> FloatArray:
    """What an amount of each product is measured in: the unit's own amount, or else what is worth all it delivers."""
    if problem.anchor is None:
        return np.where(own_outputs > 0, own_outputs, 1.0)
    return np.where(own_outputs > 0, own_outputs, (problem.anchor * own_outputs).sum() / problem.anchor)


def _trade_sizes(problem: Problem, own_outputs: FloatArray) -> FloatArray:
    sizes: FloatArray = (np.abs(problem.trades) / _output_units(problem, own_outputs)[:, None]).max(axis=0)
    return sizes


def _dual_residual(
    problem: Problem,
    unit: int,
    score: float,
    input_price: FloatArray,
    output_price: FloatArray,
    scale_price: float,
) -> float:
    own_inputs = problem.inputs[:, unit]
    own_outputs = problem.outputs[:, unit]
    allowed = problem.allowed(unit)
    reference_inputs = problem.reference_inputs[:, allowed]
    reduced = np.einsum("i,ij->j", input_price, reference_inputs) - scale_price
    reduced -= np.einsum("r,rj->j", output_price, problem.reference_outputs[:, allowed])
    used = own_inputs > 0
    size = (reference_inputs[used] / own_inputs[used][:, None]).max(axis=0)
    # Who uses an input that the unit does not use can be no peer: any price of that input is cheap enough to say so.
    size = np.maximum(size, np.einsum("i,ij->j", input_price[~used], reference_inputs[~used]))
    if problem.returns_to_scale in ("vrs", "drs"):
        size = np.maximum(size, 1.0)
    # Weights times sizes add up to at most m times the score (input) or m (output): see ``Frame.sizes``.
    if problem.orientation == "output":
        size = size * max(1.0, score)
    elif problem.returns_to_scale in ("crs", "irs"):
        size = size / min(1.0, max(score, np.finfo(float).tiny))
    worst = float((-reduced / np.where(size > 0, size, 1.0)).max(initial=0.0))

    if problem.orientation == "input":
        spent = float((input_price * own_inputs)[~problem.fixed].sum())
    else:
        spent = float((output_price * own_outputs).sum())
    if problem.trades.shape[1]:
        gain = np.einsum("r,rk->k", output_price, problem.trades)
        worst = max(worst, float((gain / _trade_sizes(problem, own_outputs)).max()))
    signs = {"crs": abs(scale_price), "vrs": 0.0, "drs": scale_price, "irs": -scale_price}
    return max(
        0.0,
        worst,
        abs(spent - 1.0),
        signs[problem.returns_to_scale],
        float((-input_price * own_inputs).max()),
        float((-output_price * own_outputs).max()),
    )


def _gap(
    problem: Problem, unit: int, score: float, input_price: FloatArray, output_price: FloatArray, scale_price: float
) -> float:
    costs = input_price * problem.inputs[:, unit]
    if problem.orientation == "input":
        dual = float((output_price * problem.outputs[:, unit]).sum() + scale_price - costs[problem.fixed].sum())
    else:
        dual = float(costs.sum() - scale_price)
    return abs(score - dual) / max(1.0, abs(score))
