"""Signing on behalf of the board, the receipt, and asking for exemption."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ivportal import letters
from ivportal.pages.delivering.lookup import Desk, desk_of
from ivportal.pages.delivering.overview import findings_summary, number_of
from ivportal.pages.ribbon import delivered_ribbon
from ivportal.pages.rights import for_role
from ivportal.pages.submissions import GROUPS, change_of, shown_value
from providers import exemptions, signing
from providers.audit import record
from providers.contents import figure_of
from providers.free_text import plain
from providers.measures import CATALOGUE
from providers.models import EDITABLE, Act, Draft, How, Power, Statement, SubmissionVersion
from providers.refusal import Refused
from providers.signing import statement_text


@require_http_methods(["GET", "POST"])
@for_role("provider", Power.SIGN)
def sign(request: Any, slug: str) -> HttpResponse:
    """Show what is to be signed, and sign it."""
    desk = desk_of(request, slug)
    if request.method == "GET":
        return _page(request, desk)
    try:
        if request.POST.get("akkoord") != "ja":
            raise Refused("Zet een vinkje bij de verklaring. Zonder verklaring kunt u niet indienen.")
        version = signing.sign(
            submission=desk.submission,
            draft_number=number_of(request),
            position=plain(request.POST.get("functie", ""))[:120],
            actor=request.actor,
            read=request.POST.get("verklaring"),
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return _page(request, desk, status=409)
    return redirect("receipt", version=version.uuid)


def _page(request: Any, desk: Desk, *, status: int = 200) -> HttpResponse:
    submission = desk.submission
    previous = desk.earlier.values
    currency = submission.round.currency
    groups: list[dict[str, Any]] = []
    for title, kinds in GROUPS.items():
        rows = []
        for code in submission.round.measures:
            measure = CATALOGUE[code]
            if measure.kind in kinds:
                figure = desk.contents.figures.get(code)
                value = figure.value if figure else None
                rows.append(
                    {
                        "code": code,
                        "label": measure.label,
                        "value": shown_value(measure, value, currency),
                        "previous": shown_value(measure, previous[code], currency) if code in previous else "",
                        "change": change_of(measure, value, previous.get(code)),
                    }
                )
        if rows:
            groups.append({"title": title, "rows": rows})
    return render(
        request,
        "providers/delivering/sign.html",
        {
            "ribbon": delivered_ribbon(submission.round),
            "round": submission.round,
            "provider": submission.provider,
            "desk": desk,
            "request_to_sign": desk.request,
            "may_sign": desk.may_sign,
            "is_filler": request.actor.user in desk.fillers,
            "signatories": desk.signatories,
            "fillers": [user.name for user in desk.fillers],
            "text": (text := statement_text(submission)),
            "mark": signing.statement_mark(text),
            "groups": groups,
            "total_cost": next((row for group in groups for row in group["rows"] if row["code"] == "total_cost"), None),
            "deadline": submission.deadline,
            "previous_year": desk.earlier.book_year or None,
            "findings": findings_summary(desk),
            "contents": desk.contents,
            "position": request.POST.get("functie", ""),
            "agreed": request.POST.get("akkoord") == "ja",
        },
        status=status,
    )


@require_POST
@for_role("provider", Power.SIGN)
def decline(request: Any, slug: str) -> HttpResponse:
    """Give back what was offered to be signed, with a remark."""
    desk = desk_of(request, slug)
    try:
        request_to_sign = signing.decline(
            submission=desk.submission, remark=plain(request.POST.get("opmerking", ""))[:2000], actor=request.actor
        )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("sign", slug=slug)
    messages.success(request, f"{request_to_sign.asked_by.name} krijgt bericht dat u niet tekende, met uw opmerking.")
    return redirect("own_submission", slug=slug)


@require_GET
@for_role("provider")
def receipt(request: Any, version: Any) -> HttpResponse:
    """Show the receipt of a delivered version."""
    found = _delivered(request, version)
    return render(request, "providers/delivering/receipt.html", receipt_of(found))


@require_GET
@for_role("provider")
def receipt_pdf(request: Any, version: Any) -> HttpResponse:
    """Download the receipt as PDF."""
    found = _delivered(request, version)
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=f"Ontvangstbevestiging {found}")
    name = f"ontvangstbevestiging-{found.submission.round.slug}-v{found.number}.pdf"
    return HttpResponse(
        letters.receipt(receipt_of(found)),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_GET
@for_role("provider")
def signed_document(request: Any, version: Any) -> HttpResponse:
    """Download the very document that was signed: its SHA-256 stands on the receipt."""
    found = _delivered(request, version)
    record(act=Act.EXPORT_DOWNLOADED, actor=request.actor, subject=f"Ondertekend document {found}")
    return HttpResponse(
        bytes(found.source_file.content),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{found.source_file.name}"'},
    )


def _delivered(request: Any, version: Any) -> SubmissionVersion:
    return get_object_or_404(
        SubmissionVersion.objects.visible_to(request.actor)
        .select_related(
            "submission__round", "submission__provider", "source_file", "statement__signed_by", "statement__draft"
        )
        .defer("source_file__content", "statement__draft__contents"),
        uuid=version,
        statement__isnull=False,
    )


def receipt_of(version: SubmissionVersion) -> dict[str, Any]:
    """Return what a receipt says."""
    statement: Statement = version.statement
    submission = version.submission
    newer = SubmissionVersion.objects.filter(submission=submission, number__gt=version.number).exists()
    return {
        "version": version,
        "round": submission.round,
        "provider": submission.provider,
        "statement": statement,
        "signed_by": statement.signed_by.name,
        "filled_in_by": statement.filled_in_by,
        "document_sha256": version.source_file.sha256,
        "figures_sha256": version.sha256,
        "figures": version.values.exclude(value=None).count(),
        # The same file sent twice is one file.
        "files": list({(file["name"], file["sha256"]): file for file in signing.files_of(statement.draft)}.values()),
        "changed_after": changed_after_file(statement.draft),
        "is_newest": not newer,
        "is_taken_back": not newer and submission.status in EDITABLE,
        "status_label": submission.get_status_display(),
    }


def changed_after_file(draft: Draft) -> list[str]:
    """Return the names of the figures that were changed on the page or by a system after the last file was read."""
    states = list(
        Draft.objects.filter(submission=draft.submission_id, number__lte=draft.number)
        .order_by("number")
        .values_list("how", "changed")
    )
    last = max((at for at, (how, _) in enumerate(states) if how == How.UPLOAD), default=len(states))
    codes = {code for _, changed in states[last + 1 :] for part in changed if (code := figure_of(part))}
    return sorted(CATALOGUE[code].label for code in codes)


@require_http_methods(["GET", "POST"])
@for_role("provider", Power.DELIVER)
def exemption(request: Any, slug: str) -> HttpResponse:
    """Ask for exemption."""
    desk = desk_of(request, slug)
    grounds = plain(request.POST.get("reden", ""))[:4000]
    if request.method == "POST":
        try:
            exemptions.ask(submission=desk.submission, grounds=grounds, actor=request.actor)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request,
                "Uw verzoek is verstuurd. U krijgt bericht als de NZa antwoordt. Tot dan geldt de termijn ook voor u.",
            )
            return redirect("own_submission", slug=slug)
    return render(
        request,
        "providers/delivering/exemption.html",
        {"round": desk.submission.round, "provider": desk.submission.provider, "desk": desk, "grounds": grounds},
        status=200 if request.method == "GET" else 409,
    )


@require_POST
@for_role("provider", Power.DELIVER)
def withdraw_exemption(request: Any, slug: str) -> HttpResponse:
    """Take back a request for exemption."""
    desk = desk_of(request, slug)
    try:
        exemptions.withdraw(submission=desk.submission, actor=request.actor)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Uw verzoek om ontheffing is ingetrokken.")
    return redirect("own_submission", slug=slug)
