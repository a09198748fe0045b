"""The Swiss nursing homes: "Kennzahlen der Schweizer Pflegeheime", one workbook per year, in German.

Published by the Bundesamt für Gesundheit from the yearly SOMED survey. Read as they were published: a title with the
year, a header row, one row per home, footnotes. What differs between the years (wording, hyphens, capitals, rounding,
the row of the header) is in :mod:`providers.workbook.sources.somed_columns`; anything else that differs refuses the
file.

``-`` means none and ``*`` means not applicable. Money is in thousand francs and becomes francs. The source has no
identifier: the key is canton + 8 hexadecimal digits of sha256(``name|street|postcode``), each as written, without
surplus spaces.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from providers.measures import CATALOGUE
from providers.workbook.content import (
    NotArrived,
    Problem,
    ReadDelivery,
    ReadFinding,
    ReadLocation,
    ReadRound,
    ReadValue,
    SourceError,
)
from providers.workbook.linking import normalised
from providers.workbook.numbers import NumberError, parse_number
from providers.workbook.problems import LARGEST, LONGEST_TEXT, Problems
from providers.workbook.reader import Sheet, Workbook, column_letters, read_workbook
from providers.workbook.sources.somed_columns import COLUMNS, FIGURES, Column, normalised_header

TEMPLATE: Final = "somed"

_TITLE = re.compile(r"Kennzahlen der Schweizer Pflegeheime\s+(\d{4})")
_FOOTNOTE = re.compile(r"^\d\s*\S|^Bundesamt\b")
_POSTCODE = re.compile(r"^(\d{4})\s+(\S.*)$")
_CANTON = re.compile(r"^[A-Z]{2}$")
_NO_STREET_MARK = "NA"  # 2019 writes so what 2018 leaves empty
_SEARCHED_ROWS = 10
_ADDRESSES_SHOWN = 8

# Rules of providers.checks about reading this source.
_DASH_IS_ZERO, _DASH_IS_MISSING, _NOT_APPLICABLE, _EMPTY, _LEGAL_FORM, _NO_STREET = (
    f"SOMED-L-00{number}" for number in range(1, 7)
)


def read(paths: Sequence[Path]) -> list[ReadRound]:
    """One round per workbook, in order of year; :class:`SourceError` if one of the files is refused."""
    if not paths:
        raise SourceError([Problem("somed", None, "Noem een of meer bestanden om in te lezen.")])
    rounds: dict[int, ReadRound] = {}
    for path in paths:
        read_round = _read_round(read_workbook(path))
        other = rounds.setdefault(read_round.book_year, read_round)
        if other is not read_round:
            message = f"Dit bestand en {other.file_name} gaan allebei over {other.book_year}. Lees een van de twee in."
            raise SourceError([Problem(path.name, None, message)])
    return [rounds[year] for year in sorted(rounds)]


def _read_round(workbook: Workbook) -> ReadRound:
    problems = Problems(workbook.file)
    sheet, year = _titled_sheet(workbook, problems)
    header_row = _header_row(sheet, problems)
    columns = _columns(sheet, header_row, problems)
    problems.refuse_if_any()

    deliveries: dict[str, ReadDelivery] = {}
    not_arrived: list[NotArrived] = []
    footnotes_from: int | None = None
    for number in sheet.filled_rows(header_row + 1):
        first, *others = sheet.rows[number - 1]
        is_lonely = first is not None and not any(value is not None for value in others)
        if is_lonely and _FOOTNOTE.match(str(first).strip()):
            footnotes_from = footnotes_from or number
            continue
        if footnotes_from:
            problems.add(
                f"Deze rij staat onder de voetnoten, die beginnen op rij {footnotes_from}. Zet de rij in de tabel.",
                sheet.cell(number),
            )
            continue
        if is_lonely:
            reason = "De rij noemt alleen een naam; er staan geen adres en geen cijfers."
            not_arrived.append(NotArrived(name=_text(first), cell=sheet.cell(number), reason=reason))
            continue
        delivery = _delivery(sheet, number, year, columns, problems)
        if delivery is None:
            continue
        other = deliveries.setdefault(delivery.key, delivery)
        if other is not delivery:
            problems.add(
                f"{delivery.name} staat twee keer in de tabel, met hetzelfde adres: op rij {other.cell.row} en "
                f"rij {number}. Haal een van de twee weg.",
                sheet.cell(number, columns["name"]),
            )
    if not deliveries and not len(problems):
        problems.add(
            "De tabel is leeg: onder de kolomkoppen staat geen enkele rij met gegevens.", sheet.cell(header_row + 1)
        )
    problems.refuse_if_any()
    return ReadRound(
        slug=f"somed-{year}",
        title=f"Zwitserse verpleeghuizen {year} (Bundesamt für Gesundheit, SOMED)",
        book_year=year,
        currency="CHF",
        is_fictitious=False,
        template_version=TEMPLATE,
        source=TEMPLATE,
        measures=tuple(measure.code for measure in CATALOGUE.of_template(TEMPLATE)),
        deliveries=tuple(deliveries.values()),
        not_arrived=tuple(not_arrived),
        file_name=workbook.file,
        content=workbook.content,
    )


def _titled_sheet(workbook: Workbook, problems: Problems) -> tuple[Sheet, int]:
    found: list[tuple[Sheet, int]] = []
    for sheet in workbook.sheets:
        for row in sheet.rows[:_SEARCHED_ROWS]:
            title = next((match for value in row if isinstance(value, str) and (match := _TITLE.search(value))), None)
            if title:
                found.append((sheet, int(title[1])))
                break
    if len(found) != 1:
        wanted = "Kies het originele bestand van het Bundesamt für Gesundheit, met de Duitse tekst."
        if found:
            problems.add(f"Er zijn {len(found)} tabbladen met kerncijfers. {wanted}")
        elif not any(sheet.rows for sheet in workbook.sheets):
            problems.add(f"Dit tabblad is leeg, en er is geen ander met gegevens. {wanted}", workbook.sheets[0].cell())
        else:
            problems.add(
                f"Hier hoort de titel ‘Kennzahlen der Schweizer Pflegeheime’ met het jaar te staan. {wanted}",
                workbook.sheets[0].cell(1, 1),
            )
        problems.refuse_if_any()
    return found[0]


def _header_row(sheet: Sheet, problems: Problems) -> int:
    for number, row in enumerate(sheet.rows[:_SEARCHED_ROWS], start=1):
        headers = {normalised_header(value) for value in row if isinstance(value, str)}
        if {"institution", "kanton"} & headers and len(headers) > 5:
            return number
    problems.add(
        "De rij met kolomkoppen (‘Institution’, ‘Strasse’, ‘Ort’, …) ontbreekt. Gebruik het originele bestand.",
        sheet.cell(2, 1),
    )
    problems.refuse_if_any()
    raise AssertionError("refused above")


def _columns(sheet: Sheet, header_row: int, problems: Problems) -> dict[str, int]:
    """Field → column number. A header beginning with *davon* ("of which") belongs to the last one that does not."""
    by_header = {header: column for column in COLUMNS for header in column.headers}
    found: dict[str, int] = {}
    parent = ""
    for number, value in enumerate(sheet.rows[header_row - 1], start=1):
        if value is None:
            if any(sheet.value(row, number) is not None for row in range(header_row + 1, len(sheet.rows) + 1)):
                problems.add(
                    "Deze kolom heeft cijfers maar geen kop. Zet de kop terug.", sheet.cell(header_row, number)
                )
            continue
        header = normalised_header(str(value))
        if header.startswith("davon"):
            header = f"{parent}>{header}"
        else:
            parent = by_header[header].field if header in by_header else header
        known = by_header.get(header)
        if known is None:
            problems.add(
                f"De kolom {_text(value)!r} kennen wij niet. Zet de oorspronkelijke kop terug of haal de kolom weg.",
                sheet.cell(header_row, number),
            )
        elif known.field in found:
            problems.add(
                f"De kolom {_text(value)!r} staat er twee keer: ook in kolom {column_letters(found[known.field])}. "
                "Haal een van de twee weg.",
                sheet.cell(header_row, number),
            )
        else:
            found[known.field] = number
    for column in COLUMNS:
        if column.field not in found:
            problems.add(
                f"De kolom {column.title!r} ontbreekt of heeft een andere naam. Zet de oorspronkelijke kolom terug.",
                sheet.cell(header_row),
            )
    return found


def _delivery(sheet: Sheet, row: int, year: int, columns: dict[str, int], problems: Problems) -> ReadDelivery | None:
    def text(name: str) -> str:
        return _text(sheet.value(row, columns[name]))

    before = len(problems)
    written_year = sheet.value(row, columns["year"])
    if written_year != year or isinstance(written_year, bool):
        shown = "niets" if written_year is None else repr(_text(written_year))
        problems.add(
            f"Hier staat {shown}, maar volgens de titel gaat het bestand over {year}. "
            "Lees ieder jaar uit zijn eigen bestand in.",
            sheet.cell(row, columns["year"]),
        )
    name, canton = text("name"), text("canton")
    if not name:
        problems.add("De naam van de instelling ontbreekt. Vul de naam in.", sheet.cell(row, columns["name"]))
    for field in ("name", "street", "place", "legal_form"):
        if len(text(field)) > LONGEST_TEXT:
            problems.add(
                f"Deze tekst is te lang; {LONGEST_TEXT} tekens is het meeste.", sheet.cell(row, columns[field])
            )
    if not _CANTON.match(canton):
        problems.add(
            "Hier hoort een kanton van twee hoofdletters te staan, zoals ZH.", sheet.cell(row, columns["canton"])
        )
    place = _POSTCODE.match(text("place"))
    if place is None:
        problems.add(
            "Hier horen een postcode van vier cijfers en een plaats te staan.", sheet.cell(row, columns["place"])
        )

    marks: dict[str, list[tuple[str, str]]] = defaultdict(list)  # rule → (address, measure)
    values: list[ReadValue] = []
    for column in FIGURES:
        value, rule = _figure(sheet, row, columns[column.field], column, problems)
        values.append(value)
        if rule:
            marks[rule].append((f"{value.cell.column}{row}", column.field))
    legal_form = text("legal_form")
    if not isinstance(sheet.value(row, columns["legal_form"]), str):
        marks[_LEGAL_FORM].append((f"{column_letters(columns['legal_form'])}{row}", ""))
    street = "" if text("street") == _NO_STREET_MARK else text("street")
    if not street:
        marks[_NO_STREET].append((f"{column_letters(columns['street'])}{row}", ""))
    if len(problems) > before or place is None:
        return None

    postcode = place[1]
    digest = hashlib.sha256(f"{name}|{street}|{postcode}".encode()).hexdigest()[:8]
    return ReadDelivery(
        key_scheme="somed",
        key=f"{canton}{digest}",
        name=name,
        values=tuple(values),
        cell=sheet.cell(row, columns["name"]),
        legal_form=legal_form,
        locations=(ReadLocation(name=name, postcode=postcode, place=place[2], street=street),),
        findings=tuple(_finding(sheet, row, rule, places, legal_form) for rule, places in sorted(marks.items())),
        link_by=_matching_material(canton, postcode, name, street),
        area=canton,
    )


def _figure(sheet: Sheet, row: int, number: int, column: Column, problems: Problems) -> tuple[ReadValue, str]:
    """The figure in one cell and, if it was a mark instead of a number, the rule that says how the mark was read."""
    cell = sheet.cell(row, number)
    written = sheet.value(row, number)
    read_value = ReadValue(measure=column.field, value=None, cell=cell, raw="" if written is None else str(written))
    if (row, number) in sheet.errors:
        problems.add(
            f"In deze cel staat een foutmelding van Excel ({sheet.errors[row, number]}). Vul een getal in.", cell
        )
        return read_value, ""
    if written is None:
        return read_value, _EMPTY
    if isinstance(written, str):
        mark = written.strip()
        if mark == "*":
            return read_value, _NOT_APPLICABLE
        if mark == "-" and column.dash_is_zero:
            return replace(read_value, value=Decimal(0)), _DASH_IS_ZERO
        if mark == "-":
            return read_value, _DASH_IS_MISSING
        problems.add(f"Hier staat de tekst {mark!r}, maar er hoort een getal te staan{_suggestion(mark)}.", cell)
        return read_value, ""
    if isinstance(written, bool) or not isinstance(written, int | float):
        problems.add(f"Hier hoort een getal te staan, niet {written}. Maak de opmaak van de cel ‘Getal’.", cell)
        return read_value, ""
    if abs(written) >= LARGEST:
        problems.add(f"Het getal {written} is te groot om te kunnen kloppen. Vul het juiste getal in.", cell)
        return read_value, ""
    value = column.convert(Decimal(repr(written)))
    if value < 0 and not column.may_be_negative:
        problems.add(
            f"Hier staat een negatief getal ({written}). Dat kan hier niet. Vul een getal in van 0 of meer.", cell
        )
    return replace(read_value, value=value), ""


def _suggestion(mark: str) -> str:
    try:
        value = parse_number(mark, "ch")
    except NumberError:
        return ""
    return f". Bedoelt u {value:f}? Maak de opmaak van de cel ‘Getal’ en vul het opnieuw in"


def _finding(sheet: Sheet, row: int, rule: str, places: list[tuple[str, str]], legal_form: str) -> ReadFinding:
    addresses = [address for address, _ in places]
    shown = ", ".join(addresses[:_ADDRESSES_SHOWN]) + (", …" if len(addresses) > _ADDRESSES_SHOWN else "")
    details = {"count": str(len(addresses)), "cells": shown}
    if rule == _LEGAL_FORM:
        details["written"] = legal_form
    first_column = addresses[0].removesuffix(str(row))
    return ReadFinding(
        rule=rule,
        cell=replace(sheet.cell(row), column=first_column),
        measure=places[0][1] if len(places) == 1 else "",
        details=details,
    )


def _matching_material(canton: str, postcode: str, name: str, street: str) -> tuple[str, ...]:
    # "FOND." in one year is "Fondazione" or "Fondation" in the next.
    short_name = re.sub(r"\bfond(?:azione|ation)\b", "fond", normalised(name))
    material = [f"name:{canton}:{postcode}:{short_name}"]
    if street:
        # "Fröhlichstr. 7" in one year is "Fröhlichstrasse 7" in the next.
        spelled_out = re.sub(r"str(?:\.|\b)", "strasse", street.casefold())
        material.append(f"street:{canton}:{postcode}:{normalised(spelled_out)}")
    return tuple(material)


def _text(value: object) -> str:
    """What a person reads in the cell: no surplus spaces, whole numbers without a decimal part."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())
