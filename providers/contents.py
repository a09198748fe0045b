"""What a saved state of a submission holds: figures with their cells, organisation, locations, explanations, remarks.

Plain, immutable values with a form for the database and back. A change is named by a *part*: ``figure:total_cost``,
``unread:total_cost`` (a cell in which no figure could be read), ``explanation:total_cost``, ``organisation:agb_code``,
``locations`` or ``remarks``; what two people changed is compared part by part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from providers.workbook.content import Cell, ReadDelivery, ReadFinding, ReadLocation, ReadValue
from providers.workbook.form.figure_cells import UNREAD_CELL

ORGANISATION_FIELDS: Final = ("legal_form", "agb_code", "nza_number")
#: Sheet of a figure that was filled in on the page.
PAGE: Final = "Portaal"
ON_PAGE: Final = Cell(PAGE)
FIGURE, UNREAD, EXPLANATION, ORGANISATION = "figure:", "unread:", "explanation:", "organisation:"
LOCATIONS, REMARKS = "locations", "remarks"


@dataclass(frozen=True)
class Figure:
    """One figure. ``source`` names where ``source_value`` comes from, if another source than the provider has it too."""

    value: Decimal | None = None
    cell: Cell = ON_PAGE
    raw: str = ""
    source: str = ""
    source_value: Decimal | None = None

    @property
    def is_corrected(self) -> bool:
        """Tell whether the provider gave another figure than the source."""
        return self.source != "" and self.value != self.source_value


@dataclass(frozen=True)
class Noticed:
    """Something the reader of a file noticed; it stays true as long as the figure stays what it was."""

    rule: str
    cell: Cell
    measure: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """Everything a provider fills in. ``explanations`` are by measure, or by rule where a finding is about no measure."""

    figures: Mapping[str, Figure] = field(default_factory=lambda: MappingProxyType({}))
    organisation: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    locations: tuple[ReadLocation, ...] = ()
    explanations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    remarks: str = ""
    noticed: tuple[Noticed, ...] = ()

    def parts(self) -> dict[str, Any]:
        """Return what can be compared, by part; what is empty is left out."""
        found: dict[str, Any] = {
            f"{FIGURE}{code}": figure.value for code, figure in self.figures.items() if figure.value is not None
        }
        found |= {
            f"{UNREAD}{item.measure}": item.details["written"] for item in self.noticed if item.rule == UNREAD_CELL
        }
        found |= {f"{EXPLANATION}{key}": text for key, text in self.explanations.items() if text}
        found |= {f"{ORGANISATION}{name}": text for name, text in self.organisation.items() if text}
        if self.locations:
            found[LOCATIONS] = self.locations
        if self.remarks:
            found[REMARKS] = self.remarks
        return found

    def with_parts(self, changes: Mapping[str, Any], *, by: Contents | None = None) -> Contents:
        """Return these contents with some parts changed: to the values given, with the cells that ``by`` knows for them."""
        figures, explanations, organisation = dict(self.figures), dict(self.explanations), dict(self.organisation)
        locations, remarks = self.locations, self.remarks
        for part, value in changes.items():
            if part == LOCATIONS:
                locations = tuple(value or ())
            elif part == REMARKS:
                remarks = value or ""
            elif part.startswith(FIGURE):
                code = part.removeprefix(FIGURE)
                figures[code] = _changed(figures.get(code, Figure()), value, by.figures.get(code) if by else None)
            elif part.startswith(UNREAD):
                pass  # What was noticed goes and comes with its figure, below.
            elif part.startswith(EXPLANATION):
                explanations[part.removeprefix(EXPLANATION)] = value or ""
            elif part.startswith(ORGANISATION):
                organisation[part.removeprefix(ORGANISATION)] = value or ""
            else:
                raise KeyError(part)
        for code, figure in by.figures.items() if by is not None else ():
            # What is the same, or empty in both, now has its place in the file.
            if code in figures and figures[code].value == figure.value:
                figures[code] = replace(figures[code], cell=figure.cell, raw=figure.raw)
        changed = {code for part in changes if (code := figure_of(part))}
        noticed = tuple(item for item in self.noticed if item.measure not in changed)
        if by is not None:
            # What was noticed in an earlier file ends with it, but for a cell that nobody could read and that is still empty.
            again = changed | {
                code for code, figure in by.figures.items() if figures.get(code, Figure()).value == figure.value
            }
            noticed = tuple(
                item for item in noticed if item.measure and (item.measure not in again or item.rule == UNREAD_CELL)
            )
            noticed += tuple(item for item in by.noticed if item.measure in again or not item.measure)
        return replace(
            self,
            figures=figures,
            organisation=organisation,
            locations=locations,
            explanations={key: text for key, text in explanations.items() if text},
            remarks=remarks,
            noticed=_once(noticed),
        )

    def values(self) -> dict[str, Decimal | None]:
        """Return the figures by measure."""
        return {code: figure.value for code, figure in self.figures.items()}

    def as_delivery(self, *, key_scheme: str, key: str, name: str) -> ReadDelivery:
        """Return these contents as a delivery, for the checks and for storing."""
        return ReadDelivery(
            key_scheme=key_scheme,
            key=key,
            name=name,
            values=tuple(
                ReadValue(measure=code, value=figure.value, cell=figure.cell, raw=figure.raw)
                for code, figure in self.figures.items()
            ),
            cell=Cell("Organisatie"),
            legal_form=self.organisation.get("legal_form", ""),
            agb_code=self.organisation.get("agb_code", ""),
            nza_number=self.organisation.get("nza_number", ""),
            locations=self.locations,
            findings=tuple(ReadFinding(item.rule, item.cell, item.measure, item.details) for item in self.noticed),
        )


def figure_of(part: str) -> str:
    """Return the measure that a part is the figure of, or the cell it could not be read from; empty for other parts."""
    kind, mark, code = part.partition(":")
    return code if f"{kind}{mark}" in (FIGURE, UNREAD) else ""


def told(parts: Iterable[str]) -> list[str]:
    """Return parts without those that say of a figure that is among them that its cell could not be read."""
    given = list(parts)
    return [part for part in given if not part.startswith(UNREAD) or f"{FIGURE}{figure_of(part)}" not in given]


def _changed(before: Figure, value: Decimal | None, read: Figure | None) -> Figure:
    if read is not None:
        return replace(before, value=value, cell=read.cell, raw=read.raw)
    return replace(before, value=value, cell=ON_PAGE, raw="" if value is None else format(value, "f"))


def _once(noticed: tuple[Noticed, ...]) -> tuple[Noticed, ...]:
    found: list[Noticed] = []
    for item in noticed:
        if item not in found:
            found.append(item)
    return tuple(found)


def difference(before: Contents, after: Contents) -> dict[str, Any]:
    """Return the parts that differ, with what they became; a part that was emptied becomes ``None``.

    A cell that nobody could read stays one as long as there is no figure: that it is empty in what was sent says nothing. Who
    does not know the figure says so on the page.
    """
    old, new = before.parts(), after.parts()
    found = {part: new.get(part) for part in sorted(old.keys() | new.keys()) if old.get(part) != new.get(part)}
    return {
        part: value
        for part, value in found.items()
        if not (part.startswith(UNREAD) and value is None and f"{FIGURE}{figure_of(part)}" not in new)
    }


def differing(contents: Contents, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that would change something; an empty text or list is the same as nothing, a zero is not."""
    now = contents.parts()
    given = {part: None if value is None or value in ("", ()) else value for part, value in changes.items()}
    return {part: value for part, value in given.items() if now.get(part) != value}


def conflicts(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return the parts that two people changed since they saw the same state, into different things."""
    return sorted(part for part in mine.keys() & theirs.keys() if mine[part] != theirs[part])


def to_json(contents: Contents) -> dict[str, Any]:
    """Return contents as the database keeps them."""
    return {
        "figures": {
            code: {
                "value": None if figure.value is None else format(figure.value, "f"),
                "cell": [figure.cell.sheet, figure.cell.row, figure.cell.column],
                "raw": figure.raw,
                "source": figure.source,
                "source_value": None if figure.source_value is None else format(figure.source_value, "f"),
            }
            for code, figure in contents.figures.items()
        },
        "organisation": dict(contents.organisation),
        "locations": [asdict(place) for place in contents.locations],
        "explanations": dict(contents.explanations),
        "remarks": contents.remarks,
        "noticed": [
            {
                "rule": item.rule,
                "cell": [item.cell.sheet, item.cell.row, item.cell.column],
                "measure": item.measure,
                "details": dict(item.details),
            }
            for item in contents.noticed
        ],
    }


def from_json(kept: Mapping[str, Any]) -> Contents:
    """Return contents from what the database keeps."""
    return Contents(
        figures={
            code: Figure(
                value=_number(figure["value"]),
                cell=Cell(*figure["cell"]),
                raw=figure["raw"],
                source=figure["source"],
                source_value=_number(figure["source_value"]),
            )
            for code, figure in kept["figures"].items()
        },
        organisation=kept["organisation"],
        locations=tuple(ReadLocation(**place) for place in kept["locations"]),
        explanations=kept["explanations"],
        remarks=kept["remarks"],
        noticed=tuple(
            Noticed(item["rule"], Cell(*item["cell"]), item["measure"], item["details"]) for item in kept["noticed"]
        ),
    )


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
