"""Whatever people click, in whatever order and on whatever day: the case stays one that the law knows.

Random walks over every verb of decisions and objections, by everybody. A verb does what it says or is refused with an article;
after each the case is looked at as a whole.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from providers.refusal import Refused
from tariffs import standings
from tariffs.models import (
    DECISION_TRANSITIONS,
    OBJECTION_TRANSITIONS,
    Channel,
    Consequence,
    Decision,
    DecisionStatus,
    Letter,
    LetterKind,
    Objection,
    ObjectionOutcome,
    ObjectionStatus,
    SuspensionCause,
)
from tariffs.procedure import (
    admission,
    deadlines,
    decisions,
    delays,
    due,
    hearings,
    objections,
    rulings,
    timeline,
    views,
)
from tariffs.procedure.case import case_of
from tests import storing
from tests.tariffs import cases
from tests.tariffs.cases import REASONS, Adopted, at

START = dt.date(2026, 9, 7)
Verb = Callable[[Adopted, Decision, Objection | None, Any], object]


def _reach(status: DecisionStatus) -> Verb:
    def verb(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
        chosen = [decision.uuid]
        if status == DecisionStatus.DRAFTED:
            return decisions.draft_all(round=world.round, decisions=chosen, actor=actor, reasons=REASONS)
        if status == DecisionStatus.SENT:
            return decisions.send_all(round=world.round, decisions=chosen, actor=actor)
        announced = decisions.announce_all(round=world.round, decisions=chosen, actor=actor)
        cases.posted(world)
        return announced

    return verb


def _file(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
    made = objections.file(
        decision=decision,
        grounds=["De huur telt dubbel."],
        is_pro_forma=False,
        signed_by="Anne",
        late_because="Wij waren ziek.",
        key=f"f{Objection.objects.count()}",
        actor=world.anne,
    )
    objections.settle_standings()
    return made


def _register(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
    return objections.register(
        decision=decision,
        channel=Channel.EMAIL,
        received_at=cases.now(),
        posted_on=None,
        grounds=[],
        is_pro_forma=True,
        signed_by="Anne",
        key=f"r{Objection.objects.count()}",
        actor=actor,
    )


def _withdraw(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
    assert objection is not None
    objections.withdraw(objection=objection, actor=world.anne)
    return objections.settle_standings()


def _judge(verdict: str) -> Verb:
    def verb(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
        assert objection is not None
        grounds = {ground.pk: (verdict, REASONS) for ground in rulings.grounds_of(objection)}
        return rulings.judge(objection=objection, verdicts=grounds, actor=actor)

    return verb


def _draft(outcome: ObjectionOutcome, consequence: Consequence) -> Verb:
    def verb(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
        assert objection is not None
        return rulings.draft(
            objection=objection, outcome=outcome, reasons=REASONS, consequence=consequence, changes={}, actor=actor
        )

    return verb


def _hold(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
    assert objection is not None
    hearing = deadlines.hearing_of(objection)
    if hearing is None or hearing.at is None:
        raise Refused("Er is geen hoorzitting (art. 7:2 Awb).")
    return hearings.report(hearing=hearing, text="Iedereen was er en sprak.", actor=actor)


def _cancel(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
    assert objection is not None
    hearing = deadlines.hearing_of(objection)
    if hearing is None:
        raise Refused("Er is geen hoorzitting (art. 7:2 Awb).")
    return hearings.cancel(hearing=hearing, reason="De zaal is bezet.", actor=actor)


def on(verb: Callable[[Adopted, Objection, Any], object]) -> Verb:
    """Return a verb about the objection alone."""

    def done(world: Adopted, decision: Decision, objection: Objection | None, actor: Any) -> object:
        assert objection is not None
        return verb(world, objection, actor)

    return done


O, C = ObjectionOutcome, Consequence  # noqa: E741
WITHOUT_OBJECTION: dict[str, Verb] = {
    "announce": _reach(DecisionStatus.ANNOUNCED),
    "draft": _reach(DecisionStatus.DRAFTED),
    "send": _reach(DecisionStatus.SENT),
    "waive views": lambda w, d, o, a: views.waive(decision=d, key="geen", actor=w.anne),
    "take back": lambda w, d, o, a: decisions.take_back(decision=d, reason="De tekst klopt niet.", actor=a),
    "file": _file,
    "register": _register,
}
WITH_OBJECTION: dict[str, Verb] = {
    "ask remedy": on(lambda w, o, a: admission.ask_remedy(objection=o, what="De gronden ontbreken.", actor=a)),
    "supplement": on(lambda w, o, a: objections.supplement(objection=o, grounds=["De dagen."], actor=w.anne)),
    "excuse": on(lambda w, o, a: admission.judge_lateness(objection=o, is_excused=True, reason=REASONS, actor=a)),
    "no excuse": on(lambda w, o, a: admission.judge_lateness(objection=o, is_excused=False, reason=REASONS, actor=a)),
    "admit": on(lambda w, o, a: admission.admit(objection=o, with_committee=False, actor=a)),
    "admit with committee": on(lambda w, o, a: admission.admit(objection=o, with_committee=True, actor=a)),
    "plan": on(
        lambda w, o, a: hearings.plan(objections=[o], at=cases.now() + dt.timedelta(days=15), place="Utrecht", actor=a)
    ),
    "cancel": _cancel,
    "hold": _hold,
    "waive hearing": on(lambda w, o, a: hearings.waive(objections=[o], ground="c", reason=REASONS, actor=a)),
    "advise": on(lambda w, o, a: rulings.advise(objection=o, advice=REASONS, advised_on=cases.now().date(), actor=a)),
    "judge founded": _judge("founded"),
    "judge unfounded": _judge("unfounded"),
    "grant": _draft(O.GRANTED, C.OTHER_REASONS),
    "grant without anything": _draft(O.GRANTED, C.NONE),
    "dismiss": _draft(O.DISMISSED, C.NONE),
    "turn away": _draft(O.INADMISSIBLE, C.NONE),
    "decide": on(lambda w, o, a: rulings.decide(objection=o, actor=a)),
    "adjourn": on(lambda w, o, a: delays.adjourn(objection=o, weeks=3, reason=REASONS, actor=a)),
    "agree": on(
        lambda w, o, a: delays.agree(
            objection=o, until=cases.now().date() + dt.timedelta(days=90), reason=REASONS, actor=a
        )
    ),
    "suspend": on(lambda w, o, a: delays.suspend(objection=o, cause=SuspensionCause.OBJECTOR, reason=REASONS, actor=a)),
    "resume": on(lambda w, o, a: delays.resume(objection=o, reason=REASONS, actor=a)),
    "notice": on(lambda w, o, a: delays.give_notice(objection=o, actor=w.anne)),
    "appeal": on(lambda w, o, a: admission.record_appeal(objection=o, actor=a)),
    "withdraw": _withdraw,
}
VERBS = {**WITHOUT_OBJECTION, **WITH_OBJECTION}
#: The way of a case from intention to appeal, with the day on which each step is taken; a walk leaves it somewhere.
WAY = (
    ("announce", "noor", 16), ("draft", "noor", 0), ("send", "rinske", 1), ("file", "noor", 1), ("admit", "noor", 0),
    ("plan", "noor", 16), ("hold", "noor", 0), ("judge founded", "noor", 0), ("grant", "noor", 0), ("decide", "ineke", 1),
    ("appeal", "noor", 0),
)  # fmt: skip
STEPS = st.tuples(
    st.sampled_from(list(VERBS)), st.sampled_from(["noor", "rinske", "ineke"]), st.sampled_from([0, 0, 1, 16, 40])
)


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        world = cases.adopted()
        with at(START):
            decisions.prepare_all(release=world.release, actor=world.noor)
        yield world


@pytest.mark.usefixtures("db")
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(left_at=st.integers(0, len(WAY)), walk=st.lists(STEPS, min_size=5, max_size=9))
def test_no_walk_leaves_the_law(stored: Adopted, left_at: int, walk: list[tuple[str, str, int]]) -> None:
    with transaction.atomic():
        day = START
        for number, (name, who, days) in enumerate([*WAY[:left_at], *walk]):
            with at(day):
                take(stored, name, who, must=number < left_at)
            day += dt.timedelta(days=days)
        timeline.events(case_of(provider=stored.cast.linde, round=stored.round, actor=stored.anne))
        due.due(round=stored.round)
        transaction.set_rollback(True)


def take(world: Adopted, name: str, who: str, *, must: bool) -> None:
    """Take one step of a walk and look at the whole case afterwards; what ``must`` go well is not refused."""
    decision, objection = current_of(world)
    if objection is None and name in WITH_OBJECTION:
        return
    before = statuses()
    refused = ""
    try:
        with transaction.atomic():
            VERBS[name](world, decision, objection, getattr(world, who))
    except Refused as refusal:
        refused = str(refusal)
    if refused:
        assert not must, (name, refused)
        assert re.search(r"art\. \d|hoofdstuk 6 en 7 Awb", refused), (name, refused)
        assert statuses() == before, name
    else:
        look(world, before)


def current_of(world: Adopted) -> tuple[Decision, Objection | None]:
    return world.decision(), Objection.objects.order_by("-pk").first()


def statuses() -> dict[tuple[str, int], str]:
    return {
        **{("d", pk): status for pk, status in Decision.objects.values_list("pk", "status")},
        **{("o", pk): status for pk, status in Objection.objects.values_list("pk", "status")},
    }


def look(world: Adopted, before: dict[tuple[str, int], str]) -> None:
    """Look at everything about De Linde: nothing went a way that is not in the tables, and everything fits together."""
    for key, now in statuses().items():
        if key in before and before[key] != now:
            steps_taken(key[0], before[key], now)
    mine = Decision.objects.filter(provider=world.cast.linde)
    assert mine.filter(status="sent").count() <= 1
    assert mine.filter(status__in=["prepared", "announced", "drafted"]).count() <= 1
    for decision in mine.filter(status__in=["sent", "replaced"]):
        assert decision.decided_by_id != decision.drafted_by_id
        deadlines.deadlines(decision)
    for objection in Objection.objects.select_related("decision"):
        assert Letter.objects.filter(objection=objection, kind=LetterKind.OBJECTION_RECEIVED).count() == 1
        for item in deadlines.deadlines(objection):
            assert item.article.startswith("art. ")
        if objection.status in ("decided", "appealed"):
            assert objection.decided_by_id != objection.drafted_by_id
            assert objection.outcome == "inadmissible" or all(g.verdict for g in rulings.grounds_of(objection))
            assert (objection.new_decision is not None) == (objection.outcome in ("granted", "partly"))
            assert Letter.objects.filter(objection=objection, kind=LetterKind.OBJECTION_DECISION).count() == 1
    holds = standings.current(world.cast.linde, world.round)
    assert holds is not None
    if (sent := mine.filter(status="sent").first()) is not None:
        is_open = any(item.is_open for item in sent.objections.all())
        assert holds.status == ("under_objection" if is_open else "decided")
        assert holds.decision == sent
        assert Decimal(sent.figures["upper_rate"]) == holds.upper_rate
    else:
        assert holds.status == "adopted"


def steps_taken(kind: str, before: str, now: str) -> None:
    """Check that a status was reached by steps that are in the table; a decision after an objection takes three at once."""
    if kind == "o":
        assert ObjectionStatus(now) in OBJECTION_TRANSITIONS[ObjectionStatus(before)], (before, now)
    elif (before, now) != ("prepared", "sent"):
        assert DecisionStatus(now) in DECISION_TRANSITIONS[DecisionStatus(before)], (before, now)
