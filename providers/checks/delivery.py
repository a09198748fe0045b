"""Checking one delivery: what the reader noticed, and what every rule of its template finds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from providers.checks import accounts, last_year, patterns, sector, staffing, within
from providers.checks.figures import Check, Figures, Previous
from providers.checks.rules import SEVERITIES, Found, rule, rules
from providers.checks.sector import SectorStatistics
from providers.workbook.content import ReadDelivery, ReadRound

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {**within.CHECKS, **patterns.CHECKS, **last_year.CHECKS, **sector.CHECKS, **accounts.CHECKS, **staffing.CHECKS}
)
"""Every kind of check by its name in ``rules.toml``."""


def check_delivery(
    delivery: ReadDelivery,
    *,
    template: str,
    currency: str,
    book_year: int,
    previous: Previous | None = None,
    sector: SectorStatistics | None = None,
) -> list[Found]:
    """What there is to say about a delivery; the most serious first, then by code and in the order of the form.

    Rules about last year or the sector are silent without ``previous`` or ``sector``. :class:`ValueError` if
    ``previous`` is not of an earlier book year.
    """
    if previous is not None and previous.book_year >= book_year:
        raise ValueError(f"the figures of {previous.book_year} are not earlier than those of {book_year}")
    figures = Figures(delivery, template, currency, book_year, previous, sector)
    available = {"last_year": previous is not None, "sector": sector is not None}
    found = [
        Found(
            noticed,
            finding.cell,
            noticed.message.format_map(finding.details),
            finding.measure,
            _about(finding.measure, figures),
        )
        for finding in delivery.findings
        for noticed in (rule(finding.rule),)
    ]
    candidates = [
        item
        for applied in rules().values()
        if applied.check and template in applied.templates and available.get(applied.scope, True)
        for item in CHECKS[applied.check](figures, applied)
    ]
    covered = {(item.rule.code, code) for item in (*found, *candidates) for code in item.covers}
    found.extend(item for item in candidates if not any((other, item.measure) in covered for other in item.rule.unless))
    return sorted(found, key=lambda item: (SEVERITIES.index(item.rule.severity), item.rule.code))


def _about(measure: str, figures: Figures) -> frozenset[str]:
    """The measures that a lesser rule is silent about when the reader noticed something at one: no total without its parts."""
    if not measure:
        return frozenset()
    lines = {line.code for line in figures.measures("cost", "revenue", "allowance")}
    return frozenset({measure, "total_cost"} if measure in lines else {measure})


def check(delivery: ReadDelivery, round: ReadRound) -> list[Found]:
    """What there is to say about a delivery of a round that was read from a file, looking at what was read along with it."""
    year = delivery.earlier_year
    return check_delivery(
        delivery,
        template=round.template_version,
        currency=round.currency,
        book_year=round.book_year,
        previous=Previous(year, delivery.earlier_values) if year else None,
    )
