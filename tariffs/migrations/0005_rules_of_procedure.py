"""What the database holds by itself about the procedure: whose rows, which steps, who writes what, and what never changes."""

from django.db import migrations

from providers.database_rules import (
    immutable,
    immutable_columns,
    kept_while,
    own_writes,
    row_security,
    transitions,
    undone,
    writes,
)

MINE = "ivportal_scope_id('provider')"
OFFICE = "ivportal_scope_id('care_office')"
ME = "ivportal_actor()"
AT_WORK = "ivportal_may('deliver', 'sign')"
SIGNS = "ivportal_may('sign')"

RELEASED_BEFORE = "EXISTS (SELECT 1 FROM tariffs_release r WHERE r.run_id = {run})"
RELEASED = "EXISTS (SELECT 1 FROM tariffs_release r WHERE r.run_id = {run} AND r.stage = 'released')"
IN_OWN_REGION = (
    "EXISTS (SELECT 1 FROM providers_location l JOIN providers_careofficeregion g ON g.id = l.region_id"
    f" WHERE l.provider_id = {{provider}} AND g.care_office_id = {OFFICE})"
)


def seen_before(run: str, provider: str) -> str:
    """Return the condition of before there were stages."""
    return f"{RELEASED_BEFORE.format(run=run)} AND ({provider} = {MINE} OR {IN_OWN_REGION.format(provider=provider)})"


def seen(run: str, provider: str) -> str:
    """Return the condition: released, and of oneself. What a care office may know stands in the standings."""
    return f"{provider} = {MINE} AND {RELEASED.format(run=run)}"


OF_BANDWIDTH = "EXISTS (SELECT 1 FROM tariffs_bandwidth b WHERE b.id = bandwidth_id AND {seen})"
OF_OWN_RESPONSE = (
    "EXISTS (SELECT 1 FROM tariffs_interpretationresponse i WHERE i.id = {table}.response_id AND i.provider_id = "
    + MINE
    + ")"
)
OF_OWN_OBJECTION = (
    "EXISTS (SELECT 1 FROM tariffs_objection o WHERE o.id = {table}.objection_id AND o.provider_id = " + MINE + ")"
)
OF_OWN_GROUP = "EXISTS (SELECT 1 FROM tariffs_objection o WHERE o.group_id = {column} AND o.provider_id = " + MINE + ")"
IN_ROUND = "EXISTS (SELECT 1 FROM providers_submission s WHERE s.round_id = {round} AND s.provider_id = " + MINE + ")"
PUBLISHED = (
    "EXISTS (SELECT 1 FROM tariffs_publicnote n WHERE n.id = tariffs_publicnoteitem.note_id AND n.published_at IS NOT NULL"
    f" AND {IN_ROUND.format(round='n.round_id')})"
)
OF_OWN_AGREEMENT = (
    "EXISTS (SELECT 1 FROM tariffs_tariffagreement a WHERE a.id = tariffs_agreedtariff.agreement_id"
    f" AND (a.provider_id = {MINE} OR a.care_office_id = {OFFICE}))"
)
OF_OFFICES_AGREEMENT = (
    "EXISTS (SELECT 1 FROM tariffs_tariffagreement a WHERE a.id = tariffs_agreedtariff.agreement_id"
    f" AND a.care_office_id = {OFFICE})"
)
I_AM_OF_THE_OFFICE = (
    f"EXISTS (SELECT 1 FROM providers_mandate m WHERE m.user_id = {ME} AND m.role = 'care_office'"
    f" AND m.care_office_id = {OFFICE} AND m.valid_from <= clock_timestamp() + interval '1 minute'"
    " AND (m.valid_until IS NULL OR m.valid_until > clock_timestamp() - interval '1 minute'))"
)
#: A moment that is now, for clocks that differ: nobody dates what she does back, or ahead.
NOW = "BETWEEN clock_timestamp() - interval '5 minutes' AND clock_timestamp() + interval '1 minute'"
TODAY = "(clock_timestamp() AT TIME ZONE 'Europe/Amsterdam')::date"
#: The report is one's own and the NZa asks for a response; to the second it is the portal that decides.
ASKED_TO_RESPOND = f"""EXISTS (
    SELECT 1 FROM tariffs_mirrorreport p JOIN tariffs_release r ON r.id = p.release_id
    WHERE p.id = NEW.report_id AND p.provider_id = {MINE} AND r.stage = 'released'
      AND greatest(r.respond_until, (
        SELECT max(t.until) FROM tariffs_responseterm t
        WHERE t.release_id = r.id AND coalesce(t.provider_id = {MINE}, true))) > clock_timestamp() - interval '5 minutes')"""
ASKED_FOR_VIEWS = (
    f"EXISTS (SELECT 1 FROM tariffs_decision d WHERE d.id = NEW.decision_id AND d.provider_id = {MINE}"
    f" AND d.status = 'announced' AND d.views_until >= {TODAY} - 1)"
)
OBJECTS_TO_OWN = (
    f"EXISTS (SELECT 1 FROM tariffs_decision d WHERE d.id = NEW.decision_id AND d.provider_id = {MINE}"
    " AND d.status = 'sent' AND starts_with(NEW.reference, d.reference || '-B'))"
)
#: What the NZa writes in an objection, and in a response, later.
NOTHING_DECIDED = (
    "NEW.outcome = '' AND NEW.is_excused IS NULL AND NEW.excused_reason = '' AND NEW.group_id IS NULL"
    " AND NEW.new_decision_id IS NULL AND NOT NEW.with_committee AND NEW.advice = '' AND NEW.advised_on IS NULL"
    " AND NEW.assigned_to_id IS NULL AND NEW.reasons = '' AND NEW.consequence = '' AND NEW.drafted_by_id IS NULL"
    " AND NEW.decided_by_id IS NULL AND NEW.decided_on IS NULL AND NEW.posted_on IS NULL"
)
THE_DAY = 'NEW."on"'
NOTHING_ANSWERED = (
    "NEW.answer = '' AND NEW.accepted_changes = '{}'::jsonb AND NEW.answer_group IS NULL AND NEW.assigned_to_id IS NULL"
    " AND NEW.carried_into_id IS NULL AND NEW.version_id IS NULL AND NEW.number < 10000"
)
ASKED_FOR_MORE = "EXISTS (SELECT 1 FROM tariffs_interpretationresponse i WHERE i.id = NEW.response_id AND i.status IN ('more_asked', 'assigned'))"


def a_real(moment: str) -> str:
    """Return the condition that a moment is one that a calendar shows: to the second it is the portal that decides."""
    return f"isfinite({moment}) AND {moment} < '2200-01-01'"


OWN_CASE = f"""CASE WHEN NEW.response_id IS NOT NULL THEN {OF_OWN_RESPONSE.format(table="NEW")}
    WHEN NEW.objection_id IS NOT NULL THEN {OF_OWN_OBJECTION.format(table="NEW")}
    ELSE EXISTS (SELECT 1 FROM tariffs_statementofviews v WHERE v.id = NEW.views_id AND v.provider_id = {MINE}) END"""

RELEASE_TRANSITIONS = {
    "preparing": ["prepared", "withdrawn"],
    "prepared": ["approved", "withdrawn"],
    "approved": ["released", "withdrawn"],
    "released": [],
    "withdrawn": [],
}
RESPONSE_TRANSITIONS = {
    "submitted": ["assigned", "answered", "withdrawn"],
    "assigned": ["submitted", "more_asked", "answered", "withdrawn"],
    "more_asked": ["assigned", "answered", "withdrawn"],
    "answered": [],
    "withdrawn": [],
}
RESPONSE_PROVIDER_STEPS = {
    "submitted": ["withdrawn"],
    "assigned": ["withdrawn"],
    "more_asked": ["assigned", "withdrawn"],
}
DECISION_TRANSITIONS = {
    "prepared": ["announced", "withdrawn"],
    "announced": ["drafted", "withdrawn"],
    "drafted": ["announced", "sent", "withdrawn"],
    "sent": ["replaced"],
    "replaced": [],
    "withdrawn": [],
}
OBJECTION_TRANSITIONS = {
    "received": ["incomplete", "admitted", "decided", "withdrawn"],
    "incomplete": ["received", "decided", "withdrawn"],
    "admitted": ["hearing", "heard", "withdrawn"],
    "hearing": ["admitted", "heard", "withdrawn"],
    "heard": ["advised", "decided", "withdrawn"],
    "advised": ["decided", "withdrawn"],
    "decided": ["appealed"],
    "appealed": [],
    "withdrawn": [],
}
OBJECTION_PROVIDER_STEPS = {
    "incomplete": ["received", "withdrawn"],
    **{status: ["withdrawn"] for status in ("received", "admitted", "hearing", "heard", "advised")},
}
EARLIER_STANDINGS = """
    SELECT set_config('ivportal.scope', 'all', true);
    INSERT INTO tariffs_standing (uuid, provider_id, round_id, tariff_year, status, occasion, release_id, bandwidth_id,
        lower_rate, upper_rate, care_days, bandwidth_status, products, for_care_offices, since)
    SELECT gen_random_uuid(), b.provider_id, r.round_id, r.tariff_year, r.status, 'release', r.id, b.id, b.lower_rate, b.upper_rate,
        (SELECT sum(p.days) FROM tariffs_productbandwidth p WHERE p.bandwidth_id = b.id), b.status,
        coalesce((SELECT jsonb_agg(jsonb_build_object('product', p.product, 'maximum_tariff', p.maximum_tariff::text,
            'lower', p.lower::text, 'upper', p.upper::text) ORDER BY p.product)
            FROM tariffs_productbandwidth p WHERE p.bandwidth_id = b.id), '[]'::jsonb),
        true, r.released_at
    FROM tariffs_release r JOIN tariffs_bandwidth b ON b.run_id = r.run_id WHERE r.stage = 'released';
    SET CONSTRAINTS ALL IMMEDIATE;
"""


def is_step(table: dict[str, list[str]]) -> str:
    """Return the condition that a provider makes this step."""
    pairs = ", ".join(f"('{before}', '{after}')" for before, afters in table.items() for after in afters)
    return f"(OLD.status, NEW.status) IN ({pairs})"


def kept(table: str) -> migrations.RunSQL:
    """Return the rule that rows of ``table`` are never deleted."""
    return immutable(table, acts="DELETE", name="never_deleted")


def of_provider(table: str, *acts: str, own: str = f"provider_id = {MINE}") -> list[migrations.RunSQL]:
    """Return the rules of rows that a provider reads, and writes as far as ``acts``."""
    rules = [row_security(table, also=own)]
    return [*rules, own_writes(table, own=own, writes=acts)] if acts else rules


class Migration(migrations.Migration):
    """The rules of the procedure."""

    dependencies = [("tariffs", "0004_procedure"), ("providers", "0005_who_writes")]

    operations = [
        migrations.RunSQL(EARLIER_STANDINGS, migrations.RunSQL.noop),
        # Releases: nobody outside the NZa sees one before its moment.
        row_security(
            "tariffs_release",
            also=f"stage = 'released' AND ({MINE} IS NOT NULL OR ({OFFICE} IS NOT NULL AND for_care_offices))",
        ),
        transitions("tariffs_release", RELEASE_TRANSITIONS, field="stage"),
        immutable_columns(
            "tariffs_release",
            [
                "uuid",
                "run_id",
                "round_id",
                "status",
                "tariff_year",
                "note",
                "for_care_offices",
                "prepared_at",
                "prepared_by_id",
            ],
        ),
        immutable("tariffs_release", when="OLD.stage IN ('released', 'withdrawn')", acts="UPDATE"),
        kept("tariffs_release"),
        row_security("tariffs_releaseeffects"),
        immutable("tariffs_releaseeffects"),
        undone(
            row_security(
                "tariffs_bandwidth", also=seen_before("tariffs_bandwidth.run_id", "tariffs_bandwidth.provider_id")
            )
        ),
        row_security("tariffs_bandwidth", also=seen("tariffs_bandwidth.run_id", "tariffs_bandwidth.provider_id")),
        undone(
            row_security(
                "tariffs_productbandwidth", also=OF_BANDWIDTH.format(seen=seen_before("b.run_id", "b.provider_id"))
            )
        ),
        row_security("tariffs_productbandwidth", also=OF_BANDWIDTH.format(seen=seen("b.run_id", "b.provider_id"))),
        undone(row_security("tariffs_mirrorreport", also=f"provider_id = {MINE}")),
        row_security(
            "tariffs_mirrorreport",
            also=f"provider_id = {MINE} AND EXISTS (SELECT 1 FROM tariffs_release r"
            " WHERE r.id = tariffs_mirrorreport.release_id AND r.stage = 'released')",
        ),
        row_security(
            "tariffs_responseterm",
            also=f"{MINE} IS NOT NULL AND coalesce(provider_id = {MINE}, true) AND EXISTS (SELECT 1 FROM tariffs_release r"
            " WHERE r.id = tariffs_responseterm.release_id AND r.stage = 'released')",
        ),
        immutable("tariffs_responseterm"),
        row_security(
            "tariffs_standing",
            also=f"provider_id = {MINE} OR (for_care_offices AND {IN_OWN_REGION.format(provider='tariffs_standing.provider_id')})",
        ),
        immutable("tariffs_standing"),
        # The interpretation period.
        *of_provider("tariffs_interpretationresponse", "INSERT", "UPDATE"),
        transitions("tariffs_interpretationresponse", RESPONSE_TRANSITIONS),
        immutable_columns(
            "tariffs_interpretationresponse",
            [
                "uuid",
                "provider_id",
                "report_id",
                "number",
                "item",
                "kind",
                "text",
                "changes",
                "key",
                "submitted_by_id",
                "submitted_at",
            ],
        ),
        immutable(
            "tariffs_interpretationresponse",
            name="an_answer_stays",
            acts="UPDATE",
            when="OLD.status = 'answered' AND (OLD.outcome, OLD.answer, OLD.accepted_changes, OLD.answered_at)"
            " IS DISTINCT FROM (NEW.outcome, NEW.answer, NEW.accepted_changes, NEW.answered_at)",
        ),
        kept("tariffs_interpretationresponse"),
        writes(
            "tariffs_interpretationresponse",
            insert=f"NEW.submitted_by_id = {ME} AND {AT_WORK} AND {ASKED_TO_RESPOND} AND (NEW.status = 'submitted'"
            " OR (NEW.kind = 'agree' AND NEW.status = 'answered' AND NEW.outcome = 'noted'))"
            f" AND {NOTHING_ANSWERED} AND {a_real('NEW.submitted_at')}",
            columns=["status"],
            update=f"{AT_WORK} AND {is_step(RESPONSE_PROVIDER_STEPS)}",
        ),
        row_security("tariffs_consequences"),
        *of_provider("tariffs_responsemessage", "INSERT", own=OF_OWN_RESPONSE.format(table="tariffs_responsemessage")),
        immutable("tariffs_responsemessage"),
        writes(
            "tariffs_responsemessage",
            insert=f"NEW.by_id = {ME} AND NOT NEW.is_from_nza AND {AT_WORK} AND {ASKED_FOR_MORE} AND NEW.until IS NULL"
            f" AND {a_real('NEW.at')}",
        ),
        row_security(
            "tariffs_publicnote",
            also=f"published_at IS NOT NULL AND {IN_ROUND.format(round='tariffs_publicnote.round_id')}",
        ),
        immutable("tariffs_publicnote", when="OLD.published_at IS NOT NULL"),
        row_security("tariffs_publicnoteitem", also=PUBLISHED),
        kept_while(
            "tariffs_publicnoteitem",
            name="what_was_published_is_kept",
            condition="EXISTS (SELECT 1 FROM tariffs_publicnote n WHERE n.id = OLD.note_id AND n.published_at IS NOT NULL)",
        ),
        # Files, letters, consents.
        *of_provider("tariffs_casefile", "INSERT"),
        immutable("tariffs_casefile"),
        writes(
            "tariffs_casefile",
            insert=f"NEW.received_from_id = {ME} AND {AT_WORK} AND {OWN_CASE} AND strpos(NEW.name, '/') = 0"
            f" AND {a_real('NEW.received_at')}",
        ),
        *of_provider("tariffs_letter"),
        immutable("tariffs_letter"),
        *of_provider("tariffs_consent", "INSERT"),
        immutable("tariffs_consent"),
        writes("tariffs_consent", insert=f"NEW.by_id = {ME} AND {SIGNS} AND {a_real('NEW.at')}"),
        # Decisions and views.
        row_security(
            "tariffs_decision",
            also=f"provider_id = {MINE} AND status <> 'prepared' AND NOT (status = 'withdrawn' AND announced_on IS NULL)",
        ),
        transitions("tariffs_decision", DECISION_TRANSITIONS),
        immutable_columns(
            "tariffs_decision",
            ["uuid", "provider_id", "round_id", "report_id", "reference", "origin", "replaces_id", "figures"],
        ),
        immutable(
            "tariffs_decision",
            name="what_was_sent_stays",
            acts="UPDATE",
            when="OLD.status IN ('sent', 'replaced') AND (to_jsonb(OLD) - 'status') IS DISTINCT FROM (to_jsonb(NEW) - 'status')",
        ),
        kept("tariffs_decision"),
        *of_provider("tariffs_statementofviews", "INSERT"),
        immutable_columns(
            "tariffs_statementofviews",
            ["uuid", "provider_id", "decision_id", "key", "channel", "text", "received_at", "received_by_id"],
        ),
        kept("tariffs_statementofviews"),
        writes(
            "tariffs_statementofviews",
            insert=f"NEW.received_by_id = {ME} AND {AT_WORK} AND NEW.channel = 'portal' AND NEW.reaction = ''"
            f" AND NEW.reaction_by_id IS NULL AND NEW.reaction_at IS NULL AND {ASKED_FOR_VIEWS}"
            f" AND {a_real('NEW.received_at')}",
        ),
        # Objections.
        *of_provider("tariffs_objection", "INSERT", "UPDATE"),
        transitions("tariffs_objection", OBJECTION_TRANSITIONS),
        immutable_columns(
            "tariffs_objection",
            [
                "uuid",
                "provider_id",
                "decision_id",
                "reference",
                "key",
                "channel",
                "received_at",
                "posted_on",
                "received_by_id",
                "is_pro_forma",
            ],
        ),
        immutable(
            "tariffs_objection",
            name="what_was_decided_stays",
            acts="UPDATE",
            when="OLD.status IN ('decided', 'appealed', 'withdrawn') AND (to_jsonb(OLD) - 'status' - 'new_decision_id')"
            " IS DISTINCT FROM (to_jsonb(NEW) - 'status' - 'new_decision_id')",
        ),
        kept("tariffs_objection"),
        writes(
            "tariffs_objection",
            insert=f"NEW.received_by_id = {ME} AND {SIGNS} AND NEW.channel = 'portal' AND NEW.status = 'received'"
            f" AND {NOTHING_DECIDED}"
            " AND NEW.received_at BETWEEN clock_timestamp() - interval '5 minutes' AND clock_timestamp() + interval '1 minute'"
            f" AND {OBJECTS_TO_OWN}",
            columns=["status"],
            update=f"{SIGNS} AND {is_step(OBJECTION_PROVIDER_STEPS)}",
        ),
        *of_provider(
            "tariffs_ground",
            "INSERT",
            own=f"({OF_OWN_OBJECTION.format(table='tariffs_ground')}"
            f" OR (group_id IS NOT NULL AND {OF_OWN_GROUP.format(column='tariffs_ground.group_id')}))",
        ),
        immutable_columns("tariffs_ground", ["objection_id", "group_id", "number", "text", "brought_at"]),
        kept("tariffs_ground"),
        writes(
            "tariffs_ground",
            insert=f"NEW.group_id IS NULL AND NEW.verdict = '' AND {SIGNS} AND EXISTS (SELECT 1 FROM tariffs_objection o"
            f" WHERE o.id = NEW.objection_id AND o.provider_id = {MINE}"
            " AND o.status IN ('received', 'incomplete', 'admitted', 'hearing', 'heard'))",
        ),
        *of_provider("tariffs_objectiongroup", own=OF_OWN_GROUP.format(column="tariffs_objectiongroup.id")),
        *of_provider("tariffs_termevent", "INSERT", own=OF_OWN_OBJECTION.format(table="tariffs_termevent")),
        immutable("tariffs_termevent"),
        writes(
            "tariffs_termevent",
            insert=f"NEW.by_id = {ME} AND {SIGNS} AND NEW.kind IN ('remedied', 'default_notice')"
            f" AND {a_real(THE_DAY)} AND {a_real('NEW.at')}"
            " AND NEW.\"on\" >= (clock_timestamp() AT TIME ZONE 'Europe/Amsterdam')::date - 1",
        ),
        *of_provider("tariffs_hearing_objections", own=OF_OWN_OBJECTION.format(table="tariffs_hearing_objections")),
        *of_provider(
            "tariffs_hearing",
            own="EXISTS (SELECT 1 FROM tariffs_hearing_objections h JOIN tariffs_objection o ON o.id = h.objection_id"
            f" WHERE h.hearing_id = tariffs_hearing.id AND o.provider_id = {MINE})",
        ),
        # Care offices.
        *(
            rule
            for table in ("tariffs_guidepercentage", "tariffs_careofficenote")
            for rule in (
                row_security(table, also=f"care_office_id = {OFFICE}"),
                own_writes(table, own=f"care_office_id = {OFFICE}", writes=["INSERT"]),
                immutable(table),
            )
        ),
        writes("tariffs_guidepercentage", insert=f"NEW.set_by_id = {ME} AND {I_AM_OF_THE_OFFICE}"),
        writes(
            "tariffs_careofficenote",
            insert=f"NEW.written_by_id = {ME} AND {I_AM_OF_THE_OFFICE} AND {IN_OWN_REGION.format(provider='NEW.provider_id')}",
        ),
        row_security("tariffs_tariffagreement", also=f"provider_id = {MINE} OR care_office_id = {OFFICE}"),
        own_writes("tariffs_tariffagreement", own=f"care_office_id = {OFFICE}", writes=["INSERT"]),
        immutable("tariffs_tariffagreement"),
        writes(
            "tariffs_tariffagreement",
            insert=f"NEW.registered_by_id = {ME} AND {I_AM_OF_THE_OFFICE} AND coalesce(NEW.rate <> 'NaN'::numeric, true)"
            f" AND {a_real('NEW.registered_at')} AND {a_real('NEW.agreed_on')}"
            f" AND {IN_OWN_REGION.format(provider='NEW.provider_id')} AND EXISTS (SELECT 1 FROM tariffs_standing t"
            " WHERE t.id = NEW.standing_id AND t.provider_id = NEW.provider_id AND t.for_care_offices"
            " AND t.tariff_year = NEW.tariff_year)",
        ),
        row_security("tariffs_agreedtariff", also=OF_OWN_AGREEMENT),
        own_writes("tariffs_agreedtariff", own=OF_OFFICES_AGREEMENT, writes=["INSERT"]),
        immutable("tariffs_agreedtariff"),
        writes(
            "tariffs_agreedtariff",
            insert=f"{I_AM_OF_THE_OFFICE} AND EXISTS (SELECT 1 FROM tariffs_tariffagreement a WHERE a.id = NEW.agreement_id"
            f" AND a.care_office_id = {OFFICE} AND a.registered_by_id = {ME})",
        ),
    ]
