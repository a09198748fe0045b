"""From a cell to the figure that it says: exactly that, or refused with the reason. Nothing is guessed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from providers.measures import Measure
from providers.workbook.content import Cell, ReadFinding, ReadValue
from providers.workbook.numbers import Notation, NumberError, notation_beyond_doubt, parse_number
from providers.workbook.problems import LARGEST, LONGEST_TEXT, Problems
from providers.workbook.reader import Sheet

FORMULA, TEXT, PERCENTAGE, UNREAD_CELL = "IV-L-001", "IV-L-004", "IV-L-005", "IV-L-010"
_STORED: Final = {"money": Decimal("0.01")}
_STORED_OTHERS: Final = Decimal("0.000001")
_SHARES: Final = {"share", "rate"}
_NEVER_THOUSANDTHS: Final = {"money", "days", "count", "months", "class"}
_SHOWN: Final = 30
_MOST_CELLS: Final = 8
_PERCENT = re.compile(r"(.*?)\s*%\s*", re.DOTALL)


def stored(value: Decimal, measure: Measure) -> Decimal:
    """The figure as it is kept: money in cents, the rest to six decimals, never a negative zero."""
    rounded = value.quantize(_STORED.get(measure.unit, _STORED_OTHERS), rounding=ROUND_HALF_UP)
    if measure.unit != "money":
        rounded = rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded.normalize()
    return rounded or abs(rounded)


class Unread:
    """Cells that say no figure: each is told by itself and left out, the rest of the file counts.

    Where most of what was filled in cannot be read, the file is not what it should be, and is refused as a whole.
    """

    def __init__(self) -> None:
        self._found: list[tuple[Measure, Cell, str, str]] = []

    def add(self, measure: Measure, cell: Cell, written: str, problem: str) -> None:
        """Keep that ``written`` is no figure; ``problem`` is a Dutch sentence that says why and how to mend it."""
        self._found.append((measure, cell, written, problem))

    def settle(self, problems: Problems, *, read: int) -> None:
        """Make problems of the cells if the file is refused: for other reasons, or because fewer figures were ``read``."""
        if len(problems) or len(self._found) > read:
            for measure, cell, _, problem in self._found:
                problems.add(f"{measure.label}: {problem}", cell)

    def findings(self) -> list[ReadFinding]:
        """One for each cell."""
        return [
            ReadFinding(
                UNREAD_CELL,
                cell,
                measure.code,
                {"measure": measure.label, "place": cell.in_words, "written": shown(written), "problem": problem},
            )
            for measure, cell, written, problem in self._found
        ]


class FigureCells:
    """Reads the figures of one file: notes what was done to read them, and apart from those what could not be read.

    ``texts`` are all figures of the file that are text; together they may tell its notation.
    """

    def __init__(self, problems: Problems, texts: Iterable[str], *, all_text: bool) -> None:
        self._problems = problems
        self._notation: Notation | None = notation_beyond_doubt(texts)
        self._all_text = all_text
        """A CSV file has nothing but text: that a number is text is then nothing to tell."""
        self._noted: dict[str, list[Cell]] = defaultdict(list)
        self.unread = Unread()

    def findings(self) -> list[ReadFinding]:
        """One per rule, with the cells it is about; and one for each cell that could not be read."""
        return [*(gathered(rule, cells) for rule, cells in sorted(self._noted.items())), *self.unread.findings()]

    def read(self, sheet: Sheet, row: int, column: int, measure: Measure) -> ReadValue:
        """The figure of a measure in a cell; ``None`` as value if the cell is empty or could not be read."""
        cell = sheet.cell(row, column)
        written = sheet.value(row, column)
        raw = "" if written is None else str(written)[:LONGEST_TEXT]

        def leave_out(message: str) -> ReadValue:
            self.unread.add(measure, cell, raw, message)
            return ReadValue(measure.code, None, cell, raw)

        if (row, column) in sheet.errors:
            return leave_out(
                f"hier staat een foutmelding van Excel ({sheet.errors[row, column][:_SHOWN]}). Vul een getal in."
            )
        has_formula = (row, column) in sheet.formulas
        if written is None:
            if has_formula:
                # Whoever made the file did not calculate: then no outcome in it can be relied upon.
                self._problems.add(
                    f"{measure.label}: hier staat een formule zonder uitkomst. Open het bestand in Excel, laat rekenen en "
                    "sla het op, of vul het getal zelf in.",
                    cell,
                )
            return ReadValue(measure.code, None, cell, raw)
        if isinstance(written, str):
            if not written.strip():
                return ReadValue(measure.code, None, cell, raw)
            try:
                value = self._of_text(written, measure, cell)
            except NumberError as error:
                return leave_out(f"hier staat {shown(written)}; {error}.{_hint(written)}")
        elif isinstance(written, bool):
            return leave_out("hier staat WAAR of ONWAAR. Vul een getal in.")
        elif not isinstance(written, int | float):
            return leave_out(
                f"hier staat een datum ({written:%d-%m-%Y}) en geen getal. Maak de opmaak van de cel ‘Getal’ en vul het "
                "getal opnieuw in."
            )
        else:
            if (row, column) in sheet.percentages and measure.unit not in _SHARES:
                return leave_out(
                    "deze cel toont een percentage, maar hier hoort geen percentage. Maak de opmaak van de cel ‘Getal’ "
                    "en vul het getal opnieuw in."
                )
            value = Decimal(repr(written))
        if abs(value) >= LARGEST:
            return leave_out("dit getal is te groot om te kunnen kloppen. Vul het juiste getal in.")
        if has_formula:
            self._noted[FORMULA].append(cell)
        return ReadValue(measure.code, stored(value, measure), cell, raw)

    def _of_text(self, written: str, measure: Measure, cell: Cell) -> Decimal:
        if percent := _PERCENT.fullmatch(written):
            if measure.unit not in _SHARES:
                raise NumberError("hier hoort geen percentage")
            value = self._number(percent[1], measure) / 100
            self._noted[PERCENTAGE].append(cell)
            return value
        value = self._number(written, measure)
        if not self._all_text or _is_ambiguous(written):
            self._noted[TEXT].append(cell)
        return value

    def _number(self, text: str, measure: Measure) -> Decimal:
        try:
            return parse_number(text)
        except NumberError:
            # With the notation known, 1.234 is still refused where 1,234 would be a sensible figure: the person who
            # typed it may have had another habit than the program that wrote the rest.
            if self._notation is None or measure.unit not in _NEVER_THOUSANDTHS:
                raise
            value = parse_number(text, self._notation)
            exponent = value.as_tuple().exponent
            if isinstance(exponent, int) and exponent <= -3:
                raise
            return value


def gathered(rule: str, cells: list[Cell]) -> ReadFinding:
    """One finding about several cells."""
    listed = ", ".join(str(cell) for cell in cells[:_MOST_CELLS]) + (", …" if len(cells) > _MOST_CELLS else "")
    return ReadFinding(rule, cells[0], details={"count": str(len(cells)), "cells": listed})


def shown(text: str) -> str:
    """A text of the sender in a message: one line, not too long, in quotation marks."""
    line = " ".join(text.split())
    return f"‘{line[:_SHOWN]}…’" if len(line) > _SHOWN else f"‘{line}’"


def _is_ambiguous(text: str) -> bool:
    try:
        parse_number(text)
    except NumberError:
        return True
    return False


def _hint(written: str) -> str:
    if re.search("[0-9]", written):
        return " Vul een getal in, zoals 5739001,38 of 5.739.001,38."
    return " Vul een getal in, of laat de cel leeg als u het niet weet."
