"""What the portal knows before a provider begins: its organisation, its figures of last year, and figures of other sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Subquery

from providers.contents import Contents, Figure
from providers.measures import CATALOGUE
from providers.models import COUNTING, MeasuredValue, Provider, Round, SourceFigure, Submission, SubmissionVersion
from providers.workbook.content import Cell, ReadLocation

#: What a provider delivers each year anew; of these, last year's figure only stands beside the field.
ASKED_ANEW = frozenset({"cost", "cost_total", "allowance", "revenue", "days", "accounts", "quality"})
#: Sheet that a figure of another source names as its cell.
SOURCE = "Andere bron"


@dataclass(frozen=True)
class Earlier:
    """What a provider delivered in the previous round; without a book year it delivered nothing that counted."""

    book_year: int = 0
    values: Mapping[str, Decimal | None] = field(default_factory=dict)


def contents_for(submission: Submission, earlier: Earlier | None = None) -> Contents:
    """Return the contents a provider begins with. ``earlier``: last year, if it was looked up before.

    Organisation and locations are those we know. A figure of the book year that another source has is filled in, with that
    source. What seldom changes (places, circumstances) is filled in as it was last year. All else is empty.
    """
    round, provider = submission.round, submission.provider
    previous = (earlier or earlier_of(submission)).values
    figures: dict[str, Figure] = {}
    for code in round.measures:
        figures[code] = Figure(value=previous.get(code) if CATALOGUE[code].kind not in ASKED_ANEW else None)
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
        Round.objects.filter(book_year=round.book_year - 1, template_version=round.template_version)
        .order_by("-pk")
        .first()
    )


def previous_version(submission: Submission) -> SubmissionVersion | None:
    """Return what the provider delivered in the previous round, if that counted."""
    before = previous_round(submission.round)
    if before is None:
        return None
    return (
        SubmissionVersion.objects.filter(
            submission__round=before, submission__provider=submission.provider_id, submission__status__in=COUNTING
        )
        .select_related("submission__round")
        .order_by("-number")
        .first()
    )


def earlier_of(submission: Submission) -> Earlier:
    """Return the figures of last year, in one question to the database: every page of delivering shows them."""
    before = previous_round(submission.round)
    if before is None:
        return Earlier()
    newest = SubmissionVersion.objects.filter(
        submission__round=before, submission__provider=submission.provider_id, submission__status__in=COUNTING
    ).order_by("-number")[:1]
    values = dict(MeasuredValue.objects.filter(version=Subquery(newest.values("pk"))).values_list("measure", "value"))
    return Earlier(before.book_year, values) if values else Earlier()
