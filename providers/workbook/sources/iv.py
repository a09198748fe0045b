"""The national data request: one workbook per round in template ``iv-1`` (:mod:`providers.workbook.iv_layout`).

Read strictly. A column that is unknown, missing or renamed, a text where a number belongs, negative days, a provider
that is listed twice, an empty sheet, another version of the template or rows of another year refuse the file, and all
reasons are listed. What the figures mean is not judged here; that is for :mod:`providers.checks`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from providers.measures import CATALOGUE
from providers.reference import region_code
from providers.workbook import iv_layout as layout
from providers.workbook.content import (
    Cell,
    NotArrived,
    Problem,
    ReadDelivery,
    ReadFinding,
    ReadLocation,
    ReadRound,
    ReadValue,
    SourceError,
)
from providers.workbook.problems import Problems
from providers.workbook.reader import Workbook, read_workbook
from providers.workbook.tables import Row, Table, open_table

SOURCE: Final = "iv"

_SLUG = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")
_CURRENCY = re.compile(r"^[A-Z]{3}$")
_EIGHT_DIGITS = re.compile(r"^[0-9]{8}$")
_TWELVE_DIGITS = re.compile(r"^[0-9]{12}$")
_NZA_NUMBER = re.compile(r"^\d{2,4}-\d{1,5}$")
_POSTCODE = re.compile(r"^([1-9][0-9]{3}) ?([A-Z]{2})$")

# Rules of providers.checks about reading this source.
_FORMULAS, _ROW_MISSING, _NO_LOCATION = "IV-L-001", "IV-L-002", "IV-L-003"


@dataclass(frozen=True)
class _Organisation:
    row: int
    texts: dict[str, str]

    @property
    def has_delivered(self) -> bool:
        return self.texts["status"] == layout.DELIVERED


def read(paths: Sequence[Path]) -> list[ReadRound]:
    """One round per workbook, in order of year; :class:`SourceError` if one of the files is refused."""
    if not paths:
        raise SourceError([Problem(SOURCE, None, "Noem een of meer bestanden om in te lezen.")])
    rounds: dict[str, ReadRound] = {}
    for path in paths:
        read_round = _read_round(read_workbook(path))
        other = rounds.setdefault(read_round.slug, read_round)
        if other is not read_round:
            message = (
                f"Dit bestand en {other.file_name} gaan over dezelfde ronde ({other.slug}). Lees een van de twee in."
            )
            raise SourceError([Problem(path.name, None, message)])
    return sorted(rounds.values(), key=lambda item: (item.book_year, item.slug))


def _read_round(workbook: Workbook) -> ReadRound:
    problems = Problems(workbook.file)
    known_sheets = {sheet.name.casefold() for sheet in layout.SHEETS} | {layout.EXPLANATION_SHEET.casefold()}
    for sheet in workbook.sheets:
        if sheet.name.strip().casefold() not in known_sheets:
            problems.add(f"Het tabblad {sheet.name!r} hoort niet in dit sjabloon. Haal het weg.", sheet.cell())
    about = _about(open_table(workbook, layout.ROUND, problems), problems)
    # Another template has other sheets and columns: their absence would only bury this one reason.
    if about.get("template_version", layout.TEMPLATE) != layout.TEMPLATE:
        problems.refuse_if_any()

    organisation_table = open_table(workbook, layout.ORGANISATIONS, problems)
    location_table = open_table(workbook, layout.LOCATIONS, problems)
    figure_tables = [open_table(workbook, sheet, problems) for sheet in layout.FIGURES]
    organisations = _organisations(organisation_table, problems) if organisation_table else {}
    locations = _locations(location_table, organisations, problems) if location_table else {}
    figures = {
        table.layout.name: _figures(table, organisations, about.get("book_year", ""), problems)
        for table in figure_tables
        if table is not None and organisations
    }
    problems.refuse_if_any()
    assert organisation_table is not None

    deliveries: list[ReadDelivery] = []
    invited: list[ReadDelivery] = []
    not_arrived: list[NotArrived] = []
    for kvk, organisation in organisations.items():
        rows = {name: by_kvk[kvk] for name, by_kvk in figures.items() if kvk in by_kvk}
        cell = organisation_table.cell(organisation.row, "kvk")
        if organisation.has_delivered and not rows:
            reason = "De status is ‘aangeleverd’, maar op de tabbladen met cijfers staat geen rij met dit KvK-nummer."
            not_arrived.append(NotArrived(name=organisation.texts["name"], cell=cell, reason=reason))
        elif organisation.has_delivered:
            deliveries.append(_delivery(kvk, organisation, cell, locations.get(kvk, ()), rows))
        else:
            invited.append(_delivery(kvk, organisation, cell, locations.get(kvk, ()), {}))
    return ReadRound(
        slug=about["slug"],
        title=about["title"],
        book_year=int(about["book_year"]),
        currency=about["currency"],
        is_fictitious=about["is_fictitious"] == layout.YES,
        template_version=about["template_version"],
        source=SOURCE,
        measures=tuple(measure.code for measure in CATALOGUE.of_template(layout.TEMPLATE)),
        deliveries=tuple(deliveries),
        invited=tuple(invited),
        not_arrived=tuple(not_arrived),
        file_name=workbook.file,
        content=workbook.content,
    )


def _about(table: Table | None, problems: Problems) -> dict[str, str]:
    """The one row of the sheet about the round, checked."""
    if table is None:
        return {}
    rows = list(table.rows())
    if len(rows) != 1:
        problems.add(f"Op dit tabblad hoort één rij te staan; er staan er {len(rows)}.", table.cell(rows[1].number))
    row = rows[0]
    texts = dict(row.texts)
    texts["is_fictitious"] = texts["is_fictitious"].casefold()
    wanted = (
        ("slug", _SLUG.match(texts["slug"]), "Gebruik kleine letters, cijfers en streepjes, zoals fictief-2024."),
        ("book_year", _YEAR.match(texts["book_year"]), "Vul een jaar van vier cijfers in, zoals 2024."),
        ("currency", _CURRENCY.match(texts["currency"]), "Vul de code van de munt in: drie hoofdletters, zoals EUR."),
        ("is_fictitious", texts["is_fictitious"] in (layout.YES, layout.NO), "Vul ja of nee in."),
        (
            "template_version",
            texts["template_version"] == layout.TEMPLATE,
            f"Wij lezen alleen sjabloon {layout.TEMPLATE}. Zet de gegevens over in dat sjabloon.",
        ),
    )
    for field, is_right, mend in wanted:
        if texts[field] and not is_right:
            problems.add(f"Hier staat {texts[field]!r}. {mend}", table.cell(row.number, field))
    for field in ("slug", "title"):
        for year in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", texts[field]):
            if _YEAR.match(texts["book_year"]) and year != texts["book_year"]:
                problems.add(
                    f"Hier staat {year}, maar het boekjaar is {texts['book_year']}. Maak de jaren gelijk.",
                    table.cell(row.number, field),
                )
    return texts


def _kvk(table: Table, row: Row, problems: Problems, field: str = "kvk") -> str:
    """The KvK number of a row, or an empty text after adding a problem."""
    kvk = row.texts[field]
    if not kvk or _EIGHT_DIGITS.match(kvk):
        return kvk
    mend = "Vul acht cijfers in."
    if kvk.isdigit() and len(kvk) < 8:
        mend = "Een nul vooraan is misschien weggevallen. Maak de opmaak van de cel ‘Tekst’ en vul acht cijfers in."
    problems.add(f"{kvk!r} is geen KvK-nummer. {mend}", table.cell(row.number, field))
    return ""


def _organisations(table: Table, problems: Problems) -> dict[str, _Organisation]:
    found: dict[str, _Organisation] = {}
    rows = list(table.rows())
    for row in rows:
        texts = {**row.texts, "status": row.texts["status"].casefold()}
        if texts["status"] not in ("", layout.DELIVERED, layout.INVITED):
            problems.add(
                f"Hier staat {row.texts['status']!r}. Vul {layout.INVITED} of {layout.DELIVERED} in.",
                table.cell(row.number, "status"),
            )
        if texts["agb_code"] and not _EIGHT_DIGITS.match(texts["agb_code"]):
            problems.add(
                "Een AGB-code heeft acht cijfers. Vul ze in of laat de cel leeg.", table.cell(row.number, "agb_code")
            )
        if texts["nza_number"] and not _NZA_NUMBER.match(texts["nza_number"]):
            problems.add(
                "Een NZa-nummer ziet eruit als 300-1234. Vul het in of laat de cel leeg.",
                table.cell(row.number, "nza_number"),
            )
        kvk = _kvk(table, row, problems)
        if not kvk:
            continue
        if kvk in found:
            problems.add(
                f"KvK-nummer {kvk} staat er twee keer: op rij {found[kvk].row} en rij {row.number}. "
                "Haal een van de twee weg.",
                table.cell(row.number, "kvk"),
            )
            continue
        found[kvk] = _Organisation(row.number, texts)
    for row in rows:
        merged_into = _kvk(table, row, problems, "merged_into")
        if merged_into and (merged_into not in found or merged_into == row.texts["kvk"]):
            problems.add(
                f"De organisatie met KvK-nummer {merged_into} staat niet op een andere rij van dit tabblad. "
                "Voeg haar toe.",
                table.cell(row.number, "merged_into"),
            )
        elif merged_into and row.texts["status"].casefold() == layout.DELIVERED:
            problems.add(
                "Een organisatie die in een andere is opgegaan levert zelf niet aan. "
                "Pas de status aan of maak deze cel leeg.",
                table.cell(row.number, "merged_into"),
            )
    return found


def _locations(
    table: Table, organisations: dict[str, _Organisation], problems: Problems
) -> dict[str, tuple[ReadLocation, ...]]:
    found: dict[str, list[ReadLocation]] = defaultdict(list)
    rows_by_number: dict[str, int] = {}
    for row in table.rows():
        texts = row.texts
        kvk = _known_kvk(table, row, organisations, problems)
        postcode = _POSTCODE.match(texts["postcode"])
        region = region_code(texts["region"])
        if texts["number"] and not _TWELVE_DIGITS.match(texts["number"]):
            problems.add(
                "Een vestigingsnummer heeft twaalf cijfers. Vul ze in als tekst.", table.cell(row.number, "number")
            )
        elif texts["number"]:
            other = rows_by_number.setdefault(texts["number"], row.number)
            if other != row.number:
                problems.add(
                    f"Vestigingsnummer {texts['number']} staat er twee keer: op rij {other} en rij {row.number}. "
                    "Haal een van de twee weg.",
                    table.cell(row.number, "number"),
                )
        if texts["postcode"] and postcode is None:
            problems.add(
                "Een postcode ziet eruit als 1234 AB. Vul de postcode zo in.", table.cell(row.number, "postcode")
            )
        if texts["region"] and region is None:
            problems.add(
                f"{texts['region']!r} is geen code van een zorgkantoorregio. Vul een code in van 5501 tot en met 5533.",
                table.cell(row.number, "region"),
            )
        if kvk and postcode and region:
            found[kvk].append(
                ReadLocation(texts["number"], texts["name"], f"{postcode[1]} {postcode[2]}", texts["place"], region)
            )
    return {kvk: tuple(items) for kvk, items in found.items()}


def _known_kvk(table: Table, row: Row, organisations: dict[str, _Organisation], problems: Problems) -> str:
    kvk = _kvk(table, row, problems)
    if kvk and organisations and kvk not in organisations:
        problems.add(
            f"KvK-nummer {kvk} staat niet op het tabblad {layout.ORGANISATIONS.name!r}. Voeg de organisatie daar toe.",
            table.cell(row.number, "kvk"),
        )
        return ""
    return kvk


@dataclass(frozen=True)
class _FiguresRow:
    values: tuple[ReadValue, ...]
    formulas: tuple[Cell, ...]


def _figures(
    table: Table, organisations: dict[str, _Organisation], book_year: str, problems: Problems
) -> dict[str, _FiguresRow]:
    found: dict[str, _FiguresRow] = {}
    row_of: dict[str, int] = {}
    for row in table.rows():
        values = tuple(table.figure(row.number, measure) for measure in table.layout.measures)
        if row.texts["book_year"] and book_year and row.texts["book_year"] != book_year:
            problems.add(
                f"Deze rij gaat over {row.texts['book_year']}, maar de ronde over {book_year}. "
                "Lever elk jaar in een eigen bestand aan.",
                table.cell(row.number, "book_year"),
            )
        kvk = _known_kvk(table, row, organisations, problems)
        if not kvk:
            continue
        if kvk in row_of:
            problems.add(
                f"KvK-nummer {kvk} staat er twee keer: op rij {row_of[kvk]} en rij {row.number}. "
                "Haal een van de twee weg.",
                table.cell(row.number, "kvk"),
            )
            continue
        organisation = organisations[kvk]
        if row.texts["name"].casefold() != organisation.texts["name"].casefold():
            # A row of another organisation under this number is how figures end up with the wrong provider.
            problems.add(
                f"Bij KvK-nummer {kvk} hoort de naam {organisation.texts['name']!r}, hier staat {row.texts['name']!r}. "
                "Controleer of de rij bij de goede organisatie staat.",
                table.cell(row.number, "name"),
            )
        if not organisation.has_delivered:
            problems.add(
                f"{organisation.texts['name']} heeft niet de status ‘{layout.DELIVERED}’, maar hier staan wel cijfers. "
                "Pas de status aan of haal de rij weg.",
                table.cell(row.number, "kvk"),
            )
        row_of[kvk] = row.number
        formulas = tuple(
            value.cell
            for value in values
            if value.value is not None and (row.number, table.columns[value.measure]) in table.sheet.formulas
        )
        found[kvk] = _FiguresRow(values, formulas)
    return found


def _delivery(
    kvk: str,
    organisation: _Organisation,
    cell: Cell,
    locations: tuple[ReadLocation, ...],
    rows: dict[str, _FiguresRow],
) -> ReadDelivery:
    findings: list[ReadFinding] = []
    values: list[ReadValue] = []
    if rows:
        formulas = [address for row in rows.values() for address in row.formulas]
        if formulas:
            shown = ", ".join(str(address) for address in formulas[:8]) + (", …" if len(formulas) > 8 else "")
            findings.append(ReadFinding(_FORMULAS, formulas[0], details={"count": str(len(formulas)), "cells": shown}))
        for sheet in layout.FIGURES:
            if sheet.name in rows:
                values.extend(rows[sheet.name].values)
            else:
                findings.append(ReadFinding(_ROW_MISSING, Cell(sheet.name), details={"sheet": sheet.name}))
                values.extend(ReadValue(measure.code, None, Cell(sheet.name)) for measure in sheet.measures)
        if not locations:
            findings.append(ReadFinding(_NO_LOCATION, cell))
    return ReadDelivery(
        key_scheme="kvk",
        key=kvk,
        name=organisation.texts["name"],
        values=tuple(values),
        cell=cell,
        legal_form=organisation.texts["legal_form"],
        agb_code=organisation.texts["agb_code"],
        nza_number=organisation.texts["nza_number"],
        locations=locations,
        findings=tuple(findings),
        merged_into=organisation.texts["merged_into"],
    )
