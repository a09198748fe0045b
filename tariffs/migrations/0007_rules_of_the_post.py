"""Stricter rules of the procedure: what is written is of now and fits what it is about, what was decided stays, two people look.

Rules of 0005 that are replaced are taken from that migration, so that going back gives exactly what there was.
"""

from importlib import import_module

from django.db import migrations

from providers.database_rules import at_the_end, kept_while, own_writes, required, row_security, undone, writes

RULES_0005 = import_module("tariffs.migrations.0005_rules_of_procedure")
RULES_OF_WRITING = import_module("providers.migrations.0005_who_writes")

MINE, OFFICE, ME, NOW = RULES_0005.MINE, RULES_0005.OFFICE, RULES_0005.ME, RULES_0005.NOW
AT_WORK, SIGNS = RULES_0005.AT_WORK, RULES_0005.SIGNS


def earlier(beginning: str, *, of: object = RULES_0005) -> migrations.RunSQL:
    """Return the one rule of an earlier migration whose SQL holds ``beginning``."""
    operations: list[migrations.RunSQL] = of.Migration.operations  # type: ignore[attr-defined]
    (found,) = (rule for rule in operations if isinstance(rule, migrations.RunSQL) and beginning in rule.sql)
    return found


def instead(table: str, **rule: object) -> list[migrations.RunSQL]:
    """Return the operations that put another rule of who writes in ``table`` in the place of that of 0005."""
    return [undone(earlier(f"CREATE FUNCTION ivportal_writes_{table}()")), writes(table, **rule)]  # type: ignore[arg-type]


def day(moment: str) -> str:
    """Return the day in the Netherlands of a moment."""
    return f"({moment} AT TIME ZONE 'Europe/Amsterdam')::date"


#: The first and last day that is today for clocks that differ by as much as :data:`NOW` allows.
A_LITTLE_BEFORE, A_LITTLE_AFTER = (
    day("(clock_timestamp() - interval '5 minutes')"),
    day("(clock_timestamp() + interval '1 minute')"),
)
TODAY = f"BETWEEN {A_LITTLE_BEFORE} AND {A_LITTLE_AFTER}"
IN_ROUND = RULES_0005.IN_ROUND

# ── the interpretation period ─────────────────────────────────────────────────────────────────────────────────────────
#: What of a mirror there is to respond to (tariffs.procedure.interpretation.items_of).
IN_THE_MIRROR = """EXISTS (
    SELECT 1 FROM tariffs_mirrorreport p WHERE p.id = NEW.report_id AND CASE
      WHEN NOT p.content ? 'costs' THEN NEW.item IN ('taking_part', 'costs', 'days', 'quality', 'other')
      WHEN NEW.item = 'quality' THEN p.content #>> '{rules,has_quality_gate}' = 'true'
      WHEN NEW.item = 'outlier' THEN p.content #>> '{rules,has_outlier_rules}' = 'true'
      WHEN NEW.item = 'bandwidth' THEN p.content ? 'tariff'
      ELSE NEW.item IN ('taking_part', 'costs', 'days', 'peers', 'circumstances', 'score', 'other') END)"""
#: Measures that the round asks for, each with a number as text: no exponent, no infinity, no more digits than are stored.
RIGHT_FIGURES = r"""CASE WHEN NEW.kind <> 'correct' THEN NEW.changes = '{}'::jsonb
    WHEN jsonb_typeof(NEW.changes) <> 'object' THEN false
    ELSE NOT EXISTS (
      SELECT 1 FROM jsonb_each(NEW.changes) c WHERE jsonb_typeof(c.value) <> 'string'
        OR c.value #>> '{}' !~ '^-?[0-9]{1,18}([.][0-9]{1,6})?$'
        OR NOT EXISTS (
          SELECT 1 FROM tariffs_mirrorreport p JOIN tariffs_release r ON r.id = p.release_id
          JOIN providers_round o ON o.id = r.round_id WHERE p.id = NEW.report_id AND o.measures ? c.key)) END"""
SENT_OR_AGREED = f"""CASE NEW.status
    WHEN 'submitted' THEN NEW.outcome = '' AND NEW.answered_at IS NULL
    WHEN 'answered' THEN NEW.kind = 'agree' AND NEW.outcome = 'noted' AND NEW.answered_at {NOW}
    ELSE false END AND NEW.answered_by_id IS NULL"""

# ── views and objections ──────────────────────────────────────────────────────────────────────────────────────────────
#: To the second it is the portal that decides; the last day holds here.
ASKED_FOR_VIEWS = (
    f"EXISTS (SELECT 1 FROM tariffs_decision d WHERE d.id = NEW.decision_id AND d.provider_id = {MINE}"
    f" AND d.status = 'announced' AND d.views_until >= {A_LITTLE_BEFORE})"
)
NOTHING_DECIDED = f"{RULES_0005.NOTHING_DECIDED} AND NEW.deviation = ''"
OPEN = "('received', 'incomplete', 'admitted', 'hearing', 'heard', 'advised')"
ONE_IS_OPEN = f"""
    DO $$ DECLARE twice text; BEGIN
        PERFORM set_config('ivportal.scope', 'all', true);
        SELECT string_agg(o.reference, ', ' ORDER BY o.reference) INTO twice FROM tariffs_objection o WHERE o.status IN {OPEN}
            AND (SELECT count(*) FROM tariffs_objection b WHERE b.decision_id = o.decision_id AND b.status IN {OPEN}) > 1;
        IF twice IS NOT NULL THEN
            RAISE EXCEPTION 'Tegen één besluit staan twee bezwaren open: %. Trek er een in, of beslis erop, en werk daarna het'
                ' portaal bij.', twice USING ERRCODE = 'check_violation';
        END IF;
    END $$;
    CREATE UNIQUE INDEX one_objection_against_a_decision_is_open ON tariffs_objection (decision_id) WHERE status IN {OPEN};
"""
MOVES_ITS_TERM = f"""EXISTS (
    SELECT 1 FROM tariffs_objection o WHERE o.id = NEW.objection_id AND o.provider_id = {MINE} AND CASE NEW.kind
      WHEN 'remedied' THEN o.status = 'incomplete' WHEN 'default_notice' THEN o.status IN {OPEN} ELSE false END)"""
A_WHOLE_FILE = (
    "NEW.size = octet_length(NEW.content) AND NEW.size BETWEEN 1 AND 10000000"
    " AND NEW.sha256 = encode(sha256(NEW.content), 'hex') AND NEW.kind IN ('evidence', 'mandate')"
    " AND (NEW.kind = 'evidence' OR NEW.objection_id IS NOT NULL)"
    " AND NEW.content_type IN ('application/pdf', 'text/csv', 'image/png', 'image/jpeg',"
    " 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',"
    " 'application/vnd.openxmlformats-officedocument.wordprocessingml.document')"
)

# ── agreements ────────────────────────────────────────────────────────────────────────────────────────────────────────
#: What holds, and the newest policy of its round; without one, its defaults.
HOLDS = """tariffs_standing t LEFT JOIN LATERAL (
      SELECT cap, agreements_outside FROM tariffs_roundpolicy WHERE round_id = t.round_id ORDER BY number DESC LIMIT 1) p ON true"""
CAP = "coalesce(p.cap, 1)"
MAY_GO_OUTSIDE = "coalesce(p.agreements_outside = 'recorded', false) AND {row}.reason <> ''"
#: Rates are in hundredths of a percent, and the ends are rounded inward to that (tariffs.room).
HIGHEST = "trunc(t.upper_rate, 4)"
LOWEST = f"least(ceil(t.lower_rate * 10000) / 10000, {HIGHEST})"
RATE_FITS = f"""(NEW.rate IS NULL OR (NEW.rate = trunc(NEW.rate, 4)
      AND NEW.rate <= greatest(trunc({CAP}, 4), {HIGHEST})
      AND (NEW.is_outside OR NEW.rate BETWEEN {LOWEST} AND {HIGHEST})))"""
FITS_WHAT_HOLDS = f"""EXISTS (
    SELECT 1 FROM {HOLDS} WHERE t.id = NEW.standing_id AND t.provider_id = NEW.provider_id AND t.for_care_offices
      AND t.tariff_year = NEW.tariff_year AND t.status IN ('adopted', 'decided', 'under_objection')
      AND t.lower_rate IS NOT NULL AND {RATE_FITS} AND (NOT NEW.is_outside OR ({MAY_GO_OUTSIDE.format(row="NEW")}))
      AND NOT EXISTS (
        SELECT 1 FROM tariffs_standing n WHERE n.provider_id = t.provider_id AND n.round_id = t.round_id
          AND n.for_care_offices AND (n.since, n.id) > (t.since, t.id)))"""
FOLLOWS = """NEW.number = 1 + coalesce((
    SELECT max(a.number) FROM tariffs_tariffagreement a WHERE a.care_office_id = NEW.care_office_id
      AND a.provider_id = NEW.provider_id AND a.tariff_year = NEW.tariff_year AND a.id <> NEW.id), 0)"""
TARIFF_FITS = f"""EXISTS (
    SELECT 1 FROM tariffs_tariffagreement a JOIN {HOLDS} ON t.id = a.standing_id
    CROSS JOIN LATERAL jsonb_to_recordset(t.products) AS x(product text, maximum_tariff numeric, lower numeric, upper numeric)
    WHERE a.id = NEW.agreement_id AND a.care_office_id = {OFFICE} AND a.registered_by_id = {ME} AND a.rate IS NULL
      AND a.registered_at {NOW} AND x.product = NEW.product
      AND NEW.amount <= greatest(trunc({CAP} * x.maximum_tariff, 2), x.upper)
      AND (NEW.amount BETWEEN x.lower AND x.upper OR a.is_outside))"""
ALL_PRODUCTS = """(SELECT count(*) FROM tariffs_agreedtariff g WHERE g.agreement_id = NEW.id) = (
    SELECT jsonb_array_length(t.products) FROM tariffs_standing t WHERE t.id = NEW.standing_id)"""

# ── what stays ────────────────────────────────────────────────────────────────────────────────────────────────────────
DECIDED = "('decided', 'appealed')"
#: One that was not treated says nothing of what the others share.
DECIDED_ON_IN_GROUP = (
    f"EXISTS (SELECT 1 FROM tariffs_objection o WHERE o.group_id IN {{groups}} AND o.status IN {DECIDED}"
    " AND o.outcome <> 'inadmissible')"
)
A_VERDICT_THAT_COUNTED = (
    "(OLD.verdict, OLD.reasons) IS DISTINCT FROM (NEW.verdict, NEW.reasons) AND (EXISTS (SELECT 1 FROM tariffs_objection o"
    f" WHERE o.id = OLD.objection_id AND o.status IN ('decided', 'appealed', 'withdrawn'))"
    f" OR {DECIDED_ON_IN_GROUP.format(groups='(OLD.group_id)')})"
)
A_GROUP_THAT_COUNTED = "OLD.group_id IS DISTINCT FROM NEW.group_id AND " + DECIDED_ON_IN_GROUP.format(
    groups="(OLD.group_id, NEW.group_id)"
)
A_REACTION_THAT_WAS_SENT = (
    "(OLD.reaction, OLD.reaction_by_id, OLD.reaction_at) IS DISTINCT FROM (NEW.reaction, NEW.reaction_by_id, NEW.reaction_at)"
    " AND EXISTS (SELECT 1 FROM tariffs_decision d WHERE d.id = OLD.decision_id AND d.status IN ('sent', 'replaced'))"
)
A_HEARING_THAT_COUNTED = (
    "EXISTS (SELECT 1 FROM tariffs_hearing_objections h JOIN tariffs_objection o ON o.id = h.objection_id"
    f" WHERE h.hearing_id = OLD.id AND o.status IN {DECIDED})"
)
HEARD_THERE = f"EXISTS (SELECT 1 FROM tariffs_objection o WHERE o.id = OLD.objection_id AND o.status IN {DECIDED})"


def two_people(first: str, second: str) -> str:
    """Return the condition that both names are there and differ."""
    return f"NEW.{first} IS NOT NULL AND NEW.{second} IS NOT NULL AND NEW.{first} <> NEW.{second}"


# ── what is read ──────────────────────────────────────────────────────────────────────────────────────────────────────
RELEASED_TO_ME = (
    f"stage = 'released' AND (({MINE} IS NOT NULL AND {IN_ROUND.format(round='tariffs_release.round_id')})"
    f" OR ({OFFICE} IS NOT NULL AND for_care_offices))"
)
#: What the brake on guessing passwords looks at, and choosing a mandate; of the rest everybody reads what she did herself.
READABLE_RECORDS = (
    "CASE WHEN ivportal_scope() = '' THEN act IN ('logged_in', 'login_failed', 'password_reset', 'mandate_switched')"
    f" ELSE user_id = {ME} END"
)
#: Before there were stages whatever stood in this table was released.
NOT_WITH_RELEASES_UNDER_WAY = """
    DO $$ BEGIN
        PERFORM set_config('ivportal.scope', 'all', true);
        IF EXISTS (SELECT 1 FROM tariffs_release WHERE stage <> 'released') THEN
            RAISE EXCEPTION 'Er zijn vrijgaven die niemand mag zien: klaargezet, goedgekeurd of ingetrokken. Een oudere versie van'
                ' het portaal zou ze tonen. Geef vrij of zet een reservekopie terug.' USING ERRCODE = 'check_violation';
        END IF;
    END $$;
"""


class Migration(migrations.Migration):
    """The rules."""

    dependencies = [("tariffs", "0006_post")]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, NOT_WITH_RELEASES_UNDER_WAY),
        # Who reads what.
        undone(earlier("CREATE POLICY own_rows ON tariffs_release ")),
        row_security("tariffs_release", also=RELEASED_TO_ME),
        row_security("providers_auditrecord", also=READABLE_RECORDS),
        own_writes("providers_auditrecord", own="true", writes=["INSERT"]),
        # The interpretation period.
        *instead(
            "tariffs_interpretationresponse",
            insert=f"NEW.submitted_by_id = {ME} AND {AT_WORK} AND {RULES_0005.ASKED_TO_RESPOND} AND {SENT_OR_AGREED}"
            f" AND {RULES_0005.NOTHING_ANSWERED} AND NEW.submitted_at {NOW} AND length(NEW.text) <= 5000"
            f" AND NEW.kind IN ('agree', 'explain', 'correct', 'ask') AND {IN_THE_MIRROR} AND {RIGHT_FIGURES}",
            columns=["status"],
            update=f"{AT_WORK} AND {RULES_0005.is_step(RULES_0005.RESPONSE_PROVIDER_STEPS)}",
        ),
        *instead(
            "tariffs_responsemessage",
            insert=f"NEW.by_id = {ME} AND NOT NEW.is_from_nza AND {AT_WORK} AND {RULES_0005.ASKED_FOR_MORE}"
            f" AND NEW.until IS NULL AND NEW.at {NOW} AND length(NEW.text) <= 5000",
        ),
        *instead(
            "tariffs_casefile",
            insert=f"NEW.received_from_id = {ME} AND {AT_WORK} AND {RULES_0005.OWN_CASE} AND strpos(NEW.name, '/') = 0"
            f" AND NEW.received_at {NOW} AND {A_WHOLE_FILE}",
        ),
        *instead(
            "tariffs_consent",
            insert=f"NEW.by_id = {ME} AND {SIGNS} AND NEW.at {NOW}"
            f" AND (NEW.round_id IS NULL OR {IN_ROUND.format(round='NEW.round_id')})",
        ),
        # Views and objections.
        *instead(
            "tariffs_statementofviews",
            insert=f"NEW.received_by_id = {ME} AND {AT_WORK} AND NEW.channel = 'portal' AND NEW.reaction = ''"
            f" AND NEW.reaction_by_id IS NULL AND NEW.reaction_at IS NULL AND {ASKED_FOR_VIEWS}"
            f" AND NEW.received_at {NOW} AND length(NEW.text) <= 20000",
        ),
        migrations.RunSQL(ONE_IS_OPEN, "DROP INDEX one_objection_against_a_decision_is_open;"),
        *instead(
            "tariffs_objection",
            insert=f"NEW.received_by_id = {ME} AND {SIGNS} AND NEW.channel = 'portal' AND NEW.status = 'received'"
            f" AND {NOTHING_DECIDED} AND NEW.received_at {NOW} AND {RULES_0005.OBJECTS_TO_OWN}",
            columns=["status"],
            update=f"{SIGNS} AND {RULES_0005.is_step(RULES_0005.OBJECTION_PROVIDER_STEPS)}",
        ),
        *instead(
            "tariffs_ground",
            insert=f"NEW.group_id IS NULL AND NEW.verdict = '' AND NEW.reasons = '' AND {SIGNS} AND NEW.brought_at {NOW}"
            " AND length(NEW.text) <= 20000 AND EXISTS (SELECT 1 FROM tariffs_objection o WHERE o.id = NEW.objection_id"
            f" AND o.provider_id = {MINE} AND o.status IN ('received', 'incomplete', 'admitted', 'hearing', 'heard'))",
        ),
        *instead(
            "tariffs_termevent",
            insert=f'NEW.by_id = {ME} AND {SIGNS} AND {MOVES_ITS_TERM} AND NEW."on" {TODAY} AND NEW.at {NOW}'
            " AND NEW.until IS NULL AND NEW.reason = ''",
        ),
        # Care offices.
        *instead(
            "tariffs_guidepercentage",
            insert=f"NEW.set_by_id = {ME} AND {RULES_0005.I_AM_OF_THE_OFFICE} AND NEW.share > 0 AND NEW.share <= 1"
            f" AND NEW.set_at {NOW}",
        ),
        *instead(
            "tariffs_careofficenote",
            insert=f"NEW.written_by_id = {ME} AND {RULES_0005.I_AM_OF_THE_OFFICE} AND NEW.written_at {NOW}"
            f" AND length(NEW.text) <= 5000 AND {RULES_0005.IN_OWN_REGION.format(provider='NEW.provider_id')}",
        ),
        *instead(
            "tariffs_tariffagreement",
            insert=f"NEW.registered_by_id = {ME} AND {RULES_0005.I_AM_OF_THE_OFFICE} AND NEW.registered_at {NOW}"
            f" AND NEW.agreed_on BETWEEN make_date(NEW.tariff_year - 3, 1, 1) AND {A_LITTLE_AFTER} AND {FOLLOWS}"
            f" AND {RULES_0005.IN_OWN_REGION.format(provider='NEW.provider_id')} AND {FITS_WHAT_HOLDS}",
        ),
        *instead("tariffs_agreedtariff", insert=f"{RULES_0005.I_AM_OF_THE_OFFICE} AND {TARIFF_FITS}"),
        at_the_end(
            "tariffs_tariffagreement",
            name="who_agrees_without_a_rate_agrees_on_every_product",
            when="NEW.rate IS NULL",
            condition=ALL_PRODUCTS,
        ),
        # What was decided stays, whoever asks.
        kept_while("tariffs_ground", name="a_verdict_that_counted_stays", condition=A_VERDICT_THAT_COUNTED),
        kept_while("tariffs_objection", name="a_group_of_which_one_is_decided_stays", condition=A_GROUP_THAT_COUNTED),
        kept_while(
            "tariffs_statementofviews", name="a_reaction_that_was_sent_stays", condition=A_REACTION_THAT_WAS_SENT
        ),
        kept_while("tariffs_hearing", name="a_hearing_that_counted_stays", condition=A_HEARING_THAT_COUNTED),
        kept_while("tariffs_hearing_objections", name="who_was_heard_stays", condition=HEARD_THERE),
        # Two people look.
        required(
            "tariffs_decision",
            name="a_decision_is_taken_by_two",
            when="NEW.status IN ('sent', 'replaced')",
            condition=two_people("drafted_by_id", "decided_by_id"),
        ),
        required(
            "tariffs_objection",
            name="an_objection_is_decided_by_two",
            when=f"NEW.status IN {DECIDED}",
            condition=two_people("drafted_by_id", "decided_by_id"),
        ),
        required(
            "tariffs_publicnote",
            name="a_public_note_is_published_by_two",
            when="NEW.published_at IS NOT NULL",
            condition=two_people("prepared_by_id", "published_by_id"),
        ),
        # A command prepares in nobody's name. Before there were stages one person was enough.
        required(
            "tariffs_release",
            name="a_release_is_approved_by_two",
            when="NEW.stage IN ('approved', 'released') AND NEW.stage IS DISTINCT FROM OLD.stage",
            condition=f"NEW.prepared_by_id IS NULL OR ({two_people('prepared_by_id', 'approved_by_id')})",
        ),
    ]
