"""NZa: which figures the portal has from other sources, and for whom they fill in a form."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ivportal.pages.rights import for_role
from providers.measures import CATALOGUE
from providers.models import (
    PORTAL,
    Act,
    AuditRecord,
    Round,
    RoundStatus,
    SourceFigure,
    Submission,
    SubmissionStatus,
)
from providers.other_sources import SOURCES

MOST_READINGS = 12


@require_GET
@for_role("nza")
def sources(request: Any) -> HttpResponse:
    """What was read when, per source, book year and measure; and what that saves the providers of each round."""
    return render(
        request,
        "providers/other_sources.html",
        {
            "figures": _figures(),
            "rounds": [row for round in _rounds() if (row := _filled_in(round))],
            "readings": _readings(),
            "sources": SOURCES.values(),
        },
    )


def _figures() -> list[dict[str, Any]]:
    counted = (
        SourceFigure.objects.order_by("source", "-book_year", "measure")
        .values("source", "book_year", "measure")
        .annotate(figures=Count("pk"), read_at=Max("read_at"))
    )
    return [{**row, "label": _label(row["measure"])} for row in counted]


def _rounds() -> list[Round]:
    """Return the rounds in which providers still fill in forms, or will."""
    return list(
        Round.objects.filter(source=PORTAL, status__in=[RoundStatus.DRAFT, RoundStatus.OPEN]).order_by(
            "-book_year", "slug"
        )
    )


def _filled_in(round: Round) -> dict[str, Any] | None:
    """Return for how many providers of a round a figure is there; ``None`` if for nobody."""
    status = {
        (scheme, key): status
        for scheme, key, status in Submission.objects.filter(round=round).values_list(
            "provider__key_scheme", "provider__key", "status"
        )
    }
    for_whom: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    known = SourceFigure.objects.filter(book_year=round.book_year, measure__in=round.measures)
    for scheme, key, measure, source in known.values_list("key_scheme", "key", "measure", "source"):
        if (scheme, key) in status:
            for_whom[measure, source].add((scheme, key))
    if not for_whom:
        return None
    order = {code: number for number, code in enumerate(round.measures)}
    return {
        "title": round.title,
        "url": reverse("manage_round", args=[round.slug]),
        "status_label": round.get_status_display(),
        "providers": len(status),
        "with_any": len(set().union(*for_whom.values())),
        "rows": [
            {
                "label": _label(measure),
                "source": source,
                "providers": len(whom),
                "not_begun": sum(status[one] == SubmissionStatus.NOT_STARTED for one in whom),
            }
            for (measure, source), whom in sorted(for_whom.items(), key=lambda item: (order[item[0][0]], item[0][1]))
        ],
    }


def _readings() -> list[dict[str, Any]]:
    """Return the last times that a source was read, newest first."""
    rows = []
    for item in AuditRecord.objects.filter(act=Act.SOURCE_READ).select_related("user").order_by("-pk")[:MOST_READINGS]:
        rows.append(
            {
                "at": item.at,
                "who": item.user.name if item.user else "de beheerder van het portaal",
                "source": item.subject,
                "years": ", ".join(str(year) for year in item.details.get("years", [])),
                "figures": item.details.get("figures", 0),
                "new": item.details.get("new", 0),
                "changed": item.details.get("changed", 0),
                "left_out": item.details.get("left_out", 0),
                "files": ", ".join(item.details.get("files", {})),
            }
        )
    return rows


def _label(code: str) -> str:
    return CATALOGUE[code].label if code in CATALOGUE else code
