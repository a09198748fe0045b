"""What one peer means to the others: scores without it, against everybody else."""

import dataclasses

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import RETURNS, homes, homes_of
from tests.benchmarking.dea.test_outliers import dominance_by_hand

N = 24
SELF = np.eye(N, dtype=bool)
GATE = np.random.default_rng(11).random(N) < 0.7
HARDER = np.random.default_rng(12).random((N, N)) < 0.6
TARIFFS = np.array([120.0, 190.0, 250.0, 320.0])
LOWER = TARIFFS[:, None] / TARIFFS / 1.5

RULES = {
    "everybody": ({}, {}),
    "gate": ({"may_be_peer": GATE}, {"allowed": GATE | SELF}),
    "comparable": ({"comparable": HARDER}, {"allowed": HARDER | SELF}),
    "price bounds": ({"price_bounds": (LOWER, 1 / LOWER.T)}, {"lower": LOWER}),
    "fixed inputs": ({"fixed_inputs": [1]}, {"fixed": (1,)}),
    "all at once": (
        {"may_be_peer": GATE, "comparable": HARDER, "price_bounds": (LOWER, 1 / LOWER.T), "fixed_inputs": [1]},
        {"allowed": GATE & HARDER | SELF, "lower": LOWER, "fixed": (1,)},
    ),
}


def assert_without_each_peer(found, x, y, *, rts, allowed=None, **meaning):
    """Every pair solved again by the judge without the peer, against all others."""
    allowed = np.ones((len(x), len(x)), dtype=bool) if allowed is None else allowed
    expected = np.full(len(found.peer), np.nan)
    for peer in np.unique(found.peer):
        without = allowed.copy()
        without[:, peer] = False
        pairs = np.flatnonzero(found.peer == peer)
        expected[pairs] = judge.scores(x, y, rts=rts, allowed=without, units=found.unit[pairs], **meaning)
    assert len(expected) > 0
    np.testing.assert_allclose(found.score_without, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("returns", RETURNS)
def test_a_score_without_a_peer_is_the_textbooks_against_all_others(returns, rule):
    told, meaning = RULES[rule]
    if returns == "fdh" and "price_bounds" in told:
        with pytest.raises(ValueError, match="no meaning under fdh"):
            dea.influence(*homes_of(2, N), returns_to_scale=returns, **told)
        return
    x, y = homes_of(2 if "fixed_inputs" in told else 1, N, 1 if returns == "fdh" else 4, seed=31)
    found = dea.influence(x, y, returns_to_scale=returns, **told)
    plain = dea.efficiency(x, y, returns_to_scale=returns, **told)
    np.testing.assert_allclose(found.score, plain.score, rtol=0, atol=1e-12)
    assert_without_each_peer(found, x, y, rts=returns, **meaning)
    assert (found.score_without >= found.score[found.unit]).all()
    assert (found.score_without > found.score[found.unit] + 1e-6).any()
    assert (found.score_without <= 1 + 1e-12).all()
    if returns != "fdh":
        # These data have no ties, so the pairs are those of the published weights.
        weights = plain.weights.toarray() > 1e-9
        np.fill_diagonal(weights, False)
        pairs = list(zip(found.peer.tolist(), found.unit.tolist(), strict=True))
        assert pairs == [tuple(pair) for pair in np.argwhere(weights.T).tolist()]
        assert not found.fallback.any()
        assert np.nanmax(found.certificate) <= 1e-8


def test_who_was_dominated_by_the_peer_left_out_becomes_a_peer():
    # Row 1 is just behind row 0 and nobody's peer; without row 0 it is what row 2 is measured by.
    x, y = np.array([[1.0], [1.1], [2.2]]), np.ones((3, 1))
    found = dea.influence(x, y)
    assert list(zip(found.peer.tolist(), found.unit.tolist(), strict=True)) == [(0, 1), (0, 2)]
    np.testing.assert_allclose(found.score, [1, 1 / 1.1, 1 / 2.2])
    np.testing.assert_allclose(found.score_without, [1.0, 0.5])
    assert found.users.tolist() == [2, 0, 0]


def test_the_short_cut_over_the_old_frontier_would_be_seen_to_be_wrong():
    x, y = homes(60, 4, seed=3)
    found = dea.influence(x, y)
    frontier = found.score > 1 - 1e-9
    shortcut = []
    for peer, unit in zip(found.peer, found.unit, strict=True):
        allowed = frontier.copy()
        allowed[[peer, unit]] = False, True
        shortcut.append(judge.scores(x, y, rts="vrs", allowed=np.tile(allowed, (60, 1)), units=[unit])[0])
    assert (np.array(shortcut) - found.score_without).max() > 1e-3
    assert_without_each_peer(found, x, y, rts="vrs")


def test_users_are_all_others_that_have_the_home_as_a_peer():
    x, y = homes_of(2, 50, 4, seed=5)
    found = dea.influence(x, y)
    weights = dea.efficiency(x, y).weights.toarray() > 1e-9
    np.fill_diagonal(weights, False)
    np.testing.assert_array_equal(found.users, weights.sum(axis=0))
    np.testing.assert_array_equal(found.users, np.bincount(found.peer, minlength=50))
    assert found.users.max() > 5


@pytest.mark.parametrize("inputs", [1, 3])
def test_the_order_of_rows_changes_no_bit_and_pairs_follow_the_keys(inputs):
    x, y = homes_of(inputs, 60, 5, seed=9)
    names = [f"home-{number:03d}" for number in np.random.default_rng(4).permutation(60)]
    order = np.random.default_rng(5).permutation(60)
    gate = np.random.default_rng(6).random(60) < 0.8
    harder = np.random.default_rng(7).random((60, 60)) < 0.7
    found = dea.influence(x, y, keys=names, may_be_peer=gate, comparable=harder)
    shuffled = dea.influence(
        x[order],
        y[order],
        keys=[names[row] for row in order],
        may_be_peer=gate[order],
        comparable=harder[np.ix_(order, order)],
    )
    pairs = [(names[peer], names[unit]) for peer, unit in zip(found.peer, found.unit, strict=True)]
    assert pairs == sorted(pairs)
    assert pairs == [
        (names[order[peer]], names[order[unit]]) for peer, unit in zip(shuffled.peer, shuffled.unit, strict=True)
    ]
    for name in ("score_without", "certificate", "fallback"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(found, name))
    np.testing.assert_array_equal(shuffled.score, found.score[order])
    np.testing.assert_array_equal(shuffled.users, found.users[order])


def test_ties_and_inputs_not_used_have_the_textbooks_influence():
    rng = np.random.default_rng(3)
    for _ in range(6):
        x, y = rng.integers(0, 4, (9, 2)).astype(float), rng.integers(0, 4, (9, 2)).astype(float)
        x[(x == 0).all(axis=1), 0] = y[(y == 0).all(axis=1), 0] = 1.0
        for returns in ("crs", "vrs"):
            assert_without_each_peer(dea.influence(x, y, returns_to_scale=returns), x, y, rts=returns)


def test_a_result_cannot_be_changed():
    found = dea.influence(*homes(10, 3))
    for field in dataclasses.fields(found):
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, field.name)[:1] = 0


@pytest.mark.parametrize("inputs", [1, 3])
@pytest.mark.parametrize("returns", ["crs", "vrs", "drs", "irs"])
def test_dominance_is_what_taking_each_home_out_gives(returns, inputs):
    x, y = homes_of(inputs, 22, 3, seed=17)
    x[6] /= 5
    found = dea.outliers(x, y, rules=[{"rule": "dominance", "alpha": 0.05}], returns_to_scale=returns)
    np.testing.assert_allclose(found.dominance, dominance_by_hand(x, y, returns), rtol=1e-7)
    assert found.verdict[6] == "dominance"


X, Y = homes(6, 2)
REFUSED = {
    "one home": ((X[:1], Y[:1]), {}, r"influence needs at least two units, and there is 1; give more rows"),
    "a number that is missing": (
        (np.where(np.arange(6)[:, None] == 2, np.nan, X), Y),
        {},
        r"inputs row 2, column 0: nan",
    ),
    "an infinite number": ((X, np.where(np.arange(6)[:, None] == 4, np.inf, Y)), {}, r"outputs row 4, column 0: inf"),
    "a negative cost": ((-X, Y), {}, r"inputs row 0, column 0: .* is negative"),
    "a home without care": ((X, Y * (np.arange(6)[:, None] != 3)), {}, r"outputs row 3: every column .* is 0"),
    "a home without costs": ((X * (np.arange(6)[:, None] != 3), Y), {}, r"inputs row 3: every column .* is 0"),
    "different numbers of rows": ((X[:3], Y), {}, r"inputs has 3 rows and outputs has 6"),
    "the key in the message": ((-X, Y), {"keys": list("abcdef")}, r"inputs row 0 \(key 'a'\)"),
    "a key twice": ((X, Y), {"keys": list("abcdea")}, r"keys rows 0 and 5 are both 'a'"),
    "unknown returns to scale": ((X, Y), {"returns_to_scale": "nirs"}, r"returns_to_scale is 'nirs'; choose one of"),
    "a gate of the wrong length": ((X, Y), {"may_be_peer": [True]}, r"may_be_peer has shape \(1,\)"),
    "comparable of the wrong shape": ((X, Y), {"comparable": np.ones((2, 2), bool)}, r"comparable has shape \(2, 2\)"),
    "a fixed input that does not exist": ((X, Y), {"fixed_inputs": [1]}, r"fixed_inputs holds 1"),
    "price bounds that are no pair": ((X, Y), {"price_bounds": 3}, r"price_bounds must be a pair"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    (x, y), options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        dea.influence(x, y, **options)


def test_where_nobody_may_be_a_peer_nobody_has_influence():
    x, y = homes(6, 2)
    found = dea.influence(x, y, may_be_peer=np.zeros(6, dtype=bool))
    assert found.peer.size == found.unit.size == found.score_without.size == 0
    np.testing.assert_allclose(found.score, 1.0)
    assert not found.users.any()
