"""Rules that the database holds by itself, as migration operations: rights, row-level security, transitions, immutability.

They stand here and not in a trigger library because the libraries' triggers can be switched off from plain SQL
(``docs/decisions/0003-own-database-rules.md``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db.migrations.operations import RunSQL

SCOPE_FUNCTIONS = """
CREATE FUNCTION ivportal_scope() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('ivportal.scope', true), '') $$;
CREATE FUNCTION ivportal_scope_id(kind text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN split_part(ivportal_scope(), ':', 1) = kind
                      THEN nullif(split_part(ivportal_scope(), ':', 2), '')::bigint END $$;
CREATE FUNCTION ivportal_check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_status text := to_jsonb(OLD) ->> TG_ARGV[0];
    new_status text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    IF old_status IS DISTINCT FROM new_status
       AND NOT (TG_ARGV[1]::jsonb -> old_status) ? new_status THEN
        RAISE EXCEPTION 'transition from % to % is not allowed in %', old_status, new_status, TG_TABLE_NAME
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION ivportal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION ivportal_refuse_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY TG_ARGV LOOP
        IF to_jsonb(OLD) -> name IS DISTINCT FROM to_jsonb(NEW) -> name THEN
            RAISE EXCEPTION '% of % is never changed', name, TG_TABLE_NAME USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""
DROP_SCOPE_FUNCTIONS = """
DROP FUNCTION ivportal_refuse_columns();
DROP FUNCTION ivportal_refuse_change(); DROP FUNCTION ivportal_check_transition();
DROP FUNCTION ivportal_scope_id(text); DROP FUNCTION ivportal_scope();
"""

# The clocks of portal and database may differ by a minute without anybody being refused.
WRITER_FUNCTIONS = """
CREATE FUNCTION ivportal_actor() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(split_part(ivportal_scope(), ':', 3), '')::bigint $$;
CREATE FUNCTION ivportal_is_of_own_provider(person bigint, VARIADIC wanted text[] DEFAULT '{}') RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT EXISTS (
        SELECT 1 FROM providers_mandate m
        WHERE m.user_id = person AND m.role = 'provider' AND m.provider_id = ivportal_scope_id('provider')
          AND m.valid_from <= clock_timestamp() + interval '1 minute'
          AND (m.valid_until IS NULL OR m.valid_until > clock_timestamp() - interval '1 minute')
          AND (wanted = '{}' OR m.powers::text[] && wanted)) $$;
CREATE FUNCTION ivportal_may(VARIADIC powers text[]) RETURNS boolean LANGUAGE sql STABLE
    AS $$ SELECT ivportal_is_of_own_provider(ivportal_actor(), VARIADIC powers) $$;
"""
DROP_WRITER_FUNCTIONS = """
DROP FUNCTION ivportal_may(text[]); DROP FUNCTION ivportal_is_of_own_provider(bigint, text[]); DROP FUNCTION ivportal_actor();
"""


def rights() -> RunSQL:
    """Give the serving role the rights to read and write rows, on the tables there are and those to come."""
    role = f'"{settings.DATABASE_APP_ROLE}"'
    return RunSQL(
        f"""
        GRANT USAGE ON SCHEMA public TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role};
        """,
        RunSQL.noop,
    )


def functions() -> RunSQL:
    """Create the functions that the rules below use."""
    return RunSQL(SCOPE_FUNCTIONS, DROP_SCOPE_FUNCTIONS)


def writer_functions() -> RunSQL:
    """Create the functions that tell who writes: a user, and what her mandates at the provider of the scope let her do."""
    return RunSQL(WRITER_FUNCTIONS, DROP_WRITER_FUNCTIONS)


def row_security(table: str, *, also: str = "false") -> RunSQL:
    """Let rows of ``table`` through for scope ``all``, and for reading where the SQL condition ``also`` holds.

    FORCE makes the rule hold for the owner too.
    """
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY everything ON {table} USING (ivportal_scope() = 'all') WITH CHECK (ivportal_scope() = 'all');
        CREATE POLICY own_rows ON {table} FOR SELECT USING (ivportal_scope() <> 'all' AND ({also}));
        """,
        f"""
        DROP POLICY own_rows ON {table}; DROP POLICY everything ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def own_writes(table: str, *, own: str, writes: Iterable[str]) -> RunSQL:
    """Let whoever may see a row (``own``, an SQL condition) make or change it too, on a table that has row-level security."""
    condition = f"(ivportal_scope() <> 'all' AND ({own}))"
    checks = {"INSERT": f"WITH CHECK {condition}", "UPDATE": f"USING {condition} WITH CHECK {condition}"}
    return RunSQL(
        "".join(f"CREATE POLICY own_{act.lower()} ON {table} FOR {act} {checks[act]};" for act in writes),
        "".join(f"DROP POLICY own_{act.lower()} ON {table};" for act in writes),
    )


def writes(
    table: str,
    *,
    insert: str = "false",
    update: str = "false",
    delete: str = "false",
    columns: Iterable[str] | None = (),
) -> RunSQL:
    """Refuse what any scope but ``all`` writes in ``table``, except where these SQL conditions on ``NEW`` and ``OLD`` hold.

    Of a row that changes, no other than ``columns`` do (``None``: all may). Where there is row-level security its rules hold as
    well. A condition looks at the database as it is after the statement; what it cannot decide it refuses.
    """
    others_stay = "true"
    if columns is not None:
        may_change = ", ".join(f"'{column}'" for column in columns)
        others_stay = " = ".join(f"(to_jsonb({row}) - ARRAY[{may_change}]::text[])" for row in ("NEW", "OLD"))
    return RunSQL(
        f"""
        CREATE FUNCTION ivportal_writes_{table}() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            may boolean := false;
        BEGIN
            IF TG_OP = 'INSERT' THEN
                may := ({insert});
            ELSIF TG_OP = 'DELETE' THEN
                may := ({delete});
            ELSIF OLD IS NOT DISTINCT FROM NEW THEN
                may := true;
            ELSIF {others_stay} THEN
                may := ({update});
            END IF;
            IF may IS NOT TRUE THEN
                RAISE EXCEPTION 'this % of % is not for %', lower(TG_OP), TG_TABLE_NAME,
                    coalesce(nullif(ivportal_scope(), ''), 'a connection that was told nothing')
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER who_writes AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW
            WHEN (ivportal_scope() <> 'all') EXECUTE FUNCTION ivportal_writes_{table}();
        """,
        f"DROP TRIGGER who_writes ON {table}; DROP FUNCTION ivportal_writes_{table}();",
    )


def at_the_end(table: str, *, name: str, condition: str, when: str, acts: str = "INSERT") -> RunSQL:
    """Refuse a transaction after which a new row of ``table`` (those with ``when``) does not meet ``condition``.

    Whoever wrote the row, the condition is looked up among all rows. With ``acts`` it holds for rows that are changed too.
    """
    return RunSQL(
        f"""
        CREATE FUNCTION ivportal_{name}() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            told text := ivportal_scope();
            holds boolean;
        BEGIN
            PERFORM set_config('ivportal.scope', 'all', true);
            holds := ({condition});
            PERFORM set_config('ivportal.scope', told, true);
            IF holds IS NOT TRUE THEN
                RAISE EXCEPTION '{name} does not hold for a new row of %', TG_TABLE_NAME USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER {name} AFTER {acts} ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            WHEN ({when}) EXECUTE FUNCTION ivportal_{name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION ivportal_{name}();",
    )


def required(table: str, *, name: str, when: str, condition: str) -> RunSQL:
    """Refuse every row of ``table`` that is added or changed, by anybody, for which ``when`` holds and ``condition`` does not.

    Both are SQL on ``NEW`` and ``OLD``, which is empty for a new row. Rows that are there already are left alone.
    """
    return RunSQL(
        f"""
        CREATE FUNCTION ivportal_{name}() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, public, pg_temp AS $$
        BEGIN
            IF ({when}) AND ({condition}) IS NOT TRUE THEN
                RAISE EXCEPTION '{name} does not hold for a row of %', TG_TABLE_NAME USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION ivportal_{name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION ivportal_{name}();",
    )


def kept_while(table: str, *, name: str, condition: str) -> RunSQL:
    """Refuse every UPDATE and DELETE, by anybody, of rows of ``table`` for which a condition on ``OLD`` holds."""
    return RunSQL(
        f"""
        CREATE FUNCTION ivportal_{name}() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, public, pg_temp AS $$
        BEGIN
            IF ({condition}) IS NOT FALSE THEN
                RAISE EXCEPTION '{name}: this row of % is in use', TG_TABLE_NAME USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION ivportal_{name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION ivportal_{name}();",
    )


def transitions(table: str, table_of_transitions: Mapping[str, Iterable[str]], *, field: str = "status") -> RunSQL:
    """Refuse an UPDATE of ``field`` that ``table_of_transitions`` does not allow."""
    import json

    allowed = json.dumps({str(old): sorted(str(new) for new in news) for old, news in table_of_transitions.items()})
    name = f"allowed_transitions_of_{field}"
    return RunSQL(
        f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION ivportal_check_transition('{field}', '{allowed}');",
        f"DROP TRIGGER {name} ON {table};",
    )


def immutable_columns(table: str, columns: Iterable[str]) -> RunSQL:
    """Refuse an UPDATE of these columns of ``table``, whatever else it changes."""
    names = ", ".join(f"'{column}'" for column in columns)
    return RunSQL(
        f"CREATE TRIGGER fixed_from_the_start BEFORE UPDATE ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION ivportal_refuse_columns({names});",
        f"DROP TRIGGER fixed_from_the_start ON {table};",
    )


def immutable(table: str, *, when: str = "", acts: str = "UPDATE OR DELETE", name: str = "never_changed") -> RunSQL:
    """Refuse every UPDATE and DELETE (``acts``) of rows of ``table``; with ``when`` only of rows for which that holds.

    Two rules on one table each have a ``name`` of their own.
    """
    condition = f" WHEN ({when})" if when else ""
    return RunSQL(
        f"CREATE TRIGGER {name} BEFORE {acts} ON {table} FOR EACH ROW{condition}"
        " EXECUTE FUNCTION ivportal_refuse_change();",
        f"DROP TRIGGER {name} ON {table};",
    )


def undone(rule: RunSQL) -> RunSQL:
    """Return the operation that takes back a rule of an earlier migration."""
    assert rule.reverse_sql is not None
    return RunSQL(rule.reverse_sql, rule.sql)
