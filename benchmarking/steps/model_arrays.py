"""From the tables of a run to the arrays of the numeric core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarking.calculation import Calculation, RunFailed
from benchmarking.specification import Environment, Output


@dataclass(frozen=True)
class ModelArrays:
    """Arrays of who takes part, rows in order of key: ``inputs (n, m)`` costs, ``outputs (n, s)`` weighted care days."""

    keys: tuple[str, ...]
    inputs: NDArray[np.float64]
    outputs: NDArray[np.float64]
    may_be_peer: NDArray[np.bool_]


def product_prices(frozen: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return the maximum tariffs of the book year that were frozen with the run, by measure of days."""
    return {code: Decimal(amount) for code, amount in frozen.get("product_prices", {}).items()}


def output_weights(output: Output, prices: Mapping[str, Decimal]) -> list[Decimal]:
    """Return the weight of each measure in an output; with ``"tariff"`` Tₚ/T_base, T_base that of the first measure.

    Raises :class:`RunFailed` if a tariff that is needed is not in the table.
    """
    if output.weights == "sum":
        return [Decimal(1)] * len(output.days)
    if output.weights == "tariff":
        if missing := [measure for measure in output.days if measure not in prices]:
            raise RunFailed(f"Voor deze producten ontbreekt een maximumtarief in het boekjaar: {', '.join(missing)}.")
        return [prices[measure] / prices[output.days[0]] for measure in output.days]
    return list(output.weights)


def model_arrays(calculation: Calculation) -> ModelArrays:
    """Return the arrays of the comparison; allowances are taken out of the one input."""
    specification = calculation.specification
    keys = calculation.taking_part
    rows = calculation.delivered.loc[keys]
    if len(specification.inputs) == 1:
        inputs = calculation.results.loc[keys, ["comparable_cost"]].to_numpy(dtype=float)
    else:
        inputs = rows[list(specification.inputs)].to_numpy(dtype=float)
    prices = product_prices(calculation.frozen)
    columns = []
    for output in specification.outputs:
        weights = output_weights(output, prices)
        weighted: Any = sum(rows[measure] * weight for measure, weight in zip(output.days, weights, strict=True))
        columns.append(weighted.to_numpy(dtype=float))
    return ModelArrays(
        keys=tuple(keys),
        inputs=inputs,
        outputs=np.column_stack(columns),
        may_be_peer=calculation.results.loc[keys, "may_be_peer"].to_numpy(dtype=bool),
    )


def core_options(calculation: Calculation, arrays: ModelArrays) -> dict[str, Any]:
    """Return what the functions of the core are told beside the arrays: scale, keys, who may be a peer and of whom."""
    specification = calculation.specification
    return {
        "returns_to_scale": specification.returns_to_scale,
        "keys": list(arrays.keys),
        "may_be_peer": arrays.may_be_peer,
        "comparable": same_or_harder(calculation.delivered.loc[list(arrays.keys)], specification.environment),
        "fixed_inputs": tuple(specification.inputs.index(name) for name in specification.fixed_inputs),
        "price_bounds": price_bounds(calculation),
    }


def price_bounds(calculation: Calculation) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return ``(lower, upper)``, each ``(s, s)``: bounds on p_r/p_q, a factor around the ratio of the tariffs."""
    bounds = calculation.specification.price_bounds
    if bounds is None:
        return None
    prices = product_prices(calculation.frozen)
    base = []
    for output in calculation.specification.outputs:
        if output.days[0] not in prices:
            raise RunFailed(f"Voor prijsgrenzen ontbreekt een maximumtarief in het boekjaar: {output.days[0]}.")
        base.append(float(prices[output.days[0]]))
    ratio = np.divide.outer(np.array(base), np.array(base))
    factor = float(bounds.factor)
    lower, upper = ratio / factor, ratio * factor
    np.fill_diagonal(lower, 1.0)
    np.fill_diagonal(upper, 1.0)
    return lower, upper


def same_or_harder(rows: pd.DataFrame, factors: tuple[Environment, ...]) -> NDArray[np.bool_] | None:
    """Return ``(n, n)`` bool: row i may be compared with column j, whose circumstances are the same or harder.

    All factors at once. A missing value compares with nobody but itself. ``None`` without factors.
    """
    if not factors:
        return None
    allowed = np.ones((len(rows), len(rows)), dtype=bool)
    for factor in factors:
        value = rows[factor.measure].to_numpy(dtype=float)
        if factor.harder == "lower":
            value = -value
        with np.errstate(invalid="ignore"):
            allowed &= value[None, :] >= value[:, None] - float(factor.tolerance)
    np.fill_diagonal(allowed, True)
    return allowed
