"""The proof of a score, made anew from what is published of it: weights and prices, in the caller's own numbers.

Weights that do what they should show that the score is no lower than the truth allows, prices that do what they should that
it is no higher. No solver takes part and no line of the product: whoever gets past this has the right score.
"""

import numpy as np


def shortcomings(found, x, y, *, rts, reference=None, allowed=None, fixed=(), lower=None):
    """By how much each unit's answer fails, ``(n, 3)``: weights, prices, and the difference between the two scores; all
    relative. Input orientation; ``nan`` where there is no answer."""
    rx, ry = (x, y) if reference is None else reference
    allowed = np.ones((len(x), len(rx)), dtype=bool) if allowed is None else allowed
    weights = found.weights.toarray()
    movable = np.array([i not in fixed for i in range(x.shape[1])])
    failing = np.full((len(x), 3), np.nan)
    for i in np.flatnonzero(found.status == "optimal"):
        score, lam = found.score[i], weights[i]
        p, q, w = found.input_price[i], found.output_price[i], found.scale_price[i]

        # The weights: none negative, none of whom may not be a peer, and together the care at score times the costs.
        wrong = [max(0.0, -lam.min()), np.abs(lam[~allowed[i]]).max(initial=0.0)]
        used, made = lam @ rx, lam @ ry
        if lower is not None:
            delta = found.tradeoffs[i]
            assert delta.min() >= 0
            np.testing.assert_array_equal(np.diag(delta), 0)
            made = made + (delta * lower).sum(axis=0) - delta.sum(axis=1)
        for k in range(x.shape[1]):
            limit = score * x[i, k] if movable[k] else x[i, k]
            if x[i, k] > 0:
                wrong.append((used[k] - limit) / max(limit, x[i, k]))
            else:
                wrong.append(float(used[k] > 0))
        # What a product not delivered is measured by, where trade-offs make it count: a share of all the unit delivers.
        unit = np.where(y[i] > 0, y[i], y[i].sum())
        wrong += list((y[i] - made) / unit)
        total = lam.sum() - 1
        wrong.append({"crs": 0.0, "vrs": abs(total), "drs": total, "irs": -total}[rts])
        failing[i, 0] = max(wrong)

        # The prices: none negative, within their bounds, adding up to 1, and nobody allowed is cheaper than they say.
        wrong = [abs(p[movable] @ x[i, movable] - 1), max(0.0, -p.min()), max(0.0, -q.min())]
        wrong.append({"crs": abs(w), "vrs": 0.0, "drs": w, "irs": -w}[rts])
        if lower is not None:
            short = lower * q[None, :] - q[:, None]
            np.fill_diagonal(short, 0.0)
            wrong.append((short * unit[:, None]).max())
        surplus = rx @ p - ry @ q - w
        own = x[i] > 0
        # No weight of j in any solution is above max(1, score) over j's size, so this bounds the error of the score.
        size = np.maximum((rx[:, own] / x[i, own]).max(axis=1), 1.0 if rts in ("vrs", "drs") else 1e-300)
        wrong.append((-surplus / size)[allowed[i]].max(initial=0.0))
        failing[i, 1] = max(wrong)

        worth = y[i] @ q + w - p[~movable] @ x[i, ~movable]
        failing[i, 2] = abs(score - worth) / max(1.0, score)
    return failing
