"""The steps of every run in order, and carrying them out without writing anything: for runs and for what is beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd
from django.conf import settings
from django.utils.module_loading import import_string

from benchmarking import datasets, specification
from benchmarking.calculation import Calculation, Outcome, RunFailed, Step
from benchmarking.models import Run

OUTDATED = (
    "De modelspecificatie van deze berekening is van vóór de regels die nu gelden; er valt niet meer mee te rekenen."
)
#: Codes of steps from which no amount follows.
INFORMING = frozenset({"uncertainty", "influence"})


def steps() -> list[Step]:
    """Return the steps in order, as the settings compose them."""
    return [import_string(path) for path in settings.RUN_STEPS]


def start_of(run: Run, *, only_money: bool = False) -> Calculation:
    """Return the calculation before the first step: the frozen figures and nothing else.

    ``only_money``: for what is computed beside a run, with :func:`steps_to_money`; what only informs is left out.
    Raises :class:`~benchmarking.calculation.RunFailed` if the run is from before the rules that its model has to keep now.
    """
    try:
        model = specification.parse(run.specification.document)
    except specification.SpecificationError as refused:
        raise RunFailed(" ".join([OUTDATED, *refused.problems])) from refused
    delivered = datasets.read(bytes(run.dataset.content))
    return Calculation(
        specification=model,
        frozen=run.frozen,
        seed=run.seed,
        delivered=delivered,
        results=pd.DataFrame(index=delivered.index),
        only_money=only_money,
    )


def carried_out(calculation: Calculation, todo: Iterable[Callable[[Calculation], Outcome]]) -> Calculation:
    """Carry out these steps in this process, without writing anything."""
    for step in todo:
        calculation = step(calculation).calculation
    return calculation


def steps_to_money(model: specification.Specification) -> list[Step]:
    """Return the steps in order without those that only inform: whatever follows from these is what a run gives.

    The interval is among these only if the model corrects scores with it; it is what takes time in a run.
    """
    informing = INFORMING - {"uncertainty"} if model.correction else INFORMING
    return [step for step in steps() if step.code not in informing]
