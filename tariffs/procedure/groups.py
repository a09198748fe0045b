"""Objections that are treated together: what they share is answered once, the rest each, and they are heard together (7:6)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.free_text import plain
from providers.models import Act, Round
from providers.refusal import Refused, require_words
from tariffs.models import (
    OPEN_OBJECTION,
    CaseFile,
    FileKind,
    Ground,
    Objection,
    ObjectionGroup,
    ObjectionOutcome,
    ObjectionStatus,
)
from tariffs.procedure.form import require_grounds
from tariffs.procedure.handling import lock, undraft


def join(
    *,
    round: Round,
    name: str,
    objections: Collection[UUID],
    representative: str = "",
    actor: Actor,
    group: ObjectionGroup | None = None,
) -> ObjectionGroup:
    """Treat objections of a round together, in a new group or in one that is there; those of another group stay there."""
    powers.require_staff(actor)
    if group is None and not name.strip():
        raise Refused("Geef de groep een naam, zoals het onderwerp dat de bezwaren delen (art. 7:6 Awb).")
    with transaction.atomic():
        found = list(
            Objection.objects.select_for_update(of=("self",))
            .filter(uuid__in=objections, decision__round=round, status__in=OPEN_OBJECTION, group__isnull=True)
            .order_by("pk")
        )
        if len(found) < (1 if group else 2):
            raise Refused(
                "Kies bezwaren die nog open zijn en nog niet bij een groep horen"
                f"{'' if group else ', ten minste twee'} (art. 7:6 Awb)."
            )
        if group is not None:
            _require_undecided(ObjectionGroup.objects.select_for_update().get(pk=group.pk))
        _require_mandates(found, group.representative if group is not None else representative.strip())
        made = group or ObjectionGroup.objects.create(
            round=round, name=name.strip()[:160], representative=representative.strip()[:160], made_by=actor.user
        )
        for item in found:
            item.group = made
            item.save(update_fields=["group"])
            undraft_on_grounds(item)
        _unanswer(_in_words_of(made.grounds.all(), found))
        record(
            act=Act.OBJECTION_GROUPED,
            actor=actor,
            subject=str(made),
            details={"objections": [str(item) for item in found]},
        )
    return made


def _require_mandates(objections: Collection[Objection], representative: str) -> None:
    """Raise :class:`~providers.refusal.Refused` if somebody speaks for who did not show that she may (Awb 2:1)."""
    if not representative:
        return
    shown = set(
        CaseFile.objects.filter(objection__in=objections, kind=FileKind.MANDATE).values_list("objection", flat=True)
    )
    without = [f"{item.provider.name} ({item.reference})" for item in objections if item.pk not in shown]
    if without:
        raise Refused(
            f"{representative} kan niet namens allen spreken: bij {', '.join(without)} is geen machtiging in het dossier (art."
            " 2:1, tweede lid, Awb). Laat het veld leeg, of vraag eerst om de machtiging."
        )


def leave(*, objection: Objection, actor: Actor) -> None:
    """Treat an objection by itself again, as long as nobody in its group was decided: what is shared is answered for all."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = lock(objection, actor)
        if locked.group is None:
            return
        _require_undecided(ObjectionGroup.objects.select_for_update().get(pk=locked.group.pk))
        if not locked.is_open:
            raise Refused("Op dit bezwaar wordt niet meer beslist. Het blijft bij de groep (art. 7:12 Awb).")
        answered = {same_as(ground) for ground in locked.group.grounds.all()}
        _unanswer(own for own in locked.grounds.all() if own.reasons in answered)
        locked.group = None
        locked.save(update_fields=["group"])
        undraft_on_grounds(locked)
        record(act=Act.OBJECTION_GROUPED, actor=actor, subject=str(locked), details={"left": True})


def share(*, group: ObjectionGroup, text: str, actor: Actor) -> Ground:
    """Write down a ground that all in a group bring forward, as long as nobody in it was decided; it is answered once."""
    powers.require_staff(actor)
    require_words(
        plain(text), "Schrijf de gedeelde grond op, zoals de bezwaarmakers die naar voren brengen (art. 6:5 Awb)."
    )
    with transaction.atomic():
        locked = ObjectionGroup.objects.select_for_update().get(pk=group.pk)
        known = locked.grounds.filter(text=plain(text)).first()
        if known is not None:
            return known
        _require_undecided(locked)
        last = locked.grounds.aggregate(last=Max("number"))["last"] or 0
        (said,) = require_grounds([text], known=last)
        made = Ground.objects.create(group=locked, number=last + 1, text=said)
        _unanswer(_in_words_of([made], locked.objections.filter(status__in=OPEN_OBJECTION)))
        record(act=Act.OBJECTION_GROUPED, actor=actor, subject=str(locked), details={"ground": made.number})
    return made


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a ground: with the same words it is the same ground."""
    return tuple(re.findall(r"\w+", text.casefold()))


def same_as(shared: Ground) -> str:
    """Return the reasons of an own ground that is answered by a shared one: its verdict is that of the shared one."""
    return f"Dit is gedeelde grond {shared.number}. Wat daarover is beslist, geldt ook hier."


def follow(shared: Iterable[Ground], members: Iterable[Objection]) -> None:
    """Let own grounds of locked objections that are answered by shared ones have the verdicts of those."""
    verdicts = {same_as(ground): ground.verdict for ground in shared}
    for own in Ground.objects.filter(objection__in=members).order_by("pk"):
        verdict = verdicts.get(own.reasons, own.verdict)
        if verdict != own.verdict:
            own.verdict = verdict
            own.save(update_fields=["verdict"])


def _in_words_of(shared: Iterable[Ground], members: Iterable[Objection]) -> list[Ground]:
    """Return own grounds of objections in the words of shared ones: they are answered there."""
    said = {words_of(ground.text) for ground in shared}
    return [own for own in Ground.objects.filter(objection__in=members) if words_of(own.text) in said]


def _unanswer(grounds: Iterable[Ground]) -> None:
    """Take back what is thought of grounds."""
    for ground in grounds:
        if ground.verdict:
            ground.verdict, ground.reasons = "", ""
            ground.save(update_fields=["verdict", "reasons"])


def undraft_on_grounds(objection: Objection) -> None:
    """Take back what was drawn up on a locked objection, if it rests on grounds: those are other ones, or answered otherwise."""
    if objection.outcome != ObjectionOutcome.INADMISSIBLE:
        undraft(objection)


def in_common(group: ObjectionGroup) -> str:
    """Return a ground that everybody in a group brings forward in the same words and that is not shared yet; empty if none is."""
    shared = {words_of(ground.text) for ground in group.grounds.all()}
    own = Ground.objects.filter(objection__group=group).order_by("pk")
    by_member = [
        {words_of(ground.text): ground.text for ground in own if ground.objection_id == member}
        for member in group.objections.values_list("pk", flat=True)
    ]
    first, *others = by_member or [{}]
    return next(
        (text for words, text in first.items() if words not in shared and all(words in each for each in others)), ""
    )


def lock_all(objection: Objection, actor: Actor) -> tuple[Objection, list[Objection]]:
    """Return an objection and the other open ones of its group, all locked in one order, with the group held.

    Raises :class:`~providers.refusal.Refused` if somebody joined or left meanwhile.
    """
    seen = Objection.objects.visible_to(actor)
    keys = _keys_with(objection)
    list(seen.select_for_update(no_key=True, of=("self",)).filter(pk__in=keys).order_by("pk").only("pk"))
    locked = lock(objection, actor)
    hold(locked)
    if _keys_with(objection) != keys:
        raise Refused("Een collega veranderde net wie in deze groep zit (art. 7:6 Awb). Ververs de bladzijde.")
    return locked, list(seen.filter(pk__in=keys).exclude(pk=locked.pk).order_by("pk"))


def _keys_with(objection: Objection) -> set[int]:
    group = Objection.objects.values_list("group", flat=True).get(pk=objection.pk)
    others = Q(group=group, status__in=OPEN_OBJECTION) if group is not None else Q()
    return set(Objection.objects.filter(Q(pk=objection.pk) | others).values_list("pk", flat=True))


def hold(objection: Objection) -> None:
    """Let who changes the group of a locked objection wait until what is done with the objection is done."""
    if objection.group_id is not None:
        ObjectionGroup.objects.select_for_update().get(pk=objection.group_id)


def decided_in(group: ObjectionGroup) -> QuerySet[Objection]:
    """Return the objections in a group that were decided on what they bring forward.

    One that was not treated (niet-ontvankelijk, Awb 6:6 and 6:7) is none of them: it says nothing of what the others share.
    """
    ended = Objection.objects.filter(group=group, status__in=[ObjectionStatus.DECIDED, ObjectionStatus.APPEALED])
    return ended.exclude(outcome=ObjectionOutcome.INADMISSIBLE)


def is_decided(group: ObjectionGroup) -> bool:
    """Tell whether somebody in a group has the decision already: then what is shared stays as it is."""
    return decided_in(group).exists()


def _require_undecided(group: ObjectionGroup) -> None:
    """Raise :class:`~providers.refusal.Refused` if somebody in a locked group was decided."""
    if is_decided(group):
        raise Refused(
            "In deze groep is op een bezwaar al beslist. Wie in de groep zit en wat zij delen, blijft daarom zoals het is (art."
            " 7:12 Awb; gelijke gevallen)."
        )
