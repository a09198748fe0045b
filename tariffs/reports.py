"""What a mirror report holds: the comparison, the bandwidth that follows from it, and what is new in it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from benchmarking import frontiers, mirror, wording
from benchmarking.models import Run
from benchmarking.specification import parse_stored
from tariffs import consents
from tariffs.models import Bandwidth, ConsentKind, Disclosure, Release, TariffTable


def content_hash(document: Any) -> str:
    """Return the SHA-256 of a report's content in canonical form."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def report_contents(run: Run, *, consents_at: datetime) -> dict[int, dict[str, Any]]:
    """Return what each provider is shown: the mirror of the comparison, and the bandwidth that follows from it.

    ``consents_at``: the moment of which the consents to be shown by name count.
    """
    policy = run.frozen["policy"]
    documents = mirror.contents(
        run,
        named=_named(run, consents_at),
        earlier=[
            (release.run, {report.provider_id: report.content for report in release.reports.all()})
            for release in Release.objects.released()
            .filter(round=run.dataset.round)
            .exclude(run=run)
            .order_by("released_at", "pk")
            .select_related("run__dataset", "run__specification")
            .prefetch_related("reports")
        ],
    )
    table = TariffTable.objects.filter(sha256=policy["tariff_table"]).first()
    source = f"Bron: {table.name}{' (fictieve bedragen)' if table.is_fictitious else ''}" if table else ""
    model = parse_stored(run.specification.document)
    rules = {
        "has_quality_gate": bool(model.quality_gate),
        "has_outlier_rules": bool(model.outliers.rules),
        "has_allowances": bool(model.allowances),
        "has_tariffs": table is not None,
    }
    provenance = {
        "computed_at": run.finished_at.isoformat() if run.finished_at else None,
        "specification": str(run.specification),
        "sentences": [*filter(None, [frontiers.in_words(run)]), *wording.sentences(model, run.frozen["currency"])],
        "dataset_hash": run.dataset.sha256,
        "result_hash": run.result_hash,
    }
    for document in documents.values():
        document["provenance"] = provenance
        document["markup"] = policy["markup"]
        document["rules"] = rules
    book_year_tariffs = run.frozen["book_year_tariffs"]
    for band in Bandwidth.objects.filter(run=run).prefetch_related("products"):
        document = documents[band.provider_id]
        if "costs" not in document:
            continue
        document["costs"]["maximum"] = str(band.maximum_cost)
        document["tariff"] = {
            "status": band.status,
            "reason": band.reason,
            "year": policy["tariff_year"],
            "source": source,
            "indexed_with": policy["index_name"] if not book_year_tariffs and policy["index"] is not None else "",
            "includes_housing": all(includes for _, includes in run.frozen["tariff_year_tariffs"].values()),
            "reference": None if band.reference is None else str(band.reference),
            "lower_rate": None if band.lower_rate is None else str(band.lower_rate),
            "upper_rate": None if band.upper_rate is None else str(band.upper_rate),
            "products": [
                {
                    "product": product.product,
                    "days": str(product.days),
                    "maximum_tariff": str(product.maximum_tariff),
                    "book_year_tariff": book_year_tariffs.get(product.product, ("", True))[0],
                    "lower": str(product.lower),
                    "upper": str(product.upper),
                }
                for product in band.products.all()
            ],
        }
    return documents


def _named(run: Run, at: datetime) -> frozenset[int]:
    """Return the providers that others may see by name: everybody, those that consent, or nobody, as the policy says."""
    disclosure = run.frozen["policy"]["disclosure"]
    if disclosure == Disclosure.NAMED:
        return frozenset(run.results.values_list("provider_id", flat=True))
    if disclosure == Disclosure.CONSENT:
        return consents.given(kind=ConsentKind.NAMED_AS_PEER, round=run.dataset.round, at=at)
    return frozenset()
