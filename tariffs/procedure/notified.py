"""When a decision was really made known: from the day after it the term to object or to appeal runs (Awb 3:41, 6:8).

Who gets it in the portal has it on the day on the letter. What goes by post is made known by sending it: on the day on which the
letter was put in the post, if that is later. Until somebody has written that day down, the day on the letter counts.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django.db.models import OuterRef, QuerySet, Subquery

from tariffs.models import Decision, LetterKind, Objection, Posting

Made = TypeVar("Made", Decision, Objection)
#: The letters with which a decision, and a decision on an objection, is made known.
NOTIFYING = (LetterKind.DECISION, LetterKind.OBJECTION_DECISION)
_UNKNOWN: Any = object()


def notified_on(subject: Decision | Objection) -> date:
    """Return the day on which a decision that was sent, or the decision on an objection, was made known."""
    dated = subject.sent_on if isinstance(subject, Decision) else subject.decided_on
    assert dated is not None
    posted = posted_on(subject)
    return dated if posted is None else max(dated, posted)


def posted_on(subject: Decision | Objection) -> date | None:
    """Return the day on which the letter with it was put in the post; ``None`` if it did not go by post, or nobody knows yet."""
    known = subject.__dict__.get("went_on", _UNKNOWN)
    if known is not _UNKNOWN:
        found: date | None = known
        return found
    if subject.pk is None:
        return None
    return _postings(type(subject), subject.pk).values_list("posted_on", flat=True).first()


def with_posting(rows: QuerySet[Made]) -> QuerySet[Made]:
    """Return the same rows, each with the day of its post: asking for it costs no further query then."""
    return rows.annotate(went_on=Subquery(_postings(rows.model, OuterRef("pk")).values("posted_on")[:1]))


def _postings(model: type[Decision] | type[Objection], of: Any) -> QuerySet[Posting]:
    whose = {"letter__decision": of} if model is Decision else {"letter__objection": of}
    kinds = NOTIFYING if model is Decision else (LetterKind.OBJECTION_DECISION,)
    return Posting.objects.filter(letter__kind__in=kinds, **whose).order_by("pk")
