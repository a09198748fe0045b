"""Every check fires on what it is about and is silent otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from providers.checks import Found, RuleError, check, rule, rules
from providers.checks.within import CHECKS
from providers.measures import CATALOGUE
from providers.workbook.content import Cell, ReadDelivery, ReadFinding, ReadRound, ReadValue

NATIONAL = {
    "total_cost": "10000000",
    "care_staff_employed": "6000000",
    "care_staff_hired": "500000",
    "treatment": "800000",
    "food_and_hotel_services": "1200000",
    "housing_controllable": "400000",
    "overhead": "300000",
    "other_costs": "0",
    "revenues_as_negative_cost": "-100000",
    "housing_nhc": "800000",
    "inventory_nic": "100000",
    "days_5vv_with_treatment": "20000",
    "days_4vv": "12000",
    "months_covered": "12",
    "places": "90",
    "qualified_staff_share": "0.55",
    "absence_rate": "0.07",
    "client_rating": "8",
    "urbanity": "2",
}
SWISS = {
    "total_cost": "10000000",
    "salaries": "7000000",
    "days_long": "32000",
    "days_short": "1000",
    "days_daynight": "300",
    "places_long": "92",
    "occupancy_long": "0.95",
    "cost_per_day_published": "300.30",
    "mean_age_at_entry": "83",
    "care_intensity_index": "5.5",
    "qualified_nursing_share": "0.5",
}
GOOD = {"iv-1": NATIONAL, "somed": SWISS}


def _findings(template: str, changes: Mapping[str, str | None], *noticed: ReadFinding) -> list[Found]:
    figures: dict[str, str | None] = {**GOOD[template], **changes}
    values = tuple(
        ReadValue(code, None if text is None else Decimal(text), Cell("Blad", 5, f"C{number}"), text or "")
        for number, (code, text) in enumerate(figures.items())
    )
    delivery = ReadDelivery("kvk", "12345678", "Huis", values, Cell("Blad", 5, "A"), findings=noticed)
    currency = "EUR" if template == "iv-1" else "CHF"
    read = ReadRound("r", "R", 2024, currency, True, template, "s", tuple(figures), (delivery,))
    return check(delivery, read)


@pytest.mark.parametrize("template", GOOD)
def test_nothing_is_found_in_good_figures(template: str) -> None:
    assert [item.message for item in _findings(template, {})] == []


# rule → template, changes, measure it is about, words of the message
FIRES: dict[str, tuple[str, Mapping[str, str | None], str, str]] = {
    "IV-B-001": (
        "iv-1",
        {"qualified_staff_share": "55"},
        "qualified_staff_share",
        "is 55. Dat kan niet: mogelijk is van 0 tot en met 1",
    ),
    "IV-B-002": (
        "iv-1",
        {"months_covered": "7"},
        "months_covered",
        "is 7. Dat is ongewoon: wij verwachten ten minste 12",
    ),
    "IV-B-003": ("iv-1", {"urbanity": "2.5"}, "urbanity", "is 2,5, maar hier hoort een heel getal"),
    "IV-K-001": ("iv-1", {"total_cost": None}, "total_cost", "Totale kosten is niet ingevuld"),
    "IV-K-002": (
        "iv-1",
        {"total_cost": "10100000"},
        "total_cost",
        "tellen op tot €\u00a010.000.000,00. Dat scheelt €\u00a0100.000,00",
    ),
    "IV-K-003": ("iv-1", {"total_cost": "10000"}, "total_cost", "€\u00a00,31 per zorgdag"),
    "IV-K-004": ("iv-1", {"total_cost": "5000000"}, "total_cost", "€\u00a0156,25 per zorgdag"),
    "IV-K-005": ("iv-1", {"treatment": "0"}, "treatment", "20.000 dagen met behandeling"),
    "IV-K-006": ("iv-1", {"care_staff_hired": "6000000"}, "care_staff_hired", "50,0\u00a0%"),
    "IV-P-001": (
        "iv-1",
        {"days_5vv_with_treatment": "0", "days_4vv": None},
        "days_4vv_with_treatment",
        "geen enkele zorgdag",
    ),
    "IV-P-002": ("iv-1", {"places": "60"}, "places", "32.000 dagen met 60 plaatsen"),
    "IV-M-001": ("iv-1", {"months_covered": None}, "months_covered", "niet of de cijfers over een heel jaar"),
    "IV-Q-001": ("iv-1", {"qualified_staff_share": None}, "qualified_staff_share", "geen voorbeeld"),
    "SOMED-B-001": ("somed", {"qualified_nursing_share": "1.2"}, "qualified_nursing_share", "is 120,0\u00a0%"),
    "SOMED-B-002": ("somed", {"mean_age_at_entry": "46.53"}, "mean_age_at_entry", "is 46,5"),
    "SOMED-K-001": ("somed", {"total_cost": None}, "total_cost", "ontbreekt"),
    "SOMED-K-002": ("somed", {"salaries": "11000000"}, "salaries", "CHF\u00a011.000.000,00"),
    "SOMED-K-003": ("somed", {"total_cost": "100000000"}, "total_cost", "CHF\u00a03.003,00 per dag"),
    "SOMED-K-004": (
        "somed",
        {"cost_per_day_published": "301"},
        "cost_per_day_published",
        "de bron noemt CHF\u00a0301,00",
    ),
    "SOMED-P-001": (
        "somed",
        {"days_long": "0", "days_short": "0", "days_daynight": "0"},
        "days_long",
        "geen enkele dag",
    ),
    "SOMED-P-002": (
        "somed",
        {"occupancy_long": "1.08"},
        "occupancy_long",
        "is 108,0\u00a0%. Dat is meer dan 105,0\u00a0%",
    ),
    "SOMED-P-003": ("somed", {"places_long": "200"}, "days_long", "bezetting van 44\u00a0%"),
}


@pytest.mark.parametrize("code", FIRES)
def test_a_check_fires_at_its_cell_with_its_figures(code: str) -> None:
    template, changes, measure, words = FIRES[code]
    found = [item for item in _findings(template, changes) if item.rule.code == code]
    assert len(found) == 1
    assert found[0].measure == measure
    assert words in found[0].message
    codes = list({**GOOD[template], **changes})
    if measure in codes:
        assert found[0].cell == Cell("Blad", 5, f"C{codes.index(measure)}")


def test_every_rule_is_tested_or_raised_while_reading() -> None:
    assert {code for code, item in rules().items() if item.check} == FIRES.keys()
    assert {item.check for item in rules().values() if item.check} == CHECKS.keys()


@pytest.mark.parametrize(
    ("template", "code", "changes"),
    [
        ("iv-1", "IV-K-002", {"total_cost": "10004000"}),  # within a twentieth of a percent
        ("iv-1", "IV-K-004", {"total_cost": "10000"}),  # IV-K-003 says it already
        ("iv-1", "IV-B-002", {"months_covered": "13"}),  # IV-B-001 says it already
        ("iv-1", "IV-K-003", {"total_cost": None}),
        ("iv-1", "IV-K-005", {"treatment": "0", "days_5vv_with_treatment": "0"}),
        ("iv-1", "IV-P-002", {"places": None}),
        ("somed", "SOMED-K-004", {"cost_per_day_published": "300.3"}),  # 2019 is rounded to one decimal
        ("somed", "SOMED-P-002", {"occupancy_long": "1.05"}),
        ("somed", "SOMED-P-003", {"places_long": "0"}),
        ("somed", "SOMED-K-002", {"total_cost": None}),
    ],
)
def test_a_check_is_silent_where_it_has_nothing_to_say(
    template: str, code: str, changes: dict[str, str | None]
) -> None:
    assert code not in {item.rule.code for item in _findings(template, changes)}


def test_fewer_months_hold_fewer_days() -> None:
    half = {"places": "180", "months_covered": "6"}
    assert "IV-P-002" not in {item.rule.code for item in _findings("iv-1", half)}
    assert "IV-P-002" in {item.rule.code for item in _findings("iv-1", {**half, "places": "120"})}


def test_what_the_reader_noticed_comes_with_its_message_and_the_serious_first() -> None:
    noticed = ReadFinding("IV-L-001", Cell("Kosten", 5, "D"), details={"count": "2", "cells": "Kosten!D5, Kosten!E5"})
    found = _findings("iv-1", {"total_cost": None}, noticed)
    assert [item.rule.severity for item in found] == ["error", "note"]
    assert (
        found[-1].message
        == "Wij lazen de bewaarde uitkomst van een formule in Kosten!D5, Kosten!E5 (aantal cellen: 2)."
    )
    assert found[-1].cell == Cell("Kosten", 5, "D")


def test_every_rule_says_how_to_mend_and_names_measures_that_exist() -> None:
    for code, item in rules().items():
        assert item.title
        assert item.mend.endswith(".")
        assert item.message.endswith(".")
        assert set(item.measures) <= set(CATALOGUE), code


def test_a_rule_that_does_not_exist_is_named() -> None:
    with pytest.raises(RuleError, match="IV-X-999"):
        rule("IV-X-999")
