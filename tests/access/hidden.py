"""What has to stay hidden of each provider, and whether a page tells it."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache

from benchmarking.models import PeerLink, Result
from providers.models import Provider
from tariffs.models import Bandwidth
from tests.access.world import FIGURES, World


@cache
def secrets_of(world: World, provider: Provider) -> dict[str, float]:
    """Return the figures of ``provider`` that nobody but itself and the NZa may learn."""
    result = Result.objects.get(run=world.released, provider=provider)
    band = Bandwidth.objects.get(run=world.released, provider=provider)
    days, treated = next((days, treated) for key, *_, days, treated in FIGURES if key == provider.key)
    comparable = float(result.comparable_cost)
    return {
        "total cost": float(result.total_cost),
        "comparable cost": comparable,
        "housing cost": float(result.allowance),
        "minimum cost": float(result.minimum_cost),
        "maximum cost": float(band.maximum_cost),
        "cost per day": float(result.total_cost) / (days + treated),
        "care days": float(days + treated),
        "days without treatment per 1,000": days / comparable * 1000,
        "days with treatment per 1,000": treated / comparable * 1000,
    }


def told(numbers: list[float], secret: float, *, within: float) -> bool:
    """Tell whether one of the sorted ``numbers`` gives ``secret`` away, up to a ratio ``within``."""
    place = bisect_left(numbers, secret * (1 - within))
    return place < len(numbers) and numbers[place] <= secret * (1 + within)


def peer_weights(world: World, provider: Provider) -> list[float]:
    """Return the exact λ and shares of the peers of ``provider``; those that are 0 or 1 say nothing."""
    links = PeerLink.objects.filter(result__run=world.released, result__provider=provider)
    exact = [number for link in links for number in (link.weight, link.cost_share)]
    return [number for number in exact if 1e-3 < number < 0.999]
