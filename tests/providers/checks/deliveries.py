"""Good figures of one provider, and what the checks say when some of them are changed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from providers.checks import Found, Previous, SectorStatistics, check_delivery
from providers.workbook.content import Cell, ReadDelivery, ReadFinding, ReadValue

NATIONAL = {
    "total_cost": "10000000",
    "care_staff_employed": "6000123",
    "care_staff_hired": "499877",
    "treatment": "800350",
    "food_and_hotel_services": "1199650",
    "housing_controllable": "400211",
    "overhead": "299789",
    "other_costs": "0",
    "revenues_as_negative_cost": "-100000",
    "housing_nhc": "800017",
    "inventory_nic": "99983",
    "days_5vv_with_treatment": "20000",
    "days_4vv": "12000",
    "months_covered": "12",
    "places": "90",
    "staff_fte_care": "77",
    "qualified_staff_share": "0.55",
    "absence_rate": "0.07",
    "client_rating": "8",
    "urbanity": "2",
}
ACCOUNTS = {
    "accounts_total_cost": "12130000",
    "accounts_other_activities": "2000000",
    "accounts_differences": "30000",
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
GOOD: dict[str, dict[str, str]] = {"iv-1": NATIONAL, "iv-2": {**NATIONAL, **ACCOUNTS}, "somed": SWISS}
#: The year before of the same provider: everything a few percent lower, nothing the same.
BEFORE = {
    "total_cost": "9500000",
    "care_staff_employed": "5700000",
    "care_staff_hired": "480000",
    "treatment": "760000",
    "food_and_hotel_services": "1140000",
    "housing_controllable": "380000",
    "overhead": "285000",
    "other_costs": "0",
    "revenues_as_negative_cost": "-95000",
    "housing_nhc": "760000",
    "inventory_nic": "90000",
    "days_5vv_with_treatment": "19500",
    "days_4vv": "11800",
    "months_covered": "12",
    "places": "89",
    "staff_fte_care": "75",
    "qualified_staff_share": "0.53",
    "absence_rate": "0.06",
}
Changes = Mapping[str, str | None]


def numbers(figures: Changes) -> dict[str, Decimal | None]:
    return {code: None if text is None else Decimal(text) for code, text in figures.items()}


def cell_of(figures: Changes, measure: str) -> Cell:
    """Where a figure stands: each in a column of its own."""
    return Cell("Blad", 5, f"C{list(figures).index(measure)}")


def findings(
    template: str,
    changes: Changes,
    *noticed: ReadFinding,
    before: Changes | None = None,
    sector: SectorStatistics | None = None,
) -> list[Found]:
    """What is found in the good figures with ``changes``; ``before``: changes in the year before, if there is one."""
    figures = {**GOOD[template], **changes}
    values = tuple(
        ReadValue(code, value, cell_of(figures, code), figures[code] or "") for code, value in numbers(figures).items()
    )
    delivery = ReadDelivery("kvk", "12345678", "Huis", values, Cell("Blad", 5, "A"), findings=noticed)
    return check_delivery(
        delivery,
        template=template,
        currency="CHF" if template == "somed" else "EUR",
        book_year=2024,
        previous=None if before is None else Previous(2023, numbers({**BEFORE, **before})),
        sector=sector,
    )


def codes(found: list[Found]) -> set[str]:
    return {item.rule.code for item in found}
