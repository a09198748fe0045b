"""Price bounds, fixed inputs, slacks, and the duals that come with every score."""

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import ORIENTATIONS, RETURNS, case, homes
from tests.benchmarking.dea.test_scores import assert_same_scores

X, Y = homes(30, 4, seed=21)
LINEAR = RETURNS[:4]
TARIFFS = np.array([120.0, 190.0, 250.0, 320.0])


def band(factor):
    ratio = TARIFFS[:, None] / TARIFFS[None, :]
    return ratio / factor, ratio * factor


def two_inputs():
    rng = np.random.default_rng(4)
    share = rng.uniform(0.2, 0.6, 30)
    return np.column_stack([X[:, 0] * share, X[:, 0] * (1 - share)]), Y


@pytest.mark.parametrize("factor", [1.0, 1.5, 10.0])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("returns", LINEAR)
def test_price_bounds_give_the_textbooks_scores_and_prices_within_the_bounds(returns, orientation, factor):
    lower, upper = band(factor)
    found = dea.efficiency(X, Y, returns_to_scale=returns, orientation=orientation, price_bounds=(lower, upper))
    assert_same_scores(found.score, judge.scores(X, Y, rts=returns, orientation=orientation, lower=lower))
    assert found.certificate.max() <= 1e-8
    prices = found.output_price
    # The smallest home's price of care may be zero altogether (variable returns), never of one product alone.
    assert ((prices > 0).all(axis=1) | (prices == 0).all(axis=1)).all()
    slack = 1 + 1e-7
    assert (prices[:, :, None] * slack >= lower * prices[:, None, :]).all()
    assert (prices[:, :, None] <= upper * prices[:, None, :] * slack).all()


def test_tradeoffs_make_up_what_the_peers_do_not_deliver():
    lower, upper = band(1.2)
    found = dea.efficiency(X, Y, price_bounds=(lower, upper))
    made = found.weights @ Y
    for r in range(4):
        for q in range(4):
            made[:, q] += found.tradeoffs[:, r, q] * lower[r, q] * (r != q)
            made[:, r] -= found.tradeoffs[:, r, q] * (r != q)
    assert (found.tradeoffs > 0).any()
    assert (found.tradeoffs >= 0).all()
    np.testing.assert_allclose(made - found.output_slack, Y, rtol=1e-8, atol=1e-5)


def test_one_sided_price_bounds_bind_on_one_side_only():
    lower, upper = np.zeros((4, 4)), np.full((4, 4), np.inf)
    lower[3, 0], upper[0, 3] = 1.5, 1 / 1.5
    found = dea.efficiency(X, Y, price_bounds=(lower, upper))
    assert_same_scores(found.score, judge.scores(X, Y, rts="vrs", lower=lower))
    assert (found.output_price[:, 3] >= 1.5 * found.output_price[:, 0] - 1e-12).all()


def test_bounds_under_which_a_product_not_delivered_still_counts():
    # Without the second row, unit 0 would be said to need only a third of its costs.
    x, y = np.array([[3.0], [1.0]]), np.array([[1.0, 1.0], [1.0, 0.0]])
    lower = np.array([[1.0, 1.0], [1.0, 1.0]])
    found = dea.efficiency(x, y, returns_to_scale="crs", price_bounds=(lower, lower))
    np.testing.assert_allclose(found.score, [2 / 3, 1.0])


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("returns", RETURNS)
def test_fixed_inputs_are_not_reduced(returns, own):
    x, y = two_inputs()
    found = dea.efficiency(x, y, returns_to_scale=returns, fixed_inputs=[1], exclude_self=not own)
    allowed = np.ones((30, 30), bool) if own else ~np.eye(30, dtype=bool)
    assert_same_scores(found.score, judge.scores(x, y, rts=returns, fixed=(1,), allowed=allowed))
    solved = found.status == dea.OPTIMAL
    used = (found.weights @ x)[solved]
    assert (used[:, 1] <= x[solved, 1] * (1 + 1e-9)).all()
    assert (used[:, 0] <= found.score[solved] * x[solved, 0] * (1 + 1e-9)).all()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("returns", LINEAR)
def test_prices_add_up_to_the_score(returns, orientation):
    x, y = case("charnes1981") if orientation == "output" else two_inputs()
    found = dea.efficiency(x, y, returns_to_scale=returns, orientation=orientation)
    spent, earned = (found.input_price * x).sum(axis=1), (found.output_price * y).sum(axis=1)
    if orientation == "input":
        np.testing.assert_allclose(spent, 1, atol=1e-9)
        np.testing.assert_allclose(earned + found.scale_price, found.score, atol=1e-9)
        surplus = x @ found.input_price.T - y @ found.output_price.T - found.scale_price
    else:
        np.testing.assert_allclose(earned, 1, atol=1e-9)
        np.testing.assert_allclose(spent + found.scale_price, found.score, atol=1e-9)
        surplus = x @ found.input_price.T - y @ found.output_price.T + found.scale_price
    assert surplus.min() >= -1e-9
    assert found.input_price.min() >= 0
    assert found.output_price.min() >= 0
    if returns == "crs":
        assert not found.scale_price.any()


def test_prices_with_fixed_inputs_add_up_to_the_score():
    x, y = two_inputs()
    found = dea.efficiency(x, y, fixed_inputs=[1])
    np.testing.assert_allclose(found.input_price[:, 0] * x[:, 0], 1, atol=1e-9)
    earned = (found.output_price * y).sum(axis=1) + found.scale_price - found.input_price[:, 1] * x[:, 1]
    np.testing.assert_allclose(earned, found.score, atol=1e-9)


@pytest.mark.parametrize("returns", RETURNS)
def test_peers_at_their_weights_deliver_the_care_at_score_times_the_costs(returns):
    found = dea.efficiency(X, Y, returns_to_scale=returns)
    np.testing.assert_allclose(found.weights @ Y - found.output_slack, Y, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found.weights @ X + found.input_slack, found.score[:, None] * X, rtol=1e-9)
    assert found.output_slack.min() >= 0
    assert found.input_slack.min() >= 0
    total = np.asarray(found.weights.sum(axis=1)).ravel()
    if returns in ("vrs", "fdh"):
        np.testing.assert_allclose(total, 1, atol=1e-9)


def slack_sum(found, x, y):
    return (found.input_slack / x.mean(axis=0)).sum(axis=1) + (found.output_slack / y.mean(axis=0)).sum(axis=1)


@pytest.mark.parametrize("returns", RETURNS)
def test_the_second_phase_finds_the_largest_slacks(returns):
    rng = np.random.default_rng(6)
    x, y = rng.integers(1, 5, (25, 2)).astype(float), rng.integers(1, 4, (25, 2)).astype(float)
    found = dea.efficiency(x, y, returns_to_scale=returns, slacks=True)
    plain = dea.efficiency(x, y, returns_to_scale=returns)
    expected = judge.slack_sums(x, y, found.score, rts=returns)
    np.testing.assert_allclose(slack_sum(found, x, y), expected, atol=1e-7)
    if returns in ("vrs", "fdh"):
        assert (slack_sum(plain, x, y) < expected - 1e-3).any()
    np.testing.assert_array_equal(found.score, plain.score)
    np.testing.assert_array_equal(found.weights.toarray(), plain.weights.toarray())


def test_no_slack_is_left_uncounted_where_the_weights_are_the_only_ones():
    found = dea.efficiency(X, Y, slacks=True)
    np.testing.assert_allclose(slack_sum(found, X, Y), judge.slack_sums(X, Y, found.score, rts="vrs"), atol=1e-6)


def test_slacks_with_price_bounds_count_what_is_traded():
    lower, upper = band(1.5)
    found = dea.efficiency(X, Y, price_bounds=(lower, upper), slacks=True)
    expected = judge.slack_sums(X, Y, found.score, rts="vrs", lower=lower)
    np.testing.assert_allclose(slack_sum(found, X, Y), expected, atol=1e-6)
