"""A national round is released, decided on and answered: how long until everybody sees it and was told, also if a worker dies?

Run by ``python -m benchmarks releasing`` (650 providers with two people each; a few minutes). The portal's workers, PostgreSQL,
Valkey and a mail server that counts run as processes or threads on loopback, in a folder that is thrown away. Peers in the same
run: the same rows stored by PostgreSQL alone, and the same mails handed over by Django alone.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]

from benchmarks import portal
from benchmarks.mail_sink import Sink, mail_sink

if TYPE_CHECKING:
    import subprocess

    from benchmarking.models import Run
    from providers.access import Actor
    from tariffs.models import Release

#: What has to hold: seconds from the moment of a release until all is visible.
MOST = 60.0
PEOPLE_EACH = 2
#: So many equal questions get one answer.
QUESTIONS = 100


@dataclass
class Stage:
    """A running portal to measure: its mail server, and its processes by part."""

    sink: Sink
    folder: Path
    workers: list[subprocess.Popen[bytes]]
    postmaster: int
    failed: list[str] = field(default_factory=list)
    names: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """By how each calls itself at the database."""

    def start_worker(self) -> None:
        """Start a worker with a sweeper and wait until it takes work."""
        from ivportal import embedded, workers

        number = len(list(self.folder.glob("worker-*.log")))
        log = self.folder / f"worker-{number}.log"
        environment = {**workers.child_environment(), "EMAIL_URL": self.sink.url}
        environment["DATABASE_URL"] += f"?application_name=meting-{number}"
        worker = embedded.start_worker(name=f"meting-{number}", log=log, environment=environment)
        self.workers.append(worker)
        self.names[f"meting-{number}"] = worker
        wait_for("a worker is ready", lambda: b" ready." in log.read_bytes())

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker with all its processes at once."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.workers.remove(worker)

    def kill_all(self) -> None:
        """Kill every worker."""
        for worker in list(self.workers):
            self.kill(worker)

    def cpu(self) -> float:
        """Return the CPU seconds so far of workers and database, children included."""
        return sum(cpu_of(pid) for pid in (*(worker.pid for worker in self.workers), self.postmaster))

    def must(self, holds: bool, what: str) -> None:
        """Remember what does not hold."""
        if not holds:
            self.failed.append(what)
            print(f"  MISSED: {what}", flush=True)


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; return 1 if something was lost, doubled or too slow."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks releasing", description=__doc__.partition("\n")[0])
    parser.add_argument("--providers", type=int, default=650)
    parser.add_argument(
        "--replications", type=int, default=200, help="of the bootstrap; releasing does not depend on it"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and data")
    chosen = parser.parse_args(arguments)
    with portal.running(keep=chosen.keep) as running:
        return _measure(running, providers=chosen.providers, replications=chosen.replications)


def _measure(running: portal.Portal, *, providers: int, replications: int) -> int:
    from benchmarks import procedure

    with ExitStack() as stack:
        sink = stack.enter_context(mail_sink())
        stage = Stage(sink, running.folder, [], running.database)
        stack.callback(stage.kill_all)
        stage.start_worker()
        runs = _computed(running.folder, providers=providers, replications=replications)
        staff = _people()
        print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        first = _release(stage, runs[0], staff, kills=False)
        _peers(stage, first)
        second = _release(stage, runs[1], staff, kills=True)
        procedure.decide(stage, first, staff)
        procedure.answer_and_bundle(stage, second, staff, questions=min(QUESTIONS, providers // 2))
        return 1 if stage.failed else 0


def _computed(folder: Path, *, providers: int, replications: int) -> list[Run]:
    """Store and compute the rounds of the demonstration; return their runs, the earlier year first."""
    from ivportal.demo import national_round
    from providers.models import Round

    began = time.monotonic()
    extent = national_round.Extent(providers=providers, replications=replications)

    def say(_: str) -> None:
        pass

    national_round.load(folder=folder / "fictief", say=say, extent=extent)
    runs = [
        national_round.compute(round=Round.objects.get(slug=f"fictief-{year}"), say=say)
        for year in national_round.BOOK_YEARS
    ]
    print(f"prepared {providers} providers and {len(runs)} runs in {time.monotonic() - began:.0f} s", flush=True)
    return runs


def _people() -> tuple[Actor, Actor]:
    """Make two people at every provider and two at the NZa; return the latter."""
    from providers.access import Actor
    from providers.mandates import grant
    from providers.models import Mandate, Provider, Role, User
    from providers.models.accounts import every_power

    providers = list(Provider.objects.all())
    users = User.objects.bulk_create(
        User(email=f"mens{number}-{provider.key}@iv.example", name=f"Mens {number}", password="!")
        for provider in providers
        for number in range(PEOPLE_EACH)
    )
    Mandate.objects.bulk_create(
        Mandate(user=user, role=Role.PROVIDER, provider=providers[place // PEOPLE_EACH], powers=every_power())
        for place, user in enumerate(users)
    )
    made = []
    for name in ("Noor", "Pieter"):
        user = User.objects.create_user(f"{name.lower()}@iv.example", None, name=name)
        mandate = grant(user=user, role=Role.NZA)
        made.append(Actor(user=user, mandate=mandate, mandates=(mandate,)))
    return made[0], made[1]


def _release(stage: Stage, run: Run, staff: tuple[Actor, Actor], *, kills: bool) -> Release:
    """Prepare, approve and release a run, and print how long each took; ``kills``: the workers die midway, one after another.

    One dies with the release in hand, a second one with mails in hand; others take over.
    """
    from django.utils import timezone

    from ivportal.demo import national_round
    from providers.models import Notice
    from tariffs import release as releasing
    from tariffs.models import MirrorReport, ReleaseStage, ReportStatus, Standing
    from tariffs.terms import equated_days, next_working_day

    noor, pieter = staff
    last_day = next_working_day(timezone.localdate() + national_round.RESPOND_FOR, equated=equated_days())
    until = last_second(last_day) if kills else None
    status = ReportStatus.PROVISIONAL if kills else ReportStatus.ADOPTED
    with measured(stage, f"prepared as {status.value}: reports made") as ready:
        prepared = releasing.prepare(run=run, status=status, respond_until=until, actor=noor)
        wait_for("the reports are made", lambda: _stage(prepared) == ReleaseStage.PREPARED)
        ready["count"] = MirrorReport.objects.filter(release=prepared).count()
    count = MirrorReport.objects.filter(release=prepared).count()
    people = PEOPLE_EACH * count
    while len(stage.workers) < (3 if kills else 1):
        stage.start_worker()
    stage.sink.forget()
    with measured(stage, "visible, and everybody told") as seen:
        began = time.monotonic()
        releasing.approve(release=prepared, release_at=None, actor=pieter)
        if kills:
            _kill_who_releases(stage)
        wait_for("it is released", lambda: _stage(prepared) == ReleaseStage.RELEASED, every=0.02)
        seen["count"] = count
    took = time.monotonic() - began
    told = Notice.objects.filter(key__contains=f"release {prepared.uuid}:")
    stage.must(took < MOST, f"released within {MOST:.0f} s")
    stage.must(Standing.objects.filter(release=prepared).count() == count, "a standing for every report")
    stage.must(told.count() == people == told.values("recipient").distinct().count(), "everybody has one notice")
    if kills:
        wait_for("mails go out", lambda: stage.sink.taken > people // 4, every=0.002)
        _kill_who_sends(stage)
    wait_for("all mails are sent", lambda: not _waiting(), every=0.1)
    mailed = stage.sink.last - began
    copies = stage.sink.taken - len(stage.sink.messages)
    print(
        f"  {people:,} people have their mail {mailed:.1f} s after the approval; {copies} copies with the same Message-ID",
        flush=True,
    )
    stage.must(mailed < MOST, f"mailed within {MOST:.0f} s")
    stage.must(len(stage.sink.messages) == people, "everybody has one message")
    # A process that dies between handing a mail over and writing that down leaves one copy, known by its Message-ID; a worker
    # has two processes.
    stage.must(copies <= (2 if kills else 0), "no mail twice, but what the killed worker had in hand")
    prepared.refresh_from_db()
    return prepared


def _kill_who_releases(stage: Stage) -> None:
    """Kill the worker that has the release in hand: its process is in a transaction that wrote standings."""
    from django.db import connection

    def at_it() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT client_port, a.pid FROM pg_stat_activity a JOIN pg_locks l USING (pid)"
                " WHERE l.relation = 'tariffs_standing'::regclass AND l.mode = 'RowExclusiveLock'"
            )
            return {row[1] for row in cursor.fetchall()}

    backends = wait_for("somebody releases", at_it, every=0.002)
    worker = _worker_of(stage, backends)
    stage.kill(worker)
    print("  killed the worker that had the release in hand", flush=True)


def _kill_who_sends(stage: Stage) -> None:
    """Kill a worker in the middle of sending."""
    from django.db import connection

    def at_it() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT pid FROM pg_locks WHERE relation = 'providers_mail'::regclass AND mode = 'RowShareLock'"
                " AND pid <> pg_backend_pid()"
            )
            return {row[0] for row in cursor.fetchall()}

    stage.kill(_worker_of(stage, wait_for("somebody sends", at_it, every=0.001)))
    print(f"  killed a worker that was sending; {stage.sink.taken} mails were out", flush=True)


def _worker_of(stage: Stage, backends: set[int]) -> subprocess.Popen[bytes]:
    """Return the worker whose process talks to one of these sessions of the database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT application_name FROM pg_stat_activity WHERE pid = ANY(%s)", [list(backends)])
        names = [row[0] for row in cursor.fetchall()]
    return next(stage.names[name] for name in names if name in stage.names)


def _peers(stage: Stage, release: Release) -> None:
    """Print what PostgreSQL and Django need alone for what the release stored and sent."""
    from django.core.mail import EmailMessage, get_connection
    from django.db import connection

    from providers.models import Notice
    from tariffs.models import MirrorReport, Standing

    tables = (
        (MirrorReport, "release_id = %s", [release.pk]),
        (Standing, "release_id = %s", [release.pk]),
        (Notice, "key LIKE %s", [f"%release {release.uuid}:%"]),
    )
    took = 0.0
    with connection.cursor() as cursor:
        for model, where, values in tables:
            name = model._meta.db_table
            cursor.execute(f"SELECT * FROM {name} WHERE {where}", values)
            rows = _as_text(cursor, name, where, values)
            cursor.execute(f"CREATE TEMP TABLE peer_{name} (LIKE {name} INCLUDING INDEXES)")
            began = time.monotonic()
            with cursor.copy(f"COPY peer_{name} FROM STDIN") as copy:
                for row in rows:
                    copy.write(row)
            took += time.monotonic() - began
    notices = Notice.objects.filter(key__contains=f"release {release.uuid}:").select_related("recipient")
    messages = [EmailMessage(subject=one.subject, body=one.body, to=[one.recipient.email]) for one in notices]
    host, port = stage.sink.server_address[:2]
    began, cpu = time.monotonic(), time.process_time()
    get_connection("django.core.mail.backends.smtp.EmailBackend", host=host, port=port).send_messages(messages)
    print(
        f"  peers: the same rows by COPY {took:.2f} s; the same mails by Django in one go"
        f" {time.monotonic() - began:.2f} s ({time.process_time() - cpu:.2f} s CPU, the mail server's included)",
        flush=True,
    )


def _as_text(cursor: Any, name: str, where: str, values: list[Any]) -> list[Any]:
    with cursor.copy(f"COPY (SELECT * FROM {name} WHERE {where}) TO STDOUT", values) as copy:
        return list(copy)


def _stage(release: Release) -> str:
    from tariffs.models import Release

    return str(Release.objects.values_list("stage", flat=True).get(pk=release.pk))


def _waiting() -> bool:
    from providers.models import Mail, MailStatus

    return Mail.objects.filter(status=MailStatus.WAITING).exists()


@contextmanager
def measured(stage: Stage, what: str) -> Iterator[dict[str, int]]:
    """Print the seconds and CPU seconds of what happens inside the block; ``count`` in what it gives says of how many."""
    facts: dict[str, int] = {}
    cpu, own, began = stage.cpu(), time.process_time(), time.monotonic()
    known = list(stage.workers)
    yield facts
    took, spent = time.monotonic() - began, stage.cpu() - cpu + time.process_time() - own
    of = f" ({spent:.1f} s CPU)" if known == stage.workers else ""
    print(f"{facts.get('count', '')} {what}: {took:.1f} s{of}".strip(), flush=True)


def last_second(day: Any) -> Any:
    """Return the last second of a day in Amsterdam."""
    from datetime import datetime
    from datetime import time as time_of_day

    from providers.formatting import AMSTERDAM

    return datetime.combine(day, time_of_day(23, 59, 59), tzinfo=AMSTERDAM)


def cpu_of(pid: int) -> float:
    """Return the CPU seconds so far of a process and its children, those that ended too."""
    seconds = 0.0
    process = psutil.Process(pid)
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def wait_for(what: str, look: Callable[[], Any], *, patience: float = 300, every: float = 0.05) -> Any:
    """Look until there is something to see, and return it; raise :class:`TimeoutError` after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(every)
    raise TimeoutError(f"not within {patience:g} seconds: {what}")
