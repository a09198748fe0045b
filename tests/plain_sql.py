"""Statements as somebody at the database's own prompt gives them, past everything that the program checks."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, ProgrammingError, connection, transaction


def query(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Carry out ``sql`` and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else []


def refused(sql: str, *parameters: Any, at_its_end: str = "") -> str | None:
    """Return the database's message if it refuses ``sql``, else ``None``; what it did is undone either way.

    ``at_its_end``: a constraint that is otherwise looked at when a transaction ends, which this one never does.
    """
    try:
        with transaction.atomic():
            query(sql, *parameters)
            if at_its_end:
                query(f"SET CONSTRAINTS {at_its_end} IMMEDIATE")
            transaction.set_rollback(True)
    except (IntegrityError, ProgrammingError) as error:
        return str(error)
    return None
