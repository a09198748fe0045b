"""The mistakes and rarities that a real round has too, put in on purpose and remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

import numpy as np

from providers.fictitious.population import FictitiousProvider, YearFigures
from providers.measures import CATALOGUE
from providers.workbook.iv_layout import TEMPLATE

MONEY: Final = frozenset(measure.code for measure in CATALOGUE.of_template(TEMPLATE) if measure.unit == "money")
_CENT = Decimal("0.01")


def _with(figures: YearFigures, mistake: str, **changes: Decimal | None) -> YearFigures:
    return replace(figures, values={**figures.values, **changes}, mistakes=(*figures.mistakes, mistake))


def _scaled(figures: YearFigures, mistake: str, codes: frozenset[str], factor: Decimal) -> YearFigures:
    changes = {
        code: (value * factor).quantize(_CENT)
        for code, value in figures.values.items()
        if code in codes and value is not None
    }
    if "total_cost" in changes:  # rounded line by line, the lines still add up
        changes["total_cost"] = sum((changes[code] for code in changes if code != "total_cost"), Decimal(0))
    return _with(figures, mistake, **changes)


def in_thousands(figures: YearFigures) -> YearFigures:
    """All amounts in thousands of euros instead of euros."""
    return _scaled(figures, "in_thousands", MONEY, Decimal("0.001"))


def cost_missing(figures: YearFigures) -> YearFigures:
    """The total was left empty."""
    return _with(figures, "cost_missing", total_cost=None)


def does_not_add_up(figures: YearFigures) -> YearFigures:
    """The total is not the sum of its lines: two digits changed places."""
    total = figures.values["total_cost"] or Decimal(0)
    return _with(figures, "does_not_add_up", total_cost=(total * Decimal("1.09")).quantize(Decimal(1)))


def too_cheap(figures: YearFigures) -> YearFigures:
    """The costs of half of the organisation were forgotten: implausibly cheap, and it would lead the frontier."""
    return _scaled(figures, "too_cheap", MONEY, Decimal("0.48"))


def days_in_wrong_column(figures: YearFigures) -> YearFigures:
    """The days of 5VV stand under 10VV, so that ordinary care seems very heavy."""
    swapped: dict[str, Decimal | None] = {}
    for suffix in ("", "_with_treatment"):
        swapped[f"days_10vv{suffix}"] = figures.values[f"days_5vv{suffix}"]
        swapped[f"days_5vv{suffix}"] = figures.values[f"days_10vv{suffix}"]
    return _with(figures, "days_in_wrong_column", **swapped)


def treatment_swapped(figures: YearFigures) -> YearFigures:
    """Days with treatment stand under without, and the other way round."""
    swapped: dict[str, Decimal | None] = {}
    for code, value in figures.values.items():
        if code.startswith("days_"):
            other = (
                code.removesuffix("_with_treatment") if code.endswith("_with_treatment") else f"{code}_with_treatment"
            )
            swapped[other] = value
    return _with(figures, "treatment_swapped", **swapped)


def share_as_percentage(figures: YearFigures) -> YearFigures:
    """A share of 0.561 was filled in as 56.1."""
    share = figures.values["qualified_staff_share"] or Decimal("0.5")
    return _with(figures, "share_as_percentage", qualified_staff_share=share * 100)


def quality_missing(figures: YearFigures) -> YearFigures:
    """The quality of staff was not filled in."""
    return _with(figures, "quality_missing", qualified_staff_share=None)


def too_few_qualified(figures: YearFigures) -> YearFigures:
    """Not a mistake: too few qualified staff, and therefore cheaper."""
    lower = _scaled(
        figures, "too_few_qualified", MONEY - {"housing_nhc", "inventory_nic", "total_cost"}, Decimal("0.95")
    )
    total = sum((lower.values[code] or Decimal(0) for code in MONEY - {"total_cost"}), Decimal(0))
    share = Decimal("0.30") + (figures.values["qualified_staff_share"] or Decimal(0)) % Decimal("0.09")
    values = {**lower.values, "qualified_staff_share": share, "total_cost": total}
    return replace(lower, values=values, gross_cost=_gross(values))


def part_of_the_year(figures: YearFigures, *, months: int = 7) -> YearFigures:
    """Not a mistake: figures about some months only."""
    changes: dict[str, Decimal | None] = {"months_covered": Decimal(months)}
    for code, value in figures.values.items():
        if value is not None and code != "total_cost" and (code in MONEY or code.startswith("days_")):
            changes[code] = (value * months / 12).quantize(Decimal(1))
    changes["total_cost"] = sum((changes[code] or Decimal(0) for code in MONEY - {"total_cost"}), Decimal(0))
    partial = _with(figures, "part_of_the_year", **changes)
    return replace(partial, gross_cost=_gross(partial.values))


def _gross(values: Mapping[str, Decimal | None]) -> Decimal:
    """The cost before revenues."""
    return (values["total_cost"] or Decimal(0)) - (values["revenues_as_negative_cost"] or Decimal(0))


_PER_650: Final = (
    (in_thousands, 2),
    (cost_missing, 2),
    (does_not_add_up, 3),
    (too_cheap, 3),
    (days_in_wrong_column, 1),
    (treatment_swapped, 2),
    (share_as_percentage, 2),
    (quality_missing, 10),
    (too_few_qualified, 22),
    (part_of_the_year, 3),
)


def make_some(random: np.random.Generator, providers: list[FictitiousProvider], year: int) -> list[FictitiousProvider]:
    """The providers with a few mistakes in their figures of ``year``, none with more than one."""
    result = list(providers)
    candidates = [
        index
        for index, provider in enumerate(providers)
        if year in provider.years
        and not provider.years[year].mistakes
        and provider.kind in ("regional", "care_home", "nursing_home", "small_home")
    ]
    order = iter(candidates[int(position)] for position in random.permutation(len(candidates)))
    for mistake, count in _PER_650:
        for _ in range(max(1, round(count * len(providers) / 650))):
            index = next(order)
            provider = result[index]
            result[index] = replace(provider, years={**provider.years, year: mistake(provider.years[year])})
    return result
