"""Nothing about others leaks: not that a result exists, not what it is, not in any byte of any page or file."""

from __future__ import annotations

import io
import json
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarking.models import Result
from ivportal import method
from providers.access import scope
from providers.models import ApiKey, Notice, Provider, User
from tariffs.models import MirrorReport, Release, ReportStatus
from tariffs.release import approve, make_reports, prepare, release_run, withdraw
from tests.access.hidden import peer_weights, secrets_of, told
from tests.access.reading import Fetched, comparable, fetch_all, numbers_in, text_of
from tests.access.test_matrix import MATRIX, address_of, places_of
from tests.access.world import BOTH_REGIONS, FIGURES, MODEL, NORTH, SOUTH, World, deliveries, somebody_of, with_tariffs
from tests.api.calling import key_for
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import acting, an_employee
from tests.factories import computed, delivery, make_round

COMPUTED = (
    "benchmarking_dataset", "benchmarking_run", "benchmarking_runstep", "benchmarking_result", "benchmarking_peerlink",
    "tariffs_bandwidth", "tariffs_productbandwidth", "tariffs_mirrorreport", "tariffs_release",
)  # fmt: skip


METHOD = "/methode/"
#: The addresses of a mirror, by its number.
OF_A_REPORT = ("mirror_report", "mirror_pdf", "report_responses", "respond")
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


def figures_in(page: str) -> list[dict[str, Any]]:
    """Return the drawings in a page."""
    found = re.findall(r'<script id="[^"]+" type="application/json">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text) for text in found]


class TestBeforeRelease:
    """Until a result is released nobody outside the NZa can tell that there is one."""

    @pytest.fixture
    def cast(self, db: None) -> Cast:
        return make_cast()

    @pytest.fixture
    def systems(self, cast: Cast) -> dict[str, Client]:
        """Give what another system calls with a key of each of the people outside the NZa."""
        people = {name: acting(getattr(cast, name)) for name in ("anne", "bram", "karim")}
        return {name: Client(headers={"Authorization": f"Bearer {key_for(actor)}"}) for name, actor in people.items()}

    def answered(self, systems: dict[str, Client]) -> dict[str, Fetched]:
        """Return what those systems are answered, with the headers that a cache looks at."""
        addresses = (
            "/api/v1/rondes",
            "/api/v1/bandbreedtes",
            "/api/v1/bandbreedtes?jaar=2025",
            "/api/v1/rondes/proef-2024",
        )
        found = {}
        for name, system in systems.items():
            for address in addresses:
                answer = system.get(address)
                found[f"{name} {address}"] = Fetched(address, answer.status_code, comparable(answer), text_of(answer))
        # When a key was used last stands on a page, and would make it another one.
        ApiKey.objects.update(last_used_at=None)
        return found

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

    def test_pages_files_and_headers_are_the_same_until_the_moment_of_release(
        self, cast: Cast, systems: dict[str, Client]
    ) -> None:
        """Before and after a run, while its release is prepared, approved and withdrawn; then everybody sees something."""
        round = with_tariffs(make_round(deliveries()))
        before, answers = self.seen(cast), self.answered(systems)
        run = computed(round, MODEL)
        assert run.status == "completed"
        assert self.seen(cast) == before
        noor, rinske = acting(cast.noor), acting(an_employee())
        release = prepare(run=run, status=ReportStatus.PROVISIONAL, for_care_offices=True, actor=noor)
        assert make_reports(release.pk)
        approve(release=release, release_at=timezone.now() + timedelta(days=1), actor=rinske)
        assert self.seen(cast) == before
        assert self.answered(systems) == answers
        self.cannot_be_guessed(cast, release)
        withdraw(release=release, reason="Er is nog iets na te kijken.", actor=noor)
        assert self.answered(systems) == answers
        self.cannot_be_guessed(cast, release)
        release_run(run=run, actor=None)
        assert self.answered(systems) != answers
        for name, address in (("anne", "/spiegel/"), ("bram", "/spiegel/"), ("karim", "/bandbreedtes/")):
            released = text_of(browser_of(getattr(cast, name)).get(address))
            assert released != before[name][address].text, f"{name} sees nothing of the release: this test cannot fail"

    def cannot_be_guessed(self, cast: Cast, release: Release) -> None:
        """Who has the number of something that is not released in hand gets what any other number gets."""
        places = [
            *((name, MirrorReport.objects.get(release=release, provider=cast.linde).uuid) for name in OF_A_REPORT),
            ("release", release.uuid),
            ("run_progress", release.run.uuid),
            ("results_csv", release.run.uuid),
        ]
        for person in (cast.anne, cast.bram, cast.karim):
            client = browser_of(person)
            for name, there in places:
                told = []
                for number in (there, uuid.uuid4()):
                    answer = client.get(reverse(name, args=[number]))
                    told.append(
                        (answer.status_code, comparable(answer), text_of(answer).replace(str(number), "nummer"))
                    )
                assert told[0] == told[1], f"{person} can tell at {name}"

    def test_a_newer_result_that_is_not_released_changes_nothing(self, cast: Cast) -> None:
        round = with_tariffs(make_round(deliveries()))
        release_run(run=computed(round, MODEL), actor=None)
        # The message that there is a report is read once, and is not new the second time.
        Notice.objects.update(read_at=timezone.now())
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
        numbers = sorted(number for page in own.values() for number in page.numbers)
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
        others = {
            f"{name} of {other}": secret
            for other in Provider.objects.exclude(pk=viewer.pk)
            for name, secret in secrets_of(world, other).items()
            if not told(own, secret, within=1e-3)
        }
        for page in pages.values():
            numbers = page.numbers
            for name, secret in others.items():
                assert not told(numbers, secret, within=2e-5), f"{page.address} shows the {name}"
            for weight in weights:
                for written in (weight, weight * 100):
                    assert not told(numbers, written, within=2e-4), f"{page.address} shows a weight or share {weight}"

    @pytest.mark.parametrize("key", VIEWERS)
    def test_no_name_key_or_identifier_of_another_provider_is_anywhere(self, key: str, world: World) -> None:
        viewer = Provider.objects.get(key=key)
        reports = {report.provider_id: report for report in world.release.reports.all()}
        hidden = [str(world.released.uuid), *map(str, world.released.results.values_list("uuid", flat=True))]
        for other in Provider.objects.exclude(pk=viewer.pk):
            hidden += [other.key, other.name, str(other.uuid), str(reports[other.pk].uuid)]
        for page in pages_of_provider(world, key).values():
            for word in hidden:
                assert page.status == 404 or word not in page.said, f"{page.address} shows {word}"

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
            outside = list(Provider.objects.exclude(key__in=inside))
            assert outside
            for page in everything_for(world, person).values():
                for other in outside:
                    for word in (other.key, other.name, str(other.uuid)):
                        assert page.status == 404 or word not in page.said, f"{page.address} shows {word}"

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
        hidden = {
            f"{name} of {provider}": secret
            for provider in Provider.objects.all()
            for name, secret in secrets_of(world, provider).items()
        }
        scores = list(Result.objects.filter(run=world.released).values_list("score", flat=True))
        for person in (world.cast.karim, world.cast.eva):
            for page in everything_for(world, person).values():
                numbers = page.numbers
                for name, secret in hidden.items():
                    assert not told(numbers, secret, within=2e-5), f"{page.address} shows the {name}"
                for score in scores:
                    for written in (score, score * 100) if score < 0.9999 else ():
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
