"""Bandwidths for a care office: the same rows as on its page, with the status in every one. Never the costs beneath."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from ivportal.api import shapes
from ivportal.api.described import describe
from ivportal.api.problems import Refusal
from ivportal.api.representation import text_of
from ivportal.api.resource import Resource
from ivportal.pages.care_office.rows import Sight, rows_of, sight_of
from providers.audit import record
from providers.models import Act, Role
from tariffs.agreements import label_of, terms_of

BANDWIDTHS: Final = "Bandbreedtes"
_ROUND: Final = OpenApiParameter(
    "round", OpenApiTypes.STR, description="Korte naam van een ronde; zonder dit filter de nieuwste die u mag zien."
)


class BandwidthList(Resource):
    """``bandbreedtes``."""

    roles = frozenset({Role.CARE_OFFICE})

    @describe(
        "bandbreedtes_lijst",
        "Bandbreedtes in uw regio",
        "Voor een zorgkantoor: elke aanbieder met een locatie in de eigen regio, met bandbreedte, status en de eigen afspraak."
        " Dat u dit las wordt vastgelegd.",
        answers={200: shapes.Bandwidths},
        errors=(400, 404),
        headers=(_ROUND,),
        tag=BANDWIDTHS,
    )
    def get(self, request: Any) -> Response:
        """Return the bandwidths of a round; that they were read is recorded."""
        query = request.query_params
        if unknown := sorted(set(query) - {"round"}):
            raise Refusal(400, f"Het filter ‘{unknown[0][:40]}’ kennen wij niet. U kunt kiezen uit: round.")
        slug = query.get("round")
        seen = sight_of(request.actor, slug)
        if slug and (seen is None or seen.round.slug != slug):
            raise Http404
        record(act=Act.BANDWIDTHS_READ, actor=request.actor, subject=f"{seen.round if seen else ''} (koppeling)")
        return Response(_answer(seen))


def _answer(seen: Sight | None) -> dict[str, Any]:
    if seen is None:
        return {
            "round": None,
            "book_year": None,
            "tariff_year": None,
            "is_fictitious": None,
            "guide_share": None,
            "results": [],
        }
    return {
        "round": seen.round.slug,
        "book_year": seen.round.book_year,
        "tariff_year": seen.tariff_year,
        "is_fictitious": seen.round.is_fictitious,
        "guide_share": None if seen.guide is None else text_of(seen.guide.share),
        "results": [_row(row, seen) for row in rows_of(seen)],
    }


def _row(row: dict[str, Any], seen: Sight) -> dict[str, Any]:
    standing = row["standing"]
    size = row["size"]
    return {
        "provider": {"key_scheme": row["key_scheme"], "key": row["key"], "name": row["name"]},
        "regions": row["regions"],
        "status": standing.status,
        "status_label": row["status_label"],
        "since": standing.since,
        "care_days_class": None if size is None else {"at_least": size.at_least, "below": size.below},
        "bandwidth_status": standing.bandwidth_status,
        "bandwidth_status_label": row["bandwidth_label"],
        "lower_rate": text_of(row["lower_rate"]),
        "upper_rate": text_of(row["upper_rate"]),
        "products": [
            {
                "product": facts["product"],
                "label": label_of(facts["product"]),
                "lower": facts["lower"],
                "upper": facts["upper"],
                "maximum_tariff": facts["maximum_tariff"],
            }
            for facts in standing.products
        ],
        "agreement": _agreement(row, seen),
    }


def _agreement(row: dict[str, Any], seen: Sight) -> dict[str, Any] | None:
    found = seen.agreed.get(row["standing"].provider_id)
    if found is None:
        return None
    terms = terms_of(found)
    return {
        "number": found.number,
        "agreed_on": found.agreed_on,
        "rate": None if terms.rate is None else text_of(terms.rate),
        "products": [{"product": product, "amount": text_of(amount)} for product, amount in terms.amounts.items()],
        "fit": row["agreed"]["fit"],
        "fit_label": row["agreed"]["fit_label"],
        "reason": found.reason,
    }
