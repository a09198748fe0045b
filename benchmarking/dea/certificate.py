"""The proof that goes with every score: measured in the caller's own numbers, on the full problem.

Nothing here comes from the solver but the answer itself. Every row counts, also the ones left out of the small
programme, and every reference unit that may be a peer. Three relative figures, all 0 for a perfect answer:

1. primal residual: how far the weights fall short in any row, as a share of the unit's own amount, times the score
   if that is above 1 (for a product it does not deliver, with price bounds: of the amount that is worth as much as
   all it delivers), or what all that falls short is worth at the prices, if that is more; negative weights count too;
2. worst reduced cost: how much cheaper than the prices say any reference unit is, as a share of its size beside the
   unit and so of max(1, score) (``Frame.sizes`` says why that bounds the error of the score); negative prices and a
   wrong normalisation count too, and prices outside their bounds ten thousand times: no weight of a trade-off is
   bounded by the score;
3. duality gap, as a share of max(1, score).

Sums are charged with the rounding they may hide: where amounts of 10⁹ cancel, a difference of 0 proves nothing.

With one input the second figure is first taken as a share of each reference unit's own cost, which can only be worse
and costs one matrix product; where that is not good enough it is measured exactly.
"""

from __future__ import annotations

import numpy as np

from benchmarking.dea.problem import Problem, mark
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

#: A worse figure than this sends the unit to the next attempt.
ACCEPTED = 1e-8


def is_accepted(certificate: FloatArray, score: FloatArray) -> BoolArray:
    """Whether three figures ``(B, 3)``, or the worst of them ``(B,)``, prove the ``score (B,)``. Scores are divided by one
    another, so a small one must be right as a share of itself."""
    worst = certificate if certificate.ndim == 1 else certificate.max(axis=1)
    return np.asarray(worst <= ACCEPTED * np.minimum(1.0, score))


#: What a sum may be wrong by, as a share of its terms.
ROUNDING = 4 * float(np.finfo(float).eps)
#: Price bounds are held to so much more than everything else.
BOUNDS = 1e4


def certify(
    problem: Problem,
    units: IntArray,
    *,
    score: FloatArray,
    peers: IntArray,
    weights: FloatArray,
    trades: FloatArray,
    input_price: FloatArray,
    output_price: FloatArray,
    scale_price: FloatArray,
    barred: IntArray | None = None,
) -> FloatArray:
    """The three figures of ``units``, ``(B, 3)``.

    ``score (B,)``; ``peers (B, K)`` index reference units, with ``weights (B, K)`` of zero where there are fewer than
    K; ``trades (B, number of trades)``; prices ``(B, m)``, ``(B, s)`` and ``(B,)``, the last w of ``problem.py``;
    ``barred (B,)`` one more reference unit that each may not use, -1 for none.
    """
    prices = (input_price, output_price, scale_price)
    return np.column_stack(
        [
            primal_residual(problem, units, score=score, peers=peers, weights=weights, trades=trades, prices=prices),
            np.maximum(
                worst_reduced_cost(problem, units, score, *prices, barred=barred),
                _wrong_prices(problem, units, *prices),
            ),
            _gap(problem, units, score, *prices),
        ]
    )


def primal_residual(
    problem: Problem,
    units: IntArray,
    *,
    score: FloatArray,
    peers: IntArray,
    weights: FloatArray,
    trades: FloatArray,
    prices: tuple[FloatArray, FloatArray, FloatArray] | None = None,
) -> FloatArray:
    """The worst violation of any row or sign, relative, ``(B,)``; with ``prices`` also what all of it is worth."""
    own_inputs, own_outputs = problem.inputs[:, units].T, problem.outputs[:, units].T
    peer_inputs, peer_outputs = problem.reference_inputs.T[peers], problem.reference_outputs.T[peers]
    used = np.einsum("bk,bki->bi", weights, peer_inputs)
    made = np.einsum("bk,bkr->br", weights, peer_outputs)
    if trades.shape[1]:
        made += trades @ problem.trades.T
    is_input = problem.orientation == "input"
    input_factor = np.where(problem.fixed, 1.0, score[:, None]) if is_input else np.ones_like(own_inputs)
    output_factor = np.ones(len(units)) if is_input else score
    # An input the unit does not use has no amount of its own to measure an excess by, nor a product it does not
    # deliver.
    largest = np.where((weights != 0)[:, :, None], peer_inputs, 0.0).max(axis=1, initial=0.0)
    input_unit = np.where(own_inputs > 0, own_inputs, np.where(largest > 0, largest, 1.0))
    output_unit = _output_units(problem, own_outputs)
    weight_sizes = (peer_inputs / input_unit[:, None, :]).max(axis=2, initial=0.0)
    if problem.returns_to_scale != "crs":
        # Even the smallest unit counts in full where the weights are added up.
        weight_sizes = np.maximum(weight_sizes, 1.0)
    excess, lack = used - input_factor * own_inputs, output_factor[:, None] * own_outputs - made
    over_inputs = excess / (input_unit * np.maximum(1.0, input_factor))
    short = lack / (output_unit * np.maximum(1.0, output_factor)[:, None])
    total = weights.sum(axis=1)
    over, under = np.maximum(0.0, total - 1.0), np.maximum(0.0, 1.0 - total)
    nothing = np.zeros(len(units))
    both = np.maximum(over, under)
    scale = {"crs": nothing, "vrs": both, "drs": over, "irs": under, "fdh": both}[problem.returns_to_scale]
    worst = np.maximum(over_inputs.max(axis=1), short.max(axis=1))
    worst = np.maximum(worst, scale)
    worst = np.maximum(worst, -(weights * weight_sizes).min(axis=1, initial=0.0))
    if trades.shape[1]:
        worst = np.maximum(worst, -(trades * _trade_sizes(problem, output_unit)).min(axis=1))
    if prices is not None:
        input_price, output_price, scale_price = prices
        handled = made + 2 * (np.abs(trades) @ np.abs(problem.trades).T) if trades.shape[1] else made
        worth = (input_price * (np.maximum(excess, 0.0) + ROUNDING * used)).sum(axis=1)
        worth += (output_price * (np.maximum(lack, 0.0) + ROUNDING * np.abs(handled))).sum(axis=1)
        worth += np.abs(scale_price) * (scale + ROUNDING * total)
        worst = np.maximum(worst, worth / np.maximum(1.0, np.abs(score)))
    return np.asarray(np.maximum(worst, 0.0))


def _output_units(problem: Problem, own_outputs: FloatArray) -> FloatArray:
    """What an amount of each product is measured in: the unit's own amount, or else what is worth all it delivers."""
    if problem.anchor is None:
        return np.where(own_outputs > 0, own_outputs, 1.0)
    worth = own_outputs @ problem.anchor
    return np.where(own_outputs > 0, own_outputs, worth[:, None] / problem.anchor)


def _trade_sizes(problem: Problem, output_unit: FloatArray) -> FloatArray:
    sizes: FloatArray = (np.abs(problem.trades)[None] / output_unit[:, :, None]).max(axis=1)
    return sizes


#: Reduced costs are looked at for so many pairs of units at a time.
PAIRS = 200_000


def worst_reduced_cost(
    problem: Problem,
    units: IntArray,
    score: FloatArray,
    input_price: FloatArray,
    output_price: FloatArray,
    scale_price: FloatArray,
    *,
    barred: IntArray | None = None,
) -> FloatArray:
    """How much cheaper than the prices say any allowed reference unit is, relative, ``(B,)``."""
    worst = np.zeros(len(units))
    block = max(1, PAIRS // max(1, len(problem.peers)))
    few_inputs = len(problem.inputs) == 1 and problem.orientation == "input"
    for begin in range(0, len(units), block):
        chosen = np.arange(begin, min(begin + block, len(units)))
        if few_inputs:
            some = units[chosen], input_price[chosen], output_price[chosen], scale_price[chosen]
            worst[chosen] = _bound(problem, *some, None if barred is None else barred[chosen])
            chosen = chosen[worst[chosen] > 0.1 * ACCEPTED]
        if chosen.size:
            prices = input_price[chosen], output_price[chosen], scale_price[chosen]
            only = None if barred is None else barred[chosen]
            relative = relative_reduced_costs(problem, units[chosen], score[chosen], *prices, barred=only)
            worst[chosen] = -relative.min(axis=1, initial=0.0)
    # The unit's own column, which may be in nobody else's reference: its size beside itself is 1.
    own = problem.own_is_allowed[units] & (problem.own[units] >= 0)
    if barred is not None:
        own &= barred != problem.own[units]
    mine = np.einsum("bi,ib->b", input_price, problem.inputs[:, units]) - scale_price
    mine -= np.einsum("br,rb->b", output_price, problem.outputs[:, units])
    worst = np.where(own, np.maximum(worst, -mine), worst)
    return np.asarray(np.maximum(worst, 0.0))


def _bound(
    problem: Problem,
    units: IntArray,
    input_price: FloatArray,
    output_price: FloatArray,
    scale_price: FloatArray,
    barred: IntArray | None,
) -> FloatArray:
    """The same as a share of the reference unit's own cost, if there is one input."""
    cost = problem.inputs[0, units]
    prices = np.concatenate([output_price, scale_price[:, None]], axis=1) * cost[:, None]
    worth = prices @ problem.made_per_cost
    forbid(problem, units, worth, -np.inf, barred)
    return np.asarray(worth.max(axis=1, initial=-np.inf) - input_price[:, 0] * cost)


def relative_reduced_costs(
    problem: Problem,
    units: IntArray,
    score: FloatArray,
    input_price: FloatArray,
    output_price: FloatArray,
    scale_price: FloatArray,
    *,
    columns: IntArray | None = None,
    barred: IntArray | None = None,
) -> FloatArray:
    """Reduced costs over sizes of all that may be peers, or of ``columns``, ``(B, columns)``; infinite where not
    allowed."""
    columns = problem.peers if columns is None else columns
    inputs, outputs = problem.reference_inputs[:, columns], problem.reference_outputs[:, columns]
    own_inputs = problem.inputs[:, units]
    reduced = input_price @ inputs - output_price @ outputs - scale_price[:, None]
    size = np.zeros_like(reduced)
    # Weights times ratios of an input that can be reduced add up to at most the score, of a fixed one to at most one,
    # in output orientation too: see ``Frame.sizes``.
    most = np.ones(len(units))
    if problem.orientation == "input" and problem.returns_to_scale in ("crs", "irs"):
        most = np.minimum(1.0, np.maximum(score, np.finfo(float).tiny))
    for amounts, own, price, fixed in zip(inputs, own_inputs, input_price.T, problem.fixed, strict=True):
        used = np.where(own > 0, own, 1.0)[:, None]
        # Who uses an input that the unit does not use can be no peer: any price of it is cheap enough to say so.
        ratio = np.where((own > 0)[:, None], amounts / used, price[:, None] * amounts)
        with np.errstate(over="ignore"):
            size = np.maximum(size, ratio if fixed else ratio / most[:, None])
    if problem.returns_to_scale in ("vrs", "drs"):
        size = np.maximum(size, 1.0)
    if problem.orientation == "output":
        size = size * np.maximum(1.0, score)[:, None]
    relative: FloatArray = reduced / np.where(size > 0, size, 1.0)
    forbid(problem, units, relative, np.inf, barred, columns=columns)
    return relative


def forbid(
    problem: Problem,
    units: IntArray,
    table: FloatArray,
    value: float,
    barred: IntArray | None = None,
    *,
    columns: IntArray | None = None,
) -> None:
    """Put ``value`` in ``table (B, columns)`` where a unit may not use the reference unit of that column."""
    columns = problem.peers if columns is None else columns
    if problem.comparable is not None:
        for row, unit in enumerate(units):
            table[row, ~problem.allowed(int(unit))[columns]] = value
    if problem.exclude_self:
        mark(table, columns, problem.own[units], value)
    if problem.without is not None:
        mark(table, columns, np.full(len(units), problem.without), value)
    if barred is not None:
        mark(table, columns, barred, value)


def _wrong_prices(
    problem: Problem, units: IntArray, input_price: FloatArray, output_price: FloatArray, scale_price: FloatArray
) -> FloatArray:
    """Negative prices, prices outside their bounds and a wrong normalisation, relative, ``(B,)``."""
    own_inputs, own_outputs = problem.inputs[:, units].T, problem.outputs[:, units].T
    if problem.orientation == "input":
        spent = (input_price * own_inputs)[:, ~problem.fixed].sum(axis=1)
    else:
        spent = (output_price * own_outputs).sum(axis=1)
    signs = {"crs": np.abs(scale_price), "drs": scale_price, "irs": -scale_price}
    worst = np.maximum(np.abs(spent - 1.0), signs.get(problem.returns_to_scale, 0.0))
    worst = np.maximum(worst, (-input_price * own_inputs).max(axis=1))
    worst = np.maximum(worst, (-output_price * own_outputs).max(axis=1))
    if problem.least_ratios is not None:
        over = problem.within_bounds(output_price) - output_price
        relative = np.divide(over, output_price, out=np.full_like(over, np.inf), where=output_price > 0)
        worst = np.maximum(worst, BOUNDS * np.where(over > 0, relative, 0.0).max(axis=1))
    # Where prices and scale price nearly cancel, reduced costs are known no better than this.
    return np.asarray(np.maximum(worst, ROUNDING * np.abs(scale_price)))


def _gap(
    problem: Problem,
    units: IntArray,
    score: FloatArray,
    input_price: FloatArray,
    output_price: FloatArray,
    scale_price: FloatArray,
) -> FloatArray:
    costs = input_price * problem.inputs[:, units].T
    if problem.orientation == "input":
        made = (output_price * problem.outputs[:, units].T).sum(axis=1)
        fixed = costs[:, problem.fixed].sum(axis=1)
        dual, terms = made + scale_price - fixed, made + np.abs(scale_price) + fixed
    else:
        spent = costs.sum(axis=1)
        dual, terms = spent - scale_price, spent + np.abs(scale_price)
    return np.asarray((np.abs(score - dual) + ROUNDING * terms) / np.maximum(1.0, np.abs(score)))
