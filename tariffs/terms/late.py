"""When a decision is late: notice of default and penalty (Awb 4:17, by way of 7:14 for objections).

Text of 4:17 as of 2025, with changes announced for 1 January 2026; to be re-checked, see docs/compliance/terms.md. The
amounts are indexed: they come from outside, with their source, and none is built in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from providers.formatting import format_date, format_money
from tariffs.terms.term import DAY, Length, Term, count_term

PENALTY_DAYS = 42
STEP = 14


class PrematureNotice(ValueError):
    """The notice of default came before the authority was late: there is nothing to be in default of."""


@dataclass(frozen=True)
class PenaltyAmounts:
    """Euros a day in the first fourteen days, the next fourteen and the rest (4:17(2)), with their source and first day."""

    first: Decimal
    second: Decimal
    rest: Decimal
    source: str
    valid_from: dt.date

    def __post_init__(self) -> None:
        if min(self.first, self.second, self.rest) < 0 or not self.source.strip():
            raise ValueError("a penalty has three amounts of at least zero, and a source")

    @property
    def maximum(self) -> Decimal:
        """What 42 days cost."""
        return STEP * (self.first + self.second + self.rest)


@dataclass(frozen=True)
class Penalty:
    """What is due: the number of days (0–42), the amount in euros, and a Dutch sentence.

    With several objectors the amount is theirs together, in equal parts (4:17(7)). Whether none is due at all (4:17(6): notice
    unreasonably late, not an interested party, plainly inadmissible or unfounded) is for a person to decide.
    """

    first_day: dt.date
    days: int
    amount: Decimal
    is_maximum: bool
    sentence: str


def notice_of_default(*, decision_ended_on: dt.date, received_on: dt.date, equated: Collection[dt.date]) -> Term:
    """Two weeks to decide after all, from the day after the written notice was received (4:17(3)).

    The penalty runs from the day after ``end``. That the two weeks run on to a working day follows from 4:17(1), which keeps the
    Algemene termijnenwet away from the 42 days only. That the day after them is the first one with a penalty is our reading of
    "de dag waarop twee weken zijn verstreken": a decision on the last day of the two weeks is in time.

    Raises ``PrematureNotice`` if the term to decide had not ended before the day of receipt.
    """
    if received_on <= decision_ended_on:
        raise PrematureNotice(f"the term to decide ran until {decision_ended_on}; the notice came on {received_on}")
    return count_term(
        name="Ingebrekestelling",
        articles=("art. 4:17, derde lid, Awb",),
        start_article="art. 4:17, derde lid, Awb",
        starts=received_on + DAY,
        length=Length(2, "weeks"),
        extension="law",
        equated=equated,
    )


def penalty(*, notice: Term, in_default_through: dt.date, amounts: PenaltyAmounts) -> Penalty:
    """Return the penalty over the days after the two weeks of the notice, up to and including ``in_default_through``.

    That is the last day on which there was no decision yet. At most 42 days, weekends and holidays included (4:17(1)).
    """
    first_day = notice.end + DAY
    days = min(max((in_default_through - first_day).days + 1, 0), PENALTY_DAYS)
    steps = (min(days, STEP), min(max(days - STEP, 0), STEP), max(days - 2 * STEP, 0))
    amount = amounts.first * steps[0] + amounts.second * steps[1] + amounts.rest * steps[2]
    article = "art. 4:17, eerste en tweede lid, Awb"
    if days == 0:
        sentence = f"Er is geen dwangsom: die begint pas op {format_date(first_day)} ({article})."
    else:
        most = " (meer worden het er niet)" if days == PENALTY_DAYS else ""
        sentence = (
            f"De dwangsom loopt sinds {format_date(first_day)}. Over {days} {'dag' if days == 1 else 'dagen'}{most} is dat"
            f" {format_money(amount, decimals=2)} ({article})."
        )
    return Penalty(first_day=first_day, days=days, amount=amount, is_maximum=days == PENALTY_DAYS, sentence=sentence)
