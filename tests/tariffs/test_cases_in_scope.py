"""What somebody of a provider does in a case, in the database scope of a request: what is hers works, what is not is refused.

Nothing moves the clock here: the database looks at its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from providers.access import scope
from providers.refusal import Refused
from tariffs.models import Decision, Ground, Letter, Objection, StatementOfViews, TermEvent
from tariffs.procedure import admission, decisions, delays, objections, rulings, timeline, views
from tariffs.procedure.case import case_of
from tariffs.procedure.files import Sent
from tests import storing
from tests.tariffs import cases
from tests.tariffs.cases import PDF, REASONS, Adopted


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        world = cases.adopted()
        cases.announced(world)
        yield world


@pytest.fixture
def world(stored: Adopted, db: None) -> Adopted:
    return stored


def decided(world: Adopted) -> Decision:
    """Let De Linde say that it has no views, and send its decision."""
    with scope(world.anne.database_scope):
        views.waive(decision=world.decision(), key="geen", actor=world.anne)
    found = world.decision()
    decisions.draft_all(round=world.round, actor=world.noor, decisions=[found.uuid], reasons=REASONS)
    decisions.send_all(round=world.round, actor=world.rinske, decisions=[found.uuid])
    return world.decision()


def test_a_provider_speaks_objects_supplements_and_withdraws(world: Adopted) -> None:
    with scope(world.anne.database_scope):
        said = views.give(
            decision=world.decision(), text="Te laag.", key="a", sent=[Sent("a.pdf", PDF)], actor=world.anne
        )
        assert said.files.count() == 1
    views.react(views=said, reaction="De NZa heeft ernaar gekeken.", actor=world.noor)
    decision = decided(world)
    with scope(world.anne.database_scope):
        made = cases.objections.file(
            decision=decision,
            grounds=[],
            is_pro_forma=True,
            signed_by="Anne",
            sent=[Sent("huur.pdf", PDF)],
            mandate=[Sent("machtiging.pdf", PDF)],
            key="b",
            actor=world.anne,
        )
        assert made.reference.endswith("-B1")
        assert sorted(made.files.values_list("kind", flat=True)) == ["evidence", "mandate"]
        assert not Letter.objects.filter(objection=made).exists()
    objections.settle_standings()
    assert Letter.objects.filter(objection=made).count() == 1
    admission.ask_remedy(objection=made, what="De gronden ontbreken nog.", actor=world.noor)
    with scope(world.anne.database_scope):
        with pytest.raises(Refused, match="Deze bestanden horen al bij het bezwaar"):
            objections.supplement(objection=made, sent=[Sent("huur.pdf", PDF)], actor=world.anne)
        objections.supplement(objection=made, grounds=["De huur."], actor=world.anne)
        objections.supplement(objection=made, grounds=["De huur."], actor=world.anne)
        case = case_of(provider=world.cast.linde, round=world.round, actor=world.anne)
        assert len(timeline.events(case)) > 5
        assert [report.provider for report in case.reports] == [world.cast.linde]
        objections.withdraw(objection=made, actor=world.anne)
    made.refresh_from_db()
    assert made.status == "withdrawn"
    assert [ground.text for ground in rulings.grounds_of(made)] == ["De huur."]


def test_another_provider_sees_and_does_nothing(world: Adopted) -> None:
    decision = decided(world)
    made = cases.filed(world, decision)
    for attempt in (
        lambda: objections.withdraw(objection=made, actor=world.bram),
        lambda: objections.supplement(objection=made, grounds=["x"], actor=world.bram),
        lambda: delays.give_notice(objection=made, actor=world.bram),
        lambda: objections.file(
            decision=decision, grounds=["x"], is_pro_forma=False, signed_by="B", key="c", actor=world.bram
        ),
        lambda: views.give(decision=decision, text="x", key="d", actor=world.bram),
    ):
        with scope(world.bram.database_scope), pytest.raises(Refused, match="niet voor De Linde"):
            attempt()
    with scope(world.bram.database_scope):
        for model in (Objection, Ground, Letter, TermEvent, StatementOfViews):
            assert not model.objects.filter(**_of_linde(model, world)).exists(), model.__name__
        assert Decision.objects.get().provider == world.cast.anker


def _of_linde(model: type[Any], world: Adopted) -> dict[str, Any]:
    return {"objection__provider" if model in (Ground, TermEvent) else "provider": world.cast.linde}


@pytest.mark.parametrize("who", ["daan", "greet"])
def test_objecting_is_for_who_signs(world: Adopted, who: str) -> None:
    decision = decided(world)
    actor = cases.acting(getattr(world.cast, who))
    with scope(actor.database_scope), pytest.raises(Refused, match="Ondertekenen namens het bestuur"):
        objections.file(decision=decision, grounds=["x"], is_pro_forma=False, signed_by="x", key="e", actor=actor)


def test_a_provider_cannot_write_what_is_the_nzas_to_write(world: Adopted) -> None:
    decision = decided(world)
    made = cases.filed(world, decision)
    attempts: list[Callable[[], object]] = [
        lambda: Objection.objects.filter(pk=made.pk).update(outcome="granted"),
        lambda: Objection.objects.filter(pk=made.pk).update(status="admitted"),
        lambda: Objection.objects.filter(pk=made.pk).update(is_excused=True),
        lambda: Ground.objects.filter(objection=made).update(verdict="founded", reasons="x"),
        lambda: Ground.objects.create(objection=made, number=9, text="x", verdict="founded", reasons="x"),
        lambda: TermEvent.objects.create(objection=made, kind="agreed", on=dt.date.today(), by=world.cast.anne),
        lambda: Letter.objects.filter(provider=world.cast.linde).update(body="x"),
        lambda: Decision.objects.filter(pk=decision.pk).update(status="replaced"),
    ]
    for number, attempt in enumerate(attempts):
        with scope(world.anne.database_scope):
            try:
                with transaction.atomic():
                    changed = attempt()
            except DatabaseError:
                continue
            assert changed == 0, number
