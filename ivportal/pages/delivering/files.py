"""Files of a delivery: the workbook to download, what was sent in, and what to do with a file that was overtaken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ivportal.pages.delivering.form import label_of, shown
from ivportal.pages.delivering.lookup import Desk, desk_of
from ivportal.pages.delivering.overview import number_of
from ivportal.pages.rights import for_role
from providers import drafts, prefill, uploads
from providers.audit import record
from providers.contents import FIGURE, ORGANISATION_FIELDS, UNREAD, figure_of, from_json, told
from providers.drafts import Comparison
from providers.free_text import plain
from providers.measures import CATALOGUE
from providers.models import Act, How, Power, Upload, UploadStatus
from providers.refusal import Refused
from providers.workbook.container import most, size_objection
from providers.workbook.form import FORM_LIMITS, Line, Organisation, write, write_csv

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@for_role("provider")
def workbook(request: Any, slug: str) -> HttpResponse:
    """Download the own workbook as it stands now: filled in with what is saved, last year's figures beside it."""
    desk = desk_of(request, slug)
    if not desk.submission.round.is_delivered_here:
        return redirect("own_submission", slug=slug)
    kind = request.GET.get("soort", "xlsx")
    if kind not in ("xlsx", "csv"):
        raise BadRequest
    name = f"{slug}-{desk.submission.provider.key}.{kind}"
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=name)
    contents = desk.contents
    known = Organisation(**{field: contents.organisation.get(field, "") for field in ORGANISATION_FIELDS})
    form, lines = uploads.form_for(desk.submission), lines_of(desk)
    said: dict[str, Any] = {
        "explanations": {key: text for key, text in contents.explanations.items() if key in CATALOGUE},
        "remarks": contents.remarks,
    }
    if kind == "csv":
        content, content_type = write_csv(form, lines, known, contents.locations, **said), "text/csv; charset=utf-8"
    else:
        moment = desk.draft.made_at if desk.draft else desk.submission.round.opens_at or timezone.now()
        content, content_type = write(form, lines, known, contents.locations, made_at=moment, **said), XLSX
    return HttpResponse(
        content, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def lines_of(desk: Desk) -> list[Line]:
    """Return what is known of every measure of the round."""
    previous = desk.earlier.values
    return [
        Line(
            measure=code,
            value=figure.value,
            previous=previous.get(code),
            source=figure.source if not figure.is_corrected else "",
            taken_over=prefill.year_of(figure),
        )
        for code, figure in ((code, desk.contents.figures[code]) for code in desk.submission.round.measures)
    ]


@require_POST
@for_role("provider", Power.DELIVER)
def send(request: Any, slug: str) -> HttpResponse:
    """Receive a file; a worker reads it."""
    desk = desk_of(request, slug)
    sent = request.FILES.get("bestand")
    try:
        if getattr(request, "has_too_large_file", False):
            raise Refused(f"Het bestand is te groot. {most(FORM_LIMITS)}")
        if sent is None:
            raise Refused("Kies eerst een bestand. Een leeg bestand kunnen wij niet aannemen.")
        if objection := size_objection(sent.size, FORM_LIMITS):
            raise Refused(objection)
        upload = uploads.receive(
            submission=desk.submission,
            name=_name(sent.name),
            content=sent.read(),
            key=plain(request.POST.get("sleutel", ""))[:80] or f"{timezone.now().isoformat()}",
            based_on=number_of(request),
            actor=request.actor,
        )
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{upload.file_name} is ontvangen en wordt gelezen. Dat duurt een paar seconden.")
    return redirect("own_submission", slug=slug)


def _name(name: str | None) -> str:
    kept = "".join(sign for sign in name or "" if sign.isprintable())
    return kept.replace("\\", "/").rsplit("/", 1)[-1][:200] or "bestand"


def _upload(desk: Desk, uuid: Any) -> Upload:
    return get_object_or_404(
        Upload.objects.visible_to(desk.actor).select_related("sent_by", "source_file"),
        submission=desk.submission,
        uuid=uuid,
    )


@require_GET
@for_role("provider")
def upload(request: Any, slug: str, upload: Any) -> HttpResponse:
    """Show what became of a file: refused with every reason, taken over, or waiting for a choice because others saved first."""
    desk = desk_of(request, slug)
    found = _upload(desk, upload)
    current = desk.contents.parts()
    changes = uploads.changes_of(found, desk.contents) if found.status == UploadStatus.READ else {}
    applied = found.drafts.first()
    read_parts = from_json(found.contents).parts() if found.contents else {}
    return render(
        request,
        "providers/delivering/upload.html",
        {
            "round": desk.submission.round,
            "provider": desk.submission.provider,
            "upload": found,
            "size": found.source_file.content.nbytes
            if isinstance(found.source_file.content, memoryview)
            else len(found.source_file.content),
            "applied": applied,
            "applied_text": f"De {'andere ' if found.problems else ''}gegevens uit dit bestand zijn overgenomen.",
            "number": desk.number,
            "is_choice": found.status == UploadStatus.READ and applied is None and bool(changes) and desk.may_fill_in,
            "may_fill_in": desk.may_fill_in,
            "key": uuid4(),
            "fill_in_url": reverse("fill_in", args=[slug]),
            "changes": [_row(part, current, read_parts) for part in told(changes)],
        },
    )


def _row(part: str, current: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands somewhere now and in a file; what would only make something empty is not chosen beforehand."""
    code = figure_of(part)
    unread = read.get(f"{UNREAD}{code}", "") if code else ""
    now = current.get(f"{FIGURE}{code}" if code else part)
    return {
        "label": label_of(f"{FIGURE}{code}" if code else part),
        "now": shown(f"{FIGURE}{code}" if code else part, now),
        "file": f"niet te lezen: {unread}" if unread else shown(part, read.get(part)),
        "part": part,
        "is_chosen": part in read and (not unread or now is None),
    }


@require_POST
@for_role("provider", Power.DELIVER)
def apply(request: Any, slug: str, upload: Any) -> HttpResponse:
    """Take over what a file says, for the figures that were chosen."""
    desk = desk_of(request, slug)
    found = _upload(desk, upload)
    chosen = set(request.POST.getlist("deel"))
    changes = {part: value for part, value in uploads.changes_of(found, desk.contents).items() if part in chosen}
    try:
        if not changes:
            raise Refused("Kies ten minste één gegeven uit het bestand, of ga terug: dan blijft alles zoals het is.")
        drafts.save(
            submission=desk.submission,
            changes=changes,
            based_on=number_of(request),
            actor=request.actor,
            how=How.UPLOAD,
            upload=found,
            by=from_json(found.contents or {}),
        )
    except Comparison:
        messages.error(request, "Er is net weer iets opgeslagen. Hieronder ziet u wat er nu staat; kies opnieuw.")
        return redirect("upload", slug=slug, upload=upload)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("upload", slug=slug, upload=upload)
    count = len(changes)
    messages.success(
        request, f"{count} {'gegeven is' if count == 1 else 'gegevens zijn'} overgenomen uit {found.file_name}."
    )
    return redirect("own_submission", slug=slug)


@require_GET
@for_role("provider")
def original(request: Any, slug: str, upload: Any) -> HttpResponse:
    """Download a file as it was sent in, byte for byte."""
    found = _upload(desk_of(request, slug), upload)
    return attachment(request, found)


def attachment(request: Any, found: Upload) -> HttpResponse:
    """Return the bytes of a file that was sent in; that it was downloaded is recorded."""
    record(
        act=Act.EXPORT_DOWNLOADED,
        actor=request.actor,
        subject=found.file_name,
        details={"sha256": found.source_file.sha256},
    )
    response = HttpResponse(bytes(found.source_file.content), content_type="application/octet-stream")
    safe = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_. ") else "_" for sign in found.file_name)
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response
