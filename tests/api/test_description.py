"""The OpenAPI description: valid, complete, and every resource with all its errors."""

from __future__ import annotations

import re

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from ivportal.api import schema, urls

METHODS = ("get", "post", "put", "patch", "delete")


def test_the_description_is_valid_and_was_made_without_a_guess() -> None:
    """Tools that read it can rely on it; what the generator could not know it would have warned about."""
    GENERATOR_STATS.reset()
    schema.description.cache_clear()
    found = schema.described()
    assert not GENERATOR_STATS, "the generator guessed"
    validate_schema(found)
    assert found["info"]["contact"]["url"]
    assert found["info"]["version"] == "1.0.0"


def test_every_address_and_method_is_described_and_nothing_else() -> None:
    """What is not described does not exist, and the other way round."""
    served = {
        (re.sub(r"<[a-z]+:([a-z]+)>", r"{\1}", f"/{pattern.pattern}"), method)
        for pattern in urls.resources
        for method in METHODS
        if hasattr(pattern.callback.cls, method)
    }
    described = {(path, method) for path, methods in schema.described()["paths"].items() for method in methods}
    assert described == served


@pytest.mark.parametrize("status", ["401", "403", "405", "406", "429", "500"])
def test_every_error_that_can_always_come_is_described(status: str) -> None:
    """Whoever builds a system knows what to reckon with, and that a key is needed."""
    for methods in schema.described()["paths"].values():
        for described in methods.values():
            assert list(described["responses"][status]["content"]) == ["application/problem+json"]
            assert described["security"] == [{"sleutel": []}]
            assert described["summary"]
            assert described["description"]


def test_the_rules_for_addresses_hold() -> None:
    """No slash at the end, the main version in the path, small letters, no file extensions."""
    for path in schema.described()["paths"]:
        assert re.fullmatch(r"/api/v1(/[a-z]+|/\{[a-z]+\})+", path)
