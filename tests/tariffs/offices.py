"""A small world for care offices: two rounds, released to them, of a provider in the north, one in the south and one in both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils import timezone

from providers.access import Actor, scope
from providers.models import Provider, Round
from providers.workbook.content import ReadLocation
from tariffs import agreements, standings
from tariffs.models import Occasion, ReportStatus, Standing, TariffAgreement
from tariffs.policies import set_policy
from tariffs.release import release_run
from tariffs.room import Terms
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
LINDE, ANKER, ZWALUW = "99900001", "99900002", "99900010"
#: A hundredth of a percent.
HUNDREDTH = Decimal("0.0001")
#: Key, name, region, costs, days of two products. De Linde is the best practice.
FIGURES = (
    (LINDE, "De Linde", NORTH, "2093517.31", 6173, 4219),
    (ANKER, "Het Anker", SOUTH, "3193771.93", 7193, 6173),
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

    def standing(self, key: str = LINDE) -> Standing:
        """Return what holds now about a provider in the round."""
        found = standings.current(self.provider(key), self.round)
        assert found is not None
        return found

    def moved(self, key: str = LINDE, *, by: Decimal = Decimal(0), **facts: Any) -> Standing:
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
            since=now.since + timedelta(seconds=1), **{name: getattr(now, name) for name in kept} | said
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


def agree(
    offices: Offices, terms: Terms, *, key: str = LINDE, actor: Actor | None = None, **said: Any
) -> TariffAgreement:
    """Register an agreement as a page does: in the scope of who acts, about what holds now unless said otherwise."""
    actor = actor or offices.karim
    provider = offices.provider(key)
    facts = {
        "seen": offices.standing(key).uuid,
        "after": TariffAgreement.objects.filter(provider=provider, care_office=actor.care_office_id).count(),
        "agreed_on": timezone.localdate(),
        **said,
    }
    with scope(actor.database_scope):
        return agreements.register(provider=provider, round=offices.round, terms=terms, actor=actor, **facts)


def inside(standing: Standing, part: str = "0.5") -> Terms:
    """Return a rate at a part of the way up the bandwidth, in whole hundredths of a percent."""
    assert standing.lower_rate is not None
    assert standing.upper_rate is not None
    rate = standing.lower_rate + Decimal(part) * (standing.upper_rate - standing.lower_rate)
    return Terms(rate=rate.quantize(HUNDREDTH))


def at_end(standing: Standing, end: str) -> tuple[Decimal, dict[str, Decimal]]:
    """Return the outermost rate in hundredths of a percent and the amounts at one end, counted in whole numbers."""
    rate = getattr(standing, f"{end}_rate")
    hundredths, rest = divmod(int(rate * 10**9), 10**5)
    shown = hundredths + (1 if end == "lower" and rest else 0)
    return Decimal(shown).scaleb(-4), {one["product"]: Decimal(one[end]) for one in standing.products}
