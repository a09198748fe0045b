"""Whether something can come in as an objection or a part of one: a decision that holds, signed, in writing (Awb 6:4–6:9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.utils import timezone

from providers.formatting import format_number
from providers.free_text import plain
from providers.refusal import Refused
from tariffs.models import OPEN_OBJECTION, Channel, Decision, DecisionStatus, Objection, Origin
from tariffs.models.objections import LONGEST_ADDRESS
from tariffs.terms import Lodged, Term, Timeliness, amsterdam_day, equated_days, timeliness

#: At most so many grounds in one objection, and so many signs in each: who writes more sends it as a file.
MOST_GROUNDS, LONGEST = 40, 5_000


@dataclass(frozen=True, kw_only=True)
class CameIn:
    """How and when something came in outside the portal; by post with the day of its postmark (Awb 6:9(2))."""

    channel: Channel
    received_at: datetime
    posted_on: date | None = None


def require_decision(decision: Decision) -> None:
    """Raise :class:`~providers.refusal.Refused` unless a decision holds to which somebody can object (Awb 6:4, 7:1)."""
    if decision.status == DecisionStatus.SENT:
        return
    new = decision.replacements.exclude(status=DecisionStatus.WITHDRAWN).first()
    if decision.status == DecisionStatus.REPLACED and new is not None and new.origin == Origin.ADOPTION:
        raise Refused(
            f"Dit besluit is vervangen door besluit {new.reference}. Maak daartegen bezwaar (art. 6:4 en 7:1 Awb)."
        )
    if decision.status == DecisionStatus.REPLACED:
        raise Refused(
            "Dit besluit is vervangen door een nieuw besluit. Daartegen staat beroep open (art. 7:1 en 8:1 Awb)."
        )
    raise Refused(
        "Er is nog geen besluit, dus bezwaar maken kan nog niet (art. 1:3 en 6:4 Awb). Op een voornemen kunt u een zienswijze"
        " geven (art. 4:8 Awb)."
    )


def require_none_open(decision: Decision) -> None:
    """Raise :class:`~providers.refusal.Refused` if an appeal stands against a decision, or somebody objected to it already."""
    if decision.origin == Origin.OBJECTION:
        raise Refused(
            "Dit besluit is op een bezwaar genomen. Daartegen staat beroep open bij het CBb (art. 7:1 en 8:1 Awb)."
        )
    if Objection.objects.filter(decision=decision, status__in=OPEN_OBJECTION).exists():
        raise Refused(
            "Er loopt al een bezwaar tegen dit besluit. U kunt dat aanvullen met gronden en stukken (art. 6:5 Awb)."
        )


def require_form(grounds: Sequence[str], is_pro_forma: bool, signed_by: str) -> None:
    """Raise :class:`~providers.refusal.Refused` unless an objection that is made here is signed and has its grounds (Awb 6:5)."""
    if not plain(signed_by):
        raise Refused("Zet uw naam onder het bezwaar (art. 6:5, eerste lid, Awb).")
    if not is_pro_forma and not any(plain(text) for text in grounds):
        raise Refused(
            "Schrijf op waarom u het niet eens bent met het besluit (art. 6:5, eerste lid, onder d, Awb). Komen de gronden"
            " later, kies dan ‘pro forma’."
        )


def require_reachable(representative: str, address: str) -> None:
    """Raise :class:`~providers.refusal.Refused` if a proxy is named without where letters reach her (Awb 6:17)."""
    if plain(representative) and not plain(address):
        raise Refused(
            "Vul het postadres van de gemachtigde in. De NZa stuurt de brieven over het bezwaar aan haar (art. 6:17 Awb)."
        )


def require_address(representative: str, address: str) -> str:
    """Return the address of a proxy as it is kept, a line each; without a proxy there is none.

    Raises :class:`~providers.refusal.Refused` if it is longer than an address is.
    """
    if not plain(representative):
        return ""
    lines = (" ".join(line.split()) for line in plain(address).splitlines())
    kept = "\n".join(line for line in lines if line)
    if len(kept) > LONGEST_ADDRESS:
        raise Refused(
            f"Maak het adres van de gemachtigde korter: niet langer dan {LONGEST_ADDRESS} tekens (art. 6:17 Awb). Straat of"
            " postbus, postcode en plaats zijn genoeg."
        )
    return kept


def require_grounds(grounds: Sequence[str], *, known: int) -> list[str]:
    """Return grounds as they are kept, without empty ones; ``known``: how many the objection has already.

    Raises :class:`~providers.refusal.Refused` if they are too many, or one is too long.
    """
    texts = [require_length(text, "elke grond") for text in grounds]
    kept = [text for text in texts if text]
    if known + len(kept) > MOST_GROUNDS:
        raise Refused(
            f"Een bezwaar heeft ten hoogste {MOST_GROUNDS} gronden; hier staan er al {known} en u noemt er {len(kept)}. Voeg"
            " samen wat bij elkaar hoort, of stuur het mee als bestand (art. 6:5 Awb)."
        )
    return kept


def require_length(text: str, what: str) -> str:
    """Return a text as it is kept; raises :class:`~providers.refusal.Refused` if it is too long."""
    said = plain(text)
    if len(said) > LONGEST:
        raise Refused(
            f"Maak korter: {what}. Niet langer dan {format_number(LONGEST)} tekens; u schreef er {format_number(len(said))}."
            " Stuur de rest mee als bestand (art. 6:5 Awb)."
        )
    return said


def require_came_in(came: CameIn, what: str) -> None:
    """Raise :class:`~providers.refusal.Refused` unless ``what`` can have come in so: in writing, in the past (Awb 6:4, 6:9)."""
    if came.channel not in (Channel.POST, Channel.EMAIL, Channel.DESK):
        raise Refused(
            f"Kies hoe {what} binnenkwam. Dat gaat schriftelijk: per post, per e-mail of aan de balie (art. 6:4, eerste"
            " lid, Awb)."
        )
    if (came.posted_on is not None) != (came.channel == Channel.POST):
        raise Refused("Vul bij post de dag van het poststempel in, en alleen bij post (art. 6:9, tweede lid, Awb).")
    if came.received_at > timezone.now():
        raise Refused(f"Kies een moment dat is geweest: wanneer kwam {what} binnen (art. 6:9 Awb)?")
    if came.posted_on is not None and came.posted_on > amsterdam_day(came.received_at):
        raise Refused("Het poststempel kan niet van na de ontvangst zijn (art. 6:9, tweede lid, Awb).")


def remedy_timeliness(came: CameIn, *, until: date) -> Timeliness:
    """Say whether what was missing came within the time that was given for it, by post as the law reckons post (Awb 6:9(2))."""
    term = Term(
        name="Hersteltermijn", articles=("art. 6:6 Awb",), starts=None, nominal_end=until, end=until, sentence=""
    )
    kind: Literal["post", "desk", "electronic"] = (
        "post" if came.channel == Channel.POST else "desk" if came.channel == Channel.DESK else "electronic"
    )
    lodged = Lodged(channel=kind, received_at=came.received_at, posted_on=came.posted_on)
    return timeliness(term=term, lodged=lodged, equated=equated_days())
