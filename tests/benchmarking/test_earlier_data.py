"""A portal in its second year: what was stored before there were intervals and influence is still there and can be looked at.

A database of its own is brought to the state before migrations 0003 and 0004, filled with the models of that time, and then
migrated as an installation is. What its models ask for was accepted then and is refused now.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarking import datasets, lease, runs
from benchmarking.models import Result, Run, RunStatus
from benchmarking.specification import SpecificationError
from ivportal.database.roles import connecting_as_owner
from providers.access import EVERYTHING, NOTHING, scope
from providers.models import Mandate, Provider, Role, Round, User
from tariffs.models import MirrorReport, Release, Standing
from tariffs.release import release_run
from tests.cast import PASSWORD
from tests.factories import SIMPLE, computed

BEFORE = [
    ("providers", "0002_database_rules"),
    ("benchmarking", "0002_database_rules"),
    ("tariffs", "0002_database_rules"),
]
TABLES = (
    "providers_round", "providers_provider", "providers_submission", "providers_submissionversion",
    "providers_measuredvalue", "benchmarking_specification", "benchmarking_roundspecification", "benchmarking_dataset",
    "benchmarking_dataset_versions", "benchmarking_run", "benchmarking_runstep", "benchmarking_result",
    "benchmarking_peerlink", "tariffs_bandwidth",
)  # fmt: skip
#: Costs, days and score by key: 100, 125 and 200 euro per day.
FIGURES = {
    "99900001": (900_000, 9000, 1.0),
    "99900002": (1_250_000, 10_000, 0.8),
    "99900003": (1_600_000, 8000, 0.5),
}
BEST = "99900001"
#: By the short name of the round: what its model asked for, and what is said of that now.
MODELS = {
    "vroeger-fdh": (
        {"returns_to_scale": "fdh", "bootstrap": {"replications": 2000, "confidence": 0.95, "convention": "shephard"}},
        "Een interval (bootstrap) kan niet samen met fdh.",
    ),
    "vroeger-woord": (
        {"returns_to_scale": "crs", "bootstrap": {"replications": 2000, "confidence": 0.95, "convention": "simar"}},
        "bootstrap → convention: kies één van de toegestane waarden: 'shephard', 'benchmarking' of 'rdea'.",
    ),
    "vroeger-veel": (
        {
            "returns_to_scale": "crs",
            "bootstrap": {"replications": 200_000, "confidence": 0.9, "convention": "shephard"},
        },
        "bootstrap → replications: mag hoogstens 100000 zijn.",
    ),
}
SLUGS = list(MODELS)
#: A round that was released already, by one person, as it was then.
RELEASED = "vroeger-vrij"
#: What the database said when somebody wanted to go back while a release was prepared.
said_of_going_back: list[str] = []


def query(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else []


def all_rows() -> dict[str, dict[int, dict[str, Any]]]:
    """Return every row of the tables there were, by table and key."""
    return {
        table: {key: json.loads(row) for key, row in query(f"SELECT id, to_jsonb(t)::text FROM {table} t")}
        for table in TABLES
    }


def fill(models: Any) -> None:
    """Store what the portal of that time stored: per model a round with a completed and a waiting run."""

    def of(application: str, name: str) -> Any:
        return models.get_model(application, name).objects

    now = timezone.now()
    providers = {
        key: of("providers", "Provider").create(key_scheme="kvk", key=key, name=f"Aanbieder {key}") for key in FIGURES
    }
    source = of("providers", "SourceFile").create(name="oud.xlsx", sha256="a" * 64, content=b"oud")
    rounds = {**{slug: parts for slug, (parts, _) in MODELS.items()}, RELEASED: {"returns_to_scale": "crs"}}
    for number, (slug, parts) in enumerate(rounds.items()):
        round = of("providers", "Round").create(
            slug=slug, title=f"Ronde {slug}", book_year=2019 + number, currency="EUR", is_fictitious=True, source="iv",
            template_version="iv-1", measures=["total_cost", "days_5vv"], status="closed",
        )  # fmt: skip
        versions = []
        for key, (cost, days, _) in FIGURES.items():
            submission = of("providers", "Submission").create(round=round, provider=providers[key], status="submitted")
            version = of("providers", "SubmissionVersion").create(
                submission=submission, number=1, source_file=source, file_name="oud.xlsx", sha256="b" * 64,
                submitted_at=now,
            )  # fmt: skip
            for measure, value in (("total_cost", cost), ("days_5vv", days)):
                of("providers", "MeasuredValue").create(
                    version=version, measure=measure, value=value, sheet="Kosten", row=2, column="C", raw=str(value)
                )
            versions.append(version)
        lines = [f"{key},1,0,,{days},{cost}" for key, (cost, days, _) in FIGURES.items()]
        content = "\n".join(["key,delivered,merged,errors,days_5vv,total_cost", *lines, ""]).encode()
        dataset = of("benchmarking", "Dataset").create(
            round=round, content=content, sha256=hashlib.sha256(content).hexdigest()
        )
        dataset.versions.set(versions)
        model = of("benchmarking", "Specification").create(
            document={**SIMPLE, **parts, "name": f"Model {slug}", "seed": 7}, sha256=str(number) * 64
        )
        of("benchmarking", "RoundSpecification").create(round=round, specification=model)
        facts = {"dataset": dataset, "specification": model, "engine_version": "1", "seed": 7, "frozen": FROZEN}
        run = of("benchmarking", "Run").create(
            **facts, status="completed", fence=1, started_at=now, finished_at=now, result_hash="c" * 64, summary=SUMMARY
        )
        of("benchmarking", "RunStep").create(
            run=run, number=1, code="frontier", title="Vergelijken met de beste praktijken", status="done",
            started_at=now, finished_at=now, sentences=["Drie aanbieders zijn vergeleken."], figures={"fallback": 0},
        )  # fmt: skip
        fill_results(of, run, providers)
        if slug == RELEASED:
            release = of("tariffs", "Release").create(
                run=run, round=round, status="simulation",
                released_by=of("providers", "User").create(email="pieter@example.org", name="Pieter"),
            )  # fmt: skip
            for provider in providers.values():
                of("tariffs", "MirrorReport").create(release=release, provider=provider, content={}, sha256="d" * 64)
        else:
            of("benchmarking", "Run").create(**facts, status="queued")


def prepare_a_release() -> None:
    """Store a release of now that nobody may see yet, of a run that no other test looks at."""
    with scope(EVERYTHING):
        run = Run.objects.get(dataset__round__slug=RELEASED)
        Release.objects.create(run=run, round=run.dataset.round, status="provisional", stage="prepared")


FROZEN = {
    "format": 1,
    "currency": "EUR",
    "policy": {
        "number": 1, "markup": "0.10", "marks_up_allowances": True, "cap": "1", "index": None, "index_name": "",
        "disclosure": "named", "book_year": 2019, "tariff_year": None, "tariff_table": None,
    },
    "book_year_tariffs": {}, "tariff_year_tariffs": {}, "product_prices": {},
}  # fmt: skip
SUMMARY = {
    "providers": 3, "delivered": 3, "taking_part": 3, "excluded": 0, "reasons": {}, "mean_score": 0.766667,
    "median_score": 0.8, "efficient": 1, "peers": 1, "not_a_peer": {"quality": 0, "outlier": 0},
    "total_cost": "3750000", "minimum_cost": "2700000.00", "maximum_cost": "2970000.00",
    "distribution": [{"from": 0.95, "to": 1.0, "providers": 1}, {"from": 0.8, "to": 0.85, "providers": 1}],
}  # fmt: skip


def fill_results(of: Any, run: Any, providers: dict[str, Any]) -> None:
    """Store the results of a run as they were before 0003: no interval, nothing about influence."""
    results = {}
    for key, (cost, _, score) in FIGURES.items():
        results[key] = of("benchmarking", "Result").create(
            run=run, provider=providers[key], participates=True, total_cost=cost, allowance=0, comparable_cost=cost,
            fixed_cost=0, quality="not_asked", outlier="none", may_be_peer=True, comparable_count=3, status="optimal",
            score=score, super_efficiency=score, published_score=Decimal(str(score)),
            minimum_cost=Decimal(str(score)) * cost, certificate=[0.0, 0.0, 0.0], peers_unique=True,
        )  # fmt: skip
        of("tariffs", "Bandwidth").create(
            run=run, provider=providers[key], result=results[key], minimum_cost=results[key].minimum_cost,
            maximum_cost=results[key].minimum_cost * Decimal("1.1"), status="no_tariff", reason="Geen tarieftabel.",
        )  # fmt: skip
    for key, (_, days, _) in FIGURES.items():
        of("benchmarking", "PeerLink").create(
            result=results[key], peer=results[BEST], weight=days / FIGURES[BEST][1], cost_share=1.0
        )


@pytest.fixture(scope="module")
def before(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, dict[int, dict[str, Any]]]]:
    """Give every row there was before the migration; the connection is that of the migrated database."""
    name = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        connection.close()
        with connecting_as_owner():
            query(f'CREATE DATABASE "{name}_earlier"')
        try:
            connection.settings_dict["NAME"] = f"{name}_earlier"
            for application, migration in BEFORE:
                call_command("migrate", application, migration, verbosity=0)
            with scope(EVERYTHING):
                fill(MigrationExecutor(connection).loader.project_state(BEFORE).apps)
                kept = all_rows()
            call_command("migrate", verbosity=0)
            # The last rules can be taken back and given again, also where there are rows.
            call_command("migrate", "providers", "0004_rules_of_delivering", verbosity=0)
            call_command("migrate", verbosity=0)
            prepare_a_release()
            with pytest.raises(IntegrityError) as refusal:
                call_command("migrate", "tariffs", "0006_post", verbosity=0)
            said_of_going_back.append(str(refusal.value))
            # What was taken back before it came to the one that refuses is given again.
            call_command("migrate", verbosity=0)
            yield kept
        finally:
            connection.close()
            connection.settings_dict["NAME"] = name
            with connecting_as_owner():
                query(f'DROP DATABASE "{name}_earlier" WITH (FORCE)')


@pytest.fixture(autouse=True)
def migrated(before: dict[str, Any], django_db_blocker: Any) -> Iterator[None]:
    """Have every test see everything of the migrated database; what it does is undone."""
    with django_db_blocker.unblock(), transaction.atomic(), scope(EVERYTHING):
        yield
        transaction.set_rollback(True)


def old_run(slug: str) -> Run:
    """Return the run that was completed before the migration."""
    return Run.objects.get(dataset__round__slug=slug, status=RunStatus.COMPLETED)


def noor() -> Client:
    """Return the browser of somebody of the NZa."""
    user = User.objects.create_user("noor@example.org", PASSWORD, name="Noor")
    Mandate.objects.create(user=user, role=Role.NZA)
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    """Return a page with plain spaces; it must be there."""
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("&nbsp;", " ").replace("&#x27;", "'").split())


def refused(sql: str) -> str | None:
    """Return the database's message if it refuses ``sql``; what it did is undone either way."""
    try:
        with transaction.atomic():
            query(sql)
            transaction.set_rollback(True)
    except IntegrityError as error:
        return str(error)
    return None


# ── what the migration leaves as it was ────────────────────────────────────────────────────────────────────────────


def test_no_row_is_lost_and_no_figure_in_it_changes(before: dict[str, dict[int, dict[str, Any]]]) -> None:
    after = all_rows()
    assert all(before.values())
    for table, rows in before.items():
        assert after[table].keys() == rows.keys(), table
        for key, row in rows.items():
            assert row.items() <= after[table][key].items(), table


def test_what_is_new_is_empty_in_old_results() -> None:
    for result in Result.objects.all():
        assert (result.score_lower, result.score_upper, result.bias_corrected_score) == (None, None, None)
        assert (result.correction, result.users, result.influence) == (None, None, None)
        assert result.uncertainty_shown is False
    assert set(query("SELECT DISTINCT score_without FROM benchmarking_peerlink")) == {(None,)}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE benchmarking_result SET users = 1",
        "UPDATE benchmarking_peerlink SET score_without = 1",
        "UPDATE benchmarking_run SET summary = '{}' WHERE status = 'completed'",
        "DELETE FROM benchmarking_specification",
        "UPDATE benchmarking_dataset SET content = ''",
    ],
)
def test_old_rows_are_as_unchangeable_as_new_ones(sql: str) -> None:
    message = refused(sql)
    assert message is not None
    assert "never changed or deleted" in message


def test_an_old_run_goes_on_from_state_to_state_as_it_should() -> None:
    assert refused("UPDATE benchmarking_run SET status = 'running' WHERE status = 'queued'") is None
    message = refused("UPDATE benchmarking_run SET status = 'completed' WHERE status = 'queued'")
    assert message is not None
    assert "transition from queued to completed is not allowed" in message


def test_old_rows_and_new_tables_are_seen_by_nobody_who_was_told_nothing() -> None:
    with scope(NOTHING):
        for table in ("benchmarking_result", "benchmarking_peerlink", "benchmarking_run", "benchmarking_dataset"):
            assert query(f"SELECT count(*) FROM {table}") == [(0,)], table
    secured = query(
        "SELECT relname FROM pg_class WHERE relname IN ('benchmarking_rundivision', 'benchmarking_runshard')"
        " AND relrowsecurity AND relforcerowsecurity"
    )
    assert len(secured) == 2


def test_what_one_person_released_stays_released_to_those_in_the_round_and_has_its_standings() -> None:
    """Before there were stages one person was enough, and nobody is asked to approve it now."""
    release = Release.objects.get(round__slug=RELEASED, stage="released")
    assert (release.prepared_by, release.approved_by) == (User.objects.get(name="Pieter"), None)
    assert Standing.objects.filter(release=release).count() == len(FIGURES)
    stranger = Provider.objects.create(key_scheme="kvk", key="99900009", name="Buiten de ronde")
    for provider, seen in ((Provider.objects.get(key=BEST), 1), (stranger, 0)):
        with scope(f"provider:{provider.pk}"):
            assert Release.objects.count() == seen
            assert MirrorReport.objects.count() == seen
            assert Standing.objects.count() == seen


def test_nobody_goes_back_to_a_portal_without_stages_while_a_release_is_under_way() -> None:
    """It would show at once what nobody may see."""
    (said,) = said_of_going_back
    assert "Er zijn vrijgaven die niemand mag zien" in said
    assert query("SELECT count(*) FROM pg_trigger WHERE tgname = 'a_release_is_approved_by_two'") == [(1,)]


# ── what people see of it ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("slug", SLUGS)
def test_the_page_of_an_old_round_shows_model_and_outcome_and_says_why_nothing_can_be_started(slug: str) -> None:
    Run.objects.filter(status=RunStatus.QUEUED).update(status=RunStatus.CANCELLED)
    client = noor()
    shown = page(client, reverse("round", args=[slug]))
    assert f"Model {slug}" in shown
    replications = old_run(slug).specification.document["bootstrap"]["replications"]
    assert f"{replications:,} herhalingen".replace(",", ".") in shown
    assert old_run(slug).result_hash in shown
    assert "77 %" in shown or "76,7 %" in shown  # the mean score
    assert MODELS[slug][1] in shown
    assert "is van vóór de regels die nu gelden" in shown
    assert reverse("start_run", args=[slug]) not in shown
    assert page(client, reverse("run_progress", args=[old_run(slug).uuid]))
    assert page(client, reverse("rounds"))


def test_a_word_that_the_portal_does_not_know_is_shown_as_it_was_written() -> None:
    shown = page(noor(), reverse("round", args=["vroeger-woord"]))
    assert "rekenwijze ‘simar’, die dit portaal niet kent" in shown


@pytest.mark.parametrize("slug", SLUGS)
def test_starting_it_anyway_is_refused_in_words_and_stores_nothing(slug: str) -> None:
    Run.objects.filter(status=RunStatus.QUEUED).update(status=RunStatus.CANCELLED)
    client, count = noor(), Run.objects.count()
    answer = client.post(reverse("start_run", args=[slug]), follow=True)
    said = " ".join(str(message) for message in answer.context["messages"])
    assert MODELS[slug][1] in said
    assert "Kies een modelspecificatie waarin dit is verbeterd." in said
    assert Run.objects.count() == count
    with pytest.raises(CommandError) as refusal:
        call_command("compute", slug)
    assert refusal.value.returncode == 2
    assert MODELS[slug][1] in str(refusal.value)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_same_model_is_refused_when_it_is_chosen_now(slug: str) -> None:
    round = Round.objects.get(slug=slug)
    with pytest.raises(SpecificationError) as refusal:
        runs.set_specification(round=round, document=round.specifications.get().specification.document, actor=None)
    assert refusal.value.problems == (MODELS[slug][1],)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_run_that_waited_through_the_change_ends_with_the_reason(slug: str) -> None:
    waiting = Run.objects.get(dataset__round__slug=slug, status=RunStatus.QUEUED)
    claimed = lease.claim(waiting.pk)
    assert claimed is not None
    runs.carry_out(claimed)
    waiting.refresh_from_db()
    assert waiting.status == RunStatus.FAILED
    assert MODELS[slug][1] in waiting.failure_reason


@pytest.mark.parametrize("slug", SLUGS)
def test_an_old_run_that_cannot_be_computed_again_is_not_confirmed_and_the_reason_is_told(slug: str) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("verify", str(old_run(slug).uuid))
    assert refusal.value.returncode == 1
    assert MODELS[slug][1] in str(refusal.value)


@pytest.mark.parametrize("slug", SLUGS)
def test_old_results_can_be_downloaded_and_exported(slug: str) -> None:
    answer = noor().get(reverse("results_csv", args=[old_run(slug).uuid]))
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(answer.content.decode()))}
    assert {key: float(row["score"]) for key, row in rows.items()} == {
        key: score for key, (*_, score) in FIGURES.items()
    }
    assert rows["99900003"]["minimum_cost"] == "800000.00"
    assert rows["99900003"]["peers"].startswith(f"{BEST}:0.88")


@pytest.mark.parametrize("slug", SLUGS)
def test_an_old_run_can_be_released_and_its_mirror_shows_no_interval(slug: str) -> None:
    release_run(run=old_run(slug), actor=None)
    anne = User.objects.create_user("anne@example.org", PASSWORD, name="Anne")
    Mandate.objects.create(user=anne, role=Role.PROVIDER, provider=Provider.objects.get(key="99900002"))
    client = Client()
    client.force_login(anne)
    report = MirrorReport.objects.get(provider__key="99900002", release__round__slug=slug)
    shown = page(client, reverse("mirror_report", args=[report.uuid]))
    assert "Het interval kon in deze ronde niet worden berekend." in shown
    assert "Aanbieder 99900001" in shown
    assert f"Model {slug}" in shown


def test_a_new_run_of_an_old_round_stands_beside_the_old_one() -> None:
    Run.objects.filter(status=RunStatus.QUEUED).update(status=RunStatus.CANCELLED)
    new = computed(Round.objects.get(slug="vroeger-fdh"), {**SIMPLE, "bootstrap": {"replications": 100}})
    assert new.status == RunStatus.COMPLETED, new.failure_reason
    assert new.dataset == old_run_beside(new).dataset  # the same figures are frozen once
    scores = dict(Result.objects.filter(run=new).values_list("provider__key", "score"))
    assert scores == pytest.approx({key: score for key, (*_, score) in FIGURES.items()}, abs=1e-9)
    assert set(Result.objects.filter(run=new).values_list("users", flat=True)) == {0, 2}
    assert datasets.read(bytes(new.dataset.content)).index.tolist() == list(FIGURES)


def old_run_beside(new: Run) -> Run:
    """Return the run of the same round that was there before."""
    return Run.objects.exclude(pk=new.pk).get(dataset__round=new.dataset.round, status=RunStatus.COMPLETED)
