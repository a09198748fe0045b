"""The page of a release: what two tabs, two colleagues and the clock can do to it, and where a run against a frontier begins."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarking.models import Run
from providers.access import Actor
from providers.formatting import AMSTERDAM
from providers.models import Act, AuditRecord
from tariffs import release as releasing
from tariffs.models import Release, ReleaseStage, ReportStatus, Settlement
from tariffs.policies import set_policy
from tests.cast import browser_of, make_cast
from tests.delivering import acting, an_employee
from tests.factories import SIMPLE, a_workday, computed, delivery, make_round
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("db")

HOMES = {f"9991000{number}": 900_000 + 40_000 * number for number in range(4)}


def store(costs: dict[str, int]) -> Any:
    return make_round([delivery(key, total_cost=cost, days_5vv=4000) for key, cost in costs.items()])


@pytest.fixture(scope="module")
def staff(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Actor, Actor]]:
    """Give Noor, who prepares, and Rinske, who approves, with a round that was computed."""
    with stored(django_db_blocker):
        cast = make_cast()
        assert computed(store(HOMES), SIMPLE).status == "completed"
        yield acting(cast.noor), acting(an_employee())


@pytest.fixture
def run() -> Run:
    return Run.objects.get()


@pytest.fixture
def rinske(staff: tuple[Actor, Actor]) -> Client:
    return browser_of(staff[1].user)


@pytest.fixture
def release(run: Run, staff: tuple[Actor, Actor]) -> Release:
    """Give a release that Noor prepared."""
    made = releasing.prepare(run=run, status=ReportStatus.PROVISIONAL, actor=staff[0])
    assert releasing.make_reports(made.pk)
    return made


def approve(client: Client, release: Release, **moment: str) -> str:
    """Post the form of approving; return what the page says then."""
    address = reverse("release_step", args=[release.uuid, "goedkeuren"])
    page = client.post(address, {"has_looked": "on", **moment}, follow=True).content.decode()
    release.refresh_from_db()
    return page


def test_a_second_tab_with_another_moment_is_not_told_that_it_was_done(rinske: Client, release: Release) -> None:
    first = a_workday(10)
    moment = {"release_day": f"{first:%Y-%m-%d}", "release_time": "09:00"}
    assert "zichtbaar vanaf" in approve(rinske, release, **moment)
    chosen = release.release_at
    assert "Dat was al gedaan" in approve(rinske, release, **moment)
    for other in ({**moment, "release_time": "10:00"}, {}):
        assert "Deze stap kan nu niet" in approve(rinske, release, **other)
    assert (release.release_at, release.stage) == (chosen, ReleaseStage.APPROVED)


def test_a_page_that_loads_itself_anew_is_read_once_a_minute_and_by_each_who_reads_it(
    rinske: Client, staff: tuple[Actor, Actor], release: Release
) -> None:
    address = reverse("release", args=[release.uuid])
    readings = AuditRecord.objects.filter(act=Act.CASE_READ, subject__startswith="Vrijgave")
    moment = timezone.now() + dt.timedelta(minutes=5)
    for seconds in (0, 2, 59, 61):
        with time_machine.travel(moment + dt.timedelta(seconds=seconds), tick=False):
            assert rinske.get(address).status_code == 200
    assert readings.count() == 2
    with time_machine.travel(moment + dt.timedelta(seconds=62), tick=False):
        browser_of(staff[0].user).get(address)
    assert [record.user for record in readings] == [staff[0].user, staff[1].user, staff[1].user]


def test_who_approved_reads_that_a_colleague_took_it_back_since(
    rinske: Client, release: Release, staff: tuple[Actor, Actor]
) -> None:
    approve(rinske, release, release_day=f"{a_workday(10):%Y-%m-%d}")
    releasing.withdraw(release=release, reason="Er zit een fout in de tarieven.", actor=staff[0])
    page = approve(rinske, release)
    assert "Deze stap kan nu niet" in page
    assert "Dat was al gedaan" not in page
    assert release.stage == ReleaseStage.WITHDRAWN


def test_what_somebody_of_the_nza_writes_is_kept_as_it_reads(rinske: Client, release: Release) -> None:
    rinske.post(
        reverse("release_step", args=[release.uuid, "intrekken"]),
        {"reason": "De tarieven \u202evan 2025\u202c ontbreken\u2066 nog\u2069."},
    )
    release.refresh_from_db()
    assert release.withdrawn_reason == "De tarieven van 2025 ontbreken nog."


def test_a_moment_that_is_over_is_refused_and_today_is_at_once(rinske: Client, release: Release) -> None:
    now = timezone.localtime(timezone=AMSTERDAM)
    earlier = now - dt.timedelta(hours=1)
    for moment in (
        {"release_day": f"{now - dt.timedelta(days=1):%Y-%m-%d}"},
        {"release_day": f"{earlier:%Y-%m-%d}", "release_time": f"{earlier:%H:%M}"},
    ):
        assert "Dit moment is al voorbij" in approve(rinske, release, **moment)
        assert release.stage == ReleaseStage.PREPARED
    assert "worden nu zichtbaar" in approve(rinske, release, release_day=f"{now:%Y-%m-%d}")
    assert release.stage == ReleaseStage.APPROVED


def last_sunday(month: int) -> dt.date:
    year = timezone.localdate().year + 1
    last = dt.date(year, month, calendar.monthrange(year, month)[1])
    return last - dt.timedelta(days=(last.weekday() + 1) % 7)


def test_in_the_nights_that_the_clock_changes_a_moment_is_refused_or_said_which_it_is(
    rinske: Client, release: Release
) -> None:
    gone = {"release_day": f"{last_sunday(3):%Y-%m-%d}", "release_time": "02:30"}
    assert "gaat de klok vooruit en bestaat 2.30 uur niet" in approve(rinske, release, **gone)
    assert release.stage == ReleaseStage.PREPARED
    twice = {"release_day": f"{last_sunday(10):%Y-%m-%d}", "release_time": "02:30"}
    assert "De tweede keer geldt" in approve(rinske, release, **twice)
    assert release.release_at == dt.datetime.combine(last_sunday(10), dt.time(1, 30), tzinfo=dt.UTC)


def test_a_release_does_not_end_a_period_to_respond_unless_that_is_meant(staff: tuple[Actor, Actor], run: Run) -> None:
    until = a_workday()
    releasing.release_run(run=run, actor=None, status=ReportStatus.PROVISIONAL, respond_until=until)
    newer = computed(store({**HOMES, "99910001": 900_000}), SIMPLE)
    noor, address = browser_of(staff[0].user), reverse("release_run", args=[newer.uuid])
    form = noor.get(address).context["form"]
    assert form.initial["respond_day"] == until.astimezone(AMSTERDAM).date()
    said = {"status": "provisional", "note": "Een correctie is verwerkt."}
    assert "laat reageren mogelijk tot en met" in noor.post(address, said).content.decode()
    early = {**said, "ends_period": "on"}
    assert "is daarvoor nog geen reden" in noor.post(address, early).content.decode()
    named = noor.post(address, {**early, "ends_because": "Dat vroeg Aanbieder 99910001 ons."}).content.decode()
    assert "Hierin staat ‘Aanbieder 99910001’" in named
    assert not Release.objects.filter(run=newer).exists()
    noor.post(address, {**said, "respond_day": f"{form.initial['respond_day']:%Y-%m-%d}"})
    assert Release.objects.get(run=newer).respond_until == until


def test_the_policies_before_say_what_each_chose_otherwise(staff: tuple[Actor, Actor], run: Run) -> None:
    round, noor = run.dataset.round, browser_of(staff[0].user)
    set_policy(round=round, actor=None, markup=Decimal("0.125"), views_days=28, index=None)
    set_policy(
        round=round,
        actor=staff[0],
        objections_settled=Settlement.NEXT_YEAR,
        objection_may_lower_others=True,
        index_name="CPI",
    )
    page = noor.get(reverse("round_policy", args=[round.slug]))
    second, first = page.context["history"]
    assert first["changes"] == ["Opslag: 10 % → 12,5 %", "Dagen voor een zienswijze (art. 4:8 Awb): 14 → 28"]
    assert second["changes"] == [
        "Naam van de index: geen → CPI",
        "Wat betekent een gegrond bezwaar voor anderen: Alleen deze aanbieder opnieuw, met dezelfde vergelijking → Telt mee"
        " in de vergelijking van het volgende jaar",
        "Nieuwe vastgestelde uitkomsten mogen het besluit van een ander verlagen: nee → ja",
    ]
    assert "het portaal (beheerder)" in page.content.decode()


def test_who_starts_a_run_chooses_for_whom_and_the_policy_chose_before(staff: tuple[Actor, Actor], run: Run) -> None:
    round, noor = run.dataset.round, browser_of(staff[0].user)
    page, start = reverse("round", args=[round.slug]), reverse("start_run", args=[round.slug])
    assert noor.get(page).context["start"]["keeping"] is None
    said = noor.post(start, {"wie": "verbeterd"}, follow=True).content.decode()
    assert "nog niets vrijgegeven" in said
    releasing.release_run(run=run, actor=None)
    assert not noor.get(page).context["start"]["keeping"]["is_usual"]
    set_policy(round=round, actor=None, corrections_settled=Settlement.FROZEN_FRONTIER)
    assert noor.get(page).context["start"]["keeping"]["is_usual"]
    assert "Er valt niets opnieuw te berekenen" in noor.post(start, {"wie": "verbeterd"}, follow=True).content.decode()
    store({**HOMES, "99910001": 900_000})
    noor.post(start, {"wie": "verbeterd"})
    made = Run.objects.exclude(pk=run.pk).get()
    assert made.frozen["frontier_of"] == str(run.uuid)


def test_who_takes_part_no_more_reads_what_is_new_and_why_as_well(
    rinske: Client, staff: tuple[Actor, Actor], run: Run
) -> None:
    releasing.release_run(run=run, actor=None)
    newer = computed(store({**HOMES, "99910001": 0}), SIMPLE)
    note = "Eén aanbieder leverde geen kosten meer aan."
    release = releasing.prepare(run=newer, status=ReportStatus.SIMULATION, note=note, actor=staff[0])
    assert releasing.make_reports(release.pk)
    report = release.reports.get(provider__key="99910001")
    page = rinske.get(reverse("concept_mirror", args=[release.uuid, report.uuid])).content.decode()
    assert "Waarom staat hier geen uitkomst?" in page
    for said in (note, *report.content["release"]["why"]):
        assert said in page
    assert "is er niets veranderd aan uw kosten" not in page
