"""Files that a system sends instead of a document: the workbook as XLSX or CSV, read by a worker."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from ivportal.api import shapes
from ivportal.api.bodies import FileParser, FormParser, idempotency_key_in, number_in
from ivportal.api.delivering import DELIVERING, SLUG, own_desk, stale
from ivportal.api.described import IDEMPOTENCY_KEY, IF_MATCH, LOCATION, describe
from ivportal.api.problems import Refusal
from ivportal.api.representation import upload_of
from ivportal.api.resource import Resource
from providers import uploads
from providers.models import Power, Upload, UploadStatus
from providers.uploads import MOST_WAITING
from providers.workbook.container import most
from providers.workbook.form.read import FORM_LIMITS, shown_name

FIELD: Final = "bestand"
_NAMED = re.compile(r'filename="([^"]{1,200})"')
_FILE: Final = {"type": "string", "format": "binary"}
#: So many seconds later a file has usually been read.
_WAIT: Final = 5


class Files(Resource):
    """``rondes/{slug}/aanlevering/bestanden``."""

    powers = {"POST": Power.DELIVER}
    with_body = frozenset({"POST"})
    parser_classes = [FormParser, FileParser]

    @describe(
        "bestand_verstuur",
        "Een bestand versturen",
        "Neemt het ingevulde sjabloon aan (XLSX of CSV, ten hoogste 10 MB) en laat het lezen; dat duurt een paar seconden. Lees"
        " daarna op ‘Location’ wat ervan werd. Met dezelfde ‘Idempotency-Key’ is het dezelfde verzending, hoe vaak u het ook"
        " probeert; met dezelfde sleutel maar een ander bestand is het antwoord 422.",
        answers={200: shapes.FileShape, 202: shapes.FileShape},
        errors=(400, 404, 409, 411, 412, 413, 415, 422, 428),
        headers=(SLUG, IF_MATCH, IDEMPOTENCY_KEY, LOCATION),
        request={
            "multipart/form-data": {"type": "object", "properties": {FIELD: _FILE}, "required": [FIELD]},
            **dict.fromkeys(FileParser.accepted, _FILE),
        },
        tag=DELIVERING,
    )
    def post(self, request: Any, slug: str) -> Response:
        """Receive a file."""
        desk = own_desk(request, slug)
        key = idempotency_key_in(request)
        number = number_in(request)
        name, content = _sent(request)
        sent_before = Upload.objects.visible_to(request.actor).filter(submission=desk.submission, key=key).first()
        if sent_before is not None:
            return _received(sent_before, content, slug)
        if desk.closed_because:
            raise Refusal(409, desk.closed_because)
        if number != desk.number:
            raise stale(desk.number)
        if Upload.objects.filter(submission=desk.submission, status=UploadStatus.WAITING).count() >= MOST_WAITING:
            raise Refusal(429, "Er worden nog bestanden van u gelezen. Wacht tot die klaar zijn.", wait=_WAIT)
        made = uploads.receive(
            submission=desk.submission, name=name, content=content, key=key, based_on=number, actor=request.actor
        )
        return _received(made, content, slug)


def _received(upload: Upload, content: bytes, slug: str) -> Response:
    """Return the answer for an upload, made now or before. Raises a :class:`Refusal` if the bytes are not its own."""
    if upload.source_file.sha256 != hashlib.sha256(content).hexdigest():
        raise Refusal(
            422,
            "Met deze ‘Idempotency-Key’ verstuurde u eerder een ander bestand. Kies voor een ander bestand een andere sleutel.",
        )
    waits = upload.status == UploadStatus.WAITING
    headers = {"Location": reverse("api_file", args=[slug, upload.uuid])}
    if waits:
        headers["Retry-After"] = str(_WAIT)
    return Response(upload_of(upload), status=202 if waits else 200, headers=headers)


def _sent(request: Any) -> tuple[str, bytes]:
    """Return name and bytes of the file. Raises a :class:`Refusal` (400, 413)."""
    sent = request.data
    name = ""
    if isinstance(sent, bytes):
        if found := _NAMED.search(request.headers.get("Content-Disposition", "")):
            name = found[1]
        elif "csv" in (request.content_type or ""):
            name = "bestand.csv"
        else:
            name = "bestand.xlsx"
        content = sent
    else:
        file = sent.get(FIELD)
        # The handler of uploads stops keeping what is too large (ivportal/receiving.py).
        if getattr(request._request, "has_too_large_file", False):
            raise Refusal(413, f"Het bestand is te groot. {most(FORM_LIMITS)}")
        if not isinstance(file, UploadedFile):
            raise Refusal(400, f"Er is geen bestand. Verstuur het als bericht zelf, of in het veld ‘{FIELD}’.")
        name, content = file.name or "", file.read()
    if not content:
        raise Refusal(400, "Het bestand is leeg.")
    return shown_name(name), content


class File(Resource):
    """``rondes/{slug}/aanlevering/bestanden/{uuid}``."""

    @describe(
        "bestand_lees",
        "Wat er van een bestand werd",
        "Wordt het nog gelezen, is het geweigerd (met alle redenen), of is het opgeslagen?",
        answers={200: shapes.FileShape},
        errors=(404,),
        headers=(
            SLUG,
            OpenApiParameter(
                "upload", OpenApiTypes.UUID, OpenApiParameter.PATH, description="Kenmerk van het bestand."
            ),
        ),
        tag=DELIVERING,
    )
    def get(self, request: Any, slug: str, upload: Any) -> Response:
        """Return what became of a file."""
        desk = own_desk(request, slug)
        found = get_object_or_404(
            Upload.objects.visible_to(request.actor).select_related("source_file"),
            submission=desk.submission,
            uuid=upload,
        )
        headers = {"Retry-After": str(_WAIT)} if found.status == UploadStatus.WAITING else {}
        return Response(upload_of(found), headers=headers)
