"""From minimum costs to a bandwidth tariff: pure functions on ``Decimal``, without a database (design §6).

Legal form: a tariff "ten minste of ten hoogste" (Wmg art. 50(1)(c)). Money is in the currency of the round, rates are
shares of the maximum tariff, tariffs are per day. Divisions are exact (``fractions``), so rounding to the cent is the only
rounding there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from providers.formatting import NBSP, format_exact

CENT = Decimal("0.01")
RATE = Decimal("0.000000001")

Status = Literal["within", "capped", "above_cap", "no_table", "no_tariff", "no_reference", "mixed_table", "no_score"]

REASONS: dict[str, str] = {
    "above_cap": (
        "Uw minimale kosten liggen boven {what}. De bandbreedte is daarom één punt: het hoogste tarief dat zonder ingrijpen"
        " van de NZa mag worden afgesproken."
    ),
    "no_table": (
        "Voor deze ronde is er geen tabel met maximumtarieven. Zonder die tabel is er geen tarief, wel een bandbreedte"
        " in geld."
    ),
    "no_tariff": "Voor een of meer geleverde producten ontbreekt het maximumtarief ({products}). Daarom is er geen tarief.",
    "no_reference": "Er zijn geen zorgdagen met een maximumtarief. Daarom is er geen tarief.",
    "mixed_table": (
        "In de tarieftabel zit de vergoeding voor huisvesting en inventaris (NHC en NIC) bij het ene product wel en bij het"
        " andere niet in het tarief. Daarom is er geen tarief."
    ),
    "no_score": "Er is geen uitkomst van de vergelijking. Daarom is er geen bandbreedte.",
}


@dataclass(frozen=True)
class Tariff:
    """A maximum tariff per day, and whether the allowance for housing and inventory is inside it."""

    amount: Decimal
    includes_housing: bool = True


@dataclass(frozen=True)
class Costs:
    """What follows from the comparison for one provider, in money of the book year.

    ``score`` is the published score (6 decimals), ``comparable`` C, ``fixed`` F (part of C), ``allowance`` A.
    """

    score: Decimal
    comparable: Decimal
    fixed: Decimal
    allowance: Decimal


@dataclass(frozen=True)
class Rules:
    """The policy: mark-up (0.10 = 10 %), whether it counts for allowances, the cap on the rate, and an index.

    ``index`` brings costs of the book year to the tariff year and is used only if the book year's tariffs are missing.
    """

    markup: Decimal
    marks_up_allowances: bool = True
    cap: Decimal = Decimal(1)
    index: Decimal | None = None


@dataclass(frozen=True)
class ProductTariff:
    """The bandwidth tariff of one product, per day; ``lower`` is rounded up and ``upper`` down to the cent."""

    product: str
    days: Decimal
    maximum: Decimal
    lower: Decimal
    upper: Decimal


@dataclass(frozen=True)
class Bandwidth:
    """Minimum and maximum in money, and what follows for the tariff. Rates are ``None`` where ``status`` says why."""

    minimum_cost: Decimal | None
    maximum_cost: Decimal | None
    status: Status
    reason: str = ""
    reference: Decimal | None = None
    minimum_rate: Decimal | None = None
    maximum_rate: Decimal | None = None
    lower_rate: Decimal | None = None
    upper_rate: Decimal | None = None
    products: tuple[ProductTariff, ...] = ()


def minimum_and_maximum(costs: Costs, rules: Rules) -> tuple[Decimal, Decimal]:
    """Return minimum and maximum costs to the cent, half up.

    minimum = score·(C − F) + F + A; maximum = (score·(C − F) + F)·(1 + markup) + A·(1 + markup, if the policy says so).
    """
    base = costs.score * (costs.comparable - costs.fixed) + costs.fixed
    on_allowance = 1 + (rules.markup if rules.marks_up_allowances else Decimal(0))
    minimum = base + costs.allowance
    maximum = base * (1 + rules.markup) + costs.allowance * on_allowance
    return minimum.quantize(CENT, ROUND_HALF_UP), maximum.quantize(CENT, ROUND_HALF_UP)


def bandwidth(
    *,
    costs: Costs | None,
    rules: Rules,
    days: Mapping[str, Decimal],
    book_year_tariffs: Mapping[str, Tariff] | None,
    tariff_year_tariffs: Mapping[str, Tariff] | None,
) -> Bandwidth:
    """Return the bandwidth of one provider.

    ``days``: care days by product, of the book year. ``book_year_tariffs`` give the reference; where they are missing the
    costs are brought to the tariff year with ``rules.index`` and ``tariff_year_tariffs`` give it. Raises ValueError for
    negative days or a mark-up below zero.
    """
    if rules.markup < 0 or rules.cap <= 0:
        raise ValueError("The mark-up may not be negative and the cap must be positive.")
    if negative := [product for product, number in days.items() if number < 0]:
        raise ValueError(f"Negative care days: {', '.join(negative)}.")
    if costs is None:
        return Bandwidth(None, None, "no_score", REASONS["no_score"])
    minimum, maximum = minimum_and_maximum(costs, rules)

    def without_rate(status: Status, **facts: str) -> Bandwidth:
        return Bandwidth(minimum, maximum, status, REASONS[status].format(**facts))

    delivered = {product: number for product, number in days.items() if number > 0}
    index = Fraction(1)
    measure = book_year_tariffs
    if not measure and rules.index is not None:
        measure, index = tariff_year_tariffs, Fraction(rules.index)
    if not measure or not tariff_year_tariffs:
        return without_rate("no_table")
    missing = [product for product in delivered if product not in measure or product not in tariff_year_tariffs]
    if missing:
        return without_rate("no_tariff", products=", ".join(sorted(missing)))
    housing = {table[product].includes_housing for product in delivered for table in (measure, tariff_year_tariffs)}
    if len(housing) == 2:
        return without_rate("mixed_table")
    reference = sum((number * measure[product].amount for product, number in delivered.items()), Decimal(0))
    if reference <= 0:
        return without_rate("no_reference")

    lowest, highest = Fraction(minimum), Fraction(maximum)
    if housing == {False}:
        on_allowance = 1 + (rules.markup if rules.marks_up_allowances else Decimal(0))
        lowest -= Fraction(costs.allowance)
        # The maximum was rounded with the allowance in it: a mark-up of less than a cent may not end below the minimum.
        highest = max(highest - Fraction(costs.allowance * on_allowance), lowest)
    minimum_rate, maximum_rate = lowest * index / Fraction(reference), highest * index / Fraction(reference)
    cap = Fraction(rules.cap)
    lower_rate, upper_rate = min(minimum_rate, cap), min(maximum_rate, cap)
    if minimum_rate > cap:
        status: Status = "above_cap"
    elif maximum_rate > cap:
        status = "capped"
    else:
        status = "within"
    return Bandwidth(
        minimum_cost=minimum,
        maximum_cost=maximum,
        status=status,
        reason=REASONS.get(status, "").format(what=_ceiling(rules.cap)),
        reference=reference,
        minimum_rate=_rate(minimum_rate),
        maximum_rate=_rate(maximum_rate),
        lower_rate=_rate(lower_rate),
        upper_rate=_rate(upper_rate),
        products=tuple(
            product_tariff(
                product=product,
                days=number,
                maximum=tariff_year_tariffs[product].amount,
                lower_rate=lower_rate,
                upper_rate=upper_rate,
                cap=cap,
            )
            for product, number in sorted(delivered.items())
        ),
    )


def product_tariff(
    *, product: str, days: Decimal, maximum: Decimal, lower_rate: Fraction, upper_rate: Fraction, cap: Fraction
) -> ProductTariff:
    """Return the tariff of one product: inward to the cent, never above floor(cap·T); crossed ends take the upper value."""
    top = Fraction(floor(cap * Fraction(maximum) * 100), 100)
    upper = min(Fraction(floor(upper_rate * Fraction(maximum) * 100), 100), top)
    lower = min(Fraction(ceil(lower_rate * Fraction(maximum) * 100), 100), upper)
    return ProductTariff(product=product, days=days, maximum=maximum, lower=_cents(lower), upper=_cents(upper))


def _ceiling(cap: Decimal) -> str:
    if cap == 1:
        return "de maximumtarieven"
    return f"het plafond van {format_exact(cap * 100)}{NBSP}% van de maximumtarieven"


def _cents(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(CENT)


def _rate(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(RATE, ROUND_HALF_EVEN)
