"""The processes of the demonstration: database, worker and web server, started in order and always stopped."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from ivportal import embedded, workers

#: How far a worker stands behind the web server, where they share a machine: who looks at a page should not wait for a run.
BEHIND = 5


class Stopped(BaseException):
    """Somebody asked the demonstration to stop."""


def _stop(_signal: int, _frame: object) -> None:
    raise Stopped


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGINT into :class:`Stopped`, so that every ``finally`` is carried out."""
    before = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class AlreadyRunning(Exception):
    """Another demonstration uses the same data; the message says so in Dutch."""


@contextmanager
def alone() -> Iterator[None]:
    """Be the only demonstration on this data folder; the lock is gone with the process, however it ends."""
    path = Path(settings.DATA_DIR) / "demo.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise AlreadyRunning(
                f"Er draait al een demonstratie met de gegevens in {path.parent}. Stop die eerst, of kies met IVPORTAL_DATA"
                " een andere map."
            ) from taken
        yield


def watch(*processes: subprocess.Popen[bytes]) -> None:
    """Wait until one of the processes has ended."""
    while all(process.poll() is None for process in processes):
        time.sleep(0.5)


@contextmanager
def database() -> Iterator[None]:
    """Have the database running inside the block; the embedded one is stopped at its end."""
    if settings.DATABASE_URL:
        yield
        return
    embedded.database_place(owner=False)
    try:
        yield
    finally:
        from django.db import connections

        connections.close_all()
        embedded.stop_database()


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """Have a Celery worker with a sweeper running inside the block."""
    process = embedded.start_worker(
        name=f"demo-{uuid.uuid4().hex[:8]}",
        log=Path(settings.DATA_DIR) / "worker.log",
        environment=workers.child_environment(),
        niceness=BEHIND,
    )
    try:
        yield process
    finally:
        workers.stop(process)


@contextmanager
def web_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Have the web server answering on loopback inside the block."""
    log = (Path(settings.DATA_DIR) / "web.log").open("ab")
    command = [sys.executable, "-m", "gunicorn", "ivportal.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--preload", "--threads", "4"]
    command += ["--worker-tmp-dir", str(settings.DATA_DIR), "--no-control-socket"]
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env={**os.environ, **workers.child_environment()},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        # In this session, because priorities count within a session.
        process_group=0,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/inloggen/", process)
        yield process
    finally:
        workers.stop(process)
        log.close()


def _wait_for(address: str, process: subprocess.Popen[bytes], patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=2).close()  # noqa: S310 (an address of our own)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"De webserver antwoordt niet; zie {Path(settings.DATA_DIR) / 'web.log'}.")
