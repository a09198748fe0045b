"""What a provider delivered: every figure with its cell, the figure of last year and what the checks found."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from ivportal.pages.delivering.lookup import desk_of
from ivportal.pages.delivering.overview import next_action, overview
from ivportal.pages.ribbon import delivered_ribbon
from ivportal.pages.rights import for_role
from providers import findings, prefill
from providers.audit import record
from providers.formatting import format_money, format_number, format_percent
from providers.free_text import plain
from providers.measures import CATALOGUE, Measure
from providers.models import (
    Act,
    Finding,
    MeasuredValue,
    Power,
    Provider,
    Round,
    RoundStatus,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)
from providers.refusal import Refused
from providers.workbook.content import Cell
from tariffs.models import Release
from tariffs.procedure import corrections

GROUPS = {
    "Kosten": ("cost_total", "cost", "allowance", "revenue"),
    "Aansluiting met de jaarrekening": ("accounts",),
    "Zorgdagen": ("days",),
    "Kwaliteit": ("quality",),
    "Omstandigheden": ("environment",),
    "Organisatie": ("structure",),
}
UNITS_WITHOUT_DIFFERENCE = ("class", "months")
UNITS_IN_POINTS = ("score", "index")
TAKEN_BACK = {
    SubmissionStatus.DRAFT: "De nieuwste versie is ingetrokken en telt niet mee.",
    SubmissionStatus.RETURNED: "De nieuwste versie is teruggelegd en telt niet mee.",
}
STATUS_TEXTS = {
    SubmissionStatus.NOT_STARTED: "Er is nog niets ontvangen.",
    SubmissionStatus.SUBMITTED: "Het portaal heeft de gegevens ontvangen en gecontroleerd. De NZa controleert ze nog.",
}
RELEASED_TEXT = (
    "Het portaal heeft de gegevens ontvangen en gecontroleerd. De uitkomsten van deze ronde zijn vrijgegeven."
)
CONTACT = "Vragen? Neem contact op met de NZa."


@require_GET
@for_role("provider")
def own_submissions(request: Any) -> HttpResponse:
    """Go to the round in which there is something to do first, or else to the newest the provider is in."""
    first = next_action(request)
    if first is not None:
        return redirect("own_submission", slug=first["slug"])
    newest = (
        Submission.objects.visible_to(request.actor)
        .exclude(round__status=RoundStatus.DRAFT)
        .order_by("-round__book_year", "-pk")
        .first()
    )
    if newest is None:
        return render(request, "providers/submission.html", _empty(request.actor.provider))
    return redirect("own_submission", slug=newest.round.slug)


@require_GET
@for_role("provider")
def own_submission(request: Any, slug: str) -> HttpResponse:
    """Show the provider's own submission in a round."""
    desk = desk_of(request, slug)
    if desk.submission.round.is_delivered_here:
        return overview(request, desk)
    return _page(request, desk.submission, reverse("own_submission", args=[slug]), is_own=True)


@require_http_methods(["GET", "POST"])
@for_role("provider")
def delivered(request: Any, slug: str) -> HttpResponse:
    """Show what was handed in, version by version; findings that came later are explained here."""
    submission = desk_of(request, slug).submission
    if request.method == "POST":
        _explain(request, submission)
        return redirect("delivered", slug=slug)
    return _page(request, submission, reverse("delivered", args=[slug]), is_own=True)


def _explain(request: Any, submission: Submission) -> None:
    if not request.actor.can(Power.DELIVER):
        raise PermissionDenied
    finding = get_object_or_404(
        Finding.objects.visible_to(request.actor).filter(version__submission=submission, ended_at__isnull=True),
        version__number=_whole(request.POST.get("versie", "")),
        rule=plain(request.POST.get("regel", "")),
        measure=plain(request.POST.get("gegeven", "")),
    )
    try:
        findings.explain(finding=finding, text=plain(request.POST.get("toelichting", "")), actor=request.actor)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Uw toelichting is opgeslagen. De NZa leest haar bij het controleren.")


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


@require_GET
@for_role("nza")
def provider_submission(request: Any, slug: str, provider: Any) -> HttpResponse:
    """Show NZa staff the submission of a provider; that it was read is recorded."""
    submission = get_object_or_404(
        Submission.objects.visible_to(request.actor).select_related("round", "provider"),
        round__slug=slug,
        provider__uuid=provider,
    )
    return _page(request, submission, reverse("provider_submission", args=[slug, provider]), is_own=False)


def _empty(provider: Provider) -> dict[str, Any]:
    return {
        "round": {"book_year": ""},
        "provider": {"name": provider.name, "key": provider.shown_key},
        "submission": None,
    }


def _page(request: Any, submission: Submission, url: str, *, is_own: bool) -> HttpResponse:
    round, provider = submission.round, submission.provider
    versions = list(
        SubmissionVersion.objects.visible_to(request.actor).filter(submission=submission).order_by("-number")
    )
    shown = next(
        (item for item in versions if str(item.number) == request.GET.get("versie")), versions[0] if versions else None
    )
    record(act=Act.SUBMISSION_READ, actor=request.actor, subject=f"{submission}"[:250])
    if shown is None:
        return render(
            request,
            "providers/submission.html",
            {**_empty(provider), "round": {"book_year": round.book_year}},
        )
    values = {value.measure: value for value in MeasuredValue.objects.filter(version=shown)}
    before = prefill.previous_version(submission)
    previous = {value.measure: value for value in before.values.all()} if before else {}
    found = list(Finding.objects.filter(version=shown, ended_at__isnull=True).prefetch_related("explanations"))
    context = {
        "is_own": is_own,
        "file_url": "" if is_own else reverse("provider_file", args=[round.slug, provider.uuid]),
        "ribbon": delivered_ribbon(round),
        "round": {
            "name": round.title,
            "url": reverse("round", args=[round.slug]) if not is_own else None,
            "book_year": round.book_year,
            "previous_year": before.submission.round.book_year if before else None,
            "currency": round.currency,
        },
        "provider": {"name": provider.name, "key": provider.shown_key},
        "submission": {
            "status_label": submission.get_status_display(),
            "status_text": _status_text(submission, versions),
            "taken_back": TAKEN_BACK.get(SubmissionStatus(submission.status), "") if round.is_delivered_here else "",
        },
        "versions": [
            {
                "number": item.number,
                "submitted_at": item.submitted_at,
                "file_name": item.file_name,
                "sha256": item.sha256,
                "is_shown": item == shown,
                "url": f"{url}?versie={item.number}",
            }
            for item in versions
        ],
        "counts": {
            f"{name}s": sum(finding.severity == name for finding in found) for name in ("error", "warning", "note")
        },
        "groups": _groups(values, previous, found, round),
        "general": [_finding(finding) for finding in found if finding.measure not in values],
        "contact": (round.contact or CONTACT) if is_own else "",
        "explain_url": reverse("delivered", args=[round.slug])
        if is_own and round.is_delivered_here and shown == versions[0] and request.actor.can(Power.DELIVER)
        else "",
        "shown_number": shown.number,
    }
    return render(request, "providers/submission.html", context)


def _status_text(submission: Submission, versions: list[SubmissionVersion]) -> str:
    """Say where the figures are: received, checked, compared, or corrected by the NZa on the provider's request."""
    if submission.status != SubmissionStatus.SUBMITTED:
        return STATUS_TEXTS.get(SubmissionStatus(submission.status), "")
    newest = versions[0] if versions else None
    if newest is not None and corrections.holds_correction(newest):
        return f"De NZa nam uw correctie over. De verbeterde getallen staan in versie {newest.number} van uw gegevens."
    if Release.objects.released().filter(round=submission.round).exists():
        return RELEASED_TEXT
    return STATUS_TEXTS[SubmissionStatus.SUBMITTED]


def _groups(
    values: Mapping[str, MeasuredValue], previous: Mapping[str, MeasuredValue], findings: list[Finding], round: Round
) -> list[dict[str, Any]]:
    groups = []
    for title, kinds in GROUPS.items():
        rows = [
            _row(CATALOGUE[code], values[code], previous.get(code), findings, round)
            for code in round.measures
            if code in values and CATALOGUE[code].kind in kinds
        ]
        if rows:
            groups.append({"title": title, "rows": rows})
    return groups


def _row(
    measure: Measure, value: MeasuredValue, before: MeasuredValue | None, findings: list[Finding], round: Round
) -> dict[str, Any]:
    return {
        "label": measure.label,
        "explanation": measure.description,
        "value": shown_value(measure, value.value, round.currency),
        "previous": shown_value(measure, before.value, round.currency) if before else "",
        "change": change_of(measure, value.value, before.value if before else None),
        "cell": str(Cell(value.sheet, value.row, value.column)),
        "findings": [_finding(finding) for finding in findings if finding.measure == measure.code],
    }


def change_of(measure: Measure, now: Decimal | None, before: Decimal | None) -> str:
    """Return the difference with last year: in percent, for shares and scores in points, for classes nothing."""
    if now is None or before is None or measure.unit in UNITS_WITHOUT_DIFFERENCE:
        return ""
    if measure.unit == "share":
        points = format_number((now - before) * 100, decimals=1)
        return f"{_signed(points)} procentpunt"
    if measure.unit in UNITS_IN_POINTS:
        return _signed(format_number(now - before, decimals=measure.decimals))
    return _signed(format_percent((now - before) / abs(before))) if before else ""


def _signed(text: str) -> str:
    return text if text.startswith(("-", "−", "0,0")) else f"+{text}"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "code": finding.rule,
        "message": finding.message,
        "remedy": finding.mend,
        "explanation": said.text if (said := next(iter(finding.explanations.all()), None)) else "",
        "measure": finding.measure,
        "asks": finding.needs_explanation,
    }


def shown_value(measure: Measure, value: Decimal | None, currency: str) -> str:
    """Return a figure as the Dutch write it, in the unit and with the decimals of its measure."""
    if value is None:
        return "ontbreekt"
    if measure.unit == "money":
        return format_money(value, currency=currency)
    if measure.unit == "share":
        return format_percent(value, decimals=max(measure.decimals - 2, 0))
    return format_number(value, decimals=measure.decimals)
