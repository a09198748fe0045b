"""The three bootstraps as they are published, once more: plain loops over plain numbers, programmes solved by the judge.

Written after what the packages do (docs/method/5-onzekerheid.md names them), without a line of the product. Only where the
random numbers come from is the product's own: replication b draws from the stream (seed, 0, b), first who is drawn and then
the disturbances, units in the order of their keys.
"""

import math
import statistics

import numpy as np

from tests.benchmarking.dea import judge

EFFICIENT = 1e-6


def quantile(values, share, *, kind):
    """The quantile of R's type 7 or 9 (Hyndman & Fan 1996)."""
    ordered = sorted(values)
    count = len(ordered)
    place = {7: 1 + (count - 1) * share, 9: (count + 0.25) * share + 0.375}[kind]
    place = min(max(place, 1.0), float(count))
    below = math.floor(place)
    above = min(below + 1, count)
    return ordered[below - 1] + (place - below) * (ordered[above - 1] - ordered[below - 1])


def mirrored(values):
    return [*values, *(2 - value for value in values)]


def normal_reference(deltas, sample, divisor):
    """0.9 x spread x N^(-1/5) of the mirrored sample, brought to the number and the spread of all."""
    both = mirrored(sample)
    spread = statistics.stdev(both)
    by_quartiles = (quantile(both, 0.75, kind=7) - quantile(both, 0.25, kind=7)) / divisor
    least = by_quartiles if EFFICIENT < by_quartiles < spread else spread
    first = 0.9 * least * len(both) ** (-1 / 5)
    return first * statistics.stdev(deltas) / spread * (len(both) / len(deltas)) ** (1 / 5)


def cross_validated(sample):
    """What R's bw.ucv finds: pairs counted by distance in 1000 bins, the minimum to 1 % of the upper limit."""
    both = mirrored(sample)
    count = len(both)
    highest = 1.144 * statistics.stdev(both) * count ** (-1 / 5)
    width = (max(both) - min(both)) * 1.01 / 1000
    apart = {}
    for i in range(count):
        for j in range(i):
            steps = abs(int(both[i] / width) - int(both[j] / width))
            apart[steps] = apart.get(steps, 0) + 1

    def expected_error(h):
        total = 0.0
        for steps, pairs in apart.items():
            square = (steps * width / h) ** 2
            if square < 1000:
                total += pairs * (math.exp(-square / 4) - math.sqrt(8) * math.exp(-square / 2))
        return 1 / (2 * count * h * math.sqrt(math.pi)) + total / (count**2 * h * math.sqrt(math.pi))

    return least_between(expected_error, 0.1 * highest, highest, 0.01 * highest)


def least_between(function, low, high, tolerance):
    """Where the function is least, after Brent (1973, chapter 5): parabolas where they serve, golden sections elsewhere."""
    golden = (3 - math.sqrt(5)) / 2
    best = second = third = low + golden * (high - low)
    at_best = at_second = at_third = function(best)
    step = before = 0.0
    while True:
        middle = (low + high) / 2
        smallest = math.sqrt(2.0**-52) * abs(best) + tolerance / 3
        if abs(best - middle) <= 2 * smallest - (high - low) / 2:
            return best
        upper, lower, last = 0.0, 0.0, 0.0
        if abs(before) > smallest:
            one = (best - second) * (at_best - at_third)
            other = (best - third) * (at_best - at_second)
            upper = (best - third) * other - (best - second) * one
            lower = 2 * (other - one)
            upper, lower = (-upper, lower) if lower > 0 else (upper, -lower)
            last, before = before, step
        inside = lower * (low - best) < upper < lower * (high - best)
        if inside and abs(upper) < abs(lower * last / 2):
            step = upper / lower
            at = best + step
            if at - low < 2 * smallest or high - at < 2 * smallest:
                step = smallest if best < middle else -smallest
        else:
            before = high - best if best < middle else low - best
            step = golden * before
        at = best + (step if abs(step) >= smallest else math.copysign(smallest, step))
        here = function(at)
        if here <= at_best:
            low, high = (low, best) if at < best else (best, high)
            third, at_third, second, at_second, best, at_best = second, at_second, best, at_best, at, here
        else:
            low, high = (at, high) if at < best else (low, at)
            if here <= at_second or second == best:
                third, at_third, second, at_second = second, at_second, at, here
            elif here <= at_third or third in (best, second):
                third, at_third = at, here


def bandwidth(convention, deltas):
    inefficient = [delta for delta in deltas if delta > 1 + EFFICIENT]
    if convention == "shephard":
        return normal_reference(deltas, inefficient, 1.34)
    if convention == "benchmarking":
        return normal_reference(deltas, [1 / delta for delta in inefficient], 1.349)
    return cross_validated(inefficient)


def drawn(convention, deltas, h, generator):
    """One delta for every unit."""
    units = len(deltas)
    if convention == "rdea":
        who = generator.integers(0, units, units).tolist()
        noise = generator.standard_normal(units).tolist()
        centre, variance = statistics.fmean(deltas), statistics.variance(deltas)
        found = []
        for k in range(units):
            value = deltas[who[k]] + h * noise[k]
            if value < 1:
                value = 2 - value
            found.append(centre + (value - centre) / math.sqrt(1 + h**2 / variance))
        return found
    both = mirrored(deltas)
    who = generator.integers(0, 2 * units, units).tolist()
    noise = generator.standard_normal(units).tolist()
    centre, variance = statistics.fmean(both[k] for k in who), statistics.variance(both)
    found = []
    for k in range(units):
        value = both[who[k]] + h * noise[k]
        value = centre + (value - centre) / math.sqrt(1 + h**2 / variance)
        found.append(2 - value if value < 1 else value)
    return found


def replicates(x, y, *, convention, seed, replications, rts, gate=None, allowed=None, fixed=(), lower=None):
    """Scores, bandwidth, and scores ``(B, n)`` against the drawn references."""
    gate = np.ones(len(x), dtype=bool) if gate is None else gate
    allowed = np.ones((len(x), len(x)), dtype=bool) if allowed is None else allowed
    score = judge.scores(x, y, rts=rts, allowed=allowed, fixed=fixed, lower=lower)
    peers = np.flatnonzero(gate).tolist()
    deltas = [1 / float(score[k]) for k in peers]
    h = bandwidth(convention, deltas)
    table = np.empty((replications, len(x)))
    for b in range(replications):
        stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(0, b))))
        pseudo = x.copy()
        for k, old, new in zip(peers, deltas, drawn(convention, deltas, h, stream), strict=True):
            for column in range(x.shape[1]):
                if column not in fixed:
                    pseudo[k, column] = x[k, column] * new / old
        table[b] = judge.scores(x, y, rts=rts, reference=(pseudo, y), allowed=allowed, fixed=fixed, lower=lower)
    return score, h, table


def summary(convention, score, table, confidence):
    """Corrected score and the ends of the interval, unit by unit."""
    tail = (1 - confidence) / 2
    corrected, lower, upper = [], [], []
    for unit, theta in enumerate(score.tolist()):
        thetas = table[:, unit].tolist()
        if convention == "rdea":
            bias = statistics.fmean(thetas) - theta
            corrected.append(theta - bias)
            lower.append(quantile(thetas, tail, kind=7) - 2 * bias)
            upper.append(quantile(thetas, 1 - tail, kind=7) - 2 * bias)
            continue
        kind = {"shephard": 7, "benchmarking": 9}[convention]
        delta, deltas = 1 / theta, [1 / value for value in thetas]
        corrected.append(1 / (delta - (statistics.fmean(deltas) - delta)))
        errors = [delta - value for value in deltas]
        upper.append(1 / (delta + quantile(errors, tail, kind=kind)))
        lower.append(1 / (delta + quantile(errors, 1 - tail, kind=kind)))
    return np.array(corrected), np.array(lower), np.array(upper)
