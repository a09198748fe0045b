"""Objections to a decision (bezwaar, Awb chapters 6 and 7): from receipt to the decision on the objection."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models import Provider, Round, User
from tariffs.models.cases import OfProvider
from tariffs.models.concepts import DrawnUp, WithConcepts
from tariffs.models.decisions import Channel, Decision

#: As many signs as an address on an envelope can have.
LONGEST_ADDRESS = 400


class ObjectionStatus(models.TextChoices):
    """How far an objection is."""

    RECEIVED = "received", "Ontvangen"
    INCOMPLETE = "incomplete", "Aanvulling gevraagd"
    ADMITTED = "admitted", "In behandeling"
    HEARING = "hearing", "Hoorzitting gepland"
    HEARD = "heard", "Gehoord"
    ADVISED = "advised", "Advies uitgebracht"
    DECIDED = "decided", "Beslist"
    APPEALED = "appealed", "Beroep ingesteld"
    WITHDRAWN = "withdrawn", "Ingetrokken"


OBJECTION_TRANSITIONS: dict[ObjectionStatus, frozenset[ObjectionStatus]] = {
    ObjectionStatus.RECEIVED: frozenset(
        {
            ObjectionStatus.INCOMPLETE,
            ObjectionStatus.ADMITTED,
            ObjectionStatus.DECIDED,
            ObjectionStatus.WITHDRAWN,
        }
    ),
    ObjectionStatus.INCOMPLETE: frozenset(
        {ObjectionStatus.RECEIVED, ObjectionStatus.DECIDED, ObjectionStatus.WITHDRAWN}
    ),
    ObjectionStatus.ADMITTED: frozenset({ObjectionStatus.HEARING, ObjectionStatus.HEARD, ObjectionStatus.WITHDRAWN}),
    ObjectionStatus.HEARING: frozenset({ObjectionStatus.ADMITTED, ObjectionStatus.HEARD, ObjectionStatus.WITHDRAWN}),
    ObjectionStatus.HEARD: frozenset({ObjectionStatus.ADVISED, ObjectionStatus.DECIDED, ObjectionStatus.WITHDRAWN}),
    ObjectionStatus.ADVISED: frozenset({ObjectionStatus.DECIDED, ObjectionStatus.WITHDRAWN}),
    ObjectionStatus.DECIDED: frozenset({ObjectionStatus.APPEALED}),
    ObjectionStatus.APPEALED: frozenset(),
    ObjectionStatus.WITHDRAWN: frozenset(),
}
#: Those of them that are the provider's own.
OBJECTION_PROVIDER_STEPS: dict[ObjectionStatus, frozenset[ObjectionStatus]] = {
    ObjectionStatus.INCOMPLETE: frozenset({ObjectionStatus.RECEIVED, ObjectionStatus.WITHDRAWN}),
    **{
        status: frozenset({ObjectionStatus.WITHDRAWN})
        for status in (
            ObjectionStatus.RECEIVED,
            ObjectionStatus.ADMITTED,
            ObjectionStatus.HEARING,
            ObjectionStatus.HEARD,
            ObjectionStatus.ADVISED,
        )
    },
}
#: In these an objection is open: the decision it is against is under objection.
OPEN_OBJECTION = (
    ObjectionStatus.RECEIVED,
    ObjectionStatus.INCOMPLETE,
    ObjectionStatus.ADMITTED,
    ObjectionStatus.HEARING,
    ObjectionStatus.HEARD,
    ObjectionStatus.ADVISED,
)
#: In these it was decided, and its provider reads how.
ENDED_BY_DECISION = (ObjectionStatus.DECIDED, ObjectionStatus.APPEALED)


class ObjectionOutcome(models.TextChoices):
    """What was decided on an objection."""

    GRANTED = "granted", "Gegrond"
    PARTLY = "partly", "Deels gegrond"
    DISMISSED = "dismissed", "Ongegrond"
    INADMISSIBLE = "inadmissible", "Niet-ontvankelijk"


class Consequence(models.TextChoices):
    """What follows from an objection that is granted."""

    NONE = "none", "Het besluit blijft zoals het is"
    FROZEN_FRONTIER = (
        "frozen_frontier",
        "Nieuw besluit: alleen deze aanbieder opnieuw berekend, met dezelfde vergelijking",
    )
    NEW_RUN = "new_run", "Nieuw besluit: uit een nieuwe landelijke berekening"
    OTHER_REASONS = "other_reasons", "Zelfde uitkomst, betere motivering"


class Verdict(models.TextChoices):
    """What was decided on one ground."""

    FOUNDED = "founded", "Slaagt"
    PARTLY = "partly", "Slaagt deels"
    UNFOUNDED = "unfounded", "Slaagt niet"


class ObjectionGroup(models.Model):
    """Objections that are treated together: shared grounds once, own grounds each."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, related_name="objection_groups", help_text="Which round."
    )
    name = models.CharField(max_length=160, help_text="What it is called.")
    representative = models.CharField(max_length=160, blank=True, help_text="Who speaks for all, such as a trade body.")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who made it.")
    made_at = models.DateTimeField(default=timezone.now, help_text="When.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: the group that its own objection is in."""
        return Q(pk__in=Objection.objects.filter(provider_id=provider_id, group__isnull=False).values("group_id"))


class Objection(DrawnUp, OfProvider):
    """One objection of one provider to one decision."""

    CONCEPT = "objection"
    KEPT: ClassVar[dict[str, Any]] = {
        "advice": "", "deviation": "", "outcome": "", "reasons": "", "consequence": "", "new_decision_id": None,
    }  # fmt: skip

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="objections", help_text="Whose.")
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="objections", help_text="Against which decision."
    )
    reference = models.CharField(max_length=60, unique=True, help_text="The mark (kenmerk), such as IV-2024-0012-B1.")
    group = models.ForeignKey(
        ObjectionGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="objections",
        help_text="Treated together with which others.",
    )
    status = models.CharField(
        max_length=12, choices=ObjectionStatus.choices, default=ObjectionStatus.RECEIVED, help_text="How far it is."
    )
    key = models.CharField(max_length=80, help_text="Names the act of sending: sent twice, it is one objection.")
    channel = models.CharField(
        max_length=10, choices=Channel.choices, default=Channel.PORTAL, help_text="How it came in."
    )
    received_at = models.DateTimeField(default=timezone.now, help_text="When it was received (Awb 6:9(1)).")
    posted_on = models.DateField(null=True, blank=True, help_text="For post: day of the postmark (Awb 6:9(2)).")
    received_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", help_text="Who sent it, or who of the NZa wrote it down."
    )
    signed_by = models.CharField(max_length=160, blank=True, help_text="Who signed it (Awb 6:5).")
    representative = models.CharField(max_length=160, blank=True, help_text="Who acts as proxy (Awb 2:1); empty: none.")
    representative_address = models.TextField(
        blank=True, help_text="Where letters reach the proxy: street or box, postcode and place, each on a line."
    )
    is_pro_forma = models.BooleanField(default=False, help_text="The grounds follow (Awb 6:6).")
    late_because = models.TextField(blank=True, help_text="Why it came late, according to the provider (Awb 6:11).")
    is_excused = models.BooleanField(
        null=True, blank=True, help_text="Whether lateness is excused; empty: not decided."
    )
    excused_reason = models.TextField(blank=True, help_text="Why it is excused or not.")
    admitted_at = models.DateTimeField(null=True, blank=True, help_text="When it was taken into treatment.")
    with_committee = models.BooleanField(default=False, help_text="An advisory committee advises (Awb 7:13).")
    advice = models.TextField(blank=True, help_text="What was advised.")
    advised_on = models.DateField(null=True, blank=True, help_text="When.")
    deviation = models.TextField(blank=True, help_text="Why the decision is other than was advised (Awb 7:13(7)).")
    assigned_to = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who of the NZa treats it."
    )
    outcome = models.CharField(
        max_length=12, choices=ObjectionOutcome.choices, blank=True, help_text="What was decided."
    )
    reasons = models.TextField(blank=True, help_text="General reasons of the decision (Awb 7:12).")
    consequence = models.CharField(max_length=16, choices=Consequence.choices, blank=True, help_text="What follows.")
    drafted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who drew the decision up."
    )
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who decided; another."
    )
    decided_on = models.DateField(null=True, blank=True, help_text="Day of notification of the decision on it.")
    new_decision = models.OneToOneField(
        Decision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="from_objection",
        help_text="The decision that takes the place of the one objected to.",
    )

    objects = WithConcepts.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "key"], name="an_objection_that_is_sent_twice_is_one"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("drafted_by")),
                name="an_objection_is_decided_by_another_than_who_drew_it_up",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["decided", "appealed"])
                | (~Q(outcome="") & ~Q(reasons="") & Q(decided_on__isnull=False)),
                name="a_decision_on_an_objection_has_reasons",
            ),
            models.CheckConstraint(
                condition=~Q(channel="post") | Q(posted_on__isnull=False), name="post_has_a_postmark"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("representative_address"), LONGEST_ADDRESS),
                name="an_address_is_an_address",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_announced(self) -> bool:
        """Tell whether it was decided."""
        return self.status in ENDED_BY_DECISION

    @property
    def may_have_concept(self) -> bool:
        """Tell whether there is advice, or a decision that was drawn up, on one that was not decided."""
        facts = self.__dict__
        is_drawn_up = (
            facts.get("drafted_by_id", "not read") is not None or facts.get("advised_on", "not read") is not None
        )
        return is_drawn_up and facts.get("status") not in ENDED_BY_DECISION

    @property
    def is_open(self) -> bool:
        """Tell whether a decision on it is still to come."""
        return self.status in OPEN_OBJECTION


class Ground(DrawnUp):
    """One ground: of one objection, or shared by all in a group. With what is decided on it, and why."""

    CONCEPT = "ground"
    KEPT: ClassVar[dict[str, Any]] = {"verdict": "", "reasons": ""}

    objection = models.ForeignKey(
        Objection, on_delete=models.PROTECT, null=True, blank=True, related_name="grounds", help_text="Of which one."
    )
    group = models.ForeignKey(
        ObjectionGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="grounds", help_text="Shared by."
    )
    number = models.PositiveIntegerField(help_text="1, 2, 3, … within the objection or group.")
    text = models.TextField(help_text="The ground, as brought forward or summarised.")
    brought_at = models.DateTimeField(default=timezone.now, help_text="When it was brought forward.")
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True, help_text="What was decided on it.")
    reasons = models.TextField(blank=True, help_text="Why.")

    objects = WithConcepts.as_manager()

    class Meta:
        ordering = ["objection", "group", "number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(objection__isnull=False, group__isnull=True)
                | Q(objection__isnull=True, group__isnull=False),
                name="a_ground_is_own_or_shared",
            ),
            models.UniqueConstraint(
                fields=["objection", "group", "number"], nulls_distinct=False, name="a_ground_has_its_own_number"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="a_ground_says_something"),
            models.CheckConstraint(condition=Q(verdict="") | ~Q(reasons=""), name="a_verdict_has_reasons"),
        ]

    def __str__(self) -> str:
        return f"Grond {self.number}"

    @property
    def is_announced(self) -> bool:
        """Tell whether the objection was decided, or one of the group that was treated."""
        if self.objection is not None:
            return self.objection.is_announced
        decided = Objection.objects.filter(group=self.group_id, status__in=ENDED_BY_DECISION)
        return decided.exclude(outcome=ObjectionOutcome.INADMISSIBLE).exists()

    @property
    def may_have_concept(self) -> bool:
        """Tell whether no verdict was announced."""
        return not self.__dict__.get("verdict")

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own grounds, and those it shares."""
        return Q(objection__provider_id=provider_id) | Q(
            group_id__in=Objection.objects.filter(provider_id=provider_id, group__isnull=False).values("group_id")
        )


class Hearing(models.Model):
    """A hearing (Awb 7:2 to 7:7) of one objection, or of a group together; or why there is none (Awb 7:3)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    objections = models.ManyToManyField(Objection, related_name="hearings", help_text="Of which objections.")
    at = models.DateTimeField(null=True, blank=True, help_text="When; empty: waived.")
    place = models.CharField(max_length=250, blank=True, help_text="Where, or the link of a video call.")
    file_open_from = models.DateField(null=True, blank=True, help_text="From when the file is open (Awb 7:4(2)).")
    papers_until = models.DateField(null=True, blank=True, help_text="Last day for further papers (Awb 7:4(1)).")
    waived_because = models.TextField(blank=True, help_text="Why nobody is heard (Awb 7:3); empty: there is a hearing.")
    invited_at = models.DateTimeField(default=timezone.now, help_text="When the invitations went out.")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="By whom.")
    cancelled_because = models.TextField(blank=True, help_text="Why it does not take place; empty: it does.")
    report = models.TextField(blank=True, help_text="The report (Awb 7:7).")
    reported_at = models.DateTimeField(null=True, blank=True, help_text="When it was written down.")
    reported_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom."
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(at__isnull=False, waived_because="") | (Q(at__isnull=True) & ~Q(waived_because="")),
                name="a_hearing_has_a_moment_or_a_reason_why_not",
            )
        ]

    def __str__(self) -> str:
        return f"Hoorzitting {self.at:%Y-%m-%d %H:%M}" if self.at else "Geen hoorzitting"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: hearings that its own objection is in."""
        return Q(
            pk__in=Hearing.objections.through.objects.filter(objection__provider_id=provider_id).values("hearing_id")
        )
