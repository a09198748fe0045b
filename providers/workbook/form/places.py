"""Reading the locations and what identifies the organisation; from a sheet or from JSON, with the same judgement."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from providers.reference import region_code
from providers.workbook.content import Cell, ReadFinding, ReadLocation
from providers.workbook.form import layout
from providers.workbook.form.contents import Organisation
from providers.workbook.form.figure_cells import gathered, shown
from providers.workbook.form.tables import figure_header_words, location_header
from providers.workbook.form.write_delimited import unsafe
from providers.workbook.problems import Problems
from providers.workbook.reader import Workbook
from providers.workbook.tables import as_text

NO_LOCATION, NO_REGION, ZEROS_RESTORED = "IV-L-003", "IV-L-006", "IV-L-007"

_POSTCODE: Final = re.compile(r"([1-9][0-9]{3}) ?([A-Za-z]{2})")
_NZA_NUMBER: Final = re.compile(r"[0-9]{2,4}-[0-9]{1,5}")
_REGION: Final = re.compile(r"(55[0-9]{2})(?:\s.*)?")
_LONGEST: Final = {"legal_form": 120, "name": 250, "street": 250, "place": 120}
MOST_LOCATIONS: Final = 1000


class Places:
    """Reads organisation and locations of one file; notes findings, adds problems."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._restored: list[Cell] = []
        self._without_region: list[Cell] = []
        self._numbers: dict[str, Cell] = {}
        self.locations: list[ReadLocation] = []

    def findings(self, nowhere: Cell) -> list[ReadFinding]:
        """What was noticed; ``nowhere`` is where locations should have stood."""
        found = [ReadFinding(NO_LOCATION, nowhere)] if not self.locations else []
        if self._without_region:
            found.append(gathered(NO_REGION, self._without_region))
        if self._restored:
            found.append(gathered(ZEROS_RESTORED, self._restored))
        return found

    def organisation(self, texts: Mapping[str, str], cells: Mapping[str, Cell]) -> Organisation:
        """Legal form, AGB code and NZa number, each of which may be empty."""
        legal_form = self._short(texts["legal_form"], "legal_form", cells["legal_form"])
        agb_code = self._digits(texts["agb_code"], 8, "Een AGB-code heeft acht cijfers.", cells["agb_code"])
        nza_number = texts["nza_number"]
        if nza_number and not _NZA_NUMBER.fullmatch(nza_number):
            self._problems.add(
                f"Hier staat {shown(nza_number)}; een NZa-nummer ziet eruit als 300-1234. Vul het zo in of laat het leeg.",
                cells["nza_number"],
            )
            nza_number = ""
        return Organisation(legal_form, agb_code, nza_number)

    def add_location(self, texts: Mapping[str, str], cell_of: Callable[[str], Cell]) -> None:
        """One location; ``texts`` has all fields."""
        if len(self.locations) == MOST_LOCATIONS:
            self._problems.add(
                f"Er staan meer dan {MOST_LOCATIONS} locaties. Haal dubbele rijen weg.", cell_of("number")
            )
        if len(self.locations) >= MOST_LOCATIONS:
            self.locations.append(ReadLocation())
            return
        cell = cell_of("number")
        number = self._digits(texts["number"], 12, "Een vestigingsnummer heeft twaalf cijfers.", cell)
        if number and (other := self._numbers.setdefault(number, cell)) is not cell:
            self._problems.add(f"Dit vestigingsnummer staat er twee keer: ook in {other}. Haal een rij weg.", cell)
        postcode = _POSTCODE.fullmatch(texts["postcode"])
        if not postcode:
            what = f"Hier staat {shown(texts['postcode'])}." if texts["postcode"] else "De postcode ontbreekt."
            self._problems.add(f"{what} Vul de postcode in zoals 1234 AB.", cell_of("postcode"))
        region = self._region(texts["region"], cell_of("region"))
        self.locations.append(
            ReadLocation(
                number=number,
                name=self._short(texts["name"], "name", cell_of("name")),
                postcode=f"{postcode[1]} {postcode[2].upper()}" if postcode else "",
                place=self._short(texts["place"], "place", cell_of("place")),
                region=region,
                street=self._short(texts["street"], "street", cell_of("street")),
            )
        )

    def _region(self, text: str, cell: Cell) -> str:
        if not text:
            self._without_region.append(cell)
            return ""
        written = _REGION.fullmatch(text)
        code = region_code(written[1]) if written else None
        if code is None:
            self._problems.add(
                f"Hier staat {shown(text)}; dat is geen zorgkantoorregio. Kies een regio uit de lijst, of vul de code in.",
                cell,
            )
        return code or ""

    def _digits(self, text: str, length: int, rule: str, cell: Cell) -> str:
        """A number of a fixed length; zeros in front that a spreadsheet dropped are put back, and noted."""
        if not text:
            return ""
        if not re.fullmatch("[0-9]+", text) or not length // 2 < len(text) <= length:
            self._problems.add(f"Hier staat {shown(text)}. {rule} Verbeter het of maak de cel leeg.", cell)
            return ""
        if len(text) < length:
            self._restored.append(cell)
        return text.zfill(length)

    def _short(self, text: str, field: str, cell: Cell) -> str:
        if len(text) > _LONGEST[field]:
            self._problems.add(
                f"Deze tekst is te lang; {_LONGEST[field]} tekens is het meeste. Kort de tekst in.", cell
            )
        return text[: _LONGEST[field]]


def read_locations(workbook: Workbook, places: Places) -> None:
    """All rows under a header of locations, in every sheet."""
    for sheet in workbook.sheets:
        columns: dict[str, int] | None = None
        for row in range(1, len(sheet.rows) + 1):
            if header := location_header(sheet, row):
                columns = header
                continue
            if figure_header_words(sheet, row):
                columns = None
            if columns is None:
                continue
            texts = {
                field: as_text(unsafe(as_text(sheet.value(row, columns[field])), workbook.delimiter))
                if field in columns
                else ""
                for field in layout.LOCATION_FIELDS
            }
            if any(texts.values()):
                found = columns
                places.add_location(texts, lambda field, s=sheet, r=row, c=found: s.cell(r, c.get(field)))  # type: ignore[misc]
