"""A published CSV file as a table: columns found by name, every cell as it was written, with its place.

For files that the NZa itself loads from a public source. What a provider sends goes through
:mod:`providers.workbook.reader`, in a process of its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from providers.workbook.child.delimited import DELIMITERS, decoded
from providers.workbook.child.refusals import NoText
from providers.workbook.content import Cell, Problem, SourceError
from providers.workbook.reader import column_letters

LARGEST_FILE: Final = 200_000_000
"""In bytes. The national file of one year, with all its indicators, is a quarter of it."""
MOST_ROWS: Final = 2_000_000
_LONGEST_CELL: Final = 40_000


@dataclass(frozen=True)
class Row:
    """One row; ``text`` gives a cell by the name of its column, without spaces around it."""

    table: CsvTable
    number: int
    cells: tuple[str, ...]

    def text(self, column: str) -> str:
        return self.cells[self.table.columns[column]].strip()

    def cell(self, column: str | None = None) -> Cell:
        letters = "" if column is None else column_letters(self.table.columns[column] + 1)
        return Cell("", self.number, letters)


@dataclass(frozen=True)
class CsvTable:
    """A file with one header row; ``columns`` gives the place (from 0) of each column by its name."""

    file: str
    content: bytes
    text: str
    delimiter: str
    columns: Mapping[str, int]

    def has(self, *names: str) -> bool:
        return all(name in self.columns for name in names)

    def rows(self) -> Iterator[Row]:
        """All rows that hold anything; :class:`SourceError` at one that has another number of cells than the header."""
        for number, cells in enumerate(_cells(self.file, self.text, self.delimiter), start=1):
            if number == 1 or not any(cell.strip() for cell in cells):
                continue
            if number > MOST_ROWS:
                raise _refused(self.file, f"Het bestand heeft meer dan {MOST_ROWS} rijen. Splits het bestand.")
            if len(cells) != len(self.columns):
                raise _refused(
                    self.file,
                    f"Deze rij heeft {len(cells)} cellen, maar de kop heeft er {len(self.columns)}. "
                    "Gebruik het bestand zoals het gepubliceerd is.",
                    Cell("", number),
                )
            yield Row(self, number, tuple(cells))


def open_csv(path: Path) -> CsvTable:
    """Open a CSV file; :class:`SourceError` if it is not there, too large, not text or without a header."""
    try:
        # Ask for the size first: a file of many gigabytes must not be read to learn that it is too large.
        if path.stat().st_size > LARGEST_FILE:
            raise _refused(path.name, f"Het bestand is groter dan {LARGEST_FILE // 1_000_000} MB. Splits het bestand.")
        content = path.read_bytes()
    except OSError as error:
        raise _refused(
            path.name, "Dit bestand is er niet of mag niet gelezen worden. Controleer de naam en de map."
        ) from error
    try:
        text = decoded(content)
    except NoText as error:
        raise _refused(path.name, "Dit is geen tekstbestand. Kies het CSV-bestand van de bron.") from error
    first_line = text[:_LONGEST_CELL].partition("\n")[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    header = next(_cells(path.name, text, delimiter), [])
    names = [name.strip() for name in header]
    if len(names) < 2:
        raise _refused(path.name, "Het bestand heeft geen kop met kolommen. Kies het CSV-bestand van de bron.")
    for number, name in enumerate(names):
        if name in names[:number]:
            message = f"De kolom {name!r} staat er twee keer. Haal een van de twee weg."
            raise _refused(path.name, message, Cell("", 1, column_letters(number + 1)))
    return CsvTable(path.name, content, text, delimiter, {name: number for number, name in enumerate(names)})


def _cells(file: str, text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        message = "Deze regel is niet te lezen: een aanhalingsteken is niet gesloten of een cel is veel te lang."
        raise _refused(file, message, Cell("", reader.line_num)) from error


def _refused(file: str, message: str, cell: Cell | None = None) -> SourceError:
    return SourceError([Problem(file, cell, message)])
