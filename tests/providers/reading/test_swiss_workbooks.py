"""The two published Swiss workbooks arrive whole. The judge is the cleaned table, made of them without this code."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from providers import checks
from providers.workbook.content import ReadDelivery, ReadRound
from providers.workbook.linking import KnownProvider, link
from tests.providers.reading.workbooks import SWISS

# Measure → column of the cleaned table, and what the table's figure is multiplied by.
JUDGED: dict[str, tuple[str, int | Decimal]] = {
    "total_cost": ("total_cost_chf", 1),
    "salaries": ("salaries_chf", 1),
    **{name: (name, 1) for name in (
        "days_long", "days_short", "days_aup", "days_daynight", "care_days", "places_long", "places_short",
        "places_aup", "places_daynight", "clients_long", "care_intensity_index", "mean_age_at_entry",
        "staff_per_1000_days", "qualified_nurses_per_1000_care_days",
    )},
    "length_of_stay_long": ("los_long", 1),
    "staff_fte": ("staff_fte_total", 1),
    "occupancy_long": ("occupancy_long_pct", Decimal("0.01")),
    "nursing_staff_share": ("staff_nursing_pct", Decimal("0.01")),
    "qualified_nursing_share": ("qualified_nursing_pct", Decimal("0.01")),
    "care_cost_share": ("cost_kvg_care_pct", Decimal("0.01")),
    "board_cost_share": ("board_cost_pct", Decimal("0.01")),
    "cost_per_day_published": ("cost_per_day_chf", 1),
    "care_cost_per_care_day": ("kvg_care_cost_per_care_day_chf", 1),
    "board_cost_per_day": ("board_cost_per_day_chf", 1),
    "revenue_total": ("revenue_kchf", 1000),
    "care_fees": ("care_fees_kchf", 1000),
    "subsidies": ("subsidies_kchf", 1000),
    "result": ("result_kchf", 1000),
}  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def table(swiss_files: dict[int, Path]) -> dict[tuple[int, str, str, str], dict[str, str]]:
    with (SWISS / "pflegeheime_2018_2019.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_home = {(int(r["year"]), _plain(r["name"]), _plain(r["street"]), r["postcode"]): r for r in rows}
    assert len(by_home) == 3104
    return by_home


def _row(table: dict[tuple[int, str, str, str], dict[str, str]], year: int, delivery: ReadDelivery) -> dict[str, str]:
    (location,) = delivery.locations
    return table[year, delivery.name, location.street, location.postcode]


@pytest.mark.parametrize(("year", "homes"), [(2018, 1553), (2019, 1551)])
def test_every_home_arrives(swiss_rounds: dict[int, ReadRound], year: int, homes: int) -> None:
    read = swiss_rounds[year]
    assert len(read.deliveries) == homes
    assert read.not_arrived == ()
    assert (read.slug, read.currency, read.is_fictitious) == (f"somed-{year}", "CHF", False)
    assert len({delivery.key for delivery in read.deliveries}) == homes


@pytest.mark.parametrize(("year", "billions", "million_days"), [(2018, "10.3", "33.7"), (2019, "10.5", "33.9")])
def test_national_totals_are_the_published_ones(
    swiss_rounds: dict[int, ReadRound], year: int, billions: str, million_days: str
) -> None:
    values = [value for delivery in swiss_rounds[year].deliveries for value in delivery.values]
    cost = sum(value.value or 0 for value in values if value.measure == "total_cost")
    stay = sum(value.value or 0 for value in values if value.measure in ("days_long", "days_short", "days_aup"))
    assert f"{cost / 10**9:.1f}" == billions
    assert f"{stay / 10**6:.1f}" == million_days


@pytest.mark.parametrize("year", [2018, 2019])
def test_every_figure_of_every_home_is_the_one_in_the_cleaned_table(
    swiss_rounds: dict[int, ReadRound], table: dict[tuple[int, str, str, str], dict[str, str]], year: int
) -> None:
    read = swiss_rounds[year]
    assert set(read.measures) == set(JUDGED)
    differing: list[str] = []
    compared = 0
    for delivery in read.deliveries:
        row = _row(table, year, delivery)
        for value in delivery.values:
            column, factor = JUDGED[value.measure]
            compared += 1
            if row[column] == "" or value.value is None:
                same = row[column] == "" and value.value is None
            else:
                # The table rounds figures that are no money to four decimals.
                tolerance = (
                    Decimal("0.00006") * factor if value.measure not in ("total_cost", "salaries") else Decimal("0.5")
                )
                same = abs(value.value - Decimal(row[column]) * factor) <= tolerance
            if not same:
                differing.append(f"{value.cell} {value.measure}: {value.value} against {row[column]!r}")
    assert compared == len(read.deliveries) * len(JUDGED)
    assert differing == []


def test_money_keeps_its_centimes(swiss_rounds: dict[int, ReadRound]) -> None:
    first = {value.measure: value for value in swiss_rounds[2018].deliveries[0].values}
    assert first["total_cost"].value == Decimal("22848794.00")  # the file says 22848.794000000005 thousand
    assert str(first["total_cost"].cell) == "DEUTSCH!AU4"
    assert first["salaries"].value == Decimal("17457289.00")


def test_a_home_keeps_its_place_in_the_file_and_its_address(swiss_rounds: dict[int, ReadRound]) -> None:
    home = swiss_rounds[2019].deliveries[0]
    assert (home.name, home.area, home.legal_form) == ("Pflegezentrum Süssbach AG", "AG", "Aktiengesellschaft")
    (location,) = home.locations
    assert (location.street, location.postcode, location.place) == ("Fröhlichstrasse 7", "5200", "Brugg")
    assert str(home.cell) == "DEUTSCH!A3"


def test_the_key_can_be_made_again_from_name_street_and_postcode(swiss_rounds: dict[int, ReadRound]) -> None:
    for read in swiss_rounds.values():
        for delivery in read.deliveries:
            (location,) = delivery.locations
            text = f"{delivery.name}|{location.street}|{location.postcode}"
            assert delivery.key == delivery.area + hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]


def test_homes_without_a_street_have_none_in_either_year(swiss_rounds: dict[int, ReadRound]) -> None:
    for read in swiss_rounds.values():
        without = [delivery for delivery in read.deliveries if not delivery.locations[0].street]
        assert len(without) == 27
        assert all(any(finding.rule == "SOMED-L-006" for finding in delivery.findings) for delivery in without)


def test_homes_are_recognised_in_the_other_year(
    swiss_rounds: dict[int, ReadRound], table: dict[tuple[int, str, str, str], dict[str, str]]
) -> None:
    known = [KnownProvider(delivery.key, delivery.link_by) for delivery in swiss_rounds[2018].deliveries]
    links = link(known, swiss_rounds[2019].deliveries)
    units = {
        delivery.key: _row(table, year, delivery)["unit_id"]
        for year, read in swiss_rounds.items()
        for delivery in read.deliveries
    }
    assert len(links) == 1504
    assert len(set(links.values())) == 1504
    assert [(new, old) for new, old in links.items() if units[new] != units[old]] == []


@pytest.mark.parametrize(("first", "second"), [(2018, 2019), (2019, 2018)])
def test_the_same_homes_are_recognised_in_either_order_and_when_a_file_comes_again(
    swiss_rounds: dict[int, ReadRound], first: int, second: int
) -> None:
    known = {delivery.key: set(delivery.link_by) for delivery in swiss_rounds[first].deliveries}
    links: list[dict[str, str]] = []
    for year in (second, second, first):
        deliveries = swiss_rounds[year].deliveries
        links.append(link([KnownProvider(key, tuple(sorted(by))) for key, by in known.items()], deliveries))
        for delivery in deliveries:
            known.setdefault(links[-1].get(delivery.key, delivery.key), set()).update(delivery.link_by)
    once, again, back = links
    assert len(once) == 1504
    assert len(again) == len(swiss_rounds[second].deliveries)  # every home is known now
    assert {new: old for new, old in again.items() if new != old} == {
        new: old for new, old in once.items() if new != old
    }
    assert all(new == old for new, old in back.items())
    assert len(known) == 1553 + 1551 - 1504


def test_what_a_mark_was_read_as_is_said_per_home(swiss_rounds: dict[int, ReadRound]) -> None:
    read = swiss_rounds[2018]
    found = [item.message for item in checks.check(read.deliveries[0], read) if item.rule.code == "SOMED-L-001"]
    assert found == ["Een streepje is gelezen als 0 in I4, J4, N4, BL4 (aantal cellen: 4)."]
    values = {value.measure: value for value in read.deliveries[0].values}
    assert (values["days_aup"].value, values["days_aup"].raw) == (Decimal(0), "-")


def test_the_checks_find_the_peculiarities_that_the_cleaned_table_names(
    swiss_rounds: dict[int, ReadRound], table: dict[tuple[int, str, str, str], dict[str, str]]
) -> None:
    names = {
        "SOMED-K-002": "salaries_gt_total",
        "SOMED-K-003": "cost_per_day_outside_100_1000",
        "SOMED-P-002": "occupancy_gt_105",
        "SOMED-P-003": "long_days_lt_half_capacity",
    }
    found: set[tuple[int, str, str]] = set()
    expected: set[tuple[int, str, str]] = set()
    for year, read in swiss_rounds.items():
        for delivery in read.deliveries:
            codes = {item.rule.code for item in checks.check(delivery, read)}
            found |= {(year, delivery.key, names[code]) for code in codes & names.keys()}
            flags = _row(table, year, delivery)["quality_flags"].split(";")
            expected |= {(year, delivery.key, flag) for flag in flags if flag in names.values()}
    assert found == expected
    assert Counter(flag for _, _, flag in found) == {
        "salaries_gt_total": 86,
        "occupancy_gt_105": 69,
        "long_days_lt_half_capacity": 33,
        "cost_per_day_outside_100_1000": 4,
    }


def test_the_published_cost_per_day_follows_from_cost_and_days_everywhere(swiss_rounds: dict[int, ReadRound]) -> None:
    codes = {
        item.rule.code for read in swiss_rounds.values() for d in read.deliveries for item in checks.check(d, read)
    }
    assert "SOMED-K-004" not in codes
