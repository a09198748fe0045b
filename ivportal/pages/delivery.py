"""NZa: who delivered in a round, with filters."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from benchmarking.models import Result, Run
from ivportal.pages import listing
from ivportal.pages.outcomes import score_of
from providers.models import (
    CareOfficeRegion,
    Finding,
    Provider,
    Round,
    Severity,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)


def is_delivered() -> Exists:
    """Return the condition that a submission has a version."""
    return Exists(SubmissionVersion.objects.filter(submission=OuterRef("pk")))


def has_finding(severity: Severity) -> Exists:
    """Return the condition that the newest version of a submission has a finding this serious."""
    newest = SubmissionVersion.objects.filter(submission=OuterRef(OuterRef("pk"))).order_by("-number").values("pk")[:1]
    return Exists(Finding.objects.filter(version__in=newest, severity=severity))


def delivery(request: Any, round: Round, *, run: Run | None) -> dict[str, Any]:
    """Return who delivered: totals, progress by region, and the list with its filters, scored by ``run``."""
    everyone = Submission.objects.visible_to(request.actor).filter(round=round)
    search, status, region, finding = listing.asked(request.GET, "zoek", "status", "regio", "bevinding")
    chosen = everyone
    if finding in (Severity.ERROR, Severity.WARNING):
        chosen = chosen.filter(has_finding(Severity(finding)))
    elif finding == "niets":
        chosen = chosen.exclude(is_delivered())
    if search:
        chosen = chosen.filter(Q(provider__name__icontains=search) | Q(provider__key__icontains=search))
    if status in SubmissionStatus.values:
        chosen = chosen.filter(status=status)
    if region:
        chosen = chosen.filter(
            Exists(Provider.objects.filter(pk=OuterRef("provider_id"), locations__region__code=region))
        )
    page, pagination = listing.paginate(
        chosen.select_related("provider", "merged_into")
        .prefetch_related("provider__locations__region", "versions__findings")
        .order_by("provider__name", "provider__key"),
        request.GET,
    )
    scored = Result.objects.filter(run=run, provider__in=[submission.provider_id for submission in page])
    results = {result.provider_id: result for result in scored} if run else {}
    regions = list(CareOfficeRegion.objects.filter(locations__provider__submissions__round=round).distinct())
    counts = {
        row["provider__locations__region"]: row
        for row in everyone.filter(provider__locations__region__isnull=False)
        .values("provider__locations__region")
        .annotate(
            expected=Count("pk", distinct=True),
            delivered=Count("pk", distinct=True, filter=Q(versions__isnull=False)),
        )
    }
    occurring = set(everyone.values_list("status", flat=True).distinct())
    return {
        "expected": everyone.count(),
        "delivered": everyone.filter(is_delivered()).count(),
        "with_errors": everyone.filter(has_finding(Severity.ERROR)).count(),
        "with_warnings": everyone.filter(has_finding(Severity.WARNING)).count(),
        "regions": [
            {"name": str(item), "delivered": counts[item.pk]["delivered"], "expected": counts[item.pk]["expected"]}
            for item in regions
        ],
        "providers": [
            {**_row(submission, round), **score_of(results.get(submission.provider_id))} for submission in page
        ],
        "has_scores": run is not None,
        "filters": {
            "search": search,
            "status": status,
            "region": region,
            "statuses": listing.options(
                [(value, text) for value, text in SubmissionStatus.choices if value in occurring], status
            ),
            "findings": listing.options(
                [("error", "Met een fout"), ("warning", "Met een signalering"), ("niets", "Niet aangeleverd")], finding
            ),
            "regions": listing.options([(item.code, str(item)) for item in regions], region),
            "is_active": bool(search or status or region or finding),
            "clear_url": reverse("round", args=[round.slug]) + "#aanbieders",
        },
        "is_open": "bladzijde" in request.GET,
        "pagination": pagination,
    }


def _row(submission: Submission, round: Round) -> dict[str, Any]:
    provider = submission.provider
    version = max(submission.versions.all(), key=lambda item: item.number, default=None)
    counts = []
    if version is not None:
        severities = [finding.severity for finding in version.findings.all()]
        for severity, one, more in (
            (Severity.ERROR, "fout", "fouten"),
            (Severity.WARNING, "signalering", "signaleringen"),
        ):
            if number := severities.count(severity):
                counts.append(f"{number} {one if number == 1 else more}")
    regions = dict.fromkeys(place.region.name for place in provider.locations.all() if place.region)
    return {
        "name": provider.name,
        "key": provider.key,
        "url": reverse("provider_submission", args=[round.slug, provider.uuid]) if version else None,
        "region": ", ".join(regions) or provider.area,
        "status_label": f"Opgegaan in {submission.merged_into.name}"
        if submission.merged_into
        else submission.get_status_display(),
        "delivered_at": version.submitted_at if version else None,
        "findings": ", ".join(counts),
    }
