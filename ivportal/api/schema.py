"""The description of the API in OpenAPI: for everybody, made once per process."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from ivportal.api.problems import HEADERS, plain


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description says that a key is needed."""

    target_class = "ivportal.api.authentication.KeyAuthentication"
    name = "sleutel"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the security scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Een sleutel die u in het portaal maakt, bij ‘Organisatie’, ‘Medewerkers’ of ‘Koppelingen’. Hij kan"
            " niet meer dan uw bevoegdheid.",
        }


@cache
def description() -> bytes:
    """Return the OpenAPI document."""
    from ivportal.api.urls import resources

    make: Any = SchemaGenerator
    found = make(patterns=resources).get_schema(request=None, public=True)
    for shape in found["components"]["schemas"].values():
        # Taken from our docstrings, which are English; the name and its members say it in this one.
        shape.pop("description", None)
    return bytes(OpenApiJsonRenderer().render(found))


def described() -> dict[str, Any]:
    """Return the OpenAPI document as a dictionary."""
    found: dict[str, Any] = json.loads(description())
    return found


@csrf_exempt
@login_not_required
def openapi(request: HttpRequest) -> HttpResponse:
    """Show the description. It is the same for everybody, and may be read from any page."""
    if request.method not in ("GET", "HEAD"):
        answer = plain(405, request.path)
        answer["Allow"] = "GET, HEAD"
        return answer
    return HttpResponse(
        description(),
        content_type="application/json",
        headers={**HEADERS, "Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"},
    )


@csrf_exempt
@login_not_required
def nowhere(request: HttpRequest, **_places: str) -> HttpResponse:
    """Answer for every address under /api/ that leads nowhere."""
    return plain(404, request.path)
