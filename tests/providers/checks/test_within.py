"""Every check fires on what it is about and is silent otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from providers.workbook.content import Cell, ReadFinding
from tests.providers.checks.deliveries import GOOD, cell_of, codes, findings


@pytest.mark.parametrize("template", GOOD)
def test_nothing_is_found_in_good_figures(template: str) -> None:
    assert [item.message for item in findings(template, {})] == []


# rule → template, changes, measure it is about, words of the message
FIRES: dict[str, tuple[str, Mapping[str, str | None], str, str]] = {
    "IV-B-001": (
        "iv-1",
        {"qualified_staff_share": "55"},
        "qualified_staff_share",
        ": 55. Dat kan niet: mogelijk is van 0 tot en met 1. Hier staat 55. Bedoelt u 55\u00a0%? Vul dan 55\u00a0% in,",
    ),
    "IV-B-002": (
        "iv-1",
        {"months_covered": "7"},
        "months_covered",
        ": 7. Dat is ongewoon: wij verwachten ten minste 12",
    ),
    "IV-B-003": ("iv-1", {"urbanity": "2.5"}, "urbanity", ": 2,5. Hier hoort een heel getal"),
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
    "IV-K-007": (
        "iv-1",
        {
            "care_staff_employed": "6000000",
            "care_staff_hired": "500000",
            "treatment": "800000",
            "food_and_hotel_services": "1200000",
            "housing_controllable": "400000",
            "overhead": "300000",
        },
        "care_staff_employed",
        "Van de 8 kostenposten zijn er 6 een veelvoud van 1.000",
    ),
    "IV-K-008": (
        "iv-1",
        {"overhead": "400211"},
        "overhead",
        "Bij ‘Huisvesting die u zelf kunt beïnvloeden’ en ‘Overhead’ staat hetzelfde bedrag: €\u00a0400.211,00.",
    ),
    "IV-K-009": (
        "iv-1",
        {"days_5vv_with_treatment": "0", "days_5vv": "20000"},
        "treatment",
        "Bij Behandeling staat €\u00a0800.350,00, maar u leverde geen enkele dag",
    ),
    "IV-K-010": (
        "iv-1",
        {"staff_fte_care": "1300"},
        "care_staff_employed",
        "€\u00a05.000. Dat is ongewoon: wij verwachten van €\u00a025.000 tot en met €\u00a0150.000",
    ),
    "IV-P-003": (
        "iv-1",
        {"days_6vv": "2500"},
        "days_5vv_with_treatment",
        "Van de 3 cijfers over dagen zijn er 3 een veelvoud van 100",
    ),
    "IV-P-004": (
        "iv-1",
        {"days_6vv": "12000"},
        "days_6vv",
        "Bij ‘Dagen 4VV zonder behandeling’ en ‘Dagen 6VV zonder behandeling’ staat hetzelfde aantal dagen: 12.000",
    ),
    "IV-P-005": ("iv-1", {"staff_fte_care": "10"}, "staff_fte_care", "0,11. Dat is ongewoon: wij verwachten"),
    "IV-P-001": (
        "iv-1",
        {"days_5vv_with_treatment": "0", "days_4vv": None},
        "days_4vv_with_treatment",
        "geen enkele zorgdag",
    ),
    "IV-P-002": ("iv-1", {"places": "60"}, "places", "32.000 dagen met 60 plaatsen"),
    "IV-M-001": ("iv-1", {"months_covered": None}, "months_covered", "niet of de cijfers over een heel jaar"),
    "IV-Q-001": ("iv-1", {"qualified_staff_share": None}, "qualified_staff_share", "geen voorbeeld"),
    "SOMED-B-001": ("somed", {"qualified_nursing_share": "1.2"}, "qualified_nursing_share", ": 120,0\u00a0%"),
    "SOMED-B-002": ("somed", {"mean_age_at_entry": "46.53"}, "mean_age_at_entry", ": 46,5"),
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
    found = [item for item in findings(template, changes) if item.rule.code == code]
    assert len(found) == 1
    assert found[0].measure == measure
    assert words in found[0].message
    figures = {**GOOD[template], **changes}
    if measure in figures:
        assert found[0].cell == cell_of(figures, measure)


@pytest.mark.parametrize(
    ("template", "code", "changes"),
    [
        ("iv-1", "IV-K-002", {"total_cost": "10004000"}),  # within a twentieth of a percent
        ("iv-1", "IV-K-004", {"total_cost": "10000"}),  # IV-K-003 says it already
        ("iv-1", "IV-B-002", {"months_covered": "13"}),  # IV-B-001 says it already
        ("iv-1", "IV-K-003", {"total_cost": None}),
        ("iv-1", "IV-K-005", {"treatment": "0", "days_5vv_with_treatment": "0"}),
        ("iv-1", "IV-P-002", {"places": None}),
        # five of eight amounts are round, not three in four
        (
            "iv-1",
            "IV-K-007",
            {
                "care_staff_employed": "6000000",
                "care_staff_hired": "500000",
                "treatment": "800000",
                "food_and_hotel_services": "1200000",
                "housing_controllable": "400000",
            },
        ),
        ("iv-1", "IV-K-008", {"overhead": "9999", "other_costs": "9999"}),  # small amounts meet by chance
        ("iv-1", "IV-K-008", {"overhead": "0", "other_costs": "0"}),
        ("iv-1", "IV-K-009", {"days_5vv_with_treatment": "1"}),
        ("iv-1", "IV-K-009", {"days_5vv_with_treatment": "0", "days_4vv": "0"}),  # IV-P-001 says it already
        ("iv-1", "IV-K-010", {"staff_fte_care": "260"}),  # € 25,000 each
        ("iv-1", "IV-K-010", {"staff_fte_care": "1300", "total_cost": "10000"}),  # IV-K-003 says it already
        ("iv-1", "IV-P-003", {"days_6vv": "2501"}),
        ("iv-1", "IV-P-004", {"days_6vv": "12001"}),
        ("iv-1", "IV-P-004", {"days_6vv": "999", "days_7vv": "999"}),
        ("iv-1", "IV-P-005", {"staff_fte_care": "17.6"}),
        ("iv-1", "IV-P-005", {"staff_fte_care": None}),
        ("somed", "SOMED-K-004", {"cost_per_day_published": "300.3"}),  # 2019 is rounded to one decimal
        ("somed", "SOMED-P-002", {"occupancy_long": "1.05"}),
        ("somed", "SOMED-P-003", {"places_long": "0"}),
        ("somed", "SOMED-K-002", {"total_cost": None}),
    ],
)
def test_a_check_is_silent_where_it_has_nothing_to_say(
    template: str, code: str, changes: dict[str, str | None]
) -> None:
    assert code not in codes(findings(template, changes))


def test_fewer_months_hold_fewer_days() -> None:
    half = {"places": "180", "months_covered": "6"}
    assert "IV-P-002" not in codes(findings("iv-1", half))
    assert "IV-P-002" in codes(findings("iv-1", {**half, "places": "120"}))


def test_what_the_reader_noticed_comes_with_its_message_and_the_serious_first() -> None:
    noticed = ReadFinding("IV-L-001", Cell("Kosten", 5, "D"), details={"count": "2", "cells": "Kosten!D5, Kosten!E5"})
    found = findings("iv-1", {"total_cost": None}, noticed)
    assert [item.rule.severity for item in found] == ["error", "note"]
    assert (
        found[-1].message
        == "Wij lazen de bewaarde uitkomst van een formule in Kosten!D5, Kosten!E5 (aantal cellen: 2)."
    )
    assert found[-1].cell == Cell("Kosten", 5, "D")
