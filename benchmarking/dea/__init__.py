"""Data envelopment analysis: NumPy arrays in, frozen dataclasses out. This module is the door; the rest is inside.

>>> from benchmarking import dea
>>> dea.efficiency([[2.0], [4.0]], [[1.0], [1.0]], returns_to_scale="crs").score.tolist()
[1.0, 0.5]
"""

from benchmarking.dea.bootstrap import Bootstrap, bootstrap, combine_shards, forget_shards
from benchmarking.dea.calibration import Calibration, calibrate
from benchmarking.dea.cost_efficiency import CostEfficiency, cost_efficiency
from benchmarking.dea.efficiency import efficiency, super_efficiency
from benchmarking.dea.leave_one_out import Influence, influence
from benchmarking.dea.malmquist import Malmquist, malmquist
from benchmarking.dea.outliers import Outliers, outliers
from benchmarking.dea.partial import PartialFrontier, order_alpha, order_m
from benchmarking.dea.peer_difference import PeerDifference, peer_difference
from benchmarking.dea.result import INFEASIBLE, NO_PEER, OPTIMAL, Efficiency
from benchmarking.dea.scale import ReturnsTest, Scale, constant_returns_test, scale
from benchmarking.dea.second_stage import SecondStage, second_stage
from benchmarking.dea.shard import BootstrapShard
from benchmarking.dea.what_if import Frontier, WhatIf, frontier, what_if

__all__ = [
    "INFEASIBLE",
    "NO_PEER",
    "OPTIMAL",
    "Bootstrap",
    "BootstrapShard",
    "Calibration",
    "CostEfficiency",
    "Efficiency",
    "Frontier",
    "Influence",
    "Malmquist",
    "Outliers",
    "PartialFrontier",
    "PeerDifference",
    "ReturnsTest",
    "Scale",
    "SecondStage",
    "WhatIf",
    "bootstrap",
    "calibrate",
    "combine_shards",
    "constant_returns_test",
    "cost_efficiency",
    "efficiency",
    "forget_shards",
    "frontier",
    "influence",
    "malmquist",
    "order_alpha",
    "order_m",
    "outliers",
    "peer_difference",
    "scale",
    "second_stage",
    "super_efficiency",
    "what_if",
]
