"""Who takes part and what they sent."""

from providers.models.accounts import Mandate, Power, Role, User
from providers.models.audit import Act, AuditRecord
from providers.models.delivering import (
    Draft,
    Exemption,
    ExemptionStatus,
    Explanation,
    How,
    SectorBasis,
    SignatureAnswer,
    SignatureRequest,
    Statement,
    StatusChange,
    TermChange,
    Upload,
    UploadStatus,
)
from providers.models.notices import Mail, MailStatus, Notice
from providers.models.organisations import CareOffice, CareOfficeRegion, Location, Provider
from providers.models.rounds import PORTAL, Round, RoundStatus, RoundText
from providers.models.sources import ApiKey, SourceFigure
from providers.models.submissions import (
    COUNTING,
    EDITABLE,
    Finding,
    MeasuredValue,
    Severity,
    SourceFile,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
)

__all__ = [
    "COUNTING",
    "EDITABLE",
    "PORTAL",
    "Act",
    "ApiKey",
    "AuditRecord",
    "CareOffice",
    "CareOfficeRegion",
    "Draft",
    "Exemption",
    "ExemptionStatus",
    "Explanation",
    "Finding",
    "How",
    "Location",
    "Mail",
    "MailStatus",
    "Mandate",
    "MeasuredValue",
    "Notice",
    "Power",
    "Provider",
    "Role",
    "Round",
    "RoundStatus",
    "RoundText",
    "SectorBasis",
    "Severity",
    "SignatureAnswer",
    "SignatureRequest",
    "SourceFigure",
    "SourceFile",
    "Statement",
    "StatusChange",
    "Submission",
    "SubmissionStatus",
    "SubmissionVersion",
    "TermChange",
    "Upload",
    "UploadStatus",
    "User",
]
