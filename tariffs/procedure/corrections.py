"""Corrections of delivered figures: what can be corrected, what was accepted, and how that comes into the data.

Nothing is overwritten. In a round that is delivered in the portal the correction is a new saved state that the board signs; in a
round of another source the NZa itself adds a version, of which the file is the correction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from benchmarking.datasets import canonical_number
from providers import checking, checks, contents, desk, drafts, notices, powers, review, signing
from providers.access import Actor
from providers.audit import record
from providers.checking import Verdict
from providers.contents import FIGURE, Contents, Figure
from providers.formatting import format_datetime
from providers.measures import CATALOGUE
from providers.models import (
    EDITABLE,
    Act,
    Draft,
    Finding,
    How,
    MeasuredValue,
    Round,
    RoundStatus,
    Severity,
    SignatureRequest,
    SourceFile,
    Statement,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)
from providers.refusal import Refused
from providers.rounds import content_hash
from providers.workbook.content import Cell
from tariffs.models import InterpretationResponse, ResponseOutcome, Settlement
from tariffs.policies import current_policy
from tariffs.procedure.responses import facts_of, subject_of

#: Sheet of a figure that was corrected in the interpretation period.
CORRECTION: Final = "Correctie"
FORMAT: Final = 1
ACCEPTED: Final = (ResponseOutcome.ACCEPTED, ResponseOutcome.PARTLY)
NEXT_YEAR: Final = (
    "Volgens het beleid van deze ronde tellen verbeterde gegevens mee in de vergelijking van het volgende jaar. De uitkomst van"
    " deze ronde verandert er niet door."
)


def as_text(changes: Mapping[str, Decimal]) -> dict[str, str]:
    """Return figures by measure as they are stored: as text with a point."""
    return {code: canonical_number(value) for code, value in sorted(changes.items())}


def as_figures(changes: Mapping[str, str]) -> dict[str, Decimal]:
    """Return stored figures as numbers."""
    return {code: Decimal(text) for code, text in changes.items()}


def newest_version(submission: Submission) -> SubmissionVersion | None:
    """Return what was delivered last."""
    return SubmissionVersion.objects.filter(submission=submission).order_by("-number").first()


def contents_of(version: SubmissionVersion) -> Contents:
    """Return what stands in a delivered version: as it was signed, or as it was read from a source."""
    statement = Statement.objects.filter(version=version).select_related("draft").first()
    if statement is not None:
        return contents.from_json(statement.draft.contents)
    return Contents(
        figures={
            row.measure: Figure(value=row.value, cell=Cell(row.sheet, row.row, row.column), raw=row.raw)
            for row in MeasuredValue.objects.filter(version=version)
        }
    )


def corrected(before: Contents, changes: Mapping[str, Decimal]) -> Contents:
    """Return contents with other figures, which name the correction as the place they come from."""
    after = before.with_parts({f"{FIGURE}{code}": value for code, value in changes.items()})
    figures = {
        code: replace(after.figures[code], cell=Cell(CORRECTION), raw=canonical_number(value))
        for code, value in changes.items()
    }
    return replace(after, figures={**after.figures, **figures})


def require_possible(*, submission: Submission, changes: Mapping[str, Decimal]) -> None:
    """Raise :class:`~providers.refusal.Refused` if these are no figures of this delivery, or would make an error of it."""
    version = newest_version(submission)
    if version is None:
        raise Refused(
            "U leverde in deze ronde niets aan. Er valt dus niets te verbeteren; stel een vraag of licht het toe."
        )
    if not changes:
        raise Refused("Vul bij ten minste één gegeven het juiste getal in.")
    before = contents_of(version)
    for code, value in changes.items():
        if code not in submission.round.measures or code not in before.figures:
            raise Refused(f"{code} is geen gegeven dat u in deze ronde aanleverde.")
        if before.figures[code].value == value:
            raise Refused(f"Bij ‘{CATALOGUE[code].label}’ vulde u het getal in dat er al staat. Laat dat veld leeg.")
    new = _new_errors(
        checking.check(submission=submission, contents=before),
        checking.check(submission=submission, contents=corrected(before, changes)),
    )
    if new:
        raise Refused("\n".join(["Met deze getallen klopt de opgave zelf niet meer.", *new]))


def _new_errors(before: Verdict, after: Verdict) -> list[str]:
    known = {(item.rule.code, item.measure) for item in before.errors}
    return [
        f"{item.message} {item.rule.mend}".strip()
        for item in after.errors
        if (item.rule.code, item.measure) not in known
    ]


def findings_after(
    *, submission: Submission, version: SubmissionVersion, changes: Mapping[str, Decimal]
) -> list[Finding]:
    """Return the findings that a version with these corrections would have; they are not stored.

    What only the reader of a file could notice stays, unless it is about a figure that is corrected.
    """
    before = contents_of(version)
    known = {(item.rule.code, item.measure) for item in checking.check(submission=submission, contents=before).found}
    kept = [
        Finding(
            rule=row.rule,
            severity=row.severity,
            measure=row.measure,
            sheet=row.sheet,
            row=row.row,
            column=row.column,
            message=row.message,
            mend=row.mend,
            needs_explanation=row.needs_explanation,
        )
        for row in Finding.objects.filter(version=version, ended_at__isnull=True)
        if (row.rule, row.measure) not in known and row.measure not in changes and not checks.rule(row.rule).check
    ]
    verdict = checking.check(submission=submission, contents=corrected(before, changes))
    return [*(checking.row_of(version, item) for item in verdict.found), *kept]


def errors_after(*, submission: Submission, version: SubmissionVersion, changes: Mapping[str, Decimal]) -> str:
    """Return the codes of hard errors after these corrections, as a dataset holds them: sorted, joined by space."""
    found = findings_after(submission=submission, version=version, changes=changes)
    return " ".join(sorted({row.rule for row in found if row.severity == Severity.ERROR}))


# ── what was accepted ──────────────────────────────────────────────────────────────────────────────────────────────


def accepted_in(round: Round) -> list[InterpretationResponse]:
    """Return every correction that was accepted in a round, in the order in which that was done."""
    return list(
        InterpretationResponse.objects.filter(report__release__round=round, outcome__in=ACCEPTED)
        .exclude(accepted_changes={})
        .select_related("provider", "version", "carried_into__submission")
        .order_by("answered_at", "pk")
    )


def waiting(round: Round, provider_id: int | None = None) -> list[InterpretationResponse]:
    """Return the accepted corrections that are not carried over yet, of everybody or of one provider."""
    return [
        item
        for item in accepted_in(round)
        if item.carried_into_id is None
        and item.version_id is None
        and (provider_id is None or item.provider_id == provider_id)
    ]


def version_of(response: InterpretationResponse) -> SubmissionVersion | None:
    """Return the delivered version that holds an accepted correction; ``None`` as long as nobody signed it."""
    if response.version is not None:
        return response.version
    draft = response.carried_into
    if draft is None:
        return None
    signed = Statement.objects.filter(draft__submission=draft.submission_id, draft__number__gte=draft.number)
    first = signed.select_related("version").order_by("version__number").first()
    return first.version if first is not None else None


# ── carrying over ──────────────────────────────────────────────────────────────────────────────────────────────────


def carry_over(
    *, response: InterpretationResponse, actor: Actor, until: datetime | None = None
) -> list[InterpretationResponse]:
    """Bring all accepted corrections of the same provider that wait into the data, and return them.

    In a round that is delivered here ``until`` is the last moment for the board to sign; the new state is offered to it if the
    checks allow. Done twice, nothing happens twice. Raises :class:`~providers.refusal.Refused` if the policy settles corrections
    next year.
    """
    powers.require_staff(actor)
    with transaction.atomic():
        round = Round.objects.select_for_update(no_key=True).get(pk=response.report.release.round_id)
        if current_policy(round).corrections_settled == Settlement.NEXT_YEAR:
            raise Refused(NEXT_YEAR)
        submission = drafts.lock(Submission.objects.get(round=round, provider=response.provider_id), actor)
        found = waiting(round, response.provider_id)
        response.refresh_from_db()
        if response.outcome not in ACCEPTED or not response.accepted_changes:
            raise Refused("Alleen een correctie die is overgenomen kan in de gegevens komen.")
        if response not in found:
            return []
        changes: dict[str, Decimal] = {}
        for item in found:
            changes |= as_figures(item.accepted_changes)
        if round.is_delivered_here:
            draft = _into_draft(submission, found, changes, until, actor)
            for item in found:
                item.carried_into = draft
                item.save(update_fields=["carried_into"])
        else:
            version = _into_version(submission, found, changes, actor)
            for item in found:
                item.version = version
                item.save(update_fields=["version"])
        for item in found:
            record(act=Act.CORRECTION_CARRIED_OVER, actor=actor, subject=subject_of(item), details=facts_of(item))
    response.refresh_from_db()
    return found


def _into_draft(
    submission: Submission,
    responses: Sequence[InterpretationResponse],
    changes: Mapping[str, Decimal],
    until: datetime | None,
    actor: Actor,
) -> Draft:
    """Open a delivery again with the corrections in it, and offer it to the board of the provider if the checks allow."""
    if submission.merged_into_id is not None or submission.status == SubmissionStatus.EXEMPT:
        raise Refused(
            "Deze zorgaanbieder levert in deze ronde niet zelf aan. De correctie kan niet worden overgenomen."
        )
    if submission.round.status == RoundStatus.ARCHIVED:
        raise Refused("Deze ronde is afgesloten. De correctie kan niet meer in de gegevens van deze ronde komen.")
    _open_again(submission, responses, until, actor)
    newest = drafts.newest_of(submission)
    before = drafts.contents_of(newest, submission)
    after = corrected(before, changes)
    after = _explained(submission, after, responses)
    # Who asked for the correction filled it in, so that somebody else signs.
    draft = Draft.objects.create(
        submission=submission,
        number=newest.number + 1 if newest else 1,
        how=How.FORM,
        contents=contents.to_json(after),
        changed=sorted(contents.difference(before, after)),
        made_by=responses[-1].submitted_by,
        made_at=timezone.now(),
    )
    record(
        act=Act.DRAFT_SAVED,
        actor=actor,
        subject=str(submission),
        details={"draft": draft.number, "how": "correction", "responses": [str(item.uuid) for item in responses]},
    )
    _offer(submission, draft, after, responses[-1], actor)
    return draft


def _open_again(
    submission: Submission, responses: Sequence[InterpretationResponse], until: datetime | None, actor: Actor
) -> None:
    running = review.running_term(submission)
    term = max(filter(None, [until, running]), default=None)
    if term is None:
        raise Refused("Kies tot wanneer het bestuur de verbeterde gegevens kan ondertekenen.")
    numbers = ", ".join(str(item.number) for item in responses)
    reason = (
        f"Wij hebben uw correctie overgenomen (reactie {numbers} in de duidingsperiode). De verbeterde getallen staan klaar."
        " Laat ze ondertekenen: dan tellen ze mee."
    )
    status = SubmissionStatus(submission.status)
    if status in (SubmissionStatus.VALIDATED, SubmissionStatus.EXCLUDED):
        review.reopen(submission=submission, reason=reason, until=term, actor=actor)
    elif status not in EDITABLE:
        if status == SubmissionStatus.SUBMITTED:
            review.take(submission=submission, actor=actor)
        review.give_back(submission=submission, reason=reason, until=term, actor=actor)
    elif running is None or term > running:
        change = desk.give_term(submission=submission, until=term, reason=reason, actor=actor)
        desk.tell_of_term(change, [submission])
    submission.refresh_from_db()


def _explained(submission: Submission, after: Contents, responses: Iterable[InterpretationResponse]) -> Contents:
    """Return contents in which the provider's own words explain a corrected figure, where a check asks for that."""
    words = {code: item.text[:2000] for item in responses for code in item.accepted_changes}
    asked = {item.measure for item in checking.check(submission=submission, contents=after).unexplained}
    said = {code: text for code, text in words.items() if code in asked}
    return replace(after, explanations={**after.explanations, **said})


def _offer(
    submission: Submission, draft: Draft, after: Contents, response: InterpretationResponse, actor: Actor
) -> None:
    to = signing.signatories(submission)
    if not to or not checking.check(submission=submission, contents=after).is_ready:
        return
    request = SignatureRequest.objects.create(submission=submission, draft=draft, asked_by=response.submitted_by)
    record(act=Act.SIGNATURE_ASKED, actor=actor, subject=str(submission), details={"draft": draft.number})
    notices.tell(
        kind="signature_requested",
        to=to,
        provider=submission.provider,
        round=submission.round,
        occasion=str(request.uuid),
        path=reverse("own_submission", args=[submission.round.slug]),
        termijn=format_datetime(submission.deadline),
        wie=response.submitted_by.name,
    )


def _into_version(
    submission: Submission,
    responses: Sequence[InterpretationResponse],
    changes: Mapping[str, Decimal],
    actor: Actor,
) -> SubmissionVersion:
    """Add a version to a delivery that was read from a source: its file is the correction, all else is copied with its cells."""
    previous = newest_version(submission)
    assert previous is not None
    now = timezone.now()
    number = previous.number + 1
    content = _document(submission, previous, responses, changes, actor, now)
    file = SourceFile.objects.create(
        provider=submission.provider,
        name=f"correctie-{submission.round.slug}-{submission.provider.key}-v{number}.json",
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    after = corrected(contents_of(previous), changes)
    version = SubmissionVersion.objects.create(
        submission=submission,
        number=number,
        source_file=file,
        file_name=file.name,
        sha256=content_hash(checking.delivery_of(submission, after)),
        submitted_at=now,
    )
    MeasuredValue.objects.bulk_create(
        MeasuredValue(
            version=version,
            measure=code,
            value=figure.value,
            sheet=figure.cell.sheet,
            row=figure.cell.row,
            column=figure.cell.column,
            raw=figure.raw[:120],
        )
        for code, figure in after.figures.items()
    )
    findings = findings_after(submission=submission, version=previous, changes=changes)
    for finding in findings:
        finding.version = version
    Finding.objects.bulk_create(findings)
    return version


def _document(
    submission: Submission,
    previous: SubmissionVersion,
    responses: Iterable[InterpretationResponse],
    changes: Mapping[str, Decimal],
    actor: Actor,
    now: datetime,
) -> bytes:
    """Return the correction as canonical JSON: what was asked, what was accepted, by whom, and on which version it builds."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "round": submission.round.slug,
        "provider": {"key_scheme": submission.provider.key_scheme, "key": submission.provider.key},
        "corrects": {"version": previous.number, "sha256": previous.sha256},
        "responses": [
            {
                "uuid": str(item.uuid),
                "asked_by": item.submitted_by.name,
                "asked_at": item.submitted_at.isoformat(),
                "asked": item.changes,
                "accepted": item.accepted_changes,
                "accepted_by": item.answered_by.name if item.answered_by else "",
                "accepted_at": item.answered_at.isoformat() if item.answered_at else "",
            }
            for item in responses
        ],
        "figures": as_text(changes),
        "carried_over_by": actor.user.name,
        "carried_over_at": now.isoformat(),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()
