"""Making sure that there is somebody who works: a Celery worker of the portal's own, where none is running."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from ivportal import embedded
from ivportal.celery import app


@contextmanager
def a_worker() -> Iterator[subprocess.Popen[bytes] | None]:
    """Keep a worker running inside the block, unless a broker shared with others already has one (then ``None``)."""
    if settings.REDIS_URL and app.control.ping(timeout=1.0):
        yield None
        return
    name = f"eigen-{uuid.uuid4().hex[:8]}"
    process = embedded.start_worker(
        name=name, log=Path(settings.DATA_DIR) / "worker.log", environment=child_environment()
    )
    try:
        yield process
    finally:
        stop(process)


def child_environment() -> dict[str, str]:
    """Return what a child process needs to find the same database and broker."""
    if settings.DATABASE_URL:
        return {}
    return {
        "DATABASE_URL": embedded.database_url(owner=False),
        "DATABASE_OWNER_URL": embedded.database_url(owner=True),
        "IVPORTAL_DATA": str(settings.DATA_DIR),
    }


def stop(process: subprocess.Popen[bytes], *, patience: float = 15) -> None:
    """End a worker and its children: warm shutdown first, then its process group."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
