"""What holds about a provider: written at every occasion, read by every page, export and API answer that shows a bandwidth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from providers.access import Actor
from providers.models import Provider, Round
from tariffs import sizes
from tariffs.models import (
    Bandwidth,
    Decision,
    DecisionStatus,
    Occasion,
    ProductBandwidth,
    Release,
    ReportStatus,
    Standing,
)


def current(provider: Provider | int, round: Round | int) -> Standing | None:
    """Return what holds now about a provider in a round; ``None`` if nothing was released."""
    return Standing.objects.filter(provider=provider, round=round).first()


def newest(actor: Actor) -> QuerySet[Standing]:
    """Return what holds now, one row per provider and round, as far as ``actor`` may see it."""
    seen = Standing.objects.visible_to(actor)
    pks = seen.order_by("provider_id", "round_id", "-since", "-pk").distinct("provider_id", "round_id").values("pk")
    return Standing.objects.filter(pk__in=pks)


def sizes_of(seen: QuerySet[Standing]) -> dict[tuple[int, int], sizes.SizeClass]:
    """Return the class of the care days by keys of provider and round, from all that was ever seen of them."""
    told: dict[int, list[sizes.Told]] = defaultdict(list)
    rows = seen.order_by("since", "pk").values_list("provider", "round", "round__book_year", "care_days")
    for provider, round, book_year, days in rows:
        if days is not None:
            told[provider].append(sizes.Told(round, book_year, days))
    return {(provider, round): size for provider, ones in told.items() for round, size in sizes.shown(ones).items()}


def record_release(release: Release, *, at: datetime, only: frozenset[int] | None = None) -> None:
    """Write down what holds about everybody from the moment of a release, or about these. For workers: it sees everything.

    About who has a decision that holds nothing changes: another decision does that, not other figures.
    """
    decided = Decision.objects.filter(round=release.round_id, status=DecisionStatus.SENT).values("provider")
    bands = Bandwidth.objects.filter(run_id=release.run_id).exclude(provider__in=decided).prefetch_related("products")
    if only is not None:
        bands = bands.filter(provider__in=only)
    Standing.objects.bulk_create(
        (
            Standing(
                provider_id=band.provider_id,
                round_id=release.round_id,
                tariff_year=release.tariff_year,
                status=release.status,
                occasion=Occasion.RELEASE,
                release=release,
                bandwidth=band,
                lower_rate=band.lower_rate,
                upper_rate=band.upper_rate,
                bandwidth_status=band.status,
                care_days=sum((product.days for product in band.products.all()), Decimal(0)) or None,
                products=[product_facts(product) for product in band.products.all()],
                for_care_offices=release.for_care_offices,
                since=at,
            )
            for band in bands
        ),
        batch_size=500,
    )


def product_facts(product: ProductBandwidth) -> dict[str, str]:
    """Return what is shown of one product outside the NZa: no days per product, only those of all together."""
    return {
        "product": product.product,
        "maximum_tariff": str(product.maximum_tariff),
        "lower": str(product.lower),
        "upper": str(product.upper),
    }


def record_decision(decision: Decision, *, occasion: Occasion, at: datetime | None = None) -> Standing:
    """Write down that a decision holds, with the figures that it holds itself."""
    (made,) = record_decisions([decision], occasion=occasion, at=at)
    return made


def record_decisions(
    decisions: Iterable[Decision], *, occasion: Occasion, at: datetime | None = None
) -> list[Standing]:
    """Write down that decisions hold, each with its own figures; the number of queries does not depend on how many."""
    found = list(decisions)
    bands = {
        (band.run_id, band.provider_id): band
        for band in Bandwidth.objects.filter(
            run_id__in={item.report.release.run_id for item in found},
            provider_id__in={item.provider_id for item in found},
        )
    }
    return Standing.objects.bulk_create(
        (_of_decision(item, bands[item.report.release.run_id, item.provider_id], occasion, at) for item in found),
        batch_size=500,
    )


def _of_decision(decision: Decision, band: Bandwidth, occasion: Occasion, at: datetime | None) -> Standing:
    figures, release = decision.figures, decision.report.release
    products: list[dict[str, Any]] = figures["products"]
    days = sum((Decimal(product["days"]) for product in products), Decimal(0))
    return Standing(
        provider_id=decision.provider_id,
        round_id=decision.round_id,
        tariff_year=release.tariff_year,
        status=ReportStatus.DECIDED,
        occasion=occasion,
        release=release,
        bandwidth=band,
        decision=decision,
        lower_rate=_rate(figures["lower_rate"]),
        upper_rate=_rate(figures["upper_rate"]),
        bandwidth_status=figures["status"],
        care_days=days or None,
        products=[
            {name: product[name] for name in ("product", "maximum_tariff", "lower", "upper")} for product in products
        ],
        for_care_offices=True,
        since=at or timezone.now(),
    )


def _rate(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def record_status(*, standing: Standing, status: ReportStatus, occasion: Occasion) -> Standing:
    """Write down that the same figures have another status now, such as *under objection*."""
    return Standing.objects.create(
        provider_id=standing.provider_id,
        round_id=standing.round_id,
        tariff_year=standing.tariff_year,
        status=status,
        occasion=occasion,
        release_id=standing.release_id,
        bandwidth_id=standing.bandwidth_id,
        decision_id=standing.decision_id,
        lower_rate=standing.lower_rate,
        upper_rate=standing.upper_rate,
        bandwidth_status=standing.bandwidth_status,
        care_days=standing.care_days,
        products=standing.products,
        for_care_offices=standing.for_care_offices,
    )
