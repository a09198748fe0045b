"""Nobody works out what a peer spends, from all it reads of itself and its peers, version after version.

The attacker here reads documents, as a provider does, and knows from outside what it should not: who is behind each letter, how
many days everybody delivers, and the exact weights. What it does not know is costs. It argues from the cheap side: at the costs
of others, no combination of them may deliver its own care for less than its own minimum, and its peers deliver it for exactly
that. (The guard argues from prices; the two share no code.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from benchmarking.compared import Compared
from benchmarking.disclosure import Rules
from benchmarking.inference import narrowed
from benchmarking.mirror import documents_of
from benchmarking.peers_shown import Choice, Telling, choose, tellings
from tests.benchmarking.worlds import World, compared_world, random_world

#: The policy's default: a tenth.
P = 0.10
WORLDS: tuple[dict[str, Any], ...] = (
    {"products": 2, "returns_to_scale": "crs", "providers": 10},
    {"products": 2, "returns_to_scale": "vrs", "providers": 16},
    {"products": 3, "returns_to_scale": "vrs", "providers": 20},
    {"products": 4, "returns_to_scale": "vrs", "providers": 14, "price_factor": 1.5},
)
Key = tuple[int, float]


@dataclass
class Attacker:
    """What one account has read, as rows over the costs of others, in units of its own minimum."""

    keys: list[Key] = field(default_factory=list)
    equal: list[tuple[dict[Key, float], float]] = field(default_factory=list)
    at_most: list[tuple[dict[Key, float], float]] = field(default_factory=list)
    minima: list[tuple[World, int, float, int | None]] = field(default_factory=list)
    ways: list[tuple[World, NDArray[np.float64], float]] = field(default_factory=list)
    """Care days that can be delivered in a world for at most so much, because an answer said so."""

    def ask(self, world: World, reader: int, days: NDArray[np.float64], rounding: float) -> None:
        """Ask what the minimum would be with other days; the answer is rounded to ``rounding`` of the reader's costs."""
        other = world.with_days(reader, days)
        others = {peer: cost for peer, cost in enumerate(world.costs) if peer != reader}
        step = rounding * world.costs[reader]
        told = round(self.least(other, reader, others)[0] / step) * step
        self.minima.append((other, reader, told - step / 2, None))
        self.ways.append((world, other.days[reader], told + step / 2))

    def read(self, document: Mapping[str, Any], world: World, reader: int, weights: Mapping[int, float]) -> None:
        """Take in one report; ``weights``: the peers, as who knows them would, used only if the report shows peers."""
        comparable = float(document["costs"]["comparable"])
        minimum = float(document["score"]) * comparable
        self.minima.append((world, reader, minimum, None))
        peers = document["peers"]
        if peers["is_own_peer"] or peers["is_hidden"]:
            return
        keys = {peer: (peer, float(world.costs[peer])) for peer in weights}
        self.keys += [key for key in keys.values() if key not in self.keys]
        self.equal.append(({keys[peer]: weight for peer, weight in weights.items()}, minimum))
        shares = {peer: weight * world.costs[peer] / minimum for peer, weight in weights.items()}
        told = sorted((self.band(peer["share"]) for peer in peers["chosen"] if peer["share"]), reverse=True)
        for peer, (lower, upper) in zip(sorted(shares, key=lambda each: -shares[each]), told, strict=False):
            assert lower - 1e-6 <= shares[peer] <= upper + 1e-6, "the attacker reads a share that is not so"
            self.at_most.append(({keys[peer]: weights[peer]}, upper * minimum))
            self.at_most.append(({keys[peer]: -weights[peer]}, -lower * minimum))
        without = document["without_peer"]
        if without and without["peer"]:
            # It tries the one that matters most, as somebody would who knows all.
            found = {peer: self.least(world, reader, {p: world.costs[p] for p in range(len(world.costs)) if p != peer})
                     for peer in weights}  # fmt: skip
            most = max(found, key=lambda peer: found[peer][0])
            self.minima.append((world, reader, (float(without["score"]) - 0.5) / 100 * comparable, most))

    @staticmethod
    def band(text: str) -> tuple[float, float]:
        """Return the ends of a share in words."""
        found = re.fullmatch(r"(\d+) tot (\d+)\xa0%", text)
        assert found is not None, text
        return int(found[1]) / 100, int(found[2]) / 100

    @staticmethod
    def least(world: World, reader: int, costs: Mapping[int, float]) -> tuple[float, dict[int, float]]:
        """Return for how little providers with ``costs`` can deliver the reader's care, and how."""
        peers = list(costs)
        columns = [world.days[peer] for peer in peers]
        money = list(costs.values())
        if world.price_bounds is not None:
            lower = world.price_bounds[0]
            for r, q in np.argwhere(~np.eye(len(lower), dtype=bool)):
                swap = np.zeros(len(lower))
                swap[r], swap[q] = -1.0, lower[r, q]
                columns.append(swap)
                money.append(0.0)
        sums: dict[str, Any] = {"A_eq": [[1.0] * len(peers) + [0.0] * (len(money) - len(peers))], "b_eq": [1.0]}
        found = linprog(
            np.array(money) / world.costs[reader],
            A_ub=-np.array(columns).T / 1e4,
            b_ub=-world.days[reader] / 1e4,
            **(sums if world.returns_to_scale == "vrs" else {}),
        )
        if found.status != 0:
            return np.inf, {}
        used = {peer: float(x) for peer, x in zip(peers, found.x, strict=False) if x > 1e-9}
        return float(found.fun) * world.costs[reader], used

    def ends(self, key: Key) -> tuple[float, float]:
        """Return between which amounts the costs of ``key`` lie for this attacker."""
        return self.end(key, 1.0), self.end(key, -1.0)

    def end(self, key: Key, sign: float) -> float:
        """Push the costs of ``key`` down (1) or up (-1) as far as nothing that was read contradicts it."""
        unit = self.minima[0][2]
        goal = np.array([sign if each == key else 0.0 for each in self.keys])
        for _ in range(60):
            found = linprog(goal, **self.rows(unit))
            if found.status == 3:
                return np.inf
            assert found.status == 0, found.message
            if not self.learns(dict(zip(self.keys, found.x * unit, strict=True))):
                return float(found.fun * sign * unit)
        raise AssertionError("the attacker keeps finding contradictions")

    def rows(self, unit: float) -> dict[str, Any]:
        """Return all that was read as a linear programme takes it, with room for how figures are rounded."""

        def matrix(rows: Iterable[tuple[dict[Key, float], float]]) -> NDArray[np.float64]:
            return np.array([[row.get(key, 0.0) for key in self.keys] for row, _ in rows]).reshape(-1, len(self.keys))

        room = 2e-6  # scores have six decimals
        both = [*self.equal, *(({key: -x for key, x in row.items()}, -amount) for row, amount in self.equal)]
        amounts = np.array([amount + room * unit for _, amount in [*both, *self.at_most]]) / unit
        return {"A_ub": matrix([*both, *self.at_most]), "b_ub": amounts, "bounds": (0, None)}

    def learns(self, costs: Mapping[Key, float]) -> bool:
        """Add what contradicts these costs: a way to deliver the reader's care for less than its minimum."""
        news = False
        for world, reader, minimum, left_out in self.minima:
            there = {
                peer: cost for (peer, true), cost in costs.items() if peer != left_out and world.costs[peer] == true
            }
            if left_out is None and self.ways:
                # The ways it was told of stand beside the providers; they cost what was said.
                count = len(world.costs)
                ways = dict(enumerate((cost for _, _, cost in self.ways), start=count))
                rows = np.vstack([world.days, *(days for _, days, _ in self.ways)])
                wider = replace(world, costs=np.append(world.costs, list(ways.values())), days=rows)
                amount, used = self.least(wider, reader, {**there, **ways})
                if used and amount < minimum * (1 - 1e-5):
                    paid = sum(x * ways[peer] for peer, x in used.items() if peer >= count)
                    row = {(peer, float(world.costs[peer])): -x for peer, x in used.items() if peer < count}
                    self.at_most.append((row, paid - minimum))
                    news = True
                continue
            if not there:
                continue
            amount, used = self.least(world, reader, there)
            if used and amount < minimum * (1 - 1e-5):
                self.at_most.append(({(peer, float(world.costs[peer])): -x for peer, x in used.items()}, -minimum))
                news = True
        return news

    def knows(self, p: float = P) -> list[Key]:
        """Return whose costs are known to within a share ``p``."""
        found = []
        for key in self.keys:
            lower, upper = self.ends(key)
            assert lower <= key[1] * (1 + 1e-4), "the attacker is wrong: its test cannot be believed"
            assert upper >= key[1] * (1 - 1e-4), "the attacker is wrong: its test cannot be believed"
            if upper * (1 - p) < lower * (1 + p) * (1 - 1e-4):
                found.append(key)
        return found


def weights_of(compared: Compared, reader: int) -> dict[int, float]:
    """Return the peers of a reader other than itself."""
    result = compared.results[reader + 1]
    return {link.peer.provider_id - 1: link.weight for link in compared.links.get(result.pk, [])}


def released(worlds: Sequence[World], *, forgetful: bool = False) -> list[tuple[Compared, dict[int, dict[str, Any]]]]:
    """Return the versions that are released one after the other; ``forgetful``: each as if it were the first."""
    out: list[tuple[Compared, dict[int, dict[str, Any]]]] = []
    for number, world in enumerate(worlds, start=1):
        compared = compared_world(world, number=number)
        out.append((compared, documents_of(compared, named=frozenset(), earlier=() if forgetful else list(out))))
    return out


def attackers(
    worlds: Sequence[World], versions: Sequence[tuple[Compared, Mapping[int, Any]]], *, bare_last: bool = False
) -> dict[int, Attacker]:
    """Return an attacker per provider that is shown peers in the last version, who read all versions.

    ``bare_last``: of the last version only the minimum, as if nothing was told of the peers.
    """
    found = {}
    for reader in range(len(worlds[0].costs)):
        if not versions[-1][1].get(reader + 1, {"peers": {"chosen": []}})["peers"]["chosen"]:
            continue
        attacker = Attacker()
        for world, (compared, documents) in zip(worlds, versions, strict=True):
            document = documents[reader + 1]
            if bare_last and compared is versions[-1][0]:
                document = {**document, "peers": {**document["peers"], "is_hidden": True}}
            attacker.read(document, world, reader, weights_of(compared, reader))
        found[reader] = attacker
    return found


def a_user_and_its_peer(world: World) -> tuple[int, int]:
    """Return somebody with the most peers, and the one of them that carries most."""
    compared = compared_world(world, number=9)
    reader = max(range(len(world.costs)), key=lambda each: len(weights_of(compared, each)))
    weights = weights_of(compared, reader)
    return reader, max(weights, key=lambda peer: weights[peer] * world.costs[peer])


@pytest.mark.parametrize("facts", WORLDS, ids=lambda facts: f"{facts['products']}-{facts['returns_to_scale']}")
def test_one_report_tells_nobody_what_a_peer_spends(facts: dict[str, Any]) -> None:
    world = random_world(0, **facts)
    found = attackers([world], released([world]))
    assert sum(len(attacker.keys) for attacker in found.values()) >= 5, (
        "hardly any peers are shown: this test cannot fail"
    )
    for reader, attacker in found.items():
        assert attacker.knows() == [], f"{reader} knows what a peer spends"


def changed(first: World) -> list[World]:
    """Return three versions of a world: as it was; one peer's costs a little higher; then the days of that peer changed too."""
    _, peer = a_user_and_its_peer(first)
    dearer = first.with_cost(peer, first.costs[peer] * 1.02)
    products = first.days.shape[1]
    return [first, dearer, dearer.with_days(peer, dearer.days[peer] * (0.97, *[1.01] * (products - 1)))]


@pytest.mark.parametrize("facts", WORLDS[:3], ids=lambda facts: f"{facts['products']}-{facts['returns_to_scale']}")
def test_versions_together_tell_no_more_than_the_minimum_has_to(facts: dict[str, Any]) -> None:
    """A minimum is exact in every version, because money follows from it. What is told of peers beside it adds nothing."""
    told_later = 0
    worlds = changed(random_world(0, **facts))
    versions = released(worlds)
    for count in (2, 3):
        bare = attackers(worlds[:count], versions[:count], bare_last=True)
        for reader, attacker in attackers(worlds[:count], versions[:count]).items():
            if known := set(attacker.knows()):
                more = known - set(bare[reader].knows())
                assert not more, f"version {count} tells {reader} about {more}"
            told_later += 1
    assert told_later >= 4, "later versions show no peers: this test cannot fail"


def test_who_is_shown_shares_anew_in_every_version_does_work_out_a_cost() -> None:
    """Why shares are told once: released as if each version were the first, the versions of these worlds give costs away."""
    worlds = changed(random_world(0, **WORLDS[0]))
    versions = released(worlds, forgetful=True)
    assert any(attacker.knows() for attacker in attackers(worlds, versions).values())


def test_bands_of_ten_points_do_give_costs_away_to_within_a_tenth() -> None:
    """Why bands are as wide as they are: the rules for a twentieth, which allow ten points, do not protect a tenth."""
    world = random_world(0, **WORLDS[1], policy={"p_percent": "0.05"})
    versions = released([world])
    found = attackers([world], versions)
    assert any(attacker.knows(0.10) for attacker in found.values())
    assert not any(attacker.knows(0.05) for attacker in found.values())


def test_a_version_in_which_nothing_changed_for_the_reader_tells_the_same() -> None:
    """Somebody nobody leans on changes; the others read what they read before, shares too."""
    first = random_world(1, **WORLDS[2])
    compared = compared_world(first, number=9)
    used = {peer for reader in range(len(first.costs)) for peer in weights_of(compared, reader)}
    lonely = max(set(range(len(first.costs))) - used, key=lambda each: len(weights_of(compared, each)))
    before, after = (
        documents for _, documents in released([first, first.with_cost(lonely, first.costs[lonely] * 1.1)])
    )
    with_shares = 0
    for provider, document in before.items():
        if provider == lonely + 1:
            continue
        shares = [sorted(peer["share"] for peer in each["peers"]["chosen"]) for each in (document, after[provider])]
        assert shares[0] == shares[1]
        with_shares += any(shares[0])
    assert with_shares >= 3


def test_a_share_that_moves_to_the_next_band_is_not_told_a_second_time() -> None:
    """Else the share would be known to lie at the edge between the bands, and the cost with it."""
    tried = 0
    for seed in range(6):
        first = random_world(seed, **WORLDS[0])
        compared = compared_world(first, number=9)
        documents = documents_of(compared, named=frozenset())
        for reader in range(len(first.costs)):
            if not documents[reader + 1]["peers"]["band"]:
                continue
            weights = weights_of(compared, reader)
            for peer in weights:
                second = first.with_cost(peer, first.costs[peer] * 1.04)
                shares = [
                    int(each_weights[peer] * world.costs[peer] * 5 / sum(x * world.costs[p] for p, x in each_weights.items()))
                    for world, each_weights in (
                        (first, weights), (second, weights_of(compared_world(second, number=8), reader))
                    )
                    if peer in each_weights
                ]  # fmt: skip
                if len(set(shares)) == 2:
                    _, later = released([first, second])[1]
                    assert not any(each["share"] for each in later[reader + 1]["peers"]["chosen"])
                    tried += 1
    assert tried >= 1, "no share moved to another band: this test cannot fail"


def test_a_peer_that_carries_everything_is_not_shown_and_neither_is_that_there_is_one() -> None:
    """Two providers of one kind of care, one cheaper by day: what it spends is the other's minimum, divided by size."""
    days = np.array([[10_000.0], [20_000.0], [15_000.0], [12_000.0], [30_000.0], [8_000.0]])
    costs = np.round(days[:, 0] * [200, 260, 250, 280, 270, 300])
    world = World(costs, days, returns_to_scale="crs")
    documents = released([world])[0][1]
    for provider in range(2, 7):
        peers = documents[provider]["peers"]
        assert (peers["is_hidden"], peers["chosen"], documents[provider]["without_peer"]) == (True, [], None)


def test_with_everybody_named_all_is_told_and_with_one_named_the_other_is_still_protected() -> None:
    world = random_world(0, **WORLDS[0])
    compared = compared_world(world, number=1)
    everybody = documents_of(compared, named=frozenset(range(1, len(world.costs) + 1)))
    for reader in range(len(world.costs)):
        weights = weights_of(compared, reader)
        told = {peer["name"]: peer["weight"] for peer in everybody[reader + 1]["peers"]["chosen"]}
        assert told == {f"Huis {peer}": weight for peer, weight in weights.items()}
    shown = 0
    for one in {peer for reader in range(len(world.costs)) for peer in weights_of(compared, reader)}:
        documents = documents_of(compared, named=frozenset({one + 1}))
        # Whose peers are all named may know all; who leans on others too may not.
        documents = {each: document for each, document in documents.items() if not document["peers"]["are_named"]}
        for reader, attacker in attackers([world], [(compared, documents)]).items():
            peers = documents[reader + 1]["peers"]
            assert "weight" not in json.dumps(peers)
            assert {peer for peer, _ in attacker.knows()} <= {one}, f"naming {one} tells {reader} about another"
            shown += f"Huis {one}" in {peer["name"] for peer in peers["chosen"]}
    assert shown >= 3


def test_that_shares_are_left_out_tells_nothing_either() -> None:
    """Who knows these rules asks at which costs they would leave the shares out too; those costs differ by more than a fifth.

    Every alternative is a world with other costs of both peers, in which the reader has the same minimum and the same peers.
    """
    tried = 0
    for seed in (7, 8):  # in these somebody with two peers is shown no shares
        given = random_world(seed, **WORLDS[0])
        for reader, attacker in attackers([given], released([given])).items():
            weights = weights_of(compared_world(given, number=1), reader)
            # What all others spend is unknown too: dear enough, they stand in nobody's way.
            far = np.where(np.isin(np.arange(len(given.costs)), [reader, *weights]), 1, 10)
            world = replace(given, costs=given.costs * far)
            if len(weights) != 2 or chosen_for(world, reader, weights).level != "peers":
                continue
            (one, other), minimum = weights, float(compared_world(world, number=1).results[reader + 1].score or 0)
            minimum *= world.costs[reader]
            lower, upper = attacker.ends((one, float(world.costs[one])))
            same = [
                cost
                for cost in np.linspace(lower, upper, 25)
                if chosen_for(
                    world.with_cost(one, cost).with_cost(other, (minimum - weights[one] * cost) / weights[other]),
                    reader,
                    weights,
                ).level
                == "peers"
            ]
            assert max(same) >= min(same) * (1 + P) / (1 - P) * 0.94, (
                f"world {seed}: silence tells {reader} about {one}"
            )
            tried += 1
    assert tried >= 2, "shares are nowhere left out: this test cannot fail"


def chosen_for(world: World, reader: int, weights: Mapping[int, float]) -> Choice:
    """Return what a report tells ``reader``, nothing being told of its score without a peer; "nothing" with other peers."""
    compared = compared_world(world, number=1)
    if weights_of(compared, reader) != pytest.approx(weights, rel=1e-3):
        return Choice("nothing")
    result = compared.results[reader + 1]
    return choose(compared.field, result, compared.links[result.pk], rules=Rules(p=P))


def test_what_ifs_on_own_days_would_give_costs_away_and_the_guard_knows_that_before_the_attacker_does() -> None:
    """Each product ten percent more and less, answered in whole percents: enough to work out prices, and with them costs.

    So answers about own days are for rounds in which peers are named. A what-if on own costs leaves the minimum as it is.
    """
    world = random_world(0, **WORLDS[1])
    versions = released([world])
    given_away = 0
    for reader, attacker in attackers([world], versions).items():
        compared = versions[0][0]
        result = compared.results[reader + 1]
        told = [
            Telling(result, compared.links[result.pk], Choice("shares", versions[0][1][reader + 1]["peers"]["band"]))
        ]
        guard = [one for telling in told for one in tellings(compared.field, telling)]
        for product in range(world.days.shape[1]):
            for factor in (0.9, 1.1):
                days = world.days[reader].copy()
                days[product] = round(days[product] * factor)
                attacker.ask(world, reader, days, 0.01)
                low, high = attacker.minima[-1][2], attacker.ways[-1][2]
                guard.insert(0, replace(guard[-1], outputs=days, minimum=(low, high), peers=()))
        known = attacker.knows()
        given_away += bool(known)
        if known:
            keys = {(peer + 1, compared.results[peer + 1].comparable_cost) for peer, _ in known}
            assert narrowed(guard, of=keys, p=P), f"the guard would let {reader} work out {known}"
    assert given_away >= 1
