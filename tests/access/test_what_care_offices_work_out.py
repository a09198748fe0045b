"""What a care office can work out of everything it fetches: not what a provider of one product spends.

The rate of such a provider, exact as it is, times what its days are worth at the maximum tariffs is its minimum costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from benchmarking.models import Result
from providers.models import Provider, Round
from tariffs.models import Bandwidth, Occasion, ReportStatus, Standing
from tariffs.policies import set_policy
from tariffs.release import release_run
from tariffs.tables import import_tariffs
from tests.access.hidden import told
from tests.access.reading import IDENTIFIER, Fetched, fetch_all, numbers_in, text_of
from tests.api.calling import key_for
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import acting
from tests.factories import SIMPLE, computed, delivery, make_round
from tests.storing import stored
from tests.tariffs.offices import NORTH, TARIFFS

BOOK, YEAR = Decimal("245.10"), Decimal("251.43")
#: Key, name, costs, days. The last two are one provider and the same 1.6 times as large, in one class of care days.
FIGURES = (
    ("99900001", "De Bron", "6473291.37", 32_713),
    ("99900002", "De Wending", "2719373.91", 12_113),
    ("99900003", "Het Veld", "11037417.53", 42_613),
    ("99900004", "Tweeling Een", "3520117.35", 15_310),
    ("99900005", "Tweeling Twee", "5632187.76", 24_496),
)
TWINS = ("99900004", "99900005")
#: No number that is told comes as near as this to days or costs. The days of the twins lie at the edges of their class by design.
CLOSE = 0.05


@dataclass(frozen=True)
class Simple:
    """A round of providers with one product each, adopted."""

    cast: Cast
    round: Round


@pytest.fixture(scope="module")
def stored_simple(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simple]:
    """Store the round in a transaction around all tests of this module."""
    path: Path = tmp_path_factory.mktemp("tarieven") / "tarieven.csv"
    path.write_text(TARIFFS, encoding="utf-8")
    with stored(django_db_blocker):
        cast = make_cast()
        round = make_round(
            [delivery(key, name, NORTH, total_cost=Decimal(cost), days_5vv=days) for key, name, cost, days in FIGURES]
        )
        set_policy(round=round, actor=None, tariff_table=import_tariffs(path=path, actor=None), tariff_year=2025)
        release_run(run=computed(round, SIMPLE), actor=None, status=ReportStatus.ADOPTED, for_care_offices=True)
        yield Simple(cast, round)


@pytest.fixture
def simple(stored_simple: Simple, db: None) -> Simple:
    """Give the world; what a test does to it is undone."""
    return stored_simple


def by_key(simple: Simple, key: str) -> Fetched:
    """Return all that the API tells of the round, with a key of Karim's."""
    answer = Client(headers={"Authorization": f"Bearer {key}"}).get(reverse("api_bandwidths"))
    # Seconds with six decimals hold any number now and then.
    return Fetched("api", answer.status_code, (), re.sub(r"T\d\d:\d\d:\d\d\.\d+", "", text_of(answer)))


def minimum_of(key: str) -> float:
    band = Bandwidth.objects.get(provider__key=key)
    return float(Result.objects.get(run=band.run, provider__key=key).minimum_cost or 0)


def nearest(numbers: list[float], *, lower: Decimal, minimum: float) -> float:
    """Return how near the attacker comes who takes each number for the care days; ``lower`` is a tariff as it is shown."""
    price = float(lower * BOOK / YEAR)
    return min(abs(number * price / minimum - 1) for number in numbers if number > 0)


def test_no_number_that_is_told_are_care_days_or_costs(simple: Simple) -> None:
    """Pages, files, figures and the API. With the days beside it a tariff gives the minimum to 1 in 10,000."""
    pages = fetch_all(browser_of(simple.cast.karim), but="/methode/")
    pages["api"] = by_key(simple, key_for(acting(simple.cast.karim)))
    numbers = sorted({number for page in pages.values() for number in numbers_in(page.text)})
    assert any("bestand" in address for address in pages)
    for key, _name, cost, days in FIGURES:
        standing = Standing.objects.get(provider__key=key)
        lower, minimum = Decimal(standing.products[0]["lower"]), minimum_of(key)
        assert told(numbers, float(lower), within=1e-9), "the tariff is told"
        if key not in TWINS:
            assert not told(numbers, minimum, within=CLOSE)
            assert not told(numbers, float(cost), within=CLOSE)
            assert nearest(numbers, lower=lower, minimum=minimum) > CLOSE
            assert nearest([*numbers, float(days)], lower=lower, minimum=minimum) < 1e-4


def views_of(simple: Simple, key: str) -> dict[str, str]:
    """Return all that tells of a provider beside De Bron, without what it is called by."""
    karim, provider = browser_of(simple.cast.karim), Provider.objects.get(key=key)
    bron = Provider.objects.get(key="99900001").uuid
    answers = {
        "page": karim.get(reverse("care_office_provider", args=[simple.round.slug, provider.uuid])),
        "row": karim.get("/bandbreedtes/", {"zoek": provider.name}),
        "file": karim.get("/bandbreedtes/bestand/", {"zoek": provider.name}),
        "comparison": karim.get("/bandbreedtes/vergelijken/", {"aanbieder": [str(provider.uuid), str(bron)]}),
    }
    found = {name: text_of(answer) for name, answer in answers.items()}
    api = by_key(simple, key_for(acting(simple.cast.karim))).text
    found["api"] = next(part for part in api.split('{"provider"') if f'"{key}"' in part).rstrip(",]}\n")
    name = re.compile("|".join(re.escape(word) for word in (provider.name, provider.name.replace(" ", "+"), key)))
    return {view: re.sub(r"\d\d:\d\d:\d\d", "", IDENTIFIER.sub("", name.sub("", text))) for view, text in found.items()}


def test_two_providers_of_which_one_spends_much_more_look_the_same(simple: Simple) -> None:
    """So nothing that is told, in whatever combination, narrows the costs further than the two are apart."""
    one, two = (views_of(simple, key) for key in TWINS)
    for view in one:
        assert one[view] == two[view], view
    assert "15.000 tot 25.000" in one["page"]
    assert minimum_of(TWINS[1]) / minimum_of(TWINS[0]) == pytest.approx(1.6, abs=1e-6)


def test_a_small_correction_does_not_tell_that_the_days_lie_at_an_edge(simple: Simple) -> None:
    """The rate tells how much the days changed; another class would tell where they were."""
    holds(TWINS[0], days=14_900)
    said = views_of(simple, TWINS[0])
    assert "15.000 tot 25.000" in said["page"]
    assert '"at_least":15000' in said["api"].replace(" ", "")


def test_two_book_years_do_not_tell_that_the_days_lie_at_an_edge(simple: Simple) -> None:
    """Classes that border on each other, of 24,496 and 25,100 days, would tell both numbers to 2 %."""
    later = make_round([], slug="later", book_year=simple.round.book_year + 1)
    holds(TWINS[1], days=25_100, round_id=later.pk, tariff_year=2026)
    holds("99900001", days=32_800, round_id=later.pk, tariff_year=2026)
    said = views_of(replace(simple, round=later), TWINS[1])
    assert said["page"].count("15.000 tot 25.000") == 3, "at the top, and in both years"
    assert "15.000 tot 25.000" in said["row"]
    assert "15.000 tot 25.000" in said["comparison"]
    assert '"at_least":15000' in said["api"].replace(" ", "")
    assert not any("25.000 tot 40.000" in said[view] for view in ("page", "row"))


def holds(key: str, *, days: int, **changes: Any) -> None:
    """Let the same hold a second later, with other care days."""
    now = Standing.objects.get(provider__key=key)
    facts = {field.attname: getattr(now, field.attname) for field in Standing._meta.concrete_fields}
    over = {"id": None, "uuid": uuid4(), "since": now.since + timedelta(seconds=1), "occasion": Occasion.NEW_DECISION}
    Standing.objects.create(**facts | over | {"care_days": Decimal(days)} | changes)
