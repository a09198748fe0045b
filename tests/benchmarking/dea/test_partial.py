"""Frontiers that a few extreme homes do not decide."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from benchmarking import dea
from benchmarking.dea.partial import order_alpha, order_m
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import ORIENTATIONS, case, hard_sets, homes


def dominating(x, y, unit, orientation, allowed):
    """Ratio of every allowed unit that makes as much (uses as little), found one by one."""
    ratios = []
    for j in np.flatnonzero(allowed):
        if orientation == "input":
            if all(y[j] >= y[unit]) and all(x[j][x[unit] == 0] == 0):
                ratios.append(max(x[j][i] / x[unit][i] for i in range(x.shape[1]) if x[unit][i] > 0))
        elif all(x[j] <= x[unit]):
            ratios.append(min(y[j][r] / y[unit][r] for r in range(y.shape[1]) if y[unit][r] > 0))
    return ratios


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_order_m_is_the_mean_best_of_all_possible_draws(orientation):
    x, y = homes(12, 2, seed=2, zeros=0.2)
    x = np.column_stack([x, x[::-1] * 0.5])
    best = min if orientation == "input" else max
    everybody = np.ones(12, dtype=bool)
    sizes = set()
    for m in (1, 3):
        found = order_m(x, y, m=m, orientation=orientation)
        for unit in range(12):
            ratios = dominating(x, y, unit, orientation, everybody)
            expected = np.mean([best(drawn) for drawn in itertools.product(ratios, repeat=m)])
            assert found.score[unit] == pytest.approx(expected, rel=1e-12)
            assert found.compared[unit] == len(ratios)
            sizes.add(len(ratios))
        assert (found.simulation_error == 0).all()
    assert max(sizes) > 3


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("name", ["homes", "charnes1981", "inputs not used", "small integers"])
def test_with_very_many_drawn_and_with_alpha_one_it_is_the_free_disposal_hull(name, orientation):
    x, y = homes(50, 2, seed=5) if name == "homes" else hard_sets()[name] if " " in name else case(name)
    hull = judge.scores(x, y, rts="fdh", orientation=orientation)
    np.testing.assert_allclose(order_m(x, y, m=100_000, orientation=orientation).score, hull, rtol=1e-9)
    np.testing.assert_allclose(order_alpha(x, y, alpha=1, orientation=orientation).score, hull, rtol=1e-12)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_simulation_agrees_with_the_exact_value_within_its_own_error(orientation):
    x, y = homes(40, 1, seed=7, zeros=0)
    exact = order_m(x, y, m=10, orientation=orientation)
    found = order_m(x, y, m=10, replications=400, seed=3, orientation=orientation)
    uncertain = found.simulation_error > 0
    assert uncertain.sum() > 20
    distance = np.abs(found.score - exact.score)
    assert (distance[uncertain] / found.simulation_error[uncertain]).max() < 4.5
    np.testing.assert_allclose(found.score[~uncertain], exact.score[~uncertain], rtol=1e-2)
    assert distance.max() > 0
    more = order_m(x, y, m=10, replications=6400, seed=3, orientation=orientation)
    assert np.median(more.simulation_error[uncertain] / found.simulation_error[uncertain]) == pytest.approx(
        0.25, rel=0.15
    )


@pytest.mark.parametrize("alpha", [0.95, 0.9, 0.75, 0.5, 0.1])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_order_alpha_is_the_quantile_of_its_definition_in_exact_arithmetic(orientation, alpha):
    x, y = homes(40, 1, seed=1, zeros=0)
    found = order_alpha(x, y, alpha=alpha, orientation=orientation)
    for unit in range(40):
        ratios = dominating(x, y, unit, orientation, np.ones(40, dtype=bool))
        outside = 1 - Fraction(str(alpha))
        if orientation == "input":
            reached = [t for t in ratios if Fraction(sum(r <= t for r in ratios), len(ratios)) > outside]
            expected = min(reached)
        else:
            reached = [t for t in ratios if Fraction(sum(r >= t for r in ratios), len(ratios)) > outside]
            expected = max(reached)
        assert found.score[unit] == expected


def test_a_miracle_moves_the_hull_and_hardly_the_partial_frontiers():
    x, y = homes(60, 1, seed=9, zeros=0)
    miracle = x.copy()
    largest = int(y[:, 0].argmax())
    miracle[largest] = x.min() / 4
    moved = {
        "hull": judge.scores(miracle, y, rts="fdh") / judge.scores(x, y, rts="fdh"),
        "m": order_m(miracle, y, m=10).score / order_m(x, y, m=10).score,
        "alpha": order_alpha(miracle, y, alpha=0.9).score / order_alpha(x, y, alpha=0.9).score,
    }
    small = y[:, 0] < np.median(y)
    assert np.median(moved["hull"][small]) < 0.5
    assert np.median(moved["m"][small]) > 0.7
    assert np.median(moved["alpha"][small]) > 0.9


def test_better_than_the_partial_frontier_is_a_score_above_one():
    x, y = homes(40, 2, seed=4)
    assert order_m(x, y, m=5).score.max() > 1
    assert order_alpha(x, y, alpha=0.8).score.max() > 1
    assert order_m(x, y, m=5, orientation="output").score.min() < 1


def test_who_is_in_the_pool_follows_gate_comparability_and_own_reference():
    x, y = homes(25, 2, seed=6)
    rng = np.random.default_rng(0)
    gate, alike = rng.random(25) < 0.6, rng.random((25, 25)) < 0.6
    for own in (True, False):
        allowed = gate[None, :] & alike
        if own:
            allowed = allowed | np.eye(25, dtype=bool)
        found = order_m(x, y, m=2, may_be_peer=gate, comparable=alike, own_reference=own)
        for unit in range(25):
            ratios = dominating(x, y, unit, "input", allowed[unit])
            assert found.compared[unit] == len(ratios)
            if ratios:
                expected = np.mean([min(pair) for pair in itertools.product(ratios, repeat=2)])
                assert found.score[unit] == pytest.approx(expected, rel=1e-12)
                assert found.status[unit] == dea.OPTIMAL
            else:
                assert np.isnan(found.score[unit])
                assert found.status[unit] == dea.INFEASIBLE
        assert (found.status == dea.INFEASIBLE).any() == (not own)
    nobody = np.ones((25, 25), dtype=bool)
    nobody[3] = False
    assert order_alpha(x, y, alpha=0.9, comparable=nobody, own_reference=False).status[3] == dea.NO_PEER


def test_the_order_of_rows_changes_no_bit():
    x, y = homes(30, 2, seed=8)
    order = np.random.default_rng(1).permutation(30)
    options = ({"m": 7}, {"m": 7, "replications": 50, "seed": 2})
    for option in options:
        found = order_m(x, y, keys=range(30), **option)
        shuffled = order_m(x[order], y[order], keys=order.tolist(), **option)
        np.testing.assert_array_equal(shuffled.score, found.score[order])
        np.testing.assert_array_equal(shuffled.simulation_error, found.simulation_error[order])
    found = order_alpha(x, y, alpha=0.9, keys=range(30))
    np.testing.assert_array_equal(order_alpha(x[order], y[order], alpha=0.9).score, found.score[order])
    with pytest.raises(ValueError, match="read-only"):
        found.score[0] = 1


X, Y = np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]])
REFUSED = {
    "nobody drawn": (order_m, {"m": 0}, r"m is 0; give a whole number of 1 or more"),
    "half a home drawn": (order_m, {"m": 2.5}, r"m is 2.5; give a whole number"),
    "a simulation without seed": (order_m, {"m": 2, "replications": 50}, r"replications and seed belong together"),
    "a seed without simulation": (order_m, {"m": 2, "seed": 1}, r"replications and seed belong together"),
    "one replication": (
        order_m,
        {"m": 2, "replications": 1, "seed": 1},
        r"replications is 1; give a whole number of 2",
    ),
    "alpha 0": (order_alpha, {"alpha": 0}, r"alpha is 0; give a number between 0 and 1"),
    "alpha above 1": (order_alpha, {"alpha": 1.5}, r"alpha is 1.5; give a number between 0 and 1"),
    "alpha in words": (order_alpha, {"alpha": "hoog"}, r"alpha is 'hoog'; give a number"),
    "a missing cost": (order_m, {"m": 2, "inputs": [[1.0], [np.nan]]}, r"inputs row 1, column 0: nan is not a finite"),
    "an unknown orientation": (order_alpha, {"alpha": 0.9, "orientation": "both"}, r"orientation is 'both'"),
    "nobody to compare with": (
        order_alpha,
        {"alpha": 0.9, "may_be_peer": [False, False], "own_reference": False},
        r"no unit has anybody to be compared with",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    function, options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        function(**({"inputs": X, "outputs": Y} | options))


def test_one_home_is_compared_with_itself():
    assert order_m(X[:1], Y[:1], m=5).score.tolist() == [1.0]
    assert order_alpha(X[:1], Y[:1], alpha=0.5).score.tolist() == [1.0]
