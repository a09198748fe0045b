"""Objections when people do something in the same moment: each connection is one of its own."""

from __future__ import annotations

import datetime as dt
import threading

from django.db import connection, transaction

from providers.access import EVERYTHING, scope
from tariffs.models import Objection
from tariffs.procedure import groups, handling
from tests.tariffs import cases
from tests.tariffs.cases import at, filed


def test_who_waited_for_a_colleague_sees_the_group_that_she_made(transactional_db: None) -> None:
    world = cases.adopted()
    cases.sent(world)
    with at(dt.date(2026, 9, 25)):
        mine = filed(world, world.decision())
        theirs = filed(world, world.decision(world.cast.anker), actor=world.bram)
    found: list[Objection] = []
    waits = threading.Event()

    def second() -> None:
        with scope(EVERYTHING), transaction.atomic():
            waits.set()
            found.append(handling.lock(mine, world.noor))
        connection.close()

    with transaction.atomic():
        group = groups.join(round=world.round, name="Huur", objections=[mine.uuid, theirs.uuid], actor=world.noor)
        thread = threading.Thread(target=second)
        thread.start()
        waits.wait()
        thread.join(timeout=0.3)
        assert not found, "it was not locked"
    thread.join()
    assert found[0].group == group
