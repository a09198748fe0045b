"""Numbers that steer a computation and single columns of figures, checked. Every refusal says what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarking.dea.result import FloatArray

#: Figures other than 0 lie between these: products of three of them and squares of two, which is what the computations
#: make of them, then neither overflow nor vanish in floating point.
SMALLEST, LARGEST = 1e-100, 1e100
#: How far amounts may lie apart, and so how far from 1 a score may be.
WIDEST = LARGEST / SMALLEST
#: The error of chance shrinks with the root of the number of replications: a hundred thousand leave 0.3 % of the spread
#: of one. More is a slip of the pen that would fill the memory or never end.
MOST_REPLICATIONS = 100_000
#: Seeds are 128 bits, as many as a random stream begins with.
LARGEST_SEED = 2**128 - 1
#: More keys than units could be solved for: what goes on beyond this has no end.
MOST_KEYS = 10_000_000
#: A message shows no more of a value than this.
_SHOWN = 200

CURE_OF_SIZE = f"figures other than 0 must lie between {SMALLEST:g} and {LARGEST:g}; use other units of measurement"


def shown(value: object) -> str:
    """``value`` for a message: its ``repr``, shortened; its type where it has none."""
    try:
        text = repr(value)
    except (RuntimeError, TypeError, ValueError):  # an integer of 5,000 digits, a list in itself
        return f"a value of type {type(value).__name__} that cannot be written down"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def count(value: object, name: str, *, least: int, most: int | None = None) -> int:
    """A whole number of at least ``least`` and at most ``most``, else ``ValueError``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} is {shown(value)}; give a whole number of {least} or more")
    if most is not None and value > most:
        raise ValueError(f"{name} is {shown(value)}; give a whole number of {most} or less")
    return int(value)


def replications_of(value: object, name: str = "replications", *, least: int) -> int:
    """A number of replications, else ``ValueError``."""
    return count(value, name, least=least, most=MOST_REPLICATIONS)


def number(value: object) -> float | None:
    """``value`` as a float (infinity if it is beyond them); ``None`` if it is no number."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    try:
        return float(value)
    except OverflowError:  # a Python integer above 1e308
        return float("inf") if value > 0 else float("-inf")


def share(value: object, name: str, *, one: bool = False) -> float:
    """A number strictly between 0 and 1, else ``ValueError``; ``one=True`` lets 1 itself through."""
    found = number(value)
    if found is None or not (0 < found < 1 or (one and found == 1)):
        raise ValueError(f"{name} is {shown(value)}; give a number between 0 and 1")
    return found


def positive(value: object, name: str, *, finite: bool = True) -> float:
    """A positive number, else ``ValueError``; ``finite=False`` lets infinity through."""
    found = number(value)
    if found is None or not found > 0 or (finite and not np.isfinite(found)):
        raise ValueError(f"{name} is {shown(value)}; give a {'finite ' if finite else ''}number above 0")
    return found


def flag(value: object, name: str) -> bool:
    """True or false, else ``ValueError``: "no" and an array would count as yes, or as neither."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} is {shown(value)}; give True or False")
    return bool(value)


def seed_of(value: object) -> int:
    """A seed. It must be given: a result that cannot be repeated cannot be defended."""
    return count(value, "seed", least=0, most=LARGEST_SEED)


def seed_sequence(seed: object) -> np.random.SeedSequence:
    """The root of all random streams of one computation."""
    return np.random.SeedSequence(seed_of(seed))


def generator(child: np.random.SeedSequence) -> np.random.Generator:
    """The random stream of one replication, with the bit generator named so that a new NumPy changes nothing."""
    return np.random.Generator(np.random.PCG64(child))


def listed(keys: object, name: str = "keys") -> list[object]:
    """The keys in the order given, else ``ValueError``."""
    if isinstance(keys, (set, frozenset)) or not isinstance(keys, Iterable):
        raise ValueError(f"{name} is {shown(keys)}; give a list of keys, one per unit in the order of the rows")
    try:
        found = list(islice(iter(keys), MOST_KEYS + 1))
    except Exception as error:  # an array without dimensions, a file that is closed
        raise ValueError(f"{name} cannot be read: {error}; give a list of keys, one per unit") from error
    if len(found) > MOST_KEYS:
        raise ValueError(f"{name} has more than {MOST_KEYS} entries; give one per unit")
    return found


def read(values: object, name: str, cure: str) -> NDArray[np.generic]:
    """``values`` as an array of whatever type they are, else ``ValueError``."""
    rows = values if isinstance(values, (list, tuple)) else ()
    if isinstance(values, np.ma.MaskedArray) or any(isinstance(row, np.ma.MaskedArray) for row in rows):
        raise ValueError(f"{name} is masked, and what is masked would count as it is; fill it in first, and {cure}")
    try:
        return np.asarray(values)
    except Exception as error:  # rows of different lengths, and whatever a foreign object does on being read
        raise ValueError(f"{name} {_first_unreadable(values, name)}; {cure}") from error


def numbers_of(values: object, name: str, cure: str) -> FloatArray:
    """``values`` as a new array of floats of any shape, else ``ValueError``.

    Text, dates, complex numbers and arrays of objects are refused, also where NumPy would make some number of them. In
    a list Python's own numbers (large integers, decimals) may stand beside floats.
    """
    array = read(values, name, cure)
    plain = array.dtype.kind in "biuf"
    mixed = array.dtype.kind == "O" and not isinstance(values, np.ndarray) and all(map(_is_number, array.flat))
    if not (plain or mixed):
        raise ValueError(f"{name} {_first_unreadable(values, name)}; {cure}")
    try:
        with np.errstate(over="ignore"):
            return np.array(array, dtype=np.float64)
    except Exception as error:  # an integer above 1e308, a decimal that is no number
        raise ValueError(f"{name} holds a number that is too large for floating point, or none; {cure}") from error


def of_usable_size(array: FloatArray, name: str, keys: Sequence[object] | None = None) -> None:
    """Refuse finite figures so large or small that what is computed from them overflows or vanishes."""
    sizes = np.abs(array)
    wrong = np.argwhere(((sizes < SMALLEST) & (sizes > 0)) | ((sizes > LARGEST) & (sizes < np.inf)))
    if not len(wrong):
        return
    at = tuple(int(position) for position in wrong[0])
    where = "".join([f" {row_name(at[0], keys)}" if at else "", f", column {at[1]}" if len(at) > 1 else ""])
    raise ValueError(
        f"{name}{where}: {array[at]:.12g} is too {'small' if sizes[at] < 1 else 'large'} to compute with; "
        f"{CURE_OF_SIZE}"
    )


def column(
    values: ArrayLike,
    name: str,
    units: int | None,
    *,
    keys: Sequence[object] | None = None,
    missing: bool = False,
    cure: str = "",
) -> FloatArray:
    """``(units,)`` finite numbers of usable size, or as many as there are if ``units`` is not known and ``cure`` says
    what is asked for; with ``missing=True`` ``nan`` is let through."""
    cure = cure or f"give {units} numbers, one per unit"
    array = numbers_of(values, name, cure)
    if array.ndim != 1 or (units is not None and len(array) != units):
        raise ValueError(f"{name} has shape {array.shape}; {cure}")
    wrong = np.flatnonzero(np.isinf(array) if missing else ~np.isfinite(array))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"{name} {row_name(row, keys)}: {array[row]:.12g} is not a finite number; leave the unit out or supply it"
        )
    of_usable_size(array, name, keys)
    return array


def row_name(row: int, keys: Sequence[object] | None) -> str:
    """How a message names a row."""
    return f"row {row}" if keys is None or len(keys) <= row else f"row {row} (key {shown(keys[row])})"


def _is_number(cell: object) -> bool:
    return isinstance(cell, (Real, Decimal))


def _first_unreadable(values: object, name: str) -> str:
    def rows_of(table: object) -> Iterable[tuple[int, object]]:
        if isinstance(table, np.ndarray):
            return enumerate(table) if table.ndim else ()
        return enumerate(table) if isinstance(table, Sequence) and not isinstance(table, (str, bytes)) else ()

    for row, cells in rows_of(values):
        for column, cell in rows_of(cells):
            if not _is_number(cell) and not any(True for _ in rows_of(cell)):
                return f"row {row}, column {column}: {shown(cell)} is not a number, so {name} cannot be read as numbers"
    if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
        return f"is {shown(values)}"
    kind = f", being an array of {values.dtype}" if isinstance(values, np.ndarray) else ""
    return f"cannot be read as numbers{kind}"
