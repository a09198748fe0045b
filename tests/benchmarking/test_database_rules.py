"""What the database refuses by itself, whoever asks and in whatever language: plain SQL as the role that serves."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.db import DataError, connection, transaction

from benchmarking import lease
from benchmarking.models import Run, RunDivision, RunShard, RunStatus, ShardStatus
from benchmarking.models.runs import RUN_TRANSITIONS
from benchmarking.models.shards import SHARD_TRANSITIONS
from benchmarking.runs import request_run, set_specification
from providers.access import EVERYTHING, NOTHING, scope
from providers.models import CareOffice, Location, Notice, Provider, Round, SubmissionVersion, User
from providers.models.delivering import (
    EXEMPTION_TRANSITIONS,
    SIGNATURE_TRANSITIONS,
    UPLOAD_TRANSITIONS,
    ExemptionStatus,
    SignatureAnswer,
    UploadStatus,
)
from providers.models.notices import MAIL_TRANSITIONS, MailStatus
from providers.models.rounds import ROUND_TRANSITIONS, RoundStatus
from providers.models.submissions import SUBMISSION_TRANSITIONS, SubmissionStatus
from tariffs.models import MaximumTariff, PublicNote, PublicNoteItem, Release, ReportStatus, Standing, TariffTable
from tariffs.policies import set_policy
from tariffs.release import make_reports, prepare, release_run
from tests import storing
from tests.delivering_rows import store_delivering_rows
from tests.factories import SIMPLE, computed, delivery, make_round
from tests.plain_sql import query, refused
from tests.procedure_rows import Side, store_procedure

#: What belongs to nobody in particular: reference lists, names of organisations and the portal's own bookkeeping. Tables
#: in none of the lists below fail, so that a new one is thought about.
OPEN = {
    "providers_careoffice", "providers_careofficeregion", "providers_location", "providers_mandate",
    "providers_provider", "providers_round", "providers_roundtext", "providers_apikey",
    "providers_user", "benchmarking_specification",
    "benchmarking_roundspecification", "tariffs_tarifftable", "tariffs_maximumtariff", "tariffs_roundpolicy",
    "auth_group", "auth_group_permissions", "auth_permission",
    "django_content_type", "django_migrations",
}  # fmt: skip
OWN_SUBMISSION = "submission_id IN (SELECT id FROM providers_submission WHERE provider_id = {pk})"
OWN_VERSION = (
    "version_id IN (SELECT v.id FROM providers_submissionversion v JOIN providers_submission s"
    " ON s.id = v.submission_id WHERE s.provider_id = {pk})"
)
OWN_RESPONSE = "response_id IN (SELECT id FROM tariffs_interpretationresponse WHERE provider_id = {pk})"
OWN_OBJECTION = "objection_id IN (SELECT id FROM tariffs_objection WHERE provider_id = {pk})"
#: Rows that a provider sees of itself.
OF_A_PROVIDER = {
    "providers_submission": "provider_id = {pk}",
    "providers_submissionversion": OWN_SUBMISSION,
    "providers_measuredvalue": OWN_VERSION,
    "providers_finding": OWN_VERSION,
    "providers_sourcefile": "provider_id = {pk}",
    "providers_upload": OWN_SUBMISSION,
    "providers_draft": OWN_SUBMISSION,
    "providers_signaturerequest": OWN_SUBMISSION,
    "providers_statement": OWN_VERSION,
    "providers_explanation": f"finding_id IN (SELECT id FROM providers_finding WHERE {OWN_VERSION})",
    "providers_statuschange": OWN_SUBMISSION,
    "providers_termchange": f"submission_id IS NULL OR {OWN_SUBMISSION}",
    "providers_exemption": OWN_SUBMISSION,
    "providers_notice": "provider_id = {pk}",
    "providers_mail": "notice_id IN (SELECT id FROM providers_notice WHERE provider_id = {pk})",
    "providers_sourcefigure": "(key_scheme, key) IN (SELECT key_scheme, key FROM providers_provider WHERE id = {pk})",
    "providers_sectorbasis": "true",  # figures of all together
    "tariffs_bandwidth": "provider_id = {pk} AND run_id IN (SELECT run_id FROM tariffs_release WHERE stage = 'released')",
    "tariffs_productbandwidth": (
        "bandwidth_id IN (SELECT id FROM tariffs_bandwidth"
        " WHERE provider_id = {pk} AND run_id IN (SELECT run_id FROM tariffs_release WHERE stage = 'released'))"
    ),
    "tariffs_release": (
        "stage = 'released' AND round_id IN (SELECT round_id FROM providers_submission WHERE provider_id = {pk})"
    ),
    "tariffs_mirrorreport": (
        "provider_id = {pk} AND release_id IN (SELECT id FROM tariffs_release WHERE stage = 'released')"
    ),
    "tariffs_standing": "provider_id = {pk}",
    "tariffs_responseterm": "provider_id = {pk}",
    "tariffs_interpretationresponse": "provider_id = {pk}",
    "tariffs_responsemessage": OWN_RESPONSE,
    "tariffs_publicnote": "published_at IS NOT NULL",
    "tariffs_publicnoteitem": "note_id IN (SELECT id FROM tariffs_publicnote WHERE published_at IS NOT NULL)",
    "tariffs_casefile": "provider_id = {pk}",
    "tariffs_letter": "provider_id = {pk}",
    "tariffs_posting": "letter_id IN (SELECT id FROM tariffs_letter WHERE provider_id = {pk})",
    "tariffs_consent": "provider_id = {pk}",
    "tariffs_decision": "provider_id = {pk}",
    "tariffs_statementofviews": "provider_id = {pk}",
    "tariffs_objection": "provider_id = {pk}",
    "tariffs_objectiongroup": "id IN (SELECT group_id FROM tariffs_objection WHERE provider_id = {pk})",
    "tariffs_ground": (
        f"{OWN_OBJECTION} OR group_id IN (SELECT group_id FROM tariffs_objection WHERE provider_id = {{pk}})"
    ),
    "tariffs_termevent": OWN_OBJECTION,
    "tariffs_hearing_objections": OWN_OBJECTION,
    "tariffs_hearing": f"id IN (SELECT hearing_id FROM tariffs_hearing_objections WHERE {OWN_OBJECTION})",
    "tariffs_tariffagreement": "provider_id = {pk}",
    "tariffs_agreedtariff": "agreement_id IN (SELECT id FROM tariffs_tariffagreement WHERE provider_id = {pk})",
}
#: Rows that a care office sees: what holds, without costs, about providers in its regions.
OF_A_CARE_OFFICE = {
    "tariffs_standing": (
        "for_care_offices AND provider_id IN (SELECT l.provider_id FROM providers_location l"
        " JOIN providers_careofficeregion g ON g.id = l.region_id WHERE g.care_office_id = {pk})"
    ),
}
#: Rows that a care office sees of its own work.
OF_ITSELF = {
    "tariffs_guidepercentage": "care_office_id = {pk}",
    "tariffs_careofficenote": "care_office_id = {pk}",
    "tariffs_tariffagreement": "care_office_id = {pk}",
    "tariffs_agreedtariff": "agreement_id IN (SELECT id FROM tariffs_tariffagreement WHERE care_office_id = {pk})",
}
#: Rows that every provider sees, whoever it is, or every provider in the round.
OF_ALL_PROVIDERS = {
    "providers_termchange": "submission_id IS NULL",
    "providers_sectorbasis": "true",
}
#: Rows that only the NZa and workers see. Of the records everybody sees what she did herself (tests/access/test_records.py).
OF_THE_NZA = {
    "providers_auditrecord",
    "benchmarking_dataset", "benchmarking_dataset_versions", "benchmarking_run", "benchmarking_runstep",
    "benchmarking_result", "benchmarking_peerlink", "benchmarking_rundivision", "benchmarking_runshard",
    "tariffs_releaseeffects", "tariffs_consequences", "tariffs_printing", "tariffs_concept",
}  # fmt: skip
#: What a provider writes itself, in rows of its own.
WRITES = {
    "providers_submission": {"UPDATE"}, "providers_submissionversion": {"INSERT"}, "providers_measuredvalue": {"INSERT"},
    "providers_finding": {"INSERT"}, "providers_sourcefile": {"INSERT"}, "providers_upload": {"INSERT"},
    "providers_draft": {"INSERT"}, "providers_signaturerequest": {"INSERT", "UPDATE"}, "providers_statement": {"INSERT"},
    "providers_explanation": {"INSERT"}, "providers_statuschange": {"INSERT"}, "providers_exemption": {"INSERT", "UPDATE"},
    "providers_notice": {"INSERT", "UPDATE"}, "providers_mail": {"INSERT"},
    "tariffs_interpretationresponse": {"INSERT", "UPDATE"}, "tariffs_responsemessage": {"INSERT"},
    "tariffs_casefile": {"INSERT"}, "tariffs_consent": {"INSERT"}, "tariffs_statementofviews": {"INSERT"},
    "tariffs_objection": {"INSERT", "UPDATE"}, "tariffs_ground": {"INSERT"}, "tariffs_termevent": {"INSERT"},
    "providers_auditrecord": {"INSERT"},
}  # fmt: skip
#: What a care office writes itself.
OFFICE_WRITES = {table: {"INSERT"} for table in OF_ITSELF}
IMMUTABLE = (
    "providers_auditrecord", "providers_sourcefile", "providers_submissionversion", "providers_measuredvalue",
    "providers_draft", "providers_statement", "providers_explanation", "providers_statuschange", "providers_termchange",
    "providers_sectorbasis", "benchmarking_specification", "benchmarking_roundspecification", "benchmarking_dataset",
    "benchmarking_result", "benchmarking_peerlink", "tariffs_tarifftable", "tariffs_maximumtariff", "tariffs_roundpolicy",
    "tariffs_bandwidth", "tariffs_productbandwidth", "tariffs_mirrorreport", "tariffs_releaseeffects",
    "tariffs_responseterm", "tariffs_standing", "tariffs_responsemessage", "tariffs_casefile", "tariffs_letter",
    "tariffs_printing", "tariffs_posting", "tariffs_consent", "tariffs_termevent", "tariffs_guidepercentage",
    "tariffs_careofficenote", "tariffs_tariffagreement", "tariffs_agreedtariff",
)  # fmt: skip
#: What stays once it was released, published, answered, sent or decided, and is never deleted.
KEPT = (
    "tariffs_release", "tariffs_publicnote", "tariffs_interpretationresponse", "tariffs_decision",
    "tariffs_statementofviews", "tariffs_objection", "tariffs_ground",
)  # fmt: skip
NORTH, SOUTH = "5501", "5525"
FIGURES = {"99900001": (NORTH, 20_000), "99900002": (SOUTH, 30_000), "99900003": (NORTH, 25_000)}


def count(table: str, condition: str = "true") -> int:
    return int(query(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Mapping[str, int]]:
    """Store a round with a released and an unreleased run, for all tests of this module."""
    with storing.stored(django_db_blocker):
        deliveries = [
            delivery(key, region=region, total_cost=cost, days_5vv=100) for key, (region, cost) in FIGURES.items()
        ]
        round = make_round(deliveries)
        table = TariffTable.objects.create(name="t.csv", sha256="b" * 64, is_fictitious=True)
        MaximumTariff.objects.create(
            table=table, year=2024, product="days_5vv", amount=310, source="Fictief", valid_from="2024-01-01"
        )
        set_policy(round=round, actor=None, tariff_table=table, tariff_year=2024)
        released = computed(round)
        release = release_run(run=released, actor=None)
        unreleased = computed(round, {**SIMPLE, "returns_to_scale": "vrs"})
        proceed(release, unreleased)
        other = make_round(deliveries, slug="ander-2024")
        divide(other)
        store_delivering_rows(other)
        assert (released.status, unreleased.status) == ("completed", "completed")
        yield {"released": released.pk, "unreleased": unreleased.pk}


def proceed(release: Release, unreleased: Run) -> None:
    """Store what comes after a release for every provider, and a release that nobody may know of yet."""
    staff = [User.objects.create_user(f"{name}@example.org", None, name=name) for name in ("noor", "pieter")]
    sides = {}
    for provider in Provider.objects.filter(key__in=FIGURES):
        region = provider.locations.get().region
        assert region is not None
        people = [User.objects.create_user(f"{who}{provider.key}@example.org", None, name=who) for who in ("u", "o")]
        sides[provider] = Side(user=people[0], office=region.care_office, officer=people[1])
    store_procedure(release=release, sides=sides, staff=(staff[0], staff[1]))
    coming = prepare(run=unreleased, status=ReportStatus.SIMULATION, note="Een ander model.", actor=None)
    assert make_reports(coming.pk)
    PublicNoteItem.objects.create(
        note=PublicNote.objects.create(round=release.round, number=2, prepared_by=staff[0]),
        number=1,
        question="Nog niet gepubliceerd?",
        answer="Nee.",
    )


def divide(round: Round) -> None:
    """Store a working run of ``round`` with a divided step: one part is done, one is in hand, one waits."""
    set_specification(round=round, document=SIMPLE, actor=None)
    run = request_run(round=round, actor=None)
    assert lease.claim(run.pk) is not None
    division = RunDivision.objects.create(
        run=run, step="uncertainty", order=b"x", sha256="c" * 64, parts=3, engine_version="1"
    )
    RunShard.objects.create(division=division, number=0, status="done", content=b"y")
    RunShard.objects.create(division=division, number=1, status="working", fence=1)
    RunShard.objects.create(division=division, number=2)


@pytest.fixture
def world(stored: Mapping[str, int], db: None) -> Mapping[str, int]:
    """Give the stored rows; what a test does to them is undone."""
    return stored


# ── the role that serves ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_serving_role_is_no_superuser_and_passes_no_policy_by(db: None) -> None:
    ((superuser, bypass, create_database, create_role, owner),) = query(
        "SELECT r.rolsuper, r.rolbypassrls, r.rolcreatedb, r.rolcreaterole,"
        " exists(SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user)"
        " FROM pg_roles r WHERE r.rolname = current_user"
    )
    assert (superuser, bypass, create_database, create_role, owner) == (False,) * 5


def test_the_serving_role_is_no_member_of_a_role_that_may_more(db: None) -> None:
    assert (
        query("SELECT roleid FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = current_user")
        == []
    )
    for role in ("ivportal_owner", "postgres"):
        assert refused(f'SET ROLE "{role}"') is not None


@pytest.mark.parametrize(
    "sql",
    [
        "TRUNCATE providers_auditrecord",
        "TRUNCATE tariffs_mirrorreport CASCADE",
        "ALTER TABLE benchmarking_result DISABLE TRIGGER ALL",
        "ALTER TABLE benchmarking_result DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE benchmarking_result NO FORCE ROW LEVEL SECURITY",
        "DROP TRIGGER never_changed ON benchmarking_result",
        "DROP POLICY own_rows ON benchmarking_result",
        "CREATE POLICY mine ON benchmarking_result USING (true)",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION ivportal_scope() RETURNS text LANGUAGE sql AS $$ SELECT 'all' $$",
        "CREATE OR REPLACE FUNCTION ivportal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "DROP FUNCTION ivportal_check_transition() CASCADE",
        "CREATE TABLE public.mine (a int)",
        "ALTER TABLE providers_round DROP COLUMN status",
        "DROP TABLE providers_round CASCADE",
    ],
)
def test_the_serving_role_cannot_switch_a_rule_off(db: None, sql: str) -> None:
    message = refused(sql)
    assert message is not None
    assert "permission denied" in message or "must be owner" in message


# ── who sees which rows ────────────────────────────────────────────────────────────────────────────────────────────


def protected() -> dict[str, tuple[bool, bool]]:
    rows = query(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
    )
    return {name: (enabled, forced) for name, enabled, forced in rows}


def test_every_table_is_either_open_to_all_or_has_a_rule_that_a_test_knows(db: None) -> None:
    tables = protected()
    # Sessions are of nobody (tests/access/test_writing.py).
    secured = {name for name, (enabled, _) in tables.items() if enabled} - {"django_session"}
    assert secured == set(OF_A_PROVIDER) | set(OF_A_CARE_OFFICE) | set(OF_ITSELF) | OF_THE_NZA
    assert set(tables) - secured - {"django_session"} == OPEN
    models = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert models <= set(tables)


def test_the_rules_hold_for_the_owner_of_the_tables_too(db: None) -> None:
    assert [name for name, (enabled, forced) in protected().items() if enabled and not forced] == []


def test_every_secured_table_has_a_rule_for_everything_and_one_for_reading_and_what_a_provider_writes(db: None) -> None:
    found: dict[str, set[tuple[str, str]]] = {}
    for table, command, written in query("SELECT tablename, cmd, coalesce(with_check, '') FROM pg_policies"):
        found.setdefault(table, set()).add((command, written))
    del found["django_session"]
    secured = set(OF_A_PROVIDER) | set(OF_A_CARE_OFFICE) | set(OF_ITSELF) | OF_THE_NZA
    assert set(found) == secured
    for table, rules in found.items():
        assert {command for command, _ in rules} == {
            "ALL", "SELECT", *WRITES.get(table, ()), *OFFICE_WRITES.get(table, ())
        }, table  # fmt: skip
        assert all("'all'" in written for command, written in rules if command == "ALL"), table


SECURED = sorted(set(OF_A_PROVIDER) | set(OF_A_CARE_OFFICE) | set(OF_ITSELF) | OF_THE_NZA)


@pytest.mark.parametrize("table", SECURED)
def test_a_connection_that_was_told_nothing_sees_no_row(world: Mapping[str, int], table: str) -> None:
    assert count(table) > 0, f"nothing to hide in {table}"
    for told in (NOTHING, "provider:", "care_office:", "care_office:0", "ALL", "all ", "nza"):
        with scope(told):
            # That something was released for care offices any of them may know.
            of_offices = 1 if (table, told) == ("tariffs_release", "care_office:0") else 0
            assert count(table) == of_offices, told
    of_all = count(table, OF_ALL_PROVIDERS[table]) if table in OF_ALL_PROVIDERS else 0
    with scope("provider:0"):
        assert count(table) == of_all


@pytest.mark.parametrize("table", SECURED)
def test_a_provider_sees_its_own_rows_and_no_other(world: Mapping[str, int], table: str) -> None:
    for provider in Provider.objects.all():
        expected = 0
        if table in OF_A_PROVIDER:
            expected = count(table, OF_A_PROVIDER[table].format(pk=provider.pk))
            assert expected > 0
            assert expected < count(table) or table == "providers_sectorbasis"
        with scope(f"provider:{provider.pk}"):
            assert count(table) == expected


@pytest.mark.parametrize("table", SECURED)
def test_a_care_office_sees_released_bandwidths_in_its_regions_and_nothing_else(
    world: Mapping[str, int], table: str
) -> None:
    seen = []
    for office in CareOffice.objects.all():
        rule = OF_A_CARE_OFFICE.get(table) or OF_ITSELF.get(table)
        expected = count(table, rule.format(pk=office.pk)) if rule else 0
        if table == "tariffs_release":
            expected = count(table, "stage = 'released' AND for_care_offices")
        seen.append(expected)
        with scope(f"care_office:{office.pk}"):
            assert count(table) == expected
    if table in (*OF_A_CARE_OFFICE, *OF_ITSELF):
        assert sorted(seen)[-2:] == [
            1,
            2,
        ]  # one provider in the south, two in the north; the unreleased run does not count


def test_a_provider_that_moves_to_another_region_is_seen_there(world: Mapping[str, int]) -> None:
    offices = {region: CareOffice.objects.get(regions__code=region) for region in (NORTH, SOUTH)}
    Location.objects.filter(provider__key="99900002").update(region=offices[NORTH].regions.get(code=NORTH))
    with scope(f"care_office:{offices[SOUTH].pk}"):
        assert Standing.objects.count() == 0
    with scope(f"care_office:{offices[NORTH].pk}"):
        assert Standing.objects.count() == 3


@pytest.mark.parametrize("table", SECURED)
def test_a_provider_changes_rows_of_its_own_where_that_is_meant_and_deletes_nothing(
    world: Mapping[str, int], table: str
) -> None:
    provider = Provider.objects.get(key="99900001")
    own = count(table, OF_A_PROVIDER[table].format(pk=provider.pk)) if "UPDATE" in WRITES.get(table, ()) else 0
    with scope(f"provider:{provider.pk}"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET id = id")
        assert cursor.rowcount == own
        cursor.execute(f"DELETE FROM {table}")
        assert cursor.rowcount == 0


def another(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row like ``row``, of the same owner, that is not there yet. Keys to other tables are checked at the end only."""
    changed = {**row, "id": row["id"] + 10**6, **({"uuid": str(uuid.uuid4())} if "uuid" in row else {})}
    elsewhere = 10**9
    unique: dict[str, dict[str, Any]] = {
        "providers_submissionversion": {"number": 9},
        "providers_measuredvalue": {"measure": "another"},
        "providers_sourcefile": {"sha256": "f" * 64},
        "providers_upload": {"key": "another"},
        "providers_draft": {"number": 9},
        "providers_signaturerequest": {"answer": "declined", "draft_id": elsewhere},
        "providers_exemption": {"status": "withdrawn"},
        "providers_notice": {"key": "another"},
        "tariffs_interpretationresponse": {"key": "another", "number": 9},
        "tariffs_statementofviews": {"key": "another"},
        "tariffs_objection": {"key": "another", "reference": f"another {row['id']}", "status": "withdrawn"},
        "tariffs_ground": {"number": 9},
        "tariffs_agreedtariff": {"product": "another"},
    }
    if table == "providers_statement":
        submission = SubmissionVersion.objects.get(pk=row["version_id"]).submission
        return {**changed, "draft_id": elsewhere, "version_id": submission.versions.get(number=2).pk}
    if table == "providers_mail":
        provider = Notice.objects.get(pk=row["notice_id"]).provider
        return {**changed, "notice_id": Notice.objects.get(provider=provider, mail__isnull=True).pk}
    return {**changed, **unique.get(table, {})}


@pytest.mark.parametrize("table", SECURED)
def test_a_provider_adds_no_row_of_another(world: Mapping[str, int], table: str) -> None:
    """Which rows it adds of its own, and in whose name, is told in tests/access/test_writing.py."""
    mine, other = (Provider.objects.get(key=key) for key in ("99900001", "99900002"))
    insert = f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s::jsonb)"
    for owner in (mine, other):
        condition = OF_A_PROVIDER[table].format(pk=owner.pk) if table in OF_A_PROVIDER else "true"
        ((row,),) = query(f"SELECT to_jsonb(t) FROM {table} t WHERE {condition} ORDER BY id LIMIT 1")
        written = json.dumps(another(table, json.loads(row) if isinstance(row, str) else row))
        if "INSERT" in WRITES.get(table, ()):
            assert refused(insert, written) is None, "this row cannot be added by anybody: the test proves nothing"
        with scope(f"provider:{mine.pk}"):
            message = refused(insert, written)
        assert message is not None
        if (owner == mine or table == "providers_auditrecord") and "INSERT" in WRITES.get(table, ()):
            # The row is its own, but the connection was not told who of its people writes.
            assert f"insert of {table} is not for provider:{mine.pk}" in message
        else:
            assert "row-level security" in message


def test_a_provider_cannot_add_a_row_in_its_own_name(world: Mapping[str, int]) -> None:
    provider = Provider.objects.get(key="99900001")
    with scope(EVERYTHING):
        other = make_round([delivery("99900009", total_cost=1, days_5vv=1)], slug="ander")
    with scope(f"provider:{provider.pk}"):
        message = refused(
            "INSERT INTO providers_submission (uuid, round_id, provider_id, status)"
            " VALUES (gen_random_uuid(), %s, %s, 'submitted')",
            other.pk,
            provider.pk,
        )
    assert message is not None
    assert "row-level security" in message


def test_a_scope_that_is_no_number_shows_nothing(world: Mapping[str, int]) -> None:
    with scope("provider:1 OR true"), pytest.raises(DataError, match="invalid input syntax"), transaction.atomic():
        count("providers_submission")


# ── what is never changed ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", IMMUTABLE)
def test_a_row_that_is_never_changed_can_be_neither_changed_nor_deleted(world: Mapping[str, int], table: str) -> None:
    assert count(table) > 0
    for command in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        message = refused(command)
        assert message is not None
        assert f"rows of {table} are never changed or deleted" in message


def test_the_list_of_what_is_never_changed_is_that_of_the_database(db: None) -> None:
    rows = query(
        "SELECT c.relname, t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'ivportal_refuse_change'"
    )
    # A run once it is over; parts of a divided step once they are done, though they may be thrown away. A finding is not
    # deleted, and of what it says only that it is over is ever written.
    assert {name for name, _ in rows} == {
        *IMMUTABLE, "benchmarking_run", "benchmarking_rundivision", "benchmarking_runshard", "providers_finding",
        *KEPT,
    }  # fmt: skip
    assert {enabled for _, enabled in rows} == {"O"}


#: What of a row stays what it was when it was made.
FIXED = {
    "providers_submission": {"round_id", "provider_id"},
    "providers_finding": {
        "version_id", "rule", "severity", "measure", "message", "mend", "needs_explanation", "raised_at"
    },
    "providers_sourcefile": {"uuid", "provider_id", "name", "sha256", "received_at"},
    "providers_upload": {"submission_id", "source_file_id", "key", "based_on", "sent_by_id", "sent_at"},
    "providers_signaturerequest": {"submission_id", "draft_id", "asked_by_id", "asked_at"},
    "providers_exemption": {"submission_id", "grounds", "asked_by_id", "asked_at"},
    "providers_notice": {"recipient_id", "provider_id", "key", "subject", "body", "created_at"},
    "providers_mail": {"notice_id", "address"},
}  # fmt: skip
#: By the type of a column: something else that fits in it.
OTHER_TEXT = "CASE WHEN {0} = '' THEN 'y' ELSE left('y' || {0}, -1) END"
OTHER_VALUES = {
    "uuid": "gen_random_uuid()", "bigint": "coalesce({0}, 0) + 1", "integer": "{0} + 1", "boolean": "NOT {0}",
    "text": OTHER_TEXT, "character varying": OTHER_TEXT, "timestamp with time zone": "{0} + interval '1 second'",
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in FIXED.items() for column in sorted(columns)]
)
def test_what_somebody_asked_or_was_told_cannot_be_rewritten(world: Mapping[str, int], table: str, column: str) -> None:
    ((kind,),) = query(
        "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s", table, column
    )
    message = refused(f"UPDATE {table} SET {column} = {OTHER_VALUES[kind].format(column)}")
    assert message is not None
    assert f"{column} of {table} is never changed" in message


def test_the_bytes_of_a_file_are_erased_or_stay_what_they_are(world: Mapping[str, int]) -> None:
    """Figures of persons are not kept; nobody puts other bytes in the place of what a provider sent."""
    delivered = "SELECT source_file_id FROM providers_submissionversion"
    query(
        "INSERT INTO providers_sourcefile (uuid, name, sha256, content, received_at)"
        " VALUES (gen_random_uuid(), 'a', 'x', 'x', now())"
    )
    assert refused(f"UPDATE providers_sourcefile SET content = '\\x00' WHERE id NOT IN ({delivered})") is not None
    assert refused(f"UPDATE providers_sourcefile SET content = '' WHERE id NOT IN ({delivered})") is None
    assert "name" in str(
        refused(f"UPDATE providers_sourcefile SET content = '', name = 'x' WHERE id NOT IN ({delivered})")
    )


def test_the_list_of_what_is_fixed_is_that_of_the_database(db: None) -> None:
    rows = query(
        "SELECT c.relname, encode(t.tgargs, 'escape') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'ivportal_refuse_columns' AND c.relname LIKE 'providers%%'"
    )
    assert {table: set(columns.split("\\000")) - {""} for table, columns in rows} == FIXED


# ── from status to status ──────────────────────────────────────────────────────────────────────────────────────────


def allowed(table: str, pk: int, states: Any, *, field: str = "status") -> set[tuple[str, str]]:
    """Return every pair of states between which the database lets row ``pk`` go; leaves the row as it was.

    A row gets into a state the hard way: a copy of it is made there, as a new row.
    """
    columns = [name for (name,) in query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'"
        " ORDER BY ordinal_position", table)]  # fmt: skip
    changed = {field: "%s", "uuid": "gen_random_uuid()", "slug": "md5(random()::text)", "key": "md5(random()::text)"}
    if table in ("providers_signaturerequest", "providers_mail"):
        # One request per saved state, one mail per notice: the copies are of others, which nobody looks for in time.
        changed |= {"draft_id": "10^9 + random() * 10^9", "notice_id": "10^9 + random() * 10^9"}
    if table == "benchmarking_run":
        changed |= {"result_hash": "'x'", "failure_reason": "'x'"}
    if table == "providers_submission":
        changed |= {"provider_id": "%s"}
    if table == "benchmarking_runshard":
        changed |= {"content": "'x'", "number": "(SELECT max(number) + 1 FROM benchmarking_runshard)"}
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    found = set()
    for old, new in product([str(state) for state in states], repeat=2):
        with transaction.atomic():
            parameters: list[Any] = []
            for name in columns:
                if name == field:
                    parameters.append(old)
                elif name == "provider_id" and table == "providers_submission":
                    parameters.append(Provider.objects.create(key_scheme="somed", key=f"{old}-{new}", name="x").pk)
            ((made,),) = query(
                f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id = %s RETURNING id",
                *parameters,
                pk,
            )
            if refused(f"UPDATE {table} SET {field} = %s WHERE id = %s", new, made) is None:
                found.add((old, new))
            transaction.set_rollback(True)
    return found


def pairs(table: str, transitions: Mapping[Any, Any]) -> set[tuple[str, str]]:
    """Return the pairs that the program allows; a row may also stay where it is, except a run or part that is over."""
    moves = {(str(old), str(new)) for old, news in transitions.items() for new in news}
    frozen_at_the_end = table in ("benchmarking_run", "benchmarking_runshard")
    stays = {(str(old), str(old)) for old, news in transitions.items() if news or not frozen_at_the_end}
    return moves | stays


@pytest.mark.parametrize(
    ("table", "states", "transitions"),
    [
        ("providers_round", RoundStatus, ROUND_TRANSITIONS),
        ("providers_submission", SubmissionStatus, SUBMISSION_TRANSITIONS),
        ("benchmarking_run", RunStatus, RUN_TRANSITIONS),
        ("benchmarking_runshard", ShardStatus, SHARD_TRANSITIONS),
    ],
)
def test_the_database_allows_exactly_the_transitions_that_the_program_allows(
    world: Mapping[str, int], table: str, states: Any, transitions: Mapping[Any, Any]
) -> None:
    assert set(transitions) == set(states)
    pk = query(f"SELECT min(id) FROM {table}")[0][0]
    assert allowed(table, pk, states) == pairs(table, transitions)


@pytest.mark.parametrize(
    ("table", "field", "states", "transitions", "over"),
    [
        ("providers_upload", "status", UploadStatus, UPLOAD_TRANSITIONS, "read"),
        ("providers_signaturerequest", "answer", SignatureAnswer, SIGNATURE_TRANSITIONS, "overtaken"),
        ("providers_exemption", "status", ExemptionStatus, EXEMPTION_TRANSITIONS, "withdrawn"),
        ("providers_mail", "status", MailStatus, MAIL_TRANSITIONS, "sent"),
    ],
)
def test_what_is_over_in_delivering_does_not_begin_again(
    world: Mapping[str, int], table: str, field: str, states: Any, transitions: Mapping[Any, Any], over: str
) -> None:
    assert set(transitions) == set(states)
    pk = query(f"SELECT min(id) FROM {table}")[0][0]
    # Of some only one may wait at a time: the row that is copied does not.
    query(f"UPDATE {table} SET {field} = %s WHERE id = %s", over, pk)
    assert allowed(table, pk, states, field=field) == pairs(table, transitions)


@pytest.mark.parametrize("table", ["providers_round", "providers_submission", "benchmarking_run"])
def test_a_state_that_does_not_exist_is_refused(world: Mapping[str, int], table: str) -> None:
    assert refused(f"UPDATE {table} SET status = 'bijna'") is not None


@pytest.mark.parametrize(
    "change", ["result_hash = 'x'", "summary = '{}'", "engine_version = '9'", "finished_at = now()"]
)
def test_a_run_that_is_over_keeps_its_outcome(world: Mapping[str, int], change: str) -> None:
    for command in (f"UPDATE benchmarking_run SET {change}", "DELETE FROM benchmarking_run"):
        message = refused(f"{command} WHERE id = %s", world["released"])
        assert message is not None
        assert "never changed or deleted" in message


@pytest.mark.parametrize("change", ["content = 'other'", "fence = 9", "worker = 'me'", "status = 'waiting'"])
def test_a_part_that_is_done_stays_as_it_is_until_it_is_thrown_away(world: Mapping[str, int], change: str) -> None:
    assert refused(f"UPDATE benchmarking_runshard SET {change} WHERE status = 'done'") is not None
    assert refused("DELETE FROM benchmarking_runshard WHERE status = 'done'") is None


@pytest.mark.parametrize("change", ["parts = 9", "\"order\" = 'z'", "run_id = run_id + 1"])
def test_what_was_divided_stays_as_it_is(world: Mapping[str, int], change: str) -> None:
    assert refused(f"UPDATE benchmarking_rundivision SET {change}") is not None


def test_a_part_stays_a_part_of_the_same_whole(world: Mapping[str, int]) -> None:
    for change in ("number = 7", "division_id = division_id + 1"):
        message = refused(f"UPDATE benchmarking_runshard SET {change} WHERE status = 'waiting'")
        assert message is not None
        assert "is never changed" in message


@pytest.mark.parametrize(
    ("lower", "corrected", "upper"),
    [("0.2", "0.3", "1.01"), ("0", "0.3", "0.9"), ("0.9", "0.3", "0.8"), ("NULL", "0.3", "0.9"), ("0.2", "1.1", "0.9"),
     ("0.2", "NULL", "0.9")],
)  # fmt: skip
def test_an_interval_that_cannot_be_is_never_marked_to_be_shown(
    world: Mapping[str, int], lower: str, corrected: str, upper: str
) -> None:
    columns = [name for (name,) in query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'benchmarking_result' AND column_name <> 'id'"
        " ORDER BY ordinal_position")]  # fmt: skip
    other = Provider.objects.create(key_scheme="somed", key="x", name="x").pk

    def made(shown: bool) -> str | None:
        changed = {
            "uuid": "gen_random_uuid()", "provider_id": str(other), "uncertainty_shown": str(shown).lower(),
            "score_lower": lower, "bias_corrected_score": corrected, "score_upper": upper,
        }  # fmt: skip
        values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        return refused(
            f"INSERT INTO benchmarking_result ({names}) SELECT {values} FROM benchmarking_result"
            " WHERE run_id = %s ORDER BY id LIMIT 1",
            world["released"],
        )

    assert made(shown=False) is None
    message = made(shown=True)
    assert message is not None
    assert "an_interval_that_is_shown_lies_between_0_and_1" in message


@pytest.mark.parametrize(
    "change",
    ["seed = 7", "frozen = '{}'", "dataset_id = dataset_id + 1", "requested_at = now()", "specification_id = 0"],
)
def test_what_a_run_depends_on_is_fixed_from_the_moment_it_waits(world: Mapping[str, int], change: str) -> None:
    run = request_run(round=Round.objects.get(slug="proef-2024"), actor=None)
    message = refused(f"UPDATE benchmarking_run SET {change} WHERE id = %s", run.pk)
    assert message is not None
    assert "is never changed" in message
    assert refused("UPDATE benchmarking_run SET status = 'running' WHERE id = %s", run.pk) is None
