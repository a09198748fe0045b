"""Checks for the traces that haste leaves within one delivery: rounding, copying, a figure that cannot go with another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from providers.checks.figures import Check, Figures
from providers.checks.ratios import ratios
from providers.checks.rules import Found, Rule
from providers.checks.wording import amount, figure, limits, number, ratio_figure
from providers.measures import CATALOGUE


def rounded(figures: Figures, rule: Rule) -> Iterator[Found]:
    """At least ``lines`` figures, and a part ``part`` of those that are not 0, are multiples of ``multiple``."""
    filled_in = [code for code in rule.measures if figures.get(code)]
    round_ones = [code for code in filled_in if figures.values[code] % rule.parameters["multiple"] == 0]
    if len(round_ones) >= rule.parameters["lines"] and len(round_ones) >= rule.parameters["part"] * len(filled_in):
        details = {"count": str(len(round_ones)), "all": str(len(filled_in))}
        yield figures.found(rule, round_ones[0], multiple=number(rule.parameters["multiple"]), **details)


def same_figure(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The same figure, of at least ``smallest``, in two cells or more."""
    by_value: dict[Decimal, list[str]] = defaultdict(list)
    for code in rule.measures:
        value = figures.get(code)
        if value is not None and abs(value) >= rule.parameters["smallest"]:
            by_value[value].append(code)
    for value, codes in by_value.items():
        if len(codes) > 1:
            labels = [f"‘{CATALOGUE[code].label}’" for code in codes]
            yield figures.found(
                rule,
                codes[1],
                covers=codes,
                value=figure(value, CATALOGUE[codes[0]], figures.currency),
                measures=f"{', '.join(labels[:-1])} en {labels[-1]}",
            )


def cost_of_treatment_without_days(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Cost of treatment, but not one day with treatment."""
    cost = figures.get("treatment") or Decimal(0)
    treated = [item.code for item in figures.measures("days") if item.code.endswith("_with_treatment")]
    if cost > 0 and figures.days > 0 and not any(figures.get(code) for code in treated):
        yield figures.found(rule, "treatment", cost=amount(cost, figures.currency))


def ratio_beyond(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Ratios of the rule beyond ``minimum`` or ``maximum``."""
    minimum, maximum = (rule.parameters.get(name) for name in ("minimum", "maximum"))
    for code in rule.ratios:
        ratio = ratios()[code]
        value = ratio.of(figures.values, figures.template)
        if value is None:
            continue
        if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
            ends = (None if end is None else ratio_figure(end, ratio, figures.currency) for end in (minimum, maximum))
            shown = ratio_figure(value, ratio, figures.currency)
            yield figures.found(rule, ratio.measure, ratio=ratio.label, value=shown, limit=limits(*ends))


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "cost_of_treatment_without_days": cost_of_treatment_without_days,
        "ratio_beyond": ratio_beyond,
        "rounded": rounded,
        "same_figure": same_figure,
    }
)
