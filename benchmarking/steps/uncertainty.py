"""Step 6: how sure a score is. An interval around the true score by the bootstrap, in parts that any worker can do."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarking import dea
from benchmarking.calculation import Calculation, DividedStep, Outcome
from benchmarking.rounding import INTERVAL_DECIMALS, ONE_POINT, near_boundary, published_interval
from benchmarking.steps.model_arrays import core_options, model_arrays
from benchmarking.wording import convention_in_words
from providers.formatting import format_number

COLUMNS = {"bias_corrected_score": "bias_corrected", "score_lower": "lower", "score_upper": "upper"}
NOT_ASKED = "Voor deze ronde is geen interval rond de score gevraagd."
TOO_ALIKE = (
    "Er is geen interval berekend: er zijn te weinig zorgaanbieders die peer mogen zijn, of hun scores verschillen te weinig"
    " om er onzekerheid uit te schatten."
)
#: A part with fewer replications would take longer to prepare than to do.
LEAST_REPLICATIONS = 64
#: Fewer different scores than this among possible peers say nothing about how scores vary.
FEWEST_SCORES = 3


def order(calculation: Calculation) -> bytes | None:
    """Return all that the bootstrap depends on: arrays and options as a compressed ``.npz``, nothing pickled."""
    asked = calculation.specification.bootstrap
    if asked is None or not _can_be_estimated(calculation):
        return None
    arrays = model_arrays(calculation)
    options = core_options(calculation, arrays)
    plain = {
        **asked.model_dump(),
        "seed": calculation.seed,
        "returns_to_scale": options["returns_to_scale"],
        "fixed_inputs": options["fixed_inputs"],
    }
    tables: dict[str, Any] = {
        "inputs": arrays.inputs,
        "outputs": arrays.outputs,
        "keys": np.array(options["keys"], dtype=str),
        "may_be_peer": arrays.may_be_peer,
        "options": np.array(json.dumps(plain, sort_keys=True)),
    }
    if options["comparable"] is not None:
        tables["comparable"] = options["comparable"]
    if options["price_bounds"] is not None:
        tables["lowest_ratios"], tables["highest_ratios"] = options["price_bounds"]
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **tables)
    return packed.getvalue()


def most_parts(order: bytes) -> int:
    """Return in how many parts the replications are worth dividing: every part begins with the scores themselves."""
    replications: int = json.loads(str(_read(order)["options"]))["replications"]
    return -(-replications // LEAST_REPLICATIONS)


def part(order: bytes, number: int, of: int) -> bytes:
    """Return the replications of one part of the bootstrap."""
    tables = _read(order)
    options = json.loads(str(tables["options"]))
    bounds = (tables["lowest_ratios"], tables["highest_ratios"]) if "lowest_ratios" in tables else None
    done = dea.bootstrap(
        tables["inputs"],
        tables["outputs"],
        shard=(number, of),
        keys=tables["keys"].tolist(),
        may_be_peer=tables["may_be_peer"],
        comparable=tables.get("comparable"),
        price_bounds=bounds,
        **{**options, "fixed_inputs": tuple(options["fixed_inputs"])},
    )
    assert isinstance(done, dea.BootstrapShard)
    return done.to_bytes()


def join(calculation: Calculation, contents: Sequence[bytes]) -> Outcome:
    """Add bias-corrected score and interval of everyone who has a score; what is outside (0, 1] is kept and not shown.

    Kept and not shown either: an interval of one point. Who may not be a peer, and has no combination of others that does it for
    less, is measured against itself alone; its own figures do not move, so every replication gives the same score.
    """
    asked = calculation.specification.bootstrap
    if not contents or asked is None:
        empty = calculation.with_results(**dict.fromkeys(COLUMNS), uncertainty_shown=False)
        return Outcome(empty.with_summary(uncertainty=None), (NOT_ASKED if asked is None else TOO_ALIKE,))
    found = dea.combine_shards(dea.BootstrapShard.from_bytes(content) for content in contents)
    keys = list(calculation.taking_part)
    estimated = np.isfinite(found.bias_corrected) & np.isfinite(found.lower) & np.isfinite(found.upper)
    may_be_peer = calculation.results.loc[keys, "may_be_peer"].to_numpy(dtype=bool)
    alone = estimated & ~may_be_peer & (found.upper - found.lower < ONE_POINT)
    shown = estimated & ~found.outside & ~alone
    columns = {name: _column(calculation, keys, getattr(found, of)) for name, of in COLUMNS.items()}
    published = {
        f"published_{name}": column.map(published_interval, na_action="ignore") for name, column in columns.items()
    }
    flags = dict(zip(keys, shown.tolist(), strict=True))
    columns["uncertainty_shown"] = calculation.by_key(flags).fillna(False)
    updated = calculation.with_results(**columns, **published)
    widths = found.upper[shown] - found.lower[shown]
    figures = {
        "replications": int(found.replications),
        "convention": str(found.convention),
        "confidence": float(found.confidence),
        "bandwidth": float(found.bandwidth),
        "estimated": int((estimated & ~alone).sum()),
        "outside": int((estimated & found.outside & ~alone).sum()),
        "alone": int(alone.sum()),
        "median_width": float(np.median(widths)) if len(widths) else None,
        "problems": int(found.solved),
        "fallback": int(found.fallback),
        "worst_certificate": float(found.worst_certificate),
        "near_rounding_boundary": near_boundary(
            [getattr(found, of)[shown] for of in COLUMNS.values()], decimals=INTERVAL_DECIMALS
        ),
    }
    updated = replace(
        updated.with_summary(uncertainty=figures), published=(*updated.published, *published, "uncertainty_shown")
    )
    return Outcome(updated, _sentences(figures), figures)


def _read(order: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(order), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _can_be_estimated(calculation: Calculation) -> bool:
    """Tell whether possible peers have scores that differ enough to estimate anything from."""
    rows = calculation.results.loc[calculation.taking_part]
    scores = {round(score, 9) for score, may in zip(rows["score"], rows["may_be_peer"], strict=True) if may and score}
    return len(scores) >= FEWEST_SCORES


def _column(calculation: Calculation, keys: list[str], values: NDArray[np.float64]) -> pd.Series:
    return calculation.by_key(
        {key: float(value) for key, value in zip(keys, values, strict=True) if np.isfinite(value)}
    )


def _sentences(figures: dict[str, Any]) -> tuple[str, ...]:
    sentences = [
        f"Van {format_number(figures['estimated'])} zorgaanbieders is een interval rond de score berekend, met"
        f" {format_number(figures['replications'])} herhalingen ({convention_in_words(figures['convention'])}).",
        f"Elk van de {format_number(figures['problems'])} deelberekeningen is met een bewijs gecontroleerd;"
        f" {format_number(figures['fallback'])} zijn opnieuw gedaan met de reservemethode.",
        "Het interval is informatie en verandert geen bedrag.",
    ]
    if figures["alone"]:
        sentences.append(
            f"Voor {format_number(figures['alone'])} zorgaanbieder{'s' if figures['alone'] > 1 else ''} is geen interval te"
            " berekenen: zelf geen peer, en geen combinatie van anderen levert dezelfde zorg voor minder geld."
        )
    if figures["outside"]:
        sentences.append(
            f"Bij {format_number(figures['outside'])} zorgaanbieders ligt het interval buiten 0 tot 100\u00a0%; dat wordt"
            " bewaard en niet getoond."
        )
    return tuple(sentences)


uncertainty = DividedStep(
    code="uncertainty",
    title="Hoe zeker de score is",
    order=order,
    most_parts=most_parts,
    part=part,
    join=join,
    forget=dea.forget_shards,
)
