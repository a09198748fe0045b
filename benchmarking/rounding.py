"""What is rounded before it is published, and how many values another processor might round the other way."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: No more decimals than the Monte-Carlo error of some thousands of replications carries.
INTERVAL_DECIMALS = 4
#: Values closer than this to a rounding boundary may round differently on another processor.
BOUNDARY = 1e-9
#: Ends of an interval that are closer than this are one point.
ONE_POINT = 1e-9


def published_interval(value: float) -> Decimal:
    """Return an end of an interval, or a corrected score, as it is shown and hashed: 4 decimals, half up."""
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-INTERVAL_DECIMALS), ROUND_HALF_UP)


def near_boundary(values: ArrayLike, *, decimals: int) -> int:
    """Count the values that lie so close to a boundary of half-up rounding to ``decimals`` that rounding is not certain."""
    import numpy as np  # the models use this module, and no page computes

    scale = 10.0**decimals
    return int((np.abs(np.asarray(values, dtype=float) * scale % 1 - 0.5) < BOUNDARY * scale).sum())
