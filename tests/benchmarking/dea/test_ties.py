"""Which peers, when several sets of peers are as good; and when prices are the only ones."""

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import ORIENTATIONS, RETURNS
from tests.thorough import rounds

LINEAR = RETURNS[:4]


def integer_set(seed, units=12, inputs=2, outputs=2):
    """Small integers: many ties, many degenerate vertices."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, (units, inputs)).astype(float)
    y = rng.integers(0, 4, (units, outputs)).astype(float)
    x[(x == 0).all(axis=1), 0] = 1
    y[(y == 0).all(axis=1), 0] = 1
    return x, y


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("returns", LINEAR)
def test_weights_are_called_unique_exactly_where_no_others_are_optimal(returns, orientation):
    seen = set()
    for seed in rounds(1, 2):
        x, y = integer_set(seed)
        found = dea.efficiency(x, y, returns_to_scale=returns, orientation=orientation)
        for i in range(len(x)):
            low, high = judge.weight_ranges(x[i], y[i], x, y, found.score[i], rts=returns, orientation=orientation)
            assert found.unique[i] == ((high - low).max() < 1e-5)
            seen.add(bool(found.unique[i]))
    assert seen == {True, False}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("returns", LINEAR)
def test_prices_are_called_unique_exactly_where_no_others_are_optimal(returns, orientation):
    seen = set()
    for seed in rounds(2, 3):
        x, y = integer_set(seed, units=8)
        found = dea.efficiency(x, y, returns_to_scale=returns, orientation=orientation)
        for i in range(len(x)):
            low, high = judge.price_ranges(x[i], y[i], x, y, found.score[i], rts=returns, orientation=orientation)
            wide = high - low > 1e-5
            assert found.prices_unique[i] == (not wide.any())
            own = np.concatenate([x[i] > 0, y[i] > 0, [True]])
            assert found.own_prices_unique[i] == (not wide[own].any())
            seen.add((bool(found.prices_unique[i]), bool(found.own_prices_unique[i])))
    assert {(False, False), (True, True)} <= seen


def test_uniqueness_with_price_bounds_is_about_weights_not_about_trades():
    rng = np.random.default_rng(3)
    for factor in (1.0, 1.5):
        x, y = integer_set(5, units=8, outputs=3)
        prices = rng.uniform(1, 3, 3)
        lower = prices[:, None] / prices[None, :] / factor
        found = dea.efficiency(x, y, price_bounds=(lower, 1 / lower.T))
        for i in range(len(x)):
            low, high = judge.weight_ranges(x[i], y[i], x, y, found.score[i], rts="vrs", lower=lower)
            assert found.unique[i] == ((high - low).max() < 1e-5)


def lexicographic_by_hand(x0, y0, x, y, score, rts):
    """Largest first weight; with that fixed, largest second; and so on, with a programme for each."""
    fixed = []
    for j in range(len(x)):
        _, high = judge.weight_ranges(x0, y0, x, y, score, rts=rts, given=fixed, only=j)
        fixed.append(high[0])
    return np.array(fixed)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_of_several_sets_of_peers_the_lexicographically_largest_in_key_order_is_taken(returns):
    x, y = integer_set(1, units=10)
    order = np.random.default_rng(9).permutation(10)
    found = dea.efficiency(x, y, returns_to_scale=returns, keys=order.tolist())
    assert not found.unique.all()
    by_key = np.argsort(order)
    weights = found.weights.toarray()[:, by_key]
    for i in range(10):
        expected = lexicographic_by_hand(x[i], y[i], x[by_key], y[by_key], found.score[i], returns)
        np.testing.assert_allclose(weights[i], expected, atol=1e-5)


def test_of_identical_homes_the_one_with_the_first_key_is_the_peer():
    x, y = np.full((5, 1), 2.0), np.full((5, 2), 3.0)
    for returns in RETURNS:
        found = dea.efficiency(x, y, returns_to_scale=returns, keys=["e", "b", "a", "d", "c"])
        np.testing.assert_allclose(found.weights.toarray(), np.tile([0, 0, 1, 0, 0], (5, 1)), atol=1e-12)
        assert not found.unique.any()
    others = dea.super_efficiency(x, y, keys=["e", "b", "a", "d", "c"])
    assert others.weights.toarray()[2].tolist() == [0, 1, 0, 0, 0]


def test_a_zero_reduced_cost_at_a_degenerate_vertex_proves_nothing():
    # Unit 3 lies in the middle of the face of units 0 and 2, with unit 1 on that face too: three ways to make it up.
    x = np.ones((4, 1))
    y = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0], [1.0, 1.0]])
    found = dea.efficiency(x, y, returns_to_scale="crs")
    assert found.unique.tolist() == [True, False, True, False]
    # (1, 1) at half of (2, 2): the largest weight of the first unit is a quarter, and so of the third.
    np.testing.assert_allclose(found.weights.toarray()[3], [0.25, 0, 0.25, 0], atol=1e-12)


def test_separate_references_break_ties_in_the_order_of_their_own_keys():
    x, y = np.ones((1, 1)), np.ones((1, 1))
    found = dea.efficiency(
        x, y, reference_inputs=np.ones((3, 1)), reference_outputs=np.ones((3, 1)), reference_keys=["c", "a", "b"]
    )
    assert found.weights.toarray().tolist() == [[0, 1, 0]]
