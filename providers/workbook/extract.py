"""Runs in a child process of its own: reads a workbook from standard input, writes its cells as JSON.

Started by ``providers.workbook.reader`` as a plain script in Python's isolated mode and with an empty environment, so
that a file that breaks the parser finds no settings, no passwords and little memory. It imports nothing of this
project and limits itself before it touches the file.

Input: one JSON line with the limits, then the bytes of the workbook. Output: one JSON object, either ``{"sheets": …}``
or ``{"refused": …}`` with one of ``too_large``, ``damaged``. A child that is killed says nothing; the parent then
knows enough.
"""

from __future__ import annotations

import datetime
import io
import json
import math
import sys
from typing import Any


class Unprotected(Exception):
    """The parser would run without its protection; a fault of the installation."""


class TooLarge(Exception):
    """The workbook holds more than the limits allow."""


def limit_this_process(memory_bytes: int, cpu_seconds: int) -> None:
    """Bound memory and processor time; on systems without such limits the parent's time limit remains."""
    try:
        import resource
    except ImportError:
        return
    for name, value in (
        ("RLIMIT_AS", memory_bytes),
        ("RLIMIT_CPU", cpu_seconds),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            continue


def plain(value: Any) -> Any:
    """A cell value as JSON can carry it: text and numbers as they are, the rest as an object with one key."""
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
    """All sheets of the workbook: rows of plain values, addresses of formulas (1-based row, column)."""
    import openpyxl

    def open_book(*, data_only: bool) -> Any:
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)

    book = open_book(data_only=False)
    sheets: list[dict[str, Any]] = []
    counts = {"cells": 0, "characters": 0}
    with_formulas = False
    for worksheet in book.worksheets:
        # The declared dimension may be wrong, or a lie; without it openpyxl reads the rows that are there.
        worksheet.reset_dimensions()
        rows: list[list[Any]] = []
        formulas: list[tuple[int, int]] = []
        empty_rows = 0
        for number, row in enumerate(worksheet.iter_rows(), start=1):
            if number > 1_048_576:
                raise TooLarge
            values: list[Any] = []
            for column, cell in enumerate(row, start=1):
                value = cell.value
                kind = cell.data_type
                if value is None or value == "":
                    values.append(None)
                    continue
                if column > limits["columns"]:
                    raise TooLarge
                counts["cells"] += 1
                if kind == "f":
                    formulas.append((number, column))
                    values.append(None)
                    continue
                if isinstance(value, str):
                    counts["characters"] += len(value)
                values.append({"error": str(value)} if kind == "e" else plain(value))
            while values and values[-1] is None and (number, len(values)) not in formulas[-1:]:
                values.pop()
            if counts["cells"] > limits["cells"] or counts["characters"] > limits["characters"]:
                raise TooLarge
            if not values:
                empty_rows += 1
                continue
            if number > limits["rows"]:
                raise TooLarge
            rows.extend([] for _ in range(empty_rows))
            empty_rows = 0
            rows.append(values)
        with_formulas = with_formulas or bool(formulas)
        sheets.append(
            {"name": worksheet.title, "hidden": worksheet.sheet_state != "visible", "rows": rows, "formulas": formulas}
        )
    if with_formulas:
        _fill_in_outcomes(open_book(data_only=True), sheets, counts, limits)
    return {"sheets": sheets}


def _fill_in_outcomes(book: Any, sheets: list[dict[str, Any]], counts: dict[str, int], limits: dict[str, int]) -> None:
    """Put the stored outcome of every formula in its place; a formula that was never calculated stays empty."""
    for worksheet, sheet in zip(book.worksheets, sheets, strict=True):
        wanted: dict[int, list[int]] = {}
        for number, column in sheet["formulas"]:
            wanted.setdefault(number, []).append(column)
        if not wanted:
            continue
        worksheet.reset_dimensions()
        for number, row in enumerate(worksheet.iter_rows(max_row=max(wanted)), start=1):
            for column in wanted.get(number, ()):
                cell = row[column - 1]
                value = {"error": str(cell.value)} if cell.data_type == "e" else plain(cell.value)
                if isinstance(value, str):
                    counts["characters"] += len(value)
                sheet["rows"][number - 1][column - 1] = value
        if counts["characters"] > limits["characters"]:
            raise TooLarge


def load_parser() -> None:
    """Import openpyxl: before the limits, which would keep it from storing its compiled modules for the next time."""
    # It would load numpy only to recognise its number types; there are none here, and it costs time and memory.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    import openpyxl

    if not openpyxl.DEFUSEDXML or openpyxl.LXML:
        raise Unprotected("defusedxml is missing: the parser would read hostile XML")


def main() -> int:
    load_parser()
    limits = json.loads(sys.stdin.buffer.readline())
    limit_this_process(limits["memory_bytes"], limits["cpu_seconds"])
    content = sys.stdin.buffer.read()
    try:
        answer = json.dumps(read(content, limits), ensure_ascii=True, separators=(",", ":"))
    except (TooLarge, MemoryError):
        answer = '{"refused":"too_large"}'
    except Unprotected:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a parser may raise on a hostile file means the same: it cannot be read
        print(f"{type(error).__name__}: {error}"[:500], file=sys.stderr)
        answer = '{"refused":"damaged"}'
    sys.stdout.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
