"""How sure a score is: each convention as published, the same bits however the work is shared, and what is refused."""

import contextlib
import dataclasses
import functools
import io
import itertools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from benchmarking import dea
from tests.benchmarking.dea import bootstrap_judge, judge
from tests.benchmarking.dea.data import case, hard_sets, homes, homes_of

CONVENTIONS = ("shephard", "benchmarking", "rdea")
LINEAR = ("crs", "vrs", "drs", "irs")
FIGURES = ("score", "bias", "bias_corrected", "lower", "upper", "outside")

N = 14
SELF = np.eye(N, dtype=bool)
GATE = np.random.default_rng(3).random(N) < 0.75
LEVEL = np.random.default_rng(4).integers(0, 3, N)
HARDER = LEVEL[None, :] >= LEVEL[:, None]
NOT_TRANSITIVE = np.random.default_rng(5).random((N, N)) < 0.7
TARIFFS = np.array([120.0, 220.0, 320.0])
LOWER = TARIFFS[:, None] / TARIFFS / 1.5
BAND = (LOWER, 1 / LOWER.T)

#: Rule -> number of inputs, what the product is told, what that means to the judge.
RULES = {
    "one input": (1, {}, {}),
    "three inputs": (3, {}, {}),
    "units that may not be peers": (1, {"may_be_peer": GATE}, {"gate": GATE, "allowed": GATE | SELF}),
    "the same or harder circumstances": (1, {"comparable": HARDER}, {"allowed": HARDER}),
    "any circumstances": (2, {"comparable": NOT_TRANSITIVE}, {"allowed": NOT_TRANSITIVE | SELF}),
    "price bounds": (1, {"price_bounds": BAND}, {"lower": LOWER}),
    "a fixed input": (2, {"fixed_inputs": [1]}, {"fixed": (1,)}),
    "all at once": (
        3,
        {"may_be_peer": GATE, "comparable": HARDER, "price_bounds": BAND, "fixed_inputs": [1]},
        {"gate": GATE, "allowed": GATE & HARDER | SELF, "lower": LOWER, "fixed": (1,)},
    ),
}


def made_up(inputs, seed=7):
    return homes_of(inputs, N, 3, seed)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_convention_is_what_its_package_publishes(convention, rule):
    inputs, told, meaning = RULES[rule]
    x, y = made_up(inputs)
    returns = LINEAR[(CONVENTIONS.index(convention) + list(RULES).index(rule)) % 4]
    options = {"replications": 7, "seed": 5, "confidence": 0.6, "convention": convention, "returns_to_scale": returns}
    score, h, table = bootstrap_judge.replicates(
        x, y, convention=convention, seed=5, replications=7, rts=returns, **meaning
    )
    part = dea.bootstrap(x, y, shard=(0, 1), **options, **told)
    np.testing.assert_array_equal(part.numbers, np.arange(7))
    np.testing.assert_allclose(part.replicates, table, rtol=0, atol=1e-8)
    found = dea.combine_shards([part])
    corrected, lower, upper = bootstrap_judge.summary(convention, score, table, 0.6)
    assert found.bandwidth == pytest.approx(h, rel=1e-8)
    np.testing.assert_allclose(found.score, score, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.bias_corrected, corrected, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.bias, score - corrected, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.lower, lower, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.upper, upper, rtol=0, atol=1e-8)
    assert (np.abs(found.bias) > 1e-4).any()
    assert (found.solved, found.fallback, found.convention, found.replications) == (7 * N, 0, convention, 7)
    assert 0 < found.worst_certificate <= 1e-8


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_draws_follow_the_order_of_keys(convention):
    x, y = made_up(1)
    order = np.random.default_rng(1).permutation(N)
    names = [f"home-{place:02d}" for place in np.argsort(order)]
    score, _, table = bootstrap_judge.replicates(
        x[order], y[order], convention=convention, seed=3, replications=4, rts="vrs"
    )
    part = dea.bootstrap(x, y, seed=3, replications=4, convention=convention, keys=names, shard=(0, 1))
    np.testing.assert_array_equal(part.order, order)
    np.testing.assert_allclose(part.score, score, rtol=0, atol=1e-8)
    np.testing.assert_allclose(part.replicates, table, rtol=0, atol=1e-8)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_bandwidths_of_larger_rounds_are_the_published_ones(convention):
    for units, seed in ((50, 1), (80, 2)):
        x, y = homes(units, 4, seed)
        score = dea.efficiency(x, y).score
        expected = bootstrap_judge.bandwidth(convention, (1 / score).tolist())
        found = dea.bootstrap(x, y, seed=1, replications=2, convention=convention).bandwidth
        assert found == pytest.approx(expected, rel=1e-8)


def test_the_conventions_differ_as_they_are_known_to():
    x, y = homes(60, 4, seed=2)
    found = {name: dea.bootstrap(x, y, seed=1, replications=100, convention=name) for name in CONVENTIONS}
    for one, other in itertools.combinations(CONVENTIONS, 2):
        assert np.abs(found[one].bias_corrected - found[other].bias_corrected).mean() > 1e-3
        assert found[one].bandwidth != pytest.approx(found[other].bandwidth, rel=1e-3)


def ranges():
    """Name -> data: where figures outside (0, 1] would show."""
    yield "made-up homes", lambda: homes(50, 3, seed=4)
    yield "fourteen products", lambda: homes(60, 14, seed=5)
    yield "three inputs", lambda: homes_of(3, 40, 3, seed=6)
    yield "few homes", lambda: homes(5, 2, seed=8, zeros=0)
    for name in ("small integers", "mostly zeros", "single product", "units 1e-3 to 1e9"):
        yield name, functools.partial(lambda which: hard_sets()[which], name)
    for name in ("charnes1981", "airlines_aparicio2007", "departments_tomkins_green1988"):
        yield name, functools.partial(case, name)


@pytest.mark.parametrize("returns", ["crs", "vrs"])
@pytest.mark.parametrize("name", dict(ranges()))
def test_the_defaults_figures_lie_between_0_and_1_without_being_cut_off(name, returns):
    x, y = dict(ranges())[name]()
    options = {"seed": 11, "replications": 40, "returns_to_scale": returns}
    part = dea.bootstrap(x, y, shard=(0, 1), **options)
    found = dea.combine_shards([part])
    assert not found.outside.any()
    # The same figures from the replications themselves: nothing was put back within bounds.
    drawn = 1 / part.replicates
    delta = 1 / found.score
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    for figure, expected in (
        (found.bias_corrected, 1 / (2 * delta - drawn.mean(axis=0))),
        (found.lower, 1 / (2 * delta - low)),
        (found.upper, 1 / (2 * delta - high)),
    ):
        np.testing.assert_allclose(figure, expected, rtol=1e-12)
        assert figure.min() > 0
        assert (figure <= found.score).all()
    assert (found.lower < found.upper).any()
    assert (found.bias_corrected < found.score).mean() > 0.9


def test_figures_outside_0_to_1_are_returned_as_they_are_and_flagged():
    # Two inputs, nearly all efficient: the percentile interval of an efficient home goes above 1.
    x, y = homes_of(2, 40, 4, seed=2)
    found = dea.bootstrap(x, y, seed=1, replications=60, convention="rdea")
    figures = np.stack([found.bias_corrected, found.lower, found.upper])
    assert figures.max() > 1
    np.testing.assert_array_equal(found.outside, ((figures <= 0) | (figures > 1)).any(axis=0))
    assert not found.outside.all()


def test_chance_in_the_figures_shrinks_with_the_root_of_the_number_of_replications():
    x, y = homes(15, 2, seed=3)
    spread = {}
    for replications in (20, 320):
        corrected = [dea.bootstrap(x, y, seed=seed, replications=replications).bias_corrected for seed in range(12)]
        spread[replications] = np.sqrt(np.var(corrected, axis=0, ddof=1).mean())
    # 16 times as many replications: a quarter of the spread. With 12 seeds the ratio itself is known to some 10 %.
    assert 3.0 < spread[20] / spread[320] < 5.5
    assert 0 < spread[320] < 0.02


ROUND = {1: homes_of(1, 40, 4, seed=13), 3: homes_of(3, 40, 4, seed=13)}
NAMES = [f"home-{number:02d}" for number in np.random.default_rng(8).permutation(40)]
#: Seven pieces of work, the last one smaller.
SHARED = {"seed": 21, "replications": 100, "keys": NAMES}


def assert_same_bits(found, other, order=slice(None)):
    for field in dataclasses.fields(dea.Bootstrap):
        one, two = getattr(found, field.name), getattr(other, field.name)
        if field.name in FIGURES:
            np.testing.assert_array_equal(two, one[order], err_msg=field.name)
        else:
            assert one == two, field.name


@pytest.fixture(scope="module")
def whole():
    return {inputs: dea.bootstrap(x, y, **SHARED) for inputs, (x, y) in ROUND.items()}


@pytest.mark.parametrize("shards", [1, 2, 3, 7])
@pytest.mark.parametrize("inputs", [1, 3])
def test_however_many_shards_the_bits_are_the_same(whole, inputs, shards):
    x, y = ROUND[inputs]
    parts = [dea.bootstrap(x, y, shard=(part, shards), **SHARED) for part in range(shards)]
    assert sorted(np.concatenate([part.numbers for part in parts]).tolist()) == list(range(100))
    assert_same_bits(whole[inputs], dea.combine_shards(reversed(parts)))
    read = [dea.BootstrapShard.from_bytes(part.to_bytes()) for part in parts]
    for part, again in zip(parts, read, strict=True):
        for field in dataclasses.fields(dea.BootstrapShard):
            np.testing.assert_array_equal(getattr(part, field.name), getattr(again, field.name), err_msg=field.name)
            assert type(getattr(part, field.name)) is type(getattr(again, field.name)), field.name
    assert_same_bits(whole[inputs], dea.combine_shards(read))


def test_one_or_two_processes_find_the_same_bits(whole):
    spawn = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        # Each a process of its own, so that it is known which parts are computed in different ones.
        processes = [stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn)) for _ in range(2)]
        shared_out = {
            (inputs, count): [
                processes[part].submit(dea.bootstrap, x, y, shard=(part, count), **SHARED) for part in range(count)
            ]
            for inputs, (x, y) in ROUND.items()
            for count in (1, 2)
        }
        for (inputs, _), futures in shared_out.items():
            parts = [future.result(timeout=120) for future in futures]
            assert_same_bits(whole[inputs], dea.combine_shards(parts))


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("inputs", [1, 3])
def test_the_order_of_rows_changes_no_bit(inputs, convention):
    x, y = ROUND[inputs]
    order = np.random.default_rng(2).permutation(40)
    gate = np.random.default_rng(3).random(40) < 0.8
    level = np.random.default_rng(4).integers(0, 3, 40)
    harder = level[None, :] >= level[:, None]
    options = {"seed": 2, "replications": 33, "convention": convention}
    found = dea.bootstrap(x, y, keys=NAMES, may_be_peer=gate, comparable=harder, **options)
    shuffled = dea.bootstrap(
        x[order],
        y[order],
        keys=[NAMES[row] for row in order],
        may_be_peer=gate[order],
        comparable=harder[np.ix_(order, order)],
        **options,
    )
    assert_same_bits(found, shuffled, order)


def test_a_replication_is_the_same_whatever_comes_after_it_and_another_seed_gives_others():
    x, y = ROUND[1]
    few = dea.bootstrap(x, y, seed=4, replications=16, shard=(0, 1))
    more = dea.bootstrap(x, y, seed=4, replications=50, shard=(0, 1))
    np.testing.assert_array_equal(few.replicates, more.replicates[:16])
    other = dea.bootstrap(x, y, seed=5, replications=16, shard=(0, 1))
    assert (np.abs(other.replicates - few.replicates).max(axis=1) > 1e-3).all()
    assert len(np.unique(few.replicates.round(9), axis=0)) == 16


def test_who_may_not_be_a_peer_gets_figures_and_changes_nobody_elses():
    x, y = homes(40, 3, seed=16)
    gate = np.random.default_rng(7).random(40) < 0.7
    options = {"seed": 6, "replications": 48}
    found = dea.bootstrap(x, y, may_be_peer=gate, **options)
    alone = dea.bootstrap(x[gate], y[gate], **options)
    for name in FIGURES:
        np.testing.assert_allclose(getattr(found, name)[gate], getattr(alone, name), rtol=0, atol=1e-9)
    assert found.bandwidth == pytest.approx(alone.bandwidth, rel=1e-9)
    # Its own figures stay as they are: no drawn reference puts it beyond itself.
    table = dea.bootstrap(x, y, may_be_peer=gate, shard=(0, 1), **options).replicates
    assert table[:, ~gate].max() <= 1
    assert np.isfinite(np.stack([found.bias_corrected, found.lower, found.upper])).all()
    assert not found.outside.any()


def test_many_units_and_products_are_all_certified():
    x, y = homes(150, 14, seed=1)
    found = dea.bootstrap(x, y, seed=1, replications=20)
    assert found.fallback / found.solved < 0.01
    assert found.worst_certificate <= 1e-8
    part = dea.bootstrap(x, y, seed=1, replications=20, shard=(0, 1))
    _, _, table = bootstrap_judge.replicates(x, y, convention="shephard", seed=1, replications=1, rts="vrs")
    np.testing.assert_allclose(part.replicates[:1], table, rtol=0, atol=1e-8)


def test_the_score_is_that_of_the_plain_computation():
    x, y = ROUND[3]
    np.testing.assert_allclose(dea.bootstrap(x, y, **SHARED).score, judge.scores(x, y, rts="vrs"), rtol=0, atol=1e-8)


def test_a_result_cannot_be_changed():
    x, y = made_up(1)
    for found in (
        dea.bootstrap(x, y, seed=1, replications=4),
        dea.bootstrap(x, y, seed=1, replications=4, shard=(0, 1)),
    ):
        with pytest.raises(ValueError, match="read-only"):
            found.score[0] = 0.5
        with pytest.raises(dataclasses.FrozenInstanceError):
            found.bandwidth = 0.5


# What cannot be computed.

X, Y = made_up(1)
ONE = np.arange(N)[:, None] == 3
ARC = np.linspace(0.2, 1.3, 8)

DATA = {
    "one home": ((X[:1], Y[:1]), {}, r"at least two units that may be peers, and there are 1; allow more units in"),
    "one home that may be a peer": ((X, Y), {"may_be_peer": np.arange(N) == 2}, r"at least two units .* there are 1"),
    "nobody who may be a peer": ((X, Y), {"may_be_peer": np.zeros(N, bool)}, r"at least two units .* there are 0"),
    "everybody efficient": (
        (np.ones((8, 1)), np.column_stack([np.cos(ARC), np.sin(ARC)])),
        {},
        r"bandwidth is zero.*all efficient.*nothing to smooth: leave the bootstrap out, or use fewer outputs",
    ),
    "everybody the same": ((np.full((6, 2), 3.0), np.full((6, 1), 5.0)), {}, r"bandwidth is zero"),
    "a number that is missing": ((np.where(ONE, np.nan, X), Y), {}, r"inputs row 3, column 0: nan is not a finite"),
    "an infinite number": ((X, np.where(ONE, np.inf, Y)), {}, r"outputs row 3, column 0: inf is not a finite"),
    "a negative cost": ((np.where(ONE, -1.0, X), Y), {}, r"inputs row 3, column 0: -1 is negative; .*correct"),
    "a home without costs": ((np.where(ONE, 0.0, X), Y), {}, r"inputs row 3: every column .* is 0; leave the unit out"),
    "a home without care": ((X, np.where(ONE, 0.0, Y)), {}, r"outputs row 3: every column .* is 0; leave the unit out"),
    "a list for a table": ((X[:, 0], Y), {}, r"inputs has 1 dimension\(s\); give one row per unit"),
    "no units": ((X[:0], Y[:0]), {}, r"inputs has shape \(0, 1\); give at least one unit"),
    "different numbers of rows": ((X[:5], Y), {}, r"inputs has 5 rows and outputs has 14"),
    "the key in the message": (
        (np.where(ONE, -1.0, X), Y),
        {"keys": [f"k{row}" for row in range(N)]},
        r"inputs row 3 \(key 'k3'\)",
    ),
    "a gate of the wrong length": ((X, Y), {"may_be_peer": [True, True]}, r"may_be_peer has shape \(2,\)"),
    "comparable of the wrong shape": ((X, Y), {"comparable": np.ones((2, 2), bool)}, r"comparable has shape \(2, 2\)"),
    "a fixed input that does not exist": ((X, Y), {"fixed_inputs": [1]}, r"fixed_inputs holds 1"),
    "price bounds of the wrong shape": ((X, Y), {"price_bounds": (LOWER[:2], LOWER)}, r"price_bounds lower has shape"),
}


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("what", DATA)
def test_data_are_refused(what, convention):
    (x, y), options, message = DATA[what]
    with pytest.raises(ValueError, match=message):
        dea.bootstrap(x, y, seed=1, replications=4, convention=convention, **options)


ARGUMENTS = {
    "one replication": ({"replications": 1}, r"replications is 1; give a whole number of 2 or more"),
    "half a replication": ({"replications": 2.5}, r"replications is 2.5; give a whole number"),
    "a negative seed": ({"seed": -1}, r"seed is -1; give a whole number of 0 or more"),
    "no seed": ({"seed": None}, r"seed is None; give a whole number"),
    "certainty": ({"confidence": 1}, r"confidence is 1; give a number between 0 and 1"),
    "a percentage": ({"confidence": 95}, r"confidence is 95; give a number between 0 and 1"),
    "confidence that is no number": ({"confidence": np.nan}, r"confidence is nan; give a number between 0 and 1"),
    "confidence in words": ({"confidence": "veel"}, r"confidence is 'veel'; give a number between 0 and 1"),
    "no confidence": ({"confidence": None}, r"confidence is None; give a number between 0 and 1"),
    "an unknown convention": ({"convention": "magic"}, r"convention is 'magic'; choose one of shephard, benchmarking"),
    "a shard beyond the last": ({"shard": (2, 2)}, r"shard is \(2, 2\); number the shards 0 to 1"),
    "a negative shard": ({"shard": (-1, 2)}, r"shard\[0\] is -1; give a whole number of 0 or more"),
    "no shards": ({"shard": (0, 0)}, r"shard\[1\] is 0; give a whole number of 1 or more"),
    "a shard that is no pair": ({"shard": 3}, r"shard is 3; give a pair \(k, of\)"),
    "free disposal hull": ({"returns_to_scale": "fdh"}, r"free disposal hull is not consistent; choose crs, vrs"),
    "unknown returns to scale": ({"returns_to_scale": "nirs"}, r"returns_to_scale is 'nirs'; choose one of"),
    "a key twice": ({"keys": [1] * N}, r"keys rows 0 and 1 are both 1"),
}


@pytest.mark.parametrize("what", ARGUMENTS)
def test_arguments_are_refused(what):
    options, message = ARGUMENTS[what]
    with pytest.raises(ValueError, match=message):
        dea.bootstrap(X, Y, **{"seed": 1, "replications": 4, **options})


def test_one_inefficient_home_is_enough_for_every_convention():
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [1.0], [3.0]])
    for convention in CONVENTIONS:
        found = dea.bootstrap(x, y, seed=1, replications=8, convention=convention, returns_to_scale="crs")
        expected = bootstrap_judge.bandwidth(convention, [1.0, 2.0, 1.0])
        assert found.bandwidth == pytest.approx(expected, rel=1e-8)


def part_of(number, shards=3, **options):
    return dea.bootstrap(X, Y, shard=(number, shards), **{"seed": 1, "replications": 40, **options})


#: What the last of three shards is instead.
NOT_THE_SAME = {
    "another seed": {"seed": 2},
    "another number of replications": {"replications": 41},
    "another convention": {"convention": "rdea"},
    "another confidence": {"confidence": 0.9},
    "other returns to scale": {"returns_to_scale": "crs"},
    "other peers": {"may_be_peer": GATE},
    "other circumstances": {"comparable": HARDER},
    "price bounds": {"price_bounds": BAND},
    "another number of shards": {"shards": 4},
}


@pytest.mark.parametrize("what", NOT_THE_SAME)
def test_shards_of_different_computations_are_not_put_together(what):
    with pytest.raises(ValueError, match="the shards are not of one bootstrap"):
        dea.combine_shards([part_of(0), part_of(1), part_of(2, **NOT_THE_SAME[what])])


def test_shards_of_other_data_are_not_put_together():
    x = X.copy()
    x[0] += 0.01
    other = dea.bootstrap(x, Y, shard=(2, 3), seed=1, replications=40)
    with pytest.raises(ValueError, match="the shards are not of one bootstrap"):
        dea.combine_shards([part_of(0), part_of(1), other])


def test_a_missing_or_doubled_shard_is_named():
    with pytest.raises(ValueError, match="there are no shards to combine; give all of them"):
        dea.combine_shards([])
    with pytest.raises(ValueError, match=r"of the 3 shards 0 to 2 these are here: 0, 2; give each once"):
        dea.combine_shards([part_of(2), part_of(0)])
    with pytest.raises(ValueError, match=r"these are here: 0, 1, 1, 2; give each once"):
        dea.combine_shards([part_of(1), part_of(0), part_of(1), part_of(2)])


def test_shards_of_callers_with_their_rows_in_another_order_are_not_put_together():
    names = [f"home-{number:02d}" for number in range(N)]
    order = np.random.default_rng(6).permutation(N)
    other = dea.bootstrap(
        X[order], Y[order], keys=[names[row] for row in order], shard=(2, 3), seed=1, replications=100
    )
    parts = [dea.bootstrap(X, Y, keys=names, shard=(number, 3), seed=1, replications=100) for number in (0, 1)]
    # The same homes with the same scores, but figures go back to rows.
    np.testing.assert_array_equal(other.score, parts[0].score)
    with pytest.raises(ValueError, match="the shards are not of one bootstrap"):
        dea.combine_shards([*parts, other])


def not_shards():
    whole = part_of(0).to_bytes()
    table, other = io.BytesIO(), io.BytesIO()
    np.save(table, np.ones(3))
    np.savez(other, score=np.ones(3))
    return {
        "nothing": b"",
        "text": b"geen shard",
        "half a shard": whole[: len(whole) // 2],
        "a damaged shard": whole[:200] + bytes([whole[200] ^ 255]) + whole[201:],
        "a table": table.getvalue(),
        "other tables": other.getvalue(),
    }


@pytest.mark.parametrize("what", not_shards())
def test_bytes_that_are_no_shard_are_refused(what):
    with pytest.raises(ValueError, match="these bytes are no shard of a bootstrap; compute the shard again"):
        dea.BootstrapShard.from_bytes(not_shards()[what])
