"""The technology of one run, as who reads its reports reckons with it: who may be a peer, with which care days and costs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarking import datasets, specification
from benchmarking.calculation import Calculation
from benchmarking.models import Result, Run
from benchmarking.steps.model_arrays import output_weights, price_bounds, product_prices, same_or_harder


class Field:
    """The technology of one run: who may be a peer, what everybody delivers, and at which costs."""

    def __init__(
        self,
        run: Run,
        results: Mapping[int, Result],
        *,
        delivered: pd.DataFrame | None = None,
        others: Field | None = None,
        technology: Hashable = None,
    ) -> None:
        """``results``: of the run, with their providers, by key in the database.

        delivered: figures other than the run's. others: a field of which the results that are here too deliver the same, which
        is then not worked out again. technology: what is the same for minima over the same costs, if not the run.
        """
        self.run = run
        self.technology = run.pk if technology is None else technology
        self.model = specification.parse_stored(run.specification.document)
        self.results = {pk: result for pk, result in results.items() if result.participates}
        self.delivered = datasets.read(bytes(run.dataset.content)) if delivered is None else delivered
        self._others = others

    @cached_property
    def can_be_checked(self) -> bool:
        """Tell whether costs and minima hang together as ``benchmarking.inference`` takes them to."""
        model = self.model
        return len(model.inputs) == 1 and not model.fixed_inputs and model.returns_to_scale != "fdh"

    @cached_property
    def outputs(self) -> dict[int, NDArray[np.float64]]:
        """Return the outputs of the comparison, by key of the result."""
        prices = product_prices(self.run.frozen)
        weights = [output_weights(output, prices) for output in self.model.outputs]
        known = {} if self._others is None else self._others.outputs
        found = {pk: known[pk] for pk in self.results if pk in known}
        for pk, result in self.results.items():
            if pk in found:
                continue
            row = self.delivered.loc[result.provider.key]
            found[pk] = np.array(
                [
                    float(sum(row[measure] * weight for measure, weight in zip(output.days, each, strict=True)))
                    for output, each in zip(self.model.outputs, weights, strict=True)
                ]
            )
        return found

    @cached_property
    def price_ratios(self) -> NDArray[np.float64] | None:
        """Return the lower bounds on ratios of prices, ``(s, s)``."""
        empty = pd.DataFrame(index=self.delivered.index)
        bounds = price_bounds(
            Calculation(
                specification=self.model,
                frozen=self.run.frozen,
                seed=self.run.seed,
                delivered=self.delivered,
                results=empty,
            )
        )
        return None if bounds is None else bounds[0]

    @cached_property
    def _comparable(self) -> dict[int, set[int]] | None:
        pks = list(self.results)
        keys = [self.results[pk].provider.key for pk in pks]
        allowed = same_or_harder(self.delivered.loc[keys], self.model.environment)
        if allowed is None:
            return None
        return {pk: {pks[place] for place in np.flatnonzero(row)} for pk, row in zip(pks, allowed, strict=True)}

    @cached_property
    def _possible(self) -> dict[int, Hashable]:
        return {pk: cost_key(result) for pk, result in self.results.items() if result.may_be_peer}

    def costs_for(self, result: Result) -> dict[Hashable, NDArray[np.float64]]:
        """Return the outputs of everybody whom ``result`` may be measured against, by key of their costs."""
        allowed = None if self._comparable is None else self._comparable[result.pk]
        return {key: self.outputs[pk] for pk, key in self._possible.items() if allowed is None or pk in allowed}


def cost_key(result: Result) -> Hashable:
    """Return the key of one amount of costs of one provider: the same in every version in which it did not change."""
    return result.provider_id, result.comparable_cost
