"""A released round to respond to, for tests: small, with people at two providers and two at the NZa."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from benchmarking.models import Run
from providers.access import Actor, scope
from providers.models import Provider, User
from tariffs.models import Consequences, InterpretationResponse, Item, MirrorReport, Release, ReportStatus, ResponseKind
from tariffs.procedure import interpretation, outlook
from tariffs.release import release_run
from tests.access.world import MODEL, deliveries, with_tariffs
from tests.cast import Cast, make_cast
from tests.delivering import acting, an_employee
from tests.factories import a_workday, computed, make_round

WHY = "Onze administratie boekte dit op de verkeerde rekening."


@dataclass(frozen=True)
class Period:
    """A release with an interpretation period that runs: De Linde and Het Anker of the cast are in it."""

    cast: Cast
    release: Release
    noor: Actor
    rinske: Actor

    @property
    def run(self) -> Run:
        """Return the run that was released."""
        return self.release.run

    def report(self, provider: Provider) -> MirrorReport:
        """Return the newest mirror of a provider."""
        return (
            MirrorReport.objects.filter(provider=provider, release__round=self.release.round_id)
            .select_related("release__round", "provider")
            .latest("version")
        )


def make_period(*, until: datetime | None = None) -> Period:
    """Store a round of another source, computed and released with an interpretation period."""
    cast = make_cast()
    run = computed(with_tariffs(make_round(deliveries())), MODEL)
    release = release_run(run=run, actor=None, status=ReportStatus.PROVISIONAL, respond_until=until or a_workday())
    return Period(cast, release, acting(cast.noor), acting(an_employee()))


def looked_ahead(
    response: InterpretationResponse, actor: Actor, measures: Collection[str] | None = None
) -> Consequences:
    """Ask what accepting a correction would do, have that computed, and return it."""
    outlook.ask(response=response, actor=actor, measures=measures)
    assert outlook.compute_next()
    return Consequences.objects.get(response=response)


def by(user: User) -> Actor:
    """Return somebody of a provider, acting under her only mandate."""
    return acting(user)


def respond(period: Period, user: User, *, told: str | None = None, **facts: Any) -> InterpretationResponse:
    """Respond as somebody of a provider, in the scope that the database gives her.

    ``told``: another scope, for a test that moves the clock of the portal: the database looks at its own.
    """
    actor = by(user)
    assert actor.provider is not None
    given = {
        "item": Item.COSTS,
        "kind": ResponseKind.EXPLAIN,
        "text": WHY,
        "key": str(uuid4()),
        "report": period.report(actor.provider),
        **facts,
    }
    with scope(actor.database_scope if told is None else told):
        return interpretation.respond(actor=actor, **given)
