"""What was released: the release of a run, and the mirror report of each provider as it was then."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from benchmarking.models import Run
from providers.access import OwnedQuerySet
from providers.models import Provider, Round, User


class ReportStatus(models.TextChoices):
    """The legal status of figures, shown wherever they are shown."""

    SIMULATION = "simulation", "Simulatie"
    PROVISIONAL = "provisional", "Voorlopig"
    ADOPTED = "adopted", "Vastgesteld"
    DECIDED = "decided", "Besluit"
    UNDER_OBJECTION = "under_objection", "Onder bezwaar"


class Release(models.Model):
    """That the outcome of a run was made visible to those it concerns."""

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="release", help_text="Which run.")
    round = models.ForeignKey(
        Round,
        on_delete=models.PROTECT,
        related_name="releases",
        help_text="Which round: who may not see the run sees this.",
    )
    status = models.CharField(max_length=20, choices=ReportStatus.choices, help_text="Legal status of the figures.")
    tariff_year = models.PositiveSmallIntegerField(null=True, help_text="Year for which tariffs were made, if any.")
    released_at = models.DateTimeField(auto_now_add=True, help_text="When.")
    released_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="By whom; empty: a command."
    )

    class Meta:
        ordering = ["-released_at"]
        get_latest_by = ["released_at", "pk"]

    def __str__(self) -> str:
        return f"{self.run}: {self.get_status_display()}"


class MirrorReport(models.Model):
    """The mirror of one provider as released: exactly what may be shown to it, and nothing more. Never changed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, related_name="reports", help_text="Of which release."
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="mirror_reports", help_text="Of whom."
    )
    version = models.PositiveIntegerField(default=1, help_text="1, 2, 3, … for this provider and round.")
    content = models.JSONField(help_text="What is shown, after disclosure control.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the content in canonical form.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "provider"], name="a_provider_has_one_report_per_release")
        ]

    def __str__(self) -> str:
        return f"Spiegel van {self.provider}, versie {self.version}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(provider_id=provider_id)
