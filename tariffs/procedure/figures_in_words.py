"""Figures of a decision in words: what goes down by it, and which figures of the provider it was computed anew with."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from benchmarking.naming import label
from providers.formatting import NBSP, format_exact, format_money, format_percent
from providers.measures import CATALOGUE
from tariffs.agreements import place_of
from tariffs.room import inward


def what_falls(figures: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[str, str]:
    """Return what goes down, in the order of what weighs most, and from what to what as the letter has it (may be empty)."""
    ends = [inward(*(Decimal(item[name]) for name in ("lower_rate", "upper_rate"))) for item in (before, figures)]
    for place, name in ((1, "het percentage ‘ten hoogste’"), (0, "het percentage ‘ten minste’")):
        was, becomes = (end[place] for end in ends)
        if becomes < was:
            shown = [format_percent(rate, decimals=2) for rate in (was, becomes)]
            return name, f"van {shown[0]} naar {shown[1]}"
    if Decimal(figures["maximum"]) < Decimal(before["maximum"]):
        return "de maximale kosten", ""
    return "een hoogste tarief", ""


def lowered(figures: Mapping[str, Any], before: Mapping[str, Any], currency: str) -> list[str]:
    """Say what goes down and from what to what: in full, so that a small step down shows as well."""
    found = []
    if Decimal(figures["upper_rate"]) < Decimal(before["upper_rate"]):
        rates = [f"{format_exact(Decimal(item['upper_rate']) * 100)}{NBSP}%" for item in (before, figures)]
        found.append(f"Ten hoogste: van {rates[0]} naar {rates[1]} van de maximumtarieven.")
    if Decimal(figures["maximum"]) < Decimal(before["maximum"]):
        costs = [format_money(item["maximum"], currency=currency, decimals=2) for item in (before, figures)]
        found.append(f"Maximale kosten: van {costs[0]} naar {costs[1]}.")
    tops = {item["product"]: Decimal(item["upper"]) for item in before["products"]}
    for item in sorted(figures["products"], key=lambda item: place_of(item["product"])):
        was, becomes = tops.get(item["product"], Decimal(0)), Decimal(item["upper"])
        if becomes < was:
            tariffs = [format_money(tariff, currency=currency, decimals=2) for tariff in (was, becomes)]
            found.append(f"Hoogste tarief {label(item['product'])}: van {tariffs[0]} naar {tariffs[1]}.")
    return found


def changed(figures: Mapping[str, Any], currency: str) -> list[tuple[str, str, str]]:
    """Return which figures of the provider were computed anew with: name, was, becomes, written out."""
    known: Mapping[str, str | None] = figures.get("changed_from", {})
    return [
        (
            CATALOGUE[code].label if code in CATALOGUE else code,
            _written(code, known.get(code), currency) if code in known else "onbekend",
            _written(code, text, currency),
        )
        for code, text in figures.get("changes", {}).items()
    ]


def _written(code: str, text: str | None, currency: str) -> str:
    if text is None:
        return "geen"
    value = Decimal(text)
    unit = CATALOGUE[code].unit if code in CATALOGUE else ""
    if unit == "money":
        return format_money(value, currency=currency, decimals=0 if value == value.to_integral_value() else 2)
    return f"{format_exact(value * 100)}{NBSP}%" if unit == "share" else format_exact(value)
