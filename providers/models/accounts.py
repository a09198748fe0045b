"""People: users who log in by e-mail, and the mandates under which they act for an organisation."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from providers.models.organisations import CareOffice, Provider


class UserManager(BaseUserManager["User"]):
    """Makes users."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user who logs in with ``email``; the domain part is stored in lower case."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Somebody who logs in. What she may do stands in her mandates."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    email = models.EmailField(unique=True, help_text="E-mail address, with which the user logs in.")
    name = models.CharField(max_length=120, help_text="Name as shown to colleagues.")
    is_active = models.BooleanField(default=True, help_text="May log in.")

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="an_email_is_in_lower_case")]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    def current_mandates(self) -> models.QuerySet[Mandate]:
        """Return the mandates that are valid now, oldest first."""
        now = timezone.now()
        return (
            self.mandates.filter(valid_from__lte=now)
            .filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now))
            .select_related("provider", "care_office")
            .order_by("valid_from", "pk")
        )


class Role(models.TextChoices):
    """The three kinds of people."""

    PROVIDER = "provider", "Zorgaanbieder"
    NZA = "nza", "NZa"
    CARE_OFFICE = "care_office", "Zorgkantoor"


class Power(models.TextChoices):
    """What a mandate for a provider lets somebody do besides reading."""

    ADMINISTER = "administer", "Bevoegdheden beheren"
    DELIVER = "deliver", "Gegevens invullen"
    SIGN = "sign", "Ondertekenen namens het bestuur"


def every_power() -> list[str]:
    """Return all powers: what the first mandate for a provider holds."""
    return list(Power.values)


class Mandate(models.Model):
    """The right of a user to act for an organisation in a role, during a period. Never changed or deleted: it is ended."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mandates", help_text="Who acts.")
    role = models.CharField(max_length=20, choices=Role.choices, help_text="In which role.")
    provider = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
        help_text="For which provider, in the role of provider.",
    )
    care_office = models.ForeignKey(
        CareOffice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mandates",
        help_text="For which care office, in the role of care office.",
    )
    powers = ArrayField(
        models.CharField(max_length=20, choices=Power.choices),
        default=list,
        blank=True,
        help_text="What she may do for a provider besides reading; empty in the other roles.",
    )
    valid_from = models.DateTimeField(default=timezone.now, help_text="From when.")
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Until when; empty: until it is ended.")
    granted_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who granted it; empty: the portal itself, at installation.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(role="provider", provider__isnull=False, care_office__isnull=True)
                    | Q(role="care_office", provider__isnull=True, care_office__isnull=False)
                    | Q(role="nza", provider__isnull=True, care_office__isnull=True)
                ),
                name="a_mandate_names_the_organisation_its_role_asks_for",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
                name="a_mandate_does_not_end_before_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(powers__contained_by=Power.values), name="a_mandate_holds_powers_that_exist"
            ),
            models.CheckConstraint(condition=Q(role="provider") | Q(powers=[]), name="powers_are_for_providers_only"),
        ]

    def __str__(self) -> str:
        return f"{self.user.name}: {self.label}"

    @property
    def organisation(self) -> str:
        """Return the name of the organisation."""
        if self.provider is not None:
            return self.provider.name
        if self.care_office is not None:
            return self.care_office.name
        return "Nederlandse Zorgautoriteit"

    @property
    def power_labels(self) -> list[str]:
        """Return what the mandate lets her do, in words; a mandate without powers reads."""
        return [str(power.label) for power in Power if power in self.powers] or ["Alleen lezen"]

    @property
    def label(self) -> str:
        """Return organisation and role as shown in the switcher."""
        return f"{self.organisation} ({self.get_role_display()})"
