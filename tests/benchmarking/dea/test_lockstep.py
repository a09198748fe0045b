"""Scores of all units at once: right for every model and every rule about who may be compared with whom."""

import itertools

import numpy as np
import pytest

from benchmarking import dea
from benchmarking.dea.certificate import certify
from benchmarking.dea.efficiency import prepare
from benchmarking.dea.solve import FEW
from tests.benchmarking.dea import exact_judge, judge
from tests.benchmarking.dea.data import RETURNS, homes_of, sizes
from tests.benchmarking.dea.proof import shortcomings
from tests.benchmarking.dea.test_scores import assert_same_scores
from tests.thorough import rounds, some_of

LINEAR = RETURNS[:4]
N = 24
SELF = np.eye(N, dtype=bool)
GATE = np.random.default_rng(1).random(N) < 0.6
HARDER = np.random.default_rng(2).random((N, N)) < 0.5
TARIFFS = np.array([120.0, 190.0, 250.0, 320.0])
LOWER = TARIFFS[:, None] / TARIFFS / 1.5
BAND = (LOWER, 1 / LOWER.T)

#: Rule -> what the product is told, and what that means to the judge; "last" is the last input.
RULES = {
    "everybody": ({}, {}),
    "gate": ({"may_be_peer": GATE}, {"allowed": GATE | SELF}),
    "gate without own reference": ({"may_be_peer": GATE, "own_reference": False}, {"allowed": np.tile(GATE, (N, 1))}),
    "comparable": ({"comparable": HARDER}, {"allowed": HARDER | SELF}),
    "comparable without own reference": ({"comparable": HARDER, "own_reference": False}, {"allowed": HARDER}),
    "price bounds": ({"price_bounds": BAND}, {"lower": LOWER}),
    "fixed inputs": ({"fixed_inputs": "last"}, {"fixed": "last"}),
    "leaving oneself out": ({"exclude_self": True}, {"allowed": ~SELF}),
    "a frontier of others": ({"reference": True}, {"reference": True}),
    "a frontier of others, gate and comparable": (
        {"reference": True, "may_be_peer": GATE, "comparable": HARDER},
        {"reference": True, "allowed": GATE & HARDER},
    ),
    "all at once": (
        {"exclude_self": True, "price_bounds": BAND, "may_be_peer": GATE, "comparable": HARDER, "fixed_inputs": "last"},
        {"allowed": GATE & HARDER & ~SELF, "lower": LOWER, "fixed": "last"},
    ),
}


def possible(returns, inputs, rule):
    told, _ = RULES[rule]
    bounded, fixed = "price_bounds" in told, "fixed_inputs" in told
    return not (returns == "fdh" and bounded) and not (inputs == 1 and fixed)


@pytest.mark.parametrize(
    ("returns", "inputs", "rule"),
    [chosen for chosen in itertools.product(RETURNS, (1, 2, 3), RULES) if possible(*chosen)],
)
def test_scores_statuses_and_proofs_are_the_textbooks(returns, inputs, rule):
    x, y = homes_of(inputs, N, seed=20 + inputs)
    told, meaning = ({**part} for part in RULES[rule])
    if "fixed_inputs" in told:
        told["fixed_inputs"], meaning["fixed"] = [inputs - 1], (inputs - 1,)
    if "reference" in told:
        others = homes_of(inputs, N, seed=40 + inputs)
        del told["reference"]
        told["reference_inputs"], told["reference_outputs"] = meaning["reference"] = others
    found = dea.efficiency(x, y, returns_to_scale=returns, **told)
    units = some_of(N, 3, first=RETURNS.index(returns) + inputs)
    expected = judge.scores(x, y, rts=returns, units=units, **meaning)
    assert_same_scores(found.score[units], expected)
    nobody = ~meaning.get("allowed", np.ones((N, N), bool)).any(axis=1)
    assert_statuses(found.status[units], expected, nobody[units])
    assert not found.fallback.any()
    assert np.nanmax(found.certificate) <= 1e-8
    if returns != "fdh":
        assert np.nanmax(shortcomings(found, x, y, rts=returns, **meaning)) <= 1e-8


def assert_statuses(found, expected, nobody):
    status = np.where(np.isnan(expected), np.where(nobody, dea.NO_PEER, dea.INFEASIBLE), dea.OPTIMAL)
    np.testing.assert_array_equal(found, status)


def test_every_status_occurs_in_these_data():
    x, y = homes_of(2, N, seed=22)
    nobody = HARDER.copy()
    nobody[3] = False
    found = dea.efficiency(x, y, comparable=nobody, exclude_self=True)
    allowed = nobody & ~SELF
    assert_statuses(found.status, judge.scores(x, y, rts="vrs", allowed=allowed), ~allowed.any(axis=1))
    assert set(found.status) == {dea.OPTIMAL, dea.INFEASIBLE, dea.NO_PEER}


def problem_of(x, y, returns="vrs"):
    return prepare(
        x,
        y,
        returns_to_scale=returns,
        orientation="input",
        keys=None,
        may_be_peer=None,
        comparable=None,
        own_reference=True,
        exclude_self=False,
        fixed_inputs=(),
        price_bounds=None,
    )[0]


#: What a wrong answer looks like: which published number is changed, times what, plus what.
WRONG = {
    "a score a little too low": ("score", 1 - 1e-6, 0),
    "a score a little too high": ("score", 1 + 1e-6, 0),
    "weights a little too low": ("weights", 1 - 1e-6, 0),
    "weights a little too high": ("weights", 1 + 1e-6, 0),
    "other peers": ("peers", 1, 1),
    "prices of care a little too low": ("output_price", 1 - 1e-6, 0),
    "prices of care a little too high": ("output_price", 1 + 1e-6, 0),
    "prices of costs a little too high": ("input_price", 1 + 1e-6, 0),
    "another scale price": ("scale_price", 1, 1e-6),
}


def an_answer(x, y, returns="vrs"):
    """The problem, the least efficient unit and what is published of it, as the certificate takes it."""
    found = dea.efficiency(x, y, returns_to_scale=returns)
    unit = int(np.argmin(found.score))
    row = found.weights[[unit]].toarray()[0]
    peers = np.flatnonzero(row)
    answer = {
        "score": found.score[[unit]].copy(),
        "peers": peers[None].copy(),
        "weights": row[peers][None].copy(),
        "trades": np.zeros((1, 0)),
        "input_price": found.input_price[[unit]].copy(),
        "output_price": found.output_price[[unit]].copy(),
        "scale_price": found.scale_price[[unit]].copy(),
    }
    return problem_of(x, y, returns), unit, answer


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("inputs", [1, 3])
def test_an_answer_that_is_a_little_wrong_is_not_certified(inputs, wrong):
    x, y = homes_of(inputs, 40, seed=3)
    problem, unit, answer = an_answer(x, y)
    assert certify(problem, np.array([unit]), **answer).max() <= 1e-12
    name, times, plus = WRONG[wrong]
    answer[name] = answer[name] * times + plus
    assert certify(problem, np.array([unit]), **answer).max() > 1e-7


@pytest.mark.parametrize(("returns", "refused"), [("crs", False), ("vrs", True), ("drs", True), ("irs", False)])
def test_weights_that_add_up_to_too_much_are_refused_where_they_may_not(returns, refused):
    # Costs and care are in order: only the sum of the weights is not what the returns to scale allow.
    x, y = homes_of(2, 40, seed=3)
    problem, unit, answer = an_answer(x, y, returns)
    total = answer["weights"].sum()
    for name in ("score", "weights"):
        answer[name] *= (1 + 1e-6) / min(1.0, total)
    certificate = certify(problem, np.array([unit]), **answer)[0]
    assert (certificate[0] > 1e-7) == refused


def big(inputs, zeros, seed):
    """A round large enough for every short cut, 14 products."""
    return homes_of(inputs, 400, 14, seed, zeros)


@pytest.mark.parametrize("returns", LINEAR)
@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("zeros", [0.4, 0.85])
def test_hardly_any_of_fourteen_products_needs_the_second_solver(zeros, inputs, returns):
    x, y = big(inputs, zeros, seed=1)
    found = dea.efficiency(x, y, returns_to_scale=returns)
    alone = dea.super_efficiency(x, y, returns_to_scale=returns)
    assert found.fallback.mean() < 0.01
    assert alone.fallback.mean() < 0.01
    for result in (found, alone):
        allowed = None if result is found else ~np.eye(400, dtype=bool)
        assert np.nanmax(result.certificate) <= 1e-8
        assert np.nanmax(shortcomings(result, x, y, rts=returns, allowed=allowed)) <= 1e-8
    some = range(LINEAR.index(returns), 400, 57)
    assert_same_scores(found.score[some], judge.scores(x, y, rts=returns, units=some))
    expected = judge.scores(x, y, rts=returns, units=some, allowed=~np.eye(400, dtype=bool))
    assert_same_scores(alone.score[some], expected)


@pytest.mark.parametrize("rule", ["gate", "comparable", "price bounds", "fixed inputs"])
def test_hardly_anybody_in_a_large_round_with_rules_needs_the_second_solver(rule):
    x, y = homes_of(2, 300, 4, seed=6)
    gate = np.random.default_rng(3).random(300) < 0.6
    level = np.random.default_rng(4).integers(0, 4, 300)
    told, meaning = {
        "gate": ({"may_be_peer": gate}, {"allowed": gate | np.eye(300, dtype=bool)}),
        "comparable": ({"comparable": level[None] >= level[:, None]}, {"allowed": level[None] >= level[:, None]}),
        "price bounds": ({"price_bounds": BAND}, {"lower": LOWER}),
        "fixed inputs": ({"fixed_inputs": [0]}, {"fixed": (0,)}),
    }[rule]
    for returns in ("crs", "vrs"):
        found = dea.efficiency(x, y, returns_to_scale=returns, **told)
        assert found.fallback.mean() < 0.01
        assert np.nanmax(shortcomings(found, x, y, rts=returns, **meaning)) <= 1e-8
        some = range(0, 300, 30)
        assert_same_scores(found.score[some], judge.scores(x, y, rts=returns, units=some, **meaning))


#: More units than are solved at a time, and more than those among whom everybody is priced.
MANY = 2300


@pytest.fixture(scope="module")
def many():
    assert MANY > FEW
    return {inputs: homes_of(inputs, MANY, 3, seed=8, zeros=0.2) for inputs in (1, 2)}


@pytest.mark.parametrize("returns", LINEAR)
@pytest.mark.parametrize("inputs", [1, 2])
def test_looking_for_the_frontier_first_changes_no_score(many, inputs, returns):
    x, y = many[inputs]
    found = dea.efficiency(x, y, returns_to_scale=returns)
    some = list(range(5 * inputs, MANY, 230))
    assert_same_scores(found.score[some], judge.scores(x, y, rts=returns, units=some))
    assert found.fallback.mean() < 0.01
    assert found.certificate.max() <= 1e-8
    # Some units by themselves against the same frontier, and everybody priced because a rule asks for it.
    apart = dea.efficiency(
        x[some], y[some], returns_to_scale=returns, reference_inputs=x, reference_outputs=y, own_reference=False
    )
    np.testing.assert_allclose(found.score[some], apart.score, rtol=0, atol=1e-9)
    table = np.ones((len(some), MANY), dtype=bool)
    asked = dea.efficiency(
        x[some], y[some], returns_to_scale=returns, reference_inputs=x, reference_outputs=y, comparable=table
    )
    np.testing.assert_allclose(asked.score, apart.score, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.weights.toarray()[some], asked.weights.toarray(), rtol=1e-6, atol=1e-9)


def test_looking_for_the_frontier_first_respects_gate_fixed_inputs_and_price_bounds(many):
    x, y = many[2]
    gate = np.random.default_rng(5).random(MANY) < 0.8
    lower = LOWER[:3, :3]
    told = {"may_be_peer": gate, "fixed_inputs": [1], "price_bounds": (lower, 1 / lower.T)}
    assert gate.sum() > FEW
    found = dea.efficiency(x, y, **told)
    some = list(range(3, MANY, 230))
    allowed = np.tile(gate, (MANY, 1)) | np.eye(MANY, dtype=bool)
    expected = judge.scores(x, y, rts="vrs", allowed=allowed, fixed=(1,), lower=lower, units=some)
    assert_same_scores(found.score[some], expected)
    assert not found.weights.toarray()[~allowed].any()


def test_equals_on_the_frontier_are_not_lost_when_it_is_looked_for_first(many):
    x, y = many[1]
    once = dea.efficiency(x, y)
    users = np.bincount(once.weights.indices, minlength=MANY)
    rare = np.flatnonzero((once.score > 1 - 1e-9) & (users > 1) & (users <= 20))[:5]
    assert len(rare) == 5
    twice = dea.efficiency(np.concatenate([x, x[rare]]), np.concatenate([y, y[rare]]))
    np.testing.assert_allclose(twice.score, np.concatenate([once.score, once.score[rare]]), rtol=0, atol=1e-9)
    # Equals share: nobody is a peer of a row that has an equal before it.
    assert not twice.weights.toarray()[:, MANY:].any()
    using = once.weights.toarray()[:, rare].any(axis=1)
    assert not twice.unique[:MANY][using].any()


@pytest.mark.parametrize("decades", [8, 12])
@pytest.mark.parametrize("returns", LINEAR)
def test_large_and_small_side_by_side_are_scored_as_exact_arithmetic_says(returns, decades):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x, y = sizes(6, decades, 10 + seed)
        x, y = x[:, : 1 + seed % 2], y[:, : 1 + rng.integers(3)]
        y[(y == 0).all(axis=1), 0] = 1.0
        found = dea.efficiency(x, y, returns_to_scale=returns)
        assert_same_scores(found.score, exact_judge.scores(x, y, rts=returns))
        assert found.certificate.max() <= 1e-8


@pytest.mark.parametrize("returns", LINEAR)
def test_a_tiny_home_beside_large_ones_takes_no_part_of_less_than_nothing(returns):
    # A weight of -2.7 of the tiny home is next to nothing in costs, but lets the others stand in for the large one.
    x, y = np.array([[2.4e-7], [304.0], [20.0]]), np.array([[1.0], [945218.0], [253545.0]])
    found = dea.efficiency(x, y, returns_to_scale=returns)
    assert found.weights.data.min() > -1e-8
    assert_same_scores(found.score, exact_judge.scores(x, y, rts=returns))


def test_a_weight_below_zero_is_not_certified_however_small_the_peer():
    x, y = np.array([[2.4e-7], [304.0], [20.0]]), np.array([[1.0], [945218.0], [253545.0]])
    # The large home as 3.7 times the middle one less 2.7 times the tiny one, at the prices that go with it.
    share = (y[1, 0] - y[0, 0]) / (y[2, 0] - y[0, 0])
    cost = (1 - share) * x[0, 0] + share * x[2, 0]
    price = (x[2, 0] - x[0, 0]) / (y[2, 0] - y[0, 0]) / x[1, 0]
    certificate = certify(
        problem_of(x, y),
        np.array([1]),
        score=np.array([cost / x[1, 0]]),
        peers=np.array([[0, 2]]),
        weights=np.array([[1 - share, share]]),
        trades=np.zeros((1, 0)),
        input_price=1 / x[[1]],
        output_price=np.array([[price]]),
        scale_price=np.array([x[0, 0] / x[1, 0] - price * y[0, 0]]),
    )[0]
    assert certificate[1] <= 1e-12
    assert certificate[2] <= 1e-12
    assert certificate[0] > 1e-8


@pytest.mark.parametrize("returns", LINEAR)
@pytest.mark.parametrize("times", [1e2, 1e5, 1e8])
def test_however_far_a_home_is_ahead_of_all_others_its_score_without_itself_is_a_number(times, returns):
    x, y = np.array([[1.0], [times], [2 * times]]), np.array([[1.0], [1.0], [1.5]])
    found = dea.super_efficiency(x, y, returns_to_scale=returns)
    expected = exact_judge.scores(x, y, rts=returns, allowed=~np.eye(3, dtype=bool))
    assert expected[0] == pytest.approx(times)
    assert_same_scores(found.score, expected)
    assert_statuses(found.status, expected, np.zeros(3, bool))


@pytest.mark.parametrize("times", [1e9, 1e11])
def test_a_home_a_milliard_times_ahead_is_not_called_infeasible(times):
    x, y = np.array([[1.0], [times], [2 * times]]), np.array([[1.0], [1.0], [1.5]])
    found = dea.super_efficiency(x, y, returns_to_scale="crs")
    assert found.status[0] != dea.INFEASIBLE


@pytest.mark.parametrize("inputs", [1, 2])
@pytest.mark.parametrize("returns", LINEAR)
def test_homes_that_differ_by_a_billionth_are_scored_as_exact_arithmetic_says(returns, inputs):
    rng = np.random.default_rng(7)
    x, y = homes_of(inputs, 4, 3, seed=14)
    x = np.repeat(x, 3, axis=0) * (1 + 1e-9 * rng.standard_normal((12, inputs)))
    y = np.repeat(y, 3, axis=0) * (1 + 1e-9 * rng.standard_normal((12, 3)))
    found = dea.efficiency(x, y, returns_to_scale=returns)
    units = some_of(12, 2, first=LINEAR.index(returns))
    assert_same_scores(found.score[units], exact_judge.scores(x, y, rts=returns, units=units))
    assert found.certificate.max() <= 1e-8


@pytest.mark.parametrize("returns", LINEAR)
def test_ties_zeros_and_inputs_not_used_are_scored_as_exact_arithmetic_says(returns):
    rng = np.random.default_rng(LINEAR.index(returns))
    for _ in rounds(6, 12):
        inputs, products, units = rng.integers(1, 4), rng.integers(1, 4), rng.integers(3, 8)
        x = rng.integers(0, 4, (units, inputs)).astype(float)
        y = rng.integers(0, 4, (units, products)).astype(float)
        x[(x == 0).all(axis=1), 0] = y[(y == 0).all(axis=1), 0] = 1.0
        gate = rng.random(units) < 0.7
        gate[0] = True
        found = dea.efficiency(x, y, returns_to_scale=returns, may_be_peer=gate)
        allowed = gate | np.eye(units, dtype=bool)
        assert_same_scores(found.score, exact_judge.scores(x, y, rts=returns, allowed=allowed))
        alone = dea.super_efficiency(x, y, returns_to_scale=returns, may_be_peer=gate)
        allowed = gate & ~np.eye(units, dtype=bool)
        assert_same_scores(alone.score, exact_judge.scores(x, y, rts=returns, allowed=allowed))


@pytest.mark.parametrize("returns", LINEAR)
def test_where_nobody_may_be_a_peer_everybody_is_its_own_best_practice(returns):
    x, y = homes_of(2, 6, seed=1)
    found = dea.efficiency(x, y, returns_to_scale=returns, may_be_peer=np.zeros(6, dtype=bool))
    np.testing.assert_allclose(found.score, 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.weights.toarray(), np.eye(6), rtol=0, atol=1e-12)
