"""Nothing about others leaks: not that a result exists, not what it is, not in any byte of any page or file."""

from __future__ import annotations

import io
import json
import re
from bisect import bisect_left
from dataclasses import replace
from functools import cache
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.urls import reverse

from benchmarking.models import PeerLink, Result
from ivportal import method
from providers.access import scope
from providers.models import Provider, User
from tariffs.models import Bandwidth
from tariffs.release import release_run
from tests.access.reading import Fetched, fetch_all, numbers_in
from tests.access.test_matrix import MATRIX, address_of, places_of
from tests.access.world import BOTH_REGIONS, FIGURES, MODEL, NORTH, SOUTH, World, deliveries, somebody_of, with_tariffs
from tests.cast import Cast, browser_of, make_cast
from tests.factories import computed, delivery, make_round

COMPUTED = (
    "benchmarking_dataset", "benchmarking_run", "benchmarking_runstep", "benchmarking_result", "benchmarking_peerlink",
    "tariffs_bandwidth", "tariffs_productbandwidth", "tariffs_mirrorreport", "tariffs_release",
)  # fmt: skip


METHOD = "/methode/"
#: Whose pages are read: the two dear ones of the cast, a peer, and who works in two regions. All others are looked for in them.
VIEWERS = ("99900001", "99900002", "99900003", BOTH_REGIONS)


@cache
def everything_for(world: World, person: User) -> dict[str, Fetched]:
    """Return all somebody can fetch: by links, and by trying every address there is. Fetched once per person.

    Without the explanation of the method, which speaks of peers and scores and has homes with invented names: that it is the
    same text for everybody has a test of its own.
    """
    tried = [address_of(world, case.name, case.places) for case in MATRIX if case.method == "get"]
    return fetch_all(browser_of(person), also=tried, but=METHOD)


@cache
def pages_of_provider(world: World, key: str) -> dict[str, Fetched]:
    """Return all that somebody who works for a provider can fetch."""
    return everything_for(world, somebody_of(Provider.objects.get(key=key)))


@cache
def secrets_of(world: World, provider: Provider) -> dict[str, float]:
    """Return the figures of ``provider`` that nobody but itself and the NZa may learn."""
    result = Result.objects.get(run=world.released, provider=provider)
    band = Bandwidth.objects.get(run=world.released, provider=provider)
    days, treated = next((days, treated) for key, *_, days, treated in FIGURES if key == provider.key)
    comparable = float(result.comparable_cost)
    return {
        "total cost": float(result.total_cost),
        "comparable cost": comparable,
        "housing cost": float(result.allowance),
        "minimum cost": float(result.minimum_cost),
        "maximum cost": float(band.maximum_cost),
        "cost per day": float(result.total_cost) / (days + treated),
        "days without treatment per 1,000": days / comparable * 1000,
        "days with treatment per 1,000": treated / comparable * 1000,
    }


def told(numbers: list[float], secret: float, *, within: float) -> bool:
    """Tell whether one of the sorted ``numbers`` gives ``secret`` away, up to a ratio ``within``."""
    place = bisect_left(numbers, secret * (1 - within))
    return place < len(numbers) and numbers[place] <= secret * (1 + within)


def peer_weights(world: World, provider: Provider) -> list[float]:
    """Return the exact λ and shares of the peers of ``provider``; those that are 0 or 1 say nothing."""
    links = PeerLink.objects.filter(result__run=world.released, result__provider=provider)
    exact = [number for link in links for number in (link.weight, link.cost_share)]
    return [number for number in exact if 1e-3 < number < 0.999]


def figures_in(page: str) -> list[dict[str, Any]]:
    """Return the drawings in a page."""
    found = re.findall(r'<script id="[^"]+" type="application/json">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text) for text in found]


class TestBeforeRelease:
    """Until a result is released nobody outside the NZa can tell that there is one."""

    @pytest.fixture
    def cast(self, db: None) -> Cast:
        return make_cast()

    def seen(self, cast: Cast) -> dict[str, dict[str, Fetched]]:
        """Return what the people outside the NZa can fetch; Anne reads the explanation of the method too."""
        return {
            name: fetch_all(
                browser_of(getattr(cast, name)),
                also=["/bandbreedtes/bestand/", "/bandbreedtes/vergelijken/", "/afspraken/", "/spiegel/", "/rondes/"],
                but=None if name == "anne" else METHOD,
            )
            for name in ("anne", "bram", "karim")
        }

    def counts(self, what: str) -> dict[str, int]:
        with scope(what), connection.cursor() as cursor:
            found = {}
            for table in COMPUTED:
                cursor.execute(f"SELECT count(*) FROM {table}")
                found[table] = cursor.fetchone()[0]
            return found

    def test_pages_files_and_headers_are_the_same_before_and_after_a_run(self, cast: Cast) -> None:
        round = with_tariffs(make_round(deliveries()))
        before = self.seen(cast)
        run = computed(round, MODEL)
        assert run.status == "completed"
        assert self.seen(cast) == before
        release_run(run=run, actor=None)
        released = self.seen(cast)
        for name in before:
            assert released[name] != before[name], f"{name} sees nothing of the release: this test cannot fail"

    def test_a_newer_result_that_is_not_released_changes_nothing(self, cast: Cast) -> None:
        round = with_tariffs(make_round(deliveries()))
        release_run(run=computed(round, MODEL), actor=None)
        self.seen(cast)  # the message that there is a report is read once, and is not new the second time
        before = self.seen(cast)
        newer = computed(round, {**MODEL, "returns_to_scale": "crs"})
        assert newer.status == "completed"
        assert self.seen(cast) == before

    def test_the_database_itself_tells_nothing_either(self, cast: Cast) -> None:
        round = with_tariffs(make_round(deliveries()))
        scopes = [f"provider:{cast.linde.pk}", f"care_office:{cast.north.pk}", ""]
        before = [self.counts(what) for what in scopes]
        assert all(not any(counts.values()) for counts in before)
        run = computed(round, MODEL)
        assert [self.counts(what) for what in scopes] == before
        release_run(run=run, actor=None)
        assert self.counts(scopes[0])["tariffs_mirrorreport"] == 1
        assert self.counts(scopes[0])["tariffs_bandwidth"] == 1
        assert self.counts(scopes[0])["benchmarking_result"] == 0
        assert self.counts(scopes[1])["tariffs_mirrorreport"] == 0


class TestProviders:
    """What a provider fetches holds its own figures and nobody else's."""

    def test_the_world_has_something_to_hide(self, world: World) -> None:
        """Several providers lean on others, and the search below finds what is there."""
        leaning = [provider for provider in Provider.objects.all() if len(peer_weights(world, provider)) >= 3]
        assert len(leaning) >= 3
        own = everything_for(world, world.cast.anne)
        numbers = sorted(number for page in own.values() for number in numbers_in(page.text))
        secrets = secrets_of(world, world.cast.linde)
        for name in ("total cost", "housing cost", "minimum cost", "maximum cost", "days with treatment per 1,000"):
            assert told(numbers, secrets[name], within=1e-6 if "days" in name else 1e-4), name
        csv = browser_of(world.cast.noor).get(reverse("results_csv", args=[world.released.uuid])).content.decode()
        exact = sorted(numbers_in(csv))
        assert all(told(exact, weight, within=1e-9) for weight in peer_weights(world, leaning[0])[:1])

    @pytest.mark.parametrize("key", VIEWERS)
    def test_no_figure_of_another_provider_is_anywhere(self, key: str, world: World) -> None:
        viewer = Provider.objects.get(key=key)
        pages = pages_of_provider(world, key)
        assert any("/spiegel/" in address and page.status == 200 for address, page in pages.items())
        own = sorted(secrets_of(world, viewer).values())
        weights = peer_weights(world, viewer)
        for page in pages.values():
            numbers = sorted(numbers_in(page.text))
            for other in Provider.objects.exclude(pk=viewer.pk):
                for name, secret in secrets_of(world, other).items():
                    if not told(own, secret, within=1e-3):
                        assert not told(numbers, secret, within=2e-5), f"{page.address} shows the {name} of {other}"
            for weight in weights:
                for written in (weight, weight * 100):
                    assert not told(numbers, written, within=2e-4), f"{page.address} shows a weight or share {weight}"

    @pytest.mark.parametrize("key", VIEWERS)
    def test_no_name_key_or_identifier_of_another_provider_is_anywhere(self, key: str, world: World) -> None:
        viewer = Provider.objects.get(key=key)
        reports = {report.provider_id: report for report in world.release.reports.all()}
        for page in pages_of_provider(world, key).values():
            if page.status == 404:
                continue
            for other in Provider.objects.exclude(pk=viewer.pk):
                hidden = (other.key, other.name, str(other.uuid), str(reports[other.pk].uuid))
                for word in hidden:
                    assert word not in page.text, f"{page.address} shows {word}"
            for result in Result.objects.filter(run=world.released):
                assert str(result.uuid) not in page.text
            assert str(world.released.uuid) not in page.text

    @pytest.mark.parametrize("key", VIEWERS)
    def test_the_scale_of_a_figure_gives_nobody_away(self, key: str, world: World) -> None:
        """The cells of the grid and the ends of the axes are round numbers, not the place of the farthest provider."""
        viewer = Provider.objects.get(key=key)
        drawn = figures_in(pages_of_provider(world, key)["/spiegel/"].text)
        assert drawn, "no figure: this test cannot fail"
        numbers = sorted(numbers_in(json.dumps(drawn)))
        margins = [1.0, *(1 + step / 100 for step in range(1, 26))]
        halves = [40 / odd for odd in range(1, 81, 2)]
        for other in Provider.objects.exclude(pk=viewer.pk):
            secrets = secrets_of(world, other)
            for name in ("days without treatment per 1,000", "days with treatment per 1,000"):
                for factor in margins:
                    assert not told(numbers, secrets[name] * factor, within=1e-6), (
                        f"an axis ends at the {name} of {other}"
                    )
                for factor in halves:
                    assert not told(numbers, secrets[name] / factor, within=1e-6), (
                        f"the grid is cut by the {name} of {other}"
                    )

    def test_the_grid_is_the_same_whoever_looks(self, world: World) -> None:
        """Two colleagues who lay their pages together find no more than each has alone."""
        frontiers = set()
        for key in VIEWERS:
            for figure in figures_in(pages_of_provider(world, key)["/spiegel/"].text):
                frontiers |= {
                    json.dumps(trace["x"]) for trace in figure["data"] if trace.get("name") == "beste groepen"
                }
        assert len(frontiers) == 1


class TestCareOffices:
    """A care office sees the bandwidths in its regions, never the costs beneath."""

    def rows(self, person: Any, query: str = "") -> list[list[Any]]:
        """Return the rows of the workbook that somebody downloads."""
        content = browser_of(person).get(f"/bandbreedtes/bestand/{query}").content
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        return rows[next(number for number, row in enumerate(rows) if row[0] == "Zorgaanbieder") + 1 :]

    def test_it_sees_its_own_regions_and_no_others(self, world: World) -> None:
        for person, region in ((world.cast.karim, NORTH), (world.cast.eva, SOUTH)):
            inside = {key for key, _, where, *_ in FIGURES if where == region} | {BOTH_REGIONS}
            assert {row[1] for row in self.rows(person)} == inside
            outside = Provider.objects.exclude(key__in=inside)
            assert outside.exists()
            for page in everything_for(world, person).values():
                for other in outside:
                    for word in (other.key, other.name, str(other.uuid)):
                        assert page.status == 404 or word not in page.text, f"{page.address} shows {word}"

    def test_who_works_in_two_regions_is_shown_to_both(self, world: World) -> None:
        name = next(name for key, name, *_ in FIGURES if key == BOTH_REGIONS)
        for person, place in ((world.cast.karim, "Groningen"), (world.cast.eva, "Groningen")):
            rows = [row for row in self.rows(person) if row[0] == name]
            assert len(rows) == 1
            assert rows[0][2] == place
            assert browser_of(person).get("/bandbreedtes/").content.decode().count(f">{name}</a>") == 1

    def test_it_is_told_only_its_own_region_of_who_works_in_two(self, world: World) -> None:
        regions = {
            person: next(row[3] for row in self.rows(person) if row[1] == BOTH_REGIONS)
            for person in (world.cast.karim, world.cast.eva)
        }
        assert regions[world.cast.karim] != regions[world.cast.eva]

    def test_no_costs_scores_or_peers_are_anywhere(self, world: World) -> None:
        for person in (world.cast.karim, world.cast.eva):
            for page in everything_for(world, person).values():
                numbers = sorted(numbers_in(page.text))
                for provider in Provider.objects.all():
                    for name, secret in secrets_of(world, provider).items():
                        assert not told(numbers, secret, within=2e-5), f"{page.address} shows the {name} of {provider}"
                    score = Result.objects.get(run=world.released, provider=provider).score
                    if score < 0.9999:
                        for written in (score, score * 100):
                            assert not told(numbers, written, within=1e-6), f"{page.address} shows a score"
                for word in ("Peer ", "efficiëntie", "λ"):
                    assert word not in page.text or page.address == "/begrippen/", f"{page.address} speaks of {word}"

    def test_search_filter_and_order_reach_no_further_than_the_table(self, world: World) -> None:
        assert self.rows(world.cast.karim, "?zoek=Het+Anker") == []
        assert self.rows(world.cast.karim, "?zoek=9990000") == []
        everything = self.rows(world.cast.karim)
        assert self.rows(world.cast.karim, f"?regio={SOUTH}") == everything
        assert sorted(map(str, self.rows(world.cast.karim, "?volgorde=-minimum_cost"))) == sorted(map(str, everything))
        assert [row[0] for row in self.rows(world.cast.karim, "?zoek=linde")] == ["De Linde"]

    @pytest.mark.parametrize(
        "name", ['=HYPERLINK("http://kwaad.example","klik")', "+31 Zorg", "-Zorg-", "@Zorg", "=1+1"]
    )
    def test_a_name_that_looks_like_a_formula_is_written_as_text(self, name: str, world: World) -> None:
        dangerous = [
            replace(item, name=name) if item.key == "99900003" else item
            for item in (*deliveries(), delivery("99900011", name="@SUM(A1)", total_cost=1))
        ]
        run = computed(with_tariffs(make_round(dangerous, slug="proef-2026", book_year=2026)), MODEL)
        release_run(run=run, actor=None)
        content = browser_of(world.cast.karim).get("/bandbreedtes/bestand/").content
        cells = [cell for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows() for cell in row]
        assert {cell.value: cell.data_type for cell in cells if cell.value in (name, "@SUM(A1)")} == {
            name: "s",
            "@SUM(A1)": "s",
        }
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]

    def test_the_explanation_of_the_method_is_the_same_text_for_everybody_and_comes_from_its_file_alone(
        self, world: World
    ) -> None:
        people = (world.cast.anne, world.cast.bram, world.cast.noor, world.cast.karim)
        for name in method.names():
            articles = set()
            for person in people:
                page = browser_of(person).get(f"{METHOD}{name}/").content.decode()
                articles.add(page[page.index("<article") : page.index("</article>")].partition(">")[2])
            assert articles == {method.page(name).html}

    def test_places_in_the_matrix_are_really_there(self, world: World) -> None:
        """The addresses tried above exist: a typing error would make the search blind."""
        client = browser_of(world.cast.noor)
        assert client.get(reverse("run_progress", args=[places_of(world)["released-run"]])).status_code == 200
