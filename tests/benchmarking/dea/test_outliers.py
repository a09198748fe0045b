"""Who is too extreme to be believed as an example."""

import numpy as np
import pytest
from scipy import stats

from benchmarking import dea
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import homes

DOMINANCE = {"rule": "dominance", "alpha": 0.05}
SUPER = {"rule": "super_efficiency", "iqr_multiple": 1.5}


def with_a_miracle(units=25):
    x, y = homes(units, 3, seed=14)
    x[4] /= 6
    return x, y


def dominance_by_hand(x, y, rts):
    base = judge.scores(x, y, rts=rts)
    found = []
    for k in range(len(x)):
        allowed = np.ones((len(x), len(x)), dtype=bool)
        allowed[:, k] = False
        np.fill_diagonal(allowed, True)
        without = judge.scores(x, y, rts=rts, allowed=allowed)
        others = np.arange(len(x)) != k
        found.append(((without - 1) ** 2)[others].sum() / ((base - 1) ** 2)[others].sum())
    return np.array(found)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_dominance_is_the_ratio_of_squared_inefficiencies_over_all_others(returns):
    x, y = with_a_miracle()
    found = dea.outliers(x, y, rules=[DOMINANCE], returns_to_scale=returns)
    expected = dominance_by_hand(x, y, returns)
    np.testing.assert_allclose(found.dominance, expected, rtol=1e-7)
    assert found.dominance_threshold == pytest.approx(stats.f.ppf(0.05, 24, 24), rel=1e-9)
    np.testing.assert_array_equal(found.is_outlier, expected < stats.f.ppf(0.05, 24, 24))


def test_a_home_that_alone_makes_the_others_look_inefficient_is_an_outlier():
    x, y = with_a_miracle()
    found = dea.outliers(x, y, rules=[DOMINANCE])
    assert found.verdict[4] == "dominance"
    assert found.is_outlier.tolist() == [k == 4 for k in range(25)]


def test_super_efficiency_is_judged_on_who_remains_with_linear_quartiles():
    x, y = with_a_miracle()
    x[9] /= 2
    found = dea.outliers(x, y, rules=[DOMINANCE, SUPER])
    left = np.flatnonzero(found.verdict != "dominance")
    assert len(left) < 25
    expected = judge.scores(x[left], y[left], rts="crs", allowed=~np.eye(len(left), dtype=bool))
    np.testing.assert_allclose(found.super_efficiency[left], expected, rtol=1e-8)
    first, third = np.nanpercentile(expected, [25, 75])
    assert found.super_efficiency_threshold == pytest.approx(third + 1.5 * (third - first))
    np.testing.assert_array_equal(found.verdict[left] == "super_efficiency", expected > third + 1.5 * (third - first))
    assert (found.verdict == "super_efficiency").any()
    assert np.isnan(found.super_efficiency[found.verdict == "dominance"]).all()


def test_who_may_not_be_a_peer_is_not_tested_and_takes_no_part():
    x, y = with_a_miracle()
    gate = np.ones(25, dtype=bool)
    gate[[4, 7]] = False
    found = dea.outliers(x, y, rules=[DOMINANCE, SUPER], may_be_peer=gate)
    alone = dea.outliers(x[gate], y[gate], rules=[DOMINANCE, SUPER])
    assert found.verdict[~gate].tolist() == ["not_tested", "not_tested"]
    np.testing.assert_array_equal(found.verdict[gate], alone.verdict)
    np.testing.assert_array_equal(found.dominance[gate], alone.dominance)
    assert np.isnan(found.dominance[~gate]).all()


def test_the_only_maker_of_a_product_is_outside_the_quartiles_and_no_outlier():
    x, y = homes(20, 2, seed=3, zeros=0)
    y = np.column_stack([y, np.eye(20)[:, 5] * 100])
    found = dea.outliers(x, y, rules=[SUPER])
    assert np.isnan(found.super_efficiency[5])
    assert found.verdict[5] == "kept"
    rest = np.delete(found.super_efficiency, 5)
    first, third = np.percentile(rest, [25, 75])
    assert found.super_efficiency_threshold == pytest.approx(third + 1.5 * (third - first))


def test_where_all_others_are_efficient_dominance_cannot_be_tested():
    x, y = np.array([[1.0], [1.0], [2.0]]), np.ones((3, 1))
    found = dea.outliers(x, y, rules=[DOMINANCE], returns_to_scale="crs")
    assert found.dominance_testable.tolist() == [True, True, False]
    assert np.isnan(found.dominance[2])
    assert found.verdict.tolist() == ["kept", "kept", "kept"]


def nearly_all_efficient(returns):
    """Homes that are efficient, and some that are so but for rounding: mixtures and multiples of two of them."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x, y = 10 ** rng.uniform(0, 1, (10, 2)), 10 ** rng.uniform(0, 2, (10, 3))
        best = np.flatnonzero(judge.scores(x, y, rts=returns) > 1 - 1e-9)
        if len(best) < 3:
            continue
        x, y = x[best], y[best]
        x, y = np.vstack([x, 0.3 * x[0] + 0.7 * x[1]]), np.vstack([y, 0.3 * y[0] + 0.7 * y[1]])
        yield (np.vstack([x, x[:2] * 3]), np.vstack([y, y[:2] * 3])) if returns == "crs" else (x, y)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_nobody_is_an_outlier_by_rounding(returns):
    noise = 0
    for x, y in nearly_all_efficient(returns):
        found = dea.outliers(x, y, rules=[DOMINANCE], returns_to_scale=returns)
        # No more than 1e-7 from 1, none of them: mixtures of neighbours are efficient, those of others are not.
        inefficient = 1 - judge.scores(x, y, rts=returns) > 1e-7
        for unit in range(len(x)):
            if not np.delete(inefficient, unit).any():
                noise += 1
                assert not found.dominance_testable[unit]
                assert np.isnan(found.dominance[unit])
                assert not found.is_outlier[unit]
            else:
                assert found.dominance_testable[unit]
    assert noise > 20


def test_twins_that_differ_by_rounding_are_no_outliers_for_their_super_efficiency():
    for seed in range(12):
        x, y = homes(12, 3, seed)
        x, y = np.repeat(x / 3, 3, axis=0), np.repeat(y / 7, 3, axis=0)
        found = dea.outliers(x, y, rules=[SUPER], returns_to_scale="vrs")
        # Everybody has a twin, so nobody does better than the others can: the quartiles lie at or below 1.
        assert found.super_efficiency.max() == pytest.approx(1, abs=1e-8)
        if found.super_efficiency_threshold > 1 - 1e-9:
            assert not found.is_outlier.any()


@pytest.mark.parametrize(
    ("x", "y", "alpha", "left"),
    [
        ([[1.0], [5.0], [5.0]], [[1.0], [1.0], [1.0]], 0.999999, 0),
        ([[1.0], [2.0]], [[1.0], [1.0]], 0.05, 1),
    ],
)
def test_a_rule_for_which_too_few_are_left_is_not_testable(x, y, alpha, left):
    rules = [{"rule": "dominance", "alpha": alpha}, SUPER]
    found = dea.outliers(x, y, rules=rules, returns_to_scale="crs")
    assert (found.verdict == "kept").sum() == left
    assert (found.verdict == "dominance").sum() == len(x) - left
    assert np.isnan(found.super_efficiency).all()
    assert np.isnan(found.super_efficiency_threshold)
    turned = dea.outliers(x, y, rules=[SUPER, DOMINANCE], returns_to_scale="crs")
    assert np.isfinite(turned.super_efficiency).any()


def test_the_order_of_rows_changes_no_bit_of_the_verdicts():
    x, y = with_a_miracle(40)
    order = np.random.default_rng(1).permutation(40)
    found = dea.outliers(x, y, rules=[DOMINANCE, SUPER], keys=range(40))
    shuffled = dea.outliers(x[order], y[order], rules=[DOMINANCE, SUPER], keys=order.tolist())
    for name in ("verdict", "is_outlier", "dominance", "dominance_testable", "super_efficiency"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(found, name)[order])
    assert shuffled.super_efficiency_threshold == found.super_efficiency_threshold


def test_without_rules_everybody_is_kept():
    assert set(dea.outliers(*homes(5, 2), rules=[]).verdict) == {"kept"}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([{"rule": "magic"}], r"rules\[0\] is 'magic'; choose one of dominance, super_efficiency"),
        ([DOMINANCE, DOMINANCE], r"rules\[1\] repeats 'dominance'"),
        ([{"rule": "dominance"}], r"rules\[0\] \(dominance\) has \['rule'\]; give 'rule' and 'alpha'"),
        ([{"rule": "dominance", "alpha": 5}], r"alpha is 5; give a number between 0 and 1"),
        ([{"rule": "super_efficiency", "iqr_multiple": "veel"}], r"iqr_multiple is 'veel'; give a number of 0 or more"),
        (
            [{"rule": "super_efficiency", "iqr_multiple": 10**400}],
            r"iqr_multiple is 1000.*; give a number of 0 or more",
        ),
        (
            [{"rule": "super_efficiency", "iqr_multiple": 10**5000}],
            r"iqr_multiple is a value of type int .*; give a num",
        ),
        (None, r"rules is None; give a list of mappings"),
        (5, r"rules is 5; give a list of mappings"),
        ("dominance", r"rules is 'dominance'; give a list of mappings"),
        (DOMINANCE, r"rules is {'rule': 'dominance', 'alpha': 0.05}; give a list of mappings"),
        (["dominance"], r"rules\[0\] is 'dominance'; give a list of mappings"),
        ([DOMINANCE, None], r"rules\[1\] is None; give a list of mappings"),
        ([{"rule": ["dominance"]}], r"rules\[0\] is \['dominance'\]; choose one of"),
        ([{"rule": "dominance", 1: 2}], r"rules\[0\] \(dominance\) has \['1', 'rule'\]; give 'rule' and 'alpha'"),
    ],
)
def test_a_rule_that_cannot_be_applied_is_refused(rules, message):
    with pytest.raises(ValueError, match=message):
        dea.outliers(*homes(5, 2), rules=rules)


def test_fewer_than_two_homes_are_refused():
    x, y = homes(5, 2)
    with pytest.raises(ValueError, match="at least two units that may be peers, and there are 1"):
        dea.outliers(x[:1], y[:1], rules=[DOMINANCE])
    with pytest.raises(ValueError, match="at least two units that may be peers, and there are 1"):
        dea.outliers(x, y, rules=[DOMINANCE], may_be_peer=np.arange(5) == 0)
