"""Explaining what the checks noticed in a delivery, after it was handed in."""

from __future__ import annotations

from django.db import transaction

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.checking import FEWEST_LETTERS, says_why
from providers.models import COUNTING, Act, Explanation, Finding, Power, RoundStatus
from providers.refusal import Refused
from providers.workbook.client_data import ClientDataError, refuse_client_data_in_texts

LONGEST = 2000


def explain(*, finding: Finding, text: str, actor: Actor) -> Explanation:
    """Store what a provider says about a finding; the figures stay what they are. Said twice, it is one explanation.

    Raises :class:`~providers.refusal.Refused` if there is nothing to explain any more: the round is put away, the delivery does
    not count, or the round is closed and it was explained already. What the last comparison with the sector asks, after the
    round closed, can still be answered.
    """
    submission = finding.version.submission
    powers.require(actor, submission.provider, Power.DELIVER)
    said = text.strip()
    if not said:
        raise Refused("Schrijf op waarom het getal klopt.")
    if not says_why(said):
        raise Refused(
            f"Uw toelichting is te kort. Schrijf in een zin waarom het klopt: ten minste {FEWEST_LETTERS} letters."
        )
    try:
        refuse_client_data_in_texts([said], file="", path="")
    except ClientDataError:
        raise Refused("Hier staan gegevens van personen. Haal ze weg: die mogen wij niet bewaren.") from None
    if len(said) > LONGEST:
        raise Refused(f"Uw toelichting is te lang: {LONGEST} tekens is het meeste.")
    with transaction.atomic():
        newest = Explanation.objects.filter(finding=finding).first()
        if newest is not None and newest.text == said:
            return newest
        if submission.round.status == RoundStatus.ARCHIVED:
            raise Refused("Deze ronde is afgesloten. U kunt de gegevens nog lezen.")
        if submission.status not in COUNTING:
            raise Refused(
                "Deze aanlevering telt nu niet mee. Ligt zij weer bij u, schrijf uw toelichting dan bij het cijfer in het"
                " formulier."
            )
        if submission.round.status != RoundStatus.OPEN and newest is not None:
            raise Refused("Deze ronde is gesloten. Uw toelichting blijft zoals zij is.")
        made = Explanation.objects.create(finding=finding, text=said, made_by=actor.user)
        record(act=Act.FINDING_EXPLAINED, actor=actor, subject=f"{finding.rule} {finding.version}")
    return made
