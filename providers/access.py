"""The only door to rows that belong to someone.

A view looks rows up with ``Model.objects.visible_to(actor)`` and gives a 404 for everything else, the same as for an
identifier that does not exist. PostgreSQL says the same a second time: :func:`scope` tells the connection on whose behalf
it reads and writes, and by whom; its own rules (``providers.database_rules``) let through nothing that the scope does not
allow. A connection that was told nothing sees no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import Error, connection, models
from django.db.models import Q

if TYPE_CHECKING:
    from providers.models import Mandate, Power, Provider, User

_M = TypeVar("_M", bound=models.Model)

EVERYTHING = "all"
NOTHING = ""


@dataclass(frozen=True)
class Actor:
    """Somebody acting under one mandate. ``mandates`` are all she may switch to.

    ``looking_along``: the provider whose pages a member of NZa staff sees as its own people do. Then she sees no more than
    they, and can do nothing.
    """

    user: User
    mandate: Mandate
    mandates: tuple[Mandate, ...]
    looking_along: Provider | None = None

    @property
    def role(self) -> str:
        """Return the role: ``provider``, ``nza`` or ``care_office``."""
        return "provider" if self.looking_along else self.mandate.role

    @property
    def provider(self) -> Provider | None:
        """Return the provider acted for, or ``None``."""
        return self.looking_along or self.mandate.provider

    @property
    def provider_id(self) -> int | None:
        """Return the key of the provider acted for, or ``None``."""
        return self.looking_along.pk if self.looking_along else self.mandate.provider_id

    @property
    def care_office_id(self) -> int | None:
        """Return the key of the care office acted for, or ``None``."""
        return self.mandate.care_office_id

    @property
    def organisation(self) -> str:
        """Return the name of the organisation acted for; who looks along acts for her own."""
        if self.looking_along:
            return f"{self.mandate.organisation} (kijkt mee bij {self.looking_along.name})"
        return self.mandate.organisation

    def can(self, power: Power) -> bool:
        """Tell whether the mandate lets her do this for a provider, besides reading."""
        return not self.looking_along and self.role == "provider" and power in self.mandate.powers

    @property
    def database_scope(self) -> str:
        """Return what the database is told: whose rows, and who sees and writes them."""
        if self.role == "nza":
            return EVERYTHING
        if self.role == "provider":
            return f"provider:{self.provider_id}:{self.user.pk}"
        if self.role == "care_office":
            return f"care_office:{self.care_office_id}:{self.user.pk}"
        return NOTHING


class OwnedQuerySet(models.QuerySet[_M]):
    """Rows that belong to someone.

    A model that a provider or a care office may see defines the class methods ``owned_by_provider(provider_id)`` and
    ``seen_by_care_office(care_office_id)``, each returning a ``Q``. Without them nobody but the NZa sees its rows.
    """

    def visible_to(self, actor: Actor) -> Self:
        """Return the rows this actor may see."""
        if actor.role == "nza":
            return self
        if actor.role == "provider" and actor.provider_id is not None:
            return self._where("owned_by_provider", actor.provider_id)
        if actor.role == "care_office" and actor.care_office_id is not None:
            return self._where("seen_by_care_office", actor.care_office_id)
        return self.none()

    def _where(self, rule: str, owner: int) -> Self:
        condition: Any = getattr(self.model, rule, None)
        if condition is None:
            return self.none()
        found: Q = condition(owner)
        return self.filter(found)


@contextmanager
def scope(what: str) -> Iterator[None]:
    """Tell the database on whose behalf this connection reads, inside the block; restore what it was after it.

    ``what`` is :data:`EVERYTHING` (NZa staff, workers, commands), ``provider:<pk>:<user>``, ``care_office:<pk>:<user>`` or
    :data:`NOTHING`. Without the user it is for reading: of a provider, nobody writes what somebody has to answer for.
    """
    before = _set(what)
    try:
        yield
    finally:
        # A connection that is gone takes its scope with it, and a rollback undoes it; the first error must stay visible.
        if connection.connection is not None and not connection.needs_rollback:
            with suppress(Error):
                _set(before)


def forget() -> None:
    """Tell the database that the rest of the block around this is on nobody's behalf."""
    _set(NOTHING)


def _set(what: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH before AS MATERIALIZED (SELECT coalesce(current_setting('ivportal.scope', true), '') AS was)"
            " SELECT was, set_config('ivportal.scope', %s, false) FROM before",
            [what],
        )
        (before, _) = cursor.fetchone()
    return str(before)
