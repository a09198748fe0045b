"""Zorgkantoor: the released bandwidths in its own regions, as a table and as a file. Never the costs beneath."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from ivportal.pages import listing
from ivportal.pages.ribbon import ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.scales import rate_scale, scale_ends
from providers.audit import record
from providers.formatting import format_date
from providers.models import Act, CareOfficeRegion
from tariffs.models import Bandwidth, BandwidthStatus, Release

COLUMNS = {
    "name": "Zorgaanbieder",
    "care_days": "Zorgdagen",
    "lower_rate": "Onderkant",
    "upper_rate": "Bovenkant",
    "status": "Bandbreedte",
}
NO_RATE = {
    BandwidthStatus.NO_SCORE: "Doet niet mee in de vergelijking.",
    BandwidthStatus.NO_TABLE: "Geen tarief: voor deze ronde is geen tarieftabel.",
    BandwidthStatus.NO_TARIFF: "Geen tarief: een maximumtarief ontbreekt.",
    BandwidthStatus.NO_REFERENCE: "Geen tarief: geen zorgdagen met een maximumtarief.",
    BandwidthStatus.MIXED_TABLE: "Geen tarief: de tarieftabel is niet eenduidig.",
}
#: Decimals of a rate that leaves the building: 0.1 %.
RATE_DECIMALS = 3
NOTES = {
    BandwidthStatus.ABOVE_CAP: "De bandbreedte is één punt: het maximumtarief.",
}


@require_GET
@for_role("care_office")
def bandwidths(request: Any) -> HttpResponse:
    """Show the table of the newest release, filtered and sorted as asked."""
    office = request.actor.mandate.care_office
    regions = list(CareOfficeRegion.objects.filter(care_office=office))
    releases = _releases(request)
    release = _chosen_release(request, releases)
    context: dict[str, Any] = {
        "office": {"name": office.name, "regions": [str(region) for region in regions]},
        "round": None,
        "total": 0,
    }
    if release is not None:
        context |= _table(request, release, regions)
        context["filters"]["rounds"] = listing.options(
            [(item.round.slug, item.round.title) for item in releases], release.round.slug
        )
    record(act=Act.BANDWIDTHS_READ, actor=request.actor, subject=str(release.round) if release else "")
    return render(request, "tariffs/bandwidths.html", context)


def _releases(request: Any) -> list[Release]:
    """Return the newest release of every round in which this care office has a provider, newest book year first."""
    runs = Bandwidth.objects.visible_to(request.actor).values("run_id")
    found: dict[int, Release] = {}
    for release in Release.objects.filter(run_id__in=runs).select_related("round").order_by("-released_at", "-pk"):
        found.setdefault(release.round_id, release)
    return sorted(found.values(), key=lambda release: -release.round.book_year)


def _chosen_release(request: Any, releases: list[Release]) -> Release | None:
    wanted = request.GET.get("ronde")
    return next((release for release in releases if release.round.slug == wanted), releases[0] if releases else None)


def _visible(request: Any, release: Release) -> Any:
    return Bandwidth.objects.visible_to(request.actor).filter(run_id=release.run_id)


def _chosen(
    request: Any, release: Release, regions: list[CareOfficeRegion]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows that fit the filters, sorted, and the order for the heads of the table."""
    search, region, status = listing.asked(request.GET, "zoek", "regio", "status")
    found = _visible(request, release)
    own_codes = {item.code for item in regions}
    if search:
        found = found.filter(
            Q(provider__name__icontains=search) | Q(provider__locations__place__icontains=search)
        ).distinct()
    if region in own_codes:
        found = found.filter(provider__locations__region__code=region).distinct()
    if status in BandwidthStatus.values:
        found = found.filter(status=status)
    found = found.select_related("provider").prefetch_related("provider__locations__region", "products")
    rows = [_row(band, release, own_codes) for band in found]
    column, descending, order = listing.sorting(request.GET, COLUMNS, default="name")
    return sort_rows(rows, column, descending=descending), order


def sort_rows(rows: list[dict[str, Any]], column: str, *, descending: bool) -> list[dict[str, Any]]:
    """Return rows sorted by ``column``, ties by name; rows without a value stay last either way."""
    by_name: Callable[[dict[str, Any]], str] = lambda row: row["name"].casefold()  # noqa: E731
    key = {"name": "name_key", "status": "bandwidth_label"}.get(column, column)
    filled = sorted((row for row in rows if row[key] is not None), key=by_name)
    filled.sort(key=lambda row: row[key], reverse=descending)
    return filled + sorted((row for row in rows if row[key] is None), key=by_name)


def _row(band: Bandwidth, release: Release, own_codes: set[str]) -> dict[str, Any]:
    places = [place for place in band.provider.locations.all() if place.region and place.region.code in own_codes]
    status = BandwidthStatus(band.status)
    days = sum((product.days for product in band.products.all()), Decimal(0))
    return {
        "name": band.provider.name,
        "name_key": band.provider.name.casefold(),
        "key": band.provider.key,
        "url": None,
        "place": ", ".join(dict.fromkeys(place.place for place in places if place.place)),
        "region": ", ".join(dict.fromkeys(place.region.name for place in places if place.region)),
        "care_days": days or None,
        "lower_rate": band.lower_rate,
        "upper_rate": band.upper_rate,
        "reason": NO_RATE.get(status, ""),
        "status_label": release.get_status_display(),
        "bandwidth_label": status.label,
        "status_note": NOTES.get(status, ""),
        "agreement": None,
        "guide": "",
        "note": "",
    }


def _table(request: Any, release: Release, regions: list[CareOfficeRegion]) -> dict[str, Any]:
    rows, order = _chosen(request, release, regions)
    everyone = _visible(request, release)
    rates = [
        rate
        for pair in everyone.filter(lower_rate__isnull=False).values_list("lower_rate", "upper_rate")
        for rate in pair
    ]
    ends = scale_ends(rates)
    page, pagination = listing.paginate(rows, request.GET)
    for row in page:
        row["scale"] = (
            rate_scale(lower=row["lower_rate"], upper=row["upper_rate"], ends=ends)
            if row["lower_rate"] is not None
            else None
        )
    search, region, status = listing.asked(request.GET, "zoek", "regio", "status")
    return {
        "ribbon": ribbon(round=release.round, release=release),
        "round": {
            "name": release.round.title,
            "book_year": release.round.book_year,
            "tariff_year": release.tariff_year,
        },
        "care_days_label": f"Zorgdagen {release.round.book_year}",
        "filters": {
            "search": search,
            "region": region,
            "status": status,
            "regions": listing.options([(item.code, str(item)) for item in regions], region),
            "statuses": listing.options(BandwidthStatus.choices, status),
            "is_active": bool(search or region or status),
            "clear_url": reverse("bandwidths"),
        },
        "sort": order,
        "rows": page,
        "scale_from": ends[0],
        "scale_to": ends[1],
        "guide_rate": None,
        "pagination": pagination,
        "total": everyone.count(),
        "export_url": reverse("bandwidths_export") + listing.address(request.GET, bladzijde=None),
        "compare_url": None,
    }


@require_GET
@for_role("care_office")
def export(request: Any) -> HttpResponse:
    """Download the same selection as a workbook; every row carries its status."""
    release = _chosen_release(request, _releases(request))
    regions = list(CareOfficeRegion.objects.filter(care_office=request.actor.mandate.care_office))
    rows = _chosen(request, release, regions)[0] if release else []
    name = f"bandbreedtes-{timezone.localdate():%Y-%m-%d}.xlsx"
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=name, details={"rows": len(rows)})
    return HttpResponse(
        workbook(rows, release),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def workbook(rows: list[dict[str, Any]], release: Release | None) -> bytes:
    """Return the table as an XLSX workbook: text is written as text, so a name that looks like a formula stays a name."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Bandbreedtes")
        bold, percents, whole = (
            book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": "#,##0"})
        )  # fmt: skip
        fictitious = " FICTIEVE GEGEVENS." if release and release.round.is_fictitious else ""
        sheet.write_string(
            0, 0, f"{release.round.title if release else 'Geen ronde'}.{fictitious} Geen geldend tarief.", bold
        )
        if release:
            about = f"Boekjaar {release.round.book_year}, tariefjaar {release.tariff_year or 'geen'}, vrijgegeven op"
            sheet.write_string(1, 0, f"{about} {format_date(release.released_at)}. Percentages van het maximumtarief.")
        heads = (
            "Zorgaanbieder",
            "KvK-nummer",
            "Plaats in uw regio",
            "Uw regio",
            f"Zorgdagen {release.round.book_year if release else ''}, alle regio's",
            "Onderkant",
            "Bovenkant",
            "Bandbreedte",
            "Toelichting",
            "Status",
        )
        for column, head in enumerate(heads):
            sheet.write_string(3, column, head, bold)
        for line, row in enumerate(rows, start=4):
            for column, key in enumerate(("name", "key", "place", "region")):
                sheet.write_string(line, column, row[key])
            if row["care_days"] is not None:
                sheet.write_number(line, 4, float(row["care_days"]), whole)
            for column, key in ((5, "lower_rate"), (6, "upper_rate")):
                if row[key] is not None:
                    # As precise as the page: more decimals times the maximum tariffs would give away the costs.
                    sheet.write_number(line, column, float(round(row[key], RATE_DECIMALS)), percents)
            sheet.write_string(line, 7, row["bandwidth_label"])
            sheet.write_string(line, 8, row["reason"] or row["status_note"])
            sheet.write_string(line, 9, f"{row['status_label']}{', fictief' if fictitious else ''}")
        sheet.set_column(0, 0, 42)
        sheet.set_column(1, 9, 18)
        sheet.freeze_panes(4, 1)
    return file.getvalue()
