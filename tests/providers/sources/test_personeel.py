"""Staff figures are read in both layouts; each quirk is kept as it was written and noticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from providers.checks import rule
from providers.measures import CATALOGUE
from providers.workbook.content import ReadDelivery, SourceError
from providers.workbook.sources import personeel
from providers.workbook.sources.personeel_facts import FACTS
from tests.providers.sources.conftest import RIGHT, Wide, safety_row, staff_row


def _only(path: Path, *more: Path) -> ReadDelivery:
    (round,) = personeel.read([path, *more])
    (delivery,) = round.deliveries
    return delivery


def _noticed(delivery: ReadDelivery) -> dict[str, Mapping[str, str]]:
    return {finding.rule: finding.details for finding in delivery.findings}


def _values(delivery: ReadDelivery) -> dict[str, Decimal | None]:
    return {item.measure: item.value for item in delivery.values}


def test_a_right_row_is_read_as_it_stands_and_nothing_is_noticed(wide: Wide) -> None:
    delivery = _only(wide({}))
    values = _values(delivery)
    assert (delivery.key, delivery.name, delivery.cell.row) == ("90000001", "De Linde", 2)
    assert values["staff_cost_base"] == 2_900_000
    assert values["absence_rate"] == Decimal("0.075")
    assert values["clients"] == 60
    assert values["level3_share"] == Decimal("0.4")
    assert values.keys() == {fact.measure for fact in FACTS}
    assert delivery.findings == ()
    assert [place.postcode for place in delivery.locations] == ["6615 AA"]
    place = next(item.cell for item in delivery.values if item.measure == "clients")
    assert (str(place), place.in_words) == ("H2", "rij 2, kolom H")


def test_every_measure_of_the_template_comes_from_a_source() -> None:
    of_others = {"advance_care_planning_share", "urbanity", "address_density", "share_65_plus"}
    assert {item.code for item in CATALOGUE.of_template("zin-personeel")} == {f.measure for f in FACTS} | of_others


def test_years_become_rounds_and_a_year_may_come_from_one_file_only(wide: Wide) -> None:
    path = wide({"jaar": "2021"}, {"jaar": "2019"})
    rounds = personeel.read([path])
    assert [(item.slug, item.currency, item.is_fictitious) for item in rounds] == [
        ("personeel-2019", "EUR", False),
        ("personeel-2021", "EUR", False),
    ]
    assert rounds[0].content == path.read_bytes()
    with pytest.raises(SourceError, match="gaan allebei over 2021"):
        personeel.read([path, wide({"jaar": "2021"}, name="nog.csv")])


def test_a_kvk_number_gets_its_zeros_back(wide: Wide) -> None:
    delivery = _only(wide({"kvk": "1234567"}))
    assert delivery.key == "01234567"
    assert _noticed(delivery) == {"ZIN-L-003": {"written": "1234567", "read": "01234567"}}


@pytest.mark.parametrize("kvk", ["123456789", "ABC", "0", ""])
def test_a_row_without_a_kvk_number_does_not_arrive_and_says_why(wide: Wide, kvk: str) -> None:
    (round,) = personeel.read([wide({}, {"kvk": kvk, "organisatie": "De Wilg"})])
    assert [(item.name, item.cell.row) for item in round.not_arrived] == [("De Wilg", 3)]
    assert "KvK-nummer" in round.not_arrived[0].reason


def test_several_reports_of_one_organisation_are_one_delivery_and_the_largest_is_kept(wide: Wide) -> None:
    delivery = _only(wide({"nClient": "20"}, {"nClient": "100"}, {"nClient": "80", "pc": "1011AB"}))
    assert _values(delivery)["clients"] == 100
    assert _noticed(delivery)["ZIN-L-001"] == {
        "count": "3", "rows": "2, 3, 4", "kept": "3", "clients": "100", "others": "100",
    }  # fmt: skip
    assert [place.postcode for place in delivery.locations] == ["6615 AA", "1011 AB"]


def test_a_missing_block_is_noticed_once_and_other_gaps_together(wide: Wide) -> None:
    delivery = _only(wide({"pkPnil": "NA", "kPnil": "NA", "kVast": "NA", "doorstroom": "nvt", "nStag": ""}))
    assert _values(delivery)["staff_cost_base"] is None
    noticed = _noticed(delivery)
    assert noticed["ZIN-L-005"] == {"block": "Kosten van personeel"}
    assert noticed["ZIN-L-004"] == {"count": "2", "measures": "Stagiairs, Doorstroom naar een ander niveau"}
    assert [item.rule for item in delivery.findings].count("ZIN-L-005") == 1


@pytest.mark.parametrize(
    ("changes", "is_noticed"),
    [
        ({"pVerzuim": "75"}, True),
        ({"pVerzuim": "7.49"}, True),  # 1500 of 20000 is 7.50 ± 0.0025, and rounded once more
        ({"pVerzuim": "7.505"}, False),
        ({"pPnil": "3.1"}, False),  # 2 of 50 may be 1.5 of 50.5
        ({"pPnil": "2.9"}, True),
        ({"niv3": "40.9"}, False),
        ({"niv3": "42"}, True),
        ({"gemContr": "62.5"}, True),
        ({"FTEpCt": "84"}, True),
    ],
)
def test_a_figure_that_does_not_follow_from_numerator_and_denominator_is_noticed(
    wide: Wide, changes: dict[str, str], is_noticed: bool
) -> None:
    assert ("ZIN-L-007" in _noticed(_only(wide(changes)))) is is_noticed


def test_dutch_notation_is_read_as_such(wide: Wide) -> None:
    dutch = {column: text.replace(".", ",") for column, text in RIGHT.items()}
    delivery = _only(wide({**dutch, "kVast": "2.900.000", "kPnil": "145.000"}, delimiter=";"))
    assert _values(delivery) == _values(_only(wide({})))


def test_a_number_that_may_be_two_numbers_refuses_a_file_in_which_both_notations_occur(wide: Wide) -> None:
    with pytest.raises(SourceError, match=r"rij 2, kolom Q: '2.900' is niet te lezen: dit kan .* of .* betekenen"):
        personeel.read([wide({"kVast": "2.900", "nFTE": "50,25"})])


def test_a_post_office_box_is_known_by_its_postcode(wide: Wide, areas: Path) -> None:
    guessed = _noticed(_only(wide({"pc": "6600AC"})))["ZIN-L-002"]
    assert guessed["why"] == "zulke nummers zijn vaak van postbussen"
    known = _only(wide({"pc": "6600AC"}), areas)
    assert _noticed(known)["ZIN-L-002"]["why"] == "het CBS kent daar geen bewoners"
    assert "urbanity" not in _values(known)


def test_circumstances_come_along_with_a_file_of_the_cbs(wide: Wide, areas: Path) -> None:
    delivery = _only(wide({}), areas)
    values = _values(delivery)
    assert (values["urbanity"], values["address_density"], values["share_65_plus"]) == (5, 400, Decimal("0.25"))
    assert str(next(item.cell for item in delivery.values if item.measure == "urbanity")) == "pc4.csv!F2"
    assert delivery.findings == ()


def test_the_long_layout_gives_the_same_facts(long: Callable[..., Path]) -> None:
    delivery = _only(
        long(
            staff_row("1.1", "INID013486", "80.00"),
            staff_row("1.5", "INID013523", "5.00", "145000", "2900000"),
            staff_row("2.1.8.", "INID099999", "11.68", "6", "50"),
            staff_row("5.1", "INID013533", "01.00", "22", "22", Opmerking="Wij zijn   in maart begonnen."),
            staff_row("4.1", "INID013530", "", Indicator_nvt="1"),
        )
    )
    values = _values(delivery)
    assert (delivery.key, [place.postcode for place in delivery.locations]) == ("01234567", ["6615 AA"])
    assert (values["employees"], values["staff_cost_base"], values["clients"]) == (80, 2_900_000, 22)
    assert values["other_care_staff_share"] == Decimal("0.1168")
    noticed = _noticed(delivery)
    assert noticed["ZIN-L-006"] == {"remark": "Wij zijn in maart begonnen."}
    assert noticed["ZIN-L-008"] == {"written": "01.00", "read": "1.00"}
    assert "ZIN-L-007" not in noticed


def test_units_are_locations_and_their_shares_are_weighed_by_residents(long: Callable[..., Path]) -> None:
    path = long(
        staff_row("1.1", "INID013486", "80.00"),
        safety_row("Huize Noord", "6132AC", "100.00", "10", "10"),
        safety_row("Huize Zuid", "6412XW", "50.00", "15", "30"),
        safety_row("Huize West", "1354AC", "", "", "", Indicator_nvt="1"),
        safety_row("Elders", "1354AC", "1", "1", "1", KvkNummer="77777777", OrganisatieNaam="Alleen veiligheid"),
    )
    (round,) = personeel.read([path])
    (delivery,) = round.deliveries
    assert _values(delivery)["advance_care_planning_share"] == Decimal("0.625")
    assert [place.name for place in delivery.locations] == ["Huize Noord", "Huize Zuid", "Huize West"]
    assert [item.name for item in round.not_arrived] == ["Alleen veiligheid"]


def test_figures_for_the_form_carry_their_source(wide: Wide) -> None:
    found = {item.measure: item for item in personeel.figures([wide({})])}
    assert found["absence_rate"].value == Decimal("0.075")
    assert found["absence_rate"].reference == "ps.csv, rij 2: indicator 3.1"
    assert found["qualified_staff_share"].value == Decimal("0.62")
    assert found.keys() == {"absence_rate", "qualified_staff_share"}
    assert {item.source for item in found.values()} == {"Zorginstituut, personeelssamenstelling"}


def test_an_impossible_figure_fills_in_no_form(wide: Wide) -> None:
    assert {item.measure for item in personeel.figures([wide({"pVerzuim": "140", "niv3": "NA"})])} == set()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "geen kop"),
        ("alleen een zin", "geen kop"),
        ("kvk;jaar\n1;2020", "De kolom 'organisatie' ontbreekt"),
        ("a,b\n1,2", "geen bestand met de personeelssamenstelling"),
        ("a,a\n1,2", "staat er twee keer"),
        ("\x00\x01,\x02", "geen tekstbestand"),
    ],
)
def test_another_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=words):
        personeel.read([path])


def test_a_row_of_another_length_an_open_quotation_mark_and_an_empty_table_are_refused(wide: Wide) -> None:
    path = wide({})
    whole = path.read_text(encoding="utf-8")
    for spoiled, words in (
        (whole + "1,2,3\n", "Deze rij heeft 3 cellen"),
        (whole + '"open', "aanhalingsteken"),
        (whole.splitlines()[0] + "\n", "geen enkele rij"),
        (whole.replace(",2020,", ",twintig,"), "hoort een jaar"),
    ):
        path.write_text(spoiled, encoding="utf-8")
        with pytest.raises(SourceError, match=words):
            personeel.read([path])


def test_every_rule_that_is_raised_while_reading_exists_and_its_message_can_be_filled(
    wide: Wide, long: Callable[..., Path]
) -> None:
    paths = [
        wide({"kvk": "1", "pc": "6600AC", "kVast": "NA", "kPnil": "NA", "pkPnil": "NA", "nStag": "NA", "niv3": "9"}),
        wide({}, {"nClient": "7"}, name="twee.csv"),
        long(staff_row("5.1", "INID013533", "01.00", "22", "22", Opmerking="Zie bijlage")),
    ]
    deliveries = [_only(path) for path in paths]
    found = [finding for delivery in deliveries for finding in delivery.findings]
    assert {finding.rule for finding in found} == {f"ZIN-L-00{number}" for number in range(1, 9)}
    for finding in found:
        assert "{" not in rule(finding.rule).message.format_map(finding.details)
