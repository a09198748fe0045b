"""Statutory terms, computed exactly: pure functions on days, without a database (docs/compliance/terms.md).

Everything takes ``equated``: the days that a royal decree puts on a par with a holiday (``equated_days()`` reads the file).
"""

from tariffs.terms.deciding import (
    Adjournment,
    Suspension,
    decision_term,
    delay_suspension,
    remedy_suspension,
)
from tariffs.terms.free_days import (
    EquatedDay,
    equated_days,
    free_day_name,
    is_free_day,
    next_working_day,
    read_equated_days,
)
from tariffs.terms.hearing import HearingTerms, hearing_terms
from tariffs.terms.late import (
    Penalty,
    PenaltyAmounts,
    PrematureNotice,
    notice_of_default,
    penalty,
)
from tariffs.terms.lodging import (
    Lodged,
    Timeliness,
    TimelinessDecision,
    appeal_term,
    counts_as_in_time,
    format_received,
    last_day_by_post,
    objection_term,
    remedy_term,
    timeliness,
)
from tariffs.terms.term import Length, Term, amsterdam_day, count_term
from tariffs.terms.views import draft_term, interpretation_term, views_term

__all__ = [
    "Adjournment",
    "EquatedDay",
    "HearingTerms",
    "Length",
    "Lodged",
    "Penalty",
    "PenaltyAmounts",
    "PrematureNotice",
    "Suspension",
    "Term",
    "Timeliness",
    "TimelinessDecision",
    "amsterdam_day",
    "appeal_term",
    "count_term",
    "counts_as_in_time",
    "decision_term",
    "delay_suspension",
    "draft_term",
    "equated_days",
    "format_received",
    "free_day_name",
    "hearing_terms",
    "interpretation_term",
    "is_free_day",
    "last_day_by_post",
    "next_working_day",
    "notice_of_default",
    "objection_term",
    "penalty",
    "read_equated_days",
    "remedy_suspension",
    "remedy_term",
    "timeliness",
    "views_term",
]
