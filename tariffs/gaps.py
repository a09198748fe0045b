"""What a table of maximum tariffs lacks for a round, and what in it is hard to believe: said before it is computed with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from providers.formatting import format_money, format_number
from providers.measures import CATALOGUE
from providers.models import Round
from tariffs.agreements import label_of, place_of
from tariffs.models import MaximumTariff, RoundPolicy, TariffTable

#: From this many times another tariff of the same product, or the same part of it, a tariff is asked about.
LEAP = 2
MOST_NAMED = 5


def products_of(round: Round) -> list[str]:
    """Return the measures of days that a round compares: those of its model, else all that it asks."""
    chosen = round.specifications.select_related("specification").first()
    if chosen is None:
        return [code for code in round.measures if code in CATALOGUE and CATALOGUE[code].kind == "days"]
    return [code for output in chosen.specification.document["outputs"] for code in output["days"]]


def gaps_of_policy(policy: RoundPolicy) -> list[str]:
    """Return in Dutch what the table of a policy lacks for its round, in the book year and the tariff year."""
    if policy.tariff_table is None or policy.tariff_year is None:
        return []
    years = {policy.tariff_year}
    if policy.index is None or policy.tariff_table.tariffs.filter(year=policy.round.book_year).exists():
        # The index is there for a book year without any tariffs.
        years.add(policy.round.book_year)
    return _gaps(policy.tariff_table, [(policy.round, year) for year in sorted(years)])


def gaps_of_table(table: TariffTable) -> list[str]:
    """Return in Dutch what a table lacks, in the years that it has, for rounds of that book year and of the year before."""
    known = set(table.tariffs.values_list("year", flat=True))
    rounds = Round.objects.filter(book_year__in=known | {year - 1 for year in known}).order_by("book_year", "slug")
    return _gaps(
        table, [(round, year) for round in rounds for year in (round.book_year, round.book_year + 1) if year in known]
    )


def leaps_of_table(table: TariffTable) -> list[str]:
    """Return in Dutch which tariffs of a table are twice or half what another year or table has for the same product."""
    others: dict[str, list[MaximumTariff]] = defaultdict(list)
    for other in MaximumTariff.objects.select_related("table").order_by("-table", "year"):
        others[other.product].append(other)
    found = []
    for tariff in sorted(table.tariffs.all(), key=lambda one: (place_of(one.product), one.year)):
        far = [one for one in others[tariff.product] if not Decimal(1) / LEAP < tariff.amount / one.amount < LEAP]
        if far:
            near = min(far, key=lambda one: abs(one.year - tariff.year))
            where = f"{near.year}" if near.table_id == table.pk else f"{near.year} in {near.table.name}"
            found.append(
                f"{label_of(tariff.product)}: {_cents(tariff)} in {tariff.year}, tegenover {_cents(near)} in {where}"
            )
    if not found:
        return []
    more = f"; en nog {format_number(len(found) - MOST_NAMED)}" if len(found) > MOST_NAMED else ""
    return [
        "Deze tarieven zijn minstens twee keer zo hoog of zo laag als in een ander jaar of een andere tabel. Klopt dat niet, lees"
        f" dan een verbeterde tabel in. {'; '.join(found[:MOST_NAMED])}{more}."
    ]


def housing_of_table(table: TariffTable) -> list[str]:
    """Return in Dutch that every tariff of a table is read with NHC and NIC in it; nothing where some are without."""
    if table.tariffs.filter(includes_housing=False).exists():
        return []
    return [
        f"Bij alle tarieven van {table.name} telt NHC en NIC als inbegrepen. Zo leest het portaal ook een bestand zonder de kolom"
        " ‘inclusief NHC NIC’. Zijn de tarieven exclusief, lees dan een tabel in met ‘nee’ in die kolom."
    ]


def _cents(tariff: MaximumTariff) -> str:
    return format_money(tariff.amount, decimals=2)


def _gaps(table: TariffTable, asked: Iterable[tuple[Round, int]]) -> list[str]:
    known: dict[int, set[str]] = defaultdict(set)
    for year, product in table.tariffs.values_list("year", "product"):
        known[year].add(product)
    lacking: dict[tuple[str, ...], list[tuple[Round, int]]] = defaultdict(list)
    for round, year in asked:
        if missing := [product for product in products_of(round) if product not in known[year]]:
            lacking[tuple(sorted(missing, key=place_of))].append((round, year))
    return [
        f"{table.name} heeft voor {_listed(sorted({year for _, year in where}))} geen tarief voor:"
        f" {', '.join(label_of(product) for product in missing)}. Een aanbieder die deze zorg levert, krijgt voor geen enkel"
        f" zorgprofiel een tarief. Dit geldt voor: {_listed(round for round, _ in where)}."
        for missing, where in lacking.items()
    ]


def _listed(found: Iterable[object]) -> str:
    *others, last = dict.fromkeys(str(one) for one in found)
    return f"{', '.join(others)} en {last}" if others else last
