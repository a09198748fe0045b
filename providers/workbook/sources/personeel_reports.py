"""From rows to reports: the two layouts of the staff figures, brought to one shape.

A report is what one organisation filed once: for each part of an indicator the text that was written and its cell. What
the texts mean is for :mod:`providers.workbook.sources.personeel`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from providers.workbook.content import Cell, NotArrived, ReadLocation
from providers.workbook.problems import LONGEST_TEXT, Problems
from providers.workbook.sources.csv_table import CsvTable, Row
from providers.workbook.sources.notation import is_missing
from providers.workbook.sources.personeel_facts import (
    ADVANCE_CARE_PLANNING,
    CODES,
    COLUMNS,
    SAFETY_SET,
    STAFF_SET,
    Place,
)

_KVK = re.compile(r"^[0-9]{1,8}$")
_YEAR = re.compile(r"^20[0-9]{2}$")
_POSTCODE = re.compile(r"^([1-9][0-9]{3}) ?([A-Za-z]{2})$")
_ESTABLISHMENT = re.compile(r"^[0-9]{12}$")
_YES: Final = "1"
_GROUP_LEVEL = re.compile(r"^Concernniveau:\s*")


@dataclass(frozen=True)
class Written:
    """What stood somewhere."""

    raw: str
    cell: Cell


@dataclass
class Report:
    """One report of one organisation about one year."""

    year: int
    kvk: Written
    name: str
    cell: Cell
    parts: dict[Place, Written] = field(default_factory=dict)
    postcode: Written | None = None
    units: dict[tuple[str, str], ReadLocation] = field(default_factory=dict)
    """The locations that the source names, by number and postcode."""
    remarks: list[Written] = field(default_factory=list)
    planning: list[tuple[Written, Written]] = field(default_factory=list)
    """Per location: residents with agreements about the end of life, and all residents."""

    @property
    def key(self) -> str:
        """The KvK number; spreadsheets drop the zeros in front."""
        return self.kvk.raw.zfill(8)

    def numbers(self) -> Iterator[Written]:
        """Everything that should be a number."""
        for written in (*self.parts.values(), *(part for pair in self.planning for part in pair)):
            if not is_missing(written.raw):
                yield written


def wide_reports(table: CsvTable, problems: Problems) -> tuple[list[Report], list[NotArrived]]:
    """One report per row."""
    reports: list[Report] = []
    not_arrived: list[NotArrived] = []
    for row in table.rows():
        identity = _identity(row, "kvk", "organisatie", "jaar", problems, not_arrived)
        if identity is None:
            continue
        report = Report(*identity, row.cell())
        report.postcode = Written(row.text("pc"), row.cell("pc"))
        if location := _location("", report.name, row.text("pc"), ""):
            report.units["", location.postcode] = location
        report.parts = {
            place: Written(row.text(column), row.cell(column)) for column, place in COLUMNS.items() if row.text(column)
        }
        reports.append(report)
    return reports, not_arrived


def long_reports(table: CsvTable, problems: Problems) -> tuple[list[Report], list[NotArrived]]:
    """One report per organisation, year and unit that filed the staff set; the units of the safety set are its locations."""
    reports: dict[tuple[str, int, str], Report] = {}
    not_arrived: list[NotArrived] = []
    safety: list[tuple[tuple[str, int], Row]] = []
    refused: set[str] = set()
    for row in table.rows():
        identity = _identity(row, "KvkNummer", "OrganisatieNaam", "Verslagjaar", problems, not_arrived, refused)
        if identity is None:
            continue
        year, kvk, name = identity
        key = kvk.raw.zfill(8)
        match row.text("IndicatorsetCode"):
            case code if code == STAFF_SET:
                unit = f"{row.text('Vestigingsnummer')}|{row.text('LocatieNaam')}"
                report = reports.setdefault((key, year, unit), Report(year, kvk, name, row.cell()))
                _add_indicator(report, row, problems)
            case code if code == SAFETY_SET:
                safety.append(((key, year), row))
    first = {(key, year): report for (key, year, _), report in reversed(reports.items())}
    for organisation, row in safety:
        if organisation in first:
            _add_unit(first[organisation], row)
        elif row.text("KvkNummer") not in refused:
            refused.add(row.text("KvkNummer"))
            reason = "Van deze organisatie staat alleen de set over veiligheid in het bestand, niet die over personeel."
            not_arrived.append(NotArrived(row.text("OrganisatieNaam"), row.cell("IndicatorsetCode"), reason))
    for report in reports.values():
        address = _location("", report.name, report.postcode.raw if report.postcode else "", "")
        if not report.units and address is not None:
            report.units["", address.postcode] = address
    return list(reports.values()), not_arrived


def _identity(
    row: Row,
    kvk_column: str,
    name_column: str,
    year_column: str,
    problems: Problems,
    not_arrived: list[NotArrived],
    refused: set[str] | None = None,
) -> tuple[int, Written, str] | None:
    """Year, KvK number and name of a row. ``refused``: numbers of which it was said already that they are wrong."""
    kvk, year = row.text(kvk_column), row.text(year_column)
    if not _YEAR.match(year):
        problems.add(f"Hier staat {year[:20]!r}. Er hoort een jaar te staan, zoals 2019.", row.cell(year_column))
        return None
    name = " ".join(row.text(name_column).split())
    if not _KVK.match(kvk) or not int(kvk) or not name or len(name) > 2 * LONGEST_TEXT:
        if refused is None or kvk not in refused:
            reason = f"De rij heeft geen KvK-nummer van ten hoogste acht cijfers ({kvk[:20]!r}) of geen bruikbare naam."
            not_arrived.append(NotArrived(name=name[:LONGEST_TEXT], cell=row.cell(kvk_column), reason=reason))
        if refused is not None:
            refused.add(kvk)
        return None
    return int(year), Written(kvk, row.cell(kvk_column)), name


def _add_indicator(report: Report, row: Row, problems: Problems) -> None:
    number = CODES.get(row.text("IndicatorCode")) or row.text("IndicatorNummer").rstrip(".")
    is_missing_here = row.text("Indicator_nvt") == _YES
    before = len(report.parts)
    texts = {"value": row.text("IndicatorWaarde"), "numerator": row.text("Teller"), "denominator": row.text("Noemer")}
    columns = {"value": "IndicatorWaarde", "numerator": "Teller", "denominator": "Noemer"}
    for part, raw in texts.items():
        if (number, part) in report.parts:
            problems.add(
                f"Indicator {number} van {report.name} staat er twee keer. Haal een van de twee weg.",
                row.cell("IndicatorNummer"),
            )
            return
        if raw or (part == "value" and is_missing_here):
            written = Written("nvt" if is_missing_here else raw, row.cell(columns[part]))
            report.parts[(number, part)] = written  # type: ignore[index]
    if len(report.parts) == before:
        report.parts[number, "value"] = Written("", row.cell("IndicatorWaarde"))
    if remark := row.text("Opmerking"):
        report.remarks.append(Written(" ".join(remark.split()), row.cell("Opmerking")))
    if report.postcode is None and row.text("LocatiePostcode"):
        report.postcode = Written(row.text("LocatiePostcode"), row.cell("LocatiePostcode"))


def _add_unit(report: Report, row: Row) -> None:
    name = _GROUP_LEVEL.sub("", " ".join(row.text("LocatieNaam").split()))
    location = _location(row.text("Vestigingsnummer"), name, row.text("LocatiePostcode"), row.text("LocatiePlaats"))
    if location is not None:
        report.units.setdefault((location.number, location.postcode), location)
    if row.text("IndicatorCode") == ADVANCE_CARE_PLANNING and row.text("Indicator_nvt") != _YES:
        report.planning.append(
            (Written(row.text("Teller"), row.cell("Teller")), Written(row.text("Noemer"), row.cell("Noemer")))
        )


def _location(number: str, name: str, postcode: str, place: str) -> ReadLocation | None:
    """A location with a postcode; a number that is no vestigingsnummer of twelve digits is left out."""
    found = _POSTCODE.match(postcode)
    if found is None:
        return None
    return ReadLocation(
        number=number if _ESTABLISHMENT.match(number) else "",
        name=name[: 2 * LONGEST_TEXT],
        postcode=f"{found[1]} {found[2].upper()}",
        place=place[:LONGEST_TEXT].title() if place.isupper() else place[:LONGEST_TEXT],
    )


def by_organisation(reports: Iterable[Report]) -> Mapping[tuple[int, str], list[Report]]:
    """All reports of an organisation about a year together, in the order of the file."""
    found: dict[tuple[int, str], list[Report]] = {}
    for report in reports:
        found.setdefault((report.year, report.key), []).append(report)
    return found
