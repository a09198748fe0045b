"""``manage.py demo`` as a stranger starts it: it prints what it should, serves, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from ivportal.embedded import free_port
from tests.processes import Browser, TookTooLong, wait_for

pytestmark = pytest.mark.workers
PATIENCE = 240
#: Providers, and replications for the interval: small, because what it prints and starts is tried here, not how long it takes.
PROVIDERS = 60
SMALL = ("--providers", str(PROVIDERS), "--replications", "100")


@dataclass(frozen=True)
class Demo:
    """A demonstration in a process of its own, with what it writes."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def out(self) -> str:
        """Return what it printed so far."""
        return (self.folder / "out").read_text(encoding="utf-8")

    @property
    def errors(self) -> str:
        """Return what it reported so far."""
        return (self.folder / "errors").read_text(encoding="utf-8")


def start(folder: Path, *words: str) -> Demo:
    """Start ``manage.py demo`` with data and temporary files in ``folder``."""
    (folder / "temporary").mkdir()
    with (folder / "out").open("wb") as out, (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", *words],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "IVPORTAL_DATA": str(folder / "data"),
                "TMPDIR": str(folder / "temporary"),
                "DATABASE_URL": "",
                "DATABASE_OWNER_URL": "",
                "REDIS_URL": "",
            },
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            start_new_session=True,
        )
    return Demo(process, folder)


def left_in(folder: Path) -> list[str]:
    """Return the processes that work in ``folder``: by their command or by their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            command, environment = process.cmdline(), process.environ()
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if str(folder) in " ".join(command) or environment.get("IVPORTAL_DATA", "").startswith(str(folder)):
            found.append(" ".join(command))
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Demo]]:
    """Give a demonstration that checks itself and one that serves; they work at the same time to save time."""
    started = [start(tmp_path_factory.mktemp("check"), "--check", *SMALL)]
    started.append(start(tmp_path_factory.mktemp("serve"), "--port", str(free_port()), *SMALL))
    yield started[0], started[1]
    for demo in started:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(timeout=60)


@pytest.fixture(scope="module")
def checked(both: tuple[Demo, Demo]) -> dict[str, str]:
    """Give what ``--check`` printed, by label, once it has ended well."""
    check = both[0]
    if check.process.wait(timeout=PATIENCE) != 0:
        pytest.fail(f"demo --check ended with {check.process.returncode}: {check.errors[-1500:]}", pytrace=False)
    return dict(re.fullmatch(r"([^:]+): +(.+)", line).groups() for line in check.out.splitlines())  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def served(both: tuple[Demo, Demo]) -> tuple[Demo, str]:
    """Give the demonstration that serves, and its address."""
    serving = both[1]

    def address() -> str | None:
        if serving.process.poll() is not None:
            pytest.fail(f"demo ended with {serving.process.returncode}: {serving.errors[-1500:]}", pytrace=False)
        found = re.search(r"(http://127\.0\.0\.1:\d+)/", serving.out)
        return found[1] if found and "Ctrl-C" in serving.out else None

    return serving, wait_for("the demonstration serves", address, patience=PATIENCE, every=0.2)


def test_check_prints_the_figures(checked: dict[str, str]) -> None:
    number = r"\d+(?:,\d+)?"
    expected = {
        "Ronde": r".*2024.*",
        "Aangeleverd": r"(\d+) van (\d+)",
        "Doen mee": r"\d+",
        "Uitgesloten": r"\d+ \(.+: \d+(; .+: \d+)*(; .+)?\)",
        "Gemiddelde score": rf"{number}\s%",
        "Mediane score": rf"{number}\s%",
        "Peers": r"\d+",
        "Landelijk minimum": r"€\s[\d.]+(,\d+)?(\smln)?",
        "Landelijk maximum": r"€\s[\d.]+(,\d+)?(\smln)?",
        "Uitkomst (hash)": r"[0-9a-f]{64}",
        "Seconden inlezen": number,
        "Seconden rekenen": number,
        "Seconden bladzijde": number,
    }
    assert list(checked) == list(expected)
    for label, pattern in expected.items():
        assert re.fullmatch(pattern, checked[label]), f"{label}: {checked[label]}"


def test_the_figures_add_up(checked: dict[str, str]) -> None:
    delivered, providers = map(int, checked["Aangeleverd"].split(" van "))
    excluded = int(checked["Uitgesloten"].split()[0])
    assert 0.9 * PROVIDERS <= delivered <= providers <= 1.1 * PROVIDERS
    assert int(checked["Doen mee"]) + excluded == providers
    assert excluded > 0
    minimum, maximum = (
        float(re.sub(r"[^\d,]", "", checked[label]).replace(",", "."))
        for label in ("Landelijk minimum", "Landelijk maximum")
    )
    assert maximum == pytest.approx(minimum * 1.1, rel=1e-3)
    assert 0 < int(checked["Peers"]) < int(checked["Doen mee"])


def test_check_leaves_no_process_and_no_file(both: tuple[Demo, Demo], checked: dict[str, str]) -> None:
    folder = both[0].folder
    assert left_in(folder) == []
    assert list((folder / "temporary").glob("ivportal-check-*")) == []


def test_serving_tells_the_address_and_accounts_that_work(served: tuple[Demo, str]) -> None:
    demo, address = served
    password = re.search(r"Wachtwoord van alle accounts: (\S+)", demo.out)
    accounts = re.findall(r"^  (\S+@iv\.example) ", demo.out, re.MULTILINE)
    assert password is not None
    assert len(accounts) == 8
    mirror, desk = "Uw spiegel over boekjaar 2024", "Wat vraagt vandaag aandacht?"
    headings = (mirror, desk, "Welke bandbreedtes", mirror, mirror, desk, desk, "Namens wie werkt u nu?")
    for account, heading in zip(accounts, headings, strict=True):
        assert heading in Browser(address).log_in(account, password[1])


def test_two_computations_have_the_same_hash(checked: dict[str, str], served: tuple[Demo, str]) -> None:
    """One in the throw-away database, one in the database that is kept; each read its own files."""
    demo, address = served
    password = re.search(r"Wachtwoord van alle accounts: (\S+)", demo.out)
    assert password is not None
    browser = Browser(address)
    browser.log_in("nza@iv.example", password[1])
    page = browser.get("/rondes/fictief-2024/")
    assert checked["Uitkomst (hash)"] in page
    assert "100 herhalingen" in page


def test_replications_that_no_model_may_ask_for_are_refused_before_anything_starts(tmp_path: Path) -> None:
    demo = start(tmp_path, "--check", "--replications", "99")
    assert demo.process.wait(timeout=60) == 2
    assert "--replications: bootstrap → replications: moet ten minste 100 zijn." in demo.errors
    assert not (tmp_path / "data").exists() or not (tmp_path / "data" / "postgres").exists()


def test_sigterm_stops_database_worker_and_server(served: tuple[Demo, str]) -> None:
    demo, address = served
    working = " ".join(left_in(demo.folder))
    for name in ("postgres", "celery", "gunicorn"):
        assert name in working
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(timeout=60) is not None
    try:
        wait_for("all processes are gone", lambda: not left_in(demo.folder))
    except TookTooLong:
        pytest.fail(f"still working: {left_in(demo.folder)}")
    assert "Traceback" not in demo.errors
    with pytest.raises(OSError):
        Browser(address).get("/inloggen/")
