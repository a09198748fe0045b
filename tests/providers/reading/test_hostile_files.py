"""Files that are dangerous, broken or not a workbook are refused, quickly and in plain words."""

from __future__ import annotations

import io
import multiprocessing
import os
import struct
import time
import zipfile
from multiprocessing.queues import Queue
from pathlib import Path

import openpyxl
import pytest

from providers.workbook.container import LIMITS, Limits
from providers.workbook.content import SourceError
from providers.workbook.reader import read_content, read_workbook
from tests.providers.reading.workbooks import edited, part, with_part

SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.fixture(scope="module")
def good() -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["naam", 1, 2.5, None, "x"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _refused(content: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(SourceError) as refused:
        read_content(content, file="map.xlsx", limits=limits)
    return str(refused.value)


def _sheet(rows: str, dimension: str = "A1:B2") -> bytes:
    return f'<worksheet {NAMESPACE}><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'.encode()


def test_a_good_file_is_read(good: bytes) -> None:
    (sheet,) = read_content(good, file="map.xlsx").sheets
    assert sheet.rows == (("naam", 1, 2.5, None, "x"),)


def test_an_empty_file() -> None:
    assert "leeg" in _refused(b"")


def test_a_text_file() -> None:
    assert "geen Excel-bestand" in _refused(b"naam;kosten\r\nA;1\r\n")


def test_an_old_excel_file() -> None:
    assert "oud Excel-bestand" in _refused(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(1024))


def test_a_file_with_a_password() -> None:
    content = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(512) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
    assert "wachtwoord" in _refused(content)


def test_an_archive_that_is_no_workbook() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("brief.txt", "geachte heer")
    assert "geen Excel-werkmap" in _refused(buffer.getvalue())


def test_an_open_document() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    assert "OpenDocument" in _refused(buffer.getvalue())


def test_half_a_file(good: bytes) -> None:
    assert "beschadigd" in _refused(good[: len(good) // 2])


def test_a_file_whose_bytes_were_changed(good: bytes) -> None:
    middle = len(part(good, SHEET)) // 2
    assert "beschadigd" in _refused(with_part(good, SHEET, part(good, SHEET)[:middle]))


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "XL/VBAPROJECT.BIN"])
def test_a_file_with_macros(good: bytes, name: str) -> None:
    assert "macro" in _refused(with_part(good, name, b"x"))


def test_a_file_that_calls_itself_a_macro_workbook(good: bytes) -> None:
    name = "[Content_Types].xml"
    types = part(good, name).replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    assert types != part(good, name)
    assert "macro" in _refused(with_part(good, name, types))


def test_a_file_with_links_to_other_files(good: bytes) -> None:
    assert "verwijst naar andere bestanden" in _refused(with_part(good, "xl/externalLinks/externalLink1.xml", b"<x/>"))


@pytest.mark.parametrize(
    ("name", "word"), [("xl/embeddings/oleObject1.bin", "ingesloten"), ("xl/connections.xml", "bron")]
)
def test_a_file_with_things_inside(good: bytes, name: str, word: str) -> None:
    assert word in _refused(with_part(good, name, b"<x/>"))


def test_a_zip_bomb(good: bytes) -> None:
    bomb = with_part(good, "xl/media/image1.bmp", bytes(60_000_000))
    assert len(bomb) < 100_000
    started = time.monotonic()
    assert "veel te groot" in _refused(bomb)
    assert time.monotonic() - started < 20


def test_a_zip_bomb_that_lies_about_its_size(good: bytes) -> None:
    sheet = _sheet('<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 30_000_000)
    content = with_part(good, SHEET, sheet)
    # Put a small size in both headers of the part; what is packed stays what it was.
    size = struct.pack("<I", len(sheet))
    assert content.count(size) == 2
    assert "beschadigd" in _refused(content.replace(size, struct.pack("<I", 500)))


def test_parts_that_overlap(good: bytes) -> None:
    """Two entries of the directory that point at the same packed bytes: the trick of the largest bombs."""
    content = with_part(good, "xl/media/a.bin", os.urandom(5000))
    at = content.rindex(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    entry = content[at:end].replace(b"xl/media/a.bin", b"xl/media/b.bin")
    count, size = struct.unpack("<HI", content[end + 10 : end + 16])
    tail = bytearray(content[end:])
    tail[8:16] = struct.pack("<HHI", count + 1, count + 1, size + len(entry))
    assert "ongewoon samengesteld" in _refused(content[:end] + entry + bytes(tail))


def test_a_path_that_leaves_the_archive(good: bytes) -> None:
    assert "ongewoon samengesteld" in _refused(with_part(good, "xl/../../etc/x.xml", b"<x/>"))


def test_entities_that_multiply(good: bytes) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<!DOCTYPE worksheet [<!ENTITY e0 "ha">{entities}]>'.encode()
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e9;</t></is></c></row>'
    assert "beschadigd" in _refused(with_part(good, SHEET, laughs + _sheet(rows)))


def test_entities_that_read_a_file(good: bytes) -> None:
    outside = b'<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row>'
    assert "beschadigd" in _refused(with_part(good, SHEET, outside + _sheet(rows)))


def test_a_sheet_that_claims_to_be_huge_is_read_for_what_it_is(good: bytes) -> None:
    rows = '<row r="1"><c r="A1"><v>5</v></c></row><row r="900000"><c r="A900000"/></row>'
    content = with_part(good, SHEET, _sheet(rows, "A1:XFD1048576"))
    started = time.monotonic()
    (sheet,) = read_content(content, file="map.xlsx").sheets
    assert sheet.rows == ((5,),)
    assert time.monotonic() - started < 60


def test_a_sheet_that_claims_to_be_small_is_read_whole(good: bytes) -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 6))
    (sheet,) = read_content(with_part(good, SHEET, _sheet(rows, "A1")), file="map.xlsx").sheets
    assert [row[0] for row in sheet.rows] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="60000"><c r="A60000"><v>1</v></c></row>',
        '<row r="1"><c r="ZZZ1"><v>1</v></c></row>',
        '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>',
    ],
    ids=["too many rows", "too many columns", "a row beyond any sheet"],
)
def test_a_sheet_beyond_the_limits(good: bytes, rows: str) -> None:
    assert "te groot" in _refused(with_part(good, SHEET, _sheet(rows)), Limits(cpu_seconds=5))


def test_too_many_cells_for_the_memory_or_the_limits(good: bytes) -> None:
    row = "".join('<c t="inlineStr"><is><t>een tekst van enige lengte</t></is></c>' for _ in range(200))
    content = with_part(good, SHEET, _sheet("".join(f"<row>{row}</row>" for _ in range(100))))
    assert "te groot" in _refused(content, Limits(cells=10_000))


def test_a_child_without_enough_memory_is_a_refusal_and_not_a_crash(good: bytes) -> None:
    cells = "".join(f'<c t="inlineStr"><is><t>{n:>30000}</t></is></c>' for n in range(100))
    content = with_part(good, SHEET, _sheet("".join(f"<row>{cells}</row>" for _ in range(15))))
    assert "te groot" in _refused(content, Limits(memory_bytes=60_000_000, ratio=10_000, characters=10**9))


def test_a_child_that_takes_too_long_is_stopped(good: bytes) -> None:
    assert "te groot" in _refused(good, Limits(wall_seconds=0))


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "groot.xlsx"
    with path.open("wb") as file:
        file.truncate(5_000_000_000)  # a sparse file: nothing is written
    with pytest.raises(SourceError, match=r"5000,0 MB"):
        read_workbook(path)


@pytest.mark.parametrize(("name", "word"), [("weg.xlsx", "bestaat niet"), (".", "map")])
def test_a_file_that_cannot_be_opened(tmp_path: Path, name: str, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        read_workbook(tmp_path / name)


def test_formulas_are_known_and_only_their_stored_outcome_is_read(good: bytes) -> None:
    rows = (
        '<row r="1"><c r="A1"><f>SUM(1,2)</f><v>3</v></c><c r="B1"><f>1/0</f></c>'
        '<c r="C1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="D1" t="str"><f>"a"</f><v>a</v></c></row>'
    )
    (sheet,) = read_content(with_part(good, SHEET, _sheet(rows)), file="map.xlsx").sheets
    assert sheet.rows == ((3, None, None, "a"),)
    assert sheet.formulas == {(1, 1), (1, 2), (1, 3), (1, 4)}
    assert dict(sheet.errors) == {(1, 3): "#DIV/0!"}


def test_a_hidden_sheet_is_known_as_hidden(good: bytes) -> None:
    def hide(book: openpyxl.Workbook) -> None:
        book.create_sheet("verborgen").sheet_state = "hidden"

    visible, hidden = read_content(edited(good, hide), file="map.xlsx").sheets
    assert (visible.is_hidden, hidden.is_hidden) == (False, True)


def _read_in_worker(content: bytes, answers: Queue[object]) -> None:
    answers.put(read_content(content, file="map.xlsx").sheets[0].rows)


def test_a_worker_that_may_have_no_children_of_its_own_can_read(good: bytes) -> None:
    """Celery's prefork workers are daemonic processes, which multiprocessing forbids to have children."""
    context = multiprocessing.get_context("spawn")
    answers: Queue[object] = context.Queue()
    worker = context.Process(target=_read_in_worker, args=(good, answers), daemon=True)
    worker.start()
    assert answers.get(timeout=120) == (("naam", 1, 2.5, None, "x"),)
    worker.join(timeout=60)


def test_modules_planted_through_the_environment_are_not_imported(
    good: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "openpyxl.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert read_content(good, file="map.xlsx").sheets[0].rows[0][0] == "naam"
