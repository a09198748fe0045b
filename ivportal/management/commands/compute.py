"""``manage.py compute ROUND [--spec FILE]``: a run in the foreground, with its progress."""

from __future__ import annotations

import json
import subprocess
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from benchmarking.models import Run, RunStatus, RunStep, StepStatus
from benchmarking.progress import parts_done
from benchmarking.runs import RunRefused, cancel_run, current_specification, request_run, set_specification
from benchmarking.specification import SpecificationError
from ivportal.management.lookup import round_called
from ivportal.workers import a_worker
from providers.access import EVERYTHING, scope
from providers.models import Round
from tariffs.settling import frontier_to_keep


class Command(BaseCommand):
    """Start a run, show its steps while a worker carries them out, and print the outcome."""

    help = "Bereken een ronde en toon de voortgang. Zonder --spec geldt de modelspecificatie die de ronde al heeft."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("round", metavar="ROUND", help="korte naam van de ronde")
        parser.add_argument(
            "--spec", metavar="FILE", type=Path, help="modelspecificatie (JSON) die de ronde gaat gebruiken"
        )
        parser.add_argument(
            "--only-corrected",
            action="store_true",
            help="reken alleen wie andere gegevens heeft opnieuw, tegen de vergelijking die is vrijgegeven",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with scope(EVERYTHING):
            round = round_called(options["round"])
            try:
                if options["spec"] is not None:
                    set_specification(round=round, document=read_json(options["spec"]), actor=None)
                current_specification(round)
                with a_worker() as worker:
                    against = frontier_to_keep(round) if options["only_corrected"] else None
                    run = self.watch(request_run(round=round, actor=None, against=against), worker)
            except (SpecificationError, RunRefused) as error:
                raise CommandError(str(error), returncode=2) from error
            self.report(round, run)

    def watch(self, run: Run, worker: subprocess.Popen[bytes] | None) -> Run:
        """Show the steps as they are committed until the run has ended; Ctrl-C stops the run."""
        shown: set[str] = set()
        try:
            while True:
                run.refresh_from_db()
                for step in run.steps.exclude(status=StepStatus.WAITING):
                    line = self.line_of(run, step)
                    if line and line not in shown:
                        shown.add(line)
                        self.stderr.write(line)
                if run.is_ended:
                    return run
                if worker is not None and worker.poll() is not None:
                    cancel_run(run=run, actor=None)
                    raise CommandError("Het rekenproces is gestopt; zie worker.log in de gegevensmap.", returncode=1)
                time.sleep(0.1)
        except KeyboardInterrupt:
            cancel_run(run=run, actor=None)
            raise

    def line_of(self, run: Run, step: RunStep) -> str:
        """Return what to say of a step: its record once it is done, before that how many of its parts are."""
        if step.status == StepStatus.DONE:
            bar = f"{'#' * step.number:<{len(settings.RUN_STEPS)}}"
            return f"  [{bar}] {step.title}: {' '.join(step.sentences)}"
        parts = parts_done(run, step)
        return f"  {step.title}: {parts}" if parts else ""

    def report(self, round: Round, run: Run) -> None:
        if run.status != RunStatus.COMPLETED:
            raise CommandError(run.failure_reason or run.get_status_display(), returncode=1)
        summary = run.summary
        self.stdout.write(
            f"{round.slug}: {summary['taking_part']} doen mee, {summary['excluded']} niet; run {run.uuid}; hash {run.result_hash}"
        )


def read_json(path: Path) -> Any:
    """Return the JSON of a file; CommandError with code 2 if it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path}: het bestand kan niet worden gelezen.", returncode=2) from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path}: dit is geen JSON ({error}).", returncode=2) from error
