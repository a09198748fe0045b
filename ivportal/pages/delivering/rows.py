"""One row of the form of figures: what it says, and how it is written.

Writing them is most of the work of that page, and a row that says the same is written the same, whoever's it is: so written rows
are remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from ivportal.pages.delivering.form import EXPLANATION_HELP

#: How many written rows are remembered, at some 2 kB each.
MOST = 8000


@dataclass(frozen=True)
class Said:
    """What a check says at a row; see ``templates/components/finding.html``."""

    severity: str
    code: str
    message: str
    remedy: str
    explanation: str = ""


@dataclass(frozen=True)
class Row:
    """Everything that a row shows, as it is shown."""

    code: str
    part: str
    label: str
    explanation: str
    unit: str
    book_year: int
    typed: str
    error: str
    previous_year: int | None
    previous: str
    change: str
    findings: tuple[Said, ...]
    cell: str
    source: str
    source_value: str
    is_corrected: bool
    taken_over: int
    is_unread: bool
    empty_part: str
    is_left_empty: bool
    asks: bool
    said_part: str
    said: str
    said_error: str
    may_fill_in: bool


def written(row: Row) -> SafeString:
    """Return the row as HTML, for this page alone."""
    return render_to_string("providers/delivering/_figure_row.html", {"row": row, "explanation_help": EXPLANATION_HELP})


@lru_cache(maxsize=MOST)
def remembered(row: Row) -> SafeString:
    """Return the row as HTML, written once for all pages that show the same; only for what is stored, which has its bounds."""
    return written(row)
