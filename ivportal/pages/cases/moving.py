"""What steps with an objection have in common: where it can go, where it went, its term, and who it is treated with."""

from __future__ import annotations

from typing import Any

from tariffs.models import OBJECTION_TRANSITIONS, Objection, ObjectionStatus
from tariffs.procedure import hearings
from tariffs.procedure.deadlines import decision_term_of


def can_go(to: ObjectionStatus) -> Any:
    """Return the test whether an objection can go to a status."""
    return lambda item: to in OBJECTION_TRANSITIONS[ObjectionStatus(item.status)]


def became(to: ObjectionStatus) -> Any:
    """Return the test whether an objection went there already."""
    return lambda item, said, actor: item.status == to


def together(item: Objection) -> list[str]:
    """Say for how many objections a step counts, if it is for a group."""
    found = hearings.together_with(item)
    return [f"Dit geldt voor {len(found)} bezwaren in de groep ‘{item.group}’."] if len(found) > 1 else []


def term_of(item: Objection) -> str:
    """Say until when the NZa decides."""
    return decision_term_of(item).sentence
