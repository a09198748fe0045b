"""What was withdrawn, given back, left out or exempt does not count in a calculation, and the reason says which."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from benchmarking import datasets
from benchmarking.steps.participation import REASONS, REASONS_SHORT, participation
from providers import exemptions, review, signing
from providers.models import Power, Submission
from tests.benchmarking.tables import column, start
from tests.delivering import acting, an_employee, delivered, portal_round, prepared, somebody_at, submission_of

LINDE, ANKER = "99900001", "99900002"
STANDINGS = ("withdrawn", "returned", "excluded", "exempt")


@pytest.mark.parametrize("standing", STANDINGS)
def test_the_reason_says_why_a_submission_does_not_count(standing: str) -> None:
    there = {"total_cost": 100, "days_5vv": 4000}
    after = participation(start({"a": there, "b": {**there, "delivered": False, "standing": standing}})).calculation
    assert column(after, "participates") == {"a": True, "b": False}
    assert column(after, "reasons")["b"] == standing
    assert column(after, "reason_text")["b"] == REASONS[standing]
    assert standing in REASONS_SHORT


@pytest.fixture
def linde(db: None) -> Submission:
    """Give De Linde's submission in a round in which Het Anker delivered too."""
    round = portal_round()
    delivered(submission_of(round, ANKER))
    return submission_of(round, LINDE)


def _frozen(submission: Submission) -> dict[str, str]:
    table = datasets.read(bytes(datasets.freeze(round=submission.round).content))
    row = table.loc[LINDE]
    return {"standing": row["standing"], "cost": row["total_cost"], "delivered": row["delivered"]}


def test_what_was_delivered_counts_and_what_is_being_prepared_does_not(linde: Submission) -> None:
    prepared(linde)
    assert _frozen(linde) == {"standing": "", "cost": None, "delivered": False}
    version = delivered(linde)
    assert _frozen(linde)["cost"] == version.values.get(measure="total_cost").value.normalize()


def test_what_was_withdrawn_or_given_back_or_left_out_has_its_word_and_no_figures(linde: Submission) -> None:
    nza = acting(an_employee())
    delivered(linde)
    signing.withdraw(submission=linde, actor=acting(somebody_at(linde.provider, Power.DELIVER), linde.provider))
    assert _frozen(linde) == {"standing": "withdrawn", "cost": None, "delivered": False}
    delivered(linde, client_rating="7.8")
    review.take(submission=linde, actor=nza)
    review.give_back(submission=linde, reason="Kijk na.", until=timezone.now() + timedelta(days=60), actor=nza)
    assert _frozen(linde) == {"standing": "returned", "cost": None, "delivered": False}
    review.keep_as_delivered(submission=linde, reason="Toch goed.", actor=nza)
    assert _frozen(linde)["delivered"]
    review.exclude(submission=linde, reason="Te veel onbekend.", actor=nza)
    assert _frozen(linde) == {"standing": "excluded", "cost": None, "delivered": False}


def test_who_is_exempt_is_not_said_to_have_failed(linde: Submission) -> None:
    asked = exemptions.ask(
        submission=linde,
        grounds="Wij leveren geen verpleeghuiszorg meer.",
        actor=acting(somebody_at(linde.provider, Power.DELIVER), linde.provider),
    )
    exemptions.answer(exemption=asked, is_granted=True, reason="Dat klopt.", actor=acting(an_employee()))
    assert _frozen(linde)["standing"] == "exempt"
