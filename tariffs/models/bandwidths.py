"""The bandwidth of a provider: minimum and maximum costs, and the tariffs that follow."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from benchmarking.models import Result, Run
from providers.access import OwnedQuerySet
from providers.models import Provider
from tariffs.models.reports import Release


class BandwidthStatus(models.TextChoices):
    """What became of the tariff."""

    WITHIN = "within", "Binnen het maximumtarief"
    CAPPED = "capped", "Bovenkant begrensd op het maximumtarief"
    ABOVE_CAP = "above_cap", "Minimum boven het maximumtarief"
    NO_TABLE = "no_table", "Geen tarieftabel"
    NO_TARIFF = "no_tariff", "Maximumtarief ontbreekt"
    NO_REFERENCE = "no_reference", "Geen zorgdagen met een tarief"
    MIXED_TABLE = "mixed_table", "Tarieftabel is niet eenduidig"
    NO_SCORE = "no_score", "Geen uitkomst"


class Bandwidth(models.Model):
    """Minimum and maximum of one provider in one run (design §6). Written once. Care offices read :class:`Standing` instead."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="bandwidths", help_text="In which run.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="bandwidths", help_text="Of whom.")
    result = models.OneToOneField(
        Result, on_delete=models.PROTECT, related_name="bandwidth", help_text="From which result."
    )
    minimum_cost = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="Minimum costs.")
    maximum_cost = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="Maximum costs.")
    reference = models.DecimalField(
        max_digits=24, decimal_places=2, null=True, help_text="Σ days × maximum tariff of the book year."
    )
    minimum_rate = models.DecimalField(
        max_digits=24, decimal_places=9, null=True, help_text="Minimum ÷ reference, uncapped."
    )
    maximum_rate = models.DecimalField(
        max_digits=24, decimal_places=9, null=True, help_text="Maximum ÷ reference, uncapped."
    )
    lower_rate = models.DecimalField(max_digits=24, decimal_places=9, null=True, help_text="Minimum rate, capped.")
    upper_rate = models.DecimalField(max_digits=24, decimal_places=9, null=True, help_text="Maximum rate, capped.")
    status = models.CharField(max_length=12, choices=BandwidthStatus.choices, help_text="What became of the tariff.")
    reason = models.TextField(blank=True, help_text="Why, in Dutch.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "provider"], name="a_provider_has_one_bandwidth_per_run"),
            models.CheckConstraint(
                condition=Q(minimum_cost__isnull=True) | Q(maximum_cost__gte=models.F("minimum_cost")),
                name="a_maximum_is_not_below_the_minimum",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.minimum_cost} – {self.maximum_cost}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own, once released."""
        return Q(provider_id=provider_id, run_id__in=Release.objects.released().values("run_id"))


class ProductBandwidth(models.Model):
    """The bandwidth tariff of one product, euros per day."""

    bandwidth = models.ForeignKey(
        Bandwidth, on_delete=models.PROTECT, related_name="products", help_text="Of which bandwidth."
    )
    product = models.CharField(max_length=60, help_text="Code of the measure of days.")
    days = models.DecimalField(max_digits=14, decimal_places=2, help_text="Care days delivered in the book year.")
    maximum_tariff = models.DecimalField(
        max_digits=10, decimal_places=2, help_text="Maximum tariff of the tariff year."
    )
    lower = models.DecimalField(max_digits=10, decimal_places=2, help_text="Lower end, rounded up to the cent.")
    upper = models.DecimalField(max_digits=10, decimal_places=2, help_text="Upper end, rounded down to the cent.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["bandwidth", "product"]
        constraints = [
            models.UniqueConstraint(fields=["bandwidth", "product"], name="a_product_has_one_tariff_per_bandwidth"),
            models.CheckConstraint(condition=Q(upper__gte=models.F("lower")), name="the_ends_of_a_tariff_do_not_cross"),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.lower} – {self.upper}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own, once released."""
        return Q(bandwidth__in=Bandwidth.objects.filter(Bandwidth.owned_by_provider(provider_id)))
