"""Objections as provider and NZa live them: from filing to the decision, with its letters, terms and standings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from providers.access import scope
from providers.formatting import AMSTERDAM
from providers.models import Notice
from providers.refusal import Refused
from tariffs import standings
from tariffs.models import (
    Bandwidth,
    Channel,
    Consequence,
    Decision,
    DecisionStatus,
    Hearing,
    Letter,
    LetterKind,
    Objection,
    ObjectionOutcome,
    ObjectionStatus,
    ReportStatus,
    Settlement,
    Standing,
)
from tariffs.policies import set_policy
from tariffs.procedure import admission, deadlines, delays, groups, hearings, objections, rulings
from tariffs.procedure.files import Sent
from tariffs.procedure.renewals import adopted_release
from tariffs.release import release_run
from tests import storing
from tests.access.world import MODEL
from tests.cast import browser_of
from tests.factories import computed
from tests.tariffs import cases
from tests.tariffs.cases import PDF, REASONS, Adopted, at, dismissed, filed, heard, judged

SENT_ON = dt.date(2026, 9, 22)
#: A run with one product less to explain costs with: whoever delivers much of the other looks better.
OTHER_OUTPUTS = [{"name": "5vv_with_treatment", "days": ["days_5vv_with_treatment"]}]
#: Six weeks from the day after: until Tuesday 3 November 2026.
LAST_DAY = dt.date(2026, 11, 3)


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        world = cases.adopted()
        cases.sent(world)
        yield world


@pytest.fixture
def world(stored: Adopted, db: None) -> Adopted:
    return stored


def status_of(world: Adopted) -> str:
    found = standings.current(world.cast.linde, world.round)
    assert found is not None
    return found.status


def test_an_objection_is_played_to_a_new_decision_with_the_same_comparison(world: Adopted) -> None:
    old = world.decision()
    with at(dt.date(2026, 9, 25)):
        objection = filed(world, old)
        assert (objection.reference, status_of(world)) == (f"{old.reference}-B1", "under_objection")
        receipt = Letter.objects.get(objection=objection)
        assert "6:14 Awb" in receipt.body
        assert "Dat is op tijd" in receipt.body
        admission.admit(objection=objection, with_committee=True, actor=world.noor)
        moment = dt.datetime(2026, 10, 20, 14, 0, tzinfo=AMSTERDAM)
        hearing = hearings.plan(objections=[objection], at=moment, place="Newtonlaan 1, Utrecht", actor=world.noor)
        assert (hearing.papers_until, hearing.file_open_from) == (dt.date(2026, 10, 9), dt.date(2026, 10, 13))
        with pytest.raises(Refused, match="7:7"):
            hearings.report(hearing=hearing, text="Alles is besproken, zo lang duurde het.", actor=world.noor)
    with at(dt.date(2026, 10, 21)):
        hearings.report(hearing=hearing, text="Anne de Wit lichtte het bezwaar toe.", actor=world.noor)
        with pytest.raises(Refused, match="7:13"):
            judged(world, objection, "founded")
        rulings.advise(
            objection=objection,
            advice="De commissie adviseert het bezwaar gegrond te verklaren.",
            advised_on=dt.date(2026, 10, 21),
            actor=world.noor,
        )
        judged(world, objection, "founded")
        with pytest.raises(Refused, match="slaagt een grond"):
            rulings.draft(
                objection=objection,
                outcome=ObjectionOutcome.DISMISSED,
                reasons=REASONS,
                consequence=Consequence.NONE,
                actor=world.noor,
            )
        rulings.draft(
            objection=objection,
            outcome=ObjectionOutcome.GRANTED,
            reasons=REASONS,
            consequence=Consequence.FROZEN_FRONTIER,
            changes={"days_5vv": Decimal(19351)},
            deviates=False,
            actor=world.noor,
        )
        with scope(world.anne.database_scope):
            assert list(Decision.objects.visible_to(world.anne)) == [old]
        with pytest.raises(Refused, match="3:2"):
            rulings.decide(objection=objection, actor=world.noor)
        others = dict(Decision.objects.exclude(provider=world.cast.linde).values_list("reference", "status"))
        with pytest.raises(Refused, match="U nam het besluit waartegen"):
            rulings.decide(objection=objection, actor=world.rinske)
        decided = rulings.decide(objection=objection, actor=world.ineke)
    new = world.decision()
    old.refresh_from_db()
    assert (old.status, new.status, new.replaces) == (DecisionStatus.REPLACED, DecisionStatus.SENT, old)
    assert Decimal(new.figures["maximum"]) > Decimal(old.figures["maximum"])
    assert dict(Decision.objects.exclude(provider=world.cast.linde).values_list("reference", "status")) == others
    assert status_of(world) == "decided"
    shown = standings.current(world.cast.linde, world.round)
    assert shown is not None
    assert (shown.decision, shown.occasion) == (new, "new_decision")
    letter = Letter.objects.get(objection=decided, kind=LetterKind.OBJECTION_DECISION)
    assert letter.figures is not None
    for said in ("uiterlijk op 2 december 2026", "Beroep voor het bedrijfsleven", "gegrond", "7:11 Awb"):
        assert said in letter.body, said
    with at(dt.date(2026, 12, 1)):
        admission.record_appeal(objection=decided, actor=world.noor)
        with pytest.raises(Refused, match="7:1"):
            filed(world, new, key="nog-een")


def test_the_same_objection_sent_twice_is_one_and_a_second_one_waits(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        first = filed(world, world.decision())
        assert filed(world, world.decision()) == first
        with pytest.raises(Refused, match="6:5"):
            filed(world, world.decision(), key="ander")
    assert Objection.objects.count() == 1
    assert Letter.objects.filter(objection=first).count() == 1
    people = Notice.objects.filter(kind="case_letter", key__contains=str(Letter.objects.get(objection=first).uuid))
    assert people.count() == people.values("recipient").distinct().count() >= 2


@pytest.mark.parametrize("said", [{"signed_by": " "}, {"grounds": ["  "]}])
def test_what_the_law_asks_of_an_objection_is_asked(world: Adopted, said: dict[str, Any]) -> None:
    with at(dt.date(2026, 9, 25)), pytest.raises(Refused, match="6:5"):
        filed(world, world.decision(), **said)


def test_an_objection_has_bounds_and_holds_only_what_a_reader_sees(world: Adopted) -> None:
    long, many = "x" * 5_001, [f"Grond nummer {number} van dit bezwaar." for number in range(41)]
    with at(dt.date(2026, 9, 25)):
        for said, words in (
            ({"grounds": [long]}, r"elke grond\. Niet langer dan 5\.000 tekens; u schreef er 5\.001"),
            ({"late_because": long}, "waarom het bezwaar later komt"),
            ({"grounds": many}, "ten hoogste 40 gronden; hier staan er al 0 en u noemt er 41"),
            ({"grounds": ["\u202e\u2066\x00 "]}, "6:5"),
            ({"signed_by": "\u2067"}, "Zet uw naam"),
        ):
            with pytest.raises(Refused, match=words):
                filed(world, world.decision(), **said)
        assert not Objection.objects.exists()
        turned = "Het tarief is \u202e€ 200\u202c en niet\u2066 € 100\u2069.\x00\r\nDat is te laag."
        made = filed(world, world.decision(), grounds=[turned, *many[:38]], signed_by="Anne\u202e de Wit")
        assert made.grounds.get(number=1).text == "Het tarief is € 200 en niet € 100. \nDat is te laag."
        assert made.signed_by == "Anne de Wit"
        objections.supplement(objection=made, grounds=["De veertigste grond."], actor=world.anne)
        with pytest.raises(Refused, match="hier staan er al 40 en u noemt er 1"):
            objections.supplement(objection=made, grounds=["De eenenveertigste."], actor=world.noor)
    assert made.grounds.count() == 40


@pytest.mark.parametrize(("moment", "is_late"), [((2026, 11, 3, 23, 59, 59), False), ((2026, 11, 4, 0, 0, 0), True)])
def test_the_last_second_is_in_time_and_the_next_is_late(world: Adopted, moment: Any, is_late: bool) -> None:
    with at(dt.datetime(*moment, tzinfo=AMSTERDAM)):
        if is_late:
            with pytest.raises(Refused, match="6:11"):
                filed(world, world.decision())
        made = filed(world, world.decision(), late_because="De post bij ons lag stil door ziekte.")
        assert deadlines.timeliness_of(made).timing == ("late" if is_late else "in_time")
        assert deadlines.counts_as_in_time(made) is (None if is_late else True)


def test_a_late_objection_is_judged_by_a_person_before_anything_else(world: Adopted) -> None:
    with at(dt.date(2026, 11, 10)):
        late = filed(world, world.decision(), late_because="Wij waren ziek.")
        with pytest.raises(Refused, match="6:11"):
            admission.admit(objection=late, with_committee=False, actor=world.noor)
        with pytest.raises(Refused, match="6:11"):
            rulings.draft(
                objection=late,
                outcome=ObjectionOutcome.INADMISSIBLE,
                reasons=REASONS,
                consequence=Consequence.NONE,
                actor=world.noor,
            )
        admission.judge_lateness(objection=late, is_excused=False, reason="Ziekte is geen reden.", actor=world.noor)
        rulings.draft(
            objection=late,
            outcome=ObjectionOutcome.INADMISSIBLE,
            reasons=REASONS,
            consequence=Consequence.NONE,
            actor=world.noor,
        )
        assert rulings.decide(objection=late, actor=world.ineke).status == ObjectionStatus.DECIDED
    assert [item.status for item in Standing.objects.filter(provider=world.cast.linde)] == [
        "decided",
        "under_objection",
        "decided",
        "adopted",
    ]
    assert "niet-ontvankelijk" in Letter.objects.get(kind=LetterKind.OBJECTION_DECISION).body


def test_what_was_drawn_up_on_lateness_does_not_outlive_it(world: Adopted) -> None:
    case_page = reverse("case", args=[world.round.slug, world.cast.linde.uuid])
    turned_away: dict[str, Any] = {"outcome": ObjectionOutcome.INADMISSIBLE, "consequence": Consequence.NONE}
    with at(dt.date(2026, 11, 10)):
        ineke = browser_of(world.ineke.user)
        late = filed(world, world.decision(), late_because="Wij waren ziek.")
        concept = reverse("objection_concept", args=[late.uuid])
        admission.judge_lateness(objection=late, is_excused=False, reason="Ziekte is geen reden.", actor=world.noor)
        rulings.draft(objection=late, **turned_away, reasons=REASONS, actor=world.noor)
        assert (ineke.get(concept).status_code, concept in ineke.get(case_page).content.decode()) == (200, True)
        admission.judge_lateness(objection=late, is_excused=True, reason="Ziekenhuis, met bewijs.", actor=world.noor)
        late.refresh_from_db()
        assert (late.outcome, late.reasons, late.drafted_by) == ("", "", None)
        answer = ineke.post(reverse("objection_step", args=[late.uuid, "beslissen"]))
        assert "Deze stap kan nu niet" in answer.content.decode()
        admission.admit(objection=late, with_committee=False, actor=world.noor)
        assert Objection.objects.get(pk=late.pk).outcome == ""


def test_what_came_in_after_all_is_not_turned_away(world: Adopted) -> None:
    case_page = reverse("case", args=[world.round.slug, world.cast.linde.uuid])
    with at(dt.date(2026, 10, 5)):
        made = filed(world, world.decision(), grounds=[], is_pro_forma=True)
        admission.ask_remedy(objection=made, what="De gronden van het bezwaar.", actor=world.noor)
        cases.posted(world)
    with at(LAST_DAY + dt.timedelta(days=1)):
        rulings.draft(
            objection=made,
            outcome=ObjectionOutcome.INADMISSIBLE,
            reasons=REASONS,
            consequence=Consequence.NONE,
            actor=world.noor,
        )
        objections.supplement(objection=made, grounds=["De huur telt dubbel."], actor=world.anne)
        ineke = browser_of(world.ineke.user)
        concept = reverse("objection_concept", args=[made.uuid])
        assert (ineke.get(concept).status_code, concept in ineke.get(case_page).content.decode()) == (404, False)
        with pytest.raises(Refused, match="ontbreekt niets meer"):
            rulings.decide(objection=made, actor=world.ineke)
        admission.admit(objection=made, with_committee=False, actor=world.noor)
    made = Objection.objects.get(pk=made.pk)
    assert (made.status, made.outcome, made.drafted_by) == ("admitted", "", None)


def test_post_counts_by_its_postmark(world: Adopted) -> None:
    def register(posted: dt.date, received: dt.date, key: str) -> Objection:
        return objections.register(
            decision=world.decision(),
            channel=Channel.POST,
            received_at=dt.datetime.combine(received, dt.time(9), tzinfo=AMSTERDAM),
            posted_on=posted,
            grounds=["Te laag."],
            is_pro_forma=False,
            signed_by="Anne de Wit",
            key=key,
            actor=world.noor,
        )

    with at(dt.date(2026, 11, 20)):
        with pytest.raises(Refused, match="6:9"):
            register(dt.date(2026, 11, 9), dt.date(2026, 11, 8), "a")
        posted_in_time = register(LAST_DAY, dt.date(2026, 11, 10), "b")
        assert deadlines.timeliness_of(posted_in_time).timing == "in_time"
        objections.withdraw(objection=posted_in_time, actor=world.noor)
        assert deadlines.timeliness_of(register(LAST_DAY, dt.date(2026, 11, 11), "c")).timing == "late"


def test_pro_forma_gets_time_and_the_clock_stands_still(world: Adopted) -> None:
    with at(dt.date(2026, 11, 2)):
        made = filed(world, world.decision(), grounds=[], is_pro_forma=True)
        with pytest.raises(Refused, match="6:6"):
            admission.admit(objection=made, with_committee=False, actor=world.noor)
    before = deadlines.decision_term_of(made).end
    with at(dt.date(2026, 11, 9)):
        event = admission.ask_remedy(objection=made, what="De gronden van het bezwaar.", actor=world.noor)
        assert event.until == dt.date(2026, 11, 23)
        with pytest.raises(Refused, match="6:6"):
            rulings.draft(
                objection=made,
                outcome=ObjectionOutcome.INADMISSIBLE,
                reasons=REASONS,
                consequence=Consequence.NONE,
                actor=world.noor,
            )
    with at(dt.date(2026, 11, 19)):
        objections.supplement(objection=made, grounds=["De huur telt dubbel."], actor=world.anne)
    made = Objection.objects.get(pk=made.pk)
    # From 10 to 18 November the clock stood still: nine days, over which the end moves.
    assert (deadlines.decision_term_of(made).end - before).days >= 9
    assert "7:10, tweede lid" in deadlines.decision_term_of(made).sentence
    assert made.status == ObjectionStatus.RECEIVED
    admission.admit(objection=made, with_committee=False, actor=world.noor)


def test_who_never_completes_it_can_be_turned_away(world: Adopted) -> None:
    with at(dt.date(2026, 10, 5)):
        made = filed(world, world.decision(), grounds=[], is_pro_forma=True)
        admission.ask_remedy(objection=made, what="De gronden van het bezwaar.", actor=world.noor)
    # Two weeks would end on 19 October, but until the last day to object somebody may object anew.
    with at(LAST_DAY), pytest.raises(Refused, match="tot en met 3 november 2026"):
        rulings.draft(
            objection=made,
            outcome=ObjectionOutcome.INADMISSIBLE,
            reasons=REASONS,
            consequence=Consequence.NONE,
            actor=world.noor,
        )
    button = "Verklaar niet-ontvankelijk"
    case_page = reverse("case", args=[world.round.slug, made.provider.uuid])
    with at(LAST_DAY):
        assert button not in browser_of(world.cast.noor).get(case_page).content.decode()
    with at(LAST_DAY + dt.timedelta(days=1)):
        # A request that nobody could receive gave no occasion to mend anything.
        assert not rulings.can_be_turned_away(made)
        cases.posted(world)
        assert button in browser_of(world.cast.noor).get(case_page).content.decode()
        rulings.draft(
            objection=made,
            outcome=ObjectionOutcome.INADMISSIBLE,
            reasons=REASONS,
            consequence=Consequence.NONE,
            actor=world.noor,
        )
        rulings.decide(objection=made, actor=world.ineke)
    assert status_of(world) == "decided"
    said = Letter.objects.get(kind=LetterKind.OBJECTION_DECISION).body
    assert "om een aanvulling, uiterlijk op 3 november 2026. Het bezwaar is niet op tijd compleet" in said
    for words in ("(art. 6:6 Awb)", "> De gronden van het bezwaar.", "art. 7:3, onder a, Awb", "art. 6:23 Awb"):
        assert words in said
    assert "7:11" not in said, "nothing was reconsidered"
    assert "art. 7:3, onder a, Awb" in Hearing.objects.get(objections=made).waived_because


def test_a_proxy_without_a_file_has_to_show_one(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        made = filed(world, world.decision(), representative="Actiz")
        with pytest.raises(Refused, match="2:1"):
            admission.admit(objection=made, with_committee=False, actor=world.noor)
        admission.ask_remedy(objection=made, what="De machtiging ontbreekt.", actor=world.noor)
        objections.supplement(objection=made, sent=[Sent("huur.pdf", PDF)], actor=world.anne)
        with pytest.raises(Refused, match="2:1"):
            admission.admit(objection=made, with_committee=False, actor=world.noor)
        objections.supplement(objection=made, mandate=[Sent("machtiging.pdf", PDF)], actor=world.anne)
        admission.admit(objection=made, with_committee=False, actor=world.noor)
    with pytest.raises(Refused, match="postadres van de gemachtigde"):
        filed(world, world.decision(world.cast.anker), actor=world.bram, representative="X", representative_address=" ")


def test_a_withdrawn_objection_leaves_the_decision_as_it_was(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        made = filed(world, world.decision())
        heard(world, made)
        judged(world, made, "founded")
        rulings.draft(
            objection=made,
            outcome=ObjectionOutcome.GRANTED,
            reasons=REASONS,
            consequence=Consequence.OTHER_REASONS,
            actor=world.noor,
        )
        objections.withdraw(objection=made, actor=world.anne)
        objections.withdraw(objection=made, actor=world.anne)
        assert status_of(world) == "under_objection"
        objections.settle_standings()
        objections.settle_standings()
        assert status_of(world) == "decided"
    assert Decision.objects.filter(origin="objection").get().status == DecisionStatus.WITHDRAWN
    with pytest.raises(Refused, match="hoofdstuk 6 en 7"):
        rulings.decide(objection=made, actor=world.ineke)


def test_the_term_moves_by_what_happens_and_not_by_wishes(world: Adopted) -> None:
    with at(dt.date(2026, 10, 5)):
        made = filed(world, world.decision())
        admission.admit(objection=made, with_committee=False, actor=world.noor)
    end = deadlines.decision_term_of(made).end
    assert end == dt.date(2026, 12, 15)
    with at(dt.date(2026, 12, 14)):
        with pytest.raises(Refused, match="4:17"):
            delays.give_notice(objection=made, actor=world.anne)
        with pytest.raises(Refused, match="7:10"):
            delays.adjourn(objection=made, weeks=7, reason="Te veel zaken.", actor=world.noor)
        delays.adjourn(objection=made, weeks=2, reason="De hoorzitting valt later.", actor=world.noor)
        with pytest.raises(Refused, match="vierde"):
            delays.adjourn(objection=made, weeks=1, reason="De hoorzitting valt later.", actor=world.noor)
    made = Objection.objects.get(pk=made.pk)
    assert deadlines.decision_term_of(made).end == dt.date(2026, 12, 29)
    with at(dt.date(2026, 12, 30)):
        delays.give_notice(objection=made, actor=world.anne)
        delays.give_notice(objection=made, actor=world.anne)
        # Two weeks from 31 December.
        found = {item.code: item.on for item in deadlines.deadlines(Objection.objects.get(pk=made.pk))}
        assert found["default"] == dt.date(2027, 1, 13)
        with pytest.raises(Refused, match="vierde lid"):
            delays.adjourn(objection=made, weeks=1, reason="De hoorzitting valt later.", actor=world.noor)
        delays.agree(objection=made, until=dt.date(2027, 2, 1), reason="Anne ging akkoord.", actor=world.noor)
    assert deadlines.decision_term_of(Objection.objects.get(pk=made.pk)).end == dt.date(2027, 2, 1)
    assert Letter.objects.filter(objection=made, kind=LetterKind.ADJOURNMENT).count() == 2


def test_a_suspension_that_goes_on_past_a_day_that_was_agreed_leaves_every_page_readable(world: Adopted) -> None:
    with at(dt.date(2026, 9, 28)):
        made = filed(world, world.decision())
        admission.admit(objection=made, with_committee=False, actor=world.noor)
    with at(dt.date(2026, 12, 7)):
        delays.suspend(
            objection=made, cause="objector", reason="De stukken komen nog van de bezwaarmaker.", actor=world.noor
        )
        fresh = Objection.objects.get(pk=made.pk)
        agreed = deadlines.decision_term_of(fresh).end + dt.timedelta(days=2)
        delays.agree(objection=made, until=agreed, reason="Anne ging akkoord.", actor=world.noor)
        assert deadlines.decision_term_of(Objection.objects.get(pk=made.pk)).end == agreed
    with at(agreed + dt.timedelta(days=8)):
        later = deadlines.decision_term_of(Objection.objects.get(pk=made.pk)).end
        assert later > agreed
        delays.resume(objection=made, reason="De stukken zijn er nu allemaal.", actor=world.noor)
        assert deadlines.decision_term_of(Objection.objects.get(pk=made.pk)).end >= agreed


def test_objections_in_a_group_share_an_answer_and_a_hearing(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        mine = filed(world, world.decision(), grounds=["Alleen bij ons: de verhuizing."])
        theirs = filed(world, world.decision(world.cast.anker), grounds=[], is_pro_forma=True, actor=world.bram)
        with pytest.raises(Refused, match="7:6"):
            groups.join(round=world.round, name="Huisvesting", objections=[mine.uuid], actor=world.noor)
        group = groups.join(
            round=world.round, name="Huisvesting", objections=[mine.uuid, theirs.uuid], actor=world.noor
        )
        groups.share(group=group, text="De huisvesting telt te laag mee.", actor=world.noor)
        with scope(world.bram.database_scope):
            assert [ground.text for ground in rulings.grounds_of(Objection.objects.get(pk=theirs.pk))] == [
                "De huisvesting telt te laag mee."
            ]
        both = [Objection.objects.get(pk=item.pk) for item in (mine, theirs)]
        for item in both:
            admission.admit(objection=item, with_committee=False, actor=world.noor)
        hearing = hearings.plan(
            objections=hearings.together_with(Objection.objects.get(pk=mine.pk)),
            at=dt.datetime(2026, 10, 20, 14, 0, tzinfo=AMSTERDAM),
            place="Utrecht",
            actor=world.noor,
        )
        assert set(hearing.objections.all()) == set(both)
        assert Letter.objects.filter(kind=LetterKind.HEARING).count() == 2
        hearings.cancel(hearing=hearing, reason="De voorzitter is ziek.", actor=world.noor)
        assert {item.status for item in Objection.objects.all()} == {"admitted"}
        hearings.waive(
            objections=hearings.together_with(Objection.objects.get(pk=mine.pk)),
            ground="c",
            reason="Beide zien af van horen.",
            actor=world.noor,
        )
        judged(world, Objection.objects.get(pk=mine.pk), "unfounded")
        assert all(ground.verdict for ground in rulings.grounds_of(Objection.objects.get(pk=theirs.pk)))
        rulings.draft(
            objection=theirs,
            outcome=ObjectionOutcome.DISMISSED,
            reasons=REASONS,
            consequence=Consequence.NONE,
            actor=world.noor,
        )
        rulings.decide(objection=theirs, actor=world.ineke)
        with pytest.raises(Refused, match="gelijke gevallen"):
            judged(world, Objection.objects.get(pk=mine.pk), "founded")


def test_nobody_is_worse_off_by_objecting(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        made = heard(world, filed(world, world.decision()))
        judged(world, made, "founded")
        with pytest.raises(Refused, match=r"slechter uitkomen(.|\n)*van €\s[\d.,]+ naar €\s[\d.,]+"):
            rulings.draft(
                objection=made,
                outcome=ObjectionOutcome.GRANTED,
                reasons=REASONS,
                consequence=Consequence.FROZEN_FRONTIER,
                changes={"total_cost": Decimal("3313977.41"), "care_staff_employed": Decimal("2896586.28")},
                actor=world.noor,
            )
        set_policy(round=world.round, actor=world.noor, objections_settled=Settlement.FULL_RERUN)
        with pytest.raises(Refused, match="nog geen nieuwe landelijke berekening"):
            rulings.draft(
                objection=made,
                outcome=ObjectionOutcome.GRANTED,
                reasons=REASONS,
                consequence=Consequence.NEW_RUN,
                actor=world.noor,
            )
    assert adopted_release(world.round) == world.release


def test_a_decision_on_an_objection_is_sent_once(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        made = dismissed(world, filed(world, world.decision()))
        with pytest.raises(Refused):
            rulings.decide(objection=made, actor=world.ineke)
    assert Letter.objects.filter(kind=LetterKind.OBJECTION_DECISION).count() == 1


def test_a_new_national_run_changes_the_decision_of_who_objected_and_of_nobody_else(world: Adopted) -> None:
    old = world.decision()
    with at(dt.date(2026, 10, 5)):
        made = heard(world, filed(world, old))
        judged(world, made, "founded")
        set_policy(round=world.round, actor=world.noor, objections_settled=Settlement.FULL_RERUN)
        run = computed(world.round, {**MODEL, "bootstrap": None, "outputs": OTHER_OUTPUTS})
        release = release_run(run=run, actor=None, status=ReportStatus.ADOPTED, note="Anders, na een bezwaar.")
        assert status_of(world) == "under_objection"
        by_others = Standing.objects.exclude(provider=world.cast.linde)
        before = set(by_others.values_list("pk", flat=True))
        rulings.draft(
            objection=made,
            outcome=ObjectionOutcome.GRANTED,
            reasons=REASONS,
            consequence=Consequence.NEW_RUN,
            actor=world.noor,
        )
        rulings.decide(objection=made, actor=world.ineke)
    new = world.decision()
    band = Bandwidth.objects.get(run=run, provider=world.cast.linde)
    assert (new.report.release, new.figures["upper_rate"]) == (release, str(band.upper_rate))
    assert new.figures["upper_rate"] >= old.figures["upper_rate"]
    assert status_of(world) == "decided"
    assert set(by_others.values_list("pk", flat=True)) == before
    assert by_others.filter(status="adopted").count() == by_others.filter(status="decided").count() == 9
