"""OpenDocument spreadsheets of the shape of the annual accountability, written by hand with the standard library."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>{doctype}<office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    "<office:body><office:spreadsheet>"
)
TAIL = "</office:spreadsheet></office:body></office:document-content>"
MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
Sheet = Sequence[Sequence[object]]


class Raw(str):
    """A cell or row as XML."""


def cell(value: object) -> str:
    if isinstance(value, Raw):
        return value
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        shown = str(value).replace(".", ",")
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{shown}</text:p>'
            "</table:table-cell>"
        )
    return f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p></table:table-cell>'


def row(cells: Sequence[object]) -> str:
    if isinstance(cells, Raw):
        return cells
    return f"<table:table-row>{''.join(cell(value) for value in cells)}</table:table-row>"


def table(name: str, rows: Sheet) -> str:
    # Real files end every row and sheet with a million empty cells, written as one that is repeated.
    empty = (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    return f"<table:table table:name={quoteattr(name)}>{''.join(row(cells) for cells in rows)}{empty}</table:table>"


def document(sheets: Mapping[str, Sheet], *, doctype: str = "") -> str:
    return HEAD.format(doctype=doctype) + "".join(table(name, rows) for name, rows in sheets.items()) + TAIL


def write(
    path: Path,
    content: str | bytes,
    *,
    mimetype: str = MIMETYPE,
    more: Mapping[str, str] | None = None,
    compression: int = zipfile.ZIP_DEFLATED,
) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        for name, text in (more or {}).items():
            archive.writestr(name, text)
    path.write_bytes(buffer.getvalue())
    return path
