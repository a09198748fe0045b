"""*Uw spiegel*: where a provider stands, from the report that was released to it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ivportal.pages.ribbon import ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.scales import bandwidth_bar, rate_scale, scale_ends
from providers.audit import record
from providers.measures import CATALOGUE
from providers.models import Act, Round
from tariffs.models import MirrorReport


@require_GET
@for_role("provider")
def mirror(request: Any, report: Any = None) -> HttpResponse:
    """Show the newest report of the provider, or the one asked for."""
    found = (
        MirrorReport.objects.visible_to(request.actor)
        .select_related("release__round", "provider")
        .order_by("-release__round__book_year", "-version", "-pk")
    )
    shown = found.first() if report is None else get_object_or_404(found, uuid=report)
    record(act=Act.MIRROR_READ, actor=request.actor, subject=str(shown) if shown else "Nog geen spiegel")
    if shown is None:
        return render(request, "tariffs/mirror_empty.html", {"provider": request.actor.mandate.provider})
    return render(request, "tariffs/mirror.html", context_of(shown, list(found)))


def context_of(report: MirrorReport, all_reports: list[MirrorReport]) -> dict[str, Any]:
    """Return what ``tariffs/mirror.html`` shows, from nothing but the released content."""
    content, round = report.content, report.release.round
    context: dict[str, Any] = {
        "ribbon": ribbon(round=round, release=report.release),
        "provider": {"name": report.provider.name, "key": report.provider.shown_key},
        "round": {
            "name": round.title,
            "book_year": round.book_year,
            "currency": round.currency,
            "url": reverse("own_submission", args=[round.slug]),
        },
        "others": [
            {
                "label": f"boekjaar {other.release.round.book_year}, versie {other.version}",
                "url": reverse("mirror_report", args=[other.uuid]),
                "current": other.pk == report.pk,
            }
            for other in all_reports
        ],
        "next_action": None,
        "participation": {
            "takes_part": "costs" in content,
            "reasons": content["reasons"],
            "next_step": "Klopt dit niet? Bekijk uw aanlevering en neem contact op met de NZa.",
        },
        "provenance": {
            **content["provenance"],
            "computed_at": datetime.fromisoformat(content["provenance"]["computed_at"]),
        },
        "actions": [
            {
                "title": "Controleer uw cijfers",
                "text": "Elk getal dat u aanleverde, met de cel waar het vandaan komt en wat de controles ervan vonden.",
                "url": reverse("own_submission", args=[round.slug]),
                "link": "Bekijk uw aanlevering",
            }
        ],
    }
    if "costs" in content:
        context |= _outcome(content, round)
    return context


def _outcome(content: dict[str, Any], round: Round) -> dict[str, Any]:
    own, minimum, maximum = (Decimal(content["costs"][name]) for name in ("own", "minimum", "maximum"))
    difference = own - minimum
    position = "lowest" if difference <= 0 else "within" if own <= maximum else "above"
    return {
        "costs": {
            "own": own,
            "minimum": minimum,
            "maximum": maximum,
            "difference": difference,
            "difference_ratio": difference / own,
            "markup": Decimal(content["markup"]),
            "position": position,
            "allowances": Decimal(content["costs"]["allowances"]),
        },
        "certainty": None,
        "cautions": content["cautions"],
        "bar": bandwidth_bar(
            own=own, minimum=minimum, maximum=maximum, currency=round.currency, book_year=round.book_year
        ),
        "score": Decimal(content["score"]),
        "tariff": _tariff(content),
        "drivers": None,
        "peers": content["peers"],
        "peer_figure": content["peer_figure"],
        "peer_figure_reason": (
            "In deze ronde is er geen onderscheid tussen zorg met en zonder behandeling."
            " Daarom ontbreekt de figuur die dat laat zien."
        ),
        "changes": None,
    }


def _tariff(content: dict[str, Any]) -> dict[str, Any]:
    tariff = content["tariff"]
    if tariff["lower_rate"] is None:
        return {"is_available": False, "reason": tariff["reason"], "status_text": ""}
    lower, upper = Decimal(tariff["lower_rate"]), Decimal(tariff["upper_rate"])
    ends = scale_ends([lower, upper])
    return {
        "is_available": True,
        "year": tariff["year"],
        "lower_rate": lower,
        "upper_rate": upper,
        "status_text": tariff["reason"],
        "scale_from": ends[0],
        "scale_to": ends[1],
        "source": tariff["source"],
        "products": [
            {
                "label": CATALOGUE[product["product"]].label.removeprefix("Dagen "),
                "description": "",
                "days": Decimal(product["days"]),
                "maximum_tariff": Decimal(product["maximum_tariff"]),
                "lower": Decimal(product["lower"]),
                "upper": Decimal(product["upper"]),
                "scale": rate_scale(
                    lower=Decimal(product["lower"]) / Decimal(product["maximum_tariff"]),
                    upper=Decimal(product["upper"]) / Decimal(product["maximum_tariff"]),
                    ends=ends,
                ),
            }
            for product in sorted(tariff["products"], key=lambda item: CATALOGUE[item["product"]].order)
        ],
    }
