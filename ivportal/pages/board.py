"""NZa: who delivered in a round. Progress by region and status, and the list with its filters and who has to act now.

One page for rounds that providers deliver in the portal and for rounds that were read from files of a source. The number of
queries does not grow with the providers: everything about the rows of a page is fetched for the page at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from benchmarking.models import Result, Run
from ivportal.pages import listing
from ivportal.pages.concerns import CONCERNS, asks_exemption, concern, waits_for_signature, with_term
from ivportal.pages.outcomes import score_of
from providers import checks
from providers.models import (
    EDITABLE,
    CareOfficeRegion,
    Finding,
    Location,
    Provider,
    Round,
    Severity,
    StatusChange,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)

NOBODY, THE_NZA, THE_PROVIDER, THE_BOARD = "niemand", "NZa", "aanbieder", "bestuur van de aanbieder"


def is_delivered() -> Q:
    """Return the condition that a submission has a version and is not with the provider (again)."""
    return Q(Exists(SubmissionVersion.objects.filter(submission=OuterRef("pk")))) & ~Q(status__in=EDITABLE)


def has_finding(round: Round | None = None, **which: Any) -> Q:
    """Return the condition that the newest version of a submission has such a finding, and that it holds.

    Not a correlated condition: PostgreSQL would look at all findings for every submission, which takes seconds.
    """
    versions = SubmissionVersion.objects.filter(submission__round=round) if round else SubmissionVersion.objects.all()
    newest = versions.order_by("submission", "-number").distinct("submission").values("pk")
    found = Finding.objects.filter(version__in=newest, ended_at__isnull=True, **which)
    return Q(pk__in=found.values("version__submission"))


def who_acts(submission: Submission, *, is_asking: bool, is_signing: bool) -> str:
    """Return who has to do something now, in words."""
    if submission.merged_into_id is not None:
        return NOBODY
    if is_asking:
        return f"{THE_NZA} (ontheffing)"
    if submission.status in EDITABLE:
        return THE_BOARD if is_signing else THE_PROVIDER
    if submission.status in (SubmissionStatus.SUBMITTED, SubmissionStatus.IN_REVIEW):
        return THE_NZA
    return NOBODY


def board(request: Any, round: Round, *, run: Run | None) -> dict[str, Any]:
    """Return totals, progress by region and status, and the list with its filters, scored by ``run``."""
    now = timezone.now()
    everyone = Submission.objects.visible_to(request.actor).filter(round=round)
    filters = _filters(request.GET, round)
    chosen = _filtered(everyone, round, filters, now)
    page, pagination = listing.paginate(
        with_term(chosen)
        .select_related("provider", "merged_into")
        .annotate(
            version=Subquery(
                SubmissionVersion.objects.filter(submission=OuterRef("pk")).order_by("-number").values("pk")[:1],
                output_field=IntegerField(),
            ),
            delivered_at=Subquery(
                SubmissionVersion.objects.filter(submission=OuterRef("pk"))
                .order_by("-number")
                .values("submitted_at")[:1]
            ),
            is_asking=asks_exemption(),
            is_signing=waits_for_signature(),
        )
        .order_by("provider__name", "provider__key"),
        request.GET,
    )
    counts = everyone.aggregate(
        everybody=Count("pk"),
        delivered=Count("pk", filter=is_delivered()),
        left_out=Count("pk", filter=Q(merged_into__isnull=False) | Q(status=SubmissionStatus.EXEMPT)),
        with_errors=Count("pk", filter=has_finding(round, severity=Severity.ERROR)),
        with_warnings=Count("pk", filter=has_finding(round, severity=Severity.WARNING)),
    )
    by_status = {
        row["status"]: row["count"] for row in everyone.values("status").annotate(count=Count("pk")).order_by()
    }
    expected = counts["everybody"] - (counts["left_out"] if round.is_delivered_here else 0)
    regions = _regions(everyone)
    return {
        "is_here": round.is_delivered_here,
        "expected": expected,
        "exempt": by_status.get(SubmissionStatus.EXEMPT, 0),
        "delivered": counts["delivered"],
        "with_errors": counts["with_errors"],
        "with_warnings": counts["with_warnings"],
        "statuses": _statuses(round, by_status, counts["everybody"]),
        "regions": regions,
        "concerns": _concerns(everyone, round, now),
        "providers": _rows(page, round, run, now),
        "has_scores": run is not None,
        "filters": _shown_filters(filters, round, by_status, regions),
        "is_open": "bladzijde" in request.GET,
        "pagination": pagination,
    }


def _filters(query: Any, round: Round) -> dict[str, str]:
    names = ("zoek", "status", "regio", "bevinding", "regel", *(["aandacht"] if round.is_delivered_here else []))
    return dict(zip(names, listing.asked(query, *names), strict=True))


def _filtered(
    everyone: QuerySet[Submission], round: Round, filters: dict[str, str], now: datetime
) -> QuerySet[Submission]:
    chosen = everyone
    finding, search, rule = filters["bevinding"], filters["zoek"], filters["regel"]
    if finding in (Severity.ERROR, Severity.WARNING):
        chosen = chosen.filter(has_finding(round, severity=Severity(finding)))
    elif finding == "geen":
        serious = has_finding(round, severity__in=[Severity.ERROR, Severity.WARNING])
        chosen = chosen.filter(is_delivered(), ~serious)
    elif finding == "niets":
        chosen = chosen.exclude(is_delivered())
    if rule:
        chosen = chosen.filter(has_finding(round, rule=rule))
    if search:
        chosen = chosen.filter(Q(provider__name__icontains=search) | Q(provider__key__icontains=search))
    if filters["status"] in SubmissionStatus.values:
        chosen = chosen.filter(status=filters["status"])
    if filters["regio"]:
        chosen = chosen.filter(
            Exists(Provider.objects.filter(pk=OuterRef("provider_id"), locations__region__code=filters["regio"]))
        )
    if found := concern(filters.get("aandacht", "")):
        chosen = with_term(chosen).filter(found.condition(now))
    return chosen


def _shown_filters(
    filters: dict[str, str], round: Round, by_status: dict[str, int], regions: list[dict[str, Any]]
) -> dict[str, Any]:
    findings = [
        (Severity.ERROR.value, "Met een fout"),
        (Severity.WARNING.value, "Met een signalering"),
        ("geen", "Zonder fout of signalering"),
        ("niets", "Niet aangeleverd"),
    ]
    rule = checks.rules().get(filters["regel"])
    return {
        "search": filters["zoek"],
        "statuses": listing.options(
            [(value, text) for value, text in SubmissionStatus.choices if value in by_status], filters["status"]
        ),
        "findings": listing.options(findings, filters["bevinding"]),
        "regions": listing.options([(region["code"], region["name"]) for region in regions], filters["regio"]),
        "concerns": listing.options([(item.name, item.label) for item in CONCERNS], filters["aandacht"])
        if round.is_delivered_here
        else [],
        "rule": {"code": filters["regel"], "title": rule.title if rule else ""} if filters["regel"] else None,
        "is_active": any(filters.values()),
        "clear_url": reverse("round", args=[round.slug]) + "#aanbieders",
    }


def _statuses(round: Round, by_status: dict[str, int], everybody: int) -> list[dict[str, Any]]:
    """Return how many are in each status, in the order of the work; for a round of the portal only."""
    if not round.is_delivered_here:
        return []
    return [
        {"label": text, "count": by_status.get(value, 0), "of": everybody, "url": f"?status={value}#aanbieders"}
        for value, text in SubmissionStatus.choices
        if value in by_status
    ]


def _regions(everyone: QuerySet[Submission]) -> list[dict[str, Any]]:
    """Return progress by region; a provider with locations in more regions counts in each of them."""
    place = "provider__locations__region"
    counted = (
        everyone.filter(**{f"{place}__isnull": False})
        .values(place)
        .annotate(
            expected=Count(
                "pk", distinct=True, filter=Q(merged_into__isnull=True) & ~Q(status=SubmissionStatus.EXEMPT)
            ),
            everybody=Count("pk", distinct=True),
            delivered=Count("pk", distinct=True, filter=Q(versions__isnull=False) & ~Q(status__in=EDITABLE)),
            busy=Count("pk", distinct=True, filter=Q(status__in=[SubmissionStatus.DRAFT, SubmissionStatus.RETURNED])),
            done=Count("pk", distinct=True, filter=Q(status=SubmissionStatus.VALIDATED)),
        )
        .order_by()
    )
    counts = {row[place]: row for row in counted}
    return [
        {
            "code": item.code,
            "name": str(item),
            **{name: counts[item.pk][name] for name in ("delivered", "busy", "done")},
        }
        | {"expected": counts[item.pk]["expected"] or counts[item.pk]["everybody"]}
        for item in CareOfficeRegion.objects.filter(pk__in=counts)
    ]


def _concerns(everyone: QuerySet[Submission], round: Round, now: datetime) -> list[dict[str, Any]]:
    """Return what asks for attention, with how many providers and the list of them."""
    if not round.is_delivered_here:
        return []
    counts = with_term(everyone).aggregate(
        **{item.name.replace("-", "_"): Count("pk", filter=Q(item.condition(now))) for item in CONCERNS}
    )
    return [
        {"text": item.said(count), "url": f"?aandacht={item.name}#aanbieders", "is_urgent": item.is_urgent}
        for item in CONCERNS
        if (count := counts[item.name.replace("-", "_")])
    ]


def _rows(page: Sequence[Any], round: Round, run: Run | None, now: datetime) -> list[dict[str, Any]]:
    """Return the rows of one page of the list."""
    providers = [submission.provider_id for submission in page]
    results = {item.provider_id: item for item in Result.objects.filter(run=run, provider__in=providers)} if run else {}
    severities: dict[int, dict[str, int]] = {}
    for version, severity, count in (
        Finding.objects.filter(version__in=[item.version for item in page if item.version], ended_at__isnull=True)
        .values("version", "severity")
        .annotate(count=Count("pk"))
        .values_list("version", "severity", "count")
        .order_by()
    ):
        severities.setdefault(version, {})[severity] = count
    regions: dict[int, list[str]] = {}
    for provider, name in (
        Location.objects.filter(provider__in=providers, region__isnull=False)
        .order_by("provider", "number", "postcode")
        .values_list("provider", "region__name")
    ):
        if name not in regions.setdefault(provider, []):
            regions[provider].append(name)
    since = dict(
        StatusChange.objects.filter(submission__in=page)
        .order_by()
        .values("submission")
        .annotate(last=Max("at"))
        .values_list("submission", "last")
    )
    return [
        {
            "name": item.provider.name,
            "key": item.provider.key,
            "url": _address(item, round),
            "region": ", ".join(regions.get(item.provider_id, [])) or item.provider.area,
            "status_label": f"Opgegaan in {item.merged_into.name}" if item.merged_into else item.get_status_display(),
            "since": since.get(item.pk) or item.delivered_at,
            "delivered_at": item.delivered_at,
            "own_term": item.extended_until,
            "is_late": item.status in EDITABLE and not item.merged_into_id and bool(item.term) and now > item.term,
            "findings": _counted(severities.get(item.version, {})),
            "who_acts": who_acts(item, is_asking=item.is_asking, is_signing=item.is_signing),
            **score_of(results.get(item.provider_id)),
        }
        for item in page
    ]


def _address(submission: Any, round: Round) -> str | None:
    """Return where a row leads: the file of the provider, or the figures where those came from a source."""
    if round.is_delivered_here:
        return reverse("provider_file", args=[round.slug, submission.provider.uuid])
    if submission.version:
        return reverse("provider_submission", args=[round.slug, submission.provider.uuid])
    return None


def _counted(severities: dict[str, int]) -> str:
    words = ((Severity.ERROR, "fout", "fouten"), (Severity.WARNING, "signalering", "signaleringen"))
    return ", ".join(
        f"{number} {one if number == 1 else more}"
        for severity, one, more in words
        if (number := severities.get(severity))
    )
