"""A portal in processes, the people who use it, and a real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from benchmarking import lease, runs
from benchmarking.models import PeerLink, Run
from providers.access import EVERYTHING, scope
from providers.models import CareOffice, Mandate, Power, Provider, Role, Round, User
from tariffs.release import release_run
from tests.cast import PASSWORD
from tests.e2e.screen import HEIGHTS, WIDTHS, Screen
from tests.processes import Portal, empty_database, running_portal, store_fictitious

#: Chromium loads what hangs below its address bar for every new window, and a process in reserve for the next page: more work
#: than the pages under test. Of several lists of features the last counts, so what Playwright switches off for steady pages
#: stands here again.
OFF = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(OFF)}",
]


def chromium_path() -> str | None:
    """Return the Chromium of this machine: the one ``CHROMIUM`` names, or one in the usual places."""
    named = os.environ.get("CHROMIUM")
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    usual = [shutil.which(name) for name in names]
    return next((path for path in (named, *usual) if path and Path(path).exists()), None)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Give a Chromium; skip where there is none, except in CI, where that is a failure."""
    path = chromium_path()
    if path is None:
        reason = "no Chromium was found on this machine (name one in CHROMIUM)"
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(reason)
        pytest.skip(reason)
    # Playwright keeps an event loop in this thread; Django then refuses the database, although nothing here is concurrent.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="package")
def portal(
    chromium: Browser, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """Give a portal with two fictitious years: 2023 is released, 2024 is still to be computed. It has no worker yet."""
    folder = tmp_path_factory.mktemp("portal")
    with django_db_blocker.unblock(), scope(EVERYTHING):
        try:
            store_fictitious(folder / "fictief", providers=100, book_years=(2023, 2024))
            run = runs.request_run(round=Round.objects.get(slug="fictief-2023"), actor=None)
            claimed = lease.claim(run.pk)
            assert claimed is not None
            runs.carry_out(claimed)
            run.refresh_from_db()
            release_run(run=run, actor=None)
            make_people(run)
            with running_portal(folder) as running:
                yield running
        finally:
            empty_database()


def make_people(run: Run) -> None:
    """Store a provider with peers, NZa staff, the care office of its region, and somebody who is all three."""
    linked: dict[Provider, int] = {}
    for link in PeerLink.objects.filter(result__run=run).select_related("result__provider"):
        linked[link.result.provider] = linked.get(link.result.provider, 0) + 1
    provider = max(linked, key=lambda item: (linked[item], item.key))
    office = CareOffice.objects.filter(regions__locations__provider=provider).order_by("pk")[0]
    of_provider = {"role": Role.PROVIDER, "provider": provider}
    mandates: dict[str, list[dict[str, Any]]] = {
        "anne": [{**of_provider, "powers": [Power.ADMINISTER, Power.DELIVER]}],
        "daan": [{**of_provider, "powers": [Power.DELIVER]}],
        "fatima": [{**of_provider, "powers": [Power.SIGN]}],
        "noor": [{"role": Role.NZA}],
        "pieter": [{"role": Role.NZA}],
        "karim": [{"role": Role.CARE_OFFICE, "care_office": office}],
        "olaf": [],
    }
    mandates["maria"] = [*mandates["anne"], *mandates["karim"], *mandates["noor"]]
    for name, given in mandates.items():
        user = User.objects.create_user(f"{name}@example.org", PASSWORD, name=name.title())
        for mandate in given:
            Mandate.objects.create(user=user, **mandate)


@pytest.fixture(params=WIDTHS, ids=[f"{width}px" for width in WIDTHS])
def width(request: pytest.FixtureRequest) -> int:
    """Give the width of the window: a desk and a telephone."""
    return int(request.param)


@pytest.fixture(scope="package")
def sessions() -> dict[str, Any]:
    """Keep the cookies of who logged in by the form before, so that she need not do it for every test."""
    return {}


@pytest.fixture
def open_screen(
    portal: Portal, chromium: Browser, sessions: dict[str, Any], db: None
) -> Iterator[Callable[..., Screen]]:
    """Give a way to open a window of its own for somebody; whatever a browser complained of fails the test at its end."""
    screens = []
    with ExitStack() as open_windows:

        def open_one(email: str | None = None, *, at: str = "/", width: int = 1440, scripts: bool = True) -> Screen:
            context = chromium.new_context(
                viewport={"width": width, "height": HEIGHTS[width]},
                locale="nl-NL",
                accept_downloads=True,
                java_script_enabled=scripts,
                storage_state=sessions.get(email or ""),
            )
            open_windows.callback(context.close)
            screen = Screen.opened(context, portal.address, width, has_scripts=scripts)
            screens.append(screen)
            if email is not None and email not in sessions:
                screen.log_in(email)
                sessions[email] = context.storage_state()
            if email is not None:
                screen.go(at)
            return screen

        yield open_one
    assert [complaint for screen in screens for complaint in screen.wrong] == []
