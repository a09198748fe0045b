"""What the database holds by itself about delivering: whose rows, which transitions, and what never changes."""

from django.db import migrations

from providers.database_rules import immutable, immutable_columns, own_writes, row_security, transitions, undone

MINE = "ivportal_scope_id('provider')"
OF_OWN_SUBMISSION = (
    "EXISTS (SELECT 1 FROM providers_submission s WHERE s.id = {table}.submission_id AND s.provider_id = " + MINE + ")"
)
OF_OWN_VERSION = (
    "EXISTS (SELECT 1 FROM providers_submissionversion v JOIN providers_submission s ON s.id = v.submission_id"
    " WHERE v.id = {table}.version_id AND s.provider_id = " + MINE + ")"
)
OF_OWN_FINDING = (
    "EXISTS (SELECT 1 FROM providers_finding f JOIN providers_submissionversion v ON v.id = f.version_id"
    " JOIN providers_submission s ON s.id = v.submission_id"
    " WHERE f.id = providers_explanation.finding_id AND s.provider_id = " + MINE + ")"
)
OF_OWN_NOTICE = (
    "EXISTS (SELECT 1 FROM providers_notice n WHERE n.id = providers_mail.notice_id AND n.provider_id = " + MINE + ")"
)
OF_OWN_KEY = (
    "EXISTS (SELECT 1 FROM providers_provider p WHERE p.id = "
    + MINE
    + " AND p.key_scheme = providers_sourcefigure.key_scheme"
    " AND p.key = providers_sourcefigure.key)"
)

SUBMISSION_TRANSITIONS = {
    "not_started": ["draft", "submitted", "exempt"],
    "draft": ["submitted", "exempt"],
    "submitted": ["draft", "in_review"],
    "in_review": ["returned", "validated", "excluded"],
    "returned": ["draft", "submitted", "in_review", "exempt", "excluded"],
    "validated": ["in_review"],
    "excluded": ["in_review"],
    "exempt": ["not_started"],
}
SUBMISSION_TRANSITIONS_BEFORE = {
    **SUBMISSION_TRANSITIONS,
    "returned": ["draft", "submitted", "exempt", "excluded"],
}
SIGNATURE_TRANSITIONS = {"waiting": ["signed", "declined", "overtaken"], "signed": [], "declined": [], "overtaken": []}
EXEMPTION_TRANSITIONS = {"asked": ["granted", "refused", "withdrawn"], "granted": [], "refused": [], "withdrawn": []}
UPLOAD_TRANSITIONS = {"waiting": ["read", "refused"], "read": [], "refused": []}
MAIL_TRANSITIONS = {"waiting": ["sent", "failed"], "sent": [], "failed": ["waiting"]}


def of_submission(table: str, *writes: str) -> list[migrations.RunSQL]:
    """Return the rules of rows that belong to the provider of their submission."""
    own = OF_OWN_SUBMISSION.format(table=table)
    rules = [row_security(table, also=own)]
    return [*rules, own_writes(table, own=own, writes=writes)] if writes else rules


class Migration(migrations.Migration):
    """The rules of delivering."""

    dependencies = [("providers", "0003_delivering_rounds")]

    operations = [
        # Whoever worked for a provider before there were powers could do everything there was to do.
        migrations.RunSQL(
            "UPDATE providers_mandate SET powers = ARRAY['administer', 'deliver', 'sign'] WHERE role = 'provider'",
            migrations.RunSQL.noop,
        ),
        *of_submission("providers_upload", "INSERT"),
        *of_submission("providers_draft", "INSERT"),
        *of_submission("providers_signaturerequest", "INSERT", "UPDATE"),
        *of_submission("providers_statuschange", "INSERT"),
        *of_submission("providers_exemption", "INSERT", "UPDATE"),
        row_security(
            "providers_termchange",
            also=f"{MINE} IS NOT NULL AND (submission_id IS NULL OR "
            + OF_OWN_SUBMISSION.format(table="providers_termchange")
            + ")",
        ),
        row_security("providers_statement", also=OF_OWN_VERSION.format(table="providers_statement")),
        own_writes("providers_statement", own=OF_OWN_VERSION.format(table="providers_statement"), writes=["INSERT"]),
        row_security("providers_explanation", also=OF_OWN_FINDING),
        own_writes("providers_explanation", own=OF_OWN_FINDING, writes=["INSERT"]),
        row_security("providers_notice", also=f"provider_id = {MINE}"),
        own_writes("providers_notice", own=f"provider_id = {MINE}", writes=["INSERT", "UPDATE"]),
        row_security("providers_mail", also=OF_OWN_NOTICE),
        own_writes("providers_mail", own=OF_OWN_NOTICE, writes=["INSERT"]),
        row_security("providers_sourcefigure", also=OF_OWN_KEY),
        row_security("providers_sectorbasis", also=f"{MINE} IS NOT NULL"),
        undone(row_security("providers_sourcefile")),
        row_security("providers_sourcefile", also=f"provider_id = {MINE}"),
        own_writes("providers_sourcefile", own=f"provider_id = {MINE}", writes=["INSERT"]),
        own_writes("providers_submission", own=f"provider_id = {MINE}", writes=["UPDATE"]),
        own_writes(
            "providers_submissionversion",
            own=OF_OWN_SUBMISSION.format(table="providers_submissionversion"),
            writes=["INSERT"],
        ),
        *(
            own_writes(table, own=OF_OWN_VERSION.format(table=table), writes=["INSERT"])
            for table in ("providers_measuredvalue", "providers_finding")
        ),
        undone(transitions("providers_submission", SUBMISSION_TRANSITIONS_BEFORE)),
        transitions("providers_submission", SUBMISSION_TRANSITIONS),
        immutable_columns("providers_submission", ["round_id", "provider_id"]),
        transitions("providers_signaturerequest", SIGNATURE_TRANSITIONS, field="answer"),
        immutable_columns("providers_signaturerequest", ["submission_id", "draft_id", "asked_by_id", "asked_at"]),
        transitions("providers_exemption", EXEMPTION_TRANSITIONS),
        immutable_columns("providers_exemption", ["submission_id", "grounds", "asked_by_id", "asked_at"]),
        transitions("providers_upload", UPLOAD_TRANSITIONS),
        immutable_columns(
            "providers_upload", ["submission_id", "source_file_id", "key", "based_on", "sent_by_id", "sent_at"]
        ),
        transitions("providers_mail", MAIL_TRANSITIONS),
        immutable_columns("providers_mail", ["notice_id", "address"]),
        immutable_columns("providers_notice", ["recipient_id", "provider_id", "key", "subject", "body", "created_at"]),
        *(
            immutable(f"providers_{table}")
            for table in ("draft", "statement", "explanation", "statuschange", "termchange", "sectorbasis")
        ),
        # A file stays what it is. Only what no provider may send, figures of persons, is erased: its name and hash remain.
        undone(immutable("providers_sourcefile")),
        immutable("providers_sourcefile", acts="DELETE", name="never_deleted"),
        immutable("providers_sourcefile", acts="UPDATE", when="octet_length(NEW.content) > 0"),
        immutable_columns("providers_sourcefile", ["uuid", "provider_id", "name", "sha256", "received_at"]),
        # A finding stays what it is; only that it no longer holds is written beside it.
        undone(immutable("providers_finding")),
        immutable("providers_finding", acts="DELETE"),
        immutable_columns(
            "providers_finding",
            ["version_id", "rule", "severity", "measure", "message", "mend", "needs_explanation", "raised_at"],
        ),
    ]
