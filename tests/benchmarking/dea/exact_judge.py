"""The judge for data on which floating-point solvers disagree: the textbook programme in exact rational arithmetic.

A plain two-phase tableau simplex with Bland's rule over ``fractions.Fraction``: slow, never wrong. For at most some
30 units.
"""

from fractions import Fraction

import numpy as np


def minimum(cost, rows, bounds, kinds):
    """min cost x with x >= 0 and each row (<=, = or >=) its bound; ``None`` if infeasible."""
    cost = [Fraction(value) for value in cost]
    table, right = [], []
    for row, bound, kind in zip(rows, bounds, kinds, strict=True):
        row, bound = [Fraction(value) for value in row], Fraction(bound)
        if bound < 0:
            row, bound = [-value for value in row], -bound
            kind = {"<=": ">=", ">=": "<=", "=": "="}[kind]
        table.append((row, kind))
        right.append(bound)
    variables = len(cost)
    slacks = [k for k, (_, kind) in enumerate(table) if kind != "="]
    width = variables + len(slacks)
    full = []
    for k, (row, kind) in enumerate(table):
        extra = [Fraction(0)] * len(slacks)
        if kind != "=":
            extra[slacks.index(k)] = Fraction(1 if kind == "<=" else -1)
        artificial = [Fraction(int(k == other)) for other in range(len(table))]
        full.append([*row, *extra, *artificial, right[k]])
    basis = [width + k for k in range(len(table))]
    first = [Fraction(0)] * width + [Fraction(1)] * len(table)
    _pivot_until_optimal(full, basis, first, len(first))
    if sum(row[-1] for row, member in zip(full, basis, strict=True) if member >= width) > 0:
        return None
    # Artificial variables still in the basis are zero: exchange them, or drop the row that they show to be redundant.
    for k in reversed(range(len(full))):
        if basis[k] >= width:
            entering = next((j for j in range(width) if full[k][j] != 0), None)
            if entering is None:
                del full[k], basis[k]
            else:
                _pivot(full, basis, k, entering)
    second = cost + [Fraction(0)] * (len(slacks) + len(first) - width)
    _pivot_until_optimal(full, basis, second, width)
    return sum(second[member] * row[-1] for row, member in zip(full, basis, strict=True))


def _pivot_until_optimal(full, basis, cost, allowed):
    while True:
        entering = None
        for j in range(allowed):
            if j in basis:
                continue
            reduced = cost[j] - sum(cost[member] * row[j] for row, member in zip(full, basis, strict=True) if row[j])
            if reduced < 0:
                entering = j
                break
        if entering is None:
            return
        ratios = [(row[-1] / row[entering], basis[k], k) for k, row in enumerate(full) if row[entering] > 0]
        if not ratios:
            raise AssertionError("unbounded: no programme of this kind is")
        _pivot(full, basis, min(ratios)[2], entering)


def _pivot(full, basis, leaving, entering):
    pivot = full[leaving][entering]
    full[leaving] = [value / pivot for value in full[leaving]]
    for k, row in enumerate(full):
        if k != leaving and row[entering] != 0:
            factor = row[entering]
            full[k] = [value - factor * other for value, other in zip(row, full[leaving], strict=True)]
    basis[leaving] = entering


def scores(x, y, *, rts, orientation="input", allowed=None, fixed=(), lower=None, units=None):
    """Exact scores of all (or the listed) units as floats, ``nan`` where infeasible."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    n, m, s = len(x), x.shape[1], y.shape[1]
    allowed = np.ones((n, n), dtype=bool) if allowed is None else allowed
    found = []
    for i in range(n) if units is None else units:
        peers = np.flatnonzero(allowed[i])
        pairs = [(r, q) for r in range(s) for q in range(s) if r != q and lower is not None and lower[r, q] > 0]
        trade = {(r, k): Fraction(0) for r in range(s) for k in range(len(pairs))}
        for k, (r, q) in enumerate(pairs):
            trade[q, k] = Fraction(lower[r, q])
            trade[r, k] = Fraction(-1)
        is_input = orientation == "input"
        rows, bounds, kinds = [], [], []
        for v in range(m):
            radial = -Fraction(x[i, v]) if is_input and v not in fixed else Fraction(0)
            rows.append([radial, *(Fraction(x[j, v]) for j in peers), *[0] * len(pairs)])
            bounds.append(0 if is_input and v not in fixed else Fraction(x[i, v]))
            kinds.append("<=")
        for r in range(s):
            radial = Fraction(0) if is_input else -Fraction(y[i, r])
            rows.append([radial, *(Fraction(y[j, r]) for j in peers), *(trade[r, k] for k in range(len(pairs)))])
            bounds.append(Fraction(y[i, r]) if is_input else 0)
            kinds.append(">=")
        if rts != "crs":
            rows.append([0, *[1] * len(peers), *[0] * len(pairs)])
            bounds.append(1)
            kinds.append({"vrs": "=", "drs": "<=", "irs": ">="}[rts])
        cost = [1 if is_input else -1] + [0] * (len(peers) + len(pairs))
        optimum = minimum(cost, rows, bounds, kinds)
        found.append(np.nan if optimum is None else float(optimum if is_input else -optimum))
    return np.array(found)
