"""The cells of an XLSX workbook as plain values: what was stored, where formulas are, which cells show a percentage.

Each sheet is read once. openpyxl's row parser is used directly, with everything around the rows (conditional formats,
validations, hyperlinks, …) left unread: we need none of it and a hostile file can do nothing with it.
"""

from __future__ import annotations

import datetime
import io
import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import openpyxl
from defusedxml.ElementTree import fromstring
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.worksheet import _reader as rows_of

from providers.workbook.child.refusals import Entities, LinksOutside, Macros, OtherFiles, Refused, TooLarge

_LAST_ROW = 1_048_576
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = {"nan", "inf", "-inf", "+inf", "infinity", "-infinity"}
_DDE = re.compile(r"\|[^!]*!")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_SKIPPED = frozenset(
    {rows_of.CF_TAG, rows_of.VALIDATION_TAG, rows_of.HYPERLINK_TAG, rows_of.MERGE_TAG, rows_of.EXT_TAG}
)
_DECLARATIONS = ("<!DOCTYPE", "<!ENTITY")
_PROGRAMS = {"vbaproject", "xlmacrosheet", "xlintlmacrosheet", "dialogsheet", "control", "oleobject", "package"}
_SEARCHED_BYTES = 4_000_000
_LONGEST_SHEET_NAME = 60


class Rows(rows_of.WorkSheetParser):  # type: ignore[misc]
    """openpyxl's parser of one sheet, reading stored outcomes and remembering where the formulas are."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, data_only=True, **options)
        self.formulas: list[tuple[int, int]] = []

    def parse(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        last = 0
        for _, element in rows_of.iterparse(self.source):
            if element.tag == rows_of.ROW_TAG:
                number, cells = self.parse_row(element)
                element.clear()
                columns = [cell["column"] for cell in cells]
                # Excel calls such a file damaged; a reader that takes the first or the last would read something else.
                if number <= last or any(left >= right for left, right in pairwise(columns)):
                    raise Refused("rows or cells out of order")
                last = number
                yield number, cells
            elif element.tag in _SKIPPED:
                element.clear()

    def parse_cell(self, element: Any) -> dict[str, Any]:
        if element.get("t", "n") == "n":
            written = element.findtext(rows_of.VALUE_TAG)
            # Python reads more as a number than a spreadsheet does, such as 1_000 or digits of another script.
            if written and written.strip().lower() in _NOT_FINITE:
                element.set("t", "e")
            elif written and not _NUMBER.fullmatch(written.strip()):
                raise Refused("a number that is none")
        cell: dict[str, Any] = super().parse_cell(element)
        formula = element.find(rows_of.FORMULA_TAG)
        if formula is not None:
            if _DDE.search(_QUOTED.sub("", formula.text or "")):
                raise LinksOutside
            self.formulas.append((cell["row"], cell["column"]))
        return cell


def plain(value: Any, kind: str) -> Any:
    """A cell value as JSON can carry it: text and numbers as they are, the rest as an object with one key."""
    if kind == "e":
        return {"error": str(value)[:40]}
    if isinstance(value, str):
        return value.replace("\0", "")  # a database refuses it, and no one can see it
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"error": "#NUM!"}
    if isinstance(value, datetime.datetime):
        return {"date": value.date().isoformat()} if value.time() == datetime.time() else {"moment": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    return {"text": str(value)}


def read(content: bytes, limits: dict[str, int]) -> dict[str, Any]:
    """All sheets: rows of plain values, addresses (1-based row, column) of formulas and of percentages."""
    refuse_what_does_not_belong(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        shown_as_percentage = _percentage_styles(book)
        counts = {"cells": 0, "characters": 0}
        sheets = [_sheet(book, worksheet, shown_as_percentage, counts, limits) for worksheet in book.worksheets]
    properties = {str(item.name)[:60]: str(item.value)[:200] for item in list(book.custom_doc_props)[:50]}
    return {"sheets": sheets, "properties": properties}


def refuse_what_does_not_belong(content: bytes) -> None:
    """Look at every XML part, also those that nobody reads here: others will open the file in Excel."""
    wanted = [text.encode(encoding) for text in _DECLARATIONS for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            name = member.filename.casefold()
            if not name.endswith((".xml", ".rels", ".vml")):
                continue
            with archive.open(member) as part:
                start = part.read(_SEARCHED_BYTES)
            if any(text in start for text in wanted):
                raise Entities
            if name.endswith(".rels"):
                _refuse_relations(start)
            elif name == "[content_types].xml":
                _refuse_types(start)


def _refuse_relations(part: bytes) -> None:
    """A hyperlink may lead outside; nothing else may be fetched from there."""
    for relation in fromstring(part).iter():
        kind = relation.get("Type", "").rpartition("/")[2].casefold()
        if relation.get("TargetMode", "").casefold() == "external" and kind != "hyperlink":
            raise OtherFiles
        if kind in _PROGRAMS:
            raise Macros


def _refuse_types(part: bytes) -> None:
    for declared in fromstring(part).iter():
        kind = declared.get("ContentType", "").casefold()
        if any(word in kind for word in ("macro", "vbaproject", "dialogsheet", "activex", "oleobject")):
            raise Macros


def _sheet(
    book: Any, worksheet: Any, shown_as_percentage: frozenset[int], counts: dict[str, int], limits: dict[str, int]
) -> dict[str, Any]:
    rows: list[list[Any]] = []
    percentages: list[tuple[int, int]] = []
    with worksheet._get_source() as source:
        parser = Rows(
            source,
            worksheet._shared_strings,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        # The declared dimension may be wrong, or a lie: only the rows that are there count.
        for number, cells in parser.parse():
            if number > _LAST_ROW:
                raise TooLarge
            values = _row(cells, number, counts, limits)
            with_formula = parser.formulas[-1][1] if parser.formulas and parser.formulas[-1][0] == number else 0
            while values and values[-1] is None and len(values) > with_formula:
                values.pop()
            if with_formula > len(values):
                values.extend([None] * (with_formula - len(values)))
            if counts["cells"] > limits["cells"] or counts["characters"] > limits["characters"]:
                raise TooLarge
            if not values:
                continue
            if number > limits["rows"] or len(values) > limits["columns"]:
                raise TooLarge
            rows.extend([] for _ in range(number - 1 - len(rows)))
            rows.append(values)
            percentages.extend(
                (number, cell["column"])
                for cell in cells
                if cell["style_id"] in shown_as_percentage and isinstance(cell["value"], int | float)
            )
    return {
        "name": worksheet.title[:_LONGEST_SHEET_NAME],
        "hidden": worksheet.sheet_state != "visible",
        "rows": rows,
        "formulas": parser.formulas,
        "percentages": percentages,
    }


def _row(cells: list[dict[str, Any]], number: int, counts: dict[str, int], limits: dict[str, int]) -> list[Any]:
    values: list[Any] = []
    for cell in cells:
        value = cell["value"]
        if value is None or value == "":
            continue
        if cell["column"] > limits["columns"]:
            raise TooLarge
        counts["cells"] += 1
        if isinstance(value, str):
            counts["characters"] += len(value)
        values.extend([None] * (cell["column"] - 1 - len(values)))
        values.append(plain(value, cell["data_type"]))
    return values


def _percentage_styles(book: Any) -> frozenset[int]:
    """Numbers of the cell styles that show a value as a percentage."""
    own = list(book._number_formats)

    def shows(number: int) -> bool:
        at = number - 164
        written = own[at] if 0 <= at < len(own) else BUILTIN_FORMATS.get(number, "")
        return "%" in written

    return frozenset(at for at, style in enumerate(book._cell_styles) if shows(style.numFmtId))
