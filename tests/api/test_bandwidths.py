"""A care office's own system reads the bandwidths: its regions, with their status, and no costs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from providers.access import scope
from providers.models import Act, AuditRecord
from tariffs import agreements
from tariffs.room import Terms
from tests.api.calling import Caller, key_for
from tests.storing import stored
from tests.tariffs.offices import ZWALUW, Offices, build_offices

STEP = Decimal("0.0001")
ADDRESS = "/api/v1/bandbreedtes"


@pytest.fixture(scope="module")
def stored_offices(django_db_setup: None, django_db_blocker: Any) -> Iterator[Offices]:
    """Store the world in a transaction around all tests of this module."""
    with stored(django_db_blocker):
        yield build_offices()


@pytest.fixture
def offices(stored_offices: Offices, db: None) -> Iterator[Offices]:
    """Give the world; what a test does is undone, also what was counted."""
    cache.clear()
    yield stored_offices
    cache.clear()


def test_each_office_reads_its_own_regions_with_the_status_in_every_row(offices: Offices) -> None:
    offices.moved(ZWALUW, status="under_objection")
    karim, eva = (Caller(key_for(actor)) for actor in (offices.karim, offices.eva))
    answers = [caller.get(ADDRESS).json() for caller in (karim, eva)]
    assert [{row["provider"]["name"] for row in answer["results"]} for answer in answers] == [
        {"De Linde", "Het Kompas", "De Zwaluw"},
        {"Het Anker", "De Zwaluw"},
    ]
    for answer in answers:
        assert answer["round"] == "proef-2024"
        assert {row["provider"]["name"]: row["status"] for row in answer["results"]}["De Zwaluw"] == "under_objection"
    assert {code for row in answers[0]["results"] for code in row["regions"]} == {"5501"}
    linde = next(row for row in answers[0]["results"] if row["provider"]["name"] == "De Linde")
    standing = offices.standing()
    assert Decimal(linde["lower_rate"]) == (standing.lower_rate or Decimal(0)).quantize(STEP, ROUND_CEILING)
    assert Decimal(linde["upper_rate"]) == (standing.upper_rate or Decimal(0)).quantize(STEP, ROUND_FLOOR)
    # 10,392 days, and 6,173 in the year before: the class of that year, until two classes lie between.
    assert linde["care_days_class"] == {"at_least": 6_000, "below": 10_000}
    assert "care_days" not in linde
    assert [row["lower"] for row in linde["products"]] == [facts["lower"] for facts in standing.products]
    assert AuditRecord.objects.filter(act=Act.BANDWIDTHS_READ, organisation=offices.cast.north.name).exists()


def test_only_the_own_agreement_is_told(offices: Offices) -> None:
    rate = (offices.standing(ZWALUW).lower_rate or Decimal(0)).quantize(Decimal("0.0001")) + Decimal("0.01")
    with scope(offices.karim.database_scope):
        agreements.register(
            provider=offices.provider(ZWALUW),
            round=offices.round,
            seen=offices.standing(ZWALUW).uuid,
            after=0,
            terms=Terms(rate=rate),
            agreed_on=timezone.localdate(),
            actor=offices.karim,
        )
    told = []
    for actor in (offices.karim, offices.eva):
        rows = Caller(key_for(actor)).get(ADDRESS).json()["results"]
        told.append(next(row["agreement"] for row in rows if row["provider"]["key"] == ZWALUW))
    assert Decimal(told[0]["rate"]) == rate
    assert told[0]["fit"] == "fits"
    assert told[1] is None


def test_an_earlier_round_can_be_asked_for_and_nothing_else(offices: Offices) -> None:
    karim = Caller(key_for(offices.karim))
    assert karim.get(f"{ADDRESS}?round=proef-2023").json()["tariff_year"] == 2024
    assert karim.get(f"{ADDRESS}?round=bestaat-niet").status_code == 404
    assert karim.get(f"{ADDRESS}?provider=1").status_code == 400
