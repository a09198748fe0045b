"""What a run compared with what: its results, their peers, and the technology of each provider, for who writes reports of it."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarking import datasets, frontiers
from benchmarking.field import Field
from benchmarking.models import PeerLink, Result, Run


@dataclass(frozen=True)
class Compared:
    """A run with its results by provider, and the links of each result to others.

    ``anew``: by provider, what is compared with whom where a provider was measured anew against a frozen frontier. ``secret``:
    what pseudonyms are drawn from there; the same in every run in which this provider has these costs against this frontier.
    """

    field: Field
    results: Mapping[int, Result]
    links: Mapping[int, Sequence[PeerLink]]
    anew: Mapping[int, Compared] = dataclasses.field(default_factory=dict)
    secret: str = ""

    def for_provider(self, provider_id: int) -> Compared:
        """Return what one provider is compared with."""
        return self.anew.get(provider_id, self)


def compared(run: Run, read: dict[int, Compared] | None = None) -> Compared:
    """Read a run from the database.

    Of one with a frozen frontier: the run that made the frontier, and beside it who was measured anew against that.
    read: frontiers that were read before, by key of their run, for who reads several runs of a round; what is read is added.
    """
    read = {} if read is None else read
    decided = frontiers.frontier_of(run)
    if decided.pk not in read:
        read[decided.pk] = _read(decided)
    found = read[decided.pk]
    return replace(found, anew=_measured_anew(run, found)) if frontiers.is_frozen(run) else found


def _measured_anew(run: Run, decided: Compared) -> dict[int, Compared]:
    """Return what each provider with other figures is compared with: itself as it is, and all others as they were decided."""
    keys = frontiers.corrected_in(run)
    figures = datasets.read(bytes(run.dataset.content))
    links: dict[int, list[PeerLink]] = defaultdict(list)
    for link in PeerLink.objects.filter(result__run=run, result__provider__key__in=keys).select_related("peer"):
        if link.peer_id != link.result_id:
            links[link.result_id].append(link)
    found = {}
    for result in Result.objects.filter(run=run, provider__key__in=keys).select_related("provider"):
        table = decided.field.delivered.copy()
        table.loc[result.provider.key] = figures.loc[result.provider.key]
        results = {**decided.results, result.provider_id: result}
        for link in links[result.pk]:
            link.result, link.peer = result, decided.results[link.peer.provider_id]
        # Whose own costs set no minimum, before or now, was told two minima over exactly the same costs of others.
        is_same = all(
            each.score is not None and each.score < 1 for each in (decided.results[result.provider_id], result)
        )
        found[result.provider_id] = Compared(
            field=Field(
                run,
                {each.pk: each for each in results.values()},
                delivered=table,
                others=decided.field,
                technology=decided.field.technology if is_same else None,
            ),
            results=results,
            links={result.pk: links[result.pk]},
            secret=f"{decided.field.run.uuid}|{decided.results[result.provider_id].uuid}|{result.comparable_cost}",
        )
    return found


def _read(run: Run) -> Compared:
    results = {result.pk: result for result in Result.objects.filter(run=run).select_related("provider")}
    links: dict[int, list[PeerLink]] = defaultdict(list)
    for link in PeerLink.objects.filter(result__run=run):
        link.result, link.peer = results[link.result_id], results[link.peer_id]
        if link.peer_id != link.result_id:
            links[link.result_id].append(link)
    return Compared(
        field=Field(run, results), results={result.provider_id: result for result in results.values()}, links=links
    )
