"""The fictitious national round, whose generator knows how well everybody works: the comparison has to find that.

The true efficiency is the cost of best practice over own cost, before any mistake in the report. The observed best
practices are a little less good than the true ones, so honest scores lie somewhat above the truth and hardly ever below it;
a wrong report that leads the frontier shows at once, because it pulls everybody below the truth.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarking.models import PeerLink, Result
from providers.access import EVERYTHING, scope
from providers.fictitious import generate, write
from providers.rounds import import_files
from tariffs.policies import set_policy
from tariffs.tables import import_tariffs
from tests.factories import computed

pytestmark = pytest.mark.usefixtures("db")

SEED, YEAR = 20240101, 2024


@dataclass(frozen=True)
class Found:
    """Of everybody with a score: score, truth, kind and mistake, in the same order; and how many lean on each peer."""

    keys: list[str]
    score: NDArray[np.float64]
    truth: NDArray[np.float64]
    kind: NDArray[np.str_]
    mistakes: list[tuple[str, ...]]
    may_be_peer: NDArray[np.bool_]
    leaning: dict[str, int]
    summary: dict[str, Any]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Return who reported without a mistake."""
        return np.array([not mistake for mistake in self.mistakes])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Found:
    """Import and compute the round of the demonstration as it is done there; undo it afterwards."""
    population = generate(SEED)
    paths = write(population, tmp_path_factory.mktemp("fictitious"))
    truth = {provider.kvk: provider for provider in population.delivered(YEAR)}
    model = Path(settings.BASE_DIR) / "benchmarking" / "specifications" / "integrale-vergelijking.json"
    with django_db_blocker.unblock(), scope(EVERYTHING), transaction.atomic():
        (imported,) = import_files(source_name="iv", paths=[p for p in paths if str(YEAR) in p.name], actor=None)
        table = import_tariffs(path=paths[-1], actor=None)
        set_policy(round=imported.round, actor=None, tariff_table=table, tariff_year=YEAR + 1)
        # Scores are judged here; an interval changes none.
        run = computed(imported.round, {**json.loads(model.read_text(encoding="utf-8")), "bootstrap": None})
        assert run.status == "completed", run.failure_reason
        results = list(
            Result.objects.filter(run=run, score__isnull=False).select_related("provider").order_by("provider__key")
        )
        leaning: dict[str, int] = {}
        for link in PeerLink.objects.filter(result__run=run).select_related("peer__provider").order_by():
            if link.peer_id != link.result_id:
                leaning[link.peer.provider.key] = leaning.get(link.peer.provider.key, 0) + 1
        transaction.set_rollback(True)
    keys = [result.provider.key for result in results]
    return Found(
        keys=keys,
        score=np.array([result.score for result in results]),
        truth=np.array([truth[key].years[YEAR].true_efficiency for key in keys]),
        kind=np.array([truth[key].kind for key in keys]),
        mistakes=[truth[key].years[YEAR].mistakes for key in keys],
        may_be_peer=np.array([result.may_be_peer for result in results]),
        leaning=leaning,
        summary=run.summary,
    )


def test_who_works_well_scores_well(found: Found) -> None:
    rank = spearmanr(found.score, found.truth).statistic
    among_correct = spearmanr(found.score[found.correct], found.truth[found.correct]).statistic
    print(f"rank correlation {rank:.3f}, without mistakes {among_correct:.3f}; ", end="")
    print(f"mean score {found.score.mean():.3f}, mean truth {found.truth.mean():.3f}")
    assert rank > 0.90
    assert among_correct > 0.92


def test_within_each_kind_of_provider_who_works_well_scores_well(found: Found) -> None:
    # Chains are few and large: with variable returns the largest have nobody of their size to be measured against.
    least = {"small_home": 0.85, "care_home": 0.85, "regional": 0.85, "nursing_home": 0.85, "chain": 0.75}
    for kind, correlation in least.items():
        chosen = (found.kind == kind) & found.correct
        assert chosen.sum() > 30
        assert spearmanr(found.score[chosen], found.truth[chosen]).statistic > correlation, kind


def test_nobody_who_reports_correctly_is_told_to_be_much_worse_than_the_truth(found: Found) -> None:
    difference = (found.score - found.truth)[found.correct]
    assert difference.min() > -0.02
    assert (difference < 0).mean() < 0.02


def test_scores_lie_a_little_above_the_truth_on_average(found: Found) -> None:
    gap = found.score.mean() - found.truth.mean()
    assert 0.02 < gap < 0.08
    assert found.summary["mean_score"] == pytest.approx(found.score.mean(), abs=1e-6)


def test_small_homes_are_not_measured_more_strictly_than_others(found: Found) -> None:
    """Half a mistake that stays a peer among small homes costs all of them twenty points."""
    gaps = {
        kind: float((found.score - found.truth)[(found.kind == kind) & found.correct].mean())
        for kind in np.unique(found.kind)
    }
    assert max(gaps.values()) - min(gaps.values()) < 0.07, gaps
    assert gaps["small_home"] > 0.01


def test_a_report_with_half_of_its_costs_forgotten_leads_nobody(found: Found) -> None:
    too_cheap = [key for key, mistake in zip(found.keys, found.mistakes, strict=True) if "too_cheap" in mistake]
    assert len(too_cheap) == 3
    assert not set(too_cheap) & set(found.leaning)
    assert not found.may_be_peer[[found.keys.index(key) for key in too_cheap]].any()


def test_too_few_qualified_staff_makes_nobody_a_peer(found: Found) -> None:
    below = [key for key, mistake in zip(found.keys, found.mistakes, strict=True) if "too_few_qualified" in mistake]
    assert len(below) > 15
    assert not set(below) & set(found.leaning)


def test_no_peer_carries_half_of_the_country(found: Found) -> None:
    assert max(found.leaning.values()) < 0.4 * len(found.keys)
    assert len(found.leaning) > 25
    assert 0.04 < (found.score > 1 - 1e-6).mean() < 0.20
