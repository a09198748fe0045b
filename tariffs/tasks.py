"""What Celery workers do after a run. A task carries only a key; what has to be done stands in the database."""

from __future__ import annotations

import logging

from celery import shared_task

from providers.access import EVERYTHING, scope

logger = logging.getLogger(__name__)


@shared_task
def make_reports(release_id: int) -> None:
    """Make the reports of a release that somebody prepared."""
    from tariffs import release

    with scope(EVERYTHING):
        try:
            release.make_reports(release_id)
        except Exception:
            logger.exception("The reports of release %s could not be made; the sweeper has it tried again.", release_id)


@shared_task
def release_due() -> None:
    """Make visible what was approved and whose moment has come."""
    from tariffs import release

    with scope(EVERYTHING):
        release.release_due()


@shared_task
def look_ahead() -> None:
    """Compute what one correction would do, for who has to decide on it; then whoever else waits for a worker gets its turn."""
    from tariffs.procedure import outlook

    with scope(EVERYTHING):
        if outlook.compute_next():
            outlook.wake_waiting()


@shared_task
def settle() -> None:
    """Let the standings follow what providers did."""
    from tariffs.procedure import objections

    with scope(EVERYTHING):
        objections.settle_standings()


@shared_task
def sweep() -> None:
    """Do what the clock says and what was left; what takes long, or can take a worker down with it, is left to others."""
    from tariffs import release
    from tariffs.procedure import objections, outlook

    with scope(EVERYTHING):
        for part in (release.release_due, objections.settle_standings, release.wake_waiting, outlook.wake_waiting):
            try:
                part()
            except Exception:
                # What goes wrong in one must not keep the others from being done.
                logger.exception("A part of the sweep failed: %s.%s", part.__module__, part.__name__)
