"""What follows from the results: tariffs, policies, bandwidths, released mirrors."""

from tariffs.models.bandwidths import Bandwidth, BandwidthStatus, ProductBandwidth
from tariffs.models.policies import Disclosure, MaximumTariff, RoundPolicy, TariffTable
from tariffs.models.reports import MirrorReport, Release, ReportStatus

__all__ = [
    "Bandwidth",
    "BandwidthStatus",
    "Disclosure",
    "MaximumTariff",
    "MirrorReport",
    "ProductBandwidth",
    "Release",
    "ReportStatus",
    "RoundPolicy",
    "TariffTable",
]
