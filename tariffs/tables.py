"""Tables of maximum tariffs: loaded from an official file, CSV or XLSX. Amounts are never built in."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import transaction

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_date
from providers.measures import CATALOGUE
from providers.models import Act
from providers.workbook.content import SourceError
from providers.workbook.reader import Sheet, read_content
from tariffs.models import MaximumTariff, TariffTable

COLUMNS = ("year", "code", "amount", "source", "valid_from")
HOUSING = "includes_nhc_nic"
#: What a column is called to people: the Dutch name, and the other that is read.
NAMES = {
    "year": "jaar (year)",
    "code": "prestatie (code)",
    "amount": "bedrag (amount)",
    "source": "bron (source)",
    "valid_from": "geldig vanaf (valid_from)",
    HOUSING: "inclusief NHC NIC (includes_nhc_nic)",
}
#: What columns are called as well. Capitals, spaces and underscores make no difference.
ALSO_CALLED = {
    "jaar": "year",
    "prestatie": "code",
    "bedrag": "amount",
    "tarief": "amount",
    "bron": "source",
    "geldig_vanaf": "valid_from",
    "inclusief_nhc_nic": HOUSING,
}
DUTCH_AMOUNT = re.compile(r"(\d+|\d{1,3}(\.\d{3})+),\d+", re.ASCII)
DUTCH_DAY = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", re.ASCII)
ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
YES = ("ja", "yes", "true", "1")
NO = ("nee", "no", "false", "0")
YEARS = range(2000, 2101)
LARGEST = Decimal(100_000)
LONGEST_SOURCE = 250
CENT = Decimal("0.01")


class TariffTableError(Exception):
    """The file is refused; ``problems`` are Dutch sentences with file, row and column."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def import_tariffs(*, path: Path, actor: Actor | None) -> TariffTable:
    """Load maximum tariffs from a file on disk; see :func:`import_tariff_file`."""
    return import_tariff_file(name=path.name, content=path.read_bytes(), actor=actor)


def import_tariff_file(*, name: str, content: bytes, actor: Actor | None) -> TariffTable:
    """Load maximum tariffs from CSV or XLSX: year, code, amount, source, valid_from[, includes_nhc_nic].

    ``code`` is the measure of days that the tariff is for. Of a workbook the first tab is read. A table whose every source says
    *fictief* is labelled so. The same file twice is the same table. Raises :class:`TariffTableError`; nothing is kept then.
    """
    powers.require_staff(actor)
    name = "".join(sign for sign in name if unicodedata.category(sign) != "Cc")
    digest = hashlib.sha256(content).hexdigest()
    known = TariffTable.objects.filter(sha256=digest).first()
    if known is not None:
        return known
    rows = _from_workbook(name, content) if content.startswith(b"PK") else _from_text(name, content)
    with transaction.atomic():
        table, is_new = TariffTable.objects.get_or_create(
            sha256=digest,
            defaults={"name": name[:160], "is_fictitious": all("fictief" in row.source.lower() for row in rows)},
        )
        if not is_new:  # somebody loaded the same file at the same moment
            return table
        for row in rows:
            row.table = table
        MaximumTariff.objects.bulk_create(rows)
        record(act=Act.TARIFFS_IMPORTED, actor=actor, subject=name, details={"sha256": digest, "rows": len(rows)})
    return table


def _from_text(name: str, content: bytes) -> list[MaximumTariff]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TariffTableError(
            [f"{name}: dit is geen CSV-bestand in UTF-8. Sla het bestand op als CSV UTF-8, of als XLSX."]
        ) from error
    # A Dutch Excel parts columns by a semicolon.
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        reader.fieldnames = [_column(head) for head in reader.fieldnames or []]
        _require_columns(name, reader.fieldnames)
        return _rows(name, ((reader.line_num, line) for line in reader))
    except csv.Error as error:
        raise TariffTableError(
            [f"{name}, na rij {reader.line_num}: deze rij is niet te lezen. Sla het bestand opnieuw op als CSV UTF-8."]
        ) from error


def _from_workbook(name: str, content: bytes) -> list[MaximumTariff]:
    try:
        sheet = read_content(content, file=name).sheets[0]
    except SourceError as error:
        raise TariffTableError([str(problem) for problem in error.problems]) from error
    if sheet.formulas or sheet.errors:
        row, column = min([*sheet.formulas, *sheet.errors])
        raise TariffTableError(
            [
                f"{name}, cel {sheet.cell(row, column)}: hier staat een formule of een fout. Zet het bedrag zelf in de cel."
            ]
        )
    heads = [_column(_text(value)) for value in (sheet.rows[0] if sheet.rows else ())]
    _require_columns(name, heads)
    return _rows(name, ((number, _line(sheet, heads, number)) for number in sheet.filled_rows(2)))


def _line(sheet: Sheet, heads: list[str], row: int) -> dict[str, Any]:
    return {head: _text(sheet.value(row, column)) for column, head in enumerate(heads, start=1) if head}


def _text(value: object) -> str:
    """Return what a cell means as a CSV file would say it: a day as yyyy-mm-dd, an amount with a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nee"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        # What Excel keeps as 312.44999999999999 is 312.45 to whoever typed it.
        return str(int(value)) if value.is_integer() else repr(round(value, 9))
    return str(value).strip()


def _column(head: str) -> str:
    """Return the name of a column as we know it."""
    said = "_".join(head.lower().replace("_", " ").split())
    return ALSO_CALLED.get(said, said)


def _require_columns(name: str, heads: Sequence[str]) -> None:
    twice = sorted({head for head in heads if head and heads.count(head) > 1})
    if twice:
        raise TariffTableError([f"{name}, rij 1: deze kolommen staan er twee keer: {_named(twice)}. Haal er een weg."])
    missing = [column for column in COLUMNS if column not in heads]
    if missing:
        raise TariffTableError([f"{name}, rij 1: deze kolommen ontbreken: {_named(missing)}. Voeg ze toe."])


def _named(columns: Iterable[str]) -> str:
    return ", ".join(NAMES.get(column, column) for column in columns)


def _rows(name: str, lines: Iterable[tuple[int, Mapping[Any, Any]]]) -> list[MaximumTariff]:
    rows: list[MaximumTariff] = []
    problems: list[str] = []
    seen: dict[tuple[int, str], int] = {}
    for number, line in lines:
        try:
            row = _row(line)
        except TariffTableError as error:
            problems += [f"{name}, rij {number}, {problem}" for problem in error.problems]
            continue
        place = (row.year, row.product)
        if place in seen:
            problems.append(
                f"{name}, rij {number}: {row.product} in {row.year} staat ook op rij {seen[place]}."
                " Haal een van de twee weg."
            )
        seen.setdefault(place, number)
        rows.append(row)
    if not rows and not problems:
        problems.append(f"{name}: de tabel is leeg. Vul onder de kolomkoppen ten minste één tarief in.")
    if problems:
        raise TariffTableError(problems)
    return rows


def _year(text: str) -> int:
    if not text.isascii() or "_" in text:  # int() reads 2_024, people do not write it
        raise ValueError(text)
    return int(text)


def _amount(text: str) -> Decimal:
    """Read an amount with a point for the decimals, or as the Dutch write it: 1.234,50."""
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    if DUTCH_AMOUNT.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    return Decimal(text)


def _day(text: str) -> date:
    if (found := DUTCH_DAY.fullmatch(text)) is not None:
        return date(int(found[3]), int(found[2]), int(found[1]))
    if (found := ISO_DAY.fullmatch(text)) is not None:
        return date(int(found[1]), int(found[2]), int(found[3]))
    raise ValueError(text)


def _row(line: Mapping[Any, Any]) -> MaximumTariff:
    problems: list[str] = []
    texts = {column: (line.get(column) or "").strip() for column in (*COLUMNS, HOUSING)}

    def read(column: str, convert: Any, wish: str) -> Any:
        try:
            return convert(texts[column])
        except (ValueError, InvalidOperation):
            problems.append(f"kolom {NAMES[column]}: {texts[column]!r} is geen {wish}.")
            return None

    if None in line:
        problems.append(
            "na de laatste kolom: deze rij heeft te veel cellen. Zet een tekst met een komma tussen aanhalingstekens."
        )
    year = read("year", _year, "jaartal")
    if year is not None and year not in YEARS:
        problems.append(f"kolom {NAMES['year']}: {year} ligt niet van {YEARS[0]} tot en met {YEARS[-1]}.")
    amount = read("amount", _amount, "bedrag. Schrijf het als 312.45 of 312,45")
    if amount is not None and not (amount.is_finite() and 0 < amount <= LARGEST):
        problems.append(f"kolom {NAMES['amount']}: het tarief moet hoger zijn dan nul en hoogstens {LARGEST}.")
    elif amount is not None and amount != amount.quantize(CENT):
        problems.append(
            f"kolom {NAMES['amount']}: {amount} heeft meer dan twee decimalen. Rond het tarief af op de cent."
        )
    valid_from = read("valid_from", _day, "datum. Schrijf haar als 2025-01-01 of 01-01-2025")
    if valid_from is not None and year in YEARS and not year - 1 <= valid_from.year <= year:
        problems.append(
            f"kolom {NAMES['valid_from']}: een tarief voor {year} geldt niet vanaf {format_date(valid_from)}. Tarieven worden elk"
            f" jaar vastgesteld: vul een dag in van 1 januari {year - 1} tot en met 31 december {year}, of verbeter het jaar."
        )
    if texts["code"] not in CATALOGUE or CATALOGUE[texts["code"]].kind != "days":
        codes = ", ".join(sorted(code for code, measure in CATALOGUE.items() if measure.kind == "days"))
        problems.append(
            f"kolom {NAMES['code']}: {texts['code']!r} is geen soort zorgdagen uit de gegevenscatalogus. Kies uit: {codes}."
        )
    if not texts["source"]:
        problems.append(f"kolom {NAMES['source']}: noem de bron van het bedrag.")
    elif any(unicodedata.category(sign) == "Cc" for sign in texts["source"]):
        problems.append(f"kolom {NAMES['source']}: hier staat een teken dat niet te lezen is. Typ de bron opnieuw.")
    elif len(texts["source"]) > LONGEST_SOURCE:
        problems.append(f"kolom {NAMES['source']}: de bron is langer dan {LONGEST_SOURCE} tekens. Kort haar in.")
    includes = texts[HOUSING].lower() or "ja"
    if includes not in YES and includes not in NO:
        problems.append(f"kolom {NAMES[HOUSING]}: {texts[HOUSING]!r} is geen ja of nee.")
    if problems:
        raise TariffTableError(problems)
    return MaximumTariff(
        year=year,
        product=texts["code"],
        amount=amount,
        includes_housing=includes in YES,
        source=texts["source"],
        valid_from=valid_from,
    )
