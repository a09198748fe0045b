"""What the tests of access share: the cast beside a small computed round, stored once per module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.access.world import World, build_world
from tests.storing import stored


@pytest.fixture(scope="module")
def stored_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Store the world in a transaction around all tests of a module."""
    with stored(django_db_blocker):
        yield build_world()


@pytest.fixture
def world(stored_world: World, db: None) -> World:
    """Give the world; what a test does to it is undone."""
    return stored_world
