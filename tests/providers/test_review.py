"""Steps of a submission: which exist, who hears of them, and that everything else is refused, by the verb and by the database.

The tables stand here once more, as the domain facts (§7.3) draw them: the program is not its own judge.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, models, transaction
from django.utils import timezone

from providers import drafts, exemptions, history, notices, review, signing, uploads
from providers.access import Actor
from providers.models import (
    Draft,
    Exemption,
    Mail,
    Notice,
    Power,
    Provider,
    Round,
    SignatureRequest,
    SourceFile,
    StatusChange,
    Submission,
    SubmissionStatus,
    TermChange,
    Upload,
)
from providers.refusal import Refused
from tests.delivering import (
    acting,
    an_employee,
    delivered,
    offered,
    portal_round,
    prepared,
    somebody_at,
    submission_of,
)

LINDE, ANKER = "99900001", "99900002"
STEPS = {
    "not_started": "draft submitted exempt",
    "draft": "submitted exempt",
    "submitted": "draft in_review",
    "in_review": "returned validated excluded",
    "returned": "draft submitted in_review exempt excluded",
    "validated": "in_review",
    "excluded": "in_review",
    "exempt": "not_started",
}
EXEMPTION_STEPS = {"asked": "granted refused withdrawn", "granted": "", "refused": "", "withdrawn": ""}
SIGNATURE_STEPS = {"waiting": "signed declined overtaken", "signed": "", "declined": "", "overtaken": ""}
UPLOAD_STEPS = {"waiting": "read refused", "read": "", "refused": ""}
MAIL_STEPS = {"waiting": "sent failed", "sent": "", "failed": "waiting"}


@pytest.fixture
def round(db: None) -> Round:
    """Give an open round."""
    return portal_round()


@pytest.fixture
def submission(round: Round) -> Submission:
    """Give the submission of De Linde."""
    return submission_of(round, LINDE)


@pytest.fixture
def noor(db: None) -> Actor:
    """Give somebody of the NZa, acting."""
    return acting(an_employee("Noor Bakker"))


@pytest.fixture
def fresh(round: Round) -> Callable[[str], Submission]:
    """Give a way to have a submission of yet another provider in the status given."""
    count = iter(range(1000))

    def make(status: str = "not_started") -> Submission:
        provider = Provider.objects.create(key_scheme="kvk", key=f"9995{next(count):04d}", name="Een aanbieder")
        return Submission.objects.create(round=round, provider=provider, status=status)

    return make


def in_a_week() -> Any:
    """Return a term that still has to come."""
    return timezone.now() + timedelta(days=7)


def pairs(steps: dict[str, str]) -> list[tuple[str, str, bool]]:
    """Return every pair of different states, and whether there is such a step."""
    return [(old, new, new in steps[old].split()) for old in steps for new in steps if old != new]


def forced(row: models.Model, **to: str) -> bool:
    """Tell whether the database lets a row be changed so, whatever the program thinks of it."""
    try:
        with transaction.atomic():
            return bool(type(row)._default_manager.filter(pk=row.pk).update(**to))
    except Error:
        return False


# ── every pair of states ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_submission_takes_the_steps_of_the_table_and_no_others(
    fresh: Callable[[str], Submission], noor: Actor
) -> None:
    """By the verb and by a raw UPDATE alike; what is refused leaves no history."""
    assert set(STEPS) == set(SubmissionStatus.values)
    for old, new, is_allowed in pairs(STEPS):
        row = fresh(old)
        try:
            history.move(submission=drafts.lock(row), to=SubmissionStatus(new), actor=noor)
            said = ""
        except Refused as refused:
            said = str(refused)
        assert (said == "") == is_allowed, (old, new)
        assert is_allowed or (SubmissionStatus(old).label in said and SubmissionStatus(new).label in said)
        row.refresh_from_db()
        assert row.status == (new if is_allowed else old)
        assert StatusChange.objects.filter(submission=row).exists() == is_allowed
        assert forced(fresh(old), status=new) == is_allowed, (old, new)


def test_a_request_for_exemption_is_answered_once(fresh: Callable[[], Submission], noor: Actor) -> None:
    for old, new, is_allowed in pairs(EXEMPTION_STEPS):
        submission = fresh()
        row = Exemption.objects.create(submission=submission, grounds="Klein.", asked_by=noor.user, status=old)
        assert forced(row, status=new) == is_allowed, (old, new)
    for old in ("granted", "refused", "withdrawn"):
        submission = fresh()
        row = Exemption.objects.create(submission=submission, grounds="Klein.", asked_by=noor.user, status=old)
        for is_granted in (True, False):
            with pytest.raises(Refused, match="al afgehandeld"):
                exemptions.answer(exemption=row, is_granted=is_granted, reason="Daarom.", actor=noor)
        with pytest.raises(Refused, match="Er loopt geen verzoek"):
            exemptions.withdraw(submission=submission, actor=acting(somebody_at(submission.provider, Power.DELIVER)))
        row.refresh_from_db()
        assert row.status == old


def test_a_request_to_sign_is_answered_once(submission: Submission, noor: Actor) -> None:
    number = iter(range(2, 100))
    for old, new, is_allowed in pairs(SIGNATURE_STEPS):
        draft = Draft.objects.create(submission=submission, number=next(number), how="form", contents={})
        row = SignatureRequest.objects.create(submission=submission, draft=draft, asked_by=noor.user, answer=old)
        assert forced(row, answer=new) == is_allowed, (old, new)
        if not is_allowed:
            continue
        with pytest.raises(Refused, match="Er ligt niets ter ondertekening"):
            signing.decline(
                submission=submission, remark="Nee.", actor=acting(somebody_at(submission.provider, Power.SIGN))
            )


def test_what_was_declined_cannot_be_signed(submission: Submission) -> None:
    number = offered(submission)
    signatory = acting(somebody_at(submission.provider, Power.SIGN))
    signing.decline(submission=submission, remark="Het verzuim klopt niet.", actor=signatory)
    with pytest.raises(Refused, match="liggen niet ter ondertekening"):
        signing.sign(submission=submission, draft_number=number, position="bestuurder", actor=signatory)
    with pytest.raises(Refused, match="al eens voorgelegd"):
        signing.offer(
            submission=submission,
            draft_number=number,
            actor=acting(somebody_at(submission.provider, Power.DELIVER)),
        )


def test_a_file_is_read_once(submission: Submission, noor: Actor) -> None:
    file = SourceFile.objects.create(provider=submission.provider, name="a", sha256="0" * 64, content=b"a")

    def sent(key: str, status: str) -> Upload:
        return Upload.objects.create(
            submission=submission, source_file=file, key=key, based_on=0, sent_by=noor.user, status=status
        )

    for old, new, is_allowed in pairs(UPLOAD_STEPS):
        assert forced(sent(f"{old}-{new}", old), status=new) == is_allowed, (old, new)
    for old in ("read", "refused"):
        row = sent(old, old)
        uploads.read_waiting(row.pk)
        row.refresh_from_db()
        assert (row.status, row.claims) == (old, 0)


def test_a_mail_that_went_out_stays_out(round: Round, noor: Actor) -> None:
    occasion = iter(range(1000))

    def mail(status: str) -> Mail:
        (notice,) = notices.tell(kind="closed", to=[noor.user], round=round, occasion=str(next(occasion)))
        Mail.objects.filter(notice=notice).delete()
        return Mail.objects.create(notice=notice, address="a@example.org", status=status)

    for old, new, is_allowed in pairs(MAIL_STEPS):
        assert forced(mail(old), status=new) == is_allowed, (old, new)
    for old, new in (("sent", "sent"), ("waiting", "waiting"), ("failed", "waiting")):
        row = mail(old)
        notices.try_again(mail=row, actor=noor)
        row.refresh_from_db()
        assert row.status == new


# ── what the NZa does ──────────────────────────────────────────────────────────────────────────────────────────────


class TestGivingBack:
    """A delivery goes back with a reason and a term, and comes again as a new version."""

    def test_the_provider_can_correct_it_also_after_the_round_was_closed(self, noor: Actor, db: None) -> None:
        round = portal_round()
        submission = submission_of(round, LINDE)
        delivered(submission)
        review.take(submission=submission, actor=noor)
        assert round.deadline is not None
        until = round.deadline + timedelta(days=7)
        review.give_back(submission=submission, reason="Kijk naar het verzuim.", until=until, actor=noor)
        Round.objects.filter(pk=round.pk).update(status="closed")
        again = delivered(submission_of(round, LINDE), absence_rate="0.071")
        assert again.number == 2
        assert TermChange.objects.get(submission=submission).after == until
        told = Notice.objects.filter(kind="returned", provider=submission.provider)
        assert told.count() == 2
        assert all("Kijk naar het verzuim." in notice.body for notice in told)

    def test_without_a_reason_or_with_a_term_that_is_over_nothing_happens(
        self, submission: Submission, noor: Actor
    ) -> None:
        delivered(submission)
        review.take(submission=submission, actor=noor)
        with pytest.raises(Refused, match="wat er moet veranderen"):
            review.give_back(submission=submission, reason=" ", until=in_a_week(), actor=noor)
        with pytest.raises(Refused, match="die nog moet komen"):
            review.give_back(submission=submission, reason="Kijk.", until=timezone.now(), actor=noor)
        with pytest.raises(Refused, match="De termijn van deze aanbieder loopt tot en met"):
            review.give_back(submission=submission, reason="Kijk.", until=in_a_week(), actor=noor)
        submission.refresh_from_db()
        assert submission.status == "in_review"
        assert not TermChange.objects.exists()

    def test_taking_a_return_back_leaves_what_was_delivered(self, submission: Submission, noor: Actor) -> None:
        delivered(submission)
        review.take(submission=submission, actor=noor)
        assert submission.deadline is not None
        review.give_back(submission=submission, reason="Kijk.", until=submission.deadline, actor=noor)
        review.keep_as_delivered(submission=submission, reason="Het klopt toch.", actor=noor)
        with pytest.raises(Refused, match="De NZa controleert"):
            prepared(submission_of(submission.round, LINDE), places=190)

    def test_a_return_is_not_taken_back_where_nothing_was_delivered(
        self, fresh: Callable[[str], Submission], noor: Actor
    ) -> None:
        row = fresh("returned")
        with pytest.raises(Refused, match="nog niets aangeleverd"):
            review.keep_as_delivered(submission=row, reason="Het klopt toch.", actor=noor)
        row.refresh_from_db()
        assert row.status == "returned"

    @pytest.mark.parametrize("status", ["not_started", "draft", "submitted", "in_review", "returned", "exempt"])
    def test_only_what_was_decided_is_opened_again(
        self, status: str, fresh: Callable[[str], Submission], noor: Actor
    ) -> None:
        row = fresh(status)
        with pytest.raises(Refused, match="kunt u heropenen"):
            review.reopen(submission=row, reason="Toch.", until=in_a_week(), actor=noor)
        assert not StatusChange.objects.filter(submission=row).exists()


class TestExcludingAndApproving:
    """What was decided is told, with the reason."""

    def test_who_is_left_out_reads_why(self, submission: Submission, noor: Actor) -> None:
        delivered(submission)
        review.take(submission=submission, actor=noor)
        review.exclude(submission=submission, reason="Geen verpleeghuiszorg.", actor=noor)
        bodies = [notice.body for notice in Notice.objects.filter(kind="excluded")]
        assert len(bodies) == 2
        assert all("Geen verpleeghuiszorg." in body for body in bodies)

    def test_a_provider_cannot_withdraw_what_is_looked_at(self, submission: Submission, noor: Actor) -> None:
        delivered(submission)
        review.take(submission=submission, actor=noor)
        with pytest.raises(Refused, match="al begonnen met controleren"):
            signing.withdraw(submission=submission, actor=acting(somebody_at(submission.provider, Power.DELIVER)))

    def test_a_finding_that_no_longer_holds_does_not_keep_a_delivery_waiting(self, round: Round, noor: Actor) -> None:
        loud = submission_of(round, LINDE)
        version = delivered(loud, absence_rate="0.4", explanation="Er was veel griep.")
        assert review.validate_all_quiet(versions=[version.uuid], actor=noor) == 0
        version.findings.update(ended_at=timezone.now())
        assert review.validate_all_quiet(versions=[version.uuid], actor=noor) == 1
        assert review.validate_all_quiet(versions=[version.uuid], actor=noor) == 0

    def test_only_the_newest_version_counts(self, round: Round, noor: Actor) -> None:
        submission = submission_of(round, LINDE)
        delivered(submission, absence_rate="0.4", explanation="Er was veel griep.")
        signing.withdraw(submission=submission, actor=acting(somebody_at(submission.provider, Power.DELIVER)))
        delivered(submission)
        assert list(review.quiet(Submission.objects.filter(round=round))) == [submission]


class TestExemption:
    """Asked with grounds, answered with a reason, ended with a reason."""

    def test_asked_twice_it_is_one_request(self, submission: Submission) -> None:
        asker = acting(somebody_at(submission.provider, Power.DELIVER))
        first = exemptions.ask(submission=submission, grounds="Te klein.", actor=asker)
        assert exemptions.ask(submission=submission, grounds="Veel te klein.", actor=asker) == first
        assert Exemption.objects.get().grounds == "Te klein."

    def test_who_delivered_meanwhile_needs_none(self, submission: Submission, noor: Actor) -> None:
        asker = acting(somebody_at(submission.provider, Power.DELIVER))
        asked = exemptions.ask(submission=submission, grounds="Te klein.", actor=asker)
        delivered(submission)
        for is_granted in (True, False):
            with pytest.raises(Refused, match="al afgehandeld"):
                exemptions.answer(exemption=asked, is_granted=is_granted, reason="Klein.", actor=noor)
        asked.refresh_from_db()
        assert (asked.status, asked.answer) == ("withdrawn", "Vervallen: de aanlevering kreeg de status ‘Ingediend’.")

    def test_who_has_exemption_delivers_nothing_until_it_ends(self, submission: Submission, noor: Actor) -> None:
        asker = acting(somebody_at(submission.provider, Power.DELIVER))
        asked = exemptions.ask(submission=submission, grounds="Te klein.", actor=asker)
        exemptions.answer(exemption=asked, is_granted=True, reason="Klein.", actor=noor)
        with pytest.raises(Refused, match="U heeft ontheffing"):
            prepared(submission)
        exemptions.end(submission=submission, reason="Toch groot.", actor=noor)
        assert prepared(submission) == 2

    @pytest.mark.parametrize("is_granted", [True, False])
    def test_an_answer_needs_a_reason(self, is_granted: bool, submission: Submission, noor: Actor) -> None:
        asker = acting(somebody_at(submission.provider, Power.DELIVER))
        asked = exemptions.ask(submission=submission, grounds="Te klein.", actor=asker)
        with pytest.raises(Refused, match="waarom u dit besluit"):
            exemptions.answer(exemption=asked, is_granted=is_granted, reason=" ", actor=noor)
