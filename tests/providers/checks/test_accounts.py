"""Whether the cost ties to the annual accounts, and what is said when it does not."""

from __future__ import annotations

import pytest

from tests.providers.checks.deliveries import GOOD, Changes, cell_of, codes, findings

# The good figures: 10,000,000 after revenues of 100,000, so 10,100,000 before them; 2,000,000 other activities and 30,000
# other differences: 12,130,000 in the accounts.
FIRES: dict[str, tuple[Changes, str, str]] = {
    "IV-A-001": (
        {"accounts_total_cost": "13000000"},
        "accounts_total_cost",
        "De lasten in de jaarrekening zijn €\u00a013.000.000,00. Uw kosten zonder aftrek van opbrengsten"
        " (€\u00a010.100.000,00), andere activiteiten (€\u00a02.000.000,00) en andere verschillen (€\u00a030.000,00)"
        " zijn samen €\u00a012.130.000,00. Dat scheelt €\u00a0870.000,00.",
    ),
    "IV-A-002": (
        {"accounts_total_cost": None, "accounts_other_activities": None, "accounts_differences": None},
        "accounts_total_cost",
        "Totale lasten volgens de jaarrekening is niet ingevuld",
    ),
    "IV-A-003": (
        {"accounts_total_cost": None, "accounts_differences": None},
        "accounts_total_cost",
        "in, maar niet ‘Totale lasten volgens de jaarrekening’.",
    ),
    "IV-A-004": (
        {"accounts_total_cost": "12600000", "accounts_differences": "500000"},
        "accounts_differences",
        "€\u00a0500.000,00: 4,0\u00a0% van de lasten in de jaarrekening. Dat is meer dan 2,0\u00a0%.",
    ),
    "IV-A-005": (
        {"accounts_total_cost": "12130"},
        "accounts_total_cost",
        "€\u00a012.130,00. Uw kosten en de verschillen zijn samen €\u00a012.130.000,00: ongeveer duizend keer zo veel.",
    ),
    "IV-A-006": (
        {"accounts_differences": "-30000"},
        "accounts_differences",
        "sluiten €\u00a060.000,00 niet aan",
    ),
    "IV-A-007": (
        {"accounts_total_cost": "12030000"},
        "accounts_total_cost",
        "als de opbrengsten (€\u00a0-100.000,00) van de lasten af gaan",
    ),
}


@pytest.mark.parametrize("code", FIRES)
def test_what_does_not_tie_is_said_once_at_its_cell(code: str) -> None:
    changes, measure, words = FIRES[code]
    found = [item for item in findings("iv-2", changes) if item.rule.scope == "accounts"]
    assert [item.rule.code for item in found] == [code]
    assert words in found[0].message
    assert found[0].cell == cell_of({**GOOD["iv-2"], **changes}, measure)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("IV-A-001", {"accounts_total_cost": "12136000"}),  # six thousand of twelve million: less than 0.05 %
        ("IV-A-001", {"accounts_total_cost": "12124000"}),
        ("IV-A-001", {"total_cost": None}),
        ("IV-A-002", {"accounts_other_activities": None, "accounts_differences": None}),
        ("IV-A-003", {"accounts_other_activities": None}),
        ("IV-A-004", {"accounts_total_cost": "12345000", "accounts_differences": "245000"}),
        ("IV-A-005", {"accounts_total_cost": "12070"}),  # a thousandth, but half a percent off
        ("IV-A-006", {"accounts_total_cost": "12130001"}),
        ("IV-A-007", {"accounts_total_cost": "12050000"}),
    ],
)
def test_just_inside_the_limit_nothing_is_said(code: str, changes: Changes) -> None:
    assert code not in codes(findings("iv-2", changes))


def test_a_small_home_ties_to_the_euro() -> None:
    """Of small amounts a twentieth of a percent is less than a euro: one euro of rounding is always allowed."""
    small = {
        code: "0" for code in GOOD["iv-2"] if code.startswith(("care_", "treat", "food", "housing", "over", "inv"))
    }
    small |= {"revenues_as_negative_cost": "0", "accounts_other_activities": "0", "accounts_differences": "0"}
    small |= {"total_cost": "1000", "overhead": "1000"}
    assert "IV-A-001" not in codes(findings("iv-2", {**small, "accounts_total_cost": "1001"}))
    assert "IV-A-001" in codes(findings("iv-2", {**small, "accounts_total_cost": "1002"}))


def test_the_older_form_does_not_ask_for_the_accounts() -> None:
    assert not {code for code in codes(findings("iv-1", {})) if code.startswith("IV-A-")}
