"""``manage.py verify RUN``: compute again from the frozen figures, compare hashes, check every certificate."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from itertools import takewhile
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarking import course, dea, frontiers, pipeline
from benchmarking.calculation import Calculation, RunFailed, Step, rows_of
from benchmarking.engine import ENGINE_VERSION
from benchmarking.frozen_frontier import Frontier
from benchmarking.models import PeerLink, Result, Run
from benchmarking.results import NoRun, completed
from benchmarking.steps.model_arrays import core_options, model_arrays
from providers.access import EVERYTHING, scope
from tariffs.models import Bandwidth, ProductBandwidth

TOLERANCE = 1e-8


class Command(BaseCommand):
    """Prove a run: dataset hash, result hash and certificates. Code 1 if something differs."""

    help = "Reken een voltooide berekening na en vergelijk de uitkomst; controleer elk certificaat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", metavar="RUN", help="kenmerk van de berekening, of het begin ervan")
        parser.add_argument(
            "--exact",
            action="store_true",
            help="los elke score ook op met gehele getallen, zonder afronding (een minuut)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        problems = []
        with scope(EVERYTHING):
            try:
                run = completed(options["run"])
            except NoRun as error:
                raise CommandError(str(error), returncode=2) from error
            if hashlib.sha256(bytes(run.dataset.content)).hexdigest() != run.dataset.sha256:
                problems.append("De vastgezette gegevens passen niet bij hun kenmerk.")
            if run.engine_version != ENGINE_VERSION:
                self.stderr.write(
                    f"Let op: berekend met versie {run.engine_version} van het rekenmodel; dit is versie {ENGINE_VERSION}."
                )
            try:
                again = pipeline.compute(run)
            except RunFailed as failure:
                raise CommandError("\n".join([*problems, str(failure)]), returncode=1) from failure
            digest = pipeline.result_hash(again)
            if digest != run.result_hash:
                problems.append(f"De uitkomst is anders: {digest} in plaats van {run.result_hash}.")
            problems += different_rows(run, again)
            largest = None
            if options["exact"] and again.specification.returns_to_scale == "fdh":
                self.stderr.write("Met FDH wordt elke score al gevonden door vergelijken: er valt niets op te lossen.")
            elif options["exact"]:
                exact = exact_scores(run, again)
                stored = Result.objects.filter(run=run).values_list("provider__key", "score")
                problems += [
                    f"{key}: de score is {kept}, maar met gehele getallen {exact.get(key)}."
                    for key, kept in stored
                    if not is_nearly(kept, exact.get(key))
                ]
                largest = max(
                    (abs(kept - exact[key]) for key, kept in stored if key in exact and kept is not None), default=0.0
                )
            checked = 0
            for result in Result.objects.filter(run=run, score__isnull=False).select_related("provider"):
                checked += 1
                if any(value is None or abs(value) > TOLERANCE for value in result.certificate):
                    problems.append(f"{result.provider.key}: het certificaat {result.certificate} is niet in orde.")
        if problems:
            raise CommandError("\n".join(problems), returncode=1)
        self.stdout.write(f"Klopt: zelfde uitkomst {run.result_hash}; {checked} certificaten in orde.")
        if frontiers.is_frozen(run):
            self.stdout.write(
                f"De vergelijking is die van {frontiers.short(frontiers.frontier_of(run))}; reken die apart na."
            )
        if largest is not None:
            difference = f"{largest:.15f}".replace(".", ",")
            self.stdout.write(f"Met gehele getallen uitgerekend verschilt geen score meer dan {difference}.")


def exact_scores(run: Run, calculation: Calculation) -> dict[str, float]:
    """Return the score of everyone who takes part, solved in whole numbers, by key; against the frontier that the run has."""
    if not frontiers.is_frozen(run):
        return solved_exactly(calculation)
    frontier = Frontier(frontiers.frontier_of(run), only_money=True)
    found = solved_exactly(course.carried_out(frontier.start, up_to_verdicts()))
    figures = rows_of(calculation.delivered)
    for key in frontiers.corrected_in(run):
        found.pop(key, None)
        own = solved_exactly(frontier.scored(key, figures[key]))
        found |= {key: own[key]} if key in own else {}
    return found


def up_to_verdicts() -> list[Step]:
    """Return the steps that decide who takes part, at which costs, and who may be a peer."""
    return list(takewhile(lambda one: one.code != "frontier", course.steps()))


def solved_exactly(calculation: Calculation) -> dict[str, float]:
    """Return the score of everyone who takes part in a calculation, solved in whole numbers, by key."""
    arrays = model_arrays(calculation)
    options = core_options(calculation, arrays)
    found = dea.efficiency(arrays.inputs, arrays.outputs, exact=True, **options)
    return {key: float(score) for key, score in zip(arrays.keys, found.score, strict=True)}


def is_nearly(kept: float | None, found: float | None) -> bool:
    """Tell whether a stored number is the computed one, up to what may differ between processors."""
    if kept is None or found is None or found != found:
        return kept is None and (found is None or found != found)
    return abs(kept - found) <= TOLERANCE * max(1.0, abs(found))


RESULT_FIELDS = (
    "participates",
    "total_cost",
    "comparable_cost",
    "quality",
    "outlier",
    "published_score",
    "minimum_cost",
    "uncertainty_shown",
    "users",
    "influence",
)
#: Numbers in full precision, of which the last bits may differ on another processor.
NEARLY = ("score", "score_lower", "score_upper", "bias_corrected_score", "correction")
BANDWIDTH_FIELDS = ("maximum_cost", "minimum_rate", "maximum_rate", "lower_rate", "upper_rate")


def different_rows(run: Run, again: Calculation) -> list[str]:
    """Return in Dutch where the stored rows differ from what was computed again."""
    expected = rows_of(again.results)
    problems = []
    stored = {result.provider.key: result for result in Result.objects.filter(run=run).select_related("provider")}
    bands = {band.provider.key: band for band in Bandwidth.objects.filter(run=run).select_related("provider")}
    if stored.keys() != expected.keys() or bands.keys() != expected.keys():
        problems.append("De opgeslagen uitkomsten gaan over andere aanbieders dan de gegevens.")
        return problems
    for key, row in expected.items():
        pairs = [(name, getattr(stored[key], name), row[name]) for name in RESULT_FIELDS]
        pairs += [(name, getattr(bands[key], name), row[name]) for name in BANDWIDTH_FIELDS]
        problems += [
            f"{key}: {name} is opgeslagen als {kept}, maar is {found}." for name, kept, found in pairs if kept != found
        ]
        numbers = [(name, getattr(stored[key], name), row[name]) for name in NEARLY]
        problems += [
            f"{key}: {name} is opgeslagen als {kept}, maar is {found}."
            for name, kept, found in numbers
            if not is_nearly(kept, found)
        ]
    links = {
        (link.result.provider.key, link.peer.provider.key): (link.weight, link.score_without)
        for link in PeerLink.objects.filter(result__run=run).select_related("result__provider", "peer__provider")
    }
    wanted = {
        (link["key"], link["peer"]): (link["weight"], link["score_without"]) for link in again.peers.to_dict("records")
    }
    if links.keys() != wanted.keys() or not all(
        is_nearly(kept, found)
        for pair, numbers in wanted.items()
        for kept, found in zip(links[pair], numbers, strict=True)
    ):
        problems.append("De opgeslagen peers zijn anders dan de berekende.")
    products = {
        (product.bandwidth.provider.key, product.product): (product.lower, product.upper)
        for product in ProductBandwidth.objects.filter(bandwidth__run=run).select_related("bandwidth__provider")
    }
    computed = {
        (item["key"], item["product"]): (item["lower"], item["upper"]) for item in again.products.to_dict("records")
    }
    if products != computed:
        problems.append("De opgeslagen tarieven zijn anders dan de berekende.")
    return problems
