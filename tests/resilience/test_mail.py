"""Workers that send mail, several at once, one of them killed in the middle: all get their mail, and know a copy as a copy."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection

from providers import mandates
from providers.access import Actor, scope
from providers.models import Mail, MailStatus, Mandate, Notice, Power
from providers.notices import send_waiting, tell
from providers.refusal import Refused
from tests.cast import Cast, make_cast
from tests.processes import OURS, database_url, empty_database, wait_for
from tests.resilience.gate import Gate, gate_before

MAILS = 60
#: A worker without a broker: from the word go it sends until nothing waits.
WORKER = """
import django; django.setup()
from providers.access import EVERYTHING, scope
from providers.notices import send_waiting
with scope(EVERYTHING):
    print("ready", flush=True)
    input()
    while send_waiting():
        pass
"""


@pytest.fixture
def cast(transactional_db: None) -> Iterator[Cast]:
    """Give the cast, committed, so that other processes see it; it is taken away afterwards."""
    yield make_cast()
    empty_database()


@pytest.fixture
def gate(cast: Cast) -> Iterator[Gate]:
    """Give a gate, closed: with every tenth mail in hand, sent and not written down, a worker waits there."""
    with gate_before("providers_mail", "NEW.status = 'sent' AND NEW.id % 10 = 0") as gate:
        gate.close()
        yield gate


def start_worker(folder: Path) -> subprocess.Popen[str]:
    """Start a process that sends what waits into files in ``folder``."""
    environment = {
        **os.environ,
        "DATABASE_URL": f"{database_url(owner=False)}?application_name={OURS}",
        "DATABASE_OWNER_URL": database_url(owner=True),
        "IVPORTAL_DATA": str(folder / "data"),
        "EMAIL_URL": f"filemail:///{folder}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def go(*workers: subprocess.Popen[str]) -> None:
    """Let workers begin, at once."""
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()


def sent_into(folder: Path) -> Counter[str]:
    """Return how often each message stands in the files, by its Message-ID."""
    found: Counter[str] = Counter()
    for path in folder.glob("*.log"):
        for text in path.read_text(encoding="utf-8").split(f"\n{'-' * 79}\n"):
            if text.strip():
                found[str(email.message_from_string(text)["Message-ID"])] += 1
    return found


def test_every_mail_goes_out_although_two_workers_race_and_one_is_killed(
    cast: Cast, gate: Gate, tmp_path: Path, mailoutbox: list[EmailMessage]
) -> None:
    for number in range(MAILS // 2):
        tell(kind="validated", to=[cast.anne, cast.daan], provider=cast.linde, occasion=str(number))
    expected = {f"<{notice.uuid}@127.0.0.1>" for notice in Notice.objects.all()}
    assert len(expected) == MAILS
    places = {name: tmp_path / name for name in ("killed", "other")}
    for place in places.values():
        place.mkdir()
    workers = {name: start_worker(place) for name, place in places.items()}
    try:
        go(*workers.values())
        wait_for("both workers have a mail in hand", lambda: gate.waiting() == 2)
        assert all(sent_into(place) for place in places.values())
        workers["killed"].kill()
        workers["killed"].wait()
        assert Mail.objects.filter(status=MailStatus.WAITING).count() > 2
        gate.open()
        assert workers["other"].wait(timeout=60) == 0
        # What the killed worker had in hand may have been passed by; somebody comes by again.
        waiting = Mail.objects.filter(status=MailStatus.WAITING)
        wait_for("all is sent", lambda: send_waiting() == 0 and not waiting.exists())
    finally:
        for worker in workers.values():
            worker.kill()
            worker.communicate()
    first, second = sent_into(places["killed"]), sent_into(places["other"])
    second.update(str(message.extra_headers["Message-ID"]) for message in mailoutbox)
    assert set(first) | set(second) == expected
    assert set(Mail.objects.values_list("status", flat=True)) == {MailStatus.SENT}
    assert max(first.values()) == max(second.values()) == 1, "a worker that lives sent something twice"
    assert len(set(first) & set(second)) == 1, "something else was sent twice than what the killed worker had in hand"


def test_two_administrators_who_end_each_other_leave_one(cast: Cast) -> None:
    """Both press the button at the same moment; whoever comes second is the only one left, and is told so."""
    mandate = {user: user.mandates.get(provider=cast.linde) for user in (cast.anne, cast.maria)}
    begin = threading.Barrier(2)
    refused: list[str] = []

    def end_the_other(who: Any, other: Any) -> None:
        actor = Actor(user=who, mandate=mandate[who], mandates=(mandate[who],))
        try:
            with scope(actor.database_scope):
                begin.wait()
                mandates.end(mandate=mandate[other], actor=actor)
        except Refused as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=end_the_other, args=pair) for pair in ((cast.anne, cast.maria), (cast.maria, cast.anne))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(mandates.people_of(cast.linde, Power.ADMINISTER)) == 1
    assert len(refused) == 1
    assert Mandate.objects.filter(provider=cast.linde).count() == 5
