"""Divided steps: work of one run that several workers do at the same time. Gone once the run is over; it can be remade."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from benchmarking.models.runs import Run
from providers.access import OwnedQuerySet


class RunDivision(models.Model):
    """That a step of a run is divided in parts: what is to be computed, and by which version of the program."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="divisions", help_text="Of which run.")
    step = models.CharField(max_length=40, help_text="Name of the step in the program.")
    order = models.BinaryField(help_text="All that a part depends on, as the step packed it.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the order.")
    parts = models.PositiveSmallIntegerField(help_text="In how many parts.")
    engine_version = models.CharField(max_length=40, help_text="Version of the program; others keep their hands off.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When it was divided.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="a_step_of_a_run_is_divided_once"),
            models.CheckConstraint(condition=Q(parts__gt=0), name="a_division_has_at_least_one_part"),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.step} in {self.parts} delen"


class ShardStatus(models.TextChoices):
    """Where a part is."""

    WAITING = "waiting", "Wacht"
    WORKING = "working", "Bezig"
    DONE = "done", "Klaar"


SHARD_TRANSITIONS: dict[ShardStatus, frozenset[ShardStatus]] = {
    ShardStatus.WAITING: frozenset({ShardStatus.WORKING}),
    ShardStatus.WORKING: frozenset({ShardStatus.WAITING, ShardStatus.DONE}),
    ShardStatus.DONE: frozenset(),
}


class RunShard(models.Model):
    """One part of a divided step, claimed by lease and fence as a run is."""

    division = models.ForeignKey(
        RunDivision, on_delete=models.CASCADE, related_name="shards", help_text="Of which division."
    )
    number = models.PositiveSmallIntegerField(help_text="0, 1, 2, …; results are joined in this order.")
    status = models.CharField(
        max_length=10, choices=ShardStatus.choices, default=ShardStatus.WAITING, help_text="Where the part is."
    )
    fence = models.PositiveIntegerField(default=0, help_text="Number of claims so far; the newest may commit.")
    worker = models.CharField(max_length=120, blank=True, help_text="Who holds it, or did it.")
    lease_until = models.DateTimeField(null=True, help_text="Until when nobody else may take over.")
    finished_at = models.DateTimeField(null=True, help_text="When it was done.")
    content = models.BinaryField(null=True, help_text="What came out, as the step packed it.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["division", "number"]
        constraints = [
            models.UniqueConstraint(fields=["division", "number"], name="a_part_is_there_once_per_division"),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(content__isnull=False), name="a_part_that_is_done_has_content"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.division.step}, deel {self.number + 1} van {self.division.parts}"
