"""The public contract: check, put in key order, solve and prove, and hand back in the caller's order."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from benchmarking.dea import parameters, validation
from benchmarking.dea.answers import Answers, answer_all, answer_exactly
from benchmarking.dea.price_bounds import Trades, trades_of
from benchmarking.dea.problem import Problem
from benchmarking.dea.result import Efficiency, FloatArray, IntArray
from benchmarking.dea.threads import one_thread


def efficiency(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    returns_to_scale: str = "vrs",
    orientation: str = "input",
    keys: Iterable[object] | None = None,
    reference_inputs: ArrayLike | None = None,
    reference_outputs: ArrayLike | None = None,
    reference_keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    own_reference: bool = True,
    exclude_self: bool = False,
    fixed_inputs: Iterable[int] = (),
    price_bounds: object = None,
    slacks: bool = False,
    exact: bool = False,
) -> Efficiency:
    """Radial efficiency of every unit against its reference set.

    Parameters
    ----------
    inputs, outputs : (n, m), (n, s)
        Amounts (costs in euros, care days), one row per unit; finite, not negative, each row with something positive.
        Real numbers in arrays or nested lists; no text, no masked arrays and no arrays of objects. What is not 0 lies
        between 1e-100 and 1e100: beyond that floating point overflows, and other units of measurement help. For the
        same reason the largest over the smallest amount of an input, times that of an output, is at most 1e200.
    returns_to_scale : "crs", "vrs", "drs" (non-increasing), "irs" (non-decreasing) or "fdh" (free disposal hull)
    orientation : "input" (score theta: share of the inputs that suffices) or "output" (phi: how much more can be made)
    keys : (n,) sortable, all different
        Fix the order in which ties are broken; the order of rows if not given. With keys, the result of a unit is the
        same to the bit whatever the order of rows.
    reference_inputs, reference_outputs : (n_ref, m), (n_ref, s)
        The frontier, if other units than those evaluated make it up; ``reference_keys`` orders them.
    may_be_peer : (n_ref,) bool
        Who may be a peer at all.
    comparable : (n, n_ref) bool, or a function from row number to (n_ref,) bool
        Who may be a peer of whom.
    own_reference : bool
        A unit stays in its own reference whatever the two above say, so theta <= 1. Has no meaning with separate
        reference arrays or ``exclude_self``.
    exclude_self : bool
        Leave every unit out of its own reference (super-efficiency).
    fixed_inputs : column numbers
        Inputs that cannot be reduced (Banker & Morey); input orientation only.
    price_bounds : (lower, upper), each (s, s)
        lower[r, q] <= price_r / price_q <= upper[r, q] (type-I assurance region); not under "fdh".
    slacks : bool
        Second phase: of all optimal weights those with the largest sum of slacks, each divided by its column mean
        over the reference units. Changes ``input_slack`` and ``output_slack`` only, never score or weights.
    exact : bool
        Solve every unit in whole numbers, from the same figures but with none of the same arithmetic: some 20 ms a
        unit instead of 0.1 ms. For who wants to check. Under "fdh", which is enumeration, it changes nothing.
        Prices are called unique only where the vertex alone shows it.

    Returns
    -------
    Efficiency
        In the order of the rows given. An infeasible unit has ``nan``; under "crs" and "drs" in output orientation zero
        weights are always possible, so a unit that nobody else can match then has phi = 0 with ``exclude_self``.

    Raises
    ------
    ValueError
        Naming row and column, if the data or options cannot be used, or if no unit has anybody to compare with.

    Sources: Charnes, Cooper & Rhodes (1978); Banker, Charnes & Cooper (1984); Andersen & Petersen (1993); Banker &
    Morey (1986); Thompson, Langemeier, Lee, Lee & Thrall (1990); Deprins, Simar & Tulkens (1984).
    """
    slacks = parameters.flag(slacks, "slacks")
    prepared = prepare(
        inputs,
        outputs,
        returns_to_scale=returns_to_scale,
        orientation=orientation,
        keys=keys,
        reference_inputs=reference_inputs,
        reference_outputs=reference_outputs,
        reference_keys=reference_keys,
        may_be_peer=may_be_peer,
        comparable=comparable,
        own_reference=own_reference,
        exclude_self=exclude_self,
        fixed_inputs=fixed_inputs,
        price_bounds=price_bounds,
    )
    problem, order, reference_order, trades = prepared
    if not problem.has_anybody.any():
        raise ValueError(
            "no unit has anybody to be compared with; allow more units in may_be_peer or comparable, or keep "
            "own_reference=True without exclude_self"
        )
    with one_thread():
        if parameters.flag(exact, "exact") and returns_to_scale != "fdh":
            answers = answer_exactly(problem, slacks=slacks)
        else:
            answers = answer_all(problem, slacks=slacks)
    return assemble(problem, answers, order, reference_order, trades)


def super_efficiency(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    returns_to_scale: str = "vrs",
    orientation: str = "input",
    keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None = None,
    comparable: validation.Comparable | None = None,
    fixed_inputs: Iterable[int] = (),
    price_bounds: object = None,
    slacks: bool = False,
) -> Efficiency:
    """``efficiency`` with every unit left out of its own reference, so that scores above 1 (theta) or below 1 (phi)
    tell efficient units apart. Never clipped; infeasible where nobody else can match the unit. Andersen & Petersen
    (1993).
    """
    return efficiency(
        inputs,
        outputs,
        returns_to_scale=returns_to_scale,
        orientation=orientation,
        keys=keys,
        may_be_peer=may_be_peer,
        comparable=comparable,
        exclude_self=True,
        fixed_inputs=fixed_inputs,
        price_bounds=price_bounds,
        slacks=slacks,
    )


def prepare(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    returns_to_scale: str,
    orientation: str,
    keys: Iterable[object] | None,
    reference_inputs: ArrayLike | None = None,
    reference_outputs: ArrayLike | None = None,
    reference_keys: Iterable[object] | None = None,
    may_be_peer: ArrayLike | None,
    comparable: validation.Comparable | None,
    own_reference: bool,
    exclude_self: bool,
    fixed_inputs: Iterable[int],
    price_bounds: object,
) -> tuple[Problem, IntArray, IntArray, Trades | None]:
    """Check everything; return the problem in key order, the two orders (``order[k]`` is the caller's row of unit k)
    and the trade-offs."""
    returns_to_scale = validation.choice(returns_to_scale, validation.RETURNS_TO_SCALE, "returns_to_scale")
    orientation = validation.choice(orientation, validation.ORIENTATIONS, "orientation")
    own_reference = parameters.flag(own_reference, "own_reference")
    exclude_self = parameters.flag(exclude_self, "exclude_self")
    names = None if keys is None else parameters.listed(keys)
    x = validation.amounts(inputs, "inputs", names=names)
    y = validation.amounts(outputs, "outputs", names=names)
    validation.same_rows(x, y)
    order = validation.order_of(names, len(x))
    if reference_inputs is None and reference_outputs is None:
        if reference_keys is not None:
            raise ValueError("reference_keys needs reference_inputs and reference_outputs; use keys for the units")
        reference_x, reference_y, reference_order = x, y, order
        own: IntArray = np.arange(len(x))
    else:
        if reference_inputs is None or reference_outputs is None:
            raise ValueError("reference_inputs and reference_outputs belong together; give both or neither")
        if exclude_self:
            raise ValueError(
                "exclude_self needs the evaluated units themselves as reference; leave reference_inputs and "
                "reference_outputs out, or exclude units with comparable"
            )
        reference_names = None if reference_keys is None else parameters.listed(reference_keys, "reference_keys")
        reference_x = validation.amounts(reference_inputs, "reference_inputs", names=reference_names)
        reference_y = validation.amounts(reference_outputs, "reference_outputs", names=reference_names)
        validation.same_rows(reference_x, reference_y, "reference_")
        validation.same_columns(x, reference_x, "inputs")
        validation.same_columns(y, reference_y, "outputs")
        reference_order = validation.order_of(reference_names, len(reference_x), "reference_keys")
        own = np.full(len(x), -1, dtype=np.intp)
    validation.of_one_world(np.vstack([x, reference_x]), np.vstack([y, reference_y]))
    fixed = validation.fixed_mask(fixed_inputs, x.shape[1], orientation)
    validation.reducible(x, fixed)
    trades: Trades | None = None
    if price_bounds is not None:
        if returns_to_scale == "fdh":
            raise ValueError("price_bounds have no meaning under fdh, which has no prices; leave one of the two out")
        trades = trades_of(price_bounds, y.shape[1])
    references = len(reference_x)
    problem = Problem(
        inputs=np.ascontiguousarray(x[order].T),
        outputs=np.ascontiguousarray(y[order].T),
        reference_inputs=np.ascontiguousarray(reference_x[reference_order].T),
        reference_outputs=np.ascontiguousarray(reference_y[reference_order].T),
        returns_to_scale=returns_to_scale,
        orientation=orientation,
        fixed=fixed,
        trades=np.zeros((y.shape[1], 0)) if trades is None else trades.columns,
        anchor=None if trades is None else trades.anchor,
        may_be_peer=validation.peers_mask(may_be_peer, references)[reference_order],
        comparable=validation.comparable_rows(comparable, len(x), references, order, reference_order),
        own=own,
        own_reference=own_reference,
        exclude_self=exclude_self,
    )
    return problem, order, reference_order, trades


def assemble(
    problem: Problem, answers: Answers, order: IntArray, reference_order: IntArray, trades: Trades | None
) -> Efficiency:
    """From key order back to the order of the caller's rows."""
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    # The rows of the weights are in key order still; columns and rows are put in the caller's order, columns ascending.
    rows, peers = order[answers.weight_row], reference_order[answers.weight_peer]
    sorting = np.lexsort((peers, rows))
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=problem.units))])
    weights = sparse.csr_array(
        (answers.weight[sorting], peers[sorting], start), shape=(problem.units, problem.references)
    )
    tradeoffs: FloatArray | None = None
    if trades is not None:
        outputs = len(problem.outputs)
        tradeoffs = np.zeros((problem.units, outputs, outputs))
        tradeoffs[:, trades.pairs[:, 0], trades.pairs[:, 1]] = answers.trades[back]
        tradeoffs[np.isnan(answers.score[back])] = np.nan
    # w of the minimisation is minus the scale price where the objective is -phi.
    sense = 1.0 if problem.orientation == "input" else -1.0
    return Efficiency(
        score=answers.score[back],
        weights=weights,
        input_slack=answers.input_slack[back],
        output_slack=answers.output_slack[back],
        input_price=answers.input_price[back],
        output_price=answers.output_price[back],
        scale_price=sense * answers.scale_price[back] + 0.0,
        tradeoffs=tradeoffs,
        status=answers.status[back],
        certificate=answers.certificate[back],
        unique=answers.unique[back],
        prices_unique=answers.prices_unique[back],
        own_prices_unique=answers.own_prices_unique[back],
        fallback=answers.fallback[back],
        returns_to_scale=problem.returns_to_scale,
        orientation=problem.orientation,
    )
