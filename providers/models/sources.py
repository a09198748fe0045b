"""Figures that exist elsewhere already, and keys with which another system delivers."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from providers.models.accounts import Mandate


class SourceFigure(models.Model):
    """A figure of a provider from a public source, to fill in a form with. Never asked twice."""

    key_scheme = models.CharField(max_length=20, help_text="What kind of key: kvk.")
    key = models.CharField(max_length=40, help_text="The key of the provider.")
    book_year = models.PositiveSmallIntegerField(help_text="Year that the figure is about.")
    measure = models.CharField(max_length=60, help_text="Code of the measure in the catalogue.")
    value = models.DecimalField(max_digits=24, decimal_places=6, help_text="The figure.")
    source = models.CharField(max_length=120, help_text="The source, as people read it.")
    reference = models.CharField(max_length=250, blank=True, help_text="Where in the source: file, cell or code.")
    read_at = models.DateTimeField(default=timezone.now, help_text="When it was read.")

    class Meta:
        ordering = ["key", "book_year", "measure"]
        constraints = [
            models.UniqueConstraint(
                fields=["key_scheme", "key", "book_year", "measure", "source"],
                name="a_source_says_one_figure_per_provider_and_year",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.book_year} {self.measure}: {self.value} ({self.source})"


class ApiKey(models.Model):
    """A key with which another system acts under a mandate. Only its hash is kept; it never does more than the mandate."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    mandate = models.ForeignKey(
        Mandate, on_delete=models.PROTECT, related_name="api_keys", help_text="Under which mandate."
    )
    name = models.CharField(max_length=80, help_text="What it is for, in words of who made it.")
    start = models.CharField(max_length=12, unique=True, help_text="First characters, by which it is known.")
    sha256 = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key.")
    created_at = models.DateTimeField(default=timezone.now, help_text="When it was made.")
    valid_until = models.DateTimeField(help_text="Until when it works.")
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="When it was last used.")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"
