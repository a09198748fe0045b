"""The process that reads files: always there, shared by nobody, replaced when a file broke it, quick."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.queues import Queue

import psutil
import pytest

from providers.workbook import reading_process
from providers.workbook.content import SourceError
from providers.workbook.form import read
from providers.workbook.form.read import FORM_LIMITS
from tests.providers.form.forms import FORM, VALUES, workbook
from tests.providers.form.hostile import good
from tests.providers.form.spoiling import part, sheet_of, with_part


def _figures(content: bytes) -> int:
    return len([value for value in read(content, file_name="a.xlsx", form=FORM).values if value.value is not None])


def _helper_pid() -> int:
    assert reading_process._helper is not None
    return reading_process._helper.process.pid


def test_files_after_each_other_are_read_by_one_helper_that_stays_as_it_is() -> None:
    assert _figures(workbook()) == len(VALUES)
    helper = psutil.Process(_helper_pid())
    before = helper.memory_info().rss
    for _ in range(10):
        assert _figures(workbook()) == len(VALUES)
    assert _helper_pid() == helper.pid
    assert helper.memory_info().rss - before < 2_000_000
    assert helper.children() == []
    assert helper.num_fds() < 12


def test_a_helper_that_was_killed_is_replaced() -> None:
    _figures(workbook())
    killed = _helper_pid()
    os.kill(killed, signal.SIGKILL)
    assert _figures(workbook()) == len(VALUES)
    assert _helper_pid() != killed


def test_a_file_that_takes_too_long_is_stopped_and_the_next_one_is_read() -> None:
    with pytest.raises(SourceError, match="te groot of te ingewikkeld"):
        read(workbook(), file_name="a.xlsx", form=FORM, limits=replace(FORM_LIMITS, wall_seconds=0))
    assert _figures(workbook()) == len(VALUES)


@pytest.mark.parametrize(
    ("rows", "limit"), [(150_000, {"memory_bytes": 60_000_000}), (400_000, {"cpu_seconds": 1})], ids=["memory", "time"]
)
def test_a_file_that_eats_memory_or_time_is_killed_by_its_limits(rows: int, limit: dict[str, int]) -> None:
    name = sheet_of(good(FORM), "places")
    more = b"".join(b'<row r="%d"><c><v>1</v></c></row>' % number for number in range(1000, rows))
    large = with_part(good(FORM), name, part(good(FORM), name).replace(b"</sheetData>", more + b"</sheetData>"))
    limits = replace(FORM_LIMITS, rows=10**6, cells=10**7, ratio=10**4, **limit)
    with pytest.raises(SourceError, match="te groot of te ingewikkeld"):
        read(large, file_name="a.xlsx", form=FORM, limits=limits)
    assert _figures(workbook()) == len(VALUES)


def test_threads_take_turns() -> None:
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(_figures, [workbook()] * 12)) == [len(VALUES)] * 12


def _in_a_worker(answers: Queue[tuple[int, int]]) -> None:
    answers.put((_figures(workbook()), _helper_pid()))


def test_forked_workers_have_helpers_of_their_own_and_leave_none_behind() -> None:
    """As Celery does it: one process forks its workers, each of which reads files."""
    _figures(workbook())
    ours = _helper_pid()
    context = multiprocessing.get_context("fork")
    answers: Queue[tuple[int, int]] = context.Queue()
    workers = [context.Process(target=_in_a_worker, args=(answers,), daemon=True) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join(timeout=60)
    assert [figures for figures, _ in found] == [len(VALUES)] * 3
    helpers = {pid for _, pid in found}
    assert len(helpers) == 3
    assert ours not in helpers
    deadline = time.monotonic() + 60
    while any(psutil.pid_exists(pid) for pid in helpers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(psutil.pid_exists(pid) for pid in helpers)
    assert _figures(workbook()) == len(VALUES)
    assert _helper_pid() == ours


def test_the_child_has_no_secrets_in_its_environment() -> None:
    os.environ["IV_TEST_SECRET"] = "geheim"
    try:
        reading_process.stop()
        _figures(workbook())
        assert "geheim" not in str(psutil.Process(_helper_pid()).environ())
    finally:
        del os.environ["IV_TEST_SECRET"]
