"""Care days in classes: each wide enough to keep costs open, and none that tells where its edge was crossed."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal

import pytest

from ivportal.demo.national_round import SPECIFICATION
from tariffs.sizes import EDGES, shown


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
        ([14_999, 15_001, None, 24_999], "10.000 tot 15.000"),
        ([14_999, 15_001, 25_000], "25.000 tot 40.000"),
        ([25_000, 14_999, 15_001], "10.000 tot 15.000"),
    ],
)
def test_a_class_stays_until_the_days_are_far_from_it(days: list[int | str | None], words: str) -> None:
    found = shown(None if number is None else Decimal(number) for number in days)
    assert found is not None
    assert found.words == words


def test_who_has_no_days_has_no_class() -> None:
    assert shown([]) is None
    assert shown([None]) is None
