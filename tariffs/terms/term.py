"""A term in law: how long, from when, until when, on which article, and a sentence that explains it.

Days are days in Amsterdam; the last day counts until midnight there. Extension follows the Algemene termijnenwet (as
commentaries quote it; to be re-checked, see docs/compliance/terms.md):

- art. 1(1): a statutory term that ends on a Saturday, a Sunday or a holiday runs on to the next working day;
- art. 1(2): not when it is counted back from a moment or an event;
- art. 2: a statutory term of at least three days holds at least two working days;
- art. 4(a): neither holds for terms in hours, of more than 90 days, twelve weeks or three months, or in years.

"Statutory" is a term that a law or an order in council sets itself. A term that the authority sets is not: it may run on by
courtesy, which the sentence then says.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from providers.formatting import AMSTERDAM, format_date
from tariffs.terms.free_days import free_day_name, is_free_day, next_working_day

Unit = Literal["hours", "days", "weeks", "months", "years"]
Extension = Literal["law", "courtesy", "none"]

ATW_1 = "art. 1 Algemene termijnenwet"
ATW_2 = "art. 2 Algemene termijnenwet"
ATW_4 = "art. 4 Algemene termijnenwet"

DAY = dt.timedelta(days=1)
NUMBERS = ("een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf")
UNITS: dict[Unit, tuple[str, str]] = {
    "hours": ("uur", "uur"),
    "days": ("dag", "dagen"),
    "weeks": ("week", "weken"),
    "months": ("maand", "maanden"),
    "years": ("jaar", "jaar"),
}
LONGEST: dict[Unit, int] = {"hours": 0, "days": 90, "weeks": 12, "months": 3, "years": 0}
"""The longest term in each unit that art. 4(a) leaves to the Algemene termijnenwet."""


@dataclass(frozen=True)
class Length:
    """How long a term is: a whole number, at least 1, of one unit."""

    number: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError(f"a term of {self.number} {self.unit} is no term")

    def __str__(self) -> str:
        word = NUMBERS[self.number - 1] if self.number <= len(NUMBERS) else str(self.number)
        return f"{word} {UNITS[self.unit][self.number > 1]}"

    @property
    def runs_on_by_law(self) -> bool:
        """Whether a statutory term of this length falls under the Algemene termijnenwet at all (art. 4(a))."""
        return self.number <= LONGEST[self.unit]


@dataclass(frozen=True)
class Term:
    """A term with its reasons. ``end`` is the last day that counts; ``nominal_end`` the last day before any extension.

    ``starts`` is the first day, ``None`` where the law names only a last day. ``articles`` are written as in a letter.
    ``sentence`` is Dutch, for the people the term is about. ``ends_by``: the article that its last day stands on, if that is
    not the first of them. ``stands_still``: it does so now or from its first day on, nobody knows until when, and ``end`` is what
    it would be if it ran on tomorrow.
    """

    name: str
    articles: tuple[str, ...]
    starts: dt.date | None
    nominal_end: dt.date
    end: dt.date
    sentence: str
    ends_by: str = ""
    stands_still: bool = False

    @property
    def closes_at(self) -> dt.datetime:
        """The first moment that is too late: midnight in Amsterdam after the last day."""
        return dt.datetime.combine(self.end + DAY, dt.time.min, tzinfo=AMSTERDAM)

    def is_over(self, moment: dt.datetime) -> bool:
        """Whether the term had ended at this moment. Raises ``ValueError`` for a moment without a time zone."""
        return amsterdam_day(moment) > self.end


def amsterdam_day(moment: dt.datetime) -> dt.date:
    """Return the day in Amsterdam on which a moment falls. Raises ``ValueError`` for a moment without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone falls on no day in Amsterdam")
    return moment.astimezone(AMSTERDAM).date()


def last_day(starts: dt.date, length: Length) -> dt.date:
    """Return the last day, unextended, of a term whose first day is ``starts``: six weeks from a Tuesday end on a Monday.

    Months and years end on the day with the number of the day before the first one, or on the last day of a shorter month.
    Raises ``ValueError`` for hours, which do not end with a day.
    """
    if length.unit == "hours":
        raise ValueError("a term in hours does not end with a day")
    if length.unit in ("days", "weeks"):
        return starts + DAY * (length.number * (7 if length.unit == "weeks" else 1) - 1)
    event = starts - DAY
    month = event.month - 1 + length.number * (12 if length.unit == "years" else 1)
    year, month = event.year + month // 12, month % 12 + 1
    return dt.date(year, month, min(event.day, monthrange(year, month)[1]))


def extended_end(*, starts: dt.date, nominal_end: dt.date, equated: Collection[dt.date]) -> dt.date:
    """Return the last day of a term after Algemene termijnenwet art. 1(1) and 2."""
    end = next_working_day(nominal_end, equated=equated)
    if nominal_end - starts >= 2 * DAY:
        while not _holds_two_working_days(starts, end, equated):
            end = next_working_day(end + DAY, equated=equated)
    return end


def count_term(
    *,
    name: str,
    articles: tuple[str, ...],
    start_article: str,
    starts: dt.date,
    length: Length,
    extension: Extension,
    equated: Collection[dt.date],
) -> Term:
    """Count a term forward from its first day and explain it.

    ``extension``: "law" for a statutory term (Algemene termijnenwet, as far as its art. 4 lets it), "courtesy" for a term set by
    the authority that it lets run on to a working day, "none" for one it does not. ``start_article`` explains the first day;
    it may be empty.
    """
    nominal_end = last_day(starts, length)
    runs_on = extension == "courtesy" or (extension == "law" and length.runs_on_by_law)
    end = extended_end(starts=starts, nominal_end=nominal_end, equated=equated) if runs_on else nominal_end
    source = f" ({start_article})" if start_article else ""
    explained, more = explain_end(nominal_end=nominal_end, end=end, extension=extension, equated=equated)
    return Term(
        name=name,
        articles=(*articles, *more),
        starts=starts,
        nominal_end=nominal_end,
        end=end,
        sentence=(
            f"De termijn van {length} begint op {format_date(starts)}{source} en eindigt op {format_date(nominal_end)}."
            f"{explained}"
        ),
    )


def explain_end(
    *, nominal_end: dt.date, end: dt.date, extension: Extension, equated: Collection[dt.date]
) -> tuple[str, tuple[str, ...]]:
    """Say in Dutch why a term ends where it ends, and on which articles; both empty if there is nothing to say."""
    free = free_day_name(nominal_end, equated=equated)
    if end == nominal_end:
        if free is None:
            return "", ()
        if extension == "law":
            return f" Dat is {free}, maar een termijn van deze lengte loopt dan niet door ({ATW_4}).", (ATW_4,)
        return f" Dat is {free}. Deze termijn loopt dan niet door.", ()
    until = f"tot en met {format_date(end)}"
    if extension == "courtesy":
        because = f"Dat is {free}" if free else "In deze termijn vallen minder dan twee werkdagen"
        return f" {because}. De NZa laat de termijn daarom doorlopen {until}. Dat hoeft niet van de wet.", ()
    if free and next_working_day(nominal_end, equated=equated) == end:
        return f" Dat is {free}; daarom loopt de termijn door {until} ({ATW_1}).", (ATW_1,)
    return f" In de termijn moeten twee werkdagen vallen; daarom loopt hij door {until} ({ATW_2}).", (ATW_2,)


def _holds_two_working_days(starts: dt.date, end: dt.date, equated: Collection[dt.date]) -> bool:
    # No run of free days is as long as three weeks, so the last weeks of a long term settle it.
    first = max(starts, end - 21 * DAY)
    days = (first + DAY * number for number in range((end - first).days + 1))
    return sum(not is_free_day(day, equated=equated) for day in days) >= 2
