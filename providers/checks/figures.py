"""The figures of one delivery as the checks look at them, with what they may be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from providers.checks.rules import Found, Rule
from providers.measures import CATALOGUE, Measure
from providers.workbook.content import Cell, ReadDelivery

if TYPE_CHECKING:
    from providers.checks.sector import SectorStatistics


@dataclass(frozen=True)
class Previous:
    """What the same provider delivered for an earlier book year, by measure; the newest version that counts."""

    book_year: int
    values: Mapping[str, Decimal | None]


@dataclass(frozen=True)
class Figures:
    """The figures of one delivery; ``previous`` and ``sector`` are there when there is something to compare with."""

    delivery: ReadDelivery
    template: str
    currency: str
    book_year: int = 0
    previous: Previous | None = None
    sector: SectorStatistics | None = None

    @cached_property
    def values(self) -> Mapping[str, Decimal]:
        """What was filled in, by measure."""
        return {value.measure: value.value for value in self.delivery.values if value.value is not None}

    @cached_property
    def _cells(self) -> dict[str, Cell]:
        return {value.measure: value.cell for value in self.delivery.values}

    def get(self, measure: str) -> Decimal | None:
        return self.values.get(measure)

    def before(self, measure: str) -> Decimal | None:
        """The figure of the earlier year; ``None`` if it was not filled in or there is no earlier year."""
        return self.previous.values.get(measure) if self.previous is not None else None

    def cell(self, measure: str) -> Cell:
        return self._cells.get(measure, self.delivery.cell)

    def measures(self, *kinds: str) -> tuple[Measure, ...]:
        """The measures of the template of these kinds (all, if none are named)."""
        return CATALOGUE.of_template(self.template, *kinds)

    @cached_property
    def days(self) -> Decimal:
        """All care days together."""
        return sum((self.get(measure.code) or Decimal(0) for measure in self.measures("days")), Decimal(0))

    @cached_property
    def days_before(self) -> Decimal:
        """All care days of the earlier year together."""
        return sum((self.before(measure.code) or Decimal(0) for measure in self.measures("days")), Decimal(0))

    def found(self, rule: Rule, measure: str, /, *, covers: Iterable[str] = (), **details: str) -> Found:
        """What ``rule`` found at the cell of ``measure`` (empty: at the delivery as a whole).

        ``covers``: other measures it is about as well, so that a lesser rule is silent about them.
        """
        message = rule.message.format_map(details)
        return Found(rule, self.cell(measure), message, measure, frozenset({measure, *covers}))


Check = Callable[[Figures, Rule], Iterator[Found]]
