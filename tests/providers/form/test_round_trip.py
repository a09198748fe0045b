"""What a provider fills in comes back as exactly those figures: from Excel, from CSV in every dress, from JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.checks import rule
from providers.measures import CATALOGUE
from providers.workbook.content import ReadLocation, SourceError
from providers.workbook.form import ClientDataError, Line, Organisation, ReadForm, read, read_json, write, write_csv
from tests.providers.form.forms import FORM, LOCATIONS, MADE_AT, ORGANISATION, VALUES, lines, workbook
from tests.providers.form.hostile import good
from tests.providers.form.hostile_delimited import good_csv
from tests.providers.form.spoiling import added_sheet, citizen_numbers, places, replaced, with_figure, with_style

_CENT = Decimal("0.01")


def _figures(form: ReadForm) -> dict[str, Decimal]:
    return {value.measure: value.value for value in form.values if value.value is not None}


def _read(content: bytes, name: str = "formulier.xlsx") -> ReadForm:
    return read(content, file_name=name, form=FORM)


def _with_openpyxl(content: bytes, change: Callable[[Any], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _sheet_and_row(book: Any, code: str) -> tuple[Any, int]:
    name, row = places(workbook(filled=False))[code]
    return book.worksheets[int("".join(filter(str.isdigit, name))) - 1], row


def test_a_form_that_is_filled_in_gives_the_very_figures() -> None:
    def fill_in(book: Any) -> None:
        for code, value in VALUES.items():
            sheet, row = _sheet_and_row(book, code)
            sheet[f"C{row}"] = float(value)
        sheet, row = _sheet_and_row(book, "places")
        sheet[f"H{row}"] = "Nieuwe vleugel\nsinds juni"
        book["Opmerkingen"]["B6"] = "Met dank."
        book["Organisatie"]["B8"] = "Coöperatie"
        book["Locaties"]["A9"], book["Locaties"]["D9"], book["Locaties"]["F9"] = "000099000125", "1011 zz", "5505 x"

    form = _read(_with_openpyxl(workbook(filled=False), fill_in))
    assert _figures(form) == VALUES
    assert [value.measure for value in form.values] == list(FORM.measures)
    assert dict(form.explanations) == {"places": "Nieuwe vleugel\nsinds juni"}
    assert form.remarks == "Met dank."
    assert form.organisation == Organisation("Coöperatie", "00061234", "300-1234")
    assert form.locations == (*LOCATIONS, ReadLocation("000099000125", "", "1011 ZZ", "", "5505", ""))
    assert form.findings == ()


def test_what_was_known_when_the_form_was_made_comes_back() -> None:
    said = {"places": "=1+1", "overhead": '\'s Avonds, "zo"; en\nmeer'}
    made = write(FORM, lines(filled=True), ORGANISATION, LOCATIONS, made_at=MADE_AT, explanations=said, remarks="@x")
    delimited = write_csv(FORM, lines(filled=True), ORGANISATION, LOCATIONS, explanations=said, remarks="@x")
    for content in (made, delimited):
        form = _read(content)
        assert _figures(form) == VALUES
        assert dict(form.explanations) == said
        assert (form.remarks, form.organisation, form.locations) == ("@x", ORGANISATION, LOCATIONS)


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_figures_come_back_from_excel_csv_and_json(data: st.DataObject) -> None:
    amounts = st.decimals(-(10**12), 10**12, places=2)
    others = st.decimals(-(10**6), 10**6, places=6)
    drawn = {
        code: data.draw(st.none() | (amounts if CATALOGUE[code].unit == "money" else others), label=code)
        for code in FORM.measures
    }
    values = {code: value for code, value in drawn.items() if value is not None}
    made = [Line(code, value, None) for code, value in drawn.items()]
    assert _figures(_read(write(FORM, made, ORGANISATION, (), made_at=MADE_AT))) == values
    assert _figures(_read(write_csv(FORM, made, ORGANISATION, ()))) == values
    assert _figures(read_json(_document(drawn), form=FORM)) == values


def _document(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "round": FORM.round_slug,
        "book_year": FORM.book_year,
        "template": FORM.template,
        "currency": FORM.currency,
        "key_scheme": FORM.key_scheme,
        "key": FORM.key,
        "values": {code: values.get(code) for code in FORM.measures},
    }


@settings(max_examples=20, deadline=None)
@given(
    said=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=40)
    | st.sampled_from(["'=1", "=1+1", "''", "-5", "_x0041_", "a\nb", "\tx", "form:key", "1.234", "TRUE", "007"])
)
def test_any_explanation_comes_back_as_it_was_written(said: str) -> None:
    expected = {"places": said.strip()} if said.strip() else {}
    made = [Line("places", Decimal(5), None)]
    explained = write(FORM, made, ORGANISATION, (), made_at=MADE_AT, explanations={"places": said}, remarks=said)
    delimited = write_csv(FORM, made, ORGANISATION, (), explanations={"places": said}, remarks=said)
    for content in (explained, delimited):
        form = _read(content)
        assert dict(form.explanations) == expected
        assert form.remarks == said.strip()


@given(value=st.floats(-1e12, 1e12, allow_nan=False), code=st.sampled_from(["overhead", "staff_fte_care", "days_5vv"]))
def test_a_figure_of_a_program_is_rounded_as_on_paper_and_never_further(value: float, code: str) -> None:
    form = read_json(json.loads(json.dumps(_document({code: value}))), form=FORM)
    places_kept = _CENT if CATALOGUE[code].unit == "money" else Decimal("0.000001")
    assert _figures(form)[code] == Decimal(str(value)).quantize(places_kept, rounding=ROUND_HALF_UP)


def test_minus_nought_is_nought() -> None:
    content = with_figure(good(FORM), "places", "<v>-0.0</v>")
    assert str(_figures(_read(content))["places"]) == "0"
    assert str(_figures(read_json(_document({"overhead": -0.0}), form=FORM))["overhead"]) == "0.00"


@pytest.mark.parametrize(
    ("code", "written", "value"),
    [
        ("places", "205", "205"),
        ("overhead", "€ 2.400.000,50", "2400000.50"),
        ("overhead", "2,400,000.50", "2400000.50"),
        ("staff_fte_care", "198,4", "198.4"),
        ("ses_score", "\u22120,5", "-0.5"),
        ("qualified_staff_share", "56%", "0.56"),
        ("qualified_staff_share", "7,8 %", "0.078"),
        ("qualified_staff_share", "0.612", "0.612"),
    ],
)
def test_a_number_as_text_is_read_when_it_can_mean_one_thing_and_told(code: str, written: str, value: str) -> None:
    form = _read(with_figure(good(FORM), code, f"<v>{written}</v>", kind="str"))
    assert _figures(form)[code] == Decimal(value)
    (finding,) = form.findings
    assert finding.rule == ("IV-L-005" if "%" in written else "IV-L-004")
    assert finding.details["count"] == "1"


def test_a_number_shown_as_a_percentage_is_the_share_it_is() -> None:
    content = good(FORM)
    styles = io.BytesIO(content)
    count = len(openpyxl.load_workbook(styles)._cell_styles)
    percent = replaced(content, "xl/styles.xml", b"</cellXfs>", b'<xf numFmtId="10" xfId="0"/></cellXfs>')
    shown = with_style(percent, "absence_rate", "<v>0.56</v>", count)
    assert _figures(_read(shown))["absence_rate"] == Decimal("0.56")


def test_the_outcome_of_a_formula_is_read_and_told() -> None:
    form = _read(with_figure(good(FORM), "places", "<f>200+5</f><v>205</v>"))
    assert _figures(form) == VALUES
    assert [finding.rule for finding in form.findings] == ["IV-L-001"]


def test_moved_rows_and_renamed_tabs_are_found_by_their_codes() -> None:
    def move(book: Any) -> None:
        book["Kosten"].insert_rows(8, 2)
        book["Kosten"].insert_cols(2)
        book["Personeel"].title = "Mensen"
        book.move_sheet("Productie", 3)

    assert _figures(_read(_with_openpyxl(workbook(), move))) == VALUES


def test_hidden_rows_and_tabs_are_read() -> None:
    def hide(book: Any) -> None:
        book["Kosten"].row_dimensions[8].hidden = True
        book["Personeel"].sheet_state = "hidden"

    assert _figures(_read(_with_openpyxl(workbook(), hide))) == VALUES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_csv_file_is_read_in_every_encoding_and_with_every_delimiter(encoding: str, delimiter: str) -> None:
    text = good_csv(FORM).decode("utf-8-sig").replace("places;Plaatsen", "places;Plaatsen é").replace(";", delimiter)
    assert _figures(_read(text.encode(encoding), "x.xlsx")) == VALUES


def test_a_csv_file_with_commas_is_read_if_its_figures_have_points() -> None:
    rows = good_csv(FORM).decode("utf-8-sig").splitlines()
    text = "\r\n".join(row.replace(",", ".").replace(";", ",") for row in rows)
    form = _read(text.encode())
    assert _figures(form) == VALUES


def test_an_ambiguous_amount_is_read_in_the_notation_of_the_rest_and_told() -> None:
    text = good_csv(FORM).decode("utf-8-sig")
    row = next(line for line in text.splitlines() if line.startswith("places;"))
    form = _read(text.replace(row, row.replace(";205;", ";1.205;")).encode())
    assert _figures(form)["places"] == 1205
    assert [finding.rule for finding in form.findings] == ["IV-L-004"]


def test_zeros_that_a_spreadsheet_dropped_are_put_back_and_told() -> None:
    text = good_csv(FORM).decode("utf-8-sig").replace("00061234", "61234").replace("000099000123", "99000123")
    form = _read(text.encode())
    assert form.organisation.agb_code == "00061234"
    assert form.locations[0].number == "000099000123"
    assert [finding.rule for finding in form.findings] == ["IV-L-007"]


def test_a_provider_that_changed_its_name_is_the_same_provider() -> None:
    name = b"<t>Stichting Karekietoever &amp; Zonen</t>"
    form = _read(replaced(good(FORM), "xl/sharedStrings.xml", name, b"<t>Nieuwe Naam</t>"))
    assert _figures(form) == VALUES
    (finding,) = form.findings
    assert (finding.rule, finding.details["written"]) == ("IV-L-008", "Nieuwe Naam")


def test_a_tab_that_someone_added_is_not_read_and_that_is_told() -> None:
    form = _read(added_sheet(good(FORM), [["eigen", 1]], name="Berekening"))
    assert _figures(form) == VALUES
    (finding,) = form.findings
    assert (finding.rule, finding.details["sheets"]) == ("IV-L-009", "‘Berekening’")


@pytest.mark.parametrize("code", [f"IV-L-{number:03d}" for number in (1, 3, 4, 5, 6, 7, 8, 9)])
def test_what_was_noticed_has_a_rule_that_says_it_in_words(code: str) -> None:
    said = {
        "IV-L-001": {"cells": "Kosten!C7", "count": "1"},
        "IV-L-008": {"written": "A", "known": "B"},
        "IV-L-009": {"sheets": "‘Blad1’"},
        "IV-L-003": {},
    }
    noticed = rule(code)
    assert "iv-2" in noticed.templates
    assert noticed.placeholders == said.get(code, said["IV-L-001"]).keys()


def test_locations_without_a_region_and_no_locations_are_told() -> None:
    without = write(FORM, lines(filled=True), ORGANISATION, [ReadLocation(postcode="1234 AB")], made_at=MADE_AT)
    assert [finding.rule for finding in _read(without).findings] == ["IV-L-006"]
    none = write(FORM, lines(filled=True), ORGANISATION, [], made_at=MADE_AT)
    assert [finding.rule for finding in _read(none).findings] == ["IV-L-003"]


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"key": "99000124"}, "$.key", "u levert aan voor"),
        ({"book_year": True}, "$.book_year", "u levert aan voor 2024"),
        ({"values": []}, "$.values", "object"),
        ({"values": {"total_cost": "1.234"}}, "$.values.total_cost", "betekenen"),
        ({"values": {"total_cost": "1.234,50"}}, "$.values.total_cost", "decimale punt"),
        ({"values": {"total_cost": True}}, "$.values.total_cost", "true of false"),
        ({"values": {"total_cost": float("nan")}}, "$.values.total_cost", "geen getal"),
        ({"values": {"total_cost": 10**5000}}, "$.values.total_cost", "te groot"),
        ({"values": {"total_cost": [1]}}, "$.values.total_cost", "lijst of object"),
        ({"values": {}}, "$.values.total_cost", "ontbreekt. Geef null"),
        ({"values": {"bsn": 1}}, "$.values", "vragen wij in deze ronde niet"),
        ({"kosten": 1}, "$", "kennen wij niet"),
        ({"explanations": {"places": 3}}, "$.explanations.places", "er hoort een tekst"),
        ({"remarks": "a\0b"}, "$.remarks", "onzichtbare tekens"),
        ({"locations": [{"postcode": "12"}]}, "$.locations[0].postcode", "1234 AB"),
        ({"locations": {}}, "$.locations", "lijst"),
        ({"remarks": "123456782 111222333 999990639 999990408 999999151 999990056"}, "$", "burgerservicenummers"),
    ],
)
def test_a_wrong_document_is_refused_with_the_path(change: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read_json({**_document({}), **change}, form=FORM)
    assert any(str(problem.cell) == path and words in problem.message for problem in refusal.value.problems), (
        refusal.value
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [("ca. 200", "‘ca. 200’"), ("1.234", "betekenen"), (True, "true of false"), (10**16, "te groot")],
)
def test_a_figure_of_a_program_that_is_none_is_told_and_the_others_count(written: object, words: str) -> None:
    form = read_json(_document({**VALUES, "places": written}), form=FORM)
    assert _figures(form) == {code: value for code, value in VALUES.items() if code != "places"}
    (finding,) = [finding for finding in form.findings if finding.measure]
    assert (finding.rule, str(finding.cell)) == ("IV-L-010", "$.values.places")
    assert words in finding.details["problem"]


def test_numbers_of_persons_in_the_place_of_figures_are_refused() -> None:
    numbers = [f"bsn {number}" for number in citizen_numbers(8)]
    document = _document(dict(zip(FORM.measures, numbers, strict=False)))
    with pytest.raises(ClientDataError):
        read_json(document, form=FORM)


@pytest.mark.parametrize("document", [None, [], "x", 3])
def test_a_document_that_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(SourceError, match="object"):
        read_json(document, form=FORM)
