"""Step 9, first half: the published score and the minimum costs. The maximum follows in ``tariffs``."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from benchmarking.calculation import Calculation, Outcome, rows_of, step
from benchmarking.rounding import near_boundary

SCORE_DECIMALS = 6
CENT = Decimal("0.01")


def published_score(score: float, floor: Decimal | None = None) -> Decimal:
    """Return θ rounded half up to 6 decimals, and at least ``floor``."""
    rounded = Decimal(repr(score)).quantize(Decimal(1).scaleb(-SCORE_DECIMALS), ROUND_HALF_UP)
    return rounded if floor is None else max(rounded, floor)


def minimum_cost_of(*, score: Decimal, comparable_cost: Decimal, fixed_cost: Decimal, allowance: Decimal) -> Decimal:
    """Return score·(C − F) + F + A to the cent, half up (design §6)."""
    minimum = score * (comparable_cost - fixed_cost) + fixed_cost + allowance
    return minimum.quantize(CENT, ROUND_HALF_UP)


@step(code="minimum_cost", title="Minimale kosten")
def minimum_cost(calculation: Calculation) -> Outcome:
    """Compute minimum costs from the published score, with the correction for circumstances if there is one.

    Slacks and uncertainty never change money.
    """
    floor = calculation.specification.score_floor
    scores: list[Any] = []
    minima: list[Any] = []
    unrounded: list[float] = []
    floored = 0
    for row in rows_of(calculation.results).values():
        if row["score"] is None:
            scores.append(None)
            minima.append(None)
            continue
        corrected = row["score"] + (row.get("correction") or 0.0)
        score = published_score(corrected, floor)
        unrounded.append(corrected)
        floored += floor is not None and Decimal(repr(corrected)) < floor
        scores.append(score)
        minima.append(
            minimum_cost_of(
                score=score,
                comparable_cost=row["comparable_cost"],
                fixed_cost=row["fixed_cost"],
                allowance=row["allowance"],
            )
        )
    updated = calculation.with_results(published_score=scores, minimum_cost=minima)
    updated = replace(updated, published=(*updated.published, "published_score", "minimum_cost"))
    sentences = ["De minimale kosten zijn de score keer de vergelijkbare kosten, plus wat niet beïnvloedbaar is."]
    if floored:
        sentences.append(f"Bij {floored} zorgaanbieders is de score opgehoogd naar de ondergrens {floor}.")
    near = near_boundary(unrounded, decimals=SCORE_DECIMALS)
    return Outcome(updated, tuple(sentences), {"near_rounding_boundary": near, "floored": int(floored)})
