"""Who reports honestly is hardly ever asked anything; who makes a mistake is, by the rule that names it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

import pytest

from providers.checks import Previous, check_delivery, rules, statistics
from providers.fictitious import FictitiousProvider, Population, form_figures, generate
from providers.workbook.content import Cell, ReadDelivery, ReadValue

YEARS = (2024, 2025)
#: By mistake: rules of which one at least has to speak. A report about half a year, or without a figure on quality, is no
#: mistake, but has to be noticed as well.
FOUND_BY = {
    "in_thousands": {"IV-K-003"},
    "cost_missing": {"IV-K-001"},
    "does_not_add_up": {"IV-K-002"},
    "too_cheap": {"IV-A-001"},
    "days_in_wrong_column": {"IV-J-009"},
    "treatment_swapped": {"IV-J-009", "IV-J-012"},
    "share_as_percentage": {"IV-B-001"},
    "quality_missing": {"IV-Q-001"},
    "part_of_the_year": {"IV-B-002"},
}
Found = Mapping[tuple[str, int], set[str]]


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(20240101, book_years=(2023, *YEARS))


@pytest.fixture(scope="module")
def found(population: Population) -> Found:
    """The codes per provider and year, checked as a round would: with last year and with the sector."""
    codes: dict[tuple[str, int], set[str]] = {}
    for year in YEARS:
        delivered = {provider.kvk: form_figures(population, provider, year) for provider in population.delivered(year)}
        sector = statistics(delivered.values())
        for provider in population.delivered(year):
            before = provider.years.get(year - 1)
            findings = check_delivery(
                _delivery(provider, delivered[provider.kvk]),
                template="iv-2",
                currency="EUR",
                book_year=year,
                previous=Previous(year - 1, before.values) if before is not None else None,
                sector=sector,
            )
            codes[provider.kvk, year] = {item.rule.code for item in findings}
    return codes


def _delivery(provider: FictitiousProvider, figures: Mapping[str, Decimal | None]) -> ReadDelivery:
    values = tuple(ReadValue(code, value, Cell("Blad", 1)) for code, value in figures.items())
    return ReadDelivery("kvk", provider.kvk, provider.name, values, Cell("Blad"))


def _is_honest(provider: FictitiousProvider, year: int) -> bool:
    return not any(provider.years[item].mistakes for item in (year - 1, year) if item in provider.years)


@pytest.mark.parametrize("year", YEARS)
def test_hardly_any_honest_provider_is_asked_something(year: int, population: Population, found: Found) -> None:
    honest = [provider for provider in population.delivered(year) if _is_honest(provider, year)]
    assert len(honest) > 500
    by_rule = Counter(code for provider in honest for code in found[provider.kvk, year])
    assert [code for code in by_rule if rules()[code].severity == "error"] == []
    # A rule asks at most one home in fifty; a line of cost that changed a lot is real here, the generator redraws them each year.
    limit = dict.fromkeys(by_rule, 0.02) | {"IV-J-001": 0.05}
    assert {code: count for code, count in by_rule.items() if count > limit[code] * len(honest)} == {}
    assert sum(bool(found[provider.kvk, year]) for provider in honest) < 0.08 * len(honest)


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("mistake", FOUND_BY)
def test_every_mistake_is_found_by_the_rule_that_names_it(
    mistake: str, year: int, population: Population, found: Found
) -> None:
    made_it = [item for item in population.delivered(year) if mistake in item.years[year].mistakes]
    assert made_it
    for provider in made_it:
        assert found[provider.kvk, year] & FOUND_BY[mistake], (provider.name, found[provider.kvk, year])


def test_every_mistake_of_the_generator_is_looked_for(population: Population) -> None:
    made = {mistake for year in YEARS for item in population.delivered(year) for mistake in item.years[year].mistakes}
    assert made - FOUND_BY.keys() == {"too_few_qualified"}  # cheaper for a reason, and no mistake


def test_what_was_forgotten_shows_in_the_accounts_and_nothing_else_does(population: Population, found: Found) -> None:
    """The accounts of a provider tie, unless its report is wrong about cost."""
    about_cost = {"in_thousands", "cost_missing", "does_not_add_up", "too_cheap"}
    for year in YEARS:
        for provider in population.delivered(year):
            speaks = {code for code in found[provider.kvk, year] if code.startswith("IV-A-")}
            if not about_cost & set(provider.years[year].mistakes):
                assert not speaks, (provider.name, speaks)
