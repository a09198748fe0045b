"""A round that two providers deliver, and a system for each kind of person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from providers import api_keys, mandates
from providers.access import EVERYTHING, scope
from providers.models import ApiKey, CareOfficeRegion, Power, Role, Round, Submission, User
from tests.api.calling import Caller, key_for
from tests.delivering import a_provider, acting, an_employee, portal_round, somebody_at, submission_of

LINDE, ANKER = "99900001", "99900002"


@dataclass(frozen=True)
class Systems:
    """Who calls, by name, in an open round; and a round in which De Linde is not."""

    round: Round
    other_round: Round
    callers: dict[str, Caller] = field(hash=False)

    def __getitem__(self, name: str) -> Caller:
        return self.callers[name]

    @property
    def linde(self) -> Submission:
        """Return De Linde's submission."""
        return submission_of(self.round, LINDE)

    def at(self, rest: str = "", round: Round | None = None) -> str:
        """Return an address in a round."""
        return f"/api/v1/rondes/{(round or self.round).slug}{rest}"


def build_systems() -> Systems:
    """Store the round and the keys; needs a database."""
    round = portal_round()
    linde, anker = a_provider(LINDE), a_provider(ANKER)
    other = portal_round(slug="iv-2024", book_year=2024, providers=[anker])
    filler, colleague = (somebody_at(linde, Power.DELIVER, name=name) for name in ("Daan", "Hanna"))
    keys = {
        "filler": key_for(acting(filler)),
        "colleague": key_for(acting(colleague)),
        "reader": key_for(acting(somebody_at(linde))),
        "signer": key_for(acting(somebody_at(linde, Power.SIGN))),
        "other": key_for(acting(somebody_at(anker, Power.DELIVER, Power.SIGN, Power.ADMINISTER, name="Bram"))),
        "nza": key_for(acting(an_employee())),
    }
    karim = User.objects.create_user("karim-api@example.org", "een-lang-wachtwoord-1", name="Karim")
    office = CareOfficeRegion.objects.select_related("care_office").get(code="5501").care_office
    mandates.grant(user=karim, role=Role.CARE_OFFICE, care_office=office)
    keys["office"] = key_for(acting(karim))
    leaver = acting(somebody_at(linde, Power.DELIVER, name="Vera Vertrok"))
    keys["left"] = key_for(leaver)
    mandates.end(mandate=leaver.mandate, actor=None)
    asleep = acting(somebody_at(linde, Power.DELIVER, name="Olga Oud"))
    keys["expired"] = key_for(asleep)
    api_keys.end(key=ApiKey.objects.get(mandate=asleep.mandate), actor=asleep)
    keys["wrong"] = "iv_" + "0" * 48
    return Systems(
        round=round,
        other_round=other,
        callers={name: Caller(key) for name, key in keys.items()} | {"nobody": Caller()},
    )


@pytest.fixture(scope="module")
def stored_systems(django_db_setup: None, django_db_blocker: Any) -> Iterator[Systems]:
    """Store the round in a transaction around all tests of a module."""
    with django_db_blocker.unblock(), scope(EVERYTHING), transaction.atomic():
        yield build_systems()
        transaction.set_rollback(True)


@pytest.fixture
def systems(stored_systems: Systems, db: None) -> Iterator[Systems]:
    """Give the systems; what a test does is undone, also what was counted."""
    cache.clear()
    yield stored_systems
    cache.clear()
