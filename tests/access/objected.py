"""Rows of De Linde for attacks in plain SQL: what was answered or replaced, and objections by how long they have waited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tariffs.models import (
    Decision,
    InterpretationResponse,
    Letter,
    MirrorReport,
    Objection,
    Posting,
    Printing,
    Release,
    ResponseMessage,
    TermEvent,
)
from tests.factories import delivery, make_round
from tests.responding import Period


def answered_or_replaced(period: Period, rows: Mapping[str, Any]) -> dict[str, Any]:
    """Store responses of De Linde to which nothing can be added, and an earlier mirror; return their numbers."""
    cast, asked = period.cast, timezone.now() - timedelta(hours=1)
    response = InterpretationResponse.objects.get(pk=rows["response"])
    report = response.report
    copied = {name.attname: getattr(report, name.attname) for name in MirrorReport._meta.concrete_fields}
    del copied["id"], copied["uuid"]
    earlier = MirrorReport.objects.create(**{**copied, "version": 0, "release_id": _earlier(period).pk})
    given = {"provider": cast.linde, "report": report, "item": "costs", "kind": "ask", "text": "Waarom?"}
    given |= {"submitted_by": cast.anne, "submitted_at": asked}
    before = InterpretationResponse.objects.create(number=2, key="twee", status="more_asked", **given)
    ResponseMessage.objects.create(response=before, is_from_nza=True, text="Welke?", until=asked, by=cast.noor)
    answer = {"status": "answered", "outcome": "replied", "answer": "Daarom.", "answered_at": asked}
    answered = InterpretationResponse.objects.create(number=3, key="drie", **answer, **given)
    return {"replaced_report": earlier.pk, "asked_before": before.pk, "answered": answered.pk}


def _earlier(period: Period) -> Release:
    """Store a release from before, that asks for a response until the same moment."""
    now = period.release
    copied = {name.attname: getattr(now, name.attname) for name in Release._meta.concrete_fields}
    del copied["id"], copied["uuid"]
    return Release.objects.create(**copied)


def objected_to(period: Period) -> dict[str, Any]:
    """Store objections of De Linde in rounds of their own, by how long ago the decision was sent; return their numbers."""
    cast, noor, rinske = period.cast, period.noor.user, period.rinske.user
    report = MirrorReport.objects.filter(provider=cast.linde).latest("version")
    today = timezone.localdate()

    def objected(name: str, days: int = 120, status: str = "admitted", **facts: Any) -> Objection:
        round = make_round([delivery("99900001", "De Linde", total_cost=1, days_5vv=1)], slug=name)
        decision = Decision.objects.create(
            provider=cast.linde, round=round, report=report, reference=f"TERMIJN-{name}", figures={}, status="sent",
            drafted_by=noor, decided_by=rinske, sent_on=today - timedelta(days=days), sent_how="portal",
        )  # fmt: skip
        return Objection.objects.create(
            provider=cast.linde, decision=decision, reference=f"{decision.reference}-B1", key="x", status=status,
            received_by=noor, **facts,
        )  # fmt: skip

    def moves(objection: Objection, kind: str, **facts: Any) -> Objection:
        TermEvent.objects.create(objection=objection, kind=kind, on=today, by=noor, **facts)
        return objection

    posted = objected("posted-later")
    letter = Letter.objects.create(
        provider=cast.linde, round=posted.decision.round, kind="letter_decision", decision=posted.decision, reference="x",
        subject="Besluit", body="x", sha256="1" * 64, dated=today, goes_by_post=True, sent_at=timezone.now(), sent_by=rinske,
    )  # fmt: skip
    Printing.objects.create(letter=letter, by=noor)
    Posting.objects.create(letter=letter, posted_on=today, by=noor)
    first = objected("on-objection").decision
    on_objection = Decision.objects.create(
        provider=cast.linde, round=make_round([], slug="opnieuw"), report=report, reference="PROEF-OPB", figures={},
        status="sent", origin="objection", replaces=first, drafted_by=noor, decided_by=rinske, sent_on=today, sent_how="portal",
    )  # fmt: skip
    rows = {
        "overdue": objected("overdue", 85),
        "not_overdue": objected("not-overdue", 84),
        "with_committee": objected("with-committee", 126, with_committee=True),
        "adjourned": moves(objected("adjourned"), "adjourned", weeks=6),
        "overdue_adjourned": moves(objected("overdue-adjourned", 127), "adjourned", weeks=6),
        "agreed": moves(objected("agreed"), "agreed", until=today),
        "suspended": moves(objected("suspended"), "suspended", cause="force_majeure"),
        "posted_later": posted,
        "incomplete": moves(objected("incomplete", 9, "incomplete"), "remedy_asked", until=today),
        "withdrawn": objected("withdrawn", 9, "withdrawn"),
        "on_objection": on_objection,
    }
    return {name: row.pk for name, row in rows.items()}
