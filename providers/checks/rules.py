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
from typing import Final

from providers.measures import CATALOGUE, TEMPLATES
from providers.workbook.content import Cell

SEVERITIES: Final = ("error", "warning", "note")
_FIELDS: Final = {"templates", "check", "measures", "severity", "title", "message", "mend", "parameters", "unless"}


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
    check: str = ""
    """Name of the function in :mod:`providers.checks.within`; empty: raised while reading."""
    measures: tuple[str, ...] = ()
    parameters: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    unless: str = ""
    """Code of a more serious rule about the same; this one is silent where that one speaks."""

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


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by code; :class:`RuleError` if one of them is wrong."""
    content = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
    found: dict[str, Rule] = {}
    for code, entry in content.items():
        if unknown := sorted(entry.keys() - _FIELDS):
            raise RuleError(f"{code} has unknown fields {', '.join(unknown)}")
        if missing := sorted({"templates", "severity", "title", "message", "mend"} - entry.keys()):
            raise RuleError(f"{code} misses {', '.join(missing)}")
        templates = tuple(entry["templates"])
        if entry["severity"] not in SEVERITIES or not templates or not set(templates) <= set(TEMPLATES):
            raise RuleError(f"{code} has a severity or template that does not exist")
        measures = tuple(entry.get("measures", ()))
        if strange := [name for name in measures if name not in CATALOGUE]:
            raise RuleError(f"{code} names measures that are not in the catalogue: {', '.join(strange)}")
        if entry.get("unless") and entry["unless"] not in content:
            raise RuleError(f"{code} names the rule {entry['unless']}, which does not exist")
        parameters = {name: Decimal(value) for name, value in entry.get("parameters", {}).items()}
        texts = {name: entry[name] for name in ("severity", "title", "message", "mend")}
        found[code] = Rule(
            code=code,
            templates=templates,
            check=entry.get("check", ""),
            measures=measures,
            parameters=MappingProxyType(parameters),
            unless=entry.get("unless", ""),
            **texts,
        )
    return MappingProxyType(found)


def rule(code: str) -> Rule:
    """The rule with this code; :class:`RuleError` if there is none."""
    try:
        return rules()[code]
    except KeyError:
        raise RuleError(f"there is no rule {code}") from None
