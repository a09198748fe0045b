"""What is released: the release of a run with its two pairs of eyes, and the mirror report of each provider as it was then."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from benchmarking.models import Run
from providers.access import OwnedQuerySet
from providers.models import Provider, Round, User


class ReportStatus(models.TextChoices):
    """The legal status of figures, shown wherever they are shown."""

    SIMULATION = "simulation", "Simulatie"
    PROVISIONAL = "provisional", "Voorlopig"
    ADOPTED = "adopted", "Vastgesteld"
    DECIDED = "decided", "Besluit"
    UNDER_OBJECTION = "under_objection", "Onder bezwaar"


#: Those with which a run is released; the other two follow from what is decided about one provider.
RELEASED_AS = (ReportStatus.SIMULATION, ReportStatus.PROVISIONAL, ReportStatus.ADOPTED)


class ReleaseStage(models.TextChoices):
    """How far a release is. Nobody outside the NZa sees anything of it before the last stage."""

    PREPARING = "preparing", "Wordt klaargezet"
    PREPARED = "prepared", "Wacht op goedkeuring"
    APPROVED = "approved", "Goedgekeurd"
    RELEASED = "released", "Vrijgegeven"
    WITHDRAWN = "withdrawn", "Ingetrokken"


RELEASE_TRANSITIONS: dict[ReleaseStage, frozenset[ReleaseStage]] = {
    ReleaseStage.PREPARING: frozenset({ReleaseStage.PREPARED, ReleaseStage.WITHDRAWN}),
    ReleaseStage.PREPARED: frozenset({ReleaseStage.APPROVED, ReleaseStage.WITHDRAWN}),
    ReleaseStage.APPROVED: frozenset({ReleaseStage.RELEASED, ReleaseStage.WITHDRAWN}),
    ReleaseStage.RELEASED: frozenset(),
    ReleaseStage.WITHDRAWN: frozenset(),
}
#: In these a release is on its way.
UNDER_WAY = (ReleaseStage.PREPARING, ReleaseStage.PREPARED, ReleaseStage.APPROVED)


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Releases of runs."""

    def released(self) -> ReleaseQuerySet:
        """Return those that are visible to those they concern."""
        return self.filter(stage=ReleaseStage.RELEASED)


class Release(models.Model):
    """That the outcome of a run is made visible: prepared by one, approved by another, released at a moment that was set."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="releases", help_text="Which run.")
    round = models.ForeignKey(
        Round,
        on_delete=models.PROTECT,
        related_name="releases",
        help_text="Which round: who may not see the run sees this.",
    )
    status = models.CharField(max_length=20, choices=ReportStatus.choices, help_text="Legal status of the figures.")
    stage = models.CharField(
        max_length=12, choices=ReleaseStage.choices, default=ReleaseStage.PREPARING, help_text="How far it is."
    )
    tariff_year = models.PositiveSmallIntegerField(null=True, help_text="Year for which tariffs were made, if any.")
    note = models.TextField(blank=True, help_text="What is new and why, in Dutch, for everybody who gets a report.")
    for_care_offices = models.BooleanField(default=False, help_text="Care offices see the bandwidths.")
    respond_until = models.DateTimeField(
        null=True, blank=True, help_text="Last second of the interpretation period; empty: nobody is asked to respond."
    )
    prepared_at = models.DateTimeField(default=timezone.now, help_text="When it was prepared.")
    prepared_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="By whom; empty: a command."
    )
    release_at = models.DateTimeField(null=True, blank=True, help_text="From when it may be visible.")
    approved_at = models.DateTimeField(null=True, blank=True, help_text="When the second person approved it.")
    approved_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who; another than who prepared it.",
    )
    released_at = models.DateTimeField(null=True, blank=True, help_text="When it became visible.")
    withdrawn_reason = models.TextField(blank=True, help_text="Why it was withdrawn before anybody saw it.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often a worker began to make its reports.")

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-released_at", "-pk"]
        get_latest_by = ["released_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(stage__in=["preparing", "prepared", "approved"]),
                name="one_release_of_a_round_is_under_way",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=models.F("prepared_by")),
                name="a_release_is_approved_by_another_than_who_prepared_it",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=["approved", "released"])
                | Q(approved_at__isnull=False, release_at__isnull=False),
                name="what_is_released_was_approved",
            ),
            models.CheckConstraint(
                condition=Q(stage="released", released_at__isnull=False)
                | (~Q(stage="released") & Q(released_at__isnull=True)),
                name="what_is_released_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.get_status_display()}"

    @property
    def is_released(self) -> bool:
        """Tell whether those it concerns see it."""
        return self.stage == ReleaseStage.RELEASED


class ReleaseEffects(models.Model):
    """The national effect in euros of each rule, as the second person saw it before approving. For staff alone; written once."""

    release = models.OneToOneField(
        Release, on_delete=models.PROTECT, related_name="effects", help_text="Of which release."
    )
    document = models.JSONField(help_text="What was computed (tariffs.effects).")
    computed_at = models.DateTimeField(default=timezone.now, help_text="When.")

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Effect van elke regel in {self.release}"


class MirrorReport(models.Model):
    """The mirror of one provider in one release: exactly what may be shown to it, and nothing more. Never changed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, related_name="reports", help_text="Of which release."
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="mirror_reports", help_text="Of whom."
    )
    version = models.PositiveIntegerField(default=1, help_text="1, 2, 3, … for this provider and round.")
    content = models.JSONField(help_text="What is shown, after disclosure control.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the content in canonical form.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "provider"], name="a_provider_has_one_report_per_release")
        ]

    def __str__(self) -> str:
        return f"Spiegel van {self.provider}, versie {self.version}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: its own, once released."""
        return Q(provider_id=provider_id, release__stage=ReleaseStage.RELEASED)


class ResponseTerm(models.Model):
    """A longer interpretation period, for everybody or for one provider, with the reason. Never changed."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="terms", help_text="Of which release.")
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="response_terms",
        help_text="For whom; empty: for everybody.",
    )
    until = models.DateTimeField(help_text="Last second that is in time.")
    reason = models.TextField(help_text="Why, in Dutch; the provider reads it.")
    set_at = models.DateTimeField(default=timezone.now, help_text="When it was set.")
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="By whom.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.release}: tot {self.until:%Y-%m-%d %H:%M}"

    @classmethod
    def owned_by_provider(cls, provider_id: int) -> Q:
        """Return the condition for what a provider may see: what holds for it, once released."""
        return Q(release__stage=ReleaseStage.RELEASED) & (Q(provider_id=provider_id) | Q(provider__isnull=True))


def respond_until(release: Release, provider: Provider) -> datetime | None:
    """Return the last second in which a provider may respond to a release; ``None`` if nobody is asked to."""
    if release.respond_until is None:
        return None
    terms = ResponseTerm.objects.filter(Q(provider=provider) | Q(provider__isnull=True), release=release)
    return max([release.respond_until, *terms.values_list("until", flat=True)])


def period_until(release: Release) -> datetime | None:
    """Return the last second in which anybody may respond to a release, the longest term of all; ``None`` if nobody is asked to.

    What a newer release took the place of is responded to no more.
    """
    if release.respond_until is None or not release.is_released:
        return None
    if Release.objects.released().filter(round=release.round_id, released_at__gt=release.released_at).exists():
        return None
    return max([release.respond_until, *release.terms.values_list("until", flat=True)])
