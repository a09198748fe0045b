"""What holds about one provider at a moment: the legal status of its bandwidth, and the bandwidth itself without costs."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models import Location, Provider, Round
from tariffs.models.bandwidths import Bandwidth, BandwidthStatus
from tariffs.models.decisions import Decision
from tariffs.models.reports import Release, ReportStatus


class Occasion(models.TextChoices):
    """What made a new standing."""

    RELEASE = "release", "Uitkomsten vrijgegeven"
    DECISION = "decision", "Besluit bekendgemaakt"
    OBJECTION = "objection", "Bezwaar gemaakt"
    OBJECTION_ENDED = "objection_ended", "Bezwaar afgehandeld of ingetrokken"
    NEW_DECISION = "new_decision", "Nieuw besluit na bezwaar"


class Standing(models.Model):
    """What holds about one provider in one round from ``since`` on. Never changed: the newest holds, the others are its history.

    This, and nothing with costs, is what a care office reads.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="standings", help_text="About whom.")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="standings", help_text="In which round.")
    tariff_year = models.PositiveSmallIntegerField(null=True, help_text="Year for which the tariffs are.")
    status = models.CharField(max_length=20, choices=ReportStatus.choices, help_text="Legal status.")
    occasion = models.CharField(max_length=20, choices=Occasion.choices, help_text="What made it.")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="standings", help_text="Which release.")
    bandwidth = models.ForeignKey(
        Bandwidth, on_delete=models.PROTECT, related_name="standings", help_text="The bandwidth that was released."
    )
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="standings", help_text="Which decision."
    )
    lower_rate = models.DecimalField(
        max_digits=24, decimal_places=9, null=True, help_text="Minimum, as a share of the maximum tariffs."
    )
    upper_rate = models.DecimalField(
        max_digits=24, decimal_places=9, null=True, help_text="Maximum, as a share of the maximum tariffs."
    )
    care_days = models.DecimalField(
        max_digits=16, decimal_places=2, null=True, help_text="Care days of all products with a tariff together."
    )
    bandwidth_status = models.CharField(
        max_length=12, choices=BandwidthStatus.choices, help_text="What became of the tariff."
    )
    products = models.JSONField(
        default=list,
        help_text="Per product: product, maximum_tariff, lower, upper; money as text. No days per product.",
    )
    for_care_offices = models.BooleanField(help_text="Care offices see it.")
    since = models.DateTimeField(default=timezone.now, help_text="From when it holds.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-pk"]
        indexes = [models.Index(fields=["provider", "round", "-since"], name="what_holds_now")]

    def __str__(self) -> str:
        return f"{self.provider}: {self.get_status_display()}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: about itself."""
        return Q(provider_id=provider_id)

    @classmethod
    def seen_by_care_office(cls, care_office_id: int) -> Q:
        """Return the condition for what a care office may see: what is for care offices, of providers in its regions."""
        own = Location.objects.filter(region__care_office_id=care_office_id).values("provider_id")
        return Q(provider_id__in=own, for_care_offices=True)
