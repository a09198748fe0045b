"""Step 1: who takes part, and a reason for everyone who does not."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from benchmarking.calculation import Calculation, Outcome, RunFailed, rows_of, step
from benchmarking.naming import name_of
from benchmarking.specification import Specification
from providers.formatting import format_exact, format_money, format_number

#: What a reason says, as a sentence that fits a provider's own page and a list of the NZa alike.
REASONS = {
    "not_delivered": "Er is niet aangeleverd.",
    "withdrawn": "De aanlevering is ingetrokken en niet opnieuw ingediend.",
    "returned": "De NZa heeft de aanlevering teruggelegd; de verbetering is er nog niet.",
    "excluded": "De NZa heeft de aanlevering buiten de vergelijking gelaten.",
    "exempt": "De zorgaanbieder heeft ontheffing en hoeft niet aan te leveren.",
    "merged": "De organisatie is opgegaan in een andere zorgaanbieder.",
    "errors": "De aanlevering bevat fouten die eerst hersteld moeten worden ({errors}).",
    "missing_value": "Er ontbreken gegevens die voor de vergelijking nodig zijn: {measures}.",
    "negative_value": "Een aantal of bedrag is negatief waar dat niet kan: {measures}.",
    "no_days": "Er zijn geen zorgdagen van de zorg die wordt vergeleken.",
    "too_small": "Er zijn minder dan {min_care_days} zorgdagen.",
    "months": "De cijfers gaan niet over {months_covered} maanden.",
    "cost_per_day": "De kosten per zorgdag liggen buiten de grenzen van {at_least} tot {at_most}.",
    "cost_not_positive": "De vergelijkbare kosten zijn nul of negatief.",
}

REASONS_SHORT = {
    "not_delivered": "niet aangeleverd",
    "withdrawn": "ingetrokken",
    "returned": "teruggelegd",
    "excluded": "door de NZa uitgesloten",
    "exempt": "ontheffing",
    "merged": "opgegaan in een andere zorgaanbieder",
    "errors": "fouten in de aanlevering",
    "missing_value": "gegevens ontbreken",
    "negative_value": "negatieve waarde",
    "no_days": "geen zorgdagen",
    "too_small": "te weinig zorgdagen",
    "months": "niet het hele jaar",
    "cost_per_day": "kosten per dag niet aannemelijk",
    "cost_not_positive": "vergelijkbare kosten nul of negatief",
}


def reasons_of(row: dict[str, Any], specification: Specification, currency: str) -> dict[str, dict[str, str]]:
    """Return the reasons for one provider not to take part: code → what fills in the sentence."""
    if row["merged"]:
        return {"merged": {}}
    if row["standing"]:
        return {row["standing"]: {}}
    if not row["delivered"]:
        return {"not_delivered": {}}
    found: dict[str, dict[str, str]] = {}
    rule = specification.participation
    if rule.without_errors and row["errors"]:
        found["errors"] = {"errors": ", ".join(row["errors"].split())}
    day_measures = [measure for output in specification.outputs for measure in output.days]
    needed = [*specification.inputs, *day_measures, *specification.allowances]
    missing = [measure for measure in needed if row[measure] is None]
    if missing:
        found["missing_value"] = {"measures": _named(missing)}
        return found
    if negative := [measure for measure in day_measures if row[measure] < 0]:
        found["negative_value"] = {"measures": _named(negative)}
        return found
    days = sum((row[measure] for measure in day_measures), Decimal(0))
    cost = sum((row[measure] for measure in specification.inputs), Decimal(0))
    if days <= 0:
        found["no_days"] = {}
    elif days < rule.min_care_days:
        found["too_small"] = {"min_care_days": format_exact(rule.min_care_days)}
    if rule.months_covered is not None and row["months_covered"] != rule.months_covered:
        found["months"] = {"months_covered": str(rule.months_covered)}
    bounds = rule.cost_per_day
    if bounds is not None and days > 0 and not bounds.at_least <= cost / days <= bounds.at_most:
        found["cost_per_day"] = {
            "at_least": format_money(bounds.at_least, currency=currency),
            "at_most": format_money(bounds.at_most, currency=currency),
        }
    return found


def _named(measures: list[str]) -> str:
    return ", ".join(name_of(measure) for measure in measures)


@step(code="participation", title="Wie doet mee")
def participation(calculation: Calculation) -> Outcome:
    """Decide who takes part. Raises :class:`RunFailed` if nobody does."""
    rows = rows_of(calculation.delivered)
    found = {
        key: reasons_of(row, calculation.specification, calculation.frozen.get("currency", "EUR"))
        for key, row in rows.items()
    }
    updated = calculation.with_results(
        participates=[not found[key] for key in calculation.results.index],
        reasons=[" ".join(found[key]) for key in calculation.results.index],
        reason_text=[
            "\n".join(REASONS[code].format(**facts) for code, facts in found[key].items())
            for key in calculation.results.index
        ],
    )
    taking_part = len(updated.taking_part)
    if taking_part == 0:
        raise RunFailed("Geen enkele zorgaanbieder voldoet aan de voorwaarden om mee te doen.")
    counted = Counter(code for reasons in found.values() for code in reasons)
    sentences = [f"{format_number(taking_part)} van {format_number(len(rows))} zorgaanbieders doen mee."]
    if counted:
        listed = ", ".join(f"{REASONS_SHORT[code]} ({count})" for code, count in counted.most_common())
        several = " Sommigen hebben meer dan één reden." if sum(counted.values()) > len(rows) - taking_part else ""
        sentences.append(f"De anderen niet: {listed}.{several}")
    figures = {"taking_part": taking_part, "not_taking_part": dict(sorted(counted.items()))}
    return Outcome(updated, tuple(sentences), figures)
