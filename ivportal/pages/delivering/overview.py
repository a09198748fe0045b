"""The page a provider delivers from: where it stands, what is missing, and the next step."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ivportal.pages.delivering.form import label_of
from ivportal.pages.delivering.lookup import Desk, desk_of
from ivportal.pages.ribbon import delivered_ribbon
from ivportal.pages.rights import for_role
from providers import signing
from providers.audit import record
from providers.contents import told
from providers.formatting import format_datetime
from providers.models import (
    EDITABLE,
    PORTAL,
    Act,
    Draft,
    ExemptionStatus,
    How,
    Power,
    Round,
    StatusChange,
    Submission,
    SubmissionStatus,
    TermChange,
    Upload,
    UploadStatus,
)
from providers.refusal import Refused
from tariffs.models import Release
from tariffs.procedure import corrections

MOST_SHOWN = 8
TO_BE_SIGNED = "Ligt ter ondertekening"
WITHDRAWN = "Ingetrokken"
STATUS_TEXTS = {
    SubmissionStatus.NOT_STARTED: "U bent nog niet begonnen.",
    SubmissionStatus.DRAFT: "U werkt aan de gegevens. Ze tellen pas als ze zijn ondertekend.",
    SubmissionStatus.SUBMITTED: "De NZa heeft uw gegevens. U kunt ze intrekken zolang de NZa nog niet controleert.",
    SubmissionStatus.IN_REVIEW: "De NZa controleert uw gegevens.",
    SubmissionStatus.RETURNED: "De NZa vraagt u iets te verbeteren. Hieronder staat wat.",
    SubmissionStatus.VALIDATED: "De NZa heeft uw gegevens gevalideerd: ze doen mee. U hoeft niets meer te doen.",
    SubmissionStatus.EXCLUDED: "De NZa laat uw gegevens buiten de vergelijking. Hieronder staat waarom.",
    SubmissionStatus.EXEMPT: "U heeft ontheffing en hoeft niet aan te leveren.",
}


def overview(request: Any, desk: Desk) -> HttpResponse:
    """Show where the delivery stands; for a round that providers deliver in the portal."""
    return render(request, "providers/delivering/overview.html", context_of(request, desk))


def context_of(request: Any, desk: Desk) -> dict[str, Any]:
    """Return what the overview shows."""
    submission, round = desk.submission, desk.submission.round
    record(act=Act.SUBMISSION_READ, actor=request.actor, subject=str(submission))
    # Files before figures: of a file that a worker reads meanwhile, the figures are then there when the page says it was read.
    uploads = uploads_of(desk)
    return {
        "ribbon": delivered_ribbon(round),
        "round": round,
        "provider": submission.provider,
        "desk": desk,
        "status_label": status_label(
            submission, is_signing=desk.request is not None, has_version=desk.version is not None
        ),
        "status_text": _status_text(desk),
        "deadline": submission.deadline,
        "is_late": submission.deadline is not None and timezone.now() > submission.deadline and desk.is_at_work,
        "term_change": _term_change(desk),
        "reason": _reason(desk),
        "steps": _steps(desk),
        "findings": findings_summary(desk) if desk.is_at_work and desk.is_filled else None,
        "uploads": uploads,
        "refused": uploads[0] if uploads and uploads[0]["is_refused"] and desk.is_at_work else None,
        "waits": any(item["is_waiting"] for item in uploads),
        "history": _history(desk),
        "key": uuid.uuid4(),
        "may": {
            "fill_in": desk.may_fill_in,
            "offer": desk.may_fill_in
            and desk.is_filled
            and desk.verdict.is_ready
            and desk.request is None
            and desk.declined is None,
            "sign": desk.may_sign,
            "withdraw": desk.may_withdraw,
            "ask_exemption": desk.may_ask_exemption,
        },
        "exemption": _exemption(desk),
        "other_rounds": other_rounds(request, round),
    }


def status_label(submission: Submission, *, is_signing: bool, has_version: bool) -> str:
    """Return the status of a submission in words; what is called a draft may lie to be signed, or be taken back."""
    if submission.status in EDITABLE and is_signing:
        return TO_BE_SIGNED
    if submission.status == SubmissionStatus.DRAFT and has_version:
        return WITHDRAWN
    return submission.get_status_display()


def _status_text(desk: Desk) -> str:
    if desk.request is not None:
        return "U bent klaar met invullen. De gegevens tellen pas als ze zijn ondertekend."
    if desk.submission.status == SubmissionStatus.DRAFT and desk.version is not None:
        return "De aanlevering is ingetrokken. U doet pas weer mee als u haar opnieuw laat ondertekenen."
    if desk.submission.status == SubmissionStatus.SUBMITTED:
        if desk.version is not None and corrections.holds_correction(desk.version):
            return (
                "De NZa nam uw correctie over en uw bestuur ondertekende haar. De verbeterde getallen staan in versie"
                f" {desk.version.number} van uw gegevens."
            )
        if Release.objects.released().filter(round=desk.submission.round).exists():
            return "De NZa heeft uw gegevens. De uitkomsten van deze ronde zijn vrijgegeven."
    return STATUS_TEXTS[SubmissionStatus(desk.submission.status)]


def _term_change(desk: Desk) -> TermChange | None:
    return TermChange.objects.visible_to(desk.actor).filter(round=desk.submission.round).order_by("-pk").first()


def _reason(desk: Desk) -> str:
    """Return why the NZa gave the delivery back or left it out."""
    status = desk.submission.status
    if status not in (SubmissionStatus.RETURNED, SubmissionStatus.EXCLUDED, SubmissionStatus.EXEMPT):
        return ""
    step = StatusChange.objects.filter(submission=desk.submission, after=status).first()
    return step.reason if step else ""


def _steps(desk: Desk) -> list[dict[str, Any]]:
    """Return the four steps of delivering, each with its state and one line on what is missing."""
    delivered = not desk.is_at_work
    # Checking is most of the work of this page: only what is still at the provider, and begun, is checked.
    is_checked = desk.is_filled and desk.is_at_work
    ready = is_checked and desk.verdict.is_ready
    errors, open_ones = (len(desk.verdict.errors), len(desk.verdict.unexplained)) if is_checked else (0, 0)
    filled = sum(value is not None for value in desk.contents.values().values())
    steps = [
        (
            "Gegevens invullen",
            desk.is_filled or delivered,
            f"{filled} van {len(desk.submission.round.measures)} ingevuld",
        ),
        ("Bevindingen oplossen", ready or delivered, _left(errors, open_ones) if desk.is_filled else ""),
        (
            "Laten ondertekenen",
            delivered,
            f"Voorgelegd door {desk.request.asked_by.name}" if desk.request else "",
        ),
        ("Ontvangstbevestiging", delivered, ""),
    ]
    if desk.submission.status == SubmissionStatus.EXEMPT:
        return []
    found: list[dict[str, Any]] = []
    before = True
    for label, is_done, text in steps:
        state = "done" if is_done else "running" if before else "waiting"
        found.append({"label": label, "state": state, "record": text, "seconds": None})
        before = before and is_done
    return found


def _left(errors: int, unexplained: int) -> str:
    parts = []
    if errors:
        parts.append(f"{errors} {'fout' if errors == 1 else 'fouten'} herstellen")
    if unexplained:
        parts.append(f"{unexplained} {'signalering' if unexplained == 1 else 'signaleringen'} toelichten of verbeteren")
    return ", ".join(parts) or "Niets meer te doen"


def findings_summary(desk: Desk) -> dict[str, Any]:
    """Return the findings of the saved state, hard errors and warnings apart, each with where to mend it."""
    verdict = desk.verdict
    unexplained = {id(item) for item in verdict.unexplained}
    page = reverse("fill_in", args=[desk.submission.round.slug])

    def row(item: Any) -> dict[str, Any]:
        return {
            "severity": item.rule.severity,
            "code": item.rule.code,
            "message": item.message,
            "remedy": item.rule.mend,
            "explanation": verdict.explanation_of(item),
            "is_open": id(item) in unexplained,
            "cell": str(item.cell),
            "url": f"{page}#{item.measure}" if item.measure else page,
        }

    rows = [row(item) for item in verdict.found]
    return {
        "errors": [item for item in rows if item["severity"] == "error"],
        "open": [item for item in rows if item["is_open"]],
        "explained": [item for item in rows if item["severity"] == "warning" and not item["is_open"]],
        "notes": [item for item in rows if item["severity"] == "note"],
    }


def uploads_of(desk: Desk) -> list[dict[str, Any]]:
    """Return the files that were sent, newest first, with what became of each."""
    rows = []
    became = Draft.objects.filter(upload=OuterRef("pk")).order_by("number").values("number")[:1]
    uploads = Upload.objects.filter(submission=desk.submission).values_list(
        "uuid", "file_name", "sent_at", "sent_by__name", "status", "problems", Subquery(became)
    )
    for identifier, name, sent_at, sent_by, status, problems, number in uploads[:MOST_SHOWN]:
        rows.append(
            {
                "uuid": identifier,
                "name": name,
                "sent_at": sent_at,
                "sent_by": sent_by,
                "is_waiting": status == UploadStatus.WAITING,
                "is_refused": status == UploadStatus.REFUSED,
                "is_applied": number is not None,
                "number": number,
                "problems": len(problems),
                "url": reverse("upload", args=[desk.submission.round.slug, identifier]),
            }
        )
    return rows


def _history(desk: Desk) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    drafts = Draft.objects.filter(submission=desk.submission).values_list("made_at", "made_by__name", "how", "changed")
    for at, who, how, changed in drafts[:MOST_SHOWN] if desk.draft else ():
        names = [label_of(part) for part in told(changed)]
        rows.append(
            {
                "at": at,
                "who": who or "het portaal",
                "what": f"{How(how).label}: {_listed(names)}" if how != How.PREFILLED else How.PREFILLED.label,
            }
        )
    steps = StatusChange.objects.filter(submission=desk.submission).values_list("at", "by__name", "after")
    for at, who, after in steps[:MOST_SHOWN]:
        rows.append({"at": at, "who": who or "het portaal", "what": f"Status werd ‘{SubmissionStatus(after).label}’"})
    return sorted(rows, key=lambda row: row["at"], reverse=True)[:MOST_SHOWN]


def _listed(names: list[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:3])} en nog {len(names) - 3}"
    return ", ".join(names) or "niets veranderd"


def _exemption(desk: Desk) -> dict[str, Any] | None:
    asked = desk.exemption
    if asked is None:
        return None
    return {
        "status": asked.get_status_display(),
        "is_waiting": asked.status == ExemptionStatus.ASKED,
        "grounds": asked.grounds,
        "asked_at": asked.asked_at,
        "asked_by": asked.asked_by.name,
        "answer": asked.answer,
        "answered_at": asked.answered_at,
    }


def other_rounds(request: Any, shown: Round) -> list[dict[str, Any]]:
    """Return the other rounds this provider is in, newest first."""
    found = (
        Round.objects.filter(submissions__provider=request.actor.provider_id)
        .exclude(status="draft")
        .exclude(pk=shown.pk)
        .order_by("-book_year", "slug")
        .values_list("title", "slug")
    )
    return [{"title": title, "url": reverse("own_submission", args=[slug])} for title, slug in found]


@require_GET
@for_role("provider")
def files(request: Any, slug: str) -> HttpResponse:
    """Answer htmx: what became of the files, and of the findings when one was just read."""
    desk = desk_of(request, slug)
    shown = uploads_of(desk)
    waits = any(item["is_waiting"] for item in shown)
    response = render(
        request,
        "providers/delivering/_files.html",
        {"uploads": shown, "waits": waits, "round": desk.submission.round},
    )
    if not waits:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@for_role("provider", Power.DELIVER)
def offer(request: Any, slug: str) -> HttpResponse:
    """Offer the saved state to be signed."""
    desk = desk_of(request, slug)
    try:
        signing.offer(submission=desk.submission, draft_number=number_of(request), actor=request.actor)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        who = ", ".join(desk.signatories)
        messages.success(request, f"De gegevens liggen ter ondertekening. Bericht is gestuurd aan: {who}.")
    return redirect("own_submission", slug=slug)


@require_POST
@for_role("provider")
def withdraw(request: Any, slug: str) -> HttpResponse:
    """Take the delivery back."""
    desk = desk_of(request, slug)
    try:
        if not desk.may_withdraw and not desk.actor.can(Power.DELIVER) and not desk.actor.can(Power.SIGN):
            raise Refused("U mag deze aanlevering niet intrekken. Vraag een collega die gegevens mag invullen.")
        signing.withdraw(submission=desk.submission, actor=request.actor)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            "De aanlevering is ingetrokken. U kunt de gegevens weer wijzigen; lever ze daarna opnieuw aan, anders doet u niet"
            " mee.",
        )
    return redirect("own_submission", slug=slug)


def number_of(request: Any) -> int:
    """Return the number of the saved state that the sender saw."""
    raw = request.POST.get("stand", "")
    if not raw.isdecimal() or len(raw) > 9:
        raise Refused("Wij herkennen niet welke gegevens u voor u had. Open de bladzijde opnieuw.")
    return int(raw)


def next_action(request: Any) -> dict[str, Any] | None:
    """Return what a provider has to deliver or sign first, and when it is ``due``; nothing if there is nothing."""
    waiting = Submission.objects.visible_to(request.actor).filter(
        status__in=EDITABLE, round__source=PORTAL, merged_into__isnull=True
    )
    found = [item for item in waiting.select_related("round", "provider") if item.accepts_at(timezone.now())]
    if not found:
        return None
    first = min(found, key=lambda item: item.deadline or timezone.now())
    desk, round = Desk(actor=request.actor, submission=first), first.round
    term = f"Dat kan tot en met {format_datetime(first.deadline)}." if first.deadline else ""
    if desk.may_sign:
        return {
            "title": f"Wilt u de gegevens over {round.book_year} ondertekenen?",
            "text": f"Een collega legde ze aan u voor. {term}",
            "url": reverse("sign", args=[round.slug]),
            "link": "Bekijken en ondertekenen",
            "slug": round.slug,
            "due": first.deadline or timezone.now(),
        }
    return {
        "title": f"Lever de gegevens over {round.book_year} aan",
        "text": term,
        "url": reverse("own_submission", args=[round.slug]),
        "link": "Naar uw aanlevering",
        "slug": round.slug,
        "due": first.deadline or timezone.now(),
    }
