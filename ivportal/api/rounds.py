"""Rounds: for a provider those it delivers in, for the NZa all of them with who is where."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

from ivportal.api import shapes
from ivportal.api.described import describe
from ivportal.api.problems import Refusal
from ivportal.api.representation import round_of
from ivportal.api.resource import Resource
from ivportal.pages.board import has_finding, is_delivered
from ivportal.pages.concerns import is_late
from providers.models import (
    CareOfficeRegion,
    Finding,
    Location,
    Role,
    Round,
    RoundStatus,
    Severity,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)

ROUNDS: Final = "Rondes"
FINDINGS: Final = (Severity.ERROR.value, Severity.WARNING.value, "none")


def rounds_for(actor: Any) -> list[dict[str, Any]]:
    """Return the rounds this actor knows of, newest first."""
    if actor.role == Role.NZA:
        return [round_of(round) for round in Round.objects.all()]
    own = (
        Submission.objects.visible_to(actor)
        .exclude(round__status=RoundStatus.DRAFT)
        .select_related("round", "provider")
        .order_by("-round__book_year", "round__slug")
    )
    return [round_of(submission.round, submission) for submission in own]


class RoundList(Resource):
    """``rondes``."""

    roles = frozenset({Role.PROVIDER, Role.NZA})

    @describe(
        "rondes_lijst",
        "Rondes",
        "De rondes waarin uw organisatie aanlevert, met de eigen status en termijn. De NZa ziet alle rondes.",
        answers={200: shapes.Rounds},
        tag=ROUNDS,
    )
    def get(self, request: Any) -> Response:
        """Return the rounds."""
        return Response({"results": rounds_for(request.actor)})


class RoundItem(Resource):
    """``rondes/{slug}``."""

    roles = frozenset({Role.PROVIDER, Role.NZA})

    @describe(
        "rondes_lees",
        "Eén ronde",
        "Een ronde uit de lijst.",
        answers={200: shapes.RoundShape},
        errors=(404,),
        tag=ROUNDS,
    )
    def get(self, request: Any, slug: str) -> Response:
        """Return one round."""
        for round in rounds_for(request.actor):
            if round["slug"] == slug:
                return Response(round)
        raise Http404


class ByKey(CursorPagination):
    """By the key of the provider. The cursor holds that and nothing else."""

    ordering = ("sort_key", "uuid")
    page_size = 100
    max_page_size = 500
    page_size_query_param = "page_size"

    def decode_cursor(self, request: Any) -> Any:
        """Return where to go on. A cursor of somebody's own making is refused, whatever is in it."""
        cursor = super().decode_cursor(request)
        if cursor is not None and "\0" in str(cursor.position or ""):
            raise Refusal(400, "Deze ‘cursor’ gaven wij niet. Gebruik het adres in ‘next’ of ‘previous’.")
        return cursor


_FILTERS: Final = (
    OpenApiParameter("status", OpenApiTypes.STR, enum=SubmissionStatus.values, description="Alleen met deze status."),
    OpenApiParameter("region", OpenApiTypes.STR, description="Alleen met een locatie in deze zorgkantoorregio (55xx)."),
    OpenApiParameter(
        "finding",
        OpenApiTypes.STR,
        enum=FINDINGS,
        description="Alleen ingediend met een fout, met een signalering, of zonder een van beide.",
    ),
    OpenApiParameter("late", OpenApiTypes.BOOL, description="true: alleen wie te laat is."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="Uit ‘next’ of ‘previous’ van een vorig antwoord."),
    OpenApiParameter("page_size", OpenApiTypes.INT, description="Ten hoogste 500; gewoonlijk 100."),
)


class SubmissionList(Resource):
    """``rondes/{slug}/aanleveringen``: who is where."""

    roles = frozenset({Role.NZA})

    @describe(
        "aanleveringen_lijst",
        "Wie is waar in een ronde",
        "Voor de NZa: elke aanlevering met status, termijn, nieuwste versie en hoeveel bevindingen, zonder cijfers.",
        answers={200: shapes.FollowedSubmissions},
        errors=(400, 404),
        headers=_FILTERS,
        tag=ROUNDS,
    )
    def get(self, request: Any, slug: str) -> Response:
        """Return a page of submissions."""
        round = get_object_or_404(Round, slug=slug)
        everyone = Submission.objects.visible_to(request.actor).filter(round=round)
        paginator = ByKey()
        page = paginator.paginate_queryset(_listed(_filtered(everyone, request.query_params)), request, view=self)
        return Response(
            {
                "results": _rows(list(page or ())),
                "next": paginator.get_next_link(),
                "previous": paginator.get_previous_link(),
            }
        )


def _filtered(everyone: QuerySet[Submission], query: Any) -> QuerySet[Submission]:
    """Return those that were asked for. Raises a :class:`Refusal` for a filter that does not exist."""
    known = {parameter.name for parameter in _FILTERS}
    if unknown := sorted(set(query) - known):
        raise Refusal(
            400, f"Het filter ‘{unknown[0][:40]}’ kennen wij niet. U kunt kiezen uit: {', '.join(sorted(known))}."
        )
    chosen = everyone.annotate(term=Coalesce("extended_until", "round__deadline"))
    if status := query.get("status"):
        _require(status in SubmissionStatus.values, "status")
        chosen = chosen.filter(status=status)
    if region := query.get("region"):
        _require(CareOfficeRegion.objects.filter(code=region.replace("\0", "")).exists(), "region")
        chosen = chosen.filter(Exists(Location.objects.filter(provider=OuterRef("provider_id"), region__code=region)))
    if finding := query.get("finding"):
        _require(finding in FINDINGS, "finding")
        serious = has_finding(severity__in=[Severity.ERROR, Severity.WARNING])
        chosen = (
            chosen.filter(is_delivered(), ~serious)
            if finding == "none"
            else chosen.filter(has_finding(severity=Severity(finding)))
        )
    if late := query.get("late"):
        _require(late in ("true", "false"), "late")
        if late == "true":
            chosen = chosen.filter(is_late(timezone.now()))
    return chosen


def _require(is_right: bool, name: str) -> None:
    if not is_right:
        raise Refusal(400, f"De waarde van het filter ‘{name}’ bestaat niet.")


def _listed(chosen: QuerySet[Submission]) -> QuerySet[Submission]:
    newest = SubmissionVersion.objects.filter(submission=OuterRef("pk")).order_by("-number")
    return chosen.select_related("provider", "round").annotate(
        sort_key=F("provider__key"),
        newest=Subquery(newest.values("pk")[:1], output_field=IntegerField()),
        version_number=Subquery(newest.values("number")[:1], output_field=IntegerField()),
        delivered_at=Subquery(newest.values("submitted_at")[:1]),
    )


def _rows(page: list[Any]) -> list[dict[str, Any]]:
    late = set(
        Submission.objects.filter(pk__in=[item.pk for item in page])
        .annotate(term=Coalesce("extended_until", "round__deadline"))
        .filter(is_late(timezone.now()))
        .values_list("pk", flat=True)
    )
    counted = (
        Finding.objects.filter(version__in=[item.newest for item in page if item.newest], ended_at=None)
        .values("version")
        .annotate(
            errors=Count("pk", filter=Q(severity=Severity.ERROR)),
            warnings=Count("pk", filter=Q(severity=Severity.WARNING)),
        )
        .order_by()
    )
    counts = {row["version"]: (row["errors"], row["warnings"]) for row in counted}
    regions: dict[int, set[str]] = {}
    for provider, code in Location.objects.filter(
        provider__in=[item.provider_id for item in page], region__isnull=False
    ).values_list("provider", "region__code"):
        regions.setdefault(provider, set()).add(code)
    return [
        {
            "provider": {"key_scheme": item.provider.key_scheme, "key": item.provider.key, "name": item.provider.name},
            "regions": sorted(regions.get(item.provider_id, ())),
            "status": item.status,
            "status_label": item.get_status_display(),
            "is_merged": item.merged_into_id is not None,
            "deadline": item.deadline,
            "is_late": item.pk in late,
            "version": item.version_number,
            "delivered_at": item.delivered_at,
            "errors": counts.get(item.newest, (0, 0))[0],
            "warnings": counts.get(item.newest, (0, 0))[1],
        }
        for item in page
    ]
