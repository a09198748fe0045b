"""Errors as ``application/problem+json`` (RFC 9457): what is wrong, where in the document, and what to do.

Every status has one ``type``, a URN that stays the same; people read ``title`` and ``detail``.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from providers.refusal import Refused

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
VERSION: Final = "1.0.0"
#: With every answer of the API, also with an error.
HEADERS: Final[Mapping[str, str]] = {"API-Version": VERSION, "Cache-Control": "no-store"}

#: Status → the last word of its type, its title, and what is said if nothing better is known.
KINDS: Final[Mapping[int, tuple[str, str, str]]] = {
    400: ("onleesbaar", "Het verzoek is niet te lezen", "Controleer het verzoek en verstuur het opnieuw."),
    401: (
        "geen-sleutel",
        "De sleutel werkt niet",
        "Stuur een sleutel mee: ‘Authorization: Bearer …’. U maakt een sleutel in het portaal, bij ‘Organisatie’.",
    ),
    403: ("geen-bevoegdheid", "U mag dit niet", "De bevoegdheid waaronder de sleutel werkt is hier niet voor."),
    404: ("niet-gevonden", "Dit is er niet", "Het adres klopt niet, of dit is niet van uw organisatie."),
    405: ("methode", "Deze methode kan hier niet", "De kop ‘Allow’ noemt welke methoden hier kunnen."),
    406: ("antwoordvorm", "In deze vorm antwoorden wij niet", "Vraag om ‘application/json’ in de kop ‘Accept’."),
    409: ("kan-nu-niet", "Dit kan nu niet", "De toestand is er niet naar."),
    411: (
        "geen-lengte",
        "De lengte ontbreekt",
        "Stuur de kop ‘Content-Length’ mee. Een bericht in stukken (‘Transfer-Encoding: chunked’) lezen wij niet.",
    ),
    412: ("ingehaald", "Iemand anders sloeg intussen iets op", "Haal de nieuwe stand op en vergelijk."),
    413: ("te-groot", "Het bericht is te groot", "Verstuur een kleiner bericht."),
    415: ("inhoudsvorm", "Deze vorm lezen wij niet", "De kop ‘Content-Type’ noemt een vorm die hier niet kan."),
    422: ("inhoud", "De inhoud klopt niet", "Verbeter wat hieronder staat en verstuur opnieuw."),
    428: (
        "geen-stand",
        "Noem de stand waarvan u uitging",
        "Stuur de ETag van de laatst opgehaalde aanlevering mee in de kop ‘If-Match’.",
    ),
    429: ("te-vaak", "Te veel verzoeken", "Wacht zo lang als de kop ‘Retry-After’ zegt."),
    500: ("storing", "Er ging bij ons iets mis", "Probeer het later opnieuw. Blijft het zo, vraag dan de NZa."),
}


class Refusal(exceptions.APIException):
    """An answer that is an error. ``extra`` are members of the problem besides those of RFC 9457."""

    def __init__(
        self, status: int, detail: str = "", *, extra: Mapping[str, Any] | None = None, wait: float | None = None
    ) -> None:
        self.status_code = status
        self.extra = dict(extra or {})
        self.wait = wait
        super().__init__(detail or KINDS[status][2])


def invalid(problems: Sequence[Mapping[str, str]]) -> Refusal:
    """Return the refusal of a document, with every reason and its JSON path."""
    return Refusal(422, extra={"problems": list(problems)})


def problem(status: int, detail: str, instance: str, **extra: Any) -> dict[str, Any]:
    """Return the members of a problem."""
    word, title, usual = KINDS[status]
    return {
        "type": f"urn:iv-portaal:probleem:{word}",
        "title": title,
        "status": status,
        "detail": detail or usual,
        "instance": instance,
        **extra,
    }


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to an error in a view; what nobody foresaw is logged, and nothing of it is told."""
    status, detail, extra = _told(error)
    if status == 500:
        logger.error("The API could not answer %s.", context["request"].path, exc_info=error)
    response = Response(
        problem(status, detail, context["request"].path, **extra), status=status, content_type=MEDIA_TYPE
    )
    if status == 401:
        response["WWW-Authenticate"] = getattr(error, "auth_header", "Bearer")
    if (wait := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(max(math.ceil(wait), 1))
    return response


def _told(error: Exception) -> tuple[int, str, dict[str, Any]]:
    """Return status, detail and further members. Only our own sentences are told."""
    match error:
        case Refusal():
            return error.status_code, str(error.detail), error.extra
        case Refused():
            return 409, str(error), {}
        case exceptions.APIException():
            return (error.status_code if error.status_code in KINDS else 400), "", {}
        case Http404():
            return 404, "", {}
        case PermissionDenied():
            return 403, "", {}
        case RequestDataTooBig():
            return 413, "", {}
        case BadRequest() | SuspiciousOperation():
            return 400, "", {}
        case _:
            return 500, "", {}


def plain(status: int, instance: str) -> JsonResponse:
    """Return a problem where no view of the API is involved."""
    return JsonResponse(problem(status, "", instance), status=status, content_type=MEDIA_TYPE, headers=dict(HEADERS))
