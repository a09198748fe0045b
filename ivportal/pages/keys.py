"""Keys with which another system delivers under one's own mandate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from ivportal.pages.moments import day_field, moment_of
from ivportal.pages.rights import for_role
from providers import api_keys
from providers.access import Actor
from providers.models import ApiKey
from providers.refusal import Refused


class KeyForm(forms.Form):
    """A new key."""

    key_name = forms.CharField(
        label="Waar is de sleutel voor?",
        max_length=80,
        help_text="Bijvoorbeeld: financiële administratie.",
        error_messages={"required": "Schrijf op waar de sleutel voor is."},
    )
    key_until = day_field("Werkt tot en met", required=True, help_text="Hoogstens 400 dagen vanaf nu.")


def own_keys(actor: Actor) -> dict[str, Any]:
    """Return what the page shows of the keys under one's own mandate that work."""
    now = timezone.now()
    found = ApiKey.objects.filter(mandate=actor.mandate, valid_until__gt=now)
    return {"rows": list(found), "form": KeyForm()}


@require_POST
@for_role("provider")
def make_key(request: Any) -> HttpResponse:
    """Make a key and show it: this once."""
    form = KeyForm(request.POST)
    written = key = None
    if form.is_valid():
        until = moment_of(form.cleaned_data["key_until"], None, is_end=True).at
        try:
            key, written = api_keys.make(name=form.cleaned_data["key_name"], valid_until=until, actor=request.actor)
        except Refused as refused:
            form.add_error(None, str(refused))
    return render(request, "accounts/key.html", {"form": form, "key": key, "written": written})


@require_POST
@for_role("provider")
def end_key(request: Any, key: Any) -> HttpResponse:
    """End one of one's own keys."""
    found = get_object_or_404(ApiKey, uuid=key, mandate=request.actor.mandate)
    api_keys.end(key=found, actor=request.actor)
    messages.success(request, f"De sleutel voor ‘{found.name}’ werkt niet meer.")
    return redirect("organisation")
