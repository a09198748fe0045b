"""What belongs to the case of one provider, whatever the channel: files that came in, letters that went out, consents."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models import Provider, Round, User


class OfProvider(models.Model):
    """A row that belongs to one provider, and is visible to it from the moment that it is there."""

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(provider_id=provider_id)


class FileKind(models.TextChoices):
    """What a file is for."""

    EVIDENCE = "evidence", "Bewijsstuk"
    MANDATE = "mandate", "Machtiging (art. 2:1 Awb)"


class CaseFile(OfProvider):
    """A file with which a provider supports what it says: evidence, a power of attorney, a signed objection. Never changed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="case_files", help_text="Whose file.")
    response = models.ForeignKey(
        "tariffs.InterpretationResponse",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        help_text="With which response.",
    )
    views = models.ForeignKey(
        "tariffs.StatementOfViews",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        help_text="With which statement of views.",
    )
    objection = models.ForeignKey(
        "tariffs.Objection",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        help_text="With which objection.",
    )
    kind = models.CharField(
        max_length=10, choices=FileKind.choices, default=FileKind.EVIDENCE, help_text="What the file is for."
    )
    name = models.CharField(max_length=250, help_text="File name as sent.")
    content_type = models.CharField(max_length=100, help_text="What kind of file, by its first bytes.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the bytes.")
    size = models.PositiveIntegerField(help_text="Number of bytes.")
    content = models.BinaryField(help_text="The bytes.")
    received_at = models.DateTimeField(default=timezone.now, help_text="When it came in.")
    received_from = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who sent it.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(response__isnull=False, views__isnull=True, objection__isnull=True)
                    | Q(response__isnull=True, views__isnull=False, objection__isnull=True)
                    | Q(response__isnull=True, views__isnull=True, objection__isnull=False)
                ),
                name="a_file_belongs_to_one_channel",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LetterKind(models.TextChoices):
    """The letters of the procedure. Each is a text that the NZa can change, per round."""

    ANSWER = "letter_answer", "Antwoord op uw reactie"
    INTENDED = "letter_intended", "Voorgenomen besluit"
    WITHDRAWN = "letter_withdrawn", "Het voornemen is ingetrokken"
    DECISION = "letter_decision", "Besluit"
    OBJECTION_RECEIVED = "letter_objection_received", "Ontvangst van uw bezwaar"
    OBJECTION_REMEDY = "letter_objection_remedy", "Verzoek om uw bezwaar aan te vullen"
    HEARING = "letter_hearing", "Uitnodiging voor de hoorzitting"
    HEARING_CANCELLED = "letter_hearing_cancelled", "De hoorzitting gaat niet door"
    ADJOURNMENT = "letter_adjournment", "Uitstel van de beslissing op bezwaar"
    OBJECTION_DECISION = "letter_objection_decision", "Beslissing op bezwaar"


class Letter(OfProvider):
    """A letter as it was sent: the text is frozen, the PDF is made from it and always the same. Never changed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="letters", help_text="To whom.")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="letters", help_text="In which round.")
    kind = models.CharField(max_length=40, choices=LetterKind.choices, help_text="Which letter.")
    response = models.ForeignKey(
        "tariffs.InterpretationResponse",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="letters",
        help_text="About which response.",
    )
    decision = models.ForeignKey(
        "tariffs.Decision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="letters",
        help_text="About which decision.",
    )
    objection = models.ForeignKey(
        "tariffs.Objection",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="letters",
        help_text="About which objection.",
    )
    reference = models.CharField(max_length=60, help_text="The mark (kenmerk) on the letter.")
    subject = models.CharField(max_length=250, help_text="Subject line.")
    body = models.TextField(help_text="The text, filled in, as paragraphs, headings (##) and lists (-).")
    figures = models.JSONField(null=True, blank=True, help_text="The table in the letter, if it has one.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of subject, text, figures and date in canonical form.")
    dated = models.DateField(help_text="The date on the letter: the day on which it was sent.")
    goes_by_post = models.BooleanField(
        default=False, help_text="It is printed and posted as well: there was no consent to electronic post (Awb 2:14)."
    )
    sent_at = models.DateTimeField(help_text="When it was sent, and became readable here.")
    sent_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom; empty: the portal."
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.reference})"


class Printing(models.Model):
    """That a letter was taken to be printed, the first time. Never changed, and of the NZa alone."""

    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, related_name="printing", help_text="Which letter.")
    at = models.DateTimeField(
        default=timezone.now, help_text="When; of letters from before this was kept: when it was sent."
    )
    by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who took it; empty: it was sent before this was kept.",
    )

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.letter}, opgehaald om te printen"


class Posting(models.Model):
    """That a letter was really put in the post, and on which day: from then on a term runs (Awb 3:41, 6:8). Never changed."""

    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, related_name="posting", help_text="Which letter.")
    posted_on = models.DateField(help_text="The day on which it was handed to the post.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who wrote it down.")
    at = models.DateTimeField(default=timezone.now, help_text="When it was written down.")

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.letter}, gepost op {self.posted_on}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: of letters to itself."""
        return Q(letter__provider_id=provider_id)


class ConsentKind(models.TextChoices):
    """To what a provider consents, or no longer does."""

    NAMED_AS_PEER = "named_as_peer", "Met naam als peer getoond worden"
    ELECTRONIC_POST = "electronic_post", "Besluiten langs elektronische weg ontvangen (art. 2:14 Awb)"


class Consent(OfProvider):
    """That a provider consented, or took that back. Never changed: the newest of its kind (and round) counts."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="consents", help_text="Who.")
    kind = models.CharField(max_length=20, choices=ConsentKind.choices, help_text="To what.")
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, blank=True, related_name="consents", help_text="In which round."
    )
    is_given = models.BooleanField(help_text="Given, or taken back.")
    at = models.DateTimeField(default=timezone.now, help_text="When.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="By whom.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="named_as_peer", round__isnull=False) | Q(kind="electronic_post", round__isnull=True),
                name="consent_to_be_named_is_per_round",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.get_kind_display()}, {'ja' if self.is_given else 'nee'}"
