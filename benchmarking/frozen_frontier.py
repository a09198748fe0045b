"""Measuring anew who was corrected, against the comparison as it was decided.

A *frontier* is what a completed run compared everybody with: the figures of all who took part, with the verdicts of the quality
gate and of the outlier rules. A provider with other figures is measured against the others as they were. Its old figures are
out of the comparison and the new ones are its own reference, so its score is at most 1. Nobody else gets another outcome, also
not who has it as a peer, and also not another who is corrected at the same time: each is measured for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import dropwhile, takewhile
from typing import Any

import pandas as pd

from benchmarking import course
from benchmarking.calculation import PEER_COLUMNS, Calculation, Outcome, RunFailed, Step, rows_of, step
from benchmarking.frontiers import FRONTIER_OF, corrected_in, frontier_of
from benchmarking.models import PeerLink, Result, Run
from benchmarking.rounding import published_interval
from benchmarking.steps.circumstances import TOO_STRONG
from benchmarking.steps.minimum_cost import published_score
from providers.formatting import format_number

#: The step that computes no score but turns scores into amounts, and all after it, say of everybody what follows from a score.
FIRST_AFTER_SCORES = "minimum_cost"
VERDICTS = ("quality", "outlier", "may_be_peer")
NO_VERDICTS: Mapping[str, Any] = {"quality": "not_asked", "outlier": "not_tested", "may_be_peer": False}
#: What the comparison itself says of a provider.
COMPARED = (
    "comparable_count", "status", "score", "super_efficiency", "slacks", "prices", "certificate", "peers_unique",
    "prices_unique", "fallback", "correction",
)  # fmt: skip
INTERVAL = ("bias_corrected_score", "score_lower", "score_upper")
#: What others have of a provider: they keep it, so whom it is a peer of stays as it was.
OF_OTHERS = ("users", "influence")


@dataclass(frozen=True)
class Frontier:
    """What a completed run compared everybody with, for who is measured against it anew.

    only_money : slacks and the score without oneself, from which no amount follows, are left out.
    """

    run: Run
    only_money: bool = False

    @cached_property
    def start(self) -> Calculation:
        """Return the figures of everybody as they were."""
        return course.start_of(self.run, only_money=self.only_money)

    @cached_property
    def _verdicts(self) -> dict[str, tuple[Any, ...]]:
        stored = Result.objects.filter(run=self.run).values_list("provider__key", *VERDICTS)
        return {key: tuple(verdicts) for key, *verdicts in stored}

    @cached_property
    def _coefficients(self) -> dict[str, float]:
        factors = self.run.steps.get(code="circumstances").figures["factors"]
        return {name: float(found["coefficient"]) for name, found in factors.items()}

    def scored(self, key: str, row: Mapping[str, Any]) -> Calculation:
        """Return the calculation up to the score in which one provider has this row; only what it says of ``key`` counts.

        row : columns of ``delivered`` that are others than they were. Raises :class:`~benchmarking.calculation.RunFailed`.
        """
        decided: dict[str, Callable[[Calculation], Outcome]] = {
            "quality_gate": self._verdicts_as_decided,
            "outliers": Outcome,
            "uncertainty": Outcome,
            "circumstances": partial(self._correction_as_decided, key),
            "influence": Outcome,
        }
        todo = [decided.get(one.code, one) for one in up_to_scores()]
        return course.carried_out(self.start.with_delivered({key: row}), todo)

    def measured(self, key: str, row: Mapping[str, Any]) -> Calculation:
        """Return the same with all that follows from the score."""
        return course.carried_out(self.scored(key, row), after_scores())

    def _verdicts_as_decided(self, calculation: Calculation) -> Outcome:
        """Take over who may be a peer, and why others may not."""
        rows = [self._verdicts[key] for key in calculation.results.index]
        return Outcome(calculation.with_results(**dict(zip(VERDICTS, map(list, zip(*rows, strict=True)), strict=True))))

    def _correction_as_decided(self, key: str, calculation: Calculation) -> Outcome:
        """Correct the score of one provider with the coefficients of the run, as the step does with those it estimates."""
        asked = calculation.specification.correction
        score: Any = calculation.results.at[key, "score"]
        found: dict[str, float] = {}
        if asked is not None and score is not None:
            difference = _from_own_peers(calculation, key, asked.measures)
            if difference is not None:
                cap = float(asked.cap)
                wanted = -sum(self._coefficients[name] * amount for name, amount in difference.items())
                corrected = min(score + min(max(wanted, -cap), cap), 1.0)
                if corrected <= 0:
                    raise RunFailed(TOO_STRONG.format(count=1))
                found[key] = corrected - score
        return Outcome(calculation.with_results(correction=calculation.by_key(found)))


def _from_own_peers(calculation: Calculation, key: str, measures: Iterable[str]) -> dict[str, float] | None:
    """Return the own circumstances less those of the own peers, by their share of cost; ``None`` if a figure is missing."""
    links = calculation.peers[calculation.peers["key"] == key]
    found = {}
    for measure in measures:
        values: Any = calculation.delivered[measure]
        compared = [values[key], *(values[peer] for peer in links["peer"])]
        if any(value is None for value in compared):
            return None
        own, *others = map(float, compared)
        found[measure] = sum(share * (own - other) for share, other in zip(links["cost_share"], others, strict=True))
    return found


# ── a run ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def up_to_scores() -> list[Step]:
    """Return the steps of every run that come to a score."""
    return list(takewhile(lambda one: one.code != FIRST_AFTER_SCORES, course.steps()))


def after_scores() -> list[Step]:
    """Return the steps of every run that follow from the score; each looks at the row of a provider alone, or counts them."""
    return list(dropwhile(lambda one: one.code != FIRST_AFTER_SCORES, course.steps()))


def steps_of(run: Run) -> list[Step]:
    """Return the steps of a run with a frozen frontier: who takes part and costs from its own figures, scores as decided.

    What they read beside the figures, the stored results of the frontier's run, never changes.
    """
    frontier = Frontier(frontier_of(run))
    corrected = sorted(corrected_in(run))
    first = [one for one in course.steps() if one.code in ("participation", "cost_base")]

    @step(code="as_decided", title="Wat blijft zoals het was")
    def as_decided(calculation: Calculation) -> Outcome:
        return _as_decided(calculation, frontier.run, corrected)

    @step(code="measured_anew", title="Wie andere gegevens heeft")
    def measured_anew(calculation: Calculation) -> Outcome:
        return _measured_anew(calculation, frontier, corrected)

    return [*first, as_decided, measured_anew, *after_scores()]


def _as_decided(calculation: Calculation, decided: Run, corrected: list[str]) -> Outcome:
    """Take over scores, peers and what informs of everybody from the run that decided them."""
    names = (*VERDICTS, *COMPARED, *INTERVAL, "uncertainty_shown", *OF_OTHERS)
    stored = {key: row for key, *row in Result.objects.filter(run=decided).values_list("provider__key", *names)}
    columns = {
        name: calculation.by_key({key: row[place] for key, row in stored.items()}) for place, name in enumerate(names)
    }
    links = PeerLink.objects.filter(result__run=decided).values_list(
        "result__provider__key", "peer__provider__key", "weight", "cost_share", "score_without"
    )
    peers = pd.DataFrame(list(links.order_by("result__provider__key", "-cost_share", "peer__provider__key")))
    peers.columns = pd.Index(PEER_COLUMNS)
    peers["score_without"] = peers["score_without"].astype(object).where(peers["score_without"].notna(), None)
    updated = replace(calculation.with_results(**columns), peers=peers)
    kept = len(stored) - len(corrected)
    sentence = (
        f"De vergelijking is die van berekening {str(decided.uuid)[:8]}. {format_number(kept)} zorgaanbieders hebben dezelfde"
        " gegevens en houden hun uitkomst."
    )
    return Outcome(
        updated.with_summary(uncertainty=decided.summary.get("uncertainty")),
        (sentence,),
        {"frontier_of": str(decided.uuid), "result_hash": decided.result_hash, "kept": kept},
    )


def _measured_anew(calculation: Calculation, frontier: Frontier, corrected: list[str]) -> Outcome:
    """Measure everybody with other figures against the frontier, each for itself."""
    results: dict[str, dict[str, Any]] = {
        str(name): {str(key): value for key, value in calculation.results[name].items()}
        for name in calculation.results.columns
    }
    links = [calculation.peers[~calculation.peers["key"].isin(corrected)]]
    delivered = rows_of(calculation.delivered)
    for key in corrected:
        found = frontier.scored(key, delivered[key])
        row = rows_of(found.results.loc[[key]])[key]
        takes_part = bool(row["participates"])
        own: dict[str, Any] = {name: row[name] for name in (*VERDICTS, *COMPARED)}
        own |= {**dict.fromkeys(INTERVAL), "uncertainty_shown": False} | ({} if takes_part else dict(NO_VERDICTS))
        own |= {
            name: (0 if results[name][key] is None else results[name][key]) if takes_part else None
            for name in OF_OTHERS
        }
        for name, value in own.items():
            results[name][key] = value
        links.append(found.peers[found.peers["key"] == key])
    updated = calculation.with_results(
        **{name: calculation.by_key(values) for name, values in results.items()},
        **{
            f"published_{name}": calculation.by_key(results[name]).map(published_interval, na_action="ignore")
            for name in INTERVAL
        },
        published_correction=calculation.by_key(results["correction"]).map(published_score, na_action="ignore"),
    )
    published = (*(f"published_{name}" for name in INTERVAL), "published_correction", "uncertainty_shown", *OF_OTHERS)
    peers = pd.concat([part for part in links if len(part)], ignore_index=True).sort_values(
        ["key", "cost_share", "peer"], ascending=[True, False, True], ignore_index=True
    )
    updated = replace(updated, peers=peers, published=(*updated.published, *published))
    summary = {FRONTIER_OF: str(frontier.run.uuid), "measured_anew": len(corrected)}
    return Outcome(
        updated.with_summary(frozen=summary),
        (
            f"Alleen opnieuw berekend: {_counted(len(corrected))}.",
            "Voor wie opnieuw is berekend is er geen interval, en niet wat het weglaten van één peer doet.",
            "Ieder is apart vergeleken met alle anderen zoals zij waren. Voor die anderen verandert er niets.",
        ),
        {"providers": corrected, "measured_anew": len(corrected)},
    )


def _counted(count: int) -> str:
    return "één zorgaanbieder" if count == 1 else f"{format_number(count)} zorgaanbieders"
