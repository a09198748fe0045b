"""Files that wait to be read: whose turn it is, how often it is tried, how many may wait, and who is woken for which."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from providers import uploads
from providers.access import Actor
from providers.models import Power, SourceFile, Submission, SubmissionVersion, Upload, UploadStatus
from providers.refusal import Refused
from tests.delivering import acting, portal_round, somebody_at, submission_of

LINDE, ANKER = "99900001", "99900002"
#: What is in no way a workbook: reading it takes no time, and the refusal tells that it was read.
NO_WORKBOOK, SAYS_SO = b"%PDF-1.7", "een PDF-bestand"
#: Numbers that pass the test of a citizen service number.
CLIENTS = (111222333, 123456782, 100000009, 200000007, 300000005, 400000003)
SECOND = timedelta(seconds=1)


@pytest.fixture
def submission(db: None) -> Submission:
    """Give De Linde's submission in an open round."""
    return submission_of(portal_round(), LINDE)


def sent(submission: Submission, key: str = "een") -> Upload:
    """Send a file that is no workbook; the same ``key`` is the same sending."""
    actor = _filler(submission)
    return uploads.receive(submission=submission, name="a.pdf", content=NO_WORKBOOK, key=key, based_on=0, actor=actor)


def _filler(submission: Submission) -> Actor:
    return acting(somebody_at(submission.provider, Power.DELIVER), submission.provider)


def had(upload: Upload, *, times: int, left: timedelta) -> Upload:
    """Write down that workers had a file so many times, the last one for as long as is ``left``; return it."""
    Upload.objects.filter(pk=upload.pk).update(claims=times, claimed_until=timezone.now() + left)
    return upload


def read(upload: Upload) -> Upload:
    """Have a worker take a file, if it may; return what became of it."""
    uploads.read_waiting(upload.pk)
    upload.refresh_from_db()
    return upload


def test_a_file_that_another_worker_has_is_left_to_it_until_its_time_is_over(submission: Submission) -> None:
    upload = read(had(sent(submission), times=1, left=SECOND * 30))
    assert (upload.status, upload.claims) == (UploadStatus.WAITING, 1)
    upload = read(had(upload, times=1, left=-SECOND))
    assert (upload.status, upload.claims) == (UploadStatus.REFUSED, 2)
    assert SAYS_SO in str(upload.problems)


def test_a_file_that_no_worker_survived_three_times_is_refused_without_reading_it_again(
    submission: Submission,
) -> None:
    third = read(had(sent(submission, "drie"), times=2, left=-SECOND))
    assert SAYS_SO in str(third.problems)
    fourth = read(had(sent(submission, "vier"), times=3, left=-SECOND))
    assert (fourth.status, fourth.problems) == (UploadStatus.REFUSED, [uploads.UNREADABLE])


def test_five_files_of_a_provider_may_wait_and_no_more(submission: Submission) -> None:
    waiting = [sent(submission, str(number)) for number in range(5)]
    with pytest.raises(Refused, match="Er worden nog bestanden van u gelezen"):
        sent(submission, "zes")
    assert sent(submission, "4") == waiting[4], "a second click on what waits already is no other file"
    assert sent(submission_of(submission.round, ANKER)).status == UploadStatus.WAITING
    read(waiting[0])
    assert sent(submission, "zes").status == UploadStatus.WAITING


def test_the_sweeper_wakes_workers_for_files_that_nobody_has_and_for_no_others(submission: Submission) -> None:
    file, actor = sent(submission).source_file, _filler(submission)
    now = timezone.now()

    def row(key: str, *, seconds_ago: int = 60, left: timedelta | None = None, status: str = "waiting") -> Upload:
        return Upload.objects.create(
            submission=submission,
            source_file=file,
            key=key,
            based_on=0,
            sent_by=actor.user,
            sent_at=now - SECOND * seconds_ago,
            status=status,
            claims=0 if left is None else 1,
            claimed_until=None if left is None else now + left,
        )

    forgotten, left_behind = row("forgotten"), row("left behind", left=-SECOND)
    row("just sent", seconds_ago=0)
    row("in hand", left=SECOND * 30)
    row("read", status="read")
    row("refused", status="refused", left=-SECOND)
    assert sorted(uploads.sweep()) == sorted([forgotten.pk, left_behind.pk])


def test_bytes_that_were_delivered_once_are_kept_also_when_the_same_file_is_refused_for_clients_in_it(
    submission: Submission,
) -> None:
    content = b"BSN;Naam\n" + b"".join(b"%d;Jansen\n" % number for number in CLIENTS)
    file = SourceFile.objects.create(
        provider=submission.provider, name="oud.csv", sha256=hashlib.sha256(content).hexdigest(), content=content
    )
    SubmissionVersion.objects.create(
        submission=submission_of(portal_round(slug="iv-2020", book_year=2020), LINDE),
        number=1,
        source_file=file,
        sha256="a" * 64,
        submitted_at=timezone.now(),
    )
    upload = read(
        uploads.receive(
            submission=submission, name="x.csv", content=content, key="een", based_on=0, actor=_filler(submission)
        )
    )
    assert upload.status == UploadStatus.REFUSED
    assert "burgerservicenummers" in str(upload.problems)
    file.refresh_from_db()
    assert upload.source_file == file
    assert bytes(file.content) == content
