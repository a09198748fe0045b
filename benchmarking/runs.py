"""Runs as people handle them: choose a specification, start a run, stop it; and what the sweeper does."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from benchmarking import datasets, frontiers, shards, specification, tasks
from benchmarking.calculation import RunFailed
from benchmarking.engine import ENGINE_VERSION
from benchmarking.lease import Cancelled, Lease, LeaseLost
from benchmarking.models import RoundSpecification, Run, RunStatus, Specification
from benchmarking.specification import SpecificationError
from providers import waking
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Round

logger = logging.getLogger(__name__)

OUTDATED = (
    "De modelspecificatie van ronde {slug} is van vóór de regels die nu gelden. U kunt haar nog bekijken, maar er niet meer mee"
    " rekenen. Kies een modelspecificatie waarin dit is verbeterd."
)


class RunRefused(Exception):
    """The run cannot be started or stopped; the message is a Dutch sentence."""


def set_specification(*, round: Round, document: Any, actor: Actor | None) -> RoundSpecification:
    """Make ``document`` the specification that ``round`` uses from now on.

    Raises :class:`~benchmarking.specification.SpecificationError` with Dutch sentences.
    """
    parsed = specification.parse(document, measures=round.measures)
    with transaction.atomic():
        stored, _ = Specification.objects.get_or_create(
            sha256=specification.sha256(parsed), defaults={"document": parsed.model_dump(mode="json")}
        )
        current = round.specifications.first()
        if current is not None and current.specification == stored:
            return current
        chosen = RoundSpecification.objects.create(
            round=round, specification=stored, set_by=actor.user if actor else None
        )
        record(act=Act.SPECIFICATION_SET, actor=actor, subject=str(round), details={"sha256": stored.sha256})
    return chosen


def current_specification(round: Round) -> Specification:
    """Return the specification that the round uses and can be computed with now.

    Raises :class:`SpecificationError`: with the measures if there is none, with the rules that came later and that it does not
    keep.
    """
    current = round.specifications.first()
    if current is None:
        raise SpecificationError(
            [
                f"Voor ronde {round.slug} is nog geen modelspecificatie gekozen."
                f" Deze gegevens zijn er: {', '.join(round.measures)}."
            ]
        )
    try:
        specification.parse(current.specification.document)
    except SpecificationError as refused:
        raise SpecificationError([OUTDATED.format(slug=round.slug), *refused.problems]) from refused
    return current.specification


def request_run(*, round: Round, actor: Actor | None, against: Run | None = None) -> Run:
    """Freeze the figures, the model and the policy of ``round`` and queue a run; a worker is woken after the commit.

    ``against``: a completed run of the round. Only who has other figures than in it is then computed again, against the same
    frontier (:mod:`benchmarking.frozen_frontier`); model, policy and tariffs have to be what they were.
    Raises :class:`~benchmarking.specification.SpecificationError` without a specification that can be computed with,
    :class:`RunRefused` if a run of this round is waiting or working already, or cannot be computed against that frontier.
    """
    with transaction.atomic():
        Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        if Run.objects.filter(dataset__round=round, status__in=[RunStatus.QUEUED, RunStatus.RUNNING]).exists():
            raise RunRefused("Er loopt al een berekening van deze ronde. Wacht tot die klaar is, of stop haar eerst.")
        chosen = current_specification(round)
        frozen: dict[str, Any] = {"format": 1, "currency": round.currency}
        for path in settings.RUN_FREEZERS:
            frozen.update(import_string(path)(round))
        dataset = datasets.freeze(round=round)
        if against is not None:
            if reason := frontiers.why_not(against, dataset=dataset, specification=chosen, frozen=frozen):
                raise RunRefused(reason)
            frontier = frontiers.frontier_of(against)
            frozen = {**frontier.frozen, frontiers.FRONTIER_OF: str(frontier.uuid)}
        run = Run.objects.create(
            dataset=dataset,
            specification=chosen,
            frozen=frozen,
            engine_version=ENGINE_VERSION,
            seed=chosen.document["seed"],
            requested_by=actor.user if actor else None,
        )
        record(act=Act.RUN_REQUESTED, actor=actor, subject=str(run), details={"run": str(run.uuid)})
        transaction.on_commit(lambda: wake(run))
    return run


def wake(run: Run) -> None:
    """Tell a worker that there is a run to carry out."""
    waking.wake(tasks.work, run.pk)


def cancel_run(*, run: Run, actor: Actor | None) -> None:
    """Ask to stop a run: at once if it waits, at the end of its step or part if it works. Raises :class:`RunRefused` if over."""
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.is_ended:
            raise RunRefused("Deze berekening is al afgelopen.")
        locked.cancel_requested_at = locked.cancel_requested_at or timezone.now()
        expired = locked.lease_until is not None and locked.lease_until < timezone.now()
        if locked.status == RunStatus.QUEUED or expired:
            locked.status, locked.finished_at = RunStatus.CANCELLED, timezone.now()
            shards.forget(pk=run.pk)
        locked.save()
        record(act=Act.RUN_CANCELLED, actor=actor, subject=str(run), details={"run": str(run.uuid)})


def carry_out(lease: Lease) -> None:
    """Carry out a claimed run to its end, whatever that is: completed, failed with a reason, or cancelled."""
    from benchmarking import pipeline

    with lease.kept_alive():
        try:
            pipeline.execute(lease)
        except LeaseLost:
            logger.warning("Run %s was taken over; this worker stops.", lease.run_id)
        except Cancelled:
            _end(lease, RunStatus.CANCELLED, "")
        except RunFailed as failure:
            _end(lease, RunStatus.FAILED, str(failure))
        except Exception:
            logger.exception("Run %s failed.", lease.run_id)
            _end(
                lease,
                RunStatus.FAILED,
                "Er ging iets mis in het programma. De technische melding staat in het logboek.",
            )


def _end(lease: Lease, status: RunStatus, reason: str) -> None:
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=lease.run_id)
        if run.fence != lease.fence or run.status != RunStatus.RUNNING:
            return
        run.status, run.failure_reason, run.finished_at = status, reason, timezone.now()
        run.save()
        shards.forget(pk=run.pk)


def sweep() -> list[int]:
    """Wake workers for runs that wait too long or that a dead worker left; return their keys."""
    now = timezone.now()
    left = Run.objects.filter(status=RunStatus.RUNNING, lease_until__lt=now)
    for run in left.filter(cancel_requested_at__isnull=False):
        Run.objects.filter(pk=run.pk, status=RunStatus.RUNNING, lease_until__lt=now).update(
            status=RunStatus.CANCELLED, finished_at=now
        )
    shards.forget(status__in=[RunStatus.CANCELLED, RunStatus.FAILED])
    waiting = Run.objects.filter(status=RunStatus.QUEUED, requested_at__lt=now - timedelta(seconds=5))
    found = [*left.filter(cancel_requested_at__isnull=True), *waiting]
    for run in found:
        wake(run)
    return [run.pk for run in found]
