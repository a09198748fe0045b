"""Stricter rules still: records of what somebody can have done, one notice of default, bounds on what is brought forward.

Rules of earlier migrations that are replaced are taken from those, so that going back gives exactly what there was.
"""

from importlib import import_module

from django.conf import settings
from django.db import migrations, models

from providers.database_rules import immutable, undone, writes

RULES_0005 = import_module("tariffs.migrations.0005_rules_of_procedure")
RULES_0007 = import_module("tariffs.migrations.0007_rules_of_the_post")
RULES_OF_WRITING = import_module("providers.migrations.0005_who_writes")
RULES_OF_KEYS = import_module("providers.migrations.0007_keys_of_care_offices")

MINE, OFFICE, ME, NOW = RULES_0005.MINE, RULES_0005.OFFICE, RULES_0005.ME, RULES_0005.NOW
AT_WORK, SIGNS, I_AM_OF_THE_OFFICE = RULES_0005.AT_WORK, RULES_0005.SIGNS, RULES_0005.I_AM_OF_THE_OFFICE
ADMINISTERS, I_AM_OF_IT = RULES_OF_WRITING.ADMINISTERS, RULES_OF_WRITING.I_AM_OF_IT
NOBODY = RULES_OF_WRITING.NOBODY


def instead(table: str, *, of: object, **rule: object) -> list[migrations.RunSQL]:
    """Return the operations that put another rule of who writes in ``table`` in the place of that of an earlier migration."""
    before = RULES_0007.earlier(f"CREATE FUNCTION ivportal_writes_{table}()", of=of)
    return [undone(before), writes(table, **rule)]  # type: ignore[arg-type]


def one_of(*values: str) -> str:
    """Return values as a list in SQL."""
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


# ── records ───────────────────────────────────────────────────────────────────────────────────────────────────────────
READS = ("case_read", "case_downloaded", "mirror_read", "submission_read", "export_downloaded")
OF_HERSELF = ("mandate_switched", "key_made", "key_ended")
AS_WHO_WORKS = (
    "draft_saved", "file_received", "signature_asked", "signature_declined", "submission_moved", "finding_explained",
    "exemption_asked", "exemption_answered", "response_sent", "response_withdrawn", "response_supplemented", "views_received",
)  # fmt: skip
AS_WHO_SIGNS = (
    "submission_signed", "consent_changed", "objection_received", "objection_moved", "objection_term_moved",
)  # fmt: skip
AS_WHO_ADMINISTERS = ("mandate_granted", "mandate_ended")
AS_A_CARE_OFFICE = ("bandwidths_read", "export_downloaded", "guide_set", "note_written", "agreement_registered")
NAME_OF_PROVIDER = f"(SELECT name FROM providers_provider WHERE id = {MINE})"
#: Staff of the NZa who look along see what a provider sees, and can do nothing.
LOOKS_ALONG = f"""NEW.act IN {one_of(*READS, "looked_along")}
    AND NEW.organisation = 'Nederlandse Zorgautoriteit (kijkt mee bij ' || {NAME_OF_PROVIDER} || ')' AND EXISTS (
      SELECT 1 FROM providers_mandate m WHERE m.user_id = {ME} AND m.role = 'nza'
        AND m.valid_from <= clock_timestamp() + interval '1 minute'
        AND (m.valid_until IS NULL OR m.valid_until > clock_timestamp() - interval '1 minute'))"""
OF_A_PROVIDER = f"""(NEW.organisation = {NAME_OF_PROVIDER} AND CASE
      WHEN NEW.act IN {one_of(*READS, *OF_HERSELF)} THEN {I_AM_OF_IT}
      WHEN NEW.act IN {one_of(*AS_WHO_WORKS)} THEN {AT_WORK}
      WHEN NEW.act IN {one_of(*AS_WHO_SIGNS)} THEN {SIGNS}
      WHEN NEW.act IN {one_of(*AS_WHO_ADMINISTERS)} THEN {ADMINISTERS}
      ELSE false END) OR ({LOOKS_ALONG})"""
OF_A_CARE_OFFICE = f"""NEW.act IN {one_of(*AS_A_CARE_OFFICE, *OF_HERSELF)} AND {I_AM_OF_THE_OFFICE}
    AND NEW.organisation = (SELECT name FROM providers_careoffice WHERE id = {OFFICE})"""
A_RECORD = f"""octet_length(NEW.details::text) <= 50000 AND CASE
    WHEN {NOBODY} THEN ({RULES_OF_WRITING.OF_LOGGING_IN} OR NEW.act = 'mandate_switched') AND NEW.organisation = ''
    WHEN NEW.user_id IS DISTINCT FROM {ME} THEN false
    WHEN {MINE} IS NOT NULL THEN {OF_A_PROVIDER}
    WHEN {OFFICE} IS NOT NULL THEN {OF_A_CARE_OFFICE}
    ELSE false END"""
#: The database dates them itself: nobody is stopped because the clocks differ, and nobody dates what she did.
DATED = """
    CREATE FUNCTION ivportal_dates_records() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        NEW.at := clock_timestamp();
        RETURN NEW;
    END $$;
    CREATE TRIGGER dated_by_the_database BEFORE INSERT ON providers_auditrecord FOR EACH ROW
        WHEN (ivportal_scope() <> 'all') EXECUTE FUNCTION ivportal_dates_records();
"""
NOT_DATED = "DROP TRIGGER dated_by_the_database ON providers_auditrecord; DROP FUNCTION ivportal_dates_records();"

# ── messages, people and keys ─────────────────────────────────────────────────────────────────────────────────────────
#: What people of a provider tell each other. The key of any other would be taken from the NZa, which would then tell nothing.
TOLD_AMONG_THEMSELVES = f"""NEW.kind IN {
    one_of(
        "signature_requested", "signature_declined", "receipt", "withdrawn", "response_received", "mandate_granted",
        "account_invited", "mandate_ended", "case_changed",
    )
} AND starts_with(NEW.key, NEW.kind || ':') AND right(NEW.key, length(NEW.recipient_id::text) + 1) = ':' || NEW.recipient_id
    AND (NEW.kind <> 'case_changed' OR NEW.key ~ '^case_changed:objection [0-9a-f-]{{36}} (withdrawn|default notice):[0-9]+$')
    AND (NEW.path = '' OR (NEW.path ~ '^/([^/]|$)' AND NEW.path !~ '[[:cntrl:]\\\\]')) AND NEW.created_at {NOW} AND NEW.read_at IS NULL"""  # fmt: skip
MANDATE_OF_NOW = f"NEW.valid_from {NOW}"
NOT_ENDED_BEFORE = "NEW.valid_until >= greatest(clock_timestamp() - interval '5 minutes', OLD.valid_from)"
OWN_KEY = f"({RULES_OF_KEYS.BEFORE}) OR {RULES_OF_KEYS.OF_OFFICE}"
A_KEY_THAT_ENDS = "NEW.valid_until <= clock_timestamp() + interval '401 days'"

# ── responding ────────────────────────────────────────────────────────────────────────────────────────────────────────
#: Of the mirrors of a round it is the newest that one responds to.
TO_THE_NEWEST = f"""NOT EXISTS (
    SELECT 1 FROM tariffs_mirrorreport p JOIN tariffs_release r ON r.id = p.release_id
    JOIN tariffs_mirrorreport n ON n.provider_id = p.provider_id AND n.version > p.version
    JOIN tariffs_release s ON s.id = n.release_id AND s.round_id = r.round_id AND s.stage = 'released'
    WHERE p.id = NEW.report_id AND p.provider_id = {MINE})"""
GAVE_MORE = """EXISTS (
    SELECT 1 FROM tariffs_responsemessage m WHERE m.response_id = NEW.id AND NOT m.is_from_nza AND m.id = (
      SELECT max(l.id) FROM tariffs_responsemessage l WHERE l.response_id = NEW.id))"""
#: Once to each question, in the time that was given for it; to the second it is the portal that decides.
ANSWERS_A_QUESTION = """EXISTS (
    SELECT 1 FROM tariffs_interpretationresponse i JOIN tariffs_responsemessage q ON q.response_id = i.id AND q.is_from_nza
    WHERE i.id = NEW.response_id AND i.status = 'more_asked'
      AND coalesce(q.until > clock_timestamp() - interval '5 minutes', true)
      AND NOT EXISTS (
        SELECT 1 FROM tariffs_responsemessage l WHERE l.response_id = i.id AND l.id > q.id AND l.id <> NEW.id))"""

# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
MOST_FILES = 50
SAME_CASE = (
    "f.response_id IS NOT DISTINCT FROM NEW.response_id AND f.views_id IS NOT DISTINCT FROM NEW.views_id"
    " AND f.objection_id IS NOT DISTINCT FROM NEW.objection_id"
)
NOT_TOO_MANY_FILES = f"(SELECT count(*) FROM tariffs_casefile f WHERE {SAME_CASE}) <= {MOST_FILES}"
TAKES_PAPERS = "('received', 'incomplete', 'admitted', 'hearing', 'heard')"
#: A file comes with what is said, or while it can be added to: not when it was answered, weighed or decided on.
WHILE_IT_COUNTS = f"""CASE
    WHEN NEW.response_id IS NOT NULL THEN EXISTS (
      SELECT 1 FROM tariffs_interpretationresponse i WHERE i.id = NEW.response_id AND i.provider_id = {MINE}
        AND (i.submitted_at {NOW} OR i.status = 'more_asked'))
    WHEN NEW.views_id IS NOT NULL THEN EXISTS (
      SELECT 1 FROM tariffs_statementofviews v JOIN tariffs_decision d ON d.id = v.decision_id
      WHERE v.id = NEW.views_id AND v.provider_id = {MINE} AND v.received_at {NOW} AND d.status = 'announced')
    ELSE EXISTS (
      SELECT 1 FROM tariffs_objection o WHERE o.id = NEW.objection_id AND o.provider_id = {MINE}
        AND o.status IN {TAKES_PAPERS}) END"""

# ── objecting ─────────────────────────────────────────────────────────────────────────────────────────────────────────
LONGEST_GROUND, MOST_GROUNDS, LONGEST_EXCUSE = 5000, 40, 5000
#: To one that was taken on an objection nobody objects again: there is appeal.
OBJECTS_TO_OWN = f"""EXISTS (
    SELECT 1 FROM tariffs_decision d WHERE d.id = NEW.decision_id AND d.provider_id = {MINE} AND d.status = 'sent'
      AND d.origin = 'adoption' AND NEW.reference = d.reference || '-B' || (
        SELECT count(*) FROM tariffs_objection o WHERE o.decision_id = d.id))"""
#: Numbers follow each other: with those that are there each is once, and none is higher than how many there are.
NOT_TOO_MANY_GROUNDS = f"""(
    SELECT count(*) BETWEEN NEW.number AND {MOST_GROUNDS} FROM tariffs_ground g WHERE g.objection_id = NEW.objection_id)
    AND NEW.number > 0"""
LAST_ASKED = """SELECT e.* FROM tariffs_termevent e
    WHERE e.objection_id = {objection} AND e.kind = 'remedy_asked' ORDER BY e.id DESC LIMIT 1"""
#: Something came in after it was asked for, and that is written down once.
CAME_IN = f"""EXISTS (
    SELECT 1 FROM ({LAST_ASKED.format(objection="NEW.objection_id")}) asked WHERE NOT EXISTS (
      SELECT 1 FROM tariffs_termevent e
      WHERE e.objection_id = NEW.objection_id AND e.kind = 'remedied' AND e.id > asked.id AND e.id <> NEW.id)
    AND (EXISTS (
        SELECT 1 FROM tariffs_ground g WHERE g.objection_id = NEW.objection_id AND g.brought_at >= asked.at)
      OR EXISTS (
        SELECT 1 FROM tariffs_casefile f WHERE f.objection_id = NEW.objection_id AND f.received_at >= asked.at)))"""
WAS_REMEDIED = f"""(OLD.status <> 'incomplete' OR NEW.status <> 'received' OR EXISTS (
    SELECT 1 FROM ({LAST_ASKED.format(objection="NEW.id")}) asked JOIN tariffs_termevent e
      ON e.objection_id = NEW.id AND e.kind = 'remedied' AND e.id > asked.id))"""
#: Not before six weeks to object and six (with a committee twelve) to decide are over, and what was added to those: an
#: adjournment, a day that was agreed on, standing still that goes on. What holidays and pauses add the portal counts.
IS_LATE = f"""NEW."on" > (
    SELECT greatest(
        greatest(d.sent_on, (
          SELECT min(p.posted_on) FROM tariffs_posting p JOIN tariffs_letter l ON l.id = p.letter_id
          WHERE l.decision_id = d.id AND l.kind IN ('letter_decision', 'letter_objection_decision')))
        + CASE WHEN o.with_committee THEN 126 ELSE 84 END
        + 7 * coalesce((SELECT max(e.weeks) FROM tariffs_termevent e WHERE e.objection_id = o.id AND e.kind = 'adjourned'), 0),
        (SELECT max(e.until) FROM tariffs_termevent e WHERE e.objection_id = o.id AND e.kind = 'agreed'))
    FROM tariffs_objection o JOIN tariffs_decision d ON d.id = o.decision_id
    WHERE o.id = NEW.objection_id AND o.status IN {RULES_0007.OPEN})
    AND coalesce((
      SELECT e.kind FROM tariffs_termevent e WHERE e.objection_id = NEW.objection_id AND e.kind IN ('suspended', 'resumed')
      ORDER BY e."on" DESC, e.id DESC LIMIT 1), 'resumed') = 'resumed'"""
MOVES_ITS_TERM = f"""EXISTS (
    SELECT 1 FROM tariffs_objection o WHERE o.id = NEW.objection_id AND o.provider_id = {MINE} AND CASE NEW.kind
      WHEN 'remedied' THEN o.status = 'incomplete' AND {CAME_IN} WHEN 'default_notice' THEN {IS_LATE} ELSE false END)"""
NOTICES_GIVEN_TWICE = """
    DO $$ DECLARE twice text; BEGIN
        PERFORM set_config('ivportal.scope', 'all', true);
        SELECT string_agg(DISTINCT o.reference, ', ') INTO twice FROM tariffs_objection o WHERE (
            SELECT count(*) FROM tariffs_termevent e WHERE e.objection_id = o.id AND e.kind = 'default_notice') > 1;
        IF twice IS NOT NULL THEN
            RAISE EXCEPTION 'Bij deze bezwaren staat de NZa twee keer in gebreke: %. De eerste telt. In docs/operations.md staat'
                ' hoe u de andere weghaalt. Werk daarna het portaal bij.', twice USING ERRCODE = 'check_violation';
        END IF;
    END $$;
"""

# ── care offices ──────────────────────────────────────────────────────────────────────────────────────────────────────
#: A year in which there is something to agree on: about this provider, or about anyone in its regions.
A_YEAR = "EXISTS (SELECT 1 FROM tariffs_standing t WHERE t.for_care_offices AND t.tariff_year = NEW.tariff_year{which})"

# ── what is read ──────────────────────────────────────────────────────────────────────────────────────────────────────
APP = f'"{settings.DATABASE_APP_ROLE}"'
#: Keys are given out by identity columns, for which nobody needs to read a sequence: it tells how much there is of everything.
NO_SEQUENCES = f"""
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {APP};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {APP};
"""
SEQUENCES = f"""
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP};
"""
#: Sessions are looked up before anybody is known and kept after she was: who acts for a provider or a care office has no need
#: of them. Who sees everything sees them too.
SESSIONS_OF_NOBODY = """
    ALTER TABLE django_session ENABLE ROW LEVEL SECURITY;
    ALTER TABLE django_session FORCE ROW LEVEL SECURITY;
    CREATE POLICY not_of_anybody ON django_session USING (ivportal_scope() IN ('', 'all'));
"""
SESSIONS = """
    DROP POLICY not_of_anybody ON django_session;
    ALTER TABLE django_session NO FORCE ROW LEVEL SECURITY; ALTER TABLE django_session DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    """The rules."""

    dependencies = [
        ("tariffs", "0008_concepts"),
        ("providers", "0008_acts_of_the_post"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(NO_SEQUENCES, SEQUENCES),
        migrations.RunSQL(SESSIONS_OF_NOBODY, SESSIONS),
        # Records, messages, people and keys.
        migrations.RunSQL(DATED, NOT_DATED),
        *instead("providers_auditrecord", of=RULES_OF_WRITING, insert=A_RECORD),
        *instead(
            "providers_notice",
            of=RULES_OF_WRITING,
            insert=f"{I_AM_OF_IT} AND ivportal_is_of_own_provider(NEW.recipient_id) AND {TOLD_AMONG_THEMSELVES}",
            columns=["read_at"],
            update=f"NEW.recipient_id = {ME}",
        ),
        *instead(
            "providers_mandate",
            of=RULES_OF_WRITING,
            insert=f"NEW.provider_id = {MINE} AND NEW.granted_by_id = {ME} AND {ADMINISTERS} AND {MANDATE_OF_NOW}",
            columns=["valid_until"],
            update=f"OLD.provider_id = {MINE} AND {ADMINISTERS} AND {NOT_ENDED_BEFORE}"
            " AND NEW.valid_until IS NOT NULL AND coalesce(NEW.valid_until <= OLD.valid_until, true)",
        ),
        *instead(
            "providers_apikey",
            of=RULES_OF_KEYS,
            insert=f"({OWN_KEY}) AND {A_KEY_THAT_ENDS}",
            columns=["valid_until", "last_used_at"],
            update=f"({NOBODY} AND NEW.valid_until = OLD.valid_until) OR (({OWN_KEY}) AND NEW.valid_until <= OLD.valid_until)",
        ),
        # What is signed is signed now.
        *instead(
            "providers_submissionversion",
            of=RULES_OF_WRITING,
            insert=f"NEW.submitted_by_id = {ME} AND {SIGNS} AND {RULES_OF_WRITING.IS_OPEN} AND {RULES_OF_WRITING.OWN_FILE}"
            f" AND NEW.submitted_at {NOW}",
        ),
        *instead(
            "providers_statement",
            of=RULES_OF_WRITING,
            insert=f"NEW.signed_by_id = {ME} AND {SIGNS} AND {RULES_OF_WRITING.OFFERED} AND NOT {RULES_OF_WRITING.NEWER_STATE}"
            f" AND {RULES_OF_WRITING.BY_ANOTHER} AND NEW.signed_at {NOW}",
        ),
        # What the second person approved goes out as she approved it, at the moment that she set.
        immutable(
            "tariffs_release",
            name="approved_as_it_is",
            when="OLD.stage = 'approved' AND (NEW.release_at, NEW.approved_at, NEW.approved_by_id)"
            " IS DISTINCT FROM (OLD.release_at, OLD.approved_at, OLD.approved_by_id)",
            acts="UPDATE",
        ),
        # The interpretation period.
        *instead(
            "tariffs_interpretationresponse",
            of=RULES_0007,
            insert=f"NEW.submitted_by_id = {ME} AND {AT_WORK} AND {RULES_0005.ASKED_TO_RESPOND} AND {TO_THE_NEWEST}"
            f" AND {RULES_0007.SENT_OR_AGREED} AND {RULES_0005.NOTHING_ANSWERED} AND NEW.submitted_at {NOW}"
            " AND length(NEW.text) <= 5000 AND NEW.kind IN ('agree', 'explain', 'correct', 'ask')"
            f" AND {RULES_0007.IN_THE_MIRROR} AND {RULES_0007.RIGHT_FIGURES}",
            columns=["status"],
            update=f"{AT_WORK} AND {RULES_0005.is_step(RULES_0005.RESPONSE_PROVIDER_STEPS)}"
            f" AND (NEW.status <> 'assigned' OR {GAVE_MORE})",
        ),
        *instead(
            "tariffs_responsemessage",
            of=RULES_0007,
            insert=f"NEW.by_id = {ME} AND NOT NEW.is_from_nza AND {AT_WORK} AND {ANSWERS_A_QUESTION}"
            f" AND NEW.until IS NULL AND NEW.at {NOW} AND length(NEW.text) <= 5000",
        ),
        *instead(
            "tariffs_casefile",
            of=RULES_0007,
            insert=f"NEW.received_from_id = {ME} AND {AT_WORK} AND {WHILE_IT_COUNTS} AND {NOT_TOO_MANY_FILES}"
            f" AND strpos(NEW.name, '/') = 0 AND NEW.received_at {NOW} AND {RULES_0007.A_WHOLE_FILE}",
        ),
        # Objections.
        migrations.RunSQL(NOTICES_GIVEN_TWICE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="termevent",
            constraint=models.UniqueConstraint(
                fields=["objection"],
                condition=models.Q(kind="default_notice"),
                name="a_notice_of_default_is_given_once",
            ),
        ),
        *instead(
            "tariffs_objection",
            of=RULES_0007,
            insert=f"NEW.received_by_id = {ME} AND {SIGNS} AND NEW.channel = 'portal' AND NEW.status = 'received'"
            f" AND {RULES_0007.NOTHING_DECIDED} AND NEW.received_at {NOW} AND {OBJECTS_TO_OWN}"
            f" AND length(NEW.late_because) <= {LONGEST_EXCUSE}",
            columns=["status"],
            update=f"{SIGNS} AND {RULES_0005.is_step(RULES_0005.OBJECTION_PROVIDER_STEPS)} AND {WAS_REMEDIED}",
        ),
        *instead(
            "tariffs_ground",
            of=RULES_0007,
            insert=f"NEW.group_id IS NULL AND NEW.verdict = '' AND NEW.reasons = '' AND {SIGNS} AND NEW.brought_at {NOW}"
            f" AND length(NEW.text) <= {LONGEST_GROUND} AND {NOT_TOO_MANY_GROUNDS} AND EXISTS (SELECT 1 FROM tariffs_objection o"
            f" WHERE o.id = NEW.objection_id AND o.provider_id = {MINE} AND o.status IN {TAKES_PAPERS})",
        ),
        *instead(
            "tariffs_termevent",
            of=RULES_0007,
            insert=f'NEW.by_id = {ME} AND {SIGNS} AND {MOVES_ITS_TERM} AND NEW."on" {RULES_0007.TODAY} AND NEW.at {NOW}'
            " AND NEW.until IS NULL AND NEW.reason = ''",
        ),
        # Care offices.
        *instead(
            "tariffs_guidepercentage",
            of=RULES_0007,
            insert=f"NEW.set_by_id = {ME} AND {I_AM_OF_THE_OFFICE} AND NEW.share > 0 AND NEW.share <= 1"
            f" AND NEW.set_at {NOW} AND {A_YEAR.format(which='')}",
        ),
        *instead(
            "tariffs_careofficenote",
            of=RULES_0007,
            insert=f"NEW.written_by_id = {ME} AND {I_AM_OF_THE_OFFICE} AND NEW.written_at {NOW}"
            f" AND length(NEW.text) <= 5000 AND {RULES_0005.IN_OWN_REGION.format(provider='NEW.provider_id')}"
            f" AND {A_YEAR.format(which=' AND t.provider_id = NEW.provider_id')}",
        ),
    ]
