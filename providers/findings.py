"""Explaining what the checks noticed in a delivery, after it was handed in."""

from __future__ import annotations

from django.db import transaction

from providers.access import Actor
from providers.audit import record
from providers.models import Act, Explanation, Finding
from providers.refusal import Refused
from providers.workbook.client_data import ClientDataError, refuse_client_data_in_texts

LONGEST = 2000


def explain(*, finding: Finding, text: str, actor: Actor) -> Explanation:
    """Store what a provider says about a finding; the figures stay what they are. Said twice, it is one explanation."""
    said = text.strip()
    if not said:
        raise Refused("Schrijf op waarom het getal klopt.")
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
        made = Explanation.objects.create(finding=finding, text=said, made_by=actor.user)
        record(act=Act.FINDING_EXPLAINED, actor=actor, subject=f"{finding.rule} {finding.version}")
    return made
