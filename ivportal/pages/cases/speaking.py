"""A provider speaks in its case: views on an intention, an objection, and what belongs to it. Works without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ivportal.pages.cases import shown, upcoming
from ivportal.pages.cases.own import found_case
from ivportal.pages.interpretation.files import FILES_FIELD, sent_files
from ivportal.pages.rights import for_role, without_power
from providers.free_text import plain
from providers.models import Power
from providers.refusal import Refused
from tariffs.models import Decision, DecisionStatus, Objection
from tariffs.procedure import delays, objections, views
from tariffs.procedure.case import CaseOf
from tariffs.procedure.deadlines import deadlines, objection_term_of
from tariffs.procedure.notified import posted_sentence, unposted_intention

#: So many grounds are read of one form.
GROUNDS_AT_ONCE = 5
#: The field with the file that shows that somebody may act for the provider.
MANDATE_FIELD = "machtiging"


@require_http_methods(["GET", "POST"])
@for_role("provider")
def give_views(request: Any, slug: str) -> HttpResponse:
    """Give views on what the NZa intends to decide, or say that there are none."""
    if not upcoming.may(request.actor, Power.DELIVER, Power.SIGN):
        return without_power(request, Power.DELIVER)
    case = found_case(request, slug)
    decision = _decision_of(case, DecisionStatus.ANNOUNCED)
    if decision is None and request.method == "GET":
        messages.info(request, "Er is nu geen voornemen waarop u een zienswijze kunt geven (art. 4:8 Awb).")
        return redirect("own_case", slug=slug)
    decision = decision or _newest(case)
    problems: list[str] = []
    text = plain(request.POST.get("zienswijze", ""))
    if request.method == "POST":
        key = _key(request)
        try:
            if "geen" in request.POST:
                views.waive(decision=decision, key=f"geen:{key}"[:80], actor=request.actor)
                said = "U heeft laten weten dat u geen zienswijze geeft. De NZa kan het besluit nu nemen."
            else:
                views.give(decision=decision, text=text, sent=sent_files(request), key=key, actor=request.actor)
                said = f"Uw zienswijze is verstuurd. In het besluit leest u wat de NZa ervan vindt. {views.may_add(decision)}"
        except Refused as refused:
            problems = str(refused).splitlines()
        else:
            messages.success(request, said)
            return redirect("own_case", slug=slug)
    return _page(
        request,
        "tariffs/cases/views.html",
        case,
        decision=shown.decision_shown(decision, case),
        until=decision.views_until,
        waits=unposted_intention(decision),
        may_add=views.may_add(decision),
        text=text,
        problems=problems,
    )


@require_http_methods(["GET", "POST"])
@for_role("provider", Power.SIGN)
def object_to(request: Any, slug: str) -> HttpResponse:
    """Object to the decision, on behalf of the provider."""
    case = found_case(request, slug)
    decision = _decision_of(case, DecisionStatus.SENT)
    if decision is None and request.method == "GET":
        messages.info(request, "Er is nu geen besluit waartegen u bezwaar kunt maken (art. 6:4 Awb).")
        return redirect("own_case", slug=slug)
    decision = decision or _newest(case)
    problems: list[str] = []
    said = {name: plain(request.POST.get(name, "")) for name in ("naam", "gemachtigde", "adres", "te_laat")}
    grounds = [plain(text) for text in request.POST.getlist("grond")[:GROUNDS_AT_ONCE]]
    if request.method == "POST":
        try:
            objections.file(
                decision=decision,
                grounds=grounds,
                is_pro_forma=request.POST.get("pro_forma") == "ja",
                signed_by=said["naam"],
                representative=said["gemachtigde"],
                representative_address=said["adres"],
                late_because=said["te_laat"],
                sent=sent_files(request),
                mandate=sent_files(request, MANDATE_FIELD),
                key=_key(request),
                actor=request.actor,
            )
        except Refused as refused:
            problems = str(refused).splitlines()
        else:
            messages.success(
                request,
                "Uw bezwaar is ontvangen. De NZa stuurt u een bevestiging met het kenmerk en de termijn (art. 6:14 Awb).",
            )
            return redirect("own_case", slug=slug)
    term = objection_term_of(decision) if decision.sent_on else None
    return _page(
        request,
        "tariffs/cases/object.html",
        case,
        decision=shown.decision_shown(decision, case),
        term=term,
        waits=posted_sentence(decision, term) if term else "",
        is_late=any(item.code == "objection" and item.is_over for item in deadlines(decision)),
        said=said,
        is_pro_forma=request.POST.get("pro_forma") == "ja",
        grounds=[*grounds, *[""] * (3 - len(grounds))],
        problems=problems,
    )


@require_http_methods(["GET", "POST"])
@for_role("provider", Power.SIGN)
def supplement(request: Any, slug: str, objection: Any) -> HttpResponse:
    """Add grounds or files to an objection."""
    case = found_case(request, slug)
    found = _own(request, case, objection)
    problems: list[str] = []
    grounds = [plain(text) for text in request.POST.getlist("grond")[:GROUNDS_AT_ONCE]]
    if request.method == "POST":
        try:
            objections.supplement(
                objection=found,
                grounds=grounds,
                sent=sent_files(request),
                mandate=sent_files(request, MANDATE_FIELD),
                actor=request.actor,
            )
        except Refused as refused:
            problems = str(refused).splitlines()
        else:
            messages.success(request, "Uw aanvulling is ontvangen en staat bij het bezwaar.")
            return redirect("own_case", slug=slug)
    asked = found.events.filter(kind="remedy_asked").order_by("pk").last()
    return _page(
        request,
        "tariffs/cases/supplement.html",
        case,
        objection=shown.objection_shown(case, found),
        asked=asked if found.status == "incomplete" else None,
        terms=deadlines(found),
        grounds=[*grounds, *[""] * (2 - len(grounds))],
        problems=problems,
        back=reverse("own_case", args=[slug]),
    )


@require_http_methods(["GET", "POST"])
@for_role("provider", Power.SIGN)
def withdraw(request: Any, slug: str, objection: Any) -> HttpResponse:
    """Withdraw an objection, after saying what follows."""
    case = found_case(request, slug)
    found = _own(request, case, objection)
    return _confirmed(
        request,
        case,
        act=lambda: objections.withdraw(objection=found, actor=request.actor),
        done="Uw bezwaar is ingetrokken. Het besluit blijft zoals het is (art. 6:21 Awb).",
        title="Trekt u uw bezwaar in?",
        follows=[
            f"De NZa behandelt bezwaar {found.reference} niet verder (art. 6:21 Awb).",
            "Het besluit blijft zoals het is. U kunt er dan ook niet meer tegen in beroep.",
            "Is de bezwaartermijn nog niet voorbij, dan kunt u opnieuw bezwaar maken.",
        ],
        button="Trek het bezwaar in",
        is_weighty=True,
    )


@require_http_methods(["GET", "POST"])
@for_role("provider", Power.SIGN)
def notice_of_default(request: Any, slug: str, objection: Any) -> HttpResponse:
    """Give notice that the NZa is late with its decision on an objection (Awb 4:17)."""
    case = found_case(request, slug)
    found = _own(request, case, objection)
    return _confirmed(
        request,
        case,
        act=lambda: delays.give_notice(objection=found, actor=request.actor),
        done="U heeft de NZa in gebreke gesteld. Zij heeft nu nog twee weken (art. 4:17 Awb).",
        title="Stelt u de NZa in gebreke?",
        follows=[
            f"U laat weten dat de NZa te laat is met haar beslissing op {found.reference} (art. 4:17, derde lid, Awb).",
            "De NZa heeft daarna nog twee weken. Beslist zij dan niet, dan krijgt u een dwangsom voor elke dag, ten hoogste 42"
            " dagen.",
        ],
        button="Stel de NZa in gebreke",
        is_weighty=False,
    )


def _confirmed(request: Any, case: CaseOf, *, act: Callable[[], object], done: str, **page: Any) -> HttpResponse:
    """Say what follows from a deed that needs nothing to be filled in; do it once that is confirmed, and go back to the case."""
    if request.method != "POST":
        return _page(request, "tariffs/cases/confirm.html", case, **page)
    try:
        act()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("own_case", slug=case.round.slug)


def _page(request: Any, template: str, case: CaseOf, **context: Any) -> HttpResponse:
    problems = context.get("problems")
    return render(
        request,
        template,
        {
            "ribbon": shown.ribbon_of(case.round, case.standings[-1] if case.standings else None),
            "round": case.round,
            "provider": case.provider,
            "key": _key(request),
            "files_field": FILES_FIELD,
            **context,
        },
        status=409 if problems else 200,
    )


def _key(request: Any) -> str:
    return plain(request.POST.get("sleutel", ""))[:70] or str(uuid4())


def _decision_of(case: CaseOf, status: DecisionStatus) -> Decision | None:
    return next((item for item in case.decisions if item.status == status), None)


def _newest(case: CaseOf) -> Decision:
    if not case.decisions:
        raise Http404
    return case.decisions[0]


def _own(request: Any, case: CaseOf, objection: Any) -> Objection:
    return get_object_or_404(
        Objection.objects.visible_to(request.actor).select_related(
            "decision__round", "decision__provider", "group", "provider"
        ),
        uuid=objection,
        provider=case.provider,
        decision__round=case.round,
    )
