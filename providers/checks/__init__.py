"""Checks on what was delivered: stable codes, a severity, a Dutch message and the cell it is about."""

from providers.checks.delivery import CHECKS, check, check_delivery
from providers.checks.figures import Previous
from providers.checks.rules import SCOPES, SEVERITIES, Found, Rule, RuleError, rule, rules
from providers.checks.sector import SectorStatistics, statistics

__all__ = [
    "CHECKS",
    "SCOPES",
    "SEVERITIES",
    "Found",
    "Previous",
    "Rule",
    "RuleError",
    "SectorStatistics",
    "check",
    "check_delivery",
    "rule",
    "rules",
    "statistics",
]
