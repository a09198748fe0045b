"""Terms to speak before anything is decided: interpretation period, views on an intended decision, a draft on display.

Only the last is statutory. The others are set by the authority: length and courtesy are parameters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from tariffs.terms.term import DAY, Length, Term, count_term


def interpretation_term(*, released_on: dt.date, length: Length, courtesy: bool, equated: Collection[dt.date]) -> Term:
    """Return the period to answer on released mirror information. No law sets it: no article, the policy of the round does."""
    return count_term(
        name="Duidingsperiode",
        articles=(),
        start_article="",
        starts=released_on + DAY,
        length=length,
        extension="courtesy" if courtesy else "none",
        equated=equated,
    )


def views_term(*, sent_on: dt.date, length: Length, courtesy: bool, equated: Collection[dt.date]) -> Term:
    """Return the term for views on an intended decision (Awb 4:8). The law asks for the occasion and names no length."""
    return count_term(
        name="Zienswijzetermijn",
        articles=("art. 4:8 Awb",),
        start_article="art. 4:8 Awb",
        starts=sent_on + DAY,
        length=length,
        extension="courtesy" if courtesy else "none",
        equated=equated,
    )


def draft_term(*, available_on: dt.date, announced_on: dt.date, equated: Collection[dt.date]) -> Term:
    """Six weeks for views if the uniform public procedure of Awb section 3.4 is followed (3:16(1); 3:11 keeps the draft open).

    Unlike other terms it begins *on* the day on which the draft is available and that was announced (3:16(2)), so on the later
    of the two. Whether views are in time follows 6:9 (3:16(3)): see ``timeliness``.
    """
    return count_term(
        name="Terinzagelegging",
        articles=("art. 3:11 Awb", "art. 3:16 Awb"),
        start_article="art. 3:16, tweede lid, Awb",
        starts=max(available_on, announced_on),
        length=Length(6, "weeks"),
        extension="law",
        equated=equated,
    )
