"""``manage.py import_tariffs FILE``: load a table of maximum tariffs; ``--round`` makes a round use it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ivportal.management.lookup import round_called
from providers.access import EVERYTHING, scope
from providers.models import Round
from tariffs.models import TariffTable
from tariffs.policies import set_policy
from tariffs.tables import TariffTableError, import_tariffs


class Command(BaseCommand):
    """Load tariffs from a CSV file: year, code, amount, source, valid_from[, includes_nhc_nic]."""

    help = "Lees een tabel met maximumtarieven in (CSV: year, code, amount, source, valid_from)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--round", metavar="ROUND", help="ronde die deze tabel gaat gebruiken")
        parser.add_argument("--tariff-year", type=int, help="tariefjaar; standaard het boekjaar van de ronde")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with scope(EVERYTHING), transaction.atomic():
                round = round_called(options["round"]) if options["round"] else None
                table = import_tariffs(path=options["file"], actor=None)
                if round is not None:
                    self.use(round, table, options["tariff_year"] or round.book_year)
        except OSError as error:
            raise CommandError(f"{options['file']}: het bestand kan niet worden gelezen.", returncode=2) from error
        except TariffTableError as refused:
            raise CommandError(f"{refused}\nEr is niets ingelezen.", returncode=2) from refused
        except ValidationError as refused:
            raise CommandError("; ".join(refused.messages), returncode=2) from refused
        self.stdout.write(f"{table.name}: {table.tariffs.count()} tarieven")

    def use(self, round: Round, table: TariffTable, year: int) -> None:
        """Make ``round`` use the table; CommandError with code 2 if they do not fit."""
        if round.currency != "EUR":
            raise CommandError(f"De tarieven zijn in euro's, ronde {round.slug} is in {round.currency}.", returncode=2)
        if not table.tariffs.filter(year=year).exists():
            years = ", ".join(str(known) for known in sorted(set(table.tariffs.values_list("year", flat=True))))
            raise CommandError(f"De tabel heeft geen tarieven voor {year}, wel voor: {years}.", returncode=2)
        set_policy(round=round, actor=None, tariff_table=table, tariff_year=year)
