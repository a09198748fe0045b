"""Who takes part and what they sent."""

from providers.models.accounts import Mandate, Role, User
from providers.models.audit import Act, AuditRecord
from providers.models.organisations import CareOffice, CareOfficeRegion, Location, Provider
from providers.models.rounds import Round, RoundStatus
from providers.models.submissions import (
    Finding,
    MeasuredValue,
    Severity,
    SourceFile,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)

__all__ = [
    "Act",
    "AuditRecord",
    "CareOffice",
    "CareOfficeRegion",
    "Finding",
    "Location",
    "Mandate",
    "MeasuredValue",
    "Provider",
    "Role",
    "Round",
    "RoundStatus",
    "Severity",
    "SourceFile",
    "Submission",
    "SubmissionStatus",
    "SubmissionVersion",
    "User",
]
