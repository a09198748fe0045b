"""Who writes what: what the database lets a provider's own people do, row by row and column by column.

A request says for which provider it writes and who does (``provider:12:34``); scope ``all`` (staff of the NZa, workers,
commands) is bound by transitions and immutability alone, and a request of nobody (``''``) does what logging in takes.
"""

from django.db import migrations

from providers.database_rules import at_the_end, kept_while, writer_functions, writes

MINE = "ivportal_scope_id('provider')"
ME = "ivportal_actor()"
NOBODY = "ivportal_scope() = ''"
DELIVERS, SIGNS, ADMINISTERS = "ivportal_may('deliver')", "ivportal_may('sign')", "ivportal_may('administer')"
AT_WORK = "ivportal_may('deliver', 'sign')"
I_AM_OF_IT = f"ivportal_is_of_own_provider({ME})"

#: The steps of a submission that are its provider's.
PROVIDER_STEPS = {
    "not_started": ["draft", "submitted"],
    "draft": ["submitted"],
    "submitted": ["draft"],
    "returned": ["submitted"],
}


def is_step(old: str, new: str) -> str:
    """Return the condition that a provider makes the step between these columns."""
    pairs = ", ".join(f"('{before}', '{after}')" for before, afters in PROVIDER_STEPS.items() for after in afters)
    return f"({old}, {new}) IN ({pairs})"


# The minutes are for who began in time and for clocks that differ; to the second it is the portal that decides.
OPEN = """EXISTS (
    SELECT 1 FROM providers_submission s JOIN providers_round r ON r.id = s.round_id
    WHERE s.id = {submission} AND s.status IN ('not_started', 'draft', 'returned') AND s.merged_into_id IS NULL
      AND r.source = 'portaal' AND (r.status = 'open' OR (r.status = 'closed' AND s.extended_until IS NOT NULL))
      AND coalesce(r.opens_at <= clock_timestamp() + interval '5 minutes', true)
      AND coalesce(coalesce(s.extended_until, r.deadline) > clock_timestamp() - interval '5 minutes', true))"""
IS_OPEN = OPEN.format(submission="NEW.submission_id")
NEWEST_IS_SIGNED = f"""EXISTS (
    SELECT 1 FROM providers_draft d JOIN providers_statement t ON t.draft_id = d.id
    JOIN providers_submissionversion v ON v.id = t.version_id
    WHERE d.submission_id = NEW.id AND v.submission_id = NEW.id AND t.signed_by_id = {ME}
      AND d.number = (SELECT max(number) FROM providers_draft WHERE submission_id = NEW.id))"""
#: A saved state by nobody: the first, for who begins to fill in, or what was there before once more.
BY_THE_PORTAL = f"""NEW.made_by_id IS NULL AND NEW.how = 'prefilled' AND ((NEW.number = 1 AND {DELIVERS}) OR NEW.contents = (
    SELECT d.contents FROM providers_draft d WHERE d.submission_id = NEW.submission_id AND d.number = NEW.number - 1))"""
FOLLOWS = """NEW.number = 1 + coalesce((
    SELECT max(number) FROM providers_draft d WHERE d.submission_id = NEW.submission_id AND d.id <> NEW.id), 0)"""
OWN_UPLOAD = """(NEW.upload_id IS NULL OR EXISTS (
    SELECT 1 FROM providers_upload u WHERE u.id = NEW.upload_id AND u.submission_id = NEW.submission_id))"""
OWN_FILE = f"EXISTS (SELECT 1 FROM providers_sourcefile f WHERE f.id = NEW.source_file_id AND f.provider_id = {MINE})"
NEWER_STATE = """EXISTS (
    SELECT 1 FROM providers_draft d JOIN providers_draft newer ON newer.submission_id = d.submission_id
    WHERE d.id = NEW.draft_id AND newer.number > d.number)"""
OWN_STATE = """EXISTS (
    SELECT 1 FROM providers_draft d WHERE d.id = NEW.draft_id AND d.submission_id = NEW.submission_id)"""
#: What was offered is signed, by who filled in nothing, under a version of the same submission.
OFFERED = f"""EXISTS (
    SELECT 1 FROM providers_signaturerequest q JOIN providers_draft d ON d.id = q.draft_id
    JOIN providers_submissionversion v ON v.id = NEW.version_id AND v.submission_id = d.submission_id
    WHERE d.id = NEW.draft_id AND q.answer = 'waiting' AND v.submitted_by_id = {ME})"""
FILLED_IN = """SELECT 1 FROM providers_draft d LEFT JOIN providers_upload u ON u.id = d.upload_id
    WHERE d.submission_id = (SELECT submission_id FROM providers_draft WHERE id = NEW.draft_id)"""
BY_ANOTHER = (
    f"EXISTS ({FILLED_IN} AND d.made_by_id IS NOT NULL)"
    f" AND NOT EXISTS ({FILLED_IN} AND {ME} IN (d.made_by_id, u.sent_by_id))"
)
#: Figures and findings come with their version, before it is signed; nothing is added to it afterwards.
BEING_SIGNED = f"""EXISTS (
    SELECT 1 FROM providers_submissionversion v WHERE v.id = {{version}} AND v.submitted_by_id = {ME}
      AND NOT EXISTS (SELECT 1 FROM providers_statement t WHERE t.version_id = v.id))"""
OF_FINDING = "(SELECT version_id FROM providers_finding WHERE id = NEW.finding_id)"
ANSWERED = f"""OLD.answer = 'waiting' AND NEW.answered_by_id = {ME} AND CASE NEW.answer
    WHEN 'signed' THEN EXISTS (
        SELECT 1 FROM providers_statement t WHERE t.draft_id = NEW.draft_id AND t.signed_by_id = {ME})
    WHEN 'declined' THEN {SIGNS}
    WHEN 'overtaken' THEN {DELIVERS} AND {NEWER_STATE}
    ELSE false END"""
WRITTEN_DOWN_ONCE = """NEW.after = (SELECT s.status FROM providers_submission s WHERE s.id = NEW.submission_id)
    AND NEW.after IS DISTINCT FROM (
        SELECT c.after FROM providers_statuschange c WHERE c.submission_id = NEW.submission_id AND c.id <> NEW.id
        ORDER BY c.id DESC LIMIT 1)"""
#: Who signs ends the request for exemption that still waits.
LAPSED = """NEW.answer LIKE 'Vervallen: %' AND EXISTS (
    SELECT 1 FROM providers_submission s WHERE s.id = NEW.submission_id AND s.status = 'submitted')"""
OWN_ADDRESS = """NEW.address = (
    SELECT u.email FROM providers_notice n JOIN providers_user u ON u.id = n.recipient_id WHERE n.id = NEW.notice_id)"""
OWN_MANDATE = f"""EXISTS (
    SELECT 1 FROM providers_mandate m WHERE m.id = NEW.mandate_id AND m.user_id = {ME} AND m.provider_id = {MINE})
    AND {I_AM_OF_IT}"""

#: What is told by nobody in particular: that somebody logged in, failed to, chose a password or a mandate.
OF_LOGGING_IN = "NEW.act IN ('logged_in', 'login_failed', 'password_reset')"

#: What only the NZa, workers and commands write, without row-level security because everybody reads it.
OF_THE_NZA = (
    "providers_round",
    "providers_roundtext",
)
#: What migrations write.
OF_MIGRATIONS = (
    "providers_careoffice",
    "providers_careofficeregion",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
)


class Migration(migrations.Migration):
    """The write rule of every table that row-level security leaves open to others than scope ``all``."""

    dependencies = [
        ("providers", "0004_rules_of_delivering"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        writer_functions(),
        *(writes(table) for table in OF_THE_NZA),
        *(writes(table) for table in OF_MIGRATIONS),
        # People and what they may do.
        writes(
            "providers_user",
            insert=f"{ADMINISTERS} AND NEW.is_active AND NEW.last_login IS NULL",
            columns=["password", "last_login"],
            update=NOBODY,
        ),
        writes(
            "providers_mandate",
            insert=f"NEW.provider_id = {MINE} AND NEW.granted_by_id = {ME} AND {ADMINISTERS}",
            columns=["valid_until"],
            update=f"OLD.provider_id = {MINE} AND {ADMINISTERS}"
            " AND NEW.valid_until IS NOT NULL AND coalesce(NEW.valid_until <= OLD.valid_until, true)",
        ),
        writes(
            "providers_apikey",
            insert=OWN_MANDATE,
            columns=["valid_until", "last_used_at"],
            update=f"({NOBODY} AND NEW.valid_until = OLD.valid_until)"
            f" OR ({OWN_MANDATE} AND NEW.valid_until <= OLD.valid_until)",
        ),
        writes(
            "providers_auditrecord",
            insert=f"CASE WHEN {NOBODY} THEN {OF_LOGGING_IN} OR NEW.act = 'mandate_switched'"
            f" ELSE NEW.user_id = {ME} AND NOT {OF_LOGGING_IN} END",
        ),
        # What is known of the organisation: brought up to date by who signs.
        writes(
            "providers_provider",
            columns=["legal_form", "agb_code", "nza_number"],
            update=f"NEW.id = {MINE} AND {SIGNS}",
        ),
        writes(
            "providers_location",
            insert=f"NEW.provider_id = {MINE} AND {SIGNS}",
            columns=["name", "place", "region_id"],
            update=f"NEW.provider_id = {MINE} AND {SIGNS}",
            delete=f"OLD.provider_id = {MINE} AND {SIGNS}",
        ),
        # Filling in.
        writes("providers_sourcefile", insert=AT_WORK),
        writes(
            "providers_upload",
            insert=f"NEW.sent_by_id = {ME} AND {DELIVERS} AND {OWN_FILE} AND {IS_OPEN} AND NEW.status = 'waiting'"
            " AND NEW.contents IS NULL",
        ),
        writes(
            "providers_draft",
            insert=f"{IS_OPEN} AND {FOLLOWS} AND {OWN_UPLOAD} AND CASE WHEN NEW.made_by_id IS NULL"
            f" THEN {AT_WORK} AND {BY_THE_PORTAL} ELSE NEW.made_by_id = {ME} AND {DELIVERS} AND NEW.how <> 'prefilled' END",
        ),
        # Offering and signing.
        writes(
            "providers_signaturerequest",
            insert=f"NEW.asked_by_id = {ME} AND {DELIVERS} AND {IS_OPEN} AND {OWN_STATE} AND NOT {NEWER_STATE}"
            " AND NEW.answer = 'waiting'",
            columns=["answer", "answered_by_id", "answered_at", "remark"],
            update=ANSWERED,
        ),
        writes(
            "providers_submissionversion",
            insert=f"NEW.submitted_by_id = {ME} AND {SIGNS} AND {IS_OPEN} AND {OWN_FILE}",
        ),
        writes("providers_measuredvalue", insert=BEING_SIGNED.format(version="NEW.version_id")),
        writes("providers_finding", insert=BEING_SIGNED.format(version="NEW.version_id")),
        writes(
            "providers_explanation",
            insert=f"CASE WHEN NEW.made_by_id IS NULL THEN {BEING_SIGNED.format(version=OF_FINDING)}"
            f" ELSE NEW.made_by_id = {ME} AND {DELIVERS} END",
        ),
        writes(
            "providers_statement",
            insert=f"NEW.signed_by_id = {ME} AND {SIGNS} AND {OFFERED} AND NOT {NEWER_STATE} AND {BY_ANOTHER}",
        ),
        at_the_end(
            "providers_submissionversion",
            name="what_somebody_delivers_is_signed",
            when="NEW.submitted_by_id IS NOT NULL",
            condition="EXISTS (SELECT 1 FROM providers_statement t WHERE t.version_id = NEW.id)",
        ),
        writes(
            "providers_submission",
            columns=["status"],
            update=f"{is_step('OLD.status', 'NEW.status')} AND CASE NEW.status WHEN 'submitted'"
            f" THEN {NEWEST_IS_SIGNED} ELSE {AT_WORK} AND {OPEN.format(submission='NEW.id')} END",
        ),
        writes(
            "providers_statuschange",
            insert=f"NEW.by_id = {ME} AND {is_step('NEW.before', 'NEW.after')} AND {WRITTEN_DOWN_ONCE}",
        ),
        # Asking for exemption.
        writes(
            "providers_exemption",
            insert=f"NEW.asked_by_id = {ME} AND {DELIVERS} AND {IS_OPEN} AND NEW.status = 'asked' AND NEW.answer = ''",
            columns=["status", "answer", "answered_by_id", "answered_at"],
            update=f"OLD.status = 'asked' AND NEW.status = 'withdrawn' AND NEW.answered_by_id = {ME}"
            f" AND (({DELIVERS} AND NEW.answer = OLD.answer) OR ({SIGNS} AND {LAPSED}))",
        ),
        # Telling colleagues.
        writes(
            "providers_notice",
            insert=f"{I_AM_OF_IT} AND ivportal_is_of_own_provider(NEW.recipient_id)",
            columns=["read_at"],
            update=f"NEW.recipient_id = {ME}",
        ),
        writes(
            "providers_mail",
            insert=f"{I_AM_OF_IT} AND {OWN_ADDRESS} AND NEW.status = 'waiting'",
        ),
        kept_while(
            "providers_sourcefile",
            name="what_was_delivered_is_kept",
            condition="EXISTS (SELECT 1 FROM providers_submissionversion v WHERE v.source_file_id = OLD.id)",
        ),
    ]
