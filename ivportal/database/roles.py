"""Which of the two database roles this context connects as."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_as_owner: ContextVar[bool] = ContextVar("ivportal_database_owner", default=False)


def is_owner() -> bool:
    """Tell whether connections opened in this context are the owner's."""
    return _as_owner.get()


@contextmanager
def as_owner() -> Iterator[None]:
    """Open connections as the owner inside the block; connections that are open already stay what they are."""
    token = _as_owner.set(True)
    try:
        yield
    finally:
        _as_owner.reset(token)


@contextmanager
def connecting_as_owner() -> Iterator[None]:
    """Make Django's connection the owner's inside the block: for migrations and test databases, nothing else.

    Raises RuntimeError inside a transaction, which a change of connection would cut off.
    """
    from django.db import connection

    if is_owner():
        yield
        return
    if connection.connection is not None and connection.in_atomic_block:
        raise RuntimeError("The database role cannot change inside a transaction.")
    connection.close()
    try:
        with as_owner():
            yield
    finally:
        connection.close()
