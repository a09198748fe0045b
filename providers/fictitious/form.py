"""What an invented provider fills in on its form: the figures of template ``iv-2``, annual accounts included."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import numpy as np

from providers.fictitious.population import FictitiousProvider, Population
from providers.measures import CATALOGUE

TEMPLATE: Final = "iv-2"
# How large the other activities are beside nursing-home care: home care, day care, letting.
_OTHER_ACTIVITIES: Final = {"chain": 0.45, "regional": 0.30, "nursing_home": 0.12, "care_home": 0.15, "recovery": 0.10}
_WITHOUT_DIFFERENCES: Final = 0.6
_DIFFERENCES: Final = 0.004
_STREAM: Final = 20250101


def form_figures(population: Population, provider: FictitiousProvider, year: int) -> Mapping[str, Decimal | None]:
    """Every measure of the template for a provider that delivers in ``year``; :class:`KeyError` if it does not.

    The accounts show what was really spent. They tie to the cost, unless a mistake in the report is about cost: that is
    how a check finds that half of it was forgotten.
    """
    figures = provider.years[year]
    random = np.random.default_rng([population.seed, _STREAM, year, int(provider.kvk)])
    gross = figures.gross_cost
    mean = _OTHER_ACTIVITIES.get(provider.kind, 0.0)
    other = Decimal(round(float(gross) * mean * float(random.uniform(0.2, 1.8))))
    has_differences = random.random() > _WITHOUT_DIFFERENCES
    differences = (
        Decimal(round(float(gross) * float(random.normal(0, _DIFFERENCES)))) if has_differences else Decimal(0)
    )
    values = {
        **figures.values,
        "accounts_total_cost": gross + other + differences,
        "accounts_other_activities": other,
        "accounts_differences": differences,
    }
    return {measure.code: values.get(measure.code) for measure in CATALOGUE.of_template(TEMPLATE)}
