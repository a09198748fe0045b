"""What a care office does before and at the table: its guide percentage, its notes, and registering what was agreed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from providers.access import Actor
from providers.audit import record
from providers.checking import FEWEST_LETTERS, says_why
from providers.formatting import AMSTERDAM, format_percent
from providers.free_text import plain
from providers.measures import CATALOGUE
from providers.models import Act, CareOffice, Provider, Role, Round
from providers.refusal import Overtaken, Refused
from tariffs import standings
from tariffs.models import (
    AgreedTariff,
    CareOfficeNote,
    GuidePercentage,
    OutsideBandwidth,
    ReportStatus,
    RoundPolicy,
    Standing,
    TariffAgreement,
)
from tariffs.policies import current_policy
from tariffs.room import STEP, Misfit, Place, Room, Terms, ceiling_of, misfits, room_of

#: With these a bandwidth is firm enough to agree on a tariff.
ALLOWING = (ReportStatus.ADOPTED, ReportStatus.DECIDED, ReportStatus.UNDER_OBJECTION)
RULE = "Een afspraak ligt tussen het minimum en het maximum van de bandbreedte, en nooit boven {ceiling}."
OUTSIDE_WITH_REASON = "Buiten de bandbreedte afspreken kan in deze ronde alleen met een reden."
NOT_YET = (
    "De bandbreedte is nog niet vastgesteld: de status is ‘{status}’. U kunt een afspraak vastleggen zodra de uitkomst is"
    " vastgesteld of in een besluit staat."
)
NO_RATE = "Deze aanbieder heeft geen bandbreedte in tarieven. Er is nu niets om binnen af te spreken."
LONGEST_NOTE = 5000
#: An agreement is made at most so many years before the year that it is for; else somebody mistyped.
LONGEST_BEFORE = 3
#: Neither a share nor euros per day come near this.
MOST = 1000


class Fit(models.TextChoices):
    """How an agreement lies in the bandwidth as it stands now."""

    FITS = "fits", "Binnen de bandbreedte"
    OUTSIDE = "outside", "Buiten de bandbreedte, met reden"
    NO_LONGER = "no_longer", "Past niet meer bij de bandbreedte van nu"


@dataclass(eq=False)
class StandingMoved(Overtaken):
    """The bandwidth or its status changed since the care office saw it. Nothing was registered."""

    seen: Standing | None
    now: Standing


@dataclass(eq=False)
class AgreedMeanwhile(Overtaken):
    """A colleague registered another agreement meanwhile. Nothing was registered."""

    newest: TariffAgreement | None


class Outside(Refused):
    """What was agreed lies outside the bandwidth. ``asks_reason``: it can be registered with a reason."""

    def __init__(self, message: str, *, asks_reason: bool) -> None:
        super().__init__(message)
        self.asks_reason = asks_reason


# ── what a care office reads ──────────────────────────────────────────────────────────────────────────────────────────


def guide_of(actor: Actor, tariff_year: int) -> GuidePercentage | None:
    """Return the guide percentage of the own care office for a year."""
    return GuidePercentage.objects.visible_to(actor).filter(tariff_year=tariff_year).first()


def notes_of(actor: Actor, tariff_year: int) -> dict[int, CareOfficeNote]:
    """Return the newest note about each provider for a year, by key of the provider; one that was emptied is none."""
    found = CareOfficeNote.objects.visible_to(actor).filter(tariff_year=tariff_year).select_related("written_by")
    newest = found.order_by("provider_id", "-pk").distinct("provider_id")
    return {note.provider_id: note for note in newest if note.text}


def newest_of(actor: Actor, tariff_year: int) -> dict[int, TariffAgreement]:
    """Return the agreement that counts with each provider for a year, by key of the provider, as far as ``actor`` may see it."""
    found = TariffAgreement.objects.visible_to(actor).filter(tariff_year=tariff_year).prefetch_related("tariffs")
    return {one.provider_id: one for one in found.order_by("provider_id", "-number").distinct("provider_id")}


def history_of(actor: Actor, provider: Provider, tariff_year: int) -> list[TariffAgreement]:
    """Return all that the own care office agreed with a provider for a year, newest first."""
    found = TariffAgreement.objects.visible_to(actor).filter(provider=provider, tariff_year=tariff_year)
    return list(found.select_related("registered_by").prefetch_related("tariffs").order_by("-number"))


def of_provider(actor: Actor) -> QuerySet[TariffAgreement]:
    """Return, for a provider, the agreement that counts with each care office and year. No notes, no guide percentages."""
    seen = TariffAgreement.objects.visible_to(actor)
    newest = seen.order_by("provider_id", "care_office_id", "tariff_year", "-number").distinct(
        "provider_id", "care_office_id", "tariff_year"
    )
    return (
        TariffAgreement.objects.filter(pk__in=newest.values("pk"))
        .select_related("care_office")
        .prefetch_related("tariffs")
        .order_by("-tariff_year", "care_office__name")
    )


def terms_of(agreement: TariffAgreement) -> Terms:
    """Return what was agreed."""
    tariffs = sorted(agreement.tariffs.all(), key=lambda tariff: place_of(tariff.product))
    return Terms(rate=agreement.rate, amounts={tariff.product: tariff.amount for tariff in tariffs})


def room_for(standing: Standing, cap: Decimal) -> Room | None:
    """Return the room that a standing leaves, or ``None`` if there is no bandwidth in tariffs."""
    if standing.lower_rate is None or standing.upper_rate is None or standing.tariff_year is None:
        return None
    products = sorted(standing.products, key=lambda facts: place_of(facts["product"]))
    return room_of(lower=standing.lower_rate, upper=standing.upper_rate, cap=cap, products=products)


def rule_of(policy: RoundPolicy) -> str:
    """Return in Dutch between what is agreed in a round."""
    rule = RULE.format(ceiling=ceiling_of(policy.cap))
    return f"{rule} {OUTSIDE_WITH_REASON}" if policy.agreements_outside == OutsideBandwidth.RECORDED else rule


def why_not(standing: Standing) -> str:
    """Return why nothing can be agreed within this standing, in Dutch; empty if it can."""
    if standing.status not in ALLOWING:
        return NOT_YET.format(status=standing.get_status_display().lower())
    if standing.lower_rate is None or standing.tariff_year is None:
        return NO_RATE
    return ""


def fit_of(agreement: TariffAgreement, *, then: Standing | None, now: Standing, cap: Decimal) -> Fit:
    """Return how an agreement lies in what holds now. ``then``: the standing within which it was made, if it is still visible."""
    is_same = now.pk == agreement.standing_id or (then is not None and _figures(then) == _figures(now))
    if is_same and not why_not(now):
        return Fit.OUTSIDE if agreement.is_outside else Fit.FITS
    room = room_for(now, cap)
    if room is None or why_not(now):
        return Fit.NO_LONGER
    terms = terms_of(agreement)
    covers_all = terms.rate is not None or set(terms.amounts) == set(room.products)
    return Fit.FITS if covers_all and not misfits(room, terms) else Fit.NO_LONGER


def _figures(standing: Standing) -> tuple[object, ...]:
    return standing.lower_rate, standing.upper_rate, standing.products


# ── what it does ──────────────────────────────────────────────────────────────────────────────────────────────────────


def set_guide(*, tariff_year: int, share: Decimal, source: str, actor: Actor) -> GuidePercentage:
    """Set the guide percentage of the own care office for a year; the same once more is the one there is. Raises Refused."""
    if not share.is_finite() or not 0 < share <= 1:
        raise Refused("Een richtpercentage is meer dan 0 en ten hoogste 100 % van de maximumtarieven.")
    if share != share.quantize(STEP):
        raise Refused("Rond het richtpercentage af op twee decimalen, bijvoorbeeld 95,50.")
    if not standings.newest(actor).filter(tariff_year=tariff_year).exists():
        raise Refused(f"Voor {tariff_year} ziet u nog geen bandbreedtes. Kies een jaar waarvoor die er zijn.")
    source = " ".join(plain(source).split())[:250]
    with transaction.atomic():
        office = _lock(actor)
        newest = GuidePercentage.objects.filter(care_office=office, tariff_year=tariff_year).first()
        if newest is not None and (newest.share, newest.source) == (share, source):
            return newest
        made = GuidePercentage.objects.create(
            care_office=office, tariff_year=tariff_year, share=share, source=source, set_by=actor.user
        )
        record(act=Act.GUIDE_SET, actor=actor, subject=f"{office.name}, {tariff_year}")
    return made


def write_note(*, provider: Provider, tariff_year: int, text: str, actor: Actor) -> CareOfficeNote | None:
    """Write a note about a provider, for the own care office alone; an empty text takes it away. Raises Refused."""
    text = plain(text)
    if len(text) > LONGEST_NOTE:
        raise Refused(f"De notitie is te lang: u kunt ten hoogste {LONGEST_NOTE} tekens opslaan.")
    with transaction.atomic():
        office = _lock(actor)
        if not standings.newest(actor).filter(provider=provider, tariff_year=tariff_year).exists():
            raise Refused("Deze aanbieder heeft in dit jaar geen bandbreedte in uw regio.")
        newest = CareOfficeNote.objects.filter(care_office=office, provider=provider, tariff_year=tariff_year).first()
        if (newest.text if newest else "") == text:
            return newest
        made = CareOfficeNote.objects.create(
            care_office=office, provider=provider, tariff_year=tariff_year, text=text, written_by=actor.user
        )
        record(act=Act.NOTE_WRITTEN, actor=actor, subject=f"{provider.name}, {tariff_year}")
    return made


def register(
    *,
    provider: Provider,
    round: Round,
    seen: UUID,
    after: int,
    terms: Terms,
    agreed_on: date,
    reason: str = "",
    actor: Actor,
) -> TariffAgreement:
    """Register what the own care office agreed with a provider; a new agreement replaces the one before, which is kept.

    ``seen`` is the standing that stood on the page and ``after`` the number of the newest agreement that stood there, 0 for
    none. Registered twice is once. Raises :class:`StandingMoved`, :class:`AgreedMeanwhile`, :class:`Outside` or Refused.
    """
    reason = " ".join(plain(reason).split())
    with transaction.atomic():
        office = _lock(actor)
        now = standings.newest(actor).filter(provider=provider, round=round).select_related("round").first()
        if now is None:
            raise Refused("Deze aanbieder heeft geen bandbreedte in uw regio.")
        if now.tariff_year is None:
            raise Refused(NO_RATE)
        mine = TariffAgreement.objects.filter(care_office=office, provider=provider, tariff_year=now.tariff_year)
        newest = mine.order_by("-number").first()
        if newest is not None and _is_same(newest, seen=seen, terms=terms, agreed_on=agreed_on, reason=reason):
            return newest
        if now.uuid != seen:
            before = Standing.objects.visible_to(actor).filter(uuid=seen, provider=provider, round=round).first()
            raise StandingMoved(seen=before, now=now)
        if (newest.number if newest else 0) != after:
            raise AgreedMeanwhile(newest=newest)
        is_outside = _check(now, terms=terms, agreed_on=agreed_on, reason=reason)
        made = TariffAgreement.objects.create(
            care_office=office,
            provider=provider,
            tariff_year=now.tariff_year,
            number=after + 1,
            standing=now,
            rate=terms.rate,
            is_outside=is_outside,
            reason=reason if is_outside else "",
            agreed_on=agreed_on,
            registered_by=actor.user,
        )
        AgreedTariff.objects.bulk_create(
            AgreedTariff(agreement=made, product=product, amount=amount) for product, amount in terms.amounts.items()
        )
        record(
            act=Act.AGREEMENT_REGISTERED,
            actor=actor,
            subject=f"{provider.name}, {now.tariff_year}",
            details={"number": made.number, "status": now.status, "outside": is_outside},
        )
    return made


def _lock(actor: Actor) -> CareOffice:
    """Return the own care office, locked: colleagues who write at the same moment wait for each other."""
    if actor.role != Role.CARE_OFFICE or actor.care_office_id is None:
        raise Refused("Alleen een medewerker van een zorgkantoor kan dit doen.")
    return CareOffice.objects.select_for_update(no_key=True).get(pk=actor.care_office_id)


def _is_same(agreement: TariffAgreement, *, seen: UUID, terms: Terms, agreed_on: date, reason: str) -> bool:
    said = terms_of(agreement)
    return (said.rate, dict(said.amounts), agreement.agreed_on, agreement.reason) == (
        terms.rate,
        dict(terms.amounts),
        agreed_on,
        reason if agreement.is_outside else "",
    ) and Standing.objects.filter(pk=agreement.standing_id, uuid=seen).exists()


def _check(standing: Standing, *, terms: Terms, agreed_on: date, reason: str) -> bool:
    """Tell whether what was agreed lies outside, which the policy then allows for a reason. Raises Refused."""
    if problem := why_not(standing):
        raise Refused(problem)
    policy = current_policy(standing.round)
    room = room_for(standing, policy.cap)
    assert room is not None
    assert standing.tariff_year is not None
    _check_form(room, terms, agreed_on, standing.tariff_year)
    found = misfits(room, terms)
    if not found:
        return False
    with_reason = policy.agreements_outside == OutsideBandwidth.RECORDED
    said = "\n".join(_sentences(found, standing.round.currency, with_reason=with_reason))
    above = next((misfit.ceiling for misfit in found if misfit.place is Place.ABOVE_MAXIMUM), "")
    if above:
        raise Outside(f"{said}\nBoven {above} kan zonder de NZa niets worden afgesproken.", asks_reason=False)
    if not with_reason:
        raise Outside(f"{said}\n{rule_of(policy)}", asks_reason=False)
    if not says_why(reason):
        raise Outside(
            f"{said}\n{OUTSIDE_WITH_REASON} Schrijf die op, in ten minste {FEWEST_LETTERS} letters.",
            asks_reason=True,
        )
    return True


def _check_form(room: Room, terms: Terms, agreed_on: date, year: int) -> None:
    if (terms.rate is None) == (not terms.amounts):
        raise Refused("Vul één percentage in voor alle zorgprofielen, of voor elk zorgprofiel een tarief.")
    if any(
        not value.is_finite() or abs(value) >= MOST for value in (*terms.amounts.values(), terms.rate or Decimal(0))
    ):
        raise Refused("Vul een percentage of een tarief in als een gewoon getal, bijvoorbeeld 95,50.")
    if terms.rate is not None and terms.rate <= 0:
        raise Refused("Een percentage is meer dan 0.")
    if terms.rate is not None and terms.rate != terms.rate.quantize(STEP):
        raise Refused("Rond het percentage af op twee decimalen, bijvoorbeeld 95,50.")
    if terms.amounts and set(terms.amounts) != set(room.products):
        missing = [label_of(product) for product in room.products if product not in terms.amounts]
        raise Refused(f"Vul voor elk zorgprofiel een tarief in. Er ontbreekt: {', '.join(missing) or 'niets'}.")
    if any(amount <= 0 or amount != amount.quantize(Decimal("0.01")) for amount in terms.amounts.values()):
        raise Refused("Een tarief is een bedrag per dag in euro’s en hele centen, meer dan 0.")
    if agreed_on.year < year - LONGEST_BEFORE:
        raise Refused(f"De dag van de afspraak ligt lang voor tariefjaar {year}. Kijk of het jaartal klopt.")
    if agreed_on > timezone.localdate(timezone=AMSTERDAM):
        raise Refused("De dag van de afspraak ligt in de toekomst. Kies vandaag of een eerdere dag.")


def _sentences(found: Iterable[Misfit], currency: str, *, with_reason: bool) -> list[str]:
    return [misfit.sentence(label_of(misfit.product), currency, with_reason=with_reason) for misfit in found]


def label_of(product: str) -> str:
    """Return what a product is called in a table: ``5VV met behandeling``."""
    return CATALOGUE[product].label.removeprefix("Dagen ") if product in CATALOGUE else product


def place_of(product: str) -> int:
    """Return where a product stands among others: 4VV before 10VV."""
    return CATALOGUE[product].order if product in CATALOGUE else 0


def in_words(agreement: TariffAgreement, room: Room | None) -> str:
    """Return what was agreed, in Dutch: one percentage, or between which percentages the tariffs per product lie."""
    terms = terms_of(agreement)
    if terms.rate is not None:
        return format_percent(terms.rate, decimals=2)
    lowest, highest = rates_of(agreement, room)
    if lowest is None or highest is None:
        return "per zorgprofiel"
    said = dict.fromkeys(format_percent(rate, decimals=2) for rate in (lowest, highest))
    return f"per zorgprofiel: {' tot '.join(said)}"


def rates_of(agreement: TariffAgreement, room: Room | None) -> tuple[Decimal | None, Decimal | None]:
    """Return the lowest and highest share of the maximum tariffs that was agreed; the same twice for one rate."""
    terms = terms_of(agreement)
    if terms.rate is not None:
        return terms.rate, terms.rate
    shares = [room.rate_of(code, amount) for code, amount in terms.amounts.items() if room and code in room.tariffs]
    return (min(shares), max(shares)) if shares else (None, None)
