"""NZa staff looking along as a provider: they see its pages as its own people do, recorded, and can change nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from ivportal.pages.rights import for_role
from providers.audit import record
from providers.middleware import LOOKING_ALONG
from providers.models import Act, Submission


@require_POST
@for_role("nza")
def look_along(request: Any, slug: str, provider: Any) -> HttpResponse:
    """Begin to look along with a provider of a round."""
    submission = get_object_or_404(
        Submission.objects.visible_to(request.actor).select_related("provider"),
        round__slug=slug,
        provider__uuid=provider,
    )
    request.session[LOOKING_ALONG] = str(submission.provider.uuid)
    record(act=Act.LOOKED_ALONG, actor=request.actor, subject=str(submission.provider), details={"began": True})
    return redirect("own_submission", slug=slug)


@require_POST
def stop(request: Any) -> HttpResponse:
    """Stop looking along; who was not is left as she is."""
    if request.session.pop(LOOKING_ALONG, None) is not None and request.actor and request.actor.looking_along:
        record(
            act=Act.LOOKED_ALONG,
            actor=request.actor,
            subject=str(request.actor.looking_along),
            details={"began": False},
        )
    return redirect("home")
