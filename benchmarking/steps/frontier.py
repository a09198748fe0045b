"""Step 5: scores, peers, slacks and shadow prices, each with its certificate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarking import dea
from benchmarking.calculation import Calculation, Outcome, RunFailed, step
from benchmarking.steps.model_arrays import core_options, model_arrays

#: λ below this is not a peer: it is smaller than what the certificate promises.
SMALLEST_WEIGHT = 1e-9
NOBODY_IS_A_PEER = (
    "Geen enkele zorgaanbieder mag peer zijn: niemand voldoet aan de voorwaarden voor kwaliteit, of iedereen is uitbijter."
    " Kijk de modelspecificatie na."
)


@step(code="frontier", title="Vergelijken met de beste praktijken")
def frontier(calculation: Calculation) -> Outcome:
    """Compute score θ, peers λ and prices of everyone who takes part."""
    specification = calculation.specification
    arrays = model_arrays(calculation)
    keys = list(arrays.keys)
    if not arrays.may_be_peer.any():
        raise RunFailed(NOBODY_IS_A_PEER)
    options = core_options(calculation, arrays)
    comparable = options["comparable"]
    slacks = specification.returns_to_scale != "fdh" and not calculation.only_money
    found = dea.efficiency(arrays.inputs, arrays.outputs, slacks=slacks, **options)
    above: Any = np.full(len(keys), np.nan)
    if len(keys) > 1 and not calculation.only_money:
        above = dea.super_efficiency(arrays.inputs, arrays.outputs, **options).score
    weights = found.weights.tocoo()
    used = weights.data > SMALLEST_WEIGHT
    rows, columns, values = weights.row[used], weights.col[used], weights.data[used]
    peer_cost = values * arrays.inputs.sum(axis=1)[columns]
    total = np.bincount(rows, weights=peer_cost, minlength=len(keys))
    peers = pd.DataFrame(
        {
            "key": [keys[row] for row in rows],
            "peer": [keys[column] for column in columns],
            "weight": values,
            "cost_share": peer_cost / total[rows],
            "score_without": None,
        }
    ).sort_values(["key", "cost_share", "peer"], ascending=[True, False, True], ignore_index=True)
    pool = arrays.may_be_peer.astype(int)
    counts = np.full(len(keys), pool.sum()) if comparable is None else comparable @ pool
    counts = counts + np.where(arrays.may_be_peer, 0, 1)
    columns_of_results = _columns(calculation, keys, found)
    columns_of_results["super_efficiency"] = dict(zip(keys, _or_none(above), strict=True))
    columns_of_results["comparable_count"] = dict(zip(keys, counts.tolist(), strict=True))
    index = calculation.results.index
    updated = calculation.with_results(
        **{
            name: pd.Series(values, dtype=object).reindex(index).where(lambda s: s.notna(), None)
            for name, values in columns_of_results.items()
        }
    )
    own = int((peers["key"] == peers["peer"]).sum())
    others = peers[peers["key"] != peers["peer"]]
    figures = {
        "scores": int(np.isfinite(found.score).sum()),
        "peers": int(others["peer"].nunique()),
        "on_frontier": own,
        "fallback": int(found.fallback.sum()),
        "worst_certificate": float(np.nanmax(found.certificate)),
        "under_20_comparable": int((counts < 20).sum()),
        "peers_not_unique": int((~found.unique & np.isfinite(found.score)).sum()),
    }
    sentences = (
        f"{figures['scores']} zorgaanbieders hebben een score; {figures['peers']} van hen zijn peer voor een ander.",
        "Alle uitkomsten zijn gecontroleerd met een bewijs per aanbieder.",
        *_about_ties(int(figures["peers_not_unique"])),
    )
    return Outcome(replace(updated, peers=peers), sentences, figures)


def _about_ties(count: int) -> tuple[str, ...]:
    if count == 0:
        return ()
    whose = "één zorgaanbieder" if count == 1 else f"{count} zorgaanbieders"
    return (f"Bij {whose} geven ook andere combinaties van peers dezelfde score; dan beslist een vaste regel.",)


def _or_none(values: Any) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _columns(calculation: Calculation, keys: list[str], found: dea.Efficiency) -> dict[str, dict[str, Any]]:
    """Return the columns that come straight from the core, as ``{column: {key: value}}``."""
    inputs = calculation.specification.inputs
    outputs = [output.name for output in calculation.specification.outputs]
    slacks, prices, certificates = [], [], []
    for place in range(len(keys)):
        slacks.append(
            {
                "inputs": dict(zip(inputs, _or_none(found.input_slack[place]), strict=True)),
                "outputs": dict(zip(outputs, _or_none(found.output_slack[place]), strict=True)),
            }
        )
        prices.append(
            {
                "inputs": dict(zip(inputs, _or_none(found.input_price[place]), strict=True)),
                "outputs": dict(zip(outputs, _or_none(found.output_price[place]), strict=True)),
                "scale": _or_none([found.scale_price[place]])[0],
            }
        )
        certificates.append(_or_none(found.certificate[place]))
    columns: dict[str, list[Any]] = {
        "score": _or_none(found.score),
        "status": [str(status) for status in found.status],
        "slacks": slacks,
        "prices": prices,
        "certificate": certificates,
        "peers_unique": found.unique.tolist(),
        "prices_unique": found.own_prices_unique.tolist(),
        "fallback": found.fallback.tolist(),
    }
    return {name: dict(zip(keys, values, strict=True)) for name, values in columns.items()}
