"""From one year to the next: has a unit become more productive, and is that its own doing or the frontier's?

theta_t(s) is the constant-returns input score of a unit's amounts of year s against the frontier of year t, theta'_t
the same under variable returns. Of a unit that is there in both years (1 and 2):

    index          = sqrt[ theta_1(2) / theta_1(1) * theta_2(2) / theta_2(1) ]          > 1 is progress
                   = catching_up * frontier_shift * scale_change
    catching_up    = theta'_2(2) / theta'_1(1)                                          nearer to the frontier
    frontier_shift = sqrt[ theta_1(2) / theta_2(2) * theta_1(1) / theta_2(1) ]          the best do it with less
    scale_change   = [theta_2(2) / theta'_2(2)] / [theta_1(1) / theta'_1(1)]            nearer to the best size

Costs of the two years are made comparable by a named price index first; otherwise inflation would look like decline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarking.dea import parameters, validation
from benchmarking.dea.efficiency import efficiency
from benchmarking.dea.result import INFEASIBLE, OPTIMAL, BoolArray, Efficiency, FloatArray, IntArray, ReadOnly

Year = tuple[ArrayLike, ArrayLike, Iterable[object]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Malmquist(ReadOnly):
    """Change between two years of the ``n`` units that are there in both. Arrays ``(n,)`` are read-only.

    keys : the units, in the order of the first year's rows.
    first_row, second_row : their rows in the two years.
    only_first, only_second : keys of units of one year only: part of that year's frontier, without an index.
    index, catching_up, frontier_shift, scale_change
        See the module; the last three multiply to the first. ``nan`` where a score they need does not exist.
    status : "optimal", or "infeasible" if the unit of one year cannot be compared with the other year's frontier
        (it makes something nobody makes there); then ``index`` and ``frontier_shift`` are ``nan``.
    first_crs, second_crs, first_vrs, second_vrs
        theta against the unit's own year.
    first_on_second, second_on_first
        theta (constant returns) of the first year's amounts on the second year's frontier, and the reverse; may
        exceed 1.
    certificate : the worst of the six certificates of each unit (of those problems that have a solution).
    index_name, deflator : the price index by which the second year's inputs were divided, per column ``(m,)``.
    """

    keys: tuple[object, ...]
    first_row: IntArray
    second_row: IntArray
    only_first: tuple[object, ...]
    only_second: tuple[object, ...]
    index: FloatArray
    catching_up: FloatArray
    frontier_shift: FloatArray
    scale_change: FloatArray
    status: NDArray[np.str_]
    first_crs: FloatArray
    second_crs: FloatArray
    first_vrs: FloatArray
    second_vrs: FloatArray
    first_on_second: FloatArray
    second_on_first: FloatArray
    certificate: FloatArray
    index_name: str
    deflator: FloatArray


def malmquist(
    first: Year,
    second: Year,
    *,
    deflator: ArrayLike,
    index_name: str,
    first_may_be_peer: ArrayLike | None = None,
    second_may_be_peer: ArrayLike | None = None,
    price_bounds: object = None,
) -> Malmquist:
    """The Malmquist productivity index and its parts, input orientation.

    Parameters
    ----------
    first, second : (inputs (n_t, m), outputs (n_t, s), keys (n_t,))
        One year each, columns the same; units are matched by key, and the keys of both years sort together.
    deflator : one number, or (m,) one per input
        Price level of the second year with the first at 1; the second year's inputs are divided by it. 1 for an input
        that is no amount of money.
    index_name : str
        Which price index that is, so that it can be shown beside every figure.
    first_may_be_peer, second_may_be_peer : (n_t,) bool
        Who makes up the frontier of each year. A unit is its own reference besides, in the frontier of a year in which
        it is there, also when its amounts of the other year are held against that frontier: both are one technology.
    price_bounds
        As for ``efficiency``, the same in both years.

    Raises
    ------
    ValueError
        As for ``efficiency``, naming the year; for columns that differ between the years; if no unit is there in both;
        for a deflator that is not positive, or an index without a name.

    Source: Färe, Grosskopf, Norris & Zhang (1994), Productivity growth, technical progress, and efficiency change in
    industrialized countries, American Economic Review 84; input orientation as in Färe, Grosskopf & Lovell (1994).
    """
    if not isinstance(index_name, str) or not index_name.strip():
        raise ValueError(f"index_name is {index_name!r}; name the price index that deflator comes from")
    one = _Side(first, "first", first_may_be_peer)
    two = _Side(second, "second", second_may_be_peer)
    for name, here, there in (("inputs", one.inputs, two.inputs), ("outputs", one.outputs, two.outputs)):
        if here.shape[1] != there.shape[1]:
            raise ValueError(
                f"first {name} has {here.shape[1]} columns and second {name} has {there.shape[1]}; give both years the "
                "same columns"
            )
    levels = _levels(deflator, one.inputs.shape[1])
    two.inputs = two.inputs / levels
    parameters.of_usable_size(two.inputs, "second inputs over deflator", two.keys)
    # Keys of the two years must sort together: rows of one year are counterparts of rows of the other.
    validation.order_of([*one.keys, *(key for key in two.keys if key not in one.row)], len(one.row | two.row))
    both = [key for key in one.keys if key in two.row]
    if not both:
        raise ValueError("no unit is there in both years; give keys that are the same in both")
    rows = np.array([one.row[key] for key in both], dtype=np.intp)
    rows_then = np.array([two.row[key] for key in both], dtype=np.intp)

    def measure(side: _Side, units: IntArray, year: _Side, own: IntArray, returns_to_scale: str) -> Efficiency:
        return efficiency(
            side.inputs[units],
            side.outputs[units],
            returns_to_scale=returns_to_scale,
            keys=both,
            reference_inputs=year.inputs,
            reference_outputs=year.outputs,
            reference_keys=year.keys,
            comparable=year.reference(own),
            price_bounds=price_bounds,
        )

    first_crs = measure(one, rows, one, rows, "crs")
    second_crs = measure(two, rows_then, two, rows_then, "crs")
    first_vrs = measure(one, rows, one, rows, "vrs")
    second_vrs = measure(two, rows_then, two, rows_then, "vrs")
    first_on_second = measure(one, rows, two, rows_then, "crs")
    second_on_first = measure(two, rows_then, one, rows, "crs")
    within = [np.minimum(found.score, 1.0) for found in (first_crs, second_crs, first_vrs, second_vrs)]
    before, after, before_vrs, after_vrs = within
    moved_on, moved_back = second_on_first.score, first_on_second.score
    feasible = (first_on_second.status == OPTIMAL) & (second_on_first.status == OPTIMAL)
    with np.errstate(all="ignore"):
        index = np.sqrt(moved_on / before * after / moved_back)
        frontier_shift = np.sqrt(moved_on / after * before / moved_back)
        catching_up = after_vrs / before_vrs
        scale_change = (after / after_vrs) / (before / before_vrs)
    within_years = np.stack([catching_up, scale_change])
    between_years = np.where(feasible, [index, frontier_shift], 1.0)
    figures = np.concatenate([within_years, between_years])
    lost = np.flatnonzero(~((figures > 0) & (figures < np.inf)).all(axis=0))
    if lost.size:
        raise ValueError(
            f"first and second: the amounts of key {parameters.shown(both[lost[0]])} in the two years are too far apart "
            "for floating-point numbers; give both years in the same units of measurement"
        )
    everything = (first_crs, second_crs, first_vrs, second_vrs, first_on_second, second_on_first)
    return Malmquist(
        keys=tuple(both),
        first_row=rows,
        second_row=rows_then,
        only_first=tuple(key for key in one.keys if key not in two.row),
        only_second=tuple(key for key in two.keys if key not in one.row),
        index=index,
        catching_up=catching_up,
        frontier_shift=frontier_shift,
        scale_change=scale_change,
        status=np.where(feasible, OPTIMAL, INFEASIBLE),
        first_crs=before,
        second_crs=after,
        first_vrs=before_vrs,
        second_vrs=after_vrs,
        first_on_second=moved_back,
        second_on_first=moved_on,
        certificate=np.nanmax([found.certificate.max(axis=1) for found in everything], axis=0),
        index_name=index_name,
        deflator=levels,
    )


class _Side:
    """One year, checked."""

    def __init__(self, year: Year, name: str, may_be_peer: ArrayLike | None) -> None:
        try:
            inputs, outputs, keys = year
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must be a triple (inputs, outputs, keys); give these three") from error
        if keys is None:
            raise ValueError(f"{name} has no keys; give one per unit, the same for a unit in both years")
        self.keys: list[object] = parameters.listed(keys, f"{name} keys")
        self.inputs = validation.amounts(inputs, f"{name} inputs", names=self.keys)
        self.outputs = validation.amounts(outputs, f"{name} outputs", names=self.keys)
        validation.same_rows(self.inputs, self.outputs, f"{name} ")
        validation.order_of(self.keys, len(self.inputs), f"{name} keys")
        try:
            self.row: dict[object, int] = {key: row for row, key in enumerate(self.keys)}
        except Exception as error:  # a list for a key, say
            raise ValueError(f"{name} keys cannot be looked up: {error}; give numbers or text") from error
        try:
            self._peers: BoolArray = validation.peers_mask(may_be_peer, len(self.keys))
        except ValueError as error:
            raise ValueError(f"{name}_{error}") from error

    def reference(self, own: IntArray) -> Callable[[int], BoolArray] | None:
        """Who is in the frontier that a unit is held against: those that may be peers, and the unit itself."""
        if self._peers.all():
            return None

        def asked(unit: int) -> BoolArray:
            mask = self._peers.copy()
            mask[own[unit]] = True
            return mask

        return asked


def _levels(deflator: ArrayLike, inputs: int) -> FloatArray:
    levels = parameters.numbers_of(deflator, "deflator", f"give one number, or one per input ({inputs})")
    if levels.shape not in ((), (inputs,)):
        raise ValueError(f"deflator has shape {levels.shape}; give one number, or one per input ({inputs})")
    levels = np.broadcast_to(levels, (inputs,)).copy()
    wrong = np.flatnonzero(~((levels >= parameters.SMALLEST) & (levels <= parameters.LARGEST)))
    if wrong.size:
        raise ValueError(
            f"deflator of input {int(wrong[0])} is {levels[wrong[0]]:.12g}; give the price level of the second year "
            f"with the first at 1, above 0, from {parameters.SMALLEST:g} to {parameters.LARGEST:g}"
        )
    return levels
