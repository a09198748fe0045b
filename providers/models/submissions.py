"""What providers sent: submissions, their immutable versions, measured values and findings."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models.accounts import User
from providers.models.organisations import Provider
from providers.models.rounds import Round, RoundStatus


class SubmissionStatus(models.TextChoices):
    """Where one provider's submission is."""

    NOT_STARTED = "not_started", "Niet gestart"
    DRAFT = "draft", "Concept"
    SUBMITTED = "submitted", "Ingediend"
    IN_REVIEW = "in_review", "In controle"
    RETURNED = "returned", "Teruggelegd"
    VALIDATED = "validated", "Gevalideerd"
    EXCLUDED = "excluded", "Uitgesloten"
    EXEMPT = "exempt", "Ontheffing"


SUBMISSION_TRANSITIONS: dict[SubmissionStatus, frozenset[SubmissionStatus]] = {
    SubmissionStatus.NOT_STARTED: frozenset(
        {SubmissionStatus.DRAFT, SubmissionStatus.SUBMITTED, SubmissionStatus.EXEMPT}
    ),
    SubmissionStatus.DRAFT: frozenset({SubmissionStatus.SUBMITTED, SubmissionStatus.EXEMPT}),
    SubmissionStatus.SUBMITTED: frozenset({SubmissionStatus.DRAFT, SubmissionStatus.IN_REVIEW}),
    SubmissionStatus.IN_REVIEW: frozenset(
        {SubmissionStatus.RETURNED, SubmissionStatus.VALIDATED, SubmissionStatus.EXCLUDED}
    ),
    SubmissionStatus.RETURNED: frozenset(
        {
            SubmissionStatus.DRAFT,
            SubmissionStatus.SUBMITTED,
            SubmissionStatus.IN_REVIEW,
            SubmissionStatus.EXEMPT,
            SubmissionStatus.EXCLUDED,
        }
    ),
    SubmissionStatus.VALIDATED: frozenset({SubmissionStatus.IN_REVIEW}),
    SubmissionStatus.EXCLUDED: frozenset({SubmissionStatus.IN_REVIEW}),
    SubmissionStatus.EXEMPT: frozenset({SubmissionStatus.NOT_STARTED}),
}

#: Those of them that are the provider's own; the others are for the NZa.
PROVIDER_STEPS: dict[SubmissionStatus, frozenset[SubmissionStatus]] = {
    SubmissionStatus.NOT_STARTED: frozenset({SubmissionStatus.DRAFT, SubmissionStatus.SUBMITTED}),
    SubmissionStatus.DRAFT: frozenset({SubmissionStatus.SUBMITTED}),
    SubmissionStatus.SUBMITTED: frozenset({SubmissionStatus.DRAFT}),
    SubmissionStatus.RETURNED: frozenset({SubmissionStatus.SUBMITTED}),
}


#: In these a delivered version counts in a calculation; in the others it is somebody's turn, or it was decided otherwise.
COUNTING = frozenset({SubmissionStatus.SUBMITTED, SubmissionStatus.IN_REVIEW, SubmissionStatus.VALIDATED})
#: In these a provider works on its figures.
EDITABLE = frozenset({SubmissionStatus.NOT_STARTED, SubmissionStatus.DRAFT, SubmissionStatus.RETURNED})


class SourceFile(models.Model):
    """A file as it came in, byte for byte. Never changed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        help_text="Whose file; empty: a file of a source, with figures of many.",
    )
    name = models.CharField(max_length=250, help_text="File name as delivered.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the bytes.")
    content = models.BinaryField(help_text="The bytes.")
    received_at = models.DateTimeField(auto_now_add=True, help_text="When it came in.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "sha256"], nulls_distinct=False, name="the_same_bytes_are_kept_once_per_provider"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.sha256[:12]})"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(provider_id=provider_id)


class Submission(models.Model):
    """What one provider delivers in one round; the figures stand in its versions."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="submissions", help_text="In which round.")
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="submissions", help_text="Whose submission."
    )
    status = models.CharField(
        max_length=20,
        choices=SubmissionStatus.choices,
        default=SubmissionStatus.NOT_STARTED,
        help_text="Where the submission is.",
    )
    merged_into = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The provider this one became part of; it then delivers nothing itself.",
    )
    extended_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when this provider may deliver, if the NZa gave it a term of its own."
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "provider"], name="a_provider_has_one_submission_per_round")
        ]

    def __str__(self) -> str:
        return f"{self.provider} in {self.round}"

    @property
    def deadline(self) -> datetime | None:
        """Return the last second in which this provider is in time."""
        return self.extended_until or self.round.deadline

    def accepts_at(self, moment: datetime) -> bool:
        """Tell whether this provider may deliver at ``moment``.

        The second of the deadline itself is in time. A term of its own holds after the round was closed, too.
        """
        round = self.round
        if not round.is_delivered_here or round.status == RoundStatus.ARCHIVED or not round.has_begun(moment):
            return False
        if round.status != RoundStatus.OPEN and self.extended_until is None:
            return False
        return self.deadline is None or moment.replace(microsecond=0) <= self.deadline

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(provider_id=provider_id)


class SubmissionVersion(models.Model):
    """One delivered version. Immutable: a correction is a new version."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="versions", help_text="Of which submission."
    )
    number = models.PositiveIntegerField(help_text="1, 2, 3, … within the submission.")
    source_file = models.ForeignKey(
        SourceFile, on_delete=models.PROTECT, related_name="versions", help_text="The file it was read from."
    )
    file_name = models.CharField(max_length=250, help_text="Its name; the file itself may hold figures of others.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the figures in canonical form.")
    submitted_at = models.DateTimeField(help_text="When it was delivered.")
    submitted_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="By whom; empty: a file of a source.",
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["submission", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "number"], name="a_version_number_is_used_once_per_submission"
            )
        ]

    def __str__(self) -> str:
        return f"{self.submission}, versie {self.number}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(submission__provider_id=provider_id)


class MeasuredValue(models.Model):
    """One figure of one version, with the cell it was read from."""

    version = models.ForeignKey(
        SubmissionVersion, on_delete=models.PROTECT, related_name="values", help_text="Of which version."
    )
    measure = models.CharField(max_length=60, help_text="Code of the measure in the catalogue.")
    value = models.DecimalField(
        max_digits=24, decimal_places=6, null=True, help_text="The figure; empty: the source says that it is missing."
    )
    sheet = models.CharField(max_length=60, help_text="Sheet it was read from.")
    row = models.PositiveIntegerField(null=True, help_text="Row it was read from, counted from 1.")
    column = models.CharField(max_length=4, blank=True, help_text="Column letters it was read from.")
    raw = models.CharField(max_length=120, blank=True, help_text="What the cell said, as text.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "measure"], name="a_measure_has_one_value_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.measure} = {self.value}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(version__submission__provider_id=provider_id)


class Severity(models.TextChoices):
    """How serious a finding is."""

    ERROR = "error", "Fout"
    WARNING = "warning", "Signalering"
    NOTE = "note", "Opmerking"


class Finding(models.Model):
    """What a check noticed in one version."""

    version = models.ForeignKey(
        SubmissionVersion, on_delete=models.PROTECT, related_name="findings", help_text="In which version."
    )
    rule = models.CharField(max_length=20, help_text="Stable code of the rule.")
    severity = models.CharField(max_length=10, choices=Severity.choices, help_text="How serious.")
    measure = models.CharField(max_length=60, blank=True, help_text="About which measure, if about one.")
    sheet = models.CharField(max_length=60, blank=True, help_text="Sheet of the cell.")
    row = models.PositiveIntegerField(null=True, help_text="Row of the cell.")
    column = models.CharField(max_length=4, blank=True, help_text="Column of the cell.")
    message = models.TextField(help_text="What is noticed, in Dutch.")
    mend = models.TextField(blank=True, help_text="How to mend it, in Dutch.")
    needs_explanation = models.BooleanField(
        default=False, help_text="The provider explains it, or corrects the figure."
    )
    raised_at = models.DateTimeField(default=timezone.now, help_text="When it was noticed.")
    ended_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it held no longer: the sector's figures, with which it compares, changed.",
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["version", "severity", "rule"]

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own."""
        return Q(version__submission__provider_id=provider_id)
