"""Circumstances by postcode: CBS, key figures per four-digit postcode area (StatLine "Kerncijfers per postcode", CSV).

Which address counts is a choice, and this is ours. A provider with several locations gets the plain mean over its
locations, each location once: the source does not know how many residents live where, and neither weight would be
better than none. For the class of urbanity, which is no amount, the mean is rounded to a class, half away from zero (2.5
becomes 3: the less urban class). A location in an area without inhabitants (a post-office box) counts as no location.
The form asks for the class where most residents live; so the provider may correct this figure.

The form also asks for the share of people of 75 and older. The source has 65 and older, which is something else: it is
a measure of its own (``share_65_plus``) and never fills in the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final

from providers.measures import CATALOGUE
from providers.workbook.content import Cell, Problem, ReadLocation, ReadValue, SourceError, SourceFigure
from providers.workbook.numbers import NumberError
from providers.workbook.problems import Problems
from providers.workbook.sources.csv_table import CsvTable, open_csv
from providers.workbook.sources.notation import figure, is_missing, notation_of

SHOWN: Final = "CBS, kerncijfers per postcode"
MEASURES: Final = ("urbanity", "address_density", "share_65_plus")

_COLUMNS: Final = ("pc4", "inwoner", "inw_65pl", "oad", "sted")
_SUPPRESSED: Final = frozenset({"-99997", "-99995"})
_NAME_SHOWN: Final = 60
"""These figures stand beside those of another file, so their cells name the file, as far as a cell holds it."""
_PLACES: Final = Decimal("0.000001")


@dataclass(frozen=True)
class Areas:
    """The areas of one file: four digits → measure → figure with its cell. An area that is not there has no inhabitants."""

    file: str
    areas: Mapping[str, Mapping[str, ReadValue]]

    def has(self, postcode: str) -> bool:
        return postcode[:4] in self.areas

    def values(self, postcode: str) -> tuple[ReadValue, ...]:
        """The figures at a postcode; none for an area that is not in the file."""
        return tuple(self.areas.get(postcode[:4], {}).values())


def is_key_figures(table: CsvTable) -> bool:
    """Whether this is a file of this source."""
    return table.has(*_COLUMNS)


def read_areas(table: CsvTable) -> Areas:
    """All areas; :class:`SourceError` if a postcode or a figure cannot be read. What the CBS leaves empty is missing."""
    problems = Problems(table.file)
    rows = list(table.rows())
    numbers = _COLUMNS[1:]
    notation = notation_of(row.text(name) for row in rows for name in numbers if not _is_empty(row.text(name)))
    areas: dict[str, Mapping[str, ReadValue]] = {}
    for row in rows:
        code = row.text("pc4")
        if len(code) != 4 or not code.isdigit() or code in areas:
            what = "staat er twee keer" if code in areas else "is geen postcode van vier cijfers"
            problems.add(f"{code[:20]!r} {what}. Gebruik het bestand zoals het CBS het publiceerde.", row.cell("pc4"))
            continue
        found: dict[str, Decimal | None] = {}
        for name in numbers:
            found[name] = None
            if not _is_empty(row.text(name)):
                try:
                    found[name] = figure(row.text(name), notation)
                except NumberError as error:
                    problems.add(f"{row.text(name)[:40]!r} is niet te lezen: {error}.", row.cell(name))
        older, all_of_them = found["inw_65pl"], found["inwoner"]
        share = (older / all_of_them).quantize(_PLACES) if older is not None and all_of_them else None
        given = (("urbanity", found["sted"], "sted"), ("address_density", found["oad"], "oad"))
        areas[code] = MappingProxyType(
            {
                measure: ReadValue(
                    measure, value, replace(row.cell(column), sheet=table.file[:_NAME_SHOWN]), row.text(column)
                )
                for measure, value, column in (*given, ("share_65_plus", share, "inw_65pl"))
            }
        )
    problems.refuse_if_any()
    return Areas(table.file, MappingProxyType(areas))


def _is_empty(text: str) -> bool:
    return is_missing(text) or text in _SUPPRESSED


def figures(
    paths: Sequence[Path], locations: Mapping[tuple[str, str], Sequence[ReadLocation]], *, book_year: int
) -> list[SourceFigure]:
    """The circumstances of every provider (key scheme, key) by its locations; :class:`SourceError` if a file is refused.

    ``paths`` holds one file. The figures of one reference date serve for ``book_year``: circumstances move slowly, and
    the reference names the file.
    """
    if len(paths) != 1:
        raise SourceError([Problem("cbs", None, "Noem één bestand met kerncijfers per postcode.")])
    table = open_csv(paths[0])
    if not is_key_figures(table):
        message = f"Dit is geen bestand met kerncijfers per postcode: het heeft niet de kolommen {', '.join(_COLUMNS)}."
        raise SourceError([Problem(table.file, Cell("", 1), message)])
    areas = read_areas(table)
    found: list[SourceFigure] = []
    for (scheme, key), places in locations.items():
        for measure in MEASURES:
            known = [
                (place.postcode[:4], value.value)
                for place in places
                for value in areas.values(place.postcode)
                if value.measure == measure and value.value is not None
            ]
            if not known:
                continue
            mean = sum((value for _, value in known), Decimal(0)) / len(known)
            places_shown = Decimal(1) if CATALOGUE[measure].is_whole else _PLACES
            codes = sorted({code for code, _ in known})
            shown = ", ".join(codes[:8]) + (", …" if len(codes) > 8 else "")
            rule = "" if len(known) == 1 else f", gemiddelde van {len(known)} locaties"
            found.append(
                SourceFigure(
                    key_scheme=scheme,
                    key=key,
                    book_year=book_year,
                    measure=measure,
                    value=mean.quantize(places_shown, rounding=ROUND_HALF_UP),
                    source=SHOWN,
                    reference=f"{areas.file}: postcode {shown}{rule}",
                )
            )
    return found
