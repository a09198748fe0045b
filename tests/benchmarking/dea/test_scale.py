"""Whether size matters: of one home, and of the whole frontier."""

import numpy as np
import pytest
from scipy.optimize import linprog

from benchmarking import dea
from benchmarking.dea.scale import constant_returns_test, scale
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.data import case, homes

# Care days per euro: 0.5, 1, 0.75 on the frontier; then a small and a large home inside it.
X = np.array([[2.0], [4.0], [8.0], [6.0], [10.0]])
Y = np.array([[1.0], [4.0], [6.0], [3.0], [5.0]])


def test_a_small_home_has_increasing_and_a_large_one_decreasing_returns():
    found = scale(X, Y)
    np.testing.assert_allclose(found.crs, [0.5, 1, 0.75, 0.5, 0.5], atol=1e-9)
    np.testing.assert_allclose(found.vrs, [1, 1, 1, (10 / 3) / 6, 0.6], atol=1e-9)
    np.testing.assert_allclose(found.scale_efficiency, [0.5, 1, 0.75, 0.9, 5 / 6], atol=1e-9)
    assert found.returns.tolist() == ["increasing", "constant", "decreasing", "increasing", "decreasing"]
    assert found.certificate.max() <= 1e-8


def test_output_orientation_gives_a_share_too_and_the_class_of_the_point_reached():
    found = scale(X, Y, orientation="output")
    # Home 3 could make 5 of its 3 at cost 6, home 4 could make 6 of its 5 at cost 10; at constant returns 6 and 10.
    np.testing.assert_allclose(found.scale_efficiency, [0.5, 1, 0.75, 5 / 6, 0.6], atol=1e-9)
    assert found.returns.tolist() == ["increasing", "constant", "decreasing", "decreasing", "decreasing"]


def weight_sums(x, y, unit):
    """Smallest and largest sum of weights over all constant-returns optima of a unit."""
    theta = judge.scores(x, y, rts="crs", units=[unit])[0]
    a_ub = np.vstack([x.T / x[unit][:, None], -y.T / np.maximum(y[unit], 1.0)[:, None]])
    b_ub = np.concatenate([np.full(x.shape[1], theta), -y[unit] / np.maximum(y[unit], 1.0)]) + 1e-9
    sums = [
        linprog(sign * np.ones(len(x)), A_ub=a_ub, b_ub=b_ub, bounds=(0, None), method="highs-ds") for sign in (1, -1)
    ]
    assert all(found.status == 0 for found in sums)
    return sums[0].fun, -sums[1].fun


@pytest.mark.parametrize("name", ["homes", "electric_plants_sw1998", "charnes1981"])
def test_the_class_agrees_with_the_sum_of_the_weights(name):
    """Banker's other road to the same verdict: constant iff some optimal weights add up to one."""
    x, y = homes(40, 4, seed=6) if name == "homes" else case(name)
    found = scale(x, y)
    seen = set()
    for unit in range(len(x)):
        low, high = weight_sums(x, y, unit)
        expected = "increasing" if high < 1 - 1e-5 else "decreasing" if low > 1 + 1e-5 else "constant"
        assert found.returns[unit] == expected, unit
        seen.add(expected)
    assert len(seen) == 3
    for rts in ("crs", "vrs", "drs"):
        np.testing.assert_allclose(getattr(found, rts), judge.scores(x, y, rts=rts), atol=1e-8)


def test_scale_efficiency_keeps_the_gate_and_the_row_order_changes_nothing():
    x, y = homes(30, 3, seed=2)
    gate = np.random.default_rng(0).random(30) < 0.7
    found = scale(x, y, keys=range(30), may_be_peer=gate)
    allowed = np.broadcast_to(gate, (30, 30)) | np.eye(30, dtype=bool)
    expected = judge.scores(x, y, rts="crs", allowed=allowed) / judge.scores(x, y, rts="vrs", allowed=allowed)
    np.testing.assert_allclose(found.scale_efficiency, expected, atol=1e-7)
    order = np.random.default_rng(1).permutation(30)
    shuffled = scale(x[order], y[order], keys=order.tolist(), may_be_peer=gate[order])
    for name in ("crs", "vrs", "drs", "scale_efficiency", "returns", "certificate"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(found, name)[order])


def test_the_tolerance_is_what_separates_constant_from_nearly_constant():
    x, y = np.array([[1.0], [2.0], [4.0]]), np.array([[0.999], [2.0], [4.0]])
    assert scale(x, y).returns[0] == "increasing"
    assert scale(x, y, tolerance=0.01).returns[0] == "constant"


def simulated(units, seed, fixed_cost):
    """One product; cost in proportion, plus a fixed cost that makes small homes dear."""
    rng = np.random.default_rng(seed)
    days = rng.uniform(1, 9, (units, 1))
    return (days + fixed_cost) * np.exp(np.abs(rng.normal(0, 0.3, (units, 1)))), days


def test_the_test_rejects_constant_returns_where_they_do_not_hold_and_not_where_they_do():
    values = [constant_returns_test(*simulated(50, seed, 0.0), replications=39, seed=1).p_value for seed in range(4)]
    assert min(values) > 0.05
    for seed in range(4):
        found = constant_returns_test(*simulated(50, seed, 2.0), replications=39, seed=1)
        assert found.p_value == 1 / 40
        assert found.statistic < found.replicated.min()


@pytest.mark.parametrize("statistic", ["ratio_of_means", "mean_of_ratios"])
def test_every_replication_is_the_documented_draw_and_the_textbooks_scores(statistic):
    x, y = homes(14, 2, seed=5, zeros=0.2)
    found = constant_returns_test(x, y, replications=19, seed=42, statistic=statistic)

    def value(inputs):
        crs, vrs = judge.scores(inputs, y, rts="crs"), judge.scores(inputs, y, rts="vrs")
        return crs, sum(crs) / sum(vrs) if statistic == "ratio_of_means" else np.mean(crs / vrs)

    theta, observed = value(x)
    assert found.statistic == pytest.approx(observed, abs=1e-8)
    delta = 1 / theta
    above = delta[delta > 1 + 1e-6]
    both = np.append(above, 2 - above)
    spread = min(np.std(both, ddof=1), np.subtract(*np.percentile(both, [75, 25])) / 1.34)
    h = 0.9 * spread * len(both) ** (-1 / 5)
    h *= (len(both) / len(x)) ** (1 / 5) * np.std(delta, ddof=1) / np.std(both, ddof=1)
    assert found.bandwidth == pytest.approx(h, rel=1e-6)
    expected = []
    for child in np.random.SeedSequence(42).spawn(19):
        stream = np.random.Generator(np.random.PCG64(child))
        base = delta[stream.integers(0, 14, 14)]
        moved = base + h * stream.standard_normal(14)
        moved[moved < 1] = 2 - moved[moved < 1]
        moved = base.mean() + (moved - base.mean()) / np.sqrt(1 + h**2 / np.var(delta, ddof=1))
        assert moved.min() >= 1
        expected.append(value(x * (theta * moved)[:, None])[1])
    np.testing.assert_allclose(found.replicated, expected, atol=1e-7)
    assert found.p_value == (1 + sum(np.array(expected) <= observed)) / 20
    assert found.solved == 20 * 2 * 14
    assert found.worst_certificate <= 1e-8


def test_who_may_not_be_a_peer_takes_no_part_in_the_test_and_row_order_changes_no_bit():
    x, y = homes(24, 2, seed=8)
    gate = np.random.default_rng(3).random(24) < 0.7
    found = constant_returns_test(x, y, replications=19, seed=7, keys=range(24), may_be_peer=gate)
    alone = constant_returns_test(x[gate], y[gate], replications=19, seed=7)
    assert found.units == gate.sum()
    np.testing.assert_array_equal(found.replicated, alone.replicated)
    order = np.random.default_rng(1).permutation(24)
    shuffled = constant_returns_test(
        x[order], y[order], replications=19, seed=7, keys=order.tolist(), may_be_peer=gate[order]
    )
    np.testing.assert_array_equal(shuffled.replicated, found.replicated)
    assert shuffled.statistic == found.statistic
    other = constant_returns_test(x, y, replications=19, seed=8, keys=range(24), may_be_peer=gate)
    assert (other.replicated != found.replicated).any()


REFUSED = {
    "no seed": ({"seed": None}, r"seed is None; give a whole number of 0 or more"),
    "few replications": ({"replications": 18}, r"replications is 18; give a whole number of 19 or more"),
    "half a replication": ({"replications": 99.5}, r"replications is 99.5; give a whole number"),
    "unknown statistic": ({"statistic": "mean"}, r"statistic is 'mean'; choose one of ratio_of_means, mean_of_ratios"),
    "one home": ({"may_be_peer": np.arange(5) == 0}, r"at least two units that may be peers, and there are 1"),
    "nobody": ({"may_be_peer": np.zeros(5, dtype=bool)}, r"at least two units that may be peers, and there are 0"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_test_that_cannot_be_done_is_refused(what):
    options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        constant_returns_test(X, Y, **({"seed": 1} | options))


def test_a_bandwidth_of_zero_is_refused():
    for inputs in ([[1.0], [2.0], [3.0]], [[1.0], [2.000001], [3.000005]]):
        with pytest.raises(ValueError, match=r"the bandwidth is .*: every unit is \(all but\) efficient .*use fewer"):
            constant_returns_test(inputs, [[1.0], [2.0], [3.0]], seed=1)


def test_bad_amounts_and_a_bad_tolerance_are_refused():
    for function in (scale, lambda x, y: constant_returns_test(x, y, seed=1)):
        with pytest.raises(ValueError, match=r"inputs row 1, column 0: nan is not a finite number"):
            function([[1.0], [np.nan]], [[1.0], [1.0]])
        with pytest.raises(ValueError, match=r"outputs row 0: every column .* is 0"):
            function([[1.0], [1.0]], [[0.0], [1.0]])
        with pytest.raises(ValueError, match=r"inputs has 2 rows and outputs has 1"):
            function([[1.0], [1.0]], [[1.0]])
    for tolerance in (0, -1e-6, np.nan, np.inf, "klein", True):
        with pytest.raises(ValueError, match=r"tolerance is .*; give a finite number above 0"):
            scale(X, Y, tolerance=tolerance)


def test_results_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        scale(X, Y).returns[0] = "constant"
    with pytest.raises(ValueError, match="read-only"):
        constant_returns_test(X, Y, replications=19, seed=1).replicated[0] = 0


def test_one_home_is_of_the_best_size_there_is():
    assert scale(X[:1], Y[:1]).returns.tolist() == ["constant"]
    assert scale(X[:1], Y[:1]).scale_efficiency.tolist() == [1.0]
    assert dea.efficiency(X[:1], Y[:1]).score.tolist() == [1.0]


def test_a_home_with_a_tiny_score_has_a_class_too():
    # Against the first home (1 for 1) the last uses 1e9 for 3: crs 3e-9. The second home makes 3 for 5: vrs 5e-9.
    found = scale([[1.0], [5.0], [1e9]], [[1.0], [3.0], [3.0]])
    np.testing.assert_allclose([found.crs[2], found.vrs[2]], [3e-9, 5e-9], rtol=1e-6)
    assert found.scale_efficiency[2] == pytest.approx(0.6)
    assert found.returns[2] == "decreasing"
