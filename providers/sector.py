"""Comparing deliveries with the sector: computed anew as the round grows, and every delivery checked again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone

from providers import checks, notices, tasks, waking
from providers.checking import check, row_of
from providers.checks import SectorStatistics, sector
from providers.contents import from_json
from providers.mandates import people_of
from providers.models import (
    COUNTING,
    PORTAL,
    Finding,
    MeasuredValue,
    Round,
    RoundStatus,
    SectorBasis,
    SubmissionVersion,
)

#: Under this many deliveries nobody is compared with the sector.
FEWEST: Final = 20
#: It is computed anew when there are this many times as many deliveries as the last time.
GROWTH: Final = Decimal("1.1")
#: Under this name a basis holds which versions it saw (:func:`_mark`), beside what ``SectorStatistics`` writes.
SAW: Final = "versions"


def newest_versions(round: Round) -> list[SubmissionVersion]:
    """Return the version that counts of every provider that delivered."""
    return list(
        SubmissionVersion.objects.filter(pk__in=_newest(round)).select_related(
            "submission__round__previous", "submission__provider", "statement__draft"
        )
    )


def _newest(round: Round) -> QuerySet[SubmissionVersion, int]:
    delivered = SubmissionVersion.objects.filter(submission__round=round, submission__status__in=COUNTING)
    return delivered.order_by().values("submission").annotate(newest=Max("pk")).values_list("newest", flat=True)


def _mark(versions: Iterable[int]) -> str:
    """Return a mark of these versions: others have another mark, and nobody reads in it who delivered."""
    return hashlib.sha256(",".join(map(str, sorted(versions))).encode()).hexdigest()


def sweep() -> list[int]:
    """Have workers compute anew where a round grew enough; return the rounds.

    Once a round is closed any other version is reason enough: one that was signed while the last comparison ran, or a correction.
    """
    found = []
    for round in Round.objects.filter(source=PORTAL, status__in=[RoundStatus.OPEN, RoundStatus.CLOSED]):
        versions = list(_newest(round))
        count = len(versions)
        last = SectorBasis.objects.filter(round=round).order_by("-pk").first()
        before = last.deliveries if last else 0
        grew = count != before and count >= before * GROWTH
        changed = round.status == RoundStatus.CLOSED and (last is None or last.content.get(SAW) != _mark(versions))
        if count >= FEWEST and (grew or changed):
            wake(round.pk)
            found.append(round.pk)
    return found


def wake(round_id: int) -> None:
    """Tell a worker to compute anew."""
    waking.wake(tasks.compare_with_sector, round_id)


def refresh(round_id: int) -> SectorStatistics | None:
    """Compute the figures of the sector from what counts now, and check every delivery against them.

    ``None`` if there is nothing to do: too few delivered, nothing changed since the last time, or another worker is at it. A
    finding that no longer holds is ended, a new one is added; the provider is told of what it has to explain.
    """
    with transaction.atomic():
        if not _alone():
            return None
        round = Round.objects.get(pk=round_id)
        versions = newest_versions(round)
        if len(versions) < FEWEST:
            return None
        values: dict[int, dict[str, Decimal | None]] = defaultdict(dict)
        for version_id, measure, value in MeasuredValue.objects.filter(version__in=versions).values_list(
            "version_id", "measure", "value"
        ):
            values[version_id][measure] = value
        statistics = sector.statistics(values[version.pk] for version in versions)
        content = {**statistics.to_json(), SAW: _mark(version.pk for version in versions)}
        last = SectorBasis.objects.filter(round=round).order_by("-pk").first()
        if last is not None and last.content == content:
            # Every one of these versions was checked against these figures.
            return None
        SectorBasis.objects.create(round=round, content=content, deliveries=len(versions))
        for version in versions:
            check_again(version, statistics)
    return statistics


def _alone() -> bool:
    """Tell whether nobody else compares with the sector now, in whatever round; until the end of the transaction that stays so.

    It takes seconds, and workers have other things to do: one of them does it at a time, the sweeper asks again for the rest.
    Whoever opens, extends or closes a round meanwhile does not wait for it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('providers.sector'))")
        (is_mine,) = cursor.fetchone()
    return bool(is_mine)


def check_again(version: SubmissionVersion, statistics: SectorStatistics) -> None:
    """Check a delivered version against other figures of the sector: end what no longer holds, add and tell what is new."""
    statement = getattr(version, "statement", None)
    if statement is None:
        return
    contents = from_json(statement.draft.contents)
    verdict = check(submission=version.submission, contents=contents, sector=statistics)
    found = {(item.rule.code, item.measure): item for item in verdict.found if item.rule.scope == "sector"}
    held = {
        (finding.rule, finding.measure): finding
        for finding in Finding.objects.filter(version=version, ended_at__isnull=True)
        if checks.rule(finding.rule).scope == "sector"
    }
    now = timezone.now()
    for key in held.keys() - found.keys():
        Finding.objects.filter(pk=held[key].pk).update(ended_at=now)
    new = [row_of(version, item) for key, item in sorted(found.items()) if key not in held]
    Finding.objects.bulk_create(new)
    asked = sum(finding.needs_explanation for finding in new)
    if asked:
        submission = version.submission
        notices.tell(
            kind="findings_added",
            to=people_of(submission.provider),
            provider=submission.provider,
            round=submission.round,
            occasion=f"{version.uuid}:{timezone.localdate()}",
            path=reverse("delivered", args=[submission.round.slug]),
            aantal=str(asked),
        )
