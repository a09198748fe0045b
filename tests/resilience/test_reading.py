"""Files of providers in the hands of real workers that die or race, without the broker, and with a reader that is killed.

Everything is sent through the pages. What is waited for is what was committed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psutil
import psycopg
import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from ivportal import embedded
from ivportal.celery import app
from providers import drafts, uploads
from providers.access import EVERYTHING, scope
from providers.contents import from_json
from providers.models import Draft, Notice, Power, Submission, TermChange, Upload, UploadStatus
from providers.workbook.form import Line, Organisation, write_csv
from tests.cast import PASSWORD
from tests.delivering import a_provider, an_employee, figures_of, portal_round, somebody_at, submission_of
from tests.processes import Browser, Portal, database_url, empty_database, running_portal, wait_for
from tests.providers.form.forms import workbook
from tests.providers.form.spoiling import part, sheet_of, with_part
from tests.resilience.test_workers import without_redis

pytestmark = pytest.mark.workers

SLUG, LINDE, LATER = "iv-2025", "99900001", "99900003"
HERE = f"/aanlevering/{SLUG}/"
#: What the portal notices about every file here: its name of the organisation is another one.
NOTICED = "IV-L-008"


@pytest.fixture(scope="module")
def portal(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Give a portal on Redis with an open round, without workers; what was stored is taken away afterwards."""
    folder = tmp_path_factory.mktemp("reading")
    redis = embedded.start_redis(folder / "redis")
    with django_db_blocker.unblock(), scope(EVERYTHING):
        try:
            portal_round(slug=SLUG)
            somebody_at(a_provider(LINDE), Power.DELIVER, name="Daan")
            somebody_at(a_provider(LATER, "De Populier"), Power.DELIVER)
            an_employee("Noor")
            with running_portal(folder, redis=redis) as running:
                yield running
                redis = running.redis or redis  # a test put another one in its place
        finally:
            empty_database()
            redis.stop()


@pytest.fixture(scope="module")
def workers(portal: Portal) -> list[subprocess.Popen[bytes]]:
    """Give two workers, each of two processes, started at once; a test may kill one."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: portal.start_worker(), range(2)))


@pytest.fixture(scope="module")
def browser(portal: Portal) -> Browser:
    """Give the browser of Noor of the NZa."""
    browser = Browser(portal.address)
    browser.log_in("noor@nza.example", PASSWORD)
    return browser


@pytest.fixture(scope="module")
def sender(portal: Portal) -> Browser:
    """Give the browser of Daan of De Linde; he logs in once."""
    browser = Browser(portal.address)
    browser.log_in(f"daan-{LINDE}@example.org", PASSWORD)
    return browser


@pytest.fixture
def daan(sender: Browser, db: None) -> Browser:
    """Give Daan at his browser. The test reads the database; what it writes, it writes beside its own transaction."""
    return sender


@pytest.fixture
def beside(portal: Portal) -> Iterator[psycopg.Connection]:
    """Give a session of its own at the database: what it writes is there for everybody, what it locks keeps others waiting."""
    with psycopg.connect(database_url(owner=True), autocommit=True) as session:
        session.execute("SELECT set_config('ivportal.scope', %s, false)", [EVERYTHING])
        yield session


def of_linde() -> Submission:
    """Return De Linde's submission as it is committed now."""
    return submission_of(Submission.objects.get(provider__key=LINDE).round, LINDE)


def a_file(**changes: int) -> bytes:
    """Return the form of De Linde as CSV, filled in honestly, under another name; ``changes`` are other figures."""
    submission = of_linde()
    usual = figures_of(submission.provider, submission.round.book_year)
    figures = {**usual, **{code: Decimal(value) for code, value in changes.items()}}
    form = replace(uploads.form_for(submission), name="Zorggroep De Linde")
    lines = [Line(code, figures[code], None) for code in submission.round.measures]
    known = drafts.contents_of(None, submission).locations
    return write_csv(form, lines, Organisation("Stichting", "41410001", "300-1234"), known)


def a_large_file() -> bytes:
    """Return a workbook within all limits that takes a second to read: 150,000 cells below the places where figures stand."""
    usual, line = workbook(), "<c><v>{0}</v></c><c><v>{0}7</v></c><c><v>3{0}</v></c>" * 3
    name = sheet_of(usual, "places")
    rows = "".join(f'<row r="{number}">{line.format(number)}</row>' for number in range(1_000, 17_000))
    return with_part(usual, name, part(usual, name).replace(b"</sheetData>", rows.encode() + b"</sheetData>"))


def send(daan: Browser, content: bytes) -> tuple[Upload, str]:
    """Send a file by the form on the page; return what was stored, and the page that came after it."""
    key, newest = uuid.uuid4().hex, drafts.newest_of(of_linde())
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', daan.get(HERE))
    assert token is not None
    file = type("File", (), {"name": "cijfers.csv", "read": lambda self: content})()
    fields = {
        "csrfmiddlewaretoken": token[1],
        "bestand": file,
        "stand": str(newest.number if newest else 0),
        "sleutel": key,
    }
    request = urllib.request.Request(
        f"{daan.base}{HERE}versturen/",
        data=encode_multipart(BOUNDARY, fields),
        headers={"Referer": daan.base + HERE, "Content-Type": MULTIPART_CONTENT},
    )
    with daan._opener.open(request, timeout=30) as answer:
        page = str(answer.read().decode())
    return Upload.objects.get(key=key), page


def again(upload: Upload) -> Upload:
    """Return an upload as it is committed now."""
    return Upload.objects.get(pk=upload.pk)


def until(upload: Upload, status: UploadStatus) -> Upload:
    """Wait until a file was read or refused, and return what became of it."""
    done = wait_for(
        f"file {upload.pk} is dealt with",
        lambda: again(upload) if again(upload).status != UploadStatus.WAITING else None,
    )
    assert done.status == status, done.problems
    return done


def assert_saved_once(upload: Upload, **figures: int) -> None:
    """Check that a file became one saved state, with its figures, and with what was noticed about it once."""
    made = Draft.objects.get(upload=upload)
    newest = drafts.newest_of(of_linde())
    assert newest == made
    contents = from_json(made.contents)
    assert {code: contents.figures[code].value for code in figures} == figures
    assert [item.rule for item in contents.noticed] == [NOTICED]


@contextmanager
def in_hand(
    send_one: Callable[[], Upload], workers: list[subprocess.Popen[bytes]], beside: psycopg.Connection
) -> Iterator[Upload]:
    """Have a worker that read a file wait, inside the block, before it writes anything down: somebody holds the submission."""
    for worker in workers:
        os.killpg(worker.pid, signal.SIGSTOP)
    try:
        upload = send_one()
        with beside.transaction(force_rollback=True):
            held = "SELECT id FROM providers_submission WHERE id = %s FOR UPDATE"
            assert beside.execute(held, [upload.submission_id]).fetchone() == (upload.submission_id,)
            for worker in workers:
                os.killpg(worker.pid, signal.SIGCONT)
            wait_for("a worker has the file", lambda: again(upload).claims, every=0.01)
            wait_for("a worker read it and waits", lambda: _waits_for_the_submission(beside), every=0.01)
            yield upload
    finally:
        for worker in workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGCONT)


def _waits_for_the_submission(beside: psycopg.Connection) -> bool:
    waiting = beside.execute(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    ).fetchone()
    return waiting is not None and waiting[0] > 0


def told_to_read(portal: Portal, upload: Upload, times: int) -> None:
    """Send the message about a file that came in, so many times more."""
    assert portal.redis is not None
    with app.connection_for_write(portal.redis.url) as broker:
        for _ in range(times):
            app.send_task("providers.tasks.read_upload", [upload.pk], connection=broker)


def received(portal: Portal, worker: subprocess.Popen[bytes]) -> int:
    """Return how many messages about files this worker took."""
    return len(re.findall(r"read_upload\[[^]]+] received", portal.log_of(worker)))


def handled(portal: Portal, *workers: subprocess.Popen[bytes]) -> int:
    """Return how many messages about files these workers have dealt with."""
    return sum(len(re.findall(r"read_upload\[[^]]+] succeeded", portal.log_of(worker))) for worker in workers)


def helpers_of(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the processes under a worker that read files for it, and the copies that these make of themselves."""
    found = []
    for process in psutil.Process(worker.pid).children(recursive=True):
        try:
            if any(word.endswith("serve.py") for word in process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def copy_that_reads(worker: subprocess.Popen[bytes]) -> psutil.Process | None:
    """Return the copy that reads a file for a worker at this moment."""
    helpers = helpers_of(worker)
    known = {process.pid for process in helpers}
    with suppress(psutil.NoSuchProcess):
        return next((process for process in helpers if process.ppid() in known), None)
    return None


def is_stopped_at_work(copy: psutil.Process, upload: Upload) -> bool:
    """Make a copy stand still; tell whether the file that it reads waits for it."""
    try:
        copy.suspend()
        still_reads = copy.status() != psutil.STATUS_ZOMBIE and again(upload).status == UploadStatus.WAITING
    except psutil.NoSuchProcess:
        return False
    if not still_reads:
        copy.resume()
    return still_reads


def test_of_two_workers_that_are_told_of_a_file_many_times_one_reads_it(
    portal: Portal, workers: list[subprocess.Popen[bytes]], daan: Browser, beside: psycopg.Connection
) -> None:
    content = a_file(places=193)
    before = handled(portal, *workers)
    with in_hand(lambda: send(daan, content)[0], workers, beside) as upload:
        told_to_read(portal, upload, 12)
        wait_for("all other messages are dealt with", lambda: handled(portal, *workers) - before >= 12)
        assert again(upload).claims == 1
    done = until(upload, UploadStatus.READ)
    assert done.claims == 1
    assert_saved_once(done, places=193)


def test_a_file_in_the_hands_of_a_worker_that_is_killed_is_read_by_another_and_saved_once(
    portal: Portal, workers: list[subprocess.Popen[bytes]], daan: Browser, beside: psycopg.Connection
) -> None:
    content = a_file(places=191)
    with in_hand(lambda: send(daan, content)[0], workers, beside) as upload:
        killed = next(worker for worker in workers if received(portal, worker) > handled(portal, worker))
        (successor,) = (worker for worker in workers if worker is not killed)
        helpers = helpers_of(killed)
        assert helpers
        portal.kill(killed)
    assert again(upload).status == UploadStatus.WAITING
    assert "Wordt gelezen" in daan.get(HERE)
    assert not Draft.objects.filter(upload=upload).exists()
    wait_for("who read for the killed worker ends too", lambda: not any(one.is_running() for one in helpers))
    before = handled(portal, successor)
    told_to_read(portal, upload, 1)
    wait_for("another worker was told", lambda: handled(portal, successor) > before)
    assert again(upload).claims == 1, "it was taken from a worker that could still be reading it"
    # As if the time that a worker has a file had passed, and nobody was told: the sweeper finds it.
    beside.execute("UPDATE providers_upload SET claimed_until = now() WHERE id = %s", [upload.pk])
    done = until(upload, UploadStatus.READ)
    assert done.claims == 2
    assert_saved_once(done, places=191)
    assert daan.get(HERE).count(f"({NOTICED})") == 1


def test_what_is_asked_while_the_broker_is_away_is_answered_and_done_later(
    portal: Portal, workers: list[subprocess.Popen[bytes]], noor: Browser, daan: Browser
) -> None:
    step = f"/rondes/{SLUG}/beheer"
    until_when = timezone.localdate() + timedelta(days=60)
    content = a_file(places=192)
    with without_redis(portal):
        # A page that waits for the broker is given up by this browser.
        upload, page = send(daan, content)
        assert "is ontvangen en wordt gelezen" in page
        noor.post(f"{step}/verlengen/", f"{step}/verlengen/", until_day=f"{until_when}", reason="Storing.")
        noor.post(f"{step}/uitnodigen/", f"{step}/uitnodigen/", numbers=LATER)
        assert again(upload).status == UploadStatus.WAITING
        change = TermChange.objects.get()
        assert submission_of(change.round, LATER).status == "not_started"
    done = until(upload, UploadStatus.READ)
    assert_saved_once(done, places=192)

    def told() -> bool:
        return (
            Notice.objects.filter(kind="term_extended", provider__key=LINDE).count() == 1
            and Notice.objects.filter(kind="invitation", provider__key=LATER).count() == 1
        )

    wait_for("everybody is told", told)


def test_a_file_whose_reader_is_killed_for_its_memory_is_refused_and_the_next_one_is_read(
    portal: Portal, workers: list[subprocess.Popen[bytes]], daan: Browser
) -> None:
    worker = portal.the_worker()
    content = a_large_file()
    for _ in range(5):
        upload, _ = send(daan, content)
        copy = wait_for(
            "a copy reads the file, or has read it",
            lambda upload=upload: copy_that_reads(worker) or again(upload).status != UploadStatus.WAITING,
            every=0.01,
        )
        # It stands still before it is looked at: what was read before anybody saw it is sent once more.
        if isinstance(copy, psutil.Process) and is_stopped_at_work(copy, upload):
            break
    else:
        raise AssertionError("five times the file was read before its reader could be killed")
    copy.kill()
    refused = until(upload, UploadStatus.REFUSED)
    (said,) = refused.problems
    assert "te groot of te ingewikkeld" in said
    assert said in daan.get(f"{HERE}bestanden/{upload.uuid}/")
    following, _ = send(daan, a_file(places=194))
    assert_saved_once(until(following, UploadStatus.READ), places=194)
