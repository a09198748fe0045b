"""An objection in hand: locked, moved to where the table lets it go, and its provider told."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from providers import notices
from providers.access import Actor
from providers.audit import record
from providers.mandates import people_of
from providers.models import Act
from providers.refusal import Refused
from tariffs import letters
from tariffs.models import OBJECTION_TRANSITIONS, DecisionStatus, Objection, ObjectionStatus
from tariffs.procedure.deadlines import decision_term_of

#: What is written when a decision on an objection is drawn up, and taken back with it.
DRAFTED = ("outcome", "reasons", "consequence", "deviation", "drafted_by", "new_decision")


def lock(objection: Objection, actor: Actor) -> Objection:
    """Return an objection as it is now, locked: who changes it waits for the other.

    Locked first and read after that: whoever waited would otherwise get what belongs to it (its group, its decision) as it was
    before the other was done.
    """
    seen = Objection.objects.visible_to(actor)
    seen.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=objection.pk)
    return seen.select_related("provider", "decision__round", "decision__provider", "group").get(pk=objection.pk)


def one_by_one(decisions: Iterable[int]) -> None:
    """Let who object to these decisions, and who replaces them, at the same moment go one by one.

    Not a lock on the row: a provider may read a decision and cannot lock it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('objections'), asked::int) FROM unnest(%s::bigint[]) asked ORDER BY asked",
            [list(decisions)],
        )


def require_step(objection: Objection, to: ObjectionStatus) -> None:
    """Raise :class:`~providers.refusal.Refused` unless an objection can go to this status now."""
    if to not in OBJECTION_TRANSITIONS[ObjectionStatus(objection.status)]:
        raise Refused(
            f"Dit bezwaar staat op ‘{objection.get_status_display().lower()}’ en kan nu niet naar ‘{to.label.lower()}’"
            " (hoofdstuk 6 en 7 Awb). Misschien was een collega u voor: ververs de bladzijde."
        )


def move(objection: Objection, to: ObjectionStatus, actor: Actor, *fields: str) -> None:
    """Move a locked objection on and write that down; ``fields`` are saved with it."""
    before = objection.status
    objection.status = to
    objection.save(update_fields=["status", *fields])
    record(act=Act.OBJECTION_MOVED, actor=actor, subject=str(objection), details={"from": before, "to": to.value})


def undraft(objection: Objection) -> None:
    """Take back what was drawn up on a locked objection: on other facts, verdicts or words rests another decision."""
    if objection.drafted_by_id is None:
        return
    before = objection.new_decision
    if before is not None:
        before.status = DecisionStatus.WITHDRAWN
        before.save(update_fields=["status"])
    objection.outcome, objection.reasons, objection.consequence, objection.deviation = "", "", "", ""
    objection.drafted_by, objection.new_decision = None, None
    objection.save(update_fields=DRAFTED)


def require_sound(objection: Objection) -> None:
    """Raise :class:`~providers.refusal.Refused` if the term to decide cannot be counted with everything that happened."""
    try:
        decision_term_of(objection)
    except ValueError as error:
        raise Refused(
            "De beslistermijn is al voorbij. Zij kan niet meer stilstaan of worden verdaagd (art. 7:10 Awb). Uitstel kan alleen"
            " nog als de bezwaarmaker ermee instemt (art. 7:10, vierde lid, Awb)."
        ) from error


def tell(objection: Objection, subject: str, reason: str, occasion: str) -> None:
    """Tell the people of the provider once that something changed."""
    notices.tell(
        kind="case_changed",
        to=people_of(objection.provider),
        provider=objection.provider,
        round=objection.decision.round,
        occasion=f"objection {objection.uuid} {occasion}",
        path=letters.path_of(objection.decision.round),
        onderwerp=subject,
        zaak=objection.reference,
        reden=reason,
        termijn="",
    )
