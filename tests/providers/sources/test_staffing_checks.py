"""Every check on staff figures fires on what it is about, and is silent just inside its limit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from providers.checks import Found, Previous, check_delivery, rules
from providers.workbook.content import Cell, ReadDelivery, ReadValue

HOME = {
    "staff_cost_base": "2900000",
    "hired_staff_cost": "145000",
    "hired_staff_cost_share": "0.05",
    "staff_fte_employed": "50",
    "hired_staff_fte": "2",
    "clients": "60",
    "employees": "80",
    "absence_rate": "0.075",
}
#: Rule → what changes, at which measure it is found, words of the message.
FIRES: dict[str, tuple[dict[str, str | None], str, str]] = {
    "ZIN-B-001": ({"absence_rate": "1.01"}, "absence_rate", "Ziekteverzuim: 101,0"),
    "ZIN-B-002": ({"absence_rate": "0.251"}, "absence_rate", "ten hoogste 25,0"),
    "ZIN-B-003": ({"clients": "60.5"}, "clients", "Cliënten: 60,5"),
    "ZIN-K-001": ({"staff_cost_base": None}, "staff_cost_base", "Kosten van personeel: niet ingevuld"),
    "ZIN-K-002": ({"staff_cost_base": "29000"}, "staff_cost_base", "factor 100 te klein"),
    "ZIN-K-003": ({"staff_cost_base": "6001000"}, "staff_cost_base", "€\u00a0120.020"),
    "ZIN-K-004": ({"staff_cost_base": "154999", "staff_fte_employed": "5"}, "staff_cost_base", "€\u00a05.000"),
    "ZIN-K-005": ({"hired_staff_cost": "2900001"}, "hired_staff_cost", "€\u00a02.900.001,00"),
    "ZIN-P-001": ({"clients": "0"}, "clients", "Cliënten: 0"),
    "ZIN-P-002": ({"staff_fte_employed": None}, "staff_fte_employed", "niet ingevuld"),
    "ZIN-P-003": ({"clients": "16"}, "staff_fte_employed", "3,13"),
    "ZIN-P-004": ({"hired_staff_fte": "251"}, "hired_staff_fte", "251 volledige banen, naast 50"),
}
SILENT: dict[str, dict[str, str | None]] = {
    "ZIN-B-001": {"absence_rate": "1"},
    "ZIN-B-002": {"absence_rate": "0.25"},
    "ZIN-B-003": {"clients": "61"},
    "ZIN-K-001": {"staff_cost_base": "1"},
    "ZIN-K-002": {
        "staff_cost_base": "19500"
    },  # € 390 per job is € 39,000 after a factor of 100: that is not usual either
    "ZIN-K-003": {"staff_cost_base": "6000000"},
    "ZIN-K-004": {"staff_cost_base": "155000"},
    "ZIN-K-005": {"hired_staff_cost": "2900000"},
    "ZIN-P-001": {"clients": "1"},
    "ZIN-P-002": {"staff_fte_employed": "0.1"},
    "ZIN-P-003": {"clients": "250"},
    "ZIN-P-004": {"hired_staff_fte": "250"},
}


def _found(changes: dict[str, str | None], clients_before: str | None = None) -> list[Found]:
    figures = {**HOME, **changes}
    values = tuple(
        ReadValue(code, None if text is None else Decimal(text), Cell("ps.csv", 2, f"C{number}"), text or "")
        for number, (code, text) in enumerate(figures.items())
    )
    delivery = ReadDelivery("kvk", "90000001", "De Linde", values, Cell("ps.csv", 2))
    previous = None if clients_before is None else Previous(2019, {"clients": Decimal(clients_before)})
    return check_delivery(delivery, template="zin-personeel", currency="EUR", book_year=2020, previous=previous)


def test_a_right_delivery_has_no_findings() -> None:
    assert _found({}, clients_before="60") == []


@pytest.mark.parametrize("code", FIRES)
def test_a_check_fires_at_its_cell_with_its_figures(code: str) -> None:
    changes, measure, words = FIRES[code]
    (found,) = (item for item in _found(changes) if item.rule.code == code)
    assert found.measure == measure
    assert words in found.message
    assert found.cell == Cell("ps.csv", 2, f"C{list(HOME).index(measure)}")


@pytest.mark.parametrize("code", SILENT)
def test_a_check_is_silent_just_inside_its_limit(code: str) -> None:
    assert code not in {item.rule.code for item in _found(SILENT[code])}


@pytest.mark.parametrize(
    ("before", "is_jump"), [("30", False), ("29", True), ("120", False), ("121", True), ("0", True), (None, False)]
)
def test_twice_as_many_clients_or_half_of_them_is_noticed(before: str | None, is_jump: bool) -> None:
    found = [item.message for item in _found({}, clients_before=before) if item.rule.code == "ZIN-J-001"]
    assert found == ([f"Cliënten: 60. In 2019 waren het er {before}."] if is_jump else [])


def test_a_slip_of_a_factor_is_said_once() -> None:
    assert "ZIN-K-003" not in {item.rule.code for item in _found({"staff_cost_base": "290000000"})}


def test_every_staff_rule_is_tested_here_or_raised_while_reading() -> None:
    of_staff = {code for code, item in rules().items() if "zin-personeel" in item.templates and item.check}
    assert of_staff == {*FIRES, "ZIN-J-001"}
    assert FIRES.keys() == SILENT.keys()
