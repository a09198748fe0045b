"""A provider responds to one item of its mirror: explain, correct figures, or ask. Works without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from ivportal.pages.delivering.form import LONGEST_FIGURE, as_typed, read_figure
from ivportal.pages.interpretation.files import FILES_FIELD, sent_files
from ivportal.pages.interpretation.own import may_act, reports_of
from ivportal.pages.interpretation.shown import GROUPS_OF, WHAT_IT_IS, WITH_FIGURES, line_of
from ivportal.pages.ribbon import ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.submissions import GROUPS
from providers.free_text import plain
from providers.measures import CATALOGUE
from providers.models import Submission
from providers.refusal import Refused
from providers.workbook.numbers import NumberError
from tariffs.models import Item, MirrorReport, ResponseKind, respond_until
from tariffs.procedure import corrected_figures, interpretation

FIGURE = "getal:"
QUESTIONS = {
    ResponseKind.EXPLAIN: "Wat wilt u toelichten?",
    ResponseKind.CORRECT: "Welke gegevens kloppen niet?",
    ResponseKind.ASK: "Wat wilt u vragen?",
}
TEXT_LABELS = {
    ResponseKind.EXPLAIN: ("Uw toelichting", "Schrijf op wat de NZa moet weten om uw uitkomst goed te lezen."),
    ResponseKind.CORRECT: (
        "Waarom kloppen de gegevens niet?",
        "Schrijf op wat er misging en waar het juiste getal uit blijkt, bijvoorbeeld uit de jaarrekening.",
    ),
    ResponseKind.ASK: (
        "Uw vraag",
        "Gaat uw vraag ook anderen aan, dan kan zij zonder uw naam in een nota van inlichtingen komen.",
    ),
}


@dataclass
class Typed:
    """What somebody typed, and what is wrong with it."""

    text: str = ""
    key: str = field(default_factory=lambda: str(uuid4()))
    figures: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Decimal] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@require_http_methods(["GET", "POST"])
@for_role("provider")
def respond(request: Any, report: Any) -> HttpResponse:
    """Show the form for one item and kind, or send it; what was typed stays when something is wrong."""
    found: MirrorReport = get_object_or_404(reports_of(request.actor), uuid=report)
    given = request.POST if request.method == "POST" else request.GET
    item_code, kind_code = plain(given.get("onderdeel", "")), plain(given.get("soort", ""))
    kinds = {kind.value: kind for kind in QUESTIONS}
    closed = interpretation.why_closed(found, timezone.now())
    if item_code not in Item.values or kind_code not in kinds or Item(item_code) not in interpretation.items_of(found):
        return redirect("report_responses", report=found.uuid)
    item, kind = Item(item_code), kinds[kind_code]
    typed = Typed()
    if request.method == "POST":
        typed = _read(request, found)
        if not typed.wrong:
            try:
                made = interpretation.respond(
                    report=found,
                    item=item,
                    kind=kind,
                    text=typed.text,
                    key=typed.key,
                    changes=typed.changes,
                    sent=sent_files(request),
                    actor=request.actor,
                )
            except Refused as refused:
                typed.problems = str(refused).splitlines()
            else:
                messages.success(request, "Uw reactie is verstuurd. U krijgt bericht als de NZa antwoordt.")
                return redirect("own_response", response=made.uuid)
    elif closed or not may_act(request.actor):
        messages.info(request, closed or "Reageren kan wie gegevens mag invullen of mag ondertekenen.")
        return redirect("report_responses", report=found.uuid)
    label, help_text = TEXT_LABELS[kind]
    context = {
        "ribbon": ribbon(round=found.release.round, release=found.release),
        "report": found,
        "round": found.release.round,
        "item": item,
        "item_label": item.label,
        "line": line_of(item, found),
        "kind": kind,
        "question": QUESTIONS[kind],
        "text_label": label,
        "text_help": help_text,
        "longest": interpretation.LONGEST_TEXT,
        "typed": typed,
        "groups": _groups(found, item, typed) if kind == ResponseKind.CORRECT else [],
        "is_correction": kind == ResponseKind.CORRECT,
        "until": respond_until(found.release, found.provider),
        "files_field": FILES_FIELD,
        "what_it_is": WHAT_IT_IS,
        "other_ways": [
            {"label": other.label, "url": f"?onderdeel={item.value}&soort={other.value}"}
            for other in QUESTIONS
            if other != kind and (other != ResponseKind.CORRECT or item in WITH_FIGURES)
        ],
    }
    wrong = bool(typed.wrong or typed.problems)
    return render(request, "tariffs/interpretation/respond.html", context, status=409 if wrong else 200)


def _read(request: Any, report: MirrorReport) -> Typed:
    """Read the text and the figures; a figure that was left empty stays as it is."""
    typed = Typed(
        text=plain(request.POST.get("tekst", "")), key=plain(request.POST.get("sleutel", ""))[:80] or str(uuid4())
    )
    for code in report.release.round.measures:
        raw = str(request.POST.get(f"{FIGURE}{code}", "")).strip(" \u00a0\r\n\t")[: LONGEST_FIGURE + 1]
        if not raw:
            continue
        typed.figures[code] = raw
        try:
            value = read_figure(raw, CATALOGUE[code])
        except NumberError as wrong:
            typed.wrong[code] = str(wrong)
        else:
            assert value is not None
            typed.changes[code] = value
    return typed


def _groups(report: MirrorReport, item: Item, typed: Typed) -> list[dict[str, Any]]:
    """Return the delivered figures by group, those of the item first and open."""
    round = report.release.round
    submission = Submission.objects.get(round=round, provider=report.provider)
    version = corrected_figures.newest_version(submission)
    now = dict(version.values.values_list("measure", "value")) if version is not None else {}
    wanted = GROUPS_OF.get(item, ())
    found = []
    for title, kinds in GROUPS.items():
        rows = [
            {
                "code": code,
                "label": CATALOGUE[code].label,
                "explanation": CATALOGUE[code].description,
                "name": f"{FIGURE}{code}",
                "now": as_typed(now[code], CATALOGUE[code]) or "ontbreekt",
                "typed": typed.figures.get(code, ""),
                "wrong": typed.wrong.get(code, ""),
            }
            for code in round.measures
            if code in now and CATALOGUE[code].kind in kinds
        ]
        if rows:
            is_open = title in wanted or any(row["typed"] for row in rows)
            found.append({"title": title, "rows": rows, "is_open": is_open})
    found.sort(key=lambda group: not group["is_open"])
    return found
