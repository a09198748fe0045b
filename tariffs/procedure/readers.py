"""Who is named in words that the NZa writes to some providers of a round, and that they need not know of one another."""

from __future__ import annotations

from collections.abc import Collection

from providers.models import Mandate, Provider, Round
from tariffs.procedure.names import Names


def named_to(readers: Collection[Provider], text: str, round: Round) -> list[str]:
    """Return whom a text surely names; to one reader alone its own name and its people are no news."""
    if not readers:
        return []
    own = _own(readers)
    return [name for name in Names(round).found(text) if name not in own]


def perhaps_named_to(readers: Collection[Provider], text: str, round: Round) -> dict[str, str]:
    """Return the words in a text that may be a name, each with whose it would be."""
    if not readers:
        return {}
    own = _own(readers)
    found = Names(round).doubtful(text)
    return {word: whose for word, whose in found.items() if whose.removeprefix("een locatie van ") not in own}


def _own(readers: Collection[Provider]) -> set[str]:
    only, *others = set(readers)
    if others:
        return set()
    return {only.name, *Mandate.objects.filter(provider=only).values_list("user__name", flat=True)}
