"""Django's PostgreSQL engine, thinned to three things of our own.

It connects as the serving role except where the owner was asked for; without ``DATABASE_URL`` it starts the embedded
server at the first connection (never in production); and it empties tables for tests as the owner, because the serving
role may not truncate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import dj_database_url
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, creation, operations

from ivportal import embedded
from ivportal.database.roles import as_owner, connecting_as_owner, is_owner

PLACE = ("USER", "PASSWORD", "HOST", "PORT")


class DatabaseCreation(creation.DatabaseCreation):
    """Makes and removes test databases as the owner."""

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        with connecting_as_owner():
            return str(super().create_test_db(*args, **kwargs))

    def destroy_test_db(self, *args: Any, **kwargs: Any) -> None:
        with connecting_as_owner():
            super().destroy_test_db(*args, **kwargs)


class DatabaseOperations(operations.DatabaseOperations):
    """Empties tables as the owner: the serving role has no TRUNCATE."""

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        with as_owner():
            params = self.connection.get_connection_params()
        keywords = {key: params[key] for key in ("dbname", "user", "password", "host", "port") if params.get(key)}
        with psycopg.connect(**keywords) as owner:
            for sql in sql_list:
                owner.execute(sql.encode())


class DatabaseWrapper(base.DatabaseWrapper):
    """A PostgreSQL connection as the serving role, or as the owner where that was asked for."""

    creation_class = DatabaseCreation
    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's keywords; starts the embedded server where that is the database."""
        if settings.DATABASE_URL:
            if not is_owner():
                return super().get_connection_params()
            place: Mapping[str, object] = dj_database_url.parse(settings.DATABASE_OWNER_URL)
        elif settings.PRODUCTION:
            raise ImproperlyConfigured("Set DATABASE_URL: the embedded database is not for production.")
        else:
            place = embedded.database_place(owner=is_owner())
        kept: Any = self.settings_dict
        self.settings_dict = {**kept, **{key: str(place.get(key) or "") for key in PLACE}}
        try:
            return super().get_connection_params()
        finally:
            self.settings_dict = kept
