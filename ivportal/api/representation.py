"""What the API says about a round, a submission, a file and a receipt: plain dictionaries, in the shape of :mod:`~.shapes`.

Figures leave as text with a decimal point, so that no program on the way loses a digit.
"""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.urls import reverse

from ivportal.pages.delivering.form import label_of
from ivportal.pages.delivering.lookup import Desk
from ivportal.pages.delivering.signing import receipt_of
from providers.checking import Verdict
from providers.contents import (
    EXPLANATION,
    FIGURE,
    LOCATIONS,
    ORGANISATION,
    ORGANISATION_FIELDS,
    REMARKS,
    UNREAD,
    Contents,
    Figure,
    told,
)
from providers.drafts import Comparison
from providers.measures import CATALOGUE, Measure
from providers.models import Finding, Round, Submission, SubmissionVersion, Upload, UploadStatus
from providers.workbook.content import Cell, SourceError


def text_of(value: Decimal | None) -> str | None:
    """Return a figure as text, ``None`` if there is none."""
    return None if value is None else format(value, "f")


def round_of(round: Round, submission: Submission | None = None) -> dict[str, Any]:
    """Return a round; with the caller's own submission, if it delivers in it."""
    return {
        "slug": round.slug,
        "title": round.title,
        "book_year": round.book_year,
        "currency": round.currency,
        "template": round.template_version,
        "is_fictitious": round.is_fictitious,
        "is_delivered_here": round.is_delivered_here,
        "status": round.status,
        "status_label": round.get_status_display(),
        "opens_at": round.opens_at,
        "deadline": round.deadline,
        "submission": None
        if submission is None
        else {
            "status": submission.status,
            "status_label": submission.get_status_display(),
            "deadline": submission.deadline,
        },
    }


def measure_of(measure: Measure) -> dict[str, Any]:
    """Return what is asked, in words and with its bounds."""
    return {
        "code": measure.code,
        "label": measure.label,
        "description": measure.description,
        "unit": measure.unit,
        "kind": measure.kind,
        "is_whole": measure.is_whole,
        "minimum": text_of(measure.minimum),
        "maximum": text_of(measure.maximum),
        "plausible_minimum": text_of(measure.plausible_minimum),
        "plausible_maximum": text_of(measure.plausible_maximum),
    }


def document_of(submission: Submission, contents: Contents) -> dict[str, Any]:
    """Return contents as the document that can be changed and sent back."""
    round, provider = submission.round, submission.provider
    return {
        "round": round.slug,
        "book_year": round.book_year,
        "template": round.template_version,
        "currency": round.currency,
        "key_scheme": provider.key_scheme,
        "key": provider.key,
        "values": {code: text_of(contents.values().get(code)) for code in round.measures},
        "explanations": dict(contents.explanations),
        "remarks": contents.remarks,
        "organisation": {name: contents.organisation.get(name, "") for name in ORGANISATION_FIELDS},
        "locations": [asdict(place) for place in contents.locations],
    }


def delivery_of(desk: Desk) -> dict[str, Any]:
    """Return where the own delivery stands: its saved state, what the checks say and what follows."""
    submission = desk.submission
    found = findings_now(desk)
    previous = desk.earlier.values
    return {
        "round": submission.round.slug,
        "provider": {
            "key_scheme": submission.provider.key_scheme,
            "key": submission.provider.key,
            "name": submission.provider.name,
        },
        "status": submission.status,
        "status_label": submission.get_status_display(),
        "deadline": submission.deadline,
        "may_change": desk.may_fill_in,
        "closed_because": desk.closed_because,
        "number": desk.number,
        "saved_at": desk.draft.made_at if desk.draft else None,
        "data": document_of(submission, desk.contents),
        "figures": [
            _figure(code, desk.contents.figures.get(code), previous.get(code)) for code in submission.round.measures
        ],
        "findings": found,
        "is_ready": desk.is_filled and not any(item["stands_in_the_way"] for item in found),
        "signature_request": None
        if desk.request is None
        else {"asked_at": desk.request.asked_at, "asked_by": desk.request.asked_by.name},
        "receipt": _receipt_url(desk.version),
    }


def _figure(code: str, figure: Figure | None, previous: Decimal | None) -> dict[str, Any]:
    return {
        "measure": code,
        "label": CATALOGUE[code].label,
        "value": text_of(figure.value) if figure else None,
        "previous": text_of(previous),
        "cell": str(figure.cell) if figure else "",
        "source": figure.source if figure else "",
        "source_value": text_of(figure.source_value) if figure else None,
        "is_corrected": bool(figure and figure.is_corrected),
    }


def findings_now(desk: Desk) -> list[dict[str, Any]]:
    """Return the findings: about the saved state while it is worked on, about the newest version after that."""
    if desk.is_at_work or desk.version is None:
        return _of_verdict(desk.verdict)
    rows = Finding.objects.visible_to(desk.actor).filter(version=desk.version, ended_at__isnull=True)
    return [_of_row(row) for row in rows.prefetch_related("explanations")]


def _of_verdict(verdict: Verdict) -> list[dict[str, Any]]:
    in_the_way = {id(item) for item in (*verdict.errors, *verdict.unexplained)}
    return [
        {
            "code": item.rule.code,
            "severity": item.rule.severity,
            "measure": item.measure,
            "message": item.message,
            "mend": item.rule.mend,
            "cell": str(item.cell),
            "needs_explanation": item.rule.explain,
            "explain_as": item.measure or item.rule.code,
            "explanation": verdict.explanation_of(item),
            "stands_in_the_way": id(item) in in_the_way,
        }
        for item in verdict.found
    ]


def _of_row(row: Finding) -> dict[str, Any]:
    said = next(iter(row.explanations.all()), None)
    return {
        "code": row.rule,
        "severity": row.severity,
        "measure": row.measure,
        "message": row.message,
        "mend": row.mend,
        "cell": str(Cell(row.sheet, row.row, row.column)),
        "needs_explanation": row.needs_explanation,
        "explain_as": row.measure or row.rule,
        "explanation": said.text if said else "",
        "stands_in_the_way": False,
    }


def _receipt_url(version: SubmissionVersion | None) -> str | None:
    if version is None or not hasattr(version, "statement"):
        return None
    return reverse("api_receipt", args=[version.uuid])


def differences(overtaken: Comparison) -> list[dict[str, Any]]:
    """Return, part by part, what the caller changed and what was saved meanwhile."""
    base, both = overtaken.base.parts(), set(overtaken.conflicts)
    now = {**base, **overtaken.theirs}
    return [
        {
            "path": path_of(part),
            "label": label_of(part),
            "base": _plain(base.get(part)),
            "saved": _plain(now.get(part)),
            "yours": _plain(overtaken.mine[part] if part in overtaken.mine else now.get(part)),
            "changed_by": "both" if part in both else "you" if part in overtaken.mine else "others",
        }
        for part in told(sorted({*overtaken.mine, *overtaken.theirs}))
    ]


def path_of(part: str) -> str:
    """Return where a part stands in the document."""
    if part in (LOCATIONS, REMARKS):
        return f"$.{part}"
    for kind, name in (
        (FIGURE, "values"),
        (UNREAD, "values"),
        (EXPLANATION, "explanations"),
        (ORGANISATION, "organisation"),
    ):
        if part.startswith(kind):
            return f"$.{name}.{part.removeprefix(kind)}"
    raise KeyError(part)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return text_of(value)
    if isinstance(value, tuple):
        return [asdict(place) for place in value]
    return value


def problems_of(refused: SourceError) -> list[dict[str, str]]:
    """Return why a document was refused, each reason with its path."""
    return [{"path": item.cell.sheet if item.cell else "$", "message": item.message} for item in refused.problems]


def upload_of(upload: Upload) -> dict[str, Any]:
    """Return what became of a file."""
    applied = upload.drafts.first()
    status = {UploadStatus.WAITING: "waiting", UploadStatus.REFUSED: "refused"}.get(UploadStatus(upload.status))
    return {
        "uuid": upload.uuid,
        "name": upload.file_name,
        "sha256": upload.source_file.sha256,
        "sent_at": upload.sent_at,
        "based_on": upload.based_on,
        "status": status or ("saved" if applied else "not_saved"),
        "status_label": upload.get_status_display(),
        "read_at": upload.read_at,
        "problems": list(upload.problems),
        "number": applied.number if applied else None,
    }


def receipt_document(version: SubmissionVersion) -> dict[str, Any]:
    """Return the receipt of a delivered version."""
    said = receipt_of(version)
    statement = said["statement"]
    return {
        "uuid": version.uuid,
        "round": said["round"].slug,
        "provider": {
            "key_scheme": said["provider"].key_scheme,
            "key": said["provider"].key,
            "name": said["provider"].name,
        },
        "version": version.number,
        "is_newest": said["is_newest"],
        "status": version.submission.status,
        "status_label": said["status_label"],
        "signed_at": statement.signed_at,
        "signed_by": said["signed_by"],
        "signed_as": statement.signed_as,
        "filled_in_by": list(said["filled_in_by"]),
        "statement": statement.text,
        "figures": said["figures"],
        "document_sha256": said["document_sha256"],
        "figures_sha256": said["figures_sha256"],
        "files": said["files"],
    }
