"""What other figures of one provider do, before anybody decides on them: to itself, and to everybody else.

Two questions, neither of which writes anything:

- :func:`of`: what a new run would give if corrections are accepted, against what the run gave;
- :func:`frozen_frontier`: what one provider would get if everybody else keeps what was decided.

Against what was *decided* newer outcomes are laid in :mod:`tariffs.procedure.renewals`.

Model, policy and tariffs are those that were frozen with the run. Figures are as a delivery holds them: who changes a line of
costs changes the total that it is part of as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from benchmarking import course
from benchmarking.calculation import Calculation, rows_of
from benchmarking.engine import ENGINE_VERSION
from benchmarking.frontiers import frontier_of
from benchmarking.models import Run
from tariffs.positions import Position, plain, positions_of, stored_positions

#: Other figures, per key of a provider, per measure; ``None`` takes a figure away.
Changes = Mapping[str, Mapping[str, Decimal | None]]

HOW_MANY_LARGEST = 5
UNKNOWN_PROVIDER = "Zorgaanbieder {key} komt in deze berekening niet voor."
NOT_IN_THE_RUN = "Van zorgaanbieder {key} zijn in deze berekening geen cijfers. Er valt niets te verbeteren."
UNKNOWN_MEASURE = "{measure} is geen gegeven van deze ronde."


class ChangeRefused(ValueError):
    """These figures cannot be changed; the message is a Dutch sentence."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One provider before and after. Differences are after less before; who has no amount counts as zero."""

    key: str
    is_corrected: bool
    before: Position
    after: Position

    @property
    def moves(self) -> bool:
        """Tell whether anything differs that this provider is told in score, money and tariffs."""
        return self.before.told != self.after.told

    @property
    def peers_changed(self) -> int:
        """Return how many peers came and went."""
        return len(self.before.peers ^ self.after.peers)

    @property
    def score(self) -> Decimal:
        """Return the difference in score."""
        return _or_zero(self.after.score) - _or_zero(self.before.score)

    @property
    def minimum_cost(self) -> Decimal:
        """Return the difference in minimum costs."""
        return _or_zero(self.after.minimum_cost) - _or_zero(self.before.minimum_cost)

    @property
    def maximum_cost(self) -> Decimal:
        """Return the difference in maximum costs."""
        return _or_zero(self.after.maximum_cost) - _or_zero(self.before.maximum_cost)

    def as_document(self) -> dict[str, Any]:
        """Return the same as JSON can hold it, money as text."""
        return {
            **plain(self),
            "moves": self.moves,
            "peers_changed": self.peers_changed,
            "difference": {
                "score": str(self.score),
                "minimum_cost": str(self.minimum_cost),
                "maximum_cost": str(self.maximum_cost),
            },
        }


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What happens to a group of providers: how many go up, down and stay, and by how much together.

    Who has no score neither goes nor stays. Up and down go by the score, which their money follows: their own figures stay.
    ``other_peers`` counts whose peers change, also where the score does not.
    """

    up: int
    down: int
    unchanged: int
    other_peers: int
    minimum_cost: Decimal
    maximum_cost: Decimal
    tariffs_lower: Decimal
    tariffs_upper: Decimal


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One of the corrections by itself: whether it moves anybody else in score, money or tariffs."""

    key: str
    nobody_else_moves: bool


@dataclass(frozen=True, kw_only=True)
class Consequences:
    """Everybody before and after, in order of key, and each of the corrections by itself."""

    run: str
    everyone: tuple[Change, ...]
    corrections: tuple[Correction, ...]

    @property
    def own(self) -> tuple[Change, ...]:
        """Return those whose figures are corrected."""
        return tuple(change for change in self.everyone if change.is_corrected)

    @property
    def others(self) -> tuple[Change, ...]:
        """Return everybody else."""
        return tuple(change for change in self.everyone if not change.is_corrected)

    @property
    def moved(self) -> tuple[Change, ...]:
        """Return the others who read other figures, largest change in minimum costs first."""
        return tuple(sorted((change for change in self.others if change.moves), key=_by_size))

    @property
    def largest(self) -> tuple[Change, ...]:
        """Return the five others who move most."""
        return self.moved[:HOW_MANY_LARGEST]

    @property
    def nobody_else_moves(self) -> bool:
        """Tell whether all corrections together move nobody else."""
        return not any(change.moves for change in self.others)

    @property
    def totals(self) -> Totals:
        """Return what happens to the others together."""
        return _totals(self.others)

    @property
    def become_peers(self) -> tuple[str, ...]:
        """Return the keys of who is a peer for another afterwards and was not before."""
        return tuple(sorted(_peers(c.after for c in self.everyone) - _peers(c.before for c in self.everyone)))

    @property
    def stop_being_peers(self) -> tuple[str, ...]:
        """Return the keys of who was a peer for another before and is not afterwards."""
        return tuple(sorted(_peers(c.before for c in self.everyone) - _peers(c.after for c in self.everyone)))

    def as_document(self) -> dict[str, Any]:
        """Return what this comes down to as JSON can hold it, money as text; of the others who moves, not who stays."""
        return {
            "run": self.run,
            "own": [change.as_document() for change in self.own],
            "others": plain(self.totals),
            "moved": [change.as_document() for change in self.moved],
            "become_peers": list(self.become_peers),
            "stop_being_peers": list(self.stop_being_peers),
            "nobody_else_moves": self.nobody_else_moves,
            "corrections": plain(self.corrections),
        }


def of(
    run: Run, changes: Changes, *, accepted: Changes | None = None, errors: Mapping[str, str] | None = None
) -> Consequences:
    """Return what a new run would give with ``changes``, computed in full but for what only informs.

    ``accepted`` are corrections that were decided before: they count on both sides, so what is told is what ``changes`` add.
    ``errors``: the codes of hard errors of a corrected delivery, joined by space, where they are others than in the run (``""``:
    none are left); they count for who takes part. Not in it, and the same in a new run: other model choices, policy or tariffs
    of today. Raises :class:`ChangeRefused`, and :class:`~benchmarking.calculation.RunFailed` if a new run would fail.
    """
    start = course.start_of(run, only_money=True)
    known = accepted or {}
    refuse_unknown(start, changes)
    refuse_unknown(start, known)
    is_as_stored = not known and run.engine_version == ENGINE_VERSION
    before = stored_positions(run) if is_as_stored else _recomputed(start, known, {})
    everyone = _changes(before, _recomputed(start, _merged(known, changes), errors or {}), changes)
    return Consequences(
        run=str(run.uuid),
        everyone=everyone,
        corrections=tuple(
            _alone(start, key, changes, known, errors or {}, before, everyone) for key in sorted(changes)
        ),
    )


def refuse_unknown(calculation: Calculation, changes: Changes) -> None:
    """Raise :class:`ChangeRefused` for who or what is not in a calculation, and for who has no figures that count in it."""
    delivered = calculation.delivered
    measures = set(delivered.columns) - {"delivered", "standing", "merged", "errors"}
    for key, figures in changes.items():
        if key not in delivered.index:
            raise ChangeRefused(UNKNOWN_PROVIDER.format(key=key))
        if not delivered.at[key, "delivered"]:
            raise ChangeRefused(NOT_IN_THE_RUN.format(key=key))
        for measure in figures:
            if measure not in measures:
                raise ChangeRefused(UNKNOWN_MEASURE.format(measure=measure))


def frozen_frontier(run: Run, key: str, figures: Mapping[str, Decimal | None], *, errors: str | None = None) -> Change:
    """Return what one provider gets with other figures while everybody else keeps what was decided.

    As :mod:`benchmarking.frozen_frontier` has it: a run that is asked for in this way gives exactly this. ``figures`` are others
    than those in ``run``; the frontier is that of ``run``, or the one that ``run`` was measured against itself.
    ``errors`` as for :func:`of`. Raises :class:`ChangeRefused` and :class:`~benchmarking.calculation.RunFailed`.
    """
    from benchmarking.frozen_frontier import Frontier  # what computes is loaded by who computes: a web server does not

    start = course.start_of(run, only_money=True)
    refuse_unknown(start, {key: figures})
    row = {**rows_of(start.delivered.loc[[key]])[key], **figures, **({} if errors is None else {"errors": errors})}
    after = positions_of(Frontier(frontier_of(run), only_money=True).measured(key, row))
    return Change(key=key, is_corrected=True, before=stored_positions(run, key=key)[key], after=after[key])


def _recomputed(start: Calculation, changes: Changes, errors: Mapping[str, str]) -> dict[str, Position]:
    columns = {key: {**figures, **_error_column(errors, key)} for key, figures in changes.items()}
    steps = course.steps_to_money(start.specification)
    return positions_of(course.carried_out(start.with_delivered(columns), steps))


def _error_column(errors: Mapping[str, str], key: str) -> dict[str, str]:
    return {"errors": errors[key]} if key in errors else {}


def _merged(first: Changes, then: Changes) -> Changes:
    return {key: {**first.get(key, {}), **then.get(key, {})} for key in {**first, **then}}


def _changes(before: Mapping[str, Position], after: Mapping[str, Position], corrected: Changes) -> tuple[Change, ...]:
    return tuple(
        Change(key=key, is_corrected=key in corrected, before=before[key], after=position)
        for key, position in after.items()
    )


def _alone(
    start: Calculation,
    key: str,
    changes: Changes,
    accepted: Changes,
    errors: Mapping[str, str],
    before: Mapping[str, Position],
    everyone: tuple[Change, ...],
) -> Correction:
    """Tell whether one of the corrections moves anybody else by itself; if it is the only one, that is known already."""
    if len(changes) > 1:
        this = {key: changes[key]}
        everyone = _changes(before, _recomputed(start, _merged(accepted, this), errors), this)
    return Correction(key=key, nobody_else_moves=not any(c.moves for c in everyone if c.key != key))


def _totals(changes: tuple[Change, ...]) -> Totals:
    up = sum(change.score > 0 for change in changes)
    down = sum(change.score < 0 for change in changes)
    return Totals(
        up=up,
        down=down,
        unchanged=sum(change.score == 0 and change.after.score is not None for change in changes),
        other_peers=sum(change.peers_changed > 0 for change in changes),
        minimum_cost=sum((change.minimum_cost for change in changes), Decimal(0)),
        maximum_cost=sum((change.maximum_cost for change in changes), Decimal(0)),
        tariffs_lower=sum((c.after.tariffs_lower - c.before.tariffs_lower for c in changes), Decimal(0)),
        tariffs_upper=sum((c.after.tariffs_upper - c.before.tariffs_upper for c in changes), Decimal(0)),
    )


def _by_size(change: Change) -> tuple[Decimal, str]:
    return -abs(change.minimum_cost), change.key


def _peers(positions: Iterable[Position]) -> set[str]:
    return {peer for position in positions for peer in position.peers}


def _or_zero(amount: Decimal | None) -> Decimal:
    return Decimal(0) if amount is None else amount
