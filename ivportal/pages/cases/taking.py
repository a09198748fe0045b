"""NZa: what somebody sees before she takes a decision: figures, what changes, why, what the provider said, and the letter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from ivportal.pages import listing
from ivportal.pages.cases import shown
from ivportal.pages.rights import for_role
from providers.access import Actor
from providers.models import Round, User
from tariffs.models import Decision, DecisionStatus, Letter, LetterKind, Objection, ObjectionOutcome, StatementOfViews
from tariffs.procedure import (
    decision_letters,
    decisions,
    figures,
    figures_in_words,
    ruling_letters,
    rulings,
    withdrawing,
)
from tariffs.procedure.renewals import adopted_release
from tariffs.procedure.views import WAIVED
from tariffs.room import inward
from tariffs.terms import format_received


def of_decision(decision: Decision, actor: Actor) -> dict[str, Any]:
    """Return what the page of ``vaststellen`` shows of one decision besides the step itself."""
    said = list(StatementOfViews.objects.filter(decision=decision).select_related("received_by"))
    why_not = decisions.why_not(decision, actor)
    return {
        "template": "tariffs/cases/take_decision.html",
        "why_not": why_not,
        "seen": {
            "row": decision,
            "lines": _lines(decision),
            "compared": _compared(decision, decision.replaces) if decision.replaces is not None else None,
            "intention": _since_intention(decision),
            "views": [
                {"row": item, "received": format_received(item.received_at), "is_waived": item.text == WAIVED}
                for item in said
            ],
            "concept": _concept(decision_letters.concept(decision, actor=_signing(actor, why_not), at=timezone.now())),
        },
    }


def new_decision() -> Prefetch[str]:
    """Return what looks up the decision that stands ready, without the contents of the report that it rests on."""
    return Prefetch("new_decision", Decision.objects.select_related("report__release").defer("report__content"))


def of_objection(objection: Objection, actor: Actor) -> dict[str, Any]:
    """Return what the page of ``beslissen`` shows of a decision on an objection besides the step itself."""
    new = objection.new_decision
    why_not = rulings.why_not(objection, actor)
    return {
        "template": "tariffs/cases/take_ruling.html",
        "why_not": why_not,
        "seen": {
            "row": objection,
            "sentence": ruling_letters.in_third_person(ruling_letters.SENTENCES.get(objection.outcome, "")),
            "compared": _compared(new, objection.decision) if new is not None else None,
            "changes": _changes(new) if new is not None else None,
            "grounds": []
            if objection.outcome == ObjectionOutcome.INADMISSIBLE
            else shown.grounds_shown(rulings.grounds_of(objection), with_verdicts=True),
            "concept": _concept(rulings.concept(objection, actor=_signing(actor, why_not), at=timezone.now())),
        },
    }


def _signing(actor: Actor, why_not: str) -> Actor:
    """Return under whose name a concept stands: who may not take the step does not sign it."""
    return replace(actor, user=User(name="(een collega)")) if why_not else actor


def of_round(request: Any, round: Round) -> dict[str, Any]:
    """Return what the page of ``vaststellen`` shows of all decisions of a round that are drawn up: totals, and a list."""
    found = list(
        Decision.objects.filter(round=round, status=DecisionStatus.DRAFTED)
        .select_related("provider", "drafted_by", "replaces", "report__release")
        .defer("report__content")
        .order_by("provider__name", "pk")
    )
    said = decision_letters.views_of(found)
    texts = Counter(item.reasons for item in found)
    behind = {item.pk for item in withdrawing.outdated(found, adopted_release(round))}
    going = [item for item in found if item.pk not in behind]
    (words,) = listing.asked(request.GET, "zoek")
    wanted = [item for item in found if words.lower() in f"{item.provider.name} {item.reference}".lower()]
    page, pagination = listing.paginate(wanted, request.GET)
    return {
        "template": "tariffs/cases/take_round.html",
        "why_not": "U stelde dit zelf op: een collega stelt vast (art. 3:2 Awb)."
        if going and all(decisions.why_not(item, request.actor) for item in going)
        else "",
        "words": words,
        "currency": round.currency,
        "pagination": pagination,
        "totals": {
            "count": len(going),
            "behind": len(behind),
            "book_year": round.book_year,
            "tariff_years": " en ".join(sorted({str(item.report.release.tariff_year or "") for item in going} - {""})),
            "own": sum(item.drafted_by_id == request.actor.user.pk for item in going),
            "with_views": sum(bool(_spoken(said.get(item.pk, []))) for item in going),
            "replacing": sum(item.replaces_id is not None for item in going),
            "minimum": sum((Decimal(item.figures["minimum"]) for item in going), Decimal(0)),
            "maximum": sum((Decimal(item.figures["maximum"]) for item in going), Decimal(0)),
            "revenue": sum((figures.revenue(item.figures) for item in going), Decimal(0)),
        },
        "rows": [
            {
                "row": item,
                "url": reverse("case", args=[round.slug, item.provider.uuid]),
                "concept": reverse("decision_concept", args=[item.uuid]),
                "minimum": Decimal(item.figures["minimum"]),
                "maximum": Decimal(item.figures["maximum"]),
                "upper_rate": inward(*(Decimal(item.figures[name]) for name in ("lower_rate", "upper_rate")))[1],
                "revenue": figures.revenue(item.figures),
                "has_views": bool(_spoken(said.get(item.pk, []))),
                "has_own_reasons": bool(item.reasons) and texts[item.reasons] == 1,
                "is_own": item.drafted_by_id == request.actor.user.pk,
                "is_outdated": item.pk in behind,
            }
            for item in page
        ],
    }


@require_GET
@for_role("nza")
def decision_concept(request: Any, decision: Any) -> HttpResponse:
    """Show the letter with an intention or a decision as it would go out now, marked as a concept."""
    found = get_object_or_404(
        Decision.objects.visible_to(request.actor)
        .select_related("round", "provider", "report__release", "replaces")
        .defer("report__content"),
        uuid=decision,
    )
    signer = _signing(request.actor, decisions.why_not(found, request.actor))
    letter = decision_letters.concept(found, actor=signer, at=timezone.now())
    return _page(request, letter, found)


@require_GET
@for_role("nza")
def objection_concept(request: Any, objection: Any) -> HttpResponse:
    """Show the letter with the decision on an objection as it would go out now, marked as a concept."""
    found = get_object_or_404(
        Objection.objects.visible_to(request.actor)
        .select_related("decision__round", "decision__provider", "provider")
        .prefetch_related(new_decision()),
        uuid=objection,
    )
    signer = _signing(request.actor, rulings.why_not(found, request.actor))
    letter = rulings.concept(found, actor=signer, at=timezone.now())
    return _page(request, letter, found.decision)


def _page(request: Any, letter: Letter | None, about: Decision) -> HttpResponse:
    if letter is None:
        raise Http404
    return render(
        request,
        "tariffs/cases/concept.html",
        {
            "concept": _concept(letter),
            "round": about.round,
            "provider": about.provider,
            "back": reverse("case", args=[about.round.slug, about.provider.uuid]),
        },
    )


def _concept(letter: Letter | None) -> dict[str, Any] | None:
    if letter is None:
        return None
    return {"letter": letter, "parts": shown.parts_of(letter), "table": shown.figures_of(letter)}


def _lines(decision: Decision) -> list[str]:
    return [line[2:] for line in figures.in_words(decision.figures, decision.round.currency).splitlines()]


def _compared(new: Decision, old: Decision) -> dict[str, Any]:
    return shown.table_of(
        {
            "caption": f"Verschil met besluit {old.reference}, dat nu geldt",
            "columns": ["", "Was", "Wordt", "Verschil"],
            "rows": figures.compared(new.figures, old.figures, old.round.currency),
        }
    )


def _changes(new: Decision) -> dict[str, Any] | None:
    """Return which figures of the provider became other ones, as it was computed with; ``None`` if none did."""
    rows = figures_in_words.changed(new.figures, new.round.currency)
    if not rows:
        return None
    return shown.table_of(
        {
            "caption": "Gegevens van de aanbieder die anders worden",
            "columns": ["", "Was", "Wordt"],
            "rows": [list(row) for row in rows],
        }
    )


def _since_intention(decision: Decision) -> str:
    """Say whether what is decided is what the letter with the intention said."""
    sent = Letter.objects.filter(decision=decision, kind=LetterKind.INTENDED).order_by("-pk").first()
    if sent is None:
        return "Er is geen brief met een voornemen verstuurd."
    now = figures.table(decision.figures, decision.round.currency, decision.report.release.tariff_year)
    if sent.figures == now and figures.in_words(decision.figures, decision.round.currency) in sent.body:
        return "Gelijk aan het voornemen: dezelfde bedragen en percentages."
    return "Let op: de bedragen wijken af van de brief met het voornemen."


def _spoken(said: list[StatementOfViews]) -> list[StatementOfViews]:
    return [item for item in said if item.text != WAIVED]
