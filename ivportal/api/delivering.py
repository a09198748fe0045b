"""Delivering by another system: what stands in the own delivery, saving figures, offering them to be signed, the receipt."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from ivportal.api import shapes
from ivportal.api.bodies import etag, number_in
from ivportal.api.described import ETAG, IF_MATCH, describe
from ivportal.api.documents import changes_of
from ivportal.api.problems import Refusal
from ivportal.api.representation import (
    delivery_of,
    differences,
    document_of,
    findings_now,
    measure_of,
    receipt_document,
)
from ivportal.api.resource import Resource
from ivportal.pages.delivering.lookup import Desk, desk_of
from providers import drafts, signing, uploads
from providers.audit import record
from providers.drafts import Comparison
from providers.models import Act, How, Power, RoundStatus, SubmissionVersion

DELIVERING: Final = "Aanleveren"
SLUG: Final = OpenApiParameter("slug", OpenApiTypes.STR, OpenApiParameter.PATH, description="Korte naam van de ronde.")


def own_desk(request: Any, slug: str) -> Desk:
    """Return the own submission in a round that is delivered here and has begun to exist for providers; else 404."""
    desk = desk_of(request, slug)
    round = desk.submission.round
    if not round.is_delivered_here or round.status == RoundStatus.DRAFT:
        raise Http404
    return desk


def stale(number: int) -> Refusal:
    """Return the refusal of a change that is based on another state than the one there is."""
    return Refusal(412, extra={"etag": etag(number)})


def _answer(desk: Desk) -> Response:
    return Response(delivery_of(desk), headers={"ETag": etag(desk.number)})


class OwnDelivery(Resource):
    """``rondes/{slug}/aanlevering``."""

    @describe(
        "aanlevering_lees",
        "Uw aanlevering",
        "Status, termijn, cijfers met hun cel en bron, toelichtingen, locaties en de bevindingen van nu. Dat u dit las wordt"
        " vastgelegd.",
        answers={200: shapes.Delivery},
        errors=(404,),
        headers=(SLUG, ETAG),
        tag=DELIVERING,
    )
    def get(self, request: Any, slug: str) -> Response:
        """Return the own delivery; that it was read is recorded."""
        desk = own_desk(request, slug)
        record(act=Act.SUBMISSION_READ, actor=request.actor, subject=str(desk.submission))
        return _answer(desk)


class Template(Resource):
    """``rondes/{slug}/sjabloon``."""

    @describe(
        "sjabloon_lees",
        "Wat er gevraagd wordt",
        "Elk cijfer dat deze ronde vraagt: code, naam, eenheid, omschrijving en grenzen.",
        answers={200: shapes.Template},
        errors=(404,),
        headers=(SLUG,),
        tag=DELIVERING,
    )
    def get(self, request: Any, slug: str) -> Response:
        """Return what is asked."""
        form = uploads.form_for(own_desk(request, slug).submission)
        return Response(
            {
                "round": form.round_slug,
                "template": form.template,
                "measures": [measure_of(measure) for measure in form.asked()],
            }
        )


class Data(Resource):
    """``rondes/{slug}/aanlevering/gegevens``: the document itself."""

    powers = {"PUT": Power.DELIVER}
    with_body = frozenset({"PUT"})

    @describe(
        "gegevens_lees",
        "De gegevens",
        "Alleen wat er in de opgeslagen stand staat, in de vorm waarin u het terugstuurt. Dat u dit las wordt vastgelegd.",
        answers={200: shapes.Document},
        errors=(404,),
        headers=(SLUG, ETAG),
        tag=DELIVERING,
    )
    def get(self, request: Any, slug: str) -> Response:
        """Return the document; that it was read is recorded."""
        desk = own_desk(request, slug)
        record(act=Act.SUBMISSION_READ, actor=request.actor, subject=str(desk.submission))
        return Response(document_of(desk.submission, desk.contents), headers={"ETag": etag(desk.number)})

    @describe(
        "gegevens_bewaar",
        "Gegevens opslaan",
        "Slaat de gegevens op als nieuwe stand en zegt meteen wat de controles vinden. Alle cijfers van het sjabloon staan erin;"
        " een cijfer dat geen getal is wordt leeg, met een fout (IV-L-010) die eerst hersteld moet worden."
        " Toelichtingen, opmerkingen, organisatie en locaties die u weglaat blijven zoals ze zijn. Ten hoogste 2 MB. Sloeg"
        " iemand anders intussen iets op, dan is het antwoord 412, met per gegeven het uwe en het hunne; er wordt dan niets"
        " opgeslagen. Verstuurt u hetzelfde nog eens, dan verandert er niets.",
        answers={200: shapes.Delivery},
        errors=(400, 404, 409, 411, 412, 413, 415, 422, 428),
        headers=(SLUG, IF_MATCH, ETAG),
        request=shapes.SentDocument,
        tag=DELIVERING,
    )
    def put(self, request: Any, slug: str) -> Response:
        """Save the document as the next state."""
        desk = own_desk(request, slug)
        number = number_in(request)
        if desk.closed_because:
            raise Refusal(409, desk.closed_because)
        changes, found = changes_of(request.data, desk)
        if number > desk.number:
            raise stale(desk.number)
        try:
            drafts.save(
                submission=desk.submission,
                changes=changes,
                based_on=number,
                actor=request.actor,
                how=How.API,
                by=found,
                key=request.auth.start,
            )
        except Comparison as overtaken:
            refusal = stale(overtaken.newest.number)
            refusal.extra["differences"] = differences(overtaken)
            raise refusal from None
        return _answer(own_desk(request, slug))


class Offer(Resource):
    """``rondes/{slug}/aanlevering/voorleggen``."""

    powers = {"POST": Power.DELIVER}

    @describe(
        "aanlevering_leg_voor",
        "Ter ondertekening voorleggen",
        "Legt de stand voor aan wie namens het bestuur mag tekenen; die krijgt bericht. Ondertekenen en indienen kan alleen in"
        " het portaal, door iemand die zelf geen gegevens invulde. Staan er nog fouten, of signaleringen zonder toelichting,"
        " dan is het antwoord 409 met die bevindingen. Twee keer voorleggen is één keer.",
        answers={200: shapes.Offered},
        errors=(400, 404, 409, 412, 428),
        headers=(SLUG, IF_MATCH, ETAG),
        tag=DELIVERING,
    )
    def post(self, request: Any, slug: str) -> Response:
        """Offer the saved state to be signed."""
        desk = own_desk(request, slug)
        number = number_in(request)
        if desk.closed_because:
            raise Refusal(409, desk.closed_because)
        if number != desk.number:
            raise stale(desk.number)
        in_the_way = [item for item in findings_now(desk) if item["stands_in_the_way"]]
        if desk.is_filled and in_the_way:
            raise Refusal(
                409,
                "Er zijn nog fouten, of signaleringen zonder toelichting. Verbeter ze of licht ze toe, en leg daarna voor.",
                extra={"findings": in_the_way},
            )
        asked = signing.offer(submission=desk.submission, draft_number=number, actor=request.actor)
        return Response(
            {
                "number": asked.draft.number,
                "asked_at": asked.asked_at,
                "asked_by": asked.asked_by.name,
                "signatories": desk.signatories,
            },
            headers={"ETag": etag(number)},
        )


class Receipt(Resource):
    """``ontvangsten/{uuid}``."""

    @describe(
        "ontvangst_lees",
        "Ontvangstbevestiging",
        "Wat u indiende, wie tekende en de controlegetallen (SHA-256) van het ondertekende document en de bestanden.",
        answers={200: shapes.Receipt},
        errors=(404,),
        headers=(
            OpenApiParameter("version", OpenApiTypes.UUID, OpenApiParameter.PATH, description="Kenmerk van de versie."),
        ),
        tag=DELIVERING,
    )
    def get(self, request: Any, version: Any) -> Response:
        """Return a receipt."""
        found = get_object_or_404(
            SubmissionVersion.objects.visible_to(request.actor).select_related(
                "submission__round", "submission__provider", "source_file", "statement__signed_by"
            ),
            uuid=version,
            statement__isnull=False,
        )
        return Response(receipt_document(found))
