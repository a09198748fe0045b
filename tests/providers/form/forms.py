"""A form of an organisation that does not exist, with figures of two years that add up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

from providers.measures import CATALOGUE
from providers.workbook.content import ReadLocation
from providers.workbook.form import Form, Line, Organisation, write

MADE_AT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
FORM = Form(
    round_slug="oefen-2024",
    round_title="Oefenuitvraag verpleeghuiszorg 2024",
    book_year=2024,
    template="iv-2",
    currency="EUR",
    is_fictitious=True,
    key_scheme="kvk",
    key="99000123",
    name="Stichting Karekietoever & Zonen",
    deadline_text="20 juni 2025 om 23.59 uur",
    contact="Mail naar iv@voorbeeld.invalid.",
    measures=tuple(measure.code for measure in CATALOGUE.of_template("iv-2")),
)
ORGANISATION = Organisation("Stichting", "00061234", "300-1234")
LOCATIONS = (
    ReadLocation("000099000123", "Huize Karekiet", "1234 ZZ", "Oeverdam", "5501", "Rietlaan 1"),
    ReadLocation("000099000124", "Karekiet-Zuid", "5678 ZZ", "Zuidwal", "5520", "Wal 12 a"),
)
_VALUES = {
    "total_cost": "26312480.55",
    "days_4vv_with_treatment": "5110",
    "days_5vv_with_treatment": "32485",
    "days_5vv": "14600",
    "days_6vv_with_treatment": "10950",
    "days_7vv_with_treatment": "9125",
    "care_staff_employed": "15250000",
    "care_staff_hired": "1400000.55",
    "treatment": "1900000",
    "food_and_hotel_services": "2600000",
    "housing_controllable": "900000",
    "overhead": "2400000",
    "other_costs": "750480",
    "revenues_as_negative_cost": "-1250000",
    "housing_nhc": "1950000",
    "inventory_nic": "412000",
    "months_covered": "12",
    "places": "205",
    "staff_fte_care": "198.375",
    "qualified_staff_share": "0.612",
    "absence_rate": "0.078",
    "client_rating": "8.1",
    "advance_care_planning_share": "0.93",
    "urbanity": "3",
    "ses_score": "-0.125",
    "share_75_plus": "0.09",
    "accounts_total_cost": "31312480.55",
    "accounts_other_activities": "5000000",
    "accounts_differences": "0",
}
VALUES = {code: Decimal(value) for code, value in _VALUES.items()}
"""What the provider fills in; measures that are not here stay empty."""
SOURCED = {"staff_fte_care": "Zorginstituut, personeel 2021"}


def lines(*, filled: bool) -> list[Line]:
    """Last year's figures a little lower; this year's too if ``filled``, else only what a source tells."""
    found: list[Line] = []
    for code in FORM.measures:
        value = VALUES.get(code)
        measure = CATALOGUE[code]
        factor = Decimal("0.97") if measure.unit in ("money", "days", "fte") else Decimal(1)
        places = (
            Decimal("0.01") if measure.unit == "money" else Decimal(1) if measure.unit == "days" else Decimal("0.001")
        )
        previous = None if value is None else (value * factor).quantize(places)
        found.append(Line(code, value if filled or code in SOURCED else None, previous, SOURCED.get(code, "")))
    return found


@cache
def workbook(form: Form = FORM, *, filled: bool = True) -> bytes:
    """The form as a workbook, filled in or as it is downloaded."""
    return write(form, lines(filled=filled), ORGANISATION, LOCATIONS, made_at=MADE_AT)
