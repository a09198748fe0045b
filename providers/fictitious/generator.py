"""Making the population from a seed. The same seed gives the same population, figure for figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from providers.fictitious import mistakes
from providers.fictitious.names import PATTERNS, invented_places
from providers.fictitious.places import POSTCODE_LETTERS, REGIONS, RegionOfTowns, Town
from providers.fictitious.population import FictitiousLocation, FictitiousProvider, Population, YearFigures
from providers.fictitious.reporting import Circumstances, report
from providers.fictitious.technology import KINDS, Kind

_STREAM = 20240101
_TOGETHER = 2
"""The first years are drawn in one go; each later one has random numbers of its own."""
_FEWEST_PER_REGION = 5
FEWEST_PROVIDERS, MOST_PROVIDERS = 50, 3_000
"""There are not many more invented names."""
_MERGED_SHARE = 0.0092
_NEW_SHARE = 0.0185
_STAYED_AWAY_SHARE = 0.016
_YEARS_ALIKE = 0.92
"""Correlation of a provider's efficiency between two years."""


def generate(seed: int, *, providers: int = 650, book_years: Sequence[int] = (2023, 2024)) -> Population:
    """An invented population of about ``providers`` organisations in the second year, a few fewer in the first.

    Some are new in the second year, some do not deliver, some have merged into another before it (they come on top of
    ``providers``). Later years follow from these two and leave their figures as they are: whoever asks for three years
    gets the same first two. Raises :class:`ValueError` unless there are :data:`FEWEST_PROVIDERS` to
    :data:`MOST_PROVIDERS` providers and the years are in order.
    """
    years = tuple(book_years)
    if not FEWEST_PROVIDERS <= providers <= MOST_PROVIDERS:
        raise ValueError(f"a population needs at least {FEWEST_PROVIDERS} and at most {MOST_PROVIDERS} providers")
    if not years or list(years) != sorted(set(years)):
        raise ValueError("book years must be in order, each once")
    random = np.random.default_rng([seed, _STREAM])
    first = years[:_TOGETHER]
    extra = max(1, round(_MERGED_SHARE * providers)) if len(first) > 1 else 0
    total = providers + extra
    drafted = [
        _draft(random, index, kind, name, region, first)
        for index, (kind, name, region) in enumerate(
            zip(_kinds(random, total), invented_places(random), _regions(random, total), strict=False)
        )
    ]
    behind = {provider.kvk: state for provider, state in drafted}
    drafts = _with_events(random, [provider for provider, _ in drafted], first, extra)
    for year in first:
        drafts = mistakes.make_some(random, drafts, year)
    for year in years[_TOGETHER:]:
        random = np.random.default_rng([seed, _STREAM, year])
        drafts = _a_year_later(random, drafts, behind, year, first_year=years[0])
    return Population(seed=seed, book_years=years, providers=tuple(sorted(drafts, key=lambda provider: provider.kvk)))


@dataclass(frozen=True)
class _Behind:
    """What stands behind a provider's figures, and goes on into the next year."""

    circumstances: Circumstances
    latent: float
    """Its efficiency, as a standard normal draw."""

    def next_year(self, random: np.random.Generator) -> _Behind:
        latent = _YEARS_ALIKE * self.latent + math.sqrt(1 - _YEARS_ALIKE**2) * float(random.standard_normal())
        return _Behind(self.circumstances.next_year(random), latent)

    def report(self, random: np.random.Generator, year: int, first_year: int) -> YearFigures:
        efficiency = _efficiency(self.latent)
        return report(random, self.circumstances, efficiency=efficiency, year=year, first_year=first_year)


def _kinds(random: np.random.Generator, count: int) -> list[Kind]:
    exact = [kind.share * count for kind in KINDS]
    counts = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(KINDS)), key=lambda index: counts[index] - exact[index])
    for index in by_remainder[: count - sum(counts)]:
        counts[index] += 1
    kinds = [kind for kind, number in zip(KINDS, counts, strict=True) for _ in range(number)]
    return [kinds[int(index)] for index in random.permutation(count)]


def _regions(random: np.random.Generator, count: int) -> list[RegionOfTowns]:
    """Every region has some providers; the rest are spread by inhabitants."""
    fewest = min(_FEWEST_PER_REGION, count // len(REGIONS))
    regions = [region for region in REGIONS for _ in range(fewest)]
    weights = np.array([region.inhabitants for region in REGIONS], dtype=float)
    rest = random.choice(len(REGIONS), size=count - len(regions), p=weights / weights.sum())
    regions.extend(REGIONS[int(index)] for index in rest)
    return [regions[int(index)] for index in random.permutation(count)]


def _draft(
    random: np.random.Generator, index: int, kind: Kind, invented: str, region: RegionOfTowns, years: tuple[int, ...]
) -> tuple[FictitiousProvider, _Behind]:
    places = float(np.clip(kind.places * math.exp(kind.spread * random.standard_normal()), 6, 2600))
    pattern = PATTERNS[kind.name][int(random.integers(len(PATTERNS[kind.name])))]
    kvk = f"{99_000_000 + 137 * index:08d}"
    locations, urbanity = _locations(random, kvk, places, invented, region)
    circumstances = Circumstances.draw(random, kind, places, urbanity)
    behind = _Behind(circumstances, float(random.standard_normal()))
    figures: dict[int, YearFigures] = {}
    for position, year in enumerate(years):
        if position:
            behind = behind.next_year(random)
        figures[year] = behind.report(random, year, years[0])
    provider = FictitiousProvider(
        kvk=kvk,
        name=pattern.format(invented),
        legal_form=_legal_form(random, kind),
        agb_code=f"00{500_000 + index:06d}",
        nza_number=f"999-{1000 + index}",
        kind=kind.name,
        locations=locations,
        years=figures,
        known_in=years,
    )
    return provider, behind


def _a_year_later(
    random: np.random.Generator,
    drafts: list[FictitiousProvider],
    behind: dict[str, _Behind],
    year: int,
    *,
    first_year: int,
) -> list[FictitiousProvider]:
    """The providers with the figures of one more year; ``behind`` moves on with them.

    Nobody is new and nobody merges any more: who merged before reports as part of the other. Some do not deliver.
    """
    figures: dict[str, YearFigures] = {}
    for provider in drafts:
        behind[provider.kvk] = behind[provider.kvk].next_year(random)
        figures[provider.kvk] = behind[provider.kvk].report(random, year, first_year)
    for gone in drafts:
        if gone.merged_into:
            figures[gone.merged_into] = _added_up(figures[gone.merged_into], figures[gone.kvk])
    silent = {int(index) for index in random.permutation(len(drafts))[: math.ceil(_STAYED_AWAY_SHARE * len(drafts))]}
    result = []
    for index, provider in enumerate(drafts):
        if not provider.merged_into:
            known_in = (*provider.known_in, year)
            delivered = {} if index in silent else {year: figures[provider.kvk]}
            provider = replace(provider, years={**provider.years, **delivered}, known_in=known_in)
        result.append(provider)
    return mistakes.make_some(random, result, year)


def _efficiency(latent: float) -> float:
    """A standard normal draw as an efficiency between 0.55 and 1: mean about 0.81, standard deviation about 0.10."""
    probability = 0.5 * (1 + math.erf(latent / math.sqrt(2)))
    # The quantile function of Kumaraswamy's distribution: bounded on both sides and written in one line.
    quantile: float = (1 - (1 - probability) ** (1 / 1.7)) ** (1 / 2.0)
    return 0.55 + 0.45 * quantile


def _legal_form(random: np.random.Generator, kind: Kind) -> str:
    forms = ("Stichting", "Besloten vennootschap", "Coöperatie", "Vereniging")
    chances = (0.55, 0.43, 0.02, 0.0) if kind.name == "small_home" else (0.93, 0.045, 0.01, 0.015)
    return forms[int(random.choice(len(forms), p=chances))]


def _locations(
    random: np.random.Generator, kvk: str, places: float, invented: str, region: RegionOfTowns
) -> tuple[tuple[FictitiousLocation, ...], int]:
    """The locations of a provider and the urbanity class where most of its residents live."""
    count = max(1, min(30, round(places / 65)))
    by_code = {item.code: item for item in REGIONS}
    regions = [region]
    if count >= 4 and random.random() < 0.45:
        regions.append(by_code[region.neighbours[int(random.integers(len(region.neighbours)))]])
    if count >= 12 and random.random() < 0.5:
        others = [code for code in regions[-1].neighbours if code not in {item.code for item in regions}]
        regions.extend(by_code[code] for code in others[:1])
    towns: list[Town] = []
    locations: list[FictitiousLocation] = []
    for number in range(count):
        here = regions[0] if number == 0 or random.random() < 0.6 else regions[int(random.integers(len(regions)))]
        if 0 < number < len(regions):
            here = regions[number]  # every region has at least one location
        town = here.towns[int(random.integers(len(here.towns)))]
        towns.append(town)
        letters = POSTCODE_LETTERS[int(random.integers(len(POSTCODE_LETTERS)))]
        locations.append(
            FictitiousLocation(
                number=f"{kvk}{number + 1:04d}",
                name=invented if count == 1 else f"{invented} {town.name} {number + 1}",
                postcode=f"{town.postcode + int(random.integers(0, 9))} {letters}",
                place=town.name,
                region=here.code,
            )
        )
    classes = [town.urbanity for town in towns]
    return tuple(locations), max(sorted(set(classes)), key=classes.count)


def _with_events(
    random: np.random.Generator, drafts: list[FictitiousProvider], years: tuple[int, ...], merging: int
) -> list[FictitiousProvider]:
    """Mergers, new providers and providers that do not deliver; each happens to a different provider."""
    unused = [int(index) for index in random.permutation(len(drafts))]
    last = years[-1]
    result = list(drafts)

    def next_of(*kinds: str) -> int:
        found = next(index for index in unused if drafts[index].kind in kinds)
        unused.remove(found)
        return found

    for _ in range(merging):
        small, large = next_of("care_home", "regional"), next_of("regional", "chain")
        gone, stays = result[small], result[large]
        together = _added_up(stays.years[last], gone.years[last])
        result[large] = replace(stays, years={**stays.years, last: together})
        before = {year: figures for year, figures in gone.years.items() if year != last}
        result[small] = replace(gone, years=before, merged_into=stays.kvk, merged_in=last)
    for number in range(round(_NEW_SHARE * len(drafts)) if len(years) > 1 else 0):
        index = next_of("small_home", "care_home", "palliative")
        new = result[index]
        figures = new.years[last]
        if number % 3:  # two in three started in the course of the year
            figures = mistakes.part_of_the_year(figures, months=3 + number % 8)
        result[index] = replace(new, years={last: figures}, known_in=(last,))
    for year in years:
        for _ in range(math.ceil(_STAYED_AWAY_SHARE * len(drafts))):
            index = next_of("regional", "care_home", "small_home", "nursing_home")
            provider = result[index]
            result[index] = replace(provider, years={y: f for y, f in provider.years.items() if y != year})
    return result


def _added_up(first: YearFigures, second: YearFigures) -> YearFigures:
    """The figures of two organisations that became one: amounts and days add up, the rest weighs by days."""
    days = [
        sum((v or Decimal(0) for k, v in f.values.items() if k.startswith("days_")), Decimal(0))
        for f in (first, second)
    ]
    adds_up = ("days_", "places", "staff_fte_care")
    values: dict[str, Decimal | None] = {}
    for code, own in first.values.items():
        other = second.values[code]
        if own is None or other is None:
            values[code] = own if own is not None else other
        elif code.startswith(adds_up) or code in mistakes.MONEY:
            values[code] = own + other
        elif code in ("urbanity", "months_covered"):
            values[code] = own if days[0] >= days[1] else other
        else:
            exponent = own if own.as_tuple().exponent < other.as_tuple().exponent else other  # type: ignore[operator]
            values[code] = ((own * days[0] + other * days[1]) / sum(days)).quantize(exponent)
    cost = [float(f.values["total_cost"] or 0) for f in (first, second)]
    saved = sum(c * f.true_efficiency for c, f in zip(cost, (first, second), strict=True))
    gross = first.gross_cost + second.gross_cost
    return YearFigures(values=values, true_efficiency=saved / sum(cost), mistakes=(), gross_cost=gross)
