"""The step of a run that makes bandwidths, and what it freezes at the start of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

import pandas as pd

from benchmarking.calculation import Calculation, Outcome, rows_of, step
from providers.models import Round
from tariffs import bandwidth
from tariffs.models import Bandwidth, ProductBandwidth, RoundPolicy
from tariffs.policies import current_policy

PUBLISHED = ("maximum_cost", "minimum_rate", "maximum_rate", "lower_rate", "upper_rate", "bandwidth_status")


def freeze(round: Round) -> dict[str, Any]:
    """Return the policy and the tariffs that a run of ``round`` depends on, as JSON."""
    policy = current_policy(round)
    book_year = _table(policy, round.book_year)
    return {
        "policy": {
            "number": policy.number,
            "markup": str(policy.markup),
            "marks_up_allowances": policy.marks_up_allowances,
            "cap": str(policy.cap),
            "index": None if policy.index is None else str(policy.index),
            "index_name": policy.index_name,
            "disclosure": policy.disclosure,
            "smallest_group": policy.smallest_group,
            "dominance_n": policy.dominance_n,
            "dominance_k": str(policy.dominance_k),
            "p_percent": str(policy.p_percent),
            "book_year": round.book_year,
            "tariff_year": policy.tariff_year,
            "tariff_table": None if policy.tariff_table is None else policy.tariff_table.sha256,
        },
        "book_year_tariffs": book_year,
        "tariff_year_tariffs": _table(policy, policy.tariff_year),
        "product_prices": {product: amount for product, (amount, _) in book_year.items()},
    }


def _table(policy: RoundPolicy, year: int | None) -> dict[str, tuple[str, bool]]:
    if policy.tariff_table is None or year is None:
        return {}
    rows = policy.tariff_table.tariffs.filter(year=year).order_by("product")
    return {row.product: (str(row.amount), row.includes_housing) for row in rows}


def rules_of(frozen: Mapping[str, Any]) -> bandwidth.Rules:
    """Return the frozen policy as the pure functions take it."""
    policy = frozen["policy"]
    return bandwidth.Rules(
        markup=Decimal(policy["markup"]),
        marks_up_allowances=policy["marks_up_allowances"],
        cap=Decimal(policy["cap"]),
        index=None if policy["index"] is None else Decimal(policy["index"]),
    )


def _tariffs(table: Mapping[str, Any]) -> dict[str, bandwidth.Tariff]:
    return {
        product: bandwidth.Tariff(amount=Decimal(amount), includes_housing=includes)
        for product, (amount, includes) in table.items()
    }


@step(code="bandwidths", title="Maximale kosten en bandbreedte")
def bandwidths(calculation: Calculation) -> Outcome:
    """Compute minimum and maximum, rates and product tariffs of everyone who has a score."""
    rules = rules_of(calculation.frozen)
    book_year = _tariffs(calculation.frozen["book_year_tariffs"])
    tariff_year = _tariffs(calculation.frozen["tariff_year_tariffs"])
    products = [measure for output in calculation.specification.outputs for measure in output.days]
    delivered = rows_of(calculation.delivered)
    made: dict[str, bandwidth.Bandwidth] = {}
    for key, row in rows_of(calculation.results).items():
        costs = None
        days: dict[str, Decimal] = {}
        if row["published_score"] is not None:
            costs = bandwidth.Costs(
                score=row["published_score"],
                comparable=row["comparable_cost"],
                fixed=row["fixed_cost"],
                allowance=row["allowance"],
            )
            days = {measure: delivered[key][measure] for measure in products}
        made[key] = bandwidth.bandwidth(
            costs=costs, rules=rules, days=days, book_year_tariffs=book_year, tariff_year_tariffs=tariff_year
        )
    columns: dict[str, list[Any]] = {
        name: [getattr(item, name) for item in made.values()] for name in PUBLISHED if name != "bandwidth_status"
    }
    columns["bandwidth_status"] = [item.status for item in made.values()]
    updated = calculation.with_results(**columns)
    maximum = sum((item.maximum_cost for item in made.values() if item.maximum_cost is not None), Decimal(0))
    counts = {status: columns["bandwidth_status"].count(status) for status in sorted(set(columns["bandwidth_status"]))}
    updated = replace(
        updated,
        published=(*updated.published, *PUBLISHED),
        products=pd.DataFrame(
            [{"key": key, **asdict(product)} for key, item in made.items() for product in item.products],
            columns=["key", "product", "days", "maximum", "lower", "upper"],
        ),
        stores=(*updated.stores, lambda run, results: _store(run, results, made)),
    ).with_summary(maximum_cost=str(maximum), bandwidth_statuses=counts)
    percent = f"{rules.markup * 100:f}".rstrip("0").rstrip(".").replace(".", ",")
    sentences = [f"De maximale kosten zijn de minimale kosten plus {percent} %."]
    if not tariff_year:
        sentences.append("Er is geen tarieftabel: de bandbreedte staat in geld, niet in tarieven.")
    return Outcome(updated, tuple(sentences), {"maximum_cost": str(maximum), "statuses": counts})


def _store(run: Any, results: Mapping[str, Any], made: Mapping[str, bandwidth.Bandwidth]) -> None:
    """Write bandwidths and product tariffs, in the transaction that completes the run."""
    rows = {
        key: Bandwidth(
            run=run,
            provider_id=results[key].provider_id,
            result=results[key],
            minimum_cost=item.minimum_cost,
            maximum_cost=item.maximum_cost,
            reference=item.reference,
            minimum_rate=item.minimum_rate,
            maximum_rate=item.maximum_rate,
            lower_rate=item.lower_rate,
            upper_rate=item.upper_rate,
            status=item.status,
            reason=item.reason,
        )
        for key, item in made.items()
    }
    Bandwidth.objects.bulk_create(rows.values(), batch_size=1000)
    ProductBandwidth.objects.bulk_create(
        (
            ProductBandwidth(
                bandwidth=rows[key],
                product=product.product,
                days=product.days,
                maximum_tariff=product.maximum,
                lower=product.lower,
                upper=product.upper,
            )
            for key, item in made.items()
            for product in item.products
        ),
        batch_size=2000,
    )
