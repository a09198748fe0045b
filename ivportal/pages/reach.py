"""Whom a message to the providers of a round reaches: counted in the database, said in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Exists, OuterRef, QuerySet

from providers.formatting import format_number
from providers.mandates import current_mandates
from providers.models import Provider, Round


@dataclass(frozen=True)
class Reach:
    """Providers of a round that would be told something."""

    providers: QuerySet[Provider]

    @cached_property
    def invited(self) -> int:
        """Return how many providers there are."""
        return self.providers.count()

    @cached_property
    def without_people(self) -> list[Provider]:
        """Return the providers at which nobody has a mandate, by name."""
        return list(self.providers.filter(~Exists(current_mandates().filter(provider=OuterRef("pk")))).order_by("name"))

    @property
    def unreached(self) -> int:
        """Return at how many providers nobody would read it."""
        return len(self.without_people)

    @property
    def reached(self) -> int:
        """Return at how many providers somebody would read it."""
        return self.invited - self.unreached

    @cached_property
    def people(self) -> int:
        """Return how many people would get it; somebody of two providers gets two."""
        return current_mandates().filter(provider__in=self.providers).values("provider", "user").distinct().count()


def reach_of(round: Round, *, statuses: Iterable[str] = ()) -> Reach:
    """Return whom a message reaches: everybody in a round, or who is in one of ``statuses``."""
    chosen = round.submissions.filter(merged_into__isnull=True)
    if statuses:
        chosen = chosen.filter(status__in=list(statuses))
    return Reach(Provider.objects.filter(pk__in=chosen.values("provider")))


def in_words(count: int, one: str, more: str = "") -> str:
    """Return a number with what is counted: "1 aanbieder", "2 aanbieders", "3 aanleveringen"."""
    plural = more or (f"{one}en" if one.endswith("ing") else f"{one}s")
    return f"{format_number(count)} {one if count == 1 else plural}"


def providers_in_words(count: int) -> str:
    """Return a number of providers in words."""
    return in_words(count, "aanbieder")


def persons(count: int) -> str:
    """Return a number of people in words."""
    return in_words(count, "persoon", "personen")
