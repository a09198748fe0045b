"""What moves the term for deciding on an objection, or starts another (Awb 4:15, 4:17, 6:6, 7:10)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from providers.access import OwnedQuerySet
from providers.models import User
from tariffs.models.objections import Objection


class TermEventKind(models.TextChoices):
    """What moves the term for deciding on an objection, or starts another."""

    REMEDY_ASKED = "remedy_asked", "Aanvulling gevraagd (art. 6:6 en 7:10, tweede lid, Awb)"
    REMEDIED = "remedied", "Aangevuld (art. 7:10, tweede lid, Awb)"
    ADJOURNED = "adjourned", "Verdaagd (art. 7:10, derde lid, Awb)"
    AGREED = "agreed", "Verder uitstel met instemming (art. 7:10, vierde lid, Awb)"
    SUSPENDED = "suspended", "Opgeschort (art. 4:15 Awb)"
    RESUMED = "resumed", "Opschorting geëindigd (art. 4:15 Awb)"
    DEFAULT_NOTICE = "default_notice", "In gebreke gesteld (art. 4:17 Awb)"


class SuspensionCause(models.TextChoices):
    """Why the term stands still (Awb 4:15, as far as 7:14 leaves it in force for objections)."""

    OBJECTOR = "objector", "De vertraging ligt aan de bezwaarmaker (art. 4:15, tweede lid, onder b, Awb)"
    FORCE_MAJEURE = "force_majeure", "Overmacht (art. 4:15, tweede lid, onder c, Awb)"
    FOREIGN_INFORMATION = "foreign_information", "Gegevens uit het buitenland (art. 4:15, eerste lid, onder b, Awb)"


class TermEvent(models.Model):
    """Something that moves a term of an objection, with its day and its reason. Never changed."""

    objection = models.ForeignKey(Objection, on_delete=models.PROTECT, related_name="events", help_text="Of which one.")
    kind = models.CharField(max_length=16, choices=TermEventKind.choices, help_text="What.")
    on = models.DateField(help_text="The day on which it happened or begins.")
    until = models.DateField(null=True, blank=True, help_text="The day that was set or agreed, if there is one.")
    weeks = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How long an adjournment lasts: at most six weeks (Awb 7:10(3))."
    )
    cause = models.CharField(
        max_length=20, choices=SuspensionCause.choices, blank=True, help_text="What a suspension stands on (Awb 4:15)."
    )
    reason = models.TextField(blank=True, help_text="Why, in Dutch; the provider reads it.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who wrote it down.")
    at = models.DateTimeField(default=timezone.now, help_text="When.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="adjourned") & Q(weeks__range=(1, 6)))
                | (~Q(kind="adjourned") & Q(weeks__isnull=True)),
                name="an_adjournment_lasts_six_weeks_at_most",
            ),
            models.CheckConstraint(
                condition=(Q(kind="suspended") & ~Q(cause="")) | (~Q(kind="suspended") & Q(cause="")),
                name="a_suspension_has_a_cause",
            ),
            models.UniqueConstraint(
                fields=["objection"], condition=Q(kind="adjourned"), name="an_objection_is_adjourned_once"
            ),
            models.UniqueConstraint(
                fields=["objection"], condition=Q(kind="default_notice"), name="a_notice_of_default_is_given_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: of its own objections."""
        return Q(objection__provider_id=provider_id)
