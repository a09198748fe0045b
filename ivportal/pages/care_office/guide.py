"""Zorgkantoor: the guide percentage of a year."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ivportal.pages.care_office.forms import GuideForm
from ivportal.pages.rights import for_role
from providers.formatting import format_percent
from providers.models import Round
from providers.refusal import Refused
from tariffs import agreements, standings
from tariffs.models import GuidePercentage


@require_http_methods(["GET", "HEAD", "POST"])
@for_role("care_office")
def guide(request: Any) -> HttpResponse:
    """Show the guide percentage of a year with its form, or set it. A year without any bandwidth to see is a 404."""
    written = request.GET.get("jaar", "")
    known = standings.newest(request.actor).filter(tariff_year__isnull=False)
    years = sorted({year for year in known.values_list("tariff_year", flat=True) if year}, reverse=True)
    if not written and years:
        written = str(years[0])
    if written not in {str(year) for year in years}:
        raise Http404
    year = int(written)
    newest = Round.objects.filter(pk__in=known.filter(tariff_year=year).values("round")).order_by("-book_year").first()
    back = f"{reverse('bandwidths')}?ronde={newest.slug}" if newest else reverse("bandwidths")
    now = agreements.guide_of(request.actor, year)
    if request.method == "POST":
        form = GuideForm(request.POST)
        if form.is_valid():
            try:
                made = agreements.set_guide(
                    tariff_year=year,
                    share=form.cleaned_data["share"] / 100,
                    source=form.cleaned_data["source"],
                    actor=request.actor,
                )
            except Refused as refused:
                form.add_error("share", str(refused))
            else:
                said = format_percent(made.share, decimals=2)
                messages.success(request, f"Uw richtpercentage voor {year} is {said}.")
                return redirect(back)
    else:
        share = format_percent(now.share, decimals=2).removesuffix("%").strip() if now else ""
        form = GuideForm(initial={"share": share, "source": now.source if now else ""})
    earlier = GuidePercentage.objects.visible_to(request.actor).filter(tariff_year=year).select_related("set_by")
    return render(
        request,
        "tariffs/care_office/guide.html",
        {"form": form, "year": year, "years": years, "back_url": back, "earlier": earlier},
    )
