"""The room in which a care office and a provider agree on a tariff: pure functions on ``Decimal``, without a database.

A rate is a share of all maximum tariffs, an amount is euros per day. Both are agreed between the ends of the bandwidth; above
the national maximum tariff there is no agreement without the NZa (design §6). Rates are agreed in hundredths of a percent and
the ends of the room are rounded inward to that, so that what is shown is accepted. If the ends cross, both take the upper one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum

from providers.formatting import NBSP, format_exact, format_money, format_percent

CENT = Decimal("0.01")
#: A hundredth of a percent.
STEP = Decimal("0.0001")


class Place(StrEnum):
    """Where something lies against a bandwidth."""

    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"
    ABOVE_MAXIMUM = "above_maximum"


@dataclass(frozen=True)
class Ends:
    """Between what is agreed: ``lower`` and ``upper`` of the bandwidth, and ``maximum``, which is never less than ``upper``."""

    lower: Decimal
    upper: Decimal
    maximum: Decimal

    def place_of(self, value: Decimal) -> Place:
        """Return where ``value`` lies."""
        if value > self.maximum:
            return Place.ABOVE_MAXIMUM
        if value > self.upper:
            return Place.ABOVE
        return Place.BELOW if value < self.lower else Place.WITHIN


@dataclass(frozen=True)
class Room:
    """The room for one rate, and for an amount per product."""

    rate: Ends
    products: Mapping[str, Ends]
    """By code of the measure of days."""
    tariffs: Mapping[str, Decimal]
    """The national maximum tariffs, by the same codes."""

    def tariff_at(self, product: str, rate: Decimal) -> Decimal:
        """Return the amount per day that a rate comes to, to the cent; a rate inside the room stays inside by rounding too."""
        ends = self.products[product]
        amount = (rate * self.tariffs[product]).quantize(CENT, ROUND_HALF_UP)
        if self.rate.place_of(rate) is Place.WITHIN:
            return min(max(amount, ends.lower), ends.upper)
        return min(amount, ends.maximum)

    def rate_of(self, product: str, amount: Decimal) -> Decimal:
        """Return the rate that an amount comes to, in hundredths of a percent; one inside the room stays inside by rounding."""
        rate = (amount / self.tariffs[product]).quantize(STEP, ROUND_HALF_UP)
        if self.products[product].place_of(amount) is Place.WITHIN:
            return min(max(rate, self.rate.lower), self.rate.upper)
        return rate


@dataclass(frozen=True)
class Terms:
    """What is agreed: one rate, or an amount per product."""

    rate: Decimal | None = None
    amounts: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Misfit:
    """Something agreed that lies outside. ``product`` is empty for the rate."""

    product: str
    value: Decimal
    place: Place
    ends: Ends
    ceiling: str
    """What the highest of all is called."""

    def sentence(self, label: str, currency: str = "EUR", *, with_reason: bool = False) -> str:
        """Return in Dutch what is wrong and the nearest that may be agreed; ``label`` names the product.

        ``with_reason``: outside the bandwidth it may be agreed for a reason, up to the highest of all.
        """

        def shown(value: Decimal) -> str:
            return (
                format_money(value, currency=currency, decimals=2)
                if self.product
                else format_percent(value, decimals=2)
            )

        nearest = self.ends.lower if self.place is Place.BELOW else self.ends.upper
        where = {
            Place.BELOW: f"ligt onder het minimum van de bandbreedte, {shown(self.ends.lower)}",
            Place.ABOVE: f"ligt boven het maximum van de bandbreedte, {shown(self.ends.upper)}",
            Place.ABOVE_MAXIMUM: f"ligt boven {self.ceiling}{f', {shown(self.ends.maximum)}' if self.product else ''}",
        }[self.place]
        may = f"Het dichtstbijzijnde dat u kunt afspreken is {shown(nearest)}"
        if with_reason and self.place is not Place.ABOVE_MAXIMUM:
            may = f"Zonder reden is het dichtstbijzijnde dat u kunt afspreken {shown(nearest)}"
        elif with_reason and nearest < self.ends.maximum:
            may = f"U kunt ten hoogste {shown(nearest)} afspreken, en met een reden ten hoogste {shown(self.ends.maximum)}"
        about = f"{label}: " if self.product else ""
        return f"{about}{shown(self.value)} {where}. {may}."


def ceiling_of(cap: Decimal) -> str:
    """Return in Dutch where a bandwidth ends: at the national maximum tariff, or at another ceiling that the policy has."""
    return "het landelijke maximumtarief" if cap == 1 else f"het plafond ({format_exact(cap * 100)}{NBSP}%)"


def inward(lower: Decimal, upper: Decimal) -> tuple[Decimal, Decimal]:
    """Return the ends of a bandwidth in hundredths of a percent, rounded inward: what is told can be agreed."""
    highest = upper.quantize(STEP, ROUND_FLOOR)
    return min(lower.quantize(STEP, ROUND_CEILING), highest), highest


def room_of(*, lower: Decimal, upper: Decimal, cap: Decimal, products: Iterable[Mapping[str, str]]) -> Room:
    """Return the room of a bandwidth.

    ``lower`` and ``upper`` are its rates, ``cap`` the highest rate there may be, ``products`` what a standing tells of each
    product: ``product``, ``maximum_tariff``, ``lower`` and ``upper``, money as text.
    """
    lowest, highest = inward(lower, upper)
    rate = Ends(lower=lowest, upper=highest, maximum=max(cap.quantize(STEP, ROUND_FLOOR), highest))
    ends, tariffs = {}, {}
    for facts in products:
        code, tariff, top = facts["product"], Decimal(facts["maximum_tariff"]), Decimal(facts["upper"])
        tariffs[code] = tariff
        most = (cap * tariff).quantize(CENT, ROUND_FLOOR)
        ends[code] = Ends(lower=Decimal(facts["lower"]), upper=top, maximum=max(most, top))
    return Room(rate=rate, products=ends, tariffs=tariffs)


def misfits(room: Room, terms: Terms) -> tuple[Misfit, ...]:
    """Return what of ``terms`` lies outside ``room``; products that it does not know are left out."""
    found, ceiling = [], ceiling_of(room.rate.maximum)
    if terms.rate is not None and (place := room.rate.place_of(terms.rate)) is not Place.WITHIN:
        found.append(Misfit(product="", value=terms.rate, place=place, ends=room.rate, ceiling=ceiling))
    for product, amount in terms.amounts.items():
        ends = room.products.get(product)
        if ends is not None and (place := ends.place_of(amount)) is not Place.WITHIN:
            found.append(Misfit(product=product, value=amount, place=place, ends=ends, ceiling=ceiling))
    return tuple(found)


@dataclass(frozen=True)
class GuidePlace:
    """Where a guide percentage lies in a bandwidth."""

    place: Place
    points: Decimal
    """Percentage points from the nearest end that matters: below the minimum, above the maximum, or above the minimum."""

    @property
    def words(self) -> str:
        """Return it in Dutch, for after "het richtpercentage ligt"."""
        points = format_percent(self.points / 100, decimals=2).removesuffix("%").strip()
        if self.place is Place.BELOW:
            return f"eronder: {points} procentpunt onder het minimum"
        if self.place is Place.WITHIN:
            return f"erbinnen: {points} procentpunt boven het minimum"
        return f"erboven: {points} procentpunt boven het maximum"


def guide_place(*, lower: Decimal, upper: Decimal, share: Decimal) -> GuidePlace:
    """Return where the guide percentage ``share`` lies between the rates ``lower`` and ``upper``."""
    if share < lower:
        return GuidePlace(Place.BELOW, (lower - share) * 100)
    if share > upper:
        return GuidePlace(Place.ABOVE, (share - upper) * 100)
    return GuidePlace(Place.WITHIN, (share - lower) * 100)
