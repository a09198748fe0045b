"""The rules: a stable code, how serious it is, what is said and how to mend it.

They stand in ``rules.toml``, so that a limit can be reviewed without reading a program. A rule never excludes anyone:
that is decided in the run, by the specification, with its own reason.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from providers.checks.ratios import ratios
from providers.measures import CATALOGUE, TEMPLATES
from providers.workbook.content import Cell

SEVERITIES: Final = ("error", "warning", "note")
SCOPES: Final = ("within", "last_year", "sector", "accounts")
"""What a rule compares a delivery with: itself, the provider's last year, the other providers, its annual accounts."""
_REQUIRED: Final = frozenset({"templates", "severity", "title", "message", "mend"})
_OPTIONAL: Final = frozenset({"scope", "check", "measures", "ratios", "parameters", "unless", "explain", "why"})


class RuleError(Exception):
    """A rule is wrong; the message names its code and what to change."""


@dataclass(frozen=True)
class Rule:
    """One rule. ``message`` has named placeholders that the check fills; ``parameters`` are its limits."""

    code: str
    templates: tuple[str, ...]
    severity: str
    title: str
    message: str
    mend: str
    scope: str = "within"
    check: str = ""
    """Name of the function in :data:`providers.checks.CHECKS`; empty: raised while reading."""
    measures: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    """Codes of :mod:`providers.checks.ratios`."""
    parameters: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    unless: tuple[str, ...] = ()
    """Codes of rules that say it better; this one is silent about a measure that one of them speaks about."""
    explain: bool = False
    """Whether a provider who leaves the figure as it is has to say why. An error is mended, a note needs nothing."""
    why: str = ""
    """Why this is asked, in one Dutch sentence; may be empty."""

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self.message) if name)


@dataclass(frozen=True)
class Found:
    """What a rule found in one delivery: the cell it is about and the message with the figures in it, in Dutch."""

    rule: Rule
    cell: Cell
    message: str
    measure: str = ""
    """Empty: the delivery as a whole."""
    covers: frozenset[str] = frozenset()
    """All measures it is about, ``measure`` among them."""


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by code; :class:`RuleError` if one of them is wrong."""
    content = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
    found: dict[str, Rule] = {}
    for code, entry in content.items():
        found[code] = _rule(code, entry)
    for item in found.values():
        if strange := [code for code in item.unless if code not in found]:
            raise RuleError(f"{item.code} names rules that do not exist: {', '.join(strange)}")
    return MappingProxyType(found)


def _rule(code: str, entry: Mapping[str, Any]) -> Rule:
    if unknown := sorted(entry.keys() - _REQUIRED - _OPTIONAL):
        raise RuleError(f"{code} has unknown fields {', '.join(unknown)}")
    if missing := sorted(_REQUIRED - entry.keys()):
        raise RuleError(f"{code} misses {', '.join(missing)}")
    severity, scope, templates = entry["severity"], entry.get("scope", "within"), tuple(entry["templates"])
    if severity not in SEVERITIES or scope not in SCOPES or not templates or not set(templates) <= set(TEMPLATES):
        raise RuleError(f"{code} has a severity, scope or template that does not exist")
    measures, named = tuple(entry.get("measures", ())), tuple(entry.get("ratios", ()))
    if strange := [name for name in measures if name not in CATALOGUE]:
        raise RuleError(f"{code} names measures that are not in the catalogue: {', '.join(strange)}")
    if strange := [name for name in named if name not in ratios()]:
        raise RuleError(f"{code} names ratios that do not exist: {', '.join(strange)}")
    explain = entry.get("explain", severity == "warning")
    if explain and severity != "warning":
        raise RuleError(f"{code} asks for an explanation, but only a warning can be explained")
    unless = entry.get("unless", ())
    parameters = {}
    for name, value in entry.get("parameters", {}).items():
        # A limit is written as text: a TOML float is binary and 0.1 would no longer be 0.1.
        if not isinstance(value, str):
            raise RuleError(f'{code}: {name} must be written as text, such as "0.5"')
        parameters[name] = Decimal(value)
    return Rule(
        code=code,
        templates=templates,
        severity=severity,
        title=entry["title"],
        message=entry["message"],
        mend=entry["mend"],
        scope=scope,
        check=entry.get("check", ""),
        measures=measures,
        ratios=named,
        parameters=MappingProxyType(parameters),
        unless=(unless,) if isinstance(unless, str) else tuple(unless),
        explain=explain,
        why=entry.get("why", ""),
    )


def rule(code: str) -> Rule:
    """The rule with this code; :class:`RuleError` if there is none."""
    try:
        return rules()[code]
    except KeyError:
        raise RuleError(f"there is no rule {code}") from None
