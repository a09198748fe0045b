"""Checks within one delivery: each looks at the figures of one provider in one round, and at nothing else.

Every function below is one kind of check, named in ``rules.toml``; the limits come from the rule or from the catalogue
of measures, never from here. A check says nothing about a figure that is missing, unless that is what it checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from providers.checks.figures import Check, Figures
from providers.checks.rules import Found, Rule
from providers.checks.wording import amount, figure, limits, number, percentage
from providers.measures import CATALOGUE, Measure

_COST_LINES = ("cost", "revenue", "allowance")
_DAYS_PER_MONTH = Decimal(366) / 12
_DAYS_PER_YEAR = Decimal(365)
_LARGEST_PERCENTAGE = Decimal(2)


def possible(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Values beyond what is possible at all, by the catalogue."""
    for measure in figures.measures():
        yield from _beyond(figures, rule, measure, measure.minimum, measure.maximum)


def plausible(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Values beyond what is to be expected, by the catalogue; silent where the value is not possible anyway."""
    for measure in figures.measures():
        value = figures.get(measure.code)
        if value is None or _is_beyond(value, measure.minimum, measure.maximum):
            continue
        yield from _beyond(figures, rule, measure, measure.plausible_minimum, measure.plausible_maximum)


def _is_beyond(value: Decimal, minimum: Decimal | None, maximum: Decimal | None) -> bool:
    return (minimum is not None and value < minimum) or (maximum is not None and value > maximum)


def _beyond(
    figures: Figures, rule: Rule, measure: Measure, minimum: Decimal | None, maximum: Decimal | None
) -> Iterator[Found]:
    value = figures.get(measure.code)
    if value is None or not _is_beyond(value, minimum, maximum):
        return
    # Someone who filled in 56 for 0.56 has to see 56, not 5,600 %.
    as_percentage = abs(value) <= _LARGEST_PERCENTAGE

    def shown(number: Decimal) -> str:
        return figure(number, measure, figures.currency, as_percentage=as_percentage)

    ends = [None if end is None else shown(end) for end in (minimum, maximum)]
    found = figures.found(rule, measure.code, measure=measure.label, value=shown(value), limit=limits(*ends))
    if measure.unit == "share" and not as_percentage and not _is_beyond(value / 100, measure.minimum, measure.maximum):
        written = f"{shown(value)}\u00a0%"
        meant = f"Hier staat {shown(value)}. Bedoelt u {written}? Vul dan {written} in, met het procentteken."
        found = replace(found, message=f"{found.message} {meant}")
    yield found


def whole(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Fractions where only whole numbers make sense."""
    for measure in figures.measures():
        value = figures.get(measure.code)
        if measure.is_whole and value is not None and value != value.to_integral_value():
            yield figures.found(
                rule, measure.code, measure=measure.label, value=figure(value, measure, figures.currency)
            )


def missing(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Figures without which there is nothing to compare."""
    for code in rule.measures:
        if figures.get(code) is None:
            yield figures.found(rule, code, measure=CATALOGUE[code].label)


def above(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Measures above a limit of the rule."""
    for code in rule.measures:
        value = figures.get(code)
        if value is not None and value > rule.parameters["maximum"]:
            measure = CATALOGUE[code]
            shown, limit = (figure(item, measure, figures.currency) for item in (value, rule.parameters["maximum"]))
            yield figures.found(rule, code, measure=measure.label, value=shown, limit=limit)


def sum_of_lines(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The total is the sum of the cost lines, give or take an absolute amount and a share of the total."""
    total = figures.get("total_cost")
    lines = [figures.get(measure.code) for measure in figures.measures(*_COST_LINES)]
    filled_in = [line for line in lines if line is not None]
    if total is None or not filled_in:
        return
    together = sum(filled_in, Decimal(0))
    difference = abs(total - together)
    if difference > rule.parameters["absolute"] + rule.parameters["relative"] * abs(total):
        amounts = {"total": total, "sum": together, "difference": difference}
        yield figures.found(
            rule, "total_cost", **{name: amount(item, figures.currency) for name, item in amounts.items()}
        )


def cost_per_day(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Total cost per care day beyond the limits of the rule, in the currency of the round."""
    total = figures.get("total_cost")
    if total is None or figures.days <= 0:
        return
    per_day = total / figures.days
    minimum, maximum = rule.parameters["minimum"], rule.parameters["maximum"]
    if _is_beyond(per_day, minimum, maximum):
        limit = limits(amount(minimum, figures.currency, 0), amount(maximum, figures.currency, 0))
        lines = [measure.code for measure in figures.measures(*_COST_LINES)]
        yield figures.found(rule, "total_cost", covers=lines, per_day=amount(per_day, figures.currency), limit=limit)


def published_cost_per_day(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The cost per day that the source publishes is the one that follows from its cost and days."""
    (code,) = rule.measures
    total, published = figures.get("total_cost"), figures.get(code)
    if total is None or published is None or figures.days <= 0:
        return
    per_day = total / figures.days
    if abs(per_day - published) > rule.parameters["absolute"] + rule.parameters["relative"] * abs(published):
        shown = {"per_day": per_day, "published": published}
        yield figures.found(rule, code, **{name: amount(item, figures.currency) for name, item in shown.items()})


def larger_than(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The first of two amounts is larger than the second."""
    first, second = (figures.get(code) for code in rule.measures)
    if first is not None and second is not None and first > second:
        shown = {"first": first, "second": second}
        yield figures.found(
            rule, rule.measures[0], **{name: amount(item, figures.currency) for name, item in shown.items()}
        )


def part_of(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The first of some amounts is too large a part of all of them."""
    parts = [figures.get(code) for code in rule.measures]
    together = sum((part for part in parts if part is not None), Decimal(0))
    if parts[0] is not None and together > 0 and parts[0] / together > rule.parameters["maximum"]:
        share, limit = percentage(parts[0] / together), percentage(rule.parameters["maximum"], 0)
        yield figures.found(rule, rule.measures[0], share=share, limit=limit)


def no_days(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Not one care day."""
    if figures.days <= 0:
        yield figures.found(rule, figures.measures("days")[0].code)


def treatment_without_cost(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Days with treatment, but no cost of treatment."""
    codes = [measure.code for measure in figures.measures("days") if measure.code.endswith("_with_treatment")]
    days = sum((figures.get(code) or Decimal(0) for code in codes), Decimal(0))
    if days > 0 and not figures.get("treatment"):
        yield figures.found(rule, "treatment", days=number(days))


def more_days_than_places(figures: Figures, rule: Rule) -> Iterator[Found]:
    """More care days than the places could hold in the months that the figures are about."""
    places, months = (figures.get(code) for code in rule.measures)
    if places is None or places <= 0:
        return
    share = figures.days / (places * _DAYS_PER_MONTH * (12 if months is None or not 0 < months <= 12 else months))
    if share > rule.parameters["maximum"]:
        details = {"days": number(figures.days), "places": number(places), "share": percentage(share, 0)}
        yield figures.found(rule, rule.measures[0], **details)


def few_days_for_places(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Far fewer days than the places could hold in a year."""
    days, places = (figures.get(code) for code in rule.measures)
    if days is None or places is None or places <= 0:
        return
    share = days / (places * _DAYS_PER_YEAR)
    if share < rule.parameters["minimum"]:
        details = {"days": number(days), "places": number(places), "share": percentage(share, 0)}
        yield figures.found(rule, rule.measures[0], **details)


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "above": above,
        "cost_per_day": cost_per_day,
        "few_days_for_places": few_days_for_places,
        "larger_than": larger_than,
        "missing": missing,
        "more_days_than_places": more_days_than_places,
        "no_days": no_days,
        "part_of": part_of,
        "plausible": plausible,
        "possible": possible,
        "published_cost_per_day": published_cost_per_day,
        "sum": sum_of_lines,
        "treatment_without_cost": treatment_without_cost,
        "whole": whole,
    }
)
