"""The judge: data envelopment analysis as in the textbook, with scipy, sharing no line with what it judges.

Several units are put into one linear programme as independent blocks, because calling the solver costs more than
solving. Amounts are measured in the evaluated unit's own ("three times mine"), which changes no score and keeps the
solver accurate.
"""

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
OTHER_ROADS = (("highs-ds", {"presolve": False}), ("highs-ipm", TIGHT), ("highs-ds", {}), ("highs-ipm", {}))
BLOCK = 40


def own_measure(mine, others, fallback):
    """``others`` in units of ``mine``; where I have none, in units of ``fallback``."""
    unit = np.where(mine > 0, mine, np.where(fallback > 0, fallback, 1.0))
    return mine / unit, others / unit, unit


def block_of(x0, y0, x, y, *, rts, orientation, fixed=(), lower=None):
    """One unit's programme: c, A_ub, b_ub, A_eq, b_eq over (score, lambda..., delta...), textbook form."""
    n, m, s = len(x), len(x0), len(y0)
    x0, x, _ = own_measure(x0, x, x.max(axis=0, initial=0))
    y0, y, y_unit = own_measure(y0, y, y.max(axis=0, initial=0))
    pairs = [(r, q) for r in range(s) for q in range(s) if r != q and lower is not None and lower[r, q] > 0]
    trades = np.zeros((s, len(pairs)))
    for k, (r, q) in enumerate(pairs):
        trades[q, k] = lower[r, q] / y_unit[q]
        trades[r, k] = -1 / y_unit[r]
        trades[:, k] /= np.abs(trades[:, k]).max()
    # Columns measured by their largest entry.
    size = np.maximum(np.maximum(x.max(axis=1, initial=0), y.max(axis=1, initial=0)), 1e-300)
    is_input = orientation == "input"
    upper_rows, upper_bounds = [], []
    for i in range(m):
        radial = -x0[i] if is_input and i not in fixed else 0.0
        upper_rows.append(np.concatenate([[radial], x[:, i] / size, np.zeros(len(pairs))]))
        upper_bounds.append(0.0 if is_input and i not in fixed else x0[i])
    for r in range(s):
        radial = 0.0 if is_input else y0[r]
        upper_rows.append(np.concatenate([[radial], -y[:, r] / size, -trades[r]]))
        upper_bounds.append(-y0[r] if is_input else 0.0)
    total = np.concatenate([[0.0], 1 / size, np.zeros(len(pairs))])
    equal_rows, equal_bounds = np.zeros((0, 1 + n + len(pairs))), []
    if rts == "vrs":
        equal_rows, equal_bounds = total[None, :], [1.0]
    elif rts == "drs":
        upper_rows.append(total)
        upper_bounds.append(1.0)
    elif rts == "irs":
        upper_rows.append(-total)
        upper_bounds.append(-1.0)
    cost = np.zeros(1 + n + len(pairs))
    cost[0] = 1.0 if is_input else -1.0
    return cost, np.array(upper_rows), np.array(upper_bounds), equal_rows, np.array(equal_bounds)


def solve_blocks(blocks):
    """Scores of several blocks at once; a block that makes the whole infeasible is found by solving one by one."""
    cost = np.concatenate([block[0] for block in blocks])
    equal = any(len(block[4]) for block in blocks)
    found = linprog(
        cost,
        A_ub=sparse.block_diag([block[1] for block in blocks], format="csc"),
        b_ub=np.concatenate([block[2] for block in blocks]),
        A_eq=sparse.block_diag([block[3] for block in blocks], format="csc") if equal else None,
        b_eq=np.concatenate([block[4] for block in blocks]) if equal else None,
        bounds=(0, None),
        method="highs-ds",
        options=TIGHT,
    )
    if found.status == 0:
        start = np.cumsum([0] + [len(block[0]) for block in blocks])[:-1]
        return found.x[start]
    if len(blocks) > 1:
        return np.concatenate([solve_blocks([block]) for block in blocks])
    if found.status == 2:
        return np.array([np.nan])
    # Neither solved nor shown infeasible: the same programme by other roads, until one comes to an end.
    block = blocks[0]
    for method, options in OTHER_ROADS:
        found = linprog(
            block[0],
            A_ub=block[1],
            b_ub=block[2],
            A_eq=block[3] if equal else None,
            b_eq=block[4] if equal else None,
            bounds=(0, None),
            method=method,
            options=options,
        )
        if found.status in (0, 2):
            return np.array([found.x[0] if found.status == 0 else np.nan])
    raise AssertionError(f"the judge has no verdict: {found.message}")


def fdh_score(x0, y0, x, y, *, orientation, fixed=()):
    """By looking at every reference unit in turn."""
    best = np.inf if orientation == "input" else -np.inf
    for xj, yj in zip(x, y, strict=True):
        if orientation == "input":
            if any(yj < y0) or any(xj[i] > x0[i] for i in range(len(x0)) if i in fixed or x0[i] == 0):
                continue
            best = min(best, max(xj[i] / x0[i] for i in range(len(x0)) if i not in fixed and x0[i] > 0))
        elif all(xj <= x0):
            best = max(best, min(yj[r] / y0[r] for r in range(len(y0)) if y0[r] > 0))
    return best if np.isfinite(best) else np.nan


def scores(x, y, *, rts, orientation="input", allowed=None, reference=None, fixed=(), lower=None, units=None):
    """Scores of all (or the listed) units. ``allowed`` (n, n_ref) bool says who may be whose peer."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    rx, ry = (x, y) if reference is None else (np.asarray(reference[0], float), np.asarray(reference[1], float))
    if allowed is None:
        allowed = np.ones((len(x), len(rx)), dtype=bool)
    units = range(len(x)) if units is None else units
    if rts == "fdh":
        return np.array(
            [fdh_score(x[i], y[i], rx[allowed[i]], ry[allowed[i]], orientation=orientation, fixed=fixed) for i in units]
        )
    blocks = [
        block_of(x[i], y[i], rx[allowed[i]], ry[allowed[i]], rts=rts, orientation=orientation, fixed=fixed, lower=lower)
        for i in units
    ]
    return np.concatenate([solve_blocks(blocks[k : k + BLOCK]) for k in range(0, len(blocks), BLOCK)])


#: Where nothing else bounds it, a price is kept below this multiple of the unit's own amounts.
CEILING = 1e4


def _extremes(goals, *, bounds, **rows):
    """Smallest and largest value of each goal (a cost vector), all in one programme of independent copies."""
    copies = 2 * len(goals)
    signed = [sign * goal for sign in (1.0, -1.0) for goal in goals]
    for name in ("A_ub", "A_eq"):
        if name in rows:
            rows[name] = sparse.block_diag([rows[name]] * copies, format="csc")
    for name in ("b_ub", "b_eq"):
        if name in rows:
            rows[name] = np.tile(rows[name], copies)
    answer = linprog(np.concatenate(signed), bounds=bounds * copies, method="highs-ds", options=TIGHT, **rows)
    if answer.status != 0:
        raise AssertionError(f"the judge has no verdict: {answer.message}")
    values = np.einsum("kv,kv->k", np.array(goals * 2), answer.x.reshape(copies, -1))
    return values[: len(goals)], values[len(goals) :]


def weight_ranges(x0, y0, x, y, score, *, rts, orientation="input", fixed=(), lower=None, given=(), only=None):
    """Between what each weight (or ``only`` that one) can lie in any optimal solution with the ``given`` first
    weights."""
    cost, a_ub, b_ub, a_eq, b_eq = block_of(x0, y0, x, y, rts=rts, orientation=orientation, fixed=fixed, lower=lower)
    goals = list(np.eye(len(cost))[1 : 1 + len(x)])
    size = _column_sizes(x0, y0, x, y)
    bounds = [(score, score)] + [(0, None)] * (len(cost) - 1)
    for j, weight in enumerate(given):
        bounds[1 + j] = (max(0.0, weight * size[j] - 1e-9), weight * size[j] + 1e-9)
    if only is not None:
        goals, size = [goals[only]], size[[only]]
    rows = {"A_ub": a_ub, "b_ub": b_ub + 1e-11, "bounds": bounds}
    if len(b_eq):
        rows |= {"A_eq": a_eq, "b_eq": b_eq}
    low, high = _extremes(goals, **rows)
    return low / size, high / size


def _column_sizes(x0, y0, x, y):
    own_x = own_measure(x0, x, x.max(axis=0, initial=0))[1]
    own_y = own_measure(y0, y, y.max(axis=0, initial=0))[1]
    return np.maximum(own_x.max(axis=1), own_y.max(axis=1))


def price_ranges(x0, y0, x, y, score, *, rts, orientation="input", fixed=(), lower=None):
    """Between what each price (inputs, outputs, scale) can lie in any optimal solution of the multiplier form.

    Prices are per own amount: the price times what the unit has (or, where it has none, times the largest amount).
    """
    n, m, s = len(x), len(x0), len(y0)
    x0, x, _ = own_measure(x0, x, x.max(axis=0, initial=0))
    y0, y, y_unit = own_measure(y0, y, y.max(axis=0, initial=0))
    is_input = orientation == "input"
    a_ub = [np.concatenate([-x[j], y[j], [1.0 if is_input else -1.0]]) for j in range(n)]
    for r in range(s):
        for q in range(s):
            if r != q and lower is not None and lower[r, q] > 0:
                row = np.zeros(m + s + 1)
                row[m + q] = lower[r, q] / y_unit[q]
                row[m + r] = -1 / y_unit[r]
                a_ub.append(row)
    movable = np.array([i not in fixed for i in range(m)])
    one = np.zeros(m + s + 1)
    objective = np.zeros(m + s + 1)
    objective[-1] = 1.0
    if is_input:
        one[:m] = np.where(movable, x0, 0.0)
        objective[:m] = np.where(movable, 0.0, -x0)
        objective[m : m + s] = y0
    else:
        one[m : m + s] = y0
        objective[:m] = x0
    sign = {
        "crs": (0, 0),
        "vrs": (-CEILING, CEILING),
        "drs": (-CEILING, 0) if is_input else (0, CEILING),
        "irs": (0, CEILING) if is_input else (-CEILING, 0),
    }
    bounds = [(0, CEILING)] * (m + s) + [sign[rts]]
    # At least (at most) the optimal score, so that rounding leaves the face something to stand on.
    edge = (-objective, -score + 1e-11) if is_input else (objective, score + 1e-11)
    return _extremes(
        list(np.eye(m + s + 1)),
        A_ub=np.array([*a_ub, edge[0]]),
        b_ub=np.concatenate([np.zeros(len(a_ub)), [edge[1]]]),
        A_eq=one[None, :],
        b_eq=[1.0],
        bounds=bounds,
    )


def slack_sums(x, y, score, *, rts, lower=None):
    """Largest sum of slacks over their column means, input orientation, given the optimal scores."""
    n, m, s = len(x), x.shape[1], y.shape[1]
    found = []
    for i in range(n):
        if rts == "fdh":
            ok = (y >= y[i]).all(axis=1) & (x <= score[i] * x[i] * (1 + 1e-12)).all(axis=1)
            rest = (score[i] * x[i] - x[ok]) / x.mean(axis=0), (y[ok] - y[i]) / y.mean(axis=0)
            found.append((rest[0].sum(axis=1) + rest[1].sum(axis=1)).max())
            continue
        pairs = [(r, q) for r in range(s) for q in range(s) if r != q and lower is not None and lower[r, q] > 0]
        trades = np.zeros((s, len(pairs)))
        for k, (r, q) in enumerate(pairs):
            trades[q, k], trades[r, k] = lower[r, q], -1.0
        unit = np.maximum(y[i], 1.0)
        # Columns: weights, trades (in units of the amounts), slack of each input and output as a share of the mean.
        a_eq = np.zeros((m + s, n + len(pairs) + m + s))
        a_eq[:m, :n] = x.T / x[i][:, None]
        a_eq[m:, :n] = y.T / unit[:, None]
        a_eq[m:, n : n + len(pairs)] = trades * y.mean() / unit[:, None]
        a_eq[:m, n + len(pairs) : n + len(pairs) + m] = np.diag(x.mean(axis=0) / x[i])
        a_eq[m:, n + len(pairs) + m :] = -np.diag(y.mean(axis=0) / unit)
        b_eq = np.concatenate([np.full(m, score[i]), y[i] / unit])
        cost = np.zeros(a_eq.shape[1])
        cost[n + len(pairs) :] = -1.0
        total = np.zeros((1, a_eq.shape[1]))
        total[0, :n] = {"crs": 0, "vrs": 1, "drs": 1, "irs": -1}[rts]
        if rts == "vrs":
            a_eq, b_eq = np.vstack([a_eq, total]), np.append(b_eq, 1.0)
        inequality = {"drs": (total, [1.0]), "irs": (total, [-1.0])}.get(rts, (None, None))
        answer = linprog(
            cost, A_eq=a_eq, b_eq=b_eq, A_ub=inequality[0], b_ub=inequality[1], bounds=(0, None), method="highs-ds"
        )
        if answer.status != 0:
            raise AssertionError(f"the judge has no verdict: {answer.message}")
        found.append(-answer.fun)
    return np.array(found)
