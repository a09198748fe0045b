"""The workbook that a provider downloads: what stands in it, what is open to fill in, what it says while one types."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import openpyxl
import pytest

from providers.measures import CATALOGUE
from providers.workbook.form import Line, write
from tests.providers.form.forms import FORM, LOCATIONS, MADE_AT, ORGANISATION, VALUES, lines, workbook
from tests.providers.form.spoiling import places

TABS = [
    "Versie en legenda", "Opmerkingen", "Organisatie", "Locaties", "Productie", "Personeel", "Kosten",
    "Opbrengsten (negatieve kosten)", "Uitgesloten kosten", "Aansluiting jaarrekening", "Kwaliteit en omgeving",
    "Verklaring",
]  # fmt: skip


@cache
def _book(*, outcomes: bool = False, filled: bool = True) -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook(filled=filled)), data_only=outcomes)


def _row(code: str) -> tuple[Any, int]:
    name, row = places(workbook())[code]
    return _book().worksheets[int(re.findall("[0-9]+", name)[0]) - 1], row


def test_the_same_form_has_the_same_bytes() -> None:
    first, second = (write(FORM, lines(filled=True), ORGANISATION, LOCATIONS, made_at=MADE_AT) for _ in range(2))
    assert first == second


def test_the_tabs_stand_in_their_order() -> None:
    assert _book().sheetnames == TABS


def test_every_measure_is_asked_once() -> None:
    assert places(workbook()).keys() == set(FORM.measures)


def test_a_round_that_asks_less_has_tabs_that_say_so() -> None:
    few = replace(FORM, measures=("total_cost", "places"), is_fictitious=False)
    content = write(few, [], ORGANISATION, (), made_at=MADE_AT)
    assert places(content).keys() == {"total_cost", "places"}
    texts = [
        cell.value for row in openpyxl.load_workbook(io.BytesIO(content))["Personeel"] for cell in row if cell.value
    ]
    assert "In deze ronde vragen wij op dit tabblad niets." in texts


def test_only_the_cells_to_fill_in_are_open() -> None:
    allowed = {code: {"C", "H"} for code in FORM.measures}
    by_place = {(name, row): code for code, (name, row) in places(workbook()).items()}
    for number, sheet in enumerate(_book().worksheets, start=1):
        assert sheet.protection.sheet, sheet.title
        assert sheet.protection.password is None
        for row in sheet.iter_rows():
            for cell in row:
                if cell.protection.locked:
                    continue
                code = by_place.get((f"xl/worksheets/sheet{number}.xml", cell.row))
                inside = code is not None and cell.column_letter in allowed[code]
                assert inside or sheet.title in ("Opmerkingen", "Organisatie", "Locaties"), (
                    sheet.title,
                    cell.coordinate,
                )
    for code in FORM.measures:
        sheet, row = _row(code)
        assert not sheet[f"C{row}"].protection.locked
        assert not sheet[f"H{row}"].protection.locked


def test_tabs_cannot_be_renamed_or_removed_by_a_slip() -> None:
    assert _book().security.lockStructure


def test_last_year_stands_beside_every_figure_with_the_difference() -> None:
    outcomes = _book(outcomes=True)
    for line in lines(filled=True):
        sheet, row = _row(line.measure)
        cells = outcomes[sheet.title]
        assert cells[f"D{row}"].value == (None if line.previous is None else pytest.approx(float(line.previous)))
        if line.value is not None and line.previous is not None:
            assert cells[f"E{row}"].value == pytest.approx(float(line.value - line.previous))


def test_the_form_to_download_leaves_open_what_nobody_knows_yet() -> None:
    for code in FORM.measures:
        sheet, row = _row(code)
        value = _book(filled=False)[sheet.title][f"C{row}"].value
        assert (value is None) == (code != "staff_fte_care")


def test_a_figure_from_a_source_names_it_in_its_row() -> None:
    sheet, row = _row("staff_fte_care")
    assert _book(outcomes=True)[sheet.title][f"G{row}"].value == "Bron: Zorginstituut, personeel 2021"


def test_every_figure_has_a_note_that_says_what_and_why_and_in_which_unit() -> None:
    for code in FORM.measures:
        sheet, row = _row(code)
        note = sheet[f"A{row}"].comment.text
        assert CATALOGUE[code].description in note
        assert CATALOGUE[code].why in note
        assert "Eenheid: " in note


def test_every_input_refuses_text_and_impossible_figures() -> None:
    for code in FORM.measures:
        sheet, row = _row(code)
        rules = [rule for rule in sheet.data_validations.dataValidation if f"C{row}" in rule.sqref]
        assert [rule.type for rule in rules] == ["whole" if CATALOGUE[code].is_whole else "decimal"]
        if CATALOGUE[code].maximum is not None:
            assert Decimal(rules[0].formula2) == CATALOGUE[code].maximum


@pytest.mark.parametrize(
    ("changed", "told"),
    [({}, "De posten tellen op tot het totaal."), ({"overhead": Decimal(1)}, "Let op: de posten tellen niet op")],
    ids=["adds up", "does not"],
)
def test_a_person_sees_at_once_whether_the_lines_add_up(changed: dict[str, Decimal], told: str) -> None:
    known = {**VALUES, **changed}
    content = write(
        FORM, [Line(code, known.get(code), None) for code in FORM.measures], ORGANISATION, (), made_at=MADE_AT
    )
    costs = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Kosten"]
    (row,) = [cell.row for cell in costs["A"] if cell.value == "Verschil: totaal min opgeteld"]
    assert str(costs[f"G{row}"].value).startswith(told)
    lines_sum = sum(value for code, value in known.items() if CATALOGUE[code].kind in ("cost", "revenue", "allowance"))
    assert costs[f"C{row - 2}"].value == pytest.approx(float(lines_sum))


def test_regions_and_legal_forms_are_chosen_from_a_list() -> None:
    assert any(rule.type == "list" for rule in _book()["Locaties"].data_validations.dataValidation)
    assert any(rule.type == "list" for rule in _book()["Organisatie"].data_validations.dataValidation)
    assert _book()["Locaties"]["F7"].value == "5501 Groningen"


def test_every_tab_is_printed_one_page_wide_and_the_statement_upright() -> None:
    for sheet in _book():
        assert sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.title
        # Left out of the file it is 1.
        assert sheet.page_setup.fitToWidth in (None, 1), sheet.title
    statement = _book()["Verklaring"]
    assert statement.page_setup.orientation == "portrait"
    # There is one column: a text that does not wrap would run off the page.
    assert statement["A2"].alignment.wrap_text


def test_a_figure_that_was_taken_over_from_last_year_says_so() -> None:
    taken = [Line("urbanity", Decimal(3), Decimal(3), taken_over=2023), Line("places", None, Decimal(200))]
    content = write(FORM, taken, ORGANISATION, LOCATIONS, made_at=MADE_AT)
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    said = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert said.count("Overgenomen uit 2023") == 1


def test_a_text_that_looks_like_a_formula_stays_text() -> None:
    hostile = '=HYPERLINK("http://127.0.0.1","x")'
    form = replace(FORM, name=hostile, contact="@SUM(A1)")
    content = write(
        form, [Line("places", None, None, source=hostile)], ORGANISATION, LOCATIONS, made_at=MADE_AT,
        explanations={"places": hostile}, remarks="-1+1",
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        formulas = b"".join(
            b"".join(re.findall(rb"<f>.*?</f>", archive.read(name))) for name in archive.namelist() if "sheets/" in name
        )
    assert b"HYPERLINK" not in re.sub(rb'"(?:[^"]|"")*"', b"", formulas.replace(b"&quot;", b'"'))
    assert b"SUM(A1)" not in formulas
    assert b"-1+1" not in formulas


def test_a_measure_that_the_form_does_not_ask_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="places"):
        write(replace(FORM, measures=("total_cost",)), [Line("places", None, None)], ORGANISATION, (), made_at=MADE_AT)
    with pytest.raises(ValueError, match="iv-2 does not ask"):
        replace(FORM, measures=("client_bsn",))
