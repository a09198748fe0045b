"""The status ribbon: what the figures on a page are worth."""

from __future__ import annotations

from typing import Any

from providers.models import Round
from tariffs.models import Release, ReportStatus


def delivered_ribbon(round: Round) -> dict[str, Any] | None:
    """Return the ribbon of a page with figures as they came in: only invented ones need one."""
    return {"status": "delivered", "is_fictitious": True} if round.is_fictitious else None


def ribbon(*, round: Round, release: Release | None) -> dict[str, Any]:
    """Return what ``components/status_ribbon.html`` shows; what is not released is a simulation."""
    return {
        "status": release.status if release else ReportStatus.SIMULATION,
        "is_fictitious": round.is_fictitious,
        "date": release.released_at if release else None,
        "next_moment": None if release else "Deze uitkomsten zijn nog niet vrijgegeven",
    }
