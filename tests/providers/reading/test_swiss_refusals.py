"""A Swiss workbook that is not as published is refused whole, with the place and the way to mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook as OpenWorkbook
from openpyxl.worksheet.worksheet import Worksheet

from providers.workbook.content import Problem, ReadRound, SourceError
from providers.workbook.sources import somed
from tests.providers.reading.workbooks import edited, few_homes

HEADER, FIRST, LAST = 2, 3, 7
TOTAL_COST, DAYS_LONG, YEAR = 47, 12, 7


def _read(content: bytes, folder: Path, name: str = "huizen.xlsx") -> ReadRound:
    path = folder / name
    path.write_bytes(content)
    (read,) = somed.read([path])
    return read


def _set(row: int, column: int, value: object) -> Callable[[OpenWorkbook], None]:
    def change(book: OpenWorkbook) -> None:
        book.worksheets[0].cell(row, column).value = value

    return change


def _on_sheet(act: Callable[[Worksheet], object]) -> Callable[[OpenWorkbook], None]:
    def change(book: OpenWorkbook) -> None:
        act(book.worksheets[0])

    return change


def _repeat_first_home(sheet: Worksheet) -> None:
    for column in range(1, sheet.max_column + 1):
        sheet.cell(LAST, column).value = sheet.cell(FIRST, column).value


@pytest.mark.parametrize("year", [2018, 2019])
def test_a_shorter_copy_of_the_published_file_is_read(swiss_files: object, year: int, tmp_path: Path) -> None:
    assert len(_read(few_homes(year), tmp_path).deliveries) == 5


# Each in a place of its own in one file, so that all have to be found: (row, column, value), address, words.
SPOILED_CELLS = {
    "text in a number": ((FIRST + 1, TOTAL_COST, "veel"), "AU4", "'veel'", "getal"),
    "a number written as text": ((FIRST, TOTAL_COST, "24'477.9"), "AU3", "24477.9", "Bedoelt u"),
    "an Excel error": ((FIRST + 2, TOTAL_COST, "#DIV/0!"), "AU5", "#DIV/0!", "foutmelding"),
    "a date in a number": ((FIRST, DAYS_LONG + 1, date(2019, 5, 1)), "M3", "2019-05-01", "getal"),
    "negative days": ((FIRST, DAYS_LONG, -12), "L3", "negatief", "0 of meer"),
    "an absurd number": ((FIRST + 3, TOTAL_COST, 1e18), "AU6", "te groot", "juiste getal"),
    "a row of another year": ((FIRST + 2, YEAR, 2018), "G5", "2018", "2019"),
    "a row without a year": ((FIRST + 3, YEAR, None), "G6", "niets", "2019"),
    "no canton": ((FIRST, 4, None), "D3", "kanton", "ZH"),
    "no postcode": ((FIRST, 3, "Brugg"), "C3", "postcode", "plaats"),
    "no name": ((FIRST + 1, 1, None), "A4", "naam", "Vul"),
}
SPOILED_HEADERS = {
    "a renamed column": ((HEADER, TOTAL_COST, "Kosten total"), "AU2", "Kosten total", "kennen wij niet"),
    "what is missing then": ((HEADER, TOTAL_COST, "Kosten total"), "2", "Gesamte Kosten", "ontbreekt"),
    "a changed unit": ((HEADER, 46, "Aufwand für Besoldungen (in Franken)"), "AT2", "in Franken", "kennen wij niet"),
    "a column twice": ((HEADER, DAYS_LONG + 1, "Anzahl Tage Langzeitaufenthalt"), "M2", "twee keer", "kolom L"),
    "a column without a header": ((HEADER, 20, None), "T2", "geen kop", "Zet de kop terug"),
}
SPOILED_SHEETS = {
    "a duplicate home": (_on_sheet(_repeat_first_home), "A7", "rij 3", "rij 7"),
    "a missing column": (_on_sheet(lambda sheet: sheet.delete_cols(TOTAL_COST)), "2", "Gesamte Kosten", "ontbreekt"),
    "no rows": (_on_sheet(lambda sheet: sheet.delete_rows(FIRST, 100)), "3", "leeg", "geen enkele rij"),
    "an empty sheet": (_on_sheet(lambda sheet: sheet.delete_rows(1, 100)), "", "leeg", "originele"),
    "no header": (_on_sheet(lambda sheet: sheet.delete_rows(HEADER)), "A2", "kolomkoppen", "originele"),
    "no title": (_set(1, 1, "Pflegeheime"), "A1", "titel", "originele"),
    "a row under the footnotes": (
        _on_sheet(lambda sheet: sheet.move_range("A7:BM7", rows=10)),
        "17",
        "voetnoten",
        "tabel",
    ),
}


def _problems(content: bytes, folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(SourceError) as refused:
        _read(content, folder)
    return refused.value.problems


def _expect(problems: tuple[Problem, ...], address: str, *words: str) -> None:
    """One of the problems is about this cell of this sheet of this file and says these words."""
    here = [
        problem
        for problem in problems
        if problem.cell is not None and f"{problem.cell.column}{problem.cell.row or ''}" == address
    ]
    assert any(all(word in problem.message for word in words) for problem in here), [str(item) for item in problems]
    assert {(problem.file, problem.cell.sheet) for problem in here if problem.cell} == {("huizen.xlsx", "DEUTSCH")}


@pytest.fixture(scope="module")
def cell_problems(five_homes: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, ...]:
    return _spoiled_together(SPOILED_CELLS, five_homes, tmp_path_factory.mktemp("cells"))


@pytest.fixture(scope="module")
def header_problems(five_homes: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, ...]:
    return _spoiled_together(SPOILED_HEADERS, five_homes, tmp_path_factory.mktemp("headers"))


def _spoiled_together(
    spoiled: Mapping[str, tuple[tuple[int, int, object], *tuple[str, ...]]], content: bytes, folder: Path
) -> tuple[Problem, ...]:
    def change(book: OpenWorkbook) -> None:
        for place, *_ in spoiled.values():
            _set(*place)(book)

    return _problems(edited(content, change), folder)


@pytest.mark.parametrize("name", SPOILED_CELLS)
def test_a_spoiled_cell_is_refused_with_its_place(name: str, cell_problems: tuple[Problem, ...]) -> None:
    _, address, *words = SPOILED_CELLS[name]
    _expect(cell_problems, address, *words)
    assert len(cell_problems) == len(SPOILED_CELLS)


@pytest.mark.parametrize("name", SPOILED_HEADERS)
def test_a_spoiled_header_is_refused_with_its_place(name: str, header_problems: tuple[Problem, ...]) -> None:
    _, address, *words = SPOILED_HEADERS[name]
    _expect(header_problems, address, *words)


@pytest.mark.parametrize("name", SPOILED_SHEETS)
def test_a_spoiled_sheet_is_refused_with_its_place(name: str, five_homes: bytes, tmp_path: Path) -> None:
    change, address, *words = SPOILED_SHEETS[name]
    _expect(_problems(edited(five_homes, change), tmp_path), address, *words)


def test_the_same_year_twice_is_refused(five_homes: bytes, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        (tmp_path / name).write_bytes(five_homes)
    with pytest.raises(SourceError, match=r"b\.xlsx.*a\.xlsx gaan allebei over 2019"):
        somed.read([tmp_path / "a.xlsx", tmp_path / "b.xlsx"])


def test_a_row_with_only_a_name_is_named_with_the_reason(five_homes: bytes, tmp_path: Path) -> None:
    def only_a_name(book: OpenWorkbook) -> None:
        for column in range(2, 66):
            book.worksheets[0].cell(FIRST + 1, column).value = None

    read = _read(edited(five_homes, only_a_name), tmp_path)
    assert len(read.deliveries) == 4
    (gone,) = read.not_arrived
    assert (gone.name, gone.cell.row) == ("Pflegewohngruppe Laufenburg", FIRST + 1)
    assert "geen cijfers" in gone.reason


def test_all_problems_are_listed_up_to_fifty_and_the_rest_counted(five_homes: bytes, tmp_path: Path) -> None:
    def spoil(book: OpenWorkbook) -> None:
        for row in range(FIRST, LAST + 1):
            for column in range(8, 20):
                book.worksheets[0].cell(row, column).value = "x"

    with pytest.raises(SourceError) as refused:
        _read(edited(five_homes, spoil), tmp_path)
    assert len(refused.value.problems) == 51
    assert "nog 5 andere fouten" in refused.value.problems[-1].message
