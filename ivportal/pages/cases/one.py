"""NZa: one case with everything in it, its steps, and the whole file."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from ivportal.pages import steps
from ivportal.pages.cases import ordering, shown, taking
from ivportal.pages.cases.decision_forms import CameInForm
from ivportal.pages.cases.decision_steps import DECISION_STEPS, VIEWS_STEPS
from ivportal.pages.cases.objection_steps import steps_for
from ivportal.pages.cases.own import bundle_response
from ivportal.pages.cases.speaking import GROUNDS_AT_ONCE, MANDATE_FIELD
from ivportal.pages.interpretation.files import FILES_FIELD, sent_files
from ivportal.pages.rights import for_role
from providers.audit import record
from providers.free_text import plain
from providers.mandates import people_of
from providers.models import Act, Provider, Round, Submission
from providers.refusal import Refused
from tariffs.models import Channel, Decision, Objection, StatementOfViews
from tariffs.procedure import admission, objections
from tariffs.procedure.case import CaseOf, case_of
from tariffs.procedure.deadlines import deadlines
from tariffs.procedure.form import CameIn


def _case(request: Any, slug: str, provider: Any) -> CaseOf:
    round = get_object_or_404(Round, slug=slug)
    found = get_object_or_404(
        Provider.objects.filter(
            submissions__in=Submission.objects.visible_to(request.actor).filter(round=round)
        ).distinct(),
        uuid=provider,
    )
    return case_of(provider=found, round=round, actor=request.actor)


@require_GET
@for_role("nza")
def case(request: Any, slug: str, provider: Any) -> HttpResponse:
    """Show one case: where it stands, what can be done, and everything that happened. That it was read is recorded."""
    found = _case(request, slug, provider)
    record(act=Act.CASE_READ, actor=request.actor, subject=f"{found.provider}, {found.round}")
    context = shown.context_of(found, request.actor)
    for item in context["objections"]:
        row = item["row"]
        found_steps = steps.open_steps(steps_for(row), row, partial(_step_url, "objection_step", row.uuid))
        item["steps"] = ordering.of_objection(found_steps, row, request.actor)
        item["has_concept"] = any(step["name"] == "beslissen" for step in found_steps)
        item["supplement_url"] = reverse("supplement_for", args=[row.uuid]) if item["may_supplement"] else ""
        item["missing"] = admission.missing(row) if row.status in ("received", "incomplete") else []
    for item in context["views"]:
        row = item["row"]
        found_steps = steps.open_steps(VIEWS_STEPS, row, partial(_step_url, "views_step", row.uuid))
        item["steps"] = ordering.of_views(found_steps, item["needs_consideration"])
    for item in context["decisions"]:
        row = item["row"]
        found_steps = steps.open_steps(DECISION_STEPS, row, partial(_step_url, "decision_step", row.uuid))
        item["steps"] = ordering.of_decision(found_steps, row, request.actor)
    ordering.only_first_is_primary(
        item["steps"] for item in (*context["objections"], *context["views"], *context["decisions"])
    )
    context |= {
        "people": people_of(found.provider),
        "look_along_url": reverse("look_along", args=[slug, provider]),
        "file_url": reverse("provider_file", args=[slug, provider]) if found.round.is_delivered_here else "",
    }
    return render(request, "tariffs/cases/case.html", context)


def _step_url(page: str, uuid: UUID, name: str) -> str:
    return reverse(page, args=[uuid, name])


@require_GET
@for_role("nza")
def case_bundle(request: Any, slug: str, provider: Any) -> FileResponse:
    """Download the whole file of a case as one archive with an index. It is recorded."""
    return bundle_response(request, _case(request, slug, provider))


def _crumbs(round: Round, provider: Provider) -> tuple[str, list[tuple[str, str]]]:
    back = reverse("case", args=[round.slug, provider.uuid])
    return back, [
        (reverse("cases"), "Zaken"),
        (reverse("case_round", args=[round.slug]), round.title),
        (back, provider.name),
    ]


@require_http_methods(["GET", "POST"])
@for_role("nza")
def decision_step(request: Any, decision: Any, step: str) -> HttpResponse:
    """One step with the decision about a provider."""
    found = get_object_or_404(
        Decision.objects.visible_to(request.actor)
        .select_related("round", "provider", "drafted_by", "report__release", "replaces__round")
        .defer("report__content"),
        uuid=decision,
    )
    back, crumbs = _crumbs(found.round, found.provider)
    seen = taking.of_decision(found, request.actor) if step == "vaststellen" else {}
    return steps.take(request, steps.chosen(DECISION_STEPS, step), found, back=back, crumbs=crumbs, **seen)


@require_http_methods(["GET", "POST"])
@for_role("nza")
def views_step(request: Any, views: Any, step: str) -> HttpResponse:
    """One step with views on an intended decision."""
    found = get_object_or_404(
        StatementOfViews.objects.visible_to(request.actor).select_related("decision__round", "provider"), uuid=views
    )
    back, crumbs = _crumbs(found.decision.round, found.provider)
    return steps.take(request, steps.chosen(VIEWS_STEPS, step), found, back=back, crumbs=crumbs)


def _objection(request: Any, uuid: Any) -> Objection:
    found: Objection = get_object_or_404(
        Objection.objects.visible_to(request.actor)
        .select_related(
            "decision__round",
            "decision__provider",
            "decision__report__release",
            "provider",
            "group",
            "drafted_by",
        )
        .defer("decision__report__content")
        .prefetch_related(taking.new_decision()),
        uuid=uuid,
    )
    return found


@require_http_methods(["GET", "POST"])
@for_role("nza")
def objection_step(request: Any, objection: Any, step: str) -> HttpResponse:
    """One step with an objection."""
    found = _objection(request, objection)
    back, crumbs = _crumbs(found.decision.round, found.provider)
    seen = taking.of_objection(found, request.actor) if step == "beslissen" else {}
    return steps.take(request, steps.chosen(steps_for(found), step), found, back=back, crumbs=crumbs, **seen)


@require_http_methods(["GET", "POST"])
@for_role("nza")
def supplement_for(request: Any, objection: Any) -> HttpResponse:
    """Add to an objection what came in outside the portal, with how and when that was."""
    found = _objection(request, objection)
    back, _ = _crumbs(found.decision.round, found.provider)
    problems: list[str] = []
    grounds = [plain(text) for text in request.POST.getlist("grond")[:GROUNDS_AT_ONCE]]
    form = CameInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            objections.supplement(
                objection=found,
                grounds=grounds,
                sent=sent_files(request),
                mandate=sent_files(request, MANDATE_FIELD),
                came=CameIn(
                    channel=Channel(said["channel"]), received_at=said["received"], posted_on=said["posted_on"]
                ),
                actor=request.actor,
            )
        except Refused as refused:
            problems = str(refused).splitlines()
        else:
            messages.success(request, " ".join(["De aanvulling staat bij het bezwaar.", *form.notes]))
            return redirect(back)
    asked = found.events.filter(kind="remedy_asked").order_by("pk").last()
    case = case_of(provider=found.provider, round=found.decision.round, actor=request.actor)
    return render(
        request,
        "tariffs/cases/supplement.html",
        {
            "ribbon": shown.ribbon_of(case.round, case.standings[-1] if case.standings else None),
            "round": case.round,
            "provider": case.provider,
            "objection": shown.objection_shown(case, found),
            "asked": asked if found.status == "incomplete" else None,
            "terms": deadlines(found),
            "grounds": [*grounds, *[""] * (2 - len(grounds))],
            "problems": problems,
            "came": form,
            "files_field": FILES_FIELD,
            "back": back,
        },
        status=409 if problems else 200,
    )
