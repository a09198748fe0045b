"""Delivering as people do it: saved by one, overtaken by another, offered, signed, received, taken back, and never twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import close_old_connections, connection, transaction

from providers import desk, drafts, mandates, signing, terms, uploads
from providers.access import EVERYTHING, Actor, scope
from providers.contents import Contents, Figure, conflicts, differing, from_json, to_json
from providers.models import (
    Draft,
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
from providers.workbook.content import Cell, ReadLocation
from tests.delivering import (
    acting,
    an_employee,
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


def _filler(submission: Submission, name: str = "") -> Actor:
    return acting(somebody_at(submission.provider, Power.DELIVER, name=name), submission.provider)


def _signer(submission: Submission) -> Actor:
    return acting(somebody_at(submission.provider, Power.SIGN), submission.provider)


# ── what a saved state holds ──────────────────────────────────────────────────────────────────────────────────────────


def test_contents_come_back_from_the_database_as_they_went_in() -> None:
    contents = Contents(
        figures={
            "total_cost": Figure(Decimal("1234.50"), Cell("Kosten", 4, "D"), "1234.5", "Bron", Decimal("1200")),
            "overhead": Figure(),
        },
        organisation={"agb_code": "41410001"},
        locations=(ReadLocation(number="000000000001", postcode="1234 AB", place="Ede", region="5501"),),
        explanations={"total_cost": "Klopt."},
        remarks="Regel een\nregel twee",
    )
    assert from_json(to_json(contents)) == contents


def test_a_zero_is_a_figure_and_an_empty_text_is_nothing() -> None:
    contents = Contents(figures={"overhead": Figure(Decimal(0))})
    assert differing(contents, {"figure:overhead": None}) == {"figure:overhead": None}
    assert differing(contents, {"figure:overhead": Decimal(0), "remarks": "", "figure:places": None}) == {}
    assert differing(Contents(), {"figure:overhead": Decimal(0)}) == {"figure:overhead": Decimal(0)}


def test_two_people_conflict_only_where_they_changed_the_same_thing_differently() -> None:
    mine, theirs = {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "d": 4}
    assert conflicts(mine, theirs) == ["b"]


# ── saving ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_save_keeps_what_the_portal_knew_as_a_state_of_its_own(submission: Submission) -> None:
    number = prepared(submission)
    submission.refresh_from_db()
    assert number == 2
    first = Draft.objects.get(submission=submission, number=1)
    assert first.made_by is None
    assert submission.status == SubmissionStatus.DRAFT


def test_saving_what_stands_there_already_makes_no_new_state(submission: Submission) -> None:
    number = prepared(submission)
    saved = drafts.save(submission=submission, changes={}, based_on=number, actor=_filler(submission))
    assert saved.number == number == Draft.objects.filter(submission=submission).count()


def test_the_second_to_save_is_shown_what_the_first_saved_and_loses_nothing(submission: Submission) -> None:
    number = prepared(submission)
    ann, bob = _filler(submission, "Ann"), _filler(submission, "Bob")
    drafts.save(
        submission=submission,
        changes={"figure:overhead": Decimal(10), "figure:places": Decimal(99)},
        based_on=number,
        actor=ann,
    )
    mine = {"figure:overhead": Decimal(20), "figure:treatment": Decimal(30)}
    with pytest.raises(drafts.Comparison) as told:
        drafts.save(submission=submission, changes=mine, based_on=number, actor=bob)
    assert told.value.conflicts == ["figure:overhead"]
    assert dict(told.value.mine) == mine
    assert told.value.theirs["figure:places"] == Decimal(99)
    assert drafts.newest_of(submission).number == number + 1  # type: ignore[union-attr]
    saved = drafts.save(submission=submission, changes=mine, based_on=told.value.newest.number, actor=bob)
    kept = from_json(saved.contents).values()
    assert (kept["overhead"], kept["treatment"], kept["places"]) == (Decimal(20), Decimal(30), Decimal(99))


def test_what_both_changed_into_the_same_needs_no_comparing(submission: Submission) -> None:
    number = prepared(submission)
    first = drafts.save(
        submission=submission,
        changes={"figure:overhead": Decimal(10)},
        based_on=number,
        actor=_filler(submission, "Ann"),
    )
    again = drafts.save(
        submission=submission,
        changes={"figure:overhead": Decimal(10)},
        based_on=number,
        actor=_filler(submission, "Bob"),
    )
    assert again == first


def test_a_state_that_never_was_is_refused(submission: Submission) -> None:
    prepared(submission)
    with pytest.raises(Refused, match="Wij herkennen niet"):
        drafts.save(
            submission=submission,
            changes={"figure:overhead": Decimal(1)},
            based_on=77,
            actor=_filler(submission),
        )


def test_of_many_who_save_in_the_same_moment_one_wins_and_all_others_are_told(transactional_db: None) -> None:
    submission = submission_of(portal_round(), LINDE)
    number = prepared(submission)
    people = [_filler(submission, f"Iemand {index}") for index in range(6)]
    start, outcomes = threading.Barrier(len(people)), []

    def save(index: int, actor: Actor) -> None:
        with scope(EVERYTHING):
            start.wait()
            try:
                drafts.save(
                    submission=submission,
                    changes={"figure:overhead": Decimal(1000 + index)},
                    based_on=number,
                    actor=actor,
                )
                outcomes.append("saved")
            except drafts.Comparison as told:
                outcomes.append(f"told of {told.newest.number}")
        connection.close()

    threads = [threading.Thread(target=save, args=item) for item in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()
    assert sorted(outcomes) == ["saved", *[f"told of {number + 1}"] * 5]


# ── signing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    version = delivered(submission, explanation="Zo is het.", absence_rate="0.31")
    document = bytes(version.source_file.content).decode()
    finding = Finding.objects.get(version=version, measure="absence_rate", severity="warning")
    assert version.number == 1
    assert version.values.get(measure="absence_rate").value == Decimal("0.31")
    assert finding.explanations.get().text == "Zo is het."
    assert version.statement.text in document.replace("\\n", "\n")
    assert "Zo is het." in document
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


def test_a_longer_term_for_all_never_leaves_somebody_behind(submission: Submission) -> None:
    nza = acting(an_employee())
    deadline = submission.round.deadline
    assert deadline is not None
    desk.extend_for_one(submission=submission, until=deadline + timedelta(days=3), reason="Ziekte.", actor=nza)
    desk.extend(round=submission.round, until=deadline + timedelta(days=20), reason="Storing.", actor=nza)
    submission = submission_of(submission.round, LINDE)
    assert submission.deadline == deadline + timedelta(days=20)


def test_somebody_with_an_ended_mandate_does_not_keep_her_colleagues_from_being_told(submission: Submission) -> None:
    left = somebody_at(submission.provider, Power.DELIVER, name="Vertrokken Vera")
    somebody_at(submission.provider, Power.DELIVER, name="Gebleven Gijs")
    mandates.end(mandate=left.mandates.get())
    terms.announce(submission.round)
    told = {notice.recipient.name for notice in Notice.objects.filter(kind="invitation")}
    assert told == {"Gebleven Gijs"}


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
