"""Who acts in a request, and what the database lets through for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from providers.access import NOTHING, Actor, forget, scope
from providers.models import Provider, Role, User

MANDATE_KEY = "mandate"
LOOKING_ALONG = "looking_along"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Where somebody reads why she has to log in again.
OVER = "?reden=bevoegdheid"


class MandateOver(Exception):
    """The mandate that a session works under has ended."""


class ActorMiddleware:
    """Sets ``request.actor`` from the session's mandate (or the only one she has) and scopes the database.

    The session remembers its mandate, which is looked up again at every request. Once that has ended the session ends too:
    nothing of the request is done, and nobody is moved to another mandate without choosing it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        try:
            request.actor = self._actor(request)
        except MandateOver:
            request.actor = None
            return self._ended(request)
        if not self._may_do(request):
            return render(request, "accounts/only_looking.html", status=403)
        with scope(request.actor.database_scope if request.actor else NOTHING):
            response = self.get_response(request)
        if request.user.is_authenticated:
            # Nobody finds figures with the back button after logging out, or in a shared cache.
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    def process_view(self, request: Any, view: Callable[..., HttpResponse], _args: Any, _kwargs: Any) -> None:
        """Have logging in and choosing a password done on nobody's behalf, also by somebody who is logged in already."""
        if request.actor is not None and not getattr(view, "login_required", True):
            forget()

    @staticmethod
    def _actor(request: Any) -> Actor | None:
        if not isinstance(request.user, User):
            return None
        mandates = tuple(request.user.current_mandates())
        wanted = request.session.get(MANDATE_KEY)
        if wanted is None:
            if len(mandates) != 1:
                # With several she chooses herself.
                return None
            wanted = request.session[MANDATE_KEY] = str(mandates[0].uuid)
        chosen = next((mandate for mandate in mandates if str(mandate.uuid) == wanted), None)
        if chosen is None:
            raise MandateOver
        actor = Actor(user=request.user, mandate=chosen, mandates=mandates)
        looked_at = request.session.get(LOOKING_ALONG) if actor.role == Role.NZA else None
        if looked_at is None:
            return actor
        return replace(actor, looking_along=Provider.objects.filter(uuid=looked_at).first())

    @staticmethod
    def _may_do(request: Any) -> bool:
        """Tell whether this request may be carried out: who looks along only looks, and stops looking."""
        if request.actor is None or request.actor.looking_along is None or request.method in SAFE:
            return True
        return request.path in {reverse(name) for name in ("stop_looking_along", "logout")}

    @staticmethod
    def _ended(request: Any) -> HttpResponse:
        logout(request)
        address = reverse("login") + OVER
        response = HttpResponseClientRedirect(address) if request.htmx else redirect(address)
        response.headers["Cache-Control"] = "no-store, private"
        return response
