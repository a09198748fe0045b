"""What would change if one home's figures were others."""

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea import exact_judge, judge
from tests.benchmarking.dea.data import RETURNS, homes, homes_of
from tests.benchmarking.dea.test_scores import assert_same_scores
from tests.thorough import some_of

N = 24
SELF = np.eye(N, dtype=bool)
GATE = np.random.default_rng(21).random(N) < 0.7
HARDER = np.random.default_rng(22).random((N, N)) < 0.6
TARIFFS = np.array([120.0, 190.0, 250.0, 320.0])
LOWER = TARIFFS[:, None] / TARIFFS / 1.5
BAND = (LOWER, 1 / LOWER.T)

#: Rule -> number of inputs, what the product is told, what that means to the judge.
RULES = {
    "one input": (1, {}, {}),
    "three inputs": (3, {}, {}),
    "gate": (1, {"may_be_peer": GATE}, {"allowed": GATE | SELF}),
    "comparable": (1, {"comparable": HARDER}, {"allowed": HARDER | SELF}),
    "price bounds": (1, {"price_bounds": BAND}, {"lower": LOWER}),
    "a fixed input": (2, {"fixed_inputs": [1]}, {"fixed": (1,)}),
    "all at once": (
        3,
        {"may_be_peer": GATE, "comparable": HARDER, "price_bounds": BAND, "fixed_inputs": [2]},
        {"allowed": GATE & HARDER | SELF, "lower": LOWER, "fixed": (2,)},
    ),
}

#: What the figures of a home become.
CHANGES = {
    "much cheaper": lambda x, y: (x / 4, y),
    "a little cheaper": lambda x, y: (x * 0.98, y),
    "dearer": lambda x, y: (x * 1.5, y),
    "other care": lambda x, y: (x, np.roll(y, 1) + 1.0),
    "larger": lambda x, y: (x * 3, y * 3.3),
    "much smaller": lambda x, y: (x / 50, y / 50),
}


def changed(x, y, unit, new):
    x, y = x.copy(), y.copy()
    x[unit], y[unit] = new
    return x, y


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("returns", RETURNS)
def test_changed_figures_give_the_scores_of_a_full_recomputation_and_of_the_textbook(returns, rule):
    inputs, told, meaning = RULES[rule]
    x, y = homes_of(inputs, N, 1 if returns == "fdh" else 4, seed=44)
    if returns == "fdh" and "price_bounds" in told:
        with pytest.raises(ValueError, match="no meaning under fdh"):
            dea.frontier(x, y, returns_to_scale=returns, **told)
        return
    front = dea.frontier(x, y, returns_to_scale=returns, **told)
    before = judge.scores(x, y, rts=returns, **meaning)
    assert_same_scores(front.score, before)
    peer, other = int(np.argmax(before * GATE)), int(np.argmin(before))
    moved = 0
    cases = [(peer, name) for name in CHANGES] + [(other, "much cheaper"), (other, "other care")]
    # Every change comes about in half of the tests.
    for number in some_of(len(cases), 2, first=RETURNS.index(returns) + list(RULES).index(rule)):
        unit, name = cases[number]
        new = CHANGES[name](x[unit], y[unit])
        found = dea.what_if(front, unit, *new, everyone=True)
        new_x, new_y = changed(x, y, unit, new)
        full = dea.efficiency(new_x, new_y, returns_to_scale=returns, slacks=True, **told)
        np.testing.assert_allclose(found.everyone, full.score, rtol=0, atol=1e-9)
        assert found.everyone[unit] == found.after.score[0]
        assert found.before == pytest.approx(before[unit], abs=1e-8)
        # The judge has a look at every third of them: at the home itself, and each time at another third of the others.
        if number % 3 == 0:
            some = sorted({unit, *range(number // 3, N, 3)})
            assert_same_scores(found.everyone[some], judge.scores(new_x, new_y, rts=returns, units=some, **meaning))
        assert_same_answer(found.after, full, unit)
        # Who is not solved again keeps its score to the bit.
        np.testing.assert_array_equal(found.everyone[~found.resolved], front.score[~found.resolved])
        assert found.resolved[unit]
        moved += int((np.abs(found.everyone - front.score) > 1e-6).sum())
        alone = dea.what_if(front, unit, *new)
        assert alone.everyone is None
        assert alone.resolved is None
        np.testing.assert_array_equal(alone.after.score, found.after.score)
    assert moved > 0


def assert_same_answer(after, full, unit):
    """Everything that is said of the home is what the full recomputation says of it."""
    assert after.status.tolist() == [full.status[unit]]
    assert after.weights.shape == (1, len(full.score))
    assert after.unique[0] == full.unique[unit]
    np.testing.assert_allclose(after.weights.toarray()[0], full.weights.toarray()[unit], rtol=0, atol=1e-7)
    for name in ("input_slack", "output_slack"):
        one, two = getattr(after, name)[0], getattr(full, name)[unit]
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6 * max(1.0, np.abs(two).max()))
    if full.prices_unique[unit]:
        assert after.prices_unique[0]
        for name in ("input_price", "output_price", "scale_price"):
            np.testing.assert_allclose(getattr(after, name)[0], getattr(full, name)[unit], rtol=1e-6, atol=1e-12)
    assert after.certificate.max() <= 1e-8


def test_the_other_homes_do_not_move_while_one_asks_what_if():
    x, y = homes(N, 4, seed=3)
    front = dea.frontier(x, y)
    first = dea.what_if(front, 5, x[5] / 2, y[5])
    dea.what_if(front, 9, x[9] / 100, y[9], everyone=True)
    again = dea.what_if(front, 5, x[5] / 2, y[5])
    assert first.after.score == again.after.score
    assert_same_scores(front.score, judge.scores(x, y, rts="vrs"))


def test_the_homes_old_figures_are_no_longer_its_peer():
    # With the old column kept, the dearer home would be measured against its own cheaper past: 0.5 instead of 1.
    x, y = np.array([[1.0], [8.0]]), np.array([[1.0], [4.0]])
    found = dea.what_if(dea.frontier(x, y), 1, [16.0], [4.0], everyone=True)
    assert found.before == 1.0
    assert found.after.score.tolist() == [1.0]
    assert found.everyone.tolist() == [1.0, 1.0]


def test_who_was_dominated_becomes_a_peer_when_the_leader_falls_back():
    x, y = np.array([[1.0], [2.0], [4.0]]), np.ones((3, 1))
    found = dea.what_if(dea.frontier(x, y), 0, [8.0], [1.0], everyone=True)
    np.testing.assert_allclose(found.everyone, [0.25, 1.0, 0.5])
    np.testing.assert_allclose(found.after.weights.toarray(), [[0.0, 1.0, 0.0]])
    assert found.resolved.all()


@pytest.mark.parametrize("inputs", [1, 3])
def test_a_home_that_may_not_be_a_peer_changes_nobody_elses_score(inputs):
    x, y = homes_of(inputs, N, 4, seed=9)
    front = dea.frontier(x, y, may_be_peer=GATE)
    for unit in np.flatnonzero(~GATE)[:4].tolist():
        found = dea.what_if(front, unit, x[unit] / 20, y[unit] * 2, everyone=True)
        assert np.flatnonzero(found.resolved).tolist() == [unit]
        others = np.arange(N) != unit
        np.testing.assert_array_equal(found.everyone[others], front.score[others])
        assert found.everyone[unit] == found.after.score[0] == 1.0
        allowed = GATE | SELF
        assert_same_scores(
            found.everyone, judge.scores(*changed(x, y, unit, (x[unit] / 20, y[unit] * 2)), rts="vrs", allowed=allowed)
        )


@pytest.mark.parametrize("rule", ["one input", "three inputs", "price bounds", "all at once"])
def test_unchanged_figures_change_nothing(rule):
    inputs, told, _ = RULES[rule]
    x, y = homes_of(inputs, N, 4, seed=10)
    front = dea.frontier(x, y, **told)
    plain = dea.efficiency(x, y, slacks=True, **told)
    for unit in range(N):
        found = dea.what_if(front, unit, x[unit], y[unit], everyone=True)
        np.testing.assert_allclose(found.everyone, front.score, rtol=0, atol=1e-10)
        assert found.before == pytest.approx(found.after.score[0], abs=1e-10)
        np.testing.assert_allclose(found.after.weights.toarray()[0], plain.weights.toarray()[unit], atol=1e-9)


def test_rows_and_columns_are_the_callers_whatever_the_order_of_keys():
    x, y = homes(N, 4, seed=12)
    order = np.random.default_rng(6).permutation(N)
    names = [f"home-{row:02d}" for row in range(N)]
    new = x[7] / 3, y[7] * 1.1
    found = dea.what_if(dea.frontier(x, y, keys=names), 7, *new, everyone=True)
    place = int(np.flatnonzero(order == 7)[0])
    front = dea.frontier(x[order], y[order], keys=[names[row] for row in order])
    shuffled = dea.what_if(front, place, *new, everyone=True)
    np.testing.assert_array_equal(shuffled.everyone, found.everyone[order])
    np.testing.assert_array_equal(shuffled.resolved, found.resolved[order])
    np.testing.assert_array_equal(shuffled.after.weights.toarray(), found.after.weights.toarray()[:, order])
    np.testing.assert_array_equal(shuffled.after.score, found.after.score)
    assert shuffled.before == found.before


@pytest.mark.parametrize("returns", ["crs", "vrs", "drs", "irs"])
def test_ties_and_inputs_not_used_are_scored_as_exact_arithmetic_says(returns):
    rng = np.random.default_rng(RETURNS.index(returns))
    for _ in range(8):
        x, y = rng.integers(0, 4, (7, 2)).astype(float), rng.integers(0, 4, (7, 2)).astype(float)
        x[(x == 0).all(axis=1), 0] = y[(y == 0).all(axis=1), 0] = 1.0
        unit = int(rng.integers(7))
        new = rng.integers(0, 4, 2) + np.array([0.0, 1.0]), rng.integers(0, 4, 2) + np.array([1.0, 0.0])
        found = dea.what_if(dea.frontier(x, y, returns_to_scale=returns), unit, *new, everyone=True)
        assert_same_scores(found.everyone, exact_judge.scores(*changed(x, y, unit, new), rts=returns))


def test_in_a_large_round_few_are_solved_again_and_all_scores_are_right():
    x, y = homes(1700, 3, seed=4, zeros=0.2)
    front = dea.frontier(x, y)
    units = np.flatnonzero(front.score < 0.95)[:3].tolist() + np.flatnonzero(front.score > 1 - 1e-9)[:3].tolist()
    for unit in units:
        new = x[unit] * 0.9, y[unit] * 1.05
        found = dea.what_if(front, unit, *new, everyone=True)
        full = dea.efficiency(*changed(x, y, unit, new))
        np.testing.assert_allclose(found.everyone, full.score, rtol=0, atol=1e-9)
    unit = int(np.argmin(front.score))
    assert dea.what_if(front, unit, x[unit] * 0.99, y[unit], everyone=True).resolved.sum() == 1


def test_a_result_cannot_be_changed():
    x, y = homes(8, 2)
    front = dea.frontier(x, y)
    found = dea.what_if(front, 1, x[1] / 2, y[1], everyone=True)
    for array in (front.score, found.everyone, found.resolved, found.after.score):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_callers_figures_may_change_afterwards():
    x, y = homes(12, 2)
    front = dea.frontier(x, y)
    expected = dea.what_if(front, 1, x[1] / 2, y[1], everyone=True).everyone
    new = x[1] / 2
    kept = y[1].copy()
    x[:] = 1.0
    y[:] = 1.0
    np.testing.assert_array_equal(dea.what_if(front, 1, new, kept, everyone=True).everyone, expected)


X, Y = homes_of(2, 6, 2)
FRONT = {}


def front_of(**options):
    name = repr(sorted(options.items()))
    if name not in FRONT:
        FRONT[name] = dea.frontier(X, Y, **options)
    return FRONT[name]


REFUSED = {
    "a row beyond the last": ((6, X[0], Y[0]), {}, r"unit is 6; give a row number from 0 to 5"),
    "a negative row": ((-1, X[0], Y[0]), {}, r"unit is -1; give a row number from 0 to 5"),
    "a truth for a row": ((True, X[0], Y[0]), {}, r"unit is True; give a row number from 0 to 5"),
    "half a row": ((1.5, X[0], Y[0]), {}, r"unit is 1.5; give a row number from 0 to 5"),
    "a name for a row": (("home-1", X[0], Y[0]), {}, r"unit is 'home-1'; give a row number from 0 to 5"),
    "no row": ((None, X[0], Y[0]), {}, r"unit is None; give a row number from 0 to 5"),
    "too few inputs": ((0, X[0, :1], Y[0]), {}, r"new_inputs has shape \(1,\); give one row of 2 amounts"),
    "too many outputs": ((0, X[0], [1.0, 2.0, 3.0]), {}, r"new_outputs has shape \(3,\); give one row of 2 amounts"),
    "a table for a row": ((0, X[:1], Y[0]), {}, r"new_inputs has shape \(1, 2\); give one row of 2 amounts"),
    "a negative cost": ((0, [-5.0, 1.0], Y[0]), {}, r"new_inputs row 0, column 0: -5 is negative; .*correct"),
    "a missing number": ((0, X[0], [1.0, np.nan]), {}, r"new_outputs row 0, column 1: nan is not a finite number"),
    "an infinite number": ((0, [1.0, np.inf], Y[0]), {}, r"new_inputs row 0, column 1: inf is not a finite number"),
    "text for a number": ((0, ["veel", "1"], Y[0]), {}, r"new_inputs row 0, column 0: .*veel.* is not a number"),
    "no costs": ((0, [0.0, 0.0], Y[0]), {}, r"new_inputs row 0: every column \(0 to 1\) is 0"),
    "no care": ((0, X[0], [0.0, 0.0]), {}, r"new_outputs row 0: every column \(0 to 1\) is 0"),
    "fixed costs only": (
        (0, [0.0, 4.0], Y[0]),
        {"fixed_inputs": [1]},
        r"every input that is not in fixed_inputs \(columns \[0\]\) is 0, so there is nothing to reduce",
    ),
}


@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("what", REFUSED)
def test_refused(what, everyone):
    arguments, options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        dea.what_if(front_of(**options), *arguments, everyone=everyone)


ROUNDS = {
    "a negative cost": ((-X, Y), {}, r"inputs row 0, column 0: .* is negative"),
    "a missing number": ((X, Y * np.nan), {}, r"outputs row 0, column 0: nan"),
    "a home without care": ((X, Y * (np.arange(6)[:, None] != 3)), {}, r"outputs row 3: every column"),
    "different numbers of rows": ((X[:2], Y), {}, r"inputs has 2 rows and outputs has 6"),
    "unknown returns to scale": ((X, Y), {"returns_to_scale": "nirs"}, r"returns_to_scale is 'nirs'; choose one of"),
    "a key twice": ((X, Y), {"keys": [1, 2, 3, 4, 5, 1]}, r"keys rows 0 and 5 are both 1"),
    "a gate of the wrong length": ((X, Y), {"may_be_peer": [True]}, r"may_be_peer has shape \(1,\)"),
    "comparable of the wrong shape": ((X, Y), {"comparable": np.ones((2, 2), bool)}, r"comparable has shape \(2, 2\)"),
    "price bounds that are no pair": ((X, Y), {"price_bounds": 3}, r"price_bounds must be a pair"),
}


@pytest.mark.parametrize("what", ROUNDS)
def test_a_round_that_cannot_be_computed_is_refused(what):
    (x, y), options, message = ROUNDS[what]
    with pytest.raises(ValueError, match=message):
        dea.frontier(x, y, **options)


def test_where_nobody_may_be_a_peer_a_home_stays_its_own_best_practice():
    front = dea.frontier(X, Y, may_be_peer=np.zeros(6, dtype=bool))
    found = dea.what_if(front, 2, X[2] / 2, Y[2], everyone=True)
    np.testing.assert_allclose(found.everyone, 1.0)
