"""Rounds: one data request for one book year."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class RoundStatus(models.TextChoices):
    """Where a round is; the later phases are derived from runs and reports."""

    DRAFT = "draft", "Concept"
    OPEN = "open", "Open"
    CLOSED = "closed", "Gesloten"
    ARCHIVED = "archived", "Gearchiveerd"


ROUND_TRANSITIONS: dict[RoundStatus, frozenset[RoundStatus]] = {
    RoundStatus.DRAFT: frozenset({RoundStatus.OPEN}),
    RoundStatus.OPEN: frozenset({RoundStatus.CLOSED}),
    RoundStatus.CLOSED: frozenset({RoundStatus.OPEN, RoundStatus.ARCHIVED}),
    RoundStatus.ARCHIVED: frozenset(),
}


class Round(models.Model):
    """A data request (uitvraagronde) for one book year."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    slug = models.SlugField(max_length=60, unique=True, help_text="Short name in addresses and commands.")
    title = models.CharField(max_length=160, help_text="Title as shown.")
    book_year = models.PositiveSmallIntegerField(help_text="Year of the costs and care days.")
    currency = models.CharField(max_length=3, default="EUR", help_text="Currency of all money in the round (ISO 4217).")
    is_fictitious = models.BooleanField(
        default=False, help_text="Invented data: every page says so. Changes nothing else."
    )
    source = models.CharField(max_length=40, help_text="Source adapter that read it.")
    template_version = models.CharField(max_length=40, help_text="Version of the template of the data request.")
    measures = models.JSONField(default=list, help_text="Codes of the measures that this round asks for.")
    opens_at = models.DateTimeField(null=True, blank=True, help_text="From when providers deliver.")
    deadline = models.DateTimeField(null=True, blank=True, help_text="Until when providers deliver.")
    status = models.CharField(
        max_length=20, choices=RoundStatus.choices, default=RoundStatus.DRAFT, help_text="Where the round is."
    )

    class Meta:
        ordering = ["-book_year", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="a_currency_is_three_capital_letters"
            ),
            models.CheckConstraint(
                condition=Q(deadline__isnull=True) | Q(opens_at__isnull=True) | Q(deadline__gt=models.F("opens_at")),
                name="a_deadline_comes_after_the_opening",
            ),
        ]

    def __str__(self) -> str:
        return self.title
