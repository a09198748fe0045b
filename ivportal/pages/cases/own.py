"""A provider: its cases, one case with everything in it, the whole file, and how it gets its post."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from ivportal.letters import posted
from ivportal.letters.report import mirror_pdf
from ivportal.pages.cases import consenting, shown, upcoming
from ivportal.pages.mirror import context_of
from ivportal.pages.rights import ActingRequest, for_role
from providers.audit import record
from providers.models import Act, Power, Round
from providers.refusal import Refused
from tariffs import agreements, consents
from tariffs.models import Consent, ConsentKind, MirrorReport
from tariffs.procedure import dossier
from tariffs.procedure.case import CaseOf, case_of


def found_case(request: Any, slug: str) -> CaseOf:
    """Return the case of the provider that is acted for in a round, or 404 if there is none."""
    provider = request.actor.provider
    round = Round.objects.filter(slug=slug).first()
    if round is None or provider is None:
        raise Http404
    case = case_of(provider=provider, round=round, actor=request.actor)
    if case.is_empty:
        raise Http404
    return case


@require_GET
@for_role("provider")
def own_cases(request: Any) -> HttpResponse:
    """List the own cases; with one, go there."""
    provider = request.actor.provider
    rows = []
    for round in shown.case_rounds(provider, request.actor):
        case = case_of(provider=provider, round=round, actor=request.actor)
        rows.append({"round": round, "case": case, "next": upcoming.next_of(case)})
    return render(
        request,
        "tariffs/cases/own_cases.html",
        {
            "rows": rows,
            "provider": provider,
            "channels": shown.CHANNELS,
            "gets_post_here": consents.is_given(kind=ConsentKind.ELECTRONIC_POST, provider=provider),
            "named_in": consenting.asked_in(request.actor),
            "agreements": [
                {
                    "office": agreement.care_office.name,
                    "year": agreement.tariff_year,
                    "rate": agreement.rate,
                    "tariffs": [
                        {"label": agreements.label_of(product), "amount": amount}
                        for product, amount in agreements.terms_of(agreement).amounts.items()
                    ],
                    "is_outside": agreement.is_outside,
                    "agreed_on": agreement.agreed_on,
                }
                for agreement in agreements.of_provider(request.actor)
            ],
        },
    )


@require_GET
@for_role("provider")
def own_case(request: Any, slug: str) -> HttpResponse:
    """Show one own case: what to do next, terms, decision, views, objections, letters, files and what happened."""
    case = found_case(request, slug)
    record(act=Act.CASE_READ, actor=request.actor, subject=f"{case.provider}, {case.round}")
    context = shown.context_of(case, request.actor)
    context |= {
        "next": upcoming.as_far_as_allowed(upcoming.next_of(case), request.actor, slug),
        "may_sign": upcoming.may(request.actor, Power.SIGN),
        "may_speak": upcoming.may(request.actor, Power.SIGN, Power.DELIVER),
        "channels": shown.CHANNELS,
    }
    return render(request, "tariffs/cases/own_case.html", context)


@require_GET
@for_role("provider")
def own_bundle(request: Any, slug: str) -> FileResponse:
    """Download the whole own file as one archive with an index. It is recorded."""
    case = found_case(request, slug)
    return bundle_response(request, case)


def bundle_response(request: ActingRequest, case: CaseOf) -> FileResponse:
    """Return the whole file of a case, and write down who took it."""
    file = dossier.bundle(
        provider=case.provider, round=case.round, actor=request.actor, render=posted, mirror=mirror_on_paper
    )
    record(act=Act.CASE_DOWNLOADED, actor=request.actor, subject=f"{case.provider}, {case.round}")
    name = f"dossier-{case.round.slug}-{case.provider.key}.zip"
    return FileResponse(
        file,
        content_type="application/zip",
        as_attachment=True,
        filename=name,
        headers={"X-Content-Type-Options": "nosniff"},
    )


def mirror_on_paper(report: MirrorReport) -> bytes:
    """Return the PDF of a released mirror, as the provider can download it."""
    return mirror_pdf(report, context_of(report, [report]))


@require_http_methods(["GET", "POST"])
@for_role("provider", Power.SIGN)
def post_consent(request: Any) -> HttpResponse:
    """Choose whether decisions come by electronic post (Awb 2:14)."""
    provider = request.actor.provider
    if request.method == "POST":
        is_given = request.POST.get("keuze") == "portaal"
        try:
            if request.POST.get("keuze") not in ("portaal", "post"):
                raise Refused("Kies hoe u besluiten wilt ontvangen (art. 2:14 Awb).")
            consents.give(kind=ConsentKind.ELECTRONIC_POST, provider=provider, is_given=is_given, actor=request.actor)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request,
                "Brieven van de NZa komen voortaan in het portaal. U krijgt er een e-mail over."
                if is_given
                else "Brieven van de NZa komen voortaan per post. U kunt ze ook in het portaal lezen.",
            )
            return redirect("own_cases")
    newest = Consent.objects.filter(kind=ConsentKind.ELECTRONIC_POST, provider=provider).select_related("by").first()
    return render(
        request,
        "tariffs/cases/consent.html",
        {"provider": provider, "newest": newest, "is_given": bool(newest and newest.is_given)},
    )
