"""What waits is closed when it has lost its sense: a request to sign, a request for exemption, an explanation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from providers import desk, exemptions, findings, review, signing
from providers.access import Actor, scope
from providers.models import Exemption, Finding, Power, SignatureRequest, Submission
from providers.refusal import Refused
from tests.delivering import acting, an_employee, delivered, offered, portal_round, somebody_at, submission_of

LINDE = "99900001"
GROUNDS = "Wij zijn te klein."


@pytest.fixture
def submission(db: None) -> Submission:
    """Give the submission of De Linde."""
    return submission_of(portal_round(), LINDE)


@pytest.fixture
def noor(db: None) -> Actor:
    """Give somebody of the NZa, acting."""
    return acting(an_employee("Noor Bakker"))


def who(submission: Submission, power: str) -> Actor:
    """Return somebody at the provider with this power."""
    return acting(somebody_at(submission.provider, power))


def waiting(submission: Submission) -> tuple[list[str], list[str]]:
    """Return where the requests to sign and the requests for exemption are."""
    asked = SignatureRequest.objects.filter(submission=submission).order_by("pk").values_list("answer", flat=True)
    return list(asked), list(Exemption.objects.filter(submission=submission).values_list("status", flat=True))


def test_an_exemption_that_is_granted_ends_a_request_to_sign(submission: Submission, noor: Actor) -> None:
    number = offered(submission)
    asked = exemptions.ask(submission=submission, grounds=GROUNDS, actor=who(submission, Power.DELIVER))
    exemptions.answer(exemption=asked, is_granted=True, reason="Klein.", actor=noor)
    assert waiting(submission) == (["overtaken"], ["granted"])
    exemptions.end(submission=submission, reason="Toch groot.", actor=noor)
    with pytest.raises(Refused, match="liggen niet ter ondertekening"):
        signing.sign(
            submission=submission, draft_number=number, position="bestuurder", actor=who(submission, Power.SIGN)
        )


def test_signing_ends_a_request_for_exemption_and_is_no_overtaking(submission: Submission) -> None:
    """With the rights that the signatory has in the database, which are not those of who asked."""
    exemptions.ask(submission=submission, grounds=GROUNDS, actor=who(submission, Power.DELIVER))
    number, signatory = offered(submission), who(submission, Power.SIGN)
    with scope(signatory.database_scope):
        signing.sign(submission=submission, draft_number=number, position="bestuurder", actor=signatory)
    assert waiting(submission) == (["signed"], ["withdrawn"])


@pytest.mark.parametrize("verb", [review.exclude, review.keep_as_delivered])
def test_what_waits_ends_when_the_nza_decides(verb: object, submission: Submission, noor: Actor) -> None:
    delivered(submission)
    review.take(submission=submission, actor=noor)
    until = timezone.now() + timedelta(days=60)
    review.give_back(submission=submission, reason="Kijk na.", until=until, actor=noor)
    offered(submission_of(submission.round, LINDE), absence_rate="0.071")
    exemptions.ask(submission=submission, grounds=GROUNDS, actor=who(submission, Power.DELIVER))
    verb(submission=submission, reason="Dit is beter.", actor=noor)  # type: ignore[operator]
    assert waiting(submission) == (["signed", "overtaken"], ["withdrawn"])
    answer = Exemption.objects.get(submission=submission)
    assert (answer.answered_by, "Vervallen" in answer.answer) == (noor.user, True)


def test_a_finding_is_explained_as_long_as_that_is_of_use(submission: Submission, noor: Actor) -> None:
    """What nobody explained yet still can be after the round closed; nothing can in a round that was put away."""
    version = delivered(submission, absence_rate="0.4", explanation="Er heerste griep in huis.")
    filler = who(submission, Power.DELIVER)
    old = version.findings.filter(needs_explanation=True)[0]
    new = Finding.objects.create(version=version, rule="IV-S-001", severity="warning", message="Meer dan anderen.")

    def explained(finding: Finding, text: str) -> str:
        try:
            findings.explain(finding=Finding.objects.get(pk=finding.pk), text=text, actor=filler)
        except Refused as refused:
            return str(refused)
        return finding.explanations.first().text  # type: ignore[union-attr]

    assert explained(old, "Er heerste griep, en wel tot in mei.") == "Er heerste griep, en wel tot in mei."
    review.take(submission=submission, actor=noor)
    review.give_back(submission=submission, reason="Kijk.", until=timezone.now() + timedelta(days=60), actor=noor)
    assert "telt nu niet mee" in explained(old, "Of eigenlijk tot in juni.")
    review.keep_as_delivered(submission=submission, reason="Toch goed.", actor=noor)
    round = desk.close_round(round=submission.round, actor=noor)
    assert "Deze ronde is gesloten" in explained(old, "Of eigenlijk tot in juli.")
    assert explained(new, "Wij openden een afdeling.") == "Wij openden een afdeling."
    desk.archive_round(round=round, actor=noor)
    assert "Deze ronde is afgesloten" in explained(new, "Wij openden er twee.")
