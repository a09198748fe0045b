"""Checks against what the same provider delivered for an earlier year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import combinations
from types import MappingProxyType
from typing import Final

from providers.checks.figures import Check, Figures
from providers.checks.ratios import Values, ratios
from providers.checks.rules import Found, Rule
from providers.checks.wording import change, factor_in_words, figure, number, percentage, ratio_figure
from providers.measures import CATALOGUE, Measure

_EXPONENTS: Final = (3, 2, 1, -1, -2, -3)
_YEAR: Final = Decimal(12)
_TREATED: Final = "treated_days_share"


def _shown(figures: Figures, code: str, value: Decimal) -> str:
    return figure(value, CATALOGUE[code], figures.currency)


def _year(figures: Figures) -> str:
    return str(figures.previous.book_year) if figures.previous is not None else ""


def _earlier(figures: Figures) -> Values:
    return figures.previous.values if figures.previous is not None else {}


def _is_as_long(figures: Figures) -> bool:
    """Whether both years are about as many months: half a year has half the cost, and that is no mistake."""
    return (figures.get("months_covered") or _YEAR) == (figures.before("months_covered") or _YEAR)


def _total(figures: Figures, measure: Measure) -> Decimal:
    """What a figure is a part of, the larger of both years; 0 for a figure that is not part of anything."""
    if measure.kind == "days":
        return max(figures.days, figures.days_before)
    if measure.unit == "money":
        return max(abs(item or Decimal(0)) for item in (figures.get("total_cost"), figures.before("total_cost")))
    return Decimal(0)


def changed(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Figures that rose or fell by more than a part ``maximum``, if the change matters beside the total (``part``)."""
    if not _is_as_long(figures):
        return
    for code in rule.measures:
        value, before = figures.get(code), figures.before(code)
        if value is None or not before:
            continue
        difference = abs(value - before)
        matters = difference >= rule.parameters["part"] * _total(figures, CATALOGUE[code])
        if matters and difference > rule.parameters["maximum"] * abs(before):
            yield figures.found(
                rule,
                code,
                measure=CATALOGUE[code].label,
                value=_shown(figures, code, value),
                previous=_shown(figures, code, before),
                change=change(value, before),
                year=_year(figures),
            )


def changed_days(figures: Figures, rule: Rule) -> Iterator[Found]:
    """All care days together rose or fell by more than a part ``maximum``."""
    days, before = figures.days, figures.days_before
    if _is_as_long(figures) and days > 0 and before > 0 and abs(days - before) > rule.parameters["maximum"] * before:
        yield figures.found(
            rule,
            figures.measures("days")[0].code,
            days=number(days),
            previous=number(before),
            change=change(days, before),
            year=_year(figures),
        )


def changed_ratio(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Ratios that rose or fell by more than a part ``maximum``; both years count only what they are about."""
    for code in rule.ratios:
        ratio = ratios()[code]
        value, before = (ratio.of(values, figures.template) for values in (figures.values, _earlier(figures)))
        if value is None or not before or abs(value - before) <= rule.parameters["maximum"] * abs(before):
            continue
        yield figures.found(
            rule,
            ratio.measure,
            ratio=ratio.label,
            value=ratio_figure(value, ratio, figures.currency),
            previous=ratio_figure(before, ratio, figures.currency),
            change=change(value, before),
            year=_year(figures),
        )


def changed_points(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Shares (measures and ratios) that rose or fell by more than ``maximum``, in points."""
    pairs = [(code, CATALOGUE[code].label, figures.get(code), figures.before(code)) for code in rule.measures]
    for ratio in (ratios()[name] for name in rule.ratios):
        now, then = (ratio.of(values, figures.template) for values in (figures.values, _earlier(figures)))
        pairs.append((ratio.measure, ratio.label, now, then))
    for code, label, value, before in pairs:
        # A share above 1 is a mistake of its own; the catalogue says so.
        if value is None or before is None or value > 1 or before > 1:
            continue
        if abs(value - before) > rule.parameters["maximum"]:
            yield figures.found(
                rule,
                code,
                measure=label,
                value=percentage(value),
                previous=percentage(before),
                points=number(abs(value - before) * 100, 1),
                way="hoger" if value > before else "lager",
                year=_year(figures),
            )


def appeared(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Figures that were nothing last year and are at least ``smallest`` and a part ``part`` of the total now."""
    yield from _come_and_gone(figures, rule, has_come=True)


def disappeared(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Figures that are nothing now and were at least ``smallest`` and a part ``part`` of the total last year."""
    yield from _come_and_gone(figures, rule, has_come=False)


def _come_and_gone(figures: Figures, rule: Rule, *, has_come: bool) -> Iterator[Found]:
    for code in rule.measures:
        value, before = (item or Decimal(0) for item in (figures.get(code), figures.before(code)))
        here, not_here = (value, before) if has_come else (before, value)
        least = max(rule.parameters["smallest"], rule.parameters["part"] * _total(figures, CATALOGUE[code]))
        if not not_here and here >= least:
            shown = _shown(figures, code, here)
            yield figures.found(rule, code, measure=CATALOGUE[code].label, figure=shown, year=_year(figures))


def copied(figures: Figures, rule: Rule) -> Iterator[Found]:
    """As many as ``lines`` figures, and a part ``part`` of them, are last year's to the last digit."""
    alike: list[str] = []
    filled_in = 0
    for code in rule.measures:
        value, before = figures.get(code), figures.before(code)
        if value and before and min(abs(value), abs(before)) >= rule.parameters["smallest"]:
            filled_in += 1
            if value == before:
                alike.append(code)
    if alike and len(alike) >= rule.parameters["lines"] and len(alike) >= rule.parameters["part"] * filled_in:
        yield figures.found(
            rule,
            alike[0],
            count=str(len(alike)),
            all=str(filled_in),
            measures=", ".join(CATALOGUE[code].label for code in alike[:3]) + (" en meer" if len(alike) > 3 else ""),
            year=_year(figures),
        )


def factor_of_ten(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Figures that are ten, a hundred or a thousand times last year's, or such a part of it, give or take ``tolerance``.

    Many figures with the same factor are one finding, at the first of them.
    """
    by_exponent: dict[int, list[tuple[str, Decimal, Decimal]]] = defaultdict(list)
    for code in rule.measures:
        value, before = figures.get(code), figures.before(code)
        if not value or not before or (value > 0) != (before > 0):
            continue
        if max(abs(value), abs(before)) < rule.parameters["part"] * _total(figures, CATALOGUE[code]):
            continue
        for exponent in _EXPONENTS:
            ratio = value / (before * Decimal(10) ** exponent)
            if 1 / (1 + rule.parameters["tolerance"]) <= ratio <= 1 + rule.parameters["tolerance"]:
                by_exponent[exponent].append((code, value, before))
    for exponent, found in by_exponent.items():
        code, value, before = found[0]
        is_exact = all(now == then * Decimal(10) ** exponent for _, now, then in found)
        others = f" Dat geldt ook voor andere cijfers ({len(found) - 1})." if len(found) > 1 else ""
        yield figures.found(
            rule,
            code,
            covers=_with_the_same_comma(figures, [item for item, _, _ in found]),
            measure=CATALOGUE[code].label,
            value=_shown(figures, code, value),
            previous=_shown(figures, code, before),
            times=factor_in_words(exponent, is_exact=is_exact),
            others=others,
            year=_year(figures),
        )


def _with_the_same_comma(figures: Figures, codes: list[str]) -> list[str]:
    """Where the total has another comma all amounts have, also those that happened to change besides."""
    if "total_cost" not in codes:
        return codes
    return [*codes, *(item.code for item in figures.measures("cost", "revenue", "allowance"))]


def swapped(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Two products that have each other's days of last year, nearly (``near``), and hardly their own (``far``)."""
    least = rule.parameters["part"] * max(figures.days, figures.days_before)
    for first, second in combinations(rule.measures, 2):
        now, then = ([(get(code) or Decimal(0)) for code in (first, second)] for get in (figures.get, figures.before))
        together = sum(then)
        if together < least:
            continue
        crosswise = abs(now[0] - then[1]) + abs(now[1] - then[0])
        straight = abs(now[0] - then[0]) + abs(now[1] - then[1])
        if crosswise <= rule.parameters["near"] * together and straight >= rule.parameters["far"] * together:
            yield figures.found(
                rule,
                first,
                covers=[second],
                first=CATALOGUE[first].label,
                second=CATALOGUE[second].label,
                now=f"{number(now[0])} en {number(now[1])}",
                then=f"{number(then[0])} en {number(then[1])}",
                year=_year(figures),
            )


def treatment_swapped(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The share of days with treatment is nearly one minus last year's: everything stands in the other column."""
    share, before = (_treated(values, figures.template) for values in (figures.values, _earlier(figures)))
    if share is None or before is None or abs(share - before) <= rule.parameters["far"]:
        return
    if abs(share - (1 - before)) <= rule.parameters["near"]:
        codes = [measure.code for measure in figures.measures("days")]
        details = {"share": percentage(share), "previous": percentage(before), "year": _year(figures)}
        yield figures.found(rule, ratios()[_TREATED].measure, covers=codes, **details)


def _treated(values: Values, template: str) -> Decimal | None:
    return ratios()[_TREATED].of(values, template)


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "appeared": appeared,
        "changed": changed,
        "changed_days": changed_days,
        "changed_points": changed_points,
        "changed_ratio": changed_ratio,
        "copied": copied,
        "disappeared": disappeared,
        "factor_of_ten": factor_of_ten,
        "swapped": swapped,
        "treatment_swapped": treatment_swapped,
    }
)
