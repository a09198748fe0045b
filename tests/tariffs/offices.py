"""A small world for care offices: two rounds, released to them, of a provider in the north, one in the south and one in both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from providers.access import Actor
from providers.models import Provider, Round
from providers.workbook.content import ReadLocation
from tariffs import standings
from tariffs.models import Occasion, ReportStatus, Standing
from tariffs.policies import set_policy
from tariffs.release import release_run
from tariffs.tables import import_tariffs
from tests.cast import Cast, make_cast
from tests.delivering import acting
from tests.factories import SIMPLE, computed, delivery, make_round

TARIFFS = """year,code,amount,source,valid_from
2023,days_5vv,240.00,Fictief,2023-01-01
2024,days_5vv,245.10,Fictief,2024-01-01
2024,days_6vv,271.90,Fictief,2024-01-01
2025,days_5vv,251.43,Fictief,2025-01-01
2025,days_6vv,279.89,Fictief,2025-01-01
"""
MODEL = SIMPLE | {"outputs": [{"name": "5vv", "days": ["days_5vv"]}, {"name": "6vv", "days": ["days_6vv"]}]}
NORTH, SOUTH = "5501", "5525"
ZWALUW = "99900010"
#: Key, name, region, costs, days of two products. De Linde is the best practice.
FIGURES = (
    ("99900001", "De Linde", NORTH, "2093517.31", 6173, 4219),
    ("99900002", "Het Anker", SOUTH, "3193771.93", 7193, 6173),
    ("99900003", "Het Kompas", NORTH, "2071931.27", 3171, 6973),
    (ZWALUW, "De Zwaluw", SOUTH, "3371933.39", 9137, 4373),
)


@dataclass(frozen=True)
class Offices:
    """The cast, and the round of 2024 (tariffs of 2025), adopted."""

    cast: Cast
    round: Round

    @property
    def karim(self) -> Actor:
        """Return Karim, of the care office of the north."""
        return acting(self.cast.karim)

    @property
    def eva(self) -> Actor:
        """Return Eva, of the care office of the south."""
        return acting(self.cast.eva)

    def provider(self, key: str) -> Provider:
        """Return a provider by its key."""
        return Provider.objects.get(key=key)

    def standing(self, key: str = "99900001") -> Standing:
        """Return what holds now about a provider in the round."""
        found = standings.current(self.provider(key), self.round)
        assert found is not None
        return found

    def moved(self, key: str = "99900001", *, by: Decimal = Decimal(0), **facts: Any) -> Standing:
        """Let something else hold: the same with ``facts``, or the whole bandwidth moved ``by`` a rate."""
        now = self.standing(key)
        assert now.lower_rate is not None
        assert now.upper_rate is not None
        products = [
            one
            | {
                end: str(round(Decimal(one[end]) + by * Decimal(one["maximum_tariff"]), 2))
                for end in ("lower", "upper")
            }
            for one in now.products
        ]
        said = {
            "status": now.status,
            "occasion": Occasion.NEW_DECISION,
            "lower_rate": now.lower_rate + by,
            "upper_rate": now.upper_rate + by,
            "products": products,
            "for_care_offices": True,
            **facts,
        }
        kept = ("provider", "round", "tariff_year", "release", "bandwidth", "bandwidth_status", "care_days")
        return Standing.objects.create(
            **{name: getattr(now, name) for name in kept}, since=now.since + timedelta(seconds=1), **said
        )


def released(
    *, book_year: int = 2024, status: ReportStatus = ReportStatus.ADOPTED, for_care_offices: bool = True, **more: Any
) -> Round:
    """Store, compute and release a round."""
    deliveries = []
    for key, name, region, cost, fives, sixes in FIGURES:
        made = delivery(
            key,
            name,
            region,
            total_cost=Decimal(cost) + (0 if book_year == 2024 else 71_317),
            days_5vv=fives,
            days_6vv=sixes if book_year == 2024 else None,
        )
        if key == ZWALUW:
            elsewhere = ReadLocation(number=f"{key}0002", postcode="9711 BB", place="Groningen", region=NORTH)
            made = replace(made, locations=(*made.locations, elsewhere))
        deliveries.append(made)
    round = make_round(deliveries, slug=f"proef-{book_year}", book_year=book_year)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tarieven.csv"
        path.write_text(TARIFFS, encoding="utf-8")
        table = import_tariffs(path=path, actor=None)
    set_policy(round=round, actor=None, tariff_table=table, tariff_year=book_year + 1, **more)
    model = MODEL if book_year == 2024 else SIMPLE
    run = computed(round, model)
    assert run.status == "completed", run.failure_reason
    release_run(run=run, actor=None, status=status, for_care_offices=for_care_offices)
    return round


def build_offices() -> Offices:
    """Store the world; needs a database."""
    cast = make_cast()
    released(book_year=2023)
    return Offices(cast=cast, round=released())
