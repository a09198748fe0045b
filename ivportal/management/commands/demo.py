"""``manage.py demo``: the portal with a fictitious national round, from nothing to a page on screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from benchmarking.models import Run
from benchmarking.specification import SpecificationError
from benchmarking.steps.participation import REASONS_SHORT
from ivportal.demo import national_round, open_round, supervisor
from ivportal.demo.national_round import NATIONAL, Account, DemoFailed, Extent
from ivportal.demo.visitor import VisitFailed, Visitor
from ivportal.embedded import free_port
from providers.access import EVERYTHING, scope
from providers.fictitious import FEWEST_PROVIDERS, MOST_PROVIDERS
from providers.formatting import format_money, format_number, format_percent


class Command(BaseCommand):
    """Prepare and serve the demonstration; ``--check`` does it once in a throw-away database and prints the figures."""

    help = "Start het portaal met een fictieve landelijke ronde. Ctrl-C stopt alles."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="reken in een lege, tijdelijke database, druk de cijfers af en stop"
        )
        parser.add_argument(
            "--fresh", action="store_true", help="begin opnieuw: gooi de gegevens van de demonstratie weg"
        )
        parser.add_argument("--port", type=int, default=8000, help="poort, of de eerste vrije daarna")
        parser.add_argument(
            "--replications",
            type=int,
            metavar="AANTAL",
            help="zoveel herhalingen voor het interval, bijvoorbeeld 200 om sneller klaar te zijn; telt bij het inlezen van de"
            " ronde, dus bij de eerste keer en met --fresh of --check (standaard: 2000, en 200 voor het jaar ervoor)",
        )
        parser.add_argument(
            "--providers",
            type=int,
            default=NATIONAL.providers,
            metavar="AANTAL",
            help="zoveel zorgaanbieders, bijvoorbeeld 150 om sneller klaar te zijn (standaard: %(default)s)",
        )
        parser.add_argument("--in-throw-away-folder", action="store_true", help="voor --check zelf")

    def handle(self, *args: Any, **options: Any) -> None:
        extent = Extent(providers=options["providers"], replications=options["replications"])
        try:
            national_round.model_of(national_round.BOOK_YEARS[-1], extent)
        except SpecificationError as error:
            raise CommandError(f"--replications: {error}", returncode=2) from error
        if not FEWEST_PROVIDERS <= extent.providers <= MOST_PROVIDERS:
            raise CommandError(
                f"--providers: kies een aantal van {FEWEST_PROVIDERS} tot en met {MOST_PROVIDERS}.", returncode=2
            )
        if options["check"] and not options["in_throw_away_folder"]:
            sys.exit(self._in_throw_away_folder(extent))
        try:
            with supervisor.alone(), supervisor.stopping_on_signals():
                if options["fresh"]:
                    self._start_over()
                port = free_port(options["port"])
                settings.PORTAL_ADDRESS = os.environ["IVPORTAL_ADDRESS"] = f"http://127.0.0.1:{port}"
                with supervisor.database(), migrated(), supervisor.worker() as worker:
                    if options["check"]:
                        self._check(extent)
                    else:
                        self._serve(port, worker, extent)
        except supervisor.Stopped:
            self.stdout.write("\nGestopt.")
        except (DemoFailed, VisitFailed, supervisor.AlreadyRunning) as error:
            raise CommandError(str(error), returncode=1) from error

    def _in_throw_away_folder(self, extent: Extent) -> int:
        """Run ``--check`` in a process of its own with an empty data folder, and remove that folder afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="ivportal-check-"))
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
        }
        environment["IVPORTAL_DATA"] = str(folder)
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "--check", "--in-throw-away-folder"]
        command += ["--providers", str(extent.providers)]
        if extent.replications is not None:
            command += ["--replications", str(extent.replications)]
        process = subprocess.Popen(command, env=environment)
        try:
            with supervisor.stopping_on_signals():
                return process.wait()
        except supervisor.Stopped:
            process.terminate()
            return process.wait()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _start_over(self) -> None:
        if settings.DATABASE_URL:
            raise CommandError(
                "--fresh gooit alleen de ingebouwde database weg, niet die van DATABASE_URL.", returncode=2
            )
        from ivportal.embedded import database_folder, stop_database

        stop_database()
        shutil.rmtree(database_folder(), ignore_errors=True)

    def _prepare(self, extent: Extent) -> tuple[Run, list[Account], float, float]:
        folder = Path(settings.DATA_DIR)
        importing = 0.0
        if not national_round.is_loaded():
            importing = national_round.load(folder=folder / "fictief", say=self._say, extent=extent)
        elif extent != NATIONAL:
            self._say("De ronde was al ingelezen: --providers en --replications tellen dan niet, tenzij met --fresh.")
        run, running = national_round.compute_and_release(say=self._say)
        made = national_round.accounts(run=run, folder=folder)
        national_round.announce_decisions(say=self._say)
        return run, made, importing, running

    def _say(self, text: str) -> None:
        self.stderr.write(f"  {text}")

    def _serve(self, port: int, worker: subprocess.Popen[bytes], extent: Extent) -> None:
        self._say("De demonstratie wordt klaargezet; de eerste keer duurt dat ongeveer een minuut.")
        run, accounts, _, _ = self._prepare(extent)
        if not open_round.is_made():
            open_round.make(
                population=national_round.population(extent),
                previous=run.dataset.round,
                say=self._say,
                but=national_round.shown_provider(run),
            )
        with supervisor.web_server(port) as server:
            self.stdout.write(
                f"\nHet portaal staat op http://127.0.0.1:{port}/ (fictieve gegevens; geen geldend tarief)\n\n"
            )
            self.stdout.write(f"  Wachtwoord van alle accounts: {accounts[0].password}\n")
            for account in accounts:
                self.stdout.write(f"  {account.email:<26} {account.what}")
            self.stdout.write("\nCtrl-C stopt alles.")
            self.stdout.flush()
            supervisor.watch(server, worker)
            raise DemoFailed(f"De webserver of het rekenproces is gestopt; zie de logboeken in {settings.DATA_DIR}.")

    def _check(self, extent: Extent) -> None:
        run, accounts, importing, running = self._prepare(extent)
        port = free_port()
        slowest = 0.0
        with supervisor.web_server(port):
            for account in accounts[:3]:
                visitor = Visitor(f"http://127.0.0.1:{port}")
                _, path = visitor.log_in(account.email, account.password)
                began = time.monotonic()
                page, path = visitor.get("/")
                slowest = max(slowest, time.monotonic() - began)
                if path != account.start_page or "Fictief" not in page:
                    raise VisitFailed(f"De startpagina van {account.what} is niet wat zij moet zijn ({path}).")
        self._report(run, importing=importing, running=running, page=slowest)

    def _report(self, run: Run, *, importing: float, running: float, page: float) -> None:
        summary = run.summary
        reasons = "; ".join(f"{REASONS_SHORT[code]}: {count}" for code, count in summary["reasons"].items())
        lines = [
            ("Ronde", str(run.dataset.round)),
            ("Aangeleverd", f"{summary['delivered']} van {summary['providers']}"),
            ("Doen mee", str(summary["taking_part"])),
            ("Uitgesloten", f"{summary['excluded']} ({reasons}; sommige hebben meer redenen)"),
            ("Gemiddelde score", format_percent(summary["mean_score"], decimals=2)),
            ("Mediane score", format_percent(summary["median_score"], decimals=2)),
            ("Peers", str(summary["peers"])),
            ("Landelijk minimum", format_money(summary["minimum_cost"], decimals=2)),
            ("Landelijk maximum", format_money(summary["maximum_cost"], decimals=2)),
            ("Uitkomst (hash)", run.result_hash),
            ("Seconden inlezen", format_number(importing, decimals=1)),
            ("Seconden rekenen", format_number(running, decimals=1)),
            ("Seconden bladzijde", format_number(page, decimals=2)),
        ]
        for label, value in lines:
            self.stdout.write(f"{label + ':':<20}{value}")


@contextmanager
def migrated() -> Iterator[None]:
    """Bring the database up to date; inside the block this process sees everything."""
    call_command("migrate", verbosity=0)
    with scope(EVERYTHING):
        yield
