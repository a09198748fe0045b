"""Data envelopment analysis: NumPy arrays in, frozen dataclasses out. This module is the door; the rest is inside.

>>> from benchmarking import dea
>>> dea.efficiency([[2.0], [4.0]], [[1.0], [1.0]], returns_to_scale="crs").score.tolist()
[1.0, 0.5]
"""

from benchmarking.dea.bootstrap import Bootstrap, BootstrapShard, bootstrap, combine_shards
from benchmarking.dea.efficiency import efficiency, super_efficiency
from benchmarking.dea.leave_one_out import Influence, influence
from benchmarking.dea.outliers import Outliers, outliers
from benchmarking.dea.result import INFEASIBLE, NO_PEER, OPTIMAL, Efficiency
from benchmarking.dea.what_if import Frontier, WhatIf, frontier, what_if

__all__ = [
    "INFEASIBLE",
    "NO_PEER",
    "OPTIMAL",
    "Bootstrap",
    "BootstrapShard",
    "Efficiency",
    "Frontier",
    "Influence",
    "Outliers",
    "WhatIf",
    "bootstrap",
    "combine_shards",
    "efficiency",
    "frontier",
    "influence",
    "outliers",
    "super_efficiency",
    "what_if",
]
