"""The portal as it runs in earnest: a web server and workers as processes, on either transport, on the test database.

The test itself only looks: it sends forms over HTTP, ends processes by their id, and reads what was committed.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from ivportal import embedded
from ivportal.embedded import RedisServer

T = TypeVar("T")
SPECIFICATION = Path(settings.BASE_DIR) / "benchmarking" / "specifications" / "integrale-vergelijking.json"
#: How the processes of a portal call themselves at the database, so that their sessions can be told from the test's; a worker
#: adds its name.
OURS = "portal-under-test"
#: Short clocks: a worker is given up after four seconds and noticed within one more.
CLOCKS = {
    "IVPORTAL_RUN_LEASE_SECONDS": "4",
    "IVPORTAL_RUN_HEARTBEAT_SECONDS": "1",
    "IVPORTAL_SWEEP_SECONDS": "1",
}


class TookTooLong(AssertionError):
    """What was waited for did not happen."""


def wait_for(what: str, look: Callable[[], T | None], *, patience: float = 180, every: float = 0.05) -> T:
    """Look until there is something to see, and return it; raise :class:`TookTooLong` after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(every)
    raise TookTooLong(f"not within {patience:g} seconds: {what}")


def database_url(*, owner: bool) -> str:
    """Return where the test database is, as a finished URL for child processes."""
    name = str(connection.settings_dict["NAME"])
    if not settings.DATABASE_URL:
        place = embedded.database_place(owner=owner)
        return f"postgresql://{place['USER']}@{quote(place['HOST'], safe='')}:{place['PORT']}/{name}"
    url = urlsplit(settings.DATABASE_OWNER_URL if owner else settings.DATABASE_URL)
    return urlunsplit(url._replace(path=f"/{name}"))


class Browser:
    """Somebody at a screen without a screen: cookies, forms, redirects."""

    def __init__(self, base: str) -> None:
        self.base = base
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> str:
        """Return the page; an answer that is not 200 raises."""
        with self._opener.open(self.base + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, form_on: str, action: str, **fields: str) -> str:
        """Fill in a form that stands on page ``form_on`` and return the page it leads to."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(form_on))
        assert token is not None, f"no form on {form_on}"
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
        request = urllib.request.Request(self.base + action, data=data, headers={"Referer": self.base + form_on})
        with self._opener.open(request, timeout=30) as answer:
            return str(answer.read().decode())

    def log_in(self, email: str, password: str) -> str:
        """Log in by the form and return the start page."""
        page = self.post("/inloggen/", "/inloggen/", username=email, password=password)
        assert "Uitloggen" in page, f"{email} could not log in"
        return page


@dataclass
class Portal:
    """A running portal: its address and its processes."""

    folder: Path
    environment: dict[str, str]
    port: int
    redis: RedisServer | None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    web: int = 0
    """Process id of the web server."""

    @property
    def address(self) -> str:
        """Return where the portal answers."""
        return f"http://127.0.0.1:{self.port}"

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker with a sweeper and wait until it is ready for work."""
        name = f"proef-{uuid.uuid4().hex[:8]}"
        log = self.folder / f"{name}.log"
        environment = {**CLOCKS, **self.environment}
        environment["DATABASE_URL"] = f"{database_url(owner=False)}?application_name={OURS}-{name}"
        worker = embedded.start_worker(name=name, log=log, environment=environment)
        self.workers.append(worker)
        wait_for(f"worker ready, see {log}", lambda: b" ready." in log.read_bytes())
        return worker

    def the_worker(self) -> subprocess.Popen[bytes]:
        """Return the one worker there is: one that was left over, or a new one; any others are ended."""
        for worker in [*self.workers[1:], *(one for one in self.workers[:1] if one.poll() is not None)]:
            self.kill(worker)
        return self.workers[0] if self.workers else self.start_worker()

    def name_of(self, worker: subprocess.Popen[bytes]) -> str:
        """Return how a worker is called."""
        return next(word.split("@")[0] for word in map(str, worker.args) if word.startswith("proef-"))  # type: ignore[arg-type]

    def log_of(self, worker: subprocess.Popen[bytes]) -> str:
        """Return what a worker wrote."""
        return (self.folder / f"{self.name_of(worker)}.log").read_text(encoding="utf-8", errors="replace")

    def two_workers(self) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
        """Return two workers: who was left over, and new ones for who is missing."""
        while len(self.workers) < 2:
            self.start_worker()
        first, second = self.workers
        return first, second

    def without_workers(self) -> None:
        """End all workers."""
        while self.workers:
            self.kill(self.workers[-1])

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker with all its processes at once: none of them can say goodbye."""
        end_group(worker)
        self.workers.remove(worker)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that we started, with its children, and wait until it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def running_portal(folder: Path, *, redis: RedisServer | None = None) -> Iterator[Portal]:
    """Have the portal answering inside the block, without workers; everything that was started is ended after it."""
    environment = {
        **CLOCKS,
        "DATABASE_URL": f"{database_url(owner=False)}?application_name={OURS}",
        "DATABASE_OWNER_URL": database_url(owner=True),
        "IVPORTAL_DATA": str(folder),
        "REDIS_URL": redis.url if redis else "",
    }
    (folder / "messages").mkdir(parents=True, exist_ok=True)
    (folder / "message-control").mkdir(parents=True, exist_ok=True)
    portal = Portal(folder=folder, environment=environment, port=embedded.free_port(), redis=redis)
    command = [sys.executable, "-m", "gunicorn", "ivportal.wsgi", "--bind", f"127.0.0.1:{portal.port}"]
    command += ["--workers", "1", "--threads", "4", "--worker-tmp-dir", str(folder), "--no-control-socket"]
    with (folder / "web.log").open("ab") as log:
        web = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    portal.web = web.pid
    try:
        wait_for(f"the portal answers, see {folder / 'web.log'}", lambda: _answers(portal.address), every=0.1)
        yield portal
    finally:
        for process in (*portal.workers, web):
            end_group(process)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/inloggen/", timeout=15).close()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True


def store_fictitious(
    folder: Path, *, providers: int, book_years: tuple[int, ...], seed: int = 7, replications: int = 100
) -> list[str]:
    """Write fictitious rounds as files and read them in, with tariffs and model; return their slugs.

    ``replications``: how often the bootstrap is repeated; many make a run that takes long.
    """
    from benchmarking.runs import set_specification
    from providers import fictitious
    from providers.rounds import import_files
    from tariffs.policies import set_policy
    from tariffs.tables import import_tariffs

    population = fictitious.generate(seed, providers=providers, book_years=book_years)
    files = fictitious.write(population, folder)
    workbooks = [path for path in files if path.suffix == ".xlsx"]
    table = import_tariffs(path=next(path for path in files if path.suffix == ".csv"), actor=None)
    rounds = [imported.round for imported in import_files(source_name="iv", paths=workbooks, actor=None)]
    for round in rounds:
        set_policy(round=round, actor=None, tariff_table=table, tariff_year=round.book_year + 1)
        model = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
        model["bootstrap"]["replications"] = replications
        set_specification(round=round, document=model, actor=None)
    return [round.slug for round in rounds]


def empty_database() -> None:
    """Take away everything that was committed; reference data come back. Sessions of killed processes are ended first."""

    def are_gone() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND starts_with(application_name, %s)",
                [OURS],
            )
            return bool(cursor.fetchone() == (0,))

    wait_for("killed processes have no sessions left", are_gone)
    call_command("flush", verbosity=0, interactive=False)
    connection.close()
