"""Releasing when people act in the same moment, or when one release cannot go out: nobody waits for another in a circle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection

from benchmarking.models import Run
from providers.access import EVERYTHING, Actor
from providers.models import Act, AuditRecord, Notice, Power, Provider
from providers.refusal import Refused
from tariffs import release as releasing
from tariffs.models import Release, ReleaseStage, ReportStatus, RoundPolicy, Standing
from tariffs.policies import set_policy
from tests.at_once import at_once
from tests.cast import make_cast
from tests.delivering import acting, an_employee, somebody_at
from tests.factories import SIMPLE, computed, delivery, make_round
from tests.processes import database_url

HOMES = [
    delivery(f"9991000{number}", f"Huize {number}", total_cost=cost, care_staff_employed=cost, days_5vv=4_000)
    for number, cost in enumerate((1_000_000, 1_100_000, 1_250_000, 1_300_000, 1_500_000, 1_700_000), start=1)
]


def done_of(found: list[Any]) -> list[Any]:
    """Return what was not refused."""
    return [item for item in found if not isinstance(item, Refused)]


@pytest.fixture
def staff(transactional_db: None) -> tuple[Actor, Actor]:
    cast = make_cast()
    return acting(cast.noor), acting(an_employee())


@pytest.fixture
def runs(staff: tuple[Actor, Actor]) -> list[Run]:
    made = [computed(make_round(HOMES, slug=slug), SIMPLE) for slug in ("proef-2024", "elders-2024")]
    for provider in Provider.objects.filter(key__startswith="9991"):
        somebody_at(provider, Power.SIGN)
    return made


def test_who_prepares_approves_and_sets_the_policy_at_once_neither_deadlocks_nor_does_anything_twice(
    staff: tuple[Actor, Actor], runs: list[Run]
) -> None:
    noor, rinske = staff
    run, round = runs[0], runs[0].dataset.round

    def prepare(actor: Actor, status: ReportStatus = ReportStatus.SIMULATION) -> Callable[[], Any]:
        return lambda: releasing.prepare(run=run, status=status, actor=actor, note="Opnieuw, met een andere status.")

    def policy() -> Any:
        return set_policy(round=round, actor=noor, views_days=21)

    done = done_of(at_once(prepare(noor), prepare(noor), prepare(rinske), policy, policy))
    release = Release.objects.get()
    assert {item.pk for item in done if isinstance(item, Release)} == {release.pk}
    assert list(RoundPolicy.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    made = done_of(at_once(*[lambda: releasing.make_reports(release.pk)] * 2, policy))
    assert [item for item in made if isinstance(item, bool)].count(True) == 1
    other = noor if release.prepared_by_id == rinske.user.pk else rinske

    def approve() -> Any:
        return releasing.approve(release=release, release_at=None, actor=other)

    approved = done_of(at_once(approve, approve, policy, prepare(noor)))
    assert any(isinstance(item, Release) for item in approved)
    assert Release.objects.get().stage == ReleaseStage.APPROVED
    assert AuditRecord.objects.filter(act=Act.RELEASE_APPROVED).count() == 1
    # While one worker publishes, somebody prepares the next status and another sets the policy.
    out = done_of(at_once(*[releasing.release_due] * 2, policy, prepare(rinske, ReportStatus.PROVISIONAL)))
    assert sorted(item for item in out if isinstance(item, list)) == [[], [release.pk]]
    assert Standing.objects.count() == len(HOMES)
    assert Notice.objects.filter(kind="mirror_released").count() == len(HOMES)
    # Of who would wait for another for ever the tests of this kind hear.
    never = threading.Event()
    with pytest.raises(AssertionError, match="does not come back"):
        at_once(never.wait, within=0.1)
    never.set()


def test_a_release_that_cannot_go_out_keeps_no_other_from_its_moment(
    staff: tuple[Actor, Actor], runs: list[Run]
) -> None:
    """Somebody holds what the first needs; the database gives up waiting, and the second goes out all the same."""
    noor, rinske = staff
    releases = []
    for run in runs:
        release = releasing.prepare(run=run, status=ReportStatus.SIMULATION, actor=noor)
        assert releasing.make_reports(release.pk)
        releases.append(releasing.approve(release=release, release_at=None, actor=rinske))
    first, second = releases
    assert first.pk < second.pk
    with psycopg.connect(database_url(owner=True)) as other:
        other.execute("SELECT set_config('ivportal.scope', %s, false)", [EVERYTHING])
        assert other.execute("SELECT 1 FROM providers_round WHERE id = %s FOR UPDATE", [first.round_id]).fetchone()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        assert releasing.release_due() == [second.pk]
        assert Release.objects.get(pk=first.pk).stage == ReleaseStage.APPROVED
        assert set(Standing.objects.values_list("release", flat=True)) == {second.pk}
        other.rollback()
    assert releasing.release_due() == [first.pk]
    assert Standing.objects.count() == 2 * len(HOMES)
