"""When a decision was really made known: from the day after it the term to object or to appeal runs (Awb 3:41, 6:8).

Who gets it in the portal has it on the day on the letter. What goes by post is made known by sending it: on the day on which the
letter was put in the post, if that is later. Until somebody has written that day down, the day on the letter counts.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django.db.models import OuterRef, QuerySet, Subquery

from providers.formatting import format_date
from tariffs.models import Channel, Decision, DecisionStatus, LetterKind, Objection, Posting

Made = TypeVar("Made", Decision, Objection)
#: The letters with which a decision, and a decision on an objection, is made known.
NOTIFYING = (LetterKind.DECISION, LetterKind.OBJECTION_DECISION)
#: A decision of which the letter is not in the post yet.
TAKEN = "Besluit genomen"
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


def is_posting_unknown(decision: Decision) -> bool:
    """Tell whether a decision went by post and nobody wrote down yet on which day: then nobody is late (Awb 3:41, 6:8)."""
    return decision.sent_how == Channel.POST and posted_on(decision) is None


def status_of(decision: Decision) -> str:
    """Return where a decision stands: what was not put in the post yet was not made known (Awb 3:41)."""
    if decision.status == DecisionStatus.SENT and is_posting_unknown(decision):
        return TAKEN
    return decision.get_status_display()


def how_it_went(decision: Decision) -> str:
    """Say when and how the letter with a decision went; empty while none was written."""
    if decision.sent_on is None:
        return ""
    if decision.sent_how != Channel.POST:
        return f"Verstuurd op {format_date(decision.sent_on)}, in het portaal"
    return how_post_went(decision.sent_on, posted_on(decision))


def how_post_went(dated: date, posted: date | None) -> str:
    """Say of a letter that goes by post of which day it is, and whether it is in the post."""
    if posted is None:
        return f"Brief van {format_date(dated)}; nog niet op de post"
    return f"Brief van {format_date(dated)}; op de post gedaan op {format_date(posted)}"


def with_posting(rows: QuerySet[Made]) -> QuerySet[Made]:
    """Return the same rows, each with the day of its post: asking for it costs no further query then."""
    return rows.annotate(went_on=Subquery(_postings(rows.model, OuterRef("pk")).values("posted_on")[:1]))


def _postings(model: type[Decision] | type[Objection], of: Any) -> QuerySet[Posting]:
    whose = {"letter__decision": of} if model is Decision else {"letter__objection": of}
    kinds = NOTIFYING if model is Decision else (LetterKind.OBJECTION_DECISION,)
    return Posting.objects.filter(letter__kind__in=kinds, **whose).order_by("pk")
