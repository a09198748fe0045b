"""Bringing minimum costs to a total that was decided elsewhere (stage 3 of the Norwegian regulator's model)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from benchmarking.dea import parameters
from benchmarking.dea.result import BoolArray, FloatArray, ReadOnly


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration(ReadOnly):
    """Minimum costs that add up to ``total``; arrays ``(n,)``, read-only, in the caller's order.

    calibrated : in the unit of ``minimum``, not rounded.
    addition : ``calibrated`` - minimum; negative where something is taken away.
    difference : total - sum of the minimums: what is shared out.
    below_zero : whether ``calibrated`` is negative. It is returned as it is; nobody can be paid it.
    """

    calibrated: FloatArray
    addition: FloatArray
    difference: float
    below_zero: BoolArray


def calibrate(minimum: ArrayLike, total: float, key: ArrayLike, *, keys: Iterable[object] | None = None) -> Calibration:
    """minimum_i + (total - sum of minimum) * key_i / (sum of key).

    Parameters
    ----------
    minimum : (n,)
        Minimum costs, euros, 0 or more.
    total : float
        What they must add up to, euros, 0 or more; the sum of the costs of all units in the Norwegian rule, so that a
        unit of average efficiency gets its costs.
    key : (n,)
        By what the difference is shared out, 0 or more, not all 0. ``key=minimum`` is scaling by total / sum; the
        regulatory asset base is the Norwegian rule, which gives an equal addition for every euro of capital.
    keys : (n,)
        Identifiers, for messages only. Sums are rounded once and so do not depend on the order of rows.

    Raises
    ------
    ValueError
        For other shapes; for something negative or not finite, naming the row; for a key whose sum is 0.

    Source: the Norwegian regulator's (NVE-RME) cost norm model, stage 3; Bjørndal, Bjørndal & Fange (2010).
    """
    names = None if keys is None else parameters.listed(keys)
    cure = "give one amount per unit, of at least one unit"
    amounts = parameters.column(minimum, "minimum", None, keys=names, cure=cure)
    if not len(amounts):
        raise ValueError(f"minimum has shape {amounts.shape}; {cure}")
    by = parameters.column(key, "key", len(amounts), keys=names)
    for name, values in (("minimum", amounts), ("key", by)):
        negative = np.flatnonzero(values < 0)
        if negative.size:
            row = int(negative[0])
            raise ValueError(
                f"{name} {parameters.row_name(row, names)}: {values[row]:.12g} is negative; give 0 or more"
            )
    whole_sum = parameters.number(total)
    if whole_sum is None:
        raise ValueError(f"total is {parameters.shown(total)}; give a number of euros")
    if not (math.isfinite(whole_sum) and whole_sum >= 0):
        raise ValueError(f"total is {parameters.shown(total)}; give a finite amount of 0 or more")
    parameters.of_usable_size(np.array(whole_sum), "total")
    whole = math.fsum(by)
    if whole == 0:
        raise ValueError("key is 0 for every unit, so nothing says who gets what; give a key that is positive for some")
    # fsum: the difference of two large sums must not lose its cents, nor depend on the order of rows.
    difference = math.fsum([whole_sum, *(-amounts).tolist()])
    addition = difference * (by / whole)
    calibrated = amounts + addition
    return Calibration(calibrated=calibrated, addition=addition, difference=difference, below_zero=calibrated < 0)
