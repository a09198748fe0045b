"""Maximum likelihood of a truncated normal: right where there is a maximum, and no answer where there is none."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from benchmarking.dea import truncated_regression


def judged(values, design, *, bound=1.0, polished=True):
    """The textbook likelihood, maximised without derivatives; None if sigma runs away."""

    def minus_log_likelihood(point):
        mean, sigma = design @ point[:-1], np.exp(point[-1])
        density = -0.5 * ((values - mean) / sigma) ** 2 - np.log(sigma * np.sqrt(2 * np.pi))
        return -(density - special.log_ndtr(-(bound - mean) / sigma)).sum()

    start = np.append(np.linalg.lstsq(design, values, rcond=None)[0], np.log(values.std()))
    found = optimize.minimize(minus_log_likelihood, start, method="BFGS", options={"gtol": 1e-7})
    if polished:
        found = optimize.minimize(
            minus_log_likelihood,
            found.x,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-12, "maxfev": 3000},
        )
    sigma = np.exp(found.x[-1])
    return None if sigma > 40 * (values - bound).std() else (found.x[:-1], sigma, -found.fun)


KINDS = {
    "half normal": lambda rng, z: 1 + np.abs(rng.normal(0, 0.3, len(z))),
    "away from the bound": lambda rng, z: 3 + z[:, 1] * 0.3 + rng.normal(0, 0.1, len(z)),
    "the model itself": lambda rng, z: truncated_regression.draw(1.1 + 0.3 * z[:, 1], 0.4, bound=1.0, stream=rng),
    "gamma": lambda rng, z: 1 + rng.gamma(2, 0.2, len(z)),
    "wider than exponential": lambda rng, z: 1 + rng.gamma(0.5, 0.3, len(z)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_estimate_is_where_the_textbook_likelihood_is_largest_or_there_is_none(kind):
    seen = {True: 0, False: 0}
    seeds = 2 if kind == "wider than exponential" else 5
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        design = np.column_stack([np.ones(50), rng.standard_normal((50, 2))])
        values = KINDS[kind](rng, design)
        found, expected = truncated_regression.fit(values, design, bound=1.0), judged(values, design)
        seen[found is None] += 1
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert found.log_likelihood == pytest.approx(expected[2], abs=1e-7)
            np.testing.assert_allclose(found.coefficients, expected[0], rtol=1e-4, atol=1e-4)
            assert found.sigma == pytest.approx(expected[1], rel=1e-4)
            assert found.gradient <= 1e-9
    assert seen[kind == "wider than exponential"] == seeds


def test_a_start_elsewhere_ends_in_the_same_place():
    rng = np.random.default_rng(3)
    design = np.column_stack([np.ones(80), rng.standard_normal(80)])
    values = KINDS["the model itself"](rng, design)
    found = truncated_regression.fit(values, design, bound=1.0)
    other = truncated_regression.fit(KINDS["the model itself"](rng, design), design, bound=1.0)
    again = truncated_regression.fit(values, design, bound=1.0, start=other)
    np.testing.assert_allclose(again.coefficients, found.coefficients, rtol=1e-7)
    assert again.sigma == pytest.approx(found.sigma, rel=1e-7)


def test_the_answer_moves_along_with_the_unit_of_measurement_and_the_bound():
    rng = np.random.default_rng(4)
    design = np.column_stack([np.ones(60), rng.standard_normal(60)])
    values = KINDS["the model itself"](rng, design)
    found = truncated_regression.fit(values, design, bound=1.0)
    moved = truncated_regression.fit(1e6 * (values - 1.0) + 5e6, design, bound=5e6)
    np.testing.assert_allclose(moved.coefficients, 1e6 * (found.coefficients - [1, 0]) + [5e6, 0], rtol=1e-6)
    assert moved.sigma == pytest.approx(1e6 * found.sigma, rel=1e-6)


def test_an_exact_fit_and_values_all_the_same_have_no_estimate():
    design = np.column_stack([np.ones(20), np.arange(20.0)])
    assert truncated_regression.fit(2 + 0.1 * design[:, 1], design, bound=1.0) is None
    assert truncated_regression.fit(np.full(20, 2.0), design, bound=1.0) is None


def test_draws_are_those_of_a_truncated_normal_far_out_in_the_tail_too():
    mean = np.array([2.0, 1.0, 0.0, -3.0])
    drawn = truncated_regression.draw(mean, 0.5, bound=1.0, stream=np.random.default_rng(5))
    tail = 1 - np.random.default_rng(5).random(4)
    expected = [
        stats.truncnorm.isf(u, (1 - m) / 0.5, np.inf, loc=m, scale=0.5) for u, m in zip(tail, mean, strict=True)
    ]
    np.testing.assert_allclose(drawn, expected, rtol=1e-9)
    # Sixty deviations out the excess is exponential with mean sigma / 60, nearly.
    many = truncated_regression.draw(np.full(4000, -59.0), 1.0, bound=1.0, stream=np.random.default_rng(6))
    assert many.min() >= 1
    assert (many - 1).mean() * 60 == pytest.approx(1, abs=0.05)
