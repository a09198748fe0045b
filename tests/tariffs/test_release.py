"""Releasing a run: once, numbered on, frozen as shown, and telling nobody what another's costs are."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction

from benchmarking import runs
from benchmarking.models import PeerLink, Result, Run
from providers.access import EVERYTHING, scope
from providers.models import Act, AuditRecord, Provider, Round
from tariffs.models import Bandwidth, MaximumTariff, MirrorReport, Release, TariffTable
from tariffs.policies import set_policy
from tariffs.release import ReleaseRefused, release_run
from tests.factories import computed, delivery, make_round
from tests.storing import stored

pytestmark = pytest.mark.usefixtures("stored_run", "db")

ELSEWHERE = "anders-2024"
MODEL = {
    "inputs": ["total_cost"],
    "outputs": [
        {"name": "5vv", "days": ["days_5vv"]},
        {"name": "5vv_with_treatment", "days": ["days_5vv_with_treatment"]},
    ],
    "returns_to_scale": "vrs",
    "allowances": ["housing_nhc"],
    "bootstrap": {"replications": 100},
}
CROWD, OTHERS = 7, 17


def deliveries() -> list[Any]:
    """Seven providers that look alike, seventeen that do not, and one with an error; no two share a figure."""
    random = np.random.default_rng(11)
    made = []
    for number in range(CROWD + OTHERS):
        if number < CROWD:
            days, treated, per_day = 20_000 + 37 * number, 9_000 + 17 * number, 300 + 0.03 * number
        else:
            days, treated = int(random.integers(3_000, 60_000)), int(random.integers(2_000, 30_000))
            per_day = random.uniform(205, 400)
        housing = round((days + treated) * random.uniform(20, 30), 2)
        staff = round((days + 1.2 * treated) * per_day, 2)
        made.append(
            delivery(
                f"999{number:05d}",
                f"Huize {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[number]}{number}huis",
                total_cost=f"{staff + housing:.2f}",
                care_staff_employed=f"{staff:.2f}",
                housing_nhc=f"{housing:.2f}",
                days_5vv=days,
                days_5vv_with_treatment=treated,
            )
        )
    wrong = delivery(
        "99999999", "Huize Fout", total_cost=7, care_staff_employed=1, days_5vv=1, days_5vv_with_treatment=0
    )
    return [*made, wrong]


def tariff_table() -> TariffTable:
    if known := TariffTable.objects.filter(sha256="a" * 64).first():
        return known
    table = TariffTable.objects.create(name="tarieven.csv", sha256="a" * 64, is_fictitious=True)
    for year in (2024, 2025):
        for product, amount in (("days_5vv", "371.30"), ("days_5vv_with_treatment", "433.70")):
            MaximumTariff.objects.create(
                table=table, year=year, product=product, amount=amount, source="Fictief", valid_from=f"{year}-01-01"
            )
    return table


def computed_round(disclosure: str = "pseudonym", **facts: Any) -> Run:
    round = make_round(deliveries(), **facts)
    set_policy(round=round, actor=None, tariff_table=tariff_table(), tariff_year=2025, disclosure=disclosure)
    run = computed(round, MODEL)
    assert run.status == "completed", run.failure_reason
    return run


@pytest.fixture(scope="module")
def stored_run(django_db_setup: None, django_db_blocker: Any) -> Iterator[Run]:
    """Store a computed round around all tests of this file; what each of them does to it is undone."""
    with stored(django_db_blocker):
        yield computed_round()


@pytest.fixture
def run(stored_run: Run, db: None) -> Run:
    return Run.objects.get(pk=stored_run.pk)


@pytest.fixture(scope="module")
def documents(stored_run: Run, django_db_blocker: Any) -> dict[str, Any]:
    """Give the released documents by key, as the database holds them; the release itself is undone."""
    with django_db_blocker.unblock(), scope(EVERYTHING), transaction.atomic():
        release = release_run(run=stored_run, actor=None)
        found = {report.provider.key: report.content for report in release.reports.select_related("provider")}
        transaction.set_rollback(True)
    return found


def numbers_of(content: Any) -> Iterator[float]:
    """Yield every number in a document, also those inside sentences, in whatever notation."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from numbers_of(name)
            yield from numbers_of(value)
    elif isinstance(content, list):
        for value in content:
            yield from numbers_of(value)
    elif isinstance(content, str):
        for token in re.findall(r"\d[\d.,]*", content):
            plain = token.rstrip(".,")
            for reading in (plain, plain.replace(".", "").replace(",", ".")):
                try:
                    yield float(reading)
                except ValueError:
                    continue
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield float(content)


def trace(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in document["peer_figure"]["plotly"]["data"] if item["name"] == name)


def points_of(run: Run) -> dict[str, tuple[float, float]]:
    """Return the exact places in the figure: days without and with treatment per 1,000 of comparable costs."""
    found = {}
    days = {
        item.key: {value.measure: float(value.value or 0) for value in item.values}
        for item in deliveries()
        if item.key != "99999999"
    }
    for key, figures in days.items():
        thousands = (figures["total_cost"] - figures["housing_nhc"]) / 1000
        found[key] = (figures["days_5vv"] / thousands, figures["days_5vv_with_treatment"] / thousands)
    assert len(found) == Result.objects.filter(run=run, participates=True).count()
    return found


# ── what may be released, and how often ────────────────────────────────────────────────────────────────────────────


def test_a_run_that_waits_or_was_stopped_cannot_be_released() -> None:
    round = make_round(deliveries(), slug=ELSEWHERE)
    runs.set_specification(round=round, document=MODEL, actor=None)
    run = runs.request_run(round=round, actor=None)
    for _ in range(2):
        with pytest.raises(ReleaseRefused, match="die klaar is"):
            release_run(run=run, actor=None)
        if not run.is_ended:
            runs.cancel_run(run=run, actor=None)
            run.refresh_from_db()
    assert run.status == "cancelled"
    assert (Release.objects.count(), MirrorReport.objects.count()) == (0, 0)


def test_a_failed_run_cannot_be_released() -> None:
    run = computed(make_round(deliveries(), slug=ELSEWHERE), {**MODEL, "participation": {"min_care_days": 10**9}})
    assert run.status == "failed"
    with pytest.raises(ReleaseRefused, match="die klaar is"):
        release_run(run=run, actor=None)


def test_a_run_is_released_once(run: Run) -> None:
    release = release_run(run=run, actor=None)
    with pytest.raises(ReleaseRefused, match="al vrijgegeven"):
        release_run(run=run, actor=None)
    assert Release.objects.get() == release
    assert (release.status, release.tariff_year, release.round.slug) == ("simulation", 2025, "proef-2024")
    assert MirrorReport.objects.count() == CROWD + OTHERS + 1
    assert AuditRecord.objects.filter(act=Act.RESULTS_RELEASED).count() == 1


def test_a_next_release_of_the_round_numbers_on_and_leaves_the_first_as_it_was(run: Run) -> None:
    first = release_run(run=run, actor=None)
    before = dict(first.reports.values_list("provider__key", "sha256"))
    second = release_run(run=computed(Round.objects.get(), {**MODEL, "returns_to_scale": "crs"}), actor=None)
    assert set(first.reports.values_list("version", flat=True)) == {1}
    assert set(second.reports.values_list("version", flat=True)) == {2}
    assert dict(first.reports.values_list("provider__key", "sha256")) == before
    assert dict(second.reports.values_list("provider__key", "sha256")) != before


def test_another_round_starts_at_version_one(run: Run) -> None:
    release_run(run=run, actor=None)
    other = make_round(deliveries(), slug="proef-2025", book_year=2025)
    release = release_run(run=computed(other, MODEL), actor=None)
    assert set(release.reports.values_list("version", flat=True)) == {1}


def test_a_released_report_cannot_be_changed_or_taken_away(run: Run) -> None:
    release = release_run(run=run, actor=None)
    report = release.reports.first()
    assert report is not None
    for change in (
        lambda: MirrorReport.objects.filter(pk=report.pk).update(content={}),
        report.delete,
        lambda: Release.objects.update(status="decided"),
        release.delete,
    ):
        with pytest.raises((IntegrityError, Exception), match=r"never changed|protected"), transaction.atomic():
            change()
    assert MirrorReport.objects.get(pk=report.pk).content == report.content


def test_the_hash_is_that_of_the_content_as_it_is_stored(run: Run) -> None:
    for report in release_run(run=run, actor=None).reports.all():
        with connection.cursor() as cursor:
            cursor.execute("SELECT content::text FROM tariffs_mirrorreport WHERE id = %s", [report.pk])
            stored = json.loads(cursor.fetchone()[0])
        text = json.dumps(stored, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == report.sha256


# ── what a provider reads of itself ────────────────────────────────────────────────────────────────────────────────


def test_a_provider_reads_its_own_figures_as_they_were_computed(run: Run, documents: dict[str, Any]) -> None:
    for result in Result.objects.filter(run=run, participates=True).select_related("provider", "bandwidth"):
        document, band = documents[result.provider.key], result.bandwidth
        assert Decimal(document["score"]) == result.published_score
        assert {name: Decimal(amount) for name, amount in document["costs"].items()} == {
            "own": result.total_cost,
            "comparable": result.comparable_cost,
            "allowances": result.allowance,
            "fixed": result.fixed_cost,
            "minimum": result.minimum_cost,
            "maximum": band.maximum_cost,
        }
        shown = [
            (item["product"], Decimal(item["lower"]), Decimal(item["upper"])) for item in document["tariff"]["products"]
        ]
        assert shown == list(band.products.values_list("product", "lower", "upper"))
        assert len(shown) == 2
        assert document["tariff"]["source"] == "Bron: tarieven.csv (fictieve bedragen)"
        assert document["provenance"]["result_hash"] == run.result_hash
        assert document["provenance"]["dataset_hash"] == run.dataset.sha256


def test_who_takes_no_part_reads_why_and_no_figures(documents: dict[str, Any]) -> None:
    document = documents["99999999"]
    assert document["participates"] is False
    assert document["reasons"]
    assert not {"score", "costs", "tariff", "peers", "peer_figure"} & document.keys()


# ── what nobody reads of others ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("disclosure", ["pseudonym", "consent"])
def test_no_name_or_key_of_another_stands_in_a_report(disclosure: str) -> None:
    run = computed_round(disclosure, slug=ELSEWHERE)
    providers = list(Provider.objects.all())
    links = 0
    for report in release_run(run=run, actor=None).reports.select_related("provider"):
        text = json.dumps(report.content, ensure_ascii=False)
        for other in providers:
            if other != report.provider:
                assert other.name not in text
                assert not re.search(rf"(?<![\d.]){other.key}(?!\d)", text)
                assert str(other.uuid) not in text
        for peer in report.content.get("peers", {}).get("chosen", []):
            links += 1
            assert re.fullmatch(r"Peer [A-Z]+", peer["name"])
            assert re.fullmatch(r"(\d0? tot \d0|80 tot 100)\xa0%", peer["share"]) or not peer["share"]
            assert "weight" not in peer
    assert links > 20


def test_no_cost_or_number_of_days_of_another_stands_in_a_report(run: Run, documents: dict[str, Any]) -> None:
    secrets: dict[str, list[float]] = {}
    figures = {item.key: [float(value.value or 0) for value in item.values] for item in deliveries()}
    for band in Bandwidth.objects.filter(run=run, result__participates=True).select_related("provider", "result"):
        key, result = band.provider.key, band.result
        secrets[key] = [
            *figures[key],
            *(float(amount or 0) for amount in (result.comparable_cost, result.minimum_cost, band.maximum_cost)),
            *(float(number or 0) for number in (band.reference, band.minimum_rate, band.maximum_rate)),
        ]
    for reader, document in documents.items():
        told = np.array(sorted(set(numbers_of(document))))
        for other, numbers in secrets.items():
            if other == reader:
                continue
            for number in numbers:
                nearest = told[np.abs(told - number).argmin()]
                assert abs(nearest - number) > 1e-6 * abs(number), f"{reader} reads {number} of {other}"


def test_the_search_above_finds_what_a_provider_reads_of_itself(run: Run, documents: dict[str, Any]) -> None:
    for result in Result.objects.filter(run=run, participates=True).select_related("provider"):
        told = set(numbers_of(documents[result.provider.key]))
        assert {float(result.total_cost or 0), float(result.minimum_cost or 0)} <= told


def test_no_exact_weight_or_share_of_a_peer_stands_in_a_report(run: Run, documents: dict[str, Any]) -> None:
    checked = 0
    for link in PeerLink.objects.filter(result__run=run).select_related("result__provider", "peer"):
        if link.peer_id == link.result_id or not 1e-4 < link.cost_share < 0.9999:
            continue
        told = np.array(sorted(set(numbers_of(documents[link.result.provider.key]))))
        for secret in (link.weight, link.cost_share, link.cost_share * 100):
            assert np.abs(told - secret).min() > 1e-5 * secret
        checked += 1
    assert checked > 20


def test_no_exact_score_without_a_peer_stands_in_a_report(run: Run, documents: dict[str, Any]) -> None:
    """Rounded to whole percents it says how much a peer matters; exact it would be an equation in the costs of others."""
    checked = 0
    for link in PeerLink.objects.filter(result__run=run).select_related("result__provider"):
        own = link.result.score
        if (
            link.score_without is None
            or own is None
            or abs(link.score_without - own) < 1e-6
            or link.score_without > 0.9999
        ):
            continue
        told = np.array(sorted(set(numbers_of(documents[link.result.provider.key]))))
        for secret in (link.score_without, link.score_without * 100, (link.score_without - own) * 100):
            assert np.abs(told - secret).min() > 1e-6 * secret
        checked += 1
    assert checked > 20


def test_with_names_a_report_tells_who_the_peers_are_and_how_heavily_each_counts() -> None:
    run = computed_round("named", slug=ELSEWHERE)
    documents = {item.provider.key: item.content for item in release_run(run=run, actor=None).reports.all()}
    shown = {
        (key, peer["name"]): peer["weight"]
        for key, document in documents.items()
        for peer in document.get("peers", {}).get("chosen", [])
    }
    links = PeerLink.objects.filter(result__run=run).select_related("result__provider", "peer__provider")
    stored = {
        (link.result.provider.key, link.peer.provider.name): link.weight
        for link in links
        if link.peer_id != link.result_id
    }
    assert len(stored) > 20
    assert shown == stored


# ── figures ────────────────────────────────────────────────────────────────────────────────────────────────────────


def coordinates(item: dict[str, Any]) -> list[tuple[float, float]]:
    return list(zip(item["x"], item["y"], strict=True))


def test_a_figure_shows_others_only_in_groups_of_five_or_more(run: Run, documents: dict[str, Any]) -> None:
    """With a mix within a tenth and costs per day within a fifth of each other: whoever is in a group is not known better."""
    exact = np.array(list(points_of(run).values()))
    mixes, lengths = exact[:, 1] / exact.sum(axis=1), exact.sum(axis=1)
    drawn_somewhere = 0
    for document in documents.values():
        if "peer_figure" not in document:
            continue
        for x, y in coordinates(trace(document, "andere aanbieders")):
            near = (np.abs(mixes - y / (x + y)) < 0.0501) & (np.abs(np.log(lengths / (x + y))) < np.log(1.23) / 2)
            assert near.sum() >= 5
            drawn_somewhere += 1
    assert drawn_somewhere > 0


def test_the_places_of_groups_tell_costs_per_day_no_better_than_to_a_tenth(documents: dict[str, Any]) -> None:
    """From one place to the next along a mix, costs per day differ by more than a fifth; and mixes are tenths."""
    for document in documents.values():
        if "peer_figure" not in document:
            continue
        groups = np.array(coordinates(trace(document, "andere aanbieders")))
        mixes, lengths = groups[:, 1] / groups.sum(axis=1), groups.sum(axis=1)
        assert np.allclose(mixes * 10, np.round(mixes * 10))
        steps = np.log(lengths / lengths[0]) / np.log(11 / 9)
        assert np.allclose(steps, np.round(steps))
        line = coordinates(trace(document, "beste groepen"))[1:-1]
        assert set(line) <= set(map(tuple, groups))


def test_of_a_peer_without_name_a_figure_shows_the_direction_and_no_place(documents: dict[str, Any]) -> None:
    drawn = 0
    for document in documents.values():
        if "peer_figure" not in document:
            continue
        assert coordinates(trace(document, "peers")) == []
        far = [axis["range"][1] / more for axis, more in zip(
            (document["peer_figure"]["plotly"]["layout"][name] for name in ("xaxis", "yaxis")), (1.06, 1.1), strict=True
        )]  # fmt: skip
        for x, y in coordinates(trace(document, "richting van peers")):
            if (not x and not y) or x is None:
                continue
            assert x == pytest.approx(far[0]) or y == pytest.approx(far[1]), "a line ends before the edge"
            assert round(y / (x + y) * 10, 6) == round(y / (x + y) * 10)
            drawn += 1
    assert drawn > 10


def test_only_the_own_point_in_a_figure_is_exact(run: Run, documents: dict[str, Any]) -> None:
    exact = points_of(run)
    for key, document in documents.items():
        if "peer_figure" not in document:
            continue
        assert coordinates(trace(document, "u")) == [pytest.approx(exact[key], rel=1e-9)]
        others = [
            point for name in ("andere aanbieders", "beste groepen") for point in coordinates(trace(document, name))
        ]
        for x, y in others:
            assert all(abs(x - px) > 1e-6 or abs(y - py) > 1e-6 for px, py in exact.values())


def test_no_other_trace_and_no_hover_text_hides_in_a_figure(documents: dict[str, Any]) -> None:
    known = {
        "landelijke mix", "uw mix", "andere aanbieders", "beste groepen", "richting van peers", "peers", "u"
    }  # fmt: skip
    for document in documents.values():
        if "peer_figure" not in document:
            continue
        for item in document["peer_figure"]["plotly"]["data"]:
            assert item["name"] in known
            assert not {"customdata", "ids", "hovertext", "meta"} & item.keys()
            assert len(item["x"]) == len(item["y"])


def test_the_edge_of_a_figure_is_not_the_place_of_the_best_provider(run: Run, documents: dict[str, Any]) -> None:
    """Days per 1,000 euros are costs per day the other way round: the best provider's may not be read from an axis."""
    exact = points_of(run)
    best = [max(point[axis] for point in exact.values()) for axis in (0, 1)]
    for key, document in documents.items():
        if "peer_figure" not in document or max(exact[key][axis] == best[axis] for axis in (0, 1)):
            continue
        told = np.array(sorted(set(numbers_of(document["peer_figure"]))))
        for number in best:
            assert np.abs(told - number).min() > 1e-6 * number
        layout = document["peer_figure"]["plotly"]["layout"]
        for axis, number in (("xaxis", best[0]), ("yaxis", best[1])):
            # A limit that is a neat multiple of the best one gives it away as well.
            assert layout[axis]["range"][1] / number * 100 % 1 == pytest.approx(0.5, abs=0.5 - 1e-6)
