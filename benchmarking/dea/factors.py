"""Circumstances beside the amounts (urbanity, absence, size): one column per factor, checked for what a regression
needs of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from benchmarking.dea.parameters import numbers_of, of_usable_size, row_name, shown
from benchmarking.dea.result import FloatArray

#: A factor whose part not explained by the others is below this share of its own spread counts as explained.
COLLINEAR = 1e-8
#: A factor whose largest and smallest value differ by no more than this share of its size counts as constant.
CONSTANT = 1e-12


def factor_table(
    values: ArrayLike,
    units: int,
    *,
    name: str = "factors",
    factor_names: Sequence[str] | None = None,
    keys: Sequence[object] | None = None,
) -> tuple[FloatArray, tuple[str, ...]]:
    """``(units, k)`` finite numbers and the ``k`` names ("factor 0", "factor 1", ... if none are given)."""
    array = numbers_of(values, name, "give one row per unit, one column per factor")
    if array.ndim != 2 or array.shape[0] != units or array.shape[1] == 0:
        raise ValueError(f"{name} has shape {array.shape}; give {units} rows, one per unit, and a column per factor")
    names = tuple(f"factor {k}" for k in range(array.shape[1]))
    if factor_names is not None:
        names = _labels(factor_names)
        if len(names) != array.shape[1]:
            raise ValueError(
                f"factor_names has {len(names)} entries and {name} has {array.shape[1]} columns; name every column"
            )
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        row, k = (int(position) for position in wrong[0])
        raise ValueError(
            f"{name} {row_name(row, keys)}, column {k} ({names[k]!r}): {array[row, k]:.12g} is not a finite number; "
            "supply it or leave the unit out"
        )
    of_usable_size(array, name, keys)
    return array, names


def _labels(factor_names: Sequence[str]) -> tuple[str, ...]:
    cure = f"factor_names is {shown(factor_names)}; give a list of names, one per column"
    if isinstance(factor_names, (str, bytes)):
        raise ValueError(cure)
    try:
        labels = tuple(factor_names[k] for k in range(len(factor_names)))
    except Exception as error:  # a number, a set
        raise ValueError(cure) from error
    if not all(isinstance(label, str) for label in labels):
        raise ValueError(cure)
    return labels


def require_information(table: FloatArray, names: Sequence[str], *, among: str) -> None:
    """Refuse a factor that is constant, or that follows from the others, ``among`` the units that count."""
    centred = np.empty_like(table)
    for k, name in enumerate(names):
        values = table[:, k]
        if values.max() - values.min() <= CONSTANT * np.abs(values).max():
            raise ValueError(
                f"factors column {k} ({name!r}) is {values[0]:.12g} for every unit {among}; a factor without variation "
                "explains nothing, so leave it out"
            )
        difference = values - values.mean()
        centred[:, k] = difference / np.sqrt(np.einsum("i,i->", difference, difference))
        others = centred[:, :k]
        explained, *_ = np.linalg.lstsq(others, centred[:, k], rcond=None)
        rest = centred[:, k] - np.einsum("ik,k->i", others, explained)
        if np.sqrt(np.einsum("i,i->", rest, rest)) <= COLLINEAR:
            from_these = ", ".join(repr(names[j]) for j in range(k) if abs(explained[j]) > COLLINEAR)
            raise ValueError(
                f"factors column {k} ({name!r}) follows exactly from {from_these} among the units {among}; leave one "
                "of them out"
            )
