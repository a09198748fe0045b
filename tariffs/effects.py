"""What each rule of the model and the policy is worth in the whole country: with it, and with that one rule off.

The same frozen figures, policy and tariffs as those of the run, computed again in this process; nothing is written. The steps
from which no amount follows are left out (:func:`benchmarking.course.steps_to_money`), and a rule that is off begins at the
first step that it changes. Effects do not add up: where two rules take away the same peer, each does nothing without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from benchmarking import course
from benchmarking.calculation import Calculation, RunFailed, Step
from benchmarking.frontiers import frontier_of
from benchmarking.models import Run
from benchmarking.specification import Outliers
from tariffs.positions import Position, plain, positions_of

#: A cap that no rate reaches.
NO_CAP = Decimal(10) ** 9
IS_OFF = "Deze regel staat uit."
NO_TABLE = "Er is geen tabel met maximumtarieven: dit plafond doet niets."
NO_ALLOWANCES = "Er zijn geen afzonderlijk vergoede kosten: deze regel doet niets."
NOT_WITHOUT = "Zonder deze regel kan er niet worden gerekend. {reason}"

#: The amounts of a provider of which the national sums are compared.
AMOUNTS: Mapping[str, Callable[[Position], Decimal | None]] = {
    "minimum_cost": lambda position: position.minimum_cost,
    "maximum_cost": lambda position: position.maximum_cost,
    "tariffs_lower": lambda position: position.tariffs_lower,
    "tariffs_upper": lambda position: position.tariffs_upper,
}


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One national sum with a rule and without it, and whom the rule does what.

    ``difference`` and ``largest_change`` are with the rule less without it: below zero the rule lowers. ``higher`` and ``lower``
    count providers; ``largest`` is the key of who changes most either way, empty if nobody does.
    """

    with_rule: Decimal
    without_rule: Decimal
    difference: Decimal
    higher: int
    lower: int
    largest: str
    largest_change: Decimal


@dataclass(frozen=True, kw_only=True)
class RuleEffect:
    """One rule: whether it is on, a Dutch sentence why there is no effect to show, and else its effect per national sum.

    ``tariffs_lower`` and ``tariffs_upper`` are Σ days × product tariff, over who has one.
    """

    rule: str
    title: str
    is_on: bool
    explanation: str = ""
    minimum_cost: Effect | None = None
    maximum_cost: Effect | None = None
    tariffs_lower: Effect | None = None
    tariffs_upper: Effect | None = None


@dataclass(frozen=True, kw_only=True)
class RuleEffects:
    """The effect of every rule of one run."""

    run: str
    result_hash: str
    rules: tuple[RuleEffect, ...]

    def as_document(self) -> dict[str, Any]:
        """Return the same as JSON can hold it, money as text."""
        document: dict[str, Any] = plain(self)
        return document


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """How one rule is taken away: from the state before the step with code ``first``, the first that it changes.

    ``idle``: a Dutch sentence why the rule does nothing in this calculation, or nothing if it is on.
    """

    code: str
    title: str
    first: str
    idle: Callable[[Calculation], str]
    without: Callable[[Calculation], Calculation]


def _model(calculation: Calculation, **choices: Any) -> Calculation:
    return replace(calculation, specification=calculation.specification.model_copy(update=choices))


def _policy(calculation: Calculation, **choices: Any) -> Calculation:
    policy = {**calculation.frozen["policy"], **choices}
    return replace(calculation, frozen={**calculation.frozen, "policy": policy})


def _off_unless(is_on: bool) -> str:
    return "" if is_on else IS_OFF


def _idle_allowances(calculation: Calculation) -> str:
    if not calculation.specification.allowances:
        return NO_ALLOWANCES
    policy = calculation.frozen["policy"]
    return _off_unless(policy["marks_up_allowances"] and Decimal(policy["markup"]) > 0)


RULES = (
    _Rule(
        code="quality_gate",
        title="Voorwaarde op kwaliteit",
        first="quality_gate",
        idle=lambda calculation: _off_unless(bool(calculation.specification.quality_gate)),
        without=lambda calculation: _model(calculation, quality_gate=()),
    ),
    _Rule(
        code="outliers",
        title="Toets op uitbijters",
        first="outliers",
        idle=lambda calculation: _off_unless(bool(calculation.specification.outliers.rules)),
        without=lambda calculation: _model(calculation, outliers=Outliers()),
    ),
    _Rule(
        code="score_floor",
        title="Ondergrens van de score",
        first="minimum_cost",
        idle=lambda calculation: _off_unless(calculation.specification.score_floor is not None),
        without=lambda calculation: _model(calculation, score_floor=None),
    ),
    _Rule(
        code="cap",
        title="Plafond op het maximumtarief",
        first="bandwidths",
        idle=lambda calculation: "" if calculation.frozen["tariff_year_tariffs"] else NO_TABLE,
        without=lambda calculation: _policy(calculation, cap=str(NO_CAP)),
    ),
    _Rule(
        code="markup",
        title="Opslag",
        first="bandwidths",
        idle=lambda calculation: _off_unless(Decimal(calculation.frozen["policy"]["markup"]) > 0),
        without=lambda calculation: _policy(calculation, markup="0"),
    ),
    _Rule(
        code="marks_up_allowances",
        title="Opslag op afzonderlijk vergoede kosten",
        first="bandwidths",
        idle=_idle_allowances,
        without=lambda calculation: _policy(calculation, marks_up_allowances=False),
    ),
)


def of_each_rule(run: Run) -> RuleEffects:
    """Return the national effect of each rule of ``run``; the run itself stays as it is.

    Of a run with a frozen frontier the effects are those of the run that made it: a rule works on a comparison of everybody.
    Raises :class:`~benchmarking.calculation.RunFailed` if the run cannot be computed with the program as it is now.
    """
    run = frontier_of(run)
    start = course.start_of(run, only_money=True)
    steps = course.steps_to_money(start.specification)
    before: dict[str, Calculation] = {}
    state = start
    for step in steps:
        before[step.code] = state
        state = step(state).calculation
    with_all = positions_of(state)
    return RuleEffects(
        run=str(run.uuid),
        result_hash=run.result_hash,
        rules=tuple(_effect_of(rule, before[rule.first], steps, with_all) for rule in RULES),
    )


def _effect_of(rule: _Rule, before: Calculation, steps: list[Step], with_all: Mapping[str, Position]) -> RuleEffect:
    if idle := rule.idle(before):
        return RuleEffect(rule=rule.code, title=rule.title, is_on=False, explanation=idle)
    first = [step.code for step in steps].index(rule.first)
    try:
        without = positions_of(course.carried_out(rule.without(before), steps[first:]))
    except RunFailed as failure:
        explanation = NOT_WITHOUT.format(reason=failure)
        return RuleEffect(rule=rule.code, title=rule.title, is_on=True, explanation=explanation)
    sums: dict[str, Any] = {name: _compared(with_all, without, amount) for name, amount in AMOUNTS.items()}
    return RuleEffect(rule=rule.code, title=rule.title, is_on=True, **sums)


def _compared(
    with_rule: Mapping[str, Position], without: Mapping[str, Position], amount: Callable[[Position], Decimal | None]
) -> Effect:
    """Lay one amount of everybody beside itself; who has none counts as zero."""
    changes: dict[str, Decimal] = {}
    totals = [Decimal(0), Decimal(0)]
    for key, position in with_rule.items():
        ends = [amount(position) or Decimal(0), amount(without[key]) or Decimal(0)]
        totals = [total + end for total, end in zip(totals, ends, strict=True)]
        if ends[0] != ends[1]:
            changes[key] = ends[0] - ends[1]
    largest = min(changes, key=lambda key: (-abs(changes[key]), key), default="")
    return Effect(
        with_rule=totals[0],
        without_rule=totals[1],
        difference=totals[0] - totals[1],
        higher=sum(change > 0 for change in changes.values()),
        lower=sum(change < 0 for change in changes.values()),
        largest=largest,
        largest_change=changes.get(largest, Decimal(0)),
    )
