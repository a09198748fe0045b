"""Whether something can come in as an objection or a part of one: a decision that holds, signed, in writing (Awb 6:4–6:9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.utils import timezone

from providers.refusal import Refused
from tariffs.models import OPEN_OBJECTION, Channel, Decision, DecisionStatus, Objection, Origin
from tariffs.terms import Lodged, Term, Timeliness, amsterdam_day, equated_days, timeliness


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
    if not signed_by.strip():
        raise Refused("Zet uw naam onder het bezwaar (art. 6:5, eerste lid, Awb).")
    if not is_pro_forma and not any(text.strip() for text in grounds):
        raise Refused(
            "Schrijf op waarom u het niet eens bent met het besluit (art. 6:5, eerste lid, onder d, Awb). Komen de gronden"
            " later, kies dan ‘pro forma’."
        )


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
