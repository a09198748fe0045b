"""Spoiling a good workbook: one part, one cell or one row at a time, without a spreadsheet program in between."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from random import Random

import openpyxl

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """The archive with one part added or replaced."""
    return with_parts(content, {name: data})


def with_parts(content: bytes, parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            if member.filename not in parts:
                target.writestr(member.filename, source.read(member.filename))
        for name, data in parts.items():
            target.writestr(name, data)
    return buffer.getvalue()


def part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


@cache
def places(content: bytes) -> dict[str, tuple[str, int]]:
    """Code of a measure → the part of its sheet and its row, found with openpyxl."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    found: dict[str, tuple[str, int]] = {}
    for number, sheet in enumerate(book.worksheets, start=1):
        for row in sheet.iter_rows(min_col=9, max_col=9):
            for cell in row:
                if isinstance(cell.value, str) and cell.value.islower() and cell.value[0] != "(":
                    found[cell.value] = (f"xl/worksheets/sheet{number}.xml", cell.row)
    return found


def sheet_of(content: bytes, code: str) -> str:
    return places(content)[code][0]


def with_figure(content: bytes, code: str, inside: str, *, kind: str = "", column: str = "C") -> bytes:
    """The workbook with other content in the cell of a measure; ``kind`` is the cell's ``t``, such as ``str``."""
    name, row = places(content)[code]
    typed = f' t="{kind}"' if kind else ""
    return _with_cell(content, name, f"{column}{row}", f"{typed}>{inside}</c>")


def with_style(content: bytes, code: str, inside: str, style: int) -> bytes:
    """The same with another cell style."""
    name, row = places(content)[code]
    pattern = re.compile(rf'<c r="C{row}" s="[0-9]+"(?:/>|>.*?</c>)'.encode())
    sheet, count = pattern.subn(f'<c r="C{row}" s="{style}">{inside}</c>'.encode(), part(content, name))
    assert count == 1
    return with_part(content, name, sheet)


def _with_cell(content: bytes, name: str, address: str, rest: str) -> bytes:
    pattern = re.compile(rf'(<c r="{address}" s="[0-9]+")[^>]*?(?:/>|>.*?</c>)'.encode())
    sheet, count = pattern.subn(lambda found: found[1] + rest.encode(), part(content, name))
    assert count == 1, (address, count)
    return with_part(content, name, sheet)


def without_row(content: bytes, code: str) -> bytes:
    name, row = places(content)[code]
    sheet, count = re.subn(rf'<row r="{row}".*?</row>'.encode(), b"", part(content, name))
    assert count == 1
    return with_part(content, name, sheet)


def row_twice(content: bytes, code: str) -> bytes:
    """A row of the XML twice under the same number: no spreadsheet program writes that."""
    name, row = places(content)[code]
    sheet, count = re.subn(rf'(<row r="{row}".*?</row>)'.encode(), rb"\1\1", part(content, name))
    assert count == 1
    return with_part(content, name, sheet)


def replaced(content: bytes, name: str, old: bytes, new: bytes) -> bytes:
    data = part(content, name)
    assert old in data, (name, old)
    return with_part(content, name, data.replace(old, new, 1))


def with_doctype(content: bytes, name: str, doctype: str, *, encoding: str = "utf-8") -> bytes:
    """A document type in front of the root element of a part."""
    data = part(content, name).decode()
    start = re.search(r"<[A-Za-z]", data)
    assert start is not None
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    return with_part(content, name, (head + doctype + data[start.start() :]).encode(encoding))


def added_sheet(content: bytes, rows: list[list[str | int]], *, name: str = "Blad1", state: str = "visible") -> bytes:
    """The workbook with one more sheet, text and numbers."""
    cells = "".join(
        "<row>" + "".join(
            f"<c><v>{value}</v></c>" if isinstance(value, int) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'
            for value in row
        ) + "</row>"
        for row in rows
    )  # fmt: skip
    return added_part_sheet(content, f"<sheetData>{cells}</sheetData>", name=name, state=state)


def added_part_sheet(
    content: bytes, inside: str, *, name: str, state: str = "visible", rel_id: str = "rId900"
) -> bytes:
    """The workbook with one more sheet of which the XML between the worksheet tags is given."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sheet = f'<worksheet xmlns="{NAMESPACE}">{inside}</worksheet>'.encode()
    book = part(content, "xl/workbook.xml").replace(
        b"</sheets>", f'<sheet name="{name}" sheetId="900" state="{state}" r:id="{rel_id}"/></sheets>'.encode()
    )
    rels = part(content, "xl/_rels/workbook.xml.rels").replace(
        b"</Relationships>",
        f'<Relationship Id="{rel_id}" Type="{relation}/worksheet" Target="worksheets/sheet900.xml"/></Relationships>'.encode(),
    )
    types = part(content, "[Content_Types].xml").replace(
        b"</Types>",
        b'<Override PartName="/xl/worksheets/sheet900.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'spreadsheetml.worksheet+xml"/></Types>',
    )
    parts = {
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": rels,
        "[Content_Types].xml": types,
        "xl/worksheets/sheet900.xml": sheet,
    }
    return with_parts(content, parts)


def citizen_numbers(count: int, *, seed: int = 5, digits: int = 9) -> list[int]:
    """Numbers that pass the eleven-test, made here and given to nobody: the check digit is worked out."""
    random = Random(seed)

    def candidates() -> Iterator[int]:
        while True:
            start = random.randrange(10 ** (digits - 2), 10 ** (digits - 1))
            body = f"{start:08d}"
            check = sum(int(digit) * weight for digit, weight in zip(body, range(9, 1, -1), strict=True)) % 11
            if check < 10:
                yield start * 10 + check

    made = candidates()
    return [next(made) for _ in range(count)]
