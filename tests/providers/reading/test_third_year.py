"""A third invented year: it follows from the first two, leaves them as they are, and its accounts tie."""

from __future__ import annotations

from decimal import Decimal

import pytest

from providers.fictitious import Population, form_figures, generate
from providers.measures import CATALOGUE

COST_MISTAKES = {"in_thousands", "cost_missing", "does_not_add_up", "too_cheap"}


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(7, providers=150, book_years=(2023, 2024, 2025))


def test_who_asks_for_a_third_year_gets_the_same_first_two(population: Population) -> None:
    two = generate(7, providers=150)
    assert [item.kvk for item in two.providers] == [item.kvk for item in population.providers]
    for before, after in zip(two.providers, population.providers, strict=True):
        assert {year: figures for year, figures in after.years.items() if year < 2025} == before.years
        assert tuple(year for year in after.known_in if year < 2025) == before.known_in
        assert (before.name, before.locations, before.merged_into) == (after.name, after.locations, after.merged_into)


def test_a_fourth_year_changes_nothing_in_the_third(population: Population) -> None:
    four = generate(7, providers=150, book_years=(2023, 2024, 2025, 2026))
    for before, after in zip(population.providers, four.providers, strict=True):
        assert before.years.get(2025) == after.years.get(2025)


def test_nearly_everybody_delivers_in_the_third_year_with_figures_of_its_own(population: Population) -> None:
    known = [item for item in population.providers if 2025 in item.known_in]
    delivered = population.delivered(2025)
    assert 0.95 * len(known) < len(delivered) < len(known)
    assert not [item for item in delivered if item.merged_into]
    same = [item for item in delivered if 2024 in item.years and item.years[2024].values == item.years[2025].values]
    assert same == []


def test_a_provider_is_about_as_large_as_the_year_before(population: Population) -> None:
    """Also one that another became part of: its days stay with it."""
    grown = []
    for item in population.delivered(2025):
        years = [item.years.get(year) for year in (2024, 2025)]
        if all(year is not None and not year.mistakes for year in years):
            days = [
                sum(value or 0 for code, value in year.values.items() if code.startswith("days_"))
                for year in years
                if year is not None
            ]
            grown.append(float(days[1] / days[0]))
    assert len(grown) > 100
    assert 0.8 < min(grown) <= max(grown) < 1.25


def test_a_form_has_every_figure_and_its_accounts_tie_to_the_euro(population: Population) -> None:
    asked = [measure.code for measure in CATALOGUE.of_template("iv-2")]
    others = 0
    for year in (2024, 2025):
        for provider in population.delivered(year):
            figures = form_figures(population, provider, year)
            assert list(figures) == asked
            mistakes = set(provider.years[year].mistakes)
            empty = {code for code, value in figures.items() if value is None}
            assert empty <= {"total_cost", "qualified_staff_share"}
            if mistakes & COST_MISTAKES:
                continue
            amounts = {code: value or Decimal(0) for code, value in figures.items()}
            gross = amounts["total_cost"] - amounts["revenues_as_negative_cost"]
            together = gross + amounts["accounts_other_activities"] + amounts["accounts_differences"]
            assert amounts["accounts_total_cost"] == together, (provider.name, mistakes)
            others += amounts["accounts_other_activities"] > 0
    assert others > 100


def test_the_same_form_is_filled_in_the_same_way_twice(population: Population) -> None:
    provider = population.delivered(2025)[0]
    assert form_figures(population, provider, 2025) == form_figures(population, provider, 2025)


def test_who_did_not_deliver_has_no_form(population: Population) -> None:
    provider = next(item for item in population.providers if 2025 in item.known_in and 2025 not in item.years)
    with pytest.raises(KeyError):
        form_figures(population, provider, 2025)
