"""Checks that the cost of the data request ties to the annual accounts of the whole organisation::

    charges in the accounts = (total cost - revenues that lower it) + other activities + other differences

The total is what is left after revenues, which are negative amounts; the accounts show charges before revenues, so the
revenues are added back. Other activities or differences that were left empty count as 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from providers.checks.figures import Check, Figures
from providers.checks.rules import Found, Rule
from providers.checks.wording import amount, percentage
from providers.measures import CATALOGUE

TOTAL, OTHER_ACTIVITIES, DIFFERENCES = "accounts_total_cost", "accounts_other_activities", "accounts_differences"
_THOUSAND: Final = Decimal(1000)


@dataclass(frozen=True)
class _Bridge:
    """The amounts of the sum above; ``gross`` is the cost before revenues."""

    accounts: Decimal
    gross: Decimal
    revenues: Decimal
    other: Decimal
    differences: Decimal

    @property
    def expected(self) -> Decimal:
        return self.gross + self.other + self.differences

    def ties(self, expected: Decimal, rule: Rule, *, accounts: Decimal | None = None) -> bool:
        charges = self.accounts if accounts is None else accounts
        allowed = max(rule.parameters["absolute"], rule.parameters["relative"] * abs(charges))
        return abs(charges - expected) <= allowed


def _bridge(figures: Figures) -> _Bridge | None:
    accounts, total = figures.get(TOTAL), figures.get("total_cost")
    if accounts is None or total is None:
        return None
    revenues = figures.get("revenues_as_negative_cost") or Decimal(0)
    other, differences = (figures.get(code) or Decimal(0) for code in (OTHER_ACTIVITIES, DIFFERENCES))
    return _Bridge(accounts, total - revenues, revenues, other, differences)


def _found(figures: Figures, rule: Rule, bridge: _Bridge, measure: str) -> Found:
    amounts = {
        "accounts": bridge.accounts,
        "gross": bridge.gross,
        "revenues": bridge.revenues,
        "other": bridge.other,
        "differences": bridge.differences,
        "expected": bridge.expected,
        "gap": abs(bridge.accounts - bridge.expected),
    }
    shown = {name: amount(item, figures.currency) for name, item in amounts.items()}
    return figures.found(rule, measure, covers=[TOTAL, DIFFERENCES], **shown)


def does_not_tie(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The accounts and the sum differ by more than ``absolute`` and by more than a part ``relative``."""
    bridge = _bridge(figures)
    if bridge is not None and not bridge.ties(bridge.expected, rule):
        yield _found(figures, rule, bridge, TOTAL)


def accounts_in_thousands(figures: Figures, rule: Rule) -> Iterator[Found]:
    """It would tie if the accounts were in thousands, as many annual accounts are printed."""
    bridge = _bridge(figures)
    if bridge is None or bridge.ties(bridge.expected, rule) or not bridge.accounts:
        return
    if bridge.ties(bridge.expected, rule, accounts=bridge.accounts * _THOUSAND):
        yield _found(figures, rule, bridge, TOTAL)


def wrong_sign(figures: Figures, rule: Rule) -> Iterator[Found]:
    """It would tie if the other differences had the other sign."""
    bridge = _bridge(figures)
    if bridge is None or bridge.ties(bridge.expected, rule):
        return
    if bridge.ties(bridge.expected - 2 * bridge.differences, rule):
        yield _found(figures, rule, bridge, DIFFERENCES)


def revenues_counted_twice(figures: Figures, rule: Rule) -> Iterator[Found]:
    """It would tie if the revenues were not added back: somebody took the cost after revenues."""
    bridge = _bridge(figures)
    if bridge is None or bridge.ties(bridge.expected, rule):
        return
    if bridge.ties(bridge.expected + bridge.revenues, rule):
        yield _found(figures, rule, bridge, TOTAL)


def accounts_missing(figures: Figures, rule: Rule) -> Iterator[Found]:
    """None of the figures of the annual accounts was filled in."""
    if all(figures.get(code) is None for code in (TOTAL, OTHER_ACTIVITIES, DIFFERENCES)):
        yield figures.found(rule, TOTAL, measure=CATALOGUE[TOTAL].label)


def accounts_half_filled_in(figures: Figures, rule: Rule) -> Iterator[Found]:
    """There is something to tie, but not what it has to tie to."""
    filled_in = [code for code in (OTHER_ACTIVITIES, DIFFERENCES) if figures.get(code) is not None]
    if filled_in and figures.get(TOTAL) is None:
        labels = " en ".join(f"‘{CATALOGUE[code].label}’" for code in filled_in)
        yield figures.found(rule, TOTAL, measure=CATALOGUE[TOTAL].label, filled_in=labels)


def large_differences(figures: Figures, rule: Rule) -> Iterator[Found]:
    """The other differences are more than a part ``maximum`` of the accounts."""
    accounts, differences = figures.get(TOTAL), figures.get(DIFFERENCES)
    if not accounts or differences is None or abs(differences) <= rule.parameters["maximum"] * accounts:
        return
    share, limit = percentage(abs(differences) / accounts), percentage(rule.parameters["maximum"])
    yield figures.found(rule, DIFFERENCES, differences=amount(differences, figures.currency), share=share, limit=limit)


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "accounts_half_filled_in": accounts_half_filled_in,
        "accounts_in_thousands": accounts_in_thousands,
        "accounts_missing": accounts_missing,
        "does_not_tie": does_not_tie,
        "large_differences": large_differences,
        "revenues_counted_twice": revenues_counted_twice,
        "wrong_sign": wrong_sign,
    }
)
