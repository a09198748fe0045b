"""Saved states of a submission: looking at the newest, saving the next, and what happens when two people save at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from providers import history, powers, prefill
from providers.access import Actor
from providers.audit import record
from providers.contents import Contents, conflicts, difference, differing, from_json, to_json
from providers.formatting import format_datetime
from providers.models import (
    EDITABLE,
    Act,
    Draft,
    How,
    Power,
    RoundStatus,
    SignatureAnswer,
    SignatureRequest,
    Submission,
    SubmissionStatus,
    Upload,
)
from providers.refusal import Overtaken, Refused


@dataclass(eq=False)
class Comparison(Overtaken):
    """What the second person to save sees: her own changes beside those that were saved meanwhile."""

    base: Contents
    newest: Draft
    mine: Mapping[str, Any]
    theirs: Mapping[str, Any]

    @property
    def conflicts(self) -> list[str]:
        """Return the parts that both changed, into different things."""
        return conflicts(self.mine, self.theirs)


def newest_of(submission: Submission) -> Draft | None:
    """Return the saved state that counts, or ``None`` if nothing was saved yet."""
    return Draft.objects.filter(submission=submission).order_by("-number").first()


def contents_of(draft: Draft | None, submission: Submission, *, earlier: prefill.Earlier | None = None) -> Contents:
    """Return what a saved state holds; without one, what the portal knows already (``earlier``: last year, if looked up)."""
    return from_json(draft.contents) if draft is not None else prefill.contents_for(submission, earlier)


def save(
    *,
    submission: Submission,
    changes: Mapping[str, Any],
    based_on: int,
    actor: Actor,
    how: How = How.FORM,
    upload: Upload | None = None,
    by: Contents | None = None,
    at: datetime | None = None,
    key: str = "",
) -> Draft:
    """Save ``changes`` (by part, see :mod:`providers.contents`) on top of saved state ``based_on``; return the newest state.

    ``by`` knows the cells of figures that were read from a file. ``at`` is the moment at which it was received, if that was
    earlier: it was in time then, and reading it took until now. ``key`` is the start of the key with which another system saves.
    Raises :class:`~providers.refusal.Refused` outside the term, and :class:`Comparison` if somebody saved meanwhile.
    """
    with transaction.atomic():
        locked = lock(submission, actor, Power.DELIVER)
        if at is None:
            require_open(locked, timezone.now())
        else:
            require_editable(locked)
        newest = newest_of(locked)
        number = newest.number if newest else 0
        contents = contents_of(newest, locked)
        wanted = differing(contents, changes)
        if number != based_on:
            base = _state(locked, based_on)
            # A change is what differs from the state she saw; what is the same by now needs no comparing.
            mine = differing(base, wanted)
            if mine:
                assert newest is not None
                raise Comparison(base=base, newest=newest, mine=mine, theirs=difference(base, contents))
            wanted = {}
        if not wanted and newest is not None:
            return newest
        if newest is None:
            newest = _add(locked, Contents(), contents, number=1, how=How.PREFILLED)
        if not wanted:
            return newest
        changed = contents.with_parts(wanted, by=by)
        made = _add(locked, contents, changed, number=newest.number + 1, how=how, upload=upload, actor=actor, at=at)
        details = {"draft": made.number, "how": how.value, **({"key": key} if key else {})}
        record(act=Act.DRAFT_SAVED, actor=actor, subject=str(locked), details=details)
        SignatureRequest.objects.filter(submission=locked, answer=SignatureAnswer.WAITING).update(
            answer=SignatureAnswer.OVERTAKEN, answered_by=actor.user, answered_at=timezone.now()
        )
        if locked.status == SubmissionStatus.NOT_STARTED:
            history.move(submission=locked, to=SubmissionStatus.DRAFT, actor=actor)
    return made


def repeat(submission: Submission) -> Draft | None:
    """Put the newest state of a locked submission there once more, so that it can be offered and signed again as it is."""
    newest = newest_of(submission)
    if newest is None:
        return None
    # Word for word: the database lets nobody but the portal put figures there, unless they are what stood there.
    return Draft.objects.create(
        submission=submission,
        number=newest.number + 1,
        how=How.PREFILLED,
        contents=newest.contents,
        upload=newest.upload,
    )


def lock(submission: Submission, actor: Actor | None = None, *needed: Power) -> Submission:
    """Return the submission as it is now, locked: everybody who saves, signs or moves it waits for the other.

    Raises :class:`~providers.refusal.Refused` unless ``actor`` acts for its provider with one of the powers ``needed``, or, if
    none is named, works for the NZa. Without an actor it is the portal itself that does something.
    """
    if actor is not None and needed:
        powers.require(actor, submission.provider, *needed)
    else:
        powers.require_staff(actor)
    return (
        Submission.objects.select_for_update(of=("self",))
        .select_related("round__previous", "provider")
        .get(pk=submission.pk)
    )


def require_open(submission: Submission, moment: datetime) -> None:
    """Raise :class:`~providers.refusal.Refused` if the provider cannot work on its figures at ``moment``, saying why."""
    if submission.round.is_delivered_here and submission.merged_into_id is None and not submission.accepts_at(moment):
        raise Refused(_why_closed(submission, moment))
    require_editable(submission)


def require_editable(submission: Submission) -> None:
    """Raise :class:`~providers.refusal.Refused` if the figures are not with the provider, whatever the clock says."""
    round = submission.round
    if not round.is_delivered_here:
        raise Refused("De gegevens van deze ronde komen uit een andere bron. U kunt ze hier alleen lezen.")
    if round.status == RoundStatus.ARCHIVED:
        raise Refused("Deze ronde is afgesloten. U kunt de gegevens nog lezen.")
    if submission.merged_into_id is not None:
        raise Refused("Uw organisatie is opgegaan in een andere zorgaanbieder. Die levert de gegevens aan.")
    if submission.status not in EDITABLE:
        raise Refused(CLOSED_BY_STATUS[SubmissionStatus(submission.status)])


CLOSED_BY_STATUS = {
    SubmissionStatus.SUBMITTED: "De aanlevering is al ingediend. Trek haar eerst in; daarna kunt u weer iets wijzigen.",
    SubmissionStatus.IN_REVIEW: "De NZa controleert de aanlevering. Wilt u iets verbeteren, vraag de NZa dan om haar terug te"
    " leggen.",
    SubmissionStatus.VALIDATED: "De aanlevering is gevalideerd. Wilt u iets verbeteren, vraag de NZa dan haar terug te leggen.",
    SubmissionStatus.EXCLUDED: "De NZa heeft de aanlevering uitgesloten. U kunt nu niets wijzigen.",
    SubmissionStatus.EXEMPT: "U heeft ontheffing voor deze ronde. U hoeft niets aan te leveren.",
}


def _why_closed(submission: Submission, moment: datetime) -> str:
    round, deadline = submission.round, submission.deadline
    if not round.has_begun(moment):
        begins = f"U kunt aanleveren vanaf {format_datetime(round.opens_at)}." if round.opens_at else ""
        return f"Deze ronde is nog niet open. {begins}".strip()
    ask = "Vraag de NZa om uitstel als u toch nog moet aanleveren."
    if deadline is not None and moment.replace(microsecond=0) > deadline:
        return f"De termijn is voorbij: u kon aanleveren tot en met {format_datetime(deadline)}. {ask}"
    if round.status == RoundStatus.ARCHIVED:
        return "Deze ronde is afgesloten. U kunt de gegevens nog lezen."
    return f"De NZa heeft deze ronde gesloten. {ask}"


def _state(submission: Submission, number: int) -> Contents:
    if number == 0:
        first = Draft.objects.filter(submission=submission, number=1).first()
        return from_json(first.contents) if first else prefill.contents_for(submission)
    draft = Draft.objects.filter(submission=submission, number=number).first()
    if draft is None:
        raise Refused(
            "Wij herkennen niet welke gegevens u voor u had. Open de bladzijde opnieuw en vul uw wijziging in."
        )
    return from_json(draft.contents)


def _add(
    submission: Submission,
    before: Contents,
    after: Contents,
    *,
    number: int,
    how: How,
    upload: Upload | None = None,
    actor: Actor | None = None,
    at: datetime | None = None,
) -> Draft:
    return Draft.objects.create(
        submission=submission,
        number=number,
        how=how,
        contents=to_json(after),
        changed=sorted(difference(before, after)),
        upload=upload,
        made_by=actor.user if actor else None,
        made_at=at or timezone.now(),
    )
