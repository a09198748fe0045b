"""Scores against the judge: classic data, hard data, every returns to scale and both orientations."""

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea import exact_judge, judge
from tests.benchmarking.dea.data import COLUMNS, ORIENTATIONS, RETURNS, case, hard_sets, homes, sizes
from tests.thorough import some_of


def assert_same_scores(found, expected):
    """Same units infeasible, others within 1e-8 of max(1, score)."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    distance = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    assert np.nanmax(distance, initial=0.0) <= 1e-8


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("returns", RETURNS)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_classic_data_set_scores_as_the_textbook_says(name, returns, orientation):
    x, y = case(name)
    found = dea.efficiency(x, y, returns_to_scale=returns, orientation=orientation)
    # For the sake of time the judge has a look at a third of the units, and at every ninth farm of the one large set.
    first = 2 * RETURNS.index(returns) + ORIENTATIONS.index(orientation)
    units = some_of(len(x), 3 if len(x) < 200 else 9, first=first)
    assert_same_scores(found.score[units], judge.scores(x, y, rts=returns, orientation=orientation, units=units))
    assert found.certificate.max() <= 1e-8
    assert not found.fallback.any() or orientation == "output"


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("returns", RETURNS)
@pytest.mark.parametrize("name", hard_sets())
def test_a_hard_data_set_scores_as_the_textbook_says(name, returns, orientation):
    x, y = hard_sets()[name]
    found = dea.efficiency(x, y, returns_to_scale=returns, orientation=orientation)
    units = some_of(len(x), 3, first=2 * RETURNS.index(returns) + ORIENTATIONS.index(orientation))
    assert_same_scores(found.score[units], judge.scores(x, y, rts=returns, orientation=orientation, units=units))
    assert found.certificate.max() <= 1e-8


@pytest.mark.parametrize("returns", RETURNS)
@pytest.mark.parametrize("name", [name for name in hard_sets() if name != "one unit"])
def test_super_efficiency_of_a_hard_data_set_is_the_textbooks_infeasible_units_included(name, returns):
    x, y = hard_sets()[name]
    found = dea.super_efficiency(x, y, returns_to_scale=returns)
    others = ~np.eye(len(x), dtype=bool)
    units = some_of(len(x), 2, first=RETURNS.index(returns))
    assert_same_scores(found.score[units], judge.scores(x, y, rts=returns, allowed=others, units=units))
    np.testing.assert_array_equal(found.status == dea.INFEASIBLE, np.isnan(found.score))


def test_super_efficiency_of_the_only_maker_of_a_product_is_infeasible_and_carries_no_number():
    x, y = np.array([[1.0], [2.0], [2.0]]), np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 5.0]])
    for returns in RETURNS:
        found = dea.super_efficiency(x, y, returns_to_scale=returns)
        assert found.status.tolist() == [dea.OPTIMAL, dea.OPTIMAL, dea.INFEASIBLE]
        for values in (found.score, found.scale_price, found.input_price, found.output_slack, found.certificate):
            assert np.isnan(values[2]).all()
        assert found.weights[[2]].nnz == 0
        assert not found.unique[2]
        assert not found.prices_unique[2]


@pytest.mark.parametrize("decades", [8, 12])
@pytest.mark.parametrize("returns", RETURNS[:4])
def test_sizes_over_many_decades_score_as_exact_arithmetic_says(returns, decades):
    for seed in range(2):
        x, y = sizes(7, decades, seed)
        found = dea.efficiency(x, y, returns_to_scale=returns)
        units = some_of(7, 2, first=RETURNS.index(returns))
        assert_same_scores(found.score[units], exact_judge.scores(x, y, rts=returns, units=units))
        assert found.certificate.max() <= 1e-8
        others = ~np.eye(len(x), dtype=bool)
        found = dea.super_efficiency(x, y, returns_to_scale=returns)
        expected = exact_judge.scores(x, y, rts=returns, allowed=others, units=units)
        assert_same_scores(found.score[units], expected)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_near_duplicates_score_as_exact_arithmetic_says(returns):
    rng = np.random.default_rng(5)
    x, y = homes(5, 3, seed=4)
    x = np.repeat(x, 3, axis=0) * (1 + 1e-9 * rng.standard_normal((15, 1)))
    y = np.repeat(y, 3, axis=0) * (1 + 1e-9 * rng.standard_normal((15, 3)))
    found = dea.efficiency(x, y, returns_to_scale=returns)
    assert_same_scores(found.score, exact_judge.scores(x, y, rts=returns))


def test_a_random_round_scores_as_the_textbook_says():
    x, y = homes(100, 8, seed=3)
    for returns in ("crs", "vrs"):
        found = dea.efficiency(x, y, returns_to_scale=returns)
        assert_same_scores(found.score, judge.scores(x, y, rts=returns))
