"""What the caller gives, checked and put into key order. Every refusal says where and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice, pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarking.dea import parameters
from benchmarking.dea.parameters import shown
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

RETURNS_TO_SCALE = ("crs", "vrs", "drs", "irs", "fdh")
ORIENTATIONS = ("input", "output")
#: More inputs than a model has: what goes on beyond this has no end.
MOST_COLUMNS = 10_000

Comparable = ArrayLike | Callable[[int], ArrayLike]


def choice(value: object, allowed: Sequence[str], name: str) -> str:
    """``value`` if it is one of ``allowed``, else ``ValueError``."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} is {shown(value)}; choose one of {', '.join(allowed)}")
    return str(value)


def amounts(values: object, name: str, *, names: Sequence[object] | None = None) -> FloatArray:
    """A non-negative finite ``(n, columns)`` array in which every row has something positive, and nothing positive is
    beyond what can be computed with.

    ``names`` are the keys of the rows, for the message.
    """
    array = parameters.numbers_of(values, name, "give a rectangular table of numbers")
    if array.ndim != 2:
        raise ValueError(f"{name} has {array.ndim} dimension(s); give one row per unit and one column per measure")
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise ValueError(f"{name} has shape {array.shape}; give at least one unit and one column")
    for wrong, what in (
        (~np.isfinite(array), "is not a finite number; leave the unit out or supply the amount"),
        (array < 0, "is negative; amounts must be 0 or more, so leave the unit out or correct the amount"),
    ):
        if wrong.any():
            row, column = (int(position[0]) for position in np.nonzero(wrong))
            raise ValueError(
                f"{name} {parameters.row_name(row, names)}, column {column}: {array[row, column]:.12g} {what}"
            )
    parameters.of_usable_size(array, name, names)
    empty = np.flatnonzero(~(array > 0).any(axis=1))
    if empty.size:
        raise ValueError(
            f"{name} {parameters.row_name(int(empty[0]), names)}: every column (0 to {array.shape[1] - 1}) is 0; leave "
            "the unit out or supply at least one positive amount"
        )
    return array


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


def of_one_world(inputs: FloatArray, outputs: FloatArray, prefix: str = "") -> None:
    """Refuse amounts ``(n, columns)`` of all units together that could make a score overflow: a score is at most how
    far the inputs lie apart times how far the outputs do."""
    spreads = []
    for table in (inputs, outputs):
        lowest = np.where(table > 0, table, np.inf).min(axis=0)
        highest = table.max(axis=0)
        spreads.append(np.where(highest > 0, highest, 1.0) / np.where(highest > 0, lowest, 1.0))
    of_inputs, of_outputs = spreads
    if of_inputs.max() > parameters.WIDEST / of_outputs.max():
        raise ValueError(
            f"{prefix}inputs column {int(of_inputs.argmax())} has amounts that are {of_inputs.max():.3g} times as large as "
            f"others and {prefix}outputs column {int(of_outputs.argmax())} {of_outputs.max():.3g} times, which together is "
            f"above {parameters.WIDEST:g} and too far apart to compute with; leave out units that are out of all proportion"
        )


def distances(theta: FloatArray, rows: IntArray, names: Sequence[object] | None) -> FloatArray:
    """Shephard's distances 1 / theta, at least 1, of units of the caller's ``rows``; refuse those beyond computing."""
    with np.errstate(divide="ignore"):
        distance: FloatArray = np.maximum(1.0 / theta, 1.0)
    extreme = np.flatnonzero(~(distance <= parameters.LARGEST))
    if extreme.size:
        raise ValueError(
            f"inputs {parameters.row_name(int(rows[extreme[0]]), names)}: they are {distance[extreme[0]]:.3g} times what "
            "would do, which is too far from the frontier to compute with; leave the unit out or correct its amounts"
        )
    return distance


def order_of(keys: Iterable[object] | None, units: int, name: str = "keys") -> IntArray:
    """The row order that sorts by key, ``(n,)``; the order given if there are no keys."""
    if keys is None:
        return np.arange(units)
    listed = parameters.listed(keys, name)
    if len(listed) != units:
        raise ValueError(f"{name} has {len(listed)} entries for {units} units; give one per unit")
    try:
        order = sorted(range(units), key=listed.__getitem__)  # type: ignore[arg-type]  # unsortable: refused below
        # Not "equal" but "not in order": nan, too, would leave the order of ties to the order of rows.
        pairs = list(pairwise(order))
        unordered = [pair for pair in pairs if not listed[pair[0]] < listed[pair[1]]]  # type: ignore[operator]
        equal = bool(unordered) and bool(listed[unordered[0][0]] == listed[unordered[0][1]])
    except Exception as error:  # a comparison of foreign objects may do anything
        raise ValueError(f"{name} cannot be sorted: {error}; give them all the same type") from error
    if unordered:
        first, second = unordered[0]
        raise ValueError(
            f"{name} rows {first} and {second} are both {shown(listed[second])}; give every unit its own key"
            if equal
            else f"{name} rows {first} and {second} ({shown(listed[first])}, {shown(listed[second])}) have no order"
        )
    return np.array(order, dtype=np.intp)


def booleans(values: object, name: str, shape: tuple[int, ...], cure: str) -> BoolArray:
    """``values`` as an array of booleans of this shape, else ``ValueError``."""
    array = parameters.read(values, name, cure)
    if array.dtype != np.bool_ or array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape} and type {array.dtype}; {cure}")
    return array.view(np.bool_)


def peers_mask(may_be_peer: ArrayLike | None, references: int) -> BoolArray:
    """``may_be_peer`` as ``(n_ref,)`` bool; all true if not given."""
    if may_be_peer is None:
        return np.ones(references, dtype=bool)
    cure = f"give {references} booleans, one per reference unit"
    return booleans(may_be_peer, "may_be_peer", (references,), cure).copy()


def column_numbers(fixed_inputs: Iterable[int]) -> list[int]:
    """``fixed_inputs`` as whole numbers, not yet held against the columns there are."""
    if not isinstance(fixed_inputs, Iterable) or (isinstance(fixed_inputs, np.ndarray) and not fixed_inputs.ndim):
        raise ValueError(f"fixed_inputs is {shown(fixed_inputs)}; give a list of column numbers, () for none")
    found = list(islice(fixed_inputs, MOST_COLUMNS + 1))
    for column in found:
        if isinstance(column, (bool, np.bool_)) or not isinstance(column, (int, np.integer)):
            message = f"fixed_inputs holds {shown(column)}; give column numbers of inputs"
            raise ValueError(message)  # everything the caller gets wrong is a ValueError
    if len(found) > MOST_COLUMNS:
        raise ValueError(f"fixed_inputs has more than {MOST_COLUMNS} entries; give each column once")
    return found


def fixed_mask(fixed_inputs: Iterable[int], inputs: int, orientation: str) -> BoolArray:
    """``fixed_inputs`` as ``(m,)`` bool."""
    mask = np.zeros(inputs, dtype=bool)
    for column in column_numbers(fixed_inputs):
        if not 0 <= column < inputs:
            raise ValueError(
                f"fixed_inputs holds {shown(column)}, but inputs has columns 0 to {inputs - 1}; give one of these"
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
            name, cure = f"comparable({int(order[unit])})", f"return {references} booleans, one per reference unit"
            try:
                told = ask(int(order[unit]))
            except ValueError:
                raise
            except Exception as error:  # a function of two arguments, a row it does not know
                raise ValueError(f"{name} fails with {type(error).__name__}: {error}; {cure}") from error
            row = booleans(told, name, (references,), cure)
            answer: NDArray[np.bool_] = row[reference_order]
            return answer

        return asked
    table = booleans(comparable, "comparable", (units, references), f"give booleans of shape ({units}, {references})")

    def looked_up(unit: int) -> BoolArray:
        row: NDArray[np.bool_] = table[order[unit], reference_order]
        return row

    return looked_up
