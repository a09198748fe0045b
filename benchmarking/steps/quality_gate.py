"""Step 3: quality comes first. Who does not meet it is measured, but is never a peer for others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benchmarking.calculation import Calculation, Outcome, rows_of, step
from benchmarking.specification import QualityCriterion


def verdict(row: dict[str, Any], criteria: tuple[QualityCriterion, ...]) -> str:
    """Return ``passed``, ``failed``, ``missing`` or ``not_asked`` for one provider; failed weighs heaviest."""
    if not criteria:
        return "not_asked"
    found = set()
    for criterion in criteria:
        value = row[criterion.measure]
        if value is None:
            found.add("missing" if criterion.missing == "not_a_peer" else "passed")
        elif not _within(value, criterion):
            found.add("failed")
        else:
            found.add("passed")
    return next(name for name in ("failed", "missing", "passed") if name in found)


def _within(value: Decimal, criterion: QualityCriterion) -> bool:
    low, high = criterion.at_least, criterion.at_most
    return (low is None or value >= low) and (high is None or value <= high)


@step(code="quality_gate", title="Kwaliteit als voorwaarde")
def quality_gate(calculation: Calculation) -> Outcome:
    """Decide who may be a peer on quality."""
    criteria = calculation.specification.quality_gate
    rows = rows_of(calculation.delivered)
    participates = calculation.results["participates"]
    verdicts = [verdict(rows[key], criteria) if participates[key] else "not_asked" for key in calculation.results.index]
    may_be_peer = [
        bool(part) and found in ("passed", "not_asked") for part, found in zip(participates, verdicts, strict=True)
    ]
    updated = calculation.with_results(quality=verdicts, may_be_peer=may_be_peer)
    counts = {name: verdicts.count(name) for name in ("passed", "failed", "missing")}
    if not criteria:
        return Outcome(updated, ("Voor deze ronde is geen voorwaarde op kwaliteit ingesteld.",), {})
    return Outcome(
        updated,
        (
            f"{counts['passed']} zorgaanbieders voldoen aan de voorwaarden voor kwaliteit.",
            f"{counts['failed']} voldoen niet en {counts['missing']} leverden de gegevens niet:"
            " zij krijgen een uitkomst, maar zijn geen peer voor anderen.",
        ),
        counts,
    )
