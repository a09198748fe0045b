"""Terms that the NZa sets itself: no law says how long they are, and the policy says on what days they may end."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from providers.formatting import format_date
from providers.models import Round
from providers.refusal import Refused
from tariffs.policies import current_policy
from tariffs.terms import amsterdam_day, equated_days, free_day_name, next_working_day


def require_own_term(until: datetime, round: Round) -> None:
    """Raise :class:`~providers.refusal.Refused` for a moment that is past, or on a free day if the policy does not want that."""
    if until <= timezone.now():
        raise Refused("Kies een moment dat nog moet komen.")
    day = amsterdam_day(until)
    free = free_day_name(day, equated=equated_days())
    if free is not None and current_policy(round).courtesy_terms:
        working = next_working_day(day, equated=equated_days())
        raise Refused(
            f"{format_date(day)} is {free}. Volgens het beleid van deze ronde eindigt ook een termijn van de NZa niet op een"
            f" vrije dag (zoals art. 1 Algemene termijnenwet). Kies {format_date(working)} of later."
        )
