"""Which figures might be published otherwise by another processor."""

from __future__ import annotations

import pytest

from benchmarking.rounding import near_boundary


@pytest.mark.parametrize("decimals", [4, 6])
def test_only_values_on_the_edge_of_the_next_digit_are_counted(decimals: int) -> None:
    step = 10.0**-decimals
    on_the_edge = [0.5 + 0.5 * step, 0.25 + 0.5 * step + 4e-10, 0.75 - 0.5 * step - 4e-10]
    elsewhere = [1.0, 0.5, 0.25 + 0.5 * step + 4e-9, 0.3 + 0.25 * step]
    assert near_boundary(on_the_edge, decimals=decimals) == 3
    assert near_boundary(elsewhere, decimals=decimals) == 0
    assert near_boundary([on_the_edge, elsewhere[:3]], decimals=decimals) == 3


def test_nobody_with_a_score_is_nothing_to_count() -> None:
    assert near_boundary([], decimals=6) == 0
