"""What cannot be computed is refused with the place and the cure."""

import numpy as np
import pytest

from benchmarking import dea

X = np.array([[10.0, 1.0], [12.0, 2.0], [9.0, 3.0]])
Y = np.array([[3.0, 0.0], [2.0, 1.0], [1.0, 4.0]])
BAND = (np.full((2, 2), 0.5), np.full((2, 2), 2.0))


def changed(array, row, column, value):
    array = array.copy()
    array[row, column] = value
    return array


REFUSED = {
    "a negative cost": ((changed(X, 1, 0, -5), Y), {}, r"inputs row 1, column 0: -5 is negative; .*correct"),
    "a missing number": ((X, changed(Y, 2, 1, np.nan)), {}, r"outputs row 2, column 1: .*nan.* not a finite.*supply"),
    "an infinite number": ((X, changed(Y, 0, 0, np.inf)), {}, r"outputs row 0, column 0: .*inf.* not a finite"),
    "a home without costs": ((changed(changed(X, 1, 0, 0), 1, 1, 0), Y), {}, r"inputs row 1: every column .* is 0"),
    "a home without care": ((X, changed(Y, 0, 0, 0)), {}, r"outputs row 0: every column .* is 0; leave the unit out"),
    "the key in the message": (
        (changed(X, 1, 0, -5), Y),
        {"keys": ["a", "b", "c"]},
        r"inputs row 1 \(key 'b'\), column 0",
    ),
    "text for a number": (([[1.0], ["veel"], [2.0]], Y), {}, r"inputs row 1, column 0: 'veel' is not a number"),
    "ragged rows": (([[1.0], [1.0, 2.0], [2.0]], Y), {}, r"inputs cannot be read.*rectangular"),
    "a list for a table": (([1.0, 2.0, 3.0], Y), {}, r"inputs has 1 dimension\(s\); give one row per unit"),
    "no units": ((np.zeros((0, 1)), np.zeros((0, 1))), {}, r"inputs has shape \(0, 1\); give at least one unit"),
    "different numbers of rows": ((X[:2], Y), {}, r"inputs has 2 rows and outputs has 3"),
    "unknown returns to scale": (
        (X, Y),
        {"returns_to_scale": "nirs"},
        r"returns_to_scale is 'nirs'; choose one of crs",
    ),
    "unknown orientation": ((X, Y), {"orientation": "both"}, r"orientation is 'both'; choose one of input, output"),
    "too few keys": ((X, Y), {"keys": [1, 2]}, r"keys has 2 entries for 3 units"),
    "a key twice": ((X, Y), {"keys": ["a", "b", "a"]}, r"keys rows 0 and 2 are both 'a'; give every unit its own key"),
    "keys of different kinds": ((X, Y), {"keys": [1, "b", 2]}, r"keys cannot be sorted: .*same type"),
    "keys without order": ((X, Y), {"keys": [1.0, np.nan, 2.0]}, r"keys rows . and . .* have no order"),
    "half a frontier": ((X, Y), {"reference_inputs": X}, r"reference_inputs and reference_outputs belong together"),
    "keys of no frontier": ((X, Y), {"reference_keys": [1, 2, 3]}, r"reference_keys needs reference_inputs"),
    "a frontier with other columns": (
        (X, Y),
        {"reference_inputs": X[:, :1], "reference_outputs": Y},
        r"reference_inputs has 1 columns and inputs has 2",
    ),
    "a frontier of unequal rows": (
        (X, Y),
        {"reference_inputs": X[:2], "reference_outputs": Y},
        r"reference_inputs has 2 rows and reference_outputs has 3",
    ),
    "a negative frontier": (
        (X, Y),
        {"reference_inputs": -X, "reference_outputs": Y},
        r"reference_inputs row 0, column 0: .* is negative",
    ),
    "oneself out of a frontier of others": (
        (X, Y),
        {"reference_inputs": X, "reference_outputs": Y, "exclude_self": True},
        r"exclude_self needs the evaluated units themselves",
    ),
    "a gate of the wrong length": ((X, Y), {"may_be_peer": [True, False]}, r"may_be_peer has shape \(2,\).*3 booleans"),
    "a gate of numbers": ((X, Y), {"may_be_peer": [1, 0, 1]}, r"may_be_peer has .*type int.* booleans"),
    "comparable of the wrong shape": ((X, Y), {"comparable": np.ones((3, 2), bool)}, r"comparable has shape \(3, 2\)"),
    "comparable of numbers": ((X, Y), {"comparable": np.ones((3, 3))}, r"comparable has .* float64; give booleans"),
    "comparable that returns the wrong shape": (
        (X, Y),
        {"comparable": lambda unit: np.ones(2, bool)},
        r"comparable\(0\) has shape \(2,\)",
    ),
    "a fixed input that does not exist": (
        (X, Y),
        {"fixed_inputs": [2]},
        r"fixed_inputs holds 2, but inputs has columns 0 to 1",
    ),
    "a fixed input that is no number": (
        (X, Y),
        {"fixed_inputs": ["rent"]},
        r"fixed_inputs holds 'rent'; give column numbers",
    ),
    "fixed inputs the other way round": (
        (X, Y),
        {"fixed_inputs": [0], "orientation": "output"},
        r"fixed_inputs has a meaning in input orientation only",
    ),
    "nothing but fixed inputs": ((X, Y), {"fixed_inputs": [0, 1]}, r"fixed_inputs names every input"),
    "a home with fixed inputs only": (
        (changed(X, 2, 0, 0), Y),
        {"fixed_inputs": [1]},
        r"inputs row 2: every input that is not in fixed_inputs \(columns \[0\]\) is 0",
    ),
    "price bounds without prices": ((X, Y), {"price_bounds": BAND, "returns_to_scale": "fdh"}, r"no meaning under fdh"),
    "price bounds that are no pair": ((X, Y), {"price_bounds": np.ones((2, 2))[0]}, r"price_bounds must be a pair"),
    "price bounds of the wrong shape": (
        (X, Y),
        {"price_bounds": (np.ones((3, 3)), np.ones((3, 3)))},
        r"price_bounds lower has shape \(3, 3\); make it \(2, 2\)",
    ),
    "price bounds upside down": ((X, Y), {"price_bounds": BAND[::-1]}, r"output 0 over output 0: lower .* above upper"),
    "price bounds that do not mirror": (
        (X, Y),
        {"price_bounds": (changed(BAND[0], 0, 1, 0.6), BAND[1])},
        r"output 1 over output 0: upper 2 says that lower\[0, 1\] is 0.5, but it is 0.6; make lower",
    ),
    "a negative price bound": (
        (X, Y),
        {"price_bounds": (changed(BAND[0], 0, 1, -1), BAND[1])},
        r"output 0 over output 1: lower .*-1.*finite lower bound of at least 0",
    ),
    "nobody to compare with": ((X, Y), {"may_be_peer": [False] * 3, "own_reference": False}, r"no unit has anybody"),
    "a home alone without itself": ((X[:1], Y[:1]), {"exclude_self": True}, r"no unit has anybody to be compared with"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    (x, y), options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        dea.efficiency(x, y, **options)


def test_price_bounds_that_admit_no_prices_are_refused():
    lower = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 2.0], [2.0, 0.0, 1.0]])
    with np.errstate(divide="ignore"):
        upper = 1 / lower.T
    y = np.ones((3, 3))
    with pytest.raises(ValueError, match=r"admit no positive prices: .* output 0 above itself by a factor 8"):
        dea.efficiency(X, y, price_bounds=(lower, upper))


def test_a_single_home_is_its_own_best_practice():
    found = dea.efficiency(X[:1], Y[:1])
    assert found.score.tolist() == [1.0]
    assert found.weights.toarray().tolist() == [[1.0]]
