"""Files of a case, whatever the channel: how they come in with a form, and how they are downloaded."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from providers.audit import record
from providers.models import Act, Role
from providers.refusal import Refused
from tariffs.models import CaseFile
from tariffs.procedure.files import ACCEPTED, ACCEPTED_TEXT, LARGEST, MEGABYTE, MOST_FILES, Sent

FIELD = "bestanden"
#: What ``tariffs/interpretation/_files_field.html`` shows.
FILES_FIELD = {
    "name": FIELD,
    "accept": ACCEPTED,
    "kinds": ACCEPTED_TEXT,
    "most": MOST_FILES,
    "size": LARGEST // MEGABYTE,
}


def sent_files(request: Any, field: str = FIELD) -> list[Sent]:
    """Return the files that came with a form. Raises :class:`~providers.refusal.Refused` if one is too large to have come in."""
    if getattr(request, "has_too_large_file", False):
        raise Refused(f"Een bestand is te groot. Wij nemen bestanden aan tot {LARGEST // MEGABYTE} MB.")
    return [Sent(item.name or "", item.read()) for item in request.FILES.getlist(field)[: MOST_FILES + 1]]


@require_GET
def case_file(request: Any, file: Any) -> HttpResponse:
    """Download a file that came in with a response, a statement of views or an objection, byte for byte. It is recorded.

    For the provider itself and for the NZa.
    """
    if request.actor is None:
        return redirect("choose_mandate")
    if request.actor.role == Role.CARE_OFFICE:
        raise PermissionDenied
    found = get_object_or_404(CaseFile.objects.visible_to(request.actor).select_related("provider"), uuid=file)
    record(
        act=Act.EXPORT_DOWNLOADED,
        actor=request.actor,
        subject=f"{found.name} van {found.provider}",
        details={"sha256": found.sha256},
    )
    # Whatever the file is, a browser keeps it and does not open it as a page of this portal.
    return HttpResponse(
        bytes(found.content),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(True, found.name) or "attachment",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
