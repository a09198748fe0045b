"""The annual accountability is read whatever the order of its columns, and a hostile file is refused in words."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from providers.workbook.content import SourceError
from providers.workbook.sources.digimv import LIMITS, read_digimv, read_figures
from tests.providers.sources.spreadsheets import HEAD, TAIL, Raw, Sheet, document, write

DEFINITIONS: Sheet = [
    ["Order", "VariableName", "VariableLabel", "DataType", "Format", "ValueLabelKey", "ValueLabelValue"],
    [1, "ExternalOrganizationId", "KvK-nummer", "Text", None, None, None],
    [2, "qPersTotZorg_AantalFte", "Totaal zorgpersoneel, fte", "Number", "0,00", None, None],
    [3, "qPersVerzuimPct_0", "Verzuim in procenten", "Number", "0,00", None, None],
    [4, "qAccVerklSoort", "Soort verklaring", "Choice", None, 1, "Controleverklaring"],
    [4, "qAccVerklSoort", "Soort verklaring", "Choice", None, 2, "Beoordelingsverklaring"],
    [5, "qBoekjaarEind", "Einde boekjaar", "Date", None, None, None],
]
PEOPLE: Sheet = [
    ["Code", "qBoekjaarEind", "qPersTotZorg_AantalFte"],
    ["A1", "31-12-2023", 100.5],
    ["B2", "31-12-2023", "1.250,75"],
    ["C3", "31-02-2023", "1,250.25"],
    ["D4", None, 0],
    ["E5", None, "1.250"],
    ["F6", None, 12],
]
ABSENCE: Sheet = [
    ["Code", "qPersVerzuimPct_0", "ExternalOrganizationId"],
    ["F6", "0,07", 1234567],
    ["A1", "7,4", "12345678"],
    ["B2", 6.25, "01234568"],
    ["C3", None, "kvk 9"],
    ["D4", 0, "87654321"],
    ["E5", "130", "87654322"],
]
BOOK = {"VariableDefinition": DEFINITIONS, "RowData_01": PEOPLE, "RowData_02": ABSENCE}


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    def make(sheets: dict[str, Sheet] | None = None, **changes: Sheet) -> Path:
        return write(tmp_path / "DigiMV2023_deel1.ods", document({**(sheets or BOOK), **changes}))

    return make


def test_figures_are_joined_over_the_sheets_and_read_in_both_notations(book: Callable[..., Path]) -> None:
    read = read_figures([book()])
    found = {(item.key, item.measure): item for item in read.figures}
    assert {place: item.value for place, item in found.items()} == {
        ("12345678", "staff_fte_care"): Decimal("100.5"),
        ("12345678", "absence_rate"): Decimal("0.074"),
        ("01234568", "staff_fte_care"): Decimal("1250.75"),
        ("01234568", "absence_rate"): Decimal("0.0625"),
        ("01234567", "staff_fte_care"): Decimal(12),
    }
    first = found["12345678", "staff_fte_care"]
    assert first.reference == "DigiMV2023_deel1.ods, RowData_01!C2: qPersTotZorg_AantalFte, hele organisatie"
    assert (first.book_year, first.key_scheme, first.source) == (2023, "kvk", "Jaarverantwoording zorg (DigiMV)")


def test_what_can_be_read_in_two_ways_is_left_out_with_the_reason(book: Callable[..., Path]) -> None:
    left_out = {item.name: item.reason for item in read_figures([book()]).left_out if item.cell.sheet == "RowData_01"}
    assert left_out == {"KvK 87654322": "'1.250' is geen getal, of kan twee getallen betekenen."}
    of_absence = {item.name: item.reason for item in read_figures([book()]).left_out if item.cell.sheet == "RowData_02"}
    assert of_absence == {
        "KvK 01234567": "'0,07' kan een percentage of een deel van 1 zijn.",
        "C3": "Deze organisatie heeft geen KvK-nummer van acht cijfers.",
        "KvK 87654322": "'130' is meer dan 100 %.",
    }


def test_the_order_of_sheets_and_columns_does_not_matter(book: Callable[..., Path]) -> None:
    moved: Sheet = [[line[0], None, line[2], "x", line[1]] for line in PEOPLE]
    shuffled = {"RowData_02": ABSENCE, "RowData_01": moved, "VariableDefinition": DEFINITIONS}
    values = [{(item.key, item.measure): item.value for item in read_figures([path]).figures} for path in (book(),)]
    values += [
        {(item.key, item.measure): item.value for item in read_figures([path]).figures} for path in (book(shuffled),)
    ]
    assert values[0] == values[1]


def test_a_column_is_found_by_its_label_too(book: Callable[..., Path]) -> None:
    labelled: Sheet = [["ConcernCode", "Einde boekjaar", "Totaal zorgpersoneel, fte"], *PEOPLE[1:]]
    found = {item.key for item in read_figures([book(RowData_01=labelled)]).figures if item.measure == "staff_fte_care"}
    assert found == {"12345678", "01234568", "01234567"}


def test_dates_are_read_as_the_dutch_write_them_and_an_impossible_one_stays_text(book: Callable[..., Path]) -> None:
    read = read_digimv(book(), ["qBoekjaarEind"])
    assert {code: row["qBoekjaarEind"].value for code, row in read.organisations.items()} == {
        "A1": date(2023, 12, 31),
        "B2": date(2023, 12, 31),
        "C3": "31-02-2023",
    }


def test_repeated_cells_and_rows_are_where_they_belong(book: Callable[..., Path]) -> None:
    repeated = Raw('<table:table-cell office:value-type="float" office:value="3" table:number-columns-repeated="2"/>')
    hidden = Raw('<table:covered-table-cell table:number-columns-repeated="3"/>')
    note = Raw(
        '<table:table-cell office:value-type="string"><office:annotation xmlns:office='
        '"urn:oasis:names:tc:opendocument:xmlns:office:1.0"><text:p>pas op</text:p></office:annotation>'
        "<text:p>4<text:s/>500</text:p></table:table-cell>"
    )
    gap = Raw('<table:table-row table:number-rows-repeated="7"><table:table-cell/></table:table-row>')
    people: Sheet = [
        ["Code", "x1", "x2", "x3", "qPersTotZorg_AantalFte", "qBoekjaarEind"],
        ["A1", hidden, repeated],
        gap,
        ["B2", hidden, note],
    ]
    read = read_digimv(book(RowData_01=people), ["qPersTotZorg_AantalFte", "qBoekjaarEind"])
    first, last = (read.organisations[code]["qPersTotZorg_AantalFte"] for code in ("A1", "B2"))
    assert (first.value, str(first.cell)) == (Decimal(3), "RowData_01!E2")
    assert read.organisations["A1"]["qBoekjaarEind"].value == Decimal(3)
    assert (last.value, str(last.cell)) == (Decimal(4500), "RowData_01!E10")


def test_rows_that_contradict_each_other_give_no_figure(book: Callable[..., Path]) -> None:
    twice: Sheet = [*PEOPLE, ["A1", None, 99]]
    read = read_figures([book(RowData_01=twice)])
    assert "12345678" not in {item.key for item in read.figures}
    assert any("staat twee keer" in item.reason for item in read.left_out)
    other: Sheet = [*ABSENCE[:3], ["B2", 6.25, "12345678"]]
    read = read_figures([book(RowData_02=other)])
    assert ("12345678", "staff_fte_care") not in {(item.key, item.measure) for item in read.figures}
    assert any("Twee rijen met hetzelfde KvK-nummer" in item.reason for item in read.left_out)


def _billion_laughs(path: Path) -> Path:
    doctype = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    return write(path, document(BOOK, doctype=doctype))


def _reads_another_file(path: Path) -> Path:
    return write(path, document(BOOK, doctype='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'))


def _bomb(path: Path) -> Path:
    return write(path, HEAD.format(doctype="") + " " * 30_000_000 + TAIL)


def _a_million_filled_cells_in_one(path: Path) -> Path:
    wide = Raw('<table:table-cell office:value-type="float" office:value="3" table:number-columns-repeated="1000000"/>')
    return write(path, document({**BOOK, "RowData_01": [["Code", wide]]}))


def _a_million_filled_rows_in_one(path: Path) -> Path:
    many = Raw(
        '<table:table-row table:number-rows-repeated="9000000"><table:table-cell office:value-type="string">'
        "<text:p>Code</text:p></table:table-cell></table:table-row>"
    )
    return write(path, document({**BOOK, "RowData_01": [many]}))


def _endless_text(path: Path) -> Path:
    return write(path, document({**BOOK, "RowData_01": [["Code"], ["x" * 50_000]]}), compression=zipfile.ZIP_STORED)


def _deep(path: Path) -> Path:
    return write(path, HEAD.format(doctype="") + "<text:p>" * 500_000 + TAIL, compression=zipfile.ZIP_STORED)


def _broken_xml(path: Path) -> Path:
    return write(path, document(BOOK)[:-30])


def _cut_off(path: Path) -> Path:
    content = write(path, document(BOOK)).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def _formula(path: Path) -> Path:
    sneaky = Raw('<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"/>')
    return write(path, document({**BOOK, "RowData_01": [["Code", "x"], ["A1", sneaky]]}))


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "entities": (_billion_laughs, "documenttype"),
    "entity of a file": (_reads_another_file, "documenttype"),
    "bomb": (_bomb, "te groot"),
    "repeated columns": (_a_million_filled_cells_in_one, "te groot"),
    "repeated rows": (_a_million_filled_rows_in_one, "te groot"),
    "endless text": (_endless_text, "te groot"),
    "deep": (_deep, "beschadigd"),
    "broken xml": (_broken_xml, "beschadigd"),
    "cut off": (_cut_off, "beschadigd"),
    "formula": (_formula, "formules"),
    "no archive": (lambda path: path.write_bytes(b"Code;KvK") and path, "beschadigd"),
    "a workbook": (lambda path: write(path, document(BOOK), mimetype="application/zip"), "geen OpenDocument"),
    "macros": (lambda path: write(path, document(BOOK), more={"Basic/script.xml": "<x/>"}), "macro's"),
    "password": (
        lambda path: write(path, b"\x00\x01", more={"META-INF/manifest.xml": "<manifest:encryption-data/>"}),
        "wachtwoord",
    ),
    "unknown compression": (lambda path: write(path, document(BOOK), compression=zipfile.ZIP_LZMA), "ingepakt"),
    "no definitions": (lambda path: write(path, document({"RowData_01": PEOPLE})), "VariableDefinition"),
    "no rows": (lambda path: write(path, document({"VariableDefinition": DEFINITIONS})), "RowData_01"),
    "no code": (lambda path: write(path, document({**BOOK, "RowData_01": [["Naam"], ["x"]]})), "geen ‘Code’"),
    "column twice": (lambda path: write(path, document({**BOOK, "RowData_03": PEOPLE})), "twee keer"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_broken_file_is_refused_with_what_to_do(name: str, tmp_path: Path) -> None:
    make, words = HOSTILE[name]
    with pytest.raises(SourceError, match=words) as refused:
        read_figures([make(tmp_path / "DigiMV2023.ods")])
    assert "DigiMV2023.ods: " in str(refused.value)


def test_a_file_without_a_year_in_its_name_asks_for_it(tmp_path: Path) -> None:
    path = write(tmp_path / "deel1.ods", document(BOOK))
    with pytest.raises(SourceError, match="boekjaar"):
        read_figures([path])
    assert {item.book_year for item in read_figures([path], book_year=2022).figures} == {2022}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is er niet"):
        read_figures([tmp_path / "DigiMV2023.ods"])


ROWS = 3_000


def test_a_large_file_is_read_in_little_memory(tmp_path: Path) -> None:
    """Some 20 MB of XML, in a child that may have 40 MB in all, of which Python itself takes the most."""
    path = tmp_path / "DigiMV2023.ods"
    filling = "".join(f'<table:table-cell office:value-type="float" office:value="{n}"/>' for n in range(100, 200))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        with archive.open("content.xml", "w") as part:
            start, end = document({"VariableDefinition": DEFINITIONS}), TAIL
            part.write(start.removesuffix(end).encode())
            part.write(b'<table:table table:name="RowData_01"><table:table-row>')
            for name in ("Code", "ExternalOrganizationId", "qPersTotZorg_AantalFte"):
                part.write(f"<table:table-cell><text:p>{name}</text:p></table:table-cell>".encode())
            part.write(b"</table:table-row>")
            for number in range(ROWS):
                part.write(
                    f"<table:table-row><table:table-cell><text:p>C{number}</text:p></table:table-cell>"
                    f"<table:table-cell><text:p>{10_000_000 + number}</text:p></table:table-cell>"
                    f'<table:table-cell office:value-type="float" office:value="{number + 1}"/>{filling}'
                    "</table:table-row>".encode()
                )
            part.write(f"</table:table>{end}".encode())
    read = read_figures([path], limits=replace(LIMITS, memory_bytes=40_000_000))
    assert len(read.figures) == ROWS
    assert read.figures[-1].value == ROWS
