"""Who acts in a request, and what the database lets through for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from providers.access import NOTHING, Actor, scope
from providers.models import User

MANDATE_KEY = "mandate"


class ActorMiddleware:
    """Sets ``request.actor`` from the session's mandate (or the only one she has) and scopes the database.

    The mandate is looked up again at every request, so one that was ended works no longer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.actor = self._actor(request)
        with scope(request.actor.database_scope if request.actor else NOTHING):
            response = self.get_response(request)
        if request.user.is_authenticated:
            # Nobody finds figures with the back button after logging out, or in a shared cache.
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    @staticmethod
    def _actor(request: Any) -> Actor | None:
        if not isinstance(request.user, User):
            return None
        mandates = tuple(request.user.current_mandates())
        if not mandates:
            return None
        wanted = request.session.get(MANDATE_KEY)
        if wanted is None and len(mandates) == 1:
            return Actor(user=request.user, mandate=mandates[0], mandates=mandates)
        # With several she chooses herself; nobody is moved to another mandate when hers was ended.
        chosen = next((mandate for mandate in mandates if str(mandate.uuid) == wanted), None)
        if chosen is None:
            return None
        return Actor(user=request.user, mandate=chosen, mandates=mandates)
