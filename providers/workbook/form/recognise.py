"""Is this the form that was asked for? Round, book year, template, currency and key must be those of the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.workbook import iv_layout
from providers.workbook.content import Cell
from providers.workbook.form import layout
from providers.workbook.form.contents import Form
from providers.workbook.form.figure_cells import shown
from providers.workbook.form.tables import figure_header_words
from providers.workbook.form.write_delimited import unsafe
from providers.workbook.problems import Problems
from providers.workbook.reader import Workbook
from providers.workbook.tables import as_text

_AGAIN = "Download het werkboek opnieuw uit het portaal en neem uw cijfers over."


@dataclass(frozen=True)
class Field:
    """What a file says in one of its ``form:`` cells. ``text`` keeps its line breaks."""

    text: str
    cell: Cell


def find_fields(workbook: Workbook, problems: Problems) -> dict[str, Field]:
    """The fields of a file by name. The same field with two different values is a problem."""
    found: dict[str, Field] = {}
    for sheet in workbook.sheets:
        for number, row in enumerate(sheet.rows, start=1):
            # Only the last cell of a row (in CSV the third): a text to fill in may begin with the same word.
            filled = [column for column, value in enumerate(row, start=1) if value is not None]
            column = 3 if workbook.delimiter else max(filled, default=0)
            value = sheet.value(number, column) if column > 1 else None
            if not isinstance(value, str) or not value.startswith(layout.PREFIX):
                continue
            written = sheet.value(number, column - 1)
            text = unsafe(written, workbook.delimiter).strip() if isinstance(written, str) else as_text(written)
            field = Field(text, sheet.cell(number, column - 1))
            other = found.setdefault(value.removeprefix(layout.PREFIX).strip(), field)
            if other.text != text:
                problems.add(
                    f"Dit gegeven staat er twee keer, met iets anders: ook in {other.cell}. Haal een van de twee weg.",
                    field.cell,
                )
    return found


def recognise(workbook: Workbook, fields: Mapping[str, Field], form: Form, problems: Problems) -> None:
    """Refuse a file that is not this form, in words that say which it is and what to do."""
    if "template" not in fields and not any(name in fields for name in layout.IDENTITY):
        problems.add(_what_it_is(workbook))
        problems.refuse_if_any()
    for name, label in layout.IDENTITY.items():
        if name not in fields:
            problems.add(f"In dit bestand ontbreekt het gegeven ‘{label}’ (code {layout.PREFIX}{name}). {_AGAIN}")
        elif not _same(name, fields[name], form):
            problems.add(_other(name, fields, form), fields[name].cell)
    problems.refuse_if_any()
    for name, label in layout.IDENTITY.items():
        made_for = workbook.properties.get(layout.PROPERTY.format(name))
        if made_for is not None and made_for != str(getattr(form, name)):
            problems.add(
                f"Dit bestand is gemaakt voor een ander werkboek: in de eigenschappen van het bestand is ‘{label}’ "
                f"{shown(made_for)}. {_AGAIN}"
            )
    problems.refuse_if_any()


def _same(name: str, field: Field, form: Form) -> bool:
    wanted = str(getattr(form, name))
    if name == "key" and wanted.isdigit() and field.text.isascii() and field.text.isdigit():
        # A spreadsheet drops the zeros in front of a number.
        return field.text.zfill(len(wanted)) == wanted
    return field.text == wanted


def _other(name: str, fields: Mapping[str, Field], form: Form) -> str:
    """What a file is, when one of its marks differs."""
    text = shown(fields[name].text)
    match name:
        case "template":
            return f"Dit bestand is gemaakt met sjabloon {text}; deze ronde werkt met {form.template}. {_AGAIN}"
        case "book_year":
            return f"Dit is het werkboek van boekjaar {text}; deze ronde gaat over {form.book_year}. {_AGAIN}"
        case "round_slug":
            title = fields["round_title"].text if "round_title" in fields else fields[name].text
            return f"Dit werkboek is van een andere ronde, {shown(title)}, en niet van ‘{form.round_title}’. {_AGAIN}"
        case "currency":
            return f"Dit werkboek is in {text}; deze ronde is in {form.currency}. {_AGAIN}"
        case _:
            whose = fields[layout.NAME].text if layout.NAME in fields else ""
            key = shown(fields["key"].text) if "key" in fields else "zonder sleutel"
            return (
                f"Dit is het werkboek van een andere organisatie: {shown(whose)}, {layout.key_name(form.key_scheme)} "
                f"{key}. U levert aan voor {form.name} ({form.key}). Kies het werkboek van deze organisatie."
            )


def _what_it_is(workbook: Workbook) -> str:
    if workbook.delimiter:
        if any(figure_header_words(sheet, row) for sheet in workbook.sheets for row in range(1, len(sheet.rows) + 1)):
            return (
                "Dit is een los deel van het werkboek, zonder de regels die zeggen van wie het is. Sla het hele werkboek "
                "op als ‘Excel-werkmap (.xlsx)’ en lever die aan."
            )
        return (
            "Dit CSV-bestand is niet het werkboek van deze ronde: de regels met ‘form:’ ontbreken. Download het "
            "CSV-bestand uit het portaal en vul dat in."
        )
    if workbook.sheet(iv_layout.ORGANISATIONS.name) and workbook.sheet(iv_layout.ROUND.name):
        return (
            f"Dit is het landelijke werkboek (sjabloon {iv_layout.TEMPLATE}) met alle zorgaanbieders, niet het werkboek van "
            "uw organisatie. Download uw werkboek uit het portaal en vul dat in."
        )
    names = ", ".join(shown(sheet.name) for sheet in workbook.sheets[:4])
    return (
        f"Dit is niet het werkboek van deze ronde: wij vinden alleen {names}, zonder de kenmerken van het werkboek. "
        "Download uw werkboek uit het portaal en neem uw cijfers over."
    )
