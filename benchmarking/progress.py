"""A run as people follow it, read from what the worker has committed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from benchmarking import shards
from benchmarking.models import Run, RunStatus, RunStep, StepStatus

#: After how many missed signs of life a run is said to stand still.
MISSED_BEATS = 2


def state_of(run: Run) -> str:
    """Return queued, running, stalled, completed, failed or cancelled; stalled is running without a sign of life."""
    silent = silent_seconds(run)
    if run.status == RunStatus.RUNNING and silent > MISSED_BEATS * settings.RUN_HEARTBEAT_SECONDS:
        return "stalled"
    return run.status


def silent_seconds(run: Run) -> float:
    """Return how long ago the worker gave a sign of life; 0 if it never did."""
    return (timezone.now() - run.heartbeat_at).total_seconds() if run.heartbeat_at else 0.0


def seconds_of(run: Run) -> float:
    """Return how long the run takes or took, from the moment it was asked for."""
    return ((run.finished_at or timezone.now()) - run.requested_at).total_seconds()


def describe(run: Run) -> dict[str, Any]:
    """Return what a page shows of a run's progress, without addresses."""
    state = state_of(run)
    steps = [] if state == "queued" else list(run.steps.all())
    busy = next((step for step in steps if step.status == StepStatus.RUNNING), None)
    parts = shards.count_of(run, busy.code) if busy else None
    done = sum(step.status == StepStatus.DONE for step in steps)
    return {
        "state": state,
        "label": _label(run, state),
        "started_at": run.requested_at,
        "started_by": run.requested_by.name if run.requested_by else "het portaal",
        "seconds": seconds_of(run),
        "seen_at": run.heartbeat_at,
        "silent_seconds": silent_seconds(run),
        "reason": run.failure_reason or ("De berekening is op verzoek gestopt." if state == "cancelled" else ""),
        "attempt": run.fence,
        "taken_over": run.fence > 1,
        "steps": [_step(step, state, _in_words(parts) if step is busy else "") for step in steps],
        "done": done,
        "is_storing": bool(steps) and done == len(steps),
        "parts": f"{parts['done']} van {parts['parts']} delen klaar" if parts else "",
        # As text: an attribute of a page has a point, whatever the language of the page is.
        "value": f"{done + (parts['done'] / parts['parts'] if parts else 0):.2f}",
    }


def _label(run: Run, state: str) -> str:
    if run.cancel_requested_at and not run.is_ended:
        return "Wordt gestopt"
    return "Staat stil" if state == "stalled" else run.get_status_display()


def _step(step: RunStep, state: str, parts: str) -> dict[str, Any]:
    shown = str(step.status)
    if step.status == StepStatus.RUNNING and state in ("stalled", "failed"):
        shown = state
    elif step.status != StepStatus.DONE and state == "cancelled":
        shown = "skipped"
    seconds = None
    if step.started_at and step.finished_at:
        seconds = (step.finished_at - step.started_at).total_seconds()
    record = " ".join(step.sentences)
    if step.status == StepStatus.RUNNING:
        record = parts
    return {"label": step.title, "state": shown, "record": record, "seconds": seconds}


def parts_done(run: Run, step: RunStep) -> str:
    """Return how many parts of a divided step are done, and by how many workers; nothing for another step."""
    return _in_words(shards.count_of(run, step.code))


def _in_words(found: dict[str, int] | None) -> str:
    if not found:
        return ""
    hands = f"{found['busy']} rekenprocessen werken" if found["busy"] > 1 else "1 rekenproces werkt"
    said = f"{found['done']} van {found['parts']} delen klaar"
    return f"{said}; {hands} eraan." if found["busy"] else f"{said}."
