"""A gate on the way of the workers, in the database: who is about to write down that something is done waits there.

Whoever stands at a closed gate is in the middle and stays there, on a machine of whatever speed; the work need not be large
for a test to catch a worker at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from providers.access import EVERYTHING
from tests.processes import database_url

#: Everybody passes a door together; who closes it passes alone. What is done for a second time has a door of its own.
GATE = """
CREATE FUNCTION tests_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(CASE WHEN {again} THEN {repeated} ELSE {usual} END);
  RETURN NEW;
END $$;
CREATE TRIGGER tests_gate BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION tests_gate();
"""
USUAL, REPEATED = 1953, 1954


class Gate:
    """The gate, and the session of its keeper at the database: what that writes is there for everybody."""

    def __init__(self, session: psycopg.Connection) -> None:
        self.session = session
        self.closed: set[int] = set()

    def close(self) -> None:
        """Let nobody through."""
        self._close(USUAL)
        self._close(REPEATED)

    def open(self) -> None:
        """Let everybody through."""
        self.open_for_first_times()
        self._open(REPEATED)

    def open_for_first_times(self) -> None:
        """Let everybody through but those who do what another had in hand before."""
        self._open(USUAL)

    def let_through(self) -> None:
        """Let those through who wait now; when this returns, what they did stands written down. The gate is closed as before."""
        # In one message, so that nobody comes by in between.
        doors = [f"SELECT pg_advisory_{deed}({door})" for deed in ("unlock", "lock") for door in (USUAL, REPEATED)]
        self.session.execute("; ".join(doors).encode())

    def _close(self, door: int) -> None:
        if door not in self.closed:
            self.session.execute("SELECT pg_advisory_lock(%s)", [door])
            self.closed.add(door)

    def _open(self, door: int) -> None:
        if door in self.closed:
            self.session.execute("SELECT pg_advisory_unlock(%s)", [door])
            self.closed.remove(door)

    def waiting(self) -> int:
        """Return how many stand before the gate."""
        found = self.session.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND NOT granted"
            " AND objid IN (%s, %s) AND datname = current_database()",
            [USUAL, REPEATED],
        ).fetchone()
        return found[0] if found else 0

    def writes(self, called: str) -> bool:
        """Tell whether a process whose sessions are called so is in the middle of a transaction, waiting ones included."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state <> 'idle'"
        return self.session.execute(query, [called]).fetchone() != (0,)


@contextmanager
def gate_before(table: str, when: str, *, again: str = "false") -> Iterator[Gate]:
    """Have the gate inside the block: who changes a row of ``table`` so that ``when`` is true waits there if it is closed.

    ``again`` is true of rows that another had in hand before. Both are SQL, with the row as it was and as it will be as ``OLD``
    and ``NEW``.
    """
    with psycopg.connect(database_url(owner=True), autocommit=True) as session:
        session.execute("SELECT set_config('ivportal.scope', %s, false)", [EVERYTHING])
        session.execute(GATE.format(table=table, when=when, again=again, usual=USUAL, repeated=REPEATED))
        try:
            yield Gate(session)
        finally:
            session.execute("SELECT pg_advisory_unlock_all()")
            session.execute(f"DROP TRIGGER tests_gate ON {table}")
            session.execute("DROP FUNCTION tests_gate()")


@contextmanager
def gate_before_parts() -> Iterator[Gate]:
    """Have a gate before the parts of a run inside the block. The first part passes, so that something is done."""
    done = "OLD.status = 'working' AND NEW.status = 'done' AND NEW.number > 0"
    with gate_before("benchmarking_runshard", done, again="NEW.fence > 1") as gate:
        yield gate


def stop_all_runs(gate: Gate) -> None:
    """End every run that goes on, as the sweeper ends those that somebody stopped; their workers must be dead."""
    stopped = "UPDATE benchmarking_run SET status = 'cancelled', finished_at = now(), cancel_requested_at = now()"
    gate.session.execute(f"{stopped} WHERE status IN ('queued', 'running')")
    gate.session.execute("DELETE FROM benchmarking_runshard")
    gate.session.execute("DELETE FROM benchmarking_rundivision")
