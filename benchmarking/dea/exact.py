"""The last resort: one unit's programme in whole numbers, where floating-point arithmetic leaves a doubt.

Every amount is a whole number times a power of two, so rows and columns can be scaled to whole numbers without rounding.
The simplex method on such a tableau, pivoting as Edmonds (1967) does, keeps whole numbers: every division comes out. So
score, weights, prices, ties and the verdict that there is no solution are those of the figures as given, and only the
last step, back to floating point, rounds. It is some thousand times slower than ``lockstep.py``, and meant for the rare
unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from benchmarking.dea.problem import Frame, Problem
from benchmarking.dea.result import FloatArray, IntArray
from benchmarking.dea.slacks import slack_weights
from benchmarking.dea.whole_numbers import ObjectArray, Programme, power_of_two

#: So many columns are taken in at once.
ENTERING = 12
#: After so many steps with the dearest column, the first one in order enters (Bland 1977), which never cycles.
STEPS = 300


@dataclass(frozen=True, eq=False, kw_only=True)
class Exact:
    """What holds for one unit, rounded once; ``peers`` index reference units in key order, prices are those of
    ``problem.py``. ``slack_*`` are the weights of the second phase, if it was asked for."""

    score: float
    peers: IntArray
    weights: FloatArray
    trades: FloatArray
    input_price: FloatArray
    output_price: FloatArray
    scale_price: float
    unique: bool
    prices_unique: bool
    slack_peers: IntArray
    slack_weights: FloatArray
    slack_trades: FloatArray


def solve_exactly(problem: Problem, unit: int, *, slacks: bool = False, ties: bool = True) -> Exact | None:
    """The answer for one unit, or ``None`` if it has none. ``ties`` asks for uniqueness and the order of ties."""
    programme = Programme(Frame(problem, unit))
    tableau = _Tableau(programme)
    if not tableau.find_feasible():
        return None
    face = tableau.minimise()
    frame, score = programme.frame, tableau.value(programme.theta)
    prices = [price * scale for price, scale in zip(tableau.prices(), programme.price_scales, strict=True)]
    input_price, output_price = np.zeros(len(problem.inputs)), np.zeros(len(problem.outputs))
    inputs, outputs = len(frame.input_rows), len(frame.output_rows)
    input_price[frame.input_rows] = [float(price) for price in prices[:inputs]]
    output_price[frame.output_rows] = [float(price) for price in prices[inputs : inputs + outputs]]
    prices_unique = tableau.is_nondegenerate()
    chosen, unique = tableau, tableau.has_one_point(face)
    if ties and not unique:
        chosen = tableau.extreme(face, largest=True)
        unique = chosen.weights() == tableau.extreme(face, largest=False).weights()
    fullest = tableau.fullest(face, _gains(problem, programme)) if slacks else chosen
    peers, weights, trades = _read(programme, chosen)
    slack_peers, slack_weights_, slack_trades = _read(programme, fullest)
    return Exact(
        score=float(score),
        peers=peers,
        weights=weights,
        trades=trades,
        input_price=input_price,
        output_price=output_price,
        scale_price=float(prices[-1]) if frame.has_scale_row else 0.0,
        unique=unique,
        prices_unique=prices_unique,
        slack_peers=slack_peers,
        slack_weights=slack_weights_,
        slack_trades=slack_trades,
    )


def _gains(problem: Problem, programme: Programme) -> FloatArray:
    """What each column adds to the sum of slacks, ``(columns,)``."""
    by_input, by_output = slack_weights(problem)
    gain = np.einsum("r,rj->j", by_output, problem.reference_outputs[:, programme.ids])
    gain -= np.einsum("i,ij->j", by_input, problem.reference_inputs[:, programme.ids])
    return np.concatenate([gain, np.einsum("r,rk->k", by_output, problem.trades)])


def _read(programme: Programme, tableau: _Tableau) -> tuple[IntArray, FloatArray, FloatArray]:
    """Peers with their weights, and the trade-offs, ``(K,)``, of a solution."""
    found = tableau.weights(with_trades=True)
    values = {number: float(value * programme.weight_scale(number)) for number, value in found.items()}
    references = len(programme.ids)
    peers = [number for number in sorted(values) if number < references]
    trades = np.zeros(programme.columns - references)
    for number in values.keys() - set(peers):
        trades[number - references] = values[number]
    return programme.ids[peers], np.array([values[number] for number in peers]), trades


class _Tableau:
    """A simplex tableau of whole numbers over one common denominator; last row the reduced costs, last column values.

    Positions are places in the tableau: artificial columns first, then slacks and theta, then columns taken in.
    """

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        rows = programme.rows
        signs = [-1 if right < 0 else 1 for right in programme.right]
        self._signs: ObjectArray = np.array(signs, dtype=object)
        slacks = [row for row, sign in enumerate(programme.slack_signs) if sign]
        self._ids = [programme.theta + 1 + rows + row for row in range(rows)]
        self._ids += [programme.theta + 1 + row for row in slacks] + [programme.theta]
        body = np.zeros((rows + 1, len(self._ids) + 1), dtype=object)
        body[np.arange(rows), np.arange(rows)] = 1
        for place, row in enumerate(slacks):
            body[row, rows + place] = programme.slack_signs[row] * signs[row]
        body[:rows, -2] = np.array(programme.theta_column, dtype=object) * self._signs
        body[:rows, -1] = np.array(programme.right, dtype=object) * self._signs
        self._body: ObjectArray = body
        self._denominator = 1
        self._basis = list(range(rows))
        self._artificial_cost = 1
        self._steps = 0
        self._take_in(programme.start())

    def find_feasible(self) -> bool:
        """Drive the artificial columns to zero; ``False`` if that cannot be done, so there is no solution."""
        self._set_costs({}, artificial=1)
        self._descend()
        rows = self._programme.rows
        return all(self._body[row, -1] == 0 for row, place in enumerate(self._basis) if place < rows)

    def minimise(self) -> set[int]:
        """Find an optimum; return the positions, basic or not, of all that may differ from zero in any optimum."""
        self._set_costs({self._programme.theta: self._programme.theta_cost}, artificial=0)
        self._descend()
        self._take_in(self._outside(zero=True))
        costs = self._body[-1, :-1]
        return {place for place in range(self._programme.rows, len(self._ids)) if costs[place] == 0}

    def value(self, number: int) -> Fraction:
        """Value of the variable with id ``number``."""
        place = self._ids.index(number)
        if place not in self._basis:
            return Fraction(0)
        return Fraction(self._body[self._basis.index(place), -1], self._denominator)

    def weights(self, *, with_trades: bool = False) -> dict[int, Fraction]:
        """Positive weights by number of the column."""
        most = self._programme.columns if with_trades else len(self._programme.ids)
        found = {}
        for row, place in enumerate(self._basis):
            if self._ids[place] < most and self._body[row, -1] > 0:
                found[self._ids[place]] = Fraction(self._body[row, -1], self._denominator)
        return found

    def prices(self) -> list[Fraction]:
        """Prices of the rows of whole numbers."""
        return [Fraction(int(price), self._denominator) for price in self._scaled_prices() * self._signs]

    def is_nondegenerate(self) -> bool:
        """Whether every basic variable is positive: then no other prices are optimal."""
        rows = self._programme.rows
        return all(self._body[row, -1] > 0 for row in range(rows)) and min(self._basis) >= rows

    def has_one_point(self, face: set[int]) -> bool:
        """Whether nothing outside the basis can enter: then no other weights are optimal."""
        return not face - set(self._basis)

    def extreme(self, face: set[int], *, largest: bool) -> _Tableau:
        """The optimum with the lexicographically largest (or smallest) weights in key order."""
        walk, face = self._copy(), set(face)
        references = len(self._programme.ids)
        for place in sorted((p for p in face if self._ids[p] < references), key=lambda p: self._ids[p]):
            walk._move(place, face, up=largest)
        return walk

    def fullest(self, face: set[int], gains: FloatArray) -> _Tableau:
        """An optimum at which the weights times ``gains`` add up to most."""
        walk = self._copy()
        scale = max(abs(gains).max(initial=0.0), np.finfo(float).tiny)
        costs = {}
        for place in face:
            number = self._ids[place]
            if number < self._programme.columns:
                costs[number] = -Fraction(float(gains[number] / scale)) * self._programme.weight_scale(number)
        common = max((cost.denominator for cost in costs.values()), default=1)
        walk._set_costs({number: int(cost * common) for number, cost in costs.items()}, artificial=0)
        walk._descend(face)
        return walk

    def _move(self, place: int, face: set[int], *, up: bool) -> None:
        """Make the variable at ``place`` as large (or small) as it can be on the face, and keep it there."""
        while True:
            if place not in self._basis:
                if not up:
                    face.discard(place)
                    return
                if place not in face:
                    return
                entering = place
            else:
                rates = self._body[self._basis.index(place)] * (1 if up else -1)
                better = [p for p in face if p not in self._basis and rates[p] < 0]
                if not better:
                    face -= {p for p in face if p not in self._basis and rates[p] > 0}
                    return
                entering = min(better, key=lambda p: self._ids[p])
            self._pivot(self._leaving(entering), entering)

    def _copy(self) -> _Tableau:
        other = object.__new__(_Tableau)
        other.__dict__.update(self.__dict__)
        other._body, other._basis, other._ids = self._body.copy(), list(self._basis), list(self._ids)
        return other

    def _set_costs(self, costs: dict[int, int], *, artificial: int) -> None:
        rows = self._programme.rows
        self._artificial_cost = artificial
        row = np.array([artificial] * rows + [costs.get(number, 0) for number in self._ids[rows:]] + [0], dtype=object)
        basic = row[self._basis]
        self._body[-1] = row * self._denominator - basic @ self._body[:-1]
        self._steps = 0

    def _descend(self, face: set[int] | None = None) -> None:
        """Take steps until nothing is cheaper than the prices say, among all columns or on a face."""
        rows = self._programme.rows
        while True:
            costs = self._body[-1]
            cheaper = [p for p in (range(rows, len(self._ids)) if face is None else face) if costs[p] < 0]
            if not cheaper:
                new = self._outside() if face is None else []
                if not new:
                    return
                self._take_in(new)
                continue
            self._steps += 1
            entering = min(cheaper, key=lambda p: costs[p] if self._steps < STEPS else self._ids[p])
            self._pivot(self._leaving(entering), entering)

    def _leaving(self, entering: int) -> int:
        best: int | None = None
        body, rows = self._body, self._programme.rows
        for row, place in enumerate(self._basis):
            rate = body[row, entering]
            if place < rows and self._artificial_cost == 0 and rate != 0:
                # An artificial column at zero must not move again: it makes way at once.
                return row
            if rate <= 0:
                continue
            if best is None:
                best = row
                continue
            ahead = body[row, -1] * body[best, entering] - body[best, -1] * rate
            if ahead < 0 or (ahead == 0 and self._ids[place] < self._ids[self._basis[best]]):
                best = row
        if best is None:
            raise AssertionError("a programme of this kind has no ray along which it improves for ever")
        return best

    def _pivot(self, leaving: int, entering: int) -> None:
        row, column = self._body[leaving].copy(), self._body[:, entering].copy()
        pivot = row[entering]
        self._body = (self._body * pivot - np.multiply.outer(column, row)) // self._denominator
        self._body[leaving] = row
        if pivot < 0:
            self._body, pivot = -self._body, -pivot
        self._denominator = pivot
        self._basis[leaving] = entering

    def _scaled_prices(self) -> ObjectArray:
        """Prices of the rows, with the signs they have in the tableau, times the denominator."""
        rows = self._programme.rows
        prices: ObjectArray = self._artificial_cost * self._denominator - self._body[-1, :rows]
        return prices

    def _outside(self, *, zero: bool = False) -> list[int]:
        """Columns not taken in that are cheaper than the prices say, the cheapest first and not too many; or, with
        ``zero``, all that cost just as much. A look in floating point leaves out those that surely are not."""
        programme, prices = self._programme, self._scaled_prices() * self._signs
        outside = np.ones(programme.columns, dtype=bool)
        outside[[number for number in self._ids if number < programme.columns]] = False
        look: IntArray = np.flatnonzero(outside)
        try:
            rough = np.array(
                [
                    float(Fraction(int(price), self._denominator) * power_of_two(power))
                    for price, power in zip(prices, programme.row_powers, strict=True)
                ]
            )
        except OverflowError:
            pass
        else:
            worth = rough @ programme.rough[:, look]
            doubt = 1e-12 * (np.abs(rough) @ np.abs(programme.rough[:, look])) + 1e-250 * np.abs(rough).max()
            # What overflows is looked at exactly.
            near = np.flatnonzero(~(worth < -doubt))
            look = look[near[np.argsort(-worth[near], kind="stable")]]
        found: list[int] = []
        for number in look.tolist():
            worth_exactly = prices @ programme.column(number)
            if worth_exactly == 0 if zero else worth_exactly > 0:
                found.append(number)
                if len(found) == ENTERING and not zero:
                    break
        return found

    def _take_in(self, numbers: list[int]) -> None:
        if not numbers:
            return
        rows = self._programme.rows
        columns = np.stack([self._programme.column(number) * self._signs for number in numbers], axis=1)
        new = np.empty((rows + 1, len(numbers)), dtype=object)
        new[:rows] = self._body[:rows, :rows] @ columns
        new[rows] = -(self._scaled_prices() @ columns)
        self._body = np.concatenate([self._body[:, :-1], new, self._body[:, -1:]], axis=1)
        self._ids += numbers
