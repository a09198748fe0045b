"""Waste, or the wrong mix?"""

import numpy as np
import pytest
from scipy.optimize import linprog

from benchmarking import dea
from benchmarking.dea.cost_efficiency import cost_efficiency
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import case


def cheapest(x, y, unit, price, rts, allowed):
    """Lowest cost by the textbook programme over inputs and weights; None if there is none."""
    rows = np.flatnonzero(allowed)
    m, s, n = x.shape[1], y.shape[1], len(rows)
    # Inputs and outputs in the unit's own amounts, so that the solver is accurate.
    ax = np.hstack([-np.eye(m), x[rows].T / x[unit][:, None]])
    need = np.maximum(y[unit], 1e-300)
    made = y[unit] > 0
    ay = np.hstack([np.zeros((s, m)), -y[rows].T / need[:, None]])[made]
    total = np.hstack([np.zeros(m), np.ones(n)])
    a_ub, b_ub = np.vstack([ax, ay]), np.concatenate([np.zeros(m), -np.ones(made.sum())])
    equal = {"A_eq": total[None, :], "b_eq": [1.0]} if rts == "vrs" else {}
    if rts in ("drs", "irs"):
        sign = 1.0 if rts == "drs" else -1.0
        a_ub, b_ub = np.vstack([a_ub, sign * total]), np.append(b_ub, sign)
    value = price * x[unit] / (price @ x[unit])
    found = linprog(np.append(value, np.zeros(n)), A_ub=a_ub, b_ub=b_ub, bounds=(0, None), method="highs-ds", **equal)
    assert found.status in (0, 2)
    return found.fun if found.status == 0 else np.nan


def homes_with_staff(units=30, seed=2):
    """Hours of three kinds of staff, two products, wages that differ from home to home."""
    rng = np.random.default_rng(seed)
    y = rng.lognormal(8, 0.7, (units, 2)) * (rng.random((units, 2)) < 0.85)
    y[:, 0] += 100
    x = (y @ rng.uniform(0.5, 2, (2, 3))) * rng.lognormal(0.2, 0.3, (units, 3))
    return x, y, rng.uniform(20, 60, (units, 3))


def test_cooper_seiford_and_tones_example():
    """Introduction to DEA (2007), section 8.2: three units, two inputs, one output."""
    found = cost_efficiency([[3, 2], [1, 3], [4, 6]], [[3], [5], [6]], [4, 2], returns_to_scale="crs")
    np.testing.assert_allclose(found.cost, [0.375, 1, 0.429], atol=5e-4)
    np.testing.assert_allclose(found.technical, [0.9, 1, 0.6], atol=5e-4)
    np.testing.assert_allclose(found.allocative, [0.417, 1, 0.714], atol=5e-4)
    np.testing.assert_allclose(found.minimum_cost, [6, 10, 12], rtol=1e-9)
    np.testing.assert_allclose(found.best_inputs, [[0.6, 1.8], [1, 3], [1.2, 3.6]], rtol=1e-9)


@pytest.mark.parametrize("rts", ["crs", "vrs", "drs", "irs"])
@pytest.mark.parametrize("own_prices", [False, True])
def test_cost_is_the_textbook_programme_and_the_parts_multiply(rts, own_prices):
    x, y, wages = homes_with_staff()
    price = wages if own_prices else wages[0]
    found = cost_efficiency(x, y, price, returns_to_scale=rts)
    everybody = np.ones(30, dtype=bool)
    for unit in range(30):
        at = price[unit] if own_prices else price
        assert found.cost[unit] == pytest.approx(cheapest(x, y, unit, at, rts, everybody), abs=1e-8)
        assert found.minimum_cost[unit] == pytest.approx(found.cost[unit] * (at @ x[unit]))
        assert at @ found.best_inputs[unit] == pytest.approx(found.minimum_cost[unit], rel=1e-9)
    np.testing.assert_allclose(found.technical, judge.scores(x, y, rts=rts), atol=1e-8)
    np.testing.assert_allclose(found.technical * found.allocative, found.cost, rtol=1e-12)
    assert found.allocative.max() <= 1 + 1e-9
    assert found.allocative.min() < 0.95
    assert found.cost.max() == 1
    assert found.certificate.max() <= 1e-8
    assert set(found.status) == {dea.OPTIMAL}


def test_under_free_disposal_the_cheapest_single_example_counts():
    x, y, wages = homes_with_staff()
    found = cost_efficiency(x, y, wages, returns_to_scale="fdh")
    for unit in range(30):
        costs = [wages[unit] @ x[j] for j in range(30) if all(y[j] >= y[unit])]
        assert found.minimum_cost[unit] == pytest.approx(min(costs), rel=1e-12)


def test_farms_with_real_input_quantities_agree_with_the_textbook():
    x, y = case("pigdata")
    price = np.array([1.0, 2.0, 0.5, 3.0, 1.5, 1.0])
    found = cost_efficiency(x, y, price)
    units = range(0, len(x), 10)
    expected = [cheapest(x, y, unit, price, "vrs", np.ones(len(x), dtype=bool)) for unit in units]
    np.testing.assert_allclose(found.cost[list(units)], expected, atol=1e-8)


def test_gate_comparability_and_own_reference_decide_who_may_be_cheaper():
    x, y, wages = homes_with_staff()
    rng = np.random.default_rng(1)
    gate, alike = rng.random(30) < 0.6, rng.random((30, 30)) < 0.6
    seen = set()
    for own in (True, False):
        allowed = (gate[None, :] & alike) | (own & np.eye(30, dtype=bool))
        found = cost_efficiency(x, y, wages, may_be_peer=gate, comparable=alike, own_reference=own)
        for unit in range(30):
            expected = cheapest(x, y, unit, wages[unit], "vrs", allowed[unit])
            if np.isnan(expected):
                assert found.status[unit] == dea.INFEASIBLE
                assert np.isnan([found.cost[unit], found.allocative[unit], found.technical[unit]]).all()
                assert np.isnan(found.best_inputs[unit]).all()
            else:
                assert found.cost[unit] == pytest.approx(expected, abs=1e-8 * max(1, expected))
        seen |= set(found.status)
        assert not own or found.cost.max() <= 1
    assert seen == {dea.OPTIMAL, dea.INFEASIBLE}


def test_who_may_be_compared_with_nobody_is_told_so_and_the_others_are_not_held_up():
    x, y, wages = homes_with_staff(10)
    alike = np.ones((10, 10), dtype=bool)
    alike[4] = False
    found = cost_efficiency(x, y, wages, comparable=alike, own_reference=False)
    assert found.status[4] == dea.NO_PEER
    assert np.isnan(found.cost[4])
    assert np.isfinite(np.delete(found.cost, 4)).all()


def test_the_order_of_rows_changes_no_bit():
    x, y, wages = homes_with_staff()
    wages = wages[np.arange(30) % 4]
    order = np.random.default_rng(0).permutation(30)
    found = cost_efficiency(x, y, wages, keys=range(30))
    shuffled = cost_efficiency(x[order], y[order], wages[order], keys=order.tolist())
    for name in ("cost", "technical", "allocative", "minimum_cost", "best_inputs", "unique", "certificate"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(found, name)[order])
    with pytest.raises(ValueError, match="read-only"):
        found.cost[0] = 1


X, Y = np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones((2, 1))
REFUSED = {
    "a price of nothing": ({"prices": [1.0, 0.0]}, r"prices column 1: 0; give a finite price above 0"),
    "a negative price": ({"prices": [[1.0, 1.0], [1.0, -1.0]]}, r"prices row 1, column 1: -1; give a finite price"),
    "the key in the message": (
        {"prices": [[1.0, 1.0], [np.nan, 1.0]], "keys": ["a", "b"]},
        r"prices row 1 \(key 'b'\), column 0: nan",
    ),
    "too many prices": ({"prices": [1.0, 1.0, 1.0]}, r"prices has shape \(3,\); give 2 prices"),
    "prices in words": ({"prices": ["duur", "goedkoop"]}, r"prices cannot be read as numbers"),
    "a missing amount": ({"inputs": [[1.0, np.inf], [1.0, 1.0]]}, r"inputs row 0, column 1: inf is not a finite"),
    "nobody to compare with": (
        {"may_be_peer": [False, False], "own_reference": False},
        r"no unit has anybody to be compared with",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        cost_efficiency(**({"inputs": X, "outputs": Y, "prices": [1.0, 1.0]} | options))
