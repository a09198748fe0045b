"""Notices: what the portal tells somebody, in her inbox here and by mail."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models.accounts import User
from providers.models.organisations import Provider
from providers.models.rounds import Round


class Notice(models.Model):
    """One message to one person. ``key`` names the occasion, so that nobody is told the same thing twice."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices", help_text="To whom.")
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        help_text="As somebody of which provider; empty: as staff of the NZa, or as a person.",
    )
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="notices", help_text="About which round."
    )
    kind = models.CharField(max_length=40, help_text="Which text: a name in providers/texts.toml.")
    key = models.CharField(max_length=200, unique=True, help_text="Names the occasion and the person.")
    subject = models.CharField(max_length=250, help_text="Subject line.")
    body = models.TextField(help_text="The text.")
    path = models.CharField(max_length=250, blank=True, help_text="Address in the portal of what it is about.")
    created_at = models.DateTimeField(default=timezone.now, help_text="When it was made.")
    read_at = models.DateTimeField(null=True, blank=True, help_text="When it was opened in the portal.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.subject

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: notices to its own people."""
        return Q(provider_id=provider_id)


class MailStatus(models.TextChoices):
    """Where a mail is."""

    WAITING = "waiting", "Staat klaar"
    SENT = "sent", "Verstuurd"
    FAILED = "failed", "Niet gelukt"


MAIL_TRANSITIONS: dict[MailStatus, frozenset[MailStatus]] = {
    MailStatus.WAITING: frozenset({MailStatus.SENT, MailStatus.FAILED}),
    MailStatus.SENT: frozenset(),
    MailStatus.FAILED: frozenset({MailStatus.WAITING}),
}


class Mail(models.Model):
    """A notice that goes out by mail as well. Workers send what waits."""

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="mail", help_text="Which notice.")
    address = models.EmailField(help_text="To which address.")
    status = models.CharField(
        max_length=10, choices=MailStatus.choices, default=MailStatus.WAITING, help_text="Where it is."
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often it was tried.")
    next_try_at = models.DateTimeField(default=timezone.now, help_text="When it is tried next.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When it went out.")
    error = models.CharField(max_length=250, blank=True, help_text="What went wrong the last time.")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["status", "next_try_at"], name="mail_that_waits")]

    def __str__(self) -> str:
        return f"{self.notice} aan {self.address} ({self.get_status_display()})"
