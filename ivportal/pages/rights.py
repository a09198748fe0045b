"""Which role a page is for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from providers.access import Actor


class ActingRequest(HttpRequest):
    """A request of somebody who acts under a mandate."""

    actor: Actor


def for_role(role: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Let only mandates of ``role`` reach a view: 403 for another role, the choice of a mandate for who has none."""

    def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.actor is None:
                return redirect("choose_mandate")
            if request.actor.role != role:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        checked.for_role = role  # type: ignore[attr-defined]
        return checked

    return wrap
