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
from tariffs.letters import FIRST_LINE
from tariffs.models import LetterKind, TermEventKind
from tariffs.procedure import posting
from tariffs.terms import amsterdam_day

#: So many letters are named in one sentence; of the others only how many.
MOST_NAMED = 5
_POSTCODE = re.compile(r"\d{4}\s?[A-Z]{2}\b")


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A letter that is not in the post yet, as far as somebody has to look at its envelope."""

    dated: date
    what: str
    provider: str
    proxy: str
    without_mandate: str
    has_street: bool


def to_proxy(name: str, *, has_street: bool) -> str:
    """Say to whom a letter goes if there is a proxy, and where her address is."""
    address = (
        "Het adres staat op de brief."
        if has_street
        else "In het portaal staat geen adres: zoek het op in het bezwaar of de machtiging, of vraag het aan de aanbieder, en"
        " schrijf het op de envelop."
    )
    return f"Stuur deze brief aan de gemachtigde, {name} (art. 6:17 Awb). {address}"


def warnings(round: Round) -> dict[date, list[str]]:
    """Return, by date on the letters, what to look at before they go in the post."""
    found: dict[date, list[str]] = {}
    without: dict[date, list[Envelope]] = {}
    for item in _envelopes(round):
        if item.proxy:
            sentence = to_proxy(item.proxy, has_street=item.has_street)
            found.setdefault(item.dated, []).append(f"{item.what}. {sentence}")
            continue
        if item.without_mandate:
            found.setdefault(item.dated, []).append(
                f"{item.what}. Stuur deze brief aan de aanbieder. {item.without_mandate} is genoemd als gemachtigde, maar er was"
                " nog geen machtiging (art. 2:1, tweede lid, Awb). U kunt haar een kopie sturen."
            )
        if not item.has_street:
            without.setdefault(item.dated, []).append(item)
    for dated, those in without.items():
        found.setdefault(dated, []).append(_without_street(those))
    for dated, sentence in [*_needless(round), *_remedies(round)]:
        found.setdefault(dated, []).append(sentence)
    return found


def _envelopes(round: Round) -> list[Envelope]:
    rows = (
        posting.by_post(round)
        .filter(posting=None)
        .annotate(head=Func(F("body"), Value("\n\n"), Value(1), function="split_part", output_field=TextField()))
        .select_related("provider", "objection")
        .defer("body", "figures")
        .order_by("pk")
    )
    found = []
    for letter in rows:
        named = letter.objection.representative if letter.objection is not None else ""
        is_to_proxy = bool(named) and letter.head.startswith(FIRST_LINE.format(proxy=named, own=""))
        found.append(
            Envelope(
                dated=letter.dated,
                what=f"{letter.get_kind_display()} {letter.reference}",
                provider=letter.provider.name,
                proxy=named if is_to_proxy else "",
                without_mandate="" if is_to_proxy else named,
                has_street=has_street(letter.head),
            )
        )
    return found


def has_street(head: str) -> bool:
    """Tell whether an address has more than a name and a place: a street or a box."""
    return any(not _POSTCODE.match(line.strip()) for line in head.splitlines()[1:])


def _without_street(those: Sequence[Envelope]) -> str:
    names = list(dict.fromkeys(item.provider for item in those))
    what = "1 brief heeft" if len(those) == 1 else f"{len(those)} brieven hebben"
    return (
        f"{what} geen straat of postbus in het adres: {_named(names)}. Zoek het adres op en schrijf het op de envelop."
    )


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return f"{', '.join(names[:MOST_NAMED])}{f' en nog {more}' if more > 0 else ''}"


def _needless(round: Round) -> list[tuple[date, str]]:
    """Say of letters that were taken to be printed and are of no use any more that they can stay here, by date and kind."""
    rows = posting.by_post(round).filter(posting.is_needless(), posting=None).order_by("dated", "kind", "pk")
    piles: dict[tuple[date, str], list[str]] = {}
    for dated, kind, reference in rows.values_list("dated", "kind", "reference"):
        piles.setdefault((dated, kind), []).append(reference)
    return [
        (
            dated,
            f"{LetterKind(kind).label} {_named(references)}: {posting.NEEDLESS[kind]}."
            + (
                " Ligt deze brief er nog, dan hoeft hij niet weg."
                if len(references) == 1
                else " Liggen deze brieven er nog, dan hoeven ze niet weg."
            ),
        )
        for (dated, kind), references in piles.items()
    ]


def _remedies(round: Round) -> list[tuple[date, str]]:
    """Say of each request to mend an objection that lies here until when the answer may come (6:6): that day does not move."""
    today = amsterdam_day(timezone.now())
    waiting = posting.by_post(round).filter(kind=LetterKind.OBJECTION_REMEDY, posting=None)
    waiting = waiting.exclude(posting.is_needless())
    found = []
    for letter in waiting.select_related("objection").defer("body", "figures").order_by("pk"):
        assert letter.objection is not None
        asked = letter.objection.events.filter(kind=TermEventKind.REMEDY_ASKED, on=letter.dated).order_by("pk").last()
        if asked is not None and asked.until is not None:
            found.append(
                (
                    letter.dated,
                    f"{letter.reference}: aanvullen kan tot en met {format_date(asked.until)}"
                    f" ({_left((asked.until - today).days)}). Die dag schuift niet op als de brief later weggaat. Is de tijd te"
                    " kort, wacht dan langer op de aanvulling (art. 6:6 Awb).",
                )
            )
    return found


def _left(days: int) -> str:
    if days < 0:
        return "voorbij"
    return "vandaag" if days == 0 else f"nog {days} {'dag' if days == 1 else 'dagen'}"
