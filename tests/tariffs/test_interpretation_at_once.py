"""The interpretation period when people do something in the same moment: each connection is one of its own."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from providers.access import EVERYTHING
from providers.models import Notice
from providers.refusal import Refused
from tariffs.models import CaseFile, InterpretationResponse, ResponseKind, ResponseOutcome
from tariffs.procedure import answering, corrections, files, outlook
from tariffs.procedure.answering import Answer
from tests.at_once import at_once
from tests.processes import database_url
from tests.responding import make_period, respond

YES = "De jaarrekening bevestigt deze bedragen."
CHEAPER = {"total_cost": Decimal("7113977.41"), "care_staff_employed": Decimal("6696586.28")}
LESS = {"days_5vv": Decimal(17_350)}


def test_of_those_who_act_in_the_same_moment_one_is_first_and_nothing_happens_twice(transactional_db: None) -> None:
    period = make_period()
    # Somebody who clicks four times sends one response with one file.
    sent = {"key": "een", "sent": [files.Sent("bewijs.pdf", b"%PDF-1.7")]}
    same = at_once(*[lambda: respond(period, period.cast.anne, **sent)] * 4)
    assert {item.pk for item in same} == {InterpretationResponse.objects.get().pk}
    assert (CaseFile.objects.count(), Notice.objects.filter(kind="response_received").count()) == (1, 1)
    # Of two colleagues who answer, the second reads who was first.
    (response,) = {item.pk: item for item in same}.values()
    given = at_once(
        lambda: answering.answer(
            response=response, given=Answer(ResponseOutcome.NOTED, "Wij nemen dit mee."), actor=period.noor
        ),
        lambda: answering.answer(
            response=response, given=Answer(ResponseOutcome.REJECTED, "Wij volgen dit niet."), actor=period.rinske
        ),
    )
    (refused,) = (item for item in given if isinstance(item, Refused))
    assert "al beantwoord door" in str(refused)
    assert Notice.objects.filter(kind="response_answered", recipient=period.cast.anne).count() == 1
    # Of two corrections that are accepted at once, what was computed for the second holds no longer.
    both = [
        respond(period, period.cast.daan, kind=ResponseKind.CORRECT, changes=changes) for changes in (CHEAPER, LESS)
    ]
    for correction in both:
        outlook.ask(response=correction, actor=period.noor)
    # While one worker computes, another passes by, and asking once more has to wait.
    with psycopg.connect(database_url(owner=True)) as worker:
        worker.execute("SELECT set_config('ivportal.scope', %s, false)", [EVERYTHING])
        worker.execute("SELECT 1 FROM tariffs_consequences WHERE response_id = %s FOR UPDATE", [both[0].pk])
        assert outlook.compute_next()
        assert not outlook.compute_next()
        with pytest.raises(Refused, match="op dit moment berekend"):
            outlook.ask(response=both[0], actor=period.noor)
    # And of two workers one computes, so that the other keeps its hands free.
    assert sorted(at_once(outlook.compute_next, outlook.compute_next)) == [False, True]
    accepted = at_once(
        *(
            lambda item=item: answering.answer(
                response=item, given=Answer(ResponseOutcome.ACCEPTED, YES), actor=period.noor
            )
            for item in both
        )
    )
    (stale,) = (item for item in accepted if isinstance(item, Refused))
    assert "Bereken ze opnieuw" in str(stale)
    # Who carries over twice at once makes one version.
    (first,) = (item for item in accepted if not isinstance(item, Refused))
    carried = at_once(*[lambda: corrections.carry_over(response=first, actor=period.noor)] * 2)
    assert sorted(map(len, carried)) == [0, 1]
