"""What every page of delivering begins with: the provider's own submission, what stands in it, and what may be done now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone

from ivportal.pages.delivering import remembered
from providers import drafts, prefill, signing
from providers.access import Actor
from providers.checking import Verdict, check
from providers.contents import Contents
from providers.models import (
    EDITABLE,
    Draft,
    Exemption,
    ExemptionStatus,
    Power,
    RoundStatus,
    SignatureAnswer,
    SignatureRequest,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
    User,
)
from providers.refusal import Refused


@dataclass
class Desk:
    """A provider's submission as its own people see it now."""

    actor: Actor
    submission: Submission

    @cached_property
    def draft(self) -> Draft | None:
        """Return the newest saved state; what stands in it is asked of the database only if need be."""
        return Draft.objects.filter(submission=self.submission).order_by("-number").defer("contents", "changed").first()

    @property
    def number(self) -> int:
        """Return the number of the newest saved state, 0 if there is none."""
        return self.draft.number if self.draft else 0

    @cached_property
    def contents(self) -> Contents:
        """Return what stands in it."""
        if self.draft is None:
            return prefill.contents_for(self.submission, self.earlier)
        return remembered.contents_of(self.draft)

    @cached_property
    def verdict(self) -> Verdict:
        """Return what the checks say about it."""
        if self.draft is None:
            return check(submission=self.submission, contents=self.contents, earlier=self.earlier)
        return remembered.verdict_on(self.draft, self.submission, self.earlier)

    @cached_property
    def earlier(self) -> prefill.Earlier:
        """Return the figures of last year."""
        return prefill.earlier_of(self.submission)

    @cached_property
    def previous(self) -> SubmissionVersion | None:
        """Return what was delivered last year."""
        return prefill.previous_version(self.submission)

    @cached_property
    def version(self) -> SubmissionVersion | None:
        """Return the newest delivered version."""
        return SubmissionVersion.objects.filter(submission=self.submission).order_by("-number").first()

    @cached_property
    def _last_request(self) -> SignatureRequest | None:
        """Return the last request to sign; nothing waits once it was delivered."""
        if self.draft is None or not self.is_at_work:
            return None
        return SignatureRequest.objects.filter(submission=self.submission).first()

    @property
    def request(self) -> SignatureRequest | None:
        """Return the request to sign that waits."""
        last = self._last_request
        return last if last is not None and last.answer == SignatureAnswer.WAITING else None

    @property
    def declined(self) -> SignatureRequest | None:
        """Return the last request to sign if it was declined and nothing changed since."""
        last = self._last_request
        if last is None or self.draft is None or last.draft_id != self.draft.pk:
            return None
        return last if last.answer == SignatureAnswer.DECLINED else None

    @cached_property
    def exemption(self) -> Exemption | None:
        """Return the last request for exemption."""
        return Exemption.objects.filter(submission=self.submission).first()

    @cached_property
    def closed_because(self) -> str:
        """Return why nothing can be changed now; empty if it can."""
        try:
            drafts.require_open(self.submission, timezone.now())
        except Refused as refused:
            return str(refused)
        return ""

    @property
    def is_open(self) -> bool:
        """Tell whether the figures can be worked on."""
        return not self.closed_because

    @property
    def may_fill_in(self) -> bool:
        """Tell whether this person may change figures now."""
        return self.is_open and self.actor.can(Power.DELIVER)

    @property
    def may_withdraw(self) -> bool:
        """Tell whether this person may take the delivery back now."""
        return (
            self.submission.status == SubmissionStatus.SUBMITTED
            and self.submission.accepts_at(timezone.now())
            and (self.actor.can(Power.DELIVER) or self.actor.can(Power.SIGN))
        )

    @property
    def may_ask_exemption(self) -> bool:
        """Tell whether exemption can be asked now."""
        waiting = self.exemption is not None and self.exemption.status == ExemptionStatus.ASKED
        return self.may_fill_in and not waiting

    @cached_property
    def signatories(self) -> list[str]:
        """Return the names of who can sign."""
        return [user.name for user in signing.signatories(self.submission, busy=self.fillers)]

    @cached_property
    def fillers(self) -> list[User]:
        """Return who filled in figures."""
        return signing.fillers(self.submission) if self.draft else []

    @property
    def may_sign(self) -> bool:
        """Tell whether this person may sign what waits."""
        return (
            self.is_open
            and self.request is not None
            and self.actor.can(Power.SIGN)
            and self.actor.user not in self.fillers
        )

    @property
    def is_filled(self) -> bool:
        """Tell whether somebody filled in something."""
        return self.number > 1 or (self.draft is not None and self.draft.made_by_id is not None)

    @property
    def is_at_work(self) -> bool:
        """Tell whether the figures are with the provider."""
        return self.submission.status in EDITABLE


def desk_of(request: Any, slug: str) -> Desk:
    """Return the own submission in a round that is no draft any more; 404 for anything else."""
    submission = get_object_or_404(
        Submission.objects.visible_to(request.actor)
        .exclude(round__status=RoundStatus.DRAFT)
        .select_related("round__previous", "provider"),
        round__slug=slug,
    )
    return Desk(actor=request.actor, submission=submission)
