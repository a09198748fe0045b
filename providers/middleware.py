"""Who acts in a request, and what the database lets through for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from providers.access import NOTHING, Actor, scope
from providers.models import User

MANDATE_KEY = "mandate"


class ActorMiddleware:
    """Sets ``request.actor`` from the session's mandate (the first valid one until she chooses) and scopes the database.

    The mandate is looked up again at every request, so one that was ended works no longer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.actor = self._actor(request)
        with scope(request.actor.database_scope if request.actor else NOTHING):
            return self.get_response(request)

    @staticmethod
    def _actor(request: Any) -> Actor | None:
        if not isinstance(request.user, User):
            return None
        mandates = tuple(request.user.current_mandates())
        if not mandates:
            return None
        wanted = request.session.get(MANDATE_KEY)
        chosen = next((mandate for mandate in mandates if wanted in (None, str(mandate.uuid))), None)
        if chosen is None:
            # The mandate she worked under was ended: she chooses another herself, she is not moved to one.
            del request.session[MANDATE_KEY]
            return None
        return Actor(user=request.user, mandate=chosen, mandates=mandates)
