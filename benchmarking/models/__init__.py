"""What is computed: specifications, frozen datasets, runs and their results."""

from benchmarking.models.results import OutlierVerdict, PeerLink, QualityVerdict, Result
from benchmarking.models.runs import Dataset, Run, RunStatus, RunStep, StepStatus
from benchmarking.models.shards import RunDivision, RunShard, ShardStatus
from benchmarking.models.specifications import RoundSpecification, Specification

__all__ = [
    "Dataset",
    "OutlierVerdict",
    "PeerLink",
    "QualityVerdict",
    "Result",
    "RoundSpecification",
    "Run",
    "RunDivision",
    "RunShard",
    "RunStatus",
    "RunStep",
    "ShardStatus",
    "Specification",
    "StepStatus",
]
