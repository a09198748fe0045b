"""What the caller gives, checked and put into key order. Every refusal says where and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarking.dea.result import BoolArray, FloatArray, IntArray

RETURNS_TO_SCALE = ("crs", "vrs", "drs", "irs", "fdh")
ORIENTATIONS = ("input", "output")

Comparable = ArrayLike | Callable[[int], ArrayLike]


def choice(value: object, allowed: Sequence[str], name: str) -> str:
    """``value`` if it is one of ``allowed``, else ``ValueError``."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; choose one of {', '.join(allowed)}")
    return str(value)


def amounts(values: ArrayLike, name: str, *, names: Sequence[object] | None = None) -> FloatArray:
    """A non-negative finite ``(n, columns)`` array in which every row has something positive.

    ``names`` are the keys of the rows, for the message.
    """
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} {_first_unreadable(values)}; give a rectangular table of numbers") from error
    if array.ndim != 2:
        raise ValueError(f"{name} has {array.ndim} dimension(s); give one row per unit and one column per measure")
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise ValueError(f"{name} has shape {array.shape}; give at least one unit and one column")

    def row_name(row: int) -> str:
        return f"row {row}" if names is None or len(names) <= row else f"row {row} (key {names[row]!r})"

    for wrong, what in (
        (~np.isfinite(array), "is not a finite number; leave the unit out or supply the amount"),
        (array < 0, "is negative; amounts must be 0 or more, so leave the unit out or correct the amount"),
    ):
        if wrong.any():
            row, column = (int(position[0]) for position in np.nonzero(wrong))
            raise ValueError(f"{name} {row_name(row)}, column {column}: {array[row, column]:.12g} {what}")
    empty = np.flatnonzero(~(array > 0).any(axis=1))
    if empty.size:
        raise ValueError(
            f"{name} {row_name(int(empty[0]))}: every column (0 to {array.shape[1] - 1}) is 0; leave the unit out or "
            "supply at least one positive amount"
        )
    return array


def _first_unreadable(values: ArrayLike) -> str:
    if isinstance(values, (Sequence, np.ndarray)) and not isinstance(values, (str, bytes)):
        for row, cells in enumerate(values):
            if isinstance(cells, (Sequence, np.ndarray)) and not isinstance(cells, (str, bytes)):
                for column, cell in enumerate(cells):
                    try:
                        float(cell)
                    except (TypeError, ValueError):
                        return f"row {row}, column {column}: {cell!r} is not a number"
    return "cannot be read as numbers"


def same_columns(array: FloatArray, reference: FloatArray, name: str) -> None:
    """Refuse reference arrays with other columns than the evaluated ones."""
    if array.shape[1] != reference.shape[1]:
        raise ValueError(
            f"reference_{name} has {reference.shape[1]} columns and {name} has {array.shape[1]}; give both the same"
        )


def same_rows(inputs: FloatArray, outputs: FloatArray, prefix: str = "") -> None:
    """Refuse inputs and outputs of different numbers of units."""
    if len(inputs) != len(outputs):
        raise ValueError(
            f"{prefix}inputs has {len(inputs)} rows and {prefix}outputs has {len(outputs)}; "
            "give one row per unit in both"
        )


def order_of(keys: Iterable[object] | None, units: int, name: str = "keys") -> IntArray:
    """The row order that sorts by key, ``(n,)``; the order given if there are no keys."""
    if keys is None:
        return np.arange(units)
    listed = list(keys)
    if len(listed) != units:
        raise ValueError(f"{name} has {len(listed)} entries for {units} units; give one per unit")
    try:
        order = sorted(range(units), key=listed.__getitem__)  # type: ignore[arg-type]  # unsortable: refused below
    except TypeError as error:
        raise ValueError(f"{name} cannot be sorted: {error}; give them all the same type") from error
    for first, second in pairwise(order):
        # Not "equal" but "not in order": nan, too, would leave the order of ties to the order of rows.
        if not listed[first] < listed[second]:  # type: ignore[operator]
            raise ValueError(
                f"{name} rows {first} and {second} are both {listed[second]!r}; give every unit its own key"
                if listed[first] == listed[second]
                else f"{name} rows {first} and {second} ({listed[first]!r}, {listed[second]!r}) have no order"
            )
    return np.array(order, dtype=np.intp)


def peers_mask(may_be_peer: ArrayLike | None, references: int) -> BoolArray:
    """``may_be_peer`` as ``(n_ref,)`` bool; all true if not given."""
    if may_be_peer is None:
        return np.ones(references, dtype=bool)
    mask = np.asarray(may_be_peer)
    if mask.dtype != np.bool_ or mask.shape != (references,):
        raise ValueError(
            f"may_be_peer has shape {mask.shape} and type {mask.dtype}; give {references} "
            "booleans, one per reference unit"
        )
    return mask.copy()


def fixed_mask(fixed_inputs: Iterable[int], inputs: int, orientation: str) -> BoolArray:
    """``fixed_inputs`` as ``(m,)`` bool."""
    mask = np.zeros(inputs, dtype=bool)
    for column in fixed_inputs:
        if isinstance(column, (bool, np.bool_)) or not isinstance(column, (int, np.integer)):
            message = f"fixed_inputs holds {column!r}; give column numbers of inputs"
            raise ValueError(message)  # everything the caller gets wrong is a ValueError
        if not 0 <= column < inputs:
            raise ValueError(
                f"fixed_inputs holds {column}, but inputs has columns 0 to {inputs - 1}; give one of these"
            )
        mask[column] = True
    if mask.any() and orientation != "input":
        raise ValueError(
            "fixed_inputs has a meaning in input orientation only; leave it out or use orientation='input'"
        )
    if mask.all():
        raise ValueError("fixed_inputs names every input, so there is nothing to reduce; leave at least one out")
    return mask


def reducible(inputs: FloatArray, fixed: BoolArray) -> None:
    """Refuse a unit whose only positive inputs are fixed."""
    if fixed.any():
        empty = np.flatnonzero(~(inputs[:, ~fixed] > 0).any(axis=1))
        if empty.size:
            raise ValueError(
                f"inputs row {int(empty[0])}: every input that is not in fixed_inputs (columns "
                f"{np.flatnonzero(~fixed).tolist()}) is 0, so there is nothing to reduce; leave the unit out"
            )


def comparable_rows(
    comparable: Comparable | None, units: int, references: int, order: IntArray, reference_order: IntArray
) -> Callable[[int], BoolArray] | None:
    """A function from a unit in key order to its comparable reference units in key order, ``(n_ref,)`` bool."""
    if comparable is None:
        return None
    if callable(comparable):
        ask = comparable

        def asked(unit: int) -> BoolArray:
            row = np.asarray(ask(int(order[unit])))
            if row.dtype != np.bool_ or row.shape != (references,):
                raise ValueError(
                    f"comparable({int(order[unit])}) has shape {row.shape} and type {row.dtype}; return {references} "
                    "booleans, one per reference unit"
                )
            answer: NDArray[np.bool_] = row[reference_order]
            return answer

        return asked
    table = np.asarray(comparable)
    if table.dtype != np.bool_ or table.shape != (units, references):
        raise ValueError(
            f"comparable has shape {table.shape} and type {table.dtype}; give booleans of shape ({units}, {references})"
        )

    def looked_up(unit: int) -> BoolArray:
        row: NDArray[np.bool_] = table[order[unit], reference_order]
        return row

    return looked_up
