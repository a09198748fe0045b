"""Workers that die, freeze and come back; a broker that goes away; two workers at once. On both transports.

Everything is asked for through the pages and done by real worker processes; what is waited for is what was committed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarking.models import (
    PeerLink,
    Result,
    Run,
    RunDivision,
    RunShard,
    RunStatus,
    RunStep,
    ShardStatus,
    StepStatus,
)
from ivportal.celery import app
from ivportal.embedded import RedisServer
from providers.models import Submission
from tests.processes import Browser, Portal, wait_for

pytestmark = pytest.mark.workers
#: Leases and signs of life are kept in the database whatever the transport, so not everything is tried over both.
OVER_BOTH = pytest.mark.parametrize("portal", ["files", "redis"], indirect=True)
OVER_REDIS = pytest.mark.parametrize("portal", ["redis"], indirect=True)

ROUND = "/rondes/fictief-2024/"
BUSY = {RunStatus.QUEUED, RunStatus.RUNNING}


def start(noor: Browser) -> Run:
    """Press *start* on the page of the round; return the run that was asked for."""
    before = set(Run.objects.values_list("pk", flat=True))
    noor.post(ROUND, f"{ROUND}berekenen/")
    return Run.objects.exclude(pk__in=before).get()


def again(run: Run) -> Run:
    """Return the run as it is committed now."""
    return Run.objects.get(pk=run.pk)


def until(run: Run, status: RunStatus, *, patience: float = 150) -> Run:
    """Wait until the run has ended, and return it; it must have ended with ``status``."""
    ended = wait_for("the run ends", lambda: again(run) if again(run).status not in BUSY else None, patience=patience)
    assert ended.status == status, ended.failure_reason
    return ended


def until_in_the_middle(run: Run) -> Run:
    """Wait until some parts of the bootstrap are done, and the worker that holds the run has another in hand."""

    def is_there() -> bool:
        parts = RunShard.objects.filter(division__run=run, division__step="uncertainty")
        done = parts.filter(status=ShardStatus.DONE).exists()
        return done and parts.filter(status=ShardStatus.WORKING, worker=again(run).worker).exists()

    wait_for("some parts of the bootstrap are done", is_there, every=0.005)
    return again(run)


def left(run: Run) -> int:
    """Return how many parts of the bootstrap are not done."""
    return RunShard.objects.filter(division__run=run).exclude(status=ShardStatus.DONE).count()


def stored(run: Run) -> tuple[int, int]:
    """Return how many results and links to peers stand in the database for a run."""
    return Result.objects.filter(run=run).count(), PeerLink.objects.filter(result__run=run).count()


def works_for(worker: subprocess.Popen[bytes], run: Run) -> bool:
    """Tell whether the process that holds the run is one of this worker's."""
    process = int(run.worker.rpartition(":")[2])
    try:
        return os.getpgid(process) == worker.pid
    except ProcessLookupError:
        return False


def handled(portal: Portal, workers: list[subprocess.Popen[bytes]]) -> int:
    """Return how many messages about runs these workers have dealt with."""
    return sum(len(re.findall(r"tasks\.work\[[^]]+] succeeded", portal.log_of(worker))) for worker in workers)


@pytest.fixture
def undisturbed(portal: Portal, noor: Browser) -> Run:
    """Give a completed run at which nothing went wrong; computed once per transport."""
    done = Run.objects.filter(status=RunStatus.COMPLETED, fence=1).first()
    if done is None:
        portal.the_worker()
        done = until(start(noor), RunStatus.COMPLETED)
    return done


@OVER_BOTH
def test_a_run_is_carried_out_by_a_worker_and_by_nobody_else(portal: Portal, noor: Browser) -> None:
    portal.without_workers()
    run = start(noor)
    assert again(run).status == RunStatus.QUEUED
    assert "In de wachtrij" in noor.get(f"/berekeningen/{run.uuid}/")
    worker = portal.start_worker()
    working = wait_for("a worker claims it", lambda: again(run) if again(run).worker else None)
    assert works_for(worker, working)
    done = until(run, RunStatus.COMPLETED)
    assert stored(done)[0] == Submission.objects.filter(round__slug="fictief-2024").count()
    assert done.fence == 1
    assert done.result_hash in noor.get(ROUND)


@OVER_BOTH
def test_a_worker_killed_in_the_middle_is_seen_and_replaced(portal: Portal, noor: Browser, undisturbed: Run) -> None:
    killed = portal.the_worker()
    run = start(noor)
    assert works_for(killed, until_in_the_middle(run))
    portal.kill(killed)
    assert again(run).status == RunStatus.RUNNING, (
        "the run was over before its worker could be killed: use a larger round"
    )
    assert stored(run) == (0, 0)
    in_hand = {shard.pk: shard.fence for shard in RunShard.objects.filter(status=ShardStatus.WORKING)}
    done = set(RunShard.objects.filter(status=ShardStatus.DONE).values_list("pk", "finished_at"))
    assert in_hand
    assert done
    page = wait_for(
        "the page says that it stands still",
        lambda: next(
            (page for page in [noor.get(f"/berekeningen/{run.uuid}/")] if "De berekening staat stil" in page), None
        ),
        every=0.2,
    )
    assert "neemt het vanzelf over" in page
    assert "staat stil" in noor.get("/rondes/")
    assert re.search(r"\d+ van 8 delen klaar", page)
    successor = portal.start_worker()
    taken_over = wait_for("another worker takes over", lambda: again(run) if again(run).fence == 2 else None)
    assert works_for(successor, taken_over)
    wait_for(
        "the parts that were in hand are taken over",
        lambda: in_hand.items() <= {pk: fence - 1 for pk, fence in RunShard.objects.values_list("pk", "fence")}.items(),
    )
    assert done <= set(RunShard.objects.filter(division__run=run).values_list("pk", "finished_at"))
    ended = until(run, RunStatus.COMPLETED)
    assert ended.result_hash == undisturbed.result_hash
    assert stored(ended) == stored(undisturbed)
    assert RunDivision.objects.count() == 0
    assert RunStep.objects.filter(run=run).count() == RunStep.objects.filter(run=undisturbed).count()
    assert "(poging 2)" in noor.get(f"/berekeningen/{run.uuid}/")


@OVER_REDIS
def test_a_frozen_worker_that_thaws_commits_nothing(portal: Portal, noor: Browser, undisturbed: Run) -> None:
    frozen = portal.the_worker()
    run = start(noor)
    until_in_the_middle(run)
    os.killpg(frozen.pid, signal.SIGSTOP)
    assert again(run).status == RunStatus.RUNNING, (
        "the run was over before its worker could be frozen: use a larger round"
    )
    successor = portal.start_worker()
    taken_over = wait_for("another worker takes over", lambda: again(run) if again(run).fence == 2 else None)
    assert works_for(successor, taken_over)
    os.killpg(frozen.pid, signal.SIGCONT)
    done = until(run, RunStatus.COMPLETED)
    wait_for("the thawed worker finds that it lost the run", lambda: "was taken over" in portal.log_of(frozen))
    assert again(run).fence == 2
    assert works_for(successor, done)
    assert done.result_hash == undisturbed.result_hash
    assert stored(run) == stored(undisturbed)
    records = RunStep.objects.filter(run=run)
    assert {step.status for step in records} == {StepStatus.DONE}
    assert all(step.started_at >= taken_over.heartbeat_at for step in records), (
        "a record of the thawed worker stands there"
    )
    portal.kill(frozen)


@OVER_REDIS
def test_a_run_that_is_stopped_stops_and_keeps_nothing(portal: Portal, noor: Browser) -> None:
    worker = portal.the_worker()
    run = start(noor)
    until_in_the_middle(run)
    noor.post(ROUND, f"/berekeningen/{run.uuid}/stoppen/")
    stopped = until(run, RunStatus.CANCELLED, patience=90)
    assert stored(run) == (0, 0)
    assert not stopped.result_hash
    assert "De berekening is gestopt" in noor.get(f"/berekeningen/{run.uuid}/")
    assert "Traceback" not in portal.log_of(worker)


@OVER_REDIS
def test_a_run_stopped_while_its_worker_is_dead_ends_too(portal: Portal, noor: Browser) -> None:
    worker = portal.the_worker()
    run = start(noor)
    until_in_the_middle(run)
    portal.kill(worker)
    noor.post(ROUND, f"/berekeningen/{run.uuid}/stoppen/")
    portal.start_worker()
    until(run, RunStatus.CANCELLED, patience=90)
    assert stored(run) == (0, 0)


@OVER_REDIS
def test_a_helper_killed_with_a_part_in_hand_is_missed_by_nobody(
    portal: Portal, noor: Browser, undisturbed: Run
) -> None:
    """The worker that holds the run takes the part over and goes on; the run itself changes hands with nobody."""
    first, second = portal.the_worker(), portal.start_worker()
    run = start(noor)

    def helped() -> subprocess.Popen[bytes] | None:
        """Return the worker that has a part in hand of a run that the other holds."""
        held = again(run)
        helper = second if works_for(first, held) else first
        parts = RunShard.objects.filter(division__run=run, status=ShardStatus.WORKING)
        mine = [shard for shard in parts if os.getpgid(int(shard.worker.rpartition(":")[2])) == helper.pid]
        return helper if mine and left(run) < 8 else None

    helper = wait_for("both workers have a part in hand", lambda: helped() if again(run).worker else None, every=0.005)
    os.killpg(helper.pid, signal.SIGSTOP)
    parts = RunShard.objects.filter(division__run=run, status=ShardStatus.WORKING)
    orphans = [shard.pk for shard in parts if os.getpgid(int(shard.worker.rpartition(":")[2])) == helper.pid]
    portal.kill(helper)
    assert orphans
    wait_for(
        "the orphaned part is done again",
        lambda: RunShard.objects.filter(pk__in=orphans, fence__gt=1).count() == len(orphans),
    )
    ended = until(run, RunStatus.COMPLETED)
    assert ended.fence == 1
    assert ended.result_hash == undisturbed.result_hash
    assert stored(ended) == stored(undisturbed)
    portal.the_worker()


@OVER_REDIS
def test_workers_share_the_parts_of_a_run(portal: Portal, noor: Browser, undisturbed: Run) -> None:
    portal.the_worker()
    portal.start_worker()
    run = start(noor)
    said = set()

    def look() -> bool:
        said.update(
            re.findall(r"(\d+) van 8 delen klaar; (\d) rekenprocessen werken", noor.get(f"/berekeningen/{run.uuid}/"))
        )
        return again(run).status not in BUSY

    wait_for("the run ends", look, every=0.1)
    ended = until(run, RunStatus.COMPLETED)
    figures = RunStep.objects.get(run=run, code="uncertainty").figures
    # Two workers of two processes each; one process holds the run and does parts too.
    assert figures["parts"] == 8
    assert figures["workers"] >= 3
    assert len({done for done, _ in said}) >= 2, "the page never told how far it was"
    assert ended.result_hash == undisturbed.result_hash
    portal.kill(portal.workers[-1])


@OVER_BOTH
def test_two_workers_never_do_the_same_run_twice(portal: Portal, noor: Browser, undisturbed: Run) -> None:
    """Every message about the run arrives many times, at two workers that sweep as well."""
    workers = [portal.the_worker(), portal.start_worker()]
    before = handled(portal, workers)
    run = start(noor)
    if portal.redis is not None:
        with app.connection_for_write(portal.redis.url) as broker:
            for _ in range(20):
                app.send_task("benchmarking.tasks.work", [run.pk], connection=broker)
    else:
        options = {
            "data_folder_in": str(portal.folder / "messages"),
            "data_folder_out": str(portal.folder / "messages"),
        }
        with app.connection_for_write("filesystem://", transport_options=options) as broker:
            for _ in range(20):
                app.send_task("benchmarking.tasks.work", [run.pk], connection=broker)
    done = until(run, RunStatus.COMPLETED)
    wait_for("all messages are handled", lambda: handled(portal, workers) - before >= 21)
    assert again(run).fence == 1
    assert stored(run) == stored(undisturbed)
    assert done.result_hash == undisturbed.result_hash


@contextmanager
def without_redis(portal: Portal) -> Iterator[None]:
    """Take Redis away inside the block and bring it back, empty, at the same address."""
    assert portal.redis is not None, "messages over files have no server that could be away"
    portal.redis.stop()
    try:
        yield
    finally:
        process = subprocess.Popen(portal.redis.process.args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        portal.redis = RedisServer(process=process, url=portal.redis.url)


@OVER_REDIS
def test_a_run_goes_on_when_the_broker_goes_away_in_the_middle(portal: Portal, noor: Browser, undisturbed: Run) -> None:
    worker = portal.the_worker()
    run = start(noor)
    until_in_the_middle(run)
    with without_redis(portal):
        done = until(run, RunStatus.COMPLETED)
        assert works_for(worker, done)
        assert done.fence == 1
        assert done.result_hash == undisturbed.result_hash
    following = start(noor)
    until(following, RunStatus.COMPLETED, patience=90)


@OVER_REDIS
def test_a_run_asked_for_while_the_broker_is_away_is_carried_out_later(portal: Portal, noor: Browser) -> None:
    portal.the_worker()
    with without_redis(portal):
        began = time.monotonic()
        run = start(noor)
        assert time.monotonic() - began < 8, "the page kept its reader waiting for the broker"
        assert "In de wachtrij" in noor.get(f"/berekeningen/{run.uuid}/")
    until(run, RunStatus.COMPLETED, patience=90)
