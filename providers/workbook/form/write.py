"""Writing the form as a workbook or as CSV. The same input gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import xlsxwriter

from providers.workbook.content import ReadLocation
from providers.workbook.form import layout
from providers.workbook.form.contents import Form, Line, Organisation
from providers.workbook.form.figure_tabs import Figures, write_figures
from providers.workbook.form.front_tabs import (
    write_locations,
    write_organisation,
    write_remarks,
    write_statement,
    write_version,
)
from providers.workbook.form.paper import Paper, clean
from providers.workbook.form.styles import Styles
from providers.workbook.form.write_delimited import write_csv

__all__ = ["write", "write_csv"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class _FixedStructure(xlsxwriter.Workbook):  # type: ignore[misc]
    """A workbook whose tabs cannot be renamed, moved or removed by a slip; XlsxWriter has no option for it."""

    def _write_workbook_pr(self) -> None:
        super()._write_workbook_pr()
        self._xml_empty_tag("workbookProtection", [("lockStructure", 1)])


def write(
    form: Form,
    lines: Sequence[Line],
    organisation: Organisation,
    locations: Sequence[ReadLocation],
    *,
    made_at: datetime,
    explanations: Mapping[str, str] = _NOTHING,
    remarks: str = "",
) -> bytes:
    """The workbook as XLSX bytes, prefilled with what is known. ``made_at`` has a time zone.

    ``lines`` may leave measures out; a line of a measure that the form does not ask is a mistake (``ValueError``).
    """
    _check(form, lines, explanations)
    buffer = io.BytesIO()
    book = _FixedStructure(
        buffer,
        {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False},
    )
    book.set_properties(
        {
            "title": clean(f"{form.round_title}: {form.name}")[:250],
            "author": "Nederlandse Zorgautoriteit",
            "created": made_at.astimezone(UTC).replace(tzinfo=None),
        }
    )
    for field in layout.IDENTITY:
        book.set_custom_property(layout.PROPERTY.format(field), str(getattr(form, field)), "text")
    style = Styles(book, {})

    def paper(name: str) -> Paper:
        return Paper(book.add_worksheet(name), form, style, made_at)

    papers: dict[str, Any] = {layout.VERSION: paper(layout.VERSION)}
    write_remarks(paper(layout.REMARKS), remarks)
    write_organisation(paper(layout.ORGANISATION), organisation)
    write_locations(paper(layout.LOCATIONS), locations)
    figures = Figures.of(form, lines, explanations)
    for tab in layout.FIGURE_TABS:
        write_figures(paper(tab.name), tab, figures)
    write_statement(paper(layout.STATEMENT))
    write_version(papers[layout.VERSION], figures)
    book.close()
    return buffer.getvalue()


def _check(form: Form, lines: Sequence[Line], explanations: Mapping[str, str]) -> None:
    asked = set(form.measures)
    named = [line.measure for line in lines]
    if strange := sorted({*named, *explanations} - asked):
        raise ValueError(f"the form does not ask {', '.join(strange)}")
    if len(set(named)) != len(named):
        raise ValueError("a measure has one line")
