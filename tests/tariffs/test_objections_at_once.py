"""Objections and decisions when people do something in the same moment: each connection is one of its own."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from tariffs.models import Decision, DecisionStatus, Objection, PublicNote
from tariffs.procedure import decisions, groups, handling, public_notes, rulings, views
from tariffs.procedure.public_notes import Question
from tests.other_session import OtherSession
from tests.tariffs import cases
from tests.tariffs.cases import MONDAY, REASONS, Adopted, at, filed, heard

QUESTION = Question("Hoe telt huisvesting mee?", "Huisvesting (NHC en NIC) telt apart mee, naast de score.")


def test_who_acts_in_the_same_moment_as_a_colleague_or_a_provider_finds_what_she_did(transactional_db: None) -> None:
    world = cases.adopted()
    with at(MONDAY):
        cases.announced(world)
        cases.posted(world)
    _views_that_come_in_while_a_decision_is_drawn_up_are_answered_before_it_is_sent(world)
    _a_note_that_a_colleague_wrote_on_meanwhile_is_read_again(world)
    _who_waited_for_a_colleague_sees_the_group_that_she_made(world)
    _who_judges_for_a_group_waits_for_each_of_it(world)


def _views_that_come_in_while_a_decision_is_drawn_up_are_answered_before_it_is_sent(world: Adopted) -> None:
    found = world.decision()

    def draft_and_send() -> str:
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS, decisions=[found.uuid])
        decisions.send_all(round=world.round, actor=world.rinske, decisions=[found.uuid])
        return "sent"

    with at(MONDAY):
        early = views.give(decision=found, text="De huur telt dubbel.", key="een", actor=world.anne)
        views.react(views=early, reaction="De huur telt één keer mee.", actor=world.noor)
        with transaction.atomic():
            late = views.give(decision=found, text="Ook de dagen kloppen niet.", key="twee", actor=world.anne)
            other = OtherSession(draft_and_send)
            other.until_it_waits()
        refused = other.result()
        assert isinstance(refused, decisions.NotReady), refused
        assert "kwam er nog een zienswijze binnen" in str(refused)
        outcome = decisions.send_all(round=world.round, actor=world.rinske)
        assert (outcome.done, outcome.left[2][1]) == (0, 1)
        decisions.take_back(decision=found, reason="Er kwam nog een zienswijze.", actor=world.rinske)
        views.react(views=late, reaction="De dagen zijn die van de jaarrekening.", actor=world.noor)
        draft_and_send()
    assert Decision.objects.get(pk=found.pk).status == DecisionStatus.SENT
    with at(dt.date(2026, 9, 22)):
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        decisions.send_all(round=world.round, actor=world.rinske)


def _a_note_that_a_colleague_wrote_on_meanwhile_is_read_again(world: Adopted) -> None:
    note = public_notes.begin(round=world.round, actor=world.noor)
    with transaction.atomic():
        public_notes.write(note=note, items=[QUESTION], actor=world.rinske)
        other = OtherSession(
            lambda: public_notes.write(note=note, items=[], actor=world.noor, seen=public_notes.mark(note))
        )
        other.until_it_waits()
    assert "Een collega wijzigde deze nota intussen" in str(other.result())
    assert PublicNote.objects.get().prepared_by == world.second


def _who_waited_for_a_colleague_sees_the_group_that_she_made(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        mine = filed(world, world.decision())
        theirs = filed(world, world.decision(world.cast.anker), actor=world.bram)

    def lock() -> Objection:
        with transaction.atomic():
            return handling.lock(mine, world.noor)

    with transaction.atomic():
        group = groups.join(round=world.round, name="Huur", objections=[mine.uuid, theirs.uuid], actor=world.noor)
        other = OtherSession(lock)
        other.until_it_waits()
    assert other.result().group == group


def _who_judges_for_a_group_waits_for_each_of_it(world: Adopted) -> None:
    mine, theirs = Objection.objects.order_by("pk")
    assert mine.group is not None
    shared = groups.share(group=mine.group, text="De huur telt te laag mee.", actor=world.noor)
    with at(dt.date(2026, 9, 25)):
        for item in (mine, theirs):
            heard(world, item)

    def judge(verdict: str) -> int:
        return rulings.judge(objection=mine, verdicts={shared.pk: (verdict, REASONS)}, actor=world.noor)

    with transaction.atomic():
        handling.lock(theirs, world.noor)
        other = OtherSession(lambda: judge("founded"))
        other.until_it_waits()
    assert other.result() == 1
    with transaction.atomic():
        groups.leave(objection=theirs, actor=world.noor)
        other = OtherSession(lambda: judge("unfounded"))
        other.until_it_waits()
    assert "veranderde net wie in deze groep zit" in str(other.result())
