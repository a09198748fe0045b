"""Reading a sheet with headers in row 1 strictly: every column known, every figure a number."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from providers.measures import Measure
from providers.workbook.content import Cell, ReadValue
from providers.workbook.iv_layout import SheetLayout
from providers.workbook.numbers import NumberError, parse_number
from providers.workbook.problems import LARGEST, LONGEST_TEXT, Problems
from providers.workbook.reader import Sheet, Workbook, column_letters

_NEVER_NEGATIVE = {"days", "count", "months", "class", "fte", "years", "duration"}
_STORED = {"money": Decimal("0.01")}
_STORED_OTHERS = Decimal("0.000001")


def _normalised(header: object) -> str:
    return " ".join(str(header).split()).casefold()


@dataclass(frozen=True)
class Row:
    """One row of a table: its number and its texts by field."""

    number: int
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A sheet with its columns found."""

    sheet: Sheet
    layout: SheetLayout
    columns: Mapping[str, int]
    problems: Problems

    def cell(self, row: int | None = None, field: str = "") -> Cell:
        return self.sheet.cell(row, self.columns.get(field))

    def rows(self) -> Iterator[Row]:
        """The filled rows; a required text that is missing or too long is a problem."""
        for number in self.sheet.filled_rows(2):
            texts: dict[str, str] = {}
            for column in self.layout.texts:
                texts[column.field] = text = as_text(self.sheet.value(number, self.columns[column.field]))
                if column.is_required and not text:
                    self.problems.add(f"{column.title} ontbreekt. Vul dit in.", self.cell(number, column.field))
                elif len(text) > LONGEST_TEXT:
                    self.problems.add(
                        f"Deze tekst is te lang; {LONGEST_TEXT} tekens is het meeste.", self.cell(number, column.field)
                    )
            yield Row(number, texts)

    def figure(self, row: int, measure: Measure) -> ReadValue:
        """The figure of a measure in a row; anything that is not a possible number is a problem."""
        cell = self.cell(row, measure.code)
        column = self.columns[measure.code]
        written = self.sheet.value(row, column)
        nothing = ReadValue(
            measure=measure.code, value=None, cell=cell, raw="" if written is None else str(written)[:LONGEST_TEXT]
        )

        def refuse(message: str) -> ReadValue:
            self.problems.add(message, cell)
            return nothing

        if (row, column) in self.sheet.errors:
            return refuse(f"Hier staat een foutmelding van Excel ({self.sheet.errors[row, column]}). Vul een getal in.")
        if written is None and (row, column) in self.sheet.formulas:
            return refuse(
                "Hier staat een formule zonder uitkomst. Open het bestand in Excel, laat rekenen en sla het op."
            )
        if written is None:
            return nothing
        if isinstance(written, str):
            if not written.strip():
                return nothing
            return refuse(
                f"Hier staat de tekst {written.strip()[:40]!r}, maar er hoort een getal te staan.{_suggestion(written)}"
            )
        if isinstance(written, bool) or not isinstance(written, int | float):
            return refuse(
                f"Hier hoort een getal te staan, niet {written}. "
                "Maak de opmaak van de cel ‘Getal’ en vul het opnieuw in."
            )
        if written < 0 and measure.unit in _NEVER_NEGATIVE:
            what = "Het aantal dagen" if measure.unit == "days" else measure.label
            return refuse(f"{what} is negatief ({written}). Dat kan niet. Vul een getal in van 0 of meer.")
        if abs(written) >= LARGEST:
            return refuse(f"Het getal {written} is te groot om te kunnen kloppen. Vul het juiste getal in.")
        value = Decimal(repr(written)).quantize(_STORED.get(measure.unit, _STORED_OTHERS), rounding=ROUND_HALF_UP)
        if value == value.to_integral_value() and measure.unit != "money":
            value = value.quantize(Decimal(1))
        return ReadValue(measure=measure.code, value=value, cell=cell, raw=str(written))


def open_table(workbook: Workbook, layout: SheetLayout, problems: Problems) -> Table | None:
    """The table on the sheet of this layout, or ``None`` after adding the problems that make it unreadable."""
    sheet = workbook.sheet(layout.name)
    if sheet is None:
        names = ", ".join(repr(sheet.name) for sheet in workbook.sheets)
        problems.add(f"Het tabblad {layout.name!r} ontbreekt. Dit bestand heeft {names}. Gebruik het sjabloon.")
        return None
    if not any(True for _ in sheet.filled_rows(1)):
        problems.add(
            "Dit tabblad is leeg. Vul de gegevens in, of gebruik een nieuw exemplaar van het sjabloon.", sheet.cell()
        )
        return None
    columns = _columns(sheet, layout, problems)
    if columns is None:
        return None
    if not any(True for _ in sheet.filled_rows(2)):
        problems.add("Onder de kolomkoppen staat geen enkele rij. Vul de gegevens in vanaf rij 2.", sheet.cell(2))
        return None
    return Table(sheet, layout, columns, problems)


def _columns(sheet: Sheet, layout: SheetLayout, problems: Problems) -> dict[str, int] | None:
    before = len(problems)
    fields: dict[str, str] = {}
    titles: dict[str, str] = {}
    for text in layout.texts:
        fields[_normalised(text.title)] = text.field
        titles[text.field] = text.title
    for measure in layout.measures:
        fields[_normalised(measure.label)] = fields[measure.code] = measure.code
        titles[measure.code] = measure.label
    found: dict[str, int] = {}
    unknown: list[tuple[int, str]] = []
    width = max(len(row) for row in sheet.rows)
    for number in range(1, width + 1):
        header = sheet.value(1, number)
        if header is None:
            if any(sheet.value(row, number) is not None for row in range(2, len(sheet.rows) + 1)):
                problems.add(
                    "Deze kolom heeft gegevens maar geen kop. Zet de kop terug of maak de kolom leeg.",
                    sheet.cell(1, number),
                )
            continue
        field = fields.get(_normalised(header))
        if field is None:
            unknown.append((number, as_text(header)))
        elif field in found:
            problems.add(
                f"De kolom {titles[field]!r} staat er twee keer: ook in kolom {column_letters(found[field])}. "
                "Haal een van de twee weg.",
                sheet.cell(1, number),
            )
        else:
            found[field] = number
    missing = [field for field in titles if field not in found]
    for number, header in unknown:
        near = difflib.get_close_matches(header, [titles[field] for field in missing], n=1)
        hint = f"Bedoelt u {near[0]!r}?" if near else "Haal de kolom weg of zet de oorspronkelijke kop terug."
        problems.add(f"De kolom {header!r} hoort niet op dit tabblad. {hint}", sheet.cell(1, number))
    for field in missing:
        problems.add(f"De kolom {titles[field]!r} ontbreekt. Zet de kolom terug zoals in het sjabloon.", sheet.cell(1))
    return None if len(problems) > before else found


def as_text(value: object) -> str:
    """What a person reads in the cell: no surplus spaces, whole numbers without a decimal part."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def _suggestion(written: str) -> str:
    try:
        value = parse_number(written, "nl")
    except NumberError:
        return " Vul alleen cijfers in, of laat de cel leeg als u het niet weet."
    shown = f"{value:f}".replace(".", ",")
    return f" Bedoelt u {shown}? Maak de opmaak van de cel ‘Getal’ en vul het opnieuw in."
