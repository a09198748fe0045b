"""The run: its steps in order, a committed record of each, and one transaction that stores everything at the end.

The steps (:mod:`benchmarking.course`) are pure; only this module and :mod:`benchmarking.shards` write. A worker that is taken
over has written step records and parts of divided steps and nothing else, so the next one starts from the frozen figures and
comes to the same hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import timezone

from benchmarking import course, datasets, frontiers, frozen_frontier, shards
from benchmarking.calculation import Calculation, DividedStep, Outcome, Step, rows_of
from benchmarking.engine import ENGINE_VERSION, libraries
from benchmarking.lease import Lease
from benchmarking.models import PeerLink, Result, Run, RunStatus, RunStep, StepStatus
from providers.models import Provider

RESULT_COLUMNS = (
    "participates", "reason_text", "total_cost", "allowance", "comparable_cost", "fixed_cost", "quality", "outlier",
    "may_be_peer", "comparable_count", "status", "score", "super_efficiency", "published_score", "minimum_cost",
    "slacks", "prices", "certificate", "peers_unique", "prices_unique", "fallback", "bias_corrected_score", "score_lower",
    "score_upper", "uncertainty_shown", "correction", "users", "influence",
)  # fmt: skip
#: What the result hash covers of every provider, beside what the steps publish.
ALWAYS_PUBLISHED = ("total_cost", "allowance", "comparable_cost", "fixed_cost", "quality", "outlier", "may_be_peer")
#: What stands in a column for a provider that does not take part.
EMPTY = {
    "status": "", "slacks": {}, "prices": {}, "certificate": [], "fallback": False, "uncertainty_shown": False
}  # fmt: skip


def steps_of(run: Run) -> list[Step]:
    """Return the steps of one run in order: others if it is measured against the frontier of another."""
    return frozen_frontier.steps_of(run) if frontiers.is_frozen(run) else course.steps()


def compute(run: Run) -> Calculation:
    """Carry out all steps without writing anything: what ``verify`` does."""
    return course.carried_out(course.start_of(run), steps_of(run))


def execute(lease: Lease) -> None:
    """Carry out a claimed run, with a committed record of each step, and store the results.

    Raises :class:`~benchmarking.lease.LeaseLost`, :class:`~benchmarking.lease.Cancelled` or
    :class:`~benchmarking.calculation.RunFailed`; the caller settles the run.
    """
    with lease.commit() as run:
        todo = steps_of(run)
        RunStep.objects.filter(run=run).delete()
        RunStep.objects.bulk_create(
            RunStep(run=run, number=number, code=step.code, title=step.title)
            for number, step in enumerate(todo, start=1)
        )
    calculation = course.start_of(run)
    for number, step in enumerate(todo, start=1):
        with lease.commit() as run:
            _record(run, number, status=StepStatus.RUNNING, started_at=timezone.now())
        outcome = _carried_out(step, calculation, lease)
        calculation = outcome.calculation
        with lease.commit() as run:
            _record(
                run,
                number,
                status=StepStatus.DONE,
                finished_at=timezone.now(),
                sentences=list(outcome.sentences),
                figures={**outcome.figures, **_division(run, step)},
            )
    with lease.commit() as run:
        store(run, calculation)


def _carried_out(step: Step, calculation: Calculation, lease: Lease) -> Outcome:
    if isinstance(step, DividedStep):
        return step(calculation, workshop=partial(shards.workshop, lease))
    return step(calculation)


def _division(run: Run, step: Step) -> dict[str, int]:
    """Return in how many parts a step was done and by how many workers; nothing for an undivided one."""
    counted = shards.count_of(run, step.code)
    return {name: counted[name] for name in ("parts", "workers") if name in counted}


def _record(run: Run, number: int, **facts: Any) -> None:
    RunStep.objects.filter(run=run, number=number).update(**facts)


def store(run: Run, calculation: Calculation) -> None:
    """Write results, peers and what other applications add, and complete the run."""
    providers = dict(Provider.objects.filter(submissions__round=run.dataset.round).values_list("key", "pk"))
    table = calculation.results
    made = {
        key: Result(
            run=run,
            provider_id=providers[key],
            reasons=row["reasons"].split(),
            **{name: EMPTY.get(name) if _missing(row[name]) else row[name] for name in RESULT_COLUMNS},
        )
        for key, row in rows_of(table).items()
    }
    Result.objects.bulk_create(made.values(), batch_size=1000)
    PeerLink.objects.bulk_create(
        (
            PeerLink(
                result=made[link["key"]],
                peer=made[link["peer"]],
                weight=link["weight"],
                cost_share=link["cost_share"],
                score_without=None if _missing(link["score_without"]) else link["score_without"],
            )
            for link in calculation.peers.to_dict("records")
        ),
        batch_size=1000,
    )
    for keep in calculation.stores:
        keep(run, made)
    shards.forget(pk=run.pk)
    run.summary = {**calculation.summary, "libraries": libraries()}
    run.result_hash = result_hash(calculation)
    run.engine_version = ENGINE_VERSION
    run.status = RunStatus.COMPLETED
    run.finished_at = timezone.now()
    run.save()


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def result_hash(calculation: Calculation) -> str:
    """Return the SHA-256 of what is published: rounded values in order of key, so that it is the same everywhere."""
    rows: list[list[str]] = []
    for key, row in rows_of(calculation.results).items():
        texts = _texts(row, (*ALWAYS_PUBLISHED, *calculation.published))
        rows.append(["result", key, str(int(row["participates"])), row["reasons"], *texts])
    for link in calculation.peers.sort_values(["key", "peer"]).to_dict("records"):
        without = "" if _missing(link["score_without"]) else f"{link['score_without']:.6f}"
        rows.append(["peer", link["key"], link["peer"], f"{link['weight']:.6f}", without])
    columns = [name for name in calculation.products.columns if name not in ("key", "product")]
    for product in calculation.products.sort_values(["key", "product"]).to_dict("records"):
        facts = {str(name): value for name, value in product.items()}
        rows.append(["product", facts["key"], facts["product"], *_texts(facts, columns)])
    return hashlib.sha256(datasets.write_csv(rows)).hexdigest()


def _texts(row: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    return [
        ""
        if _missing(row[name])
        else datasets.canonical_number(row[name])
        if isinstance(row[name], Decimal)
        else str(row[name])
        for name in columns
    ]
