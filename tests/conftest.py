"""The servers of the suite: a PostgreSQL of its own, and a Redis for the tests that ask for one.

The process that controls the suite starts and stops them; with several test processes the others are told where they are.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

# Here and not in the configuration file, because Django's settings must not be loaded before the folder is chosen.
os.environ["DJANGO_SETTINGS_MODULE"] = "ivportal.settings"
if "PYTEST_XDIST_WORKER" not in os.environ:
    # The tests' data never meet those of a demonstration.
    os.environ["IVPORTAL_DATA"] = tempfile.mkdtemp(prefix="ivportal-tests-")
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        if value := os.environ.get(f"TEST_{name}"):
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    if sys.dont_write_bytecode:
        # Asked for in many containers. The suite starts dozens of Python processes, and each would compile everything anew, for
        # seconds: so bytecode is kept after all, not beside the sources but with what else is made here.
        sys.dont_write_bytecode = False
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / ".data" / "bytecode")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

#: What takes longest, longest first: with several test processes these begin, so that at the end none waits for the others. Four
#: are more than two processors: who looks at a browser, a worker or a portal that starts mostly waits, and does so beside others
#: that reckon.
LONGEST = (
    "tests/e2e/test_round_played.py",
    "tests/e2e/test_people.py",
    "tests/e2e/test_pages.py",
    "tests/resilience/test_workers.py",
    "tests/ivportal/test_demo.py",
    "tests/access/test_nothing_leaks.py",
    "tests/ivportal/test_deployment.py",
    "tests/access/test_matrix.py",
    "tests/ivportal/test_commands.py",
    "tests/benchmarking/test_swiss_rounds.py",
    "tests/resilience/test_releasing.py",
    "tests/ivportal/test_embedded.py",
    "tests/resilience/test_reading.py",
    "tests/benchmarking/dea/test_bootstrap.py",
    "tests/benchmarking/dea/test_exact.py",
    "tests/benchmarking/dea/test_lockstep.py",
    "tests/benchmarking/dea/test_scores.py",
    "tests/ivportal/test_delivering_pages.py",
    "tests/providers/form/test_reading_process.py",
    "tests/tariffs/test_how_sure.py",
    "tests/ivportal/test_desk_pages.py",
    "tests/resilience/test_mail.py",
)

OWN_FILES = pytest.StashKey[str]()

# What is loaded to begin with stays: to look through it for garbage would be a seventh of the time that collecting tests takes.
gc.disable()
django.setup()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of the tests in a folder of this session alone.

    Every session of pytest closes the folder that they share by default to other users, and PostgreSQL, where it may not run
    as root, is another user: a second session on the machine would take a database away from under the first.
    """
    if not hasattr(config, "workerinput") and config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="ivportal-files-")
        config.stash[OWN_FILES] = config.option.basetemp


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Throw the files of the tests away, unless something went wrong: then they tell what."""
    folder = session.config.stash.get(OWN_FILES, None)
    if folder is not None and exitstatus == pytest.ExitCode.OK:
        session.config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that take longest first, each file as it was."""
    place = {str(ROOT / name): number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(str(item.path), len(LONGEST)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Tell the collector of garbage that what is loaded now stays: it would look at millions of objects again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several test processes: one does a whole file, and one all that need a browser; they share what was made for them.

    Not by ``--dist loadgroup``: xdist 3.8 writes the groups into names that pytest 9.2 no longer reads, and says nothing.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "tests/e2e" if file.startswith("tests/e2e/") else file

    return ByFile(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Tell the test processes, before there are any, that a database is made for them to copy, and where its name will stand."""
    os.environ["IVPORTAL_TESTS_TEMPLATE"] = str(Path(os.environ["IVPORTAL_DATA"]) / "template")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> Iterator[None]:
    """With several test processes: start the database and carry out the migrations once, while those collect their tests."""
    yield
    if hasattr(session.config, "workerinput") or "IVPORTAL_TESTS_TEMPLATE" not in os.environ:
        return
    gc.enable()  # this process collects no tests, and migrations throw thousands of classes away
    from django.db import connection
    from pytest_django.plugin import blocking_manager_key

    from ivportal import embedded

    if not os.environ.get("DATABASE_URL"):
        embedded.database_place(owner=True)
        _need_not_survive_a_power_cut()
    with session.config.stash[blocking_manager_key].unblock():
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        connection.close()
    made = Path(os.environ["IVPORTAL_TESTS_TEMPLATE"])
    made.with_suffix(".part").write_text(name, encoding="utf-8")
    made.with_suffix(".part").rename(made)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Make the database of this test process a copy of the one that the controlling process made, if it made one."""
    from django.db import connection

    if "IVPORTAL_TESTS_TEMPLATE" not in os.environ:
        return
    made = Path(os.environ["IVPORTAL_TESTS_TEMPLATE"])
    deadline = time.monotonic() + 120
    while not made.exists():
        assert time.monotonic() < deadline, "the controlling process made no database to copy"
        time.sleep(0.05)
    connection.settings_dict["TEST"].update(TEMPLATE=made.read_text(encoding="utf-8"), MIGRATE=False)


def _need_not_survive_a_power_cut() -> None:
    """Let the database of the tests not wait for the disk; killed processes it survives as before."""
    import psycopg

    from ivportal import embedded

    host = embedded.database_place(owner=True)["HOST"]
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as server:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            server.execute(f"ALTER SYSTEM SET {name} = off")
        server.execute("SELECT pg_reload_conf()")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the database, in the controlling process only."""
    if hasattr(config, "workerinput"):
        return
    from ivportal import embedded

    if not os.environ.get("DATABASE_URL"):
        embedded.stop_database()
    shutil.rmtree(os.environ["IVPORTAL_DATA"], ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    """Leave out work that nobody asked for, in this process only; portals in processes of their own work as always.

    Hashing a password takes long by design. And WhiteNoise reads all static files for every client of Django that is made,
    unless it is told to look for a file when it is asked for. That a page was refused, with the whole way there, is formatted
    three times for each of thousands of pages that tests want to see refused; errors are reported as always.
    """
    from django.test import override_settings

    logging.getLogger("django.request").setLevel(logging.ERROR)
    with override_settings(PASSWORD_HASHERS=["tests.cast.QuickHasher"], WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(autouse=True)
def _sees_everything(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let test code itself see every row, as a worker does; requests are scoped to their actor by the middleware."""
    if not {"db", "transactional_db"} & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    from providers.access import EVERYTHING, scope

    with scope(EVERYTHING):
        yield


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a real Redis: the one ``REDIS_URL`` names, or a server started for the suite."""
    if named := os.environ.get("REDIS_URL"):
        yield named
        return
    from ivportal import embedded

    server = embedded.start_redis(tmp_path_factory.mktemp("redis"))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder with real data; skip where it is not at hand."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not beside this checkout (../shared/data)")
    return folder
