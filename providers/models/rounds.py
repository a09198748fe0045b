"""Rounds: one data request for one book year."""

from __future__ import annotations

import uuid
from datetime import datetime

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


#: The source of a round that providers deliver in the portal itself.
PORTAL = "portaal"


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
    source = models.CharField(
        max_length=40, help_text="Source adapter that read it; PORTAL: providers deliver it in the portal."
    )
    template_version = models.CharField(max_length=40, help_text="Version of the template of the data request.")
    measures = models.JSONField(default=list, help_text="Codes of the measures that this round asks for.")
    opens_at = models.DateTimeField(null=True, blank=True, help_text="From when providers deliver.")
    deadline = models.DateTimeField(
        null=True, blank=True, help_text="Until when providers deliver: the last second that is in time."
    )
    previous = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="next_rounds",
        help_text="The round it was made after: whose figures a provider sees beside its own.",
    )
    contact = models.CharField(max_length=250, blank=True, help_text="Whom providers ask, as a Dutch sentence.")
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

    @property
    def is_delivered_here(self) -> bool:
        """Tell whether providers deliver this round in the portal, rather than a file of a source."""
        return self.source == PORTAL

    def has_begun(self, moment: datetime) -> bool:
        """Tell whether providers may begin at ``moment``."""
        return self.status != RoundStatus.DRAFT and (self.opens_at is None or self.opens_at <= moment)


class RoundText(models.Model):
    """A text of the NZa in one round: a mail, or the statement of the board. Without one the portal's own text is used."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="texts", help_text="In which round.")
    kind = models.CharField(max_length=40, help_text="Which text: a name in providers/texts.toml.")
    subject = models.CharField(max_length=200, help_text="Subject line, with placeholders.")
    body = models.TextField(help_text="The text, with placeholders.")

    class Meta:
        ordering = ["round", "kind"]
        constraints = [models.UniqueConstraint(fields=["round", "kind"], name="a_text_stands_once_in_a_round")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.round}"
