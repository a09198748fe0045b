"""One sheet of the workbook while it is written: place, style and print set-up that all sheets share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from providers.workbook.form.contents import Form
from providers.workbook.form.styles import Styles

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_LONGEST_CELL: Final = 32_000
_PROTECTION: Final = {"format_columns": True, "format_rows": True, "select_locked_cells": True}


def clean(text: str) -> str:
    """Text as a cell can hold it: without control characters."""
    return _INVISIBLE.sub("", text)[:_LONGEST_CELL]


@dataclass
class Paper:
    """A worksheet with its form and styles. ``row`` is the next free row, 0-based."""

    sheet: Any
    form: Form
    style: Styles
    made_at: datetime
    row: int = 0

    def write(self, row: int, column: int, text: str, style: str, **more: object) -> None:
        self.sheet.write_string(row, column, clean(text), self.style(style, **more))

    def head(self, title: str, introduction: str, *, columns: int) -> None:
        """Title, whom it is about, and the mark that figures are invented, if they are."""
        form = self.form
        self.sheet.hide_gridlines(2)
        self.sheet.set_row(0, 26)
        self.write(0, 0, title, "title")
        # With one column there is nothing to run on into: what is longer would be cut off in print.
        is_narrow = columns == 1
        about = f"{form.name} · boekjaar {form.book_year} · {form.round_title}"
        self.write(1, 0, about, "about", **({"text_wrap": True} if is_narrow else {}))
        if is_narrow:
            self.sheet.set_row(1, 34)
        self.row = 2
        if form.is_fictitious:
            text = "Fictief: deze ronde is om te oefenen. De cijfers zijn verzonnen."
            self._across(2, columns, text, "ribbon")
            self.row = 3
        if introduction:
            self._across(self.row, columns, introduction, "text")
            self.sheet.set_row(self.row, 32)
            self.row += 1

    def _across(self, row: int, columns: int, text: str, style: str) -> None:
        if columns > 1:
            self.sheet.merge_range(row, 0, row, columns - 1, text, self.style(style))
        else:
            self.write(row, 0, text, style)

    def printed(
        self,
        *,
        last_row: int,
        last_column: int,
        header_row: int | None = None,
        on_one_page: bool = False,
        is_portrait: bool = False,
    ) -> None:
        """A4, one page wide, header on every page, footer with who, which round and which page. Landscape unless said."""
        sheet = self.sheet
        if is_portrait:
            sheet.set_portrait()
        else:
            sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        sheet.fit_to_pages(1, 1 if on_one_page else 0)
        sheet.print_area(0, 0, last_row, last_column)
        if header_row is not None:
            sheet.repeat_rows(header_row)
        # An ampersand starts a command in a footer; a footer has at most 255 characters.
        about = f"{self.form.name[:60]}, {self.form.round_slug}".replace("&", "&&")
        sheet.set_footer(f"&L&8{clean(about)}&C&8&A&R&8Pagina &P van &N")

    def protected(self) -> None:
        """Only the cells to fill in are open. No password: this keeps from slips, it is not a lock."""
        self.sheet.protect("", _PROTECTION)
