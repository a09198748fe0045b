"""The form as CSV, for who fills it from a program: the same codes, Dutch notation, semicolons, UTF-8 with a mark."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from providers.workbook.content import ReadLocation
from providers.workbook.form import layout
from providers.workbook.form.contents import Form, Line, Organisation
from providers.workbook.form.paper import clean

RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""A spreadsheet takes a cell that begins so for a formula; such a text gets an apostrophe in front."""
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def write_csv(
    form: Form,
    lines: Sequence[Line],
    organisation: Organisation,
    locations: Sequence[ReadLocation],
    *,
    explanations: Mapping[str, str] = _NOTHING,
    remarks: str = "",
) -> bytes:
    """The form as CSV bytes: lines that identify it, the figures, the organisation and the locations."""
    known = {line.measure: line for line in lines}
    text = io.StringIO()
    table = csv.writer(text, delimiter=";", lineterminator="\r\n")
    width = len(layout.CSV_HEADER)

    def write(*cells: str) -> None:
        table.writerow([*cells, *[""] * (width - len(cells))])

    def say(label: str, value: str, field: str) -> None:
        write(label, safe(value), layout.PREFIX + field)

    say("Ronde", form.round_title, "round_title")
    for field, label in layout.IDENTITY.items():
        say(layout.key_name(form.key_scheme) if field == "key" else label, str(getattr(form, field)), field)
    say("Organisatie", form.name, layout.NAME)
    for field, label in layout.ORGANISATION_FIELDS.items():
        say(label, getattr(organisation, field), field)
    say("Uw opmerkingen", remarks, layout.REMARKS_FIELD)
    write()
    write(*layout.CSV_HEADER)
    for measure in form.asked():
        line = known.get(measure.code, Line(measure.code, None, None))
        write(
            measure.code,
            measure.label,
            layout.unit_of(measure, form.currency),
            dutch(line.value),
            dutch(line.previous),
            safe(explanations.get(measure.code, "")),
        )
    write()
    write(*layout.LOCATION_FIELDS.values())
    for location in locations:
        write(*(safe(getattr(location, field)) for field in layout.LOCATION_FIELDS))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def safe(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    cleaned = clean(text)
    return f"'{cleaned}" if cleaned.startswith(RISKY) else cleaned


def unsafe(text: str, delimiter: str) -> str:
    """What :func:`safe` was given, if the text is from a CSV file (which has a ``delimiter``); else the text itself."""
    return text[1:] if delimiter and text.startswith("'") and text[1:].startswith(RISKY) else text


def dutch(value: Decimal | None) -> str:
    """A decimal comma and no thousands separator; never exactly three decimals, which could be read as thousands."""
    if value is None:
        return ""
    whole, _, decimals = f"{value:f}".partition(".")
    if not decimals:
        return whole
    return f"{whole},{decimals}{'0' if len(decimals) == 3 else ''}"
