"""A portal of its own to measure: Valkey and PostgreSQL on loopback, in a folder that is thrown away."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Portal:
    """The folder with its data and logs, and the processes that store and hand over, by pid."""

    folder: Path
    valkey: int
    database: int


@contextmanager
def running(*, keep: bool = False) -> Iterator[Portal]:
    """Start a portal without a worker or web server, with an empty database, in a scope that sees everything.

    Django is set up in here, so that what needs it is imported inside. ``keep``: leave the folder and print where it is.
    """
    folder = Path(tempfile.mkdtemp(prefix="ivportal-bench-"))
    try:
        with _running(folder) as portal:
            yield portal
    finally:
        if keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(folder: Path) -> Iterator[Portal]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "ivportal.settings"
    os.environ["IVPORTAL_DATA"] = str(folder)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "IVPORTAL_PRODUCTION"):
        os.environ.pop(name, None)
    from ivportal import embedded

    redis = embedded.start_redis(folder / "valkey")
    os.environ["REDIS_URL"] = redis.url
    try:
        import django

        django.setup()
        from django.core.management import call_command

        from ivportal.demo import supervisor
        from providers.access import EVERYTHING, scope

        with ExitStack() as stack:
            stack.enter_context(supervisor.stopping_on_signals())
            stack.enter_context(supervisor.database())
            call_command("migrate", verbosity=0)
            stack.enter_context(scope(EVERYTHING))
            database = int((embedded.database_folder() / "postmaster.pid").read_text(encoding="ascii").split()[0])
            yield Portal(folder, valkey=redis.process.pid, database=database)
    finally:
        redis.stop()
