"""``manage.py verify RUN``: compute again from the frozen figures, compare hashes, check every certificate."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarking import pipeline
from benchmarking.models import Result
from benchmarking.results import NoRun, completed
from providers.access import EVERYTHING, scope

TOLERANCE = 1e-8


class Command(BaseCommand):
    """Prove a run: dataset hash, result hash and certificates. Code 1 if something differs."""

    help = "Reken een voltooide berekening na en vergelijk de uitkomst; controleer elk certificaat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", metavar="RUN", help="kenmerk van de berekening, of het begin ervan")

    def handle(self, *args: Any, **options: Any) -> None:
        problems = []
        with scope(EVERYTHING):
            try:
                run = completed(options["run"])
            except NoRun as error:
                raise CommandError(str(error), returncode=2) from error
            if hashlib.sha256(bytes(run.dataset.content)).hexdigest() != run.dataset.sha256:
                problems.append("De vastgezette gegevens passen niet bij hun kenmerk.")
            again = pipeline.result_hash(pipeline.compute(run))
            if again != run.result_hash:
                problems.append(f"De uitkomst is anders: {again} in plaats van {run.result_hash}.")
            checked = 0
            for result in Result.objects.filter(run=run, score__isnull=False).select_related("provider"):
                checked += 1
                if any(value is None or abs(value) > TOLERANCE for value in result.certificate):
                    problems.append(f"{result.provider.key}: het certificaat {result.certificate} is niet in orde.")
        if problems:
            raise CommandError("\n".join(problems), returncode=1)
        self.stdout.write(f"Klopt: zelfde uitkomst {run.result_hash}; {checked} certificaten in orde.")
