"""How sure a score is, as people read it: a provider of itself in its mirror, the NZa of everybody on the page of the round."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarking import lease, pipeline, runs
from benchmarking.models import PeerLink, Result, Run
from ivportal.pages.mirror import context_of
from ivportal.pages.outcomes import intervals
from providers.models import Mandate, Provider, Role, Round, User
from tariffs import results_csv
from tariffs.models import MirrorReport, Release
from tariffs.policies import set_policy
from tariffs.release import content_hash, release_run
from tests.factories import computed, delivery, make_round
from tests.tariffs.test_release import MODEL, computed_round, deliveries

pytestmark = pytest.mark.usefixtures("db")

#: Costs per day 100, 110, 150 and 200: without the first the others score a tenth more.
LADDER = {"99900001": 1_000_000, "99900002": 1_100_000, "99900003": 1_500_000, "99900004": 2_000_000}
ONE_PRODUCT = {
    "inputs": ["total_cost"],
    "outputs": [{"name": "5vv", "days": ["days_5vv"]}],
    "returns_to_scale": "crs",
    "bootstrap": {"replications": 100},
}


def released(run: Run) -> dict[str, Any]:
    """Release a run; return the documents by key of the provider."""
    assert run.status == "completed", run.failure_reason
    release = release_run(run=run, actor=None)
    return {report.provider.key: report.content for report in release.reports.select_related("provider")}


def mixed_round(disclosure: str = "pseudonym") -> Round:
    """Store providers of which the first two are best at one product each, and the others need both."""
    figures = [(100, 900, 100), (100, 100, 900), (160, 500, 500), (150, 520, 480), (155, 600, 400), (170, 400, 600)]
    round = make_round(
        [
            delivery(f"9990000{number}", total_cost=cost * 10_000, days_5vv=days * 10, days_7vv=other * 10)
            for number, (cost, days, other) in enumerate(figures, start=1)
        ]
    )
    set_policy(round=round, actor=None, disclosure=disclosure)
    return round


TWO_PRODUCTS = {
    **ONE_PRODUCT,
    "outputs": [{"name": "5vv", "days": ["days_5vv"]}, {"name": "7vv", "days": ["days_7vv"]}],
}


def plain(page: str) -> str:
    return " ".join(page.replace("&nbsp;", " ").split())


def mirror_of(key: str, report: MirrorReport | None = None) -> str:
    """Return the page that somebody who works for a provider sees, with plain spaces."""
    user = User.objects.filter(email=f"{key}@example.org").first()
    if user is None:
        user = User.objects.create_user(f"{key}@example.org", "een-lang-wachtwoord-1", name="Anne")
        Mandate.objects.create(user=user, role=Role.PROVIDER, provider=Provider.objects.get(key=key))
    client = Client()
    client.force_login(user)
    response = client.get(reverse("mirror_report", args=[report.uuid]) if report else reverse("mirror"))
    assert response.status_code == 200
    return plain(response.content.decode())


def round_page(round: Round) -> str:
    """Return the page of a round that somebody of the NZa sees, with plain spaces."""
    user = User.objects.create_user("noor@example.org", "een-lang-wachtwoord-1", name="Noor")
    Mandate.objects.create(user=user, role=Role.NZA)
    client = Client()
    client.force_login(user)
    return plain(client.get(reverse("round", args=[round.slug])).content.decode())


def shown(ratio: float | Decimal | None) -> str:
    """Write a ratio as pages do."""
    assert ratio is not None
    tenths = int(Decimal(repr(float(ratio))) * 1000 + Decimal("0.5"))
    return f"{tenths // 10},{tenths % 10} %"


# ── the interval in the mirror ─────────────────────────────────────────────────────────────────────────────────────


def test_a_provider_reads_its_interval_as_it_was_computed() -> None:
    run = computed_round()
    documents = released(run)
    checked = 0
    for result in Result.objects.filter(run=run, participates=True).select_related("provider"):
        certainty = documents[result.provider.key]["certainty"]
        assert (certainty is not None) == result.uncertainty_shown
        if certainty is not None:
            assert certainty["lower"] == pytest.approx(result.score_lower, abs=0.0000501)
            assert certainty["upper"] == pytest.approx(result.score_upper, abs=0.0000501)
            assert (certainty["confidence"], certainty["replications"]) == (0.95, 100)
            checked += 1
    assert checked > 20


def test_the_page_says_that_the_score_is_an_upper_estimate_and_what_the_interval_is_about() -> None:
    run = computed(
        make_round([delivery(key, total_cost=cost, days_5vv=10_000) for key, cost in LADDER.items()]), ONE_PRODUCT
    )
    released(run)
    result = Result.objects.get(run=run, provider__key="99900004")
    assert result.uncertainty_shown
    page = mirror_of("99900004")
    assert "Hoe zeker is uw score?" in page
    said = f"Uw werkelijke score ligt waarschijnlijk tussen {shown(result.score_lower)} en {shown(result.score_upper)}."
    assert said in page
    assert "een schatting aan de hoge kant" in page
    assert f"de score ongeveer {shown(result.bias_corrected_score)}." in page
    assert "Interval uit 100 herhalingen, rekenwijze ‘shephard’, naar Simar en Wilson." in page
    assert "Wij verzinnen 100 keer een groep aanbieders" in page
    assert "gaat over uw werkelijke score, die niemand kan zien" in page
    assert "Het interval verandert uw bandbreedte niet" in page
    assert (
        f'aria-label="interval {shown(result.score_lower)} tot {shown(result.score_upper)}; getoonde score 50,0 %"'
        in page
    )


def test_nobody_is_promised_a_certainty_that_was_measured_not_to_hold() -> None:
    run = computed(
        make_round([delivery(key, total_cost=cost, days_5vv=10_000) for key, cost in LADDER.items()]), ONE_PRODUCT
    )
    released(run)
    for page in (mirror_of("99900004"), round_page(run.dataset.round)):
        assert "95 % zekerheid" not in page
        assert "als orde van grootte" in page
        assert re.search(r"in proeven lag (de werkelijke score|zij) er vaker buiten", page)
        assert "gaat niet over fouten in de gegevens of over kwaliteit" in page


#: A ladder of costs per day, and one that is cheaper than all of them but fails on quality: its own only peer.
GATED_MODEL = {**ONE_PRODUCT, "quality_gate": [{"measure": "qualified", "at_least": "0.5", "missing": "not_a_peer"}]}


def gated_round(quality: Decimal | None = Decimal("0.1")) -> Round:
    costs = {**LADDER, "99900009": 900_000}
    return make_round(
        [
            delivery(key, total_cost=cost, days_5vv=10_000, qualified=quality if key == "99900009" else Decimal("0.9"))
            for key, cost in costs.items()
        ]
    )


@pytest.mark.parametrize(
    ("quality", "why"),
    [
        (Decimal("0.1"), "omdat u niet aan de voorwaarden voor kwaliteit voldoet"),
        (None, "omdat uw gegevens over kwaliteit ontbreken"),
    ],
)
def test_who_is_only_measured_against_itself_reads_that_there_is_no_interval_and_why(
    quality: Decimal | None, why: str
) -> None:
    run = computed(gated_round(quality), GATED_MODEL)
    documents = released(run)
    alone = Result.objects.get(run=run, provider__key="99900009")
    assert (alone.score_lower, alone.score_upper) == (pytest.approx(1), pytest.approx(1)), "an interval: not this case"
    assert documents["99900009"]["certainty"] is None
    page = mirror_of("99900009")
    assert f"Voor u is geen interval te berekenen. U bent geen peer, {why}, en geen combinatie" in page
    assert "100,0 % en 100,0 %" not in page
    assert documents["99900004"]["certainty"] is not None


def test_an_interval_of_one_point_is_in_no_national_figure_and_is_counted() -> None:
    run = computed(gated_round(), GATED_MODEL)
    assert run.summary["uncertainty"]["alone"] == 1
    assert run.summary["uncertainty"]["estimated"] == 4
    page = round_page(run.dataset.round)
    assert "<dt>Geen interval te berekenen</dt> <dd> 1 (zelf geen peer" in page
    assert "100,0 % (smaller dan" not in page
    figure = intervals(run)
    assert figure is not None
    assert len(figure["plotly"]["data"][1]["x"]) == 4
    shown_scores = Result.objects.filter(run=run, uncertainty_shown=True)
    mean = sum(result.bias_corrected_score or 0 for result in shown_scores) / 4
    assert f"gecorrigeerd voor vertekening {shown(mean)} (4 aanbieders met een interval)" in page


def test_an_older_run_in_which_such_an_interval_was_marked_as_shown_does_not_show_it_either() -> None:
    round = gated_round()
    runs.set_specification(round=round, document=GATED_MODEL, actor=None)
    run = runs.request_run(round=round, actor=None)
    held = lease.claim(run.pk)
    assert held is not None
    calculation = pipeline.compute(run)
    results = calculation.results.copy()
    results.loc["99900009", "uncertainty_shown"] = True
    with held.commit() as locked:
        pipeline.store(locked, calculation.with_results(**{name: results[name] for name in results}))
    run.refresh_from_db()
    assert Result.objects.get(run=run, provider__key="99900009").uncertainty_shown
    assert released(run)["99900009"]["certainty"] is None
    figure = intervals(run)
    assert figure is not None
    assert len(figure["plotly"]["data"][1]["x"]) == 4


def test_an_older_mirror_that_holds_such_an_interval_does_not_show_it_either() -> None:
    run = computed(gated_round(), GATED_MODEL)
    document = released(run)["99900009"]
    point = {"lower": 1.0, "upper": 1.0, "bias_corrected": 1.0, "confidence": 0.95, "replications": 100}
    report = MirrorReport.objects.get(provider__key="99900009")
    old = MirrorReport(
        release=report.release,
        provider=report.provider,
        version=1,
        content={**document, "certainty": point, "format": 2},
    )
    shown_there = context_of(old, [])["certainty"]
    assert not shown_there["is_known"]
    assert "alleen met uzelf vergeleken" in shown_there["reason"]


def test_a_mirror_of_the_second_form_shows_its_interval_without_the_name_of_the_way_it_was_computed() -> None:
    run = computed(
        make_round([delivery(key, total_cost=cost, days_5vv=10_000) for key, cost in LADDER.items()]), ONE_PRODUCT
    )
    document = released(run)["99900004"]
    report = MirrorReport.objects.get(provider__key="99900004")
    certainty = {name: value for name, value in document["certainty"].items() if name != "convention"}
    old = MirrorReport(
        release=report.release,
        provider=report.provider,
        version=1,
        content={**document, "certainty": certainty, "format": 2},
    )
    page = plain(render_to_string("tariffs/mirror.html", context_of(old, [])))
    assert "Interval uit 100 herhalingen." in page
    assert "waarschijnlijk tussen" in page


def test_an_interval_that_cannot_be_is_kept_and_never_shown() -> None:
    round = make_round([delivery(key, total_cost=cost, days_5vv=10_000) for key, cost in LADDER.items()])
    runs.set_specification(round=round, document=ONE_PRODUCT, actor=None)
    run = runs.request_run(round=round, actor=None)
    held = lease.claim(run.pk)
    assert held is not None
    calculation = pipeline.compute(run)
    results = calculation.results.copy()
    results.loc["99900004", ["score_lower", "score_upper", "uncertainty_shown"]] = [0.43217, 1.23456, False]
    with held.commit() as locked:
        pipeline.store(locked, calculation.with_results(**{name: results[name] for name in results}))
    run.refresh_from_db()
    documents = released(run)
    assert Result.objects.get(run=run, provider__key="99900004").score_upper == 1.23456
    assert documents["99900004"]["certainty"] is None
    assert documents["99900003"]["certainty"] is not None
    page = mirror_of("99900004")
    assert "geen bruikbare uitkomst" in page
    for number in ("43,2", "123,5", "0.4322", "1.2346", "1.23456"):
        assert number not in page
        assert number not in json.dumps(documents["99900004"])
    assert "123,5" not in round_page(round)


def test_without_an_interval_the_page_says_why() -> None:
    model = {name: part for name, part in ONE_PRODUCT.items() if name != "bootstrap"}
    round = make_round([delivery(key, total_cost=cost, days_5vv=10_000) for key, cost in LADDER.items()])
    released(computed(round, model))
    page = mirror_of("99900004")
    assert "In deze ronde is geen interval berekend." in page
    assert "zonder interval" in page
    assert "geen interval rond de scores berekend" in round_page(round)


def test_a_run_from_before_there_were_intervals_can_still_be_looked_at() -> None:
    round = make_round([delivery(key, total_cost=cost, days_5vv=10_000) for key, cost in LADDER.items()])
    runs.set_specification(round=round, document=ONE_PRODUCT, actor=None)
    run = runs.request_run(round=round, actor=None)
    held = lease.claim(run.pk)
    assert held is not None
    calculation = pipeline.compute(run)
    nothing = dict.fromkeys(("score_lower", "score_upper", "bias_corrected_score", "users", "influence"))
    old = replace(
        calculation.with_results(**nothing, uncertainty_shown=False),
        summary={
            name: figure
            for name, figure in calculation.summary.items()
            if name not in ("uncertainty", "peers_not_unique")
        },
        peers=calculation.peers.assign(score_without=None),
    )
    with held.commit() as locked:
        pipeline.store(locked, old)
    page = round_page(round)
    assert "Gemiddelde score" in page
    assert "geen interval rond de scores berekend" in page
    assert "Wie dragen deze uitkomst?" not in page
    run.refresh_from_db()
    released(run)
    assert "Hoe zeker is uw score?" in mirror_of("99900004")


def test_a_mirror_released_before_there_were_intervals_can_still_be_read() -> None:
    run = computed_round()
    release_run(run=run, actor=None)
    report = MirrorReport.objects.filter(content__has_key="costs").select_related("provider")[0]
    old = {
        name: part
        for name, part in report.content.items()
        if name not in ("certainty", "certainty_reason", "correction", "without_peer")
    } | {"format": 1}
    assert report.content["format"] == 5
    newer = computed(Round.objects.get(), {**MODEL, "returns_to_scale": "crs"})
    now = timezone.now()
    release = Release.objects.create(
        run=newer, round=Round.objects.get(), status="simulation", stage="released",
        approved_at=now, release_at=now, released_at=now,
    )  # fmt: skip
    before = MirrorReport.objects.create(
        release=release, provider=report.provider, version=2, content=old, sha256=content_hash(old)
    )
    page = mirror_of(report.provider.key, before)
    assert "was bij deze versie nog niet berekend" in page
    assert "Met wie wordt u vergeleken?" in page


def test_a_correction_for_circumstances_is_shown_beside_the_score_it_led_to() -> None:
    """Costs rise with urbanity: who works in the city is corrected upwards, and reads from what to what."""
    round = make_round(
        [
            delivery(
                f"999000{number:02d}",
                total_cost=1_000_000 + 60_000 * (number % 5) + 17_000 * (number % 3),
                days_5vv=10_000,
                urbanity=1 + number % 5,
            )
            for number in range(12)
        ]
    )
    correction = {"method": "peer_difference", "measures": ["urbanity"], "cap": "0.40"}
    run = computed(round, {**ONE_PRODUCT, "correction": correction})
    document = released(run)["99900004"]
    result = Result.objects.get(run=run, provider__key="99900004")
    assert result.correction is not None
    assert result.correction > 0.01
    assert float(document["score"]) == pytest.approx(result.score + result.correction, abs=1e-6)
    page = mirror_of("99900004")
    assert f"<dt>Score vóór correctie</dt> <dd> {result.score * 100:.2f} % </dd>".replace(".", ",") in page
    assert (
        f"<dt>Correctie voor omstandigheden</dt> <dd> {result.correction * 100:.2f} % </dd>".replace(".", ",") in page
    )
    assert "Het interval hoort bij de score vóór de correctie voor omstandigheden." in page
    assert "gecorrigeerd voor het verschil in omstandigheden" in page


# ── peers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_a_peer_without_name_the_effect_is_told_in_whole_percents() -> None:
    documents = released(computed(mixed_round(), TWO_PRODUCTS))
    told = 0
    for link_owner in Result.objects.filter(score__lt=1).select_related("provider"):
        found = documents[link_owner.provider.key]["without_peer"]
        links = PeerLink.objects.filter(result=link_owner)
        largest = max(link.score_without or 0 for link in links)
        assert re.fullmatch(r"Peer [A-Z]", found["peer"])
        assert re.fullmatch(r"\d{1,3}", found["score"])
        assert abs(int(found["score"]) - largest * 100) <= 0.5
        told += 1
    assert told >= 3
    page = mirror_of("99900003")
    found = documents["99900003"]["without_peer"]
    assert f"Zonder {found['peer']} zou uw score ongeveer {found['score']} % zijn" in page
    assert "afgerond op hele procenten" in page


def test_the_peer_that_is_named_in_that_sentence_is_the_one_in_the_list() -> None:
    documents = released(computed(mixed_round(), TWO_PRODUCTS))
    for document in documents.values():
        if document.get("without_peer"):
            assert document["without_peer"]["peer"] in [peer["name"] for peer in document["peers"]["chosen"]]


def test_of_a_named_peer_the_effect_is_told_exactly() -> None:
    documents = released(computed(mixed_round("named"), TWO_PRODUCTS))
    result = Result.objects.get(provider__key="99900003")
    links = {link.peer.provider.name: link.score_without for link in result.peer_links.select_related("peer__provider")}
    found = documents["99900003"]["without_peer"]
    assert f"{links[found['peer']] * 100:.1f}".replace(".", ",") == found["score"]
    assert links[found["peer"]] == max(score for score in links.values() if score is not None)
    page = mirror_of("99900003")
    assert f"Zonder {found['peer']} zou uw score {found['score']} % zijn" in page
    assert "afgerond op hele procenten" not in page


def test_of_a_peer_that_carries_nearly_everything_nothing_is_told() -> None:
    """One peer alone: its cost per day could be computed from anything that is told of it."""
    round = make_round([delivery(key, total_cost=cost, days_5vv=10_000) for key, cost in LADDER.items()])
    documents = released(computed(round, ONE_PRODUCT))
    assert documents["99900004"]["peers"]["is_hidden"]
    assert documents["99900004"]["without_peer"] is None
    page = mirror_of("99900004")
    assert "Zonder Peer" not in page
    assert "Hoeveel hangt er van één peer af? Dat laten wij niet zien." in page
    assert "U bent vergeleken met 3 andere aanbieders. Op wie uw uitkomst rust, laten wij niet zien." in page
    assert "één andere aanbieder" not in page  # that it is one would be half the answer


def test_that_little_hangs_on_one_peer_is_told_without_figures() -> None:
    """Two pairs of twins that differ by less than a hundredth: whoever goes, the other half of its pair takes over."""
    figures = [
        (1000, 900, 100),
        (1000, 100, 900),
        (1003, 900, 100),
        (1003, 100, 900),
        (1600, 500, 500),
        (2000, 450, 550),
    ]
    round = make_round(
        [
            delivery(f"9990000{number}", total_cost=cost * 1_000, days_5vv=days * 10, days_7vv=other * 10)
            for number, (cost, days, other) in enumerate(figures, start=1)
        ]
    )
    documents = released(computed(round, TWO_PRODUCTS))
    assert documents["99900005"]["without_peer"] == {"peer": "", "score": ""}
    # One point of € 1,600,000.
    assert "stijgt uw score met minder dan 1 procentpunt (minder dan ongeveer € 16.000)" in mirror_of("99900005")


def test_a_provider_reads_that_other_combinations_of_peers_give_the_same_score() -> None:
    """The second is the first twice over: under constant returns either can stand for the other."""
    figures = [(100, 900, 100), (200, 1800, 200), (100, 100, 900), (160, 500, 500), (180, 520, 480)]
    round = make_round(
        [
            delivery(f"9990000{number}", total_cost=cost * 10_000, days_5vv=days * 10, days_7vv=other * 10)
            for number, (cost, days, other) in enumerate(figures, start=1)
        ]
    )
    run = computed(round, TWO_PRODUCTS)
    documents = released(run)
    ambiguous = Result.objects.get(run=run, provider__key="99900004")
    assert ambiguous.peers_unique is False
    assert documents["99900004"]["peers"]["are_unique"] is False
    said = "Ook andere combinaties van peers geven precies dezelfde score."
    assert said in mirror_of("99900004")
    assert run.summary["peers_not_unique"] == Result.objects.filter(run=run, peers_unique=False).count() > 0
    assert f"{run.summary['peers_not_unique']} aanbieders; daar beslist een vaste regel" in round_page(round)


def test_a_provider_whose_peers_are_the_only_ones_does_not_read_that() -> None:
    released(computed(mixed_round(), TWO_PRODUCTS))
    assert "Ook andere combinaties" not in mirror_of("99900003")


# ── the page of the round ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_nza_reads_who_carries_the_outcome_and_what_that_is_worth() -> None:
    round = make_round([delivery(key, total_cost=cost, days_5vv=10_000) for key, cost in LADDER.items()])
    run = computed(round, ONE_PRODUCT)
    leading = Result.objects.get(run=run, provider__key="99900001")
    # Each of the three others is measured at 110 instead of 100 per day: three times 100,000.
    assert (leading.users, leading.influence) == (3, pytest.approx(Decimal(300_000), abs=2))
    page = round_page(round)
    assert "Wie dragen deze uitkomst?" in page
    row = re.search(
        r"<tr> <th scope=\"row\">(?:(?!</tr>).)*Aanbieder 99900001.*?</tr>", page[page.index("Wie dragen") :]
    )
    assert row is not None
    assert "3 anderen" in row[0]
    assert "€ 300.000" in row[0]
    share = f"{300_000 / float(run.summary['minimum_cost']) * 100:.1f}".replace(".", ",")
    assert f"{share} % van het landelijke minimum" in row[0]
    assert "mag u niet optellen" in page
    others = page[page.index("Wie dragen") :].split("</table>")[0]
    assert "99900003" not in others


def test_the_nza_reads_every_score_with_its_interval_in_the_list() -> None:
    run = computed_round()
    page = round_page(Round.objects.get())
    for result in Result.objects.filter(run=run, participates=True).select_related("provider")[:5]:
        row = page[page.index(f"{result.provider.key}</span>") :].split("</tr>")[0]
        assert shown(result.published_score) in row
        if result.uncertainty_shown:
            assert f"{shown(result.score_lower).removesuffix(' %')}–{shown(result.score_upper)}" in row
    assert "Score en interval" in page


def test_the_nza_downloads_how_sure_every_outcome_is_and_what_hangs_on_it() -> None:
    run = computed(gated_round(), GATED_MODEL)
    file = io.StringIO()
    results_csv.write(run, file, for_spreadsheet=True)
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(file.getvalue()))}
    for result in Result.objects.filter(run=run).select_related("provider"):
        row = rows[result.provider.key]
        assert row["users"] == str(result.users)
        assert Decimal(row["influence"]) == result.influence
        assert row["peers_unique"] == {True: "yes", False: "no"}[bool(result.peers_unique)]
        ends = (row["score_lower"], row["score_upper"], row["bias_corrected_score"])
        if row["key"] == "99900009":
            assert (row["interval_shown"], *ends) == ("no", "", "", "")
        else:
            assert row["interval_shown"] == "yes"
            assert [float(end) for end in ends] == [
                result.score_lower, result.score_upper, result.bias_corrected_score
            ]  # fmt: skip


def test_the_nza_reads_who_fails_on_quality_apart_from_who_delivered_nothing_on_it() -> None:
    round = make_round(
        [
            delivery(
                key,
                total_cost=cost,
                days_5vv=10_000,
                qualified={"99900003": Decimal("0.1"), "99900004": None}.get(key, Decimal("0.9")),
            )
            for key, cost in {**LADDER, "99900005": 2_100_000, "99900006": 1_900_000}.items()
        ]
    )
    page = round_page(computed(round, GATED_MODEL).dataset.round)
    assert "<dt>Voldoen niet aan kwaliteit</dt> <dd> 1 aanbieder, wel gemeten" in page
    assert "<dt>Gegevens over kwaliteit ontbreken</dt> <dd> 1 aanbieder, wel gemeten" in page


def test_the_figure_of_all_intervals_is_one_that_plotly_knows_and_holds_everybody_once() -> None:
    import plotly.graph_objects as go

    run = computed_round()
    figure = intervals(run)
    assert figure is not None
    go.Figure(figure["plotly"])
    lines, marks = figure["plotly"]["data"]
    count = Result.objects.filter(run=run, uncertainty_shown=True).count()
    assert len(marks["x"]) == count
    assert marks["y"] == sorted(marks["y"])
    assert lines["y"].count(None) == count
    assert {note["text"] for note in figure["plotly"]["layout"]["annotations"]} == {"score", "interval"}
    assert len(figure["table"]["rows"]) == 10
    assert len(deliveries()) > count
