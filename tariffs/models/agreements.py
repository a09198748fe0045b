"""What a care office works with: its guide percentage, notes, and the tariffs it agreed with providers."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models import CareOffice, Provider, User
from tariffs.models.standings import Standing


class OfCareOffice(models.Model):
    """A row that belongs to one care office."""

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def seen_by_care_office(cls, care_office_id: int) -> Q:
        """Return the condition for what a care office may see: its own."""
        return Q(care_office_id=care_office_id)


class GuidePercentage(OfCareOffice):
    """The guide percentage (richttariefpercentage) of a care office for one tariff year. Never changed: the newest counts."""

    care_office = models.ForeignKey(
        CareOffice, on_delete=models.PROTECT, related_name="guide_percentages", help_text="Of which care office."
    )
    tariff_year = models.PositiveSmallIntegerField(help_text="For which year.")
    share = models.DecimalField(
        max_digits=6, decimal_places=4, help_text="Share of the maximum tariff, 0.955 = 95,5 %."
    )
    source = models.CharField(max_length=250, blank=True, help_text="Where it was published.")
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="By whom.")
    set_at = models.DateTimeField(default=timezone.now, help_text="When.")

    class Meta:
        ordering = ["-tariff_year", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=2), name="a_guide_percentage_is_a_share")
        ]

    def __str__(self) -> str:
        return f"{self.care_office}, {self.tariff_year}: {self.share}"


class CareOfficeNote(OfCareOffice):
    """What a care office writes down about a provider, for itself alone. Never changed: the newest is shown, the rest is kept."""

    care_office = models.ForeignKey(CareOffice, on_delete=models.PROTECT, related_name="notes", help_text="Whose note.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", help_text="About whom.")
    tariff_year = models.PositiveSmallIntegerField(help_text="For which year.")
    text = models.TextField(blank=True, help_text="The note; empty takes it away.")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="By whom.")
    written_at = models.DateTimeField(default=timezone.now, help_text="When.")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.care_office} over {self.provider}"


class TariffAgreement(OfCareOffice):
    """What a care office agreed with a provider for one year: one rate, or a tariff per product. Never changed: a new one
    replaces it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    care_office = models.ForeignKey(
        CareOffice, on_delete=models.PROTECT, related_name="agreements", help_text="Of which care office."
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="agreements", help_text="With which provider."
    )
    tariff_year = models.PositiveSmallIntegerField(help_text="For which year.")
    number = models.PositiveIntegerField(help_text="1, 2, 3, …; the newest counts.")
    standing = models.ForeignKey(
        Standing, on_delete=models.PROTECT, related_name="agreements", help_text="Inside which bandwidth, as it stood."
    )
    rate = models.DecimalField(
        max_digits=10,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="One share of all maximum tariffs; or products.",
    )
    is_outside = models.BooleanField(default=False, help_text="Below the minimum or above the maximum.")
    reason = models.TextField(blank=True, help_text="Why it is outside, if it is.")
    agreed_on = models.DateField(help_text="Day of the agreement.")
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="By whom.")
    registered_at = models.DateTimeField(default=timezone.now, help_text="When.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["care_office", "provider", "tariff_year", "number"], name="an_agreement_has_its_own_number"
            ),
            models.CheckConstraint(condition=Q(is_outside=False) | ~Q(reason=""), name="who_goes_outside_says_why"),
            models.CheckConstraint(condition=Q(rate__isnull=True) | Q(rate__gt=0), name="an_agreed_rate_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.care_office} met {self.provider}, {self.tariff_year}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: what was agreed with itself."""
        return Q(provider_id=provider_id)


class AgreedTariff(models.Model):
    """The agreed tariff of one product, euros per day. Never changed."""

    agreement = models.ForeignKey(
        TariffAgreement, on_delete=models.PROTECT, related_name="tariffs", help_text="Of which agreement."
    )
    product = models.CharField(max_length=60, help_text="Code of the measure of days.")
    amount = models.DecimalField(max_digits=10, decimal_places=2, help_text="Agreed tariff per day.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["agreement", "product"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "product"], name="a_product_is_agreed_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="an_agreed_tariff_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.amount}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: what was agreed with itself."""
        return Q(agreement__provider_id=provider_id)

    @classmethod
    def seen_by_care_office(cls, care_office_id: int) -> Q:
        """Return the condition for what a care office may see: its own agreements."""
        return Q(agreement__care_office_id=care_office_id)
