"""What somebody has to know before she puts letters in the post: to a proxy, without a street, or with a day that draws near."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Func, TextField, Value
from django.utils import timezone

from providers.formatting import format_date
from providers.models import Round
from tariffs.models import Letter, LetterKind, TermEvent, TermEventKind
from tariffs.terms import amsterdam_day

#: So many letters without a street are named; of the others only how many.
MOST_NAMED = 5
_POSTCODE = re.compile(r"\d{4}\s?[A-Z]{2}\b")


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A letter that is not in the post yet, as far as somebody has to look at its envelope."""

    dated: date
    what: str
    provider: str
    proxy: str
    has_street: bool


def to_proxy(name: str) -> str:
    """Say to whom a letter goes if there is a proxy, and where the address is: not in the portal."""
    return (
        f"Stuur deze brief aan de gemachtigde, {name} (art. 6:17 Awb); het adres staat in het bezwaar of de machtiging."
    )


def warnings(round: Round) -> dict[date, list[str]]:
    """Return, by date on the letters, what to look at before they go in the post; in two queries."""
    found: dict[date, list[str]] = {}
    without: dict[date, list[Envelope]] = {}
    for item in _envelopes(round):
        if item.proxy:
            found.setdefault(item.dated, []).append(f"{item.what}: {to_proxy(item.proxy)}")
        elif not item.has_street:
            without.setdefault(item.dated, []).append(item)
    for dated, those in without.items():
        found.setdefault(dated, []).append(_without_street(those))
    for dated, sentence in _remedies(round):
        found.setdefault(dated, []).append(sentence)
    return found


def _envelopes(round: Round) -> list[Envelope]:
    rows = (
        Letter.objects.filter(round=round, goes_by_post=True, posting=None)
        .annotate(head=Func(F("body"), Value("\n\n"), Value(1), function="split_part", output_field=TextField()))
        .select_related("provider", "objection")
        .defer("body", "figures")
        .order_by("pk")
    )
    return [
        Envelope(
            dated=letter.dated,
            what=f"{letter.get_kind_display()} {letter.reference}",
            provider=letter.provider.name,
            proxy=letter.objection.representative if letter.objection is not None else "",
            has_street=has_street(letter.head),
        )
        for letter in rows
    ]


def has_street(head: str) -> bool:
    """Tell whether an address has more than a name and a place: a street or a box."""
    return any(not _POSTCODE.match(line.strip()) for line in head.splitlines()[1:])


def _without_street(those: Sequence[Envelope]) -> str:
    names = list(dict.fromkeys(item.provider for item in those))
    more = len(names) - MOST_NAMED
    named = f"{', '.join(names[:MOST_NAMED])}{f' en nog {more}' if more > 0 else ''}"
    what = "1 brief heeft" if len(those) == 1 else f"{len(those)} brieven hebben"
    return f"{what} geen straat of postbus in het adres: {named}. Zoek het adres op en schrijf het op de envelop."


def _remedies(round: Round) -> list[tuple[date, str]]:
    """Say of each request to mend an objection that lies here until when the answer may come (6:6): that day does not move."""
    today = amsterdam_day(timezone.now())
    asked = TermEvent.objects.filter(
        kind=TermEventKind.REMEDY_ASKED,
        on=F("objection__letters__dated"),
        objection__letters__kind=LetterKind.OBJECTION_REMEDY,
        objection__letters__goes_by_post=True,
        objection__letters__posting=None,
        objection__letters__round=round,
    ).select_related("objection")
    return [
        (
            event.on,
            f"{event.objection.reference}: aanvullen kan tot en met {format_date(event.until)}"
            f" ({_left((event.until - today).days)}). Die dag schuift niet op als de brief later weggaat. Is de tijd te kort,"
            " wacht dan langer op de aanvulling (art. 6:6 Awb).",
        )
        for event in asked.order_by("pk")
        if event.until is not None
    ]


def _left(days: int) -> str:
    if days < 0:
        return "voorbij"
    return "vandaag" if days == 0 else f"nog {days} {'dag' if days == 1 else 'dagen'}"
