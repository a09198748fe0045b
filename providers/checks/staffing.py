"""Checks for what goes wrong in figures of staff: units that slip a factor, hours for jobs, clients that come and go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from providers.checks.figures import Check, Figures
from providers.checks.ratios import ratios
from providers.checks.rules import Found, Rule
from providers.checks.wording import figure, number, ratio_figure
from providers.measures import CATALOGUE

_EXPONENTS: Final = (1, 2, 3)


def not_above_zero(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Figures that are not filled in or 0, where neither can be."""
    for code in rule.measures:
        value = figures.get(code)
        if value is None or value <= 0:
            said = "niet ingevuld" if value is None else number(value)
            yield figures.found(rule, code, measure=CATALOGUE[code].label, said=said)


def off_by_factor(figures: Figures, rule: Rule) -> Iterator[Found]:
    """A ratio beyond ``minimum`` or ``maximum`` that is usual after multiplying or dividing by 10, 100 or 1000.

    What is usual goes from ``usual_minimum`` to ``usual_maximum``, less than a factor of ten apart.
    """
    limits = rule.parameters
    for code in rule.ratios:
        ratio = ratios()[code]
        value = ratio.of(figures.values, figures.template)
        if value is None or limits["minimum"] <= value <= limits["maximum"]:
            continue
        for exponent in _EXPONENTS:
            factor = Decimal(10) ** exponent
            right = value * factor if value < limits["minimum"] else value / factor
            if limits["usual_minimum"] <= right <= limits["usual_maximum"]:
                shown, mended = (ratio_figure(item, ratio, figures.currency) for item in (value, right))
                yield figures.found(
                    rule,
                    ratio.measure,
                    ratio=ratio.label,
                    value=shown,
                    factor=number(factor),
                    way="klein" if value < limits["minimum"] else "groot",
                    right=mended,
                )


def many_times(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The first of two figures is more than ``maximum`` times the second."""
    first, second = (figures.get(code) for code in rule.measures)
    if first is None or not second or first <= rule.parameters["maximum"] * second:
        return
    shown = [
        figure(value, CATALOGUE[code], figures.currency)
        for code, value in zip(rule.measures, (first, second), strict=True)
    ]
    yield figures.found(rule, rule.measures[0], first=shown[0], second=shown[1])


def jumped(figures: Figures, rule: Rule) -> Iterator[Found]:
    """More than ``factor`` times as much as in the earlier year, or less than that part of it; also where there was none."""
    factor = rule.parameters["factor"]
    for code in rule.measures:
        value, before = figures.get(code), figures.before(code)
        if value is None or before is None or value <= 0 or before < 0 or figures.previous is None:
            continue
        if value > factor * before or value * factor < before:
            measure = CATALOGUE[code]
            shown, earlier = (figure(item, measure, figures.currency) for item in (value, before))
            year = str(figures.previous.book_year)
            yield figures.found(rule, code, measure=measure.label, value=shown, before=earlier, year=year)


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "jumped": jumped,
        "many_times": many_times,
        "not_above_zero": not_above_zero,
        "off_by_factor": off_by_factor,
    }
)
