"""Everything that happened with a submission, newest first: steps, terms, saved states, files, signatures, exemption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, Subquery
from django.urls import reverse

from providers.contents import told
from providers.formatting import format_datetime, format_number
from providers.models import (
    Draft,
    Exemption,
    ExemptionStatus,
    SignatureAnswer,
    SignatureRequest,
    Statement,
    StatusChange,
    Submission,
    SubmissionVersion,
    TermChange,
    Upload,
    User,
)

PORTAL = "het portaal"


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    at: datetime
    who: str
    what: str
    text: str = ""
    items: tuple[str, ...] = ()
    url: str = ""
    link: str = ""


def timeline(submission: Submission) -> list[Event]:
    """Return everything that happened, newest first. The number of queries does not depend on how much that is."""
    found = [
        *_steps(submission),
        *_terms(submission),
        *_drafts(submission),
        *_uploads(submission),
        *_signatures(submission),
        *_versions(submission),
        *_exemptions(submission),
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)


def _name(user: User | None) -> str:
    return user.name if user is not None else PORTAL


def _file(submission: Submission, uuid: object) -> str:
    return reverse("provider_original", args=[submission.round.slug, submission.provider.uuid, uuid])


def _steps(submission: Submission) -> Iterator[Event]:
    for step in StatusChange.objects.filter(submission=submission).select_related("by"):
        yield Event(
            step.at,
            _name(step.by),
            f"Status: van ‘{step.get_before_display()}’ naar ‘{step.get_after_display()}’",
            step.reason,
        )


def _terms(submission: Submission) -> Iterator[Event]:
    changes = TermChange.objects.filter(round=submission.round).filter(
        Q(submission__isnull=True) | Q(submission=submission)
    )
    for change in changes.select_related("by"):
        for_whom = "voor iedereen" if change.submission_id is None else "voor deze aanbieder"
        yield Event(
            change.at, _name(change.by), f"Termijn {for_whom} tot en met {format_datetime(change.after)}", change.reason
        )


def _drafts(submission: Submission) -> Iterator[Event]:
    for draft in Draft.objects.filter(submission=submission).defer("contents").select_related("made_by"):
        count = len(told(draft.changed))
        changed = f": {format_number(count)} {'gegeven' if count == 1 else 'gegevens'} gewijzigd" if count else ""
        yield Event(draft.made_at, _name(draft.made_by), f"{draft.get_how_display()}{changed}")


def _uploads(submission: Submission) -> Iterator[Event]:
    signed = signed_uploads(submission)
    uploads = Upload.objects.filter(submission=submission).defer("contents", "source_file__content")
    for upload in uploads.select_related("sent_by", "source_file").annotate(is_signed=Q(pk__in=signed.values("pk"))):
        if upload.is_signed:
            yield Event(
                upload.sent_at,
                upload.sent_by.name,
                f"Bestand verstuurd: {upload.file_name}",
                url=_file(submission, upload.source_file.uuid),
                link="Download het bestand",
            )
        else:
            yield Event(
                upload.sent_at, upload.sent_by.name, f"Bestand verstuurd ({upload.get_status_display().lower()})"
            )


def signed_uploads(submission: Submission) -> QuerySet[Upload]:
    """Return the files that went into what was signed; of all others the NZa sees no more than that they were sent."""
    last = (
        Statement.objects.filter(version__submission=submission).order_by("-draft__number").values("draft__number")[:1]
    )
    return Upload.objects.filter(submission=submission, drafts__number__lte=Subquery(last)).distinct()


def _signatures(submission: Submission) -> Iterator[Event]:
    requests = SignatureRequest.objects.filter(submission=submission)
    for request in requests.select_related("asked_by", "answered_by"):
        yield Event(request.asked_at, request.asked_by.name, "Ter ondertekening voorgelegd")
        if request.answered_at is not None and request.answer != SignatureAnswer.SIGNED:
            # The remark of the board is for its own colleagues.
            yield Event(request.answered_at, _name(request.answered_by), request.get_answer_display())


def _versions(submission: Submission) -> Iterator[Event]:
    versions = SubmissionVersion.objects.filter(submission=submission).defer("source_file__content")
    for version in versions.select_related("source_file", "submitted_by", "statement__signed_by"):
        statement = getattr(version, "statement", None)
        signed = f", ondertekend door {statement.signed_by.name} ({statement.signed_as})" if statement else ""
        filled = f"Ingevuld door {', '.join(statement.filled_in_by)}. " if statement and statement.filled_in_by else ""
        # A file of a source holds figures of others too; it is not this provider's to hand out from here.
        is_own = version.source_file.provider_id == submission.provider_id
        yield Event(
            version.submitted_at,
            _name(version.submitted_by),
            f"Ingediend: versie {version.number}{signed}",
            f"{filled}Kenmerk {version.source_file.sha256}.",
            url=_file(submission, version.source_file.uuid) if is_own else "",
            link="Download wat is ingediend",
        )


def _exemptions(submission: Submission) -> Iterator[Event]:
    for exemption in Exemption.objects.filter(submission=submission).select_related("asked_by", "answered_by"):
        yield Event(exemption.asked_at, exemption.asked_by.name, "Ontheffing gevraagd", exemption.grounds)
        if exemption.answered_at is not None and exemption.status != ExemptionStatus.ASKED:
            yield Event(
                exemption.answered_at,
                _name(exemption.answered_by),
                f"Verzoek om ontheffing {exemption.get_status_display().lower()}",
                exemption.answer,
            )
