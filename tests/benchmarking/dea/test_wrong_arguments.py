"""What crashed, never ended or came back unchecked, function by function: refused with the argument and the cure."""

import numpy as np
import pytest

from benchmarking import dea

HUGE = 10**400
N = 12
XS, YS = np.linspace(1.0, 3.0, N)[:, None] ** 2, np.linspace(1.0, 2.0, N)[::-1, None]
Z = np.cos(np.arange(N))[:, None]
SCORES = np.linspace(0.3, 1.0, N)
YEAR = (XS, YS, range(N))
REGRESSED = {"algorithm": 1, "scores": SCORES, "seed": 1, "replications": 100}
CORRECTED = {"bias_corrected": SCORES, "cap": 0.4}
WEIGHTS = np.roll(np.eye(N), 1, axis=1)


def year(**changed_parts):
    return tuple((dict(zip(("inputs", "outputs", "keys"), YEAR, strict=True)) | changed_parts).values())


#: Name -> what is called, and what it must say.
CALLS = {
    "a billion replications of the bootstrap": (
        lambda: dea.bootstrap(XS, YS, seed=1, replications=10**9),
        r"replications is 1000000000; give a whole number of 100000 or less",
    ),
    "a billion shards": (
        lambda: dea.bootstrap(XS, YS, seed=1, shard=(0, 10**9)),
        r"shard\[1\] is 1000000000; give a whole number of 100000 or less",
    ),
    "more scores than fit": (
        lambda: dea.bootstrap(np.tile(XS, (200, 1)), np.tile(YS, (200, 1)), seed=1, replications=60_000),
        r"replications is 60000 for 2400 units, .*; give 55924 replications or less",
    ),
    "a seed of 5,000 digits": (lambda: dea.bootstrap(XS, YS, seed=10**5000), r"seed is a value of type int .*; give a"),
    "a confidence above 1e308": (
        lambda: dea.bootstrap(XS, YS, seed=1, confidence=HUGE),
        r"confidence is 1000.*between 0",
    ),
    "units out of all proportion": (
        lambda: dea.bootstrap(
            [[1.0], [1e60], [2.0]], [[1e60], [1.0], [1e60]], seed=1, replications=4, returns_to_scale="crs"
        ),
        r"amounts are too far apart",
    ),
    "a billion draws": (
        lambda: dea.order_m(XS, YS, m=10**9),
        r"m is 1000000000; give a whole number of 1000000 or less",
    ),
    "a billion simulations": (
        lambda: dea.order_m(XS, YS, m=2, replications=10**9, seed=1),
        r"replications is 1000000000; give a whole number of 100000 or less",
    ),
    "too many draws together": (
        lambda: dea.order_m(XS, YS, m=10**6, replications=10**4, seed=1),
        r"replications is 10000 and m is 1000000, .*leave replications and seed out: that is exact",
    ),
    "infinite costs to order m": (
        lambda: dea.order_m(XS * np.inf, YS, m=2),
        r"inputs row 0, column 0: inf is not a fin",
    ),
    "costs that overflow order alpha": (
        lambda: dea.order_alpha(np.where(XS > 8, 1e300, XS), YS, alpha=0.9),
        r"inputs row 11, column 0: 1e\+300 is too large",
    ),
    "an alpha above 1e308": (lambda: dea.order_alpha(XS, YS, alpha=HUGE), r"alpha is 1000.*between 0 and 1"),
    "a truth for alpha": (lambda: dea.order_alpha(XS, YS, alpha=np.True_), r"alpha is .*True.*between 0 and 1"),
    "alpha for each": (lambda: dea.order_alpha(XS, YS, alpha=np.array([1, 1])), r"alpha is array.*between 0 and 1"),
    "a billion tests": (
        lambda: dea.constant_returns_test(XS, YS, seed=1, replications=10**9),
        r"replications is 1000000000; give a whole number of 100000 or less",
    ),
    "keys of the test": (lambda: dea.constant_returns_test(XS, YS, seed=1, keys=3), r"keys is 3; give a list of keys"),
    "a tolerance above 1e308": (
        lambda: dea.scale(XS, YS, tolerance=HUGE),
        r"tolerance is 1000.*; give a finite number",
    ),
    "fixed inputs of scale": (lambda: dea.scale(XS, YS, fixed_inputs=0), r"fixed_inputs is 0; give a list of column"),
    "a billion regressions": (
        lambda: dea.second_stage(Z, **REGRESSED | {"replications": 10**9}),
        r"replications is 1000000000; give a whole number of 100000 or less",
    ),
    "a billion corrections": (
        lambda: dea.second_stage(Z, algorithm=2, inputs=XS, outputs=YS, seed=1, bias_replications=10**9),
        r"bias_replications is 1000000000; give a whole number of 100000 or less",
    ),
    "algorithms": (lambda: dea.second_stage(Z, **REGRESSED | {"algorithm": np.array([1, 2])}), r"algorithm is array"),
    "unknown returns beside scores": (
        lambda: dea.second_stage(Z, **REGRESSED, returns_to_scale="nirs"),
        r"returns_to_scale is 'nirs'; choose one of",
    ),
    "scores above 1e308": (lambda: dea.second_stage(Z, **REGRESSED | {"scores": [HUGE] * N}), r"scores holds a number"),
    "scores that underflow": (
        lambda: dea.second_stage(Z, **REGRESSED | {"scores": [*SCORES[:-1], 1e-310]}),
        r"scores row 11: 1e-310 is too small",
    ),
    "names that are a number": (
        lambda: dea.second_stage(Z, **REGRESSED, factor_names=5),
        r"factor_names is 5; give a list",
    ),
    "names that are a word": (
        lambda: dea.second_stage(Z, **REGRESSED, factor_names="x"),
        r"factor_names is 'x'; give a",
    ),
    "names that are numbers": (
        lambda: dea.second_stage(Z, **REGRESSED, factor_names=[1]),
        r"factor_names is \[1\]; give",
    ),
    "factors that overflow": (
        lambda: dea.second_stage(Z * 1e308, **REGRESSED),
        r"factors row 0, column 0: .* is too large",
    ),
    "factors that underflow": (
        lambda: dea.second_stage(Z * 1e-200, **REGRESSED),
        r"factors row 0, column 0: .* too small",
    ),
    "weights of objects": (
        lambda: dea.peer_difference(SCORES, [[{}] * N] * N, XS[:, 0], Z, **CORRECTED),
        r"weights row 0, column 0: {} is not a number",
    ),
    "weights in words": (
        lambda: dea.peer_difference(SCORES, "veel", XS[:, 0], Z, **CORRECTED),
        r"weights is 'veel'; give one row per unit",
    ),
    "weights that overflow": (
        lambda: dea.peer_difference(SCORES, WEIGHTS * 1e308, XS[:, 0] * 10, Z, **CORRECTED),
        r"weights row 0: times the costs of the peers they are too large",
    ),
    "weights that underflow": (
        lambda: dea.peer_difference(SCORES, WEIGHTS * 5e-324, XS[:, 0] * 0.01, Z, **CORRECTED),
        r"weights row .*: times the costs of the peers they are too large or too small",
    ),
    "a cap below everything": (
        lambda: dea.peer_difference(SCORES, WEIGHTS, XS[:, 0], Z, bias_corrected=SCORES, cap=-HUGE),
        r"cap is -1000.*; give a number above 0",
    ),
    "a masked regression": (
        lambda: dea.peer_difference(
            SCORES, WEIGHTS, XS[:, 0], Z, **CORRECTED, in_regression=np.ma.array([True] * N, mask=[1] * N)
        ),
        r"in_regression is masked",
    ),
    "a total above 1e308": (lambda: dea.calibrate([1, 2], HUGE, [1, 1]), r"total is 1000.*; give a finite amount"),
    "a total that overflows": (lambda: dea.calibrate([1, 2], 1e200, [1, 1]), r"total: 1e\+200 is too large"),
    "minimums that overflow": (
        lambda: dea.calibrate([1e308, 1e308], 1.0, [1, 1]),
        r"minimum row 0: 1e\+308 is too large",
    ),
    "keys to share by that overflow": (
        lambda: dea.calibrate([1, 1], 1.0, [1e308] * 2),
        r"key row 0: 1e\+308 is too large",
    ),
    "minimums in words": (lambda: dea.calibrate("ab", 1, [1, 1]), r"minimum is 'ab'; give one amount per unit"),
    "ragged minimums": (
        lambda: dea.calibrate([[1], [1, 2]], 1, [1, 1]),
        r"minimum cannot be read as numbers; give one",
    ),
    "the keys of calibrate": (lambda: dea.calibrate([1], 1, [1], keys=3), r"keys is 3; give a list of keys"),
    "a price above 1e308": (lambda: dea.cost_efficiency(XS, YS, [HUGE]), r"prices holds a number that is too large"),
    "a price that overflows": (lambda: dea.cost_efficiency(XS, YS, [1e308]), r"prices column 0: 1e\+308; .*to 1e\+100"),
    "a price that underflows": (
        lambda: dea.cost_efficiency(XS, YS, [1e-320]),
        r"prices column 0: .*e-321; .*from 1e-100",
    ),
    "costs that overflow": (
        lambda: dea.cost_efficiency(XS * 1e90, YS, [1e60], keys=range(N, 0, -1)),
        r"inputs times prices, row 0 \(key 12\): 1e\+150 is too large",
    ),
    "costs that underflow": (
        lambda: dea.cost_efficiency(XS * 1e-90, YS, [1e-60]),
        r"inputs times prices, row 0: .* small",
    ),
    "keys of a year that are a number": (
        lambda: dea.malmquist(year(keys=5), YEAR, deflator=1, index_name="cpi"),
        r"first keys is 5; give a list of keys",
    ),
    "keys of a year that cannot be looked up": (
        lambda: dea.malmquist(YEAR, year(keys=[[k] for k in range(N)]), deflator=1, index_name="cpi"),
        r"second keys cannot be looked up: .*; give numbers or text",
    ),
    "keys of two kinds": (
        lambda: dea.malmquist(YEAR, year(keys=[str(k) for k in range(N)]), deflator=1, index_name="cpi"),
        r"keys cannot be sorted",
    ),
    "a deflator above 1e308": (
        lambda: dea.malmquist(YEAR, YEAR, deflator=HUGE, index_name="cpi"),
        r"deflator holds a number that is too large",
    ),
    "a deflator that overflows": (
        lambda: dea.malmquist(YEAR, YEAR, deflator=1e308, index_name="cpi"),
        r"deflator of input 0 is 1e\+308; give the price level .*to 1e\+100",
    ),
    "costs that overflow when deflated": (
        lambda: dea.malmquist(YEAR, year(inputs=XS * 1e60), deflator=1e-60, index_name="cpi"),
        r"second inputs over deflator row 0 \(key 0\), column 0: .* is too large",
    ),
    "a frontier that is none": (lambda: dea.what_if(None, 0, XS[0], YS[0]), r"frontier is None; give what frontier"),
    "new figures above 1e308": (
        lambda: dea.what_if(dea.frontier(XS, YS), 0, [HUGE], YS[0]),
        r"new_inputs holds a number that is too large",
    ),
    "ragged new figures": (
        lambda: dea.what_if(dea.frontier(XS, YS), 0, [[1], [1, 2]], YS[0]),
        r"new_inputs cannot be read.*; give one row of 1 amounts",
    ),
    "new figures out of all proportion": (
        lambda: dea.what_if(dea.frontier(XS * 1e99, YS), 0, [1e-100], YS[0] * 100),
        r"new_inputs column 0 has amounts that are .* too far apart",
    ),
    "everyone in words": (
        lambda: dea.what_if(dea.frontier(XS, YS), 0, XS[0], YS[0], everyone="ja"),
        r"everyone is 'ja'; give True or False",
    ),
    "keys of influence": (lambda: dea.influence(XS, YS, keys=5), r"keys is 5; give a list of keys"),
}


@pytest.mark.parametrize("what", CALLS)
def test_refused(what):
    call, message = CALLS[what]
    with pytest.raises(ValueError, match=message):
        call()


def test_every_function_has_arguments_that_it_refuses():
    called = {name for call, _ in CALLS.values() for name in call.__code__.co_names}
    functions = {name for name in dea.__all__ if name[0].islower()}
    # Elsewhere: efficiency and super_efficiency, outliers and the shards have tests of their own.
    elsewhere = {"efficiency", "super_efficiency", "outliers", "combine_shards", "forget_shards"}
    assert functions - elsewhere <= called
