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


class Writable(Protocol):
    """What text can be written to: a file, or an answer."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""
        ...


def write(run: Run, file: Writable, *, for_spreadsheet: bool = False) -> int:
    """Write the results of ``run`` by key, UTF-8 with commas, and return the number of providers.

    Scores and weights are in full precision, money has two decimals; peers are ``key:weight`` joined by ``;``. ``cost`` is the
    total as delivered; ``participation`` is ``yes`` or ``no``, and ``reason`` holds the codes of the reasons.
    ``for_spreadsheet``: a name that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    results = Result.objects.filter(run=run).select_related("provider").order_by("provider__key")
    maxima = dict(Bandwidth.objects.filter(run=run).values_list("provider_id", "maximum_cost"))
    peers: dict[int, list[str]] = defaultdict(list)
    for link in (
        PeerLink.objects.filter(result__run=run).select_related("peer__provider").order_by("peer__provider__key")
    ):
        peers[link.result_id].append(f"{link.peer.provider.key}:{link.weight!r}")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for result in results:
        maximum = maxima.get(result.provider_id)
        writer.writerow(
            [
                result.provider.key,
                _harmless(result.provider.name) if for_spreadsheet else result.provider.name,
                "yes" if result.participates else "no",
                " ".join(result.reasons),
                "" if result.total_cost is None else f"{result.total_cost:.2f}",
                "" if result.score is None else repr(result.score),
                "" if result.minimum_cost is None else f"{result.minimum_cost:.2f}",
                "" if maximum is None else f"{maximum:.2f}",
                ";".join(peers[result.pk]),
                str(run.uuid),
                run.result_hash,
            ]
        )
        count += 1
    return count


def _harmless(name: str) -> str:
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
