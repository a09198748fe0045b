"""Opening a workbook that someone sent: hostile until shown otherwise.

``read_workbook`` looks at the container first (:mod:`providers.workbook.container`) and then lets a child process with
limited memory and time do the parsing (:mod:`providers.workbook.extract`). The child gets the very bytes that were
checked and an empty environment. What comes back are plain values; formulas are never calculated here, only their
stored outcome is read, and their addresses are known.

The child is a plain subprocess with JSON over pipes: it works alike in a web server, a test and a daemonic Celery
worker, which may not have ``multiprocessing`` children.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from providers.workbook.container import LIMITS, Limits, objections, size_objection
from providers.workbook.content import Cell, Problem, SourceError

CellValue = str | int | float | bool | date | datetime | None

_CHILD = Path(__file__).with_name("extract.py")


def column_letters(column: int) -> str:
    """``1`` → ``A``, ``27`` → ``AA``."""
    letters = ""
    while column > 0:
        column, remainder = divmod(column - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


@dataclass(frozen=True)
class Sheet:
    """One sheet. ``rows[0]`` is row 1; rows end at their last filled cell. Addresses are 1-based (row, column)."""

    name: str
    rows: tuple[tuple[CellValue, ...], ...]
    formulas: frozenset[tuple[int, int]] = frozenset()
    errors: Mapping[tuple[int, int], str] = field(default_factory=lambda: MappingProxyType({}))
    """Cells that show an error such as ``#DIV/0!``; their value is ``None``."""
    is_hidden: bool = False

    def value(self, row: int, column: int) -> CellValue:
        cells = self.rows[row - 1] if row <= len(self.rows) else ()
        return cells[column - 1] if column <= len(cells) else None

    def cell(self, row: int | None = None, column: int | None = None) -> Cell:
        return Cell(self.name, row, column_letters(column) if column else "")

    def filled_rows(self, start: int) -> Iterator[int]:
        """Numbers of the rows from ``start`` on that hold anything at all."""
        for number in range(start, len(self.rows) + 1):
            if any(value is not None for value in self.rows[number - 1]) or any(
                (number, column + 1) in self.errors for column in range(len(self.rows[number - 1]))
            ):
                yield number


@dataclass(frozen=True)
class Workbook:
    """A workbook as it was read; ``content`` is the file byte for byte."""

    file: str
    content: bytes
    sheets: tuple[Sheet, ...]

    def sheet(self, name: str) -> Sheet | None:
        """The sheet of that name; capitals and spaces around it do not matter, as in Excel."""
        wanted = name.strip().casefold()
        return next((sheet for sheet in self.sheets if sheet.name.strip().casefold() == wanted), None)


def read_workbook(path: Path, *, limits: Limits = LIMITS) -> Workbook:
    """Read an XLSX file; :class:`SourceError` if it cannot or should not be opened."""
    try:
        # Ask for the size first: a file of many gigabytes must not be read to learn that it is too large.
        if objection := size_objection(path.stat().st_size, limits):
            raise SourceError([Problem(path.name, None, objection)])
        content = path.read_bytes()
    except OSError as error:
        reason = {
            FileNotFoundError: "Dit bestand bestaat niet. Controleer de naam en de map.",
            IsADirectoryError: "Dit is een map en geen bestand. Noem het Excel-bestand zelf.",
            PermissionError: "Dit bestand mag niet gelezen worden. Controleer de rechten.",
        }.get(type(error), "Dit bestand kan niet gelezen worden.")
        raise SourceError([Problem(path.name, None, reason)]) from error
    return read_content(content, file=path.name, limits=limits)


def read_content(content: bytes, *, file: str, limits: Limits = LIMITS) -> Workbook:
    """Read the bytes of an XLSX file that is called ``file``; :class:`SourceError` as :func:`read_workbook`."""
    if found := objections(content, limits):
        raise SourceError([Problem(file, None, reason) for reason in found])
    answer = _ask_child(content, file=file, limits=limits)
    if not answer["sheets"]:
        raise SourceError([Problem(file, None, "Het bestand heeft geen tabblad met cellen. Gebruik het sjabloon.")])
    return Workbook(file=file, content=content, sheets=tuple(_sheet(sheet) for sheet in answer["sheets"]))


def _ask_child(content: bytes, *, file: str, limits: Limits) -> dict[str, Any]:
    def refuse(reason: str) -> SourceError:
        return SourceError([Problem(file, None, reason)])

    too_large = refuse(
        "Het bestand is te groot of te ingewikkeld om te lezen. "
        "Kopieer de gegevens naar een nieuw exemplaar van het sjabloon."
    )
    try:
        finished = subprocess.run(
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps(asdict(limits)).encode() + b"\n" + content,
            capture_output=True,
            timeout=limits.wall_seconds,
            env={"LC_ALL": "C.UTF-8", "OPENPYXL_LXML": "False"},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise too_large from error
    if finished.returncode < 0 or (finished.returncode and b"MemoryError" in finished.stderr):
        # Killed by its own limits: that is what they are for.
        raise too_large
    if finished.returncode:
        raise RuntimeError(f"the workbook reader failed: {finished.stderr.decode(errors='replace')[-2000:]}")
    answer: dict[str, Any] = json.loads(finished.stdout)
    match answer.get("refused"):
        case "too_large":
            raise too_large
        case "damaged":
            raise refuse(
                "Het bestand is beschadigd of geen echte Excel-werkmap. Open het in Excel, kies ‘Opslaan als’ en dan "
                "‘Excel-werkmap (.xlsx)’."
            )
    return answer


def _sheet(sheet: dict[str, Any]) -> Sheet:
    errors: dict[tuple[int, int], str] = {}
    rows: list[tuple[CellValue, ...]] = []
    for number, row in enumerate(sheet["rows"], start=1):
        values: list[CellValue] = []
        for column, value in enumerate(row, start=1):
            if not isinstance(value, dict):
                values.append(value)
                continue
            ((kind, carried),) = value.items()
            match kind:
                case "error":
                    errors[number, column] = carried
                    values.append(None)
                case "date":
                    values.append(date.fromisoformat(carried))
                case "moment":
                    values.append(datetime.fromisoformat(carried))
                case _:
                    values.append(carried)
        rows.append(tuple(values))
    return Sheet(
        name=sheet["name"],
        rows=tuple(rows),
        formulas=frozenset((row, column) for row, column in sheet["formulas"]),
        errors=MappingProxyType(errors),
        is_hidden=sheet["hidden"],
    )
