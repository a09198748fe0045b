"""What must hold for any data whatever."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarking import dea

FEW = settings(max_examples=25, deadline=None, derandomize=True)
BAND = np.array([[1.0, 0.5, 0.25], [1.0, 1.0, 0.5], [2.0, 1.0, 1.0]])


@st.composite
def data(draw, most=9):
    units = draw(st.integers(2, most))
    amount = st.one_of(st.integers(0, 6).map(float), st.floats(0.01, 1000))
    x = draw(arrays(float, (units, draw(st.integers(1, 2))), elements=amount))
    y = draw(arrays(float, (units, 3), elements=amount))
    x[(x == 0).all(axis=1), 0] = 1.0
    y[(y == 0).all(axis=1), 0] = 1.0
    return x, y


def scores(x, y, returns="vrs", orientation="input", **options):
    found = dea.efficiency(x, y, returns_to_scale=returns, orientation=orientation, **options)
    return np.where(np.isnan(found.score), np.inf if orientation == "input" else -np.inf, found.score)


def at_least(larger, smaller):
    return (larger >= smaller - 1e-8 * np.maximum(1, np.abs(np.nan_to_num(smaller, posinf=0, neginf=0)))).all()


@FEW
@given(data(), st.booleans())
def test_fewer_assumptions_never_make_a_home_look_worse(sets, exclude_self):
    x, y = sets
    of = {returns: scores(x, y, returns, exclude_self=exclude_self) for returns in ("fdh", "vrs", "drs", "irs", "crs")}
    assert at_least(of["fdh"], of["vrs"])
    for middle in ("drs", "irs"):
        assert at_least(of["vrs"], of[middle])
        assert at_least(of[middle], of["crs"])


@FEW
@given(data(), st.booleans())
def test_fewer_assumptions_never_make_a_home_look_worse_in_outputs(sets, exclude_self):
    x, y = sets
    of = {
        returns: scores(x, y, returns, "output", exclude_self=exclude_self)
        for returns in ("fdh", "vrs", "drs", "irs", "crs")
    }
    assert at_least(of["vrs"], of["fdh"])
    for middle in ("drs", "irs"):
        assert at_least(of[middle], of["vrs"])
        assert at_least(of["crs"], of[middle])


@FEW
@given(data(), st.sampled_from(["crs", "vrs", "drs", "irs", "fdh"]), st.sampled_from(["input", "output"]), st.data())
def test_units_of_measurement_change_nothing(sets, returns, orientation, more):
    x, y = sets
    factor = st.floats(1e-4, 1e4)
    by_x = more.draw(arrays(float, x.shape[1], elements=factor))
    by_y = more.draw(arrays(float, y.shape[1], elements=factor))
    before, after = scores(x, y, returns, orientation), scores(x * by_x, y * by_y, returns, orientation)
    np.testing.assert_allclose(after, before, rtol=1e-8, atol=1e-8)


@FEW
@given(data(), st.sampled_from(["crs", "vrs"]), st.data())
def test_units_of_measurement_change_nothing_with_price_bounds_measured_along(sets, returns, more):
    x, y = sets
    by_y = more.draw(arrays(float, 3, elements=st.floats(1e-3, 1e3)))
    # Twice as many units of half the size: the price per unit is half.
    lower = BAND * by_y[None, :] / by_y[:, None]
    before = scores(x, y, returns, price_bounds=(BAND, 1 / BAND.T))
    after = scores(x, y * by_y, returns, price_bounds=(lower, 1 / lower.T))
    np.testing.assert_allclose(after, before, rtol=1e-8, atol=1e-8)


@FEW
@given(data(), st.sampled_from(["crs", "vrs", "drs", "irs", "fdh"]), st.booleans())
def test_another_home_never_raises_anybodys_score(sets, returns, exclude_self):
    x, y = sets
    if exclude_self and len(x) < 3:
        return
    everybody = scores(x, y, returns, exclude_self=exclude_self)
    assert at_least(scores(x[:-1], y[:-1], returns, exclude_self=exclude_self), everybody[:-1])


@FEW
@given(data(), st.sampled_from(["crs", "vrs", "drs", "irs"]), st.booleans())
def test_peers_deliver_at_least_the_care_at_no_more_than_score_times_the_costs(sets, returns, bounded):
    x, y = sets
    bounds = (BAND, 1 / BAND.T) if bounded else None
    found = dea.efficiency(x, y, returns_to_scale=returns, price_bounds=bounds)
    assert found.weights.data.min() >= 0
    made = found.weights @ y
    gross = made.copy()
    if bounded:
        for r in range(3):
            for q in range(3):
                if r != q:
                    made[:, q] += found.tradeoffs[:, r, q] * BAND[r, q]
                    made[:, r] -= found.tradeoffs[:, r, q]
                    gross[:, q] += found.tradeoffs[:, r, q] * BAND[r, q]
    assert (made >= y - 1e-8 * np.maximum(gross, y)).all()
    assert (found.weights @ x <= found.score[:, None] * x * (1 + 1e-8) + 1e-12).all()


@FEW
@given(data(), st.sampled_from(["crs", "vrs", "drs", "irs"]), st.sampled_from(["input", "output"]), st.booleans())
def test_prices_and_weights_tell_the_same_score(sets, returns, orientation, exclude_self):
    x, y = sets
    found = dea.efficiency(x, y, returns_to_scale=returns, orientation=orientation, exclude_self=exclude_self)
    amounts, prices = (y, found.output_price) if orientation == "input" else (x, found.input_price)
    dual = (amounts * prices).sum(axis=1) + found.scale_price
    solved = found.status == dea.OPTIMAL
    np.testing.assert_allclose(dual[solved], found.score[solved], rtol=1e-8, atol=1e-8)
    assert (found.certificate[solved] <= 1e-8).all()


@FEW
@given(data())
def test_under_constant_returns_output_scores_are_one_over_input_scores(sets):
    x, y = sets
    np.testing.assert_allclose(scores(x, y, "crs", "output"), 1 / scores(x, y, "crs", "input"), rtol=1e-7)
