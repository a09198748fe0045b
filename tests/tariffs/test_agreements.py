"""What a care office agrees: inside the bandwidth, once, and about what holds now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from providers.access import scope
from providers.models import Act, AuditRecord
from providers.refusal import Refused
from tariffs import agreements
from tariffs.agreements import AgreedMeanwhile, Fit, Outside, StandingMoved
from tariffs.models import (
    OutsideBandwidth,
    ReportStatus,
    Standing,
    TariffAgreement,
)
from tariffs.policies import set_policy
from tariffs.procedure import figures
from tariffs.room import Terms, guide_place, room_of
from tests.storing import stored
from tests.tariffs.offices import HUNDREDTH, Offices, agree, at_end, build_offices, inside

CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def stored_offices(django_db_setup: None, django_db_blocker: Any) -> Iterator[Offices]:
    """Store the world in a transaction around all tests of this module."""
    with stored(django_db_blocker):
        yield build_offices()


@pytest.fixture
def offices(stored_offices: Offices, db: None) -> Offices:
    """Give the world; what a test does to it is undone."""
    return stored_offices


# ── between the ends ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("end", "out"), [("lower", -1), ("upper", 1)])
def test_what_is_shown_as_the_end_is_accepted_and_one_step_further_is_refused_with_the_rule(
    offices: Offices, end: str, out: int
) -> None:
    """As a rate and as amounts; the sentence names the nearest that is allowed."""
    rate, amounts = at_end(offices.standing(), end)
    agree(offices, Terms(rate=rate))
    made = agree(offices, Terms(amounts=amounts))
    assert made.number == 2
    assert {one.product: one.amount for one in made.tariffs.all()} == amounts
    with pytest.raises(Outside, match="tussen het minimum en het maximum") as no:
        agree(offices, Terms(rate=rate + out * HUNDREDTH))
    assert f"kunt afspreken is {rate * 100:.2f}".replace(".", ",") in str(no.value)
    assert "minimum" in str(no.value) if end == "lower" else "maximum van de bandbreedte" in str(no.value)
    wrong = amounts | {"days_6vv": amounts["days_6vv"] + out * CENT}
    with pytest.raises(Outside, match="6VV") as no:
        agree(offices, Terms(amounts=wrong))
    assert f"{amounts['days_6vv']}".replace(".", ",") in str(no.value)
    assert not no.value.asks_reason
    assert TariffAgreement.objects.count() == 2


@given(
    lower=st.decimals("0.2", "1", places=9),
    width=st.decimals("0", "0.3", places=9),
    tariff=st.decimals("20", "900", places=2),
    part=st.decimals("0", "1", places=3),
)
def test_every_rate_that_the_room_allows_lies_in_the_bandwidth(
    lower: Decimal, width: Decimal, tariff: Decimal, part: Decimal
) -> None:
    """Rounded inward, never crossed; and what it comes to per product lies between the tariffs of that product."""
    upper = min(lower + width, Decimal(1))
    cents = [-(-lower * tariff * 100 // 1), upper * tariff * 100 // 1]
    ends = [min(cents), cents[1]]
    facts = {"product": "p", "maximum_tariff": str(tariff), "lower": str(ends[0] / 100), "upper": str(ends[1] / 100)}
    room = room_of(lower=lower, upper=upper, cap=Decimal(1), products=[facts])
    assert room.rate.lower <= room.rate.upper <= min(upper, Decimal(1))
    assert room.rate.lower >= lower or room.rate.lower == room.rate.upper
    assert room.rate.lower - lower < HUNDREDTH
    assert upper - room.rate.upper < HUNDREDTH
    chosen = room.rate.lower + (part * (room.rate.upper - room.rate.lower)).quantize(HUNDREDTH)
    assert ends[0] / 100 <= room.tariff_at("p", min(chosen, room.rate.upper)) <= ends[1] / 100
    # An amount at an end reads as a rate that lies in the bandwidth as it is shown.
    assert all(room.rate.lower <= room.rate_of("p", end / 100) <= room.rate.upper for end in ends)


def test_nothing_above_the_national_maximum_is_ever_registered(offices: Offices) -> None:
    """Not even where the policy lets an agreement outside the bandwidth be recorded."""
    set_policy(round=offices.round, actor=None, agreements_outside=OutsideBandwidth.RECORDED)
    reason = "De aanbieder bouwt een nieuwe locatie."
    for terms in (
        Terms(rate=Decimal("1.0001")),
        Terms(amounts={"days_5vv": Decimal("251.44"), "days_6vv": Decimal("230.00")}),
    ):
        with pytest.raises(Outside, match="landelijke maximumtarief") as no:
            agree(offices, terms, reason=reason)
        assert not no.value.asks_reason
        assert re.search(
            r"ten hoogste [\d,€\s]+%? afspreken, en met een reden ten hoogste (100,00\s%|€\s251,43)\.", str(no.value)
        )
    made = agree(offices, Terms(rate=Decimal(1)), reason=reason)
    assert made.is_outside
    assert made.reason == reason


def test_a_ceiling_below_the_national_maximum_is_called_a_ceiling(offices: Offices) -> None:
    policy = set_policy(round=offices.round, actor=None, cap=Decimal("0.98"))
    assert "nooit boven het plafond (98\xa0%)." in agreements.rule_of(policy)
    with pytest.raises(Outside) as no:
        agree(offices, Terms(rate=Decimal("0.99")))
    assert "99,00\xa0% ligt boven het plafond (98\xa0%). Het dichtstbijzijnde" in str(no.value)
    with pytest.raises(Outside, match=r"ligt boven het plafond \(98\s%\), €\s246,40\. Het"):
        agree(offices, Terms(amounts={"days_5vv": Decimal("246.41"), "days_6vv": Decimal("230.00")}))


def test_4vv_stands_before_10vv_in_a_letter_and_where_an_agreement_is_filled_in(offices: Offices) -> None:
    products = [
        {"product": f"days_{name}vv", "days": "1", "maximum_tariff": "200.00", "lower": "180.00", "upper": "190.00"}
        for name in (10, 4)
    ]
    letter = figures.table({"products": products}, "EUR", 2025)
    assert [row[0].split("VV")[0] for row in letter["rows"]] == ["4", "10"]
    room = agreements.room_for(offices.moved(products=products), Decimal(1))
    assert room is not None
    assert list(room.products) == ["days_4vv", "days_10vv"]


def test_outside_the_bandwidth_is_recorded_only_with_a_reason_and_only_if_the_policy_says_so(offices: Offices) -> None:
    rate, _ = at_end(offices.standing(), "lower")
    below = Terms(rate=rate - HUNDREDTH)
    with pytest.raises(Outside, match="Het dichtstbijzijnde dat u kunt afspreken is"):
        agree(offices, below, reason="De aanbieder begint dit jaar pas.")
    set_policy(round=offices.round, actor=None, agreements_outside=OutsideBandwidth.RECORDED)
    for said in ("", "nieuw", "................"):
        with pytest.raises(Outside, match="met een reden") as no:
            agree(offices, below, reason=said)
        assert "Zonder reden is het dichtstbijzijnde dat u kunt afspreken" in str(no.value)
        assert no.value.asks_reason
    first = agree(offices, below, reason="De aanbieder begint dit jaar pas.")
    assert first.is_outside
    assert agree(offices, below, reason="De aanbieder begint dit jaar pas.") == first
    assert agree(offices, below, reason="De aanbieder begint volgend jaar.").number == 2, (
        "another reason is another record"
    )
    assert not agree(offices, inside(offices.standing()), reason="Niet nodig, maar toch ingevuld.").reason


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(), "Vul één percentage in"),
        (Terms(rate=Decimal("0.8"), amounts={"days_5vv": Decimal(200)}), "Vul één percentage in"),
        (Terms(rate=Decimal("0.81234")), "twee decimalen"),
        (Terms(rate=Decimal("-0.8")), "meer dan 0"),
        (Terms(amounts={"days_5vv": Decimal(200)}), "ontbreekt: 6VV"),
        (Terms(amounts={"days_5vv": Decimal(200), "days_6vv": Decimal(0)}), "hele centen"),
        (Terms(amounts={"days_5vv": Decimal("200.001"), "days_6vv": Decimal(230)}), "hele centen"),
        *(
            (terms, "gewoon getal")
            for odd in ("NaN", "Infinity", "-Infinity", "1e30", "-1e30")
            for terms in (Terms(rate=Decimal(odd)), Terms(amounts={"days_5vv": Decimal(200), "days_6vv": Decimal(odd)}))
        ),
    ],
)
def test_what_is_no_agreement_is_refused_in_words(offices: Offices, terms: Terms, said: str) -> None:
    with pytest.raises(Refused, match=said):
        agree(offices, terms)


def test_an_agreement_of_tomorrow_or_of_a_mistyped_year_is_refused(offices: Offices) -> None:
    with pytest.raises(Refused, match="toekomst"):
        agree(offices, inside(offices.standing()), agreed_on=timezone.localdate() + timedelta(days=1))
    with pytest.raises(Refused, match="jaartal"):
        agree(offices, inside(offices.standing()), agreed_on=date(225, 1, 1))


# ── what holds ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ReportStatus)
def test_only_a_valid_bandwidth_allows_an_agreement(offices: Offices, status: ReportStatus) -> None:
    moved = offices.moved(status=status)
    if status in ("simulation", "provisional"):
        with pytest.raises(Refused, match="bandbreedte is nog niet vastgesteld"):
            agree(offices, inside(moved))
    else:
        assert agree(offices, inside(moved)).standing == moved


def test_a_bandwidth_that_changed_since_the_page_was_opened_is_asked_again(offices: Offices) -> None:
    seen = offices.standing()
    now = offices.moved(by=Decimal("-0.04"))
    with pytest.raises(StandingMoved) as asked:
        agree(offices, inside(seen), seen=seen.uuid)
    assert asked.value.seen == seen
    assert asked.value.now == now
    assert not TariffAgreement.objects.exists()


def test_registered_twice_is_once_and_a_new_one_replaces_the_old_which_is_kept(offices: Offices) -> None:
    terms = inside(offices.standing())
    first = agree(offices, terms)
    assert agree(offices, terms, after=0) == first
    assert agree(offices, terms) == first
    second = agree(offices, inside(offices.standing(), "0.7"))
    assert (first.number, second.number) == (1, 2)
    with scope(offices.karim.database_scope):
        assert agreements.newest_of(offices.karim, 2025) == {second.provider_id: second}
        kept = agreements.history_of(offices.karim, second.provider, 2025)
        assert [one.number for one in kept] == [2, 1]
        assert kept[1].rate == terms.rate
    acts = AuditRecord.objects.filter(act=Act.AGREEMENT_REGISTERED)
    assert acts.count() == 2
    assert all(f"{terms.rate}" not in str(one.details) + one.subject for one in acts)


def test_two_colleagues_at_once_do_not_overwrite_each_other(offices: Offices) -> None:
    """The second, who did not see the first agreement, is told of it."""
    first = agree(offices, inside(offices.standing()))
    with pytest.raises(AgreedMeanwhile) as meanwhile:
        agree(offices, inside(offices.standing(), "0.2"), after=0)
    assert meanwhile.value.newest == first
    assert TariffAgreement.objects.count() == 1


def test_an_agreement_that_no_longer_fits_after_a_new_decision_is_said_to(offices: Offices) -> None:
    """A change of status alone changes nothing; a bandwidth that went away from under it does."""
    before = offices.standing()
    made = agree(offices, inside(before, "0.1"))
    by_product = agree(offices, Terms(amounts=at_end(before, "lower")[1]))

    def fits(now: Standing) -> list[Fit]:
        return [agreements.fit_of(one, then=before, now=now, cap=Decimal(1)) for one in (made, by_product)]

    assert fits(before) == [Fit.FITS, Fit.FITS]
    assert fits(offices.moved(status="under_objection")) == [Fit.FITS, Fit.FITS]
    assert fits(offices.moved(by=Decimal("0.004"), status="decided")) == [Fit.FITS, Fit.NO_LONGER]
    assert fits(offices.moved(by=Decimal("0.05"))) == [Fit.NO_LONGER, Fit.NO_LONGER]
    assert fits(offices.moved(by=Decimal("-0.054"), status="provisional")) == [Fit.NO_LONGER, Fit.NO_LONGER]


def test_what_was_recorded_outside_stays_outside_when_only_the_status_changes(offices: Offices) -> None:
    set_policy(round=offices.round, actor=None, agreements_outside=OutsideBandwidth.RECORDED)
    rate, _ = at_end(offices.standing(), "upper")
    before = offices.standing()
    made = agree(offices, Terms(rate=rate + HUNDREDTH), reason="De aanbieder begint dit jaar pas.")
    now = offices.moved(status="under_objection")
    assert agreements.fit_of(made, then=before, now=now, cap=Decimal(1)) is Fit.OUTSIDE
    assert agreements.fit_of(made, then=before, now=offices.moved(by=Decimal("0.01")), cap=Decimal(1)) is Fit.FITS


def test_the_day_of_an_agreement_is_kept(offices: Offices) -> None:
    assert agree(offices, inside(offices.standing()), agreed_on=date(2024, 11, 5)).agreed_on == date(2024, 11, 5)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ("0.85", "eronder: 2,00 procentpunt onder het minimum"),
        ("0.87", "erbinnen: 0,00 procentpunt boven het minimum"),
        ("0.9", "erbinnen: 3,00 procentpunt boven het minimum"),
        ("0.95", "erbinnen: 8,00 procentpunt boven het minimum"),
        ("0.973", "erboven: 2,30 procentpunt boven het maximum"),
    ],
)
def test_the_place_of_a_guide_percentage_is_said_in_points(share: str, words: str) -> None:
    assert guide_place(lower=Decimal("0.87"), upper=Decimal("0.95"), share=Decimal(share)).words == words
