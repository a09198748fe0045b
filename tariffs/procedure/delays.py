"""What moves the term to decide on an objection: adjournment, consent, suspension, and the notice that the NZa is late.

Each is written down with its day and its reason, and told to the provider in a letter (Awb 7:10(5)). The term itself is computed
from them (``tariffs.procedure.deadlines``).
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_date
from providers.models import Act, Power, Role
from providers.refusal import Refused, require_words
from tariffs import letters
from tariffs.models import LetterKind, Objection, SuspensionCause, TermEvent, TermEventKind
from tariffs.procedure.deadlines import decision_term_of, objection_term_of
from tariffs.procedure.handling import lock, require_sound, tell
from tariffs.terms import PrematureNotice, amsterdam_day, equated_days, notice_of_default

K = TermEventKind
MOST_WEEKS = 6
STILL = "De termijn om te beslissen staat stil (art. 4:15 Awb)."
STILL_FROM_THE_START = (
    "De termijn om te beslissen is nog niet begonnen. Zij staat stil zodra zij begint, zolang de reden hieronder geldt (art."
    " 4:15 Awb)."
)
STILL_NO_MORE = "De reden waarom de termijn om te beslissen stilstond, is voorbij (art. 4:15 Awb)."


def adjourn(*, objection: Objection, weeks: int, reason: str, actor: Actor) -> TermEvent:
    """Put the decision off, once, by at most six weeks, before the term has ended (Awb 7:10(3))."""
    powers.require_staff(actor)
    _require_reason(reason, "7:10, derde lid,")
    if not 1 <= weeks <= MOST_WEEKS:
        raise Refused("Verdagen kan met één tot en met zes weken (art. 7:10, derde lid, Awb).")
    with transaction.atomic():
        locked = _open(objection, actor)
        if locked.events.filter(kind=K.ADJOURNED).exists():
            raise Refused(
                "De beslissing is al een keer verdaagd. Verder uitstel kan alleen met instemming (art. 7:10, derde en vierde"
                " lid, Awb)."
            )
        today = amsterdam_day(timezone.now())
        _require_running(locked, today, "7:10, derde lid,")
        event = _add(locked, K.ADJOURNED, today, reason, actor, weeks=weeks)
        require_sound(locked)
        _send(locked, reason, actor)
    return event


def agree(*, objection: Objection, until: date, reason: str, actor: Actor) -> TermEvent:
    """Write down that the objector agreed to wait longer, until a day (Awb 7:10(4)); also after the term has ended."""
    powers.require_staff(actor)
    _require_reason(reason, "7:10, vierde lid,")
    with transaction.atomic():
        locked = _open(objection, actor)
        now = decision_term_of(locked).end
        if until <= now:
            raise Refused(
                f"De NZa heeft al tot en met {format_date(now)}. Kies een dag daarna (art. 7:10, vierde lid, Awb)."
            )
        event = _add(locked, K.AGREED, amsterdam_day(timezone.now()), reason, actor, until=until)
        _send(locked, reason, actor)
    return event


def suspend(*, objection: Objection, cause: SuspensionCause, reason: str, actor: Actor) -> TermEvent:
    """Let the term stand still from today on, for one of the causes of Awb 4:15 that hold for objections (7:14)."""
    powers.require_staff(actor)
    _require_reason(reason, "4:15")
    with transaction.atomic():
        locked = _open(objection, actor)
        if _is_suspended(locked):
            raise Refused("De termijn staat al stil (art. 4:15 Awb). Laat haar eerst weer lopen.")
        today = amsterdam_day(timezone.now())
        event = _add(locked, K.SUSPENDED, today, reason, actor, cause=cause)
        require_sound(locked)
        has_begun = today > objection_term_of(locked.decision).end
        _send(locked, reason, actor, stand=STILL if has_begun else STILL_FROM_THE_START)
    return event


def resume(*, objection: Objection, reason: str, actor: Actor) -> TermEvent:
    """Let the term run again from today on (Awb 4:15(3) and (4))."""
    powers.require_staff(actor)
    _require_reason(reason, "4:15")
    with transaction.atomic():
        locked = _open(objection, actor)
        if not _is_suspended(locked):
            raise Refused("De termijn staat niet stil (art. 4:15 Awb).")
        event = _add(locked, K.RESUMED, amsterdam_day(timezone.now()), reason, actor)
        _send(locked, reason, actor, stand=STILL_NO_MORE)
    return event


def give_notice(*, objection: Objection, actor: Actor, received_on: date | None = None) -> TermEvent:
    """Give notice that the NZa is late: it has two weeks more, and then owes a penalty (Awb 4:17(3)).

    By the provider here, or by the NZa for what came by post. Given twice, the first counts.
    """
    if actor.role == Role.NZA:
        powers.require_staff(actor)
    else:
        powers.require(actor, objection.provider, Power.SIGN)
    today = amsterdam_day(timezone.now())
    day = today if received_on is None else received_on
    if day > today:
        raise Refused(
            "Kies een dag die is geweest: wanneer ontving de NZa de ingebrekestelling (art. 4:17, derde lid, Awb)?"
        )
    with transaction.atomic():
        locked = _open(objection, actor)
        known = locked.events.filter(kind=K.DEFAULT_NOTICE).first()
        if known is not None:
            return known
        term = decision_term_of(locked)
        try:
            notice = notice_of_default(decision_ended_on=term.end, received_on=day, equated=equated_days())
        except PrematureNotice as early:
            raise Refused(
                f"De NZa is nog niet te laat: zij heeft tot en met {format_date(term.end)} om te beslissen. Een ingebrekestelling"
                " heeft daarna pas gevolg (art. 4:17, derde lid, Awb)."
            ) from early
        event = _add(locked, K.DEFAULT_NOTICE, day, "", actor)
        tell(
            locked,
            "De NZa is in gebreke gesteld",
            f"De NZa heeft nog tot en met {format_date(notice.end)} om te beslissen. Daarna is zij een dwangsom verschuldigd"
            " (art. 4:17 Awb).",
            "default notice",
        )
    return event


def _open(objection: Objection, actor: Actor) -> Objection:
    locked = lock(objection, actor)
    if not locked.is_open:
        raise Refused("Op dit bezwaar wordt niet meer beslist. De termijn verandert niet meer (art. 7:10 Awb).")
    return locked


def _is_suspended(objection: Objection) -> bool:
    last = objection.events.filter(kind__in=[K.SUSPENDED, K.RESUMED]).order_by("on", "pk").last()
    return last is not None and last.kind == K.SUSPENDED


def _require_running(objection: Objection, today: date, article: str) -> None:
    term = decision_term_of(objection)
    if today > term.end:
        raise Refused(
            f"De beslistermijn is voorbij sinds {format_date(term.end)} (art. {article} Awb). Alleen met instemming van de"
            " bezwaarmaker kan het nog later (art. 7:10, vierde lid, Awb)."
        )


def _require_reason(reason: str, article: str) -> None:
    require_words(
        reason, f"Schrijf op waarom. De aanbieder leest dit in een brief (art. {article} en 7:10, vijfde lid, Awb)."
    )


def _add(
    objection: Objection,
    kind: TermEventKind,
    on: date,
    reason: str,
    actor: Actor,
    *,
    until: date | None = None,
    weeks: int | None = None,
    cause: str = "",
) -> TermEvent:
    event = TermEvent.objects.create(
        objection=objection,
        kind=kind,
        on=on,
        until=until,
        weeks=weeks,
        cause=cause,
        reason=reason.strip(),
        by=actor.user,
    )
    record(
        act=Act.OBJECTION_TERM_MOVED, actor=actor, subject=str(objection), details={"kind": kind.value, "on": str(on)}
    )
    return event


def _send(objection: Objection, reason: str, actor: Actor, *, stand: str = "") -> None:
    """Write to who objected; ``stand``: that the term stands still or runs again, which is no adjournment."""
    letters.send(
        letters.Outgoing(
            kind=LetterKind.ADJOURNMENT,
            text="letter_objection_still" if stand else "",
            provider=objection.provider,
            round=objection.decision.round,
            reference=objection.reference,
            facts={
                **({"stand": stand} if stand else {}),
                "motivering": letters.plain_lines(reason),
                "termijnzin": decision_term_of(objection).sentence,
                "ondertekenaar": actor.user.name,
            },
            objection=objection,
        ),
        actor=actor,
        at=timezone.now(),
    )
