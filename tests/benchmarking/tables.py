"""Rounds as tables, small enough to check by hand, for the tests of single steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from benchmarking.calculation import Calculation, Outcome
from benchmarking.specification import parse

SMALL: dict[str, Any] = {
    "inputs": ["total_cost"],
    "outputs": [{"name": "5vv", "days": ["days_5vv"]}],
    "returns_to_scale": "crs",
}


def start(rows: Mapping[str, Mapping[str, Any]], frozen: Mapping[str, Any] | None = None, **model: Any) -> Calculation:
    """Return the calculation before the first step; per key the figures, and the facts of a dataset."""
    measures = sorted({name for row in rows.values() for name in row} - {"merged", "delivered", "standing", "errors"})
    keys = sorted(rows)
    delivered = pd.DataFrame(
        {
            "delivered": [rows[key].get("delivered", True) for key in keys],
            "standing": [rows[key].get("standing", "") for key in keys],
            "merged": [rows[key].get("merged", False) for key in keys],
            "errors": [rows[key].get("errors", "") for key in keys],
        },
        index=pd.Index(keys, name="key", dtype=object),
    )
    for measure in measures:
        values = [rows[key].get(measure) for key in keys]
        delivered[measure] = pd.Series(
            [None if value is None else Decimal(str(value)) for value in values], index=delivered.index, dtype=object
        )
    return Calculation(
        specification=parse({**SMALL, **model}),
        frozen=frozen or {},
        seed=1,
        delivered=delivered,
        results=pd.DataFrame(index=delivered.index),
    )


def after(calculation: Calculation, *steps: Callable[[Calculation], Outcome]) -> Calculation:
    for step in steps:
        calculation = step(calculation).calculation
    return calculation


def column(calculation: Calculation, name: str) -> dict[str, Any]:
    return calculation.results[name].to_dict()
