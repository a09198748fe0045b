"""Newer adopted outcomes while decisions hold: who gets a new decision, who keeps the old one, and what the NZa is told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ivportal.pages import mirror
from providers.models import Power, Provider
from providers.refusal import Refused
from providers.workbook.content import ReadDelivery
from tariffs import standings
from tariffs.models import (
    Bandwidth,
    Channel,
    Consequence,
    Decision,
    DecisionStatus,
    Letter,
    LetterKind,
    MirrorReport,
    Objection,
    ObjectionOutcome,
    Release,
    ReportStatus,
    Settlement,
)
from tariffs.policies import set_policy
from tariffs.procedure import decisions, figures, objections, renewals, rulings, withdrawing
from tariffs.release import release_run
from tests import storing
from tests.access.world import FIGURES, MODEL, deliveries
from tests.cast import browser_of
from tests.factories import computed, make_round
from tests.tariffs import cases
from tests.tariffs.cases import REASONS, Adopted, at, filed, heard, judged

#: Corrected costs of two: one was the cheapest and is dearer now, the other is cheaper; some go up by it and others down.
CORRECTED = {"99900003": Decimal("3017431.83"), "99900004": Decimal("2419173.51")}
OCTOBER = dt.date(2026, 10, 5)
LATER = dt.date(2026, 10, 20)
S = DecisionStatus


@dataclass(frozen=True)
class Again:
    """A round of which all decisions were sent, and whose outcomes were adopted anew."""

    world: Adopted
    newer: Release

    def moved(self) -> dict[str, set[int]]:
        """Return who goes up, down or neither, read straight from the two runs."""
        before, after = (
            {
                band.provider_id: [
                    *(100 * (rate or 0) for rate in (band.lower_rate, band.upper_rate)),
                    *(end for item in band.products.order_by("product") for end in (item.lower, item.upper)),
                ]
                for band in Bandwidth.objects.filter(run=run, upper_rate__isnull=False).prefetch_related("products")
            }
            for run in (self.world.release.run, self.newer.run)
        )
        costs = {
            run: dict(Bandwidth.objects.filter(run=run).values_list("provider", "maximum_cost"))
            for run in (self.world.release.run, self.newer.run)
        }
        found: dict[str, set[int]] = {"up": set(), "down": set(), "same": set()}
        for provider, then in before.items():
            # A cent, or a thousandth of a percent, is rounding.
            moves = [new - old for new, old in zip(after[provider], then, strict=True)]
            if all(abs(move) <= Decimal("0.01") for move in moves):
                # At the national maximum tariff the letter has other costs all the same.
                moves = [1000 * (costs[self.newer.run][provider] / costs[self.world.release.run][provider] - 1)]
            down, up = any(move < Decimal("-0.01") for move in moves), any(move > Decimal("0.01") for move in moves)
            found["down" if down else "up" if up else "same"].add(provider)
        return found


def corrected() -> list[ReadDelivery]:
    """Return what everybody delivers, with other costs for two."""
    housing = {key: Decimal(amount) for key, _, _, _, amount, _, _ in FIGURES}
    changes = {key: {"total_cost": cost, "care_staff_employed": cost - housing[key]} for key, cost in CORRECTED.items()}
    return [
        replace(
            item,
            values=tuple(
                replace(value, value=changes.get(item.key, {}).get(value.measure, value.value)) for value in item.values
            ),
        )
        for item in deliveries()
    ]


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Again]:
    with storing.stored(django_db_blocker):
        world = cases.adopted()
        cases.sent(world)
        with at(OCTOBER):
            run = computed(make_round(corrected()), {**MODEL, "bootstrap": None})
            release = release_run(run=run, actor=None, status=ReportStatus.ADOPTED, note="Na een gegrond bezwaar.")
        yield Again(world, release)


@pytest.fixture
def again(stored: Again, db: None) -> Again:
    return stored


def provider(pks: set[int], *, but: tuple[int, ...] = ()) -> Provider:
    return Provider.objects.filter(pk__in=pks).exclude(pk__in=but).order_by("key")[0]


def objected(again: Again, decision: Decision) -> Objection:
    """Write an objection of anybody down, as it comes by e-mail."""
    return objections.register(
        decision=decision,
        channel=Channel.EMAIL,
        received_at=cases.now(),
        posted_on=None,
        grounds=["De huur telt dubbel."],
        is_pro_forma=False,
        signed_by="Het bestuur",
        key=f"bezwaar {decision.reference}",
        actor=again.world.noor,
    )


def granted(again: Again, objection: Objection, consequence: Consequence) -> Objection:
    heard(again.world, objection)
    judged(again.world, objection, "founded")
    rulings.draft(
        objection=objection,
        outcome=ObjectionOutcome.GRANTED,
        reasons=REASONS,
        consequence=consequence,
        actor=again.world.noor,
    )
    return rulings.decide(objection=objection, actor=again.world.ineke)


def sent_again(again: Again) -> decisions.Outcome:
    """Take what was prepared through all its steps, with time for views in between."""
    world = again.world
    with at(OCTOBER):
        decisions.announce_all(round=world.round, actor=world.noor)
        cases.posted(world)
    with at(OCTOBER + dt.timedelta(days=7)):
        assert decisions.draft_all(round=world.round, actor=world.noor).done == 0
    with at(LATER):
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        return decisions.send_all(round=world.round, actor=world.rinske)


def decided(lower: str, upper: str, *tariffs: tuple[str, str], minimum: str = "1000000.00") -> dict[str, Any]:
    """Return figures as a decision holds them."""
    return {
        "minimum": minimum, "maximum": "1100000.00", "lower_rate": lower, "upper_rate": upper,
        "products": [
            {"product": f"days_{number}vv", "lower": low, "upper": high} for number, (low, high) in enumerate(tariffs)
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("figures_now", "is_same"),
    [
        # Reads the same in the letter: hundredths of a percent inward, cents.
        (decided("0.881290000", "0.969470000", ("180.21", "198.24")), True),
        # Computed again from a score of six decimals: a hundredth and a cent turn over by less than either.
        (decided("0.881254000", "0.969399000", ("180.20", "198.23")), True),
        # A real difference, however small: another hundredth, or another cent with it.
        (decided("0.881250000", "0.969390000", ("180.21", "198.23")), False),
        (decided("0.881310000", "0.969400000", ("180.21", "198.24")), False),
        (decided("0.881250000", "0.969400000", ("180.21", "198.26")), False),
        # A few euros in a million are rounding too; more is other costs, and the letter says them.
        (decided("0.881250000", "0.969400000", ("180.21", "198.24"), minimum="1000004.99"), True),
        (decided("0.881250000", "0.969400000", ("180.21", "198.24"), minimum="1000006.00"), False),
        (decided("1.000000000", "1.000000000", ("180.21", "198.24"), minimum="1004000.00"), False),
        # A product more is another decision.
        (decided("0.881250000", "0.969400000", ("180.21", "198.24"), ("90.00", "99.00")), False),
    ],
)
def test_what_moves_by_rounding_alone_is_no_new_decision(figures_now: dict[str, Any], is_same: bool) -> None:
    before = decided("0.881250000", "0.969400000", ("180.21", "198.24"))
    assert figures.says_the_same(figures_now, before) is is_same
    assert figures.says_the_same(before, figures_now) is is_same


def test_who_goes_up_gets_a_new_decision_and_nobody_goes_down_by_the_objection_of_another(again: Again) -> None:
    world, moved = again.world, again.moved()
    assert (len(moved["up"]), len(moved["down"]), len(moved["same"])) == (4, 4, 2)
    old = {item.provider_id: item for item in Decision.objects.all()}
    noor, slug = browser_of(world.cast.noor), world.round.slug
    for url in (reverse("case_round", args=[slug]), reverse("case_round_step", args=[slug, "voorbereiden"])):
        with CaptureQueriesContext(connection) as asked:
            page = noor.get(url).content.decode()
        # Looked at once for what the page says and for the steps that it offers.
        assert sum('FROM "tariffs_productbandwidth"' in query["sql"] for query in asked) == 1
        assert "4 aanbieders met een besluit komen hoger of anders uit" in page
        assert "4 aanbieders met een besluit zouden lager uitkomen: bij" in page
        assert ("4 besluiten komen in voorbereiding, in plaats van een besluit dat geldt." in page) == ("stap" in url)
    with at(OCTOBER):
        outcome = decisions.prepare_all(release=again.newer, actor=world.noor)
        assert decisions.prepare_all(release=again.newer, actor=world.rinske).done == 0
    assert (outcome.done, outcome.renewed) == (4, 4)
    assert [count for _, count in outcome.left if count] == [4, 2]
    assert "4 bleven liggen: de nieuwe uitkomst is lager" in outcome.sentence
    made = {item.provider_id: item for item in Decision.objects.filter(report__release=again.newer)}
    assert set(made) == moved["up"]
    for pk, item in made.items():
        band = Bandwidth.objects.get(run=again.newer.run, provider=pk)
        assert (item.replaces, item.origin) == (old[pk], "adoption")
        assert Decimal(item.figures["upper_rate"]) == band.upper_rate
    mine = made[min(made)]
    with at(OCTOBER):
        decisions.announce_all(round=world.round, actor=world.noor, decisions=[mine.uuid])
        reader = cases.somebody_at(mine.provider, Power.DELIVER, Power.SIGN)
        page = browser_of(reader).get(reverse("own_case", args=[slug])).content.decode()
    assert f"Dit komt dan in de plaats van besluit {old[mine.provider_id].reference}." in " ".join(page.split())
    assert f"Maak bezwaar tegen besluit {old[mine.provider_id].reference}" in page
    assert "Geef uw zienswijze" in page
    before = {pk: standings.current(pk, world.round) for pk in old}
    assert sent_again(again).done == 4
    for pk, item in old.items():
        item.refresh_from_db()
        holds = standings.current(pk, world.round)
        assert holds is not None
        if pk not in moved["up"]:
            assert (item.status, holds) == (S.SENT, before[pk])
            continue
        made[pk].refresh_from_db()
        assert (item.status, made[pk].status, holds.decision, holds.status) == (S.REPLACED, S.SENT, made[pk], "decided")
        for kind in (LetterKind.INTENDED, LetterKind.DECISION):
            assert f"plaats van besluit {item.reference} van 22 september 2026" in made[pk].letters.get(kind=kind).body
    # Against what was replaced nobody objects any more, against the new one everybody can.
    replaced, new = old[min(made)], made[min(made)]
    with at(LATER), pytest.raises(Refused, match=new.reference):
        objected(again, Decision.objects.get(pk=replaced.pk))
    with at(LATER):
        assert objected(again, Decision.objects.get(pk=new.pk)).is_open


def test_a_mirror_with_newer_figures_does_not_say_that_they_were_decided(again: Again) -> None:
    world, moved = again.world, again.moved()

    def ribbon(pk: int, moment: dt.date, release: Release = again.newer) -> str:
        reports = MirrorReport.objects.select_related("release__round", "provider").filter(provider=pk)
        with at(moment):
            context = mirror.context_of(reports.get(release=release), list(reports))
        said = render_to_string("components/status_ribbon.html", {"ribbon": context["ribbon"]})
        return " ".join(f"{said} {context['next_action']['text']}".split())

    kept, lost = min(moved["same"]), min(moved["down"])
    assert "Deze cijfers staan in een besluit van de NZa. Daartegen kunt u bezwaar maken." in ribbon(kept, OCTOBER)
    assert "bezwaar te maken liep tot en met 3 november 2026." in ribbon(kept, dt.date(2026, 11, 4))
    said = ribbon(lost, OCTOBER)
    assert f"nieuwere uitkomsten. Uw besluit {world.decision(provider({lost})).reference} blijft gelden" in said
    assert "staan in een besluit" not in said
    assert "Deze cijfers staan in een besluit" in ribbon(lost, OCTOBER, world.release)
    assert "volgt een voorgenomen besluit" not in said


def test_if_the_policy_says_so_others_go_down_as_well_and_can_speak_first(again: Again) -> None:
    world, moved = again.world, again.moved()
    set_policy(round=world.round, actor=world.noor, objection_may_lower_others=True)
    down = provider(moved["down"])
    old = world.decision(down)
    lost = sum(
        Bandwidth.objects.get(run=world.release.run, provider=pk).maximum_cost
        - Bandwidth.objects.get(run=again.newer.run, provider=pk).maximum_cost
        for pk in moved["down"]
    )
    said = " ".join(renewals.renewals_of(again.newer).sentences("EUR")).replace("\xa0", " ")
    assert f"€ {int(lost.to_integral_value()):,}".replace(",", ".") in said
    with at(OCTOBER):
        outcome = decisions.prepare_all(release=again.newer, actor=world.noor)
    assert (outcome.done, [count for _, count in outcome.left if count]) == (8, [2])
    sent_again(again)
    new = world.decision(down)
    assert new.replaces == old
    assert Decimal(new.figures["upper_rate"]) < Decimal(old.figures["upper_rate"])
    assert "4:8" in new.letters.get(kind=LetterKind.INTENDED).body


def test_what_is_pending_goes_first_and_what_was_won_by_an_objection_is_kept(again: Again) -> None:
    world, moved = again.world, again.moved()
    set_policy(round=world.round, actor=world.noor, objection_may_lower_others=True)
    won = provider(moved["down"])
    pending = provider(moved["up"])
    late = provider(moved["up"], but=(pending.pk,))
    with at(OCTOBER):
        kept = granted(again, objected(again, world.decision(won)), Consequence.OTHER_REASONS).new_decision
        objected(again, world.decision(pending))
        outcome = decisions.prepare_all(release=again.newer, actor=world.noor)
        assert (outcome.done, sorted(count for _, count in outcome.left if count)) == (6, [1, 1, 2])
        assert "6:19" in outcome.sentence
    assert kept is not None
    # Somebody objects to the old decision while the new one is under way: that is decided first.
    old = world.decision(late).replaces
    assert old is not None
    with at(LATER - dt.timedelta(days=1)):
        decisions.announce_all(round=world.round, actor=world.noor)
        cases.posted(world)
        made = heard(world, objected(again, old))
        judged(world, made, "founded")
        with pytest.raises(Refused, match="Trek dat eerst in"):
            rulings.draft(
                objection=made,
                outcome=ObjectionOutcome.GRANTED,
                reasons=REASONS,
                consequence=Consequence.OTHER_REASONS,
                actor=world.noor,
            )
    with at(dt.date(2026, 11, 10)):
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        sent = decisions.send_all(round=world.round, actor=world.rinske)
        assert (sent.done, sent.left[1][1]) == (5, 1)
        with pytest.raises(Refused, match="6:19"):
            decisions.send_all(round=world.round, actor=world.rinske, decisions=[world.decision(late).uuid])
        withdrawing.withdraw(decision=world.decision(late), reason="Eerst het bezwaar.", actor=world.noor)
        rulings.draft(
            objection=made,
            outcome=ObjectionOutcome.GRANTED,
            reasons=REASONS,
            consequence=Consequence.OTHER_REASONS,
            actor=world.noor,
        )
        rulings.decide(objection=made, actor=world.ineke)
    holds = standings.current(won, world.round)
    assert holds is not None
    assert holds.decision == kept
    assert Decision.objects.filter(status=S.SENT).values("provider").distinct().count() == 10


@pytest.mark.parametrize(
    ("settled", "refused"),
    [
        (Settlement.FULL_RERUN, Consequence.FROZEN_FRONTIER),
        (Settlement.FROZEN_FRONTIER, Consequence.NEW_RUN),
        (Settlement.NEXT_YEAR, Consequence.NEW_RUN),
    ],
)
def test_the_policy_says_what_a_granted_objection_leads_to(
    again: Again, settled: Settlement, refused: Consequence
) -> None:
    world = again.world
    set_policy(round=world.round, actor=world.noor, objections_settled=settled)
    facts: dict[str, Any] = {"outcome": ObjectionOutcome.GRANTED, "reasons": REASONS, "actor": world.noor}
    with at(OCTOBER):
        made = heard(world, filed(world, world.decision()))
        judged(world, made, "founded")
        with pytest.raises(Refused, match="verander het beleid"):
            rulings.draft(objection=made, consequence=refused, changes={"days_5vv": Decimal(19351)}, **facts)
        other = Consequence.NEW_RUN if settled == Settlement.FULL_RERUN else Consequence.FROZEN_FRONTIER
        rulings.draft(objection=made, consequence=other, changes={"days_5vv": Decimal(19351)}, **facts)
        # What was drawn up under one policy is not decided under another.
        another = Settlement.FROZEN_FRONTIER if settled == Settlement.FULL_RERUN else Settlement.FULL_RERUN
        set_policy(round=world.round, actor=world.noor, objections_settled=another)
        with pytest.raises(Refused, match="verander het beleid"):
            rulings.decide(objection=made, actor=world.ineke)
    assert not Letter.objects.filter(kind=LetterKind.OBJECTION_DECISION).exists()


def test_what_rests_on_outcomes_that_were_replaced_meanwhile_is_not_sent(again: Again) -> None:
    world = again.world
    with at(OCTOBER):
        decisions.prepare_all(release=again.newer, actor=world.noor)
        decisions.announce_all(round=world.round, actor=world.noor)
        cases.posted(world)
    with at(LATER):
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        run = computed(
            world.round,
            {
                **MODEL,
                "bootstrap": None,
                "outputs": [{"name": "5vv_with_treatment", "days": ["days_5vv_with_treatment"]}],
            },
        )
        release_run(run=run, actor=None, status=ReportStatus.ADOPTED, note="Toch anders.")
        with pytest.raises(Refused, match="niet meer de nieuwste zijn"):
            decisions.send_all(
                round=world.round,
                actor=world.rinske,
                decisions=[Decision.objects.filter(status=S.DRAFTED)[0].uuid],
            )
        held = decisions.send_all(round=world.round, actor=world.rinske)
    assert held.done == 0
    assert "4 bleven liggen: ze rusten op uitkomsten die niet meer de nieuwste zijn" in held.sentence
