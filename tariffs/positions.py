"""What a calculation says of each provider, to lay two calculations beside each other.

Money is in the currency of the round and of the book year, rates are shares of the maximum tariff, tariffs are per day.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F

from benchmarking.calculation import Calculation, rows_of
from benchmarking.models import PeerLink, Result, Run
from tariffs.bandwidth import ProductTariff
from tariffs.models import ProductBandwidth


@dataclass(frozen=True, kw_only=True)
class Position:
    """One provider in one calculation. ``reason``: codes of why it takes no part; ``peers``: keys, without its own."""

    key: str
    participates: bool
    reason: str
    score: Decimal | None
    minimum_cost: Decimal | None
    maximum_cost: Decimal | None
    minimum_rate: Decimal | None
    maximum_rate: Decimal | None
    lower_rate: Decimal | None
    upper_rate: Decimal | None
    status: str
    products: tuple[ProductTariff, ...]
    peers: frozenset[str]

    @property
    def tariffs_lower(self) -> Decimal:
        """Return Σ days × lower end of the tariff; 0 without tariffs."""
        return sum((item.days * item.lower for item in self.products), Decimal(0))

    @property
    def tariffs_upper(self) -> Decimal:
        """Return Σ days × upper end of the tariff; 0 without tariffs."""
        return sum((item.days * item.upper for item in self.products), Decimal(0))

    @property
    def told(self) -> tuple[Any, ...]:
        """Return all that this provider is told in score, money and tariffs: everything but who its peers are."""
        return tuple(getattr(self, field.name) for field in fields(self) if field.name != "peers")


#: Fields that stand under the same name in the results of a calculation.
_SAME_NAME = ("minimum_cost", "maximum_cost", "minimum_rate", "maximum_rate", "lower_rate", "upper_rate")


def positions_of(calculation: Calculation) -> dict[str, Position]:
    """Return the position of everybody in a calculation that has its bandwidths, by key in ascending order."""
    peers: defaultdict[str, set[str]] = defaultdict(set)
    for key, peer in zip(calculation.peers["key"], calculation.peers["peer"], strict=True):
        if key != peer:
            peers[key].add(peer)
    products: defaultdict[str, list[ProductTariff]] = defaultdict(list)
    for item in calculation.products.to_dict("records"):
        facts = {str(name): value for name, value in item.items() if name != "key"}
        products[item["key"]].append(ProductTariff(**facts))
    return {
        key: Position(
            key=key,
            participates=bool(row["participates"]),
            reason=row["reasons"],
            score=row["published_score"],
            status=row["bandwidth_status"],
            products=tuple(products[key]),
            peers=frozenset(peers[key]),
            **{name: row[name] for name in _SAME_NAME},
        )
        for key, row in rows_of(calculation.results).items()
    }


def stored_positions(run: Run, *, key: str | None = None) -> dict[str, Position]:
    """Return the position of everybody as a completed run stored it, by key in ascending order; with ``key`` of that one only."""
    results = Result.objects.filter(run=run).select_related("provider", "bandwidth")
    links = PeerLink.objects.filter(result__run=run).exclude(peer=F("result")).order_by()
    tariffs = ProductBandwidth.objects.filter(bandwidth__run=run)
    if key is not None:
        results = results.filter(provider__key=key)
        links = links.filter(result__provider__key=key)
        tariffs = tariffs.filter(bandwidth__provider__key=key)
    peers: defaultdict[int, set[str]] = defaultdict(set)
    for result_id, peer in links.values_list("result_id", "peer__provider__key"):
        peers[result_id].add(peer)
    products: defaultdict[int, list[ProductTariff]] = defaultdict(list)
    for item in tariffs.order_by("bandwidth", "product"):
        products[item.bandwidth_id].append(
            ProductTariff(
                product=item.product, days=item.days, maximum=item.maximum_tariff, lower=item.lower, upper=item.upper
            )
        )
    return {
        result.provider.key: Position(
            key=result.provider.key,
            participates=result.participates,
            reason=" ".join(result.reasons),
            score=result.published_score,
            status=result.bandwidth.status,
            products=tuple(products[result.bandwidth.pk]),
            peers=frozenset(peers[result.pk]),
            **{name: getattr(result.bandwidth, name) for name in _SAME_NAME},
        )
        for result in results.order_by("provider__key")
    }


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: numbers of money as text, dataclasses by name, sets in order."""
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value
