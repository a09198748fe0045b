"""The workbook of the national data request: what is written in it is what is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook as OpenWorkbook

from providers import checks
from providers.fictitious import Population
from providers.workbook.content import Problem, ReadDelivery, ReadRound, SourceError
from providers.workbook.sources import SOURCES, UnknownSource, iv, source
from tests.providers.reading.workbooks import edited


def _read(content: bytes, folder: Path, name: str = "uitvraag.xlsx") -> ReadRound:
    path = folder / name
    path.write_bytes(content)
    (read,) = iv.read([path])
    return read


def _problems(content: bytes, folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(SourceError) as refused:
        _read(content, folder)
    return refused.value.problems


def _figures(delivery: ReadDelivery) -> dict[str, Decimal | None]:
    return {value.measure: value.value for value in delivery.values}


@pytest.fixture(scope="module")
def rounds(small_files: list[Path]) -> dict[int, ReadRound]:
    return {item.book_year: item for item in iv.read([small_files[1], small_files[0]])}


@pytest.fixture(scope="module")
def content(small_files: list[Path]) -> bytes:
    """The workbook of 2024 with its first eight providers only, which opens and saves faster."""

    def keep_eight(book: OpenWorkbook) -> None:
        kept = [row[0].value for row in book["Organisaties"].iter_rows(min_row=2) if row[5].value == "aangeleverd"][:8]
        for name in ("Organisaties", "Locaties", "Kosten", "Productie", "Kwaliteit en omgeving"):
            sheet = book[name]
            rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
            sheet.delete_rows(2, len(rows))
            for row in rows:
                if row[0] in kept:
                    sheet.append(row)

    return edited(small_files[1].read_bytes(), keep_eight)


@pytest.mark.parametrize("year", [2023, 2024])
def test_every_figure_written_is_read(rounds: dict[int, ReadRound], small_population: Population, year: int) -> None:
    read = rounds[year]
    written = {provider.kvk: provider.years[year] for provider in small_population.delivered(year)}
    assert {delivery.key for delivery in read.deliveries} == written.keys()
    for delivery in read.deliveries:
        assert _figures(delivery) == dict(written[delivery.key].values)
    assert (read.slug, read.currency, read.is_fictitious, read.source) == (f"fictief-{year}", "EUR", True, "iv")


def test_who_was_asked_and_did_not_deliver_is_known_too(
    rounds: dict[int, ReadRound], small_population: Population
) -> None:
    for year, read in rounds.items():
        silent = {p.kvk for p in small_population.providers if year in p.known_in and year not in p.years}
        assert {delivery.key for delivery in read.invited} == silent != set()
        assert all(delivery.values == () for delivery in read.invited)


def test_an_organisation_that_merged_names_the_one_it_is_part_of(
    rounds: dict[int, ReadRound], small_population: Population
) -> None:
    merged = {delivery.key: delivery.merged_into for delivery in rounds[2024].invited if delivery.merged_into}
    assert merged == {p.kvk: p.merged_into for p in small_population.providers if p.merged_into} != {}
    assert set(merged.values()) <= {delivery.key for delivery in rounds[2024].deliveries}
    assert not any(delivery.merged_into for delivery in rounds[2023].invited)
    assert merged.keys() <= {delivery.key for delivery in rounds[2023].deliveries}


def test_locations_come_with_their_region(rounds: dict[int, ReadRound], small_population: Population) -> None:
    written = {p.kvk: [(loc.number, loc.region) for loc in p.locations] for p in small_population.providers}
    for delivery in rounds[2023].deliveries:
        assert [(item.number, item.region) for item in delivery.locations] == written[delivery.key]


def test_a_figure_knows_its_cell(rounds: dict[int, ReadRound]) -> None:
    first = rounds[2024].deliveries[0]
    cells = {value.measure: str(value.cell) for value in first.values}
    assert cells["total_cost"] == "Kosten!D2"
    assert cells["days_4vv_with_treatment"] == "Productie!D2"


def test_the_code_of_a_measure_may_be_its_header(content: bytes, tmp_path: Path) -> None:
    def rename(book: OpenWorkbook) -> None:
        assert book["Kosten"]["D1"].value == "Totale kosten"
        book["Kosten"]["D1"].value = "total_cost"

    before, after = _read(content, tmp_path), _read(edited(content, rename), tmp_path)
    assert [_figures(item) for item in after.deliveries] == [_figures(item) for item in before.deliveries]


def test_columns_and_rows_may_stand_in_another_order(content: bytes, tmp_path: Path) -> None:
    def shuffle(book: OpenWorkbook) -> None:
        sheet = book["Kosten"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        for number, row in enumerate([rows[0], *reversed(rows[1:])], start=1):
            for column, value in enumerate(reversed(row), start=1):
                sheet.cell(number, column).value = value

    before, after = _read(content, tmp_path), _read(edited(content, shuffle), tmp_path)
    assert {d.key: _figures(d) for d in after.deliveries} == {d.key: _figures(d) for d in before.deliveries}


def test_a_delivery_without_any_row_of_figures_is_named_with_the_reason(content: bytes, tmp_path: Path) -> None:
    def remove(book: OpenWorkbook) -> None:
        for name in ("Kosten", "Productie", "Kwaliteit en omgeving"):
            book[name].delete_rows(2)

    before, after = _read(content, tmp_path), _read(edited(content, remove), tmp_path)
    (gone,) = after.not_arrived
    assert gone.name == before.deliveries[0].name
    assert "geen rij" in gone.reason
    assert len(after.deliveries) == len(before.deliveries) - 1


def test_a_row_missing_on_one_sheet_is_noticed_and_its_figures_are_missing(content: bytes, tmp_path: Path) -> None:
    read = _read(edited(content, lambda book: book["Kosten"].delete_rows(2)), tmp_path)
    first = read.deliveries[0]
    assert _figures(first)["total_cost"] is None
    assert _figures(first)["months_covered"] is not None
    assert {item.rule.code for item in checks.check(first, read)} >= {"IV-L-002", "IV-K-001"}


def test_a_formula_without_an_outcome_is_refused(content: bytes, tmp_path: Path) -> None:
    def formula(book: OpenWorkbook) -> None:
        book["Kosten"]["D2"].value = "=SUM(E2:M2)"

    (problem,) = _problems(edited(content, formula), tmp_path)
    assert (problem.cell and str(problem.cell)) == "Kosten!D2"
    assert "formule zonder uitkomst" in problem.message


# (sheet, address, value) → address and words of the message. All in one file, so that it shows that all are found.
SPOILED_CELLS = {
    "text in an amount": (("Kosten", "D2", "veel"), "'veel'", "getal"),
    "an amount written as text": (("Kosten", "E2", "1.234,5"), "1234,5", "Bedoelt u"),
    "an Excel error": (("Kosten", "F2", "#REF!"), "#REF!", "foutmelding"),
    "a date": (("Kosten", "G2", date(2024, 3, 1)), "2024-03-01", "getal"),
    "true or false": (("Kosten", "H2", True), "True", "getal"),
    "an absurd amount": (("Kosten", "I2", 1e16), "te groot", "juiste getal"),
    "negative days": (("Productie", "D2", -1), "negatief", "0 of meer"),
    "months below zero": (("Kwaliteit en omgeving", "D2", -12), "negatief", "0 of meer"),
    "a row of another year": (("Kosten", "C3", 2023), "2023", "2024"),
    "no year": (("Productie", "C3", None), "Boekjaar", "ontbreekt"),
    "no KvK number": (("Kosten", "A4", None), "KvK-nummer", "ontbreekt"),
    "a KvK number of seven digits": (("Kosten", "A5", 1234567), "nul vooraan", "acht cijfers"),
    "an unknown provider": (("Kosten", "A6", "12345678"), "Organisaties", "Voeg de organisatie"),
    "figures at the wrong name": (("Productie", "B7", "Iemand anders"), "Iemand anders", "goede organisatie"),
    "an AGB code of seven digits": (("Organisaties", "D2", "1234567"), "acht cijfers", "laat de cel leeg"),
    "a wrong NZa number": (("Organisaties", "E2", "abc"), "300-1234", "laat de cel leeg"),
    "a status that does not exist": (("Organisaties", "F3", "misschien"), "misschien", "aangeleverd"),
    "a provider without a name": (("Organisaties", "B4", " "), "Naam", "ontbreekt"),
    "a merger with nobody": (("Organisaties", "G5", "12345678"), "12345678", "andere rij"),
    "a wrong location number": (("Locaties", "B2", "123"), "twaalf cijfers", "tekst"),
    "a wrong postcode": (("Locaties", "D2", "12 AB"), "1234 AB", "Vul"),
    "an unknown region": (("Locaties", "F2", 5522), "5522", "5501"),
    "no place": (("Locaties", "E2", None), "Plaats", "ontbreekt"),
}
SPOILED_HEADERS = {
    "a renamed column": (("Kosten", "D1", "Totale lasten"), "Totale lasten", "Bedoelt u 'Totale kosten'"),
    "a column twice": (("Productie", "E1", "Dagen 4VV met behandeling"), "twee keer", "kolom D"),
    "a column without a header": (("Locaties", "C1", None), "geen kop", "Zet de kop terug"),
    "an unknown column": (("Kwaliteit en omgeving", "Z1", "Opmerking"), "Opmerking", "hoort niet"),
}


def _spoiled_together(
    spoiled: Mapping[str, tuple[tuple[str, str, object], *tuple[str, ...]]], content: bytes, folder: Path
) -> tuple[Problem, ...]:
    def change(book: OpenWorkbook) -> None:
        for (sheet, address, value), *_ in spoiled.values():
            book[sheet][address].value = value

    return _problems(edited(content, change), folder)


def _expect(problems: tuple[Problem, ...], sheet: str, address: str, *words: str) -> None:
    here = [item for item in problems if item.cell is not None and str(item.cell) == f"{sheet}!{address}"]
    assert any(all(word in item.message for word in words) for item in here), [str(item) for item in problems]


@pytest.fixture(scope="module")
def cell_problems(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, ...]:
    return _spoiled_together(SPOILED_CELLS, content, tmp_path_factory.mktemp("cells"))


@pytest.fixture(scope="module")
def header_problems(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, ...]:
    return _spoiled_together(SPOILED_HEADERS, content, tmp_path_factory.mktemp("headers"))


@pytest.mark.parametrize("name", SPOILED_CELLS)
def test_a_spoiled_cell_is_refused_with_its_place(name: str, cell_problems: tuple[Problem, ...]) -> None:
    (sheet, address, _), *words = SPOILED_CELLS[name]
    _expect(cell_problems, sheet, address, *words)


@pytest.mark.parametrize("name", SPOILED_HEADERS)
def test_a_spoiled_header_is_refused_with_its_place(name: str, header_problems: tuple[Problem, ...]) -> None:
    (sheet, address, _), *words = SPOILED_HEADERS[name]
    _expect(header_problems, sheet, address, *words)


def test_a_sheet_of_another_kind_is_refused(content: bytes, tmp_path: Path) -> None:
    (problem,) = _problems(edited(content, lambda book: book.create_sheet("Kladblok")), tmp_path)
    assert "'Kladblok' hoort niet" in problem.message


def test_a_missing_sheet_is_named(content: bytes, tmp_path: Path) -> None:
    (problem,) = _problems(edited(content, lambda book: book.remove(book["Productie"])), tmp_path)
    assert "'Productie' ontbreekt" in problem.message


@pytest.mark.parametrize(("start", "words"), [(1, "Dit tabblad is leeg"), (2, "geen enkele rij")])
def test_an_empty_sheet_is_named(content: bytes, tmp_path: Path, start: int, words: str) -> None:
    (problem,) = _problems(edited(content, lambda book: book["Kosten"].delete_rows(start, 1000)), tmp_path)
    assert problem.cell is not None
    assert problem.cell.sheet == "Kosten"
    assert words in problem.message


@pytest.mark.parametrize("sheet", ["Organisaties", "Kosten"])
def test_a_provider_that_is_listed_twice_is_refused_with_both_rows(content: bytes, tmp_path: Path, sheet: str) -> None:
    def repeat(book: OpenWorkbook) -> None:
        book[sheet].append([cell.value for cell in book[sheet][2]])

    problems = _problems(edited(content, repeat), tmp_path)
    assert "op rij 2 en rij" in problems[0].message
    assert problems[0].cell is not None
    assert (problems[0].cell.sheet, problems[0].cell.column) == (sheet, "A")


def test_a_wrong_round_is_refused(content: bytes, tmp_path: Path) -> None:
    spoiled: dict[str, tuple[tuple[str, str, object], *tuple[str, ...]]] = {
        "another year": (("Ronde", "C2", 2025), "het boekjaar is 2025"),
        "not a currency": (("Ronde", "D2", "euro"), "drie hoofdletters"),
        "neither yes nor no": (("Ronde", "E2", "misschien"), "ja of nee"),
    }
    problems = _spoiled_together(spoiled, content, tmp_path)
    for (sheet, address, _), *words in spoiled.values():
        if address == "C2":  # said where the other year stands, in the round's short name and title, and in every row
            _expect(problems, sheet, "A2", *words)
            _expect(problems, sheet, "B2", *words)
            _expect(problems, "Kosten", "C2", "2024", "2025")
        else:
            _expect(problems, sheet, address, *words)


def test_a_round_without_a_year_and_with_a_name_that_fits_no_address_is_refused(content: bytes, tmp_path: Path) -> None:
    spoiled: dict[str, tuple[tuple[str, str, object], *tuple[str, ...]]] = {
        "no year": (("Ronde", "C2", "vorig jaar"), "een jaar van vier cijfers"),
        "not a short name": (("Ronde", "A2", "Ronde 2024!"), "kleine letters"),
    }
    problems = _spoiled_together(spoiled, content, tmp_path)
    for (sheet, address, _), *words in spoiled.values():
        _expect(problems, sheet, address, *words)


def test_another_template_is_refused_for_that_reason_alone(content: bytes, tmp_path: Path) -> None:
    def change(book: OpenWorkbook) -> None:
        book["Ronde"]["F2"].value = "iv-2"
        book.remove(book["Kosten"])

    (problem,) = _problems(edited(content, change), tmp_path)
    assert "Wij lezen alleen sjabloon iv-1" in problem.message


def test_the_swiss_workbook_is_no_national_workbook(five_homes: bytes, tmp_path: Path) -> None:
    assert any("'Ronde' ontbreekt" in item.message for item in _problems(five_homes, tmp_path))


def test_the_same_round_twice_is_refused(small_files: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "kopie.xlsx"
    copy.write_bytes(small_files[0].read_bytes())
    with pytest.raises(SourceError, match="fictief-2023"):
        iv.read([small_files[0], copy])


def test_an_unknown_source_names_the_ones_there_are() -> None:
    with pytest.raises(UnknownSource, match=r"'digimv' bestaat niet.*iv .*somed .*personeel"):
        source("digimv")
    assert list(SOURCES) == ["iv", "somed", "personeel"]
