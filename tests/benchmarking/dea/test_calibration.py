"""Minimum costs brought to a total."""

from fractions import Fraction

import numpy as np
import pytest

from benchmarking.dea.calibration import calibrate


def test_the_norwegian_rule_gives_every_euro_of_capital_the_same():
    # Costs 100, 200, 300; scores 0.9, 0.8, 1.0, so 90 + 160 + 300 = 550 of 600; capital 10, 30, 60.
    found = calibrate([90.0, 160.0, 300.0], 600.0, [10.0, 30.0, 60.0])
    np.testing.assert_allclose(found.calibrated, [95, 175, 330], rtol=1e-14)
    np.testing.assert_allclose(found.addition, [5, 15, 30], rtol=1e-14)
    assert found.difference == 50
    assert not found.below_zero.any()


def test_the_minimum_as_key_is_scaling():
    minimum = np.random.default_rng(0).lognormal(15, 2, 200)
    total = 1.1 * minimum.sum()
    np.testing.assert_allclose(calibrate(minimum, total, minimum).calibrated, 1.1 * minimum, rtol=1e-12)


def test_it_adds_up_to_the_total_and_each_follows_the_formula_exactly():
    rng = np.random.default_rng(1)
    minimum, key = rng.lognormal(14, 2, 300), rng.lognormal(3, 2, 300) * (rng.random(300) < 0.9)
    total = 4e9
    found = calibrate(minimum, total, key)
    exact = [Fraction(value) for value in minimum], [Fraction(value) for value in key]
    whole = sum(exact[1])
    difference = Fraction(total) - sum(exact[0])
    expected = [float(a + difference * k / whole) for a, k in zip(*exact, strict=True)]
    np.testing.assert_allclose(found.calibrated, expected, rtol=1e-14)
    assert found.calibrated.sum() == pytest.approx(total, rel=1e-13)


def test_the_order_of_rows_changes_no_bit():
    rng = np.random.default_rng(2)
    minimum, key, order = rng.lognormal(14, 2, 300), rng.lognormal(3, 2, 300), rng.permutation(300)
    found = calibrate(minimum, 1e9, key)
    np.testing.assert_array_equal(calibrate(minimum[order], 1e9, key[order]).calibrated, found.calibrated[order])


def test_a_home_with_much_capital_can_fall_below_zero_and_is_flagged_not_clipped():
    found = calibrate([10.0, 90.0], 50.0, [9.0, 1.0])
    assert found.calibrated.tolist() == [-35.0, 85.0]
    assert found.below_zero.tolist() == [True, False]


REFUSED = {
    "no homes": (([], 1.0, []), r"minimum has shape \(0,\); give one amount per unit"),
    "a table": (([[1.0]], 1.0, [[1.0]]), r"minimum has shape \(1, 1\); give one amount"),
    "a missing minimum": (([1.0, np.nan], 1.0, [1.0, 1.0]), r"minimum row 1: nan is not a finite number; leave"),
    "a negative minimum": (([1.0, -2.0], 1.0, [1.0, 1.0]), r"minimum row 1: -2 is negative; give 0 or more"),
    "a negative key": (([1.0, 2.0], 1.0, [1.0, -1.0]), r"key row 1: -1 is negative"),
    "an infinite key": (([1.0, 2.0], 1.0, [1.0, np.inf]), r"key row 1: inf is not a finite number"),
    "a short key": (([1.0, 2.0], 1.0, [1.0]), r"key has shape \(1,\); give 2 numbers"),
    "a key of nothing": (([1.0, 2.0], 1.0, [0.0, 0.0]), r"key is 0 for every unit"),
    "words": ((["veel"], 1.0, [1.0]), r"minimum cannot be read as numbers"),
    "a missing total": (([1.0], np.nan, [1.0]), r"total is nan; give a finite amount of 0 or more"),
    "a negative total": (([1.0], -1.0, [1.0]), r"total is -1.0; give a finite amount of 0 or more"),
    "a total in words": (([1.0], "alles", [1.0]), r"total is 'alles'; give a number of euros"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    arguments, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        calibrate(*arguments)


def test_the_message_names_the_home():
    with pytest.raises(ValueError, match=r"minimum row 1 \(key 'kvk-2'\): -2 is negative"):
        calibrate([1.0, -2.0], 1.0, [1.0, 1.0], keys=["kvk-1", "kvk-2"])
