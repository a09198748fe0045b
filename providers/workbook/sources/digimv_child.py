"""Runs in a child process of its own: reads an OpenDocument spreadsheet of the annual accountability, writes JSON.

Started by :mod:`providers.workbook.sources.digimv` as a plain script in Python's isolated mode and with an empty
environment; it imports nothing of this project and limits itself before it touches the file, which is its standard
input. A published file holds some 300 MB of XML: it is parsed as it is unpacked, cell by cell, and only the columns that
were asked for are kept. A document type (the way to entities that multiply or read other files) refuses the file.

Argument: JSON with ``limits`` and ``variables``. Output: one JSON object, either ``{"refused": …}`` with a reason that
the parent knows, or ``definitions`` (variable → label and type), ``rows`` (code → variable → text, kind, sheet, row,
column) and ``twice`` (codes with two different rows).
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Callable
from typing import Any
from xml.parsers import expat  # a document type, without which there are no entities, is refused below

_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_CHUNK = 1 << 16
_LONGEST_CELL = 40_000
_DEEPEST = 60
_ROW_DATA = re.compile(r"RowData_\d+")
_DEFINITIONS = "VariableDefinition"
_CODES = ("code", "concerncode")

Row = dict[int, tuple[str, str]]
"""Column (from 1) → text and kind."""


class Refused(Exception):
    """The file is not read on; the argument is a reason that the parent knows."""


class Enough(Exception):
    """All that this pass looks for has been read."""


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


def whole(written: str | None) -> int:
    """How often something is repeated; once if it does not say."""
    if written is None:
        return 1
    if not written.isascii() or not written.isdigit() or not 0 < len(written) < 9:
        raise Refused("damaged")
    return max(int(written), 1)


class Sheets:
    """Calls ``on_row(sheet, number, row)`` for every row that holds anything, and ``on_end(sheet)`` after a sheet."""

    def __init__(
        self, on_row: Callable[[str, int, Row], None], on_end: Callable[[str], None], limits: dict[str, int]
    ) -> None:
        self._on_row, self._on_end, self._limits = on_row, on_end, limits
        self._depth = 0
        self._sheet: str | None = None
        self._number = self._row_times = self._column = self._cell_times = self._filled = 0
        self._row: Row = {}
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._length = 0
        self._in_text = self._in_note = 0

    def parse(self, part: Any) -> None:
        """Read an XML document from an open file; what it unpacks to is bounded."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        unpacked = 0
        while chunk := part.read(_CHUNK):
            unpacked += len(chunk)
            if unpacked > self._limits["unpacked_bytes"]:
                raise Refused("too_large")
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _doctype(self, *_: Any) -> None:
        raise Refused("entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Refused("damaged")
        if name in _CELLS:
            if self._cell is not None or self._sheet is None:
                raise Refused("damaged")
            self._cell, self._text, self._length = attributes, [], 0
            self._cell_times = whole(attributes.get(_TABLE + "number-columns-repeated"))
        elif name == _TABLE + "table-row":
            self._row, self._column = {}, 0
            self._row_times = whole(attributes.get(_TABLE + "number-rows-repeated"))
        elif name == _TABLE + "table":
            if self._sheet is not None:
                raise Refused("damaged")
            self._sheet, self._number = attributes.get(_TABLE + "name", ""), 0
        elif name == _OFFICE + "annotation":
            self._in_note += 1
        elif self._cell is not None and not self._in_note:
            if name == _TEXT + "p":
                if self._text:
                    self._add("\n")
                self._in_text += 1
            elif name == _TEXT + "s":
                self._add(" " * min(whole(attributes.get(_TEXT + "c")), _LONGEST_CELL))
            elif name in (_TEXT + "tab", _TEXT + "line-break"):
                self._add(" ")

    def _characters(self, text: str) -> None:
        if self._in_text and not self._in_note:
            self._add(text)

    def _add(self, text: str) -> None:
        self._length += len(text)
        if self._length > _LONGEST_CELL:
            raise Refused("too_large")
        self._text.append(text)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name in _CELLS:
            self._end_cell()
        elif name == _TABLE + "table-row":
            self._end_row()
        elif name == _TABLE + "table":
            ended, self._sheet = self._sheet, None
            self._on_end(ended or "")
        elif name == _OFFICE + "annotation":
            self._in_note -= 1
        elif name == _TEXT + "p" and self._in_text and not self._in_note:
            self._in_text -= 1

    def _end_cell(self) -> None:
        cell = self._cell or {}
        self._cell = None
        kind = cell.get(_OFFICE + "value-type", "string")
        held = {"date": "date-value", "boolean": "boolean-value", "string": "string-value"}.get(kind, "value")
        value = cell.get(_OFFICE + held)
        if value is None:
            value, kind = "".join(self._text), "string"
        value = value.strip()
        if len(value) > _LONGEST_CELL:
            raise Refused("too_large")
        if value and _TABLE + "formula" in cell:
            raise Refused("formula")
        first, self._column = self._column + 1, self._column + self._cell_times
        if not value:
            return
        if self._column > self._limits["columns"]:
            raise Refused("too_large")
        self._filled += self._cell_times
        for column in range(first, self._column + 1):
            self._row[column] = (value, kind)

    def _end_row(self) -> None:
        first, self._number = self._number + 1, self._number + self._row_times
        if not self._row:
            return
        self._filled += len(self._row) * (self._row_times - 1)
        if self._number > self._limits["rows"] or self._filled > self._limits["cells"]:
            raise Refused("too_large")
        for number in range(first, self._number + 1):
            self._on_row(self._sheet or "", number, self._row)


class Definitions:
    """The sheet that says which variables there are; found by the names in its header."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, str]] = {}
        self._columns: dict[str, int] = {}

    def on_row(self, sheet: str, number: int, row: Row) -> None:
        if sheet != _DEFINITIONS:
            return
        if not self._columns:
            self._columns = {text.casefold(): column for column, (text, _) in row.items()}
            if "variablename" not in self._columns:
                raise Refused("no_definitions")
            return
        name, label, kind = (
            row.get(self._columns.get(field, 0), ("", ""))[0] for field in ("variablename", "variablelabel", "datatype")
        )
        # A variable with a list of answers takes a row for each of them.
        if name:
            self.found.setdefault(name, {"label": label, "type": kind})

    def on_end(self, sheet: str) -> None:
        if sheet == _DEFINITIONS:
            raise Enough


class RowData:
    """The sheets with rows, joined by the code in their first column; only the wanted variables are kept."""

    def __init__(self, names: dict[str, str], limits: dict[str, int]) -> None:
        self.rows: dict[str, dict[str, list[Any]]] = {}
        self.twice: set[str] = set()
        self.sheets = 0
        self._names, self._limits = names, limits
        self._columns: dict[int, str] = {}
        self._known: set[str] = set()
        self._sheet = ""
        self._kept = 0

    def on_row(self, sheet: str, number: int, row: Row) -> None:
        if not _ROW_DATA.fullmatch(sheet):
            return
        if sheet != self._sheet:
            self._begin(sheet, row)
            return
        code = row.get(1, ("", ""))[0]
        wanted = [(self._columns[column], column) for column in row if column in self._columns]
        if not code:
            raise Refused("no_code")
        if not wanted:
            return
        kept = self.rows.setdefault(code, {})
        for name, column in wanted:
            text, kind = row[column]
            if name in kept and kept[name][0] != text:
                self.twice.add(code)
            kept[name] = [text, kind, sheet, number, column]
            self._kept += 1 + len(text) // 100
        if self._kept > self._limits["kept_cells"]:
            raise Refused("too_large")

    def _begin(self, sheet: str, header: Row) -> None:
        if header.get(1, ("", ""))[0].casefold() not in _CODES:
            raise Refused("no_code")
        self._sheet = sheet
        self.sheets += 1
        self._columns = {column: self._names[text] for column, (text, _) in header.items() if text in self._names}
        names = list(self._columns.values())
        if len(set(names)) != len(names) or self._known & set(names):
            raise Refused("column_twice")
        self._known |= set(names)

    def on_end(self, sheet: str) -> None:
        pass


def read(file: Any, variables: list[str], limits: dict[str, int]) -> dict[str, Any]:
    """Definitions first, because they may stand behind the rows; then the rows."""
    with zipfile.ZipFile(file) as archive:
        content = _content(archive, limits)
        definitions = Definitions()
        try:
            with archive.open(content) as part:
                Sheets(definitions.on_row, definitions.on_end, limits).parse(part)
            raise Refused("no_definitions")
        except Enough:
            pass
        wanted = {name: definitions.found[name] for name in variables if name in definitions.found}
        labels = [item["label"] for item in definitions.found.values()]
        names = {item["label"]: name for name, item in wanted.items() if labels.count(item["label"]) == 1}
        names.update({name: name for name in wanted})
        rows = RowData(names, limits)
        with archive.open(content) as part:
            Sheets(rows.on_row, rows.on_end, limits).parse(part)
    if not rows.sheets:
        raise Refused("no_rows")
    return {"definitions": wanted, "rows": rows.rows, "twice": sorted(rows.twice)}


def _content(archive: zipfile.ZipFile, limits: dict[str, int]) -> zipfile.ZipInfo:
    """The part with the cells, measured before it is unpacked."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(members) > limits["members"] or len(set(names)) != len(names):
        raise Refused("damaged")
    parts = {member.filename: member for member in members}
    content, declared = parts.get("content.xml"), parts.get("mimetype")
    if content is None or declared is None or declared.file_size > 200:
        raise Refused("not_ods")
    if any(member.flag_bits & 0x1 for member in (content, declared)):
        raise Refused("encrypted")
    if archive.read(declared).strip() != _MIMETYPE:
        raise Refused("not_ods")
    manifest = parts.get("META-INF/manifest.xml")
    if manifest is not None and manifest.file_size < 1_000_000 and b"encryption-data" in archive.read(manifest):
        raise Refused("encrypted")
    if any(name.startswith(("Basic/", "Scripts/")) for name in names):
        raise Refused("macros")
    if content.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("compression")
    if content.file_size > limits["unpacked_bytes"] or content.file_size > 1_000_000 + limits["ratio"] * max(
        content.compress_size, 1
    ):
        raise Refused("too_large")
    return content


def main() -> int:
    question = json.loads(sys.argv[1])
    limits = question["limits"]
    # Before the limits: the codecs and tables that the archive reader loads at first use.
    zipfile.ZipFile(io.BytesIO(), "w").close()
    limit_this_process(limits["memory_bytes"], limits["cpu_seconds"])
    try:
        answer = json.dumps(read(sys.stdin.buffer, question["variables"], limits), separators=(",", ":"))
    except Refused as refusal:
        answer = json.dumps({"refused": str(refusal)})
    except MemoryError:
        answer = '{"refused":"too_large"}'
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError):
        answer = '{"refused":"damaged"}'
    sys.stdout.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
