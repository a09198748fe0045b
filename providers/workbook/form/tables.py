"""Finding the figures and the locations in a file, wherever they stand: by header and by code, never by position."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.measures import CATALOGUE, Measure
from providers.workbook.content import Cell
from providers.workbook.form import layout
from providers.workbook.form.contents import Form
from providers.workbook.form.figure_cells import shown
from providers.workbook.problems import Problems
from providers.workbook.reader import Sheet, Workbook, column_letters
from providers.workbook.tables import as_text

_NEW = "Gebruik anders een nieuw exemplaar van het werkboek."
_MISSING_TOGETHER = 3


@dataclass(frozen=True)
class Columns:
    """A header row: which column holds what."""

    row: int
    value: int
    code: int
    explanation: int | None
    unit: int | None


@dataclass(frozen=True)
class Place:
    """The row of one measure."""

    sheet: Sheet
    row: int
    columns: Columns


def _normal(value: object) -> str:
    return as_text(value).casefold()


def figure_header(sheet: Sheet, row: int, form: Form, problems: Problems) -> Columns | None:
    """The columns, if this row is the header of a table of figures."""
    named: dict[str, int] = {}
    for column, cell in enumerate(sheet.rows[row - 1], start=1):
        if isinstance(cell, str):
            named.setdefault(_normal(cell), column)
    code = named.get(layout.CODE.casefold())
    wanted = f"{layout.VALUE} {form.book_year}".casefold()
    value = named.get(wanted, named.get(layout.CSV_VALUE))
    if code is not None and value is None:
        for name, column in named.items():
            if name.startswith(layout.VALUE.casefold()):
                problems.add(
                    f"In deze kolom staan cijfers van een ander jaar ({shown(name)}); wij vragen {form.book_year}. "
                    "Download het werkboek opnieuw uit het portaal en neem uw cijfers over.",
                    sheet.cell(row, column),
                )
                return None
    if code is None or value is None:
        return None
    if layout.CSV_VALUE in named and tuple(filter(None, map(_normal, sheet.rows[row - 1]))) != layout.CSV_HEADER:
        problems.add(
            f"De kop boven de cijfers is gewijzigd. Zet hem terug; hij moet zijn: {'; '.join(layout.CSV_HEADER)}.",
            sheet.cell(row),
        )
        return None
    return Columns(row, value, code, named.get(layout.EXPLANATION.casefold()), named.get(layout.UNIT.casefold()))


def figure_header_words(sheet: Sheet, row: int) -> bool:
    """Whether this row looks like the header of a table of figures, of whatever year."""
    names = {_normal(cell) for cell in sheet.rows[row - 1] if isinstance(cell, str)}
    return layout.CODE.casefold() in names and any(
        name == layout.CSV_VALUE or name.startswith(layout.VALUE.casefold()) for name in names
    )


def location_header(sheet: Sheet, row: int) -> dict[str, int] | None:
    """Field → column, if this row is the header of the table of locations."""
    named: dict[str, int] = {}
    for column, cell in enumerate(sheet.rows[row - 1], start=1):
        if isinstance(cell, str):
            named.setdefault(_normal(cell), column)
    found = {field: named[_normal(title)] for field, title in layout.LOCATION_FIELDS.items() if _normal(title) in named}
    return found if {"number", "postcode"} <= found.keys() else None


def find_measures(workbook: Workbook, form: Form, problems: Problems) -> dict[str, Place]:
    """The row of every measure of the form; what is missing, double or unknown is a problem."""
    found: dict[str, Place] = {}
    headless: list[tuple[Sheet, int, int]] = []
    asked = {measure.code: measure for measure in form.asked()}
    for sheet in workbook.sheets:
        columns: Columns | None = None
        for row in range(1, len(sheet.rows) + 1):
            before = len(problems)
            if header := figure_header(sheet, row, form, problems):
                columns = header
                continue
            if len(problems) > before:
                return found  # a tab of another year: what follows from it would bury this reason
            if location_header(sheet, row):
                columns = None
                continue
            if columns is None:
                headless += [
                    (sheet, row, at)
                    for at, cell in enumerate(sheet.rows[row - 1], start=1)
                    if isinstance(cell, str) and cell.strip() in asked
                ]
                continue
            _take_row(Place(sheet, row, columns), asked, found, problems, workbook.delimiter)
            code = as_text(sheet.value(row, columns.code))
            if code in asked:
                _check_unit(
                    Place(sheet, row, columns), asked[code], form, problems, must_be_there=bool(workbook.delimiter)
                )
    for sheet, row, column in headless:
        code = as_text(sheet.value(row, column))
        if code not in found:
            problems.add(
                f"Boven {asked[code].label} ontbreken de kolomkoppen ‘{layout.VALUE} {form.book_year}’ en ‘{layout.CODE}’. "
                f"Zet ze terug. {_NEW}",
                sheet.cell(row, column),
            )
            found[code] = Place(sheet, row, Columns(0, 0, column, None, None))
    _report_missing(workbook, asked, found, problems)
    return found


def _take_row(
    place: Place, asked: Mapping[str, Measure], found: dict[str, Place], problems: Problems, delimiter: str
) -> None:
    sheet, row, columns = place.sheet, place.row, place.columns
    code = as_text(sheet.value(row, columns.code))
    value = sheet.value(row, columns.value)
    cell = sheet.cell(row, columns.code)
    if code == layout.CALCULATED:
        return
    if not code:
        if value is not None or (row, columns.value) in sheet.errors or (row, columns.value) in sheet.formulas:
            problems.add(
                f"Hier staat iets ingevuld, maar de code in kolom {column_letters(columns.code)} is weg: wij weten niet "
                f"bij welk cijfer het hoort. Zet de code terug of maak de cel leeg. {_NEW}",
                sheet.cell(row, columns.value),
            )
        return
    if code not in asked:
        if code in CATALOGUE and value is None:
            return
        what = (
            f"{CATALOGUE[code].label} vragen wij in deze ronde niet. Maak de rij leeg."
            if code in CATALOGUE
            else f"De code {shown(code)} kennen wij niet. Zet de oorspronkelijke code terug. {_NEW}"
        )
        problems.add(what, cell)
        return
    if delimiter:
        width, wide = len(sheet.rows[columns.row - 1]), len(sheet.rows[row - 1])
        # An unquoted decimal comma cuts a number in two; only the number of cells shows it. Some programs leave out
        # empty cells at the end, which is harmless where a comma is no delimiter.
        if wide > width or (delimiter == "," and wide != width):
            problems.add(
                f"Deze rij heeft {wide} kolommen, de kop {width}. Staat er een komma in een getal of tekst? Zet dan "
                "aanhalingstekens om de cel, of sla het bestand op met puntkomma's.",
                sheet.cell(row),
            )
    other = found.setdefault(code, place)
    if other is not place:
        hidden = " Dat tabblad is verborgen." if sheet.is_hidden or other.sheet.is_hidden else ""
        problems.add(
            f"{asked[code].label} staat er twee keer: ook in {other.sheet.cell(other.row, other.columns.value)}. Haal een "
            f"van de twee rijen weg.{hidden}",
            sheet.cell(row, columns.value),
        )


def _check_unit(place: Place, measure: Measure, form: Form, problems: Problems, *, must_be_there: bool) -> None:
    """The unit is as it was: who made it thousands of euros, or shifted the cells of a row, means other figures."""
    if place.columns.unit is None:
        return
    expected = layout.unit_of(measure, form.currency)
    written = as_text(place.sheet.value(place.row, place.columns.unit))
    if written != expected and (written or must_be_there):
        said = shown(written) if written else "niets"
        problems.add(
            f"{measure.label}: de eenheid moet {expected} zijn, hier staat {said}. Vul het cijfer in deze eenheid in en zet "
            f"de eenheid terug. {_NEW}",
            place.sheet.cell(place.row, place.columns.unit),
        )


def _report_missing(
    workbook: Workbook, asked: Mapping[str, Measure], found: Mapping[str, Place], problems: Problems
) -> None:
    missing: dict[str, list[Measure]] = defaultdict(list)
    for code, measure in asked.items():
        if code not in found:
            missing[layout.tab_of(measure)].append(measure)
    for tab, measures in missing.items():
        if workbook.sheet(tab) is None and not workbook.delimiter:
            problems.add(
                f"Het tabblad ‘{tab}’ ontbreekt; daarop staan {len(measures)} van de gevraagde cijfers. {_NEW}"
            )
        elif len(measures) > _MISSING_TOGETHER:
            names = ", ".join(measure.label for measure in measures[:_MISSING_TOGETHER])
            problems.add(
                f"De rijen van {len(measures)} cijfers ontbreken, waaronder {names}. {_NEW}", Cell(_name(workbook, tab))
            )
        else:
            for measure in measures:
                place = next(_labelled(workbook, measure), None) or Cell(_name(workbook, tab))
                problems.add(
                    f"De rij van {measure.label} ontbreekt, of de code {measure.code} is weg. Zet de rij met code terug. "
                    f"{_NEW}",
                    place,
                )


def _name(workbook: Workbook, tab: str) -> str:
    return "" if workbook.delimiter else tab


def _labelled(workbook: Workbook, measure: Measure) -> Iterator[Cell]:
    """Where the label of a measure stands, though its code is gone."""
    for sheet in workbook.sheets:
        for row, cells in enumerate(sheet.rows, start=1):
            for column, value in enumerate(cells, start=1):
                if isinstance(value, str) and value.strip() == measure.label:
                    yield sheet.cell(row, column)
