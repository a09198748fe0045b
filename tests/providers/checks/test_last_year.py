"""What is asked about figures that differ from last year's, and what is not worth a question."""

from __future__ import annotations

from decimal import Decimal

import pytest

from providers.checks import Previous, check_delivery
from providers.workbook.content import Cell, ReadDelivery
from tests.providers.checks.deliveries import BEFORE, GOOD, Changes, cell_of, codes, findings

Case = tuple[Changes, Changes, str, str]
# rule → changes now, changes in the year before, measure it is about, words of the message
FIRES: dict[str, Case] = {
    "IV-J-001": (
        {},
        {"food_and_hotel_services": "590000"},
        "food_and_hotel_services",
        "€\u00a01.199.650,00. In 2023 was dat €\u00a0590.000,00; nu is het 103\u00a0% meer.",
    ),
    "IV-J-002": (
        {"days_4vv": "5800"},
        {},
        "days_4vv",
        "Dagen 4VV zonder behandeling: 5.800. In 2023 was dat 11.800; nu is het 51\u00a0% minder.",
    ),
    "IV-J-003": (
        {"days_5vv_with_treatment": "28000"},
        {},
        "days_4vv_with_treatment",
        "Alle zorgdagen samen: 40.000. In 2023 waren dat er 31.300; nu is het 28\u00a0% meer.",
    ),
    "IV-J-004": (
        {},
        {"total_cost": "7500000"},
        "total_cost",
        "Totale kosten per zorgdag: €\u00a0313. In 2023 was dat €\u00a0240; nu is het 30\u00a0% meer.",
    ),
    "IV-J-005": (
        {},
        {"qualified_staff_share": "0.43"},
        "qualified_staff_share",
        "55,0\u00a0%. In 2023 was dat 43,0\u00a0%; nu is het 12,0 procentpunt hoger.",
    ),
    "IV-J-006": (
        {},
        {"care_staff_employed": "6000123", "overhead": "299789", "housing_nhc": "800017"},
        "care_staff_employed",
        "Van de 11 cijfers over kosten en dagen zijn er 3 precies gelijk aan 2023: Zorgpersoneel in loondienst, Overhead,",
    ),
    "IV-J-007": (
        {"days_10vv": "3000"},
        {},
        "days_10vv",
        "Dagen 10VV zonder behandeling: 3.000. In 2023 leverde u dit zorgprofiel niet.",
    ),
    "IV-J-008": (
        {},
        {"days_10vv": "3000"},
        "days_10vv",
        "Dagen 10VV zonder behandeling: geen dagen. In 2023 waren dat er 3.000.",
    ),
    "IV-J-009": (
        {"days_4vv": "12000", "days_6vv": "3000"},
        {"days_4vv": "3100", "days_6vv": "11900"},
        "days_4vv",
        "‘Dagen 4VV zonder behandeling’ en ‘Dagen 6VV zonder behandeling’: 12.000 en 3.000 dagen."
        " In 2023 was dat 3.100 en 11.900.",
    ),
    "IV-J-010": (
        {},
        {"places": "9"},
        "places",
        "Plaatsen: 90. Dat is precies tien keer het cijfer van 2023 (9).",
    ),
    "IV-J-011": (
        {},
        {"overhead": "0"},
        "overhead",
        "Overhead: €\u00a0299.789,00. In 2023 stond hier niets.",
    ),
    "IV-J-012": (
        {"days_5vv_with_treatment": "9000", "days_4vv": "23000"},
        {"days_5vv_with_treatment": "22000", "days_4vv": "9500"},
        "days_4vv_with_treatment",
        "Van uw dagen is 28,1\u00a0% met behandeling. In 2023 was dat 69,8\u00a0%.",
    ),
    "IV-J-013": (
        {"days_5vv_with_treatment": "27000", "days_4vv": "5000"},
        {},
        "days_4vv_with_treatment",
        "84,4\u00a0%. In 2023 was dat 62,3\u00a0%; nu is het 22,1 procentpunt hoger.",
    ),
}


@pytest.mark.parametrize("code", FIRES)
def test_a_change_is_asked_about_at_its_cell_with_both_figures(code: str) -> None:
    changes, before, measure, words = FIRES[code]
    found = [item for item in findings("iv-2", changes, before=before) if item.rule.code == code]
    assert [item.measure for item in found] == [measure]
    assert words in found[0].message
    assert found[0].rule.explain
    figures = {**GOOD["iv-2"], **changes}
    expected = cell_of(figures, measure) if measure in figures else Cell("Blad", 5, "A")
    assert found[0].cell == expected


@pytest.mark.parametrize("code", FIRES)
def test_without_a_year_before_nothing_is_compared_with_it(code: str) -> None:
    changes, *_ = FIRES[code]
    assert not {item for item in codes(findings("iv-2", changes)) if item.startswith("IV-J-")}


def test_a_year_with_a_few_percent_growth_raises_no_question() -> None:
    assert codes(findings("iv-2", {}, before={})) == set()


@pytest.mark.parametrize(
    ("code", "changes", "before"),
    [
        ("IV-J-001", {}, {"care_staff_employed": "3450000"}),  # 74 % more
        ("IV-J-001", {}, {"overhead": "100000"}),  # three times as much, but two percent of all cost
        ("IV-J-001", {"months_covered": "6"}, {"food_and_hotel_services": "590000"}),  # half a year is half
        ("IV-J-001", {}, {"food_and_hotel_services": None}),
        ("IV-J-002", {"days_4vv": "5900"}, {}),  # exactly half
        ("IV-J-002", {"days_10vv": "2000"}, {"days_10vv": "900"}),  # a few percent of all days
        ("IV-J-003", {"days_5vv_with_treatment": "25560"}, {}),  # exactly a fifth more
        ("IV-J-004", {}, {"total_cost": "7900000"}),
        ("IV-J-004", {"total_cost": "10000"}, {}),  # IV-K-003 says it already
        ("IV-J-005", {}, {"qualified_staff_share": "0.45"}),  # exactly ten points
        ("IV-J-005", {"qualified_staff_share": "55"}, {}),  # IV-B-001 says it already
        ("IV-J-006", {}, {"care_staff_employed": "6000123", "overhead": "299789"}),  # two of eleven
        ("IV-J-006", {"other_costs": "0"}, {"other_costs": "0"}),  # nothing is not a figure that is copied
        ("IV-J-007", {"days_10vv": "364"}, {}),
        ("IV-J-007", {"days_10vv": "1500"}, {}),  # fewer than one day in twenty
        ("IV-J-008", {}, {"days_10vv": "364"}),
        # days that rose on one side and fell on the other, but not to each other's figure
        ("IV-J-009", {"days_4vv": "12000", "days_6vv": "7000"}, {"days_4vv": "3100", "days_6vv": "11900"}),
        ("IV-J-009", {"days_10vv": "500", "days_9vv": "0"}, {"days_10vv": "0", "days_9vv": "500"}),  # few days
        ("IV-J-010", {}, {"places": "7.4"}),  # twelve times: not a comma
        ("IV-J-010", {"revenues_as_negative_cost": "-90"}, {"revenues_as_negative_cost": "-900"}),  # small amounts
        ("IV-J-011", {}, {"inventory_nic": "0"}),  # one percent of all cost
        # from 62 to 48 percent with treatment: one minus 62 is 38
        ("IV-J-012", {"days_5vv_with_treatment": "15500", "days_4vv": "16500"}, {}),
        ("IV-J-013", {"days_5vv_with_treatment": "24600", "days_4vv": "7400"}, {}),
    ],
)
def test_just_inside_the_limit_there_is_no_question(code: str, changes: Changes, before: Changes) -> None:
    assert code not in codes(findings("iv-2", changes, before=before))


def test_all_amounts_in_thousands_are_one_finding_that_says_so() -> None:
    thousands = {
        code: str(Decimal(value) / 1000)
        for code, value in BEFORE.items()
        if code in GOOD["iv-2"] and Decimal(GOOD["iv-2"][code]) % 1 == 0 and abs(Decimal(value)) > 50_000
    }
    found = findings("iv-2", {}, before=thousands)
    assert codes(found) == {"IV-J-010"}
    (only,) = found
    assert only.measure == "total_cost"
    assert "Dat is ongeveer duizend keer het cijfer van 2023 (€\u00a09.500,00)." in only.message
    assert "Dat geldt ook voor andere cijfers" in only.message


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("90000", "precies een duizendste van het cijfer van 2023"),
        ("8700", "ongeveer een honderdste van het cijfer van 2023"),
        ("0.09", "precies duizend keer het cijfer van 2023"),
        ("0.8", "ongeveer honderd keer het cijfer van 2023"),
    ],
)
def test_a_moved_comma_is_named_as_such(before: str, words: str) -> None:
    (found,) = [item for item in findings("iv-2", {}, before={"places": before}) if item.rule.code == "IV-J-010"]
    assert words in found.message


def test_the_year_before_has_to_be_earlier() -> None:
    delivery = ReadDelivery("kvk", "12345678", "Huis", (), Cell("Blad"))
    with pytest.raises(ValueError, match="2024 are not earlier"):
        check_delivery(delivery, template="iv-2", currency="EUR", book_year=2024, previous=Previous(2024, {}))
