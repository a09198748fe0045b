"""Corrections of delivered figures: what was accepted, and how that comes into the data.

Nothing is overwritten. In a round that is delivered in the portal the correction is a new saved state that the board signs; in a
round of another source the NZa itself adds a version, of which the file is the correction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from providers import checking, contents, desk, drafts, notices, powers, review, signing
from providers.access import Actor
from providers.audit import record
from providers.contents import Contents
from providers.formatting import format_datetime
from providers.models import (
    EDITABLE,
    Act,
    Draft,
    Finding,
    How,
    MeasuredValue,
    Round,
    RoundStatus,
    SignatureRequest,
    SourceFile,
    Statement,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)
from providers.refusal import Refused
from providers.rounds import content_hash
from tariffs.models import InterpretationResponse, ResponseOutcome, Settlement
from tariffs.policies import current_policy
from tariffs.procedure.corrected_figures import (
    as_figures,
    as_text,
    contents_of,
    corrected,
    findings_after,
    newest_version,
)
from tariffs.procedure.responses import facts_of, subject_of

FORMAT: Final = 1
ACCEPTED: Final = (ResponseOutcome.ACCEPTED, ResponseOutcome.PARTLY)
NEXT_YEAR: Final = (
    "Volgens het beleid van deze ronde tellen verbeterde gegevens mee in de vergelijking van het volgende jaar. De uitkomst van"
    " deze ronde verandert er niet door."
)


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
    return versions_of([response]).get(response.pk)


def versions_of(responses: Collection[InterpretationResponse]) -> dict[int, SubmissionVersion]:
    """Return the delivered versions that hold accepted corrections, by key of the response; one that nobody signed has none.

    In one query beside what was read with the responses, however many there are.
    """
    carried = [(item.pk, item.carried_into) for item in responses if item.version is None and item.carried_into]
    signed = Statement.objects.filter(draft__submission__in={draft.submission_id for _, draft in carried})
    by_number = list(signed.select_related("draft", "version").order_by("version__number")) if carried else []
    found = {item.pk: item.version for item in responses if item.version is not None}
    for pk, draft in carried:
        later = (
            each.version
            for each in by_number
            if each.draft.submission_id == draft.submission_id and each.draft.number >= draft.number
        )
        if (first := next(later, None)) is not None:
            found[pk] = first
    return found


def holds_correction(version: SubmissionVersion) -> bool:
    """Tell whether a delivered version is the first to hold a correction that was accepted."""
    submission = version.submission
    own = [item for item in accepted_in(submission.round) if item.provider_id == submission.provider_id]
    return version in versions_of(own).values()


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
