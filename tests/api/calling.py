"""Calling the API as another system does. Every answer is held against the OpenAPI description, by a library that reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import jsonschema
from django.test import Client
from django.utils import timezone

from ivportal.api import schema
from providers import api_keys
from providers.access import Actor

PROBLEM = "application/problem+json"


@cache
def described() -> dict[str, Any]:
    """Return the description, read once."""
    return schema.described()


def key_for(actor: Actor) -> str:
    """Return a new key under the mandate of ``actor``."""
    return api_keys.make(name="Administratie", valid_until=timezone.now() + timedelta(days=30), actor=actor)[1]


class Caller:
    """A system with a key, or without one."""

    def __init__(self, key: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def call(self, method: str, address: str, body: Any = None, *, content_type: str = "", **headers: str) -> Any:
        """Send a request; header names are written with underscores. Fail if the answer is not as described."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent: dict[str, Any] = {"headers": {**self.headers, **named}}
        if body is not None:
            sent["data"] = body
            if content_type != "multipart":
                sent["content_type"] = content_type or "application/json"
        answer = getattr(self.client, method)(address, **sent)
        require_described(method, address, answer)
        assert not answer.cookies, "the API makes no session"
        return answer

    def get(self, address: str, **headers: str) -> Any:
        """Look."""
        return self.call("get", address, **headers)

    def put(self, address: str, body: Any, number: int | None = None, **headers: str) -> Any:
        """Save, based on the state with this number."""
        if number is not None:
            headers["If_Match"] = f'"{number}"'
        return self.call("put", address, body, **headers)

    def post(self, address: str, body: Any = None, number: int | None = None, **headers: str) -> Any:
        """Send, based on the state with this number."""
        if number is not None:
            headers["If_Match"] = f'"{number}"'
        return self.call("post", address, body, **headers)


def require_described(method: str, address: str, answer: Any) -> None:
    """Fail if the description does not know this answer: the status, its kind, its shape, its headers."""
    assert answer["API-Version"] == "1.0.0"
    assert answer.status_code < 500, answer.content
    found = operation(method, address.partition("?")[0])
    if found is None:
        assert answer.status_code in (404, 405, 401), f"{method} {address} answers {answer.status_code} undescribed"
        assert answer["Content-Type"] == PROBLEM
        shape: Any = {"$ref": "#/components/schemas/Problem"}
    else:
        assert answer["Cache-Control"] == "no-store"
        known = found["responses"].get(str(answer.status_code))
        assert known is not None, f"{method} {address} answers {answer.status_code}, which is not described"
        assert answer["Content-Type"] in known["content"]
        shape = known["content"][answer["Content-Type"]]["schema"]
        for name in known.get("headers", {}):
            assert name in answer, f"{name} is promised with {answer.status_code}"
    jsonschema.validate(answer.json(), plain_schema(shape))
    if answer.status_code >= 400:
        assert answer["Content-Type"] == PROBLEM
        assert answer.json()["status"] == answer.status_code


def operation(method: str, address: str) -> Mapping[str, Any] | None:
    """Return what the description says of a method on an address; ``None`` if it does not know it."""
    for path, methods in described()["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), address):
            found: Mapping[str, Any] | None = methods.get(method)
            return found
    return None


def plain_schema(shape: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema: references filled in, ``nullable`` as a type."""
    if isinstance(shape, list):
        return [plain_schema(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    if "$ref" in shape:
        name = shape["$ref"].removeprefix("#/components/schemas/")
        closed = described()["components"]["schemas"][name]
        if closed.get("type") == "object":
            # What is not described may not be told either.
            closed = {**closed, "additionalProperties": closed.get("additionalProperties", False)}
        return plain_schema(closed)
    made = {name: plain_schema(value) for name, value in shape.items() if name not in ("nullable", "example")}
    return {"anyOf": [{"type": "null"}, made]} if shape.get("nullable") else made
