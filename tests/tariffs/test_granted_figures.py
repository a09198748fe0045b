"""Figures that a granted objection rests on come into the data; no outcome without them takes the place of what was won."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from benchmarking import datasets
from providers.models import Notice, Submission, SubmissionVersion
from providers.refusal import Refused
from tariffs.models import Consequence, ObjectionOutcome, ReportStatus, Settlement
from tariffs.policies import set_policy
from tariffs.procedure import admission, carrying, figures, figures_in_words, granted, replacing, rulings
from tariffs.procedure.renewals import renewals_of
from tariffs.release import release_run
from tests import storing
from tests.access.world import MODEL
from tests.factories import computed
from tests.tariffs import cases
from tests.tariffs.cases import REASONS, Adopted, at, filed, heard, judged

#: A run with one product less to explain costs with: whoever delivers much of the other looks better.
OTHER_OUTPUTS = [{"name": "5vv_with_treatment", "days": ["days_5vv_with_treatment"]}]


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        world = cases.adopted()
        cases.sent(world)
        yield world


@pytest.fixture
def world(stored: Adopted, db: None) -> Adopted:
    return stored


def in_next_data(world: Adopted, *codes: str) -> list[Decimal | None]:
    """Return figures of De Linde as a next run would read them."""
    row = datasets.read(bytes(datasets.freeze(round=world.round).content)).loc[world.cast.linde.key]
    return [row[code] for code in codes]


def test_what_a_new_national_run_has_to_hold_comes_into_the_data_before_it(world: Adopted) -> None:
    more = {"days_5vv": Decimal(19351)}
    with at(dt.date(2026, 9, 25)):
        made = heard(world, filed(world, world.decision()))
        judged(world, made, "founded")
        with pytest.raises(Refused, match="alleen in de gegevens als een grond slaagt en het beleid"):
            granted.bring_in(objection=made, changes=more, actor=world.noor)
        set_policy(round=world.round, actor=world.noor, objections_settled=Settlement.FULL_RERUN)
        for changes, why in (
            ({"total_cost": Decimal(1)}, "klopt de opgave zelf niet meer"),
            ({"days_10vv": Decimal(1)}, "leverde deze aanbieder niet aan"),
            ({"days_5vv": Decimal("NaN")}, "geen getal"),
            ({"days_5vv": Decimal("19351.0000001")}, "zes cijfers achter de komma"),
            ({"days_5vv": Decimal("1E+1000000")}, "minder dan twaalf cijfers"),
            ({}, "welke gegevens"),
        ):
            with pytest.raises(Refused, match=why):
                granted.bring_in(objection=made, changes=changes, actor=world.noor)
        before = in_next_data(world, "days_5vv", "total_cost")
        version = granted.bring_in(objection=made, changes=more, actor=world.noor)
        assert isinstance(version, SubmissionVersion)
        assert in_next_data(world, "days_5vv", "total_cost") == [Decimal(19351), before[1]] != before
        assert json.loads(bytes(version.source_file.content))["objection"]["reference"] == made.reference
        with pytest.raises(Refused, match="staan al in de gegevens"):
            granted.bring_in(objection=made, changes=more, actor=world.noor)
        told = Notice.objects.filter(provider=world.cast.linde, body__contains="Op uw bezwaar beslist de NZa nog")
        assert told.exists()
        run = computed(world.round, {**MODEL, "bootstrap": None, "outputs": OTHER_OUTPUTS})
        release = release_run(run=run, actor=None, status=ReportStatus.ADOPTED, note="Na een bezwaar.")
        new = replacing.prepare(made, Consequence.NEW_RUN, {}, world.noor)
        assert new is not None
        assert figures_in_words.changed(new.figures, "EUR") == [("Dagen 5VV zonder behandeling", "17.351", "19.351")]
        assert (new.report.release, figures.changed(new.figures)) == (release, {})
        assert granted.to_put_back(made) == {}


def test_what_came_in_for_an_objection_that_is_lost_is_put_back_before_it_is_dismissed(world: Adopted) -> None:
    more = {"days_5vv": Decimal(19351)}
    with at(dt.date(2026, 9, 25)):
        set_policy(round=world.round, actor=world.noor, objections_settled=Settlement.FULL_RERUN)
        made = heard(world, filed(world, world.decision()))
        judged(world, made, "founded")
        before = in_next_data(world, "days_5vv", "total_cost")
        granted.bring_in(objection=made, changes=more, actor=world.noor)
        judged(world, made, "unfounded")
        facts: dict[str, Any] = {
            "outcome": ObjectionOutcome.DISMISSED,
            "reasons": REASONS,
            "consequence": Consequence.NONE,
            "actor": world.noor,
        }
        with pytest.raises(Refused, match="Zet eerst de vorige getallen terug"):
            rulings.draft(objection=made, **facts)
        assert granted.to_put_back(made) == {"days_5vv": before[0]}
        granted.bring_in(objection=made, actor=world.noor)
        assert in_next_data(world, "days_5vv", "total_cost") == before
        assert granted.to_put_back(made) == {}
        rulings.draft(objection=made, **facts)
        rulings.decide(objection=made, actor=world.ineke)


def test_nobody_gets_a_lower_beginning_by_its_own_objection(world: Adopted) -> None:
    """At the national maximum a tariff is one point; more days would make a range of it that begins lower."""
    with at(dt.date(2026, 9, 25)):
        made = heard(world, filed(world, world.decision()))
        judged(world, made, "founded")
        with pytest.raises(Refused, match="slechter uitkomen"):
            rulings.draft(
                objection=made,
                outcome=ObjectionOutcome.GRANTED,
                reasons=REASONS,
                consequence=Consequence.FROZEN_FRONTIER,
                changes={"days_5vv": Decimal(23000)},
                actor=world.noor,
            )


def test_what_was_granted_alone_is_not_lost_to_outcomes_that_do_not_hold_it(world: Adopted) -> None:
    with at(dt.date(2026, 9, 25)):
        made = heard(world, filed(world, world.decision()))
        judged(world, made, "founded")
        rulings.draft(
            objection=made,
            outcome=ObjectionOutcome.GRANTED,
            reasons=REASONS,
            consequence=Consequence.FROZEN_FRONTIER,
            changes={"days_5vv": Decimal(19351)},
            actor=world.noor,
        )
        assert granted.to_bring(made) == {}
        won = rulings.decide(objection=made, actor=world.ineke)
        other = computed(world.round, {**MODEL, "bootstrap": None, "outputs": OTHER_OUTPUTS})
        without = release_run(run=other, actor=None, status=ReportStatus.ADOPTED, note="Anders gerekend.")
        found = renewals_of(without)
        assert found.apart == 1
        assert won.decision.provider_id not in {item.decision.provider_id for item in found.to_renew}
        assert any("toegekend" in why for why, count in found.left if count)
        assert granted.to_bring(won) == {"days_5vv": Decimal(19351)}
        won = admission.record_appeal(objection=won, actor=world.noor)
        assert granted.to_bring(won) == {"days_5vv": Decimal(19351)}
        granted.bring_in(objection=won, actor=world.noor)
        assert in_next_data(world, "days_5vv") == [Decimal(19351)]
        with pytest.raises(Refused, match="staan geen toegekende getallen open"):
            granted.bring_in(objection=won, actor=world.noor)
        # A newer correction counts: what was granted is not put over it, and the decision is not set apart for ever.
        newer = carrying.Settled(
            changes={"days_5vv": Decimal(19400)}, asked_by=world.noor.user, words={}, why="Later verbeterd.", origin={}
        )
        carrying.carry(
            submission=Submission.objects.get(round=world.round, provider=world.cast.linde),
            settled=newer,
            until=None,
            actor=world.noor,
        )
        assert granted.to_bring(won) == {}
        run = computed(world.round, {**MODEL, "bootstrap": None, "outputs": OTHER_OUTPUTS})
        with_it = release_run(run=run, actor=None, status=ReportStatus.ADOPTED, note="Met wat is toegekend.")
        assert renewals_of(with_it).apart == 0
