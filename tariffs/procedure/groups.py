"""Objections that are treated together: what they share is answered once, the rest each, and they are heard together (7:6)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Round
from providers.refusal import Refused
from tariffs.models import OPEN_OBJECTION, Ground, Objection, ObjectionGroup


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
        made = group or ObjectionGroup.objects.create(
            round=round, name=name.strip()[:160], representative=representative.strip()[:160], made_by=actor.user
        )
        for item in found:
            item.group = made
            item.save(update_fields=["group"])
        record(
            act=Act.OBJECTION_GROUPED,
            actor=actor,
            subject=str(made),
            details={"objections": [str(item) for item in found]},
        )
    return made


def leave(*, objection: Objection, actor: Actor) -> None:
    """Treat an objection by itself again, as long as nothing that is shared was decided."""
    powers.require_staff(actor)
    with transaction.atomic():
        locked = Objection.objects.select_for_update(of=("self",)).get(pk=objection.pk)
        if locked.group_id is None:
            return
        if not locked.is_open:
            raise Refused("Op dit bezwaar is al beslist. Het blijft bij de groep (art. 7:12 Awb).")
        locked.group = None
        locked.save(update_fields=["group"])
        record(act=Act.OBJECTION_GROUPED, actor=actor, subject=str(locked), details={"left": True})


def share(*, group: ObjectionGroup, text: str, actor: Actor) -> Ground:
    """Write down a ground that all in a group bring forward; it is answered once."""
    powers.require_staff(actor)
    if len(text.strip()) < 10:
        raise Refused("Schrijf de gedeelde grond op, zoals de bezwaarmakers die naar voren brengen (art. 6:5 Awb).")
    with transaction.atomic():
        locked = ObjectionGroup.objects.select_for_update().get(pk=group.pk)
        known = locked.grounds.filter(text=text.strip()).first()
        if known is not None:
            return known
        last = locked.grounds.aggregate(last=Max("number"))["last"] or 0
        made = Ground.objects.create(group=locked, number=last + 1, text=text.strip())
        record(act=Act.OBJECTION_GROUPED, actor=actor, subject=str(locked), details={"ground": made.number})
    return made
