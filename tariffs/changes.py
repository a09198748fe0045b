"""Why a report is another than the one before: for each provider, in a few sentences that name nobody."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarking.models import Dataset, PeerLink, Run
from providers.models import Provider

OWN_FIGURES = "Uw eigen gegevens zijn veranderd: de nieuwe berekening gaat uit van uw laatste versie."
OTHERS = "Gegevens van andere zorgaanbieders zijn veranderd. Daardoor kan uw uitkomst veranderen, ook als u zelf niets wijzigde."
MODEL = "Het model is veranderd. Hoe er nu wordt gerekend, staat onder ‘Hoe is dit berekend?’."
POLICY = "Het beleid van de ronde is veranderd, zoals de opslag of de tarieven."
PEERS = "U wordt vergeleken met andere peers dan in de vorige versie."
SAME_PEERS = "U wordt vergeleken met dezelfde peers als in de vorige versie."
SAME = "Het zijn dezelfde uitkomsten als in de vorige versie. Alleen de status is nieuw."
BEGAN = "In de vorige versie deed u niet mee in de vergelijking; nu wel."
ENDED = "In de vorige versie deed u mee in de vergelijking; nu niet meer. Boven aan deze bladzijde staat waarom."


@dataclass(frozen=True)
class Reasons:
    """What differs between two runs: the same for everybody, and whose figures changed."""

    is_same_run: bool
    is_other_model: bool
    is_other_policy: bool
    changed: frozenset[int]
    """Providers whose figures changed, came or went."""
    with_other_peers: frozenset[int]
    """Providers that are compared with others than before."""

    def for_provider(self, provider_id: int, before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
        """Return the sentences for one provider, the most important first."""
        if self.is_same_run:
            return [SAME]
        found = []
        if before is not None and ("costs" in before) != ("costs" in now):
            found.append(BEGAN if "costs" in now else ENDED)
        if provider_id in self.changed:
            found.append(OWN_FIGURES)
        if self.changed - {provider_id}:
            found.append(OTHERS)
        if self.is_other_model:
            found.append(MODEL)
        if self.is_other_policy:
            found.append(POLICY)
        # Who sees no peers in one of the two learns nothing of them from the other.
        if all(document is not None and _shows_peers(document) for document in (before, now)):
            found.append(PEERS if provider_id in self.with_other_peers else SAME_PEERS)
        return found


def _shows_peers(document: Mapping[str, Any]) -> bool:
    return "peers" in document and not document["peers"].get("is_hidden")


def reasons(before: Run, now: Run) -> Reasons:
    """Compare the figures, the model and the policy of two runs of one round."""
    old_peers = _peers(before)
    return Reasons(
        is_same_run=before.pk == now.pk,
        is_other_model=before.specification_id != now.specification_id,
        is_other_policy=_policy(before) != _policy(now),
        changed=frozenset(_changed(before.dataset, now.dataset)),
        with_other_peers=frozenset(
            provider for provider, peers in _peers(now).items() if peers != old_peers.get(provider, frozenset())
        ),
    )


def _peers(run: Run) -> dict[int, frozenset[int]]:
    """Return with whom each provider of a run is compared."""
    found: dict[int, set[int]] = {}
    for provider, peer in PeerLink.objects.filter(result__run=run).values_list(
        "result__provider_id", "peer__provider_id"
    ):
        found.setdefault(provider, set()).add(peer)
    return {provider: frozenset(peers) for provider, peers in found.items()}


def _policy(run: Run) -> dict[str, Any]:
    frozen: Mapping[str, Any] = run.frozen
    return {
        **{name: value for name, value in frozen["policy"].items() if name != "number"},
        "tariffs": [frozen["book_year_tariffs"], frozen["tariff_year_tariffs"]],
    }


def _changed(before: Dataset, now: Dataset) -> set[int]:
    """Return the providers whose rows in the two datasets differ."""
    old, new = (_rows(dataset) for dataset in (before, now))
    keys = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    return set(Provider.objects.filter(submissions__round_id=now.round_id, key__in=keys).values_list("pk", flat=True))


def _rows(dataset: Dataset) -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in csv.DictReader(io.StringIO(bytes(dataset.content).decode()))}
