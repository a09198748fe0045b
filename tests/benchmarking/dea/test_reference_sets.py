"""Who may be compared with whom."""

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import ORIENTATIONS, RETURNS, homes
from tests.benchmarking.dea.test_scores import assert_same_scores

X, Y = homes(40, 3, seed=8)
GATE = np.random.default_rng(1).random(40) < 0.6
HARDER = np.random.default_rng(2).random((40, 40)) < 0.5


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("returns", RETURNS)
def test_who_fails_the_gate_is_nobodys_peer_but_its_own(returns, orientation):
    found = dea.efficiency(X, Y, returns_to_scale=returns, orientation=orientation, may_be_peer=GATE)
    allowed = np.tile(GATE, (40, 1)) | np.eye(40, dtype=bool)
    assert_same_scores(found.score, judge.scores(X, Y, rts=returns, orientation=orientation, allowed=allowed))
    assert not found.weights.toarray()[~allowed].any()
    assert (found.status == dea.OPTIMAL).all()
    assert (found.score <= 1).all() if orientation == "input" else (found.score >= 1).all()


@pytest.mark.parametrize("returns", RETURNS)
def test_own_reference_is_the_score_without_own_column_or_one_if_that_is_lower(returns):
    without = dea.efficiency(X, Y, returns_to_scale=returns, may_be_peer=GATE, own_reference=False)
    assert_same_scores(without.score, judge.scores(X, Y, rts=returns, allowed=np.tile(GATE, (40, 1))))
    assert np.nanmax(without.score) > 1
    with_own = dea.efficiency(X, Y, returns_to_scale=returns, may_be_peer=GATE)
    expected = np.where(np.isnan(without.score), 1.0, np.minimum(without.score, 1.0))
    np.testing.assert_allclose(with_own.score, expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("returns", RETURNS)
def test_each_unit_has_its_own_comparable_units(returns, own):
    found = dea.efficiency(X, Y, returns_to_scale=returns, may_be_peer=GATE, comparable=HARDER, own_reference=own)
    allowed = HARDER & GATE
    if own:
        allowed = allowed | np.eye(40, dtype=bool)
    assert_same_scores(found.score, judge.scores(X, Y, rts=returns, allowed=allowed))
    assert not found.weights.toarray()[~allowed].any()


def test_a_unit_dominated_elsewhere_is_a_peer_where_it_is_the_best_there_is():
    x, y = np.array([[1.0], [2.0], [4.0]]), np.ones((3, 1))
    comparable = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]], dtype=bool)
    found = dea.efficiency(x, y, comparable=comparable)
    np.testing.assert_allclose(found.score, [1, 1, 0.5])
    np.testing.assert_allclose(found.weights.toarray(), [[1, 0, 0], [0, 1, 0], [0, 1, 0]])


def test_comparable_as_a_function_gives_the_same_bits_as_the_table():
    keys = np.random.default_rng(3).permutation(40)
    table = dea.efficiency(X, Y, comparable=HARDER, keys=keys)
    asked = dea.efficiency(X, Y, comparable=lambda unit: HARDER[unit], keys=keys)
    np.testing.assert_array_equal(table.score, asked.score)
    np.testing.assert_array_equal(table.weights.toarray(), asked.weights.toarray())


def test_a_unit_with_nobody_to_compare_with_has_no_peer_and_no_number():
    comparable = HARDER.copy()
    comparable[7] = False
    found = dea.efficiency(X, Y, comparable=comparable, own_reference=False)
    assert found.status[7] == dea.NO_PEER
    assert np.isnan(found.score[7])
    assert (np.delete(found.status, 7) != dea.NO_PEER).all()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("returns", RETURNS)
def test_a_frontier_of_other_units_does_not_clip_scores(returns, orientation):
    x, y = homes(20, 3, seed=9)
    x = x * 0.8
    found = dea.efficiency(
        x, y, returns_to_scale=returns, orientation=orientation, reference_inputs=X, reference_outputs=Y
    )
    expected = judge.scores(
        x, y, rts=returns, orientation=orientation, reference=(X, Y), allowed=np.ones((20, 40), bool)
    )
    assert_same_scores(found.score, expected)
    assert found.weights.shape == (20, 40)
    assert np.nanmax(found.score) > 1 if orientation == "input" else np.nanmin(found.score) < 1


def test_the_gate_and_comparable_apply_to_a_separate_frontier():
    x, y = homes(15, 3, seed=10)
    found = dea.efficiency(
        x, y, reference_inputs=X, reference_outputs=Y, may_be_peer=GATE, comparable=HARDER[:15], own_reference=True
    )
    assert_same_scores(found.score, judge.scores(x, y, rts="vrs", reference=(X, Y), allowed=HARDER[:15] & GATE))


def test_leaving_oneself_out_wins_over_own_reference():
    kept = dea.efficiency(X, Y, exclude_self=True, own_reference=True, may_be_peer=GATE)
    allowed = np.tile(GATE, (40, 1)) & ~np.eye(40, dtype=bool)
    assert_same_scores(kept.score, judge.scores(X, Y, rts="vrs", allowed=allowed))
    assert not kept.weights.diagonal().any()
