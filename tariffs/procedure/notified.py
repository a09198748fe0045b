"""When a decision was really made known: from the day after it the term to object or to appeal runs (Awb 3:41, 6:8).

Who gets it in the portal has it on the day on the letter. What goes by post is made known by sending it: on the day on which the
letter was put in the post, if that is later. Until somebody has written that day down, the day on the letter counts.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from providers.formatting import format_date
from tariffs.models import Channel, Decision, DecisionStatus, Letter, LetterKind, Objection, Posting
from tariffs.terms import Term

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


def is_letter_waiting(subject: Decision | Objection) -> bool:
    """Tell whether the letter with an intention, or with the decision on an objection, goes by post and is not in it yet."""
    known = subject.__dict__.get("letter_waits")
    if known is not None:
        return bool(known)
    return subject.pk is not None and _waiting(type(subject), subject.pk).exists()


def is_posting_unknown(decision: Decision) -> bool:
    """Tell whether a decision went by post and nobody wrote down yet on which day: then nobody is late (Awb 3:41, 6:8)."""
    return decision.sent_how == Channel.POST and posted_on(decision) is None


def posted_sentence(subject: Decision | Objection, term: Term) -> str:
    """Return on which day a decision was put in the post and until when somebody can go on; empty if it went in the portal."""
    posted = posted_on(subject)
    if posted is None and (
        is_posting_unknown(subject) if isinstance(subject, Decision) else is_letter_waiting(subject)
    ):
        return "De brief is nog niet op de post; voorlopig rekent het portaal met de datum op de brief (art. 3:41 en 6:8 Awb)."
    if posted is None:
        return ""
    what, can = (
        ("Het besluit", "bezwaar maken") if isinstance(subject, Decision) else ("De beslissing", "beroep instellen")
    )
    return f"{what} is op {format_date(posted)} op de post gedaan; u kunt {can} tot en met {format_date(term.end)}."


def unposted_intention(decision: Decision) -> str:
    """Say what it does to the term for views that the letter with the intention is not in the post yet; empty if it is."""
    if not is_letter_waiting(decision):
        return ""
    return "De brief is nog niet op de post. Gaat hij later weg dan de datum erop, dan is er evenveel dagen langer de tijd."


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
    """Return the same rows, each with the day of its post and whether it waits for it: asking costs no further query then."""
    return rows.annotate(
        went_on=Subquery(_postings(rows.model, OuterRef("pk")).values("posted_on")[:1]),
        letter_waits=Exists(_waiting(rows.model, OuterRef("pk"))),
    )


def _waiting(model: type[Decision] | type[Objection], of: Any) -> QuerySet[Letter]:
    kind, whose = (
        (LetterKind.INTENDED, {"decision": of})
        if model is Decision
        else (LetterKind.OBJECTION_DECISION, {"objection": of})
    )
    return Letter.objects.filter(kind=kind, goes_by_post=True, posting=None, **whose)


def _postings(model: type[Decision] | type[Objection], of: Any) -> QuerySet[Posting]:
    whose = {"letter__decision": of} if model is Decision else {"letter__objection": of}
    kinds = NOTIFYING if model is Decision else (LetterKind.OBJECTION_DECISION,)
    return Posting.objects.filter(letter__kind__in=kinds, **whose).order_by("pk")
