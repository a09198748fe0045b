"""A row of every kind that delivering makes, for each provider of a round: to see which of them the database lets through."""

from __future__ import annotations

from datetime import UTC, datetime

from providers.models import (
    Draft,
    Exemption,
    Explanation,
    Finding,
    Notice,
    Round,
    SectorBasis,
    SignatureRequest,
    SourceFigure,
    SourceFile,
    Statement,
    StatusChange,
    Submission,
    SubmissionVersion,
    TermChange,
    Upload,
    User,
)
from providers.notices import tell

MOMENT = datetime(2026, 5, 14, 21, 59, 59, tzinfo=UTC)


def store_delivering_rows(round: Round) -> None:
    """Store them; what is for all providers of the round is stored once."""
    for submission in round.submissions.select_related("provider"):
        _store(submission)
    TermChange.objects.create(round=round, after=MOMENT, reason="Voor allen.")
    SectorBasis.objects.create(round=round, content={}, deliveries=3)


def _store(submission: Submission) -> None:
    provider = submission.provider
    user = User.objects.create_user(f"{provider.key}@example.org", name=provider.name)
    file = SourceFile.objects.create(
        provider=provider, name="a.xlsx", sha256=provider.key.zfill(64), content=provider.key.encode()
    )
    upload = Upload.objects.create(
        submission=submission, source_file=file, file_name="a.xlsx", key="a", based_on=0, sent_by=user
    )
    draft = Draft.objects.create(
        submission=submission, number=1, how="upload", contents={}, upload=upload, made_by=user
    )
    SignatureRequest.objects.create(submission=submission, draft=draft, asked_by=user)
    version = SubmissionVersion.objects.get(submission=submission)
    finding = Finding.objects.create(version=version, rule="X", severity="note", message="x")
    Explanation.objects.create(finding=finding, text="Klopt.", made_by=user)
    Statement.objects.create(version=version, draft=draft, text="Ik verklaar.", signed_by=user, signed_as="bestuurder")
    # A second one without a statement, and a notice without a mail: there may be one of each.
    SubmissionVersion.objects.create(
        submission=submission,
        number=2,
        source_file=file,
        file_name="a.xlsx",
        sha256=provider.key.zfill(64),
        submitted_at=MOMENT,
    )
    StatusChange.objects.create(submission=submission, before="not_started", after="draft", by=user)
    TermChange.objects.create(round=submission.round, submission=submission, after=MOMENT, reason="Voor één.")
    Exemption.objects.create(submission=submission, grounds="Wij zijn klein.", asked_by=user)
    tell(kind="validated", to=[user], provider=provider, round=submission.round, occasion="rows")
    Notice.objects.create(
        recipient=user, provider=provider, kind="closed", key=f"rows-{provider.key}", subject="x", body="x"
    )
    SourceFigure.objects.create(
        key_scheme=provider.key_scheme, key=provider.key, book_year=2024, measure="fte", value=1, source="DigiMV"
    )
