"""NZa: what came out of a run. Totals, scores with their intervals, and who carries the outcome."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from benchmarking import charts
from benchmarking.models import Result, Run
from benchmarking.wording import CONVENTIONS
from providers.formatting import format_money, format_number, format_percent
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
        "gated": summary["not_a_peer"]["quality"],
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
    return found and {**found, "convention": CONVENTIONS.get(found["convention"], found["convention"])}


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
    shown = Result.objects.filter(run=run, uncertainty_shown=True).select_related("provider")
    found = [
        (result.provider.name, float(result.score), float(result.score_lower), float(result.score_upper))
        for result in shown.order_by("score", "provider__key")
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
            "amount": format_money(result.influence, currency=round.currency),
            **score_of(result),
        }
        for result in leading
    ]


def score_of(result: Result | None) -> dict[str, str]:
    """Return the score and its interval as a list shows them, as text; empty where there is none."""
    if result is None or result.published_score is None:
        return {"score": "", "interval": ""}
    interval = ""
    if result.uncertainty_shown:
        interval = f"{format_percent(result.score_lower)} – {format_percent(result.score_upper)}"
    return {"score": format_percent(result.published_score), "interval": interval}
