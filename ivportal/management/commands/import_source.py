"""``manage.py import_source SOURCE FILE…``: read figures that exist elsewhere already, to fill in forms with."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DataError

from providers import other_sources
from providers.access import EVERYTHING, scope
from providers.formatting import format_exact
from providers.measures import CATALOGUE
from providers.workbook.content import SourceError
from providers.workbook.sources import UnknownSource

NOTHING_READ = "Er is niets ingelezen: de gegevens zijn zoals zij waren."


class Command(BaseCommand):
    """Keep the figures of another source; a wrong file changes nothing and ends with code 2."""

    help = "Lees cijfers van een andere bron in, waarmee formulieren van zorgaanbieders vooraf worden ingevuld."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = "; ".join(f"{item.name}: {item.description}" for item in other_sources.SOURCES.values())
        parser.add_argument("source", metavar="SOURCE", help=names)
        parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
        parser.add_argument(
            "--book-year",
            type=int,
            metavar="Y",
            help="boekjaar: bij cbs altijd, bij digimv als het niet in de naam van het bestand staat, bij personeel om een jaar"
            " te kiezen",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        year = options["book_year"]
        if year is not None and not 1900 < year < 2200:
            raise CommandError(f"{year} is geen boekjaar. Schrijf het met vier cijfers.", returncode=2)
        try:
            with scope(EVERYTHING):
                read = other_sources.import_files(
                    name=options["source"], paths=options["files"], book_year=year, actor=None
                )
        except (SourceError, UnknownSource) as refused:
            raise CommandError(f"{refused}\n{NOTHING_READ}", returncode=2) from refused
        except DataError as refused:
            raise CommandError(
                f"Een getal in het bestand is groter dan past. {NOTHING_READ}", returncode=2
            ) from refused
        self._tell(options["source"], read)

    def _tell(self, name: str, read: other_sources.ImportedSource) -> None:
        stored = read.stored
        years = ", ".join(str(year) for year in read.years)
        self.stdout.write(
            f"{other_sources.source(name).shown}: {_number(stored.figures)} cijfers over {years}"
            f" ({_number(stored.new)} nieuw, {_number(stored.changed)} gewijzigd, {_number(stored.unchanged)} ongewijzigd)"
        )
        self.stdout.write(
            f"  voor {_number(stored.known)} zorgaanbieders die het portaal kent en {_number(stored.unknown)} die het niet kent;"
            " cijfers van onbekende zorgaanbieders blijven bewaard voor als zij meedoen"
        )
        for code in sorted(read.measures):
            self.stdout.write(f"  {CATALOGUE[code].label}: {_number(read.measures[code])}")
        for row in read.left_out:
            place = f" ({row.cell})" if str(row.cell) else ""
            self.stderr.write(f"  niet ingelezen: {row.name}{place}: {row.reason}")


def _number(count: int) -> str:
    return format_exact(count)
