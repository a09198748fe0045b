"""Opening a workbook that someone sent: hostile until shown otherwise.

``read_workbook`` looks at the container first (:mod:`providers.workbook.container`) and then lets a child process with
limited memory and time do the parsing (:mod:`providers.workbook.reading_process`). The child gets the very bytes that
were checked and an empty environment. What comes back are plain values; formulas are never calculated here, only their
stored outcome is read, and their addresses are known. A CSV file goes the same way: every cell is text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from providers.workbook.container import LIMITS, Limits, objections, size_objection
from providers.workbook.content import Cell, Problem, SourceError
from providers.workbook.reading_process import Stopped, ask

CellValue = str | int | float | bool | date | datetime | None

_AGAIN = "Open het in Excel, kies ‘Opslaan als’ en dan ‘Excel-werkmap (.xlsx)’."
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "too_large": "Het bestand is te groot of te ingewikkeld om te lezen. "
        "Kopieer de gegevens naar een nieuw exemplaar van het werkboek.",
        "damaged": f"Het bestand is beschadigd of onvolledig. {_AGAIN}",
        "entities": "Het bestand is beschadigd of onveilig: het bevat een verwijzing (DTD) die niet in een Excel-werkmap "
        f"hoort. {_AGAIN}",
        "dde": "In het bestand staat een formule die een ander programma start (DDE). Vervang de formule door een getal.",
        "other_files": "Het bestand haalt iets uit een ander bestand of van een webadres. Verbreek in Excel de koppelingen "
        "(‘Gegevens’, ‘Koppelingen bewerken’) en sla het opnieuw op.",
        "macros": "Het bestand bevat macro's of ingesloten bestanden. Haal ze weg en sla het op als ‘Excel-werkmap (.xlsx)’.",
        "no_text": "Dit bestand is geen leesbare tekst. Kies in Excel ‘Opslaan als’ en dan "
        "‘CSV UTF-8 (door komma's gescheiden)’, of lever een Excel-werkmap (.xlsx) aan.",
        "quotation_mark": "In dit CSV-bestand klopt een aanhalingsteken niet: het wordt niet gesloten of staat midden in een "
        "cel. Haal het weg, of sla het bestand opnieuw op als ‘CSV UTF-8’.",
        "no_columns": "Wij vinden geen kolommen in dit bestand: er staat geen puntkomma, komma of tab tussen de gegevens. "
        "Gebruik het CSV-bestand van deze ronde, of lever een Excel-werkmap (.xlsx) aan.",
    }
)
"""Why a child did not read a file, in Dutch; see :mod:`providers.workbook.child.refusals`."""


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
    percentages: frozenset[tuple[int, int]] = frozenset()
    """Cells with a number that is shown as a percentage: 0.56 is on screen as 56%."""

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
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Custom document properties."""
    delimiter: str = ""
    """Of a CSV file: what parts its cells."""

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
    answer = _ask_child("xlsx", content, file=file, limits=limits)
    if not answer["sheets"]:
        raise SourceError([Problem(file, None, "Het bestand heeft geen tabblad met cellen. Gebruik het sjabloon.")])
    return Workbook(
        file=file,
        content=content,
        sheets=tuple(_sheet(sheet) for sheet in answer["sheets"]),
        properties=MappingProxyType(answer["properties"]),
    )


def read_delimited(content: bytes, *, file: str, header: Sequence[str], limits: Limits = LIMITS) -> Workbook:
    """Read the bytes of a CSV file as a workbook of one sheet without a name, all cells text.

    ``header`` names cells of the header row by which the delimiter is recognised.
    """
    if objection := size_objection(len(content), limits):
        raise SourceError([Problem(file, None, objection)])
    answer = _ask_child("csv", content, file=file, limits=limits, header=header)
    sheets = tuple(_sheet(sheet) for sheet in answer["sheets"])
    return Workbook(file=file, content=content, sheets=sheets, delimiter=answer["delimiter"])


def _ask_child(kind: str, content: bytes, *, file: str, limits: Limits, header: Sequence[str] = ()) -> dict[str, Any]:
    question = {"kind": kind, "limits": asdict(limits), "header": [name.casefold() for name in header]}
    try:
        answer = ask(question, content, wall_seconds=limits.wall_seconds)
    except Stopped as error:
        raise SourceError([Problem(file, None, REASONS["too_large"])]) from error
    if reason := answer.get("refused"):
        raise SourceError([Problem(file, None, REASONS[reason])])
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
        percentages=frozenset((row, column) for row, column in sheet["percentages"]),
    )
