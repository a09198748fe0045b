"""Data of clients are refused; honest columns of numbers are not, however many there are."""

from __future__ import annotations

from random import Random

import pytest

from providers.workbook.client_data import ClientDataError, looks_like_clients, passes, refuse_client_data
from providers.workbook.reader import Sheet, Workbook
from tests.providers.form.spoiling import citizen_numbers

TRIED = 2_000


def _book(*columns: list[object]) -> Workbook:
    height = max(len(column) for column in columns)
    rows = tuple(
        tuple(column[row] if row < len(column) else None for column in columns)  # type: ignore[misc]
        for row in range(height)
    )
    return Workbook("f.xlsx", b"", (Sheet("Blad1", rows),))


@pytest.mark.parametrize("number", [123456782, 111222333, 10464554])
def test_numbers_that_pass_the_test(number: int) -> None:
    assert passes(number)


@pytest.mark.parametrize("number", [123456781, 999999999, 12345678])
def test_numbers_that_do_not(number: int) -> None:
    assert not passes(number)


@pytest.mark.parametrize("count", [6, 12, 200])
@pytest.mark.parametrize("digits", [8, 9])
@pytest.mark.parametrize("written", [int, float, str, "{:09d}".format], ids=["int", "float", "text", "nine digits"])
def test_a_column_of_citizen_numbers_is_refused(count: int, digits: int, written: object) -> None:
    numbers = [written(number) for number in citizen_numbers(count, digits=digits)]  # type: ignore[operator]
    with pytest.raises(ClientDataError, match="kolom B"):
        refuse_client_data(_book(["x"] * count, numbers))


def test_citizen_numbers_among_as_many_other_numbers_are_found() -> None:
    random = Random(3)
    mixed: list[object] = [*citizen_numbers(30), *(random.randrange(10**8, 10**9) for _ in range(30))]
    random.shuffle(mixed)
    with pytest.raises(ClientDataError):
        refuse_client_data(_book(mixed))


def test_citizen_numbers_in_sentences_are_found() -> None:
    sentences: list[object] = [f"Cliënt {number} is verhuisd." for number in citizen_numbers(8)]
    with pytest.raises(ClientDataError):
        refuse_client_data(_book(sentences))


@pytest.mark.parametrize(
    ("name", "low", "high", "count"),
    [
        ("amounts of a form, this year's and last year's", 10**7, 10**9, 30),
        ("Chamber of Commerce numbers", 10**7, 10**8, 100),
        ("site numbers without their zeros", 10**7, 10**8, 40),
        ("AGB codes of one kind", 6_290_000 + 10**7, 6_299_999 + 10**7, 60),
        ("numbers that follow each other closely", 99_000_000, 99_000_400, 80),
        ("a long own sheet", 10**7, 10**9, 2_000),
    ],
)
def test_honest_numbers_are_hardly_ever_refused(name: str, low: int, high: int, count: int) -> None:
    random = Random(name)
    tried = TRIED if count <= 100 else 100
    alarms = sum(looks_like_clients({random.randrange(low, high) for _ in range(count)}) for _ in range(tried))
    assert alarms == 0


def test_honest_rounded_amounts_are_hardly_ever_refused() -> None:
    random = Random(8)
    for unit in (10, 50, 100, 500):
        for _ in range(500):
            amounts: list[object] = [random.randrange(10**7 // unit, 2 * 10**8 // unit) * unit for _ in range(30)]
            refuse_client_data(_book(amounts))


def test_the_same_number_many_times_is_one_number() -> None:
    (number,) = citizen_numbers(1)
    refuse_client_data(_book([number] * 500))


def test_legal_entity_numbers_are_not_citizen_numbers_though_they_pass_the_same_test() -> None:
    refuse_client_data(_book(["RSIN", *citizen_numbers(20)]))


@pytest.mark.parametrize(
    "header", ["BSN", "Geboortedatum", "geb. datum", "Naam cliënt", "client_nummer", "Patiëntnummer"]
)
def test_a_column_that_says_it_holds_clients_is_refused(header: str) -> None:
    with pytest.raises(ClientDataError, match="gegevens van cliënten"):
        refuse_client_data(_book(["titel", header, "a", "b", "c"]))


@pytest.mark.parametrize("header", ["Aantal cliënten", "Geen BSN invullen", "Naam", "Datum"])
def test_an_honest_header_is_not_refused(header: str) -> None:
    refuse_client_data(_book(["titel", header, "a", "b", "c"]))
