"""Describing a resource in OpenAPI: its answers, all the errors it can give, and the headers that come with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from ivportal.api.problems import KINDS, MEDIA_TYPE
from ivportal.api.shapes import Problem

#: Every resource can answer these.
ALWAYS: Final = (401, 403, 405, 406, 429, 500)
_VERSION: Final = OpenApiParameter(
    "API-Version", OpenApiTypes.STR, OpenApiParameter.HEADER, response=True, description="Volledige versie van de API."
)
_WAIT: Final = OpenApiParameter(
    "Retry-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    response=[429],
    description="Na zoveel seconden kan het weer.",
)
_BEARER: Final = OpenApiParameter(
    "WWW-Authenticate",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[401],
    description="Hoe u een sleutel meestuurt.",
)
ETAG: Final = OpenApiParameter(
    "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200], description="De stand, voor ‘If-Match’."
)
IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description='De ETag van de stand waarvan u uitgaat, bijvoorbeeld "3". Ontbreekt hij, dan is het antwoord 428.',
)
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Naam van deze verzending, 8 tot 80 tekens; verstuurt u hetzelfde opnieuw, gebruik dan dezelfde.",
)
LOCATION: Final = OpenApiParameter(
    "Location",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[200, 202],
    description="Waar u leest wat er van het bestand werd.",
)


def describe(
    name: str,
    summary: str,
    text: str,
    *,
    answers: Mapping[int, Any],
    errors: tuple[int, ...] = (),
    headers: tuple[OpenApiParameter, ...] = (),
    request: Any = None,
    tag: str,
) -> Callable[[Any], Any]:
    """Return a decorator for a method of a resource. ``name`` is its operation id."""
    responses: dict[Any, Any] = {
        status: OpenApiResponse(shape, description="Gelukt.") for status, shape in answers.items()
    }
    for status in sorted({*ALWAYS, *errors}):
        responses[status, MEDIA_TYPE] = OpenApiResponse(Problem, description=KINDS[status][1])
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=text,
        tags=[tag],
        request=request,
        responses=responses,
        parameters=[_VERSION, _WAIT, _BEARER, *headers],
    )
