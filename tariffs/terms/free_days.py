"""Days on which a statutory term does not end: Algemene termijnenwet art. 1(1) and 3.

The text is to be re-checked, see docs/compliance/terms.md.

Saturday, Sunday, and nine days by name. The holiday library computes those of the calendar and of Easter; which of its days
count is decided here, because the law and daily life differ: 5 May counts every year, also where collective agreements give
a day off once in five years. Further days can be equated by royal decree (art. 3(3)): a parameter, read from a file.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HOLIDAYS = {
    "Nieuwjaarsdag": "Nieuwjaarsdag",
    "Goede vrijdag": "Goede Vrijdag",  # equated by art. 3(2)
    "Tweede paasdag": "Tweede Paasdag",
    "Koningsdag": "Koningsdag",
    "Bevrijdingsdag": "Bevrijdingsdag",
    "Hemelvaartsdag": "Hemelvaartsdag",
    "Tweede pinksterdag": "Tweede Pinksterdag",
    "Eerste kerstdag": "Eerste Kerstdag",
    "Tweede kerstdag": "Tweede Kerstdag",
}
"""The library's name of each day of art. 3(1) and (2), and how a letter writes it."""

FIRST_YEAR = 2014
"""The first year of King's Day on 27 April; before it other days held, and no term of the portal is that old."""

EQUATED_FILE = Path(__file__).parent.parent / "equated_days.toml"


@dataclass(frozen=True)
class EquatedDay:
    """A day that a royal decree equates with a holiday: ``source`` names the decree, ``checked`` is when somebody read it."""

    day: dt.date
    source: str
    checked: dt.date | None


def read_equated_days(path: Path = EQUATED_FILE) -> tuple[EquatedDay, ...]:
    """Read the file of equated days. Raises ``ValueError`` for a row without a source, an unknown key or a day named twice."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := content.keys() - {"day"}:
        raise ValueError(f"{path.name}: unknown {', '.join(sorted(unknown))}")
    days: dict[dt.date, EquatedDay] = {}
    for row in content.get("day", []):
        if row.keys() | {"checked"} != {"date", "source", "checked"}:
            raise ValueError(
                f"{path.name}: a day has a date, a source and at most a date on which it was checked, not {row}"
            )
        day, checked = row["date"], row.get("checked")
        # A TOML moment is a datetime, which Python also counts as a date.
        is_checked = checked is None or type(checked) is dt.date
        if type(day) is not dt.date or not is_checked or not str(row["source"]).strip():
            raise ValueError(f"{path.name}: {row} needs dates and the name of a decree")
        if day in days:
            raise ValueError(f"{path.name}: {day} stands there twice")
        days[day] = EquatedDay(day=day, source=row["source"], checked=checked)
    return tuple(days.values())


@cache
def equated_days() -> frozenset[dt.date]:
    """Return the equated days that the portal knows: what callers give as ``equated``."""
    return frozenset(row.day for row in read_equated_days())


def free_day_name(day: dt.date, *, equated: Collection[dt.date]) -> str | None:
    """Say why no statutory term ends on this day, as it follows "Dat is …"; ``None`` for a working day.

    Raises ``ValueError`` for a year before 2014.
    """
    if name := _holidays_of(day.year).get(day):
        return name
    if day.weekday() == 5:
        return "een zaterdag"
    if day.weekday() == 6:
        return "een zondag"
    return "een dag die bij koninklijk besluit met een feestdag is gelijkgesteld" if day in equated else None


def is_free_day(day: dt.date, *, equated: Collection[dt.date]) -> bool:
    """Whether the day is a Saturday, a Sunday, a holiday of art. 3(1)–(2) or one of the ``equated`` days of art. 3(3)."""
    return free_day_name(day, equated=equated) is not None


def next_working_day(day: dt.date, *, equated: Collection[dt.date]) -> dt.date:
    """Return the day itself if it is a working day, else the first working day after it (art. 1(1))."""
    while is_free_day(day, equated=equated):
        day += dt.timedelta(days=1)
    return day


@cache
def _holidays_of(year: int) -> dict[dt.date, str]:
    """The days of art. 3(1) and (2) in one year, with the name for a letter."""
    if year < FIRST_YEAR:
        raise ValueError(f"holidays are known from {FIRST_YEAR}, not for {year}")
    # Imported here: it takes a fifth of a second, and most processes of the portal never count a term.
    import holidays

    # The library calls 5 May a public holiday once in five years and an optional one in every year: both are needed.
    found = holidays.country_holidays("NL", years=year, categories=("public", "optional"), language="nl")
    days = {day: name for day in found for name in found.get_list(day) if name in HOLIDAYS}
    named = {name for day in found for name in found.get_list(day)}
    if missing := HOLIDAYS.keys() - named:
        raise ValueError(f"the holiday library no longer names {', '.join(sorted(missing))} in {year}")
    return {day: HOLIDAYS[name] for day, name in days.items()}
