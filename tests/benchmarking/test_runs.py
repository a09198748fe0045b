"""A run from request to result: who may work on it, how it ends, and that the same figures give the same outcome."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from benchmarking import course, datasets, lease, pipeline, runs
from benchmarking.lease import Lease, LeaseLost
from benchmarking.models import Dataset, PeerLink, Result, Run, RunStatus, RunStep, StepStatus
from benchmarking.runs import RunRefused
from benchmarking.specification import SpecificationError
from ivportal.database.roles import as_owner
from providers.access import EVERYTHING, scope
from providers.models import Act, AuditRecord, MeasuredValue, Provider, Round
from tariffs.models import Bandwidth
from tariffs.policies import set_policy
from tests.factories import SIMPLE, computed, delivery, make_round

FIGURES = {"99900001": (20_000, 100), "99900002": (30_000, 100), "99900003": (50_000, 200), "99900004": (14_000, 60)}


def small_round(slug: str = "proef-2024", figures: dict[str, tuple[int, int]] = FIGURES) -> Round:
    return make_round(
        [delivery(key, total_cost=cost, days_5vv=days) for key, (cost, days) in figures.items()], slug=slug
    )


def requested(round: Round | None = None) -> Run:
    round = round or small_round()
    runs.set_specification(round=round, document=SIMPLE, actor=None)
    return runs.request_run(round=round, actor=None)


def claimed(run: Run) -> Lease:
    found = lease.claim(run.pk)
    assert found is not None
    return found


def completed(round: Round) -> Run:
    run = computed(round)
    assert run.status == "completed", run.failure_reason
    return run


def went_silent(run: Run) -> None:
    """Make the worker of ``run`` look dead: its lease ran out a second ago."""
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all acts at the same moment, each on a connection of its own; return what they gave or raised."""
    together = threading.Barrier(len(acts), timeout=60)
    found: list[Any] = [None] * len(acts)

    def do(place: int, act: Callable[[], Any]) -> None:
        try:
            with scope(EVERYTHING):
                together.wait()
                found[place] = act()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return found


# ── asking for a run ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("db")
class TestRequest:
    """What is there after somebody pressed the button."""

    def test_a_round_without_a_model_says_which_measures_there_are(self) -> None:
        round = small_round()
        with pytest.raises(SpecificationError, match=r"nog geen modelspecificatie.*total_cost, days_5vv"):
            runs.request_run(round=round, actor=None)
        assert Run.objects.count() == 0

    def test_a_run_waits_with_everything_frozen_that_it_depends_on(self) -> None:
        run = requested()
        assert (run.status, run.fence, run.engine_version, run.seed) == ("queued", 0, runs.ENGINE_VERSION, 20240101)
        assert run.frozen["policy"]["markup"] == "0.10"
        assert run.dataset.content.startswith(b"key,delivered,merged,errors,days_5vv,total_cost\n")
        assert AuditRecord.objects.filter(act=Act.RUN_REQUESTED).count() == 1

    @pytest.mark.parametrize("working", [False, True])
    def test_a_second_run_of_the_round_is_refused_while_one_waits_or_works(self, working: bool) -> None:
        run = requested()
        if working:
            claimed(run)
        with pytest.raises(RunRefused, match="loopt al een berekening"):
            runs.request_run(round=run.dataset.round, actor=None)
        assert Run.objects.count() == 1

    def test_another_round_may_be_computed_at_the_same_time(self) -> None:
        requested()
        assert requested(small_round("proef-ander")).status == "queued"

    def test_after_a_run_ended_the_next_may_start(self) -> None:
        run = computed(small_round())
        assert runs.request_run(round=run.dataset.round, actor=None).status == "queued"

    def test_the_same_model_again_is_not_set_twice(self) -> None:
        round = small_round()
        first = runs.set_specification(round=round, document=SIMPLE, actor=None)
        again = runs.set_specification(round=round, document={**SIMPLE, "seed": 20240101}, actor=None)
        assert again == first
        other = runs.set_specification(round=round, document={**SIMPLE, "returns_to_scale": "vrs"}, actor=None)
        assert runs.current_specification(round) == other.specification
        back = runs.set_specification(round=round, document=SIMPLE, actor=None)
        assert back.specification == first.specification
        assert runs.current_specification(round) == first.specification

    def test_a_worker_is_woken_only_after_the_commit(
        self, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        woken: list[int] = []
        monkeypatch.setattr(runs, "wake", lambda run: woken.append(run.pk))
        with django_capture_on_commit_callbacks(execute=True):
            run = requested()
            assert woken == []
        assert woken == [run.pk]


# ── one worker at a time ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("transactional_db")
class TestTogether:
    """Real connections at the same moment."""

    def test_of_workers_that_claim_at_once_one_gets_the_run(self) -> None:
        run = requested()
        found = at_once(*[lambda: lease.claim(run.pk)] * 4)
        assert [type(item) for item in found if item is not None] == [Lease]
        run.refresh_from_db()
        assert (run.status, run.fence) == ("running", 1)

    def test_of_people_who_press_start_at_once_one_starts_a_run(self) -> None:
        round = small_round()
        runs.set_specification(round=round, document=SIMPLE, actor=None)
        found = at_once(*[lambda: runs.request_run(round=round, actor=None)] * 3)
        assert sorted(type(item).__name__ for item in found) == ["Run", "RunRefused", "RunRefused"]
        assert Run.objects.count() == 1

    def test_a_worker_that_is_slower_than_its_successor_commits_nothing(self) -> None:
        run = requested()
        slow = claimed(run)
        went_silent(run)
        quick = claimed(run)
        runs.carry_out(quick)
        run.refresh_from_db()
        stored = (run.result_hash, Result.objects.count(), PeerLink.objects.count(), Bandwidth.objects.count())
        runs.carry_out(slow)  # comes back from the dead, in the same database
        run.refresh_from_db()
        assert (run.status, run.fence) == ("completed", 2)
        assert (run.result_hash, Result.objects.count(), PeerLink.objects.count(), Bandwidth.objects.count()) == stored

    def test_a_worker_that_lost_its_run_in_the_middle_leaves_no_half_results(self) -> None:
        run = requested()
        first = claimed(run)
        calculation = pipeline.compute(run)
        went_silent(run)
        second = claimed(run)
        with pytest.raises(LeaseLost), first.commit() as locked:
            pipeline.store(locked, calculation)
        assert (Result.objects.count(), Bandwidth.objects.count()) == (0, 0)
        assert not first.extend()
        assert second.extend()
        runs.carry_out(second)
        run.refresh_from_db()
        assert run.status == "completed"
        assert run.result_hash == pipeline.result_hash(calculation)

    def test_a_claim_does_not_wait_for_somebody_who_holds_the_row(self) -> None:
        run = requested()
        with transaction.atomic():
            Run.objects.select_for_update().get(pk=run.pk)
            assert at_once(lambda: lease.claim(run.pk)) == [None]
        assert claimed(run).fence == 1

    def test_signs_of_life_are_given_while_a_worker_works(self, settings: Any) -> None:
        settings.RUN_HEARTBEAT_SECONDS = 0.05
        run = requested()
        held = claimed(run)
        run.refresh_from_db()
        before = run.heartbeat_at
        assert before is not None
        seen = threading.Event()
        with held.kept_alive():
            for _ in range(100):
                run.refresh_from_db()
                if run.heartbeat_at is not None and run.heartbeat_at > before:
                    seen.set()
                    break
                seen.wait(0.05)
        assert seen.is_set()
        assert not any(thread.name == f"lease-{run.pk}" for thread in threading.enumerate())

    def test_even_the_owner_of_the_tables_sees_no_row_without_saying_on_whose_behalf(self) -> None:
        small_round()
        with as_owner():
            parameters = connection.get_connection_params()
        place = {
            name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if parameters.get(name)
        }
        with psycopg.connect(**place) as owner:
            assert owner.execute("SELECT current_user").fetchone() == ("ivportal_owner",)
            assert owner.execute("SELECT count(*) FROM providers_submission").fetchone() == (0,)
            owner.execute("SELECT set_config('ivportal.scope', 'all', false)")
            assert owner.execute("SELECT count(*) FROM providers_submission").fetchone() == (4,)


@pytest.mark.usefixtures("db")
class TestClaims:
    """Leases and fences."""

    def test_a_run_that_is_held_cannot_be_claimed_and_one_that_went_silent_can(self) -> None:
        run = requested()
        assert claimed(run).fence == 1
        assert lease.claim(run.pk) is None
        went_silent(run)
        assert claimed(run).fence == 2

    def test_a_lease_lasts_as_long_as_the_settings_say(self) -> None:
        run = requested()
        claimed(run)
        run.refresh_from_db()
        assert run.lease_until is not None
        assert run.heartbeat_at is not None
        assert run.lease_until - run.heartbeat_at == timedelta(seconds=settings.RUN_LEASE_SECONDS)
        assert settings.RUN_LEASE_SECONDS > 2 * settings.RUN_HEARTBEAT_SECONDS

    def test_a_run_that_is_over_is_never_claimed_again(self) -> None:
        run = computed(small_round())
        assert lease.claim(run.pk) is None

    def test_a_run_that_ends_every_worker_is_given_up_with_the_reason(self) -> None:
        run = requested()
        for _ in range(lease.MOST_CLAIMS):
            claimed(run)
            went_silent(run)
        assert lease.claim(run.pk) is None
        run.refresh_from_db()
        assert (run.status, run.failure_reason) == ("failed", lease.GIVEN_UP)

    def test_the_start_stays_that_of_the_first_worker(self) -> None:
        run = requested()
        claimed(run)
        run.refresh_from_db()
        started = run.started_at
        went_silent(run)
        claimed(run)
        run.refresh_from_db()
        assert run.started_at == started


# ── how a run ends ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("db")
class TestEnds:
    """Completed, failed with a reason, or stopped."""

    def test_a_completed_run_has_a_record_of_every_step_and_results_of_everybody(self) -> None:
        run = computed(small_round())
        assert (run.status, run.failure_reason) == ("completed", "")
        assert [step.code for step in run.steps.all()] == [path.rpartition(".")[2] for path in settings.RUN_STEPS]
        for step in run.steps.all():
            assert step.status == StepStatus.DONE
            assert step.sentences
            assert step.started_at <= step.finished_at
        scores = {result.provider.key: result.published_score for result in run.results.select_related("provider")}
        # Costs per day 200, 300, 250 and 233.33 under constant returns.
        assert scores == {
            "99900001": Decimal(1),
            "99900002": Decimal("0.666667"),
            "99900003": Decimal("0.8"),
            "99900004": Decimal("0.857143"),
        }
        assert len(run.result_hash) == 64
        assert run.summary["taking_part"] == 4

    def test_a_run_that_cannot_go_on_says_why_in_dutch(self) -> None:
        run = computed(small_round(), {**SIMPLE, "participation": {"min_care_days": 10**7}})
        assert (run.status, run.result_hash) == ("failed", "")
        assert run.failure_reason == "Geen enkele zorgaanbieder voldoet aan de voorwaarden om mee te doen."
        assert run.finished_at is not None
        assert Result.objects.count() == 0
        assert [step.code for step in run.steps.exclude(status=StepStatus.WAITING)] == [
            "participation"
        ]  # where it stopped

    def test_a_program_error_is_told_without_its_details_and_keeps_nothing(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(calculation: Any) -> Any:
            raise ZeroDivisionError("kosten van De Linde: 7313977")

        broken.code, broken.title = "broken", "Kapot"  # type: ignore[attr-defined]
        monkeypatch.setattr(course, "steps", lambda: [broken])
        run = computed(small_round())
        assert run.status == "failed"
        assert "Er ging iets mis in het programma" in run.failure_reason
        assert "7313977" not in run.failure_reason
        assert "ZeroDivisionError" in caplog.text

    def test_a_tariff_that_the_model_needs_and_nobody_set_is_named(self) -> None:
        document = {**SIMPLE, "outputs": [{"name": "5vv", "days": ["days_5vv"], "weights": "tariff"}]}
        run = computed(small_round(), document)
        assert run.status == "failed"
        assert "days_5vv" in run.failure_reason

    def test_a_run_that_waits_is_stopped_at_once(self) -> None:
        run = requested()
        runs.cancel_run(run=run, actor=None)
        run.refresh_from_db()
        assert run.status == "cancelled"
        assert run.finished_at is not None
        assert lease.claim(run.pk) is None
        assert AuditRecord.objects.filter(act=Act.RUN_CANCELLED).count() == 1

    def test_a_run_that_works_is_stopped_at_the_end_of_its_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run = requested()
        held = claimed(run)
        first, *others = course.steps()

        def stopped_meanwhile(calculation: Any) -> Any:
            runs.cancel_run(run=run, actor=None)
            return first(calculation)

        stopped_meanwhile.code, stopped_meanwhile.title = first.code, first.title  # type: ignore[attr-defined]
        monkeypatch.setattr(course, "steps", lambda: [stopped_meanwhile, *others])
        runs.carry_out(held)
        run.refresh_from_db()
        assert (run.status, run.failure_reason, run.result_hash) == ("cancelled", "", "")
        assert Result.objects.count() == 0
        assert [step.code for step in run.steps.exclude(status=StepStatus.WAITING)] == [first.code]
        assert not run.steps.filter(status=StepStatus.DONE).exists()

    def test_a_run_whose_worker_died_is_stopped_at_once(self) -> None:
        run = requested()
        claimed(run)
        went_silent(run)
        runs.cancel_run(run=run, actor=None)
        run.refresh_from_db()
        assert run.status == "cancelled"

    def test_a_run_that_is_over_cannot_be_stopped(self) -> None:
        run = computed(small_round())
        with pytest.raises(RunRefused, match="al afgelopen"):
            runs.cancel_run(run=run, actor=None)

    def test_after_a_stop_the_round_can_be_computed_anew(self) -> None:
        run = requested()
        runs.cancel_run(run=run, actor=None)
        assert computed(run.dataset.round).status == "completed"


# ── the sweeper ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("db")
class TestSweep:
    """What happens to runs that nobody looks after."""

    @pytest.fixture
    def woken(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        found: list[int] = []
        monkeypatch.setattr(runs, "wake", lambda run: found.append(run.pk))
        return found

    def test_a_run_that_just_began_to_wait_or_works_is_left_alone(self, woken: list[int]) -> None:
        requested()
        claimed(requested(small_round("proef-ander")))
        assert runs.sweep() == woken == []

    def test_a_run_that_waits_too_long_wakes_a_worker(self, woken: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
        run = requested()
        a_minute_later = timezone.now() + timedelta(minutes=1)
        monkeypatch.setattr(timezone, "now", lambda: a_minute_later)
        assert runs.sweep() == woken == [run.pk]

    def test_a_run_of_a_dead_worker_wakes_another_who_comes_to_the_same_hash(self, woken: list[int]) -> None:
        expected = completed(small_round()).result_hash
        run = requested(Round.objects.get())
        claimed(run)
        with Lease(run.pk, 1).commit() as locked:  # it died in the middle of a step
            RunStep.objects.create(run=locked, number=1, code="participation", title="x", status=StepStatus.RUNNING)
        went_silent(run)
        assert runs.sweep() == woken == [run.pk]
        runs.carry_out(claimed(run))
        run.refresh_from_db()
        assert (run.status, run.fence, run.result_hash) == ("completed", 2, expected)

    def test_a_run_of_a_dead_worker_that_somebody_wanted_to_stop_is_stopped(self, woken: list[int]) -> None:
        run = requested()
        claimed(run)
        runs.cancel_run(run=run, actor=None)
        run.refresh_from_db()
        assert run.status == "running"
        went_silent(run)
        assert runs.sweep() == woken == []
        run.refresh_from_db()
        assert run.status == "cancelled"


# ── the same figures, the same outcome ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("db")
class TestReproducible:
    """Frozen figures and hashes."""

    def test_the_same_figures_are_frozen_once(self) -> None:
        round = small_round()
        first, again = completed(round), completed(round)
        assert first.dataset == again.dataset
        assert Dataset.objects.count() == 1
        assert first.result_hash == again.result_hash

    def test_the_order_in_which_deliveries_came_makes_no_difference(self) -> None:
        forward = completed(small_round("heen"))
        backward = completed(small_round("terug", dict(reversed(FIGURES.items()))))
        assert forward.dataset.sha256 == backward.dataset.sha256
        assert forward.result_hash == backward.result_hash

    def test_the_order_in_which_measures_were_asked_makes_no_difference(self) -> None:
        deliveries = [delivery(key, days_5vv=days, total_cost=cost) for key, (cost, days) in FIGURES.items()]
        other = completed(make_round(deliveries, slug="anders"))
        assert other.result_hash == completed(small_round()).result_hash

    def test_rows_that_the_database_returns_in_another_order_make_no_difference(self) -> None:
        round = small_round()
        expected = datasets.freeze(round=round).sha256
        Provider.objects.filter(key="99900001").update(name="Zz")  # moves the row, and its place in the order by name
        assert datasets.freeze(round=round).sha256 == expected

    def test_one_cost_that_differs_by_one_euro_gives_another_hash(self) -> None:
        before = completed(small_round())
        changed = {**FIGURES, "99900002": (30_001, 100)}
        after = completed(small_round(figures=changed))  # a new version in the same round
        assert after.dataset.sha256 != before.dataset.sha256
        assert after.result_hash != before.result_hash
        assert Dataset.objects.count() == 2
        assert MeasuredValue.objects.filter(version__submission__provider__key="99900002").count() == 4

    def test_another_policy_gives_another_hash_of_the_same_figures(self) -> None:
        round = small_round()
        before = completed(round)
        set_policy(round=round, actor=None, markup=Decimal("0.11"))
        after = completed(round)
        assert after.dataset == before.dataset
        assert after.result_hash != before.result_hash

    def test_a_policy_set_while_a_run_waits_does_not_change_that_run(self) -> None:
        expected = completed(small_round()).result_hash
        run = requested(Round.objects.get())
        set_policy(round=run.dataset.round, actor=None, markup=Decimal("0.50"))
        runs.set_specification(round=run.dataset.round, document={**SIMPLE, "returns_to_scale": "vrs"}, actor=None)
        runs.carry_out(claimed(run))
        run.refresh_from_db()
        assert run.result_hash == expected

    def test_computing_again_from_what_was_frozen_gives_the_hash_that_was_published(self) -> None:
        run = completed(small_round())
        assert pipeline.result_hash(pipeline.compute(Run.objects.get(pk=run.pk))) == run.result_hash

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("1500.00", "1500"),
            ("0.50", "0.5"),
            ("1E+3", "1000"),
            ("0.000001", "0.000001"),
            ("-0.10", "-0.1"),
            ("0", "0"),
        ],
    )
    def test_a_number_is_written_in_one_way(self, value: str, written: str) -> None:
        assert datasets.canonical_number(Decimal(value)) == written

    def test_a_dataset_is_read_back_as_it_was_frozen(self) -> None:
        deliveries = [
            delivery("99900001", total_cost="12.50", days_5vv=3),
            delivery("99900002", total_cost=None, days_5vv=1),
        ]
        round = make_round(deliveries, invited=(delivery("99900003"),))
        table = datasets.read(datasets.freeze(round=round).content)
        assert list(table.index) == ["99900001", "99900002", "99900003"]
        assert table["total_cost"].tolist() == [Decimal("12.5"), None, None]
        assert table["delivered"].tolist() == [True, True, False]
        assert table.loc["99900002", "errors"]
        assert RunStatus.QUEUED == "queued"
