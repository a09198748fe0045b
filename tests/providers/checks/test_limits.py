"""Every limit of a rule stands where the rule says: one step inside it nothing is said, one step beyond it is.

Worked out by hand from the good figures: € 10,000,000 and 32,000 days now, 31,300 days the year before; € 12,130,000 ties to
the accounts. ``None`` for the year before: there is none.
"""

from __future__ import annotations

import pytest

from tests.providers.checks.deliveries import Changes, codes, findings

FEW_DAYS = {"days_5vv_with_treatment": "3000", "days_4vv": "3000"}
NO_COST = {"revenues_as_negative_cost": "0", "accounts_other_activities": "0", "accounts_differences": "0"}
TREATED = "days_5vv_with_treatment"


def days(treated: int, untreated: int) -> Changes:
    return {TREATED: str(treated), "days_4vv": str(untreated)}


def round_costs(*rounded: str, others: int) -> Changes:
    """Round amounts at these lines, ``others`` lines that are not round, nothing at the rest."""
    lines = ["care_staff_employed", "care_staff_hired", "treatment", "food_and_hotel_services", "housing_controllable"]
    lines += ["overhead", "other_costs", "housing_nhc", "inventory_nic"]
    rest = [line for line in lines if line not in rounded]
    amounts = dict.fromkeys(rest, "0") | {line: f"{number + 2}000" for number, line in enumerate(rounded)}
    return amounts | {line: f"1234{number}" for number, line in enumerate(rest[:others])}


Side = tuple[Changes, Changes | None]
# name → rule, where it is silent, where it speaks
LIMITS: dict[str, tuple[str, Side, Side]] = {
    # 1 + 0.05 % of the total
    "sum": ("IV-K-002", ({"total_cost": "10005003.4"}, None), ({"total_cost": "10005003.6"}, None)),
    "impossibly cheap": ("IV-K-003", ({"total_cost": "1920000"}, None), ({"total_cost": "1919999"}, None)),
    "impossibly dear": ("IV-K-003", ({"total_cost": "38400000"}, None), ({"total_cost": "38400001"}, None)),
    "cheap": ("IV-K-004", ({"total_cost": "5760000"}, None), ({"total_cost": "5759999"}, None)),
    "dear": ("IV-K-004", ({"total_cost": "19200000"}, None), ({"total_cost": "19200001"}, None)),
    "hired": (
        "IV-K-006",
        ({"care_staff_employed": "6500", "care_staff_hired": "3500"}, None),
        ({"care_staff_employed": "6500", "care_staff_hired": "3501"}, None),
    ),
    "round lines": (
        "IV-K-007",
        (round_costs("treatment", "overhead", "housing_nhc", others=0), None),
        (round_costs("treatment", "overhead", "housing_nhc", "inventory_nic", others=0), None),
    ),
    "part of the lines": (
        "IV-K-007",
        (round_costs("treatment", "overhead", "housing_nhc", "inventory_nic", others=2), None),
        (round_costs("treatment", "overhead", "housing_nhc", "inventory_nic", others=1), None),
    ),
    "same amount": (
        "IV-K-008",
        ({"overhead": "9999.99", "treatment": "9999.99"}, None),
        ({"overhead": "10000", "treatment": "10000"}, None),
    ),
    "cost per job, low": ("IV-K-010", ({"staff_fte_care": "260"}, None), ({"staff_fte_care": "260.1"}, None)),
    "cost per job, high": ("IV-K-010", ({"staff_fte_care": "43.34"}, None), ({"staff_fte_care": "43.33"}, None)),
    # 366 days in each of 100 places, and a twentieth
    "occupancy": (
        "IV-P-002",
        ({"places": "100", **days(20000, 18430)}, None),
        ({"places": "100", **days(20000, 18431)}, None),
    ),
    "round days": (
        "IV-P-003",
        ({"days_6vv": "300", "days_7vv": "400", "days_8vv": "501", "days_9vv": "602"}, None),  # four of six
        ({"days_6vv": "300", "days_7vv": "401"}, None),  # three of four
    ),
    "same days": (
        "IV-P-004",
        ({"days_6vv": "999", "days_7vv": "999"}, None),
        ({"days_6vv": "1000", "days_7vv": "1000"}, None),
    ),
    "staff per resident, low": ("IV-P-005", ({"staff_fte_care": "17.54"}, None), ({"staff_fte_care": "17.53"}, None)),
    "staff per resident, high": (
        "IV-P-005",
        ({"staff_fte_care": "263.01"}, None),
        ({"staff_fte_care": "263.02"}, None),
    ),
    "cost line": (
        "IV-J-001",
        ({}, {"care_staff_employed": "3428642"}),
        ({}, {"care_staff_employed": "3428641"}),
    ),
    "cost line beside the total": (
        "IV-J-001",
        ({}, {"food_and_hotel_services": "599651"}),
        ({}, {"food_and_hotel_services": "599650"}),
    ),
    "days of a profile": ("IV-J-002", ({"days_4vv": "5900"}, {}), ({"days_4vv": "5899"}, {})),
    "days beside all days": (
        "IV-J-002",
        ({"days_10vv": "3556"}, {"days_10vv": "1"}),
        ({"days_10vv": "3557"}, {"days_10vv": "1"}),
    ),
    "all days": ("IV-J-003", (days(25560, 12000), {}), (days(25561, 12000), {})),
    "cost per day": ("IV-J-004", ({}, {"total_cost": "7825000"}), ({}, {"total_cost": "7824999"})),
    "points": (
        "IV-J-005",
        ({}, {"qualified_staff_share": "0.45"}),
        ({}, {"qualified_staff_share": "0.449"}),
    ),
    # two of eight, three of eight
    "copied lines": (
        "IV-J-006",
        (
            {"treatment": "0", "housing_controllable": "0", "inventory_nic": "0"},
            {"overhead": "299789", "housing_nhc": "800017"},
        ),
        (
            {"treatment": "0", "housing_controllable": "0", "inventory_nic": "0"},
            {"overhead": "299789", "housing_nhc": "800017", "care_staff_employed": "6000123"},
        ),
    ),
    # three of thirteen, three of twelve
    "copied part": (
        "IV-J-006",
        (
            {"days_6vv": "501", "days_7vv": "502"},
            {"days_6vv": "503", "days_7vv": "504", "overhead": "299789", "treatment": "800350", "days_4vv": "12000"},
        ),
        (
            {"days_6vv": "501"},
            {"days_6vv": "503", "overhead": "299789", "treatment": "800350", "days_4vv": "12000"},
        ),
    ),
    "copied small figure": (
        "IV-J-006",
        ({"days_6vv": "99"}, {"days_6vv": "99", "overhead": "299789", "treatment": "800350"}),
        ({"days_6vv": "100"}, {"days_6vv": "100", "overhead": "299789", "treatment": "800350"}),
    ),
    "new profile": (
        "IV-J-007",
        ({**FEW_DAYS, "days_10vv": "364"}, FEW_DAYS),
        ({**FEW_DAYS, "days_10vv": "365"}, FEW_DAYS),
    ),
    "new profile beside all days": ("IV-J-007", ({"days_10vv": "1684"}, {}), ({"days_10vv": "1685"}, {})),
    "lost profile": (
        "IV-J-008",
        (FEW_DAYS, {**FEW_DAYS, "days_10vv": "364"}),
        (FEW_DAYS, {**FEW_DAYS, "days_10vv": "365"}),
    ),
    "lost profile beside all days": ("IV-J-008", ({}, {"days_10vv": "1647"}), ({}, {"days_10vv": "1648"})),
    "nearly swapped": (
        "IV-J-009",
        ({"days_4vv": "0", "days_6vv": "7499"}, {"days_4vv": "10000"}),
        ({"days_4vv": "0", "days_6vv": "7500"}, {"days_4vv": "10000"}),
    ),
    "swapped, but much alike": (
        "IV-J-009",
        ({"days_4vv": "4286", "days_6vv": "10000"}, {"days_4vv": "10000", "days_6vv": "4286"}),
        ({"days_4vv": "4285", "days_6vv": "10000"}, {"days_4vv": "10000", "days_6vv": "4285"}),
    ),
    "swapped, but few": (
        "IV-J-009",
        ({"days_9vv": "1684"}, {"days_10vv": "1684"}),
        ({"days_9vv": "1685"}, {"days_10vv": "1685"}),
    ),
    "comma": ("IV-J-010", ({}, {"places": "7.49"}), ({}, {"places": "7.5"})),
    "comma in a small amount": (
        "IV-J-010",
        ({"other_costs": "199999"}, {"other_costs": "19999.9"}),
        ({"other_costs": "200000"}, {"other_costs": "20000"}),
    ),
    "new line beside the total": (
        "IV-J-011",
        ({"overhead": "199999"}, {"overhead": "0"}),
        ({"overhead": "200000"}, {"overhead": "0"}),
    ),
    "new line": (
        "IV-J-011",
        ({"total_cost": "100000", "overhead": "9999"}, {"total_cost": "100000", "overhead": "0"}),
        ({"total_cost": "100000", "overhead": "10000"}, {"total_cost": "100000", "overhead": "0"}),
    ),
    "treatment nearly swapped": (
        "IV-J-012",
        (days(3001, 6999), days(8000, 2000)),
        (days(3000, 7000), days(8000, 2000)),
    ),
    "treatment swapped, but much alike": (
        "IV-J-012",
        (days(4000, 6000), days(6000, 4000)),
        (days(3999, 6001), days(6000, 4000)),
    ),
    "share with treatment": (
        "IV-J-013",
        (days(6500, 3500), days(5000, 5000)),
        (days(6501, 3499), days(5000, 5000)),
    ),
    # 0.05 % of the accounts
    "accounts": ("IV-A-001", ({"accounts_total_cost": "12136068"}, None), ({"accounts_total_cost": "12136069"}, None)),
    "small accounts": (
        "IV-A-001",
        ({**NO_COST, "total_cost": "1000", "accounts_total_cost": "1001"}, None),
        ({**NO_COST, "total_cost": "1000", "accounts_total_cost": "1001.1"}, None),
    ),
    "other differences": (
        "IV-A-004",
        ({"accounts_total_cost": "12000000", "accounts_differences": "240000"}, None),
        ({"accounts_total_cost": "12000000", "accounts_differences": "240001"}, None),
    ),
    "thousands": (
        "IV-A-005",
        ({"accounts_total_cost": "12154.309"}, None),
        ({"accounts_total_cost": "12154.308"}, None),
    ),
    "small thousands": (
        "IV-A-005",
        ({**NO_COST, "total_cost": "100000", "accounts_total_cost": "101.001"}, None),
        ({**NO_COST, "total_cost": "100000", "accounts_total_cost": "101"}, None),
    ),
    "sign": (
        "IV-A-006",
        ({"accounts_differences": "-30000", "accounts_total_cost": "12136069"}, None),
        ({"accounts_differences": "-30000", "accounts_total_cost": "12136068"}, None),
    ),
    "small sign": (
        "IV-A-006",
        (
            {**NO_COST, "total_cost": "1000", "accounts_differences": "-100", "accounts_total_cost": "1101.1"},
            None,
        ),
        ({**NO_COST, "total_cost": "1000", "accounts_differences": "-100", "accounts_total_cost": "1101"}, None),
    ),
    "revenues": ("IV-A-007", ({"accounts_total_cost": "12036019"}, None), ({"accounts_total_cost": "12036018"}, None)),
    "small revenues": (
        "IV-A-007",
        (
            {**NO_COST, "revenues_as_negative_cost": "-100", "total_cost": "900", "accounts_total_cost": "901.1"},
            None,
        ),
        ({**NO_COST, "revenues_as_negative_cost": "-100", "total_cost": "900", "accounts_total_cost": "901"}, None),
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_step_inside_the_limit_nothing_is_said_and_a_step_beyond_it_is(name: str) -> None:
    code, (silent, before), (speaks, before_too) = LIMITS[name]
    assert code not in codes(findings("iv-2", silent, before=before))
    assert code in codes(findings("iv-2", speaks, before=before_too))
