"""What a provider delivered: every figure with its cell, the figure of last year and what the checks found."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ivportal.pages.rights import for_role
from providers.audit import record
from providers.formatting import format_money, format_number, format_percent
from providers.measures import CATALOGUE, Measure
from providers.models import (
    Act,
    Finding,
    MeasuredValue,
    Provider,
    Round,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)
from providers.workbook.content import Cell

GROUPS = {
    "Kosten": ("cost_total", "cost", "allowance", "revenue"),
    "Zorgdagen": ("days",),
    "Kwaliteit": ("quality",),
    "Omstandigheden": ("environment",),
    "Organisatie": ("structure",),
}
UNITS_WITHOUT_DIFFERENCE = ("class", "score", "index", "months")
STATUS_TEXTS = {
    SubmissionStatus.NOT_STARTED: "Er is nog niets ontvangen.",
    SubmissionStatus.SUBMITTED: "De gegevens zijn ontvangen en gecontroleerd.",
}
CONTACT = "Vragen? Neem contact op met de NZa."


@require_GET
@for_role("provider")
def own_submissions(request: Any) -> HttpResponse:
    """Go to the newest round the provider is in."""
    newest = Submission.objects.visible_to(request.actor).order_by("-round__book_year", "-pk").first()
    if newest is None:
        return render(request, "providers/submission.html", _empty(request.actor.mandate.provider))
    return redirect("own_submission", slug=newest.round.slug)


@require_GET
@for_role("provider")
def own_submission(request: Any, slug: str) -> HttpResponse:
    """Show the provider's own submission in a round."""
    submission = get_object_or_404(
        Submission.objects.visible_to(request.actor).select_related("round", "provider"), round__slug=slug
    )
    return _page(request, submission, reverse("own_submission", args=[slug]), is_own=True)


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
    previous_round, previous = _previous(request, submission)
    findings = list(Finding.objects.filter(version=shown))
    context = {
        "is_own": is_own,
        "ribbon": {"status": "delivered", "is_fictitious": True} if round.is_fictitious else None,
        "round": {
            "name": round.title,
            "url": reverse("round", args=[round.slug]) if not is_own else None,
            "book_year": round.book_year,
            "previous_year": previous_round.book_year if previous_round else None,
            "currency": round.currency,
        },
        "provider": {"name": provider.name, "key": provider.shown_key},
        "submission": {
            "status_label": submission.get_status_display(),
            "status_text": STATUS_TEXTS.get(SubmissionStatus(submission.status), ""),
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
            f"{name}s": sum(finding.severity == name for finding in findings) for name in ("error", "warning", "note")
        },
        "groups": _groups(values, previous, findings, round),
        "general": [_finding(finding) for finding in findings if finding.measure not in values],
        "contact": CONTACT if is_own else "",
    }
    return render(request, "providers/submission.html", context)


def _previous(request: Any, submission: Submission) -> tuple[Round | None, dict[str, MeasuredValue]]:
    """Return the round of the year before with the same template, and the provider's newest figures in it."""
    earlier = (
        Submission.objects.visible_to(request.actor)
        .filter(
            provider=submission.provider,
            round__book_year=submission.round.book_year - 1,
            round__template_version=submission.round.template_version,
        )
        .select_related("round")
        .first()
    )
    version = earlier.versions.order_by("-number").first() if earlier else None
    if earlier is None or version is None:
        return None, {}
    return earlier.round, {value.measure: value for value in MeasuredValue.objects.filter(version=version)}


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
        "change": _change(measure, value.value, before.value if before else None),
        "cell": str(Cell(value.sheet, value.row, value.column)),
        "findings": [_finding(finding) for finding in findings if finding.measure == measure.code],
    }


def _change(measure: Measure, now: Decimal | None, before: Decimal | None) -> str:
    """Return the difference with last year: in percent, for shares in percentage points, for classes and scores nothing."""
    if now is None or before is None or measure.unit in UNITS_WITHOUT_DIFFERENCE:
        return ""
    if measure.unit == "share":
        points = format_number((now - before) * 100, decimals=1)
        return f"{_signed(points)} procentpunt"
    return _signed(format_percent((now - before) / abs(before))) if before else ""


def _signed(text: str) -> str:
    return text if text.startswith(("-", "−", "0,0")) else f"+{text}"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "code": finding.rule,
        "message": finding.message,
        "remedy": finding.mend,
        "explanation": "",
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
