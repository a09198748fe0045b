"""What is decided about a provider, in figures: how a decision holds them, and how a letter shows them.

Money and rates are text with a point, so that what was decided is read back digit by digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from benchmarking.naming import label
from providers.formatting import format_money, format_number, format_percent
from tariffs.agreements import place_of
from tariffs.models import Bandwidth
from tariffs.positions import Position
from tariffs.room import inward

Figures = dict[str, Any]
#: A score is published in six decimals, and minimum costs follow from it: computed again from other costs the same minimum comes
#: out a few millionths (of itself) higher or lower, and a tariff a cent. Nobody gains or loses by that.
ROUNDING = Decimal("0.000005")
CENT = Decimal("0.01")


def of_bandwidth(band: Bandwidth) -> Figures:
    """Return the figures of a bandwidth as a decision holds them; its products come with it."""
    return {
        "minimum": str(band.minimum_cost),
        "maximum": str(band.maximum_cost),
        "lower_rate": str(band.lower_rate),
        "upper_rate": str(band.upper_rate),
        "status": band.status,
        "products": [
            {
                "product": product.product,
                "days": str(product.days),
                "maximum_tariff": str(product.maximum_tariff),
                "lower": str(product.lower),
                "upper": str(product.upper),
            }
            for product in band.products.all()
        ],
    }


def of_position(position: Position) -> Figures:
    """Return the same for a provider that was computed anew by itself."""
    return {
        "minimum": str(position.minimum_cost),
        "maximum": str(position.maximum_cost),
        "lower_rate": str(position.lower_rate),
        "upper_rate": str(position.upper_rate),
        "status": position.status,
        "products": [
            {
                "product": item.product,
                "days": str(item.days),
                "maximum_tariff": str(item.maximum),
                "lower": str(item.lower),
                "upper": str(item.upper),
            }
            for item in position.products
        ],
    }


def changed(figures: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return the figures of the provider, by measure, that were put in the place of delivered ones; empty: none.

    Those that the run itself read (``are_in_data``) are delivered ones.
    """
    if figures.get("are_in_data"):
        return {}
    return {code: Decimal(text) for code, text in figures.get("changes", {}).items() if text is not None}


def says_the_same(figures: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether a decision with ``figures`` says the same as one with ``before``: then it is no new decision.

    What a decision says is what its letter has: the tariffs of each product at least and at most in cents, both rates in
    hundredths of a percent, each rounded inward, and the minimum and maximum costs in whole euros. If those read the same,
    nothing changed. Nor if they moved by rounding alone, of a score and of a cent: that has no effect in law (Awb 1:3), and a
    second decision for it would only open the term to object once more. This holds for who objected, whose decision is revoked
    as far as there is reason to (Awb 7:11(2)), and for everybody else when newer outcomes are adopted. Costs count as well as
    tariffs: whoever is at the national maximum stays there, but a letter with costs that are corrected says something else.
    """
    return _binds_the_same(figures, before) and all(
        _in_letter(figures[name]) == _in_letter(before[name]) or _is_rounding(figures[name], before[name])
        for name in ("minimum", "maximum")
    )


def _binds_the_same(figures: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether tariffs and rates are the same, as the letter has them or beyond rounding."""
    now, then = _tariffs(figures), _tariffs(before)
    if now.keys() != then.keys():
        return False
    if now == then and _rates(figures) == _rates(before):
        return True
    return all(
        abs(one - other) <= CENT for name in now for one, other in zip(now[name], then[name], strict=True)
    ) and all(_is_rounding(figures[name], before[name]) for name in ("lower_rate", "upper_rate"))


def _tariffs(figures: Mapping[str, Any]) -> dict[str, tuple[Decimal, Decimal]]:
    return {item["product"]: (Decimal(item["lower"]), Decimal(item["upper"])) for item in figures["products"]}


def _rates(figures: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """Return both rates as the letter has them."""
    return inward(Decimal(figures["lower_rate"]), Decimal(figures["upper_rate"]))


def _in_letter(amount: str) -> Decimal:
    return Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP)


def _is_rounding(now: str, before: str) -> bool:
    """Tell whether a rate or an amount moved by no more than the rounding of a score does to it."""
    return abs(Decimal(now) - Decimal(before)) <= ROUNDING * Decimal(before)


def is_lower(figures: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether somebody is worse off with ``figures`` than ``before``: less room at the top, anywhere, be it a cent.

    Where tariffs and rates stay, lower maximum costs are less. Ask first whether both say the same: of that nobody is worse off.
    """
    tops = {item["product"]: Decimal(item["upper"]) for item in before["products"]}
    if Decimal(figures["upper_rate"]) < Decimal(before["upper_rate"]) or any(
        Decimal(item["upper"]) < tops.get(item["product"], Decimal(0)) for item in figures["products"]
    ):
        return True
    return _binds_the_same(figures, before) and difference(figures, before) < -ROUNDING * Decimal(before["maximum"])


def starts_lower(figures: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether the lower end comes down, beyond rounding: then less can be agreed than before."""
    now, then = figures["lower_rate"], before["lower_rate"]
    return Decimal(now) < Decimal(then) and not _is_rounding(now, then)


def difference(figures: Mapping[str, Any], before: Mapping[str, Any]) -> Decimal:
    """Return how many euros the maximum is more than it was; less than nought if it is less."""
    return Decimal(figures["maximum"]) - Decimal(before["maximum"])


def revenue(figures: Mapping[str, Any]) -> Decimal:
    """Return what the care days that are decided on bring in at the highest tariffs, in euros."""
    return sum((Decimal(item["days"]) * Decimal(item["upper"]) for item in figures["products"]), Decimal(0))


def compared(figures: Mapping[str, Any], before: Mapping[str, Any], currency: str) -> list[list[str]]:
    """Return what is decided beside what was: name, was, becomes and the difference, written out."""
    money = [("Minimale kosten", "minimum"), ("Maximale kosten", "maximum")]
    rates = zip(("Ten minste", "Ten hoogste"), _rates(before), _rates(figures), strict=True)
    return [
        *(
            [
                shown,
                format_money(before[name], currency=currency),
                format_money(figures[name], currency=currency),
                format_money(Decimal(figures[name]) - Decimal(before[name]), currency=currency),
            ]
            for shown, name in money
        ),
        *(
            [
                f"{shown} (deel van de maximumtarieven)",
                format_percent(then, decimals=2),
                format_percent(now, decimals=2),
                f"{format_number((now - then) * 100, decimals=2)} procentpunt",
            ]
            for shown, then, now in rates
        ),
    ]


def in_words(figures: Mapping[str, Any], currency: str) -> str:
    """Return minimum and maximum as the lines of a list in a letter."""
    lower, upper = _rates(figures)
    return "\n".join(
        (
            f"- Ten minste: {format_percent(lower, decimals=2)} van de maximumtarieven"
            f" (minimale kosten {format_money(figures['minimum'], currency=currency)})",
            f"- Ten hoogste: {format_percent(upper, decimals=2)} van de maximumtarieven"
            f" (maximale kosten {format_money(figures['maximum'], currency=currency)})",
        )
    )


def table(figures: Mapping[str, Any], currency: str, year: int | None) -> dict[str, Any]:
    """Return the table of a letter: per product the tariffs at least and at most, written out."""

    def money(value: str) -> str:
        return format_money(value, currency=currency, decimals=2)

    return {
        "caption": f"Tarieven per dag in {year}" if year else "Tarieven per dag",
        "columns": ["Zorgprofiel", "Zorgdagen", "Maximumtarief", "Ten minste", "Ten hoogste"],
        "rows": [
            [
                label(item["product"]),
                format_number(item["days"]),
                money(item["maximum_tariff"]),
                money(item["lower"]),
                money(item["upper"]),
            ]
            for item in sorted(figures["products"], key=lambda item: place_of(item["product"]))
        ],
    }
