"""How the form is laid out: tabs, columns and the codes by which a reader finds its way. One description for both sides.

Three things are looked for when reading, wherever they stand: cells that begin with ``form:`` (the value stands left of
them), tables of figures (a header row with :data:`CODE` and a column to fill in) and the table of locations. Tabs may be
renamed, rows and columns moved: only the codes and headers count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from providers.measures import Measure

VERSION: Final = "Versie en legenda"
REMARKS: Final = "Opmerkingen"
ORGANISATION: Final = "Organisatie"
LOCATIONS: Final = "Locaties"
PRODUCTION: Final = "Productie"
STAFF: Final = "Personeel"
COSTS: Final = "Kosten"
# Excel allows 31 characters in the name of a tab; the full title stands at the head of the sheet.
REVENUES: Final = "Opbrengsten (negatieve kosten)"
EXCLUDED: Final = "Uitgesloten kosten"
ACCOUNTS: Final = "Aansluiting jaarrekening"
QUALITY: Final = "Kwaliteit en omgeving"
STATEMENT: Final = "Verklaring"


@dataclass(frozen=True)
class FigureTab:
    """A tab with figures: its full title and what it asks, in one or two sentences."""

    name: str
    title: str
    introduction: str


FIGURE_TABS: Final = (
    FigureTab(
        PRODUCTION,
        "Productie",
        "Vul per zorgprofiel in hoeveel dagen zorg u leverde, en met hoeveel plaatsen en in hoeveel maanden.",
    ),
    FigureTab(STAFF, "Personeel", "Vul in hoeveel zorgpersoneel u had. De kosten van personeel vult u in op ‘Kosten’."),
    FigureTab(
        COSTS,
        "Kosten",
        "Vul de kosten van uw verpleeghuiszorg in hele euro's of met centen in, niet in duizenden. Onder de posten "
        "ziet u meteen of ze optellen tot het totaal.",
    ),
    FigureTab(
        REVENUES,
        "Opbrengsten als negatieve kosten",
        "Opbrengsten die de kosten verlagen vult u in als negatief bedrag, dus met een minteken.",
    ),
    FigureTab(
        EXCLUDED,
        "Uitgesloten kosten",
        "Deze kosten horen bij uw totaal, maar tellen niet mee in de vergelijking.",
    ),
    FigureTab(
        ACCOUNTS,
        "Aansluiting jaarrekening",
        "Hier laat u zien hoe uw totale kosten aansluiten op de lasten in uw jaarrekening.",
    ),
    FigureTab(
        QUALITY,
        "Kwaliteit en omgeving",
        "Een deel vult u in als getal van 0 tot 1: 56 procent is 0,56.",
    ),
)

_TAB_OF_KIND: Final = {
    "days": PRODUCTION,
    "cost": COSTS,
    "cost_total": COSTS,
    "revenue": REVENUES,
    "allowance": EXCLUDED,
    "accounts": ACCOUNTS,
    "structure": PRODUCTION,
    "quality": QUALITY,
    "environment": QUALITY,
}
_TAB_OF_CODE: Final = {"qualified_staff_share": STAFF, "absence_rate": STAFF, "staff_fte": STAFF}


def tab_of(measure: Measure) -> str:
    """The name of the tab on which a measure is asked."""
    if measure.unit == "fte":
        return STAFF
    return _TAB_OF_CODE.get(measure.code, _TAB_OF_KIND[measure.kind])


# ── what the file is about ─────────────────────────────────────────────────────────────────────────────────────────

PREFIX: Final = "form:"
IDENTITY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "template": "Sjabloon",
        "round_slug": "Kenmerk van de ronde",
        "book_year": "Boekjaar",
        "currency": "Valuta",
        "key_scheme": "Soort sleutel",
        "key": "Sleutel van uw organisatie",
    }
)
"""Fields that bind a file to a form, with their Dutch names; also custom properties of the document."""
PROPERTY: Final = "iv-{}"
NAME: Final = "name"
REMARKS_FIELD: Final = "remarks"
ORGANISATION_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {"legal_form": "Rechtsvorm", "agb_code": "AGB-code", "nza_number": "NZa-nummer"}
)
LEGAL_FORMS: Final = (
    "Stichting", "Vereniging", "Coöperatie", "BV", "NV", "Eenmanszaak", "Vennootschap onder firma", "Maatschap",
    "Commanditaire vennootschap", "Kerkgenootschap", "Publiekrechtelijke rechtspersoon", "Anders",
)  # fmt: skip
KEY_NAMES: Final = {"kvk": "KvK-nummer"}


def key_name(scheme: str) -> str:
    """What people call the key: ``kvk`` is the KvK-nummer."""
    return KEY_NAMES.get(scheme, IDENTITY["key"])


# ── tables ─────────────────────────────────────────────────────────────────────────────────────────────────────────

CODE: Final = "Code"
DESCRIPTION: Final = "Omschrijving"
UNIT: Final = "Eenheid"
VALUE: Final = "Uw opgave"
"""In the workbook followed by the year; in CSV the column is called :data:`CSV_VALUE`."""
PREVIOUS: Final = "Vorig jaar"
EXPLANATION: Final = "Toelichting"
CALCULATED: Final = "(berekend)"
"""Stands for a code beside figures that the workbook itself works out; they are not read."""
CSV_VALUE: Final = "waarde"
CSV_HEADER: Final = ("code", "omschrijving", "eenheid", CSV_VALUE, "vorig jaar", "toelichting")

LOCATION_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "number": "Vestigingsnummer",
        "name": "Naam",
        "street": "Straat en huisnummer",
        "postcode": "Postcode",
        "place": "Plaats",
        "region": "Zorgkantoorregio",
    }
)

UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "days": "dagen",
        "count": "aantal",
        "share": "deel (0 tot 1)",
        "rate": "verhouding",
        "index": "index",
        "months": "maanden",
        "class": "klasse",
        "years": "jaren",
        "fte": "fte",
        "score": "cijfer",
        "duration": "duur",
    }
)


def unit_of(measure: Measure, currency: str) -> str:
    """The unit as people read it; money in the currency of the round."""
    if measure.unit == "money":
        return unit_of_money(currency)
    return UNITS[measure.unit]


def unit_of_money(currency: str) -> str:
    """The currency as a unit in words."""
    return "euro" if currency == "EUR" else currency
