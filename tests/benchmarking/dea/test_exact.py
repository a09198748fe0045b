"""The last resort in whole numbers, and that it is taken where floating point would be wrong without saying so."""

from fractions import Fraction

import numpy as np
import pytest

from benchmarking import dea
from benchmarking.dea import exact as whole
from benchmarking.dea.efficiency import prepare
from benchmarking.dea.exact import solve_exactly
from benchmarking.dea.no_solution import is_proven
from tests.benchmarking.dea import exact_judge
from tests.benchmarking.dea.proof import shortcomings
from tests.thorough import rounds, some_of

LINEAR = ("crs", "vrs", "drs", "irs")
FORMS = {
    "input": {},
    "output": {"orientation": "output"},
    "fixed input": {"fixed_inputs": (0,)},
    "without itself": {"exclude_self": True},
    "price bounds": {"price_bounds": (np.full((3, 3), 0.5), np.full((3, 3), 2.0))},
}
#: How many rounds are drawn of a kind: of small numbers, where ties are, more; the judge takes longest over large fractions.
ROUNDS = {"small integers": 2, "ordinary": 1, "twelve decades": 1}
for bound in FORMS["price bounds"]["price_bounds"]:
    np.fill_diagonal(bound, 1.0)


def problem_of(x, y, **options):
    rest = {"keys": None, "may_be_peer": None, "comparable": None, "own_reference": True}
    rest |= {"exclude_self": False, "fixed_inputs": (), "price_bounds": None, "orientation": "input"}
    return prepare(x, y, **rest | options)[0]


def judged(x, y, returns, form, units):
    options = FORMS[form]
    told = {
        "rts": returns,
        "orientation": options.get("orientation", "input"),
        "fixed": options.get("fixed_inputs", ()),
    }
    if "exclude_self" in options:
        told["allowed"] = ~np.eye(len(x), dtype=bool)
    if "price_bounds" in options:
        told["lower"] = options["price_bounds"][0]
    return exact_judge.scores(x, y, units=units, **told)


def drawn(rng, kind, units, inputs=2, outputs=3):
    if kind == "small integers":
        x, y = rng.integers(0, 4, (units, inputs)), rng.integers(0, 4, (units, outputs))
        x[:, -1] += 1
        y[y.sum(axis=1) == 0, 0] = 1
        return x.astype(float), y.astype(float)
    exponents = {"ordinary": (0, 1), "twelve decades": (-3, 9)}[kind]
    return 10 ** rng.uniform(*exponents, (units, inputs)), 10 ** rng.uniform(*exponents, (units, outputs))


@pytest.mark.parametrize("returns", LINEAR)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["small integers", "ordinary", "twelve decades"])
def test_scores_are_the_judges_to_the_last_digit_but_one(kind, form, returns):
    rng = np.random.default_rng(LINEAR.index(returns))
    for _ in range(ROUNDS[kind]):
        x, y = drawn(rng, kind, 6)
        problem = problem_of(x, y, returns_to_scale=returns, **FORMS[form])
        found = [solve_exactly(problem, unit) for unit in range(6)]
        scores = np.array([np.nan if answer is None else answer.score for answer in found])
        units = some_of(6, 2, first=LINEAR.index(returns))
        np.testing.assert_allclose(scores[units], judged(x, y, returns, form, units), rtol=4e-16, atol=0)


@pytest.mark.parametrize("returns", LINEAR)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["small integers", "ordinary", "twelve decades"])
def test_no_score_leaves_with_a_proof_that_does_not_hold(kind, form, returns):
    rng = np.random.default_rng(100 + LINEAR.index(returns))
    for _ in range(ROUNDS[kind]):
        x, y = drawn(rng, kind, 7)
        found = dea.efficiency(x, y, returns_to_scale=returns, **FORMS[form])
        units = some_of(7, 2, first=1 + LINEAR.index(returns))
        expected = judged(x, y, returns, form, units)
        assert ((found.status == dea.OPTIMAL)[units] == np.isfinite(expected)).all()
        error = np.abs(found.score[units] - expected) / np.maximum(1.0, expected)
        assert np.nanmax(error, initial=0.0) <= 1e-8
        assert np.nanmax(found.certificate, initial=0.0) <= 1e-8


def largest_first(x, y, unit, returns, *, sign):
    """The lexicographically largest weights of all that are optimal (``sign`` -1), or the smallest, one after another."""
    n, m, s = len(x), x.shape[1], y.shape[1]
    rows = [[-Fraction(x[unit, v]), *map(Fraction, x[:, v])] for v in range(m)]
    rows += [[0, *map(Fraction, y[:, r])] for r in range(s)]
    bounds, kinds = [*[0] * m, *map(Fraction, y[unit])], [*["<="] * m, *[">="] * s]
    if returns != "crs":
        rows.append([0, *[1] * n])
        bounds.append(1)
        kinds.append({"vrs": "=", "drs": "<=", "irs": ">="}[returns])
    score = exact_judge.minimum([1] + [0] * n, rows, bounds, kinds)
    rows.append([1] + [0] * n)
    bounds.append(score)
    kinds.append("=")
    weights = []
    for peer in range(n):
        chosen = [int(k == peer + 1) for k in range(n + 1)]
        weights.append(sign * exact_judge.minimum([sign * value for value in chosen], rows, bounds, kinds))
        rows.append(chosen)
        bounds.append(weights[-1])
        kinds.append("=")
    return weights


@pytest.mark.parametrize("returns", LINEAR)
def test_of_equally_good_examples_it_names_the_one_that_the_rule_for_ties_says(returns):
    rng = np.random.default_rng(7)
    uniques = set()
    for _ in rounds(2, 4):
        x, y = drawn(rng, "small integers", 4)
        problem = problem_of(x, y, returns_to_scale=returns)
        for unit in range(4):
            found = solve_exactly(problem, unit)
            largest = largest_first(x, y, unit, returns, sign=-1)
            weights = np.zeros(4)
            weights[found.peers] = found.weights
            np.testing.assert_array_equal(weights, np.array(largest, dtype=float))
            assert found.unique == (largest == largest_first(x, y, unit, returns, sign=1))
            uniques.add(found.unique)
    assert uniques == {True, False}


@pytest.mark.parametrize("returns", LINEAR)
def test_the_second_phase_leaves_as_much_slack_as_highs_finds(returns):
    rng = np.random.default_rng(11)
    some_slack = False
    for _ in range(6):
        x, y = drawn(rng, "small integers", 6)
        plain = dea.efficiency(x, y, returns_to_scale=returns, slacks=True)
        problem = problem_of(x, y, returns_to_scale=returns)
        for unit in range(6):
            exact = solve_exactly(problem, unit, slacks=True)
            used, made = exact.slack_weights @ x[exact.slack_peers], exact.slack_weights @ y[exact.slack_peers]
            per_column = np.concatenate([exact.score * x[unit] - used, made - y[unit]])
            means = np.concatenate([x.mean(axis=0), y.mean(axis=0)])
            expected = np.concatenate([plain.input_slack[unit], plain.output_slack[unit]])
            assert (per_column / means).sum() == pytest.approx((expected / means).sum(), abs=1e-9)
            some_slack |= (expected / means).sum() > 0.1
    assert some_slack


def test_with_price_bounds_over_twelve_decades_a_score_of_one_is_not_believed():
    bounds = np.array([[1, 0.5], [0.5, 1]]), np.array([[1, 2.0], [2, 1]])
    y = np.array([[1e9, 1e6], [1e-3, 1e6]])
    found = dea.efficiency([[1.0], [1.0]], y, returns_to_scale="drs", price_bounds=bounds)
    np.testing.assert_allclose(found.score, [1.0, exact_judge.scores([[1.0], [1.0]], y, rts="drs", lower=bounds[0])[1]])
    assert found.score[1] < 0.002


def test_with_price_bounds_over_twelve_decades_what_can_be_made_is_not_called_impossible():
    bounds = np.array([[1, 0.5], [0.5, 1]]), np.array([[1, 2.0], [2, 1]])
    found = dea.efficiency(
        [[1.0]],
        [[1e9, 1e-3]],
        returns_to_scale="crs",
        price_bounds=bounds,
        reference_inputs=[[1.0]],
        reference_outputs=[[1e5, 1e7]],
    )
    # One unit of product 0 may be given for half a unit of product 1: 1e5 + 0.5e7 stands against 1e9 + 0.5e-3.
    assert found.score[0] == pytest.approx((1e9 + 0.5e-3) / (1e5 + 0.5e7), rel=1e-12)


@pytest.mark.parametrize("returns", LINEAR)
@pytest.mark.parametrize("digit", [5, 6, 7, 8, 9, 10])
def test_homes_that_are_nearly_one_are_told_apart(digit, returns):
    # Different rounds for different returns to scale: the judge takes long over such fractions.
    rng = np.random.default_rng([digit, LINEAR.index(returns)])
    x, y = drawn(rng, "ordinary", 4)
    x = np.concatenate([x, x * (1 + 10.0**-digit * rng.standard_normal(x.shape))])
    y = np.concatenate([y, y * (1 + 10.0**-digit * rng.standard_normal(y.shape))])
    found = dea.efficiency(x, y, returns_to_scale=returns)
    units = some_of(8, 2, first=digit)
    np.testing.assert_allclose(
        found.score[units], exact_judge.scores(x, y, rts=returns, units=units), rtol=0, atol=1e-8
    )


@pytest.mark.parametrize("more", [1e-3, 1e-6, 1e-9])
def test_a_home_that_makes_a_hair_more_than_all_others_has_no_score_without_itself(more):
    x, y = np.array([[1.0], [1.0], [2.0]]), np.array([[1.0 + more], [1.0], [0.5]])
    found = dea.super_efficiency(x, y, returns_to_scale="vrs")
    assert found.status.tolist() == [dea.INFEASIBLE, dea.OPTIMAL, dea.OPTIMAL]


@pytest.mark.parametrize("times", [1e9, 1e11, 1e14])
def test_however_far_ahead_of_all_others_a_home_has_a_score_without_itself(times):
    x, y = np.array([[1.0], [times], [2 * times]]), np.array([[1.0], [1.0], [1.5]])
    found = dea.super_efficiency(x, y, returns_to_scale="crs")
    np.testing.assert_allclose(found.score, exact_judge.scores(x, y, rts="crs", allowed=~np.eye(3, dtype=bool)))


@pytest.mark.parametrize("returns", LINEAR)
def test_asked_for_whole_numbers_everybody_is_solved_that_way(returns):
    x, y = drawn(np.random.default_rng(3), "small integers", 9)
    gate = np.arange(9) % 3 > 0
    plain = dea.efficiency(x, y, returns_to_scale=returns, may_be_peer=gate, slacks=True)
    exact = dea.efficiency(x, y, returns_to_scale=returns, may_be_peer=gate, slacks=True, exact=True)
    assert exact.fallback.all()
    assert not plain.fallback.all()
    np.testing.assert_array_equal(exact.certificate, 0.0)
    np.testing.assert_allclose(exact.score, plain.score, rtol=0, atol=1e-12)
    np.testing.assert_allclose(exact.weights.toarray(), plain.weights.toarray(), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(exact.unique, plain.unique)


def test_whole_numbers_know_who_has_nobody_to_be_compared_with():
    x, y = np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]])
    comparable = np.array([[False, False], [True, False]])
    found = dea.efficiency(x, y, comparable=comparable, own_reference=False, exact=True)
    assert found.status.tolist() == [dea.NO_PEER, dea.OPTIMAL]
    assert found.score[1] == 0.5


def test_a_tiny_score_is_right_as_a_share_of_itself():
    # Scores are divided by one another in scale efficiency and the Malmquist index.
    x = np.array([[69.88448213670331], [1.025511943904647], [43166458.44857853]])
    y = np.array(
        [
            [96492087.95108873, 17.030000852450222, 866127.01442288922],
            [14927711.625359958, 94864485.619346216, 646298.79840376996],
            [3249.2682987008366, 15.705189376533609, 46.437379924257634],
        ]
    )
    found = dea.efficiency(x, y, returns_to_scale="crs")
    np.testing.assert_allclose(found.score, exact_judge.scores(x, y, rts="crs"), rtol=1e-8)
    moved = np.array([[1.0], [1.0], [0.5]]), np.array([[1.0], [1.0], [1.3]])
    later = dea.malmquist((x, y, "abc"), (x * moved[0], y * moved[1], "abc"), deflator=1.0, index_name="geen")
    assert later.index[2] == pytest.approx(2.6, rel=1e-8)


def test_bounds_that_rounding_sets_against_each_other_do_not_make_something_from_nothing():
    lower = np.array([[1, round(2 / 3, 10)], [1.5, 1]])
    x, y = np.array([[4.0], [8.0], [12.0], [20.0]]), np.array([[3.0, 4], [4, 4], [5, 3], [4, 10]])
    # A tenth of a milliard below two thirds, so that the chain comes back with a loss: what the bounds mean.
    meant = lower - np.array([[0, 1e-10], [0, 0]])
    for exact in (False, True):
        found = dea.efficiency(x, y, returns_to_scale="crs", price_bounds=(lower, 1 / lower.T), exact=exact)
        np.testing.assert_allclose(found.score, exact_judge.scores(x, y, rts="crs", lower=meant), rtol=0, atol=1e-8)


def test_exact_arithmetic_takes_price_bounds_as_they_are():
    # Home 0 may give one unit of product 0 for half a unit of product 1: then it makes exactly what home 1 makes.
    bounds = FORMS["price bounds"]["price_bounds"][0][:2, :2], FORMS["price bounds"]["price_bounds"][1][:2, :2]
    found = dea.efficiency([[1.0], [2.0]], [[2.0, 1.0], [1.0, 1.5]], price_bounds=bounds, exact=True)
    np.testing.assert_array_equal(found.score, [1.0, 0.5])


@pytest.mark.parametrize("returns", LINEAR)
@pytest.mark.parametrize("form", ["input", "fixed input", "price bounds"])
def test_its_prices_prove_its_scores(form, returns):
    x, y = drawn(np.random.default_rng(5), "ordinary", 8)
    options = FORMS[form]
    found = dea.efficiency(x, y, returns_to_scale=returns, exact=True, **options)
    plain = dea.efficiency(x, y, returns_to_scale=returns, **options)
    told = {"fixed": options.get("fixed_inputs", ())}
    if "price_bounds" in options:
        told["lower"] = options["price_bounds"][0]
    assert np.nanmax(shortcomings(found, x, y, rts=returns, **told)) <= 1e-12
    sure = found.own_prices_unique
    assert sure.any()
    assert not (sure & ~plain.own_prices_unique).any()
    np.testing.assert_allclose(found.output_price[sure], plain.output_price[sure], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("returns", LINEAR)
def test_bringing_in_the_first_cheap_column_leads_to_the_same_scores(returns, monkeypatch):
    monkeypatch.setattr(whole, "STEPS", 0)
    x, y = drawn(np.random.default_rng(8), "small integers", 8)
    problem = problem_of(x, y, returns_to_scale=returns)
    scores = [solve_exactly(problem, unit).score for unit in range(8)]
    np.testing.assert_allclose(scores, exact_judge.scores(x, y, rts=returns), rtol=4e-16, atol=0)


def test_of_hundreds_of_equally_good_homes_the_first_is_the_peer():
    size = np.arange(1.0, 241.0)[::-1]
    problem = problem_of(size[:, None], np.outer(size, [1.0, 2.0, 3.0]), returns_to_scale="crs")
    found = solve_exactly(problem, 17)
    assert found.peers.tolist() == [0]
    assert not found.unique


@pytest.mark.parametrize("returns", LINEAR)
@pytest.mark.parametrize("form", ["without itself", "output", "fixed input", "price bounds"])
def test_prices_never_prove_that_what_can_be_done_cannot(form, returns):
    rng = np.random.default_rng(LINEAR.index(returns))
    options = {**FORMS[form], "exclude_self": True}
    told = {"orientation": options.get("orientation", "input"), "fixed": options.get("fixed_inputs", ())}
    if "price_bounds" in options:
        told["lower"] = options["price_bounds"][0]
    proven = 0
    for _ in rounds(5, 12):
        x, y = drawn(rng, "small integers", 5)
        problem = problem_of(x, y, returns_to_scale=returns, **options)
        possible = np.isfinite(exact_judge.scores(x, y, rts=returns, allowed=~np.eye(5, dtype=bool), **told))
        for unit in range(5):
            for _ in range(12):
                input_price = rng.random(2) * rng.integers(0, 2, 2) * 10.0 ** rng.integers(-2, 3)
                output_price = rng.random(3) * rng.integers(0, 2, 3)
                if is_proven(problem, unit, input_price, output_price):
                    proven += 1
                    assert not possible[unit]
    # In output orientation weights of zero always do where nothing asks for more.
    assert (proven > 0) == (form != "output" or returns in ("vrs", "irs"))


@pytest.mark.parametrize("returns", ["vrs", "drs"])
@pytest.mark.parametrize("more", [-1e-3, -1e-9, 0.0])
def test_who_just_comes_up_to_what_is_asked_is_no_proof(more, returns):
    x, y = np.array([[1.0], [1.0]]), np.array([[1.0 + more], [1.0]])
    problem = problem_of(x, y, returns_to_scale=returns, exclude_self=True)
    assert not is_proven(problem, 0, np.zeros(1), np.ones(1))
    assert is_proven(
        problem_of(x + 0, y * [[1.1], [1.0]], returns_to_scale=returns, exclude_self=True), 0, np.zeros(1), np.ones(1)
    )
