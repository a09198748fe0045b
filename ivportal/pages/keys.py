"""Keys with which another system works under one's own mandate: a provider's delivers, one of the NZa or a care office reads."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

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


#: Where somebody sees to her keys, by role: the page with them, where one is made, and where one is ended.
ADDRESSES = {
    "provider": ("organisation", "make_key", "end_key"),
    "nza": ("staff", "make_staff_key", "end_staff_key"),
    "care_office": ("office_keys", "make_office_key", "end_office_key"),
}
#: What that page is called.
PAGES = {"provider": "Organisatie", "nza": "Medewerkers", "care_office": "Koppelingen"}


def own_keys(actor: Actor) -> dict[str, Any]:
    """Return what the page shows of the keys under one's own mandate that work."""
    _, make, end = ADDRESSES[actor.role]
    found = ApiKey.objects.filter(mandate=actor.mandate, valid_until__gt=timezone.now())
    rows = [{"key": key, "end_url": reverse(end, args=[key.uuid])} for key in found]
    return {"rows": rows, "form": KeyForm(), "make_url": reverse(make), "role": actor.role}


@require_GET
@for_role("care_office")
def office_keys(request: Any) -> HttpResponse:
    """Show the keys with which a system of the care office reads the bandwidths."""
    return render(request, "accounts/office_keys.html", {"keys": own_keys(request.actor)})


@require_POST
@for_role("provider")
def make_key(request: Any) -> HttpResponse:
    """Make a key with which a system delivers, and show it: this once."""
    return _make(request)


@require_POST
@for_role("nza")
def make_staff_key(request: Any) -> HttpResponse:
    """Make a key with which a system of the NZa reads who is where, and show it: this once."""
    return _make(request)


@require_POST
@for_role("care_office")
def make_office_key(request: Any) -> HttpResponse:
    """Make a key with which a system of the care office reads the bandwidths, and show it: this once."""
    return _make(request)


@require_POST
@for_role("provider")
def end_key(request: Any, key: Any) -> HttpResponse:
    """End one of one's own keys."""
    return _end(request, key)


@require_POST
@for_role("nza")
def end_staff_key(request: Any, key: Any) -> HttpResponse:
    """End one of one's own keys."""
    return _end(request, key)


@require_POST
@for_role("care_office")
def end_office_key(request: Any, key: Any) -> HttpResponse:
    """End one of one's own keys."""
    return _end(request, key)


def _make(request: Any) -> HttpResponse:
    back, make, _ = ADDRESSES[request.actor.role]
    form = KeyForm(request.POST)
    written = key = None
    if form.is_valid():
        until = moment_of(form.cleaned_data["key_until"], None, is_end=True).at
        try:
            key, written = api_keys.make(name=form.cleaned_data["key_name"], valid_until=until, actor=request.actor)
        except Refused as refused:
            form.add_error(None, str(refused))
    role = request.actor.role
    place = {"back_url": reverse(back), "back": PAGES[role], "make_url": reverse(make), "delivers": role == "provider"}
    return render(request, "accounts/key.html", {"form": form, "key": key, "written": written, **place})


def _end(request: Any, key: Any) -> HttpResponse:
    found = get_object_or_404(ApiKey, uuid=key, mandate=request.actor.mandate)
    api_keys.end(key=found, actor=request.actor)
    messages.success(request, f"De sleutel voor ‘{found.name}’ werkt niet meer.")
    return redirect(ADDRESSES[request.actor.role][0])
