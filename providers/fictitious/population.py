"""The invented population: who there is, how well each works in truth, and what each would report.

The true efficiency is known here and nowhere else: it is not written into any workbook and no page shows it. A test
compares it with the scores that the benchmark finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class FictitiousLocation:
    """A location with its vestigingsnummer."""

    number: str
    name: str
    postcode: str
    place: str
    region: str


@dataclass(frozen=True)
class YearFigures:
    """What one provider reports in one year; ``values`` by measure, ``None`` is left empty.

    ``true_efficiency`` is frontier cost divided by own comparable cost, before any mistake in the report. ``mistakes``
    names what was done to the figures on purpose (empty: they are as they are). ``gross_cost`` is what was really spent
    before revenues, in euros, whatever the report says: the annual accounts follow it.
    """

    values: Mapping[str, Decimal | None]
    true_efficiency: float
    mistakes: tuple[str, ...] = ()
    gross_cost: Decimal = Decimal(0)


@dataclass(frozen=True)
class FictitiousProvider:
    """An organisation that does not exist. From year ``merged_in`` on it is part of ``merged_into`` (a KvK number)."""

    kvk: str
    name: str
    legal_form: str
    agb_code: str
    nza_number: str
    kind: str
    locations: tuple[FictitiousLocation, ...]
    years: Mapping[int, YearFigures]
    known_in: tuple[int, ...]
    """Years in which it exists and is asked to deliver; it delivers in those of ``years``."""
    merged_into: str = ""
    merged_in: int | None = None

    def has_merged(self, year: int) -> bool:
        """Whether it is part of another organisation in ``year``."""
        return self.merged_in is not None and year >= self.merged_in


@dataclass(frozen=True)
class Population:
    """All invented providers of a seed."""

    seed: int
    book_years: tuple[int, ...]
    providers: tuple[FictitiousProvider, ...]

    def delivered(self, year: int) -> tuple[FictitiousProvider, ...]:
        return tuple(provider for provider in self.providers if year in provider.years)

    def locations(self, provider: FictitiousProvider, year: int) -> tuple[FictitiousLocation, ...]:
        """The locations of a provider in a year, with those of organisations that have become part of it."""
        if provider.has_merged(year):
            return ()
        taken_over = (
            location
            for other in self.providers
            if other.merged_into == provider.kvk and other.has_merged(year)
            for location in other.locations
        )
        return (*provider.locations, *taken_over)
