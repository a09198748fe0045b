"""The model as data: specifications, and which one a round uses."""

from __future__ import annotations

import uuid

from django.db import models

from providers.models import Round, User


class Specification(models.Model):
    """A model specification. Immutable: a change is a new one."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifier shown outside.")
    document = models.JSONField(help_text="The specification, validated by benchmarking.specification.")
    sha256 = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the document in canonical form.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When it was stored.")

    def __str__(self) -> str:
        return str(self.document.get("name") or f"Specificatie {self.sha256[:8]}")


class RoundSpecification(models.Model):
    """That a round uses a specification from a moment on; the newest one counts."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="specifications", help_text="Which round.")
    specification = models.ForeignKey(
        Specification, on_delete=models.PROTECT, related_name="rounds", help_text="Which specification."
    )
    set_at = models.DateTimeField(auto_now_add=True, help_text="Since when.")
    set_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="By whom; empty: a command."
    )

    class Meta:
        ordering = ["-set_at", "-pk"]
        get_latest_by = ["set_at", "pk"]

    def __str__(self) -> str:
        return f"{self.round}: {self.specification}"
