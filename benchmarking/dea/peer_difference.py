"""A score corrected for circumstances that differ from those of one's own peers (stage 2 of the Norwegian regulator's
model).

For unit i with weights lambda_ij of its peers j, of cost C_j and circumstances z_j:

    share_ij  = lambda_ij C_j / sum_k lambda_ik C_k          share of peer j in the cost norm of i
    dz_i      = sum_j share_ij (z_i - z_j)                   own circumstances less those of the example
    regression of the bias-corrected scores on dz: score_i = a + dz_i b + e_i (least squares)
    corrected = uncorrected score - dz_i b                   without a; the correction is at most +- cap

A unit whose only peer is itself has dz = 0 and keeps its score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from benchmarking.dea import parameters, validation
from benchmarking.dea.factors import factor_table, require_information
from benchmarking.dea.result import BoolArray, FloatArray, ReadOnly


@dataclass(frozen=True, eq=False, kw_only=True)
class PeerDifference(ReadOnly):
    """Corrected scores; arrays read-only, in the caller's order.

    corrected : (n,)
        ``nan`` where the score is. Not clipped: see ``outside``.
    correction : (n,)
        ``corrected`` - score: positive for a unit whose circumstances are harder than its peers'.
    capped : (n,) bool
        Whether the correction was larger than ``cap`` allows.
    outside : (n,) bool
        Whether ``corrected`` is outside (0, 1]. Above 1 a unit does better than its peers would in its circumstances;
        0 or less is no score at all and must not be turned into money.
    difference : (n, k)
        dz.
    names, coefficient, standard_error : (k,)
        b, score points per unit of the factor. Standard errors are those of least squares with independent errors,
        which scores of one frontier are not: they are too small, and there only to compare factors with each other.
    intercept : float
    r_squared : float
    units : int
        How many took part in the regression; ``in_regression`` (n,) says which.
    """

    corrected: FloatArray
    correction: FloatArray
    capped: BoolArray
    outside: BoolArray
    difference: FloatArray
    names: tuple[str, ...]
    coefficient: FloatArray
    standard_error: FloatArray
    intercept: float
    r_squared: float
    units: int
    in_regression: BoolArray
    cap: float


def peer_difference(
    scores: ArrayLike,
    weights: ArrayLike | sparse.sparray,
    costs: ArrayLike,
    factors: ArrayLike,
    *,
    bias_corrected: ArrayLike,
    cap: float,
    factor_names: Sequence[str] | None = None,
    reference_factors: ArrayLike | None = None,
    in_regression: ArrayLike | None = None,
    keys: Iterable[object] | None = None,
) -> PeerDifference:
    """Correct scores for the difference between own circumstances and those of the own peers.

    Parameters
    ----------
    scores : (n,)
        Uncorrected theta; ``nan`` for a unit without a score, which takes no part and gets none.
    weights : (n, n_ref), sparse or not
        lambda, as ``efficiency(...).weights``.
    costs : (n_ref,)
        Costs of the reference units, euros; positive for every peer.
    factors : (n, k)
        Circumstances; ``reference_factors`` (n_ref, k) those of the reference units, if these are others than the
        evaluated ones.
    bias_corrected : (n,)
        The scores to regress, as ``bootstrap(...).bias_corrected``; ``nan`` takes no part in the regression.
    cap : float
        The correction lies between -cap and +cap score points; 0.40 in Norway, infinity for no limit.
    in_regression : (n,) bool
        Who may take part in the regression (in Norway not those left out of the frontier as special); all if not given.
    keys : (n,) sortable, all different
        Fix the order of summation: with keys the result does not depend on the order of rows.

    Raises
    ------
    ValueError
        For shapes that do not fit; something not finite or a weight below 0, naming row and column; a unit with a score
        but without weights; a factor whose difference does not vary or follows from the others in the regression; fewer
        units in the regression than coefficients plus two.

    Source: Amundsveen, Kordahl, Kvile & Langset (2014), Second stage adjustment for firm heterogeneity in DEA: a novel
    approach used in regulation of Norwegian electricity DSOs.
    """
    cap = parameters.positive(cap, "cap", finite=False)
    names = None if keys is None else parameters.listed(keys)
    score = parameters.column(scores, "scores", None, keys=names, missing=True, cure="give one score per unit")
    units = len(score)
    corrected_for_bias = parameters.column(bias_corrected, "bias_corrected", units, keys=names, missing=True)
    order = validation.order_of(names, units)
    table, labels = factor_table(factors, units, factor_names=factor_names, keys=names)
    matrix = _weights(weights, units)
    references = matrix.shape[1]
    cost = parameters.column(costs, "costs", references)
    if reference_factors is not None:
        reference, _ = factor_table(reference_factors, references, name="reference_factors", factor_names=labels)
    elif references == units:
        reference = table
    else:
        raise ValueError(
            f"weights has {references} columns for {units} units; give reference_factors, one row per column"
        )
    allowed = np.ones(units, dtype=bool)
    if in_regression is not None:
        cure = f"give {units} booleans, one per unit"
        allowed = validation.booleans(in_regression, "in_regression", (units,), cure)
    scored = np.isfinite(score)
    difference = np.full_like(table, np.nan)
    for unit in np.flatnonzero(scored):
        difference[unit] = _difference(int(unit), matrix, cost, table, reference, names)

    used = allowed & scored & np.isfinite(corrected_for_bias)
    chosen = order[used[order]]
    least = len(labels) + 2
    if len(chosen) < least:
        raise ValueError(
            f"peer_difference needs at least {least} units in the regression for {len(labels)} factor(s), and there "
            f"are {len(chosen)}; use fewer factors or allow more units in in_regression"
        )
    require_information(difference[chosen], labels, among="in the regression, as a difference from its peers")
    fit = _least_squares(corrected_for_bias[chosen], difference[chosen])
    wanted = -np.einsum("ik,k->i", difference, fit.slopes)
    correction = np.clip(wanted, -cap, cap)
    corrected = score + correction
    return PeerDifference(
        corrected=corrected,
        correction=correction,
        capped=np.abs(wanted) > cap,
        outside=scored & ~((corrected > 0) & (corrected <= 1)),
        difference=difference,
        names=labels,
        coefficient=fit.slopes,
        standard_error=fit.errors,
        intercept=fit.intercept,
        r_squared=fit.r_squared,
        units=len(chosen),
        in_regression=used,
        cap=cap,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Fit:
    intercept: float
    slopes: FloatArray
    errors: FloatArray
    r_squared: float


def _weights(weights: ArrayLike | sparse.sparray, units: int) -> sparse.csr_array:
    cure = "give one row per unit, one column per reference unit"
    if not sparse.issparse(weights):
        weights = parameters.numbers_of(weights, "weights", cure)
    if weights.ndim != 2:
        raise ValueError(f"weights has shape {weights.shape}; {cure}")
    if weights.dtype.kind not in "biuf":
        raise ValueError(f"weights has type {weights.dtype}; {cure}, of numbers")
    try:
        matrix = sparse.csr_array(weights).astype(np.float64)
        matrix.check_format(full_check=True)
    except Exception as error:  # indices put together by hand
        raise ValueError(f"weights is no sparse array: {error}; {cure}") from error
    if matrix.shape[0] != units:
        raise ValueError(f"weights has shape {matrix.shape} for {units} scores; give one row per unit")
    wrong = np.flatnonzero(~(np.isfinite(matrix.data) & (matrix.data >= 0)))
    if wrong.size:
        row = int(np.searchsorted(matrix.indptr, wrong[0], side="right")) - 1
        raise ValueError(
            f"weights row {row}, column {int(matrix.indices[wrong[0]])}: {matrix.data[wrong[0]]:.12g}; give the weights "
            "of efficiency, which are finite and 0 or more"
        )
    return matrix


def _difference(
    unit: int,
    weights: sparse.csr_array,
    costs: FloatArray,
    factors: FloatArray,
    reference: FloatArray,
    names: Sequence[object] | None,
) -> FloatArray:
    """dz of one unit, ``(k,)``."""
    entries = slice(weights.indptr[unit], weights.indptr[unit + 1])
    peers, amount = weights.indices[entries], weights.data[entries]
    peers, amount = peers[amount > 0], amount[amount > 0]
    if not len(peers):
        raise ValueError(
            f"weights {parameters.row_name(unit, names)}: the unit has a score and no peer; give it its weights, or nan "
            "for a score"
        )
    free = np.flatnonzero(~(costs[peers] > 0))
    if free.size:
        raise ValueError(
            f"costs row {int(peers[free[0]])}: {costs[peers[free[0]]]:.12g} is not positive, and the unit is somebody's "
            "peer; supply its costs"
        )
    with np.errstate(over="ignore"):
        norm = amount * costs[peers]
    if not 0 < norm.sum() < np.inf:
        raise ValueError(
            f"weights {parameters.row_name(unit, names)}: times the costs of the peers they are too large or too small for "
            "floating-point numbers; give the weights of efficiency"
        )
    # By size, so that the order of rows does not decide in which order is summed.
    by_size = np.lexsort((*(reference[peers].T), norm))
    share = norm[by_size] / norm[by_size].sum()
    total: FloatArray = np.einsum("j,jk->k", share, factors[unit] - reference[peers[by_size]])
    return total


def _least_squares(values: FloatArray, table: FloatArray) -> _Fit:
    centre = table.mean(axis=0)
    deviation = table.std(axis=0)
    # Standardised and centred: the normal equations are then as good as the factors are different from each other.
    scaled = (table - centre) / deviation
    mean = float(values.mean())
    moments = np.einsum("ik,il->kl", scaled, scaled)
    slopes = np.linalg.solve(moments, np.einsum("ik,i->k", scaled, values - mean))
    rest = values - mean - np.einsum("ik,k->i", scaled, slopes)
    left = float(np.einsum("i,i->", rest, rest))
    whole = float(((values - mean) ** 2).sum())
    variance = left / (len(values) - table.shape[1] - 1)
    errors = np.sqrt(variance * np.diag(np.linalg.inv(moments)))
    return _Fit(
        intercept=mean - float(np.einsum("k,k->", slopes / deviation, centre)),
        slopes=slopes / deviation,
        errors=errors / deviation,
        r_squared=1.0 - left / whole if whole > 0 else float("nan"),
    )
