"""Looking up what a command names, with an answer in Dutch when it is not there."""

from __future__ import annotations

from django.core.management.base import CommandError

from providers.models import Round


def round_called(slug: str) -> Round:
    """Return the round with this slug; CommandError with code 2 and the slugs there are, if it does not exist."""
    round = Round.objects.filter(slug=slug).first()
    if round is None:
        known = ", ".join(Round.objects.values_list("slug", flat=True)) or "nog geen"
        raise CommandError(f"Er is geen ronde {slug!r}. Bekende rondes: {known}.", returncode=2)
    return round
