"""Views on an intended decision (zienswijze, Awb 4:8 and 4:9): given here, by post or by word of mouth; the NZa weighs each.

Views are no objection: they come before there is a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_date
from providers.free_text import plain
from providers.models import Act, Power
from providers.refusal import Refused, require_words
from tariffs.models import Channel, Decision, DecisionStatus, StatementOfViews
from tariffs.procedure import files
from tariffs.terms import amsterdam_day

LONGEST = 20_000
#: The text of a statement of views by which somebody lets the NZa know that none follows.
WAIVED = "Wij geven geen zienswijze."


def give(*, decision: Decision, text: str, sent: Sequence[files.Sent] = (), key: str, actor: Actor) -> StatementOfViews:
    """Give views on what the NZa intends to decide; sent twice with the same ``key``, it is one statement."""
    powers.require(actor, decision.provider, Power.DELIVER, Power.SIGN)
    said = plain(text)
    if not said:
        raise Refused("Schrijf op wat u van het voornemen vindt, of kies dat u geen zienswijze geeft (art. 4:8 Awb).")
    if len(said) > LONGEST:
        raise Refused(
            "Maak uw zienswijze korter: niet langer dan 20.000 tekens. Stuur de rest mee als bestand (art. 4:9 Awb)."
        )
    files.require_acceptable(sent)
    with transaction.atomic():
        one_by_one([decision.pk])
        known = StatementOfViews.objects.filter(decision=decision, key=key).first()
        if known is not None:
            return known
        _require_open(decision, timezone.now())
        made = _store(decision, said, Channel.PORTAL, key, timezone.now(), actor)
        if sent:
            files.receive(case=made, sent=sent, actor=actor)
    return made


def waive(*, decision: Decision, key: str, actor: Actor) -> StatementOfViews:
    """Say that there are no views, so that the NZa need not wait; said twice, it is one."""
    return give(decision=decision, text=WAIVED, key=key, actor=actor)


def write_down(
    *,
    decision: Decision,
    text: str,
    channel: Channel,
    received_at: datetime,
    key: str,
    actor: Actor,
    sent: Sequence[files.Sent] = (),
) -> StatementOfViews:
    """Write down what somebody of the provider said or sent, by the NZa (Awb 4:9: in writing or by word of mouth)."""
    powers.require_staff(actor)
    if channel == Channel.PORTAL:
        raise Refused(
            "Kies hoe de zienswijze binnenkwam: mondeling, per post, per e-mail of aan de balie (art. 4:9 Awb)."
        )
    said = plain(text)
    if not said:
        raise Refused("Schrijf op wat de aanbieder zei of schreef (art. 4:9 Awb).")
    if received_at > timezone.now():
        raise Refused("Kies een moment dat is geweest: wanneer ontving de NZa de zienswijze (art. 4:9 Awb)?")
    files.require_acceptable(sent)
    with transaction.atomic():
        one_by_one([decision.pk])
        known = StatementOfViews.objects.filter(decision=decision, key=key).first()
        if known is not None:
            return known
        now = Decision.objects.get(pk=decision.pk)
        if now.status != DecisionStatus.ANNOUNCED:
            raise Refused(_closed(now))
        made = _store(decision, said, channel, key, received_at, actor)
        if sent:
            files.receive(case=made, sent=sent, actor=actor)
    return made


def react(*, views: StatementOfViews, reaction: str, actor: Actor) -> StatementOfViews:
    """Write down what the NZa thinks of views, with the reason; the provider reads it with the decision (Awb 3:46, 3:47)."""
    powers.require_staff(actor)
    require_words(
        reaction, "Schrijf op wat u met de zienswijze doet en waarom. Dat komt in het besluit (art. 3:46 Awb)."
    )
    with transaction.atomic():
        decision = Decision.objects.select_for_update(no_key=True, of=("self",)).get(pk=views.decision_id)
        if decision.status != DecisionStatus.ANNOUNCED:
            raise Refused(_closed(decision))
        locked = StatementOfViews.objects.select_for_update(no_key=True, of=("self",)).get(pk=views.pk)
        if locked.text == WAIVED:
            raise Refused("De aanbieder geeft geen zienswijze. Daar valt niets bij te overwegen (art. 4:8 Awb).")
        locked.reaction, locked.reaction_by, locked.reaction_at = reaction.strip(), actor.user, timezone.now()
        locked.save(update_fields=["reaction", "reaction_by", "reaction_at"])
        record(act=Act.VIEWS_ANSWERED, actor=actor, subject=str(locked))
    return locked


def one_by_one(decisions: Iterable[int]) -> None:
    """Let who give views on these decisions, and who takes them, at the same moment go one by one.

    Not a lock on the row: a provider may read a decision and cannot lock it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('views'), asked::int) FROM unnest(%s::bigint[]) asked ORDER BY asked",
            [list(decisions)],
        )


def lacks_reaction(views: StatementOfViews) -> bool:
    """Tell whether the NZa still has to write down what it thinks of views."""
    return views.text != WAIVED and not views.reaction


def may_add(decision: Decision) -> str:
    """Say until when somebody can add to views: every page says the same."""
    return (
        f"Aanvullen kan tot en met {format_date(decision.views_until)} (art. 4:8 Awb), zolang de NZa het besluit nog niet"
        " opstelt. Dat kan zij doen vanaf het moment dat uw zienswijze er is."
    )


def _store(
    decision: Decision, text: str, channel: Channel, key: str, received_at: datetime, actor: Actor
) -> StatementOfViews:
    made = StatementOfViews.objects.create(
        provider_id=decision.provider_id,
        decision=decision,
        key=key[:80],
        channel=channel,
        text=text,
        received_at=received_at,
        received_by=actor.user,
    )
    record(act=Act.VIEWS_RECEIVED, actor=actor, subject=str(made), details={"channel": channel.value})
    return made


def _require_open(decision: Decision, now: datetime) -> None:
    found = Decision.objects.get(pk=decision.pk)
    if found.status != DecisionStatus.ANNOUNCED:
        raise Refused(_closed(found))
    if found.views_until is not None and amsterdam_day(now) > found.views_until:
        raise Refused(
            f"De termijn voor een zienswijze is voorbij: die liep tot en met {format_date(found.views_until)} (art. 4:8 Awb)."
            " Tegen het besluit dat volgt, kunt u bezwaar maken."
        )


def _closed(decision: Decision) -> str:
    if decision.status in (DecisionStatus.SENT, DecisionStatus.REPLACED):
        return "Het besluit is al genomen. Een zienswijze kan niet meer (art. 4:8 Awb); bezwaar maken kan wel (art. 6:4 Awb)."
    if decision.status == DecisionStatus.WITHDRAWN:
        return "De NZa heeft het voornemen ingetrokken. Er is niets meer om een zienswijze op te geven (art. 4:8 Awb)."
    return "De NZa stelt het besluit al op. Een zienswijze kan niet meer (art. 4:8 Awb)."
