"""Step 8: what hangs on one peer. Everyone's score again with one peer left out, for each peer in turn."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from benchmarking import dea
from benchmarking.calculation import Calculation, Outcome, rows_of, step
from benchmarking.rounding import near_boundary
from benchmarking.steps.minimum_cost import CENT, SCORE_DECIMALS, published_score
from benchmarking.steps.model_arrays import core_options, model_arrays
from providers.formatting import format_number

ALONE = "Er doet één zorgaanbieder mee: er is geen peer om weg te laten."


@step(code="influence", title="Invloed van elke peer")
def influence(calculation: Calculation) -> Outcome:
    """Leave out one peer at a time: how many hang on it, and what the minimum costs of those would rise by together.

    The amount is Σ (score without − score)·(C − F) over its users. Both scores are those of the comparison, rounded half up to
    6 decimals as a published score is: the correction for circumstances of step 7 (``correction``, the peer difference), which
    would be the same on both sides, is not in them, and neither is the floor. Information: it changes no amount of anybody.
    """
    arrays = model_arrays(calculation)
    if len(arrays.keys) < 2:
        return Outcome(calculation.with_results(users=None, influence=None), (ALONE,))
    found = dea.influence(arrays.inputs, arrays.outputs, **core_options(calculation, arrays))
    without = {
        (arrays.keys[unit], arrays.keys[peer]): float(score)
        for peer, unit, score in zip(found.peer, found.unit, found.score_without, strict=True)
    }
    links = calculation.peers
    rows = rows_of(calculation.results)
    pairs = list(zip(links["key"], links["peer"], strict=True))
    # A link that the core does not know is one of several optima, and of those another does without this peer: no change.
    scores = pd.Series(
        [None if key == peer else without.get((key, peer), rows[key]["score"]) for key, peer in pairs],
        index=links.index,
        dtype=object,
    )
    users = Counter(peer for key, peer in pairs if key != peer)
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (key, peer), score in zip(pairs, scores, strict=True):
        if score is not None:
            row = rows[key]
            rise = published_score(score) - published_score(row["score"])
            amounts[peer] += rise * (row["comparable_cost"] - row["fixed_cost"])
    scored = [key for key, row in rows.items() if row.get("score") is not None]
    updated = calculation.with_results(
        users=calculation.by_key({key: users[key] for key in scored}),
        influence=calculation.by_key({key: amounts[key].quantize(CENT, ROUND_HALF_UP) for key in scored}),
    )
    updated = replace(
        updated,
        peers=links.assign(score_without=scores),
        published=(*updated.published, "users", "influence"),
    )
    figures = {
        **_figures(users, amounts),
        "near_rounding_boundary": near_boundary(
            [score for score in scores if score is not None], decimals=SCORE_DECIMALS
        ),
    }
    return Outcome(updated, _sentences(figures), figures)


def _figures(users: Counter[str], amounts: dict[str, Decimal]) -> dict[str, Any]:
    top = max(users, key=lambda key: (amounts.get(key, Decimal(0)), key), default=None)
    largest = None
    if top is not None:
        largest = {"key": top, "users": users[top], "amount": str(amounts[top].quantize(CENT, ROUND_HALF_UP))}
    return {"peers": len(users), "most_users": max(users.values(), default=0), "largest": largest}


def _sentences(figures: dict[str, Any]) -> tuple[str, ...]:
    if not figures["peers"]:
        return ("Niemand is peer voor een ander: er valt niets weg te laten.",)
    return (
        f"Elk van de {format_number(figures['peers'])} peers is één keer weggelaten; dan is opnieuw gerekend tegen alle anderen.",
        f"Aan één peer hangen hoogstens {format_number(figures['most_users'])} andere aanbieders.",
    )
