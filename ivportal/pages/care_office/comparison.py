"""Zorgkantoor: two to six providers beside each other, and beside last year."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ivportal.pages.care_office.charts import in_order, rates_in_bandwidths
from ivportal.pages.care_office.rows import on_the_scale, ribbon_of, row_of, scale_of, sight_of
from ivportal.pages.rights import for_role
from ivportal.pages.scales import scale_ends
from providers.audit import record
from providers.measures import CATALOGUE
from providers.models import Act
from tariffs.agreements import label_of, place_of

FEWEST, MOST = 2, 6


@require_GET
@for_role("care_office")
def compare(request: Any) -> HttpResponse:
    """Show the chosen providers; those that are not in the own regions are as if they were not chosen.

    They stand in the order of the figure, numbered as there.
    """
    seen = sight_of(request.actor, request.GET.get("ronde"))
    wanted = list(dict.fromkeys(request.GET.getlist("aanbieder")))
    standings = [one for one in seen.standings if str(one.provider.uuid) in wanted] if seen else []
    context: dict[str, Any] = {"rows": [], "fewest": FEWEST, "most": MOST, "back_url": reverse("bandwidths")}
    if seen is not None:
        context["back_url"] += f"?ronde={seen.round.slug}"
        context |= {
            "round": seen.round,
            "tariff_year": seen.tariff_year,
            "too_many": len(standings) > MOST,
            "guide": seen.guide,
            "ribbon": ribbon_of(seen.round, standings or seen.standings),
        }
    if seen is not None and FEWEST <= len(standings) <= MOST:
        rows = in_order([row_of(one, seen) for one in standings])
        ends = scale_ends(on_the_scale(rows, seen.guide))
        for row in rows:
            row["scale"] = scale_of(row, ends)
        context |= {
            "rows": rows,
            "has_last": any(row["last"] for row in rows),
            "scale_from": ends[0],
            "scale_to": ends[1],
            "profiles": _profiles(rows),
            "figure": rates_in_bandwidths(
                rows,
                guide=seen.guide.share if seen.guide else None,
                identifier="vergelijking",
                title=_finding(rows),
            ),
        }
        record(act=Act.BANDWIDTHS_READ, actor=request.actor, subject=f"{seen.round}: vergelijking van {len(rows)}")
    return render(request, "tariffs/care_office/comparison.html", context)


def _finding(rows: list[dict[str, Any]]) -> str:
    shown = [row for row in rows if row["lower_rate"] is not None]
    if len(shown) == 1:
        return f"Alleen {shown[0]['name']} heeft een bandbreedte"
    lowest = max((row["lower_rate"] for row in shown), default=Decimal(0))
    highest = min((row["upper_rate"] for row in shown), default=Decimal(0))
    if lowest <= highest:
        return "De bandbreedtes overlappen elkaar"
    return "De bandbreedtes overlappen elkaar niet allemaal"


def _profiles(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row per product with the tariffs of each provider, in the order of the columns."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for number, row in enumerate(rows):
        for facts in row["standing"].products:
            cell = {name: Decimal(facts[name]) for name in ("lower", "upper", "maximum_tariff")}
            found.setdefault(facts["product"], {})[number] = cell | {"name": row["name"]}
    known = [code for code in found if code in CATALOGUE]
    return [
        {
            "label": label_of(code),
            "maximum": max(cell["maximum_tariff"] for cell in found[code].values()),
            "cells": [found[code].get(number, {"name": row["name"]}) for number, row in enumerate(rows)],
        }
        for code in sorted(known, key=place_of)
    ]
