"""Reading a form that came back: XLSX or CSV, told apart by content. Read right, or refused with every reason.

Of a cell that says no figure only that figure is left out, and told (:class:`~providers.workbook.form.figure_cells.Unread`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from providers.workbook.client_data import ClientDataError, refuse_client_data
from providers.workbook.container import LIMITS, Limits
from providers.workbook.content import Cell, Problem, ReadFinding, SourceError
from providers.workbook.form import layout
from providers.workbook.form.contents import Form, ReadForm
from providers.workbook.form.figure_cells import FigureCells
from providers.workbook.form.json_form import read_json
from providers.workbook.form.places import Places, read_locations
from providers.workbook.form.recognise import Field, find_fields, recognise
from providers.workbook.form.tables import Place, find_measures
from providers.workbook.form.write_delimited import unsafe
from providers.workbook.kinds import kind_of
from providers.workbook.problems import Problems
from providers.workbook.reader import Workbook, read_content, read_delimited
from providers.workbook.tables import as_text

__all__ = ["FORM_LIMITS", "ClientDataError", "read", "read_json"]

FORM_LIMITS: Final[Limits] = replace(
    LIMITS,
    file_bytes=10_000_000,
    unpacked_bytes=60_000_000,
    memory_bytes=600_000_000,
    cpu_seconds=10,
    wall_seconds=25,
    rows=20_000,
    columns=500,
    cells=200_000,
    characters=4_000_000,
)
"""A form is one provider's: far smaller than the national workbook."""
LONGEST_EXPLANATION: Final = 2_000
LONGEST_REMARKS: Final = 10_000

_CHANGED_NAME, _EXTRA_TAB = "IV-L-008", "IV-L-009"


def read(content: bytes, *, file_name: str, form: Form, limits: Limits = FORM_LIMITS) -> ReadForm:
    """What a provider filled in; :class:`SourceError` with all reasons if the file is refused.

    :class:`ClientDataError` is the refusal of a file with data of clients, whose bytes should not be kept.
    """
    file = shown_name(file_name)
    kind, objection = kind_of(content)
    if kind is None:
        raise SourceError([Problem(file, None, objection)])
    if kind == "xlsx":
        workbook = read_content(content, file=file, limits=limits)
    else:
        workbook = read_delimited(content, file=file, header=("code", layout.CSV_VALUE), limits=limits)
    refuse_client_data(workbook)
    problems = Problems(file)
    fields = find_fields(workbook, problems)
    recognise(workbook, fields, form, problems)
    return _read(workbook, fields, form, problems)


def shown_name(file_name: str) -> str:
    """The name of a file as it may be shown: no folders, no control characters, not too long."""
    name = PurePath(file_name.replace("\\", "/")).name
    name = "".join(character for character in name if character.isprintable()).strip()
    return f"{name[:60]}…{name[-10:]}" if len(name) > 80 else name or "bestand"


def _read(workbook: Workbook, fields: Mapping[str, Field], form: Form, problems: Problems) -> ReadForm:
    measures = find_measures(workbook, form, problems)
    texts = [
        value
        for place in measures.values()
        if place.columns.value and isinstance(value := place.sheet.value(place.row, place.columns.value), str)
    ]
    cells = FigureCells(problems, texts, all_text=bool(workbook.delimiter))
    values = []
    explanations: dict[str, str] = {}
    for measure in form.asked():
        place = measures.get(measure.code)
        if place is None or not place.columns.value:
            continue
        values.append(cells.read(place.sheet, place.row, place.columns.value, measure))
        if text := _explanation(place, workbook.delimiter, problems):
            explanations[measure.code] = text
    remarks = fields[layout.REMARKS_FIELD].text if layout.REMARKS_FIELD in fields else ""
    if len(remarks) > LONGEST_REMARKS:
        problems.add(
            f"De opmerkingen zijn te lang; {LONGEST_REMARKS} tekens is het meeste. Kort de tekst in.",
            fields[layout.REMARKS_FIELD].cell,
        )
    places = Places(problems)
    nowhere = Cell("" if workbook.delimiter else layout.ORGANISATION)
    organisation = places.organisation(
        {name: fields[name].text if name in fields else "" for name in layout.ORGANISATION_FIELDS},
        {name: fields[name].cell if name in fields else nowhere for name in layout.ORGANISATION_FIELDS},
    )
    read_locations(workbook, places)
    cells.unread.settle(problems, read=sum(item.value is not None for item in values))
    problems.refuse_if_any()
    findings = [
        *cells.findings(),
        *places.findings(Cell("" if workbook.delimiter else layout.LOCATIONS)),
        *_changed_name(fields, form),
        *_extra_tabs(workbook, measures),
    ]
    return ReadForm(
        values=tuple(values),
        explanations=MappingProxyType(explanations),
        remarks=remarks,
        organisation=organisation,
        locations=tuple(places.locations),
        findings=tuple(findings),
    )


def _explanation(place: Place, delimiter: str, problems: Problems) -> str:
    column = place.columns.explanation
    written = place.sheet.value(place.row, column) if column else None
    text = unsafe(written, delimiter).strip() if isinstance(written, str) else as_text(written)
    text = re.sub(r"\r\n?", "\n", text)
    if len(text) > LONGEST_EXPLANATION:
        problems.add(
            f"Deze toelichting is te lang; {LONGEST_EXPLANATION} tekens is het meeste. Kort de tekst in.",
            place.sheet.cell(place.row, column),
        )
    return text


def _changed_name(fields: Mapping[str, Field], form: Form) -> list[ReadFinding]:
    field = fields.get(layout.NAME)
    if field is None or field.text.casefold() == form.name.casefold():
        return []
    return [ReadFinding(_CHANGED_NAME, field.cell, details={"written": field.text[:120], "known": form.name})]


def _extra_tabs(workbook: Workbook, measures: Mapping[str, Place]) -> list[ReadFinding]:
    """Tabs that someone added: not read, and that is said."""
    if workbook.delimiter:
        return []
    ours = {
        layout.VERSION, layout.REMARKS, layout.ORGANISATION, layout.LOCATIONS, layout.STATEMENT,
        *(tab.name for tab in layout.FIGURE_TABS),
    }  # fmt: skip
    used = {place.sheet.name for place in measures.values()}
    extra = [sheet for sheet in workbook.sheets if sheet.name not in ours | used and sheet.rows]
    if not extra:
        return []
    names = ", ".join(f"‘{sheet.name}’" for sheet in extra[:5])
    return [ReadFinding(_EXTRA_TAB, extra[0].cell(), details={"sheets": names})]
