"""Step 2: the costs that are compared."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benchmarking.calculation import Calculation, Outcome, RunFailed, rows_of, step
from benchmarking.steps.participation import REASONS


@step(code="cost_base", title="Welke kosten worden vergeleken")
def cost_base(calculation: Calculation) -> Outcome:
    """Take the allowances out of the total: C = total − A. Who has C ≤ 0 does not take part, with the reason.

    With several inputs the total is their sum and there are no allowances. Revenues are negative costs in the total.
    """
    specification = calculation.specification
    columns: dict[str, list[Any]] = {
        name: [] for name in ("total_cost", "allowance", "fixed_cost", "comparable_cost", "participates")
    }
    reasons, texts = list(calculation.results["reasons"]), list(calculation.results["reason_text"])
    dropped = 0
    rows = rows_of(calculation.delivered)
    for place, (key, taking_part) in enumerate(calculation.results["participates"].items()):
        row = rows[str(key)]
        parts = [row[measure] for measure in specification.inputs]
        total = None if any(part is None for part in parts) else sum(parts, Decimal(0))
        allowance = fixed = comparable = None
        if taking_part and total is not None:
            allowance = sum((row[measure] for measure in specification.allowances), Decimal(0))
            fixed = sum((row[measure] for measure in specification.fixed_inputs), Decimal(0))
            comparable = total - allowance
            if comparable <= 0 or any(part < 0 for part in parts) or comparable - fixed <= 0:
                taking_part = False
                dropped += 1
                reasons[place], texts[place] = "cost_not_positive", REASONS["cost_not_positive"]
        for name, value in zip(columns, (total, allowance, fixed, comparable, taking_part), strict=True):
            columns[name].append(value)
    updated = calculation.with_results(**columns, reasons=reasons, reason_text=texts)
    if len(updated.taking_part) == 0:
        raise RunFailed("Geen enkele zorgaanbieder heeft vergelijkbare kosten boven nul.")
    of_those = updated.results.loc[updated.taking_part]
    compared = sum(of_those["comparable_cost"], Decimal(0))
    taken_out = sum(of_those["allowance"], Decimal(0))
    sentences = ["De kosten van wie meedoet zijn vastgesteld."]
    if specification.allowances:
        sentences.append("Kosten die afzonderlijk worden vergoed zijn eruit gehaald en komen er aan het eind weer bij.")
    if dropped:
        sentences.append(f"{dropped} zorgaanbieders doen niet mee: de vergelijkbare kosten zijn nul of negatief.")
    return Outcome(
        updated, tuple(sentences), {"comparable_cost": str(compared), "allowance": str(taken_out), "dropped": dropped}
    )
