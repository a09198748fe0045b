"""Step 7: a correction of the score for circumstances that differ from those of the own peers, if the model asks for one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarking import dea
from benchmarking.calculation import Calculation, Outcome, RunFailed, step
from benchmarking.naming import name_of
from benchmarking.steps.minimum_cost import published_score
from benchmarking.steps.model_arrays import model_arrays
from providers.formatting import format_number

NOT_ASKED = "Voor deze ronde is geen correctie voor omstandigheden ingesteld."
NOT_POSSIBLE = (
    "De correctie voor omstandigheden is niet te berekenen: de gekozen omstandigheden verschillen te weinig tussen aanbieders en"
    " hun peers, of er zijn te weinig aanbieders met een interval. Kijk correction in de modelspecificatie na."
)
TOO_STRONG = (
    "De correctie voor omstandigheden maakt de score van {count} zorgaanbieders nul of negatief. Verlaag cap bij correction in"
    " de modelspecificatie."
)
OUTLIERS = ("dominance", "super_efficiency")


@step(code="circumstances", title="Correctie voor omstandigheden")
def circumstances(calculation: Calculation) -> Outcome:
    """Add to the score what harder circumstances than the peers' explain, and take off what easier ones do.

    Outliers and who has no interval that may be shown take no part in the regression. Who misses a figure, or has a peer that
    does, keeps its score. No score becomes higher than 1: nobody is told a minimum above its own costs.
    """
    asked = calculation.specification.correction
    if asked is None:
        return Outcome(calculation.with_results(correction=None), (NOT_ASKED,))
    arrays = model_arrays(calculation)
    keys = list(arrays.keys)
    rows = calculation.results.loc[keys]
    weights = _weights(calculation, keys)
    factors = calculation.delivered.loc[keys, list(asked.measures)].to_numpy(dtype=float)
    known = np.isfinite(factors).all(axis=1)
    comparable = known & ((weights > 0) @ (~known).astype(float) == 0)
    score = rows["score"].to_numpy(dtype=float)
    shown = rows["uncertainty_shown"].to_numpy(dtype=bool)
    try:
        found = dea.peer_difference(
            np.where(comparable, score, np.nan),
            weights,
            arrays.inputs.sum(axis=1),
            np.nan_to_num(factors),
            bias_corrected=np.where(shown, rows["bias_corrected_score"].to_numpy(dtype=float), np.nan),
            cap=float(asked.cap),
            factor_names=asked.measures,
            in_regression=~rows["outlier"].isin(OUTLIERS).to_numpy(dtype=bool),
            keys=keys,
        )
    except ValueError as error:
        raise RunFailed(NOT_POSSIBLE) from error
    if wrong := int((found.corrected <= 0).sum()):
        raise RunFailed(TOO_STRONG.format(count=wrong))
    correction = np.minimum(found.corrected, 1.0) - score
    by_key = {key: float(value) for key, value in zip(keys, correction, strict=True) if np.isfinite(value)}
    column = calculation.by_key(by_key)
    updated = calculation.with_results(
        correction=column, published_correction=column.map(published_score, na_action="ignore")
    )
    updated = replace(updated, published=(*updated.published, "published_correction"))
    figures: dict[str, Any] = {
        "factors": {
            name: {"coefficient": float(slope), "standard_error": float(error)}
            for name, slope, error in zip(found.names, found.coefficient, found.standard_error, strict=True)
        },
        "r_squared": float(found.r_squared),
        "units": int(found.units),
        "corrected": len(by_key),
        "not_corrected": int((~comparable & np.isfinite(score)).sum()),
        "capped": int(found.capped.sum()),
        "held_at_one": int((found.corrected > 1).sum()),
    }
    return Outcome(updated, _sentences(figures), figures)


def _weights(calculation: Calculation, keys: list[str]) -> sparse.csr_array:
    place = {key: number for number, key in enumerate(keys)}
    links = calculation.peers
    values: NDArray[np.float64] = links["weight"].to_numpy(dtype=float)
    where = ([place[key] for key in links["key"]], [place[key] for key in links["peer"]])
    return sparse.csr_array((values, where), shape=(len(keys), len(keys)))


def _sentences(figures: dict[str, Any]) -> tuple[str, ...]:
    sentences = [
        f"De scores zijn gecorrigeerd voor {', '.join(name_of(name) for name in figures['factors'])}: het verschil met de eigen"
        " peers. De samenhang is geschat met de scores waar de vertekening uit is."
    ]
    for name, count in (
        ("capped", "Bij {} is de correctie begrensd."),
        ("held_at_one", "Bij {} zou de score boven 100\u00a0% komen; die is op 100\u00a0% gehouden."),
        ("not_corrected", "Van {} of hun peers ontbreken gegevens; zij houden hun score."),
    ):
        if figures[name]:
            number = figures[name]
            whom = "één zorgaanbieder" if number == 1 else f"{format_number(number)} zorgaanbieders"
            sentences.append(count.format(whom))
    return tuple(sentences)
