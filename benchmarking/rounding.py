"""What is rounded before it is published: how many values another processor might round the other way."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

#: Values closer than this to a rounding boundary may round differently on another processor.
BOUNDARY = 1e-9
#: Ends of an interval that are closer than this are one point.
ONE_POINT = 1e-9


def near_boundary(values: ArrayLike, *, decimals: int) -> int:
    """Count the values that lie so close to a boundary of half-up rounding to ``decimals`` that rounding is not certain."""
    scale = 10.0**decimals
    return int((np.abs(np.asarray(values, dtype=float) * scale % 1 - 0.5) < BOUNDARY * scale).sum())
