"""The rules as data: complete, tested, and readable with their limits."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import providers.checks
from providers.checks import CHECKS, SCOPES, RuleError, rule, rules
from providers.checks.in_words import limit_in_words
from providers.checks.ratios import ratios
from providers.checks.rules import _rule
from providers.measures import CATALOGUE
from tests.providers.checks import test_accounts, test_last_year, test_sector, test_within

TABLES = {
    "within": test_within.FIRES,
    "last_year": test_last_year.FIRES,
    "sector": test_sector.FIRES,
    "accounts": test_accounts.FIRES,
}


@pytest.mark.parametrize("scope", SCOPES)
def test_every_rule_has_a_case_that_makes_it_speak(scope: str) -> None:
    """The rules of the staff data have theirs beside the reader of that source."""
    here = {code for code, item in rules().items() if item.check and item.scope == scope}
    assert {code for code in here if not code.startswith("ZIN-")} == set(TABLES[scope])


def test_every_kind_of_check_is_used_and_exists() -> None:
    assert {item.check for item in rules().values() if item.check} == CHECKS.keys()


def test_every_rule_says_what_is_wrong_and_how_to_mend_it() -> None:
    for code, item in rules().items():
        assert item.title, code
        assert item.mend.endswith("."), code
        assert item.message.endswith((".", "}", "’")), code
        assert set(item.measures) <= set(CATALOGUE), code
        assert set(item.ratios) <= set(ratios()), code
        assert not item.why or item.why.endswith("."), code


def test_a_provider_reads_why_a_question_is_asked() -> None:
    """Every rule of the data request that may ask something of a provider says why."""
    silent = [code for code, item in rules().items() if "iv-2" in item.templates and item.check and not item.why]
    assert silent == []


def test_only_warnings_ask_for_an_explanation() -> None:
    assert {item.severity for item in rules().values() if item.explain} == {"warning"}
    assert all(item.explain for code, item in rules().items() if code.startswith(("IV-J-", "IV-S-")))


def test_rules_about_last_year_the_sector_and_the_accounts_are_told_from_their_code() -> None:
    letters = {"last_year": "J", "sector": "S", "accounts": "A"}
    for code, item in rules().items():
        if code.startswith("IV-"):
            letter = letters.get(item.scope)
            assert code[3] == letter if letter else code[3] not in letters.values(), code


@pytest.mark.parametrize("code", [code for code, item in rules().items() if item.parameters and code[:3] != "ZIN"])
def test_every_limit_stands_in_the_words_of_the_rule(code: str) -> None:
    """Nobody reads a rule on the page and misses one of its limits."""
    item = rule(code)
    words = limit_in_words(item, item.templates[0])
    figures = [Decimal(found.replace(".", "").replace(",", ".")) for found in re.findall(r"\d[\d.]*(?:,\d+)?", words)]
    for name, value in item.parameters.items():
        assert value in figures or value * 100 in figures, (name, words)


def test_a_rule_that_does_not_exist_is_named() -> None:
    with pytest.raises(RuleError, match="IV-X-999"):
        rule("IV-X-999")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown field": ({"limit": "3"}, "unknown fields limit"),
    "no way to mend": ({"mend": None}, "misses mend"),
    "severity": ({"severity": "grave"}, "does not exist"),
    "scope": ({"scope": "world"}, "does not exist"),
    "measure": ({"measures": ["cheese"]}, "not in the catalogue: cheese"),
    "ratio": ({"ratios": ["cheese_per_day"]}, "do not exist: cheese_per_day"),
    "limit that is a float": ({"parameters": {"maximum": 0.1}}, "maximum must be written as text"),
    "note to explain": ({"severity": "note", "explain": True}, "only a warning"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_rule_that_is_wrong_is_refused_by_its_code(name: str) -> None:
    changes, words = WRONG[name]
    entry = {"templates": ["iv-2"], "severity": "warning", "title": "T", "message": "M.", "mend": "M.", **changes}
    with pytest.raises(RuleError, match=rf"IV-T-001.*{words}"):
        _rule("IV-T-001", {key: value for key, value in entry.items() if value is not None})


def test_the_folder_of_the_checks_knows_no_database() -> None:
    folder = Path(providers.checks.__file__).parent
    assert not [path.name for path in folder.glob("*.py") if "django" in path.read_text(encoding="utf-8")]
