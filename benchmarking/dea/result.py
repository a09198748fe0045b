"""What an efficiency computation hands back: one frozen record for all units together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]

OPTIMAL = "optimal"
INFEASIBLE = "infeasible"
NO_PEER = "no_peer"


class ReadOnly:
    """For a frozen dataclass: its arrays cannot be changed either."""

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)


@dataclass(frozen=True, eq=False, kw_only=True)
class Efficiency(ReadOnly):
    """Scores of ``n`` units against ``n_ref`` reference units, rows in the order in which the caller gave them.

    Every array is read-only. Where ``status`` is not ``"optimal"`` the numbers are ``nan``, the weights are empty and
    ``unique``, ``prices_unique``, ``own_prices_unique`` and ``fallback`` are false.

    score : (n,)
        theta (input orientation) or phi (output orientation), without unit.
    weights : sparse CSR (n, n_ref)
        lambda of the first phase: how much of each reference unit makes up the unit's example.
    input_slack, output_slack : (n, m), (n, s)
        What is left in each row at ``score`` times the inputs (or outputs), in the units of the data. Of the first
        phase, or, with ``slacks=True``, of the second.
    input_price, output_price, scale_price : (n, m), (n, s), (n,)
        Duals. Input orientation: prices of the reducible inputs times the unit's inputs add up to 1, and
        score = outputs . output_price + scale_price - fixed inputs . input_price. Output orientation: outputs times
        prices add up to 1 and score = inputs . input_price + scale_price. ``scale_price`` is 0 under ``crs``; all are
        ``nan`` under ``fdh``, which is no linear programme. A product the unit does not deliver has price 0 unless
        price bounds say otherwise.
    tradeoffs : (n, s, s) or None
        With price bounds: delta of the bound price r >= lower[r, q] * price q.
    status : (n,)
        ``"optimal"``, ``"infeasible"`` or ``"no_peer"`` (nobody may be compared with the unit).
    certificate : (n, 3)
        Primal residual, worst reduced cost, duality gap, each relative, of the full problem. See ``certificate.py``. 0
        for an answer of exact arithmetic, which holds exactly before it is rounded to floating point.
    unique : (n,)
        Whether the weights are the only optimal ones. Where false they are the lexicographically largest in key order.
    prices_unique : (n,)
        Whether all prices of the full problem are the only optimal ones, including those of products not delivered and
        inputs not used.
    own_prices_unique : (n,)
        The same for the prices of what the unit itself delivers and uses, and the scale price: those one can say a
        sentence about. The price of a product that neither the unit nor its peers deliver is hardly ever unique.
        With price bounds every product counts, since the bounds tie all prices together.
    fallback : (n,)
        Whether the lockstep solver alone did not settle the unit: HiGHS solved it (output orientation always), or, where
        that left a doubt, exact arithmetic.
    """

    score: FloatArray
    weights: sparse.csr_array
    input_slack: FloatArray
    output_slack: FloatArray
    input_price: FloatArray
    output_price: FloatArray
    scale_price: FloatArray
    tradeoffs: FloatArray | None
    status: NDArray[np.str_]
    certificate: FloatArray
    unique: BoolArray
    prices_unique: BoolArray
    own_prices_unique: BoolArray
    fallback: BoolArray
    returns_to_scale: str
    orientation: str

    def __post_init__(self) -> None:
        super().__post_init__()
        for part in (self.weights.data, self.weights.indices, self.weights.indptr):
            part.setflags(write=False)
