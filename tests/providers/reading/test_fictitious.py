"""The invented round: the same from the same seed, plainly invented, and with scores that tell who works well."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from benchmarking import dea
from providers.checks import check
from providers.fictitious import FictitiousProvider, Population, generate, write
from providers.fictitious.places import REGIONS
from providers.fictitious.technology import PRODUCTS, tariff
from providers.measures import CATALOGUE
from providers.reference import region_code
from providers.workbook.sources import iv

YEAR = 2024


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(20240101)


@pytest.fixture(scope="module")
def delivered(population: Population) -> list[FictitiousProvider]:
    return list(population.delivered(YEAR))


def _value(provider: FictitiousProvider, code: str) -> float:
    return float(provider.years[YEAR].values[code] or 0)


def _days(provider: FictitiousProvider) -> float:
    return sum(_value(provider, f"days_{product}") for product in PRODUCTS)


def test_the_same_seed_writes_the_same_bytes(
    small_population: Population, small_files: list[Path], tmp_path: Path
) -> None:
    again = write(generate(small_population.seed, providers=60), tmp_path)
    assert [path.name for path in again] == ["fictief-2023.xlsx", "fictief-2024.xlsx", "tarieven-fictief.csv"]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in small_files]


def test_another_seed_gives_other_figures(small_population: Population) -> None:
    other = generate(small_population.seed + 1, providers=60)
    assert other.providers[0].years[2024].values != small_population.providers[0].years[2024].values


def test_about_650_providers_of_which_a_few_fewer_in_the_first_year(population: Population) -> None:
    assert [len(population.delivered(year)) for year in population.book_years] == [633, 639]
    silent = [p for p in population.providers if YEAR in p.known_in and YEAR not in p.years]
    assert Counter(bool(provider.merged_into) for provider in silent) == {True: 6, False: 11}
    assert sum(provider.known_in == (YEAR,) for provider in population.providers) == 12


def test_everything_says_that_it_is_invented(population: Population, small_files: list[Path]) -> None:
    assert all(re.fullmatch(r"99\d{6}", provider.kvk) for provider in population.providers)
    assert len({provider.kvk for provider in population.providers}) == len(population.providers)
    assert len({provider.name for provider in population.providers}) == len(population.providers)
    locations = [location for provider in population.providers for location in provider.locations]
    assert all(re.fullmatch(r"\d{4} S[ADS]", location.postcode) for location in locations)
    assert len({location.number for location in locations}) == len(locations)
    assert all(item.is_fictitious for item in iv.read(small_files[:2]))
    with small_files[2].open(encoding="utf-8") as file:
        assert all("Fictief" in row["source"] for row in csv.DictReader(file))


def test_every_care_office_region_has_providers_and_some_providers_several_regions(population: Population) -> None:
    assert all(region_code(region.code) == region.code for region in REGIONS)
    assert len(REGIONS) == 31
    first = Counter(provider.locations[0].region for provider in population.providers)
    assert first.keys() == {region.code for region in REGIONS}
    assert min(first.values()) >= 5
    assert sum(len({loc.region for loc in provider.locations}) > 1 for provider in population.providers) > 30
    names = {region.code for region in REGIONS}
    assert all(neighbour in names for region in REGIONS for neighbour in region.neighbours)


def test_every_tariff_names_a_measure_of_days_and_a_year(small_files: list[Path]) -> None:
    with small_files[2].open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == ["year", "code", "amount", "source", "valid_from"]
    assert Counter(row["year"] for row in rows) == {"2023": 14, "2024": 14, "2025": 14}
    assert all(CATALOGUE[row["code"]].kind == "days" for row in rows)
    assert all(200 < Decimal(row["amount"]) < 480 for row in rows)


def test_costs_are_of_a_believable_size(delivered: list[FictitiousProvider]) -> None:
    without_mistakes = [provider for provider in delivered if not provider.years[YEAR].mistakes]
    total = sum(_value(provider, "total_cost") for provider in without_mistakes)
    days = sum(_days(provider) for provider in without_mistakes)
    reference = sum(
        _value(provider, f"days_{product}") * tariff(product, YEAR)
        for provider in without_mistakes
        for product in PRODUCTS
    )
    assert 250 < total / days < 400
    assert 0.95 < reference / total < 1.05


def test_the_lines_add_up_to_the_total_unless_that_is_the_mistake(delivered: list[FictitiousProvider]) -> None:
    lines = [measure.code for measure in CATALOGUE.of_template("iv-1", "cost", "revenue", "allowance")]
    for provider in delivered:
        figures = provider.years[YEAR]
        together = sum((figures.values[line] or Decimal(0) for line in lines), Decimal(0))
        if not set(figures.mistakes) & {"does_not_add_up", "cost_missing"}:
            assert figures.values["total_cost"] == together


def test_mistakes_are_found_by_the_checks_and_the_others_are_left_alone(population: Population, tmp_path: Path) -> None:
    expected = {
        "in_thousands": "IV-K-003",
        "cost_missing": "IV-K-001",
        "does_not_add_up": "IV-K-002",
        "too_cheap": "IV-K-004",
        "share_as_percentage": "IV-B-001",
        "quality_missing": "IV-Q-001",
        "part_of_the_year": "IV-B-002",
    }
    (read,) = iv.read([path for path in write(population, tmp_path) if path.name == f"fictief-{YEAR}.xlsx"])
    figures = {provider.kvk: provider.years[YEAR] for provider in population.delivered(YEAR)}
    for delivery in read.deliveries:
        codes = {found.rule.code for found in check(delivery, read)}
        mistakes = figures[delivery.key].mistakes
        for mistake in mistakes:
            assert expected.get(mistake) is None or expected[mistake] in codes, (delivery.name, mistake, codes)
        if not mistakes:
            assert not codes & set(expected.values()), (delivery.name, codes)


def test_scores_tell_who_works_well(delivered: list[FictitiousProvider]) -> None:
    """The benchmark has to find what the generator knows: scores follow true efficiency, and lie a little above it."""
    groups = [("4",), ("5", "6"), ("7",), ("8", "9", "10")]
    outputs = [[f"{profile}vv{suffix}" for profile in group] for suffix in ("_with_treatment", "") for group in groups]
    taking_part = [p for p in delivered if not p.years[YEAR].mistakes and _days(p) >= 3650]
    cost = np.array(
        [[_value(p, "total_cost") - _value(p, "housing_nhc") - _value(p, "inventory_nic")] for p in taking_part]
    )
    volume = np.array(
        [
            [sum(_value(p, f"days_{c}") * tariff(c, YEAR) / 300 for c in output) for output in outputs]
            for p in taking_part
        ]
    )
    truth = np.array([provider.years[YEAR].true_efficiency for provider in taking_part])
    found = dea.efficiency(cost, volume, returns_to_scale="vrs")
    score = np.asarray(found.score)
    assert 0.75 < truth.mean() < 0.88
    assert 0.80 <= np.median(score) <= 0.93
    assert np.corrcoef(score, truth)[0, 1] > 0.75
    # The frontier of what is observed lies inside the true one, so a score can hardly be below the truth. Circumstances
    # are part of the score and not of the truth; they are worth about two percent.
    assert (score > truth - 0.04).all()
    efficient = (score > 1 - 1e-6).mean()
    assert 0.05 < efficient < 0.30


def test_too_small_a_population_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 50"):
        generate(1, providers=10)
    with pytest.raises(ValueError, match="in order"):
        generate(1, book_years=(2024, 2023))
