"""Care days in classes: each wide enough to keep costs open, and none that tells where its edge was crossed."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal

import pytest

from ivportal.demo.national_round import SPECIFICATION
from tariffs.sizes import EDGES, Told, shown


def test_every_class_leaves_costs_open_by_half() -> None:
    """Also the first, of which the model tells the beginning: fewer days than it asks have no bandwidth at all."""
    fewest = json.loads(SPECIFICATION.read_text(encoding="utf-8"))["participation"]["min_care_days"]
    ends = [fewest, *EDGES]
    assert all(later >= earlier * 1.5 for earlier, later in itertools.pairwise(ends))


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([1], "minder dan 6.000"),
        ([14_999], "10.000 tot 15.000"),
        (["14999.5"], "10.000 tot 15.000"),
        ([15_000], "15.000 tot 25.000"),
        ([1_000_000], "1.000.000 of meer"),
        ([15_001, 14_999], "15.000 tot 25.000"),
        ([14_999, 15_001, 24_999], "10.000 tot 15.000"),
        ([14_999, 15_001, 25_000], "25.000 tot 40.000"),
        ([25_000, 14_999, 15_001], "10.000 tot 15.000"),
    ],
)
def test_a_class_stays_until_the_days_are_far_from_it(days: list[int | str], words: str) -> None:
    assert words_of(*((2024, number) for number in days)) == {2024: words}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        # 2 % more days over an edge: two classes side by side would say that both numbers lie at it.
        ([(2023, 39_918), (2024, 40_748)], {2023: "25.000 tot 40.000", 2024: "25.000 tot 40.000"}),
        ([(2024, 40_748), (2023, 39_918)], {2023: "40.000 tot 60.000", 2024: "40.000 tot 60.000"}),
        ([(2023, 39_918), (2024, 60_000)], {2023: "25.000 tot 40.000", 2024: "60.000 tot 100.000"}),
        # Of the years told before, the nearest.
        (
            [(2022, 39_918), (2023, 60_000), (2024, 59_000)],
            {2022: "25.000 tot 40.000", 2023: "60.000 tot 100.000", 2024: "60.000 tot 100.000"},
        ),
        # A correction of an earlier year moves that year alone, and only as far as it is wide.
        (
            [(2023, 39_918), (2024, 40_748), (2023, 60_001), (2024, 40_749)],
            {2023: "60.000 tot 100.000", 2024: "25.000 tot 40.000"},
        ),
        ([(2023, 39_918), (2024, 60_000), (2023, 40_001)], {2023: "25.000 tot 40.000", 2024: "60.000 tot 100.000"}),
    ],
)
def test_a_class_stays_from_one_year_to_the_next(told: list[tuple[int, int]], words: dict[int, str]) -> None:
    assert words_of(*told) == words


def words_of(*told: tuple[int, int | str]) -> dict[int, str]:
    """Return the classes in words by book year, of a provider in one round a year."""
    found = shown(Told(round=year, book_year=year, days=Decimal(number)) for year, number in told)
    return {year: size.words for year, size in found.items()}


def test_who_has_no_days_has_no_class() -> None:
    assert shown([]) == {}
