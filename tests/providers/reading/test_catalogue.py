"""The measure files: every one is complete, and a mistake in one is named with the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from providers.measures import CATALOGUE, Catalogue, CatalogueError, read_measure
from providers.reference import region_rows
from providers.workbook.sources.somed_columns import FIGURES

GOOD = {
    "label": '"Totale kosten"',
    "description": '"Alles."',
    "why": '"Daarom."',
    "unit": '"money"',
    "kind": '"cost_total"',
    "decimals": "2",
    "templates": '["iv-1"]',
    "order": "10",
    "source": '"Bron"',
    "checked_by": '"rol"',
    "next_review": "2026-09-01",
}


def _file(folder: Path, changes: Mapping[str, str | None] = GOOD, name: str = "total_cost.toml") -> Path:
    path = folder / name
    fields = {**GOOD, **changes}
    path.write_text(
        "\n".join(f"{key} = {value}" for key, value in fields.items() if value is not None), encoding="utf-8"
    )
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    assert read_measure(_file(tmp_path)).code == "total_cost"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"why": None}, "misses why"),
        ({"colour": '"red"'}, "unknown fields colour"),
        ({"unit": '"euro"'}, "unit is 'euro'"),
        ({"kind": '"costs"'}, "kind is 'costs'"),
        ({"label": '" "'}, "label must be a text"),
        ({"order": "-1"}, "order must be"),
        ({"decimals": "true"}, "decimals must be"),
        ({"next_review": '"soon"'}, "next_review"),
        ({"templates": "[]"}, "templates"),
        ({"templates": '["iv-9"]'}, "templates"),
        ({"minimum": "0.1"}, "written as text"),
        ({"minimum": '"x"'}, "not a number"),
        ({"minimum": '"5"', "maximum": '"1"'}, "bounds must go up"),
        ({"harder": '"higher"'}, "environment"),
        ({"unit": "{"}, "not TOML"),
    ],
)
def test_a_mistake_is_named_with_the_file(tmp_path: Path, changes: dict[str, str | None], words: str) -> None:
    with pytest.raises(CatalogueError, match=r"total_cost\.toml: .*" + re.escape(words)):
        read_measure(_file(tmp_path, changes))


def test_two_measures_with_one_label_are_refused(tmp_path: Path) -> None:
    _file(tmp_path)
    _file(tmp_path, name="other.toml")
    with pytest.raises(CatalogueError, match="same label"):
        Catalogue(tmp_path)["total_cost"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no measure files"):
        len(Catalogue(tmp_path))


def test_every_measure_of_the_swiss_template_has_a_column_and_the_other_way_round() -> None:
    assert {measure.code for measure in CATALOGUE.of_template("somed")} == {column.field for column in FIGURES}


def test_the_fourteen_products_are_there() -> None:
    products = [measure.code for measure in CATALOGUE.of_template("iv-1", "days")]
    assert len(products) == 14
    assert products[:3] == ["days_4vv_with_treatment", "days_4vv", "days_5vv_with_treatment"]
    assert products[-4:] == ["days_9vv_with_treatment", "days_9vv", "days_10vv_with_treatment", "days_10vv"]


def test_every_code_is_a_name_that_fits_everywhere() -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{2,59}", code) for code in CATALOGUE)


def test_there_are_31_regions_and_friesland_has_two_codes() -> None:
    rows = region_rows()
    assert len(rows) == 32
    assert [(row["code"], row["same_as"]) for row in rows if row["same_as"]] == [("5533", "5502")]
    assert all(re.fullmatch(r"55\d\d", row["code"]) and row["name"] and row["executor"] and row["note"] for row in rows)
