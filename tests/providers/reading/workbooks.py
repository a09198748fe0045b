"""Making broken workbooks from good ones: a good one is opened, one thing is spoiled, and it is saved again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import openpyxl
from openpyxl.workbook import Workbook as OpenWorkbook

SWISS = Path(__file__).resolve().parents[4] / "shared" / "data" / "ch-pflegeheime"
SWISS_FILES = {year: SWISS / f"source_{year}_Flat_File_de.xlsx" for year in (2018, 2019)}

Change = Callable[[OpenWorkbook], None]


def edited(content: bytes, change: Change) -> bytes:
    """The workbook with one change made to it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    return _saved(book)


@cache
def few_homes(year: int, count: int = 5) -> bytes:
    """The published workbook of a year with only its first homes: title, header, rows and footnotes as they were."""
    original = openpyxl.load_workbook(SWISS_FILES[year], read_only=True)
    rows = [tuple(row) for row in original.worksheets[0].iter_rows(values_only=True)]
    homes = [number for number, row in enumerate(rows) if len(row) > 6 and row[6] == year]
    kept = rows[: homes[0] + count] + rows[homes[-1] + 1 :]
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = original.worksheets[0].title
    for row in kept:
        sheet.append(row)
    return _saved(book)


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """The archive with one part added or replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            if member.filename != name:
                target.writestr(member.filename, source.read(member.filename))
        target.writestr(name, data)
    return buffer.getvalue()


def part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def _saved(book: OpenWorkbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
