"""Hundreds of providers deliver within minutes while others read: is anything lost or doubled, and how long do people wait?

Run by ``python -m benchmarks delivering`` (ten minutes, 700 deliveries, 200 readers), or shorter with ``--minutes 2``. The
portal runs as in a demonstration: web server, worker, PostgreSQL and Valkey as processes on loopback, in a folder that is thrown
away. Mail goes to the worker's log.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]

from benchmarks import portal
from benchmarks.deliveries import SEED, SLUG, prepare
from benchmarks.visitors import READ_SECONDS, Delivery, Visitors

PER_MINUTE = 70
READERS = 200
#: What has to hold, in seconds at the 95th percentile.
MOST_FOR_FINDINGS, MOST_FOR_A_PAGE = 5.0, 0.3
MB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """By part of the portal: resident memory of its processes (bytes, largest first) and CPU seconds so far."""

    memory: dict[str, list[int]]
    cpu: dict[str, float]


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; return 1 if something was lost, doubled or too slow."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks delivering", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="how long deliveries come in, 70 a minute")
    parser.add_argument("--deliveries", type=int, help="how many, if not 70 a minute")
    parser.add_argument("--readers", type=int, default=READERS, help="how many people read a page every ten seconds")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and data")
    chosen = parser.parse_args(arguments)
    deliveries = chosen.deliveries or round(PER_MINUTE * chosen.minutes)
    with portal.running(keep=chosen.keep) as running:
        return _measure(running, deliveries=deliveries, readers=chosen.readers, seconds=chosen.minutes * 60)


def _measure(running: portal.Portal, *, deliveries: int, readers: int, seconds: float) -> int:
    from ivportal import embedded
    from ivportal.demo import supervisor

    with ExitStack() as stack:
        began = time.monotonic()
        prepared = prepare(max(deliveries, 100))[:deliveries]
        print(
            f"prepared {len(prepared)} providers and their workbooks in {time.monotonic() - began:.0f} s",
            flush=True,
        )
        worker = stack.enter_context(supervisor.worker())
        port = embedded.free_port()
        web = stack.enter_context(supervisor.web_server(port))
        _wait_for_mail()
        parts = {"web": web.pid, "worker": worker.pid, "valkey": running.valkey, "database": running.database}
        visitors = Visitors(port)
        print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        asyncio.run(_warm_up(visitors, prepared))
        visitors = Visitors(port)
        samples = [sample(parts)]
        cpu, began = time.process_time(), time.perf_counter()
        asyncio.run(_play(visitors, prepared, readers, seconds, parts, samples))
        took = time.perf_counter() - began
        samples.append(sample(parts))
        client = (time.process_time() - cpu) / took
        return report(visitors, prepared, samples, took=took, client=client)


def _wait_for_mail(patience: float = 300) -> None:
    """Wait until everybody was invited: that is work of another day."""
    from providers.models import Mail, MailStatus, Notice, User

    deadline = time.monotonic() + patience
    while (
        Notice.objects.filter(kind="invitation").count() < User.objects.count()
        or Mail.objects.filter(status=MailStatus.WAITING).exists()
    ):
        if time.monotonic() > deadline:
            raise TimeoutError("the invitations were not sent")
        time.sleep(0.5)


def sample(parts: Mapping[str, int]) -> Sample:
    """Return memory and CPU of the portal's processes with their children; a child that ended counts with its parent."""
    memory: dict[str, list[int]] = {}
    cpu: dict[str, float] = {}
    for part, pid in parts.items():
        process = psutil.Process(pid)
        sizes, seconds = [], 0.0
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                seconds += times.user + times.system + times.children_user + times.children_system
                sizes.append(one.memory_info().rss)
        memory[part], cpu[part] = sorted(sizes, reverse=True), seconds
    return Sample(memory, cpu)


async def _warm_up(visitors: Visitors, prepared: Sequence[Delivery]) -> None:
    """Have every process of the web server show each page once, so that templates are compiled and connections made."""
    until = time.perf_counter() + 2 * READ_SECONDS
    await asyncio.gather(
        *(visitors.read(item.filler, offset=number / 4, until=until) for number, item in enumerate(prepared[:32]))
    )


async def _play(
    visitors: Visitors,
    prepared: Sequence[Delivery],
    readers: int,
    seconds: float,
    parts: Mapping[str, int],
    samples: list[Sample],
) -> None:
    """Let everybody do what she does; halfway a sample is taken."""
    draw = random.Random(SEED)
    until = time.perf_counter() + seconds

    async def later(number: int, delivery: Delivery) -> None:
        await asyncio.sleep((number + draw.random()) * seconds / len(prepared))
        await visitors.deliver(number, delivery)

    async def halfway() -> None:
        await asyncio.sleep(seconds / 2)
        samples.append(sample(parts))

    people = [person for delivery in prepared for person in (delivery.filler, delivery.signer)]
    reading = [people[draw.randrange(len(people))] for _ in range(readers)]
    await asyncio.gather(
        halfway(),
        *(later(number, delivery) for number, delivery in enumerate(prepared)),
        *(
            visitors.read(person, offset=READ_SECONDS * number / readers, until=until)
            for number, person in enumerate(reading)
        ),
    )


def report(
    visitors: Visitors, prepared: Sequence[Delivery], samples: Sequence[Sample], *, took: float, client: float
) -> int:
    """Print what was measured and what stands in the database; return 1 if something is not as it has to be."""
    measured = visitors.measured
    kept = _kept(prepared)
    unseen = {key for key, place in measured.receipts.items() if kept.receipts.get(key) != place}
    lost = [item.key for item in prepared if item.key not in kept.receipts]
    print(f"{len(prepared)} deliveries and their readers in {took:.0f} s; {measured.requests / took:.1f} requests/s")
    print(
        f"deliveries: {len(measured.receipts)} with a receipt on screen, {len(kept.receipts)} in the database, {len(lost)} lost,"
        f" {kept.doubled} doubled, {len(unseen)} receipts that are not those of the database; {measured.explained} times"
        " something more was explained"
    )
    print(f"in the database: {', '.join(f'{count} {what}' for what, count in kept.counts.items())}")
    for what, name in (
        ("findings", "upload to findings on screen"),
        ("read", "page read by a reader"),
        ("page", "page of who delivers"),
        ("sign", "sign"),
    ):
        print(f"{name}: {_spread(measured.seconds[what])}")
    for part in samples[0].cpu:
        sizes = " | ".join(" ".join(f"{size / MB:.0f}" for size in one.memory[part][:6]) for one in samples)
        spent = (samples[-1].cpu[part] - samples[0].cpu[part]) / took
        print(f"{part}: memory {sizes} MB (start | middle | end); {spent:.0%} of a core")
    print(f"client: {client:.0%} of a core; load of the machine now {os.getloadavg()[0]:.1f}")
    for error, count in measured.errors.most_common(12):
        print(f"error, {count} ×: {error}")
    findings = _quantile(measured.seconds["findings"], 0.95)
    pages = _quantile([*measured.seconds["read"], *measured.seconds["page"]], 0.95)
    wrong = [
        said
        for said, is_wrong in (
            ("something was lost", bool(lost or unseen)),
            ("something was doubled", kept.doubled > 0),
            ("there were errors", bool(measured.errors)),
            (f"findings took longer than {MOST_FOR_FINDINGS:g} s", findings > MOST_FOR_FINDINGS),
            (f"pages took longer than {MOST_FOR_A_PAGE * 1000:g} ms", pages > MOST_FOR_A_PAGE),
        )
        if is_wrong
    ]
    print("not as it has to be: " + ", ".join(wrong) if wrong else "as it has to be")
    return 1 if wrong else 0


@dataclass(frozen=True)
class Kept:
    """What the database holds: receipt by key of the provider, how many things are there twice, and counts."""

    receipts: dict[str, str]
    doubled: int
    counts: dict[str, int]


def _kept(prepared: Sequence[Delivery]) -> Kept:
    from django.db.models import Count
    from django.urls import reverse

    from providers.models import MeasuredValue, Notice, Statement, Submission, SubmissionVersion, Upload, UploadStatus

    of_round = Submission.objects.filter(round__slug=SLUG, provider__key__in=[item.key for item in prepared])
    versions = SubmissionVersion.objects.filter(submission__in=of_round)
    receipts = {
        key: reverse("receipt", args=[version])
        for key, version in versions.values_list("submission__provider__key", "uuid")
    }
    uploads = Upload.objects.filter(submission__in=of_round)
    told = Notice.objects.filter(kind="receipt")
    doubled = (
        of_round.annotate(many=Count("versions")).filter(many__gt=1).count()
        + of_round.annotate(many=Count("uploads")).filter(many__gt=1).count()
        + told.values("recipient").annotate(many=Count("pk")).filter(many__gt=1).count()
    )
    return Kept(
        receipts,
        doubled,
        {
            "versions": versions.count(),
            "statements": Statement.objects.filter(version__in=versions).count(),
            "uploads": uploads.count(),
            "of which still waiting": uploads.filter(status=UploadStatus.WAITING).count(),
            "receipts told (two people each)": told.count(),
            "figures": MeasuredValue.objects.filter(version__in=versions).count(),
        },
    )


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "nothing measured"
    shown = ", ".join(f"{name} {_quantile(seconds, part) * 1000:.0f}" for name, part in (("p50", 0.5), ("p95", 0.95)))
    return f"{shown}, max {max(seconds) * 1000:.0f} ms ({len(seconds)} times)"


def _quantile(seconds: Sequence[float], part: float) -> float:
    """Return the smallest of ``seconds`` that at least this part of them does not exceed; infinity without any."""
    if not seconds:
        return math.inf
    return sorted(seconds)[math.ceil(part * len(seconds)) - 1]
