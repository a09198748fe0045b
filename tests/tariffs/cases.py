"""Cases for tests: a round whose outcome was adopted and released, its people, and the steps of the procedure in a few words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import time_machine
from django.utils import timezone

from providers.access import Actor
from providers.formatting import AMSTERDAM
from providers.models import Power, Provider, Round, User
from tariffs.models import (
    Channel,
    Consequence,
    Decision,
    Letter,
    Objection,
    ObjectionOutcome,
    Release,
    ReportStatus,
)
from tariffs.procedure import admission, decisions, hearings, objections, posting, rulings, views
from tariffs.release import release_run
from tests.access.world import MODEL, deliveries, with_tariffs
from tests.cast import Cast, make_cast
from tests.delivering import acting, an_employee, somebody_at
from tests.factories import computed, make_round

#: A Monday without holidays near: ten in the morning in Amsterdam.
MONDAY = dt.datetime(2026, 9, 7, 10, 0, tzinfo=AMSTERDAM)
REASONS = "De NZa heeft de kosten beoordeeld zoals het beleid zegt."
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@dataclass(frozen=True)
class Adopted:
    """A round with adopted outcomes, and who takes part in the procedure."""

    cast: Cast
    round: Round
    release: Release
    second: User
    signer: User

    @property
    def noor(self) -> Actor:
        """Return an employee of the NZa."""
        return acting(self.cast.noor)

    @property
    def rinske(self) -> Actor:
        """Return another employee of the NZa: the second pair of eyes."""
        return acting(self.second)

    @property
    def ineke(self) -> Actor:
        """Return a third employee of the NZa, who took no decision before: she decides on objections."""
        return acting(an_employee("Ineke Vos"))

    @property
    def anne(self) -> Actor:
        """Return who holds every power at De Linde."""
        return acting(self.cast.anne)

    @property
    def bram(self) -> Actor:
        """Return who holds every power at Het Anker."""
        return acting(self.cast.bram)

    def decision(self, provider: Provider | None = None) -> Decision:
        """Return the newest decision about De Linde, or another."""
        return Decision.objects.filter(provider=provider or self.cast.linde, round=self.round).order_by("-pk")[0]


@contextmanager
def at(moment: dt.datetime | dt.date) -> Iterator[None]:
    """Let it be a moment (of a day: ten in the morning in Amsterdam), standing still."""
    when = moment if isinstance(moment, dt.datetime) else dt.datetime.combine(moment, dt.time(10), tzinfo=AMSTERDAM)
    with time_machine.travel(when, tick=False):
        yield


def adopted() -> Adopted:
    """Store a round whose outcome was adopted; needs a database."""
    with at(MONDAY):
        cast = make_cast()
        run = computed(with_tariffs(make_round(deliveries())), {**MODEL, "bootstrap": None})
        assert run.status == "completed", run.failure_reason
        release = release_run(run=run, actor=None, status=ReportStatus.ADOPTED)
        return Adopted(
            cast=cast,
            round=release.round,
            release=release,
            second=an_employee(),
            signer=somebody_at(cast.linde, Power.SIGN),
        )


def announced(world: Adopted) -> None:
    """Prepare and announce everybody's decision."""
    decisions.prepare_all(release=world.release, actor=world.noor)
    decisions.announce_all(round=world.round, actor=world.noor)


def sent(world: Adopted, *, is_posted: bool = True) -> Decision:
    """Play on until everybody's decision was sent; return that of De Linde. It is 22 September 2026 then.

    What goes by post goes the same day, if ``is_posted``; without that everybody let the NZa know by e-mail that no views follow.
    """
    with at(MONDAY):
        announced(world)
        if is_posted:
            posted(world)
        else:
            for decision in Decision.objects.filter(round=world.round, status="announced"):
                views.write_down(
                    decision=decision, text=views.WAIVED, channel=Channel.EMAIL, received_at=timezone.now(),
                    key=f"geen {decision.reference}", actor=world.noor,
                )  # fmt: skip
    with at(dt.date(2026, 9, 22)):
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        decisions.send_all(round=world.round, actor=world.rinske)
        if is_posted:
            posted(world)
    return world.decision()


def posted(world: Adopted) -> None:
    """Let what goes by post go today."""
    waiting = list(Letter.objects.filter(round=world.round, goes_by_post=True, posting__isnull=True))
    posting.take(waiting, actor=world.noor)
    posting.put_in_post(
        round=world.round, letters={item.uuid for item in waiting}, on=timezone.localdate(), actor=world.noor
    )


def filed(world: Adopted, decision: Decision, **said: Any) -> Objection:
    """Object in the portal and let the workers do the rest. The database has a clock of its own, which no test moves: what it
    asks of the moment is tested in ``test_cases_in_scope.py``."""
    actor = said.pop("actor", world.anne)
    facts: dict[str, Any] = {
        "grounds": ["De kosten van de tijdelijke locatie tellen niet mee."],
        "is_pro_forma": False,
        "signed_by": "Anne de Wit",
        "key": f"bezwaar-{decision.reference}",
        "representative_address": "Postbus 12\n3500 AA Utrecht" if said.get("representative") else "",
        **said,
    }
    made = objections.file(decision=decision, actor=actor, **facts)
    objections.settle_standings()
    return Objection.objects.get(pk=made.pk)


def heard(world: Adopted, objection: Objection) -> Objection:
    """Admit an objection and let the hearing be waived."""
    admission.admit(objection=objection, with_committee=False, actor=world.noor)
    hearings.waive(
        objections=[objection], ground="c", reason="Telefonisch laten weten op de dag zelf.", actor=world.noor
    )
    return Objection.objects.get(pk=objection.pk)


def judged(world: Adopted, objection: Objection, verdict: str) -> None:
    """Give every ground the same verdict."""
    rulings.judge(
        objection=objection,
        verdicts={ground.pk: (verdict, REASONS) for ground in rulings.grounds_of(objection)},
        actor=world.noor,
    )


def dismissed(world: Adopted, objection: Objection) -> Objection:
    """Play on until an objection is dismissed."""
    heard(world, objection)
    judged(world, objection, "unfounded")
    rulings.draft(
        objection=objection,
        outcome=ObjectionOutcome.DISMISSED,
        reasons=REASONS,
        consequence=Consequence.NONE,
        actor=world.noor,
    )
    return rulings.decide(objection=objection, actor=world.ineke)


def now() -> dt.datetime:
    """Return the moment, as the portal knows it."""
    return timezone.now()
