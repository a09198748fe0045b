"""A step that several workers do together: no part is lost or done by two, and nobody can tell who did what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone

from benchmarking import course, lease, pipeline, progress, runs, shards
from benchmarking.calculation import Calculation, DividedStep, Outcome, RunFailed
from benchmarking.lease import Cancelled, Lease, LeaseLost
from benchmarking.models import Run, RunDivision, RunShard, RunStep, ShardStatus, StepStatus
from providers.access import EVERYTHING, scope
from providers.models import Round
from tests.factories import SIMPLE, delivery, make_round

FIGURES = {"99900001": (20_000, 100), "99900002": (30_000, 100), "99900003": (50_000, 200), "99900004": (14_000, 60)}
#: Enough replications to be divided in seven.
WITH_INTERVAL = {**SIMPLE, "bootstrap": {"replications": 448}}
PARTS = 6


class Toy:
    """A divided step that counts to a thousand: part k of n gives the sum of every n-th number, starting at k."""

    def __init__(self, meanwhile: Callable[[int], None] = lambda number: None) -> None:
        self.done: list[int] = []
        self.joined: list[int] = []
        self.meanwhile = meanwhile
        self.step = DividedStep(
            code="toy", title="Tellen", order=self.order, most_parts=int, part=self.part, join=self.join
        )

    def order(self, calculation: Calculation) -> bytes:
        return b"1000"

    def part(self, order: bytes, number: int, of: int) -> bytes:
        self.meanwhile(number)
        self.done.append(number)
        return str(sum(range(number, int(order) + 1, of))).encode()

    def join(self, calculation: Calculation, contents: Sequence[bytes]) -> Outcome:
        self.joined = [int(content) for content in contents]
        return Outcome(calculation, (f"Samen {sum(self.joined)}.",))


@pytest.fixture(autouse=True)
def _few_parts(settings: Any) -> None:
    settings.RUN_SHARDS = PARTS


def small_round(slug: str = "proef-2024") -> Round:
    return make_round(
        [delivery(key, total_cost=cost, days_5vv=days) for key, (cost, days) in FIGURES.items()], slug=slug
    )


def held(document: dict[str, Any] = SIMPLE, round: Round | None = None) -> tuple[Run, Lease]:
    """Return a run that this process holds."""
    round = round or small_round()
    runs.set_specification(round=round, document=document, actor=None)
    run = runs.request_run(round=round, actor=None)
    found = lease.claim(run.pk)
    assert found is not None
    return run, found


def gone_silent(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def silent(claimed: shards.ShardLease) -> None:
    """Make the worker that holds a part look dead."""
    RunShard.objects.filter(pk=claimed.shard_id).update(lease_until=timezone.now() - timedelta(seconds=1))


def division(run: Run, order: bytes = b"1000", **facts: Any) -> RunDivision:
    """Store a step as the worker that holds the run divides it."""
    import hashlib

    made = RunDivision.objects.create(
        run=run,
        step="toy",
        order=order,
        sha256=hashlib.sha256(order).hexdigest(),
        parts=PARTS,
        **{"engine_version": runs.ENGINE_VERSION, **facts},
    )
    RunShard.objects.bulk_create(RunShard(division=made, number=number) for number in range(PARTS))
    return made


def claimed(of: RunDivision) -> shards.ShardLease:
    found = shards.claim(of)
    assert found is not None
    return found


def in_threads(*acts: Callable[[], Any]) -> list[Any]:
    """Do all acts at the same time, each on a connection of its own; return what they gave or raised."""
    found: list[Any] = [None] * len(acts)

    def do(place: int, act: Callable[[], Any]) -> None:
        try:
            with scope(EVERYTHING):
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


# ── together ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("transactional_db")
class TestTogether:
    """Real connections at the same time."""

    def test_whoever_helps_every_part_is_done_once_and_joined_in_order(self) -> None:
        run, lease_of_run = held()
        of = division(run)
        together = threading.Barrier(3, timeout=60)
        met: set[int] = set()

        def meet(number: int) -> None:
            """Let the first part of each worker wait for that of the others, so that all three have one in hand."""
            if threading.get_ident() not in met:
                met.add(threading.get_ident())
                together.wait()

        toy = Toy(meet)
        helper = lambda: shards.assist(of.pk, toy.step)  # noqa: E731 - three of the same
        found = in_threads(lambda: shards.workshop(lease_of_run, toy.step, b"1000"), helper, helper)
        contents = found[0]
        assert [int(content) for content in contents] == [sum(range(k, 1001, PARTS)) for k in range(PARTS)]
        assert sorted(toy.done) == list(range(PARTS))
        assert sum(found[1:]) < PARTS
        assert min(found[1:]) >= 1
        assert set(of.shards.values_list("fence", "status")) == {(1, ShardStatus.DONE)}

    def test_the_worker_that_holds_the_run_waits_for_a_part_in_another_hand(self) -> None:
        run, lease_of_run = held()
        of = division(run)
        of_another = claimed(of)
        others_are_done = threading.Event()
        toy = Toy(lambda number: others_are_done.set() if number == PARTS - 1 else None)

        def finish_later() -> None:
            assert others_are_done.wait(10)
            with of_another.commit() as shard:
                shard.status, shard.content = ShardStatus.DONE, b"166"
                shard.save()

        found, _ = in_threads(lambda: shards.workshop(lease_of_run, toy.step, b"1000"), finish_later)
        assert found[0] == b"166"
        assert sorted(toy.done) == [1, 2, 3, 4, 5]

    def test_signs_of_life_keep_a_part_from_being_taken_over(self, settings: Any) -> None:
        settings.RUN_HEARTBEAT_SECONDS = 0.05
        run, _ = held()
        of = division(run)
        extended = threading.Event()

        def look(number: int) -> None:
            before = RunShard.objects.get(division=of, number=0).lease_until
            for _ in range(100):
                now = RunShard.objects.get(division=of, number=0).lease_until
                if number == 0 and now is not None and before is not None and now > before:
                    extended.set()
                    return
                extended.wait(0.05)

        toy = Toy(look)
        with scope(EVERYTHING):
            shards.assist(of.pk, toy.step)
        assert extended.is_set()
        assert not any(thread.name.startswith("shard-") for thread in threading.enumerate())


# ── who may do what ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("db")
class TestClaims:
    """Leases and fences of parts."""

    def test_one_worker_alone_gets_there(self) -> None:
        _, lease_of_run = held()
        toy = Toy()
        found = shards.workshop(lease_of_run, toy.step, b"1000")
        assert sum(map(int, found)) == 500_500
        assert toy.done == list(range(PARTS))

    def test_a_part_that_is_held_is_left_alone_and_that_of_a_dead_worker_is_done_again(self) -> None:
        run, lease_of_run = held()
        of = division(run)
        dead = claimed(of)
        assert claimed(of).number == 1
        silent(dead)
        again = claimed(of)
        assert (again.number, again.fence) == (0, 2)
        silent(again)
        RunShard.objects.filter(division=of, number=1).update(lease_until=timezone.now() - timedelta(seconds=1))
        toy = Toy()
        assert sum(map(int, shards.workshop(lease_of_run, toy.step, b"1000"))) == 500_500
        assert toy.done == list(range(PARTS))

    def test_a_worker_that_comes_back_from_the_dead_commits_nothing(self) -> None:
        run, _ = held()
        of = division(run)
        slow = claimed(of)
        silent(slow)
        quick = claimed(of)
        with pytest.raises(LeaseLost), slow.commit():
            pass
        assert not slow.extend()
        assert quick.extend()
        with quick.commit() as shard:
            shard.status, shard.content = ShardStatus.DONE, b"1"
            shard.save()
        for late in (slow, quick):
            with pytest.raises(LeaseLost), late.commit():
                pass

    def test_who_held_the_run_and_lost_a_part_goes_on_with_the_others(self) -> None:
        run, lease_of_run = held()
        of = division(run)

        def taken_over(number: int) -> None:
            if number == 2:
                RunShard.objects.filter(division=of, number=2).update(fence=7, status="done", content=b"3")

        found = shards.workshop(lease_of_run, Toy(taken_over).step, b"1000")
        assert found[2] == b"3"
        assert len(found) == PARTS

    def test_a_successor_goes_on_where_its_predecessor_stopped(self) -> None:
        run, first = held()

        def die(number: int) -> None:
            if number == 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            shards.workshop(first, Toy(die).step, b"1000")
        gone_silent(run)
        second = lease.claim(run.pk)
        assert second is not None
        RunShard.objects.filter(status="working").update(lease_until=timezone.now() - timedelta(seconds=1))
        toy = Toy()
        assert sum(map(int, shards.workshop(second, toy.step, b"1000"))) == 500_500
        assert toy.done == [4, 5]
        with pytest.raises(LeaseLost):
            shards.workshop(first, Toy().step, b"1000")

    @pytest.mark.parametrize("change", [{"order": b"999"}, {"engine_version": "0"}])
    def test_parts_of_other_figures_or_of_another_program_are_not_used(self, change: dict[str, Any]) -> None:
        run, lease_of_run = held()
        of = division(run, **change)
        of.shards.update(status="working")
        of.shards.update(status="done", content=b"13")
        assert sum(map(int, shards.workshop(lease_of_run, Toy().step, b"1000"))) == 500_500
        assert RunDivision.objects.get().pk != of.pk

    def test_a_worker_with_another_version_of_the_program_keeps_its_hands_off(self) -> None:
        run, _ = held()
        toy = Toy()
        assert shards.assist(division(run, engine_version="0").pk, toy.step) == 0
        assert toy.done == []

    def test_a_part_that_ends_every_worker_is_given_up_with_the_reason(self) -> None:
        run, lease_of_run = held()
        of = division(run)
        for _ in range(lease.MOST_CLAIMS):
            silent(claimed(of))
        assert claimed(of).number == 1
        silent(shards.ShardLease(RunShard.objects.get(division=of, number=1).pk, 1, 1))
        with pytest.raises(RunFailed, match="hetzelfde deel"):
            shards.workshop(lease_of_run, Toy().step, b"1000")

    def test_a_program_error_of_a_helper_is_left_to_who_holds_the_run(self, caplog: pytest.LogCaptureFixture) -> None:
        def broken(number: int) -> None:
            if number == 1:
                raise ZeroDivisionError("kosten van De Linde: 7313977")

        run, lease_of_run = held()
        of = division(run)
        assert shards.assist(of.pk, Toy(broken).step) == 1
        assert list(of.shards.values_list("status", flat=True)) == ["done", *["waiting"] * (PARTS - 1)]
        assert "ZeroDivisionError" in caplog.text
        # However many helpers came upon it first.
        for _ in range(lease.MOST_CLAIMS):
            shards.assist(of.pk, Toy(broken).step)
        with pytest.raises(ZeroDivisionError):
            shards.workshop(lease_of_run, Toy(broken).step, b"1000")

    def test_a_message_about_something_that_is_over_is_nothing(self) -> None:
        assert shards.assist(0) == 0


# ── how it ends ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("db")
class TestEnds:
    """Stopping, failing, and what is left behind."""

    def test_a_run_that_is_stopped_stops_between_two_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run, lease_of_run = held()

        def stop(number: int) -> None:
            if number == 1:
                runs.cancel_run(run=run, actor=None)

        toy = Toy(stop)
        monkeypatch.setattr(course, "steps", lambda: [toy.step])
        runs.carry_out(lease_of_run)
        run.refresh_from_db()
        assert run.status == "cancelled"
        assert toy.done == [0, 1]
        assert toy.joined == []
        assert RunDivision.objects.count() == 0

    def test_of_a_run_that_somebody_wants_to_stop_no_part_is_begun(self) -> None:
        run, lease_of_run = held()
        of = division(run)
        runs.cancel_run(run=run, actor=None)
        assert shards.claim(of) is None
        with pytest.raises(Cancelled):
            shards.workshop(lease_of_run, Toy().step, b"1000")

    def test_a_helper_whose_run_ended_meanwhile_commits_nothing(self, caplog: pytest.LogCaptureFixture) -> None:
        run, lease_of_run = held()
        of = division(run)

        def stop(number: int) -> None:
            runs.cancel_run(run=run, actor=None)
            runs.carry_out(lease_of_run)

        assert shards.assist(of.pk, Toy(stop).step) == 0
        run.refresh_from_db()
        assert run.status == "cancelled"
        assert RunShard.objects.count() == 0
        assert "no longer wanted" in caplog.text

    def test_a_program_error_ends_the_run_and_throws_the_parts_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(number: int) -> None:
            raise ZeroDivisionError

        run, lease_of_run = held()
        monkeypatch.setattr(course, "steps", lambda: [Toy(broken).step])
        runs.carry_out(lease_of_run)
        run.refresh_from_db()
        assert run.status == "failed"
        assert RunDivision.objects.count() == 0

    def test_a_run_left_by_a_dead_worker_and_stopped_leaves_no_parts(self) -> None:
        for way in ("cancel", "sweep"):
            run, _ = held(round=small_round(f"proef-{way}"))
            division(run)
            if way == "cancel":
                gone_silent(run)
                runs.cancel_run(run=run, actor=None)
            else:
                runs.cancel_run(run=run, actor=None)
                gone_silent(run)
                runs.sweep()
            run.refresh_from_db()
            assert run.status == "cancelled"
            assert RunDivision.objects.count() == 0, way

    def test_the_page_says_how_many_parts_are_done(self) -> None:
        run, _ = held()
        RunStep.objects.create(run=run, number=1, code="toy", title="Tellen", status=StepStatus.RUNNING)
        of = division(run)
        said = []
        values = []

        def look(number: int) -> None:
            if number in (0, 3):
                shown = progress.describe(Run.objects.get(pk=run.pk))
                said.append(shown["steps"][0]["record"])
                values.append((shown["parts"], shown["value"], shown["is_storing"]))

        shards.assist(of.pk, Toy(look).step)
        look(0)
        assert said == [
            f"0 van {PARTS} delen klaar; 1 rekenproces werkt eraan.",
            f"3 van {PARTS} delen klaar; 1 rekenproces werkt eraan.",
            f"{PARTS} van {PARTS} delen klaar.",
        ]
        # The bar moves with the parts: of one step, a part of one.
        assert values == [
            (f"0 van {PARTS} delen klaar", "0.00", False),
            (f"3 van {PARTS} delen klaar", f"{3 / PARTS:.2f}", False),
            (f"{PARTS} van {PARTS} delen klaar", "1.00", False),
        ]

    def test_the_page_counts_nobody_as_working_who_gives_no_sign_of_life(self) -> None:
        run, _ = held()
        step = RunStep.objects.create(run=run, number=1, code="toy", title="Tellen", status=StepStatus.RUNNING)
        of = division(run)
        first, _ = claimed(of), claimed(of)
        RunShard.objects.filter(pk=first.shard_id).update(worker="elders:1")
        assert progress.parts_done(run, step) == f"0 van {PARTS} delen klaar; 2 rekenprocessen werken eraan."
        silent(first)
        assert progress.parts_done(run, step) == f"0 van {PARTS} delen klaar; 1 rekenproces werkt eraan."


# ── the interval, in parts ─────────────────────────────────────────────────────────────────────────────────────────


def finished(document: dict[str, Any], round: Round) -> Run:
    run, lease_of_run = held(document, round)
    runs.carry_out(lease_of_run)
    run.refresh_from_db()
    assert run.status == "completed", run.failure_reason
    return run


@pytest.mark.usefixtures("db")
def test_in_however_many_parts_the_outcome_has_the_same_hash(settings: Any) -> None:
    round = small_round()
    hashes = set()
    for parts in (1, 3, 7):
        settings.RUN_SHARDS = parts
        run = finished(WITH_INTERVAL, round)
        step = run.steps.get(code="uncertainty")
        assert (step.figures["parts"], step.figures["workers"]) == (parts, 1)
        hashes.add(run.result_hash)
    assert hashes == {pipeline.result_hash(pipeline.compute(run))}
    assert RunDivision.objects.count() == 0


@pytest.mark.usefixtures("db")
def test_little_work_is_not_cut_into_crumbs() -> None:
    run = finished({**SIMPLE, "bootstrap": {"replications": 100}}, small_round())
    assert run.steps.get(code="uncertainty").figures["parts"] == 2


@pytest.mark.usefixtures("db")
def test_a_run_without_interval_is_not_divided() -> None:
    run = finished(SIMPLE, small_round())
    assert "parts" not in run.steps.get(code="uncertainty").figures
    assert configured.RUN_SHARDS == PARTS
