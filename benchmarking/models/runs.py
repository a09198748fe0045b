"""Frozen datasets and runs: what is computed, by whom, how far it is, and the proof that it is the same."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from benchmarking.models.specifications import Specification
from providers.access import OwnedQuerySet
from providers.models import Round, SubmissionVersion, User


class Dataset(models.Model):
    """The figures of a round, frozen: canonical CSV bytes and their hash. Never changed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="datasets", help_text="Of which round.")
    content = models.BinaryField(help_text="Canonical CSV: UTF-8, comma, LF, rows in order of key.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When it was frozen.")
    versions = models.ManyToManyField(
        SubmissionVersion, related_name="datasets", help_text="The submission versions that it holds."
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "sha256"], name="the_same_figures_of_a_round_are_frozen_once")
        ]

    def __str__(self) -> str:
        return f"{self.round}: gegevens {self.sha256[:8]}"


class RunStatus(models.TextChoices):
    """Where a run is."""

    QUEUED = "queued", "In de wachtrij"
    RUNNING = "running", "Bezig"
    COMPLETED = "completed", "Klaar"
    FAILED = "failed", "Mislukt"
    CANCELLED = "cancelled", "Gestopt"


RUN_TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED}),
    RunStatus.RUNNING: frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}),
    RunStatus.COMPLETED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}


class Run(models.Model):
    """One computation: dataset × specification × engine version × seed, with a lease for the worker that does it.

    ``fence`` rises with every claim. A worker commits only while its fence is the run's fence, so one that was thought
    dead and comes back can commit nothing.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="runs", help_text="Of which figures.")
    specification = models.ForeignKey(
        Specification, on_delete=models.PROTECT, related_name="runs", help_text="With which model."
    )
    frozen = models.JSONField(
        default=dict, help_text="What else the run depends on, as it was at the start (policy, tariffs)."
    )
    engine_version = models.CharField(max_length=40, help_text="Version of the numeric core.")
    seed = models.BigIntegerField(help_text="Seed of all that is drawn.")
    status = models.CharField(
        max_length=20, choices=RunStatus.choices, default=RunStatus.QUEUED, help_text="Where the run is."
    )
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="By whom; empty: a command."
    )
    requested_at = models.DateTimeField(auto_now_add=True, help_text="When it was asked for.")
    started_at = models.DateTimeField(null=True, help_text="When a worker first began.")
    finished_at = models.DateTimeField(null=True, help_text="When it ended.")
    fence = models.PositiveIntegerField(default=0, help_text="Number of claims so far; the newest may commit.")
    worker = models.CharField(max_length=120, blank=True, help_text="Who holds the lease.")
    heartbeat_at = models.DateTimeField(null=True, help_text="Last sign of life of the worker.")
    lease_until = models.DateTimeField(null=True, help_text="Until when nobody else may take over.")
    cancel_requested_at = models.DateTimeField(null=True, help_text="When somebody asked to stop it.")
    failure_reason = models.TextField(blank=True, help_text="Why it failed, in Dutch.")
    result_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the published results.")
    summary = models.JSONField(default=dict, help_text="National picture of the run.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        get_latest_by = ["requested_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="completed") | ~Q(result_hash=""), name="a_completed_run_has_a_result_hash"
            ),
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(failure_reason=""), name="a_failed_run_says_why"),
        ]

    def __str__(self) -> str:
        return f"Berekening {str(self.uuid)[:8]} van {self.dataset.round}"

    @property
    def is_ended(self) -> bool:
        """Tell whether the run is over, in whatever way."""
        return not RUN_TRANSITIONS[RunStatus(self.status)]


class StepStatus(models.TextChoices):
    """Where a step is."""

    WAITING = "waiting", "Wacht"
    RUNNING = "running", "Bezig"
    DONE = "done", "Klaar"


class RunStep(models.Model):
    """The record of one step, committed as it goes, that a person can read."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", help_text="Of which run.")
    number = models.PositiveSmallIntegerField(help_text="Place in the order.")
    code = models.CharField(max_length=40, help_text="Name of the step in the program.")
    title = models.CharField(max_length=80, help_text="Name of the step as shown.")
    status = models.CharField(
        max_length=10, choices=StepStatus.choices, default=StepStatus.WAITING, help_text="Where the step is."
    )
    started_at = models.DateTimeField(null=True, help_text="When it began.")
    finished_at = models.DateTimeField(null=True, help_text="When it ended.")
    sentences = models.JSONField(default=list, help_text="What it did, in Dutch sentences.")
    figures = models.JSONField(default=dict, help_text="What it counted.")

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="a_step_number_is_used_once_per_run")]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"
