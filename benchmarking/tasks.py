"""What Celery workers do. A task carries only a key; what has to be done stands in the database."""

from __future__ import annotations

from celery import shared_task

from providers.access import EVERYTHING, scope


@shared_task
def work(run_id: int) -> None:
    """Claim a run and carry it out; does nothing if another worker has it or it is over."""
    from benchmarking import lease, runs

    with scope(EVERYTHING):
        claimed = lease.claim(run_id)
        if claimed is not None:
            runs.carry_out(claimed)


@shared_task
def assist(division_id: int) -> None:
    """Do parts of a step that another worker divided, as long as there are any."""
    from benchmarking import shards

    with scope(EVERYTHING):
        shards.assist(division_id)


@shared_task
def sweep() -> None:
    """Wake workers for what was left."""
    from benchmarking import runs

    with scope(EVERYTHING):
        runs.sweep()
