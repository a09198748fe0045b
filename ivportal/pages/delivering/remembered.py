"""What stays the same for ever, remembered in this process: what stands in a saved state, and what the checks say about it.

A saved state is never changed, nor are last year's delivery and the figures of the sector that it is checked against. People go
back and forth between the pages of one delivery, so most of the work for a page was done for the page before it. Whoever asks has
looked the saved state up with the rights that she has; nothing is found here by anything else.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import lru_cache

from providers import checking, prefill
from providers.checking import Basis, Verdict
from providers.contents import Contents, from_json
from providers.models import Draft, Submission

#: How many saved states are remembered, at some 30 kB each.
MOST = 500


@dataclass(frozen=True)
class _Check:
    """A saved state and what it is checked against, known by their identifiers."""

    state: uuid.UUID
    last_year: uuid.UUID | None
    basis: Basis | None
    template: str
    submission: Submission = field(compare=False)
    contents: Contents = field(compare=False)
    earlier: prefill.Earlier = field(compare=False)


def contents_of(draft: Draft) -> Contents:
    """Return what stands in a saved state, which may have been looked up without it."""
    return _contents(draft.uuid)


def verdict_on(draft: Draft, submission: Submission, earlier: prefill.Earlier) -> Verdict:
    """Return what the checks say about a saved state, against last year and the sector as it is now."""
    return _verdict(
        _Check(
            state=draft.uuid,
            last_year=earlier.version,
            basis=checking.newest_basis(submission),
            template=submission.round.template_version,
            submission=submission,
            contents=contents_of(draft),
            earlier=earlier,
        )
    )


@lru_cache(maxsize=MOST)
def _contents(state: uuid.UUID) -> Contents:
    return from_json(Draft.objects.values_list("contents", flat=True).get(uuid=state))


@lru_cache(maxsize=MOST)
def _verdict(asked: _Check) -> Verdict:
    return checking.check(
        submission=asked.submission, contents=asked.contents, earlier=asked.earlier, basis=asked.basis
    )
