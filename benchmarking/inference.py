"""What somebody can work out of others' costs from what it was told: the widest and the narrowest that fits.

An account reads its own outputs and its own minimum exactly, in every version of its report. The frontier is a set of prices:
a minimum is what the best prices make of one's own outputs, every peer costs exactly what its outputs are worth at those
prices, and nobody else costs less. Linear rules, so how far a peer's cost can lie either way is a linear programme.

The reader is taken to know more than the report says: who the peers are, their exact outputs and weights (annual accounts are
public), the method, the bounds on prices and these rules. What it does not know is what anybody else spends. What is safe
against this reader is safe against one who knows less.

Source: the p % rule in interval form (Hundepool et al., Statistical Disclosure Control, chapter 4), applied to Shephard's
duality of costs and prices.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
#: Relative room for floating point, both in the programme and in what counts as within p %.
TOLERANCE = 1e-7


@dataclass(frozen=True, eq=False)
class Peer:
    """One peer as it is told: whose costs, at which weight λ, and between which shares of the minimum (``None``: not told)."""

    cost: Hashable
    weight: float
    share: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Told:
    """One minimum that an account was told: of a version of its report, or an answer to a what-if.

    technology: whatever is the same for minima of one run, and different otherwise.
    outputs: own outputs ``(s,)``. minimum: lowest and highest minimum that fits what was told, in money.
    costs: outputs of everybody whose costs count in this run and may be a peer, by key of those costs. A key stands for one
        amount: who delivers other costs in another version has another key there.
    peers: the peers, empty if they are not told. left_out: key of the costs of a peer that was left out.
    price_ratios: ``lower[r, q]`` ≤ price r / price q, ``(s, s)``, or ``None``.
    """

    technology: Hashable
    outputs: Vector
    minimum: tuple[float, float]
    costs: Mapping[Hashable, Vector]
    peers: tuple[Peer, ...] = ()
    left_out: Hashable = None
    returns_to_scale: str = "vrs"
    price_ratios: Vector | None = None


@dataclass(eq=False)
class _Programme:
    """Rows of a linear programme in the costs of ``keys`` and the prices of every minimum told."""

    columns: int
    lower: Vector
    upper: Vector
    rows: list[Vector] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)

    def add(self, row: Vector, lower: float, upper: float) -> None:
        """Add ``lower ≤ row · x ≤ upper``."""
        self.rows.append(row)
        self.row_lower.append(lower)
        self.row_upper.append(upper)


def ranges(told: Sequence[Told], *, of: Iterable[Hashable]) -> dict[Hashable, tuple[float, float]]:
    """Return between which amounts each of the costs ``of`` must lie, for who was told all of ``told``.

    What contradicts itself has the range ``(0, 0)``: who knows that a figure is wrong knows too much to be told more.
    """
    wanted = list(of)
    keys = list(dict.fromkeys([peer.cost for one in told for peer in one.peers] + wanted))
    unit = told[-1].minimum[1]
    solver = _solver(_programme(told, keys, unit))
    found = {}
    for key in wanted:
        column = keys.index(key)
        ends = [_end(solver, column, sense) for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize)]
        found[key] = (ends[0] * unit, ends[1] * unit)
    return found


def is_narrow(ends: tuple[float, float], p: float) -> bool:
    """Tell whether one amount lies within a share ``p`` of everything between ``ends``."""
    lower, upper = ends
    return upper * (1 - p) <= lower * (1 + p) * (1 + TOLERANCE)


def narrowed(told: Sequence[Told], *, of: Iterable[Hashable], p: float) -> bool:
    """Tell whether one of the costs ``of`` is known to within a share ``p`` by who was told all of ``told``."""
    return any(is_narrow(ends, p) for ends in ranges(told, of=of).values())


def _programme(told: Sequence[Told], keys: list[Hashable], unit: float) -> _Programme:
    """Return everything told as rows: first a column per cost, then per minimum the worth of each output and of scale.

    Costs are in ``unit``, and the price of an output is what that output of the reader is worth, so that all figures are
    around 1.
    """
    widths = [len(one.outputs) + 1 for one in told]
    starts = np.cumsum([len(keys), *widths])
    programme = _Programme(
        columns=int(starts[-1]), lower=np.zeros(starts[-1]), upper=np.full(starts[-1], highspy.kHighsInf)
    )
    for one, start in zip(told, starts, strict=False):
        end = int(start) + len(one.outputs)
        programme.lower[end], programme.upper[end] = {
            "crs": (0.0, 0.0), "drs": (-highspy.kHighsInf, 0.0), "irs": (0.0, highspy.kHighsInf),
        }.get(one.returns_to_scale, (-highspy.kHighsInf, highspy.kHighsInf))  # fmt: skip
        scale = _scale(one, keys)

        def worth(outputs: Vector, start: int = int(start), scale: Vector = scale) -> Vector:
            row = np.zeros(programme.columns)
            row[start : start + len(outputs)] = outputs / scale
            row[start + len(outputs)] = 1.0
            return row

        low, high = one.minimum
        programme.add(worth(one.outputs), low / unit * (1 - TOLERANCE), high / unit * (1 + TOLERANCE))
        links = {peer.cost: peer for peer in one.peers}
        if links:
            # The peers together cost the minimum. So what they deliver beyond one's own outputs is worth nothing.
            sums = np.zeros(programme.columns)
            for key, peer in links.items():
                sums[keys.index(key)] = peer.weight
            programme.add(sums, low / unit * (1 - TOLERANCE), high / unit * (1 + TOLERANCE))
        for place, key in enumerate(keys):
            if key not in one.costs or key == one.left_out:
                continue
            row = worth(one.costs[key])
            row[place] -= 1.0
            programme.add(row, 0.0 if key in links else -highspy.kHighsInf, 0.0)
            if key in links and (share := links[key].share) is not None:
                part = np.zeros(programme.columns)
                part[place] = links[key].weight
                programme.add(part, share[0] * low / unit, share[1] * high / unit)
        if one.left_out is None:
            # Prices of one run hold for every minimum of that run: none is lower than its outputs are worth at them.
            for other in told:
                if other is not one and other.technology == one.technology:
                    programme.add(worth(other.outputs), -highspy.kHighsInf, other.minimum[1] / unit * (1 + TOLERANCE))
        if one.price_ratios is not None:
            _bound_prices(programme, int(start), one.price_ratios, scale)
    return programme


def _scale(one: Told, keys: Iterable[Hashable]) -> Vector:
    """Return a unit for each output: the reader's own amount, or the largest among ``keys`` of what it does not deliver."""
    largest = np.max([one.outputs, *(one.costs[key] for key in keys if key in one.costs)], axis=0)
    return np.where(one.outputs > 0, one.outputs, np.where(largest > 0, largest, 1.0))


def _bound_prices(programme: _Programme, start: int, ratios: Vector, scale: Vector) -> None:
    for r, q in zip(*np.nonzero((ratios > 0) & ~np.eye(len(ratios), dtype=bool)), strict=True):
        row = np.zeros(programme.columns)
        # In amounts of money: (worth r / scale r) ≥ ratio · (worth q / scale q).
        row[start + r] = 1.0
        row[start + q] = -ratios[r, q] * scale[r] / scale[q]
        size = np.abs(row).max()
        programme.add(row / size, 0.0, highspy.kHighsInf)


def _solver(programme: _Programme) -> Any:
    # Any: the stubs of highspy leave out most of what is used here.
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # untyped there
    for name, value in (("output_flag", False), ("threads", 1), ("parallel", "off"), ("presolve", "off")):
        solver.setOptionValue(name, value)
    matrix = np.array(programme.rows)
    entries = matrix != 0
    model: Any = highspy.HighsLp()
    model.num_col_, model.num_row_ = programme.columns, len(matrix)
    model.col_cost_ = np.zeros(programme.columns)
    model.col_lower_, model.col_upper_ = programme.lower, programme.upper
    model.row_lower_, model.row_upper_ = np.array(programme.row_lower), np.array(programme.row_upper)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(entries.sum(axis=1))]).astype(np.int32)
    model.a_matrix_.index_ = np.nonzero(entries)[1].astype(np.int32)
    model.a_matrix_.value_ = matrix[entries]
    solver.passModel(model)
    return solver


def _end(solver: Any, column: int, sense: Any) -> float:
    """Return the lowest or highest value of a column: infinity where there is no end, 0 where nothing fits."""
    solver.changeColCost(column, 1.0)
    solver.changeObjectiveSense(sense)
    solver.run()
    status = solver.getModelStatus()
    value = float(solver.getInfo().objective_function_value)
    solver.changeColCost(column, 0.0)
    if status == highspy.HighsModelStatus.kOptimal:
        return value
    if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return float("inf")
    return 0.0
