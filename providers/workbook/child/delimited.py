"""The rows of a CSV file: which encoding, which delimiter, and every cell as text. Nothing is calculated or guessed.

The delimiter is found by the rows that only it makes right: the header that the form has. For any other file it is the
one that makes the most cells, which is only used to say what is wrong with the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import Any

from providers.workbook.child.refusals import NoColumns, NoText, QuotationMark, Refused, TooLarge

DELIMITERS = (";", ",", "\t")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST_CELL = 40_000
_LOOKED_AT = 60


def decoded(content: bytes) -> str:
    """The text: UTF-8, UTF-16 with a mark, or Windows-1252; :class:`NoText` for anything else."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise NoText
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "")
    if not encoding:
        sample = content[:2000]
        # UTF-16 without a mark: every second byte of Western text is zero.
        for at, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros = sample[at::2].count(0)
            if zeros > 0.7 * len(sample[at::2]) and sample[1 - at :: 2].count(0) == 0 and len(content) % 2 == 0:
                encoding = name
    for name in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        if _CONTROLS.search(text):
            raise NoText
        return text
    raise NoText


def read(content: bytes, limits: dict[str, int], header: list[str]) -> dict[str, Any]:
    """One sheet without a name. ``header`` names cells that stand together in one row of a right file, in lower case."""
    text = decoded(content)
    if named := _SEPARATOR_LINE.match(text):
        text = text[named.end() :]
    csv.field_size_limit(_LONGEST_CELL)
    found: list[str] = []
    for delimiter in DELIMITERS:
        for cells in _start(text, delimiter):
            if set(header) <= {cell.strip().casefold() for cell in cells}:
                found.append(delimiter)
                break
    if len(found) != 1:
        most = {delimiter: sum(len(cells) - 1 for cells in _start(text, delimiter)) for delimiter in DELIMITERS}
        delimiter = max(DELIMITERS, key=lambda item: most[item])
        if not most[delimiter]:
            raise NoColumns
    else:
        (delimiter,) = found
    rows: list[list[str | None]] = []
    cells_read = 0
    for cells in _rows(text, delimiter):
        cells_read += len(cells)
        if len(cells) > limits["columns"] or len(rows) >= limits["rows"] or cells_read > limits["cells"]:
            raise TooLarge
        rows.append([cell if cell.strip() else None for cell in cells])
    sheet = {"name": "", "hidden": False, "rows": rows, "formulas": [], "percentages": []}
    return {"sheets": [sheet], "properties": {}, "delimiter": delimiter}


def _start(text: str, delimiter: str) -> list[list[str]]:
    """The first rows under a delimiter; none if it cannot be one."""
    rows: list[list[str]] = []
    try:
        for cells in _rows(text, delimiter):
            rows.append(cells)
            if len(rows) >= _LOOKED_AT:
                break
    except Refused:
        pass
    return rows


def _rows(text: str, delimiter: str) -> Any:
    try:
        # Strict: a quotation mark that is never closed would swallow the rest of the file into one cell.
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise (TooLarge if "field larger" in str(error) else QuotationMark) from error
