"""Staff of the nursing homes: Zorginstituut Nederland, "Verpleeghuiszorg Personeelssamenstelling", one round per year.

Reads the published long layout (one row per indicator, with the safety set beside it) and the wide table made of it
(one row per organisation and year); several files and years at once. A file of the CBS with key figures per postcode may
be given along: the circumstances at the address of the organisation then come with the figures, and an address where
nobody lives is known for the post-office box it is. Without that file a box is guessed from the number: the post gives
boxes a postcode that ends in 0, or whose third digit is 0; some of those are streets.

One delivery per KvK number and year. If an organisation filed several reports, the one with the most clients is kept (a
group that reports its parts and itself is then counted once) and a finding names the others. A percentage becomes a
share of 0 to 1. Figures are kept as they were written, wrong or right: saying so is for :mod:`providers.checks`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from providers.measures import CATALOGUE
from providers.workbook.content import (
    Cell,
    Problem,
    ReadDelivery,
    ReadFinding,
    ReadLocation,
    ReadRound,
    ReadValue,
    SourceError,
    SourceFigure,
)
from providers.workbook.numbers import Notation, NumberError
from providers.workbook.problems import LARGEST, LONGEST_TEXT, Problems
from providers.workbook.sources import cbs
from providers.workbook.sources.csv_table import CsvTable, open_csv
from providers.workbook.sources.notation import figure, is_missing, notation_of, without_surplus_zeros
from providers.workbook.sources.personeel_facts import BLOCKS, FACTS, LONG, PERCENTAGES, WIDE, Fact, Place
from providers.workbook.sources.personeel_reports import Report, Written, by_organisation, long_reports, wide_reports

TEMPLATE: Final = "zin-personeel"
SOURCE: Final = "personeel"
SHOWN: Final = "Zorginstituut, personeelssamenstelling"
"""The source as people see it beside a figure."""

_BOX = re.compile(r"^[0-9]{2}(?:0[0-9]|[0-9]0)$")
_REMARK_SHOWN: Final = 200
_HALF: Final = Decimal("0.5")
_ROUNDING: Final = Decimal("0.005")
_PLACES: Final = Decimal("0.000001")

# Rules of providers.checks about reading this source.
_SEVERAL, _POST_BOX, _KVK_ZERO, _NOT_GIVEN, _BLOCK_MISSING, _REMARK, _NOT_THE_RATIO, _ZEROS = (
    f"ZIN-L-00{number}" for number in range(1, 9)
)


def read(paths: Sequence[Path]) -> list[ReadRound]:
    """One round per year; :class:`SourceError` if one of the files is refused or two of them are about one year."""
    tables, areas = _tables(paths)
    rounds: dict[int, ReadRound] = {}
    for table in tables:
        for found in _rounds(table, areas):
            other = rounds.setdefault(found.book_year, found)
            if other is not found:
                message = (
                    f"Dit bestand en {other.file_name} gaan allebei over {found.book_year}. Lees een van de twee in."
                )
                raise SourceError([Problem(table.file, None, message)])
    return _with_earlier_years([rounds[year] for year in sorted(rounds)])


def _with_earlier_years(rounds: Sequence[ReadRound]) -> list[ReadRound]:
    """Give every delivery the figures of the year before, so that the checks can compare while the files are read in."""
    earlier: dict[str, tuple[int, Mapping[str, Decimal | None]]] = {}
    found: list[ReadRound] = []
    for round in rounds:
        deliveries: list[ReadDelivery] = []
        for delivery in round.deliveries:
            year, values = earlier.get(delivery.key, (0, {}))
            deliveries.append(replace(delivery, earlier_year=year, earlier_values=values))
            earlier[delivery.key] = round.book_year, {item.measure: item.value for item in delivery.values}
        found.append(replace(round, deliveries=tuple(deliveries)))
    return found


#: What this source holds of the form of the data request, and the indicator it comes from.
_OF_THE_FORM: Final[Mapping[str, str]] = {
    "absence_rate": "indicator 3.1",
    "qualified_staff_share": "indicatoren 2.1.3 tot en met 2.1.7, als deel van 2.1.1 tot en met 2.1.9",
    "advance_care_planning_share": "set Basisveiligheid, indicator 2",
}


def figures(paths: Sequence[Path]) -> list[SourceFigure]:
    """What the files hold of the form ``iv-2``: absence, qualified staff, agreements about the end of life.

    Not its ``staff_fte_care``: the source counts staff on the payroll only, the form all staff. A figure that is not
    possible (a share above 1) is left out: a provider should not have to mend the mistake of an earlier request.
    """
    found: list[SourceFigure] = []
    for round in read(paths):
        for delivery in round.deliveries:
            values = {item.measure: item for item in delivery.values}
            for measure, place in _OF_THE_FORM.items():
                known = _qualified(values) if measure == "qualified_staff_share" else values.get(measure)
                if known is None or known.value is None or not 0 <= known.value <= 1:
                    continue
                found.append(
                    SourceFigure(
                        key_scheme=delivery.key_scheme,
                        key=delivery.key,
                        book_year=round.book_year,
                        measure=measure,
                        value=known.value.quantize(_PLACES),
                        source=SHOWN,
                        reference=f"{round.file_name}, rij {known.cell.row}: {place}",
                    )
                )
    return found


def _qualified(values: Mapping[str, ReadValue]) -> ReadValue | None:
    """Staff with level 3 or higher, and therapists, who all have it, as part of all staff in the mix (with apprentices)."""
    levels = {fact.measure: values.get(fact.measure) for fact in FACTS if fact.place[0].startswith("2.1.")}
    shares = {measure: item.value for measure, item in levels.items() if item is not None and item.value is not None}
    first = levels["level3_share"]
    if first is None or len(shares) < len(levels):
        return None
    together = sum(shares.values(), Decimal(0))
    if together < Decimal("0.9") or together > Decimal("1.1"):
        return None  # the mix is not of all staff: a share of it would say something else
    qualified = sum((shares[f"level{level}_share"] for level in range(3, 7)), shares["therapists_share"])
    return replace(first, measure="qualified_staff_share", value=qualified / together)


def _tables(paths: Sequence[Path]) -> tuple[list[CsvTable], cbs.Areas | None]:
    if not paths:
        raise SourceError([Problem(SOURCE, None, "Noem een of meer bestanden om in te lezen.")])
    tables: list[CsvTable] = []
    areas: cbs.Areas | None = None
    for path in paths:
        table = open_csv(path)
        if cbs.is_key_figures(table):
            areas = cbs.read_areas(table)
        else:
            tables.append(table)
    if not tables:
        raise SourceError([Problem(paths[0].name, None, "Noem ook een bestand met de personeelssamenstelling.")])
    return tables, areas


def _rounds(table: CsvTable, areas: cbs.Areas | None) -> list[ReadRound]:
    problems = Problems(table.file)
    if table.has(*LONG):
        reports, not_arrived = long_reports(table, problems)
    elif table.has("kvk", "jaar"):
        for column in WIDE:
            if column not in table.columns:
                problems.add(f"De kolom {column!r} ontbreekt. Zet de oorspronkelijke kolom terug.", Cell("", 1))
        problems.refuse_if_any()
        reports, not_arrived = wide_reports(table, problems)
    else:
        missing = ", ".join(column for column in LONG if column not in table.columns)
        problems.add(
            "Dit is geen bestand met de personeelssamenstelling van het Zorginstituut. "
            f"Deze kolommen ontbreken: {missing}. Kies het bestand zoals het gepubliceerd is."
        )
        problems.refuse_if_any()
    if not reports and not len(problems):
        problems.add("Onder de kop staat geen enkele rij over personeel. Kies een ander bestand.", Cell("", 2))
    problems.refuse_if_any()

    notation = notation_of(written.raw for report in reports for written in report.numbers())
    deliveries: dict[int, list[ReadDelivery]] = defaultdict(list)
    for (year, _), of_organisation in by_organisation(reports).items():
        deliveries[year].append(_delivery(of_organisation, notation, areas, problems))
    problems.refuse_if_any()
    return [
        ReadRound(
            slug=f"personeel-{year}",
            title=f"Personeelssamenstelling verpleeghuiszorg {year} (Zorginstituut Nederland)",
            book_year=year,
            currency="EUR",
            is_fictitious=False,
            template_version=TEMPLATE,
            source=SOURCE,
            measures=tuple(measure.code for measure in CATALOGUE.of_template(TEMPLATE)),
            deliveries=tuple(deliveries[year]),
            # A row whose number is no number has no year that can be trusted either: it is told once, with the first year.
            not_arrived=tuple(not_arrived) if year == min(deliveries) else (),
            file_name=table.file,
            content=table.content,
        )
        for year in sorted(deliveries)
    ]


def _delivery(
    reports: Sequence[Report], notation: Notation | None, areas: cbs.Areas | None, problems: Problems
) -> ReadDelivery:
    staff: Place = ("1.2", "value")
    clients: Place = ("5.1", "denominator")

    def size(report: Report) -> tuple[Decimal, Decimal]:
        """Clients, then staff. ``max`` keeps the first of two that are alike."""
        many, large = (_number(report.parts.get(place), notation, None) for place in (clients, staff))
        return many or Decimal(0), large or Decimal(0)

    kept = max(reports, key=size)
    values = [_value(kept, fact, notation, problems) for fact in FACTS]
    findings = _findings(kept, notation, areas)
    if len(reports) > 1:
        others = sum((size(report)[0] for report in reports if report is not kept), Decimal(0))
        details = {
            "count": str(len(reports)),
            "rows": ", ".join(str(report.cell.row) for report in reports),
            "kept": str(kept.cell.row),
            "clients": f"{size(kept)[0]:f}",
            "others": f"{others:f}",
        }
        findings.insert(0, ReadFinding(_SEVERAL, kept.cell, details=details))
    if planning := _planning(kept, notation, problems):
        values.append(planning)
    if areas is not None and kept.postcode is not None:
        values.extend(areas.values(kept.postcode.raw))
    locations: dict[tuple[str, str], ReadLocation] = {}
    for report in [kept, *reports]:
        for place, location in report.units.items():
            locations.setdefault(place, location)
    return ReadDelivery(
        key_scheme="kvk",
        key=kept.key,
        name=kept.name,
        values=tuple(values),
        cell=kept.cell,
        locations=tuple(locations.values()),
        findings=tuple(findings),
    )


def _number(written: Written | None, notation: Notation | None, problems: Problems | None) -> Decimal | None:
    """The number that is written, ``None`` if there is none; one that cannot be read goes to ``problems``."""
    if written is None or is_missing(written.raw):
        return None
    try:
        number = figure(written.raw, notation)
    except NumberError as error:
        if problems is not None:
            problems.add(f"{written.raw[:40]!r} is niet te lezen: {error}. Verbeter het getal.", written.cell)
        return None
    if abs(number) >= LARGEST:
        if problems is not None:
            problems.add(f"Het getal {written.raw[:40]} is te groot om te kunnen kloppen.", written.cell)
        return None
    return number


def _value(report: Report, fact: Fact, notation: Notation | None, problems: Problems) -> ReadValue:
    written = report.parts.get(fact.place)
    if written is None:
        return ReadValue(fact.measure, None, report.cell)
    number = _number(written, notation, problems)
    if number is not None and fact.is_percentage:
        number = number / 100
    return ReadValue(fact.measure, number, written.cell, written.raw[:LONGEST_TEXT])


def _planning(report: Report, notation: Notation | None, problems: Problems) -> ReadValue | None:
    """The share over all locations: numerators together divided by denominators together."""
    pairs = [
        (above, below)
        for above, below in (
            tuple(_number(written, notation, problems) for written in pair) for pair in report.planning
        )
        if above is not None and below
    ]
    if not pairs:
        return None
    above, below = (sum((pair[side] or Decimal(0) for pair in pairs), Decimal(0)) for side in (0, 1))
    first = report.planning[0][0].cell
    return ReadValue("advance_care_planning_share", (above / below).quantize(_PLACES), first, f"{above:f} / {below:f}")


def _findings(report: Report, notation: Notation | None, areas: cbs.Areas | None) -> list[ReadFinding]:
    found: list[ReadFinding] = []
    postcode = report.postcode
    if postcode is not None and postcode.raw[:4].isdigit():
        area = postcode.raw[:4]
        is_box = not areas.has(area) if areas is not None else bool(_BOX.match(area))
        if is_box:
            why = "het CBS kent daar geen bewoners" if areas is not None else "zulke nummers zijn vaak van postbussen"
            found.append(ReadFinding(_POST_BOX, postcode.cell, details={"postcode": postcode.raw[:10], "why": why}))
    if len(report.kvk.raw) < 8:
        found.append(ReadFinding(_KVK_ZERO, report.kvk.cell, details={"written": report.kvk.raw, "read": report.key}))
    given = {place for place, written in report.parts.items() if not is_missing(written.raw)}
    in_missing_blocks: set[str] = set()
    for title, numbers in BLOCKS.items():
        facts = [fact for fact in FACTS if fact.place[0] in numbers]
        if not any(fact.place in given for fact in facts):
            in_missing_blocks.update(numbers)
            found.append(ReadFinding(_BLOCK_MISSING, _cell(report, facts[0]), facts[0].measure, {"block": title}))
    absent = [fact for fact in FACTS if fact.place not in given and fact.place[0] not in in_missing_blocks]
    if absent:
        labels = ", ".join(CATALOGUE[fact.measure].label for fact in absent)
        measure = absent[0].measure if len(absent) == 1 else ""
        found.append(
            ReadFinding(_NOT_GIVEN, _cell(report, absent[0]), measure, {"count": str(len(absent)), "measures": labels})
        )
    filled_up = [item for item in report.numbers() if without_surplus_zeros(item.raw) != item.raw]
    if filled_up:
        details = {"written": filled_up[0].raw[:20], "read": without_surplus_zeros(filled_up[0].raw)[:20]}
        found.append(ReadFinding(_ZEROS, filled_up[0].cell, details=details))
    for fact in FACTS:
        if fact.place[1] == "value" and (mismatch := _mismatch(report, fact, notation)):
            found.append(mismatch)
    for remark in report.remarks:
        shown = remark.raw if len(remark.raw) <= _REMARK_SHOWN else f"{remark.raw[:_REMARK_SHOWN]}…"
        if not any(item.rule == _REMARK and item.details["remark"] == shown for item in found):
            found.append(ReadFinding(_REMARK, remark.cell, details={"remark": shown}))
    return found


def _cell(report: Report, fact: Fact) -> Cell:
    written = report.parts.get(fact.place)
    return report.cell if written is None else written.cell


def _mismatch(report: Report, fact: Fact, notation: Notation | None) -> ReadFinding | None:
    """A value that cannot follow from its numerator and denominator, which the source rounds to whole numbers."""
    number = fact.place[0]
    own: Place = (number, "denominator")
    # The levels share one denominator, which the wide table has once.
    places: tuple[Place, ...] = (
        fact.place,
        (number, "numerator"),
        own if own in report.parts else (number[:3], "denominator"),
    )
    value, above, below = (_number(report.parts.get(place), notation, None) for place in places)
    if value is None or above is None or below is None or below <= _HALF:
        return None
    times = 100 if number in PERCENTAGES else 1
    least = times * max(above - _HALF, Decimal(0)) / (below + _HALF) - _ROUNDING
    most = times * (above + _HALF) / (below - _HALF) + _ROUNDING
    if least <= value <= most:
        return None
    written = report.parts[fact.place]
    details = {
        "measure": CATALOGUE[fact.measure].label,
        "value": written.raw[:20],
        "numerator": f"{above:f}",
        "denominator": f"{below:f}",
    }
    return ReadFinding(_NOT_THE_RATIO, written.cell, fact.measure, details)
