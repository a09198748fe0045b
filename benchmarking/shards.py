"""A step of a run done by all the workers there are: its parts are claimed by lease and fence, as runs are.

The worker that holds the run divides the step, wakes others, and does parts itself until none is left; so one worker alone
gets there too. It waits for parts in others' hands and takes over those whose worker gave no sign of life. What a part is and
how parts are joined is the step's business (:class:`~benchmarking.calculation.DividedStep`): here they are bytes.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from benchmarking import course, tasks
from benchmarking.calculation import DividedStep, RunFailed
from benchmarking.engine import ENGINE_VERSION
from benchmarking.lease import MOST_CLAIMS, Lease, LeaseLost, signs_of_life, worker_name
from benchmarking.models import Run, RunDivision, RunShard, RunStatus, ShardStatus
from providers import waking

logger = logging.getLogger(__name__)

#: Seconds between two looks at parts that others have in hand.
PATIENCE = 0.1
GIVEN_UP = (
    f"{MOST_CLAIMS} keer viel een rekenproces stil bij hetzelfde deel van deze berekening. Kijk in het logboek of er genoeg"
    " geheugen is en start opnieuw."
)


@dataclass(frozen=True)
class ShardLease:
    """The right of one worker to do one part, as long as ``fence`` is the part's fence."""

    shard_id: int
    number: int
    fence: int

    @contextmanager
    def commit(self) -> Iterator[RunShard]:
        """Open a transaction in which this worker holds the part, locked; :class:`LeaseLost` if it no longer does."""
        with transaction.atomic():
            shard = RunShard.objects.select_for_update().filter(pk=self.shard_id).first()
            if shard is None or shard.fence != self.fence or shard.status != ShardStatus.WORKING:
                raise LeaseLost
            yield shard

    def extend(self) -> bool:
        """Extend the lease; tell whether this worker still holds the part."""
        held = RunShard.objects.filter(pk=self.shard_id, fence=self.fence, status=ShardStatus.WORKING)
        return bool(held.update(lease_until=_lease_end()))


def workshop(lease: Lease, step: DividedStep, order: bytes) -> Sequence[bytes]:
    """Have a step done by all workers; return what its parts gave, in order of number. For who holds the run.

    Raises :class:`LeaseLost` or :class:`~benchmarking.lease.Cancelled` between two parts,
    :class:`~benchmarking.calculation.RunFailed` if a part ends every worker that tries it.
    """
    division = _divide(lease, step, order)
    left = division.shards.exclude(status=ShardStatus.DONE)
    while True:
        with lease.commit():
            pass
        claimed = claim(division, holds_the_run=True)
        if claimed is not None:
            # Whoever was thought dead may find its part taken over; whether it still holds the run is asked above.
            with suppress(LeaseLost):
                _do(claimed, step, order, division.parts)
        elif not left.exists():
            break
        elif left.filter(_claimable(), fence__gte=MOST_CLAIMS).exclude(status=ShardStatus.WAITING).exists():
            raise RunFailed(GIVEN_UP)
        else:
            time.sleep(PATIENCE)
    step.forget()
    return [bytes(shard.content or b"") for shard in division.shards.order_by("number")]


def assist(division_id: int, step: DividedStep | None = None) -> int:
    """Do parts of a division until none is left to claim; return how many. For every other worker."""
    division = RunDivision.objects.filter(pk=division_id, engine_version=ENGINE_VERSION).first()
    if division is None:
        return 0
    step = step or next(one for one in course.steps() if one.code == division.step and isinstance(one, DividedStep))
    order, count = bytes(division.order), 0
    while (claimed := claim(division)) is not None:
        try:
            _do(claimed, step, order, division.parts)
        except LeaseLost:
            logger.warning("Part %s of %s was taken over or is no longer wanted.", claimed.number, division)
        except Exception:
            # Who holds the run comes upon the same error and ends the run with it.
            logger.exception("Part %s of %s failed.", claimed.number, division)
            _give_back(claimed)
            break
        else:
            count += 1
    step.forget()
    return count


def claim(division: RunDivision, *, holds_the_run: bool = False) -> ShardLease | None:
    """Claim the first part that waits or that a dead worker left, as long as the run goes on; ``None`` if there is none.

    A part that was tried too often is left alone, but not by who holds the run if it only was given back: whatever was wrong
    with it is to end the run with its own reason.
    """
    few_claims = Q(fence__lt=MOST_CLAIMS)
    with transaction.atomic():
        shard = (
            RunShard.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(
                _claimable(),
                few_claims | Q(status=ShardStatus.WAITING) if holds_the_run else few_claims,
                division=division,
                division__run__status=RunStatus.RUNNING,
                division__run__cancel_requested_at__isnull=True,
            )
            .order_by("number")
            .first()
        )
        if shard is None:
            return None
        shard.status = ShardStatus.WORKING
        shard.fence += 1
        shard.worker = worker_name()
        shard.lease_until = _lease_end()
        shard.save()
    return ShardLease(shard_id=shard.pk, number=shard.number, fence=shard.fence)


def count_of(run: Run, step: str) -> dict[str, int]:
    """Return how far a divided step is; empty if it is not divided.

    ``parts``, ``done``, ``workers`` (who did or do some) and ``busy`` (who gave a sign of life with one in hand).
    """
    now = timezone.now()
    rows = list(
        RunShard.objects.filter(division__run=run, division__step=step).values_list("status", "worker", "lease_until")
    )
    if not rows:
        return {}
    busy = {worker for status, worker, until in rows if status == ShardStatus.WORKING and until and until >= now}
    return {
        "parts": len(rows),
        "done": sum(status == ShardStatus.DONE for status, _, _ in rows),
        "workers": len({worker for status, worker, _ in rows if status != ShardStatus.WAITING}),
        "busy": len(busy),
    }


def forget(**runs: Any) -> None:
    """Throw away the divisions of the runs found by these conditions: of runs that are over."""
    RunDivision.objects.filter(**{f"run__{name}": value for name, value in runs.items()}).delete()


def _divide(lease: Lease, step: DividedStep, order: bytes) -> RunDivision:
    """Return the division of a step: the one a predecessor left if it asks for the same, else a new one."""
    digest = hashlib.sha256(order).hexdigest()
    with lease.commit() as run:
        division = RunDivision.objects.filter(run=run, step=step.code).first()
        if division is not None and (division.sha256, division.engine_version) != (digest, ENGINE_VERSION):
            division.delete()
            division = None
        if division is None:
            division = RunDivision.objects.create(
                run=run,
                step=step.code,
                order=order,
                sha256=digest,
                parts=max(1, min(settings.RUN_SHARDS, step.most_parts(order))),
                engine_version=ENGINE_VERSION,
            )
            RunShard.objects.bulk_create(RunShard(division=division, number=n) for n in range(division.parts))
        chosen = division
        transaction.on_commit(lambda: _wake(chosen))
    return chosen


def _wake(division: RunDivision) -> None:
    """Tell other workers that there are parts to do: one message per part but one's own, so that all who are free hear it.

    If the broker is away, one worker does all parts.
    """
    waiting = division.shards.filter(_claimable()).count()
    for _ in range(waiting - 1):
        if not waking.wake(tasks.assist, division.pk):
            break


def _do(claimed: ShardLease, step: DividedStep, order: bytes, parts: int) -> None:
    with signs_of_life(claimed.extend, name=f"shard-{claimed.shard_id}"):
        content = step.part(order, claimed.number, parts)
    with claimed.commit() as shard:
        shard.status, shard.content, shard.finished_at = ShardStatus.DONE, content, timezone.now()
        shard.save()


def _give_back(claimed: ShardLease) -> None:
    held = RunShard.objects.filter(pk=claimed.shard_id, fence=claimed.fence, status=ShardStatus.WORKING)
    held.update(status=ShardStatus.WAITING, lease_until=None)


def _claimable() -> Q:
    return Q(status=ShardStatus.WAITING) | Q(status=ShardStatus.WORKING, lease_until__lt=timezone.now())


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)
