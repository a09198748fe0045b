"""Objections as they come in: filed here or written down, added to, withdrawn (Awb chapter 6).

What a provider does runs in its own database scope: it can make an objection, add to it and withdraw it, and nothing else. What
follows from that in the scope of everybody (the letter that it was received, the status of the bandwidth) is done by
:func:`settle_standings`, which a worker calls.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from providers import notices, powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import AMSTERDAM, format_date
from providers.free_text import plain
from providers.mandates import people_of
from providers.models import Act, Power, Role
from providers.refusal import Refused
from providers.waking import wake
from tariffs import letters, standings, tasks
from tariffs.models import (
    OPEN_OBJECTION,
    Channel,
    Decision,
    DecisionStatus,
    FileKind,
    Ground,
    Objection,
    ObjectionStatus,
    Occasion,
    Origin,
    ReportStatus,
    Standing,
    TermEvent,
    TermEventKind,
)
from tariffs.procedure import files, receipts
from tariffs.procedure.deadlines import objection_term_of
from tariffs.procedure.form import (
    CameIn,
    remedy_timeliness,
    require_address,
    require_came_in,
    require_decision,
    require_form,
    require_grounds,
    require_length,
    require_none_open,
    require_reachable,
)
from tariffs.procedure.handling import lock, move, one_by_one, require_sound, undraft
from tariffs.terms import amsterdam_day

logger = logging.getLogger(__name__)

S = ObjectionStatus


def file(
    *,
    decision: Decision,
    grounds: Sequence[str],
    is_pro_forma: bool,
    signed_by: str,
    representative: str = "",
    representative_address: str = "",
    late_because: str = "",
    sent: Sequence[files.Sent] = (),
    mandate: Sequence[files.Sent] = (),
    key: str,
    actor: Actor,
) -> Objection:
    """Object to a decision here, on behalf of the provider; sent twice with the same ``key``, it is one objection.

    It can come late: then the reason is asked (Awb 6:11), and the NZa judges it. Raises :class:`~providers.refusal.Refused`.
    """
    powers.require(actor, decision.provider, Power.SIGN)
    now = timezone.now()
    with transaction.atomic():
        one_by_one([decision.pk])
        known = Objection.objects.filter(decision=decision, key=key).first()
        if known is not None:
            return known
        found = Decision.objects.select_related("provider", "round").get(pk=decision.pk)
        require_decision(found)
        require_none_open(found)
        require_form(grounds, is_pro_forma, signed_by)
        require_reachable(representative, representative_address)
        if amsterdam_day(now) > objection_term_of(found).end and not plain(late_because):
            raise Refused(
                f"De bezwaartermijn liep tot en met {format_date(objection_term_of(found).end)} (art. 6:7 Awb). U kunt nog wel"
                " bezwaar maken, maar schrijf op waarom het later komt. De NZa beoordeelt of zij het dan toch behandelt"
                " (art. 6:11 Awb)."
            )
        made = _store(
            found,
            key=key,
            channel=Channel.PORTAL,
            received_at=now,
            posted_on=None,
            signed_by=signed_by,
            representative=representative,
            representative_address=representative_address,
            is_pro_forma=is_pro_forma,
            late_because=late_because,
            grounds=grounds,
            sent=sent,
            mandate=mandate,
            actor=actor,
        )
        transaction.on_commit(lambda: wake(tasks.settle))
    return made


def register(
    *,
    decision: Decision,
    channel: Channel,
    received_at: datetime,
    posted_on: date | None,
    grounds: Sequence[str],
    is_pro_forma: bool,
    signed_by: str,
    representative: str = "",
    representative_address: str = "",
    late_because: str = "",
    sent: Sequence[files.Sent] = (),
    mandate: Sequence[files.Sent] = (),
    key: str,
    actor: Actor,
) -> Objection:
    """Write down an objection that came by post, by e-mail or over the counter, as it is: also if something is missing."""
    powers.require_staff(actor)
    require_came_in(CameIn(channel=channel, received_at=received_at, posted_on=posted_on), "het bezwaar")
    with transaction.atomic():
        one_by_one([decision.pk])
        known = Objection.objects.filter(decision=decision, key=key).first()
        if known is not None:
            return known
        found = Decision.objects.select_related("provider", "round").get(pk=decision.pk)
        require_decision(found)
        require_none_open(found)
        made = _store(
            found,
            key=key,
            channel=channel,
            received_at=received_at,
            posted_on=posted_on,
            signed_by=signed_by,
            representative=representative,
            representative_address=representative_address,
            is_pro_forma=is_pro_forma,
            late_because=late_because,
            grounds=grounds,
            sent=sent,
            mandate=mandate,
            actor=actor,
        )
        settle_standings()
    return made


def supplement(
    *,
    objection: Objection,
    grounds: Sequence[str] = (),
    sent: Sequence[files.Sent] = (),
    mandate: Sequence[files.Sent] = (),
    came: CameIn | None = None,
    actor: Actor,
) -> Objection:
    """Add grounds or files to an objection; what was asked for is mended by it (Awb 6:6), also if it comes late.

    By the provider, or by the NZa for what ``came`` outside the portal: then the day of receipt counts. What was sent already is
    not added a second time. ``mandate``: files that show that somebody may act for the provider (Awb 2:1).
    """
    if actor.role == Role.NZA:
        powers.require_staff(actor)
    else:
        powers.require(actor, objection.provider, Power.SIGN)
        came = None
    if came is not None:
        require_came_in(came, "de aanvulling")
    moment = came.received_at if came is not None else timezone.now()
    with transaction.atomic():
        locked = lock(objection, actor)
        if locked.status not in (S.RECEIVED, S.INCOMPLETE, S.ADMITTED, S.HEARING, S.HEARD):
            raise Refused(
                f"Dit bezwaar staat op ‘{locked.get_status_display().lower()}’. Aanvullen kan tot na de hoorzitting"
                " (art. 7:9 Awb)."
            )
        if came is not None and moment < locked.received_at and _is_same_day_without_hour(moment, locked.received_at):
            # On the day of the objection itself an empty hour cannot be from before it.
            moment = locked.received_at
            came = replace(came, received_at=moment)
        if moment < locked.received_at:
            raise Refused("Een aanvulling kan niet van vóór het bezwaar zijn (art. 6:6 Awb). Kijk de dag na.")
        known = set(locked.grounds.values_list("text", flat=True))
        said = [plain(text) for text in grounds]
        new = [text for text in said if text and text not in known]
        if not new and not sent and not mandate:
            if known.intersection(said):
                return locked
            raise Refused(
                "Schrijf een grond op of kies een bestand. Zonder dat is er niets om aan te vullen (art. 6:6 Awb)."
            )
        _add_grounds(locked, new, moment)
        before = locked.files.count()
        if actor.role == Role.NZA and locked.status in (S.RECEIVED, S.INCOMPLETE):
            # A provider does not see what was drawn up. On hers it is looked at again when it is decided.
            undraft(locked)
        _receive(locked, sent, mandate, moment, actor)
        if locked.status == S.INCOMPLETE:
            if not new and locked.files.count() == before:
                raise Refused("Deze bestanden horen al bij het bezwaar. Stuur wat nog ontbreekt (art. 6:6 Awb).")
            _remedied(locked, came, amsterdam_day(moment), actor)
            move(locked, S.RECEIVED, actor)
            require_sound(locked)
        else:
            record(
                act=Act.OBJECTION_MOVED, actor=actor, subject=str(locked), details={"supplemented": True, **_how(came)}
            )
    return locked


def _is_same_day_without_hour(moment: datetime, received_at: datetime) -> bool:
    """Tell whether of a moment only the day is known, and it is the day of another: an empty hour is the beginning of the day."""
    return amsterdam_day(moment) == amsterdam_day(received_at) and moment.astimezone(AMSTERDAM).time() == time.min


def _how(came: CameIn | None) -> dict[str, str]:
    """Return how something came in, for the record."""
    if came is None:
        return {"channel": Channel.PORTAL.value}
    posted = {"posted_on": came.posted_on.isoformat()} if came.posted_on is not None else {}
    return {"channel": came.channel.value, "received_at": came.received_at.isoformat(), **posted}


def _remedied(objection: Objection, came: CameIn | None, day: date, actor: Actor) -> None:
    """Write down on which day what was missing came in; of before it was asked for, the day of asking counts."""
    asked = objection.events.filter(kind=TermEventKind.REMEDY_ASKED).order_by("pk").last()
    said = ""
    if came is not None and asked is not None and asked.until is not None:
        said = f"{came.channel.label}. {remedy_timeliness(came, until=asked.until).sentence}"
    TermEvent.objects.create(
        objection=objection,
        kind=TermEventKind.REMEDIED,
        on=max(day, asked.on) if asked is not None else day,
        reason=said,
        by=actor.user,
    )


def withdraw(*, objection: Objection, actor: Actor) -> Objection:
    """Withdraw an objection (Awb 6:21): by the provider here, or by the NZa if it was withdrawn in writing or at the hearing."""
    if actor.role == Role.NZA:
        powers.require_staff(actor)
    else:
        powers.require(actor, objection.provider, Power.SIGN)
    with transaction.atomic():
        locked = lock(objection, actor)
        if locked.status == S.WITHDRAWN:
            return locked
        if not locked.is_open:
            raise Refused("Op dit bezwaar is al beslist. Intrekken kan niet meer (art. 6:21 Awb).")
        move(locked, S.WITHDRAWN, actor)
        notices.tell(
            kind="case_changed",
            to=people_of(locked.provider),
            provider=locked.provider,
            round=locked.decision.round,
            occasion=f"objection {locked.uuid} withdrawn",
            path=letters.path_of(locked.decision.round),
            onderwerp="Het bezwaar is ingetrokken",
            zaak=locked.reference,
            reden=f"{actor.user.name} trok het bezwaar in (art. 6:21 Awb). Het besluit blijft zoals het is.",
            termijn="",
        )
        transaction.on_commit(lambda: wake(tasks.settle))
    return locked


def settle_standings() -> int:
    """Let everything follow what providers did; return how many decisions changed. For workers: it needs to see everything.

    Done twice, nothing happens twice: the letter that an objection was received (Awb 6:14), the status *under objection* as
    long as one is open, *decided* when none is any more, and what was prepared for an objection that was withdrawn.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settle standings'))")
        receipts.acknowledge()
        is_open = Objection.objects.filter(decision=OuterRef("replaces"), status__in=OPEN_OBJECTION)
        stale = Decision.objects.filter(~Exists(is_open), origin=Origin.OBJECTION, status=DecisionStatus.PREPARED)
        stale.update(status=DecisionStatus.WITHDRAWN)
        return _settle()


def _settle() -> int:
    """Write a new standing for each decision of which the status does not fit its objections; few queries if none does."""
    is_open = Objection.objects.filter(decision=OuterRef("pk"), status__in=OPEN_OBJECTION)
    found = (
        Decision.objects.filter(status=DecisionStatus.SENT)
        .filter(Exists(Objection.objects.filter(decision=OuterRef("pk"))))
        .annotate(has_open=Exists(is_open))
    )
    newest = Standing.objects.order_by("provider_id", "round_id", "-since", "-pk").distinct("provider_id", "round_id")
    holds = {row.decision_id: row for row in Standing.objects.filter(pk__in=newest.values("pk"), decision__in=found)}
    changed = 0
    for decision in found:
        now = holds.get(decision.pk)
        if now is None or decision.has_open == (now.status == ReportStatus.UNDER_OBJECTION):
            continue
        try:
            with transaction.atomic():
                standings.record_status(
                    standing=now,
                    status=ReportStatus.UNDER_OBJECTION if decision.has_open else ReportStatus.DECIDED,
                    occasion=Occasion.OBJECTION if decision.has_open else Occasion.OBJECTION_ENDED,
                )
        except Exception:
            logger.exception("The standing of decision %s cannot follow its objections.", decision.reference)
            continue
        changed += 1
    return changed


def _store(
    decision: Decision,
    *,
    key: str,
    channel: Channel,
    received_at: datetime,
    posted_on: date | None,
    signed_by: str,
    representative: str,
    representative_address: str,
    is_pro_forma: bool,
    late_because: str,
    grounds: Sequence[str],
    sent: Sequence[files.Sent],
    mandate: Sequence[files.Sent],
    actor: Actor,
) -> Objection:
    number = Objection.objects.filter(decision=decision).count() + 1
    made = Objection.objects.create(
        provider_id=decision.provider_id,
        decision=decision,
        reference=f"{decision.reference}-B{number}",
        key=key[:80],
        channel=channel,
        received_at=received_at,
        posted_on=posted_on,
        received_by=actor.user,
        signed_by=" ".join(plain(signed_by).split())[:160],
        representative=" ".join(plain(representative).split())[:160],
        representative_address=require_address(representative, representative_address),
        is_pro_forma=is_pro_forma,
        late_because=require_length(late_because, "waarom het bezwaar later komt"),
    )
    record(act=Act.OBJECTION_RECEIVED, actor=actor, subject=str(made), details={"channel": channel.value})
    _add_grounds(made, grounds, received_at)
    _receive(made, sent, mandate, received_at, actor)
    return made


def _receive(
    objection: Objection, sent: Sequence[files.Sent], mandate: Sequence[files.Sent], at: datetime, actor: Actor
) -> None:
    for kind, those in ((FileKind.EVIDENCE, sent), (FileKind.MANDATE, mandate)):
        if those:
            files.receive(case=objection, sent=those, kind=kind, received_at=at, actor=actor)


def _add_grounds(objection: Objection, grounds: Sequence[str], at: datetime) -> None:
    known: int = objection.grounds.aggregate(last=Max("number"))["last"] or 0
    Ground.objects.bulk_create(
        Ground(objection=objection, number=known + index, text=text, brought_at=at)
        for index, text in enumerate(require_grounds(grounds, known=known), start=1)
    )
