"""Workers that die, freeze and come back; a broker that goes away; two workers at once. On both transports.

Everything is asked for through the pages and done by real worker processes; what is waited for is what was committed. In the
middle of a run nobody has to be quick: there the workers stand before a gate until the test has seen what it wants to see.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

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
from tests.processes import OURS, Browser, Portal, wait_for
from tests.resilience.gate import Gate, stop_all_runs

pytestmark = [pytest.mark.workers, pytest.mark.usefixtures("nothing_left")]
#: Leases and signs of life are kept in the database whatever the transport, so not everything is tried over both.
OVER_BOTH = pytest.mark.parametrize("portal", ["files", "redis"], indirect=True)
OVER_REDIS = pytest.mark.parametrize("portal", ["redis"], indirect=True)

ROUND = "/rondes/fictief-2024/"
BUSY = {RunStatus.QUEUED, RunStatus.RUNNING}
PARTS = 8
Worker = subprocess.Popen[bytes]


def start(noor: Browser) -> Run:
    """Press *start* on the page of the round; return the run that was asked for."""
    before = set(Run.objects.values_list("pk", flat=True))
    page = noor.post(ROUND, f"{ROUND}berekenen/")
    new = list(Run.objects.exclude(pk__in=before))
    said = " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())
    assert len(new) == 1, f"no new run; the page says: {said[:600]}"
    return new[0]


def again(run: Run) -> Run:
    """Return the run as it is committed now."""
    return Run.objects.get(pk=run.pk)


def until(run: Run, status: RunStatus) -> Run:
    """Wait until the run has ended, and return it; it must have ended with ``status``."""
    ended = wait_for("the run ends", lambda: again(run) if again(run).status not in BUSY else None)
    assert ended.status == status, ended.failure_reason
    return ended


def until_fence(run: Run, fence: int) -> Run:
    """Wait until the run was claimed so many times, and return it."""
    return wait_for(f"the run is claimed {fence} times", lambda: again(run) if again(run).fence == fence else None)


def stored(run: Run) -> tuple[int, int]:
    """Return how many results and links to peers stand in the database for a run."""
    return Result.objects.filter(run=run).count(), PeerLink.objects.filter(result__run=run).count()


def parts_of(run: Run, **conditions: object) -> dict[int, RunShard]:
    """Return the parts of the bootstrap as they are committed now, by their keys."""
    return {part.pk: part for part in RunShard.objects.filter(division__run=run, **conditions)}


def is_one_of(worker: Worker, name: str) -> bool:
    """Tell whether the process that calls itself so at the database is one of this worker's."""
    try:
        return os.getpgid(int(name.rpartition(":")[2])) == worker.pid
    except (ProcessLookupError, ValueError):
        return False


def in_hand(worker: Worker, run: Run) -> dict[int, int]:
    """Return the parts that this worker has in hand: their keys, and how often each was claimed."""
    working = parts_of(run, status=ShardStatus.WORKING)
    return {key: part.fence for key, part in working.items() if is_one_of(worker, part.worker)}


def taken_over(parts: dict[int, int]) -> dict[int, int]:
    """Return what becomes of parts in hand when each is claimed once more."""
    return {key: fence + 1 for key, fence in parts.items()}


def in_the_middle(run: Run, gate: Gate, *workers: Worker) -> tuple[Worker, ...]:
    """Wait until some parts are done, and all processes of these workers have one in hand and stand before the closed gate.

    Return the workers; first who holds the run.
    """
    wait_for("all are at the gate", lambda: gate.waiting() == 2 * len(workers))
    assert parts_of(run, status=ShardStatus.DONE)
    assert all(in_hand(worker, run) for worker in workers)
    holder = again(run).worker
    return tuple(sorted(workers, key=lambda worker: not is_one_of(worker, holder)))


def freeze_at_work(portal: Portal, gate: Gate, noor: Browser) -> tuple[Run, Worker]:
    """Start a run and freeze the worker that holds it: with a part in hand, and not in the middle of writing anything down.

    Frozen first and looked at then: if it is not as it must be, it goes on a little. Return the run and the worker.
    """
    workers = portal.two_workers()
    for _ in range(5):
        gate.close()
        run = start(noor)
        holder, _ = in_the_middle(run, gate, *workers)
        while parts_of(run, status=ShardStatus.WAITING):
            gate.let_through()
            while gate.waiting() < len(parts_of(run, status=ShardStatus.WORKING)):
                os.killpg(holder.pid, signal.SIGSTOP)
                if in_hand(holder, run) and not gate.writes(f"{OURS}-{portal.name_of(holder)}"):
                    return run, holder
                os.killpg(holder.pid, signal.SIGCONT)
        gate.open()
        until(run, RunStatus.COMPLETED)
    raise AssertionError("in five runs the worker could never be frozen at work")


def handled(portal: Portal, workers: tuple[Worker, ...]) -> int:
    """Return how many messages about runs these workers have dealt with."""
    return sum(len(re.findall(r"tasks\.work\[[^]]+] succeeded", portal.log_of(worker))) for worker in workers)


@pytest.fixture
def nothing_left(portal: Portal, gate: Gate) -> Iterator[None]:
    """Leave the next test an open gate, workers that are awake and no run that goes on, whatever happened in this one."""
    try:
        yield
    finally:
        gate.open()
        for worker in portal.workers:
            os.killpg(worker.pid, signal.SIGCONT)
        if Run.objects.filter(status__in=BUSY).exists():
            portal.without_workers()
            stop_all_runs(gate)


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
    assert is_one_of(worker, until_fence(run, 1).worker)
    done = until(run, RunStatus.COMPLETED)
    assert stored(done)[0] == Submission.objects.filter(round__slug="fictief-2024").count()
    assert done.fence == 1
    assert done.result_hash in noor.get(ROUND)


@OVER_REDIS
def test_workers_share_the_parts_of_a_run(portal: Portal, noor: Browser, gate: Gate, undisturbed: Run) -> None:
    workers = portal.two_workers()
    gate.close()
    run = start(noor)
    in_the_middle(run, gate, *workers)
    assert f"1 van {PARTS} delen klaar" in noor.get(f"/berekeningen/{run.uuid}/")
    gate.let_through()
    done = len(parts_of(run, status=ShardStatus.DONE))
    assert done >= 5
    assert f"{done} van {PARTS} delen klaar" in noor.get(f"/berekeningen/{run.uuid}/")
    gate.open()
    ended = until(run, RunStatus.COMPLETED)
    figures = RunStep.objects.get(run=run, code="uncertainty").figures
    # Two workers of two processes each; the process that holds the run does parts too.
    assert (figures["parts"], figures["workers"]) == (PARTS, 4)
    assert ended.result_hash == undisturbed.result_hash


@OVER_BOTH
def test_two_workers_never_do_the_same_run_twice(portal: Portal, noor: Browser, undisturbed: Run) -> None:
    """Every message about the run arrives many times, at two workers that sweep as well."""
    workers = portal.two_workers()
    before = handled(portal, workers)
    run = start(noor)
    folder = str(portal.folder / "messages")
    address = portal.redis.url if portal.redis else "filesystem://"
    options = {} if portal.redis else {"data_folder_in": folder, "data_folder_out": folder}
    with app.connection_for_write(address, transport_options=options) as broker:
        for _ in range(20):
            app.send_task("benchmarking.tasks.work", [run.pk], connection=broker)
    done = until(run, RunStatus.COMPLETED)
    wait_for("all messages are handled", lambda: handled(portal, workers) - before >= 21)
    assert again(run).fence == 1
    assert stored(run) == stored(undisturbed)
    assert done.result_hash == undisturbed.result_hash


@OVER_REDIS
def test_a_frozen_worker_that_thaws_commits_nothing(
    portal: Portal, noor: Browser, gate: Gate, undisturbed: Run
) -> None:
    run, frozen = freeze_at_work(portal, gate, noor)
    (other,) = (worker for worker in portal.workers if worker is not frozen)
    gate.open()
    successor = until_fence(run, 2)
    assert is_one_of(other, successor.worker)
    os.killpg(frozen.pid, signal.SIGCONT)
    done = until(run, RunStatus.COMPLETED)
    lost = f"Run {run.pk} was taken over"
    wait_for("the thawed worker finds that it lost the run", lambda: lost in portal.log_of(frozen))
    assert again(run).fence == 2
    assert is_one_of(other, done.worker)
    assert done.result_hash == undisturbed.result_hash
    assert stored(run) == stored(undisturbed)
    records = RunStep.objects.filter(run=run)
    assert {step.status for step in records} == {StepStatus.DONE}
    assert all(step.started_at >= successor.heartbeat_at for step in records), (
        "a record of the thawed worker stands there"
    )


@OVER_REDIS
def test_a_run_that_is_stopped_stops_and_keeps_nothing(portal: Portal, noor: Browser, gate: Gate) -> None:
    workers = portal.two_workers()
    said = {worker.pid: len(portal.log_of(worker)) for worker in workers}
    gate.close()
    run = start(noor)
    in_the_middle(run, gate, *workers)
    noor.post(ROUND, f"/berekeningen/{run.uuid}/stoppen/")
    gate.open()
    stopped = until(run, RunStatus.CANCELLED)
    assert stored(run) == (0, 0)
    assert not stopped.result_hash
    assert "De berekening is gestopt" in noor.get(f"/berekeningen/{run.uuid}/")
    assert not any("Traceback" in portal.log_of(worker)[said[worker.pid] :] for worker in workers)


@OVER_BOTH
def test_a_worker_killed_in_the_middle_is_seen_and_replaced(
    portal: Portal, noor: Browser, gate: Gate, undisturbed: Run
) -> None:
    workers = portal.two_workers()
    gate.close()
    run = start(noor)
    killed, successor = in_the_middle(run, gate, *workers)
    orphans = in_hand(killed, run)
    done = {(part.pk, part.finished_at) for part in parts_of(run, status=ShardStatus.DONE).values()}
    assert stored(run) == (0, 0)
    portal.kill(killed)
    # Who is at the gate takes nothing over.
    address = f"/berekeningen/{run.uuid}/"
    wait_for("the page says that it stands still", lambda: "De berekening staat stil" in noor.get(address), every=0.2)
    assert "neemt het vanzelf over" in noor.get(address)
    assert "staat stil" in noor.get("/rondes/")
    assert f"1 van {PARTS} delen klaar" in noor.get(address)
    # The parts go before the run: who holds on to both of them here has nobody free to take the run over.
    gate.open_for_first_times()
    wait_for("an orphaned part is taken over", lambda: taken_over(orphans).items() & in_hand(successor, run).items())
    assert done <= {(part.pk, part.finished_at) for part in parts_of(run).values()}
    gate.open()
    ended = until(run, RunStatus.COMPLETED)
    assert ended.fence == 2
    assert is_one_of(successor, ended.worker)
    assert ended.result_hash == undisturbed.result_hash
    assert stored(ended) == stored(undisturbed)
    assert RunDivision.objects.count() == 0
    assert RunStep.objects.filter(run=run).count() == RunStep.objects.filter(run=undisturbed).count()
    assert "(poging 2)" in noor.get(address)


@OVER_REDIS
def test_a_helper_killed_with_a_part_in_hand_is_missed_by_nobody(
    portal: Portal, noor: Browser, gate: Gate, undisturbed: Run
) -> None:
    """The worker that holds the run takes the part over and goes on; the run itself changes hands with nobody."""
    workers = portal.two_workers()
    gate.close()
    run = start(noor)
    holder, helper = in_the_middle(run, gate, *workers)
    orphans = in_hand(helper, run)
    portal.kill(helper)
    gate.open_for_first_times()
    wait_for("an orphaned part is taken over", lambda: taken_over(orphans).items() & in_hand(holder, run).items())
    gate.open()
    ended = until(run, RunStatus.COMPLETED)
    assert ended.fence == 1
    assert is_one_of(holder, ended.worker)
    assert ended.result_hash == undisturbed.result_hash
    assert stored(ended) == stored(undisturbed)


@OVER_REDIS
def test_a_run_stopped_just_before_its_worker_dies_ends_too(portal: Portal, noor: Browser, gate: Gate) -> None:
    workers = portal.two_workers()
    gate.close()
    run = start(noor)
    dies, _ = in_the_middle(run, gate, *workers)
    noor.post(ROUND, f"/berekeningen/{run.uuid}/stoppen/")
    portal.kill(dies)
    assert again(run).status == RunStatus.RUNNING
    gate.open()
    until(run, RunStatus.CANCELLED)
    assert stored(run) == (0, 0)


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
        wait_for("Redis is back", lambda: _answers(str(portal.redis and portal.redis.url)))


def _answers(url: str) -> bool:
    place = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((str(place.hostname), int(place.port or 0))) == 0


@OVER_REDIS
def test_a_run_goes_on_when_the_broker_goes_away_in_the_middle(
    portal: Portal, noor: Browser, gate: Gate, undisturbed: Run
) -> None:
    worker = portal.the_worker()
    gate.close()
    run = start(noor)
    in_the_middle(run, gate, worker)
    with without_redis(portal):
        gate.open()
        done = until(run, RunStatus.COMPLETED)
        assert is_one_of(worker, done.worker)
        assert done.fence == 1
        assert done.result_hash == undisturbed.result_hash
    until(start(noor), RunStatus.COMPLETED)


@OVER_REDIS
def test_a_run_asked_for_while_the_broker_is_away_is_carried_out_later(portal: Portal, noor: Browser) -> None:
    portal.the_worker()
    with without_redis(portal):
        run = start(noor)  # a page that waits for the broker is given up by this browser
        assert "In de wachtrij" in noor.get(f"/berekeningen/{run.uuid}/")
    # Kombu may end a worker that had a message in hand when Redis went away; then whoever keeps it running starts another.
    wait_for("the run ends", lambda: portal.the_worker() and again(run).status not in BUSY)
    until(run, RunStatus.COMPLETED)
