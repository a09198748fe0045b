"""Until when the authority decides on an objection: length, standing still, adjournment (Awb 7:10, 7:13, 4:15 by way of 7:14).

Texts of 7:10 and 7:14 as commentaries quote them; to be re-checked, see docs/compliance/terms.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from providers.formatting import format_date
from tariffs.terms.term import DAY, Extension, Length, Term, explain_end, extended_end, last_day

Delay = Literal["objector", "force_majeure", "foreign_information"]

WITHOUT_COMMITTEE = Length(6, "weeks")
WITH_COMMITTEE = Length(12, "weeks")
LONGEST_ADJOURNMENT = dt.timedelta(weeks=6)
LONGEST_THAT_RUNS_ON = dt.timedelta(weeks=12)

DELAYS: dict[Delay, tuple[str, str]] = {
    "objector": ("art. 4:15, tweede lid, onder b, Awb", "de vertraging aan de bezwaarmaker ligt"),
    "force_majeure": ("art. 4:15, tweede lid, onder c, Awb", "de NZa door overmacht niet kan beslissen"),
    "foreign_information": ("art. 4:15, eerste lid, onder b, Awb", "gegevens uit het buitenland nodig zijn"),
}


@dataclass(frozen=True)
class Suspension:
    """Days on which the term stands still: from ``starts`` up to, not including, ``until`` ("tot de dag waarop").

    ``reason`` follows "omdat …". A suspension that still runs has no end yet: give the day after today as ``until`` and
    ``is_running``, and the sentence says that the term has no last day meanwhile.
    """

    starts: dt.date
    until: dt.date
    article: str
    reason: str
    is_running: bool = False

    def __post_init__(self) -> None:
        if self.until < self.starts:
            raise ValueError(f"a suspension from {self.starts} cannot end before {self.until}")


@dataclass(frozen=True)
class Adjournment:
    """The one adjournment of 7:10(3): at most six weeks, in days or weeks; told in writing on ``notified_on`` (7:10(5))."""

    notified_on: dt.date
    length: Length

    def __post_init__(self) -> None:
        if self.length.unit not in ("days", "weeks") or self.duration > LONGEST_ADJOURNMENT:
            raise ValueError(f"an adjournment is at most six weeks (7:10(3)), not {self.length}")

    @property
    def duration(self) -> dt.timedelta:
        return last_day(self.notified_on, self.length) - self.notified_on + DAY


def remedy_suspension(*, asked_on: dt.date, remedy: Term, remedied_on: dt.date | None) -> Suspension:
    """Return how long the term stands still because something had to be mended (7:10(2)).

    From the day after the request up to the day on which it was mended, or up to the day on which the remedy term lapsed
    unused. Article 7:10(1) calls the last day of a term the day on which it lapses, so that day runs again in both cases. As long
    as nothing is mended (``None``) the last day of the remedy term is reckoned with.
    """
    if remedied_on is not None and remedied_on < asked_on:
        raise ValueError("nothing is mended before it was asked for")
    in_time = remedied_on is not None and remedied_on <= remedy.end
    until = remedied_on if remedied_on is not None and in_time else remedy.end
    return Suspension(
        starts=asked_on + DAY,
        until=max(until, asked_on + DAY),
        article="art. 7:10, tweede lid, Awb",
        reason="de bezwaarmaker het bezwaar kon aanvullen",
    )


def delay_suspension(*, cause: Delay, starts: dt.date, until: dt.date, is_running: bool = False) -> Suspension:
    """Return a suspension of 4:15 that 7:14 leaves in force for objections.

    ``objector``: as long as the delay is due to the objector (4:15(2)(b)). ``force_majeure``: as long as the authority cannot
    decide (4:15(2)(c)). ``foreign_information``: from the day after it was asked abroad up to its receipt (4:15(1)(b)).
    Consent of the applicant (4:15(2)(a)) is *not* left in force: for objections that is further adjournment (7:10(4)).
    """
    article, reason = DELAYS[cause]
    return Suspension(starts=starts, until=until, article=article, reason=reason, is_running=is_running)


def decision_term(
    *,
    lodging_ended_on: dt.date,
    has_committee: bool,
    equated: Collection[dt.date],
    suspensions: Sequence[Suspension] = (),
    adjournment: Adjournment | None = None,
    agreed_until: dt.date | None = None,
) -> Term:
    """Count the term to decide on an objection.

    ``lodging_ended_on`` is the ``end`` of the objection term, run on where it did: the count begins the day after (7:10(1)).
    ``has_committee`` only if a committee of 7:13 advises *and* the objector was told so; otherwise six weeks stay six (Council of
    State 17 August 2016, ECLI:NL:RVS:2016:2233). ``agreed_until`` is the day up to which the objector, or all interested
    parties, agreed to wait (7:10(4)(a)–(b)); it does not run on, because people agreed on that day.

    Where the law leaves room, the earlier day is taken, so that the authority is never told it has longer than it has:

    - days of a suspension before the term began stop nothing; overlapping suspensions count once;
    - an adjournment is added to the six or twelve weeks before these run on to a working day;
    - twelve weeks plus an adjournment is a term of more than twelve weeks, to which the Algemene termijnenwet does not apply
      (art. 4); six plus six weeks is not. Suspended days do not make a term longer in this sense.

    A suspension that begins on a day to which the term had run on, stops what is left of it from there.

    Raises ``ValueError`` for a suspension or an adjournment after the term had ended, and for an agreed day that is no later.
    """
    starts = lodging_ended_on + DAY
    base = WITH_COMMITTEE if has_committee else WITHOUT_COMMITTEE
    nominal = last_day(starts, base)
    extension: Extension = "law"
    if adjournment is not None:
        known = [item for item in suspensions if item.starts <= adjournment.notified_on]
        _, end = _stand_still(starts, nominal, known, extension, equated)
        if adjournment.notified_on > end:
            raise ValueError(f"the term ended on {end}: it cannot be adjourned on {adjournment.notified_on}")
        nominal += adjournment.duration
        if nominal - starts + DAY > LONGEST_THAT_RUNS_ON:
            extension = "none"
    nominal, end = _stand_still(starts, nominal, suspensions, extension, equated)

    article = "art. 7:10, eerste lid, Awb"
    articles = [article, *(("art. 7:13 Awb",) if has_committee else ())]
    sentences = [
        f"De NZa beslist binnen {base}{', omdat een commissie adviseert' if has_committee else ''}."
        f" Die termijn begint op {format_date(starts)}, de dag na het einde van de bezwaartermijn ({article})."
    ]
    running = next((item for item in suspensions if item.is_running), None)
    for item in sorted(suspensions, key=lambda item: item.starts):
        if item is running or max(item.starts, starts) < item.until:
            sentences.append(_standing_still(item, starts))
            articles.append(item.article)
    if adjournment is not None:
        sentences.append(f"De NZa heeft de beslissing {adjournment.length} verdaagd (art. 7:10, derde lid, Awb).")
        articles.append("art. 7:10, derde lid, Awb")
    explained, more = explain_end(nominal_end=nominal, end=end, extension="law", equated=equated)
    if running is None:
        sentences.append(f"De termijn eindigt op {format_date(nominal)}.{explained}")
        articles.extend(more)
    elif agreed_until is None:
        sentences.append(
            "Zolang dat duurt, is er geen laatste dag. De NZa laat u weten wanneer de termijn weer loopt, en tot wanneer. Liep"
            f" zij morgen weer, dan was {format_date(end)} de laatste dag."
        )
    if agreed_until is not None:
        if agreed_until <= end:
            raise ValueError(f"the term runs until {end}: waiting until {agreed_until} is no further adjournment")
        nominal = end = agreed_until
        sentences.append(f"Met verder uitstel is ingestemd tot en met {format_date(end)} (art. 7:10, vierde lid, Awb).")
        articles.append("art. 7:10, vierde lid, Awb")
    return Term(
        name="Beslistermijn op bezwaar",
        articles=tuple(dict.fromkeys(articles)),
        starts=starts,
        nominal_end=nominal,
        end=end,
        sentence=" ".join(sentences),
        ends_by="art. 7:10, vierde lid, Awb"
        if agreed_until is not None
        else running.article
        if running is not None
        else "art. 7:10, derde lid, Awb"
        if adjournment is not None
        else "",
        stands_still=running is not None and agreed_until is None,
    )


def _stand_still(
    starts: dt.date,
    nominal: dt.date,
    suspensions: Sequence[Suspension],
    extension: Extension,
    equated: Collection[dt.date],
) -> tuple[dt.date, dt.date]:
    """The nominal and the extended last day of a term after what stopped it."""

    def run_on(day: dt.date) -> dt.date:
        return extended_end(starts=starts, nominal_end=day, equated=equated) if extension == "law" else day

    for first, until in _without_overlap(suspensions, starts):
        end = run_on(nominal)
        if first > end:
            raise ValueError(f"the term ended on {end}: it cannot stand still from {first}")
        # On a day to which the term had run on, what stops is the rest of that extension.
        nominal = (nominal if first <= nominal else end) + (until - first)
    return nominal, run_on(nominal)


def _without_overlap(suspensions: Sequence[Suspension], starts: dt.date) -> list[tuple[dt.date, dt.date]]:
    """The spans (until is outside) in which the running term stands still, in order, each day once."""
    spans: list[tuple[dt.date, dt.date]] = []
    for item in sorted(suspensions, key=lambda item: item.starts):
        first = max(item.starts, starts)
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], item.until))
        elif first < item.until:
            spans.append((first, item.until))
    return spans


def _standing_still(item: Suspension, starts: dt.date) -> str:
    """The sentence about one suspension, as far as it touches the term."""
    first = max(item.starts, starts)
    last = format_date(item.until - DAY)
    if item.is_running:
        since = (
            f"Zij staat vanaf die dag stil, als het dan nog zo is dat {item.reason}"
            if item.until <= starts
            else f"De termijn staat stil sinds {format_date(first)}, omdat {item.reason}"
        )
        return f"{since} ({item.article})."
    number = (item.until - first).days
    if number == 1:
        return f"De termijn stond op {last} stil, omdat {item.reason} ({item.article})."
    return (
        f"De termijn stond {number} dagen stil, van {format_date(first)} tot en met {last}, omdat {item.reason}"
        f" ({item.article})."
    )
