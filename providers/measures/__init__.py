"""The catalogue of measures: what is asked of providers, one reviewed file per measure.

Each ``<code>.toml`` in this folder defines one measure; the file name is its code. The texts are Dutch, because people
read them on screen and in the workbook. ``CATALOGUE`` reads the folder once, at first use, and refuses to serve a
catalogue with a mistake in it: a wrong measure file is a fault of the program, not of a provider.

Fields
------
label, description, why   what it is, in words for a director, not for an economist; why it matters
unit                      ``money`` is in the currency of the round; ``share`` is 0 to 1 (shown as a percentage)
kind                      what the measure is in the comparison, see :data:`KINDS`
decimals                  how many decimals are shown; a share shows ``decimals - 2`` decimals of a percentage
harder                    environment only: which way is harder, ``higher`` or ``lower``; empty if unknown
minimum, maximum          what is possible at all (a share is not above 1)
plausible_minimum, …      what is to be expected; outside it someone has to look
templates, order          which workbooks ask it and in which order it is listed
source, checked_by, next_review   where it comes from, which role reviewed it, when it is due again
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any, Final

UNITS: Final = (
    "money", "days", "count", "share", "rate", "index", "months", "class", "years", "fte", "score", "duration",
)  # fmt: skip
KINDS: Final = ("cost", "cost_total", "allowance", "revenue", "days", "quality", "environment", "structure", "accounts")
TEMPLATES: Final = ("iv-1", "iv-2", "somed", "zin-personeel")

_TEXTS = ("label", "description", "why", "source", "checked_by")
_BOUNDS = ("minimum", "maximum", "plausible_minimum", "plausible_maximum")
_REQUIRED = frozenset({*_TEXTS, "unit", "kind", "decimals", "templates", "order", "next_review"})
_OPTIONAL = frozenset({*_BOUNDS, "harder"})


class CatalogueError(Exception):
    """A measure file is wrong; the message names the file and what to change."""


@dataclass(frozen=True)
class Measure:
    """One figure that providers deliver; see the module's description of the fields."""

    code: str
    label: str
    description: str
    why: str
    unit: str
    kind: str
    decimals: int
    templates: tuple[str, ...]
    order: int
    source: str
    checked_by: str
    next_review: date
    harder: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    plausible_minimum: Decimal | None = None
    plausible_maximum: Decimal | None = None

    def __str__(self) -> str:
        return self.label

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers make sense (months, classes, places)."""
        return self.unit in {"count", "months", "class"}


def read_measure(path: Path) -> Measure:
    """Read and validate one measure file; raises :class:`CatalogueError` naming the file and the field."""

    def wrong(what: str) -> CatalogueError:
        return CatalogueError(f"{path.name}: {what}")

    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise wrong(f"is not TOML ({error})") from error
    if missing := sorted(_REQUIRED - content.keys()):
        raise wrong(f"misses {', '.join(missing)}")
    if unknown := sorted(content.keys() - _REQUIRED - _OPTIONAL):
        raise wrong(f"has unknown fields {', '.join(unknown)}")
    for name in _TEXTS:
        if not isinstance(content[name], str) or not content[name].strip():
            raise wrong(f"{name} must be a text that is not empty")
    for name, allowed in (("unit", UNITS), ("kind", KINDS)):
        if content[name] not in allowed:
            raise wrong(f"{name} is {content[name]!r}, must be one of {', '.join(allowed)}")
    if content.get("harder", "") not in ("", "higher", "lower"):
        raise wrong("harder must be 'higher', 'lower' or left out")
    if content.get("harder") and content["kind"] != "environment":
        raise wrong("only an environment measure can be harder")
    for name in ("decimals", "order"):
        if type(content[name]) is not int or content[name] < 0:
            raise wrong(f"{name} must be a whole number, not negative")
    if type(content["next_review"]) is not date:
        raise wrong("next_review must be a date such as 2026-09-01")
    templates = content["templates"]
    if not isinstance(templates, list) or not templates or any(name not in TEMPLATES for name in templates):
        raise wrong(f"templates must list one or more of {', '.join(TEMPLATES)}")

    bounds: dict[str, Decimal] = {}
    for name in _BOUNDS:
        if name in content:
            # Bounds are written as text: a TOML float is binary and 0.1 would no longer be 0.1.
            if not isinstance(content[name], str):
                raise wrong(f'{name} must be written as text, such as "0.5"')
            try:
                bounds[name] = Decimal(content[name])
            except InvalidOperation as error:
                raise wrong(f"{name} is not a number") from error
    ascending = [
        bounds[name] for name in ("minimum", "plausible_minimum", "plausible_maximum", "maximum") if name in bounds
    ]
    if ascending != sorted(ascending):
        raise wrong("the bounds must go up: minimum, plausible_minimum, plausible_maximum, maximum")

    texts = {name: content[name].strip() for name in _TEXTS}
    return Measure(
        code=path.stem,
        label=texts["label"],
        description=texts["description"],
        why=texts["why"],
        source=texts["source"],
        checked_by=texts["checked_by"],
        unit=content["unit"],
        kind=content["kind"],
        decimals=content["decimals"],
        templates=tuple(templates),
        order=content["order"],
        next_review=content["next_review"],
        harder=content.get("harder", ""),
        **bounds,
    )


class Catalogue(Mapping[str, Measure]):
    """All measures of a folder by code, in the order in which they are listed; read at first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _measures(self) -> dict[str, Measure]:
        measures = [read_measure(path) for path in self._folder.glob("*.toml")]
        if not measures:
            raise CatalogueError(f"no measure files in {self._folder}")
        measures.sort(key=lambda measure: (measure.order, measure.code))
        seen: dict[tuple[str, str], str] = {}
        for measure in measures:
            for template in measure.templates:
                other = seen.setdefault((template, measure.label.casefold()), measure.code)
                if other != measure.code:
                    raise CatalogueError(f"{measure.code}.toml and {other}.toml have the same label in {template}")
        return {measure.code: measure for measure in measures}

    def __getitem__(self, code: str) -> Measure:
        return self._measures[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._measures)

    def __len__(self) -> int:
        return len(self._measures)

    def of_template(self, template: str, *kinds: str) -> tuple[Measure, ...]:
        """The measures a template asks, in order; only of these kinds if any are named."""
        return tuple(m for m in self.values() if template in m.templates and (not kinds or m.kind in kinds))


CATALOGUE: Final = Catalogue(Path(__file__).parent)
