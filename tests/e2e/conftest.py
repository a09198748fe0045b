"""A portal in processes, the people who use it, and a real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from benchmarking import lease, runs
from benchmarking.models import PeerLink, Run, RunStatus
from providers.access import EVERYTHING, scope
from providers.models import CareOffice, Mandate, Power, Provider, Role, Round, User
from tariffs.release import release_run
from tests.cast import PASSWORD
from tests.e2e.screen import WIDTHS, Screen
from tests.processes import Portal, empty_database, running_portal, store_fictitious
from tests.resilience.gate import Gate, gate_before_parts, stop_all_runs

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
#: Milliseconds that a page may take on a machine that does a lot besides.
PATIENCE = 60_000
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
    expect.set_options(timeout=PATIENCE)
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


@pytest.fixture
def gate(portal: Portal, db: None) -> Iterator[Gate]:
    """Give a gate on the way of the worker; open, unless a test closes it. Whatever happens, it leaves no run behind."""
    with gate_before_parts() as gate:
        try:
            yield gate
        finally:
            gate.open()
            if Run.objects.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING]).exists():
                portal.without_workers()
                stop_all_runs(gate)


@pytest.fixture
def worker(portal: Portal) -> None:
    """Have one real worker at work; the next test that needs one finds it there."""
    portal.the_worker()


@pytest.fixture(params=WIDTHS, ids=[f"{width}px" for width in WIDTHS])
def width(request: pytest.FixtureRequest) -> int:
    """Give the width of the window: a desk and a telephone."""
    return int(request.param)


@pytest.fixture(scope="package")
def sessions() -> dict[str, Any]:
    """Keep the cookies of who logged in by the form before, so that she need not do it for every test."""
    return {}


@pytest.fixture(scope="package")
def windows(chromium: Browser, portal: Portal) -> dict[bool, list[Screen]]:
    """Keep the windows that nobody uses now, with scripts and without. A window knows what it has loaded before."""
    return {True: [], False: []}


@pytest.fixture
def open_screen(
    portal: Portal, chromium: Browser, sessions: dict[str, Any], windows: dict[bool, list[Screen]], db: None
) -> Iterator[Callable[..., Screen]]:
    """Give a way to open a window for somebody; whatever a browser complained of fails the test at its end.

    It may be a window that another test used; nobody is logged in there any more.
    """
    screens = []

    def open_one(email: str | None = None, *, at: str = "/", width: int = 1440, scripts: bool = True) -> Screen:
        if windows[scripts]:
            screen = windows[scripts].pop()
        else:
            context = chromium.new_context(locale="nl-NL", accept_downloads=True, java_script_enabled=scripts)
            context.set_default_timeout(PATIENCE)
            screen = Screen.opened(context, portal.address, has_scripts=scripts)
        screens.append(screen)
        screen.resize(width)
        if email in sessions:
            screen.context.add_cookies(sessions[email])
        elif email is not None:
            screen.log_in(email)
            sessions[email] = screen.context.cookies()
        if email is not None:
            screen.go(at)
        return screen

    yield open_one
    wrong = [complaint for screen in screens for complaint in screen.wrong]
    for screen in screens:
        screen.leave()
        windows[screen.has_scripts].append(screen)
    assert wrong == []
