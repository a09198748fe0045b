"""What a reader hands over: plain, immutable values, each with the cell it came from.

A source adapter turns files into :class:`ReadRound` objects. It knows the file's layout and notation and nothing of the
database; ``providers.rounds`` stores what it read. A file whose structure or types are wrong is refused as a whole with a
:class:`SourceError` that lists every problem with file, sheet, row and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, order=True)
class Cell:
    """A place in a file, as a reader of the file sees it: ``sheet`` name, 1-based ``row``, ``column`` letter(s).

    A CSV file is one sheet without a name. In JSON ``sheet`` is the path, such as ``$.values.total_cost``.
    """

    sheet: str
    row: int | None = None
    column: str = ""

    def __str__(self) -> str:
        address = f"{self.column}{self.row or ''}"
        return f"{self.sheet}!{address}" if address and self.sheet else self.sheet or address

    @property
    def in_words(self) -> str:
        """The place in Dutch: ``tabblad 'Kosten', rij 7, kolom C``; the path as it is; empty if it says nothing."""
        if self.sheet.startswith("$"):
            return self.sheet
        parts = [f"tabblad {self.sheet!r}"] if self.sheet else []
        parts += [f"rij {self.row}"] if self.row else []
        parts += [f"kolom {self.column}"] if self.column else []
        return ", ".join(parts)


@dataclass(frozen=True)
class ReadFinding:
    """Something a reader noticed that does not refuse the file; ``rule`` is a code of ``providers.checks``."""

    rule: str
    cell: Cell
    measure: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadValue:
    """One figure of one provider; ``value`` is ``None`` when the source says that it is missing."""

    measure: str
    value: Decimal | None
    cell: Cell
    raw: str = ""


@dataclass(frozen=True)
class ReadLocation:
    """A site. ``region`` is a care office region code (``55xx``) or empty; ``number`` a vestigingsnummer or empty."""

    number: str = ""
    name: str = ""
    postcode: str = ""
    place: str = ""
    region: str = ""
    street: str = ""


@dataclass(frozen=True)
class ReadDelivery:
    """What one provider delivered: who it is, its figures and what was noticed while reading."""

    key_scheme: str
    key: str
    name: str
    values: tuple[ReadValue, ...]
    cell: Cell
    legal_form: str = ""
    agb_code: str = ""
    nza_number: str = ""
    locations: tuple[ReadLocation, ...] = ()
    findings: tuple[ReadFinding, ...] = ()
    former_keys: tuple[str, ...] = ()
    """Keys this provider may be known by from other years, best first: how a source without identifiers links years."""
    link_by: tuple[str, ...] = ()
    """Normalised matching material, best first, such as ``name:AG:5000:altersheim golatti``; see ``linking``."""
    area: str = ""
    """A public area the source names instead of a care office region, such as a Swiss canton."""
    merged_into: str = ""
    """Key of the provider this one has become part of, if the source says so; it then delivers nothing itself."""
    earlier_year: int = 0
    """The last year before this one of which the same files hold figures of this provider; 0 if there is none."""
    earlier_values: Mapping[str, Decimal | None] = field(default_factory=dict)
    """Those figures, by measure: what the checks against last year compare with while a source is read in."""


@dataclass(frozen=True)
class NotArrived:
    """A row that names a provider but cannot be stored, with the reason in Dutch."""

    name: str
    cell: Cell
    reason: str


@dataclass(frozen=True)
class ReadRound:
    """One round as one file delivers it."""

    slug: str
    title: str
    book_year: int
    currency: str
    is_fictitious: bool
    template_version: str
    source: str
    measures: tuple[str, ...]
    deliveries: tuple[ReadDelivery, ...]
    invited: tuple[ReadDelivery, ...] = ()
    """Providers that were asked and did not deliver: known organisation, no values."""
    not_arrived: tuple[NotArrived, ...] = ()
    file_name: str = ""
    content: bytes = b""


@dataclass(frozen=True)
class SourceFigure:
    """A figure of a provider that exists elsewhere already, to fill in its form with. Never asked twice.

    ``source`` is a short Dutch name, as shown beside the figure; ``reference`` says where in the source it stands.
    """

    key_scheme: str
    key: str
    book_year: int
    measure: str
    value: Decimal
    source: str
    reference: str


@dataclass(frozen=True)
class Problem:
    """One reason to refuse a file, in Dutch: what is wrong, where, and how to mend it."""

    file: str
    cell: Cell | None
    message: str

    def __str__(self) -> str:
        place = self.cell.in_words if self.cell is not None else ""
        return f"{self.file}, {place}: {self.message}" if place else f"{self.file}: {self.message}"


class SourceError(Exception):
    """The file as a whole is refused. ``problems`` says why; nothing of the file was kept."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))
