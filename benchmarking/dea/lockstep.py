"""The simplex method on many small linear programmes at once, every step one NumPy operation over all of them.

All programmes have the same rows and share their columns; a unit only divides each row by its own amount. So the
dearest part of a step, pricing every column for every unit, is one matrix product. The method is the revised simplex
with an explicit inverse; docs/method/solver.md derives it.

    min c x   subject to   A x - s = b (a slack s per row),   x >= 0, s >= 0

Nothing that comes out of here is believed for its own sake: ``proof.py`` measures it against the full problem.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benchmarking.dea.problem import mark
from benchmarking.dea.result import BoolArray, FloatArray, IntArray

#: A column enters if it is cheaper than the prices say by more than this, relative.
CHEAPER = 1e-10
#: The same while columns are picked in single precision.
ROUGHLY_CHEAPER = 1e-6
#: Coefficients below this are no pivot.
SMALLEST_PIVOT = 1e-8
#: By how much right-hand sides are perturbed, so that ties in the ratio test, and with them cycles, do not occur.
PERTURBATION = 1e-9
#: Cost of a column that may not be used: it is in the start basis, and only there.
FORBIDDEN = 1e4
#: Finished programmes are put aside when they are more than this share of those in hand.
PUT_ASIDE = 0.25
MOST_STEPS = 400
#: A product of prices and columns is made in pieces of so many numbers, which stay in the processor's cache.
IN_CACHE = 400_000
#: A batch is solved in pieces that stay in the cache, until this share of each is left; then the rest together.
LEFT = 0.25
#: Fewer pairs of programmes and columns are priced in double precision only.
SMALL = 20_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Columns:
    """What the programmes of one or more segments share. A segment is a set of programmes with columns of its own (a
    replication of the bootstrap); ids of columns count from 0 in every segment.

    An id below ``references`` is a reference unit, then come the trade-offs, then a slack per row (counted within the
    programme), and last the score theta if it is a variable.
    """

    #: (segments, references + trades, R): each column divided by its own measure.
    amounts: FloatArray
    references: int
    #: Cost of a reference unit: 1 if theta is the sum of the weights (one input), 0 if theta is a variable.
    unit_cost: float
    #: Which reference units are priced, and their columns as a contiguous (segments, R, len(priced)).
    priced: IntArray
    table: FloatArray
    #: Slack of row r: -1 (row is at least b), +1 (at most b); and whether it may enter.
    slack_sign: FloatArray
    slack_enters: BoolArray
    has_theta: bool

    @cached_property
    def rough_table(self) -> NDArray[np.float32]:
        """``table`` in single precision."""
        with np.errstate(over="ignore"):
            return self.table.astype(np.float32)

    @property
    def trades(self) -> int:
        """Number of trade-offs."""
        return int(self.amounts.shape[1]) - self.references

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.amounts.shape[2])


@dataclass(eq=False, kw_only=True)
class Batch:
    """The programmes in hand; every array has one row per programme, programmes of a segment stand together.

    ``rows`` tells which of the common rows a programme has, if it leaves out empty ones; the last one stays the last.
    ``scale`` is one over what each row is measured in (0: the row is empty for this unit), ``right`` the perturbed
    right-hand side, ``theta`` the column of theta, ``own`` the id of the unit's own column, ``barred`` the id of one
    column that may not enter (or -1; it may be the own one). If that is in the basis it costs ``FORBIDDEN``.
    """

    segment: IntArray
    rows: IntArray
    #: Whether the own column is no priced one and may be used.
    apart: BoolArray
    scale: FloatArray
    right: FloatArray
    theta: FloatArray
    own: IntArray
    barred: IntArray
    basis: IntArray
    inverse: FloatArray
    values: FloatArray
    prices: FloatArray

    def __len__(self) -> int:
        return len(self.own)

    def take(self, chosen: IntArray | BoolArray) -> Self:
        """Return the chosen programmes."""
        return type(self)(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Return the parts as one batch."""
        if len(parts) == 1:
            return parts[0]
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def put(self, places: IntArray, other: Self) -> None:
        """Overwrite the programmes at ``places`` with those of ``other``."""
        for name in ("basis", "inverse", "values", "prices"):
            getattr(self, name)[places] = getattr(other, name)


def perturbed(right: FloatArray, active: BoolArray) -> FloatArray:
    """Right-hand sides lowered a little, by another amount in every row: the start stays feasible, ties vanish."""
    steps = 0.5 + ((np.arange(right.shape[1]) + 1) * 0.6180339887498949 % 1) / 2
    return np.asarray(right - PERTURBATION * steps * active)


def start(columns: Columns, batch: Batch, *, own_row: IntArray, theta_row: IntArray | None) -> None:
    """Put the batch at the basis of slacks, with each unit's own column in ``own_row`` and theta in ``theta_row``."""
    units, rows = batch.scale.shape
    signs = columns.slack_sign[-rows:]
    batch.inverse[:] = np.diag(signs)
    batch.basis[:] = columns.references + columns.trades + np.arange(rows)
    batch.values[:] = batch.right * signs
    batch.prices[:] = 0.0
    live = np.ones(units, dtype=bool)
    cost = np.where(batch.own == batch.barred, FORBIDDEN, columns.unit_cost)
    pivot(batch, batch.own, directions(columns, batch, batch.own), own_row, -cost, live)
    if theta_row is not None:
        entering = np.full(units, theta_id(columns))
        direction = directions(columns, batch, entering)
        price = np.einsum("br,br->b", batch.prices, batch.theta)
        pivot(batch, entering, direction, theta_row, price - 1.0, live)


def theta_id(columns: Columns) -> int:
    """The id of theta, behind all slacks."""
    return columns.references + columns.trades + columns.rows


def coefficients(columns: Columns, batch: Batch, entering: IntArray) -> FloatArray:
    """The columns ``entering (B,)`` in the rows of their programmes, ``(B, R)``."""
    structural = columns.references + columns.trades
    count = batch.scale.shape[1]
    wanted = np.minimum(entering, structural - 1)
    place = (batch.segment * structural + wanted) * columns.rows
    found = columns.amounts.reshape(-1)[place[:, None] + batch.rows]
    found *= batch.scale
    others = np.flatnonzero(entering >= structural)
    if others.size:
        kinds = entering[others] - structural
        found[others] = 0.0
        slacks = kinds < count
        found[others[slacks], kinds[slacks]] = columns.slack_sign[-count:][kinds[slacks]]
        found[others[~slacks]] = batch.theta[others[~slacks]]
    return np.asarray(found)


def directions(columns: Columns, batch: Batch, entering: IntArray) -> FloatArray:
    found: FloatArray = np.matmul(batch.inverse, coefficients(columns, batch, entering)[:, :, None])[:, :, 0]
    return found


def pivot(
    batch: Batch,
    entering: IntArray,
    direction: FloatArray,
    leaving: IntArray,
    gain: FloatArray,
    live: BoolArray,
    spare: FloatArray | None = None,
) -> None:
    """Exchange ``leaving`` rows of the bases for ``entering`` columns where ``live``; ``gain`` is minus the reduced
    cost."""
    numbers = np.arange(len(batch))
    pivot = np.where(live, direction[numbers, leaving], 1.0)
    step = np.where(live, batch.values[numbers, leaving] / pivot, 0.0)
    row = batch.inverse[numbers, leaving] / pivot[:, None]
    kept = batch.values[numbers, leaving]
    batch.values -= step[:, None] * direction
    batch.values[numbers, leaving] = np.where(live, step, kept)
    factor = direction * live[:, None]
    factor[numbers, leaving] = np.where(live, pivot - 1.0, 0.0)
    change = np.multiply(factor[:, :, None], row[:, None, :], out=None if spare is None else spare[: len(batch)])
    np.subtract(batch.inverse, change, out=batch.inverse)
    batch.prices -= np.where(live, gain, 0.0)[:, None] * row
    batch.basis[numbers, leaving] = np.where(live, entering, batch.basis[numbers, leaving])


def run(columns: Columns, batch: Batch, *, allowed: BoolArray | None = None) -> BoolArray:
    """Solve the batch in place; return which programmes came to an end, ``(B,)``.

    ``allowed`` (B, len(priced)) tells which priced columns may enter. What has not come to an end (rounding, a cycle)
    is for another solver.

    Most steps are taken with columns picked in single precision, which is twice as fast and only decides the road; then
    everything is priced in double precision until nothing is cheaper.
    """
    everybody = np.arange(len(batch))
    if len(batch) * len(columns.priced) > SMALL:
        left = everybody
        piece = max(64, IN_CACHE // 4 // batch.basis.shape[1] ** 2)
        if len(batch) > piece:
            parts = [everybody[begin : begin + piece] for begin in range(0, len(batch), piece)]
            left = np.concatenate([_steps(columns, batch, part, allowed, rough=True, enough=LEFT) for part in parts])
        _steps(columns, batch, left, allowed, rough=True)
    ended = np.ones(len(batch), dtype=bool)
    ended[_steps(columns, batch, everybody, allowed, rough=False)] = False
    return ended


def _steps(
    columns: Columns, batch: Batch, places: IntArray, allowed: BoolArray | None, *, rough: bool, enough: float = 0.0
) -> IntArray:
    """Take steps with the programmes at ``places``, in place, until all have ended or only the share ``enough`` has not;
    return the places of those that have not."""
    target = int(enough * len(places))
    limit = ROUGHLY_CHEAPER if rough else CHEAPER
    gone: list[IntArray] = []
    now = batch.take(places)
    may = None if allowed is None else allowed[places]
    spare = np.empty_like(now.inverse)
    for _ in range(MOST_STEPS):
        if len(places) <= target:
            break
        entering = dearest_miss(columns, now, may, rough=rough)[0]
        coefficient = coefficients(columns, now, entering)
        gain = np.einsum("br,br->b", now.prices, coefficient) - _costs(columns, entering)
        live = gain > limit
        finished = len(now) - int(live.sum())
        if finished > PUT_ASIDE * len(now):
            batch.put(places[~live], now.take(~live))
            now, places = now.take(live), places[live]
            coefficient, entering, gain = coefficient[live], entering[live], gain[live]
            may = None if may is None else may[live]
            live = live[live]
            if not len(now):
                break
        direction = np.asarray(np.matmul(now.inverse, coefficient[:, :, None])[:, :, 0])
        usable = direction > SMALLEST_PIVOT
        ratio = np.divide(now.values, direction, out=np.full_like(direction, np.inf), where=usable)
        leaving = ratio.argmin(axis=1)
        stuck = live & ~np.isfinite(ratio[np.arange(len(now)), leaving])
        if stuck.any():
            # A ray that no programme of this kind has: rounding.
            gone.append(places[stuck])
            live &= ~stuck
        pivot(now, entering, direction, leaving, gain, live, spare)
        if stuck.any():
            now, places = now.take(~stuck), places[~stuck]
            may = None if may is None else may[~stuck]
    if len(places):
        batch.put(places, now)
    return np.concatenate([*gone, places])


def _costs(columns: Columns, entering: IntArray) -> FloatArray:
    costs = np.where(entering < columns.references, columns.unit_cost, 0.0)
    if columns.has_theta:
        costs = np.where(entering == theta_id(columns), 1.0, costs)
    return costs


def dearest_miss(
    columns: Columns, batch: Batch, allowed: BoolArray | None, *, rough: bool = False
) -> tuple[IntArray, FloatArray]:
    """The column of each programme that is cheaper than its prices by most, and by how much; ``rough`` in single
    precision."""
    numbers = np.arange(len(batch))
    count = batch.scale.shape[1]
    scaled = batch.prices * batch.scale
    if count < columns.rows:
        short, scaled = scaled, np.zeros((len(batch), columns.rows))
        np.put_along_axis(scaled, batch.rows, short, axis=1)
    best, gain = _dearest_of_priced(columns, batch, scaled, allowed, rough=rough)
    entering = columns.priced[best] if len(columns.priced) else batch.own.copy()
    gain -= columns.unit_cost
    apart = np.flatnonzero(batch.apart)
    if apart.size:
        own = batch.own[apart]
        own_gain = np.einsum("br,br->b", scaled[apart], columns.amounts[batch.segment[apart], own]) - columns.unit_cost
        better = own_gain > gain[apart]
        entering[apart[better]], gain[apart[better]] = own[better], own_gain[better]
    slack_gain = np.where(columns.slack_enters[-count:], batch.prices * columns.slack_sign[-count:], -np.inf)
    row = slack_gain.argmax(axis=1)
    _better(entering, gain, columns.references + columns.trades + row, slack_gain[numbers, row])
    if columns.trades:
        worth = scaled @ columns.amounts[0, columns.references :].T
        trade = worth.argmax(axis=1)
        _better(entering, gain, columns.references + trade, worth[numbers, trade])
    if columns.has_theta:
        theta_gain = np.einsum("br,br->b", batch.prices, batch.theta) - 1.0
        _better(entering, gain, np.full(len(batch), theta_id(columns)), theta_gain)
    return entering, gain


def _dearest_of_priced(
    columns: Columns, batch: Batch, scaled: FloatArray, allowed: BoolArray | None, *, rough: bool
) -> tuple[IntArray, FloatArray]:
    """Place in ``priced`` of the column that is worth most, and its worth; in pieces that stay in the cache."""
    table = columns.rough_table if rough else columns.table
    scaled = scaled.astype(table.dtype, copy=False)
    best = np.zeros(len(batch), dtype=np.intp)
    worth_of_best = np.empty(len(batch))
    if not len(columns.priced):
        return best, np.full(len(batch), -np.inf)
    some_barred = bool((batch.barred >= 0).any())
    first, last = (int(batch.segment[0]), int(batch.segment[-1])) if len(batch) else (0, -1)
    edges = np.searchsorted(batch.segment, np.arange(first, last + 2)).tolist()
    at_a_time = max(16, IN_CACHE // max(1, len(columns.priced)))
    spare = np.empty((min(at_a_time, len(batch)), len(columns.priced)), dtype=table.dtype)
    for segment in range(first, last + 1):
        for begin in range(edges[segment - first], edges[segment - first + 1], at_a_time):
            part = slice(begin, min(begin + at_a_time, edges[segment - first + 1]))
            worth = np.matmul(scaled[part], table[segment], out=spare[: part.stop - part.start])
            if allowed is not None:
                worth[~allowed[part]] = -np.inf
            if some_barred:
                mark(worth, columns.priced, batch.barred[part], -np.inf)
            worth.argmax(axis=1, out=best[part])
            worth_of_best[part] = worth[np.arange(len(worth)), best[part]]
    return best, worth_of_best


def _better(entering: IntArray, gain: FloatArray, other: IntArray, other_gain: FloatArray) -> None:
    better = other_gain > gain
    entering[better] = other[better]
    gain[better] = other_gain[better]
