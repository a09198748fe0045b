"""Where a user lands: the start page of her role, or the choice of a mandate; and the list of terms."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from providers.audit import record
from providers.middleware import MANDATE_KEY
from providers.models import Act

START_PAGES = {"provider": "mirror", "nza": "rounds", "care_office": "bandwidths"}


@require_GET
def home(request: Any) -> HttpResponse:
    """Go to the start page of the role; somebody with several mandates chooses first."""
    if request.actor is None:
        return redirect("choose_mandate")
    return redirect(START_PAGES[request.actor.role])


@require_GET
def choose_mandate(request: Any) -> HttpResponse:
    """Show the mandates of the user, or say that there are none."""
    mandates = request.user.current_mandates()
    return render(request, "accounts/choose_mandate.html", {"mandates": mandates, "next": ""})


@require_POST
def switch_mandate(request: Any) -> HttpResponse:
    """Act under another mandate of the same user from now on; anything else is left as it is."""
    mandates = request.user.current_mandates()
    chosen = next((mandate for mandate in mandates if str(mandate.uuid) == request.POST.get("mandate")), None)
    if chosen is not None:
        request.session[MANDATE_KEY] = str(chosen.uuid)
        record(act=Act.MANDATE_SWITCHED, actor=request.actor, user=request.user, subject=chosen.label)
    return redirect("home")


@require_GET
def glossary(request: Any) -> HttpResponse:
    """Explain the terms."""
    return render(request, "providers/glossary.html")
