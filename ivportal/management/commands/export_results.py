"""``manage.py export_results ROUND [--run RUN] [--to FILE.csv]``: the results of a run as CSV."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarking.results import NoRun, completed, latest_completed
from ivportal.management.lookup import round_called
from providers.access import EVERYTHING, scope
from tariffs import results_csv


class Command(BaseCommand):
    """Write the latest completed run of a round, or the one named; code 2 if there is none."""

    help = "Schrijf de uitkomsten van een ronde als CSV: de laatste voltooide berekening, of de genoemde."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("round", metavar="ROUND", help="korte naam van de ronde")
        parser.add_argument("--run", metavar="RUN", help="kenmerk van de berekening, of het begin ervan")
        parser.add_argument("--to", metavar="FILE.csv", type=Path, help="bestand; anders naar de uitvoer")

    def handle(self, *args: Any, **options: Any) -> None:
        with scope(EVERYTHING):
            round = round_called(options["round"])
            try:
                run = completed(options["run"]) if options["run"] else latest_completed(round)
            except NoRun as error:
                raise CommandError(str(error), returncode=2) from error
            if run.dataset.round_id != round.pk:
                raise CommandError(f"Berekening {run.uuid} hoort niet bij ronde {round.slug}.", returncode=2)
            if options["to"] is None:
                results_csv.write(run, sys.stdout)
                return
            try:
                with options["to"].open("w", encoding="utf-8", newline="") as file:
                    count = results_csv.write(run, file)
            except OSError as error:
                raise CommandError(
                    f"{options['to']}: hier kan niet worden geschreven ({error.strerror}).", returncode=2
                ) from error
        self.stderr.write(f"{count} aanbieders geschreven naar {options['to']}")
