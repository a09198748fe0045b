"""One thing that happened in a case: how the time line shows it, and how it is placed there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from providers.formatting import AMSTERDAM, format_date, format_datetime
from providers.models import User
from tariffs.models import CaseFile, Channel, Letter
from tariffs.procedure.case import CaseOf
from tariffs.terms import amsterdam_day

Direction = Literal["in", "out", ""]
NZA = "de NZa"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened: from whom, what, and in which channel. ``direction``: to the NZa, from it, or neither.

    ``day``: the day of something of which nobody wrote down an hour; then ``at`` is only its place in the order.
    """

    at: datetime
    who: str
    what: str
    text: str = ""
    channel: str = ""
    direction: Direction = ""
    letter: Letter | None = None
    files: tuple[CaseFile, ...] = ()
    day: date | None = None

    @property
    def when(self) -> str:
        """Return the moment in words; without an hour if only the day is known."""
        return format_datetime(self.at) if self.day is None else format_date(self.day)


def name(user: User | None) -> str:
    """Return the name of somebody; the NZa itself if nobody was written down."""
    return user.name if user is not None else NZA


def start_of(day: date) -> datetime:
    """Return the first moment of a day in Amsterdam."""
    return datetime.combine(day, time.min, tzinfo=AMSTERDAM)


def day_only(moment: datetime, channel: str = "") -> date | None:
    """Return the day of what came in outside the portal with the hour left empty: that is kept as the beginning of the day."""
    local = moment.astimezone(AMSTERDAM)
    return local.date() if channel != Channel.PORTAL and local.time() == time.min else None


def place_on(day: date, moments: Iterable[datetime]) -> datetime:
    """Return where something of a day stands in its order: after those of ``moments`` that are of that day."""
    return max([start_of(day), *(moment for moment in moments if amsterdam_day(moment) == day)])


def files_with(case: CaseOf, **of: int) -> tuple[CaseFile, ...]:
    """Return the files that came with one response, with views or with an objection: ``objection=…`` and its key."""
    ((what, pk),) = of.items()
    return tuple(item for item in case.files if getattr(item, f"{what}_id") == pk)
