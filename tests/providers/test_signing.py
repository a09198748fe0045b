"""Signing as people do it: offered, signed by somebody else, received, taken back, in time to the second, and never twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction

from providers import drafts, signing, uploads
from providers.access import EVERYTHING, Actor, scope
from providers.models import (
    Finding,
    Notice,
    Power,
    SignatureAnswer,
    SignatureRequest,
    Statement,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)
from providers.refusal import Refused
from providers.texts import save_text
from tests.delivering import (
    a_provider,
    acting,
    delivered,
    end_of_day,
    offered,
    portal_round,
    prepared,
    somebody_at,
    submission_of,
)

LINDE = "99900001"


@pytest.fixture
def submission(db: None) -> Submission:
    """Give De Linde's submission in an open round."""
    return submission_of(portal_round(), LINDE)


def _filler(submission: Submission) -> Actor:
    return acting(somebody_at(submission.provider, Power.DELIVER), submission.provider)


def _signer(submission: Submission, name: str = "") -> Actor:
    return acting(somebody_at(submission.provider, Power.SIGN, name=name), submission.provider)


# ── offering and signing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_offered_as_long_as_an_error_is_left(submission: Submission) -> None:
    number = prepared(submission, total_cost=None)
    _signer(submission)
    with pytest.raises(Refused, match="fout"):
        signing.offer(submission=submission, draft_number=number, actor=_filler(submission))


def test_a_warning_is_explained_before_anything_is_offered(submission: Submission) -> None:
    number = prepared(submission, absence_rate="0.31")
    _signer(submission)
    with pytest.raises(Refused, match="nog niet toegelicht"):
        signing.offer(submission=submission, draft_number=number, actor=_filler(submission))
    saved = drafts.save(
        submission=submission,
        changes={"explanation:absence_rate": "Er heerste griep."},
        based_on=number,
        actor=_filler(submission),
    )
    signing.offer(submission=submission, draft_number=saved.number, actor=_filler(submission))


def test_who_filled_in_figures_does_not_sign_them(submission: Submission) -> None:
    both = acting(somebody_at(submission.provider, Power.DELIVER, Power.SIGN, name="Beide Bea"), submission.provider)
    number = prepared(submission)
    _signer(submission)
    saved = drafts.save(submission=submission, changes={"remarks": "Tot ziens"}, based_on=number, actor=both)
    signing.offer(submission=submission, draft_number=saved.number, actor=_filler(submission))
    with pytest.raises(Refused, match="U vulde zelf gegevens in"):
        signing.sign(submission=submission, draft_number=saved.number, position="bestuurder", actor=both)
    assert not Statement.objects.exists()


def test_nobody_signs_what_was_changed_after_it_was_offered(submission: Submission) -> None:
    number = offered(submission)
    newer = drafts.save(
        submission=submission, changes={"remarks": "Toch nog iets"}, based_on=number, actor=_filler(submission)
    )
    assert SignatureRequest.objects.get(draft__number=number).answer == SignatureAnswer.OVERTAKEN
    for stale in (number, newer.number):
        with pytest.raises(Refused):
            signing.sign(submission=submission, draft_number=stale, position="bestuurder", actor=_signer(submission))
    assert not SubmissionVersion.objects.filter(submission=submission).exists()


def test_a_signed_delivery_is_a_version_with_figures_findings_explanations_and_a_receipt(
    submission: Submission,
) -> None:
    version = delivered(submission, explanation="Zo is het dit jaar.", absence_rate="0.31")
    document = bytes(version.source_file.content).decode()
    finding = Finding.objects.get(version=version, measure="absence_rate", severity="warning")
    assert version.number == 1
    assert version.values.get(measure="absence_rate").value == Decimal("0.31")
    assert finding.explanations.get().text == "Zo is het dit jaar."
    assert version.statement.text in document.replace("\\n", "\n")
    assert "Zo is het dit jaar." in document
    told = Notice.objects.filter(kind="receipt", provider=submission.provider)
    assert told.count() == 2
    assert all(version.source_file.sha256 in notice.body for notice in told)


def test_a_double_click_on_sign_gives_one_version_and_the_same_receipt(submission: Submission) -> None:
    number = offered(submission)
    first = signing.sign(submission=submission, draft_number=number, position="bestuurder", actor=_signer(submission))
    again = signing.sign(submission=submission, draft_number=number, position="directeur", actor=_signer(submission))
    assert again == first
    assert again.source_file.sha256 == first.source_file.sha256
    assert SubmissionVersion.objects.filter(submission=submission).count() == 1


def test_two_signatures_in_the_same_moment_are_one_delivery(transactional_db: None) -> None:
    submission = submission_of(portal_round(), LINDE)
    number = offered(submission)
    actor = _signer(submission)
    start, made = threading.Barrier(4), []

    def sign() -> None:
        with scope(EVERYTHING):
            start.wait()
            made.append(
                signing.sign(submission=submission, draft_number=number, position="bestuurder", actor=actor).uuid
            )
        connection.close()

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_a_delivery_taken_back_can_be_mended_and_delivered_again_as_the_next_version(submission: Submission) -> None:
    first = delivered(submission)
    signing.withdraw(submission=submission, actor=_filler(submission))
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.DRAFT
    version = delivered(submission, client_rating="7.8")
    assert (first.number, version.number) == (1, 2)
    assert first.values.get(measure="client_rating").value != version.values.get(measure="client_rating").value


def test_what_was_taken_back_can_be_delivered_again_as_it_is(submission: Submission) -> None:
    first = delivered(submission)
    signing.withdraw(submission=submission, actor=_filler(submission))
    submission.refresh_from_db()
    with pytest.raises(Refused, match="ingetrokken of teruggelegd"):
        signing.sign(
            submission=submission,
            draft_number=first.statement.draft.number,
            position="bestuurder",
            actor=_signer(submission),
        )
    newest = drafts.newest_of(submission)
    assert newest is not None
    signing.offer(submission=submission, draft_number=newest.number, actor=_filler(submission))
    again = signing.sign(
        submission=submission, draft_number=newest.number, position="bestuurder", actor=_signer(submission)
    )
    assert (first.number, again.number) == (1, 2)
    assert first.sha256 == again.sha256


def test_who_sent_the_file_does_not_sign_what_a_colleague_took_over_from_it(submission: Submission) -> None:
    both = acting(somebody_at(submission.provider, Power.DELIVER, Power.SIGN, name="Beide Bea"), submission.provider)
    _signer(submission)
    number = prepared(submission)
    upload = uploads.receive(submission=submission, name="a.csv", content=b"x", key="een", based_on=number, actor=both)
    taken = drafts.save(
        submission=submission,
        changes={"remarks": "Uit het bestand"},
        based_on=number,
        actor=_filler(submission),
        upload=upload,
    )
    signing.offer(submission=submission, draft_number=taken.number, actor=_filler(submission))
    with pytest.raises(Refused, match="U vulde zelf gegevens in"):
        signing.sign(submission=submission, draft_number=taken.number, position="bestuurder", actor=both)


def test_another_statement_than_the_one_that_was_read_is_not_signed(submission: Submission) -> None:
    number = offered(submission)
    read = signing.statement_mark(signing.statement_text(submission))
    save_text(round=submission.round, kind="statement", subject="Verklaring", body="Ik sta borg.", actor=None)
    with pytest.raises(Refused, match="tekst van de verklaring"):
        signing.sign(
            submission=submission, draft_number=number, position="bestuurder", actor=_signer(submission), read=read
        )


def test_nothing_is_offered_while_nobody_may_sign_it(submission: Submission) -> None:
    """Also if the only one who may sign filled in figures herself."""
    number = prepared(submission)
    with pytest.raises(Refused, match="Niemand kan deze gegevens ondertekenen"):
        signing.offer(submission=submission, draft_number=number, actor=_filler(submission))
    both = acting(somebody_at(submission.provider, Power.DELIVER, Power.SIGN, name="Beide Bea"), submission.provider)
    number = drafts.save(submission=submission, changes={"remarks": "Hoi"}, based_on=number, actor=both).number
    with pytest.raises(Refused, match="Niemand kan deze gegevens ondertekenen"):
        signing.offer(submission=submission, draft_number=number, actor=both)
    assert not SignatureRequest.objects.exists()
    _signer(submission)
    signing.offer(submission=submission, draft_number=number, actor=both)
    assert [notice.recipient.name for notice in Notice.objects.filter(kind="signature_requested")] == [
        "Sign van De Linde"
    ]


def test_what_one_signed_is_not_signed_by_another_as_well(submission: Submission) -> None:
    """She is told that it was handed in; the receipt of her colleague is not given to her as if it were her own."""
    version = delivered(submission)
    other = _signer(submission, "Andere Ada")
    with pytest.raises(Refused, match="De aanlevering is al ingediend"):
        signing.sign(
            submission=submission, draft_number=version.statement.draft.number, position="bestuurder", actor=other
        )
    assert Statement.objects.get().signed_by != other.user


def test_who_merged_into_another_is_told_why_it_takes_nothing_back(submission: Submission) -> None:
    delivered(submission)
    Submission.objects.filter(pk=submission.pk).update(merged_into=a_provider("99900002"))
    with pytest.raises(Refused, match="opgegaan in een andere zorgaanbieder"):
        signing.withdraw(submission=submission, actor=_filler(submission))
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.SUBMITTED


def test_nothing_is_taken_back_after_the_term(submission: Submission) -> None:
    delivered(submission)
    assert submission.deadline is not None
    with time_machine.travel(submission.deadline + timedelta(seconds=1), tick=False):
        with pytest.raises(Refused, match="De termijn is voorbij"):
            signing.withdraw(submission=submission, actor=_filler(submission))
        submission.refresh_from_db()
        assert submission.status == SubmissionStatus.SUBMITTED
    with time_machine.travel(submission.deadline, tick=False):
        signing.withdraw(submission=submission, actor=_filler(submission))
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.DRAFT


# ── the clock ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#: 23.59.59 in Amsterdam on an ordinary day, on the last summer evening before and the first winter evening after the clock goes
#: back, and in summer.
TERMS = (
    (datetime(2026, 5, 14, tzinfo=UTC).date(), datetime(2026, 5, 14, 21, 59, 59, tzinfo=UTC)),
    (datetime(2026, 10, 24, tzinfo=UTC).date(), datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC)),
    (datetime(2026, 10, 25, tzinfo=UTC).date(), datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)),
    (datetime(2026, 1, 31, tzinfo=UTC).date(), datetime(2026, 1, 31, 22, 59, 59, tzinfo=UTC)),
)


@pytest.mark.parametrize(("day", "last"), TERMS)
def test_the_last_second_is_in_time_and_the_next_is_not(db: None, day: object, last: datetime) -> None:
    assert end_of_day(day) == last
    with time_machine.travel(last - timedelta(days=10), tick=False):
        submission = submission_of(portal_round(deadline=end_of_day(day)), LINDE)
        number = offered(submission)
        signer = _signer(submission)
    with (
        time_machine.travel(last + timedelta(seconds=1), tick=False),
        pytest.raises(Refused, match="De termijn is voorbij"),
    ):
        signing.sign(submission=submission, draft_number=number, position="bestuurder", actor=signer)
    with time_machine.travel(last + timedelta(milliseconds=999), tick=False):
        version = signing.sign(submission=submission, draft_number=number, position="bestuurder", actor=signer)
    with time_machine.travel(last + timedelta(hours=1), tick=False):
        again = signing.sign(submission=submission, draft_number=number, position="bestuurder", actor=signer)
    assert again == version
    assert SubmissionVersion.objects.filter(submission=submission).count() == 1


def test_a_failed_signature_leaves_nothing_behind(submission: Submission) -> None:
    number = offered(submission)
    with pytest.raises(Refused, match="functie"), transaction.atomic():
        signing.sign(submission=submission, draft_number=number, position="  ", actor=_signer(submission))
    assert not Statement.objects.exists()
    assert SignatureRequest.objects.get().answer == SignatureAnswer.WAITING
