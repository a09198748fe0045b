"""As a round grows, deliveries are compared with the sector anew: findings come, are explained, and end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from providers import desk, review, sector
from providers.access import EVERYTHING, scope
from providers.checking import check
from providers.checks import statistics
from providers.models import Finding, Notice, Power, Round, SectorBasis
from tests.cast import browser_of
from tests.delivering import (
    a_provider,
    acting,
    an_employee,
    delivered,
    filled,
    portal_round,
    somebody_at,
    submission_of,
)
from tests.processes import database_url

KEYS = [str(99_900_101 + number) for number in range(21)]
ODD = KEYS[0]
#: Twice the staff is strange for its days, and so is what the staff costs for its number.
STRANGE = {"staff_fte_care", "care_staff_employed"}


@pytest.fixture(scope="module")
def stored_round(django_db_setup: None, django_db_blocker: Any) -> Iterator[Round]:
    """Store, for all tests here, a round in which twenty delivered; one has twice the staff of anybody else for its days."""
    with django_db_blocker.unblock(), scope(EVERYTHING), transaction.atomic():
        made = portal_round(providers=[a_provider(key) for key in KEYS])
        for key in KEYS[:20]:
            submission = submission_of(made, key)
            usual = filled(submission).values()["staff_fte_care"] or Decimal(0)
            delivered(submission, explanation="Zo is het dit jaar.", staff_fte_care=usual * 2 if key == ODD else usual)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def round(stored_round: Round, db: None) -> Round:
    """Give that round; what a test does to it is undone."""
    return stored_round


def _held(key: str) -> list[Finding]:
    found = Finding.objects.filter(
        version__submission__provider__key=key, rule__startswith="IV-S", ended_at__isnull=True
    )
    return list(found)


def test_findings_against_the_sector_come_end_and_are_told_once(round: Round) -> None:
    assert _held(ODD) == []
    assert sector.sweep() == [round.pk]
    statistics = sector.refresh(round.pk)
    assert statistics is not None
    assert SectorBasis.objects.get(round=round).deliveries == 20
    held = _held(ODD)
    assert {item.measure for item in held} == STRANGE
    finding = held[0]
    assert finding.needs_explanation
    assert all(_held(key) == [] for key in KEYS[1:20])
    told = Notice.objects.filter(kind="findings_added")
    assert {notice.provider.key for notice in told} == {ODD}  # type: ignore[union-attr]
    assert sector.sweep() == []

    assert sector.refresh(round.pk) is None, "nothing changed, and it was done again"
    assert SectorBasis.objects.filter(round=round).count() == 1
    assert _held(ODD) == held
    assert set(Notice.objects.filter(kind="findings_added")) == set(told)

    browser = browser_of(somebody_at(submission_of(round, ODD).provider, Power.DELIVER))
    page = reverse("delivered", args=[round.slug])
    sent = {
        "versie": "1",
        "regel": finding.rule,
        "gegeven": finding.measure,
        "toelichting": "Wij openden een afdeling.",
    }
    assert browser.post(page, sent).status_code == 302
    assert finding.explanations.get().text == "Wij openden een afdeling."
    assert "Wij openden een afdeling." in browser.get(page).content.decode()


def test_who_signed_while_the_sector_was_computed_is_compared_after_closing_and_so_is_a_correction(
    round: Round,
) -> None:
    late, noor = submission_of(round, KEYS[20]), acting(an_employee())
    usual = filled(late).values()["staff_fte_care"] or Decimal(0)
    with transaction.atomic():
        sector.refresh(round.pk)
        seen = SectorBasis.objects.get(round=round)
        transaction.set_rollback(True)
    # She signs before the figures of the other twenty are stored: there is nothing to compare her with yet.
    delivered(late, explanation="Zo is het dit jaar.", staff_fte_care=usual * 2)
    SectorBasis.objects.create(round=round, content=seen.content, deliveries=seen.deliveries)
    assert _held(KEYS[20]) == []
    assert sector.sweep() == [], "one more in twenty is no reason as long as the round is open"

    desk.close_round(round=round, actor=noor)
    assert sector.sweep() == [round.pk]
    sector.refresh(round.pk)
    assert {item.measure for item in _held(KEYS[20])} == STRANGE
    assert sector.sweep() == []

    review.take(submission=late, actor=noor)
    review.give_back(submission=late, reason="Kijk na.", until=timezone.now() + timedelta(days=40), actor=noor)
    delivered(submission_of(round, KEYS[20]), explanation="Zo is het dit jaar.", staff_fte_care=usual)
    assert sector.sweep() == [round.pk], "as many delivered as before, and one of them something else"
    assert sector.refresh(round.pk) is not None
    assert sector.sweep() == []


def test_a_draft_is_compared_with_the_sector_while_it_is_filled_in(round: Round) -> None:
    submission = submission_of(round, KEYS[20])
    double = filled(submission, staff_fte_care=Decimal(2) * filled(submission).values()["staff_fte_care"])  # type: ignore[operator]
    assert not [item for item in check(submission=submission, contents=double).found if item.rule.scope == "sector"]
    sector.refresh(round.pk)
    found = [item for item in check(submission=submission, contents=double).found if item.rule.scope == "sector"]
    assert {item.measure for item in found} == STRANGE


def test_one_worker_compares_at_a_time_and_the_others_go_on(round: Round) -> None:
    """Somebody else is at it, with another round perhaps: this one is left to the sweeper, which asks again."""
    with psycopg.connect(database_url(owner=False)) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('providers.sector'))")
        assert sector.refresh(round.pk) is None
        assert sector.sweep() == [round.pk]
    assert sector.refresh(round.pk) is not None
    assert SectorBasis.objects.filter(round=round).count() == 1


def test_a_finding_ends_when_the_sector_moved_to_where_the_provider_is(round: Round) -> None:
    sector.refresh(round.pk)
    held = _held(ODD)
    assert held
    versions = sector.newest_versions(round)
    values = []
    for version in versions:
        figures = dict(version.values.values_list("measure", "value"))
        if figures["staff_fte_care"] is not None and version.submission.provider.key != ODD:
            figures["staff_fte_care"] *= 2
        values.append(figures)
    moved = statistics(values)
    odd = next(version for version in versions if version.submission.provider.key == ODD)
    sector.check_again(odd, moved)
    assert all(Finding.objects.get(pk=item.pk).ended_at is not None for item in held)
    assert _held(ODD) == []


def test_under_twenty_deliveries_nobody_is_compared(db: None) -> None:
    made = portal_round(slug="iv-klein", providers=[a_provider(KEYS[0])])
    delivered(submission_of(made, KEYS[0]))
    assert made.pk not in sector.sweep()
    assert sector.refresh(made.pk) is None
    assert not SectorBasis.objects.filter(round=made).exists()
