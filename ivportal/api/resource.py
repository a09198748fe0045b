"""What every resource of the API has in common: a key, a role, the database scoped to the actor, headers, and JSON."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from ivportal.api.authentication import KeyAuthentication, KeyRate
from ivportal.api.bodies import DocumentParser, require_length
from ivportal.api.problems import HEADERS, Refusal
from providers.access import Actor, scope
from providers.models import Power, Role


class Resource(APIView):
    """One resource. ``roles`` may reach it; ``powers`` names the power that a method needs besides reading.

    ``with_body`` are the methods that read what was sent.
    """

    roles: ClassVar[frozenset[Role]] = frozenset({Role.PROVIDER})
    powers: ClassVar[dict[str, Power]] = {}
    with_body: ClassVar[frozenset[str]] = frozenset()
    authentication_classes = [KeyAuthentication]
    permission_classes: ClassVar[list[Any]] = []
    throttle_classes = [KeyRate]
    renderer_classes = [JSONRenderer]
    parser_classes = [DocumentParser]
    metadata_class = None
    http_method_names = ["get", "head", "post", "put"]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a request; what :meth:`initial` opened is closed again, whatever happens."""
        with ExitStack() as self.opened:
            answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Find out who calls and what she may; from here on the database shows her own rows only."""
        super().initial(request, *args, **kwargs)
        if request.method in self.with_body:
            require_length(request)
        actor: Actor = request.auth.actor
        # The look-ups that pages and API share find the actor where the middleware puts it for a page.
        request.actor = request._request.actor = actor
        self.opened.enter_context(scope(actor.database_scope))

    def check_permissions(self, request: Any) -> None:
        """Let through who has the role, and the power. Raises a :class:`Refusal`."""
        actor: Actor = request.auth.actor
        if actor.role not in self.roles:
            raise Refusal(403, "Dit is niet voor de rol van uw organisatie.")
        power = self.powers.get(request.method)
        if power is not None and not actor.can(power):
            raise Refusal(
                403, f"Hiervoor is de bevoegdheid ‘{power.label}’ nodig. Vraag een beheerder van uw organisatie daarom."
            )

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what every answer carries."""
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in HEADERS.items():
            response[name] = value
        return response
