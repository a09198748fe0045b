"""Why a report is another than the one before: for each provider, in a few sentences that name nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarking import datasets, frontiers
from benchmarking.models import Dataset, PeerLink, Run
from providers.models import Provider
from tariffs import periods
from tariffs.models import Release

OWN_FIGURES = "Uw eigen gegevens zijn veranderd: de nieuwe berekening gaat uit van uw laatste versie."
OTHERS = "Gegevens van andere zorgaanbieders zijn veranderd. Daardoor kan uw uitkomst veranderen, ook als u zelf niets wijzigde."
MODEL = "Het model is veranderd. Hoe er nu wordt gerekend, staat onder ‘Hoe is dit berekend?’."
POLICY = "Het beleid van de ronde is veranderd"
WHAT_IS_SHOWN = "wat u van uw peers ziet"
TARIFFS = "de maximumtarieven"
#: What of a policy changed, in words, by the choices that it consists of.
PARTS: Mapping[str, tuple[str, ...]] = {
    "de opslag": ("markup", "marks_up_allowances"),
    "het plafond": ("cap",),
    "de prijsindex": ("index", "index_name"),
    TARIFFS: ("tariff_table", "tariff_year"),
    WHAT_IS_SHOWN: ("disclosure", "smallest_group", "dominance_n", "dominance_k", "p_percent"),
}
PEERS = "U wordt vergeleken met andere peers dan in de vorige versie."
SAME_PEERS = "U wordt vergeleken met dezelfde peers als in de vorige versie."
SAME = "Het zijn dezelfde uitkomsten als in de vorige versie. Alleen de status is nieuw."
UNTOUCHED = (
    "Uw uitkomst is dezelfde als in de vorige versie. Er is alleen opnieuw gerekend voor wie verbeterde gegevens heeft, en de"
    " vergelijking van de anderen is gebleven zoals zij was."
)
ONLY_YOURS = "U bent vergeleken met de anderen zoals zij waren. Aan hun uitkomst verandert er niets."
BEGAN = "In de vorige versie deed u niet mee in de vergelijking; nu wel."
ENDED = "In de vorige versie deed u mee in de vergelijking; nu niet meer. Boven aan deze bladzijde staat waarom."


@dataclass(frozen=True)
class Reasons:
    """What differs between two runs: the same for everybody, and whose figures changed."""

    is_same_run: bool
    is_same_frontier: bool
    """Only who has other figures was computed again."""
    is_other_model: bool
    is_other_policy: bool
    """Or anything else beside figures and model."""
    policy_parts: tuple[str, ...]
    """What of it, in words; empty if it is nothing that has a name."""
    changed: frozenset[int]
    """Providers whose figures changed, came or went."""
    with_other_peers: frozenset[int]
    """Providers that are compared with others than before."""

    def for_provider(self, provider_id: int, before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
        """Return the sentences for one provider, the most important first."""
        if self.is_same_run:
            return [SAME]
        if self.is_same_frontier and provider_id not in self.changed:
            return [UNTOUCHED]
        found = []
        if before is not None and ("costs" in before) != ("costs" in now):
            found.append(BEGAN if "costs" in now else ENDED)
        if provider_id in self.changed:
            found.append(OWN_FIGURES)
        if self.is_same_frontier:
            found.append(ONLY_YOURS)
        elif self.changed - {provider_id}:
            found.append(OTHERS)
        if self.is_other_model:
            found.append(MODEL)
        if self.is_other_policy:
            found.append(_policy_in_words(self.policy_parts))
        # Who sees no peers in one of the two learns nothing of them from the other.
        if all(document is not None and _shows_peers(document) for document in (before, now)):
            found.append(PEERS if provider_id in self.with_other_peers else SAME_PEERS)
        return found


def _policy_in_words(parts: tuple[str, ...]) -> str:
    if not parts:
        return f"{POLICY}."
    *others, last = parts
    named = f"{', '.join(others)} en {last}" if others else last
    said = f"{POLICY}: {named}."
    return (
        f"{said} Dat verandert niets aan uw kosten, uw score en uw bandbreedte." if parts == (WHAT_IS_SHOWN,) else said
    )


def _policy_parts(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what changed between the choices of two runs, in words."""
    old, new = before["policy"], now["policy"]
    found = [part for part, names in PARTS.items() if any(old.get(name) != new.get(name) for name in names)]
    tables = ("book_year_tariffs", "tariff_year_tariffs")
    if TARIFFS not in found and any(before.get(name) != now.get(name) for name in tables):
        found.append(TARIFFS)
    return tuple(found)


def _shows_peers(document: Mapping[str, Any]) -> bool:
    return "peers" in document and not document["peers"].get("is_hidden")


def reasons(before: Run, now: Run) -> Reasons:
    """Compare the figures, the model and the policy of two runs of one round."""
    old_peers = _peers(before)
    old_choices, choices = frontiers.choices_of(before.frozen), frontiers.choices_of(now.frozen)
    return Reasons(
        is_same_run=before.pk == now.pk,
        is_same_frontier=is_same_frontier(before, now),
        is_other_model=before.specification_id != now.specification_id,
        is_other_policy=old_choices != choices,
        policy_parts=_policy_parts(old_choices, choices),
        changed=changed_providers(before.dataset, now.dataset),
        with_other_peers=frozenset(
            provider for provider, peers in _peers(now).items() if peers != old_peers.get(provider, frozenset())
        ),
    )


def is_same_frontier(before: Run, now: Run) -> bool:
    """Tell whether who has the same figures in two runs has the same outcome by definition: one and the same frontier."""
    return frontiers.is_frozen(now) and frontiers.frontier_of(before).pk == frontiers.frontier_of(now).pk


@dataclass(frozen=True)
class Touched:
    """The providers for whom a release brings anything new; ``None``: for everybody."""

    to_tell: frozenset[int] | None = None
    with_other_standing: frozenset[int] | None = None


def touched_by(release: Release) -> Touched:
    """Return for whom a release that is not out yet brings anything.

    Against a frozen frontier only who has other figures has another outcome. Others are told nothing, unless the status is new or
    until when one can respond; and what holds about them stays as it was, unless the status is new or who may see it.
    """
    last = Release.objects.released().filter(round=release.round_id).select_related("run__dataset").first()
    if last is None or not is_same_frontier(last.run, release.run) or last.status != release.status:
        return Touched()
    changed = changed_providers(last.run.dataset, release.run.dataset)
    same_term = release.respond_until == last.respond_until or (
        release.respond_until is None and periods.ended_by(release) is None
    )
    same_eyes = release.for_care_offices == last.for_care_offices and release.tariff_year == last.tariff_year
    return Touched(
        to_tell=changed if same_term else None,
        with_other_standing=changed if same_eyes else None,
    )


def _peers(run: Run) -> dict[int, frozenset[int]]:
    """Return with whom each provider of a run is compared."""
    found: dict[int, set[int]] = {}
    for provider, peer in PeerLink.objects.filter(result__run=run).values_list(
        "result__provider_id", "peer__provider_id"
    ):
        found.setdefault(provider, set()).add(peer)
    return {provider: frozenset(peers) for provider, peers in found.items()}


def changed_providers(before: Dataset, now: Dataset) -> frozenset[int]:
    """Return the providers whose rows in two datasets of one round differ, came or went."""
    keys = datasets.different(before, now)
    found = Provider.objects.filter(submissions__round_id=now.round_id, key__in=keys)
    return frozenset(found.values_list("pk", flat=True))
