"""What a report tells of the peers: shares in bands, or the peers without shares, or nothing.

The choice is made for who reads all reports of one provider in one round together and knows far more than they say
(``benchmarking.inference``). It tries, in this order, and takes the first that leaves nobody's costs within p %:

1. ``shares``: the peers, with their shares in bands. Only in the first report that tells of peers. In a later one a share that
   moved from one band to the next while one figure changed a little would lie close to the edge between them.
2. ``peers``: the peers without shares. Leaving the shares out tells that the bands were not safe; so the costs have to be wide
   over all bands that were not safe together.
3. ``nothing``: not who, how many or how alike. The reader then cannot tell whom its minimum is about.

A report in which nothing changed for the reader tells what the one before it told.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import isclose
from typing import Any, Literal

import numpy as np

from benchmarking.disclosure import Rules, band_of
from benchmarking.field import Field, cost_key
from benchmarking.inference import Peer, Told, is_narrow, narrowed, ranges
from benchmarking.models import PeerLink, Result

Level = Literal["exact", "shares", "peers", "nothing"]
#: More combinations of bands than this are not gone through: the peers are then not shown.
MANY = 300


@dataclass(frozen=True)
class Choice:
    """What is told of the peers, and in bands of how many points; 0 without bands. ``exact`` if all are named."""

    level: Level
    width: int = 0


@dataclass(frozen=True)
class Telling:
    """One report as far as others can be worked out from it: of whom, against which peers, and how much of them it tells."""

    result: Result
    links: Sequence[PeerLink]
    choice: Choice
    #: Lowest and highest score without a peer, and of which, if that is told.
    without: tuple[int, float, float] | None = None


def choose(
    field: Field,
    result: Result,
    links: Sequence[PeerLink],
    *,
    rules: Rules,
    named: frozenset[int] = frozenset(),
    without: tuple[int, float, float] | None = None,
    earlier: Sequence[tuple[Field, Telling]] = (),
) -> Choice:
    """Return what the report of ``result`` may tell of its peers that are not named.

    links: to others than itself. named: providers whose costs may be worked out. without: see :class:`Telling`. earlier:
    what the reports of this provider told before in this round, oldest first.
    """
    hidden = [link for link in links if link.peer.provider_id not in named]
    if not hidden:
        return Choice("exact")
    if not field.can_be_checked:
        return Choice("peers") if len(links) > 1 else Choice("nothing")
    before = [one for each, telling in earlier for one in tellings(each, telling)]
    if earlier and earlier[-1][1].choice.level != "exact" and _is_the_same(earlier[-1], field, result, links, without):
        return earlier[-1][1].choice
    now = Telling(result, links, Choice("shares", rules.band), without)
    of = {cost_key(link.peer) for link in hidden}
    of |= {
        cost_key(link.peer)
        for _, telling in earlier
        if telling.choice.level != "nothing"
        for link in telling.links
        if link.peer.provider_id not in named
    }
    is_first = not any(telling.choice.level != "nothing" for _, telling in earlier)
    had_bands = bool(rules.band) and is_first
    if had_bands and not narrowed([*before, *tellings(field, now)], of=of, p=rules.p):
        return now.choice
    without_shares = tellings(field, replace(now, choice=Choice("peers")))
    ends = ranges([*before, *without_shares], of=of)
    if any(is_narrow(each, rules.p) for each in ends.values()):
        return Choice("nothing")
    if had_bands and _silence_tells([*before, *without_shares], len(before), of, ends, rules):
        return Choice("nothing")
    return Choice("peers")


def tellings(field: Field, telling: Telling) -> list[Told]:
    """Return what one report tells, as minima: its own, and that without a peer."""
    result, choice = telling.result, telling.choice
    if not field.can_be_checked or result.score is None:
        return []
    costs = float(result.comparable_cost or 0)
    outputs = field.outputs[result.pk]
    links = telling.links if choice.level != "nothing" else ()
    one = Told(
        technology=field.technology,
        outputs=outputs,
        minimum=(result.score * costs,) * 2,
        costs=field.costs_for(result),
        peers=tuple(Peer(cost_key(link.peer), link.weight, _share(link, choice)) for link in links),
        returns_to_scale=field.model.returns_to_scale,
        price_ratios=field.price_ratios,
    )
    if telling.without is None or choice.level == "nothing":
        return [one]
    pk, lower, upper = telling.without
    left_out = next(cost_key(link.peer) for link in links if link.peer_id == pk)
    return [
        one,
        replace(
            one, technology=(field.technology, left_out), minimum=(lower * costs, upper * costs), peers=(),
            left_out=left_out,
        ),
    ]  # fmt: skip


def _share(link: PeerLink, choice: Choice) -> tuple[float, float] | None:
    if choice.level == "exact":
        return link.cost_share, link.cost_share
    return band_of(link.cost_share, choice.width) if choice.width else None


def _is_the_same(
    last: tuple[Field, Telling],
    field: Field,
    result: Result,
    links: Sequence[PeerLink],
    without: tuple[int, float, float] | None,
) -> bool:
    """Tell whether the reader, its minimum, its peers and what it is told without one are what they were in the last report."""
    before, telling = last
    old = telling.result
    if not before.can_be_checked or old.score is None or result.score is None:
        return False
    weights = {cost_key(link.peer): link.weight for link in telling.links}
    return (
        cost_key(old) == cost_key(result)
        and isclose(old.score, result.score, rel_tol=1e-12)
        and np.array_equal(before.outputs[old.pk], field.outputs[result.pk])
        and weights.keys() == {cost_key(link.peer) for link in links}
        and all(isclose(weights[cost_key(link.peer)], link.weight, rel_tol=1e-9) for link in links)
        and (telling.choice.level == "nothing" or (telling.without or (0,))[1:] == (without or (0,))[1:])
    )


def _silence_tells(
    told: Sequence[Told],
    place: int,
    of: set[Hashable],
    ends: Mapping[Hashable, tuple[float, float]],
    rules: Rules,
) -> bool:
    """Tell whether a cost is narrow for who concludes, from the shares left out, that their bands were not safe.

    ``told[place]``: the report without shares; ``ends``: how far each cost can lie without them.
    """
    report = told[place]
    total = report.minimum[1]
    reach = [
        (peer.weight * ends[peer.cost][0] / total, peer.weight * ends[peer.cost][1] / total)
        if peer.cost in ends
        else (0.0, 1.0)
        for peer in report.peers
    ]
    found: dict[Hashable, tuple[float, float]] = {}
    for number, bands in enumerate(_bands_that_fit(reach, rules.band)):
        if number >= MANY:
            return True
        peers = tuple(replace(peer, share=band) for peer, band in zip(report.peers, bands, strict=True))
        these = ranges([*told[:place], replace(report, peers=peers), *told[place + 1 :]], of=of)
        if all(upper <= 0 for _, upper in these.values()):
            continue  # these bands do not fit together with the rest
        if any(is_narrow(each, rules.p) for each in these.values()):
            for key, (lower, upper) in these.items():
                least, most = found.get(key, (lower, upper))
                found[key] = min(least, lower), max(most, upper)
    return any(is_narrow(each, rules.p) for each in found.values())


def _bands_that_fit(reach: Sequence[tuple[float, float]], width: int) -> Iterator[tuple[tuple[float, float], ...]]:
    """Yield every combination of bands that shares within ``reach`` may have while they add up to one."""
    every = [(lower / 100, (lower + width) / 100) for lower in range(0, 100, width)]
    choices = [[band for band in every if band[0] <= upper and band[1] >= lower] for lower, upper in reach]
    for bands in product(*choices):
        if sum(lower for lower, _ in bands) < 1 < sum(upper for _, upper in bands) or len(bands) == 1:
            yield bands


def telling_of(document: Mapping[str, Any], result: Result, links: Sequence[PeerLink]) -> Telling:
    """Return what a released report told of the peers of ``result``, from the document itself."""
    peers = document.get("peers", {})
    if not links or not peers or peers["is_hidden"]:
        return Telling(result, links, Choice("nothing"))
    if peers["are_named"]:
        return Telling(result, links, Choice("exact"), _without(document, links))
    # Up to the third form all shares were in bands of ten points.
    width = peers.get("band", 10)
    return Telling(result, links, Choice("shares" if width else "peers", width), _without(document, links))


def _without(document: Mapping[str, Any], links: Sequence[PeerLink]) -> tuple[int, float, float] | None:
    found = document.get("without_peer")
    tested = [(link.score_without, link.peer_id) for link in links if link.score_without is not None]
    if not found or not found["peer"] or not tested:
        return None
    score = float(found["score"].replace(",", ".")) / 100
    most = max(tested)[1]
    return most, score - 0.005, score + 0.005
