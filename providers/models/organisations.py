"""Organisations: providers with their locations, care offices with their regions."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from providers.access import OwnedQuerySet


class CareOffice(models.Model):
    """A zorgkantoor: buys long-term care in its regions (Wlz art. 4.2.4)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    name = models.CharField(max_length=120, unique=True, help_text="Name of the care office (Wlz executor).")

    def __str__(self) -> str:
        return self.name


class CareOfficeRegion(models.Model):
    """A zorgkantoorregio with its code of list COD001 (55xx)."""

    code = models.CharField(max_length=4, unique=True, help_text="Region code, 55xx.")
    name = models.CharField(max_length=120, help_text="Name of the region.")
    care_office = models.ForeignKey(
        CareOffice, on_delete=models.PROTECT, related_name="regions", help_text="Who buys care here."
    )
    note = models.TextField(blank=True, help_text="What is uncertain about this row, and its source.")

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^55\d\d$"), name="a_region_code_is_55_and_two_digits")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Provider(models.Model):
    """A zorgaanbieder. ``key_scheme`` and ``key`` identify it over the years; for Dutch providers ``kvk`` and 8 digits."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    key_scheme = models.CharField(max_length=20, help_text="What kind of key: kvk, somed.")
    key = models.CharField(max_length=40, help_text="The key, stable over the years.")
    name = models.CharField(max_length=250, help_text="Name as last delivered.")
    legal_form = models.CharField(max_length=120, blank=True, help_text="Legal form as delivered.")
    agb_code = models.CharField(max_length=8, blank=True, help_text="AGB code, 8 digits.")
    nza_number = models.CharField(max_length=12, blank=True, help_text="NZa number.")
    area = models.CharField(
        max_length=10, blank=True, help_text="Public area a source names instead of a region (canton)."
    )
    link_by = models.JSONField(
        default=list,
        blank=True,
        help_text="Normalised names and addresses by which a source without identifiers links years.",
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "key"]
        constraints = [
            models.UniqueConstraint(fields=["key_scheme", "key"], name="a_provider_key_is_unique_in_its_scheme"),
            models.CheckConstraint(
                condition=~Q(key_scheme="kvk") | Q(key__regex=r"^\d{8}$"), name="a_kvk_number_has_eight_digits"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_key(self) -> str:
        """Return the key as people know it: ``KvK 99000123``; a key made by a source is called a Kenmerk."""
        return f"{'KvK' if self.key_scheme == 'kvk' else 'Kenmerk'} {self.key}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: itself."""
        return Q(pk=provider_id)

    @classmethod
    def seen_by_care_office(cls, care_office_id: int) -> Q:
        """Return the condition for what a care office may see: providers with a location in its regions."""
        return Q(pk__in=Location.objects.filter(region__care_office_id=care_office_id).values("provider_id"))


class Location(models.Model):
    """A vestiging of a provider."""

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="locations", help_text="Whose location this is."
    )
    number = models.CharField(max_length=12, blank=True, help_text="Vestigingsnummer, 12 digits.")
    name = models.CharField(max_length=250, blank=True, help_text="Name of the location.")
    street = models.CharField(max_length=250, blank=True, help_text="Street and house number.")
    postcode = models.CharField(max_length=10, blank=True, help_text="Postcode as delivered.")
    place = models.CharField(max_length=120, blank=True, help_text="Place.")
    region = models.ForeignKey(
        CareOfficeRegion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="locations",
        help_text="Care office region; empty for a location abroad.",
    )

    class Meta:
        ordering = ["provider", "number", "postcode"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "number", "postcode", "street"], name="a_location_is_listed_once_per_provider"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or self.provider} ({self.place or self.postcode})"
