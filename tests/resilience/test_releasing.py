"""Releasing with real workers, one of which is killed with everything written and nothing committed: all at once, told once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarking.models import Run, RunStatus
from providers.access import EVERYTHING, scope
from providers.models import Mail, MailStatus, Mandate, Notice, Provider, Role, User
from tariffs.models import MirrorReport, Release, ReleaseStage, Standing
from tests.cast import PASSWORD
from tests.processes import Browser, Portal, wait_for
from tests.resilience.gate import Gate, gate_before

pytestmark = [pytest.mark.workers]
OVER_REDIS = pytest.mark.parametrize("portal", ["redis"], indirect=True)
ROUND = "/rondes/fictief-2024/"


@pytest.fixture(scope="module")
def release_gate(portal: Portal) -> Iterator[Gate]:
    """Give a gate before the last thing that releasing does."""
    with gate_before("tariffs_release", "NEW.stage = 'released'") as gate:
        yield gate
        portal.without_workers()


@pytest.fixture(scope="module")
def people(portal: Portal, django_db_blocker: Any) -> int:
    """Give every provider two people, and Noor a colleague; committed, so before the test's own transaction begins."""
    with django_db_blocker.unblock(), scope(EVERYTHING):
        pieter = User.objects.create_user("pieter@example.org", PASSWORD, name="Pieter")
        Mandate.objects.create(user=pieter, role=Role.NZA)
        return two_everywhere(list(Provider.objects.all()))


def two_everywhere(providers: list[Provider]) -> int:
    users = User.objects.bulk_create(
        User(email=f"mens{number}-{provider.pk}@example.org", name=f"Mens {number}", password="!")
        for provider in providers
        for number in (1, 2)
    )
    Mandate.objects.bulk_create(
        Mandate(user=user, role=Role.PROVIDER, provider=providers[place // 2], powers=[])
        for place, user in enumerate(users)
    )
    return len(users)


def told() -> Counter[str]:
    return Counter(Notice.objects.filter(kind="mirror_released").values_list("recipient__email", flat=True))


@OVER_REDIS
def test_a_worker_killed_while_it_releases_leaves_nothing_and_the_next_does_all_of_it_once(
    portal: Portal, people: int, noor: Browser, release_gate: Gate
) -> None:
    pieter = Browser(portal.address)
    pieter.log_in("pieter@example.org", PASSWORD)
    worker = portal.start_worker()
    noor.post(ROUND, f"{ROUND}berekenen/")
    run = wait_for("the run is done", lambda: Run.objects.filter(status=RunStatus.COMPLETED).first())
    page = noor.post(
        f"/berekeningen/{run.uuid}/vrijgeven/", f"/berekeningen/{run.uuid}/vrijgeven/", status="simulation"
    )
    assert "klaargezet" in page
    release = wait_for("the reports are made", lambda: Release.objects.filter(stage=ReleaseStage.PREPARED).first())
    count = MirrorReport.objects.count()
    assert count == Provider.objects.filter(submissions__round=release.round).count()
    approve = f"/vrijgaven/{release.uuid}/goedkeuren/"
    assert "Een collega moet haar goedkeuren" in noor.post(approve, approve, has_looked="on")

    release_gate.close()
    assert "goedgekeurd" in pieter.post(approve, approve, has_looked="on")
    wait_for("a worker stands before the gate", lambda: release_gate.waiting() >= 1)
    assert (Standing.objects.count(), told().total()) == (0, 0), "something of a release is there before all of it is"
    portal.kill(worker)
    release_gate.open()
    wait_for("its session is gone", lambda: release_gate.waiting() == 0)
    assert Release.objects.get().stage == ReleaseStage.APPROVED
    assert (Standing.objects.count(), told().total()) == (0, 0)

    portal.start_worker()
    wait_for("it is released", lambda: Release.objects.filter(stage=ReleaseStage.RELEASED).exists())
    assert Standing.objects.count() == count
    assert (len(told()), set(told().values())) == (people, {1})
    mails = Mail.objects.filter(notice__kind="mirror_released")
    wait_for("all mails are out", lambda: not mails.exclude(status=MailStatus.SENT).exists())
    sent = Counter(
        re.findall(
            r"^Message-ID: (.+)$",
            "".join(path.read_text(errors="replace") for path in portal.folder.glob("*.log")),
            re.M,
        )
    )
    assert len(sent) >= people
    assert set(sent.values()) == {1}
