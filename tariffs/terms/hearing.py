"""What has to happen before a hearing (Awb 7:4). Counted back from it, so nothing runs on (Algemene termijnenwet art. 1(2))."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from providers.formatting import format_date
from tariffs.terms.term import DAY, Length, Term

CLEAR_DAYS = 10
"""Days between the last paper and the hearing (7:4(1)): "tot tien dagen voor" makes the eleventh day before it the last one."""

NOT_LONGER = "art. 1, tweede lid, Algemene termijnenwet"


@dataclass(frozen=True)
class HearingTerms:
    """``notice``: last day to send the invitation. ``papers``: last day for papers. ``file``: when the file lies open."""

    notice: Term
    papers: Term
    file: Term


def hearing_terms(*, hearing_on: dt.date, notice: Length) -> HearingTerms:
    """Count back from the day of the hearing.

    ``notice`` is the reasonable time, in days or weeks, between invitation and hearing: the law names none. It has to leave time
    for papers, on which the invitation has to point (7:4(3)); otherwise ``ValueError``.

    Papers: the last day is the eleventh before the hearing, as the Council of State reads the same words in 8:58 (24 May 2006,
    ECLI:NL:RVS:2006:AX4384). File: open for at least a week before the hearing (7:4(2)): the seven days before it.
    """
    if notice.unit not in ("days", "weeks"):
        raise ValueError("the time between invitation and hearing is in days or weeks")
    invited = hearing_on - DAY * notice.number * (7 if notice.unit == "weeks" else 1)
    papers = hearing_on - DAY * (CLEAR_DAYS + 1)
    if invited > papers:
        raise ValueError("an invitation so late comes after the last day for papers")
    opens, closes = hearing_on - DAY * 7, hearing_on - DAY
    hearing = format_date(hearing_on)
    return HearingTerms(
        notice=_last_day(
            "Uitnodiging voor de hoorzitting",
            ("art. 7:2 Awb",),
            invited,
            f"De hoorzitting is op {hearing}. De uitnodiging gaat uiterlijk op {format_date(invited)} weg:"
            f" {notice} van tevoren.",
        ),
        papers=_last_day(
            "Nadere stukken",
            ("art. 7:4, eerste lid, Awb", NOT_LONGER),
            papers,
            f"De hoorzitting is op {hearing}. Stukken kunt u insturen tot tien dagen daarvoor, dus tot en met"
            f" {format_date(papers)} (art. 7:4, eerste lid, Awb).",
        ),
        file=Term(
            name="Inzage in het dossier",
            articles=("art. 7:4, tweede lid, Awb", NOT_LONGER),
            starts=opens,
            nominal_end=closes,
            end=closes,
            sentence=(
                f"De hoorzitting is op {hearing}. Het dossier ligt een week daarvoor open, van {format_date(opens)} tot en met"
                f" {format_date(closes)} (art. 7:4, tweede lid, Awb)."
            ),
        ),
    )


def _last_day(name: str, articles: tuple[str, ...], day: dt.date, sentence: str) -> Term:
    return Term(name=name, articles=articles, starts=None, nominal_end=day, end=day, sentence=sentence)
