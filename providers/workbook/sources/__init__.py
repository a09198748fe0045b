"""The sources a round can be read from: one adapter per layout, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from providers.workbook.content import ReadRound
from providers.workbook.sources import iv, personeel, somed


@dataclass(frozen=True)
class Source:
    """A layout we can read. ``read`` takes the files of one import and raises ``SourceError`` if one is refused."""

    name: str
    description: str
    read: Callable[[Sequence[Path]], list[ReadRound]]


SOURCES: Final[Mapping[str, Source]] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source("iv", "Uitvraag van de Integrale Vergelijking, sjabloon iv-1: een werkmap per ronde", iv.read),
            Source("somed", "Kerncijfers van de Zwitserse verpleeghuizen (BAG): een werkmap per jaar", somed.read),
            Source(
                "personeel",
                "Personeelssamenstelling verpleeghuiszorg (Zorginstituut): een of meer jaren per CSV-bestand",
                personeel.read,
            ),
        )
    }
)


class UnknownSource(LookupError):
    """There is no source of that name; the message lists the names there are, in Dutch."""


def source(name: str) -> Source:
    """The source called ``name``; :class:`UnknownSource` if there is none."""
    try:
        return SOURCES[name]
    except KeyError:
        known = "; ".join(f"{known.name} ({known.description})" for known in SOURCES.values())
        raise UnknownSource(f"De bron {name!r} bestaat niet. U kunt kiezen uit: {known}.") from None
