"""One row of everything that comes after a release, for each of some providers and the care office of its region.

The rows are written as they are in the database, past the verbs: what is tried on them is who sees them, who writes them and
what of them never changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from providers.models import CareOffice, Provider, User
from tariffs.models import (
    AgreedTariff,
    CareOfficeNote,
    CaseFile,
    Concept,
    Consent,
    ConsentKind,
    Consequences,
    Decision,
    DecisionStatus,
    Ground,
    GuidePercentage,
    Hearing,
    InterpretationResponse,
    Item,
    Letter,
    LetterKind,
    MirrorReport,
    Objection,
    ObjectionGroup,
    ObjectionStatus,
    Posting,
    Printing,
    PublicNote,
    PublicNoteItem,
    Release,
    ReleaseEffects,
    ResponseKind,
    ResponseMessage,
    ResponseTerm,
    Standing,
    StatementOfViews,
    TariffAgreement,
    TermEvent,
    TermEventKind,
)
from tariffs.terms import amsterdam_day

DAY = date(2026, 11, 23)


@dataclass(frozen=True)
class Side:
    """Who speaks for a provider, and the care office of its region with somebody there."""

    user: User
    office: CareOffice
    officer: User


def store_procedure(*, release: Release, sides: Mapping[Provider, Side], staff: tuple[User, User]) -> None:
    """Store the rows; ``release`` is released, also for care offices."""
    noor, pieter = staff
    if not ReleaseEffects.objects.filter(release=release).exists():
        ReleaseEffects.objects.create(release=release, document={"rules": []})
    note = PublicNote.objects.create(round=release.round, number=1, prepared_by=noor)
    PublicNoteItem.objects.create(note=note, number=1, question="Wat is een peer?", answer="Wie zuinig werkt.")
    PublicNote.objects.filter(pk=note.pk).update(published_by=pieter, published_at=timezone.now())
    for provider, side in sides.items():
        report = MirrorReport.objects.get(release=release, provider=provider)
        _responding(release, report, side, noor)
        decision = _deciding(report, side, noor, pieter)
        _objecting(decision, side, noor)
        _agreeing(provider, side, decision)


def _responding(release: Release, report: MirrorReport, side: Side, noor: User) -> None:
    provider = report.provider
    ResponseTerm.objects.create(
        release=release, provider=provider, until=timezone.now() + timedelta(days=7), reason="Ziekte.", set_by=noor
    )
    response = InterpretationResponse.objects.create(
        provider=provider,
        report=report,
        number=1,
        item=Item.COSTS,
        kind=ResponseKind.CORRECT,
        text="Er ontbreekt een afdeling.",
        changes={"total_cost": "1"},
        key="een",
        submitted_by=side.user,
    )
    ResponseMessage.objects.create(response=response, is_from_nza=True, text="Heeft u de jaarrekening?", by=noor)
    Consequences.objects.create(response=response, document={})
    CaseFile.objects.create(
        provider=provider,
        response=response,
        name="jaarrekening.pdf",
        content_type="application/pdf",
        sha256=hashlib.sha256(b"%PDF").hexdigest(),
        size=4,
        content=b"%PDF",
        received_from=side.user,
    )
    Consent.objects.create(provider=provider, kind=ConsentKind.ELECTRONIC_POST, is_given=True, by=side.user)


def _deciding(report: MirrorReport, side: Side, noor: User, pieter: User) -> Decision:
    provider, round = report.provider, report.release.round
    decision = Decision.objects.create(
        provider=provider,
        round=round,
        report=report,
        reference=f"PROEF-{provider.key}",
        figures={
            "minimum": "1",
            "maximum": "2",
            "lower_rate": "0.9",
            "upper_rate": "1",
            "status": "within",
            "products": [],
        },
        status=DecisionStatus.SENT,
        prepared_by=noor,
        announced_on=DAY,
        views_until=DAY,
        reasons="Zo is het.",
        drafted_by=noor,
        drafted_at=timezone.now(),
        decided_by=pieter,
        sent_on=DAY,
        sent_how="portal",
    )
    StatementOfViews.objects.create(
        provider=provider, decision=decision, key="een", text="Wij zien dat anders.", received_by=side.user
    )
    letter = Letter.objects.create(
        provider=provider,
        round=round,
        kind=LetterKind.DECISION,
        decision=decision,
        reference=decision.reference,
        subject="Besluit",
        body="Wij besluiten.",
        sha256="1" * 64,
        dated=amsterdam_day(timezone.now()),
        goes_by_post=True,
        sent_at=timezone.now(),
        sent_by=pieter,
    )
    Printing.objects.create(letter=letter, by=noor)
    Posting.objects.create(letter=letter, posted_on=letter.dated, by=noor)
    return decision


def _objecting(decision: Decision, side: Side, noor: User) -> None:
    group = ObjectionGroup.objects.create(round=decision.round, name=f"Groep {decision.provider.key}", made_by=noor)
    objection = Objection.objects.create(
        provider=decision.provider,
        decision=decision,
        reference=f"{decision.reference}-B1",
        group=group,
        status=ObjectionStatus.ADMITTED,
        key="een",
        received_by=side.user,
        signed_by=side.user.name,
    )
    Ground.objects.create(objection=objection, number=1, text="De kosten kloppen niet.")
    Ground.objects.create(group=group, number=1, text="De methode klopt niet.")
    TermEvent.objects.create(objection=objection, kind=TermEventKind.REMEDIED, on=DAY, by=side.user)
    hearing = Hearing.objects.create(at=timezone.now(), place="Utrecht", invited_by=noor)
    hearing.objections.add(objection)
    Concept.objects.create(objection=objection, contents={"advice": "Gegrond."})


def _agreeing(provider: Provider, side: Side, decision: Decision) -> None:
    standing = Standing.objects.filter(provider=provider, round=decision.round)[0]
    year = standing.tariff_year or 2025
    GuidePercentage.objects.create(
        care_office=side.office, tariff_year=year, share="0.955", source="Beleid", set_by=side.officer
    )
    CareOfficeNote.objects.create(
        care_office=side.office, provider=provider, tariff_year=year, text="Bellen.", written_by=side.officer
    )
    agreement = TariffAgreement.objects.create(
        care_office=side.office,
        provider=provider,
        tariff_year=year,
        number=1,
        standing=standing,
        agreed_on=DAY,
        registered_by=side.officer,
    )
    for facts in standing.products:
        AgreedTariff.objects.create(agreement=agreement, product=facts["product"], amount=facts["upper"])
