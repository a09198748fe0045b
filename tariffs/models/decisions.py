"""Decisions about the tariff of one provider (tariefbeschikking), and its views on what the NZa intends to decide (Awb 4:8)."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.models import Provider, Round, User
from tariffs.models.cases import OfProvider
from tariffs.models.concepts import DrawnUp, WithConcepts
from tariffs.models.reports import MirrorReport


class DecisionStatus(models.TextChoices):
    """How far a decision is. The provider sees it from the moment that the intention was announced."""

    PREPARED = "prepared", "Wordt voorbereid"
    ANNOUNCED = "announced", "Voornemen bekendgemaakt"
    DRAFTED = "drafted", "Besluit wacht op vaststelling"
    SENT = "sent", "Besluit bekendgemaakt"
    REPLACED = "replaced", "Vervangen door een nieuw besluit"
    WITHDRAWN = "withdrawn", "Ingetrokken"


DECISION_TRANSITIONS: dict[DecisionStatus, frozenset[DecisionStatus]] = {
    DecisionStatus.PREPARED: frozenset({DecisionStatus.ANNOUNCED, DecisionStatus.WITHDRAWN}),
    DecisionStatus.ANNOUNCED: frozenset({DecisionStatus.DRAFTED, DecisionStatus.WITHDRAWN}),
    DecisionStatus.DRAFTED: frozenset({DecisionStatus.ANNOUNCED, DecisionStatus.SENT, DecisionStatus.WITHDRAWN}),
    DecisionStatus.SENT: frozenset({DecisionStatus.REPLACED}),
    DecisionStatus.REPLACED: frozenset(),
    DecisionStatus.WITHDRAWN: frozenset(),
}
#: In these nobody outside the NZa knows of a decision.
INTERNAL = (DecisionStatus.PREPARED,)


class Origin(models.TextChoices):
    """Why a decision was taken."""

    ADOPTION = "adoption", "Vaststelling van de uitkomsten"
    OBJECTION = "objection", "Beslissing op bezwaar"


class Channel(models.TextChoices):
    """How something came in or went out."""

    PORTAL = "portal", "Portaal"
    POST = "post", "Post"
    EMAIL = "email", "E-mail"
    DESK = "desk", "Afgegeven aan de balie"
    ORAL = "oral", "Mondeling"


#: From these on the provider reads the reasons, and what the NZa says of its views.
TAKEN = (DecisionStatus.SENT, DecisionStatus.REPLACED)


class Decision(DrawnUp):
    """The decision on minimum and maximum of one provider, from intention to notification.

    ``figures`` is what is decided: ``minimum``, ``maximum`` (euros, as text), ``lower_rate``, ``upper_rate`` and ``products``
    (product, days, maximum_tariff, lower, upper), as in the report it rests on or as recomputed after an objection.
    """

    CONCEPT = "decision"
    KEPT: ClassVar[dict[str, Any]] = {"reasons": ""}

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="decisions", help_text="About whom.")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="decisions", help_text="In which round.")
    report = models.ForeignKey(
        MirrorReport, on_delete=models.PROTECT, related_name="decisions", help_text="On which adopted report it rests."
    )
    reference = models.CharField(max_length=60, unique=True, help_text="The mark (kenmerk), such as IV-2024-0012.")
    origin = models.CharField(
        max_length=12, choices=Origin.choices, default=Origin.ADOPTION, help_text="Why it was taken."
    )
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replacements", help_text="Which one."
    )
    figures = models.JSONField(help_text="What is decided, in euros and shares, as text with a point.")
    status = models.CharField(
        max_length=12, choices=DecisionStatus.choices, default=DecisionStatus.PREPARED, help_text="How far it is."
    )
    prepared_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who prepared it."
    )
    prepared_at = models.DateTimeField(default=timezone.now, help_text="When.")
    announced_on = models.DateField(null=True, blank=True, help_text="When the intention was sent.")
    views_until = models.DateField(null=True, blank=True, help_text="Last day for views, set by the NZa (Awb 4:8).")
    reasons = models.TextField(blank=True, help_text="Reasons of its own, besides those in the letter; also on views.")
    drafted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who drew it up."
    )
    drafted_at = models.DateTimeField(null=True, blank=True, help_text="When.")
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who took it; another."
    )
    sent_on = models.DateField(null=True, blank=True, help_text="Day of notification (Awb 3:41): terms start after it.")
    sent_how = models.CharField(max_length=10, choices=Channel.choices, blank=True, help_text="How it was sent.")
    withdrawn_reason = models.TextField(blank=True, help_text="Why the intention was withdrawn.")
    withdrawn_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom."
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="When.")

    objects = WithConcepts.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "round"],
                condition=Q(status__in=["prepared", "announced", "drafted"]),
                name="one_decision_about_a_provider_is_under_way",
            ),
            models.UniqueConstraint(
                fields=["provider", "round"],
                condition=Q(status="sent"),
                name="one_decision_about_a_provider_holds",
            ),
            models.UniqueConstraint(
                fields=["replaces"], condition=~Q(status="withdrawn"), name="a_decision_is_replaced_once"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("drafted_by")),
                name="a_decision_is_taken_by_another_than_who_drew_it_up",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "replaced"]) | (Q(sent_on__isnull=False) & ~Q(sent_how="")),
                name="a_decision_that_holds_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(origin="adoption") | Q(replaces__isnull=False),
                name="a_decision_on_objection_replaces_one",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_announced(self) -> bool:
        """Tell whether it was sent."""
        return self.status in TAKEN

    @property
    def may_have_concept(self) -> bool:
        """Tell whether it is drawn up, or was and was withdrawn."""
        return self.__dict__.get("status", DecisionStatus.DRAFTED) in (DecisionStatus.DRAFTED, DecisionStatus.WITHDRAWN)

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: about itself, once announced."""
        return Q(provider_id=provider_id) & ~Q(status__in=INTERNAL) & ~Q(status="withdrawn", announced_on__isnull=True)


class StatementOfViews(DrawnUp, OfProvider):
    """What a provider thinks of an intended decision (zienswijze, Awb 4:8 and 4:9), with what the NZa says of it."""

    CONCEPT = "views"
    KEPT: ClassVar[dict[str, Any]] = {"reaction": ""}

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="views", help_text="Whose.")
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="views", help_text="On which intended decision."
    )
    key = models.CharField(max_length=80, help_text="Names the act of sending: sent twice, it is one statement.")
    channel = models.CharField(
        max_length=10, choices=Channel.choices, default=Channel.PORTAL, help_text="How it came in."
    )
    text = models.TextField(help_text="What the provider says.")
    received_at = models.DateTimeField(default=timezone.now, help_text="When it came in.")
    received_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", help_text="Who sent it, or who of the NZa wrote it down."
    )
    reaction = models.TextField(blank=True, help_text="What the NZa says of it; it comes with the decision.")
    reaction_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who reacted."
    )
    reaction_at = models.DateTimeField(null=True, blank=True, help_text="When.")

    objects = WithConcepts.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "key"], name="views_that_are_sent_twice_are_one"),
            models.CheckConstraint(condition=~Q(text=""), name="views_say_something"),
        ]

    def __str__(self) -> str:
        return f"Zienswijze op {self.decision}"

    @property
    def is_announced(self) -> bool:
        """Tell whether the decision was sent: with it goes what the NZa says."""
        return self.decision.is_announced

    @property
    def may_have_concept(self) -> bool:
        """Tell whether somebody reacted and it was not announced."""
        facts = self.__dict__
        return facts.get("reaction", "") == "" and facts.get("reaction_by_id", "not read") is not None
