"""One letter, on a page and as PDF: for the provider that it was sent to, and for the NZa."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ivportal.letters import posted
from ivportal.pages.cases import shown
from providers.audit import record
from providers.models import Act, Role
from tariffs import standings
from tariffs.letters import gets_post_here
from tariffs.models import Letter


def _found(request: Any, uuid: Any) -> Letter:
    if request.actor.role == Role.CARE_OFFICE:
        raise PermissionDenied
    found: Letter = get_object_or_404(
        Letter.objects.visible_to(request.actor).select_related("round", "provider", "decision"), uuid=uuid
    )
    return found


@require_GET
def letter(request: Any, letter: Any) -> HttpResponse:
    """Show a letter as it was sent."""
    if request.actor is None:
        return redirect("choose_mandate")
    found = _found(request, letter)
    is_staff = request.actor.role == Role.NZA
    back = (
        reverse("case", args=[found.round.slug, found.provider.uuid])
        if is_staff
        else reverse("own_case", args=[found.round.slug])
    )
    return render(
        request,
        "tariffs/cases/letter.html",
        {
            "ribbon": shown.ribbon_of(found.round, standings.current(found.provider, found.round)),
            "letter": found,
            "parts": shown.parts_of(found),
            "table": shown.figures_of(found),
            "back": back,
            "is_staff": is_staff,
            "goes_by_post": found.decision.sent_how == "post"
            if found.decision is not None and found.decision.sent_how
            else not gets_post_here([found.provider_id]),
        },
    )


@require_GET
def letter_pdf(request: Any, letter: Any) -> HttpResponse:
    """Download a letter as tagged PDF: the same bytes every time. It is recorded."""
    if request.actor is None:
        return redirect("choose_mandate")
    found = _found(request, letter)
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=f"Brief {found}", details={"sha256": found.sha256})
    name = f"{found.kind.removeprefix('letter_').replace('_', '-')}-{found.reference}.pdf"
    return HttpResponse(
        posted(found),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )
