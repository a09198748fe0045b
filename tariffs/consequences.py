"""What other figures of one provider do, before anybody decides on them: to itself, and to everybody else.

Three questions, none of which writes anything:

- :func:`of`: what a new run would give if corrections are accepted, against what the run gave;
- :func:`frozen_frontier`: what one provider would get if everybody else keeps what was decided;
- :func:`worse_for`: for whom a new run would turn out lower than what was decided.

Model, policy and tariffs are those that were frozen with the run. Figures are as a delivery holds them: who changes a line of
costs changes the total that it is part of as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from benchmarking import pipeline
from benchmarking.calculation import Calculation, Outcome, RunFailed
from benchmarking.engine import ENGINE_VERSION
from benchmarking.models import Result, Run
from benchmarking.steps.circumstances import TOO_STRONG
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

    Up and down go by the score, which their money follows: their own figures stay. ``other_peers`` counts whose peers change,
    also where the score does not.
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
    start = pipeline.start_of(run, only_money=True)
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

    It is measured against the figures of all others as they were, with the verdicts of the quality gate and of the outlier
    rules as they were. Its old figures are out of the comparison and the new ones are its own reference, so its score is at
    most 1. Nobody else gets another outcome, also not who has it as a peer. A correction for circumstances keeps the
    coefficients of the run.
    ``errors`` as for :func:`of`. Raises :class:`ChangeRefused` and :class:`~benchmarking.calculation.RunFailed`.
    """
    start = pipeline.start_of(run, only_money=True)
    refuse_unknown(start, {key: figures})
    columns = {**figures, **({} if errors is None else {"errors": errors})}
    decided: dict[str, Callable[[Calculation], Outcome]] = {
        "quality_gate": partial(_verdicts_as_decided, run),
        "outliers": Outcome,
        "circumstances": partial(_correction_as_decided, run, key),
    }
    todo = [decided.get(step.code, step) for step in pipeline.steps() if step.code not in pipeline.INFORMING]
    after = positions_of(pipeline.carried_out(start.with_delivered({key: columns}), todo))
    return Change(key=key, is_corrected=True, before=stored_positions(run, key=key)[key], after=after[key])


def _verdicts_as_decided(run: Run, calculation: Calculation) -> Outcome:
    """Take over from the run who may be a peer, and why others may not."""
    columns = ("quality", "outlier", "may_be_peer")
    stored = {key: row for key, *row in Result.objects.filter(run=run).values_list("provider__key", *columns)}
    rows = [stored[key] for key in calculation.results.index]
    return Outcome(calculation.with_results(**dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))))


def _correction_as_decided(run: Run, key: str, calculation: Calculation) -> Outcome:
    """Correct the score of one provider with the coefficients of the run, as the step does with those it estimates."""
    asked = calculation.specification.correction
    score = calculation.results.at[key, "score"]
    found: dict[str, float] = {}
    if asked is not None and score is not None:
        factors = run.steps.get(code="circumstances").figures["factors"]
        difference = _from_own_peers(calculation, key, asked.measures)
        if difference is not None:
            cap = float(asked.cap)
            wanted = -sum(factors[name]["coefficient"] * amount for name, amount in difference.items())
            corrected = min(score + min(max(wanted, -cap), cap), 1.0)
            if corrected <= 0:
                raise RunFailed(TOO_STRONG.format(count=1))
            found[key] = corrected - score
    return Outcome(calculation.with_results(correction=calculation.by_key(found)))


def _from_own_peers(calculation: Calculation, key: str, measures: Iterable[str]) -> dict[str, float] | None:
    """Return the own circumstances less those of the own peers, by their share of cost; ``None`` if a figure is missing."""
    links = calculation.peers[calculation.peers["key"] == key]
    found = {}
    for measure in measures:
        values = calculation.delivered[measure]
        compared = [values[key], *(values[peer] for peer in links["peer"])]
        if any(value is None for value in compared):
            return None
        own, *others = map(float, compared)
        found[measure] = sum(share * (own - other) for share, other in zip(links["cost_share"], others, strict=True))
    return found


@dataclass(frozen=True, kw_only=True)
class Worse:
    """A provider for whom a new run is lower than what was decided. Amounts are ``None`` where there is none."""

    key: str
    is_corrected: bool
    decided_minimum_cost: Decimal | None
    minimum_cost: Decimal | None
    decided_maximum_cost: Decimal | None
    maximum_cost: Decimal | None

    def as_document(self) -> dict[str, Any]:
        """Return the same as JSON can hold it, money as text."""
        document: dict[str, Any] = plain(self)
        return document


#: What was decided of one provider: minimum and maximum costs.
Decided = tuple[Decimal | None, Decimal | None]


def worse_for(found: Consequences, *, decided: Mapping[str, Decided] | None = None) -> tuple[Worse, ...]:
    """Return for whom a new run has a lower minimum or maximum than was decided, in order of key.

    ``decided``: minimum and maximum costs by key, where they are others than those before (an earlier objection may have kept
    somebody's higher). Who objects is in it as well: nobody may be worse off by the own objection (Awb 7:11). Whether others
    may be is a choice of policy; this gives the figures.
    """
    told = decided or {}
    made = []
    for change in found.everyone:
        minimum, maximum = told.get(change.key, (change.before.minimum_cost, change.before.maximum_cost))
        after = change.after
        if _is_lower(after.minimum_cost, minimum) or _is_lower(after.maximum_cost, maximum):
            made.append(
                Worse(
                    key=change.key,
                    is_corrected=change.is_corrected,
                    decided_minimum_cost=minimum,
                    minimum_cost=after.minimum_cost,
                    decided_maximum_cost=maximum,
                    maximum_cost=after.maximum_cost,
                )
            )
    return tuple(made)


def _is_lower(amount: Decimal | None, decided: Decimal | None) -> bool:
    """Tell whether an amount is below what was decided; to have none any more is lower as well."""
    return decided is not None and (amount is None or amount < decided)


def _recomputed(start: Calculation, changes: Changes, errors: Mapping[str, str]) -> dict[str, Position]:
    columns = {key: {**figures, **_error_column(errors, key)} for key, figures in changes.items()}
    steps = pipeline.steps_to_money(start.specification)
    return positions_of(pipeline.carried_out(start.with_delivered(columns), steps))


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
        unchanged=len(changes) - up - down,
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
