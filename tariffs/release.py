"""Releasing the outcome of a run: one mirror report per provider, frozen as it is shown."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import transaction

from benchmarking import mirror, wording
from benchmarking.models import Run, RunStatus
from benchmarking.specification import parse_stored
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Round
from tariffs.models import Bandwidth, Disclosure, MirrorReport, Release, ReportStatus, TariffTable


class ReleaseRefused(Exception):
    """The outcome cannot be released; the message is a Dutch sentence."""


def release_run(*, run: Run, actor: Actor | None, status: ReportStatus = ReportStatus.SIMULATION) -> Release:
    """Make the outcome of ``run`` visible: mirrors for providers, bandwidths for care offices.

    Raises :class:`ReleaseRefused` if the run is not completed or was released before.
    """
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.status != RunStatus.COMPLETED:
            raise ReleaseRefused("Alleen een berekening die klaar is kan worden vrijgegeven.")
        if Release.objects.filter(run=run).exists():
            raise ReleaseRefused("Deze uitkomsten zijn al vrijgegeven.")
        if Release.objects.filter(
            run__dataset__round=run.dataset.round, run__requested_at__gt=run.requested_at
        ).exists():
            raise ReleaseRefused("Er is al een nieuwere berekening van deze ronde vrijgegeven.")
        round = Round.objects.select_for_update().get(pk=run.dataset.round_id)
        release = Release.objects.create(
            run=run,
            round=round,
            status=status,
            tariff_year=run.frozen["policy"]["tariff_year"],
            released_by=actor.user if actor else None,
        )
        versions = dict(
            MirrorReport.objects.filter(release__round=round).order_by("version").values_list("provider_id", "version")
        )
        MirrorReport.objects.bulk_create(
            (
                MirrorReport(
                    release=release,
                    provider_id=provider_id,
                    version=versions.get(provider_id, 0) + 1,
                    content=document,
                    sha256=content_hash(document),
                )
                for provider_id, document in report_contents(run).items()
            ),
            batch_size=200,
        )
        record(
            act=Act.RESULTS_RELEASED, actor=actor, subject=str(run), details={"run": str(run.uuid), "status": status}
        )
    return release


def content_hash(document: Any) -> str:
    """Return the SHA-256 of a report's content in canonical form."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def report_contents(run: Run) -> dict[int, dict[str, Any]]:
    """Return what each provider is shown: the mirror of the comparison, and the bandwidth that follows from it."""
    policy = run.frozen["policy"]
    documents = mirror.contents(run, named=policy["disclosure"] == Disclosure.NAMED)
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
        "sentences": wording.sentences(model, run.frozen["currency"]),
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
