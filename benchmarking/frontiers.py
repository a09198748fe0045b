"""Whose frontier a run is measured against: its own, or that of an earlier run that stays as it was decided.

A run of which ``frozen["frontier_of"]`` names another has no frontier of its own. That other run always made its own: what is
corrected time after time is measured against one and the same frontier, so in whatever order, the outcome is the same.
How that is computed stands in :mod:`benchmarking.frozen_frontier`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from benchmarking import datasets
from benchmarking.engine import ENGINE_VERSION
from benchmarking.models import Dataset, Run, RunStatus, Specification
from providers.formatting import format_number

#: Where a run says whose frontier it is measured against.
FRONTIER_OF: Final = "frontier_of"
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
FULL_RUN: Final = (
    "Daarom kan niet alleen opnieuw worden gerekend voor wie verbeterde gegevens heeft."
    " Kies een berekening voor iedereen."
)


def is_frozen(run: Run) -> bool:
    """Tell whether a run is measured against the frontier of another."""
    return FRONTIER_OF in run.frozen


def frontier_of(run: Run) -> Run:
    """Return the run whose frontier a run is measured against: itself, if it made its own."""
    if not is_frozen(run):
        return run
    return Run.objects.select_related("dataset", "specification").get(uuid=run.frozen[FRONTIER_OF])


def corrected_in(run: Run) -> frozenset[str]:
    """Return the keys of who is measured anew in a run with a frozen frontier; of nobody in another run."""
    return datasets.different(frontier_of(run).dataset, run.dataset) if is_frozen(run) else frozenset()


def short(run: Run) -> str:
    """Return how a run is called in a sentence."""
    return f"berekening {str(run.uuid)[:8]}"


def in_words(run: Run) -> str:
    """Return in Dutch who is computed again in a completed run, and against which comparison; empty for a run of everybody."""
    if "frozen" not in run.summary:
        return ""
    count = run.summary["frozen"]["measured_anew"]
    whose = "één aanbieder" if count == 1 else f"{format_number(count)} aanbieders"
    return f"Alleen opnieuw berekend: {whose}. De vergelijking is die van {short(frontier_of(run))}."


def why_not(against: Run, *, dataset: Dataset, specification: Specification, frozen: Mapping[str, Any]) -> str:
    """Return in Dutch why these figures cannot be computed against the frontier of ``against``; empty if they can.

    Some providers have to have other figures than in ``against``, and nothing else may be another: who has figures, the model,
    the engine, the policy and the tariffs (``frozen``, as a new run of everybody would have them).
    """
    frontier, name = frontier_of(against), short(against)
    if against.status != RunStatus.COMPLETED or against.dataset.round_id != dataset.round_id:
        return "Er is geen voltooide berekening van deze ronde om de vergelijking van over te nemen."
    reason = ""
    if frontier.specification_id != specification.pk:
        reason = f"De modelspecificatie is een andere dan in {name}."
    elif frontier.engine_version != ENGINE_VERSION:
        reason = f"Het rekenmodel van het portaal is vernieuwd sinds {name}."
    elif choices_of(frontier.frozen) != choices_of(frozen):
        reason = f"Het beleid of de tarieven van de ronde zijn veranderd sinds {name}."
    elif _header(against.dataset) != _header(dataset):
        reason = f"De ronde vraagt andere gegevens dan in {name}."
    elif gone := len(datasets.counting(against.dataset) - datasets.counting(dataset)):
        reason = (
            f"Van {_counted(gone)} in {name} wel gegevens en nu niet, bijvoorbeeld omdat een correctie nog niet is ondertekend"
            " of gevalideerd. Wacht daarop."
        )
    elif new := len(datasets.counting(dataset) - datasets.counting(against.dataset)):
        reason = f"Van {_counted(new)} nu gegevens en in {name} nog niet."
    elif datasets.keys_of(dataset) != datasets.keys_of(against.dataset):
        reason = f"De lijst van aanbieders is veranderd sinds {name}."
    elif dataset.pk == against.dataset_id:
        return f"De gegevens zijn dezelfde als in {name}. Er valt niets opnieuw te berekenen."
    return f"{reason} {FULL_RUN}" if reason else ""


def _counted(count: int) -> str:
    return "één zorgaanbieder zijn er" if count == 1 else f"{format_number(count)} zorgaanbieders zijn er"


def choices_of(frozen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run depends on beside figures and model, to lay two runs beside each other.

    Amounts are the same however they are written, and neither the number of a policy nor a frontier is a choice of policy.
    """
    found: dict[str, Any] = json.loads(json.dumps(frozen))
    found.pop(FRONTIER_OF, None)
    policy = {name: value for name, value in found.get("policy", {}).items() if name != "number"}
    plain: dict[str, Any] = _plain({**found, "policy": policy})
    return plain


def _plain(value: Any) -> Any:
    """Return JSON in which every text that is a number is written in one way."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return datasets.canonical_number(Decimal(value))
    return value


def _header(dataset: Dataset) -> bytes:
    return bytes(dataset.content).partition(b"\n")[0]
