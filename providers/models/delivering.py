"""What a provider prepares and hands in: files that came in, saved states, signatures, and what the NZa did with it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models.accounts import User
from providers.models.rounds import Round
from providers.models.submissions import Finding, SourceFile, Submission, SubmissionStatus, SubmissionVersion


class OfSubmission(models.Model):
    """A row that belongs to the provider of its submission."""

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(submission__provider_id=provider_id)


class UploadStatus(models.TextChoices):
    """Where reading a file is."""

    WAITING = "waiting", "Wordt gelezen"
    READ = "read", "Gelezen"
    REFUSED = "refused", "Geweigerd"


UPLOAD_TRANSITIONS: dict[UploadStatus, frozenset[UploadStatus]] = {
    UploadStatus.WAITING: frozenset({UploadStatus.READ, UploadStatus.REFUSED}),
    UploadStatus.READ: frozenset(),
    UploadStatus.REFUSED: frozenset(),
}


class Upload(OfSubmission):
    """A file that a provider sent in. A worker reads it; what it read becomes a saved state of the submission."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="uploads", help_text="Of which submission."
    )
    source_file = models.ForeignKey(
        SourceFile, on_delete=models.PROTECT, related_name="uploads", help_text="The file, byte for byte."
    )
    file_name = models.CharField(max_length=250, help_text="Its name as sent.")
    key = models.CharField(max_length=80, help_text="Names the act of sending: sent twice, it is one upload.")
    based_on = models.PositiveIntegerField(help_text="Number of the saved state the sender saw; 0: none.")
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who sent it.")
    sent_at = models.DateTimeField(default=timezone.now, help_text="When.")
    status = models.CharField(
        max_length=10, choices=UploadStatus.choices, default=UploadStatus.WAITING, help_text="Where reading it is."
    )
    problems = models.JSONField(
        default=list, blank=True, help_text="Why it was refused: Dutch sentences with their place."
    )
    contents = models.JSONField(
        null=True, blank=True, help_text="What was read: figures, organisation, locations, remarks."
    )
    read_at = models.DateTimeField(null=True, blank=True, help_text="When it was read or refused.")
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="Until when a worker has it.")
    claims = models.PositiveSmallIntegerField(default=0, help_text="How many workers began to read it.")

    class Meta:
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "key"], name="a_file_that_is_sent_twice_is_one_upload")
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_status_display()})"


class How(models.TextChoices):
    """How a saved state came about."""

    PREFILLED = "prefilled", "Klaargezet door het portaal"
    FORM = "form", "Ingevuld in het portaal"
    UPLOAD = "upload", "Ingelezen uit een bestand"
    API = "api", "Verstuurd door een ander systeem"


class Draft(OfSubmission):
    """One saved state of what a provider prepares. The newest counts; earlier ones stay, so nothing is lost.

    ``number`` is given out once per submission: of two people who save at the same time, the second is told.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="drafts", help_text="Of which submission."
    )
    number = models.PositiveIntegerField(help_text="1, 2, 3, … within the submission.")
    how = models.CharField(max_length=10, choices=How.choices, help_text="How it came about.")
    contents = models.JSONField(help_text="Figures with their cells, organisation, locations, explanations, remarks.")
    changed = models.JSONField(default=list, blank=True, help_text="Codes of what differs from the state before.")
    upload = models.ForeignKey(
        Upload, on_delete=models.PROTECT, null=True, blank=True, related_name="drafts", help_text="From which file."
    )
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom; empty: the portal."
    )
    made_at = models.DateTimeField(default=timezone.now, help_text="When.")

    class Meta:
        ordering = ["submission", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "number"], name="a_saved_state_has_its_own_number")
        ]

    def __str__(self) -> str:
        return f"{self.submission}, stand {self.number}"


class SignatureAnswer(models.TextChoices):
    """What became of a request to sign."""

    WAITING = "waiting", "Wacht op handtekening"
    SIGNED = "signed", "Ondertekend"
    DECLINED = "declined", "Niet ondertekend"
    OVERTAKEN = "overtaken", "Ingehaald door een wijziging"


SIGNATURE_TRANSITIONS: dict[SignatureAnswer, frozenset[SignatureAnswer]] = {
    SignatureAnswer.WAITING: frozenset({SignatureAnswer.SIGNED, SignatureAnswer.DECLINED, SignatureAnswer.OVERTAKEN}),
    SignatureAnswer.SIGNED: frozenset(),
    SignatureAnswer.DECLINED: frozenset(),
    SignatureAnswer.OVERTAKEN: frozenset(),
}


class SignatureRequest(OfSubmission):
    """A saved state that is offered to the board to sign."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="signature_requests", help_text="Of which submission."
    )
    draft = models.OneToOneField(
        Draft, on_delete=models.PROTECT, related_name="signature_request", help_text="What is offered."
    )
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who offers it.")
    asked_at = models.DateTimeField(default=timezone.now, help_text="When.")
    answer = models.CharField(
        max_length=10,
        choices=SignatureAnswer.choices,
        default=SignatureAnswer.WAITING,
        help_text="What became of it.",
    )
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom."
    )
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When.")
    remark = models.TextField(blank=True, help_text="Why it was not signed.")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission"], condition=Q(answer="waiting"), name="one_request_to_sign_waits_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.draft}: {self.get_answer_display()}"


class Statement(models.Model):
    """The statement of the board under a delivered version: who signed what, when. Never changed."""

    version = models.OneToOneField(
        SubmissionVersion, on_delete=models.PROTECT, related_name="statement", help_text="Under which version."
    )
    draft = models.OneToOneField(
        Draft, on_delete=models.PROTECT, related_name="statement", help_text="What was signed: once."
    )
    text = models.TextField(help_text="The statement, as the signatory read it.")
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who signed.")
    signed_as = models.CharField(max_length=120, help_text="Position of who signed, in her own words.")
    signed_at = models.DateTimeField(default=timezone.now, help_text="When.")
    filled_in_by = models.JSONField(default=list, help_text="Names of who filled in the figures.")

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.version}, ondertekend door {self.signed_by.name}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(version__submission__provider_id=provider_id)


class Explanation(models.Model):
    """What a provider says about a finding. The newest counts; earlier ones stay."""

    finding = models.ForeignKey(
        Finding, on_delete=models.PROTECT, related_name="explanations", help_text="About which finding."
    )
    text = models.TextField(help_text="The explanation.")
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom."
    )
    made_at = models.DateTimeField(default=timezone.now, help_text="When.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["finding", "-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.finding.rule}: {self.text[:60]}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(finding__version__submission__provider_id=provider_id)


class StatusChange(OfSubmission):
    """A step of a submission from one status to the next: its history. Never changed."""

    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="history", help_text="Of which submission."
    )
    before = models.CharField(max_length=20, choices=SubmissionStatus.choices, help_text="From.")
    after = models.CharField(max_length=20, choices=SubmissionStatus.choices, help_text="To.")
    reason = models.TextField(blank=True, help_text="Why, as the provider reads it.")
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom; empty: the portal."
    )
    at = models.DateTimeField(default=timezone.now, help_text="When.")

    class Meta:
        ordering = ["submission", "-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.submission}: {self.get_before_display()} → {self.get_after_display()}"


class TermChange(models.Model):
    """A term that the NZa moved, for all of a round or for one provider. Never changed."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="term_changes", help_text="In which round.")
    submission = models.ForeignKey(
        Submission,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="term_changes",
        help_text="For whom; empty: for all.",
    )
    before = models.DateTimeField(null=True, blank=True, help_text="The term before.")
    after = models.DateTimeField(help_text="The term after.")
    reason = models.TextField(help_text="Why, as providers read it.")
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom; empty: the portal."
    )
    at = models.DateTimeField(default=timezone.now, help_text="When.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["round", "-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.submission or self.round}: tot {self.after:%Y-%m-%d %H:%M}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: what is for all, and its own."""
        return Q(submission__isnull=True) | Q(submission__provider_id=provider_id)


class ExemptionStatus(models.TextChoices):
    """Where a request for exemption is."""

    ASKED = "asked", "Aangevraagd"
    GRANTED = "granted", "Toegekend"
    REFUSED = "refused", "Afgewezen"
    WITHDRAWN = "withdrawn", "Ingetrokken"


EXEMPTION_TRANSITIONS: dict[ExemptionStatus, frozenset[ExemptionStatus]] = {
    ExemptionStatus.ASKED: frozenset({ExemptionStatus.GRANTED, ExemptionStatus.REFUSED, ExemptionStatus.WITHDRAWN}),
    ExemptionStatus.GRANTED: frozenset(),
    ExemptionStatus.REFUSED: frozenset(),
    ExemptionStatus.WITHDRAWN: frozenset(),
}


class Exemption(OfSubmission):
    """A request of a provider not to have to deliver, and the answer (compare Regeling kostprijzen MSZ, ontheffing)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="exemptions", help_text="Of which submission."
    )
    status = models.CharField(
        max_length=10, choices=ExemptionStatus.choices, default=ExemptionStatus.ASKED, help_text="Where it is."
    )
    grounds = models.TextField(help_text="Why the provider asks it.")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who asked.")
    asked_at = models.DateTimeField(default=timezone.now, help_text="When.")
    answer = models.TextField(blank=True, help_text="The answer with its reason, as the provider reads it.")
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who answered."
    )
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When.")

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission"], condition=Q(status="asked"), name="one_request_for_exemption_waits_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.submission}: ontheffing {self.get_status_display().lower()}"


class SectorBasis(models.Model):
    """The figures of the sector that deliveries of a round are compared with, as they were at a moment. Never changed."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="sector_bases", help_text="Of which round.")
    content = models.JSONField(help_text="Medians and spreads, as providers.checks.sector writes them.")
    deliveries = models.PositiveIntegerField(help_text="From how many deliveries.")
    made_at = models.DateTimeField(default=timezone.now, help_text="When.")

    class Meta:
        ordering = ["round", "-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.round}: {self.deliveries} aanleveringen"
