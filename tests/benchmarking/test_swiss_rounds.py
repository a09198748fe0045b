"""Both published Swiss years, from the original workbooks to scores.

The judge reads the workbooks with a few lines of its own and solves the textbook problem (Charnes, Cooper & Rhodes 1978;
Banker, Charnes & Cooper 1984) with scipy: it shares nothing with the portal. The suite judges every twenty-fifth home, and the
homes with a score of 1, and constant returns in the later year; ``IVPORTAL_THOROUGH=1`` judges all of them, in some minutes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray
from scipy.optimize import linprog

from benchmarking.models import PeerLink, Result, Run
from providers.access import EVERYTHING, scope
from providers.models import MeasuredValue, Provider, Round
from providers.rounds import ImportedRound, import_files
from tests.factories import computed
from tests.thorough import THOROUGH

ROWS = {2018: 1553, 2019: 1551}
CASES = [(2018, "vrs"), *([(2018, "crs")] if THOROUGH else []), (2019, "vrs"), (2019, "crs")]
pytestmark = pytest.mark.usefixtures("db")
EVERY = 1 if THOROUGH else 25


@dataclass(frozen=True)
class Home:
    """A row of a published workbook: its number in the file, key, costs in francs and days of four kinds."""

    row: int
    key: str
    cost: float
    days: tuple[float, float, float, float]


@dataclass(frozen=True)
class Computed:
    """What the portal made of a round: per row of the file the score, and the weights of its peers by row."""

    run: Run
    scores: dict[int, float]
    minima: dict[int, tuple[float, float]]
    weights: dict[int, dict[int, float]]
    excluded: dict[int, list[str]]


@dataclass(frozen=True)
class Swiss:
    """Everything the tests look at; the database itself is as it was before."""

    imported: dict[int, ImportedRound]
    keys: dict[int, dict[int, str]]
    rounds: dict[int, Round]
    runs: dict[tuple[int, str], Computed]


def published(path: Path, year: int) -> list[Home]:
    """Judge's reader: the columns stand in the same places in both years."""
    homes = []
    sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if len(row) < 47 or row[6] != year:
            continue
        name, street, place = (" ".join(str(row[column] or "").split()) for column in range(3))
        text = f"{name}|{'' if street == 'NA' else street}|{place[:4]}"
        days = tuple(0.0 if row[column] == "-" else float(row[column] or 0) for column in range(11, 15))
        homes.append(
            Home(
                row=number,
                key=str(row[3]) + hashlib.sha256(text.encode()).hexdigest()[:8],
                cost=float(row[46]) * 1000,
                days=days,  # type: ignore[arg-type]
            )
        )
    return homes


@pytest.fixture(scope="module")
def files(shared_data: Path) -> dict[int, Path]:
    found = {year: shared_data / "ch-pflegeheime" / f"source_{year}_Flat_File_de.xlsx" for year in ROWS}
    if missing := [path.name for path in found.values() if not path.exists()]:
        pytest.skip(f"the published Swiss workbooks are not beside this checkout: {', '.join(missing)}")
    return found


@pytest.fixture(scope="module")
def homes(files: dict[int, Path]) -> dict[int, list[Home]]:
    return {year: published(path, year) for year, path in files.items()}


@pytest.fixture(scope="module")
def swiss(files: dict[int, Path], django_db_setup: None, django_db_blocker: Any) -> Swiss:
    """Import both years, compute each with variable and constant returns, keep the outcome and undo everything."""
    path = Path(settings.BASE_DIR) / "benchmarking" / "specifications" / "somed.json"
    # What is judged here are scores; an interval changes none, and takes minutes for so many homes.
    model = {**json.loads(path.read_text(encoding="utf-8")), "bootstrap": None}
    with django_db_blocker.unblock(), scope(EVERYTHING), transaction.atomic():
        # The later year first: the order of the files must not matter.
        imported = import_files(source_name="somed", paths=[files[2019], files[2018]], actor=None)
        by_year = {item.round.book_year: item for item in imported}
        rows_of = {}
        for year, item in by_year.items():
            places = MeasuredValue.objects.filter(measure="total_cost", version__submission__round=item.round)
            rows_of[year] = dict(places.values_list("version__submission__provider_id", "row"))
        keys = dict(Provider.objects.values_list("pk", "key"))
        made = {
            (year, returns): outcome(
                computed(by_year[year].round, {**model, "returns_to_scale": returns}), rows_of[year]
            )
            for year, returns in CASES
        }
        transaction.set_rollback(True)
    return Swiss(
        imported=by_year,
        keys={year: {row: keys[provider] for provider, row in rows.items()} for year, rows in rows_of.items()},
        rounds={year: item.round for year, item in by_year.items()},
        runs=made,
    )


def outcome(run: Run, row_of: dict[int, int]) -> Computed:
    assert run.status == "completed", run.failure_reason
    results = list(Result.objects.filter(run=run).order_by())
    weights: dict[int, dict[int, float]] = {}
    row_of_result = {item.pk: row_of[item.provider_id] for item in results}
    links = PeerLink.objects.filter(result__run=run).order_by().values_list("result_id", "peer_id", "weight")
    for result, peer, weight in links:
        weights.setdefault(row_of_result[result], {})[row_of_result[peer]] = weight
    return Computed(
        run=run,
        scores={row_of[item.provider_id]: item.score for item in results if item.score is not None},
        minima={
            row_of[item.provider_id]: (float(item.published_score or 0), float(item.minimum_cost))
            for item in results
            if item.minimum_cost is not None
        },
        weights=weights,
        excluded={row_of[item.provider_id]: item.reasons for item in results if not item.participates},
    )


def textbook_score(cost: NDArray[Any], days: NDArray[Any], unit: int, *, variable: bool) -> float:
    """Judge: min θ with Σλc ≤ θc₀, Σλd ≥ d₀, λ ≥ 0 and, with variable returns, Σλ = 1; every row by the unit's own figure."""
    scale = np.where(days[unit] > 0, days[unit], np.maximum(days.max(axis=0), 1))
    objective = np.concatenate([[1.0], np.zeros(len(cost))])
    at_most = np.vstack(
        [np.concatenate([[-1.0], cost / cost[unit]]), np.column_stack([np.zeros(4), -(days / scale).T])]
    )
    found = linprog(
        objective,
        A_ub=at_most,
        b_ub=np.concatenate([[0.0], -(days[unit] / scale)]),
        A_eq=np.concatenate([[0.0], np.ones(len(cost))])[None, :] if variable else None,
        b_eq=[1.0] if variable else None,
        bounds=[(None, None), *[(0, None)] * len(cost)],
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert found.status == 0, found.message
    return float(found.fun)


def believable(home: Home) -> bool:
    """Judge: cost per day from 100 to 1,000 francs, as the specification asks."""
    return sum(home.days) > 0 and 100 <= home.cost / sum(home.days) <= 1000


# ── what came in ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("year", ROWS)
def test_every_home_of_the_file_arrives_and_none_twice(swiss: Swiss, homes: dict[int, list[Home]], year: int) -> None:
    assert len(homes[year]) == ROWS[year]
    assert swiss.imported[year].delivered == ROWS[year]
    assert swiss.imported[year].not_arrived == ()
    assert set(swiss.keys[year]) == {home.row for home in homes[year]}
    assert len(set(swiss.keys[year].values())) == ROWS[year]
    assert (swiss.rounds[year].slug, swiss.rounds[year].currency) == (f"somed-{year}", "CHF")


def test_a_key_is_canton_and_eight_digits_that_anybody_can_compute(swiss: Swiss, homes: dict[int, list[Home]]) -> None:
    assert swiss.keys[2018] == {home.row: home.key for home in homes[2018]}
    first_year = {home.key for home in homes[2018]}
    differing = {home.row for home in homes[2019] if swiss.keys[2019][home.row] != home.key}
    assert all(swiss.keys[2019][row] in first_year for row in differing)  # known by the key of the year before


def test_homes_are_recognised_over_the_years(swiss: Swiss) -> None:
    both = set(swiss.keys[2018].values()) & set(swiss.keys[2019].values())
    assert len(both) == 1504
    assert len(set(swiss.keys[2018].values()) | set(swiss.keys[2019].values())) == 1600


# ── what was computed ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("year", "returns"), CASES)
def test_homes_that_take_part_and_homes_that_do_not_add_up_to_the_file(
    swiss: Swiss, homes: dict[int, list[Home]], year: int, returns: str
) -> None:
    found = swiss.runs[year, returns]
    assert set(found.scores) == {home.row for home in homes[year] if believable(home)}
    assert set(found.excluded) == {home.row for home in homes[year] if not believable(home)}
    assert all(found.excluded.values())
    assert found.run.summary["taking_part"] + found.run.summary["excluded"] == ROWS[year]
    assert (found.run.summary["taking_part"], found.run.summary["providers"]) == (1550, ROWS[year])


@pytest.mark.parametrize(("year", "returns"), CASES)
def test_scores_are_those_of_the_textbook(
    swiss: Swiss, homes: dict[int, list[Home]], year: int, returns: str, record_property: Any
) -> None:
    scores = swiss.runs[year, returns].scores
    taking_part = [home for home in homes[year] if believable(home)]
    cost = np.array([home.cost for home in taking_part])
    days = np.array([home.days for home in taking_part])
    worst, judged = 0.0, 0
    for unit, home in enumerate(taking_part):
        if unit % EVERY and scores[home.row] < 1 - 1e-9:
            continue
        expected = textbook_score(cost, days, unit, variable=returns == "vrs")
        worst = max(worst, abs(scores[home.row] - expected))
        judged += 1
    record_property("largest_difference", worst)
    print(f"{year} {returns}: {judged} homes judged, largest difference {worst:.1e}")
    assert judged >= 1550 // EVERY
    assert worst <= 1e-7


@pytest.mark.parametrize(("year", "returns"), CASES)
def test_the_peers_deliver_each_homes_days_at_its_minimum_cost(
    swiss: Swiss, homes: dict[int, list[Home]], year: int, returns: str
) -> None:
    found, by_row = swiss.runs[year, returns], {home.row: home for home in homes[year]}
    for row, score in found.scores.items():
        home, peers = by_row[row], [(by_row[peer], weight) for peer, weight in found.weights[row].items()]
        assert all(weight > 0 for _, weight in peers)
        for kind in range(4):
            assert sum(weight * peer.days[kind] for peer, weight in peers) >= home.days[kind] * (1 - 1e-9) - 1e-4
        together = sum(weight * peer.cost for peer, weight in peers)
        assert together == pytest.approx(score * home.cost, rel=1e-8)
        published_score, minimum = found.minima[row]
        assert published_score == pytest.approx(score, abs=5.1e-7)
        assert minimum == pytest.approx(published_score * home.cost, abs=0.0051)
        assert minimum <= home.cost + 0.005
        if returns == "vrs":
            assert sum(weight for _, weight in peers) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("year", [year for year, returns in CASES if returns == "crs"])
def test_constant_returns_never_give_a_higher_score_than_variable_returns(swiss: Swiss, year: int) -> None:
    variable, constant = swiss.runs[year, "vrs"].scores, swiss.runs[year, "crs"].scores
    assert all(constant[row] <= variable[row] + 1e-9 for row in variable)
    assert sum(constant[row] < variable[row] - 0.01 for row in variable) > 500
    assert all(0 < score <= 1 + 1e-12 for score in (*variable.values(), *constant.values()))
