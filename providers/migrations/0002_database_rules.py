"""Rights of the serving role, row-level security, transitions and immutability."""

from django.db import migrations

from providers.database_rules import functions, immutable, rights, row_security, transitions

OWN_SUBMISSION = "provider_id = ivportal_scope_id('provider')"
OWN_VERSION = "EXISTS (SELECT 1 FROM providers_submission s WHERE s.id = providers_submissionversion.submission_id AND s.provider_id = ivportal_scope_id('provider'))"
OF_OWN_VERSION = (
    "EXISTS (SELECT 1 FROM providers_submissionversion v JOIN providers_submission s ON s.id = v.submission_id"
    " WHERE v.id = version_id AND s.provider_id = ivportal_scope_id('provider'))"
)

ROUND_TRANSITIONS = {"draft": ["open"], "open": ["closed"], "closed": ["open", "archived"], "archived": []}
SUBMISSION_TRANSITIONS = {
    "not_started": ["draft", "submitted", "exempt"],
    "draft": ["submitted", "exempt"],
    "submitted": ["draft", "in_review"],
    "in_review": ["returned", "validated", "excluded"],
    "returned": ["draft", "submitted", "exempt", "excluded"],
    "validated": ["in_review"],
    "excluded": ["in_review"],
    "exempt": ["not_started"],
}


class Migration(migrations.Migration):
    """What the database holds by itself in ``providers``."""

    dependencies = [("providers", "0001_initial")]

    operations = [
        rights(),
        functions(),
        row_security("providers_submission", also=OWN_SUBMISSION),
        row_security("providers_submissionversion", also=OWN_VERSION),
        row_security("providers_measuredvalue", also=OF_OWN_VERSION),
        row_security("providers_finding", also=OF_OWN_VERSION),
        row_security("providers_sourcefile"),
        transitions("providers_round", ROUND_TRANSITIONS),
        transitions("providers_submission", SUBMISSION_TRANSITIONS),
        immutable("providers_sourcefile"),
        immutable("providers_submissionversion"),
        immutable("providers_measuredvalue"),
        immutable("providers_finding"),
        immutable("providers_auditrecord"),
    ]
