"""Refusing files that hold data of clients: nobody asked for them, and nobody here may have them.

Two signs: a column or row of numbers that pass the eleven-test of the Dutch citizen service number (BSN) far more often
than chance allows, and a column whose header says that it holds birth dates, names or numbers of clients. One number in
eleven passes by chance, so an honest column of amounts, Chamber of Commerce numbers or site numbers does too now and
then. Measured on two million random columns of 6 to 30 numbers each: one column of six was refused, none of the longer.

The refusal names the place and never the numbers.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from providers.workbook.content import Cell, Problem, SourceError
from providers.workbook.linking import normalised
from providers.workbook.reader import CellValue, Sheet, Workbook, column_letters

FEWEST: Final = 6
"""So many different numbers must pass: fewer can be chance, or the numbers of the organisation itself."""
CHANCE: Final = 1e-9
"""How unlikely it must be that so many of the numbers in a column pass by chance, if not all of them do."""
_PASSES_BY_CHANCE: Final = 1 / 11
_FILLED_BELOW: Final = 3
_TOKEN: Final = re.compile(
    r"(?<![0-9.,'])(?:[0-9]{8,9}|[0-9]{3}([ .-])[0-9]{3}\1[0-9]{3}|[0-9]{4}([ .])[0-9]{2}\2[0-9]{3})(?![0-9]|[.,'][0-9])"
)
_LONGEST_SEARCHED: Final = 20_000
_OTHER_NUMBERS: Final = ("rsin", "fiscaal nummer", "btw nummer")
"""Numbers of organisations that follow the same test."""
_HEADERS: Final = frozenset(
    {
        "bsn", "bsn nummer", "bsn nr", "burgerservicenummer", "burger service nummer", "sofinummer", "sofi nummer",
        "geboortedatum", "geboorte datum", "geb datum", "geb dat", "geboortedag", "date of birth", "birth date", "birthdate",
        "dob", "client", "clientnaam", "client naam", "naam client", "naam van de client", "clientnummer", "client nummer",
        "clientnr", "client nr", "client id", "clientid", "achternaam client", "voornaam client", "bewoner", "bewonersnaam",
        "naam bewoner", "naam van de bewoner", "bewonersnummer", "patient", "patientnaam", "naam patient", "patientnummer",
        "patient nummer", "naam van de patient",
    }
)  # fmt: skip
_WHY: Final = (
    "Voor deze uitvraag zijn geen gegevens van cliënten nodig, en wij mogen ze niet ontvangen (AVG; artikel 65 Wmg). "
    "Wij lezen dit daarom niet. Haal deze gegevens weg, ook van verborgen tabbladen, en lever opnieuw aan."
)


class ClientDataError(SourceError):
    """The file holds data of clients. Its bytes should not be kept."""


def refuse_client_data(workbook: Workbook) -> None:
    """:class:`ClientDataError` if a sheet holds data of clients."""
    problems = [
        Problem(workbook.file, Cell(_masked(sheet.name), row, column), f"{what} {_WHY}")
        for sheet in workbook.sheets
        for row, column, what in _signs(sheet)
    ]
    if problems:
        raise ClientDataError(problems[:5])


def refuse_client_data_in_texts(texts: Iterable[str], *, file: str, path: str) -> None:
    """The same for texts that did not come in a sheet, taken together; ``path`` says where they stand."""
    numbers = {number for text in texts for number in _in_text(text)}
    if looks_like_clients(numbers):
        raise ClientDataError(
            [Problem(file, Cell(path), f"Hier staan nummers die op burgerservicenummers (BSN) lijken. {_WHY}")]
        )


def looks_like_clients(numbers: set[int]) -> bool:
    """Whether so many of these different numbers pass the eleven-test that it is no chance."""
    passing = sum(passes(number) for number in numbers)
    return passing >= FEWEST and (passing == len(numbers) or _tail(len(numbers), passing) < CHANCE)


def passes(number: int) -> bool:
    """The eleven-test of the BSN: nine digits, a leading zero may have been lost."""
    digits = [int(digit) for digit in f"{number:09d}"]
    weighted = sum(weight * digit for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True))
    return weighted % 11 == 0


def _signs(sheet: Sheet) -> Iterator[tuple[int | None, str, str]]:
    columns: dict[int, set[int]] = defaultdict(set)
    headers: dict[int, tuple[int, int]] = {}
    exempt: set[int] = set()
    for at, row in enumerate(sheet.rows, start=1):
        in_row: set[int] = set()
        for column, value in enumerate(row, start=1):
            if value is None:
                continue
            if isinstance(value, str) and len(value) <= 40:
                name = normalised(value)
                if name in _HEADERS:
                    headers.setdefault(column, (at, 0))
                    continue
                if name in _OTHER_NUMBERS:
                    exempt.add(column)
            if column in headers:
                headers[column] = (headers[column][0], headers[column][1] + 1)
            found = set(_numbers(value))
            columns[column] |= found
            in_row |= found
        if looks_like_clients(in_row):
            yield at, "", "In deze rij staan nummers die op burgerservicenummers (BSN) lijken."
    for column, numbers in sorted(columns.items()):
        if column not in exempt and looks_like_clients(numbers):
            yield None, column_letters(column), "Hier staan nummers die op burgerservicenummers (BSN) lijken."
    for column, (at, filled) in sorted(headers.items()):
        if filled >= _FILLED_BELOW:
            yield at, column_letters(column), "Deze kolom bevat volgens de kop gegevens van cliënten."


def _numbers(value: CellValue) -> Iterator[int]:
    if isinstance(value, str):
        yield from _in_text(value)
    elif isinstance(value, int | float) and 10**7 <= value < 10**9 and value == int(value) and int(value) % 1000:
        # A rounded amount may follow the test by its few digits; hardly any BSN ends in three zeros.
        yield int(value)


def _in_text(text: str) -> Iterator[int]:
    for found in _TOKEN.finditer(text[:_LONGEST_SEARCHED]):
        number = int(re.sub("[^0-9]", "", found[0]))
        if number >= 10**7 and number % 1000:
            yield number


def _tail(tried: int, passing: int) -> float:
    """The chance that at least ``passing`` of ``tried`` random numbers pass."""
    chance = _PASSES_BY_CHANCE
    return math.fsum(
        math.exp(
            math.lgamma(tried + 1)
            - math.lgamma(count + 1)
            - math.lgamma(tried - count + 1)
            + count * math.log(chance)
            + (tried - count) * math.log1p(-chance)
        )
        for count in range(passing, min(tried, passing + 60) + 1)
    )


def _masked(name: str) -> str:
    return re.sub("[0-9]{6,}", "…", name)
