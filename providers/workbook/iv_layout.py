"""The workbook of the national data request, template ``iv-1``: its sheets and columns.

One description for who writes the workbook and who reads it. The columns of figures come from the catalogue of
measures; their header is the measure's label, and a reader takes its code as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from providers.measures import CATALOGUE, Measure

TEMPLATE: Final = "iv-1"
EXPLANATION_SHEET: Final = "Toelichting"
"""For people only; not read."""

DELIVERED, INVITED = "aangeleverd", "uitgenodigd"
YES, NO = "ja", "nee"


@dataclass(frozen=True)
class TextColumn:
    """A column that says who or what a row is about."""

    field: str
    title: str
    is_required: bool = True


@dataclass(frozen=True)
class SheetLayout:
    """A sheet: its text columns, then one column per measure of these kinds. Headers in row 1, data from row 2."""

    name: str
    texts: tuple[TextColumn, ...]
    kinds: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[Measure, ...]:
        return CATALOGUE.of_template(TEMPLATE, *self.kinds) if self.kinds else ()

    @property
    def titles(self) -> tuple[str, ...]:
        """All headers in order."""
        return (*(column.title for column in self.texts), *(measure.label for measure in self.measures))


_KVK = TextColumn("kvk", "KvK-nummer")
_NAME = TextColumn("name", "Naam")
_ROW_OF_FIGURES = (_KVK, _NAME, TextColumn("book_year", "Boekjaar"))

ROUND: Final = SheetLayout(
    "Ronde",
    (
        TextColumn("slug", "Kenmerk"),
        TextColumn("title", "Titel"),
        TextColumn("book_year", "Boekjaar"),
        TextColumn("currency", "Valuta"),
        TextColumn("is_fictitious", "Fictief (ja of nee)"),
        TextColumn("template_version", "Sjabloonversie"),
    ),
)
ORGANISATIONS: Final = SheetLayout(
    "Organisaties",
    (
        _KVK,
        _NAME,
        TextColumn("legal_form", "Rechtsvorm", is_required=False),
        TextColumn("agb_code", "AGB-code", is_required=False),
        TextColumn("nza_number", "NZa-nummer", is_required=False),
        TextColumn("status", "Status (uitgenodigd of aangeleverd)"),
        TextColumn("merged_into", "Opgegaan in (KvK-nummer)", is_required=False),
    ),
)
LOCATIONS: Final = SheetLayout(
    "Locaties",
    (
        _KVK,
        TextColumn("number", "Vestigingsnummer"),
        TextColumn("name", "Naam", is_required=False),
        TextColumn("postcode", "Postcode"),
        TextColumn("place", "Plaats"),
        TextColumn("region", "Zorgkantoorregio (code)"),
    ),
)
FIGURES: Final = (
    SheetLayout("Kosten", _ROW_OF_FIGURES, ("cost", "revenue", "allowance", "cost_total")),
    SheetLayout("Productie", _ROW_OF_FIGURES, ("days",)),
    SheetLayout("Kwaliteit en omgeving", _ROW_OF_FIGURES, ("structure", "quality", "environment")),
)
SHEETS: Final = (ROUND, ORGANISATIONS, LOCATIONS, *FIGURES)
