"""The same numbers to the last bit, whatever the order of rows; and results that nobody can change afterwards."""

import dataclasses

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea.data import RETURNS, homes
from tests.benchmarking.dea.test_ties import integer_set

ROWS = [field.name for field in dataclasses.fields(dea.Efficiency)]
NOT_PER_ROW = ("weights", "returns_to_scale", "orientation")


def assert_same_bits(found, shuffled, order):
    for name in ROWS:
        values = getattr(found, name)
        if values is not None and name not in NOT_PER_ROW:
            np.testing.assert_array_equal(getattr(shuffled, name), values[order], err_msg=name)
    np.testing.assert_array_equal(shuffled.weights.toarray(), found.weights.toarray()[np.ix_(order, order)])


@pytest.mark.parametrize("exclude_self", [False, True])
@pytest.mark.parametrize("returns", RETURNS)
def test_the_order_of_rows_changes_no_bit(returns, exclude_self):
    for x, y in (homes(50, 5, seed=2), integer_set(4, units=20), integer_set(6, units=20, outputs=3)):
        keys = [f"home-{k:03d}" for k in range(len(x))]
        gate = np.random.default_rng(0).random(len(x)) < 0.8
        comparable = np.random.default_rng(1).random((len(x), len(x))) < 0.8
        options = {"returns_to_scale": returns, "exclude_self": exclude_self, "slacks": True}
        found = dea.efficiency(x, y, keys=keys, may_be_peer=gate, comparable=comparable, **options)
        order = np.random.default_rng(len(x)).permutation(len(x))
        shuffled = dea.efficiency(
            x[order],
            y[order],
            keys=[keys[k] for k in order],
            may_be_peer=gate[order],
            comparable=comparable[np.ix_(order, order)],
            **options,
        )
        assert_same_bits(found, shuffled, order)


def test_the_order_of_rows_changes_no_bit_with_price_bounds():
    x, y = homes(40, 4, seed=5)
    tariffs = np.array([120.0, 190.0, 250.0, 320.0])
    lower = tariffs[:, None] / tariffs[None, :] / 1.5
    order = np.random.default_rng(2).permutation(40)
    found = dea.efficiency(x, y, keys=range(40), price_bounds=(lower, 1 / lower.T))
    shuffled = dea.efficiency(x[order], y[order], keys=order.tolist(), price_bounds=(lower, 1 / lower.T))
    assert_same_bits(found, shuffled, order)


def test_the_order_of_a_separate_frontier_changes_no_bit():
    x, y = homes(10, 3, seed=1)
    frontier_x, frontier_y = homes(30, 3, seed=2)
    order = np.random.default_rng(3).permutation(30)
    found = dea.efficiency(x, y, reference_inputs=frontier_x, reference_outputs=frontier_y, reference_keys=range(30))
    shuffled = dea.efficiency(
        x, y, reference_inputs=frontier_x[order], reference_outputs=frontier_y[order], reference_keys=order.tolist()
    )
    np.testing.assert_array_equal(found.score, shuffled.score)
    np.testing.assert_array_equal(found.weights.toarray()[:, order], shuffled.weights.toarray())


def test_computing_twice_gives_the_same_bits():
    x, y = homes(50, 6, seed=7)
    assert_same_bits(dea.efficiency(x, y), dea.efficiency(x, y), np.arange(50))


def test_the_callers_arrays_are_left_as_they_were():
    x, y = homes(10, 3)
    x_before, y_before = x.copy(), y.copy()
    x.setflags(write=False)
    y.setflags(write=False)
    dea.efficiency(x, y, slacks=True)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(y, y_before)


def test_a_result_cannot_be_changed():
    found = dea.efficiency(*homes(10, 3))
    with pytest.raises(ValueError, match="read-only"):
        found.score[0] = 0.5
    with pytest.raises(ValueError, match="read-only"):
        found.weights.data[0] = 0.5
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.score = None
