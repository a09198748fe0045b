"""Which role a page is for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from providers.access import Actor
from providers.mandates import people_of
from providers.models import Power


class ActingRequest(HttpRequest):
    """A request of somebody who acts under a mandate."""

    actor: Actor


View = Callable[..., HttpResponseBase]


def for_role(role: str, power: Power | None = None) -> Callable[[View], View]:
    """Let only mandates of ``role`` reach a view: 403 for another role, the choice of a mandate for who has none.

    With ``power`` only mandates that hold it: who lacks it reads which colleagues can give it to her.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def checked(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.actor is None:
                return redirect("choose_mandate")
            if request.actor.role != role:
                raise PermissionDenied
            if power is not None and not request.actor.can(power):
                return without_power(request, power)
            return view(request, *args, **kwargs)

        checked.for_role = role  # type: ignore[attr-defined]
        return checked

    return wrap


def without_power(request: ActingRequest, power: Power) -> HttpResponse:
    """Say which power is needed here, and who in the organisation can give it or do it."""
    provider = request.actor.provider
    context = {
        "power": power.label,
        "organisation": provider.name if provider else request.actor.organisation,
        "administrators": people_of(provider, Power.ADMINISTER) if provider else [],
        "holders": people_of(provider, power) if provider and power != Power.ADMINISTER else [],
    }
    return render(request, "accounts/without_power.html", context, status=403)
