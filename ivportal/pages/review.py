"""NZa: one provider's file in a round. Everything that happened, what was sent in, and the steps that can be taken."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods

from ivportal.pages import listing, steps
from ivportal.pages.board import who_acts
from ivportal.pages.decisions import STEPS, waiting_exemption
from ivportal.pages.delivering.overview import status_label
from ivportal.pages.happened import signed_uploads, timeline
from ivportal.pages.ribbon import delivered_ribbon
from ivportal.pages.rights import for_role
from providers.audit import record
from providers.mandates import people_of
from providers.models import (
    EDITABLE,
    Act,
    Explanation,
    Finding,
    Notice,
    SignatureAnswer,
    SourceFile,
    Submission,
    SubmissionStatus,
)

MOST_NOTICES = 50
TAKEN_BACK: dict[str, str] = {
    SubmissionStatus.DRAFT: "Deze versie is ingetrokken door de aanbieder en telt niet mee.",
    SubmissionStatus.RETURNED: "Deze versie is teruggelegd en telt niet mee.",
    SubmissionStatus.EXCLUDED: "Deze versie is uitgesloten en telt niet mee.",
}


def _found(request: Any, slug: str, provider: Any) -> Submission:
    """Return the submission of a provider in a round, or 404."""
    return get_object_or_404(
        Submission.objects.visible_to(request.actor).select_related("round", "provider", "merged_into"),
        round__slug=slug,
        provider__uuid=provider,
    )


@require_GET
@for_role("nza")
def provider_file(request: Any, slug: str, provider: Any) -> HttpResponse:
    """One provider's file: where it stands, what can be done, and everything that happened. That it was read is recorded."""
    submission = _found(request, slug, provider)
    record(act=Act.SUBMISSION_READ, actor=request.actor, subject=f"Dossier {submission}")
    events, pagination = listing.paginate(timeline(submission), request.GET)
    waiting = submission.signature_requests.filter(answer=SignatureAnswer.WAITING).select_related("asked_by").first()
    version = submission.versions.order_by("-number").first()
    now = timezone.now()
    context = {
        "submission": submission,
        "status_label": status_label(submission, is_signing=waiting is not None, has_version=version is not None),
        "taken_back": TAKEN_BACK.get(submission.status, "") if version else "",
        "ribbon": delivered_ribbon(submission.round),
        "round": submission.round,
        "provider": submission.provider,
        "deadline": submission.deadline,
        "has_own_term": submission.extended_until is not None,
        "is_late": submission.status in EDITABLE and submission.deadline is not None and now > submission.deadline,
        "who_acts": who_acts(
            submission, is_asking=waiting_exemption(submission) is not None, is_signing=waiting is not None
        ),
        "people": people_of(submission.provider),
        "people_url": reverse("provider_people", args=[slug, provider]),
        "look_along_url": reverse("look_along", args=[slug, provider]),
        "figures_url": reverse("provider_submission", args=[slug, provider]) if version else None,
        "exemption": waiting_exemption(submission),
        "signature": waiting,
        "version": version,
        "findings": _findings(version.pk) if version else [],
        "steps": steps.open_steps(
            STEPS, submission, lambda name: reverse("provider_step", args=[slug, provider, name])
        ),
        "events": events,
        "pagination": pagination,
        "notices": _notices(submission),
    }
    return render(request, "providers/desk_file.html", context)


def _findings(version: int) -> list[dict[str, Any]]:
    """Return what the checks say about a version now, each with the newest explanation."""
    found = (
        Finding.objects.filter(version=version, ended_at__isnull=True)
        .exclude(severity="note")
        .order_by("severity", "rule")
    )
    said: dict[int, str] = {}
    for explanation in Explanation.objects.filter(finding__in=found).order_by("made_at", "pk"):
        said[explanation.finding_id] = explanation.text
    return [{"finding": finding, "explanation": said.get(finding.pk, "")} for finding in found]


def _notices(submission: Submission) -> list[Notice]:
    told = Notice.objects.filter(round=submission.round, provider=submission.provider)
    return list(told.select_related("recipient", "mail").order_by("-created_at", "-pk")[:MOST_NOTICES])


@require_http_methods(["GET", "POST"])
@for_role("nza")
def provider_step(request: Any, slug: str, provider: Any, step: str) -> HttpResponse:
    """One step with the submission of a provider: what follows, what to fill in, and the deed."""
    chosen = steps.chosen(STEPS, step)
    submission = Submission.objects.visible_to(request.actor).filter(round__slug=slug, provider__uuid=provider).first()
    if submission is None and chosen.name == "uitnodiging-intrekken" and request.method == "POST":
        # The second click finds that the first took it off the list.
        return redirect("manage_round", slug=slug)
    submission = _found(request, slug, provider)
    file = reverse("provider_file", args=[slug, provider])
    back = reverse("manage_round", args=[slug]) if chosen.name == "uitnodiging-intrekken" else file
    crumbs = [
        (reverse("rounds"), "Rondes"),
        (reverse("round", args=[slug]), submission.round.title),
        (file, submission.provider.name),
    ]
    return steps.take(request, chosen, submission, back=back, crumbs=crumbs)


@require_GET
@for_role("nza")
def provider_original(request: Any, slug: str, provider: Any, file: Any) -> HttpResponse:
    """Download what was signed, or a file that went into it, byte for byte; what is not signed is the provider's own affair.

    That it was downloaded is recorded.
    """
    submission = _found(request, slug, provider)
    found = get_object_or_404(
        SourceFile.objects.filter(Q(uploads__in=signed_uploads(submission)) | Q(versions__submission=submission))
        .filter(provider=submission.provider)
        .distinct(),
        uuid=file,
    )
    record(
        act=Act.EXPORT_DOWNLOADED,
        actor=request.actor,
        subject=f"{found.name} van {submission}",
        details={"sha256": found.sha256},
    )
    # Whatever the file is, a browser keeps it and does not open it as a page of this portal.
    return HttpResponse(
        bytes(found.content),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(True, found.name) or "attachment",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
