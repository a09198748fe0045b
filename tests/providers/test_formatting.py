"""What a reader would see go wrong in a figure or a date."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from django.template import Context, Engine

from providers.formatting import (
    MISSING,
    format_date,
    format_datetime,
    format_duration,
    format_million,
    format_money,
    format_number,
    format_percent,
)

NOTHING_TO_SHOW = [
    None,
    "",
    float("nan"),
    float("inf"),
    -float("inf"),
    Decimal("NaN"),
    Decimal("-Infinity"),
    np.nan,
]


@pytest.mark.parametrize("nothing", NOTHING_TO_SHOW, ids=repr)
@pytest.mark.parametrize(
    "write",
    [format_number, format_money, format_million, format_percent, format_duration],
    ids=lambda f: f.__name__,
)
def test_a_missing_figure_is_a_dash_and_never_nan(write, nothing):
    assert write(nothing) == "–"


@pytest.mark.parametrize(
    ("amount", "decimals", "shown"),
    [
        (26312480, 0, "€\u00a026.312.480"),
        (Decimal("26312479.50"), 0, "€\u00a026.312.480"),
        (Decimal("26312479.49"), 0, "€\u00a026.312.479"),
        (Decimal("287.465"), 2, "€\u00a0287,47"),
        (0.285, 2, "€\u00a00,29"),
        (999, 0, "€\u00a0999"),
        (1000, 0, "€\u00a01.000"),
        (0, 2, "€\u00a00,00"),
        (-1234, 0, "€\u00a0−1.234"),
        ("1234.5", 2, "€\u00a01.234,50"),
        (np.float64(1234.5), 2, "€\u00a01.234,50"),
        (np.int64(1234), 0, "€\u00a01.234"),
    ],
)
def test_an_amount_is_written_in_full_with_dutch_separators(amount, decimals, shown):
    assert format_money(amount, decimals=decimals) == shown


def test_what_rounds_to_zero_carries_no_minus_sign():
    assert format_money(Decimal("-0.4")) == "€\u00a00"
    assert format_percent(Decimal("-0.0001")) == "0,0\u00a0%"


def test_a_swiss_amount_is_not_shown_in_euros():
    assert format_money(1234, currency="CHF") == "CHF\u00a01.234"
    assert format_million(2_640_000, currency="CHF") == "CHF\u00a02,6\u00a0mln"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (26312480, "€\u00a026,3\u00a0mln"),
        (26350000, "€\u00a026,4\u00a0mln"),
        (-2_100_000, "€\u00a0−2,1\u00a0mln"),
        (6_512_000_000, "€\u00a06,5\u00a0mld"),
        (1_000_000, "€\u00a01,0\u00a0mln"),
        (999_500, "€\u00a01,0\u00a0mln"),
        (999_499, "€\u00a0999.000"),
        (412_345, "€\u00a0412.000"),
        (-412_345, "€\u00a0−412.000"),
        (9_480, "€\u00a09.480"),
    ],
)
def test_a_sentence_shows_millions_and_small_amounts_keep_their_meaning(amount, shown):
    assert format_million(amount) == shown


@pytest.mark.parametrize(
    ("ratio", "decimals", "shown"),
    [
        (Decimal("0.926"), 1, "92,6\u00a0%"),
        (0.9265, 1, "92,7\u00a0%"),
        (1, 1, "100,0\u00a0%"),
        (1, 0, "100\u00a0%"),
        (-0.074, 1, "−7,4\u00a0%"),
        (12.5, 1, "1.250,0\u00a0%"),
    ],
)
def test_a_ratio_is_written_as_a_percentage(ratio, decimals, shown):
    assert format_percent(ratio, decimals=decimals) == shown


def test_text_that_is_no_number_is_a_mistake_and_not_a_dash():
    with pytest.raises(ValueError, match="onbekend"):
        format_number("onbekend")


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (dt.datetime(2024, 5, 14, 21, 59, tzinfo=dt.UTC), "14 mei 2024 om 23.59 uur"),
        (
            dt.datetime(2024, 1, 14, 22, 59, tzinfo=dt.UTC),
            "14 januari 2024 om 23.59 uur",
        ),
        (
            dt.datetime(2024, 12, 31, 23, 30, tzinfo=dt.UTC),
            "1 januari 2025 om 0.30 uur",
        ),
        (dt.datetime(2024, 3, 31, 1, 0, tzinfo=dt.UTC), "31 maart 2024 om 3.00 uur"),
    ],
)
def test_a_deadline_is_shown_in_dutch_time_in_summer_and_winter(moment, shown):
    assert format_datetime(moment) == shown


def test_a_day_just_before_midnight_in_utc_is_the_next_day_in_amsterdam():
    assert format_date(dt.datetime(2024, 5, 14, 22, 30, tzinfo=dt.UTC)) == "15 mei 2024"
    assert format_date(dt.date(2024, 8, 1)) == "1 augustus 2024"


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        format_datetime(dt.datetime(2024, 5, 14, 23, 59))


def test_no_moment_is_a_dash():
    assert format_date(None) == format_datetime(None) == MISSING


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (2.44, "2,4\u00a0s"),
        (59.94, "59,9\u00a0s"),
        (59.96, "1\u00a0min 0\u00a0s"),
        (72, "1\u00a0min 12\u00a0s"),
        (11_100, "3\u00a0uur 5\u00a0min"),
    ],
)
def test_a_duration_reads_as_people_say_it(seconds, shown):
    assert format_duration(seconds) == shown


def rendered(source: str, **context: object) -> str:
    engine = Engine(libraries={"dutch": "ivportal.templatetags.dutch"})
    return engine.from_string("{% load dutch %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ cost|euro }}", "€\u00a026.312.480"),
        ("{{ tariff|euro:2 }}", "€\u00a0287,40"),
        ("{{ cost|money:currency }}", "CHF\u00a026.312.480"),
        ("{{ tariff|money_cents:currency }}", "CHF\u00a0287,40"),
        ("{{ cost|money:nothing }}", "€\u00a026.312.480"),
        ("{{ cost|million }}", "€\u00a026,3\u00a0mln"),
        ("{{ cost|million:currency }}", "CHF\u00a026,3\u00a0mln"),
        ("{{ score|percent }}", "92,6\u00a0%"),
        ("{{ score|percent:0 }}", "93\u00a0%"),
        ("{{ cost|number }}", "26.312.480"),
        ("{{ difference|magnitude|million }}", "€\u00a02,1\u00a0mln"),
        ("{{ nothing|magnitude|million }}", "–"),
        ("{{ not_given|euro }}", "–"),
        ("{{ moment|dutch_datetime }}", "14 mei 2024 om 23.59 uur"),
        ("{{ moment|dutch_date }}", "14 mei 2024"),
        ("{{ nothing|dutch_datetime }}", "–"),
        ("{{ not_given|dutch_date }}", "–"),
        ("{{ seconds|duration }}", "2,4\u00a0s"),
    ],
)
def test_a_page_shows_figures_through_the_filters(source, shown):
    context = {
        "cost": Decimal(26312480),
        "tariff": Decimal("287.4"),
        "currency": "CHF",
        "score": 0.926,
        "difference": Decimal(-2100000),
        "nothing": None,
        "moment": dt.datetime(2024, 5, 14, 21, 59, tzinfo=dt.UTC),
        "seconds": 2.44,
    }
    assert rendered(source, **context) == shown
