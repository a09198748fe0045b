"""Tariff tables and policies: load a table from a file, set the policy of a round."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from providers.access import Actor
from providers.audit import record
from providers.measures import CATALOGUE
from providers.models import Act, Round
from tariffs.models import MaximumTariff, RoundPolicy, TariffTable

COLUMNS = ("year", "code", "amount", "source", "valid_from")
OPTIONAL = ("includes_nhc_nic",)
#: What a policy chooses; a new policy takes over what is not named.
CHOICES = (
    "markup", "marks_up_allowances", "cap", "tariff_table", "tariff_year", "index", "index_name", "disclosure",
)  # fmt: skip
HOUSING = "includes_nhc_nic"
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
    """Load maximum tariffs from a CSV file: year, code, amount, source, valid_from[, includes_nhc_nic].

    ``code`` is the measure of days that the tariff is for. A table whose every source says *fictief* is labelled so. The same
    file twice is the same table. Raises :class:`TariffTableError`; nothing is kept then.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    known = TariffTable.objects.filter(sha256=digest).first()
    if known is not None:
        return known
    rows = _read(path.name, content)
    with transaction.atomic():
        table = TariffTable.objects.create(
            name=path.name[:160], sha256=digest, is_fictitious=all("fictief" in row.source.lower() for row in rows)
        )
        for row in rows:
            row.table = table
        MaximumTariff.objects.bulk_create(rows)
        record(act=Act.TARIFFS_IMPORTED, actor=actor, subject=path.name, details={"sha256": digest, "rows": len(rows)})
    return table


def _read(name: str, content: bytes) -> list[MaximumTariff]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TariffTableError(
            [f"{name}: dit is geen CSV-bestand in UTF-8. Sla het bestand op als CSV UTF-8."]
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
        if missing:
            raise TariffTableError([f"{name}, rij 1: deze kolommen ontbreken: {', '.join(missing)}. Voeg ze toe."])
        return _rows(name, reader)
    except csv.Error as error:
        raise TariffTableError(
            [f"{name}, na rij {reader.line_num}: deze rij is niet te lezen. Sla het bestand opnieuw op als CSV UTF-8."]
        ) from error


def _rows(name: str, reader: csv.DictReader[str]) -> list[MaximumTariff]:
    rows: list[MaximumTariff] = []
    problems: list[str] = []
    seen: dict[tuple[int, str], int] = {}
    for line in reader:
        number = reader.line_num
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
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    return Decimal(text)


def _row(line: dict[str, Any]) -> MaximumTariff:
    problems: list[str] = []
    texts = {column: (line.get(column) or "").strip() for column in (*COLUMNS, HOUSING)}

    def read(column: str, convert: Any, wish: str) -> Any:
        try:
            return convert(texts[column])
        except (ValueError, InvalidOperation):
            problems.append(f"kolom {column}: {texts[column]!r} is geen {wish}.")
            return None

    if None in line:
        problems.append(
            "na de laatste kolom: deze rij heeft te veel cellen. Zet een tekst met een komma tussen aanhalingstekens."
        )
    year = read("year", _year, "jaartal")
    if year is not None and year not in YEARS:
        problems.append(f"kolom year: {year} ligt niet van {YEARS[0]} tot en met {YEARS[-1]}.")
    amount = read("amount", _amount, "bedrag met een punt als decimaalteken")
    if amount is not None and not (amount.is_finite() and 0 < amount <= LARGEST):
        problems.append(f"kolom amount: het tarief moet hoger zijn dan nul en hoogstens {LARGEST}.")
    elif amount is not None and amount != amount.quantize(CENT):
        problems.append(f"kolom amount: {amount} heeft meer dan twee decimalen. Rond het tarief af op de cent.")
    valid_from = read("valid_from", date.fromisoformat, "datum als jjjj-mm-dd")
    if texts["code"] not in CATALOGUE or CATALOGUE[texts["code"]].kind != "days":
        problems.append(f"kolom code: {texts['code']!r} is geen soort zorgdagen uit de gegevenscatalogus.")
    if not texts["source"]:
        problems.append("kolom source: noem de bron van het bedrag.")
    elif len(texts["source"]) > LONGEST_SOURCE:
        problems.append(f"kolom source: de bron is langer dan {LONGEST_SOURCE} tekens. Kort haar in.")
    includes = texts[HOUSING].lower() or "ja"
    if includes not in YES and includes not in NO:
        problems.append(f"kolom {HOUSING}: {texts[HOUSING]!r} is geen ja of nee.")
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


def current_policy(round: Round) -> RoundPolicy:
    """Return the policy of a round; the documented defaults, without tariffs, if none was set."""
    newest = round.policies.select_related("tariff_table").order_by("-number").first()
    return newest or RoundPolicy(round=round, number=0)


def set_policy(*, round: Round, actor: Actor | None, **choices: Any) -> RoundPolicy:
    """Set the policy of ``round``: a new one, numbered on, that changes only what ``choices`` names."""
    with transaction.atomic():
        Round.objects.select_for_update().get(pk=round.pk)
        last = round.policies.aggregate(last=Max("number"))["last"] or 0
        before = current_policy(round)
        choices = {**{name: getattr(before, name) for name in CHOICES}, **choices}
        policy = RoundPolicy(round=round, number=last + 1, set_by=actor.user if actor else None, **choices)
        policy.full_clean()
        policy.save()
        record(act=Act.POLICY_SET, actor=actor, subject=str(round), details={"number": policy.number})
    return policy
