"""Zorgkantoor: the bandwidths in its own regions, as a table and as a file. Never the costs beneath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from ivportal.pages import listing
from ivportal.pages.care_office.comparison import MOST
from ivportal.pages.care_office.export import workbook
from ivportal.pages.care_office.rows import Sight, on_the_scale, ribbon_of, rows_of, scale_of, sight_of
from ivportal.pages.rights import for_role
from ivportal.pages.scales import scale_ends
from providers.audit import record
from providers.models import Act, CareOfficeRegion
from tariffs.agreements import Fit
from tariffs.models import BandwidthStatus, ReportStatus
from tariffs.room import Place

COLUMNS = {
    "name": "Zorgaanbieder",
    "care_days": "Zorgdagen",
    "lower_rate": "Onderkant",
    "upper_rate": "Bovenkant",
    "agreed_rate": "Afspraak",
    "status": "Status",
}
#: What can be chosen of agreements, and of the place of the guide percentage.
AGREED = (
    ("ja", "Met een afspraak"),
    ("nee", "Zonder afspraak"),
    ("past-niet", "Afspraak past niet meer of ligt erbuiten"),
)
GUIDE = (
    ("binnen", "Ligt binnen de bandbreedte"),
    ("buiten", "Ligt erbuiten"),
    ("onder", "Ligt eronder"),
    ("boven", "Ligt erboven"),
)
_PLACES = {
    "binnen": (Place.WITHIN,),
    "buiten": (Place.BELOW, Place.ABOVE),
    "onder": (Place.BELOW,),
    "boven": (Place.ABOVE,),
}
FILTERS = ("zoek", "regio", "status", "bandbreedte", "afspraak", "richt")


@require_GET
@for_role("care_office")
def bandwidths(request: Any) -> HttpResponse:
    """Show the table of the newest round, filtered and sorted as asked."""
    office = request.actor.mandate.care_office
    seen = sight_of(request.actor, request.GET.get("ronde"))
    context: dict[str, Any] = {
        "office": {
            "name": office.name,
            "regions": [str(region) for region in CareOfficeRegion.objects.filter(care_office=office)],
        },
        "round": None,
        "total": 0,
    }
    if seen is not None:
        context |= _table(request, seen)
    record(act=Act.BANDWIDTHS_READ, actor=request.actor, subject=str(seen.round) if seen else "")
    return render(request, "tariffs/bandwidths.html", context)


def _chosen(request: Any, seen: Sight, everything: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return those of all rows that fit the filters, sorted, and the order for the heads of the table."""
    search, region, status, width, agreed, guide = listing.asked(request.GET, *FILTERS)
    word = search.casefold()
    rows = [
        row
        for row in everything
        if (not word or word in row["name_key"] or word in row["place"].casefold())
        and (region not in seen.own_codes or region in row["regions"])
        and (status not in ReportStatus.values or row["status"] == status)
        and (width not in BandwidthStatus.values or row["bandwidth_status"] == width)
        and _fits_agreed(row, agreed)
        and (guide not in _PLACES or (row["guide"] and row["guide"]["place"] in _PLACES[guide]))
    ]
    column, descending, order = listing.sorting(request.GET, COLUMNS, default="name")
    return sort_rows(rows, column, descending=descending), order


def _fits_agreed(row: dict[str, Any], wanted: str) -> bool:
    if wanted == "ja":
        return row["agreed"] is not None
    if wanted == "nee":
        return row["agreed"] is None
    if wanted == "past-niet":
        return row["agreed"] is not None and row["agreed"]["fit"] != Fit.FITS
    return True


def sort_rows(rows: list[dict[str, Any]], column: str, *, descending: bool) -> list[dict[str, Any]]:
    """Return rows sorted by ``column``, ties by name; rows without a value stay last either way."""
    by_name: Callable[[dict[str, Any]], str] = lambda row: row["name"].casefold()  # noqa: E731
    key = {"name": "name_key", "status": "status_label", "care_days": "size"}.get(column, column)
    filled = sorted((row for row in rows if row[key] is not None), key=by_name)
    filled.sort(key=lambda row: row[key], reverse=descending)
    return filled + sorted((row for row in rows if row[key] is None), key=by_name)


def _table(request: Any, seen: Sight) -> dict[str, Any]:
    everything = rows_of(seen)
    rows, order = _chosen(request, seen, everything)
    ends = scale_ends(on_the_scale(everything, seen.guide))
    page, pagination = listing.paginate(rows, request.GET)
    for row in page:
        row["scale"] = scale_of(row, ends)
    year = seen.tariff_year
    return {
        "ribbon": ribbon_of(seen.round, seen.standings),
        "round": {
            "name": seen.round.title,
            "slug": seen.round.slug,
            "book_year": seen.round.book_year,
            "tariff_year": year,
        },
        "care_days_label": f"Zorgdagen {seen.round.book_year}",
        "last_label": f"Vorig jaar ({year - 1})" if year and seen.earlier else "",
        "filters": _filters(request, seen, everything),
        "sort": order,
        "rows": page,
        "scale_from": ends[0],
        "scale_to": ends[1],
        "guide": seen.guide,
        "guide_url": f"{reverse('care_office_guide')}?jaar={year}" if year else None,
        "agreements_url": f"{reverse('agreements')}?ronde={seen.round.slug}" if year else None,
        "pagination": pagination,
        "total": len(seen.standings),
        "export_url": reverse("bandwidths_export") + listing.address(request.GET, bladzijde=None),
        "notes_url": reverse("bandwidths_export") + listing.address(request.GET, bladzijde=None, notities="ja")
        if seen.notes
        else None,
        "compare_url": reverse("compare_providers") if len(seen.standings) > 1 else None,
        "most": MOST,
    }


def _filters(request: Any, seen: Sight, everything: list[dict[str, Any]]) -> dict[str, Any]:
    search, region, status, width, agreed, guide = listing.asked(request.GET, *FILTERS)
    statuses = {one.status for one in seen.standings}
    widths = {row["bandwidth_status"]: row["bandwidth_label"] for row in everything}
    return {
        "search": search,
        "rounds": listing.options([(one.slug, one.title) for one in seen.rounds], seen.round.slug),
        "regions": listing.options([(item.code, str(item)) for item in seen.regions], region),
        "statuses": listing.options([item for item in ReportStatus.choices if item[0] in statuses], status),
        "widths": listing.options([(one, widths[one]) for one in BandwidthStatus if one in widths], width),
        "agreed": listing.options(AGREED, agreed),
        "guide": listing.options(GUIDE, guide) if seen.guide else [],
        "is_active": bool(search or region or status or width or agreed or guide),
        "clear_url": f"{reverse('bandwidths')}?ronde={seen.round.slug}",
    }


@require_GET
@for_role("care_office")
def export(request: Any) -> HttpResponse:
    """Download the same selection as a workbook; every row carries its status."""
    seen = sight_of(request.actor, request.GET.get("ronde"))
    rows = _chosen(request, seen, rows_of(seen))[0] if seen else []
    with_notes = request.GET.get("notities") == "ja"
    name = f"bandbreedtes-{'met-notities-' if with_notes else ''}{timezone.localdate():%Y-%m-%d}.xlsx"
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=name, details={"rows": len(rows)})
    return HttpResponse(
        workbook(rows, seen, with_notes=with_notes),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
