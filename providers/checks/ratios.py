"""The ratios that are compared with last year and with the sector; they stand in ``ratios.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from providers.measures import CATALOGUE, KINDS

UNITS: Final = ("money", "share", "number")
_REQUIRED: Final = frozenset({"label", "numerator", "denominator", "unit"})
_OPTIONAL: Final = frozenset({"measure", "per", "times", "zero", "whole_year"})
_KIND: Final = "kind:"
_WHOLE_YEAR: Final = 12
#: Statistics are kept: they must not depend on the precision that somebody else chose.
CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)

Values = Mapping[str, Decimal | None]


class RatioError(Exception):
    """A ratio is wrong; the message names its code and what to change."""


@dataclass(frozen=True)
class Ratio:
    """One figure divided by another; see the head of ``ratios.toml``."""

    code: str
    label: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    unit: str
    measure: str
    times: Decimal = Decimal(1)
    """The outcome is multiplied by this."""
    skips_zero: bool = False
    whole_year: bool = False

    def __str__(self) -> str:
        return self.label

    def of(self, values: Values, template: str) -> Decimal | None:
        """The ratio in a delivery of ``template``; ``None`` where there is none."""
        months = values.get("months_covered")
        if self.whole_year and months is not None and months < _WHOLE_YEAR:
            return None
        above, below = (_together(codes, values, template) for codes in (self.numerator, self.denominator))
        if above is None or below is None or below <= 0 or (self.skips_zero and not above):
            return None
        return CONTEXT.divide(CONTEXT.multiply(above, self.times), below)


def _together(codes: tuple[str, ...], values: Values, template: str) -> Decimal | None:
    found = [values.get(code) for code in _expanded(codes, template)]
    filled_in = [value for value in found if value is not None]
    return sum(filled_in, Decimal(0)) if filled_in else None


@cache
def _expanded(codes: tuple[str, ...], template: str) -> tuple[str, ...]:
    """The measures behind a list that may name kinds."""
    found: list[str] = []
    for code in codes:
        if code.startswith(_KIND):
            found.extend(measure.code for measure in CATALOGUE.of_template(template, code.removeprefix(_KIND)))
        else:
            found.append(code)
    return tuple(found)


@cache
def ratios() -> Mapping[str, Ratio]:
    """All ratios by code; :class:`RatioError` if one of them is wrong."""
    content = tomllib.loads(Path(__file__).with_name("ratios.toml").read_text(encoding="utf-8"))
    return MappingProxyType({code: _ratio(code, entry) for code, entry in content.items()})


def _ratio(code: str, entry: Mapping[str, Any]) -> Ratio:
    if wrong := sorted((entry.keys() ^ _REQUIRED) - _OPTIONAL):
        raise RatioError(f"{code} misses or has unknown fields: {', '.join(wrong)}")
    numerator, denominator = tuple(entry["numerator"]), tuple(entry["denominator"])
    measure = entry.get("measure", numerator[0])
    for name in (*numerator, *denominator, measure):
        if name not in CATALOGUE and name.removeprefix(_KIND) not in KINDS:
            raise RatioError(f"{code} names {name}, which is not in the catalogue")
    if measure not in CATALOGUE:
        raise RatioError(f"{code} has to name the measure at which it is shown")
    if entry["unit"] not in UNITS or entry.get("zero", "skip") != "skip":
        raise RatioError(f"{code} has a unit or a treatment of zero that does not exist")
    return Ratio(
        code=code,
        label=entry["label"],
        numerator=numerator,
        denominator=denominator,
        unit=entry["unit"],
        measure=measure,
        times=CONTEXT.divide(Decimal(entry.get("per", "1")), Decimal(entry.get("times", "1"))),
        skips_zero="zero" in entry,
        whole_year=entry.get("whole_year", False),
    )
