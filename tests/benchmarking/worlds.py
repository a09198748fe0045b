"""Small compared worlds in memory: costs and care days in, what a run would have stored out. No database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarking import dea
from benchmarking.compared import Compared
from benchmarking.datasets import FACTS, write_csv
from benchmarking.field import Field
from benchmarking.models import Dataset, PeerLink, Result, Run, Specification
from providers.models import Provider

PRODUCTS = ("days_5vv", "days_5vv_with_treatment", "days_7vv", "days_7vv_with_treatment")
PRICES = {"days_5vv": "250", "days_5vv_with_treatment": "300", "days_7vv": "320", "days_7vv_with_treatment": "380"}


@dataclass(frozen=True, eq=False)
class World:
    """Costs ``(n,)`` in whole euros and care days ``(n, s)`` of ``n`` providers, and the model they are compared with."""

    costs: NDArray[np.float64]
    days: NDArray[np.float64]
    returns_to_scale: str = "vrs"
    price_factor: float | None = None
    policy: Mapping[str, Any] | None = None

    @property
    def price_bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return the bounds on ratios of prices as the numeric core takes them."""
        if self.price_factor is None:
            return None
        base = np.array([float(PRICES[name]) for name in PRODUCTS[: self.days.shape[1]]])
        ratio = np.divide.outer(base, base)
        lower, upper = ratio / self.price_factor, ratio * self.price_factor
        np.fill_diagonal(lower, 1.0)
        np.fill_diagonal(upper, 1.0)
        return lower, upper

    def scores(self, may_be_peer: NDArray[np.bool_] | None = None) -> Any:
        """Return what the numeric core says."""
        return dea.efficiency(
            self.costs[:, None],
            self.days,
            returns_to_scale=self.returns_to_scale,
            may_be_peer=may_be_peer,
            price_bounds=self.price_bounds,
        )

    def with_cost(self, provider: int, cost: float) -> World:
        """Return this world with other costs of one provider."""
        costs = self.costs.copy()
        costs[provider] = round(cost)
        return replace(self, costs=costs)

    def with_days(self, provider: int, days: Sequence[float] | NDArray[np.float64]) -> World:
        """Return this world with other care days of one provider."""
        table = self.days.copy()
        table[provider] = np.round(days)
        return replace(self, days=table)


def random_world(seed: int, *, providers: int = 14, products: int = 2, **facts: Any) -> World:
    """Return providers of different sizes and mixes, of which most could do with less."""
    random = np.random.default_rng(seed)
    days = np.round(random.dirichlet(np.ones(products), providers) * random.uniform(8_000, 60_000, (providers, 1))) + 1
    prices = np.array([float(PRICES[name]) for name in PRODUCTS[:products]])
    costs = np.round(days @ prices * random.uniform(0.6, 1.3, providers))
    return World(costs, days, **facts)


def compared_world(world: World, *, number: int) -> Compared:
    """Return what would be read from the database of run ``number``; provider ``i`` of the world has key ``i + 1``."""
    found = world.scores()
    count, products = world.days.shape
    keys = [f"9990{place:04d}" for place in range(count)]
    names = PRODUCTS[:products]
    document: dict[str, Any] = {
        "inputs": ["total_cost"],
        "outputs": [{"name": name.removeprefix("days_"), "days": [name]} for name in names],
        "returns_to_scale": world.returns_to_scale,
    }
    if world.price_factor is not None:
        document["price_bounds"] = {"around": "tariff", "factor": str(world.price_factor)}
    rows = [
        [key, "1", "0", "", f"{cost:.0f}", *(f"{number:.0f}" for number in row)]
        for key, cost, row in zip(keys, world.costs, world.days, strict=True)
    ]
    run = Run(
        pk=number,
        dataset=Dataset(content=write_csv([[*FACTS, "total_cost", *names], *rows])),
        specification=Specification(document=document),
        frozen={"product_prices": PRICES, "policy": dict(world.policy or {})},
    )
    results = {
        1000 * number + place: Result(
            pk=1000 * number + place,
            run=run,
            provider=Provider(pk=place + 1, key=keys[place], name=f"Huis {place}"),
            participates=True,
            total_cost=Decimal(int(world.costs[place])),
            comparable_cost=Decimal(int(world.costs[place])),
            fixed_cost=Decimal(0),
            allowance=Decimal(0),
            may_be_peer=True,
            comparable_count=count,
            score=float(found.score[place]),
            published_score=Decimal(f"{found.score[place]:.6f}"),
            minimum_cost=Decimal(f"{found.score[place] * world.costs[place]:.2f}"),
            peers_unique=bool(found.unique[place]),
        )
        for place in range(count)
    }
    weights = found.weights.toarray()
    links: dict[int, list[PeerLink]] = {}
    for peer in np.flatnonzero((weights > 1e-9).sum(axis=0)):
        mask = np.ones(count, dtype=bool)
        mask[peer] = False
        without = world.scores(mask).score
        for place in np.flatnonzero(weights[:, peer] > 1e-9):
            if place != peer:
                minimum = found.score[place] * world.costs[place]
                links.setdefault(1000 * number + int(place), []).append(
                    PeerLink(
                        result=results[1000 * number + int(place)],
                        peer=results[1000 * number + int(peer)],
                        weight=float(weights[place, peer]),
                        cost_share=float(weights[place, peer] * world.costs[peer] / minimum),
                        score_without=float(without[place]),
                    )
                )
    return Compared(
        field=Field(run, results),
        results={result.provider_id: result for result in results.values()},
        links=links,
    )
