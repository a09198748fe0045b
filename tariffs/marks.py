"""The mark (kenmerk) with which everything of a round begins: short enough to stand in a letter, and no other round has it."""

from __future__ import annotations

import hashlib

from providers.models import Round

LONGEST = 40
DIGITS = 8


def mark_of(round: Round) -> str:
    """Return the mark of a round: its name in capitals; of a long name the beginning with a few digits of its own."""
    if len(round.slug) <= LONGEST:
        return round.slug.upper()
    own = hashlib.sha256(round.slug.encode()).hexdigest()[:DIGITS]
    return f"{round.slug[: LONGEST - DIGITS - 1]}-{own}".upper()
