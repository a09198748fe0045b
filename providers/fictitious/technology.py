"""What care costs in the invented country: tariffs, kinds of providers and the cost of best practice.

Every amount here is invented and round on purpose. The *frontier* is what an organisation would spend on its days if
it worked as well as is possible::

    frontier cost = start-up + L · (1 + growth · L),   L = Σ days · price per day

A start-up amount gives mild economies of scale, the growth term mild diseconomies; both are convex, so that variable
returns to scale can envelop it. Prices per day lie near the tariffs without capital costs, but not in proportion to
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PROFILES: Final = ("4", "5", "6", "7", "8", "9", "10")
PRODUCTS: Final = tuple(f"{profile}vv{suffix}" for profile in PROFILES for suffix in ("_with_treatment", ""))

FIRST_TARIFF_YEAR: Final = 2023
TARIFF_GROWTH: Final = {2023: 1.0, 2024: 1.055, 2025: 1.04}
"""Growth of the invented tariffs over the year before; later years grow by the last of these."""

# Invented tariffs of the first year per day, including capital costs: (with treatment, without treatment).
_TARIFFS = {
    "4": (255, 230), "5": (315, 285), "6": (310, 280), "7": (355, 320), "8": (380, 345), "9": (365, 325),
    "10": (405, 375),
}  # fmt: skip
TARIFFS: Final = {
    f"{profile}vv{suffix}": amount
    for profile, amounts in _TARIFFS.items()
    for suffix, amount in zip(("_with_treatment", ""), amounts, strict=True)
}

CAPITAL_PER_DAY: Final = 34.0
"""Mean of NHC and NIC together per day in the first year."""

# How far best practice lies below tariff minus capital cost: not the same for all, or the mix would not matter.
_BEST_PRACTICE = {"4": 0.795, "5": 0.775, "6": 0.785, "7": 0.815, "8": 0.795, "9": 0.83, "10": 0.815}
_TREATMENT_DISCOUNT = 0.985
BEST_PRICE: Final = {
    product: (TARIFFS[product] - CAPITAL_PER_DAY)
    * _BEST_PRACTICE[product.partition("vv")[0]]
    * (_TREATMENT_DISCOUNT if product.endswith("_with_treatment") else 1.0)
    for product in PRODUCTS
}

START_UP: Final = 90_000.0
GROWTH: Final = 0.07 / 150_000_000


def frontier_cost(days: dict[str, int], price_level: float) -> float:
    """Comparable cost (without capital costs) of best practice for these days, at the price level of a year."""
    linear = sum(count * BEST_PRICE[product] for product, count in days.items())
    return price_level * (START_UP + linear * (1 + GROWTH * linear))


def tariff(product: str, year: int) -> int:
    """The invented tariff of a product in a year, in whole euros."""
    amount = float(TARIFFS[product])
    for passed in range(FIRST_TARIFF_YEAR + 1, year + 1):
        amount *= TARIFF_GROWTH.get(passed, 1.04)
    for passed in range(year + 1, FIRST_TARIFF_YEAR + 1):
        amount /= TARIFF_GROWTH.get(passed, 1.04)
    return round(amount)


@dataclass(frozen=True)
class Kind:
    """A kind of provider: how common, how large (places: median, spread of the logarithm), its mix, its treatment.

    ``mix`` is the mean share of days per profile, ``treatment`` the mean share of days with treatment; ``steadiness``
    is how alike organisations of this kind are (the concentration of a Dirichlet distribution).
    """

    name: str
    share: float
    places: float
    spread: float
    mix: dict[str, float]
    treatment: float
    steadiness: float = 26.0


KINDS: Final = (
    Kind(
        "regional",
        0.30,
        150,
        0.70,
        {"4": 0.20, "5": 0.41, "6": 0.21, "7": 0.05, "8": 0.08, "9": 0.02, "10": 0.03},
        0.60,
    ),
    Kind(
        "chain",
        0.07,
        650,
        0.50,
        {"4": 0.17, "5": 0.42, "6": 0.20, "7": 0.07, "8": 0.08, "9": 0.03, "10": 0.03},
        0.68,
        60.0,
    ),
    Kind("care_home", 0.20, 70, 0.50, {"4": 0.40, "5": 0.25, "6": 0.33, "8": 0.02}, 0.06),
    Kind("small_home", 0.18, 24, 0.35, {"4": 0.18, "5": 0.68, "6": 0.14}, 0.03, 16.0),
    Kind("nursing_home", 0.14, 170, 0.50, {"5": 0.45, "6": 0.24, "7": 0.08, "8": 0.15, "9": 0.04, "10": 0.04}, 0.95),
    Kind("gerontopsychiatry", 0.04, 90, 0.45, {"5": 0.18, "7": 0.70, "8": 0.12}, 0.93),
    Kind("palliative", 0.05, 14, 0.40, {"6": 0.05, "8": 0.10, "10": 0.85}, 0.50),
    Kind("recovery", 0.02, 60, 0.40, {"6": 0.22, "8": 0.20, "9": 0.58}, 0.97),
)
