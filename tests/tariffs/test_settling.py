"""What workers settle after objections: one that cannot be settled keeps no other waiting, and nobody waits in a circle."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from providers.access import EVERYTHING, scope
from tariffs.models import (
    Channel,
    Letter,
    LetterKind,
    Objection,
    ReportStatus,
    Standing,
    SuspensionCause,
    TermEvent,
    TermEventKind,
)
from tariffs.procedure import deadlines, objections
from tests.tariffs.cases import Adopted, adopted, at, sent

FACTS = {"grounds": ["De kosten tellen niet mee."], "is_pro_forma": False, "signed_by": "Anne de Wit"}
DAY = dt.date(2026, 9, 25)


@pytest.fixture
def world(transactional_db: None) -> Iterator[Adopted]:
    """Give a round with decisions that were sent, committed: each connection sees it."""
    made = adopted()
    sent(made)
    with at(DAY):
        yield made


def objected(world: Adopted, who: str) -> Objection:
    provider = getattr(world.cast, {"anne": "linde", "bram": "anker"}[who])
    return objections.file(decision=world.decision(provider), key=who, actor=getattr(world, who), **FACTS)


def status_of(objection: Objection) -> str:
    return Standing.objects.filter(provider=objection.provider_id)[0].status


def receipts() -> list[Any]:
    return list(Letter.objects.filter(kind=LetterKind.OBJECTION_RECEIVED).values_list("objection", flat=True))


def test_an_objection_whose_term_cannot_be_told_keeps_no_other_waiting(
    world: Adopted, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, right = objected(world, "anne"), objected(world, "bram")
    TermEvent.objects.create(
        objection=wrong,
        kind=TermEventKind.SUSPENDED,
        on=dt.date(2029, 1, 1),
        cause=SuspensionCause.choices[0][0],
        reason="Van na het einde van de termijn.",
        by=world.cast.noor,
    )
    with pytest.raises(ValueError, match="cannot stand still"):
        deadlines.decision_term_of(wrong)
    with caplog.at_level(logging.ERROR):
        objections.settle_standings()
    assert receipts() == [right.pk]
    assert wrong.reference in caplog.text
    # What does not stand on that term follows all the same.
    assert [status_of(item) for item in (wrong, right)] == [ReportStatus.UNDER_OBJECTION] * 2


def test_settling_inside_what_somebody_does_holds_or_falls_with_it(world: Adopted) -> None:
    standings = Standing.objects.count()
    with transaction.atomic():
        objected(world, "anne")
        assert objections.settle_standings() == 1
        transaction.set_rollback(True)
    assert (Objection.objects.count(), receipts(), Standing.objects.count()) == (0, [], standings)
    with transaction.atomic():
        made = objected(world, "anne")
        assert [objections.settle_standings() for _ in range(2)] == [1, 0]
    assert (receipts(), status_of(made), Standing.objects.count()) == ([made.pk], "under_objection", standings + 1)


def test_a_worker_that_settles_while_the_nza_writes_an_objection_down_waits_and_finds_it_done(world: Adopted) -> None:
    """The NZa holds its objection and settles last; the worker settles first and needs that objection. Neither is stuck."""
    first = objected(world, "anne")
    holds, began = threading.Event(), threading.Event()
    wrong: list[Exception] = []

    def worker() -> None:
        try:
            holds.wait(30)
            began.set()
            with scope(EVERYTHING):
                objections.settle_standings()
        except Exception as error:  # noqa: BLE001 (whatever it is, the test looks at it)
            wrong.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    with transaction.atomic():
        objections.lock(first, world.noor)
        holds.set()
        assert began.wait(30)
        second = objections.register(
            decision=world.decision(world.cast.anker),
            channel=Channel.DESK,
            received_at=timezone.now(),
            posted_on=None,
            key="balie",
            actor=world.noor,
            **FACTS,
        )
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert not wrong
    assert sorted(receipts()) == [first.pk, second.pk]
    assert {status_of(item) for item in (first, second)} == {"under_objection"}
