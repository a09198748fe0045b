"""The status ribbon: what the figures on a page are worth."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from providers.formatting import format_datetime
from providers.models import Round
from tariffs.models import Occasion, Release, ReportStatus, Standing

#: After these an appeal is open, and no objection any more.
AFTER_OBJECTION = (Occasion.NEW_DECISION, Occasion.OBJECTION_ENDED)


def delivered_ribbon(round: Round) -> dict[str, Any] | None:
    """Return the ribbon of a page with figures as they came in: only invented ones need one."""
    return {"status": "delivered", "is_fictitious": True} if round.is_fictitious else None


def ribbon(*, round: Round, release: Release | None, standing: Standing | None = None) -> dict[str, Any]:
    """Return what ``components/status_ribbon.html`` shows; what is not released is a simulation.

    ``standing`` is what holds now about the one provider that a page is about: a decision, or an objection to it.
    """
    if release is None:
        next_moment = "Deze uitkomsten zijn nog niet vrijgegeven"
    elif release.respond_until is not None and release.respond_until > timezone.now():
        next_moment = f"Reageren kan tot en met {format_datetime(release.respond_until)}"
    else:
        next_moment = None
    return {
        "status": standing.status if standing else release.status if release else ReportStatus.SIMULATION,
        "is_fictitious": round.is_fictitious,
        "is_after_objection": standing is not None and standing.occasion in AFTER_OBJECTION,
        "date": standing.since if standing else release.released_at if release else None,
        "next_moment": next_moment,
    }
