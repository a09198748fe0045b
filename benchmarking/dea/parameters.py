"""Numbers that steer a computation and single columns of figures, checked. Every refusal says what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from benchmarking.dea.result import FloatArray


def count(value: object, name: str, *, least: int) -> int:
    """A whole number of at least ``least``, else ``ValueError``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} is {value!r}; give a whole number of {least} or more")
    return int(value)


def share(value: object, name: str) -> float:
    """A number strictly between 0 and 1, else ``ValueError``."""
    number = _number(value)
    if number is None or not 0 < number < 1:
        raise ValueError(f"{name} is {value!r}; give a number between 0 and 1")
    return number


def positive(value: object, name: str, *, finite: bool = True) -> float:
    """A positive number, else ``ValueError``; ``finite=False`` lets infinity through."""
    number = _number(value)
    if number is None or not number > 0 or (finite and not np.isfinite(number)):
        raise ValueError(f"{name} is {value!r}; give a {'finite ' if finite else ''}number above 0")
    return number


def seed_sequence(seed: object) -> np.random.SeedSequence:
    """The root of all random streams of one computation. A seed must be given: a result that cannot be repeated cannot
    be defended."""
    return np.random.SeedSequence(count(seed, "seed", least=0))


def generator(child: np.random.SeedSequence) -> np.random.Generator:
    """The random stream of one replication, with the bit generator named so that a new NumPy changes nothing."""
    return np.random.Generator(np.random.PCG64(child))


def column(
    values: ArrayLike, name: str, units: int, *, keys: Sequence[object] | None = None, missing: bool = False
) -> FloatArray:
    """``(units,)`` finite numbers; with ``missing=True`` ``nan`` is let through."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} cannot be read as numbers; give {units} numbers, one per unit") from error
    if array.shape != (units,):
        raise ValueError(f"{name} has shape {array.shape}; give {units} numbers, one per unit")
    wrong = np.flatnonzero(np.isinf(array) if missing else ~np.isfinite(array))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"{name} {row_name(row, keys)}: {array[row]:.12g} is not a finite number; leave the unit out or supply it"
        )
    return array


def row_name(row: int, keys: Sequence[object] | None) -> str:
    """How a message names a row."""
    return f"row {row}" if keys is None or len(keys) <= row else f"row {row} (key {keys[row]!r})"


def _number(value: object) -> float | None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    return float(value)
