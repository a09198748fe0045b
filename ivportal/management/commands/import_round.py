"""``manage.py import_round SOURCE FILE…``: load a data set through a source adapter."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DataError

from providers.access import EVERYTHING, scope
from providers.rounds import import_files
from providers.workbook.content import SourceError
from providers.workbook.sources import SOURCES, UnknownSource


class Command(BaseCommand):
    """Import one round per file and print the slugs; a wrong file changes nothing and ends with code 2."""

    help = "Lees bestanden van een bron in, een ronde per bestand, en druk de korte naam van elke ronde af."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = "; ".join(f"{item.name}: {item.description}" for item in SOURCES.values())
        parser.add_argument("source", metavar="SOURCE", help=names)
        parser.add_argument("files", metavar="FILE", nargs="+", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with scope(EVERYTHING):
                imported = import_files(source_name=options["source"], paths=options["files"], actor=None)
        except (SourceError, UnknownSource) as refused:
            raise CommandError(
                f"{refused}\nEr is niets ingelezen: de gegevens zijn zoals zij waren.", returncode=2
            ) from refused
        except DataError as refused:
            raise CommandError(
                "Een tekst of getal in het bestand is langer dan past. Er is niets ingelezen: de gegevens zijn zoals zij waren.",
                returncode=2,
            ) from refused
        for item in imported:
            self.stdout.write(item.round.slug)
            self.stderr.write(
                f"  {item.delivered} aanleveringen ({item.new_versions} nieuw, {item.unchanged} ongewijzigd),"
                f" {item.not_delivered} niet aangeleverd, {item.linked} herkend uit een ander jaar,"
                f" {item.findings} bevindingen"
            )
            for name in item.absent:
                self.stderr.write(f"  niet in dit bestand, eerder wel: {name} (de gegevens blijven zoals zij waren)")
            for row in item.not_arrived:
                self.stderr.write(f"  niet ingelezen: {row.name} ({row.cell}): {row.reason}")
