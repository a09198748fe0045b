"""What a care office sees of a round: one row per provider in its regions, for the table, the files, the overview and the API.

Never costs, peers, drivers or a score: everything comes from the standings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.urls import reverse

from ivportal.pages.scales import rate_scale
from providers.access import Actor
from providers.formatting import format_percent
from providers.models import CareOffice, CareOfficeRegion, Round
from tariffs import agreements, standings
from tariffs.agreements import Fit
from tariffs.models import (
    BandwidthStatus,
    CareOfficeNote,
    GuidePercentage,
    ReportStatus,
    RoundPolicy,
    Standing,
    TariffAgreement,
)
from tariffs.policies import current_policy
from tariffs.room import ceiling_of, guide_place, inward
from tariffs.sizes import SizeClass

NO_RATE = {
    BandwidthStatus.NO_SCORE: "Doet niet mee in de vergelijking.",
    BandwidthStatus.NO_TABLE: "Geen tarief: voor deze ronde is geen tarieftabel.",
    BandwidthStatus.NO_TARIFF: "Geen tarief: een maximumtarief ontbreekt.",
    BandwidthStatus.NO_REFERENCE: "Geen tarief: geen zorgdagen met een maximumtarief.",
    BandwidthStatus.MIXED_TABLE: "Geen tarief: de tarieftabel is niet eenduidig.",
}
#: What an agreement can rest on, by status: only a decision binds.
FIRMNESS = {
    ReportStatus.ADOPTED: "vastgesteld, nog geen besluit",
    ReportStatus.DECIDED: "besluit genomen",
    ReportStatus.UNDER_OBJECTION: "besluit genomen, onder bezwaar",
}


@dataclass(frozen=True)
class Sight:
    """What a care office sees of one round."""

    office: CareOffice
    regions: tuple[CareOfficeRegion, ...]
    rounds: tuple[Round, ...]
    """All in which it sees something, newest book year first."""
    round: Round
    standings: tuple[Standing, ...]
    """What holds now, one per provider."""
    policy: RoundPolicy
    sizes: Mapping[tuple[int, int], SizeClass]
    """The classes of care days, by keys of provider and round."""
    earlier: Mapping[int, Standing] = field(default_factory=dict)
    """What holds for the year before, by key of the provider."""
    earlier_cap: Decimal = Decimal(1)
    guide: GuidePercentage | None = None
    agreed: Mapping[int, TariffAgreement] = field(default_factory=dict)
    agreed_within: Mapping[int, Standing] = field(default_factory=dict)
    """The standings within which was agreed, by their key."""
    agreed_earlier: Mapping[int, TariffAgreement] = field(default_factory=dict)
    notes: Mapping[int, CareOfficeNote] = field(default_factory=dict)

    @property
    def cap(self) -> Decimal:
        """Return the highest rate there may be."""
        return self.policy.cap

    @property
    def tariff_year(self) -> int | None:
        """Return the year for which the tariffs are."""
        return next((one.tariff_year for one in self.standings if one.tariff_year), None)

    @property
    def own_codes(self) -> set[str]:
        """Return the codes of the own regions."""
        return {region.code for region in self.regions}


def sight_of(actor: Actor, slug: str | None = None) -> Sight | None:
    """Return what the care office of ``actor`` sees of a round: the one named, else the newest; ``None`` if there is none."""
    office = actor.mandate.care_office
    if office is None:
        return None
    everything = standings.newest(actor)
    pks = everything.values("round")
    rounds = tuple(Round.objects.filter(pk__in=pks).order_by("-book_year", "slug"))
    if not rounds:
        return None
    round = next((one for one in rounds if one.slug == slug), rounds[0])
    found = tuple(
        everything.filter(round=round)
        .select_related("provider", "round")
        .prefetch_related("provider__locations__region")
        .order_by("provider__name", "provider__key")
    )
    seen = Sight(
        office=office,
        regions=tuple(CareOfficeRegion.objects.filter(care_office=office)),
        rounds=rounds,
        round=round,
        standings=found,
        policy=current_policy(round),
        sizes=standings.sizes_of(Standing.objects.visible_to(actor)),
    )
    year = seen.tariff_year
    if year is None:
        return seen
    before = everything.filter(tariff_year=year - 1).select_related("round").order_by("round__book_year", "since")
    earlier = {one.provider_id: one for one in before}
    agreed = agreements.newest_of(actor, year)
    within = Standing.objects.visible_to(actor).filter(pk__in=[one.standing_id for one in agreed.values()])
    return replace(
        seen,
        earlier=earlier,
        earlier_cap=max(
            (current_policy(one).cap for one in {row.round for row in earlier.values()}), default=Decimal(1)
        ),
        guide=agreements.guide_of(actor, year),
        agreed=agreed,
        agreed_within=within.in_bulk(),
        agreed_earlier=agreements.newest_of(actor, year - 1),
        notes=agreements.notes_of(actor, year),
    )


def rows_of(seen: Sight) -> list[dict[str, Any]]:
    """Return a row per provider, by name."""
    return [row_of(standing, seen) for standing in seen.standings]


def row_of(standing: Standing, seen: Sight) -> dict[str, Any]:
    """Return what is shown of one provider."""
    provider, codes = standing.provider, seen.own_codes
    places = [place for place in provider.locations.all() if place.region]
    own = [place for place in places if place.region and place.region.code in codes]
    width = BandwidthStatus(standing.bandwidth_status)
    width_label, width_note = _width_in_words(standing)
    before = seen.earlier.get(provider.pk)
    lower, upper = ends_of(standing)
    return {
        "uuid": str(provider.uuid),
        "name": provider.name,
        "name_key": provider.name.casefold(),
        "key": provider.key,
        "key_scheme": provider.key_scheme,
        "shown_key": provider.shown_key,
        "url": reverse("care_office_provider", args=[seen.round.slug, provider.uuid]),
        "place": ", ".join(dict.fromkeys(place.place for place in own if place.place)),
        "region": ", ".join(dict.fromkeys(place.region.name for place in own if place.region)),
        "regions": sorted({place.region.code for place in own if place.region}),
        "other_regions": sorted(
            {place.region.name for place in places if place.region and place.region.code not in codes}
        ),
        "size": seen.sizes.get((provider.pk, standing.round_id)),
        "lower_rate": lower,
        "upper_rate": upper,
        "rates": rates_in_words(standing),
        "reason": NO_RATE.get(width, ""),
        "status": standing.status,
        "status_label": standing.get_status_display(),
        "firmness": FIRMNESS.get(ReportStatus(standing.status), standing.get_status_display().lower()),
        "since": standing.since,
        "bandwidth_status": width,
        "bandwidth_label": width_label,
        "status_note": width_note,
        "guide": _guide(standing, seen.guide),
        "agreed": _agreed(standing, seen),
        "agreed_rate": _agreed_rate(standing, seen),
        "why_not": agreements.why_not(standing),
        "last": _last(before, seen) if before else None,
        "note": seen.notes[provider.pk].text if provider.pk in seen.notes else "",
        "standing": standing,
    }


def _width_in_words(standing: Standing) -> tuple[str, str]:
    """Return how a bandwidth lies against the maximum tariffs, and what that means for agreeing (may be empty)."""
    width = BandwidthStatus(standing.bandwidth_status)
    if width not in (BandwidthStatus.CAPPED, BandwidthStatus.ABOVE_CAP) or standing.upper_rate is None:
        return str(width.label), ""
    # Such a bandwidth ends at the ceiling that the policy had when it was computed.
    ceiling = ceiling_of(standing.upper_rate)
    if width == BandwidthStatus.CAPPED:
        return f"Bovenkant begrensd op {ceiling}", ""
    return f"Minimum boven {ceiling}", f"De bandbreedte is één punt: {ceiling}."


def ends_of(standing: Standing) -> tuple[Decimal, Decimal] | tuple[None, None]:
    """Return the ends of a bandwidth as everything for a care office has them: as precise as can be agreed."""
    if standing.lower_rate is None or standing.upper_rate is None:
        return None, None
    return inward(standing.lower_rate, standing.upper_rate)


def rates_in_words(standing: Standing) -> str:
    """Return the ends of a bandwidth as text: ``88,41 % tot 93,70 %``; one percentage if it is one point."""
    return " tot ".join(
        dict.fromkeys(format_percent(rate, decimals=2) for rate in ends_of(standing) if rate is not None)
    )


def _guide(standing: Standing, guide: GuidePercentage | None) -> dict[str, Any] | None:
    lower, upper = ends_of(standing)
    if guide is None or lower is None or upper is None:
        return None
    found = guide_place(lower=lower, upper=upper, share=guide.share)
    return {"place": found.place.value, "words": found.words, "share": guide.share}


def _agreed(standing: Standing, seen: Sight) -> dict[str, Any] | None:
    found = seen.agreed.get(standing.provider_id)
    if found is None:
        return None
    room = agreements.room_for(standing, seen.cap)
    fit = agreements.fit_of(found, then=seen.agreed_within.get(found.standing_id), now=standing, cap=seen.cap)
    lowest, highest = agreements.rates_of(found, room)
    return {
        "words": agreements.in_words(found, room),
        "lowest": lowest,
        "highest": highest,
        "fit": fit.value,
        "fit_label": fit.label,
        "is_right": fit == Fit.FITS,
        "on": found.agreed_on,
        "number": found.number,
        "reason": found.reason,
    }


def _agreed_rate(standing: Standing, seen: Sight) -> Decimal | None:
    found = seen.agreed.get(standing.provider_id)
    return agreements.rates_of(found, agreements.room_for(standing, seen.cap))[0] if found else None


def _last(before: Standing, seen: Sight) -> dict[str, Any]:
    agreed = seen.agreed_earlier.get(before.provider_id)
    room = agreements.room_for(before, seen.earlier_cap)
    lower, upper = ends_of(before)
    return {
        "year": before.tariff_year,
        "lower_rate": lower,
        "upper_rate": upper,
        "rates": rates_in_words(before),
        "status_label": before.get_status_display(),
        "agreed": agreements.in_words(agreed, room) if agreed else "",
        "agreed_rate": agreements.rates_of(agreed, room)[0] if agreed else None,
        "standing": before,
    }


def scale_of(row: Mapping[str, Any], ends: tuple[Decimal, Decimal]) -> dict[str, Any] | None:
    """Return the scale of a row: its bandwidth, with the guide percentage and what was agreed marked on it."""
    if row["lower_rate"] is None:
        return None
    return rate_scale(
        lower=row["lower_rate"],
        upper=row["upper_rate"],
        ends=ends,
        guide=row["guide"]["share"] if row["guide"] else None,
        agreed=(row["agreed"]["lowest"], row["agreed"]["highest"]) if row["agreed"] else None,
    )


def on_the_scale(rows: Iterable[Mapping[str, Any]], guide: GuidePercentage | None) -> list[Decimal]:
    """Return all the rates that a scale has to hold."""
    found = [guide.share] if guide else []
    for row in rows:
        found += [row[name] for name in ("lower_rate", "upper_rate") if row[name] is not None]
        if row["agreed"]:
            found += [row["agreed"][name] for name in ("lowest", "highest") if row["agreed"][name] is not None]
    return found


def ribbon_of(seen_round: Round, shown: Iterable[Standing]) -> dict[str, Any]:
    """Return the ribbon of a page with several providers: their status if they have the same, else that each has its own."""
    found = list(shown)
    statuses = {one.status for one in found} or {ReportStatus.SIMULATION.value}
    return {
        "status": statuses.pop() if len(statuses) == 1 else "mixed",
        "is_fictitious": seen_round.is_fictitious,
        "date": max((one.since for one in found), default=None),
        "next_moment": None,
        "is_of_others": True,
    }
