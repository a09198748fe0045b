"""What an invented provider reports: its days, costs, quality and surroundings in one year."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from providers.fictitious.population import YearFigures
from providers.fictitious.technology import CAPITAL_PER_DAY, PRODUCTS, PROFILES, Kind, frontier_cost

_INFLATION = 1.056
_URBANITY_EFFECT = 0.004
"""Rise of cost per class towards the countryside."""
_SES_EFFECT = 0.012

# Mean shares of comparable cost before revenues; treatment comes on top, by the share of days with treatment.
_SHARES = {
    "care_staff_employed": 0.560, "care_staff_hired": 0.065, "food_and_hotel_services": 0.150,
    "housing_controllable": 0.065, "overhead": 0.125, "other_costs": 0.035,
}  # fmt: skip
_TREATMENT_SHARE = 0.11
_STEADINESS = 260.0


@dataclass(frozen=True)
class Circumstances:
    """What hardly changes from year to year: size, mix, buildings, surroundings, quality."""

    kind: Kind
    places: float
    occupancy: float
    mix: tuple[float, ...]
    """Share of days per product, in the order of ``PRODUCTS``."""
    capital_per_day: float
    inventory_share: float
    revenue_share: float
    urbanity: int
    ses: float
    share_75_plus: float
    qualified: float
    absence: float
    rating: float
    planning: float

    @classmethod
    def draw(cls, random: np.random.Generator, kind: Kind, places: float, urbanity: int) -> Circumstances:
        profiles = [profile for profile in PROFILES if profile in kind.mix]
        shares = random.dirichlet([kind.steadiness * kind.mix[profile] for profile in profiles])
        # Small shares are not kept: a home takes in a kind of resident or it does not.
        smallest = 0.5 / math.sqrt(places)
        shares = np.where(shares < smallest, 0.0, shares)
        shares = shares / shares.sum()
        per_profile = dict(zip(profiles, shares, strict=True))
        mix: list[float] = []
        treats = random.random() < (0.25 if kind.treatment < 0.1 else 1.0)
        for profile in PROFILES:
            share = per_profile.get(profile, 0.0)
            mean = kind.treatment if profile in ("5", "6", "7", "8", "9") else 0.6 * kind.treatment
            treated = float(random.beta(12 * mean + 0.05, 12 * (1 - mean) + 0.05)) if treats else 0.0
            treated = 0.0 if treated < 0.08 else 1.0 if treated > 0.92 else treated
            mix.extend((share * treated, share * (1 - treated)))
        return cls(
            kind=kind,
            places=places,
            occupancy=float(np.clip(random.normal(0.955, 0.025), 0.84, 0.995)),
            mix=tuple(mix),
            capital_per_day=CAPITAL_PER_DAY * float(np.clip(random.normal(1.0, 0.18), 0.5, 1.6)),
            inventory_share=float(np.clip(random.normal(0.17, 0.03), 0.08, 0.3)),
            revenue_share=0.0 if random.random() < 0.25 else float(random.uniform(0.003, 0.03)),
            urbanity=urbanity,
            ses=float(np.clip(random.normal(0.05, 0.22) - (0.08 if urbanity == 1 else 0), -0.9, 0.8)),
            share_75_plus=float(np.clip(random.normal(0.075 + 0.008 * urbanity, 0.012), 0.04, 0.2)),
            qualified=float(random.normal(0.56, 0.085)),
            absence=float(np.clip(random.normal(0.074, 0.014), 0.03, 0.15)),
            rating=float(np.clip(random.normal(7.9, 0.45), 5.6, 9.4)),
            planning=float(np.clip(random.beta(9, 2), 0.2, 1.0)),
        )

    def next_year(self, random: np.random.Generator) -> Circumstances:
        """A year later: a little larger or smaller, the mix a little shifted towards heavier care."""
        drift = np.exp(random.normal(0.0, 0.06, size=len(self.mix)))
        mix = np.array(self.mix) * drift
        mix = mix / mix.sum()
        return replace(
            self,
            places=self.places * float(np.exp(random.normal(0.004, 0.02))),
            occupancy=float(np.clip(self.occupancy + random.normal(0.0, 0.012), 0.82, 0.995)),
            mix=tuple(float(share) for share in mix),
            capital_per_day=self.capital_per_day * float(random.normal(1.01, 0.01)),
            qualified=self.qualified + float(random.normal(0.004, 0.015)),
            absence=float(np.clip(self.absence + random.normal(0.001, 0.006), 0.03, 0.16)),
            rating=float(np.clip(self.rating + random.normal(0.0, 0.15), 5.6, 9.4)),
            planning=float(np.clip(self.planning + random.normal(0.01, 0.03), 0.2, 1.0)),
        )

    def days(self, random: np.random.Generator, year: int) -> dict[str, int]:
        """Care days per product in a year."""
        length = 366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365
        total = self.places * self.occupancy * length
        return {product: round(total * share) for product, share in zip(PRODUCTS, self.mix, strict=True)}


def report(
    random: np.random.Generator, circumstances: Circumstances, *, efficiency: float, year: int, first_year: int
) -> YearFigures:
    """The figures of one year of a provider that works at ``efficiency`` (frontier cost divided by own cost)."""
    price_level = _INFLATION ** (year - first_year)
    days = circumstances.days(random, year)
    all_days = sum(days.values())
    treated = sum(count for product, count in days.items() if product.endswith("_with_treatment")) / max(all_days, 1)
    hardness = (1 + _URBANITY_EFFECT * (circumstances.urbanity - 1)) * (1 - _SES_EFFECT * circumstances.ses)
    comparable = round(frontier_cost(days, price_level) * hardness / efficiency)
    capital = round(circumstances.capital_per_day * all_days * price_level**0.5)
    inventory = round(capital * circumstances.inventory_share)
    values: dict[str, Decimal | None] = {f"days_{product}": Decimal(count) for product, count in days.items()}
    values |= _cost_lines(random, circumstances, comparable, treated, efficiency)
    values["housing_nhc"] = Decimal(capital - inventory)
    values["inventory_nic"] = Decimal(inventory)
    values["total_cost"] = Decimal(comparable + capital)
    values |= _quality_and_surroundings(random, circumstances, all_days)
    gross = Decimal(comparable + capital) - (values["revenues_as_negative_cost"] or Decimal(0))
    return YearFigures(values=values, true_efficiency=efficiency, gross_cost=gross)


def _cost_lines(
    random: np.random.Generator, circumstances: Circumstances, comparable: int, treated: float, efficiency: float
) -> dict[str, Decimal | None]:
    """Comparable cost in lines of whole euros that add up to it; who works less well hires and administers more."""
    means = dict(_SHARES)
    means["treatment"] = _TREATMENT_SHARE * treated
    waste = 0.85 - efficiency
    means["care_staff_hired"] *= max(0.3, 1 + 2.5 * waste)
    means["overhead"] *= max(0.5, 1 + 1.2 * waste)
    lines = [line for line, mean in means.items() if mean > 0.0005]
    weights = np.array([means[line] for line in lines])
    shares = random.dirichlet(_STEADINESS * weights / weights.sum())
    revenues = -round(comparable * circumstances.revenue_share)
    gross = comparable - revenues
    amounts = {line: round(gross * share) for line, share in zip(lines, shares, strict=True)}
    amounts["care_staff_employed"] += gross - sum(amounts.values())
    values: dict[str, Decimal | None] = {line: Decimal(amounts.get(line, 0)) for line in means}
    values["revenues_as_negative_cost"] = Decimal(revenues)
    return values


def _quality_and_surroundings(
    random: np.random.Generator, circumstances: Circumstances, all_days: int
) -> dict[str, Decimal | None]:
    def decimals(value: float, count: int) -> Decimal:
        return Decimal(f"{value:.{count}f}")

    qualified = float(np.clip(circumstances.qualified + random.normal(0, 0.01), 0.25, 0.9))
    return {
        "months_covered": Decimal(12),
        "places": Decimal(max(1, round(circumstances.places))),
        "staff_fte_care": decimals(all_days / 365 * float(random.normal(0.88, 0.07)), 1),
        "qualified_staff_share": decimals(qualified, 3),
        "absence_rate": decimals(circumstances.absence, 3),
        "client_rating": decimals(circumstances.rating, 1),
        "advance_care_planning_share": decimals(circumstances.planning, 3),
        "urbanity": Decimal(circumstances.urbanity),
        "ses_score": decimals(circumstances.ses, 3),
        "share_75_plus": decimals(circumstances.share_75_plus, 3),
    }
