"""The letter that an objection was received (Awb 6:14): one for each, sent by a worker."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from tariffs import letters
from tariffs.models import Letter, LetterKind, Objection, ObjectionStatus
from tariffs.procedure.deadlines import decision_term_of, timeliness_of

logger = logging.getLogger(__name__)


def acknowledge() -> None:
    """Send the letter of receipt for every objection that has none yet (Awb 6:14)."""
    known = Letter.objects.filter(kind=LetterKind.OBJECTION_RECEIVED, objection__isnull=False).values("objection")
    found = (
        Objection.objects.exclude(pk__in=known)
        .exclude(status=ObjectionStatus.WITHDRAWN)
        .select_related("provider", "decision__round")
        .order_by("pk")
    )
    receipts = []
    for item in found:
        try:
            with transaction.atomic():
                receipts.append(_receipt(item))
        except Exception:
            # Its dates cannot be told; the others must not wait for that.
            logger.exception("No letter of receipt can be made for objection %s.", item.reference)
    letters.send_all(receipts, actor=None, at=timezone.now())


def _receipt(objection: Objection) -> letters.Outgoing:
    return letters.Outgoing(
        kind=LetterKind.OBJECTION_RECEIVED,
        provider=objection.provider,
        round=objection.decision.round,
        reference=objection.reference,
        facts={
            "ontvangst": timeliness_of(objection).sentence,
            "termijnzin": decision_term_of(objection).sentence,
        },
        objection=objection,
    )
