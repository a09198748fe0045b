"""Circumstances by postcode: each location counts once, and a share of 65-plus is never passed off as one of 75-plus."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from providers.workbook.content import ReadLocation, SourceError, SourceFigure
from providers.workbook.sources import cbs


def _figures(path: Path, *postcodes: str) -> dict[str, SourceFigure]:
    places = {("kvk", "90000001"): [ReadLocation(postcode=postcode) for postcode in postcodes]}
    return {item.measure: item for item in cbs.figures([path], places, book_year=2024)}


def test_one_location_has_the_figures_of_its_area(areas: Path) -> None:
    found = _figures(areas, "1011 AB")
    assert {measure: item.value for measure, item in found.items()} == {
        "urbanity": 1,
        "address_density": 7039,
        "share_65_plus": Decimal("0.183411"),
    }
    assert found["urbanity"].reference == "pc4.csv: postcode 1011"
    assert "share_75_plus" not in found


def test_more_locations_have_the_plain_mean_and_a_class_is_rounded(areas: Path) -> None:
    found = _figures(areas, "1011 AB", "6615 AA", "6615 AB", "2222 ZZ")
    assert found["urbanity"].value == 4  # (1 + 5 + 5 + 3) / 4 = 3.5
    assert found["address_density"].value == Decimal("2259.75")
    assert found["share_65_plus"].value == Decimal("0.227804")  # 2222 has none: the mean of the other three
    assert found["urbanity"].reference == "pc4.csv: postcode 1011, 2222, 6615, gemiddelde van 4 locaties"


def test_a_box_counts_as_no_location(areas: Path) -> None:
    assert _figures(areas, "6600 AC", "6615 AA")["urbanity"].value == 5
    assert _figures(areas, "6600 AC") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pc4,inwoner\n1011,5\n", "geen bestand met kerncijfers"),
        ("pc4,inwoner,inw_65pl,oad,sted\n101,5,5,5,5\n", "geen postcode van vier cijfers"),
        ("pc4,inwoner,inw_65pl,oad,sted\n1011,5,5,5,5\n1011,5,5,5,5\n", "staat er twee keer"),
        ("pc4,inwoner,inw_65pl,oad,sted\n1011,veel,5,5,5\n", "'veel' is niet te lezen"),
    ],
)
def test_another_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "pc4.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=words):
        _figures(path, "1011 AB")
