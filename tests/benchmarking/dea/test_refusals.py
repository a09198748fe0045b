"""What cannot be computed is refused with the place and the cure."""

import itertools
from decimal import Decimal

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


HUGE = 10**400
TABLE_OF_NUMBERS = r"inputs .*; give a rectangular table of numbers"

#: What is no table of numbers, though NumPy makes one of most of these.
NO_NUMBERS = {
    "an integer above 1e308": ([[1.0], [HUGE], [2.0]], r"inputs holds a number that is too large for floating point"),
    "an array of objects": (np.array([[1.0], [2.0], [3.0]], dtype=object), r"inputs .*array of object; give a rect"),
    "an object in a list": ([[1.0], [{}], [2.0]], r"inputs row 1, column 0: {} is not a number"),
    "nothing in a list": ([[1.0], [None], [2.0]], r"inputs row 1, column 0: None is not a number"),
    "a masked array": (np.ma.array(X, mask=X > 10), r"inputs is masked, .*fill it in first"),
    "masked rows": ([np.ma.array(row, mask=row > 10) for row in X], r"inputs is masked, .*fill it in first"),
    "complex amounts": (X + 0j, r"inputs row 0, column 0: .*10\+0j.* is not a number"),
    "dates": (np.full((3, 1), np.datetime64("2024-01-01")), TABLE_OF_NUMBERS),
    "lengths of time": (np.full((3, 1), np.timedelta64(5, "D")), TABLE_OF_NUMBERS),
    "figures as text": ([["1.0"], ["2.0"], ["3.0"]], r"inputs row 0, column 0: '1.0' is not a number"),
    "an array of text": (X.astype(str), r"inputs row 0, column 0: .*10.0.* is not a number"),
    "bytes": (X.astype("S8"), r"inputs row 0, column 0: .*10.0.* is not a number"),
    "records": (np.zeros(3, dtype=[("cost", float)]), TABLE_OF_NUMBERS),
    "ragged rows": ([[1.0, 2.0], [1.0], [2.0, 2.0]], r"inputs cannot be read as numbers; give a rectangular table"),
    "one number": (5, r"inputs has 0 dimension\(s\)"),
    "three dots": (..., r"inputs is Ellipsis; give a rectangular table"),
    "a function": (len, r"inputs is <built-in function len>; give a rectangular table"),
    "amounts that underflow": (X * 1e-110, r"inputs row 0, column 0: 1e-109 is too small .*between 1e-100 and 1e\+100"),
    "amounts that overflow": (X * 1e110, r"inputs row 0, column 0: 1e\+111 is too large .*other units of measurement"),
    "the smallest number there is": (changed(X, 2, 1, 5e-324), r"inputs row 2, column 1: .*e-324 is too small"),
}


@pytest.mark.parametrize("of", ["inputs", "outputs", "reference_inputs"])
@pytest.mark.parametrize("what", NO_NUMBERS)
def test_what_is_no_table_of_usable_numbers_is_refused(what, of):
    table, message = NO_NUMBERS[what]
    given = {"inputs": X, "outputs": Y} | ({"reference_outputs": Y} if of == "reference_inputs" else {}) | {of: table}
    with pytest.raises(ValueError, match=message.replace("inputs", of)):
        dea.efficiency(**given)


def test_python_numbers_in_a_list_and_amounts_at_the_edge_are_numbers():
    plain = dea.efficiency([[1.0], [2.0]], [[1.0], [1.0]]).score
    for inputs in ([[2**70], [2**71]], [[Decimal("0.1")], [Decimal("0.2")]], [[1], [2]], [[1e-100], [2e-100]]):
        np.testing.assert_array_equal(dea.efficiency(inputs, [[1.0], [1.0]]).score, plain)
    np.testing.assert_array_equal(dea.efficiency([[5e99], [1e100]], [[1.0], [1.0]]).score, plain)


@pytest.mark.parametrize("returns", ["crs", "vrs", "fdh"])
@pytest.mark.parametrize("exclude_self", [False, True])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_amounts_as_far_apart_as_they_may_be_have_a_score(returns, exclude_self, orientation):
    options = {"returns_to_scale": returns, "exclude_self": exclude_self, "orientation": orientation}
    for x, y in (([[1e-100], [1e100]], [[1.0], [1.0]]), ([[1.0], [1.0]], [[1e-100], [1e100]])):
        found = dea.efficiency(x, y, **options)
        assert (np.isfinite(found.score) == (found.status == "optimal")).all()
        assert np.nanmax(found.certificate) <= 1e-8
    with pytest.raises(
        ValueError, match=r"inputs column 0 has amounts that are 1e\+200 times .* outputs column 0 2 times"
    ):
        dea.efficiency([[1e-100], [1e100]], [[1.0], [2.0]], **options)


class Nasty:
    """Whose every comparison fails, and not with a TypeError."""

    def __lt__(self, other):
        raise KeyError("geen volgorde")


#: Arguments that crashed, hung or were taken for something else.
WRONG = {
    "keys that are a number": ({"keys": 5}, r"keys is 5; give a list of keys, one per unit"),
    "keys without order": ({"keys": {1, 2, 3}}, r"keys is {1, 2, 3}; give a list of keys"),
    "keys without end": ({"keys": itertools.count()}, r"keys has more than 10000000 entries; give one per unit"),
    "keys that are a number in an array": ({"keys": np.array(5)}, r"keys cannot be read: .*; give a list of keys"),
    "keys that are tables": ({"keys": np.ones((3, 2))}, r"keys cannot be sorted: .*same type"),
    "keys that cannot be compared": ({"keys": [Nasty(), Nasty(), Nasty()]}, r"keys cannot be sorted: .*same type"),
    "complex keys": ({"keys": [1j, 2j, 3j]}, r"keys cannot be sorted: .*same type"),
    "sets for keys": (
        {"keys": [frozenset({1}), frozenset({2}), frozenset({3})]},
        r"keys rows . and . .* have no order",
    ),
    "a fixed input by itself": (
        {"fixed_inputs": 0},
        r"fixed_inputs is 0; give a list of column numbers, \(\) for none",
    ),
    "no fixed inputs in another way": ({"fixed_inputs": None}, r"fixed_inputs is None; give a list of column numbers"),
    "all inputs fixed": ({"fixed_inputs": True}, r"fixed_inputs is True; give a list of column numbers"),
    "a truth for a column": ({"fixed_inputs": [True]}, r"fixed_inputs holds True; give column numbers"),
    "a fixed input in an array": ({"fixed_inputs": np.array(0)}, r"fixed_inputs is array\(0\); give a list of column"),
    "fixed inputs without end": ({"fixed_inputs": itertools.repeat(0)}, r"fixed_inputs has more than 10000 entries"),
    "a column of 5,000 digits": (
        {"fixed_inputs": [10**5000]},
        r"fixed_inputs holds a value of type int .*; give one of",
    ),
    "a masked gate": ({"may_be_peer": np.ma.array([True] * 3, mask=[1, 0, 0])}, r"may_be_peer is masked"),
    "a ragged gate": ({"may_be_peer": [[True], [True, False], [True]]}, r"may_be_peer cannot be read.*3 booleans"),
    "ragged circumstances": ({"comparable": [[True], [True, False], [True]]}, r"comparable cannot be read.*\(3, 3\)"),
    "a function of ragged circumstances": (
        {"comparable": lambda unit: [[True], []]},
        r"comparable\(0\) cannot be read",
    ),
    "circumstances that fail": (
        {"comparable": lambda unit: {}[unit]},
        r"comparable\(0\) fails with KeyError: 0; return 3",
    ),
    "circumstances of two": ({"comparable": lambda a, b: True}, r"comparable\(0\) fails with TypeError"),
    "a choice of arrays": (
        {"returns_to_scale": np.array(["crs", "vrs"])},
        r"returns_to_scale is array.*; choose one of",
    ),
    "own reference in words": ({"own_reference": "nee"}, r"own_reference is 'nee'; give True or False"),
    "exclude_self for each": ({"exclude_self": np.ones(3, bool)}, r"exclude_self is array.*; give True or False"),
    "slacks as a number": ({"slacks": 2}, r"slacks is 2; give True or False"),
    "price bounds in words": ({"price_bounds": ("laag", "hoog")}, r"price_bounds lower is 'laag'; give numbers"),
    "price bounds of objects": (
        {"price_bounds": ([[1.0, {}], [{}, 1.0]], BAND[1])},
        r"price_bounds lower row 0, column 1: {} is not a number",
    ),
    "complex price bounds": (
        {"price_bounds": (BAND[0] + 0j, BAND[1])},
        r"price_bounds lower row 0, .* is not a number",
    ),
    "price bounds that overflow": (
        {"price_bounds": (np.array([[1.0, 1e-120], [1.0, 1.0]]), np.array([[1.0, 1.0], [1e120, 1.0]]))},
        r"price_bounds lower row 0, column 1: 1e-120 is too small",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_argument_of_another_kind_is_refused(what):
    options, message = WRONG[what]
    with pytest.raises(ValueError, match=message):
        dea.efficiency(X, Y, **options)


def test_price_bounds_that_overflow_when_chained_are_refused():
    lower = np.eye(4)
    lower[[0, 1, 2], [1, 2, 3]] = 1e90
    with np.errstate(divide="ignore"):
        upper = 1 / lower.T
    with pytest.raises(ValueError, match=r"chained together, put the price of output 0 above another .* 10\^270"):
        dea.efficiency(X, np.ones((3, 4)), price_bounds=(lower, upper))
