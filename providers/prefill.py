"""What the portal knows before a provider begins: its organisation, its figures of last year, and figures of other sources."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from django.db.models import QuerySet

from providers.contents import Contents, Figure
from providers.measures import CATALOGUE
from providers.models import COUNTING, MeasuredValue, Provider, Round, SourceFigure, Submission, SubmissionVersion
from providers.workbook.content import Cell, ReadLocation

#: What a provider delivers each year anew; of these, last year's figure only stands beside the field.
ASKED_ANEW = frozenset({"cost", "cost_total", "allowance", "revenue", "days", "accounts", "quality", "structure"})
#: Sheet that a figure of another source names as its cell.
SOURCE = "Andere bron"
#: Sheet that a figure taken over from last year names as its cell, until the provider fills in another or confirms it in a file.
TAKEN_OVER = "Overgenomen uit {year}"


@dataclass(frozen=True)
class Earlier:
    """What a provider delivered in the previous round; without a book year it delivered nothing that counted."""

    book_year: int = 0
    version: uuid.UUID | None = None
    values: Mapping[str, Decimal | None] = field(default_factory=dict)


def contents_for(submission: Submission, earlier: Earlier | None = None) -> Contents:
    """Return the contents a provider begins with. ``earlier``: last year, if it was looked up before.

    Organisation and locations are those we know. A figure of the book year that another source has is filled in, with that
    source. What seldom changes (circumstances) is filled in as it was last year, and says so. All else is empty.
    """
    round, provider = submission.round, submission.provider
    before = earlier or earlier_of(submission)
    figures: dict[str, Figure] = {}
    for code in round.measures:
        last = before.values.get(code) if CATALOGUE[code].kind not in ASKED_ANEW else None
        figures[code] = Figure() if last is None else Figure(value=last, cell=_taken_over(before.book_year))
    for known in SourceFigure.objects.filter(
        key_scheme=provider.key_scheme, key=provider.key, book_year=round.book_year, measure__in=round.measures
    ).order_by("read_at", "pk"):
        value = known.value.normalize() if known.value else Decimal(0)
        figures[known.measure] = Figure(
            value=value, cell=Cell(SOURCE), raw=format(value, "f"), source=known.source, source_value=value
        )
    return Contents(
        figures=figures,
        organisation={
            "legal_form": provider.legal_form,
            "agb_code": provider.agb_code,
            "nza_number": provider.nza_number,
        },
        locations=locations_of(provider),
    )


def _taken_over(year: int) -> Cell:
    return Cell(TAKEN_OVER.format(year=year))


def year_of(figure: Figure) -> int:
    """Return the book year that a figure was taken over from; 0 if the provider gave it, or another source."""
    start = TAKEN_OVER.format(year="")
    year = figure.cell.sheet.removeprefix(start) if figure.cell.sheet.startswith(start) else ""
    return int(year) if year.isdecimal() and figure.cell.row is None else 0


def locations_of(provider: Provider) -> tuple[ReadLocation, ...]:
    """Return the known locations of a provider."""
    return tuple(
        ReadLocation(
            number=place.number,
            name=place.name,
            street=place.street,
            postcode=place.postcode,
            place=place.place,
            region=place.region.code if place.region else "",
        )
        for place in provider.locations.select_related("region")
    )


def previous_round(round: Round) -> Round | None:
    """Return the round of the year before that this one continues: the one it was made after, or one that asked the same."""
    if round.previous is not None:
        return round.previous
    return (
        Round.objects.filter(
            book_year=round.book_year - 1,
            template_version=round.template_version,
            source=round.source,
            currency=round.currency,
            is_fictitious=round.is_fictitious,
        )
        .order_by("-pk")
        .first()
    )


def _versions_that_count(submission: Submission, before: Round) -> QuerySet[SubmissionVersion]:
    return SubmissionVersion.objects.filter(
        submission__round=before, submission__provider=submission.provider_id, submission__status__in=COUNTING
    ).order_by("-number")


def previous_version(submission: Submission) -> SubmissionVersion | None:
    """Return what the provider delivered in the previous round, if that counted."""
    before = previous_round(submission.round)
    if before is None:
        return None
    return _versions_that_count(submission, before).select_related("submission__round").first()


def earlier_of(submission: Submission) -> Earlier:
    """Return the figures of last year: every page of delivering shows them."""
    before = previous_round(submission.round)
    version = (
        None if before is None else _versions_that_count(submission, before).values_list("uuid", flat=True).first()
    )
    values = {} if version is None else _figures_of(version)
    return Earlier(before.book_year, version, values) if before is not None and values else Earlier()


@lru_cache(maxsize=1000)
def _figures_of(version: uuid.UUID) -> Mapping[str, Decimal | None]:
    """Return the figures of a delivered version, by measure; kept, because they never change."""
    return MappingProxyType(dict(MeasuredValue.objects.filter(version__uuid=version).values_list("measure", "value")))
