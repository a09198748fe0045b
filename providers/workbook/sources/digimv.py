"""The annual accountability (jaarverantwoording zorg, DigiMV): figures per KvK number from its published ODS file.

The file has a sheet with the definition of every variable and twenty or so sheets with rows, joined by the code in
their first column. Columns move every year, so they are found by the name of their variable. Three habits of the source:
a 0 means that nothing was filled in; a number may be a number or a text in Dutch or English notation; a date is a date
or ``dd-mm-yyyy``. What can be read in two ways is left out, with the reason; nothing is guessed.

The figures are about the whole organisation, with its other care: the reference says so, and the provider may correct.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from providers.workbook.content import Cell, NotArrived, Problem, SourceError, SourceFigure
from providers.workbook.numbers import NumberError, parse_number
from providers.workbook.problems import LARGEST
from providers.workbook.reader import column_letters

SHOWN: Final = "Jaarverantwoording zorg (DigiMV)"

#: The KvK number of the organisation, by the names it has had.
KVK: Final = ("ExternalOrganizationId", "qNawKvk")
#: Measure → names of its variable over the years, newest first.
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "staff_fte_care": ("qPersTotZorg_AantalFte", "qPersTotZorgTot_AantalFte"),
        "absence_rate": ("qPersVerzuimPct_0",),
    }
)
_PERCENTAGES: Final = frozenset({"absence_rate"})
_YEAR_IN_NAME = re.compile(r"DigiMV[ _-]?(20[0-9]{2})", re.IGNORECASE)
_KVK = re.compile(r"^[0-9]{1,8}$")
_DUTCH_DATE = re.compile(r"^([0-9]{2})-([0-9]{2})-([0-9]{4})$")
_PLACES: Final = Decimal("0.000001")
_CHILD: Final = Path(__file__).with_name("digimv_child.py")
_PUBLISHED = "Gebruik het ODS-bestand zoals het gepubliceerd is."
_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "damaged": f"Het bestand is beschadigd of geen OpenDocument-werkblad. {_PUBLISHED}",
        "not_ods": f"Dit is geen OpenDocument-werkblad (.ods). {_PUBLISHED}",
        "too_large": "Het bestand is te groot of wordt uitgepakt veel te groot. Wij lezen het niet. " + _PUBLISHED,
        "entities": "Het bestand bevat een documenttype met mogelijk schadelijke verwijzingen. " + _PUBLISHED,
        "encrypted": "Het bestand is beveiligd met een wachtwoord. Haal het wachtwoord eraf en sla het opnieuw op.",
        "macros": "Het bestand bevat macro's. Sla het op zonder macro's.",
        "compression": "Het bestand is ingepakt op een manier die wij niet kennen. Pak het uit en sla het opnieuw op als .ods.",
        "formula": "Het bestand bevat formules. Wij lezen alleen waarden. " + _PUBLISHED,
        "no_definitions": "Het tabblad ‘VariableDefinition’ ontbreekt of heeft geen kolom ‘VariableName’. "
        + _PUBLISHED,
        "no_rows": "Er is geen tabblad ‘RowData_01’. " + _PUBLISHED,
        "no_code": "De eerste kolom van een tabblad met rijen heet geen ‘Code’, of is in een rij leeg. " + _PUBLISHED,
        "column_twice": "Een kolom die wij nodig hebben staat er twee keer. " + _PUBLISHED,
    }
)

Value = Decimal | date | str


@dataclass(frozen=True)
class DigimvLimits:
    """What reading one file may cost. A published file is 15 MB and holds 300 MB of XML. Sizes in bytes, times in seconds."""

    file_bytes: int = 100_000_000
    unpacked_bytes: int = 1_500_000_000
    ratio: int = 200
    members: int = 400
    memory_bytes: int = 600_000_000
    cpu_seconds: int = 900
    wall_seconds: int = 1_200
    rows: int = 100_000
    columns: int = 1_100
    cells: int = 200_000_000
    kept_cells: int = 300_000


LIMITS: Final = DigimvLimits()


@dataclass(frozen=True)
class DigimvValue:
    """One answer of one organisation: a number, a date or a text, as typed in the file or as read from its text."""

    value: Value
    raw: str
    cell: Cell
    is_percentage: bool = False
    """The file itself says that the number is a share shown as a percentage."""


@dataclass(frozen=True)
class DigimvFile:
    """What was asked of one file: code of the organisation → variable → answer."""

    file: str
    organisations: Mapping[str, Mapping[str, DigimvValue]]
    labels: Mapping[str, str]
    """Variable → label, of the variables that the file knows."""
    twice: frozenset[str]
    """Codes with rows that contradict each other."""


@dataclass(frozen=True)
class DigimvFigures:
    """Figures of the form and what was left out of them, with the reason."""

    figures: tuple[SourceFigure, ...]
    left_out: tuple[NotArrived, ...]


def figures(paths: Sequence[Path], *, book_year: int | None = None) -> list[SourceFigure]:
    """The figures of :func:`read_figures` alone."""
    return list(read_figures(paths, book_year=book_year).figures)


def read_figures(
    paths: Sequence[Path], *, book_year: int | None = None, limits: DigimvLimits = LIMITS
) -> DigimvFigures:
    """What the files hold of the form ``iv-2``; :class:`SourceError` if one of them is refused.

    The book year is that in the name of the file (``DigiMV2023_…``), unless given.
    """
    if not paths:
        raise SourceError([Problem("digimv", None, "Noem een of meer bestanden om in te lezen.")])
    found: list[SourceFigure] = []
    left_out: list[NotArrived] = []
    for path in paths:
        named = _YEAR_IN_NAME.search(path.name)
        year = book_year or (int(named[1]) if named else 0)
        if not year:
            message = "Het boekjaar staat niet in de naam van het bestand (zoals DigiMV2023). Noem het boekjaar erbij."
            raise SourceError([Problem(path.name, None, message)])
        wanted = [*KVK, *(name for names in VARIABLES.values() for name in names)]
        contents = read_digimv(path, wanted, limits=limits)
        if not any(name in contents.labels for name in KVK):
            message = f"Het bestand kent geen variabele met het KvK-nummer ({' of '.join(KVK)})."
            raise SourceError([Problem(path.name, None, message)])
        _figures_of(contents, year, found, left_out)
    return DigimvFigures(tuple(found), tuple(left_out))


def read_digimv(path: Path, variables: Sequence[str], *, limits: DigimvLimits = LIMITS) -> DigimvFile:
    """The answers to these variables, in a child process with little memory; variables that the file lacks are left out."""
    answer = _ask_child(path, variables, limits)
    organisations = {
        code: MappingProxyType({name: _value(*written) for name, written in row.items()})
        for code, row in answer["rows"].items()
    }
    labels = {name: definition["label"] for name, definition in answer["definitions"].items()}
    return DigimvFile(path.name, MappingProxyType(organisations), MappingProxyType(labels), frozenset(answer["twice"]))


def _ask_child(path: Path, variables: Sequence[str], limits: DigimvLimits) -> dict[str, Any]:
    def refuse(reason: str) -> SourceError:
        return SourceError([Problem(path.name, None, reason)])

    question = json.dumps({"limits": asdict(limits), "variables": list(variables)})
    try:
        if path.stat().st_size > limits.file_bytes:
            raise refuse(_REASONS["too_large"])
        with path.open("rb") as file:
            finished = subprocess.run(
                [sys.executable, "-I", str(_CHILD), question],
                stdin=file,
                capture_output=True,
                timeout=limits.wall_seconds,
                env={"LC_ALL": "C.UTF-8"},
                start_new_session=True,
                check=False,
            )
    except OSError as error:
        raise refuse("Dit bestand is er niet of mag niet gelezen worden. Controleer de naam en de map.") from error
    except subprocess.TimeoutExpired as error:
        raise refuse(_REASONS["too_large"]) from error
    if finished.returncode < 0 or (finished.returncode and b"MemoryError" in finished.stderr):
        # Killed by its own limits: that is what they are for.
        raise refuse(_REASONS["too_large"])
    if finished.returncode:
        raise RuntimeError(f"the DigiMV reader failed: {finished.stderr.decode(errors='replace')[-2000:]}")
    answer: dict[str, Any] = json.loads(finished.stdout)
    if "refused" in answer:
        raise refuse(_REASONS[answer["refused"]])
    return answer


def _value(raw: str, kind: str, sheet: str, row: int, column: int) -> DigimvValue:
    cell = Cell(sheet, row, column_letters(column))
    value: Value = raw
    if kind in ("float", "percentage", "currency"):
        try:
            number = Decimal(raw)
            value = number if number.is_finite() else raw
        except InvalidOperation:
            value = raw
    elif kind == "date" or _DUTCH_DATE.match(raw):
        value = _date(raw) or raw
    else:
        try:
            value = parse_number(raw)
        except NumberError:
            value = raw
    return DigimvValue(value, raw, cell, kind == "percentage")


def _date(raw: str) -> date | None:
    """``31-12-2023`` or ``2023-12-31`` (with a time, which is dropped); ``None`` if it is no day of the calendar."""
    dutch = _DUTCH_DATE.match(raw)
    written = f"{dutch[3]}-{dutch[2]}-{dutch[1]}" if dutch else raw[:10]
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _figures_of(contents: DigimvFile, year: int, found: list[SourceFigure], left_out: list[NotArrived]) -> None:
    start = len(found)
    seen: dict[tuple[str, str], int] = {}
    doubled: set[tuple[str, str]] = set()
    for code, answers in contents.organisations.items():
        written = next((answers[name] for name in KVK if name in answers), None)
        if written is None or not _KVK.match(written.raw) or not int(written.raw):
            cell = written.cell if written else next(iter(answers.values())).cell
            left_out.append(NotArrived(code[:120], cell, "Deze organisatie heeft geen KvK-nummer van acht cijfers."))
            continue
        key = written.raw.zfill(8)
        if code in contents.twice:
            reason = "Deze organisatie staat twee keer op een tabblad, met verschillende antwoorden."
            left_out.append(NotArrived(f"KvK {key}", written.cell, reason))
            continue
        for measure, names in VARIABLES.items():
            name = next((name for name in names if name in answers), None)
            if name is None:
                continue
            value, reason = _figure(answers[name], measure)
            if value is None:
                if reason:
                    left_out.append(NotArrived(f"KvK {key}", answers[name].cell, reason))
                continue
            if (key, measure) in seen and found[seen[key, measure]].value != value:
                doubled.add((key, measure))
                reason = "Twee rijen met hetzelfde KvK-nummer noemen een ander cijfer. Wij gebruiken geen van beide."
                left_out.append(NotArrived(f"KvK {key}", answers[name].cell, reason))
                continue
            if (key, measure) in seen:
                continue
            seen[key, measure] = len(found)
            reference = f"{contents.file}, {answers[name].cell}: {name}, hele organisatie"
            found.append(SourceFigure("kvk", key, year, measure, value, SHOWN, reference))
    found[start:] = [item for item in found[start:] if (item.key, item.measure) not in doubled]


def _figure(answer: DigimvValue, measure: str) -> tuple[Decimal | None, str]:
    """The figure, or ``None`` and the reason; without a reason if nothing was filled in."""
    value = answer.value
    if not isinstance(value, Decimal):
        return None, f"{answer.raw[:40]!r} is geen getal, of kan twee getallen betekenen."
    if value == 0:
        return None, ""
    if not 0 < value < LARGEST:
        return None, f"{answer.raw[:40]!r} kan niet kloppen."
    if measure in _PERCENTAGES and not answer.is_percentage:
        if value < 1:
            return None, f"{answer.raw[:40]!r} kan een percentage of een deel van 1 zijn."
        value = value / 100
    if measure in _PERCENTAGES and value > 1:
        return None, f"{answer.raw[:40]!r} is meer dan 100 %."
    return value.quantize(_PLACES), ""
