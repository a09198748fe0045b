"""Whether circumstances go with the distance from the frontier."""

import numpy as np
import pytest
from scipy import stats

from benchmarking.dea.second_stage import second_stage
from tests.benchmarking.dea import judge
from tests.benchmarking.dea.test_truncated_regression import judged


def truncated(mean, sigma, stream):
    """Draws of the model by scipy, from the documented uniform numbers."""
    return stats.truncnorm.isf(1 - stream.random(len(mean)), (1 - mean) / sigma, np.inf, loc=mean, scale=sigma)


def simulated(units, seed):
    """Homes whose distance from a known frontier is 0.8 + 0.5 z + noise, cut off at 1."""
    rng = np.random.default_rng(seed)
    z = rng.normal(2, 1, units)
    days = rng.uniform(6, 16, units)
    distance = truncated(0.8 + 0.5 * z, 0.5, rng)
    return (days**1.3 * distance)[:, None], days[:, None], z[:, None], distance


def test_algorithm_1_finds_what_the_data_were_made_of():
    _, _, z, distance = simulated(3000, 0)
    found = second_stage(z, algorithm=1, scores=1 / distance, replications=100, seed=1)
    # Standard errors at 3000 homes are 0.014 and 0.03.
    assert found.coefficient[0] == pytest.approx(0.5, abs=0.05)
    assert found.intercept == pytest.approx(0.8, abs=0.12)
    assert found.sigma == pytest.approx(0.5, abs=0.04)
    assert found.lower[0] < 0.5 < found.upper[0]
    assert 0.02 < found.upper[0] - found.lower[0] < 0.1


def test_algorithm_1_is_the_textbook_estimate_of_the_inefficient_with_every_replication_as_documented():
    rng = np.random.default_rng(1)
    z = rng.normal(50, 10, (40, 1))
    score = 1 / truncated(1.2 + 0.01 * z[:, 0], 0.3, rng)
    score[[3, 11, 30]] = [1.0, 1.0, 1 - 1e-9]
    found = second_stage(z, algorithm=1, scores=score, factor_names=["urbanity"], replications=100, seed=9)
    used = np.delete(np.arange(40), [3, 11, 30])
    assert np.flatnonzero(found.used).tolist() == used.tolist()
    design = np.column_stack([np.ones(37), (z[used, 0] - 50) / 10])
    (b0, b1), sigma, log_likelihood = judged(1 / score[used], design)
    assert found.names == ("urbanity",)
    assert found.coefficient[0] == pytest.approx(b1 / 10, rel=1e-3)
    assert found.intercept == pytest.approx(b0 - 5 * b1, rel=1e-3)
    assert found.sigma == pytest.approx(sigma, rel=1e-3)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=1e-6)
    replicated = []
    for child in np.random.SeedSequence(9).spawn(2)[1].spawn(100):
        drawn = truncated(design @ [b0, b1], sigma, np.random.Generator(np.random.PCG64(child)))
        again = judged(drawn, design, polished=False)
        if again is not None:
            replicated.append(again[0][1] / 10)
    assert found.failed == 100 - len(replicated)
    low, high = np.percentile(replicated, [2.5, 97.5])
    np.testing.assert_allclose([found.lower[0], found.upper[0]], [low, high], rtol=0.01, atol=1e-5)
    basic = second_stage(z, algorithm=1, scores=score, replications=100, seed=9, interval="basic")
    assert basic.lower[0] == pytest.approx(2 * found.coefficient[0] - found.upper[0])
    assert basic.upper[0] == pytest.approx(2 * found.coefficient[0] - found.lower[0])


@pytest.mark.parametrize("gated", [False, True])
def test_algorithm_2_corrects_by_the_documented_draws_and_the_textbooks_scores(gated):
    x, y, z, _ = simulated(24, 3)
    x = np.column_stack([x, x * np.linspace(0.8, 1.2, 24)[:, None]])
    gate = np.random.default_rng(2).random(24) < 0.8
    allowed = (gate[None, :] | np.eye(24, dtype=bool)) if gated else None
    found = second_stage(
        z,
        algorithm=2,
        inputs=x,
        outputs=y,
        may_be_peer=gate if gated else None,
        replications=100,
        bias_replications=20,
        seed=4,
    )
    delta = 1 / judge.scores(x, y, rts="vrs", allowed=allowed)
    used = delta > 1 + 1e-6
    centre, spread = z[used].mean(), z[used].std()
    design = np.column_stack([np.ones(24), (z[:, 0] - centre) / spread])
    coefficients, sigma, _ = judged(delta[used], design[used])
    total = np.zeros(24)
    for child in np.random.SeedSequence(4).spawn(2)[0].spawn(20):
        drawn = truncated(design @ coefficients, sigma, np.random.Generator(np.random.PCG64(child)))
        moved = x * (drawn / delta)[:, None]
        total += 1 / judge.scores(x, y, rts="vrs", reference=(moved, y), allowed=allowed)
    expected = 2 * delta - total / 20
    np.testing.assert_allclose(found.distance, expected, rtol=1e-4)
    assert (found.distance >= delta - 1e-8).all()
    np.testing.assert_allclose(found.score, 1 / found.distance, rtol=1e-15)
    assert found.used.all()
    everybody = np.column_stack([np.ones(24), (z[:, 0] - z.mean()) / z.std()])
    (_, slope), sigma, _ = judged(found.distance, everybody)
    assert found.coefficient[0] == pytest.approx(slope / z.std(), rel=1e-3)
    assert found.sigma == pytest.approx(sigma, rel=1e-3)
    assert found.solved == 21 * 24
    assert found.worst_certificate <= 1e-8


def test_algorithm_2_brings_the_distances_nearer_to_the_truth():
    x, y, z, distance = simulated(120, 1)
    found = second_stage(z, algorithm=2, inputs=x, outputs=y, replications=100, bias_replications=20, seed=1)
    plain = 1 / judge.scores(x, y, rts="vrs")
    assert abs((found.distance - distance).mean()) < 0.5 * abs((plain - distance).mean())
    assert found.lower[0] < 0.5 < found.upper[0]
    assert found.lower[0] > 0


def test_a_factor_that_has_nothing_to_do_with_it_is_not_found():
    _, _, z, distance = simulated(300, 6)
    noise = np.random.default_rng(8).normal(0, 1, (300, 1))
    found = second_stage(np.hstack([z, noise]), algorithm=1, scores=1 / distance, replications=100, seed=1)
    assert found.lower[0] > 0
    assert found.lower[1] < 0 < found.upper[1]


def test_the_order_of_rows_changes_no_bit_and_another_seed_does():
    x, y, z, _ = simulated(30, 7)
    order = np.random.default_rng(0).permutation(30)
    options = {"algorithm": 2, "replications": 100, "bias_replications": 20}
    found = second_stage(z, inputs=x, outputs=y, keys=range(30), seed=5, **options)
    shuffled = second_stage(z[order], inputs=x[order], outputs=y[order], keys=order.tolist(), seed=5, **options)
    for name in ("coefficient", "lower", "upper", "intercept_lower", "sigma", "sigma_upper", "log_likelihood"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(found, name))
    np.testing.assert_array_equal(shuffled.distance, found.distance[order])
    np.testing.assert_array_equal(shuffled.score, found.score[order])
    assert second_stage(z, inputs=x, outputs=y, keys=range(30), seed=6, **options).lower[0] != found.lower[0]


def test_the_unit_of_a_factor_changes_its_coefficient_and_nothing_else():
    _, _, z, distance = simulated(60, 8)
    found = second_stage(z, algorithm=1, scores=1 / distance, replications=100, seed=1)
    moved = second_stage(1e6 * z + 3e7, algorithm=1, scores=1 / distance, replications=100, seed=1)
    np.testing.assert_allclose(moved.coefficient * 1e6, found.coefficient, rtol=1e-6)
    np.testing.assert_allclose(moved.upper * 1e6, found.upper, rtol=1e-6)
    assert moved.sigma == pytest.approx(found.sigma, rel=1e-6)


SCORES = 1 / (1.2 + np.linspace(0, 0.6, 12) ** 1.5)
Z = np.random.default_rng(0).normal(0, 1, (12, 2))


def changed(row, column, value):
    table = Z.copy()
    table[row, column] = value
    return table


ONE = {"algorithm": 1, "scores": SCORES, "seed": 1}
TWO = {"algorithm": 2, "inputs": np.ones((12, 1)), "outputs": np.ones((12, 1)), "seed": 1}
REFUSED = {
    "a factor without variation": (
        np.column_stack([Z[:, 0], np.full(12, 7.0)]),
        ONE | {"factor_names": ["size", "urbanity"]},
        r"factors column 1 \('urbanity'\) is 7 for every unit .*explains nothing, so leave it out",
    ),
    "a factor that follows from others": (
        np.column_stack([Z, Z[:, 0] - 2 * Z[:, 1] + 3])[:, [0, 2, 1]],
        ONE,
        r"factors column 2 \('factor 2'\) follows exactly from 'factor 0', 'factor 1'.*leave one of them out",
    ),
    "a factor that varies among the efficient only": (
        np.column_stack([np.arange(12) == 0, Z[:, 0]]),
        ONE | {"scores": np.where(np.arange(12) == 0, 1.0, SCORES)},
        r"factors column 0 \('factor 0'\) is 0 for every unit that is not efficient",
    ),
    "a missing factor": (
        changed(4, 1, np.nan),
        ONE | {"keys": [f"kvk-{k}" for k in range(12)]},
        r"factors row 4 \(key 'kvk-4'\), column 1 \('factor 1'\): nan is not a finite number; supply it or leave",
    ),
    "an infinite factor": (changed(0, 0, np.inf), ONE, r"factors row 0, column 0 \('factor 0'\): inf is not a finite"),
    "factors of another length": (Z[:5], ONE, r"factors has shape \(5, 2\); give 12 rows"),
    "a factor as a list": (Z[:, 0], ONE, r"factors has shape \(12,\); give 12 rows"),
    "factors in words": ([["stad"]] * 12, ONE, r"factors cannot be read as numbers"),
    "too few names": (Z, ONE | {"factor_names": ["a"]}, r"factor_names has 1 entries and factors has 2 columns"),
    "too few inefficient homes": (
        Z,
        ONE | {"scores": np.where(np.arange(12) < 5, 1.0, SCORES)},
        r"needs at least 8 inefficient units for 2 factor\(s\), and there are 7; use fewer factors",
    ),
    "one home": (Z[:1], ONE | {"scores": [0.5]}, r"needs at least 8 inefficient units .* there are 1"),
    "super-efficiency for a score": (Z, ONE | {"scores": SCORES * 1.3}, r"scores row \d+: 1.\d+ is outside \(0, 1\]"),
    "a home without a score": (Z, ONE | {"scores": np.where(Z[:, 0] > 1, np.nan, SCORES)}, r"scores row \d+: nan"),
    "scores as a table": (Z, ONE | {"scores": SCORES[:, None]}, r"scores has shape \(12, 1\); give one score per unit"),
    "algorithm 3": (Z, ONE | {"algorithm": 3}, r"algorithm is 3; choose 1 \(on scores\) or 2"),
    "algorithm 1 without scores": (Z, ONE | {"scores": None}, r"algorithm 1 takes scores, and neither inputs"),
    "algorithm 1 with inputs": (Z, ONE | {"inputs": Z, "outputs": Z}, r"algorithm 1 takes scores, and neither inputs"),
    "algorithm 2 with scores": (Z, TWO | {"scores": SCORES}, r"algorithm 2 takes inputs and outputs and no scores"),
    "algorithm 2 without outputs": (Z, TWO | {"outputs": None}, r"algorithm 2 takes inputs and outputs"),
    "algorithm 2 on steps": (Z, TWO | {"returns_to_scale": "fdh"}, r"'fdh' has no smooth frontier"),
    "algorithm 2 with a negative cost": (Z, TWO | {"inputs": -np.ones((12, 1))}, r"inputs row 0, column 0: -1 is neg"),
    "everybody efficient": (Z, TWO, r"needs at least 8 inefficient units .* there are 0"),
    "no seed": (Z, ONE | {"seed": None}, r"seed is None; give a whole number"),
    "a negative seed": (Z, ONE | {"seed": -1}, r"seed is -1; give a whole number of 0 or more"),
    "few replications": (Z, ONE | {"replications": 99}, r"replications is 99; give a whole number of 100 or more"),
    "few bias replications": (Z, ONE | {"bias_replications": 3}, r"bias_replications is 3; give a whole number of 20"),
    "too confident": (Z, ONE | {"confidence": 1}, r"confidence is 1; give a number between 0 and 1"),
    "an unknown interval": (Z, ONE | {"interval": "bca"}, r"interval is 'bca'; choose one of percentile, basic"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what):
    table, options, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        second_stage(table, **options)


def test_distances_without_an_estimate_are_refused_with_the_reason():
    # More spread than an exponential distribution: most next to the frontier, the others far out.
    scores = 1 / np.append(1 + np.linspace(0.001, 0.02, 30), [3.0, 5.0, 9.0])
    z = np.random.default_rng(1).normal(0, 1, (33, 1))
    with pytest.raises(ValueError, match=r"no estimate on 33 units: the likelihood has no maximum.* Leave out extreme"):
        second_stage(z, algorithm=1, scores=scores, seed=1)


def test_where_many_replications_have_no_estimate_there_is_no_interval():
    # Just less spread than an exponential distribution, so that many a redrawn sample has more.
    tail = (np.arange(40) + 0.5) / 40
    scores = 1 / (1 - 0.3 * np.log(tail))
    z = np.random.default_rng(2).normal(0, 1, (40, 1))
    found = second_stage(z, algorithm=1, scores=scores, replications=100, seed=1)
    assert found.failed > 5
    assert np.isfinite(found.coefficient).all()
    assert np.isnan([found.lower[0], found.upper[0], found.intercept_lower, found.sigma_upper]).all()


def test_homes_with_several_products_and_a_fixed_input_go_through_algorithm_2():
    rng = np.random.default_rng(3)
    y = rng.lognormal(8, 0.6, (60, 3))
    z = rng.normal(0, 1, (60, 1))
    distance = truncated(1.4 + 0.2 * z[:, 0], 0.3, rng)
    x = np.column_stack([(y @ [100.0, 200.0, 300.0]) * distance, y.sum(axis=1) * rng.uniform(1, 1.1, 60)])
    found = second_stage(
        z, algorithm=2, inputs=x, outputs=y, fixed_inputs=[1], replications=100, bias_replications=20, seed=1
    )
    plain = judge.scores(x, y, rts="vrs", fixed=(1,))
    assert (found.score <= plain + 1e-8).all()
    assert (found.score > 0).all()
    assert (plain - found.score).max() > 0.01
    assert found.lower[0] <= found.coefficient[0] <= found.upper[0]
    with pytest.raises(ValueError, match="read-only"):
        found.score[0] = 1
