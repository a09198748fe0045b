"""Scores corrected for circumstances that differ from those of the own peers."""

import numpy as np
import pytest
from scipy import sparse

from benchmarking import dea
from benchmarking.dea.peer_difference import peer_difference
from tests.benchmarking.dea.data import homes


def round_of_homes(units=40, seed=3):
    """Scores and peers of made-up homes, with two circumstances and something like bias-corrected scores."""
    rng = np.random.default_rng(seed)
    x, y = homes(units, 3, seed=seed)
    found = dea.efficiency(x, y)
    factors = rng.normal([50, 3], [10, 1], (units, 2))
    return found.score, found.weights, x[:, 0], factors, found.score - rng.uniform(0.02, 0.08, units)


def by_hand(scores, weights, costs, factors, bias_corrected, cap, rows):
    """Unit by unit, in loops, with least squares of numpy."""
    weights = weights.toarray()
    difference = np.zeros_like(factors)
    for i in range(len(scores)):
        norm = sum(weights[i, j] * costs[j] for j in range(len(costs)))
        for k in range(factors.shape[1]):
            target = sum(weights[i, j] * costs[j] / norm * factors[j, k] for j in range(len(costs)))
            difference[i, k] = factors[i, k] - target
    design = np.column_stack([np.ones(len(rows)), difference[rows]])
    beta, rest, *_ = np.linalg.lstsq(design, bias_corrected[rows], rcond=None)
    variance = rest[0] / (len(rows) - design.shape[1])
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    corrected = [s - min(cap, max(-cap, float(d @ beta[1:]))) for s, d in zip(scores, difference, strict=True)]
    return np.array(corrected), difference, beta, errors


@pytest.mark.parametrize("cap", [0.40, 0.01])
def test_it_is_the_documented_arithmetic(cap):
    scores, weights, costs, factors, bias_corrected = round_of_homes()
    rows = np.flatnonzero(np.random.default_rng(0).random(40) < 0.8)
    found = peer_difference(
        scores,
        weights,
        costs,
        factors,
        bias_corrected=bias_corrected,
        cap=cap,
        in_regression=np.isin(np.arange(40), rows),
        factor_names=["urbanity", "absence"],
    )
    corrected, difference, beta, errors = by_hand(scores, weights, costs, factors, bias_corrected, cap, rows)
    np.testing.assert_allclose(found.difference, difference, atol=1e-10)
    np.testing.assert_allclose(found.coefficient, beta[1:], rtol=1e-8)
    assert found.intercept == pytest.approx(beta[0], rel=1e-9)
    np.testing.assert_allclose(found.standard_error, errors[1:], rtol=1e-8)
    np.testing.assert_allclose(found.corrected, corrected, atol=1e-10)
    np.testing.assert_allclose(found.correction, corrected - scores, atol=1e-10)
    assert found.names == ("urbanity", "absence")
    assert found.units == len(rows)
    assert found.capped.any() == (cap < 0.1)
    np.testing.assert_array_equal(found.capped, np.abs(difference @ beta[1:]) > cap)
    assert np.abs(found.correction).max() <= cap


def test_an_effect_that_is_there_is_taken_out_of_the_score_and_the_constant_is_not():
    # Three homes at the frontier; every other has one peer, and loses 0.02 of score per point of urbanity above its.
    rng = np.random.default_rng(1)
    urbanity = np.append([10.0, 20.0, 30.0], rng.uniform(10, 40, 30))
    peer = np.append([0, 1, 2], rng.integers(0, 3, 30))
    bias_corrected = 0.8 - 0.02 * (urbanity - urbanity[peer])
    scores = np.where(np.arange(33) < 3, 1.0, bias_corrected + 0.05)
    weights = np.zeros((33, 33))
    weights[np.arange(33), peer] = 0.7
    found = peer_difference(
        scores, weights, np.full(33, 5e6), urbanity[:, None], bias_corrected=bias_corrected, cap=np.inf
    )
    assert found.coefficient[0] == pytest.approx(-0.02)
    assert found.intercept == pytest.approx(0.8)
    assert found.r_squared == pytest.approx(1.0)
    np.testing.assert_allclose(found.corrected[3:], 0.85)
    # Who is its own only peer keeps its score to the bit.
    assert found.corrected[:3].tolist() == [1.0, 1.0, 1.0]
    assert found.difference[:3].tolist() == [[0.0], [0.0], [0.0]]


def test_what_leaves_the_range_of_a_score_is_flagged_and_not_clipped():
    z = np.array([[0.0], [10.0], [-10.0], [5.0]])
    weights = np.array([[1.0, 0, 0, 0]] * 4)
    scores = np.array([1.0, 0.2, 0.9, 0.6])
    found = peer_difference(scores, weights, np.ones(4), z, bias_corrected=0.5 + 0.03 * z[:, 0], cap=0.4)
    np.testing.assert_allclose(found.corrected, [1.0, -0.1, 1.2, 0.45])
    assert found.outside.tolist() == [False, True, True, False]


def test_a_home_without_a_score_gets_none_and_takes_no_part():
    scores, weights, costs, factors, bias_corrected = round_of_homes()
    scores, bias_corrected = scores.copy(), bias_corrected.copy()
    inefficient = np.flatnonzero(scores < 1)
    scores[inefficient[0]] = np.nan
    bias_corrected[inefficient[1]] = np.nan
    keep = np.ones(40)
    keep[inefficient[0]] = 0
    found = peer_difference(
        scores, sparse.diags_array(keep) @ weights, costs, factors, bias_corrected=bias_corrected, cap=0.4
    )
    assert np.isnan([found.corrected[inefficient[0]], found.correction[inefficient[0]]]).all()
    assert not found.outside[inefficient[0]]
    assert np.isfinite(found.corrected[inefficient[1]])
    assert found.units == 38
    assert np.flatnonzero(~found.in_regression).tolist() == inefficient[:2].tolist()


def test_peers_from_elsewhere_bring_their_own_circumstances():
    scores, weights, costs, factors, bias_corrected = round_of_homes()
    whole = peer_difference(scores, weights, costs, factors, bias_corrected=bias_corrected, cap=0.4)
    half = peer_difference(
        scores[:20],
        weights[:20],
        costs,
        factors[:20],
        bias_corrected=bias_corrected[:20],
        reference_factors=factors,
        cap=0.4,
    )
    np.testing.assert_allclose(half.difference, whole.difference[:20], atol=1e-12)


def test_the_order_of_rows_changes_no_bit():
    scores, weights, costs, factors, bias_corrected = round_of_homes()
    order = np.random.default_rng(2).permutation(40)
    found = peer_difference(scores, weights, costs, factors, bias_corrected=bias_corrected, cap=0.4, keys=range(40))
    shuffled = peer_difference(
        scores[order],
        sparse.csr_array(weights.toarray()[np.ix_(order, order)]),
        costs[order],
        factors[order],
        bias_corrected=bias_corrected[order],
        cap=0.4,
        keys=order.tolist(),
    )
    np.testing.assert_array_equal(shuffled.corrected, found.corrected[order])
    np.testing.assert_array_equal(shuffled.difference, found.difference[order])
    np.testing.assert_array_equal(shuffled.coefficient, found.coefficient)
    with pytest.raises(ValueError, match="read-only"):
        found.corrected[0] = 1


Z = np.array([[0.0], [1.0], [3.0], [2.0]])
GOOD = {
    "scores": [1.0, 0.8, 0.7, 0.9],
    "weights": np.array([[1.0, 0, 0, 0]] * 4),
    "costs": [5.0, 6.0, 7.0, 8.0],
    "factors": Z,
    "bias_corrected": [0.9, 0.7, 0.6, 0.8],
    "cap": 0.4,
}
REFUSED = {
    "scores as a table": ({"scores": Z}, r"scores has shape \(4, 1\); give one score per unit"),
    "an infinite score": ({"scores": [1, np.inf, 1, 1]}, r"scores row 1: inf is not a finite number"),
    "weights of fewer homes": ({"weights": np.eye(3)}, r"weights has shape \(3, 3\) for 4 scores"),
    "a list of weights": ({"weights": [1.0, 1.0]}, r"weights has shape \(2,\); give one row per unit"),
    "a negative weight": (
        {"weights": np.array([[1.0, 0, 0, 0]] * 2 + [[0, -1.0, 0, 0]] + [[1.0, 0, 0, 0]])},
        r"weights row 2, column 1: -1; give the weights of efficiency",
    ),
    "a missing weight": ({"weights": np.full((4, 4), np.nan)}, r"weights row 0, column 0: nan"),
    "a score without peers": ({"weights": np.zeros((4, 4))}, r"weights row 0: the unit has a score and no peer"),
    "a peer without costs": ({"costs": [0.0, 6, 7, 8]}, r"costs row 0: 0 is not positive.*supply its costs"),
    "missing costs": ({"costs": [1.0, np.nan, 7, 8]}, r"costs row 1: nan is not a finite number"),
    "costs of fewer homes": ({"costs": [5.0]}, r"costs has shape \(1,\); give 4 numbers"),
    "a missing factor": ({"factors": [[0.0], [1.0], [np.nan], [2.0]]}, r"factors row 2, column 0 \('factor 0'\): nan"),
    "a factor that is the same as the peers'": (
        {"factors": np.full((4, 1), 2.0), "factor_names": ["urbanity"]},
        r"factors column 0 \('urbanity'\) is 0 for every unit in the regression, as a difference from its peers",
    ),
    "factors that follow from each other": (
        {"factors": np.hstack([Z, 2 * Z]), "in_regression": None},
        r"factors column 1 \('factor 1'\) follows exactly from 'factor 0'",
    ),
    "more factors than homes": (
        {"factors": np.hstack([Z, Z**2, Z**3])},
        r"at least 5 units in the regression for 3 factor\(s\), and there are 4; use fewer factors",
    ),
    "nobody in the regression": ({"in_regression": np.zeros(4, dtype=bool)}, r"at least 3 units .* there are 0"),
    "one home": (
        {name: GOOD[name][:1] for name in ("scores", "costs", "factors", "bias_corrected")} | {"weights": [[1.0]]},
        r"at least 3 units .* there are 1",
    ),
    "a regression of numbers": ({"in_regression": [1, 1, 1, 1]}, r"in_regression has .*type int.*give 4 booleans"),
    "no cap": ({"cap": 0}, r"cap is 0; give a number above 0"),
    "a cap that is no number": ({"cap": np.nan}, r"cap is nan; give a number above 0"),
    "peers from elsewhere without circumstances": (
        {"weights": np.ones((4, 2)), "costs": [1.0, 2.0]},
        r"weights has 2 columns for 4 units; give reference_factors",
    ),
    "a key twice": ({"keys": ["a", "b", "a", "c"]}, r"keys rows 0 and 2 are both 'a'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        peer_difference(**(GOOD | options))
