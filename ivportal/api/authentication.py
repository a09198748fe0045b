"""Who calls: the owner of a key, acting under its mandate. Nothing else opens the API, a session in a browser neither.

A key has 192 bits of chance, so guessing one is hopeless; the brake is there for systems that go on with a key that works no
longer. It counts per key (its first signs) and address, in the memory of each server process.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.throttling import SimpleRateThrottle

from ivportal.api.problems import Refusal
from providers import api_keys
from providers.access import Actor

logger = logging.getLogger(__name__)

ROOT: Final = "/api/"
MOST_FAILURES: Final = 20
PERIOD: Final = 15 * 60
#: Requests with one key, per server process.
RATE: Final = "600/min"
_KEY = re.compile(r"iv_[0-9a-f]{48}")
_SHOWN: Final = 11


@dataclass(frozen=True)
class Caller:
    """A key in use. ``start`` are its first signs, by which people know it."""

    actor: Actor
    start: str


class WithoutCookies:
    """Takes the cookies off every request to the API: a session can then neither open it, nor be changed or ended by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if request.path_info.startswith(ROOT):
            request.COOKIES = {}
            request.META.pop("HTTP_COOKIE", None)
        return self.get_response(request)


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer <key>``."""

    def authenticate(self, request: Any) -> tuple[Any, Caller]:
        """Return who calls. Raises a :class:`Refusal`: 401, or 429 after many failures with one key."""
        scheme, _, written = request.headers.get("Authorization", "").partition(" ")
        written = written.strip()
        if scheme.lower() != "bearer" or not written:
            raise _unknown("Bearer")
        start = written[:_SHOWN]
        failures = _place(request, start)
        if cache.get(failures, 0) >= MOST_FAILURES:
            raise Refusal(
                429,
                "Met deze sleutel is te vaak geprobeerd terwijl hij niet werkt. Maak een nieuwe sleutel in het portaal, of wacht"
                " een kwartier.",
                wait=PERIOD,
            )
        actor = api_keys.actor_of(written) if _KEY.fullmatch(written) else None
        if actor is None:
            cache.add(failures, 0, PERIOD)
            cache.incr(failures)
            logger.warning("A key that does not work was used from %s.", request.META.get("REMOTE_ADDR", ""))
            raise _unknown('Bearer error="invalid_token"')
        return actor.user, Caller(actor=actor, start=start)

    def authenticate_header(self, request: Any) -> str:
        """Return how to log in, for the header ``WWW-Authenticate``."""
        return "Bearer"


def _unknown(header: str) -> Refusal:
    refusal = Refusal(401)
    refusal.auth_header = header
    return refusal


def _place(request: Any, start: str) -> str:
    told = f"{request.META.get('REMOTE_ADDR', '')} {start}"
    return f"api-failures:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()}"


class KeyRate(SimpleRateThrottle):
    """So many requests with one key, and no more."""

    rate = RATE

    def get_cache_key(self, request: Any, view: Any) -> str:
        """Return the name of the counter."""
        return f"api-rate:{request.auth.actor.mandate.uuid}:{request.auth.start}"
