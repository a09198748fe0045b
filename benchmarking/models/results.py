"""Results: what a run says of each provider, and who its peers are."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from benchmarking.models.runs import Run
from benchmarking.rounding import ONE_POINT
from providers.access import OwnedQuerySet
from providers.models import Provider


class QualityVerdict(models.TextChoices):
    """What the quality gate says."""

    PASSED = "passed", "Voldoet"
    FAILED = "failed", "Voldoet niet"
    MISSING = "missing", "Gegevens ontbreken"
    NOT_ASKED = "not_asked", "Niet gevraagd"


class OutlierVerdict(models.TextChoices):
    """What the outlier rules say."""

    NONE = "none", "Geen uitbijter"
    DOMINANCE = "dominance", "Uitbijter: te grote invloed op anderen"
    SUPER_EFFICIENCY = "super_efficiency", "Uitbijter: uitzonderlijk lage kosten"
    NOT_TESTED = "not_tested", "Niet getoetst"


class Result(models.Model):
    """What one run says of one provider. Written once, by the worker that holds the run."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="results", help_text="Of which run.")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="results", help_text="Of whom.")
    participates = models.BooleanField(help_text="Takes part in the comparison.")
    reasons = models.JSONField(default=list, help_text="Codes of the reasons not to take part.")
    reason_text = models.TextField(blank=True, help_text="The reasons in Dutch.")
    total_cost = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="Total costs as delivered.")
    allowance = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="Costs taken out of the comparison and added back."
    )
    comparable_cost = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="Costs that are compared: total − allowances."
    )
    fixed_cost = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="Part of the comparable costs that cannot be reduced."
    )
    quality = models.CharField(max_length=12, choices=QualityVerdict.choices, help_text="What the quality gate says.")
    outlier = models.CharField(max_length=20, choices=OutlierVerdict.choices, help_text="What the outlier rules say.")
    may_be_peer = models.BooleanField(default=False, help_text="May be a peer for others.")
    comparable_count = models.PositiveIntegerField(null=True, help_text="Number of providers compared with.")
    status = models.CharField(max_length=12, blank=True, help_text="optimal, infeasible or no_peer.")
    score = models.FloatField(null=True, help_text="Efficiency score θ in full precision.")
    super_efficiency = models.FloatField(
        null=True, help_text="Score without oneself in the reference (Andersen & Petersen 1993)."
    )
    published_score = models.DecimalField(
        max_digits=8, decimal_places=6, null=True, help_text="Score half up to 6 decimals; what money follows from."
    )
    minimum_cost = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="Minimum costs (design §6)."
    )
    bias_corrected_score = models.FloatField(
        null=True, help_text="Score with the estimated bias taken out; information, never money."
    )
    score_lower = models.FloatField(null=True, help_text="Lower end of the interval around the true score.")
    score_upper = models.FloatField(null=True, help_text="Upper end of the interval around the true score.")
    uncertainty_shown = models.BooleanField(
        default=False, help_text="The interval may be shown: it lies between 0 and 1. Others are kept, never shown."
    )
    correction = models.FloatField(null=True, help_text="What was added to the score for circumstances.")
    users = models.PositiveIntegerField(null=True, help_text="How many others are measured against this provider.")
    influence = models.DecimalField(
        max_digits=18, decimal_places=2, null=True,
        help_text="What the minimum costs of its users would rise by together without this provider as a peer.",
    )  # fmt: skip
    slacks = models.JSONField(default=dict, help_text="Slack per input and output.")
    prices = models.JSONField(default=dict, help_text="Shadow price per input and output, and of scale.")
    certificate = models.JSONField(default=list, help_text="Primal residual, worst reduced cost, duality gap.")
    peers_unique = models.BooleanField(null=True, help_text="The peers' weights are the only optimal ones.")
    prices_unique = models.BooleanField(
        null=True, help_text="The prices of the products delivered are the only optimal ones."
    )
    fallback = models.BooleanField(default=False, help_text="Solved by the second solver.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["run", "provider"]
        constraints = [
            models.UniqueConstraint(fields=["run", "provider"], name="a_provider_has_one_result_per_run"),
            models.CheckConstraint(
                condition=Q(participates=True) | Q(score__isnull=True), name="only_who_takes_part_has_a_score"
            ),
            models.CheckConstraint(
                condition=Q(uncertainty_shown=False)
                | Q(score_lower__isnull=False, score_upper__isnull=False, bias_corrected_score__isnull=False)
                & Q(score_lower__gt=0, score_lower__lte=F("score_upper"), score_upper__lte=1)
                & Q(bias_corrected_score__gt=0, bias_corrected_score__lte=1),
                name="an_interval_that_is_shown_lies_between_0_and_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.published_score if self.score is not None else 'geen score'}"

    @property
    def is_alone(self) -> bool:
        """Tell whether the stored interval is one point, because this provider is measured against itself alone.

        It may not be a peer, so its own figures do not move in the bootstrap. Older runs have it marked as shown.
        """
        if self.may_be_peer or self.score_lower is None or self.score_upper is None:
            return False
        return self.score_upper - self.score_lower < ONE_POINT

    @property
    def has_interval(self) -> bool:
        """Tell whether there is an interval that may be shown and says something."""
        return self.uncertainty_shown and not self.is_alone


class PeerLink(models.Model):
    """That a provider is measured against a peer, with which weight."""

    result = models.ForeignKey(
        Result, on_delete=models.CASCADE, related_name="peer_links", help_text="Who is measured."
    )
    peer = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="measured_by", help_text="Against whom.")
    weight = models.FloatField(help_text="Intensity weight λ.")
    cost_share = models.FloatField(help_text="Share of the peer in the minimum of the comparable costs, 0 to 1.")
    score_without = models.FloatField(
        null=True, help_text="Score of who is measured if this peer were nobody's peer; empty: it is its own peer."
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["result", "-cost_share", "peer"]
        constraints = [
            models.UniqueConstraint(fields=["result", "peer"], name="a_peer_is_linked_once_per_result"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="a_peer_has_a_positive_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.result.provider} ← {self.peer.provider} ({self.weight:.3f})"
