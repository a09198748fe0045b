"""Rounds for tests: small, made of figures that stand in the test, stored the way a source stores them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from benchmarking import lease, runs
from benchmarking.models import Run
from providers.formatting import AMSTERDAM
from providers.models import Round
from providers.rounds import store_round
from providers.workbook.content import Cell, ReadDelivery, ReadLocation, ReadRound, ReadValue

#: A model that a handful of providers can carry: one product, everybody takes part.
SIMPLE = {"inputs": ["total_cost"], "outputs": [{"name": "5vv", "days": ["days_5vv"]}], "returns_to_scale": "crs"}


def delivery(key: str, name: str = "", region: str = "5501", **values: Any) -> ReadDelivery:
    """Return what one provider delivers; ``values`` by measure, ``None`` for missing."""
    return ReadDelivery(
        key_scheme="kvk",
        key=key,
        name=name or f"Aanbieder {key}",
        cell=Cell("Organisaties", 2),
        locations=(ReadLocation(number=f"{key}0001", postcode="9711 AA", place="Groningen", region=region),),
        values=tuple(
            ReadValue(measure, None if value is None else Decimal(str(value)), Cell("Kosten", row, "C"), str(value))
            for row, (measure, value) in enumerate(values.items(), start=2)
        ),
    )


def make_round(
    deliveries: list[ReadDelivery],
    *,
    slug: str = "proef-2024",
    book_year: int = 2024,
    is_fictitious: bool = True,
    invited: tuple[ReadDelivery, ...] = (),
    **facts: Any,
) -> Round:
    """Store a round with these deliveries through the same door as a file."""
    measures = tuple(dict.fromkeys(value.measure for item in deliveries for value in item.values))
    content = repr((slug, deliveries)).encode()
    read = ReadRound(
        slug=slug,
        title=f"Proefronde {book_year}",
        book_year=book_year,
        currency=facts.get("currency", "EUR"),
        is_fictitious=is_fictitious,
        template_version=facts.get("template_version", "iv-1"),
        source="iv",
        measures=facts.get("measures", measures),
        deliveries=tuple(deliveries),
        invited=invited,
        file_name=f"{slug}.xlsx",
        content=content,
    )
    return store_round(read, actor=None).round


def computed(round: Round, document: Mapping[str, Any] = SIMPLE) -> Run:
    """Compute a round in this process, through the same lease and steps as a worker; return the run as it ended."""
    runs.set_specification(round=round, document=document, actor=None)
    run = runs.request_run(round=round, actor=None)
    claimed = lease.claim(run.pk)
    assert claimed is not None
    runs.carry_out(claimed)
    run.refresh_from_db()
    return run


def a_workday(days: int = 30) -> datetime:
    """Return the last second of a Tuesday, so many days from now or a little later, that is no holiday."""
    from tariffs.terms import equated_days, is_free_day

    day = timezone.localdate() + timedelta(days=days)
    while day.weekday() != 1 or is_free_day(day, equated=equated_days()):
        day += timedelta(days=1)
    return datetime.combine(day, time(23, 59, 59), tzinfo=AMSTERDAM)
