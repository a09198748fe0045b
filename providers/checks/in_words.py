"""The limits of a rule in words, for the page on which the rules can be reviewed. The figures come from the rule."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from providers.checks.ratios import ratios
from providers.checks.rules import Rule
from providers.checks.wording import amount, figure, limits, number, percentage, ratio_figure
from providers.measures import CATALOGUE

CURRENCIES: Final[Mapping[str, str]] = MappingProxyType({"somed": "CHF"})
"""In which currency the amounts of a template are; euros for those that are not named."""
EURO: Final = "EUR"

#: By check: when it speaks. What stands after the colon of a parameter is how it is written, see :class:`_Limit`.
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "above": "Hoger dan {maximum:share}.",
        "accounts_in_thousands": "Duizend keer de jaarrekening wijkt ten hoogste {relative:share} of {absolute:money} af.",
        "appeared": "Ten minste {smallest:number} en ten minste {part:share} van het totaal; vorig jaar niets.",
        "changed": "Meer dan {maximum:share} hoger of lager, en ten minste {part:share} van alle kosten of alle dagen.",
        "changed_days": "Meer dan {maximum:share} hoger of lager.",
        "changed_points": "Meer dan {maximum:points} procentpunt hoger of lager.",
        "changed_ratio": "Meer dan {maximum:share} hoger of lager.",
        "copied": "Ten minste {lines:number} cijfers van {smallest:number} of meer, en ten minste {part:share} van de"
        " ingevulde cijfers.",
        "cost_per_day": "Wij verwachten van {minimum:money} tot en met {maximum:money} per dag.",
        "disappeared": "Vorig jaar ten minste {smallest:number} en ten minste {part:share} van het totaal; nu niets.",
        "does_not_tie": "Een verschil van meer dan {absolute:money} en meer dan {relative:share} van de jaarrekening.",
        "factor_of_ten": "Tien, honderd of duizend keer, met een afwijking tot {tolerance:share}, bij cijfers van ten"
        " minste {part:share} van het totaal.",
        "far_from_usual": "Meer dan {spreads:number} keer de gewone spreiding van de middelste aanbieder af, en ten minste"
        " {relative:share} daarvan af. Alleen als er van ten minste twintig aanbieders cijfers zijn.",
        "few_days_for_places": "Een bezetting lager dan {minimum:share}.",
        "large_differences": "Meer dan {maximum:share} van de lasten in de jaarrekening.",
        "more_days_than_places": "Een bezetting hoger dan {maximum:share}.",
        "part_of": "Meer dan {maximum:share}.",
        "published_cost_per_day": "Een verschil van meer dan {absolute:money} plus {relative:share}.",
        "revenues_counted_twice": "Zonder de opbrengsten is het verschil ten hoogste {absolute:money} of {relative:share}.",
        "rounded": "Ten minste {lines:number} cijfers zijn een veelvoud van {multiple:number}, en ten minste {part:share} van"
        " wat is ingevuld.",
        "same_figure": "Alleen cijfers van ten minste {smallest:number}.",
        "sum": "Een verschil van meer dan {absolute:money} plus {relative:share} van het totaal.",
        "swapped": "Verwisseld wijken de dagen ten hoogste {near:share} af van vorig jaar, niet verwisseld ten minste"
        " {far:share}; samen ten minste {part:share} van alle dagen.",
        "treatment_swapped": "Verwisseld wijkt het deel met behandeling ten hoogste {near:points} procentpunt af van vorig jaar,"
        " niet verwisseld meer dan {far:points} procentpunt.",
        "wrong_sign": "Met het andere teken is het verschil ten hoogste {absolute:money} of {relative:share}.",
    }
)


class _Limit(Decimal):
    """A limit that is written as money, as a share, in points or as a plain number."""

    currency = EURO

    def __format__(self, spec: str, /) -> str:  # type: ignore[override]
        exponent = self.normalize().as_tuple().exponent
        decimals = max(0, -exponent if isinstance(exponent, int) else 0)
        if spec == "money":
            return amount(self, self.currency, min(decimals, 2))
        if spec == "share":
            return percentage(self, max(decimals - 2, 0))
        if spec == "points":
            return number(self * 100, max(decimals - 2, 0))
        return number(self, decimals)


def currency_of(template: str) -> str:
    """The currency in which the limits of a template are."""
    return CURRENCIES.get(template, EURO)


def limit_in_words(rule: Rule, template: str) -> str:
    """When ``rule`` speaks, as a Dutch sentence with its limits in it; empty if it has none."""
    if not rule.parameters:
        return ""
    parameters: dict[str, _Limit] = {}
    for name, value in rule.parameters.items():
        parameters[name] = _Limit(value)
        parameters[name].currency = currency_of(template)
    if rule.check == "ratio_beyond":
        return f"Wij verwachten {_of_ratio(rule, template)}."
    if rule.check in _WORDS:
        return _WORDS[rule.check].format_map(parameters)
    return "; ".join(f"{name} {value}" for name, value in parameters.items())


def _of_ratio(rule: Rule, template: str) -> str:
    ratio = ratios()[rule.ratios[0]]
    ends = (rule.parameters.get(name) for name in ("minimum", "maximum"))
    return limits(*(None if end is None else ratio_figure(end, ratio, currency_of(template)) for end in ends))


def limits_of_measures(rule: Rule, template: str) -> list[tuple[str, str]]:
    """For a rule whose limits stand in the catalogue of measures: each measure with its limits in words."""
    names = {"possible": ("minimum", "maximum"), "plausible": ("plausible_minimum", "plausible_maximum")}.get(
        rule.check
    )
    if names is None:
        return []
    found = []
    for measure in CATALOGUE.of_template(template):
        ends = [getattr(measure, name) for name in names]
        if any(end is not None for end in ends):
            shown = [None if end is None else figure(end, measure, currency_of(template)) for end in ends]
            found.append((measure.label, limits(*shown)))
    return found
