"""From minimum costs to a bandwidth: worked examples by hand, and promises that hold for every provider.

The judge works in exact fractions and in whole cents; it shares no line with ``tariffs.bandwidth``.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tariffs.bandwidth import (
    REASONS,
    Bandwidth,
    Costs,
    ProductTariff,
    Rules,
    Tariff,
    bandwidth,
    minimum_and_maximum,
    product_tariff,
)

TEN_PERCENT = Rules(markup=Decimal("0.10"))


def costs(score: str = "0.85", comparable: str = "1000000", fixed: str = "0", allowance: str = "100000") -> Costs:
    return Costs(
        score=Decimal(score), comparable=Decimal(comparable), fixed=Decimal(fixed), allowance=Decimal(allowance)
    )


def table(**amounts: str) -> dict[str, Tariff]:
    return {product: Tariff(Decimal(amount)) for product, amount in amounts.items()}


def without_housing(**amounts: str) -> dict[str, Tariff]:
    return {product: Tariff(Decimal(amount), includes_housing=False) for product, amount in amounts.items()}


def made(
    costs: Costs | None = None,
    rules: Rules = TEN_PERCENT,
    days: dict[str, str] | None = None,
    book: dict[str, Tariff] | None = None,
    year: dict[str, Tariff] | None = None,
) -> Bandwidth:
    return bandwidth(
        costs=costs,
        rules=rules,
        days={product: Decimal(number) for product, number in (days or {}).items()},
        book_year_tariffs=book,
        tariff_year_tariffs=year,
    )


def ends(found: Bandwidth) -> dict[str, tuple[str, str]]:
    return {item.product: (str(item.lower), str(item.upper)) for item in found.products}


# ── money ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_provider_with_a_score_of_85_percent_reads_these_two_amounts() -> None:
    # 0.85 × 1,000,000 + 100,000 = 950,000; 950,000 × 1.10 = 1,045,000
    assert minimum_and_maximum(costs(), TEN_PERCENT) == (Decimal("950000.00"), Decimal("1045000.00"))


def test_the_allowance_is_not_marked_up_when_the_policy_says_so() -> None:
    # 850,000 × 1.10 + 100,000
    rules = Rules(markup=Decimal("0.10"), marks_up_allowances=False)
    assert minimum_and_maximum(costs(), rules) == (Decimal("950000.00"), Decimal("1035000.00"))


def test_costs_that_cannot_be_reduced_are_not_reduced_by_the_score() -> None:
    # C = 1,000,000 of which 300,000 fixed: 0.5 × 700,000 + 300,000 + 100,000 = 750,000; × 1.10 = 825,000
    assert minimum_and_maximum(costs("0.5", fixed="300000"), TEN_PERCENT) == (
        Decimal("750000.00"),
        Decimal("825000.00"),
    )


def test_half_a_cent_is_rounded_up() -> None:
    # 0.500001 × 10,000 = 5,000.01; 0.50 × 0.01 = 0.005 → 0.01
    assert minimum_and_maximum(costs("0.5", "0.01", allowance="0"), Rules(markup=Decimal(0))) == (
        Decimal("0.01"),
        Decimal("0.01"),
    )
    assert minimum_and_maximum(costs("0.500001", "10000", allowance="0"), Rules(markup=Decimal(0))) == (
        Decimal("5000.01"),
        Decimal("5000.01"),
    )


def test_who_is_efficient_has_a_minimum_equal_to_the_own_costs() -> None:
    assert minimum_and_maximum(costs("1", "1234567.89", allowance="0.11"), TEN_PERCENT)[0] == Decimal("1234568.00")


# ── tariffs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_worked_example_within_the_maximum_tariffs() -> None:
    # C 1,000,000, A 100,000, score 0.60: minimum 700,000, maximum 770,000.
    # Reference 2,000 × 300 + 1,000 × 400.10 = 1,000,100; rates 0.69993000699… and 0.76992300769…
    # 5VV: 209.979… → 209.98 and 230.976… → 230.97; 7VV: 280.041… → 280.05 and 308.046… → 308.04
    prices = table(days_5vv="300.00", days_7vv="400.10")
    found = made(costs("0.60"), days={"days_5vv": "2000", "days_7vv": "1000"}, book=prices, year=prices)
    assert (found.status, found.reason) == ("within", "")
    assert (found.minimum_cost, found.maximum_cost, found.reference) == (
        Decimal("700000.00"),
        Decimal("770000.00"),
        Decimal("1000100.00"),
    )
    assert (found.minimum_rate, found.maximum_rate) == (Decimal("0.699930007"), Decimal("0.769923008"))
    assert (found.lower_rate, found.upper_rate) == (found.minimum_rate, found.maximum_rate)
    assert ends(found) == {"days_5vv": ("209.98", "230.97"), "days_7vv": ("280.05", "308.04")}


def test_the_upper_end_stops_at_the_maximum_tariff_and_the_uncapped_rate_is_kept() -> None:
    # Minimum 950,000 / 1,000,100 = 0.94990500949…; maximum 1,045,000 / 1,000,100 = 1.04489551…
    prices = table(days_5vv="300.00", days_7vv="400.10")
    found = made(costs(), days={"days_5vv": "2000", "days_7vv": "1000"}, book=prices, year=prices)
    assert (found.status, found.reason) == ("capped", "")
    assert (found.maximum_rate, found.upper_rate) == (Decimal("1.044895510"), Decimal("1.000000000"))
    assert ends(found) == {"days_5vv": ("284.98", "300.00"), "days_7vv": ("380.06", "400.10")}


def test_a_minimum_above_the_maximum_tariff_is_one_point_with_the_reason_beside_it() -> None:
    prices = table(days_5vv="300.00")
    found = made(costs("1"), days={"days_5vv": "3000"}, book=prices, year=prices)
    assert found.status == "above_cap"
    assert "liggen boven de maximumtarieven" in found.reason
    assert found.minimum_rate == Decimal("1.222222222")  # 1,100,000 / 900,000: told, not clipped
    assert ends(found) == {"days_5vv": ("300.00", "300.00")}


def test_a_cap_that_is_no_whole_cent_is_rounded_down() -> None:
    # 0.97 × 333.33 = 323.3301 → 323.33
    prices = table(days_5vv="333.33")
    found = made(
        costs("1"),
        Rules(markup=Decimal("0.10"), cap=Decimal("0.97")),
        days={"days_5vv": "3000"},
        book=prices,
        year=prices,
    )
    assert ends(found) == {"days_5vv": ("323.33", "323.33")}
    assert (
        "liggen boven het plafond van 97\xa0% van de maximumtarieven. De bandbreedte is daarom één punt" in found.reason
    )


def test_ends_that_cross_by_rounding_inward_take_the_upper_value() -> None:
    # No mark-up and 1/3 of the tariff: both ends 33.333… → up 33.34, down 33.33
    prices = table(days_5vv="100.00")
    found = made(
        costs("1", "100000", allowance="0"),
        Rules(markup=Decimal(0)),
        days={"days_5vv": "3000"},
        book=prices,
        year=prices,
    )
    assert ends(found) == {"days_5vv": ("33.33", "33.33")}


def test_tariffs_follow_the_tariff_year_and_the_rate_the_book_year() -> None:
    # Rate 700,000 / (3,000 × 300) = 0.7777…, applied to 330: 256.666… → 256.67; upper 0.85555… × 330 = 282.333… → 282.33
    found = made(costs("0.60"), days={"days_5vv": "3000"}, book=table(days_5vv="300.00"), year=table(days_5vv="330.00"))
    assert found.reference == Decimal("900000.00")
    assert ends(found) == {"days_5vv": ("256.67", "282.33")}


def test_without_tariffs_of_the_book_year_costs_are_brought_to_the_tariff_year_with_the_index() -> None:
    # 700,000 × 1.05 / (3,000 × 330) = 0.742424…; × 330 = 245.00 exactly; maximum 770,000 × 1.05 / 990,000 × 330 = 269.50
    rules = Rules(markup=Decimal("0.10"), index=Decimal("1.05"))
    found = made(costs("0.60"), rules, days={"days_5vv": "3000"}, book={}, year=table(days_5vv="330.00"))
    assert found.reference == Decimal("990000.00")
    assert (found.minimum_cost, found.maximum_cost) == (
        Decimal("700000.00"),
        Decimal("770000.00"),
    )  # money of the book year
    assert ends(found) == {"days_5vv": ("245.00", "269.50")}


def test_the_index_does_nothing_where_the_book_year_has_its_own_tariffs() -> None:
    arguments: dict[str, Any] = {
        "days": {"days_5vv": "3000"},
        "book": table(days_5vv="300.00"),
        "year": table(days_5vv="330.00"),
    }
    with_index = made(costs("0.60"), Rules(markup=Decimal("0.10"), index=Decimal("1.05")), **arguments)
    assert with_index == made(costs("0.60"), TEN_PERCENT, **arguments)


def test_tariffs_without_housing_leave_the_allowance_out_of_the_tariff_but_not_out_of_the_money() -> None:
    # Minimum 700,000 of which A 100,000: 600,000 / 900,000 × 300 = 200.00; maximum 660,000 → 220.00
    prices = without_housing(days_5vv="300.00")
    found = made(costs("0.60"), days={"days_5vv": "3000"}, book=prices, year=prices)
    assert (found.minimum_cost, found.maximum_cost) == (Decimal("700000.00"), Decimal("770000.00"))
    assert ends(found) == {"days_5vv": ("200.00", "220.00")}


def test_tariffs_without_housing_do_not_depend_on_whether_the_allowance_is_marked_up() -> None:
    prices = without_housing(days_5vv="300.00")
    rules = Rules(markup=Decimal("0.10"), marks_up_allowances=False)
    found = made(costs("0.60"), rules, days={"days_5vv": "3000"}, book=prices, year=prices)
    assert found.maximum_cost == Decimal("760000.00")
    assert ends(found) == {"days_5vv": ("200.00", "220.00")}


def test_a_mark_up_of_less_than_a_cent_gives_no_tariff_below_zero() -> None:
    # Maximum 0.010001 + 0.010001 × 10⁻⁶ rounds to 0.01; taking 0.010001 of marked-up allowance out would leave less than 0.
    prices = without_housing(days_5vv="1.00")
    rules = Rules(markup=Decimal("0.0001"))
    found = made(costs("0.000001", "0.01", allowance="0.01"), rules, days={"days_5vv": "1"}, book=prices, year=prices)
    assert ends(found) == {"days_5vv": ("0.00", "0.00")}


# ── no tariff, with the reason ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "words", "arguments"),
    [
        ("no_table", "geen tabel met maximumtarieven", {"days": {"days_5vv": "10"}}),
        ("no_table", "geen tabel", {"days": {"days_5vv": "10"}, "book": table(days_5vv="300")}),
        ("no_table", "geen tabel", {"days": {"days_5vv": "10"}, "book": {}, "year": table(days_5vv="300")}),
        (
            "no_tariff",
            "(days_9vv)",
            {"days": {"days_5vv": "10", "days_9vv": "1"}, "book": table(days_5vv="3"), "year": table(days_5vv="3")},
        ),
        (
            "no_tariff",
            "(days_5vv)",
            {"days": {"days_5vv": "10"}, "book": table(days_5vv="300"), "year": table(days_9vv="300")},
        ),
        (
            "no_reference",
            "geen zorgdagen",
            {"days": {"days_5vv": "0"}, "book": table(days_5vv="300"), "year": table(days_5vv="300")},
        ),
        (
            "mixed_table",
            "niet in het tarief",
            {
                "days": {"days_5vv": "1", "days_9vv": "1"},
                "book": table(days_5vv="300") | without_housing(days_9vv="300"),
                "year": table(days_5vv="300") | without_housing(days_9vv="300"),
            },
        ),
    ],
)
def test_without_a_tariff_the_money_stands_and_the_reason_is_told(
    status: str, words: str, arguments: dict[str, Any]
) -> None:
    found = made(costs(), **arguments)
    assert found.status == status
    assert words in found.reason
    assert (found.minimum_cost, found.maximum_cost) == (Decimal("950000.00"), Decimal("1045000.00"))
    assert found.products == ()
    assert (found.minimum_rate, found.maximum_rate, found.lower_rate, found.upper_rate) == (None,) * 4


def test_a_product_that_was_not_delivered_needs_no_tariff() -> None:
    prices = table(days_5vv="300.00")
    found = made(costs("0.60"), days={"days_5vv": "3000", "days_9vv": "0"}, book=prices, year=prices)
    assert found.status == "within"
    assert [item.product for item in found.products] == ["days_5vv"]


def test_without_a_score_there_is_no_bandwidth_at_all() -> None:
    found = made(None, days={"days_5vv": "10"}, book=table(days_5vv="300"), year=table(days_5vv="300"))
    assert found == Bandwidth(None, None, "no_score", REASONS["no_score"])


@pytest.mark.parametrize(
    ("words", "rules", "days"),
    [
        ("mark-up", Rules(markup=Decimal("-0.01")), {}),
        ("cap", Rules(markup=Decimal("0.1"), cap=Decimal(0)), {}),
        ("days_5vv", TEN_PERCENT, {"days_5vv": "-1"}),
    ],
)
def test_figures_that_cannot_be_are_refused(words: str, rules: Rules, days: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=words):
        made(costs(), rules, days=days, book=table(days_5vv="300"), year=table(days_5vv="300"))


# ── promises for every provider ────────────────────────────────────────────────────────────────────────────────────


def cents(largest: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, largest).map(lambda number: Decimal(number) / 100)


SCORES = st.integers(1, 1_000_000).map(lambda number: Decimal(number) / 1_000_000)
MARKUPS = st.sampled_from([Decimal(0), Decimal("0.0001"), Decimal("0.05"), Decimal("0.10"), Decimal("0.3333")])
TARIFFS = st.integers(100, 60_000).map(lambda number: Decimal(number) / 100)


@st.composite
def providers(draw: st.DrawFn) -> dict[str, Any]:
    """A provider with costs that may lie far below or above its reference, and a policy."""
    products = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5, unique=True))
    comparable = draw(st.integers(1, 10**11).map(lambda number: Decimal(number) / 100))
    return {
        "costs": Costs(
            score=draw(SCORES),
            comparable=comparable,
            fixed=(comparable * draw(st.sampled_from([Decimal(0), Decimal("0.25")]))).quantize(Decimal("0.01")),
            allowance=draw(cents(10**9)),
        ),
        "rules": Rules(
            markup=draw(MARKUPS),
            marks_up_allowances=draw(st.booleans()),
            cap=draw(st.sampled_from([Decimal(1), Decimal("0.97"), Decimal("1.0333"), Decimal(1000)])),
        ),
        "days": {product: Decimal(draw(st.integers(1, 400_000))) for product in products},
        "tariffs": {product: draw(TARIFFS) for product in products},
        "later": {product: draw(TARIFFS) for product in products},
        "inside": draw(st.booleans()),
    }


def bandwidth_of(drawn: dict[str, Any], *, later: bool) -> Bandwidth:
    prices = {product: Tariff(amount, drawn["inside"]) for product, amount in drawn["tariffs"].items()}
    tariff_year = {product: Tariff(amount, drawn["inside"]) for product, amount in drawn["later"].items()}
    return bandwidth(
        costs=drawn["costs"],
        rules=drawn["rules"],
        days=drawn["days"],
        book_year_tariffs=prices,
        tariff_year_tariffs=tariff_year if later else prices,
    )


def half_up(exact: Fraction) -> Fraction:
    """Judge: to the cent, a half upwards (money is positive)."""
    return Fraction((exact * 200 + 1).__floor__() // 2, 100)


def exact(value: Decimal | None) -> Fraction:
    assert value is not None
    return Fraction(value)


@given(providers(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_figure_is_the_one_of_exact_fractions(drawn: dict[str, Any], later: bool) -> None:
    given_costs, rules = drawn["costs"], drawn["rules"]
    markup = Fraction(rules.markup)
    reducible = Fraction(given_costs.score) * (
        Fraction(given_costs.comparable) - Fraction(given_costs.fixed)
    ) + Fraction(given_costs.fixed)
    allowance = Fraction(given_costs.allowance)
    marked_up = allowance * (1 + markup) if rules.marks_up_allowances else allowance
    minimum, maximum = half_up(reducible + allowance), half_up(reducible * (1 + markup) + marked_up)
    in_tariff = [minimum, maximum]
    if not drawn["inside"]:
        in_tariff = [minimum - allowance, max(maximum - marked_up, minimum - allowance)]
    reference = sum(Fraction(drawn["days"][product]) * Fraction(amount) for product, amount in drawn["tariffs"].items())
    rates = [amount / reference for amount in in_tariff]

    found = bandwidth_of(drawn, later=later)
    assert (exact(found.minimum_cost), exact(found.maximum_cost)) == (minimum, maximum)
    assert exact(found.reference) == reference
    assert abs(exact(found.minimum_rate) - rates[0]) <= Fraction(1, 2 * 10**9)
    assert abs(exact(found.maximum_rate) - rates[1]) <= Fraction(1, 2 * 10**9)
    cap = Fraction(rules.cap)
    assert found.status == ("above_cap" if rates[0] > cap else "capped" if rates[1] > cap else "within")
    for item in found.products:
        tariff = Fraction(drawn["later" if later else "tariffs"][item.product])
        highest = min(rates[1], cap) * tariff * 100
        upper = highest.numerator // highest.denominator
        lowest = min(rates[0], cap) * tariff * 100
        lower = min(-((-lowest.numerator) // lowest.denominator), upper)
        assert (item.lower * 100, item.upper * 100) == (lower, upper)


@given(providers())
@settings(max_examples=150, deadline=None)
def test_days_times_tariffs_stay_between_minimum_and_maximum_costs(drawn: dict[str, Any]) -> None:
    """Rounding inward keeps the promise in euros, where nothing was capped or crossed and the years are the same."""
    found = bandwidth_of(drawn, later=False)
    assume(found.status == "within")
    rules, given_costs = drawn["rules"], drawn["costs"]
    on_allowance = 1 + (rules.markup if rules.marks_up_allowances else 0)
    assert found.minimum_cost is not None
    assert found.maximum_cost is not None
    least, most = found.minimum_cost, found.maximum_cost
    if not drawn["inside"]:
        least -= given_costs.allowance
        most = max(most - given_costs.allowance * on_allowance, least)
    low = sum(item.days * item.lower for item in found.products)
    high = sum(item.days * item.upper for item in found.products)
    assert high <= most
    if all(item.lower < item.upper for item in found.products):
        assert least <= low


@given(providers(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_no_tariff_is_above_the_cap_or_has_its_ends_crossed(drawn: dict[str, Any], later: bool) -> None:
    found = bandwidth_of(drawn, later=later)
    for item in found.products:
        assert 0 <= item.lower <= item.upper
        assert item.upper <= drawn["rules"].cap * item.maximum
        assert item.lower == item.lower.quantize(Decimal("0.01"))
        assert item.upper == item.upper.quantize(Decimal("0.01"))
    if found.status == "above_cap":
        assert all(item.lower == item.upper for item in found.products)


@given(
    st.fractions(0, 2),
    st.fractions(0, 1),
    TARIFFS,
    st.sampled_from([Fraction(1), Fraction(97, 100), Fraction(10333, 10000)]),
)
@settings(max_examples=100, deadline=None)
def test_one_tariff_is_inward_to_the_cent(low: Fraction, width: Fraction, maximum: Decimal, cap: Fraction) -> None:
    item = product_tariff(
        product="p",
        days=Decimal(1),
        maximum=maximum,
        lower_rate=min(low, cap),
        upper_rate=min(low + width, cap),
        cap=cap,
    )
    exact_low, exact_high = min(low, cap) * Fraction(maximum), min(low + width, cap) * Fraction(maximum)
    assert isinstance(item, ProductTariff)
    assert exact_high - Fraction(1, 100) < Fraction(item.upper) <= exact_high
    assert Fraction(item.lower) < exact_low + Fraction(1, 100)
    if Fraction(item.lower) < exact_low:  # only where the ends crossed
        assert item.lower == item.upper
