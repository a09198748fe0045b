"""What may be shown of several organisations together, and in how broad strokes of one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarking.disclosure import (
    Rules,
    band_of,
    cell_of,
    crowded,
    dominated,
    p_percent_open,
    pseudonyms,
    rules_of,
    safe_ratio,
    safe_total,
    share_band,
)

RULES = Rules()
amounts = st.lists(st.integers(1, 1_000), min_size=0, max_size=9)


# ── one figure ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_four_organisations_are_no_group_and_five_are() -> None:
    assert safe_total([10, 11, 12, 13], RULES).value is None
    assert "minder dan 5" in safe_total([10, 11, 12, 13], RULES).reason
    assert safe_total([10, 11, 12, 13, 14], RULES).value == 60
    assert safe_total([10, 11, 12], Rules(smallest_group=3)).value == 33


def test_a_total_that_is_nearly_all_one_organisation_is_not_shown() -> None:
    assert dominated([86, 4, 4, 3, 3], RULES)
    assert not dominated([84, 4, 4, 4, 4], RULES)
    assert dominated([50, 41, 3, 3, 3], Rules(n=2, k=0.9))
    assert not dominated([50, 39, 4, 4, 3], Rules(n=2, k=0.9))
    found = safe_total([86, 4, 4, 3, 3], RULES)
    assert (found.value, "bepalen dit cijfer" in found.reason) == (None, True)


def test_a_total_from_which_the_second_largest_could_work_out_the_largest_is_not_shown() -> None:
    """100 + 90 + 9: the second takes its own 90 from the total and is less than ten off."""
    assert p_percent_open([100, 90, 3, 3, 3], RULES)
    assert not p_percent_open([100, 90, 4, 3, 3], RULES)
    assert safe_total([100, 90, 3, 3, 3], RULES).value is None


@given(amounts)
@settings(max_examples=60, deadline=None)
def test_of_a_total_that_is_shown_nobody_in_it_can_work_out_another_to_within_a_tenth(values: list[int]) -> None:
    """Everybody tries everybody: total less one's own is at least the other's, and that is its best guess from above."""
    if safe_total(values, RULES).value is None:
        return
    for one, other in combinations(range(len(values)), 2):
        for knows, guessed in ((one, other), (other, one)):
            most = sum(values) - values[knows]
            assert most - values[guessed] >= 0.1 * values[guessed] - 1e-9


def test_a_negative_amount_hides_nothing() -> None:
    """Costs that are revenues count by their size: −100 with some small change is still one organisation."""
    assert safe_total([-100, 1, 1, 1, 1], RULES).value is None


def test_a_mean_is_shown_only_if_both_its_totals_may_be() -> None:
    assert safe_ratio([5, 6, 7, 8, 9], [10, 10, 10, 10, 10], RULES).value == 0.7
    assert safe_ratio([0, 0, 0, 0, 9], [10, 10, 10, 10, 10], RULES).value is None
    assert safe_ratio([5, 6, 7, 8], [10, 10, 10, 10], RULES).value is None


def test_rules_are_those_of_the_policy_and_the_usual_ones_where_an_older_run_has_none() -> None:
    assert rules_of({}) == Rules(5, 1, 0.85, 0.10)
    policy = {"smallest_group": 3, "dominance_n": 2, "dominance_k": "0.9000", "p_percent": "0.2000"}
    assert rules_of(policy) == Rules(3, 2, 0.9, 0.2)
    for wrong in ({"p_percent": "1"}, {"smallest_group": 0}, {"dominance_k": "0"}):
        with pytest.raises(ValueError, match="smallest_group"):
            rules_of(wrong)


# ── one organisation ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("p", "width"), [(0.0, 10), (0.05, 10), (0.10, 20), (0.14, 25), (0.15, 50), (0.33, 50), (0.4, 0)]
)
def test_bands_are_as_wide_as_the_rule_asks(p: float, width: int) -> None:
    """Of the highest band, the narrowest by ratio, the middle is not within ``p`` of both ends; nor is any other guess."""
    assert Rules(p=p).band == width
    if width and p:
        least = 1 - width / 100
        guesses = np.linspace(least, 1, 1001)
        assert np.maximum(1 - guesses, (guesses - least) / least).min() >= p


def test_a_share_is_told_in_its_band() -> None:
    assert [share_band(share, 20) for share in (0.0, 0.1999, 0.2, 0.6, 0.999, 1.0)] == [
        "0 tot 20\xa0%", "0 tot 20\xa0%", "20 tot 40\xa0%", "60 tot 80\xa0%", "80 tot 100\xa0%", "80 tot 100\xa0%"
    ]  # fmt: skip
    assert band_of(0.29, 10) == (0.2, 0.3)


def test_letters_follow_the_bands_and_within_a_band_or_without_shares_tell_nothing() -> None:
    shares = [("7", 0.45), ("8", 0.41), ("9", 0.14)]
    orders = {tuple(pseudonyms(secret=str(number), shares=shares, width=20)) for number in range(40)}
    assert orders == {("7", "8", "9"), ("8", "7", "9")}
    assert len({tuple(pseudonyms(secret=str(number), shares=shares, width=0)) for number in range(60)}) == 6


@given(st.floats(0.01, 100), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_whoever_is_in_one_place_of_a_figure_may_cost_a_fifth_more_or_less_by_day(
    length: float, mix: float, other: float
) -> None:
    """Two with the same mix are in one place whatever it is, or in neighbouring ones: a place has no narrow corners."""
    cell = cell_of(length * (1 - mix), length * mix, RULES)
    assert cell is not None
    along = [cell_of(each * (1 - other), each * other, RULES) for each in np.geomspace(length / 1.3, length * 1.3, 400)]
    same = [each for each in along if each is not None and each.step == cell.step]
    assert len(same) * np.log(1.3**2) / 399 >= np.log(1.1 / 0.9) * 0.98


def test_a_place_with_four_is_left_out_of_a_figure() -> None:
    four, five = cell_of(1, 1, RULES), cell_of(5, 1, RULES)
    assert four is not None
    assert five is not None
    assert crowded([four] * 4 + [five] * 5, RULES) == [(five, 5)]
    assert cell_of(0, 0, RULES) is None
