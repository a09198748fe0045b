"""How figures that the NZa settled come into the data: accepted corrections, and what a granted objection rests on.

Nothing is overwritten. In a round that is delivered in the portal the figures become a new saved state that the board signs; in a
round of another source the NZa itself adds a version, of which the file says what was settled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from providers import checking, contents, desk, drafts, notices, review, signing
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
    RoundStatus,
    SignatureRequest,
    SourceFile,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
    User,
)
from providers.refusal import Refused
from providers.rounds import content_hash
from tariffs.procedure.corrected_figures import as_text, contents_of, corrected, findings_after, newest_version

FORMAT: Final = 1
#: Of the file of a version that the NZa added.
PREFIX: Final = "correctie-"
#: Characters of an explanation of one figure.
LONGEST_WORDS: Final = 2000


@dataclass(frozen=True, kw_only=True)
class Settled:
    """Figures of one provider that were settled."""

    changes: Mapping[str, Decimal]
    """By measure."""
    asked_by: User
    """Who asked for it; somebody else signs."""
    words: Mapping[str, str]
    """In the provider's own words, by measure, why a figure is what it is."""
    why: str
    """A Dutch sentence for the provider: what was decided."""
    origin: Mapping[str, Any]
    """What the file of a new version says of where the figures come from; a JSON object."""


def carry(
    *, submission: Submission, settled: Settled, until: datetime | None, actor: Actor
) -> Draft | SubmissionVersion:
    """Bring figures into the data of a delivery that the caller locked.

    In a round that is delivered here, as a saved state that the board has to sign before ``until``; offered to it at once if the
    checks allow. Elsewhere as a version. Raises :class:`~providers.refusal.Refused`.
    """
    if submission.round.is_delivered_here:
        return _into_draft(submission, settled, until, actor)
    return _into_version(submission, settled, actor)


def awaits(submission: Submission, changes: Mapping[str, Decimal]) -> bool:
    """Tell whether the newest version does not hold these figures while the newest saved state, which nobody signed, does."""
    newest = drafts.newest_of(submission)
    return (
        newest is not None
        and not holds(submission, changes)
        and _are_in(drafts.contents_of(newest, submission), changes)
    )


def holds(submission: Submission, changes: Mapping[str, Decimal]) -> bool:
    """Tell whether the newest version of a delivery holds these figures."""
    newest = newest_version(submission)
    return newest is not None and _are_in(contents_of(newest), changes)


def _are_in(found: Contents, changes: Mapping[str, Decimal]) -> bool:
    return all(code in found.figures and found.figures[code].value == value for code, value in changes.items())


def _into_draft(submission: Submission, settled: Settled, until: datetime | None, actor: Actor) -> Draft:
    """Open a delivery again with the figures in it, and offer it to the board of the provider if the checks allow."""
    if submission.merged_into_id is not None or submission.status == SubmissionStatus.EXEMPT:
        raise Refused(
            "Deze zorgaanbieder levert in deze ronde niet zelf aan. De gegevens kunnen niet worden overgenomen."
        )
    if submission.round.status == RoundStatus.ARCHIVED:
        raise Refused("Deze ronde is afgesloten. Er kan niets meer in de gegevens van deze ronde komen.")
    _open_again(submission, settled, until, actor)
    newest = drafts.newest_of(submission)
    before = drafts.contents_of(newest, submission)
    after = _explained(submission, corrected(before, settled.changes), settled.words)
    # Who asked for it filled it in, so that somebody else signs.
    draft = Draft.objects.create(
        submission=submission,
        number=newest.number + 1 if newest else 1,
        how=How.FORM,
        contents=contents.to_json(after),
        changed=sorted(contents.difference(before, after)),
        made_by=settled.asked_by,
        made_at=timezone.now(),
    )
    record(
        act=Act.DRAFT_SAVED,
        actor=actor,
        subject=str(submission),
        details={"draft": draft.number, "how": "correction", "origin": settled.why},
    )
    _offer(submission, draft, after, settled.asked_by, actor)
    return draft


def _open_again(submission: Submission, settled: Settled, until: datetime | None, actor: Actor) -> None:
    running = review.running_term(submission)
    term = max(filter(None, [until, running]), default=None)
    if term is None:
        raise Refused("Kies tot wanneer het bestuur de verbeterde gegevens kan ondertekenen.")
    reason = f"{settled.why} De verbeterde getallen staan klaar. Laat ze ondertekenen: dan tellen ze mee."
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


def _explained(submission: Submission, after: Contents, words: Mapping[str, str]) -> Contents:
    """Return contents in which the provider's own words explain a corrected figure, where a check asks for that."""
    asked = {item.measure for item in checking.check(submission=submission, contents=after).unexplained}
    said = {code: text[:LONGEST_WORDS] for code, text in words.items() if code in asked}
    return replace(after, explanations={**after.explanations, **said})


def _offer(submission: Submission, draft: Draft, after: Contents, asked_by: User, actor: Actor) -> None:
    to = signing.signatories(submission)
    if not to or not checking.check(submission=submission, contents=after).is_ready:
        return
    request = SignatureRequest.objects.create(submission=submission, draft=draft, asked_by=asked_by)
    record(act=Act.SIGNATURE_ASKED, actor=actor, subject=str(submission), details={"draft": draft.number})
    notices.tell(
        kind="signature_requested",
        to=to,
        provider=submission.provider,
        round=submission.round,
        occasion=str(request.uuid),
        path=reverse("own_submission", args=[submission.round.slug]),
        termijn=format_datetime(submission.deadline),
        wie=asked_by.name,
    )


def _into_version(submission: Submission, settled: Settled, actor: Actor) -> SubmissionVersion:
    """Add a version to a delivery that was read from a source; its file says what was settled, all else is copied."""
    previous = newest_version(submission)
    if previous is None:
        raise Refused("Deze zorgaanbieder leverde in deze ronde niets aan. Er valt niets te verbeteren.")
    now = timezone.now()
    number = previous.number + 1
    content = _document(submission, previous, settled, actor, now)
    file = SourceFile.objects.create(
        provider=submission.provider,
        name=f"{PREFIX}{submission.round.slug}-{submission.provider.key}-v{number}.json",
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    after = corrected(contents_of(previous), settled.changes)
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
    findings = findings_after(submission=submission, version=previous, changes=settled.changes)
    for finding in findings:
        finding.version = version
    Finding.objects.bulk_create(findings)
    return version


def _document(
    submission: Submission, previous: SubmissionVersion, settled: Settled, actor: Actor, now: datetime
) -> bytes:
    """Return what was settled as canonical JSON: where it comes from, and on which version it builds."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "round": submission.round.slug,
        "provider": {"key_scheme": submission.provider.key_scheme, "key": submission.provider.key},
        "corrects": {"version": previous.number, "sha256": previous.sha256},
        **settled.origin,
        "figures": as_text(settled.changes),
        "carried_over_by": actor.user.name,
        "carried_over_at": now.isoformat(),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()
