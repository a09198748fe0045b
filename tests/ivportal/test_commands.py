"""The commands: what they print, what they refuse with which code, and what they leave alone."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from benchmarking.models import Run
from providers import fictitious
from providers.access import EVERYTHING, scope
from providers.models import Provider, Round, SourceFile, Submission
from tests.factories import SIMPLE, computed, delivery, make_round
from tests.processes import CLOCKS, database_url, empty_database

COLUMNS = "key,name,participation,reason,cost,score,minimum_cost,maximum_cost,peers,run,hash"


def run_command(*words: str) -> tuple[str, str]:
    """Carry out a command in this process; return what it wrote to its two outputs."""
    out, errors = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=errors)
    return out.getvalue(), errors.getvalue()


def refused(*words: str) -> CommandError:
    """Carry out a command that must be refused; return the refusal."""
    with pytest.raises(CommandError) as refusal:
        run_command(*words)
    return refusal.value


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Carry out a command as people do: in a process of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a small round."""
    folder = tmp_path_factory.mktemp("round")
    return fictitious.write(fictitious.generate(3, providers=50, book_years=(2024,)), folder)[0]


@pytest.fixture
def run(db: None) -> Run:
    """Give a computed run of three providers whose scores a reader can work out: costs per day 100, 125 and 200."""
    return computed(
        make_round(
            [
                delivery("99900001", "De Linde", total_cost="900000.00", days_5vv=9000),
                delivery("99900002", 'Het "Anker", Middelburg', total_cost="1250000.50", days_5vv=10000),
                delivery("99900003", "De Beuk", total_cost="1600000", days_5vv=8000),
                delivery("99900004", "Zonder kosten", total_cost=None, days_5vv=8000),
            ]
        )
    )


def exported(text: str) -> dict[str, dict[str, str]]:
    """Return the rows of an export by key."""
    return {row["key"]: row for row in csv.DictReader(io.StringIO(text))}


class TestImportRound:
    """``import_round SOURCE FILE…``."""

    def test_it_prints_the_short_name_and_nothing_else(self, db: None, workbook: Path) -> None:
        printed, told = run_command("import_round", "iv", str(workbook))
        assert printed == "fictief-2024\n"
        assert re.search(r"\d+ aanleveringen \(\d+ nieuw", told)
        assert Round.objects.get().slug == "fictief-2024"

    def test_the_same_file_again_changes_nothing(self, db: None, workbook: Path) -> None:
        run_command("import_round", "iv", str(workbook))
        before = (Submission.objects.count(), Provider.objects.count(), SourceFile.objects.count())
        printed, told = run_command("import_round", "iv", str(workbook))
        assert printed == "fictief-2024\n"
        assert "(0 nieuw" in told
        assert (Submission.objects.count(), Provider.objects.count(), SourceFile.objects.count()) == before

    def test_a_wrong_file_is_refused_by_name_and_leaves_everything_as_it_was(
        self, db: None, workbook: Path, tmp_path: Path
    ) -> None:
        wrong = tmp_path / "geen-werkmap.xlsx"
        wrong.write_bytes(b"dit is geen werkmap")
        refusal = refused("import_round", "iv", str(workbook), str(wrong))
        assert refusal.returncode == 2
        assert "geen-werkmap.xlsx" in str(refusal)
        assert "Er is niets ingelezen" in str(refusal)
        assert not Round.objects.exists()
        assert not Provider.objects.exists()

    def test_a_file_of_another_source_is_refused(self, db: None, workbook: Path) -> None:
        assert refused("import_round", "somed", str(workbook)).returncode == 2
        assert not Round.objects.exists()

    def test_a_file_that_is_not_there_is_refused(self, db: None, tmp_path: Path) -> None:
        refusal = refused("import_round", "iv", str(tmp_path / "weg.xlsx"))
        assert refusal.returncode == 2
        assert "weg.xlsx" in str(refusal)

    def test_an_unknown_source_is_refused_with_the_sources_there_are(self, db: None, workbook: Path) -> None:
        refusal = refused("import_round", "onbekend", str(workbook))
        assert refusal.returncode == 2
        assert "iv" in str(refusal)
        assert "somed" in str(refusal)


class TestExportResults:
    """``export_results ROUND [--run RUN] [--to FILE.csv]``."""

    def test_the_columns_and_figures_are_what_was_agreed(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("export_results", "proef-2024")
        text = capsys.readouterr().out
        assert text.splitlines()[0] == COLUMNS
        rows = exported(text)
        assert list(rows) == ["99900001", "99900002", "99900003", "99900004"]
        beuk, anker = rows["99900003"], rows["99900002"]
        assert float(beuk["score"]) == pytest.approx(0.5, abs=1e-9)
        assert (beuk["cost"], beuk["minimum_cost"], beuk["maximum_cost"]) == ("1600000.00", "800000.00", "880000.00")
        assert (beuk["participation"], beuk["reason"]) == ("yes", "")
        key, _, weight = beuk["peers"].partition(":")
        assert key == "99900001"
        assert float(weight) == pytest.approx(8000 / 9000, abs=1e-9)
        assert float(anker["score"]) == pytest.approx(1_000_000 / 1_250_000.50, abs=1e-9)
        assert len(anker["score"].partition(".")[2]) > 6, "the score is not in full precision"
        assert anker["name"] == 'Het "Anker", Middelburg'
        assert {row["run"] for row in rows.values()} == {str(run.uuid)}
        assert {row["hash"] for row in rows.values()} == {run.result_hash}

    def test_who_does_not_take_part_has_a_reason_and_no_figures(self, run: Run, tmp_path: Path) -> None:
        run_command("export_results", "proef-2024", "--to", str(tmp_path / "uit.csv"))
        row = exported((tmp_path / "uit.csv").read_text(encoding="utf-8"))["99900004"]
        assert row["participation"] == "no"
        assert row["reason"]
        assert [row[name] for name in ("score", "minimum_cost", "maximum_cost", "peers")] == ["", "", "", ""]

    def test_peers_are_joined_by_semicolons(self, db: None, tmp_path: Path) -> None:
        model = {**SIMPLE, "returns_to_scale": "vrs"}
        computed(
            make_round(
                [
                    delivery("99900001", total_cost=400_000, days_5vv=4000),
                    delivery("99900002", total_cost=1_200_000, days_5vv=8000),
                    delivery("99900003", total_cost=1_600_000, days_5vv=6000),
                ]
            ),
            model,
        )
        run_command("export_results", "proef-2024", "--to", str(tmp_path / "uit.csv"))
        peers = exported((tmp_path / "uit.csv").read_text(encoding="utf-8"))["99900003"]["peers"]
        found = dict(pair.split(":") for pair in peers.split(";"))
        assert {key: float(weight) for key, weight in found.items()} == pytest.approx(
            {"99900001": 0.5, "99900002": 0.5}
        )

    def test_a_file_is_utf_8_without_a_mark(self, run: Run, tmp_path: Path) -> None:
        run_command("export_results", "proef-2024", "--to", str(tmp_path / "uit.csv"))
        assert (tmp_path / "uit.csv").read_bytes().startswith(COLUMNS.encode() + b"\n")

    def test_a_run_is_named_by_its_identifier_or_the_beginning_of_it(self, run: Run, tmp_path: Path) -> None:
        later = computed(run.dataset.round, {**SIMPLE, "returns_to_scale": "vrs"})
        for named, meant in ((str(run.uuid), run), (str(run.uuid)[:13], run), (None, later)):
            words = ["--run", named] if named else []
            run_command("export_results", "proef-2024", *words, "--to", str(tmp_path / "uit.csv"))
            rows = exported((tmp_path / "uit.csv").read_text(encoding="utf-8"))
            assert {row["hash"] for row in rows.values()} == {meant.result_hash}

    def test_without_a_completed_run_it_is_refused(self, db: None) -> None:
        make_round([delivery("99900001", total_cost=400_000, days_5vv=4000)])
        assert refused("export_results", "proef-2024").returncode == 2
        assert refused("export_results", "proef-2024", "--run", "00000000").returncode == 2

    def test_a_run_of_another_round_is_refused(self, run: Run) -> None:
        make_round([delivery("99900001", total_cost=400_000, days_5vv=4000)], slug="proef-2023", book_year=2023)
        refusal = refused("export_results", "proef-2023", "--run", str(run.uuid))
        assert refusal.returncode == 2
        assert "hoort niet bij ronde proef-2023" in str(refusal)


class TestUnknownRounds:
    """A mistyped round is answered with the rounds there are."""

    @pytest.mark.parametrize("words", [("compute",), ("export_results",)])
    def test_the_rounds_that_are_known_are_named(self, words: tuple[str, ...], run: Run) -> None:
        refusal = refused(*words, "proef-2042")
        assert refusal.returncode == 2
        assert "'proef-2042'" in str(refusal)
        assert "proef-2024" in str(refusal)


class TestCompute:
    """``compute ROUND [--spec FILE]``, as far as it refuses."""

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ('{"inputs": ["total_cost"], "outputs": [{"name": "x", "days": ["days_99vv"]}]}', "days_99vv"),
            ('{"outputs": []}', "inputs"),
            ("{geen json", "model.json"),
            ("\xff", "model.json"),
        ],
    )
    def test_a_model_that_cannot_be_used_is_refused(self, document: str, said: str, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "model.json"
        file.write_text(document, encoding="latin-1")
        refusal = refused("compute", "proef-2024", "--spec", str(file))
        assert refusal.returncode == 2
        assert said in str(refusal)
        assert Run.objects.count() == 1

    def test_a_model_file_that_is_not_there_is_refused(self, run: Run, tmp_path: Path) -> None:
        assert refused("compute", "proef-2024", "--spec", str(tmp_path / "weg.json")).returncode == 2


class TestVerify:
    """``verify RUN``."""

    def test_a_run_that_is_as_it_was_is_confirmed(self, run: Run) -> None:
        printed, _ = run_command("verify", str(run.uuid))
        assert run.result_hash in printed
        assert "3 certificaten in orde" in printed

    def test_whole_numbers_confirm_it_too(self, run: Run) -> None:
        printed, _ = run_command("verify", str(run.uuid), "--exact")
        assert "verschilt geen score meer dan 0,00000000000000" in printed

    def test_an_unknown_run_is_refused(self, run: Run) -> None:
        assert refused("verify", "ffffffff").returncode == 2


class TestVerifyAfterTampering:
    """The owner of the database can switch its rules off; then ``verify`` tells."""

    @pytest.fixture
    def committed(self, transactional_db: None) -> Run:
        return computed(
            make_round(
                [
                    delivery("99900001", total_cost=400_000, days_5vv=4000),
                    delivery("99900002", total_cost=1_200_000, days_5vv=8000),
                    delivery("99900003", total_cost=900_000, days_5vv=7000),
                    delivery("99900004", total_cost=700_000, days_5vv=6000),
                ]
            ),
            {**SIMPLE, "bootstrap": {"replications": 100}},
        )

    def tamper(self, table: str, change: str, **values: Any) -> None:
        """Change rows as the owner, with the rule against it switched off."""
        with psycopg.connect(database_url(owner=True)) as owner:
            owner.execute("SELECT set_config('ivportal.scope', 'all', false)")
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER never_changed")
            changed = owner.execute(f"UPDATE {table} SET {change}", values)
            assert changed.rowcount >= 1
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER never_changed")

    def test_changed_figures_are_found(self, committed: Run) -> None:
        content = bytes(committed.dataset.content).replace(b"1200000", b"1100000")
        assert content != bytes(committed.dataset.content)
        self.tamper("benchmarking_dataset", "content = %(content)s", content=content)
        refusal = refused("verify", str(committed.uuid))
        assert refusal.returncode == 1
        assert "passen niet bij hun kenmerk" in str(refusal)

    def test_a_changed_model_is_found(self, committed: Run) -> None:
        self.tamper("benchmarking_specification", """document = jsonb_set(document, '{returns_to_scale}', '"vrs"')""")
        assert refused("verify", str(committed.uuid)).returncode == 1

    @pytest.mark.parametrize(
        ("table", "change"),
        [
            ("benchmarking_result", "minimum_cost = minimum_cost - 1"),
            ("benchmarking_result", "published_score = published_score - 0.01 WHERE published_score < 1"),
            ("benchmarking_run", "result_hash = repeat('0', 64)"),
            ("benchmarking_result", "score_lower = score_lower - 0.01 WHERE score_lower IS NOT NULL"),
            ("benchmarking_result", "uncertainty_shown = NOT uncertainty_shown WHERE uncertainty_shown"),
            ("benchmarking_result", "influence = influence + 1 WHERE influence > 0"),
            ("benchmarking_result", "users = users + 1 WHERE users > 0"),
            ("benchmarking_peerlink", "score_without = score_without - 0.1 WHERE score_without IS NOT NULL"),
            ("benchmarking_peerlink", "weight = weight + 0.25"),
            ("tariffs_bandwidth", "maximum_cost = maximum_cost + 1"),
            ("benchmarking_result", "certificate = '[0, 0.5, 0]'"),
        ],
    )
    def test_changed_results_are_found(self, table: str, change: str, committed: Run) -> None:
        self.tamper(table, change)
        assert refused("verify", str(committed.uuid)).returncode == 1

    def test_a_changed_score_is_told_with_the_exact_one(self, committed: Run) -> None:
        self.tamper("benchmarking_result", "score = score - 0.001 WHERE score < 1")
        assert "met gehele getallen" in str(refused("verify", str(committed.uuid), "--exact"))


@pytest.fixture(scope="module")
def environment(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Give what a command needs to work on the test database; what it stored is taken away afterwards."""
    with django_db_blocker.unblock(), scope(EVERYTHING):
        yield {
            **CLOCKS,
            "DATABASE_URL": database_url(owner=False),
            "DATABASE_OWNER_URL": database_url(owner=True),
            "IVPORTAL_DATA": str(tmp_path_factory.mktemp("commands")),
            "REDIS_URL": "",
        }
        empty_database()


@pytest.mark.workers
class TestInAProcess:
    """As people start them: a process, its outputs and its exit code, on committed rows."""

    def test_from_a_file_to_a_hash(self, environment: dict[str, str], workbook: Path, tmp_path: Path, db: None) -> None:
        imported = manage("import_round", "iv", str(workbook), **environment)
        assert (imported.returncode, imported.stdout) == (0, "fictief-2024\n")

        without = manage("compute", "fictief-2024", **environment)
        assert (without.returncode, without.stdout) == (2, "")
        assert "modelspecificatie" in without.stderr
        for measure in Round.objects.get().measures:
            assert measure in without.stderr

        model = tmp_path / "model.json"
        model.write_text(json.dumps({**SIMPLE, "participation": {"without_errors": True}}))
        done = manage("compute", "fictief-2024", "--spec", str(model), **environment)
        assert done.returncode == 0, done.stderr
        said = re.fullmatch(
            r"fictief-2024: (\d+) doen mee, (\d+) niet; run ([0-9a-f-]{36}); hash ([0-9a-f]{64})\n", done.stdout
        )
        assert said is not None
        assert "Vergelijken met de beste praktijken" in done.stderr
        run = Run.objects.get()
        assert (str(run.uuid), run.result_hash) == (said[3], said[4])
        assert int(said[1]) + int(said[2]) == Submission.objects.count()
        assert run.worker


def test_checks_of_the_code_start_no_server(tmp_path: Path) -> None:
    """``check``, the check of migrations and collecting files work where no database may be."""
    environment = {"IVPORTAL_DATA": str(tmp_path), "DATABASE_URL": "", "DATABASE_OWNER_URL": "", "REDIS_URL": ""}
    for words in (("check",), ("check_migrations",), ("collectstatic", "--no-input", "--dry-run")):
        done = manage(*words, **environment)
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "postgres").exists(), f"{words[0]} started a database"
