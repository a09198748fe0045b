"""NZa: what came out of a run. Totals, scores with their intervals, and who carries the outcome."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.urls import reverse

from benchmarking import charts, frontiers
from benchmarking.models import Result, Run
from benchmarking.wording import convention_in_words
from ivportal.pages.intervals import format_range
from providers.formatting import format_million, format_number, format_percent
from providers.models import Round, SubmissionVersion

#: How many of the providers that carry most are named.
MOST_INFLUENTIAL = 10


def totals(run: Run) -> dict[str, Any]:
    """Return what stands under *Wat komt eruit?*."""
    summary = run.summary
    return {
        **{
            name: summary[name]
            for name in ("taking_part", "excluded", "peers", "mean_score", "median_score", "efficient")
        },
        **{name: summary[name] for name in ("total_cost", "minimum_cost", "maximum_cost")},
        "frozen": frontiers.in_words(run),
        "gated": _gated(run),
        "corrected": _corrected(run),
        "outliers": summary["not_a_peer"]["outlier"],
        "fallbacks": Result.objects.filter(run=run, fallback=True).count(),
        "not_unique": summary.get("peers_not_unique"),
        "uncertainty": _uncertainty(summary.get("uncertainty")),
        "dataset_hash": run.dataset.sha256,
        "result_hash": run.result_hash,
        "engine_version": run.engine_version,
        "csv_url": reverse("results_csv", args=[run.uuid]),
        "finished_at": run.finished_at,
        "scored": Result.objects.filter(run=run, score__isnull=False).count(),
    }


def _uncertainty(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return found and {**found, "convention": convention_in_words(found["convention"])}


def _gated(run: Run) -> dict[str, int]:
    """Count who is measured and no peer for reasons of quality: ``failed`` and ``missing``."""
    counted = Result.objects.filter(run=run, participates=True, may_be_peer=False).values_list("quality")
    counts = dict(counted.annotate(count=Count("pk")))
    return {verdict: counts.get(verdict, 0) for verdict in ("failed", "missing")}


def _shown(run: Run) -> list[Result]:
    """Return who has an interval that says something, lowest score first."""
    found = Result.objects.filter(run=run, uncertainty_shown=True).select_related("provider")
    return [result for result in found.order_by("score", "provider__key") if result.has_interval]


def _corrected(run: Run) -> dict[str, Any] | None:
    """Return the mean score with the bias taken out, and over how many; ``None`` without intervals."""
    scores = [result.bias_corrected_score for result in _shown(run) if result.bias_corrected_score is not None]
    return {"mean": sum(scores) / len(scores), "count": len(scores)} if scores else None


def distribution(run: Run) -> dict[str, Any] | None:
    """Return the figure of how scores are spread; ``None`` without scores."""
    summary = run.summary
    if summary.get("mean_score") is None:
        return None
    return charts.score_distribution(
        summary["distribution"], mean=summary["mean_score"], median=summary["median_score"]
    )


def intervals(run: Run) -> dict[str, Any] | None:
    """Return the figure of all scores with their intervals; ``None`` where none may be shown."""
    found = [
        (result.provider.name, float(result.score), float(result.score_lower), float(result.score_upper))
        for result in _shown(run)
        if result.score is not None and result.score_lower is not None and result.score_upper is not None
    ]
    return charts.score_intervals(found) if found else None


def influential(run: Run, round: Round) -> list[dict[str, Any]]:
    """Return the providers whose absence as a peer would raise minimum costs most, with how many hang on them."""
    leading = (
        Result.objects.filter(run=run, users__gt=0, influence__isnull=False)
        .select_related("provider")
        .order_by("-influence", "provider__key")[:MOST_INFLUENTIAL]
    )
    delivered = set(
        SubmissionVersion.objects.filter(
            submission__round=round, submission__provider__in=[result.provider_id for result in leading]
        ).values_list("submission__provider_id", flat=True)
    )
    return [
        {
            "name": result.provider.name,
            "key": result.provider.key,
            "url": reverse("provider_submission", args=[round.slug, result.provider.uuid])
            if result.provider_id in delivered
            else None,
            "users": format_number(result.users),
            "amount": format_million(result.influence, currency=round.currency),
            "part": _part(result.influence, Decimal(run.summary["minimum_cost"])),
            **score_of(result),
        }
        for result in leading
    ]


def _part(amount: Decimal | None, of: Decimal) -> str:
    """Return an amount as a part of the national minimum, in words."""
    if amount is None or of <= 0:
        return ""
    share = amount / of
    said = format_percent(share) if share >= Decimal("0.0005") else "minder dan 0,1\u00a0%"
    return f"{said} van het landelijke minimum"


def score_of(result: Result | None) -> dict[str, str]:
    """Return the score and its interval as a list shows them, as text; empty where there is none."""
    if result is None or result.published_score is None:
        return {"score": "", "interval": ""}
    interval = ""
    if result.has_interval:
        interval = format_range(Decimal(repr(result.score_lower)), Decimal(repr(result.score_upper)))
    return {"score": format_percent(result.published_score), "interval": interval}
