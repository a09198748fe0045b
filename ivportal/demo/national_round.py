"""The fictitious round of the demonstration: written as files, read like any other, computed by a worker, released."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from benchmarking import specification
from benchmarking.mirror import LITTLE
from benchmarking.models import PeerLink, Result, Run, RunStatus
from benchmarking.runs import request_run, set_specification
from ivportal.demo import open_round
from providers import fictitious
from providers.access import Actor
from providers.formatting import AMSTERDAM, format_datetime
from providers.mandates import grant
from providers.models import CareOffice, Power, Provider, Role, Round, User
from providers.rounds import import_files
from tariffs.models import Bandwidth, Decision, MirrorReport, Release, ReportStatus
from tariffs.policies import set_policy
from tariffs.procedure import decisions, renewals
from tariffs.release import release_run
from tariffs.tables import import_tariffs
from tariffs.terms import equated_days, next_working_day

SEED = 20240101
BOOK_YEARS = (2023, 2024)
#: The year before is there to compare with: a rough interval keeps the first start of the demonstration short.
EARLIER_REPLICATIONS = 200
#: How long providers can respond to the last year: four weeks, a length that suits and that no rule prescribes.
RESPOND_FOR = timedelta(days=28)
SPECIFICATION = Path(settings.BASE_DIR) / "benchmarking" / "specifications" / "integrale-vergelijking.json"

Say = Callable[[str], None]


class DemoFailed(Exception):
    """The demonstration could not be prepared; the message is a Dutch sentence."""


@dataclass(frozen=True)
class Account:
    """An account of the demonstration."""

    email: str
    password: str
    what: str
    start_page: str


@dataclass(frozen=True)
class Extent:
    """How large the demonstration is: national, unless somebody asked for less."""

    providers: int = 650
    replications: int | None = None
    """Of the bootstrap, instead of what the model asks for."""


NATIONAL = Extent()


@dataclass(frozen=True)
class Held:
    """A mandate of the demonstration."""

    role: Role
    provider: Provider | None = None
    care_office: CareOffice | None = None
    powers: tuple[Power, ...] = ()


def load(*, folder: Path, say: Say, extent: Extent = NATIONAL) -> float:
    """Write the round as files in ``folder`` and read them in; return the seconds that reading took."""
    folder.mkdir(parents=True, exist_ok=True)
    files = fictitious.write(population(extent), folder, years=BOOK_YEARS)
    workbooks = [path for path in files if path.suffix == ".xlsx"]
    began = time.monotonic()
    for imported in import_files(source_name="iv", paths=workbooks, actor=None):
        say(f"{imported.round.title}: {imported.delivered} aanleveringen ingelezen, {imported.findings} bevindingen")
    table = import_tariffs(path=next(path for path in files if path.suffix == ".csv"), actor=None)
    for year in BOOK_YEARS:
        round = Round.objects.get(slug=f"fictief-{year}")
        set_policy(round=round, actor=None, tariff_table=table, tariff_year=year + 1)
        set_specification(round=round, document=model_of(year, extent), actor=None)
    return time.monotonic() - began


def population(extent: Extent = NATIONAL) -> fictitious.Population:
    """Return the invented providers, with the figures of the years that are over and of the one that is being delivered.

    Raises :class:`ValueError` if there cannot be that many.
    """
    return fictitious.generate(SEED, providers=extent.providers, book_years=(*BOOK_YEARS, open_round.YEAR))


def model_of(year: int, extent: Extent = NATIONAL) -> dict[str, Any]:
    """Return the model of a book year.

    Raises :class:`~benchmarking.specification.SpecificationError` if it cannot have that many replications.
    """
    model: dict[str, Any] = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    if extent.replications is not None:
        model["bootstrap"]["replications"] = extent.replications
    elif year != BOOK_YEARS[-1]:
        model["bootstrap"]["replications"] = EARLIER_REPLICATIONS
    specification.parse(model)
    return model


def compute(*, round: Round, say: Say, patience: float = 300) -> Run:
    """Have a worker compute ``round`` and wait for it; raise :class:`DemoFailed` with the reason if it does not end well."""
    run = request_run(round=round, actor=None)
    deadline = time.monotonic() + patience
    while not run.is_ended:
        if time.monotonic() > deadline:
            raise DemoFailed(f"De berekening van {round} is na {patience:.0f} seconden niet klaar.")
        time.sleep(0.1)
        run.refresh_from_db()
    if run.status != RunStatus.COMPLETED:
        raise DemoFailed(f"De berekening van {round} is niet gelukt: {run.failure_reason or run.get_status_display()}")
    say(f"{round.title}: berekend, {run.summary['taking_part']} aanbieders doen mee")
    return run


def compute_and_release(*, say: Say) -> tuple[Run, float]:
    """Compute and release every year that has no released run yet; return the run of the last year and its seconds."""
    newest: Run | None = None
    seconds = 0.0
    for year in BOOK_YEARS:
        round = Round.objects.get(slug=f"fictief-{year}")
        release = Release.objects.released().filter(round=round).select_related("run").first()
        if release is not None:
            newest = release.run
            continue
        began = time.monotonic()
        newest = compute(round=round, say=say)
        seconds = time.monotonic() - began
        release_year(newest, say=say)
    if newest is None:
        raise DemoFailed("Er is geen berekening.")
    return newest, seconds


def release_year(run: Run, *, say: Say) -> None:
    """Release a year as far as its procedure is: the last one provisionally, with a period to respond; the one before adopted."""
    if run.dataset.round.book_year == BOOK_YEARS[-1]:
        last_day = next_working_day(timezone.localdate() + RESPOND_FOR, equated=equated_days())
        until = datetime.combine(last_day, time_of_day(23, 59, 59), tzinfo=AMSTERDAM)
        release_run(run=run, actor=None, status=ReportStatus.PROVISIONAL, for_care_offices=False, respond_until=until)
        say(f"{run.dataset.round.title}: voorlopig vrijgegeven, reageren kan tot en met {format_datetime(until)}")
    else:
        release_run(run=run, actor=None, status=ReportStatus.ADOPTED)
        say(f"{run.dataset.round.title}: vastgesteld en vrijgegeven, ook voor zorgkantoren")


def announce_decisions(*, say: Say) -> None:
    """Announce the intended decisions of the adopted year, on which providers can now give their views; once."""
    round = Round.objects.get(slug=f"fictief-{BOOK_YEARS[0]}")
    release = renewals.adopted_release(round)
    if release is None or Decision.objects.filter(round=round).exists():
        return
    user = User.objects.get(email="nza@iv.example")
    mandate = user.mandates.get(role=Role.NZA)
    noor = Actor(user=user, mandate=mandate, mandates=(mandate,))
    count = decisions.prepare_all(release=release, actor=noor).done
    decisions.announce_all(round=round, actor=noor)
    say(f"{round.title}: {count} voorgenomen besluiten bekendgemaakt")


def shown_provider(run: Run) -> Provider:
    """Return the provider that the demonstration shows: several peers, one of which matters; an ordinary difference.

    It had a bandwidth the year before as well, so that there is a decision about it to give views on.
    """
    counts: dict[int, int] = {}
    without: dict[int, float] = {}
    for result_id, score in PeerLink.objects.filter(result__run=run).values_list("result_id", "score_without"):
        counts[result_id] = counts.get(result_id, 0) + 1
        without[result_id] = max(without.get(result_id, 0.0), score or 0.0)
    before = Release.objects.released().filter(round__slug=f"fictief-{BOOK_YEARS[0]}").values("run")
    decided = Bandwidth.objects.filter(run__in=before, upper_rate__isnull=False).values("provider")
    results = Result.objects.filter(run=run, score__isnull=False, quality="passed", provider__in=decided)
    results = results.select_related("provider")
    several = [result for result in results if counts.get(result.pk, 0) >= 3] or list(results)
    telling = [result for result in several if without.get(result.pk, 0.0) - (result.score or 0) >= LITTLE]
    return min(telling or several, key=lambda result: (abs((result.score or 0) - 0.85), result.provider.key)).provider


def accounts(*, run: Run, folder: Path) -> list[Account]:
    """Make the accounts of the demonstration, with a password that is made once per installation and kept in ``folder``."""
    kept = folder / "demo-password"
    if not kept.exists():
        kept.write_text(secrets.token_urlsafe(12), encoding="ascii")
        kept.chmod(0o600)
    password = kept.read_text(encoding="ascii").strip()
    provider = shown_provider(run)
    region = next(place.region for place in provider.locations.all() if place.region)
    office = region.care_office
    as_provider = Held(Role.PROVIDER, provider, powers=(Power.ADMINISTER, Power.DELIVER))
    as_colleague = Held(Role.PROVIDER, provider, powers=(Power.DELIVER,))
    as_director = Held(Role.PROVIDER, provider, powers=(Power.SIGN,))
    as_office, as_nza = Held(Role.CARE_OFFICE, care_office=office), Held(Role.NZA)
    wanted = (
        ("aanbieder", "Anne de Wit", f"zorgaanbieder {provider.name}", "/spiegel/", [as_provider]),
        ("nza", "Noor Bakker", "medewerker van de NZa", "/rondes/", [as_nza]),
        ("zorgkantoor", "Karim Visser", f"zorgkantoor {office.name}", "/bandbreedtes/", [as_office]),
        ("collega", "Daan Mulder", "collega van Anne, vult gegevens in", "/spiegel/", [as_colleague]),
        ("bestuur", "Fatima Yılmaz", "bestuurder bij Anne, ondertekent", "/spiegel/", [as_director]),
        ("nza2", "Pieter Post", "tweede medewerker van de NZa", "/rondes/", [as_nza]),
        ("nza3", "Ineke Vos", "derde medewerker van de NZa, beslist op bezwaar", "/rondes/", [as_nza]),
        ("meer", "Maria Smit", "iemand met meer bevoegdheden", "/bevoegdheid/", [as_provider, as_office, as_nza]),
    )
    made = []
    for short, name, what, start_page, mandates in wanted:
        email = f"{short}@iv.example"
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, password, name=name)
        elif not user.check_password(password):
            user.set_password(password)
            user.save()
        for held in mandates:
            grant(user=user, role=held.role, provider=held.provider, care_office=held.care_office, powers=held.powers)
        made.append(Account(email=email, password=password, what=what, start_page=start_page))
    return made


def is_loaded() -> bool:
    """Tell whether the demonstration's rounds were loaded, computed and released before."""
    return MirrorReport.objects.filter(release__round__slug=f"fictief-{BOOK_YEARS[-1]}").exists()
