"""A portal in processes, on each of the two transports, with a small round whose bootstrap is done in eight parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ivportal import embedded
from providers.access import EVERYTHING, scope
from providers.models import Mandate, Role, User
from tests.cast import PASSWORD
from tests.processes import Browser, Portal, empty_database, running_portal, store_fictitious
from tests.resilience.gate import Gate, gate_before_parts


@pytest.fixture(scope="module")
def portal(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Portal]:
    """Give a portal without workers; the tests start and end those. What was stored is taken away afterwards.

    A test says over which transport its messages travel: ``redis``, or ``files`` as well.
    """
    folder = tmp_path_factory.mktemp(request.param)
    redis = embedded.start_redis(folder / "redis") if request.param == "redis" else None
    with django_db_blocker.unblock(), scope(EVERYTHING):
        try:
            store_fictitious(folder / "fictief", providers=50, book_years=(2024,), replications=512)
            noor = User.objects.create_user("noor@example.org", PASSWORD, name="Noor")
            Mandate.objects.create(user=noor, role=Role.NZA)
            with running_portal(folder, redis=redis) as running:
                yield running
                redis = running.redis  # a test may have put another one in its place
        finally:
            empty_database()
            if redis is not None:
                redis.stop()


@pytest.fixture(scope="module")
def gate(portal: Portal) -> Iterator[Gate]:
    """Give the gate on the way of the portal's workers; open, unless a test closes it."""
    with gate_before_parts() as gate:
        yield gate
        portal.without_workers()


@pytest.fixture(scope="module")
def browser(portal: Portal) -> Browser:
    """Give the browser of Noor of the NZa; she logs in once per portal."""
    browser = Browser(portal.address)
    browser.log_in("noor@example.org", PASSWORD)
    return browser


@pytest.fixture
def noor(browser: Browser, db: None) -> Browser:
    """Give Noor at her browser. The test reads the database, and writes nothing itself."""
    return browser
