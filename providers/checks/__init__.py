"""Checks on what was delivered: stable codes, a severity, a Dutch message and the cell it is about."""

from providers.checks.rules import SEVERITIES, Found, Rule, RuleError, rule, rules
from providers.checks.within import check

__all__ = ["SEVERITIES", "Found", "Rule", "RuleError", "check", "rule", "rules"]
