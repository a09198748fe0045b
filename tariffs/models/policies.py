"""Tariff tables and the policy of a round. Both are never changed: a new table or policy replaces an older one."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from providers.models import Round, User


class TariffTable(models.Model):
    """A table of maximum tariffs as it was loaded from a file. Amounts are never built in."""

    name = models.CharField(max_length=160, help_text="File name it was loaded from.")
    sha256 = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the file.")
    is_fictitious = models.BooleanField(default=False, help_text="Invented amounts: every page says so.")
    imported_at = models.DateTimeField(auto_now_add=True, help_text="When it was loaded.")

    class Meta:
        get_latest_by = ["imported_at", "pk"]

    def __str__(self) -> str:
        return self.name


class MaximumTariff(models.Model):
    """The maximum tariff of one product in one year, euros per day."""

    table = models.ForeignKey(
        TariffTable, on_delete=models.PROTECT, related_name="tariffs", help_text="In which table."
    )
    year = models.PositiveSmallIntegerField(help_text="Tariff year.")
    product = models.CharField(max_length=60, help_text="Code of the measure of days, such as days_4vv.")
    amount = models.DecimalField(max_digits=10, decimal_places=2, help_text="Maximum tariff per day.")
    includes_housing = models.BooleanField(default=True, help_text="NHC and NIC are inside the amount.")
    source = models.CharField(max_length=250, help_text="Where the amount comes from.")
    valid_from = models.DateField(help_text="From when the amount holds.")

    class Meta:
        ordering = ["table", "year", "product"]
        constraints = [
            models.UniqueConstraint(
                fields=["table", "year", "product"], name="a_product_has_one_tariff_per_year_and_table"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_maximum_tariff_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.year}: {self.amount}"


class Disclosure(models.TextChoices):
    """How peers are shown to others."""

    PSEUDONYM = "pseudonym", "Zonder naam"
    CONSENT = "consent", "Met naam na toestemming"
    NAMED = "named", "Met naam"


class Settlement(models.TextChoices):
    """What an accepted correction or a granted objection of one provider means for the others."""

    FULL_RERUN = "full_rerun", "Een nieuwe berekening voor iedereen"
    FROZEN_FRONTIER = "frozen_frontier", "Alleen deze aanbieder opnieuw, met dezelfde vergelijking"
    NEXT_YEAR = "next_year", "Telt mee in de vergelijking van het volgende jaar"


class OutsideBandwidth(models.TextChoices):
    """What happens with an agreement below the minimum or above the maximum."""

    REFUSED = "refused", "Wordt geweigerd"
    RECORDED = "recorded", "Wordt vastgelegd met de reden"


class RoundPolicy(models.Model):
    """The regulator's choices for a round. None of them is known from the Integrale Vergelijking; each is a parameter."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="policies", help_text="For which round.")
    number = models.PositiveIntegerField(help_text="1, 2, 3, … within the round; the newest counts.")
    markup = models.DecimalField(
        max_digits=6,
        decimal_places=4,
        default=Decimal("0.10"),
        help_text="Fixed percentage between minimum and maximum, 0.10 = 10 %.",
    )
    marks_up_allowances = models.BooleanField(default=True, help_text="The mark-up counts for the allowances too.")
    cap = models.DecimalField(
        max_digits=6, decimal_places=4, default=Decimal(1), help_text="Highest rate, as a share of the maximum tariff."
    )
    tariff_table = models.ForeignKey(
        TariffTable,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Which tariffs; empty: none.",
    )
    tariff_year = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Year for which tariffs are made.")
    index = models.DecimalField(
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Price index from book year to tariff year; only used if the book year's tariffs are missing.",
    )
    index_name = models.CharField(max_length=120, blank=True, help_text="Name of that index, shown on the page.")
    disclosure = models.CharField(
        max_length=12, choices=Disclosure.choices, default=Disclosure.PSEUDONYM, help_text="How peers are shown."
    )
    smallest_group = models.PositiveSmallIntegerField(
        default=5, help_text="No aggregate over fewer organisations than this."
    )
    dominance_n = models.PositiveSmallIntegerField(
        default=1, help_text="(n,k) rule: an aggregate is not shown if its n largest …"
    )
    dominance_k = models.DecimalField(
        max_digits=5, decimal_places=4, default=Decimal("0.85"), help_text="… hold more than this share of it."
    )
    p_percent = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.10"),
        help_text="p% rule: nobody may come to know the costs of another to within this share.",
    )
    corrections_settled = models.CharField(
        max_length=16,
        choices=Settlement.choices,
        default=Settlement.FULL_RERUN,
        help_text="What an accepted correction means for the others.",
    )
    objections_settled = models.CharField(
        max_length=16,
        choices=Settlement.choices,
        default=Settlement.FROZEN_FRONTIER,
        help_text="What a granted objection means for the others.",
    )
    objection_may_lower_others = models.BooleanField(
        default=False, help_text="A granted objection may lower what was decided about another provider."
    )
    agreements_outside = models.CharField(
        max_length=10,
        choices=OutsideBandwidth.choices,
        default=OutsideBandwidth.REFUSED,
        help_text="What happens with an agreement outside the bandwidth.",
    )
    views_days = models.PositiveSmallIntegerField(default=14, help_text="Days for views on an intended decision.")
    remedy_days = models.PositiveSmallIntegerField(default=14, help_text="Days to complete an objection (Awb 6:6).")
    courtesy_terms = models.BooleanField(
        default=True, help_text="Terms that the NZa sets itself do not end on a free day either."
    )
    set_at = models.DateTimeField(auto_now_add=True, help_text="When it was set.")
    set_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="By whom; empty: a command."
    )

    class Meta:
        get_latest_by = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="a_policy_number_is_used_once_per_round"),
            models.CheckConstraint(condition=Q(markup__gte=0), name="a_markup_is_not_negative"),
            models.CheckConstraint(condition=Q(cap__gt=0), name="a_cap_is_positive"),
            models.CheckConstraint(
                condition=Q(tariff_table__isnull=True) | Q(tariff_year__isnull=False),
                name="a_tariff_table_comes_with_a_year",
            ),
            models.CheckConstraint(condition=Q(index__isnull=True) | ~Q(index_name=""), name="an_index_has_a_name"),
            models.CheckConstraint(
                condition=Q(
                    smallest_group__gte=3,
                    dominance_n__gte=1,
                    dominance_k__gt=0,
                    dominance_k__lte=1,
                    p_percent__gte=0,
                    p_percent__lt=1,
                ),
                name="disclosure_rules_can_be_kept",
            ),
            models.CheckConstraint(
                condition=Q(views_days__gte=1, remedy_days__gte=1), name="a_term_lasts_a_day_at_least"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round}, beleid {self.number}"
