"""Figures that exist elsewhere already: read from a file of a source and kept, so that a form can be filled in with them.

They are kept by the key of a provider, whether the portal knows that provider yet or not: who takes part later finds them too.
What a source says about a year replaces what it said before. If two sources have the same figure, the form shows the one that
was read last.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final

from django.db import transaction
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.models import Act, Location, Provider
from providers.models import SourceFigure as Kept
from providers.workbook.content import Cell, NotArrived, Problem, ReadLocation, SourceError, SourceFigure
from providers.workbook.sources import UnknownSource, cbs, digimv, personeel

BATCH: Final = 2000
#: Kind of key of Dutch providers. A postcode of another country is no Dutch one, even if it has four digits too.
DUTCH: Final = "kvk"
_STORED: Final = Decimal("0.000001")
_LONGEST_REFERENCE: Final = 250

FigureKey = tuple[str, str, int, str, str]


@dataclass(frozen=True)
class Stored:
    """What became of figures: how many were new, changed or unchanged, and for how many providers."""

    new: int
    changed: int
    unchanged: int
    known: int
    """Providers that the portal knows."""
    unknown: int
    """Providers that it does not know (yet)."""

    @property
    def figures(self) -> int:
        """Return how many figures there were."""
        return self.new + self.changed + self.unchanged


@dataclass(frozen=True)
class ReadSource:
    """What the files of a source hold of a form, and what was left out with the reason."""

    figures: tuple[SourceFigure, ...]
    left_out: tuple[NotArrived, ...]


@dataclass(frozen=True)
class ImportedSource:
    """What was read and what became of it."""

    stored: Stored
    years: tuple[int, ...]
    measures: Mapping[str, int]
    """How many figures of each measure."""
    left_out: tuple[NotArrived, ...]


@dataclass(frozen=True)
class OtherSource:
    """A source that fills in forms. ``read`` takes its files and a book year, if one was named."""

    name: str
    shown: str
    description: str
    read: Callable[[Sequence[Path], int | None], ReadSource]


def import_files(
    *, name: str, paths: Sequence[Path], book_year: int | None = None, actor: Actor | None
) -> ImportedSource:
    """Read the files of a source and keep their figures: all of them, or nothing.

    Raises :class:`~providers.workbook.sources.UnknownSource` and :class:`~providers.workbook.content.SourceError`.
    """
    powers.require_staff(actor)
    read = source(name).read(paths, book_year)
    if not read.figures:
        message = "Er staat geen enkel cijfer in waarmee een formulier kan worden ingevuld. Kies een ander bestand of boekjaar."
        raise SourceError([Problem(", ".join(path.name for path in paths), None, message)])
    stored = store(
        figures=read.figures,
        actor=actor,
        files={path.name: _digest(path) for path in paths},
        left_out=len(read.left_out),
    )
    return ImportedSource(
        stored=stored,
        years=tuple(sorted({figure.book_year for figure in read.figures})),
        measures=Counter(figure.measure for figure in read.figures),
        left_out=read.left_out,
    )


def store(
    *,
    figures: Sequence[SourceFigure],
    actor: Actor | None,
    files: Mapping[str, str] | None = None,
    left_out: int = 0,
) -> Stored:
    """Keep figures in the place of what the same sources said before of the same providers and years.

    ``files``: name and SHA-256 of the files they come from, for the record. Raises
    :class:`~providers.workbook.content.SourceError` if the figures contradict one another.
    """
    powers.require_staff(actor)
    wanted = _by_key(figures)
    now = timezone.now()
    with transaction.atomic():
        known = _known_values(wanted)
        Kept.objects.bulk_create(
            (
                Kept(
                    key_scheme=figure.key_scheme,
                    key=figure.key,
                    book_year=figure.book_year,
                    measure=figure.measure,
                    value=_value(figure),
                    source=figure.source,
                    reference=figure.reference[:_LONGEST_REFERENCE],
                    read_at=now,
                )
                for figure in wanted.values()
            ),
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["key_scheme", "key", "book_year", "measure", "source"],
            update_fields=["value", "reference", "read_at"],
        )
        asked = {key[:2] for key in wanted}
        providers = set(
            Provider.objects.filter(key_scheme__in={scheme for scheme, _ in asked}).values_list("key_scheme", "key")
        )
        stored = Stored(
            new=len(wanted.keys() - known.keys()),
            changed=sum(known[key] != _value(figure) for key, figure in wanted.items() if key in known),
            unchanged=sum(known[key] == _value(figure) for key, figure in wanted.items() if key in known),
            known=len(asked & providers),
            unknown=len(asked - providers),
        )
        record(
            act=Act.SOURCE_READ,
            actor=actor,
            subject=", ".join(sorted({figure.source for figure in figures})),
            details={
                "years": sorted({figure.book_year for figure in figures}),
                "figures": stored.figures,
                "new": stored.new,
                "changed": stored.changed,
                "providers_known": stored.known,
                "providers_unknown": stored.unknown,
                "left_out": left_out,
                "files": dict(files or {}),
            },
        )
    return stored


def _by_key(figures: Sequence[SourceFigure]) -> dict[FigureKey, SourceFigure]:
    """Return each figure once; two files that say something different are refused."""
    found: dict[FigureKey, SourceFigure] = {}
    problems = []
    for figure in figures:
        key = (figure.key_scheme, figure.key, figure.book_year, figure.measure, figure.source)
        other = found.setdefault(key, figure)
        if _value(other) != _value(figure):
            problems.append(
                Problem(
                    figure.reference,
                    None,
                    f"Van {figure.key} ({figure.book_year}) staat hetzelfde cijfer ook in {other.reference}, met een ander"
                    " getal. Lees een van de twee in.",
                )
            )
    if problems:
        raise SourceError(problems[:50])
    return found


def _known_values(wanted: Mapping[FigureKey, SourceFigure]) -> dict[FigureKey, Decimal]:
    kept = Kept.objects.filter(
        source__in={source for *_, source in wanted}, book_year__in={year for _, _, year, _, _ in wanted}
    ).values_list("key_scheme", "key", "book_year", "measure", "source", "value")
    return {(scheme, key, year, measure, source): value for scheme, key, year, measure, source, value in kept}


def _value(figure: SourceFigure) -> Decimal:
    """Return a figure as the database keeps it."""
    return figure.value.quantize(_STORED, rounding=ROUND_HALF_UP)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _personeel(paths: Sequence[Path], book_year: int | None) -> ReadSource:
    figures = [item for item in personeel.figures(paths) if book_year in (None, item.book_year)]
    left_out = [row for round in personeel.read(paths) for row in round.not_arrived]
    return ReadSource(tuple(figures), tuple(left_out))


def _digimv(paths: Sequence[Path], book_year: int | None) -> ReadSource:
    read = digimv.read_figures(paths, book_year=book_year)
    return ReadSource(read.figures, read.left_out)


def _cbs(paths: Sequence[Path], book_year: int | None) -> ReadSource:
    """The circumstances at the locations of the Dutch providers that the portal knows."""
    if book_year is None:
        message = "Noem het boekjaar waarvoor deze cijfers gelden: een bestand met kerncijfers noemt er geen."
        raise SourceError([Problem("cbs", None, message)])
    locations: dict[tuple[str, str], list[ReadLocation]] = defaultdict(list)
    for place in Location.objects.filter(provider__key_scheme=DUTCH).select_related("provider"):
        locations[DUTCH, place.provider.key].append(ReadLocation(number=place.number, postcode=place.postcode))
    figures = cbs.figures(paths, locations, book_year=book_year)
    found = {item.key for item in figures}
    left_out = []
    for provider in Provider.objects.filter(key_scheme=DUTCH).exclude(key__in=found).order_by("key"):
        postcodes = sorted({place.postcode[:4] for place in locations.get((DUTCH, provider.key), ())})
        reason = (
            f"Geen cijfers over postcode {', '.join(postcodes)}: daar wonen volgens het CBS te weinig mensen."
            if postcodes
            else "Wij kennen geen locatie van deze zorgaanbieder."
        )
        left_out.append(NotArrived(f"{provider.name} ({provider.key})", Cell(""), reason))
    return ReadSource(tuple(figures), tuple(left_out))


SOURCES: Final[Mapping[str, OtherSource]] = MappingProxyType(
    {
        item.name: item
        for item in (
            OtherSource(
                "personeel",
                personeel.SHOWN,
                "Personeelssamenstelling verpleeghuiszorg (Zorginstituut): een of meer jaren per CSV-bestand",
                _personeel,
            ),
            OtherSource(
                "digimv",
                digimv.SHOWN,
                "Jaarverantwoording zorg (DigiMV): ODS-bestanden zoals gepubliceerd",
                _digimv,
            ),
            OtherSource(
                "cbs",
                cbs.SHOWN,
                "Kerncijfers per postcode (CBS): een CSV-bestand, met het boekjaar waarvoor het geldt",
                _cbs,
            ),
        )
    }
)
"""The sources that fill in forms, by name."""


def source(name: str) -> OtherSource:
    """Return the source called ``name``; :class:`~providers.workbook.sources.UnknownSource` if there is none."""
    try:
        return SOURCES[name]
    except KeyError:
        known = "; ".join(f"{item.name} ({item.description})" for item in SOURCES.values())
        raise UnknownSource(f"De bron {name!r} bestaat niet. U kunt kiezen uit: {known}.") from None
