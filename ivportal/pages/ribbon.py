"""The status ribbon: what the figures on a page are worth."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone

from providers.formatting import format_date, format_datetime
from providers.models import Round
from tariffs.models import (
    ENDED_BY_DECISION,
    Decision,
    MirrorReport,
    Objection,
    ObjectionStatus,
    Release,
    ReportStatus,
    Standing,
)
from tariffs.procedure import figures
from tariffs.procedure.deadlines import appeal_term_of, objection_term_of
from tariffs.procedure.notified import is_letter_waiting, is_posting_unknown
from tariffs.terms import Term, amsterdam_day

#: Said of a decision that was taken and does not work yet: what goes by post is made known by sending it.
NOT_MADE_KNOWN = "vastgesteld, maar nog niet bekendgemaakt: de brief is nog niet op de post (art. 3:40 en 3:41 Awb)"


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
    decision = standing.decision if standing is not None and standing.status == ReportStatus.DECIDED else None
    return {
        "status": standing.status if standing else release.status if release else ReportStatus.SIMULATION,
        "is_fictitious": round.is_fictitious,
        "remedy": _remedy(decision) if decision is not None else "",
        "not_made_known": NOT_MADE_KNOWN if decision is not None and is_posting_unknown(decision) else "",
        "date": standing.since if standing else release.released_at if release else None,
        "next_moment": next_moment,
    }


def ribbon_of_mirror(report: MirrorReport, standing: Standing | None) -> dict[str, Any]:
    """Return the ribbon of a mirror: what was decided counts for it only if the decision has the figures of the mirror."""
    round, release = report.release.round, report.release
    decision = standing.decision if standing is not None else None
    if decision is None or _holds_figures_of(decision, report):
        return ribbon(round=round, release=release, standing=standing)
    held = (
        f"Dit zijn nieuwere uitkomsten. Uw besluit {decision.reference} blijft gelden tot er een nieuw besluit is."
        if decision.report.version < report.version
        else f"In uw besluit {decision.reference} staan andere cijfers dan hier. Dat besluit geldt."
    )
    if is_posting_unknown(decision):
        held = f"In besluit {decision.reference} staan andere cijfers dan hier. Dat besluit is {NOT_MADE_KNOWN}."
    return {**ribbon(round=round, release=release), "held": held}


def _holds_figures_of(decision: Decision, report: MirrorReport) -> bool:
    """Tell whether a decision says what a mirror says."""
    costs, tariff = report.content.get("costs"), report.content.get("tariff")
    if not costs or not tariff or tariff["lower_rate"] is None:
        return False
    shown = {**costs, **tariff}
    return figures.says_the_same(shown, decision.figures)


def _remedy(decision: Decision) -> str:
    """Say what its provider can do against a decision now: object, appeal, or neither when the term is over."""
    of_it = Objection.objects.filter(Q(decision=decision) | Q(new_decision=decision), status__in=ENDED_BY_DECISION)
    ruled = of_it.order_by("pk").last()
    if ruled is None:
        term = objection_term_of(decision)
        return _until("bezwaar maken", "bezwaar te maken", term, is_unknown=is_posting_unknown(decision))
    if ruled.status == ObjectionStatus.APPEALED:
        return "Daartegen loopt beroep."
    term = appeal_term_of(ruled)
    return _until("in beroep gaan", "in beroep te gaan", term, is_unknown=is_letter_waiting(ruled))


def _until(what: str, to_do_so: str, term: Term, *, is_unknown: bool) -> str:
    if is_unknown or amsterdam_day(timezone.now()) <= term.end:
        return f"Daartegen kunt u {what}."
    return f"De termijn om daartegen {to_do_so} liep tot en met {format_date(term.end)}."
