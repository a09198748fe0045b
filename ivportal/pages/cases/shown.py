"""What the pages of a case show, to the provider and to the NZa alike: where it stands, terms, decision, objections, letters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from ivportal.pages.cases.upcoming import MAY_ADD
from ivportal.pages.ribbon import delivered_ribbon, ribbon
from providers.access import Actor
from providers.formatting import format_datetime
from providers.models import Provider, Round
from tariffs import consents, letters, standings
from tariffs.models import (
    ConsentKind,
    Decision,
    DecisionStatus,
    FileKind,
    Ground,
    Letter,
    LetterKind,
    Objection,
    ObjectionOutcome,
    ObjectionStatus,
    Standing,
)
from tariffs.procedure import figures, hearings, posting, ruling_letters, rulings
from tariffs.procedure.case import CaseOf, shows_outcome
from tariffs.procedure.deadlines import Deadline, deadlines, hearing_of, timeliness_of
from tariffs.procedure.event import Event
from tariffs.procedure.notified import how_it_went, status_of
from tariffs.procedure.renewals import UNDER_WAY, adopted_release
from tariffs.procedure.timeline import events
from tariffs.procedure.views import WAIVED, lacks_reaction
from tariffs.procedure.withdrawing import OUTDATED, outdated, own_words
from tariffs.terms import format_received

S = DecisionStatus
#: Nobody was heard, and nobody will be.
NOT_HEARD = "Niet gehoord (art. 7:3 Awb)"
CHANNELS = (
    (
        "Reactie",
        "In de duidingsperiode zegt u wat u van uw spiegel vindt. Dat is informatie; er is dan nog geen (voorgenomen) besluit.",
    ),
    (
        "Zienswijze",
        "De NZa laat weten wat zij wil besluiten. U zegt wat u daarvan vindt, voordat zij besluit (art. 4:8 Awb).",
    ),
    (
        "Bezwaar",
        "De NZa heeft besloten en u bent het er niet mee eens. Zij bekijkt het besluit opnieuw (art. 6:4 en 7:11 Awb).",
    ),
)


def context_of(case: CaseOf, actor: Actor) -> dict[str, Any]:
    """Return what both pages of a case show."""
    happened = list(reversed(events(case)))
    holds = standings.current(case.provider, case.round)
    return {
        "ribbon": ribbon_of(case.round, holds),
        "case": case,
        "round": case.round,
        "provider": case.provider,
        "standing": holds,
        "history": list(case.standings),
        "reports": case.reports,
        "decisions": [decision_shown(item, case) for item in case.decisions],
        "views": [_views_shown(case, item) for item in case.views],
        "objections": [objection_shown(case, item) for item in case.objections],
        "terms": terms_of(case),
        "letters": [_letter_shown(item) for item in reversed(case.letters)],
        "files": case.files,
        "events": [_event_shown(item) for item in happened],
        "gets_post_here": consents.is_given(kind=ConsentKind.ELECTRONIC_POST, provider=case.provider),
    }


def ribbon_of(round: Round, holds: Standing | None) -> dict[str, Any] | None:
    """Return the ribbon of a page about a case: what holds about this provider now."""
    if holds is None:
        return delivered_ribbon(round)
    return ribbon(round=round, release=holds.release, standing=holds)


def terms_of(case: CaseOf) -> list[Deadline]:
    """Return the terms of a case that matter now, earliest first."""
    found: list[Deadline] = []
    if case.reports:
        found += [item for item in deadlines(case.reports[-1].release) if not item.is_over]
    for response in case.responses:
        found += deadlines(response)
    for decision in case.decisions:
        # A decision that holds, and the intention that may take its place: each has its term.
        found += deadlines(decision)
    for objection in case.objections:
        found += deadlines(objection)
    return sorted(found, key=lambda item: item.on)


def decision_shown(decision: Decision, case: CaseOf) -> dict[str, Any]:
    """Return a decision as a page shows it."""
    year = decision.report.release.tariff_year
    currency = case.round.currency
    return {
        "row": decision,
        "status": status_of(decision) if case.is_internal or decision.status != S.DRAFTED else S.ANNOUNCED.label,
        "table": table_of(figures.table(decision.figures, currency, year)),
        "lines": [line[2:] for line in figures.in_words(decision.figures, currency).splitlines()],
        "how": how_it_went(decision),
        "outdated": _outdated(case, decision),
        # While an intention is under way that would replace it, the page leads to views; this one is still open to objection.
        "may_object": decision.status == S.SENT
        and decision.origin == "adoption"
        and case.decision != decision
        and not any(item.is_open and item.decision_id == decision.pk for item in case.objections),
        "concept": reverse("decision_concept", args=[decision.uuid])
        if case.is_internal
        and decision.status in (S.PREPARED, S.ANNOUNCED, S.DRAFTED)
        and decision.origin == "adoption"
        else "",
    }


def _outdated(case: CaseOf, decision: Decision) -> str:
    """Say that an intention rests on outcomes that newer ones replaced; empty if it does not."""
    if not case.is_internal:
        return own_words(decision)
    if decision.status not in UNDER_WAY or decision.origin != "adoption":
        return ""
    return OUTDATED if outdated([decision], adopted_release(case.round)) else ""


def table_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return the table of a letter as a page shows it: the first column names, the others count."""
    first, *others = found["columns"]
    return {
        "caption": found["caption"],
        "columns": [{"label": first, "numeric": False}, *({"label": name, "numeric": True} for name in others)],
        "rows": found["rows"],
    }


def _views_shown(case: CaseOf, views: Any) -> dict[str, Any]:
    shows = case.is_internal or views.decision.status in (S.SENT, S.REPLACED)
    return {
        "row": views,
        "received": format_received(views.received_at),
        "is_waived": views.text == WAIVED,
        "consideration": views.reaction if shows else "",
        "files": [item for item in case.files if item.views_id == views.pk],
        "needs_consideration": lacks_reaction(views),
    }


def objection_shown(case: CaseOf, objection: Objection) -> dict[str, Any]:
    """Return an objection as a page shows it: the provider sees verdicts and outcome once it was decided."""
    shows = shows_outcome(case, objection)
    hearing = hearing_of(objection)
    timing = timeliness_of(objection)
    said = ruling_letters.in_third_person if case.is_internal else str
    return {
        "row": objection,
        "status": NOT_HEARD
        if objection.status == ObjectionStatus.HEARD and hearing is not None and hearing.at is None
        else ObjectionStatus(objection.status).label,
        "received": format_received(objection.received_at),
        "timing": timing,
        "is_late": timing.timing != "in_time",
        "shows_outcome": shows,
        "sentence": said(ruling_letters.SENTENCES.get(objection.outcome, "")) if shows else "",
        "consequence": said(ruling_letters.FOLLOWS.get(objection.consequence, "")) if shows else "",
        # What was not treated got no verdict: what is thought of a shared ground is for the others in the group.
        "grounds": grounds_shown(
            rulings.grounds_of(objection),
            with_verdicts=case.is_internal or (shows and objection.outcome != ObjectionOutcome.INADMISSIBLE),
        ),
        "hearing": hearing,
        "hearing_at": format_datetime(hearing.at) if hearing and hearing.at else "",
        "together": hearings.TOGETHER if hearing and hearings.says_together(hearing, case.letters) else "",
        "report": hearing.report if hearing else "",
        "files": [item for item in case.files if item.objection_id == objection.pk and item.kind != FileKind.MANDATE],
        "mandates": [
            item for item in case.files if item.objection_id == objection.pk and item.kind == FileKind.MANDATE
        ],
        "advice": objection.advice if shows else "",
        "deviation": objection.deviation if shows else "",
        "is_overdue": any(item.code == "decide" and item.is_over for item in deadlines(objection)),
        "may_supplement": objection.status in MAY_ADD,
    }


def grounds_shown(grounds: Iterable[Ground], *, with_verdicts: bool) -> list[dict[str, Any]]:
    """Return grounds as ``_grounds.html`` shows them."""
    return [
        {
            "number": ground.number,
            "is_shared": ground.group_id is not None,
            "text": ground.text,
            "verdict": ground.get_verdict_display() if with_verdicts and ground.verdict else "",
            "reasons": ground.reasons if with_verdicts else "",
        }
        for ground in grounds
    ]


def _letter_shown(letter: Letter) -> dict[str, Any]:
    return {
        "row": letter,
        "label": LetterKind(letter.kind).label,
        "needless": posting.NEEDLESS.get(letter.kind, ""),
        "url": reverse("letter", args=[letter.uuid]),
        "pdf": reverse("letter_pdf", args=[letter.uuid]),
    }


def _event_shown(event: Event) -> dict[str, Any]:
    return {"row": event, "url": reverse("letter", args=[event.letter.uuid]) if event.letter else ""}


def parts_of(letter: Letter) -> list[letters.Block]:
    """Return the parts of a letter for a page."""
    return letters.blocks(letter.body)


def figures_of(letter: Letter) -> dict[str, Any] | None:
    """Return the table of a letter for a page."""
    return table_of(letter.figures) if letter.figures else None


def case_rounds(provider: Provider, actor: Actor) -> list[Round]:
    """Return the rounds in which a provider has a case, newest first."""
    with_decision = Decision.objects.visible_to(actor).filter(provider=provider).values("round")
    return list(Round.objects.filter(pk__in=with_decision).order_by("-book_year", "slug"))
