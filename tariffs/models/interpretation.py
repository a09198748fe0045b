"""The interpretation period (duidingsperiode): what a provider says of its mirror, item by item, and what the NZa answers."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models import Draft, Provider, Round, SubmissionVersion, User
from tariffs.models.cases import OfProvider
from tariffs.models.reports import MirrorReport


class Item(models.TextChoices):
    """What of the mirror a response is about."""

    TAKING_PART = "taking_part", "Of u meedoet"
    COSTS = "costs", "Uw kosten"
    DAYS = "days", "Uw zorgdagen"
    QUALITY = "quality", "De kwaliteitseis"
    OUTLIER = "outlier", "Of uw gegevens als uitbijter gelden"
    PEERS = "peers", "Met wie u wordt vergeleken"
    CIRCUMSTANCES = "circumstances", "Uw omstandigheden"
    SCORE = "score", "Uw efficiëntiescore en minimale kosten"
    BANDWIDTH = "bandwidth", "Uw bandbreedte"
    OTHER = "other", "Iets anders"


class ResponseKind(models.TextChoices):
    """What a provider wants to say of an item."""

    AGREE = "agree", "Akkoord"
    EXPLAIN = "explain", "Toelichten"
    CORRECT = "correct", "Gegevens verbeteren"
    ASK = "ask", "Vraag stellen"


class ResponseStatus(models.TextChoices):
    """Where a response is."""

    SUBMITTED = "submitted", "Ontvangen"
    ASSIGNED = "assigned", "In behandeling"
    MORE_ASKED = "more_asked", "Aanvulling gevraagd"
    ANSWERED = "answered", "Beantwoord"
    WITHDRAWN = "withdrawn", "Ingetrokken"


RESPONSE_TRANSITIONS: dict[ResponseStatus, frozenset[ResponseStatus]] = {
    ResponseStatus.SUBMITTED: frozenset({ResponseStatus.ASSIGNED, ResponseStatus.ANSWERED, ResponseStatus.WITHDRAWN}),
    ResponseStatus.ASSIGNED: frozenset(
        {ResponseStatus.SUBMITTED, ResponseStatus.MORE_ASKED, ResponseStatus.ANSWERED, ResponseStatus.WITHDRAWN}
    ),
    ResponseStatus.MORE_ASKED: frozenset({ResponseStatus.ASSIGNED, ResponseStatus.ANSWERED, ResponseStatus.WITHDRAWN}),
    ResponseStatus.ANSWERED: frozenset(),
    ResponseStatus.WITHDRAWN: frozenset(),
}
#: Those of them that are the provider's own.
RESPONSE_PROVIDER_STEPS: dict[ResponseStatus, frozenset[ResponseStatus]] = {
    ResponseStatus.SUBMITTED: frozenset({ResponseStatus.WITHDRAWN}),
    ResponseStatus.ASSIGNED: frozenset({ResponseStatus.WITHDRAWN}),
    ResponseStatus.MORE_ASKED: frozenset({ResponseStatus.ASSIGNED, ResponseStatus.WITHDRAWN}),
}


class ResponseOutcome(models.TextChoices):
    """What the NZa did with a response."""

    ACCEPTED = "accepted", "Overgenomen"
    PARTLY = "partly", "Deels overgenomen"
    REJECTED = "rejected", "Niet overgenomen"
    NOTED = "noted", "Voor kennisgeving aangenomen"
    REPLIED = "replied", "Vraag beantwoord"


class InterpretationResponse(OfProvider):
    """What a provider says of one item of its mirror. No request for a decision, no objection (Awb 1:3): it is looked at and
    answered with a reason."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="responses", help_text="Whose.")
    report = models.ForeignKey(
        MirrorReport, on_delete=models.PROTECT, related_name="responses", help_text="Of which mirror."
    )
    number = models.PositiveIntegerField(help_text="1, 2, 3, … for this provider and report.")
    item = models.CharField(max_length=20, choices=Item.choices, help_text="About what.")
    kind = models.CharField(max_length=10, choices=ResponseKind.choices, help_text="What the provider wants.")
    text = models.TextField(blank=True, help_text="What it says; empty only for consent.")
    changes = models.JSONField(
        default=dict, blank=True, help_text="For a correction: measure → the right figure, as text with a point."
    )
    key = models.CharField(max_length=80, help_text="Names the act of sending: sent twice, it is one response.")
    status = models.CharField(
        max_length=12, choices=ResponseStatus.choices, default=ResponseStatus.SUBMITTED, help_text="Where it is."
    )
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="By whom.")
    submitted_at = models.DateTimeField(default=timezone.now, help_text="When.")
    assigned_to = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who of the NZa looks at it."
    )
    outcome = models.CharField(
        max_length=10, choices=ResponseOutcome.choices, blank=True, help_text="What the NZa did with it."
    )
    answer = models.TextField(blank=True, help_text="Why, in Dutch: the provider reads it.")
    accepted_changes = models.JSONField(
        default=dict, blank=True, help_text="Of a correction: what was accepted, measure → figure."
    )
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who answered."
    )
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When.")
    answer_group = models.UUIDField(null=True, blank=True, help_text="The same for those answered together.")
    carried_into = models.ForeignKey(
        Draft,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The saved state that holds an accepted correction and waits for a signature.",
    )
    version = models.ForeignKey(
        SubmissionVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The version that holds it, where the NZa made it from a source.",
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="a_response_has_its_own_number"),
            models.UniqueConstraint(fields=["report", "key"], name="a_response_that_is_sent_twice_is_one"),
            models.CheckConstraint(condition=Q(kind="agree") | ~Q(text=""), name="who_does_not_agree_says_something"),
            models.CheckConstraint(
                condition=(Q(kind="correct") & ~Q(changes={})) | (~Q(kind="correct") & Q(changes={})),
                name="a_correction_says_which_figures",
            ),
            models.CheckConstraint(
                condition=(Q(status="answered") & ~Q(outcome="") & Q(answered_at__isnull=False))
                | (~Q(status="answered") & Q(outcome="", answered_at__isnull=True)),
                name="an_answer_has_an_outcome_and_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["accepted", "partly", "rejected", "replied"]) | ~Q(answer=""),
                name="an_answer_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"Reactie {self.number}: {self.get_item_display()}"

    @property
    def is_ended(self) -> bool:
        """Tell whether nothing follows any more."""
        return not RESPONSE_TRANSITIONS[ResponseStatus(self.status)]


class Consequences(models.Model):
    """What an accepted correction would do, as the NZa saw it before it decided. It names others: for staff alone."""

    response = models.OneToOneField(
        InterpretationResponse, on_delete=models.PROTECT, related_name="seen", help_text="Of which correction."
    )
    document = models.JSONField(help_text="What was computed.")
    computed_at = models.DateTimeField(default=timezone.now, help_text="When.")

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Gevolgen van {self.response}"


class ResponseMessage(models.Model):
    """A question of the NZa about a response, or what the provider adds. Never changed."""

    response = models.ForeignKey(
        InterpretationResponse, on_delete=models.PROTECT, related_name="messages", help_text="About which response."
    )
    is_from_nza = models.BooleanField(help_text="From the NZa, or from the provider.")
    text = models.TextField(help_text="What is said.")
    until = models.DateTimeField(null=True, blank=True, help_text="Until when the NZa waits for what it asks.")
    at = models.DateTimeField(default=timezone.now, help_text="When.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="By whom.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.response}: {self.text[:60]}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: about its own responses."""
        return Q(response__provider_id=provider_id)


class PublicNote(models.Model):
    """A note for everybody in a round (nota van inlichtingen): questions and answers without names."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="public_notes", help_text="In which round.")
    number = models.PositiveIntegerField(help_text="1, 2, 3, … within the round.")
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who prepared it.")
    prepared_at = models.DateTimeField(default=timezone.now, help_text="When.")
    published_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who published it."
    )
    published_at = models.DateTimeField(null=True, blank=True, help_text="When it became readable; empty: a draft.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["round", "number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="a_public_note_has_its_own_number"),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | ~Q(published_by=models.F("prepared_by")),
                name="a_public_note_is_published_by_another_than_who_wrote_it",
            ),
        ]

    def __str__(self) -> str:
        return f"Nota van inlichtingen {self.number}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: what is published in rounds that it is in."""
        return Q(published_at__isnull=False, round__submissions__provider_id=provider_id)


class PublicNoteItem(models.Model):
    """One question with its answer, without names; fixed once the note is published."""

    note = models.ForeignKey(PublicNote, on_delete=models.PROTECT, related_name="items", help_text="In which note.")
    number = models.PositiveIntegerField(help_text="1, 2, 3, … within the note.")
    question = models.TextField(help_text="The question, without names.")
    answer = models.TextField(help_text="The answer.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["note", "number"]
        constraints = [models.UniqueConstraint(fields=["note", "number"], name="a_question_has_its_own_number")]

    def __str__(self) -> str:
        return f"{self.note}, vraag {self.number}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: what is published in rounds that it is in."""
        return Q(note__published_at__isnull=False, note__round__submissions__provider_id=provider_id)
