"""*Klopt dit?*: a provider's own responses to a mirror, what the NZa asks and answers, and what can be done now."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ivportal.pages.interpretation.files import FILES_FIELD, sent_files
from ivportal.pages.interpretation.shown import STATUS_TEXTS, WHAT_IT_IS, WITH_FIGURES, changes_of, line_of
from ivportal.pages.ribbon import ribbon
from ivportal.pages.rights import for_role
from providers.access import Actor
from providers.audit import record
from providers.free_text import plain
from providers.models import Act, Power, Submission
from providers.refusal import Refused
from tariffs.models import (
    RESPONSE_PROVIDER_STEPS,
    InterpretationResponse,
    Item,
    MirrorReport,
    PublicNote,
    ResponseKind,
    ResponseStatus,
    ResponseTerm,
    respond_until,
)
from tariffs.procedure import corrections, interpretation
from tariffs.procedure.responses import asked_until

NO_POWER = "U kunt hier alleen lezen. Reageren kan wie gegevens mag invullen of mag ondertekenen."


def reports_of(actor: Actor) -> Any:
    """Return the released mirrors that somebody may see, newest first."""
    return (
        MirrorReport.objects.visible_to(actor)
        .select_related("release__round", "provider")
        .order_by("-release__round__book_year", "-version", "-pk")
    )


def may_act(actor: Actor) -> bool:
    """Tell whether somebody may respond for her provider at all."""
    return actor.can(Power.DELIVER) or actor.can(Power.SIGN)


@require_GET
@for_role("provider")
def own_responses(request: Any) -> HttpResponse:
    """Go to the newest mirror that there is to respond to, or else to the newest; or say what will stand here."""
    found = list(reports_of(request.actor).defer("content"))
    now = timezone.now()
    asked = (report for report in found if report.release.respond_until and not interpretation.why_closed(report, now))
    wanted = next(asked, found[0] if found else None)
    if wanted is None:
        return render(request, "tariffs/interpretation/empty.html", {"provider": request.actor.provider})
    return redirect("report_responses", report=wanted.uuid)


@require_GET
@for_role("provider")
def report_responses(request: Any, report: Any) -> HttpResponse:
    """Show, item by item of one mirror, what there is to say and what was said."""
    reports = list(reports_of(request.actor).defer("content"))
    found = get_object_or_404(reports_of(request.actor), uuid=report)
    record(act=Act.CASE_READ, actor=request.actor, subject=f"Duiding bij {found}")
    closed = interpretation.why_closed(found, timezone.now())
    responses = list(
        InterpretationResponse.objects.visible_to(request.actor)
        .filter(report=found)
        .select_related("submitted_by")
        .order_by("-number")
    )
    may = not closed and may_act(request.actor)
    items = [_item(item, found, responses) for item in interpretation.items_of(found)]
    until = respond_until(found.release, found.provider)
    terms = ResponseTerm.objects.visible_to(request.actor).filter(release=found.release)
    extension = next((term for term in terms if term.until == until), None)
    context = {
        "ribbon": ribbon(round=found.release.round, release=found.release),
        "provider": found.provider,
        "round": found.release.round,
        "report": found,
        "what_it_is": WHAT_IT_IS if until is not None or responses else "",
        "until": until,
        "extension": extension,
        "closed": closed,
        "only_reading": "" if may or closed else NO_POWER,
        "may": may,
        "items": items,
        "responses": responses,
        "unspoken": sum(not item["responses"] for item in items if item["code"] != Item.OTHER),
        "asked": [item for item in responses if item.status == ResponseStatus.MORE_ASKED],
        "key": uuid4(),
        "others": [
            {
                "label": f"boekjaar {other.release.round.book_year}, versie {other.version}",
                "url": reverse("report_responses", args=[other.uuid]),
            }
            for other in reports
            if other.pk != found.pk
        ],
        "has_notes": PublicNote.objects.visible_to(request.actor).exists(),
    }
    return render(request, "tariffs/interpretation/report.html", context)


def _item(item: Item, report: MirrorReport, responses: list[InterpretationResponse]) -> dict[str, Any]:
    own = [response for response in responses if response.item == item]
    address = f"{reverse('respond', args=[report.uuid])}?onderdeel={item.value}&soort="
    kinds = [ResponseKind.EXPLAIN, ResponseKind.CORRECT, ResponseKind.ASK]
    if item not in WITH_FIGURES:
        kinds.remove(ResponseKind.CORRECT)
    return {
        "code": item.value,
        "label": item.label,
        "line": line_of(item, report),
        "responses": own,
        "may_agree": item != Item.OTHER and not [one for one in own if one.status != ResponseStatus.WITHDRAWN],
        "ways": [{"label": kind.label, "url": f"{address}{kind.value}"} for kind in kinds],
    }


@require_POST
@for_role("provider")
def agree(request: Any, report: Any) -> HttpResponse:
    """Agree with one item, or with all that nothing was said about."""
    found = get_object_or_404(reports_of(request.actor), uuid=report)
    wanted, key = plain(request.POST.get("onderdeel", "")), plain(request.POST.get("sleutel", ""))[:60] or str(uuid4())
    try:
        if wanted == "alles":
            made = interpretation.agree_with_the_rest(report=found, key=key, actor=request.actor)
            happened = f"U bent akkoord met {len(made)} onderdelen." if made else "Er was niets meer over."
        elif wanted in Item.values:
            item = Item(wanted)
            interpretation.respond(
                report=found,
                item=item,
                kind=ResponseKind.AGREE,
                text="",
                key=f"{key}:{item.value}",
                actor=request.actor,
            )
            happened = f"U bent akkoord met ‘{item.label}’."
        else:
            raise Refused("Kies eerst een onderdeel van uw spiegel.")
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, happened)
    return redirect("report_responses", report=found.uuid)


def _own(request: Any, response: Any) -> InterpretationResponse:
    found: InterpretationResponse = get_object_or_404(
        InterpretationResponse.objects.visible_to(request.actor).select_related(
            "report__release__round", "report__provider", "provider", "submitted_by", "carried_into", "version"
        ),
        uuid=response,
    )
    return found


@require_GET
@for_role("provider")
def own_response(request: Any, response: Any) -> HttpResponse:
    """Show one response: what was said, what the NZa asked and answered, and what became of a correction."""
    return _page(request, _own(request, response))


def _page(
    request: Any, found: InterpretationResponse, *, typed: str = "", problems: list[str] | None = None
) -> HttpResponse:
    record(act=Act.CASE_READ, actor=request.actor, subject=f"{found.provider}: {found}")
    status = ResponseStatus(found.status)
    asked = asked_until(found) if status == ResponseStatus.MORE_ASKED else None
    is_in_time = asked is None or timezone.now().replace(microsecond=0) <= asked
    round = found.report.release.round
    context = {
        "ribbon": ribbon(round=round, release=found.report.release),
        "response": found,
        "round": round,
        "status_text": STATUS_TEXTS[status],
        "changes": changes_of(found, figures_of(found)),
        "files": found.files.defer("content"),
        "letter": found.letters.last(),
        "thread": found.messages.select_related("by"),
        "asked_until": asked,
        "may_supplement": status == ResponseStatus.MORE_ASKED and is_in_time and may_act(request.actor),
        "is_too_late": status == ResponseStatus.MORE_ASKED and not is_in_time,
        "may_withdraw": ResponseStatus.WITHDRAWN in RESPONSE_PROVIDER_STEPS.get(status, ()) and may_act(request.actor),
        "what_became": _what_became(found),
        "files_field": FILES_FIELD,
        "what_it_is": WHAT_IT_IS,
        "typed": typed,
        "problems": problems or [],
    }
    return render(request, "tariffs/interpretation/own_response.html", context, status=409 if problems else 200)


def figures_of(found: InterpretationResponse) -> dict[str, Any]:
    """Return the figures that a correction is laid beside: those of the version that it was about."""
    if found.kind != ResponseKind.CORRECT:
        return {}
    submission = Submission.objects.get(round=found.report.release.round_id, provider=found.provider_id)
    before = submission.versions.filter(submitted_at__lte=found.submitted_at).order_by("-number").first()
    return dict(before.values.values_list("measure", "value")) if before is not None else {}


def _what_became(found: InterpretationResponse) -> dict[str, str]:
    """Return what became of an accepted correction, as a sentence with a place to go."""
    if found.outcome not in corrections.ACCEPTED or not found.accepted_changes:
        return {}
    slug = found.report.release.round.slug
    version = corrections.version_of(found)
    if version is not None:
        return {
            "text": f"De verbeterde getallen staan in versie {version.number} van uw gegevens. Zij tellen mee in de volgende"
            " berekening.",
            "url": reverse("own_submission", args=[slug]),
            "link": "Bekijk uw aanlevering",
        }
    if found.carried_into_id is not None:
        return {
            "text": "De verbeterde getallen staan klaar in uw aanlevering. Ze tellen mee zodra uw bestuur ze ondertekent.",
            "url": reverse("own_submission", args=[slug]),
            "link": "Ga naar uw aanlevering",
        }
    if corrections.NEXT_YEAR in found.answer:
        return {}
    return {"text": "De NZa neemt de verbeterde getallen nog over in de gegevens. U hoeft nu niets te doen."}


@require_POST
@for_role("provider")
def supplement(request: Any, response: Any) -> HttpResponse:
    """Give what the NZa asked for."""
    found = _own(request, response)
    text = plain(request.POST.get("tekst", ""))
    try:
        interpretation.supplement(response=found, text=text, sent=sent_files(request), actor=request.actor)
    except Refused as refused:
        found.refresh_from_db()
        return _page(request, found, typed=text, problems=str(refused).splitlines())
    messages.success(request, "Uw aanvulling is verstuurd. De NZa gaat verder met uw reactie.")
    return redirect("own_response", response=found.uuid)


@require_POST
@for_role("provider")
def withdraw(request: Any, response: Any) -> HttpResponse:
    """Take a response back."""
    found = _own(request, response)
    try:
        interpretation.withdraw(response=found, actor=request.actor)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Uw reactie is ingetrokken. Zij blijft hier leesbaar.")
    return redirect("own_response", response=found.uuid)
