"""Zorgkantoor: what was agreed against the bandwidths, and what is left to do. Numbers of providers, never euros."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ivportal.pages import listing
from ivportal.pages.care_office.charts import rates_in_bandwidths
from ivportal.pages.care_office.rows import ribbon_of, rows_of, sight_of
from ivportal.pages.rights import for_role
from providers.audit import record
from providers.models import Act
from tariffs.agreements import Fit, rule_of


@require_GET
@for_role("care_office")
def overview(request: Any) -> HttpResponse:
    """Show which providers of the own regions have an agreement, and whether it fits what holds now."""
    seen = sight_of(request.actor, request.GET.get("ronde"))
    context: dict[str, Any] = {"office": request.actor.mandate.care_office.name, "round": None}
    if seen is not None:
        rows = rows_of(seen)
        agreed = [row for row in rows if row["agreed"]]
        attention = [row for row in agreed if row["agreed"]["fit"] != Fit.FITS]
        open_ = [row for row in rows if not row["agreed"] and not row["why_not"]]
        waiting = [row for row in rows if not row["agreed"] and row["why_not"]]
        context |= {
            "ribbon": ribbon_of(seen.round, seen.standings),
            "round": seen.round,
            "tariff_year": seen.tariff_year,
            "rounds": listing.options([(one.slug, one.title) for one in seen.rounds], seen.round.slug),
            "rule": rule_of(seen.policy),
            "counts": {
                "all": len(rows),
                "agreed": len(agreed),
                "open": len(open_),
                "open_words": _how_firm(open_),
                "waiting": len(waiting),
                "outside": sum(row["agreed"]["fit"] == Fit.OUTSIDE for row in agreed),
                "no_longer": sum(row["agreed"]["fit"] == Fit.NO_LONGER for row in agreed),
            },
            "attention": attention,
            "open": open_,
            "waiting": waiting,
            "agreed": agreed,
            "figure": rates_in_bandwidths(
                rows,
                guide=seen.guide.share if seen.guide else None,
                identifier="afspraken-in-bandbreedtes",
                title=_finding(len(agreed), len(rows)),
            ),
            "table_url": f"{reverse('bandwidths')}?ronde={seen.round.slug}",
        }
    record(act=Act.BANDWIDTHS_READ, actor=request.actor, subject=f"Afspraken, {seen.round}" if seen else "Afspraken")
    return render(request, "tariffs/care_office/agreements.html", context)


def _how_firm(rows: list[dict[str, Any]]) -> str:
    """Say what the bandwidths rest on within which nothing was agreed yet."""
    counted = Counter(row["firmness"] for row in rows)
    if len(counted) > 1:
        return "; ".join(f"{count} {words}" for words, count in counted.items())
    return next(iter(counted), "")


def _finding(agreed: int, everyone: int) -> str:
    if not agreed:
        return "U legde nog geen afspraak vast"
    return f"Met {agreed} van de {everyone} aanbieders heeft u een afspraak"
