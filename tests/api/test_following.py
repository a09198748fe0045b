"""The NZa follows a round over the API."""

from __future__ import annotations

from typing import Any

import pytest

from providers.models import (
    SignatureRequest,
)
from tests.api.conftest import ANKER, LINDE, Systems
from tests.delivering import (
    delivered,
    offered,
    prepared,
    submission_of,
)


def test_the_nza_sees_who_is_where_without_figures(systems: Systems) -> None:
    """Status, term and findings; page by page, and nobody is lost between two pages."""
    delivered(submission_of(systems.round, ANKER))
    prepared(systems.linde)
    address, nza = systems.at("/aanleveringen"), systems["nza"]
    rows = {row["provider"]["key"]: row for row in nza.get(address).json()["results"]}
    assert set(rows) == {LINDE, ANKER}
    assert (rows[LINDE]["status"], rows[LINDE]["version"]) == ("draft", None)
    assert (rows[ANKER]["status"], rows[ANKER]["version"]) == ("submitted", 1)
    assert rows[LINDE]["regions"] == ["5501"]

    first = nza.get(f"{address}?page_size=1").json()
    second = nza.get(first["next"].removeprefix("http://testserver")).json()
    assert [page["results"][0]["provider"]["key"] for page in (first, second)] == [LINDE, ANKER]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("status=draft", [LINDE]),
        ("status=submitted&finding=none", [ANKER]),
        ("finding=error", []),
        ("region=5501", [LINDE, ANKER]),
        ("region=5525", []),
        ("late=true", []),
        ("late=false", [LINDE, ANKER]),
    ],
)
def test_filters_choose_what_they_say(query: str, keys: list[str], systems: Systems) -> None:
    """A list with a filter holds those and no others."""
    delivered(submission_of(systems.round, ANKER))
    prepared(systems.linde)
    rows = systems["nza"].get(f"{systems.at('/aanleveringen')}?{query}").json()["results"]
    assert [row["provider"]["key"] for row in rows] == keys


@pytest.mark.parametrize(
    "query",
    [
        "status=onzin",
        "region=9999",
        "region=%00",
        "finding=x",
        "late=ja",
        "onbekend=1",
        "cursor=onzin",
        "cursor=cD0lMDA=",
    ],
)
def test_a_filter_that_does_not_exist_is_told_and_not_ignored(query: str, systems: Systems) -> None:
    """Nobody takes the whole list for the filtered one."""
    assert systems["nza"].get(f"{systems.at('/aanleveringen')}?{query}").status_code in (400, 404)


def test_the_list_asks_the_database_as_often_for_many_as_for_few(
    systems: Systems, django_assert_max_num_queries: Any
) -> None:
    """A round of hundreds is as quick as one of two."""
    delivered(submission_of(systems.round, ANKER))
    with django_assert_max_num_queries(16):
        systems["nza"].get(systems.at("/aanleveringen"))


def test_an_offer_stays_what_was_offered(systems: Systems) -> None:
    """What a person offered in the portal is the same request for a system."""
    number = offered(systems.linde)
    answer = systems["filler"].post(systems.at("/aanlevering/voorleggen"), number=number)
    assert answer.status_code == 200
    assert SignatureRequest.objects.count() == 1
