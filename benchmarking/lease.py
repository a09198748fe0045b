"""Who may work on a run: claims, signs of life, and the fence that keeps a stale worker from committing anything."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from benchmarking.models import Run, RunStatus
from providers.access import EVERYTHING, scope

#: How many workers may try the same run; a run that ends every worker is not tried for ever.
MOST_CLAIMS = 5
GIVEN_UP = (
    f"{MOST_CLAIMS} keer viel het rekenproces stil dat deze berekening deed. Kijk in het logboek of er genoeg geheugen"
    " is en start opnieuw."
)


class LeaseLost(Exception):
    """Another worker has taken the run over, or it has ended; this one stops and commits nothing."""


class Cancelled(Exception):
    """Somebody asked to stop the run."""


@dataclass(frozen=True)
class Lease:
    """The right of one worker to work on one run, as long as ``fence`` is the run's fence."""

    run_id: int
    fence: int

    @contextmanager
    def commit(self) -> Iterator[Run]:
        """Open a transaction in which this worker holds the run, locked.

        Raises :class:`LeaseLost` when another worker holds it, :class:`Cancelled` when somebody asked to stop it.
        """
        with transaction.atomic():
            run = Run.objects.select_for_update().get(pk=self.run_id)
            if run.fence != self.fence or run.status != RunStatus.RUNNING:
                raise LeaseLost
            if run.cancel_requested_at is not None:
                raise Cancelled
            yield run

    def kept_alive(self) -> AbstractContextManager[None]:
        """Give a sign of life every few seconds from a thread of its own, inside the block."""
        return signs_of_life(self.extend, name=f"lease-{self.run_id}")

    def extend(self) -> bool:
        """Extend the lease; tell whether this worker still holds it."""
        now = timezone.now()
        return bool(
            Run.objects.filter(pk=self.run_id, fence=self.fence, status=RunStatus.RUNNING).update(
                heartbeat_at=now, lease_until=now + timedelta(seconds=settings.RUN_LEASE_SECONDS)
            )
        )


@contextmanager
def signs_of_life(extend: Callable[[], bool], *, name: str) -> Iterator[None]:
    """Call ``extend`` every few seconds from a thread called ``name``, until it says no or the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(stop, extend), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(stop: threading.Event, extend: Callable[[], bool]) -> None:
    try:
        while not stop.wait(settings.RUN_HEARTBEAT_SECONDS):
            try:
                with scope(EVERYTHING):
                    if not extend():
                        return
            except (OperationalError, InterfaceError):
                # A lost connection is tried again at the next beat; the lease outlives several of them.
                connection.close()
    finally:
        connection.close()


def worker_name() -> str:
    """Return a name for this worker process, for the record."""
    return f"{socket.gethostname()}:{os.getpid()}"


def claim(run_id: int) -> Lease | None:
    """Claim a run that waits or that a dead worker left; return ``None`` if there is nothing to claim.

    The row is locked while it is claimed, so of two workers that try at once one wins.
    """
    now = timezone.now()
    claimable = Q(status=RunStatus.QUEUED) | Q(status=RunStatus.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        run = Run.objects.select_for_update(skip_locked=True).filter(claimable, pk=run_id).first()
        if run is None:
            return None
        if run.fence >= MOST_CLAIMS:
            run.status, run.finished_at, run.failure_reason = RunStatus.FAILED, now, GIVEN_UP
            run.save()
            return None
        run.status = RunStatus.RUNNING
        run.fence += 1
        run.worker = worker_name()
        run.heartbeat_at = now
        run.lease_until = now + timedelta(seconds=settings.RUN_LEASE_SECONDS)
        run.started_at = run.started_at or now
        run.save()
    return Lease(run_id=run_id, fence=run.fence)
