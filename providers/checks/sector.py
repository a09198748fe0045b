"""What is usual in the sector, and which delivery lies far from it.

A robust z-score: how far a ratio lies from the median, in units of the spread. The spread is the median absolute
deviation times 1.4826, which for a normal distribution is the standard deviation. Where more than half of the providers
have the very same ratio that is 0; then the mean absolute deviation times 1.2533 is used, and where that is 0 as well
there is nothing to compare with.

What a provider reads of this is a median of at least :data:`FEWEST` providers in two digits: nobody can work out the
figure of another from it. A ratio of fewer providers is not kept at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from providers.checks.figures import Check, Figures
from providers.checks.ratios import CONTEXT, Ratio, Values, ratios
from providers.checks.rules import Found, Rule
from providers.checks.wording import ratio_figure, significant

FEWEST: Final = 20
"""A median of fewer providers is not formed: it could tell about one of them."""
_NORMAL_FROM_MEDIAN: Final = Decimal("1.4826")
_NORMAL_FROM_MEAN: Final = Decimal("1.2533")
_DIGITS: Final = 2


@dataclass(frozen=True)
class Usual:
    """What is usual for one ratio: over how many providers, their median and the spread (0: all alike)."""

    count: int
    median: Decimal
    spread: Decimal


@dataclass(frozen=True)
class SectorStatistics:
    """What is usual in a round, by code of the ratio, from ``deliveries`` deliveries of ``template``."""

    template: str
    deliveries: int
    usual: Mapping[str, Usual]

    def to_json(self) -> dict[str, Any]:
        """As plain values for a JSON document; numbers are text, so that none of their digits is lost."""
        return {
            "template": self.template,
            "deliveries": self.deliveries,
            "usual": {
                code: {"count": item.count, "median": str(item.median), "spread": str(item.spread)}
                for code, item in sorted(self.usual.items())
            },
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> SectorStatistics:
        """What :meth:`to_json` wrote; a ratio that has been dropped since is left out."""
        return cls(
            template=document["template"],
            deliveries=document["deliveries"],
            usual=MappingProxyType(
                {
                    code: Usual(item["count"], Decimal(item["median"]), Decimal(item["spread"]))
                    for code, item in document["usual"].items()
                    if code in ratios() and item["count"] >= FEWEST
                }
            ),
        )


def statistics(deliveries: Iterable[Values], *, template: str = "iv-2") -> SectorStatistics:
    """What is usual among these deliveries, each the figures of one provider by measure; in whatever order."""
    everyone = list(deliveries)
    usual: dict[str, Usual] = {}
    for code, ratio in ratios().items():
        found = sorted(value for values in everyone if (value := ratio.of(values, template)) is not None)
        if len(found) >= FEWEST:
            usual[code] = _usual(found)
    return SectorStatistics(template=template, deliveries=len(everyone), usual=MappingProxyType(usual))


def _usual(ascending: Sequence[Decimal]) -> Usual:
    median = _median(ascending)
    distances = sorted(abs(value - median) for value in ascending)
    spread = CONTEXT.multiply(_median(distances), _NORMAL_FROM_MEDIAN)
    if not spread:
        total = Decimal(0)
        for distance in distances:
            total = CONTEXT.add(total, distance)
        spread = CONTEXT.multiply(CONTEXT.divide(total, Decimal(len(distances))), _NORMAL_FROM_MEAN)
    return Usual(count=len(ascending), median=median, spread=spread)


def _median(ascending: Sequence[Decimal]) -> Decimal:
    middle = len(ascending) // 2
    if len(ascending) % 2:
        return ascending[middle]
    return CONTEXT.divide(CONTEXT.add(ascending[middle - 1], ascending[middle]), Decimal(2))


def far_from_usual(figures: Figures, rule: Rule) -> Iterator[Found]:
    """Ratios of the rule that lie more than ``spreads`` spreads and more than a part ``relative`` from the median."""
    for code in rule.ratios:
        ratio = ratios()[code]
        usual = figures.sector.usual.get(code) if figures.sector is not None else None
        value = ratio.of(figures.values, figures.template)
        if usual is None or value is None or not usual.spread:
            continue
        distance = abs(value - usual.median)
        limit = max(rule.parameters["spreads"] * usual.spread, rule.parameters["relative"] * abs(usual.median))
        if distance > limit:
            yield figures.found(
                rule,
                ratio.measure,
                covers=_covered(ratio, figures),
                ratio=ratio.label,
                value=ratio_figure(value, ratio, figures.currency),
                way="hoger" if value > usual.median else "lager",
                usual=ratio_figure(significant(usual.median, _DIGITS), ratio, figures.currency),
            )


def _covered(ratio: Ratio, figures: Figures) -> list[str]:
    """Who says that the total is unusual need not say it of every line again."""
    return [item.code for item in figures.measures("cost", "allowance")] if ratio.measure == "total_cost" else []


CHECKS: Final[Mapping[str, Check]] = MappingProxyType({"far_from_usual": far_from_usual})
