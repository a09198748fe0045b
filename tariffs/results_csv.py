"""The results of a run as a CSV file: one row per provider, scores in full precision."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import Protocol

from benchmarking.models import PeerLink, Result, Run
from tariffs.models import Bandwidth

COLUMNS = (
    "key", "name", "participation", "reason", "cost", "score", "minimum_cost", "maximum_cost", "peers", "run", "hash",
)  # fmt: skip
#: What the download of the NZa has besides.
HOW_SURE = (
    "interval_shown", "score_lower", "score_upper", "bias_corrected_score", "peers_unique", "users", "influence",
)  # fmt: skip


class Writable(Protocol):
    """What text can be written to: a file, or an answer."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""
        ...


def write(run: Run, file: Writable, *, for_spreadsheet: bool = False) -> int:
    """Write the results of ``run`` by key, UTF-8 with commas, and return the number of providers.

    Scores and weights are in full precision, money has two decimals; peers are ``key:weight`` joined by ``;``. ``cost`` is the
    total as delivered; ``participation`` is ``yes`` or ``no``, and ``reason`` holds the codes of the reasons.
    ``for_spreadsheet``: a name that a spreadsheet would take for a formula gets an apostrophe in front, and each row tells how
    sure it is and what hangs on it. The interval and the bias-corrected score are there only where ``interval_shown`` is
    ``yes``. ``users`` is for how many others somebody is a peer, ``influence`` what their minimum costs would rise by together
    without it; amounts of two peers do not add up.
    """
    results = Result.objects.filter(run=run).select_related("provider").order_by("provider__key")
    maxima = dict(Bandwidth.objects.filter(run=run).values_list("provider_id", "maximum_cost"))
    peers: dict[int, list[str]] = defaultdict(list)
    for link in (
        PeerLink.objects.filter(result__run=run).select_related("peer__provider").order_by("peer__provider__key")
    ):
        peers[link.result_id].append(f"{link.peer.provider.key}:{link.weight!r}")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*COLUMNS, *HOW_SURE) if for_spreadsheet else COLUMNS)
    count = 0
    for result in results:
        maximum = maxima.get(result.provider_id)
        writer.writerow(
            [
                result.provider.key,
                _harmless(result.provider.name) if for_spreadsheet else result.provider.name,
                _yes(result.participates),
                " ".join(result.reasons),
                "" if result.total_cost is None else f"{result.total_cost:.2f}",
                "" if result.score is None else repr(result.score),
                "" if result.minimum_cost is None else f"{result.minimum_cost:.2f}",
                "" if maximum is None else f"{maximum:.2f}",
                ";".join(peers[result.pk]),
                str(run.uuid),
                run.result_hash,
                *(_how_sure(result) if for_spreadsheet else ()),
            ]
        )
        count += 1
    return count


def _how_sure(result: Result) -> list[str]:
    """Return the cells of :data:`HOW_SURE`; empty where there is no score."""
    if result.score is None:
        return [""] * len(HOW_SURE)
    ends = (result.score_lower, result.score_upper, result.bias_corrected_score)
    return [
        _yes(result.has_interval),
        *(repr(end) if result.has_interval else "" for end in ends),
        "" if result.peers_unique is None else _yes(result.peers_unique),
        "" if result.users is None else str(result.users),
        "" if result.influence is None else f"{result.influence:.2f}",
    ]


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def _harmless(name: str) -> str:
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
