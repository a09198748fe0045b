"""The worked example in docs/method: every figure in it comes out of the code and out of a pocket calculator.

The Markdown is the test's only source of figures. Tables are recomputed with the core and with the bandwidth tariff;
lines of arithmetic are evaluated exactly; and no figure may stand in the text that neither of the two produced.
"""

from __future__ import annotations

import ast
import operator
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarking import dea
from tariffs.bandwidth import Costs, Rules, Tariff, bandwidth

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "method" / "rekenvoorbeeld.md").read_text(encoding="utf-8")
HOMES = ["De Linde", "De Es", "De Beuk"]
YOU = 2
WITHOUT, WITH = "dagen zonder behandeling", "dagen met behandeling"

NUMBER = re.compile(r"(?<![\w,.])\d{1,3}(?:\.\d{3})+(?:,\d+)?(?![\w])|(?<![\w,.])\d+(?:,\d+)?(?![\w])")
DASH = "–"


def number(text):
    """``"€ 7.100.000"``, ``"0,871"`` or ``"24,5 %"`` as a fraction, ``None`` for a dash."""
    cleaned = text.replace("€", "").replace("\u00a0", " ").strip()
    if cleaned == DASH:
        return None
    share = cleaned.endswith("%")
    found = NUMBER.fullmatch(cleaned.removesuffix("%").strip())
    assert found, f"{text!r} is not a figure"
    value = Fraction(found.group().replace(".", "").replace(",", "."))
    return value / 100 if share else value


def decimals(text):
    """How many decimals are written."""
    return len(text.partition(",")[2].removesuffix("%").strip())


def table(name):
    """The table under ``<!-- tabel: name -->``: a list of rows, each column name → text."""
    found = re.search(rf"<!-- tabel: {name} -->\n((?:\|.*\n)+)", TEXT)
    assert found, f"no table {name}"
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in found.group(1).splitlines()]
    return [dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]]


def row(name, first):
    """The row of a table whose first cell is ``first``."""
    return next(line for line in table(name) if next(iter(line.values())) == first)


def rounded(value, places):
    """Half up to so many decimals, from a float that is exact but for rounding noise."""
    quantum = Decimal(1).scaleb(-places)
    return Fraction(Decimal(repr(round(float(value), 9))).quantize(quantum, ROUND_HALF_UP))


def assert_written(text, value):
    """``text`` is ``value`` (a share if it ends in %) to the decimals written."""
    written = number(text)
    places = decimals(text) + (2 if text.endswith("%") else 0)
    assert written == rounded(value, places), f"{text} is written, {float(value)} comes out"


def data():
    """Costs and days as the text gives them."""
    lines = [row("gegevens", home) for home in HOMES]
    costs = np.array([[float(number(line["vergelijkbare kosten"]))] for line in lines])
    days = np.array([[float(number(line[WITHOUT])), float(number(line[WITH]))] for line in lines])
    return costs, days


def score_all(**options):
    costs, days = data()
    return dea.efficiency(costs, days, keys=["1 Linde", "2 Es", "3 Beuk"], **options)


OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def evaluate(expression):
    """``"0,3 × 7.100.000 + 0,7"`` as an exact fraction: four operations and brackets, nothing else."""
    plain = NUMBER.sub(lambda match: f"F('{match.group().replace('.', '').replace(',', '.')}')", expression)
    plain = plain.replace("×", "*").replace("÷", "/").replace("−", "-")

    def value(node):
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        assert node.func.id == "F"
        (argument,) = node.args
        assert isinstance(argument, ast.Constant)
        return Fraction(str(argument.value))

    return value(ast.parse(plain, mode="eval").body)


def sums():
    """Every line of arithmetic: name, expression, sign, result."""
    found = []
    for block in re.findall(r"```text\n(.*?)```", TEXT, flags=re.DOTALL):
        for line in block.strip().splitlines():
            parts = re.fullmatch(r"(.+?) = (.+) ([=≈]) (\S+)", line)
            assert parts, f"{line!r} is no sum"
            found.append(parts.groups())
    return found


@pytest.mark.parametrize(("name", "expression", "sign", "result"), sums())
def test_a_reader_with_a_pocket_calculator_finds_the_same(name, expression, sign, result):
    value = evaluate(expression)
    if sign == "=":
        assert value == number(result), name
    else:
        assert number(result) == Fraction(
            (Decimal(value.numerator) / Decimal(value.denominator)).quantize(
                Decimal(1).scaleb(-decimals(result)), ROUND_HALF_UP
            )
        ), name
        assert value != number(result), f"{name} is exact; write ="


def test_sums_use_no_figure_that_the_text_has_not_given():
    tables = {number(cell) for name in table_names() for line in table(name) for cell in line.values() if written(cell)}
    # A percentage in a table is divided by 100 in a sum.
    known = tables | {value * 100 for value in tables if value is not None} | {Fraction(1), Fraction(100)}
    for name, expression, _, result in sums():
        used = {number(figure) for figure in NUMBER.findall(expression)}
        assert used <= known, f"{name}: {[float(value) for value in used - known]} comes out of nowhere"
        known.add(number(result))


def table_names():
    return re.findall(r"<!-- tabel: (\S+) -->", TEXT)


def written(cell):
    return bool(NUMBER.search(cell)) and bool(re.fullmatch(r"[€\s\d.,%\u00a0]+", cell))


def test_no_figure_stands_in_the_sentences_that_no_table_or_sum_has():
    known = {number(cell) for name in table_names() for line in table(name) for cell in line.values() if written(cell)}
    known |= {value * 100 for value in known}
    known |= {number(result) for _, _, _, result in sums()}
    known |= {value * 100 for value in known}
    prose = re.sub(r"```text\n.*?```", "", TEXT, flags=re.DOTALL)
    prose = re.sub(r"^\|.*$", "", prose, flags=re.MULTILINE)
    prose = re.sub(r"<!--.*?-->|\(\d+\.\d+\)|\[[^]]*\]\([^)]*\)|^## Stap \d+", "", prose, flags=re.MULTILINE)
    prose = re.sub(r"[Ss]tap \d+", "", prose)
    for figure in NUMBER.findall(prose):
        assert number(figure) in known, f"{figure} in the text comes out of no table and no sum"


def test_scores_and_peers_are_those_of_the_core():
    found = score_all()
    assert found.unique.all()
    for place, home in enumerate(HOMES):
        line = row("scores", home)
        assert_written(line["score"], found.score[place])
        peers = [HOMES[peer] for peer in np.flatnonzero(found.weights.toarray()[place] > 1e-9)]
        assert line["voorbeeld bestaat uit"].split(", ") == peers
    costs, _ = data()
    weights = found.weights.toarray()[YOU]
    lines = table("peers")
    assert [line["peer"] for line in lines] == [HOMES[peer] for peer in np.flatnonzero(weights > 1e-9)]
    for line in lines:
        peer = HOMES.index(line["peer"])
        cost = weights[peer] * costs[peer, 0]
        assert_written(line["gewicht"], weights[peer])
        assert_written(line["kosten in uw voorbeeld"], cost)
        assert_written(line["aandeel"], cost / (weights @ costs[:, 0]))


def test_the_slack_is_that_of_the_core():
    found = score_all(slacks=True)
    results = {name: number(result) for name, _, _, result in sums()}
    assert results["overschot zonder behandeling"] == rounded(found.output_slack[YOU, 0], 6)
    assert results["overschot met behandeling"] == rounded(found.output_slack[YOU, 1], 6)
    assert found.input_slack[YOU, 0] == 0


def test_the_price_list_is_that_of_the_core_and_proves_the_score():
    found = score_all()
    assert found.own_prices_unique[YOU]
    costs, days = data()
    own = costs[YOU, 0]
    prices, fixed = found.output_price[YOU] * own, found.scale_price[YOU] * own
    assert_written(row("prijzen", "per dag zonder behandeling")["bedrag"], prices[0])
    assert_written(row("prijzen", "per dag met behandeling")["bedrag"], prices[1])
    assert_written(row("prijzen", "vast bedrag")["bedrag"], fixed)
    for place, home in enumerate(HOMES):
        line = row("bewijs", home)
        listed = days[place] @ prices + fixed
        assert_written(line["vergelijkbare kosten"], costs[place, 0])
        assert_written(line["volgens de prijslijst"], listed)
        assert_written(line["verschil"], costs[place, 0] - listed)
        assert number(line["verschil"]) >= 0
    assert number(row("bewijs", HOMES[YOU])["volgens de prijslijst"]) == rounded(found.score[YOU] * own, 2)
    assert found.certificate.max() <= 1e-8


@pytest.mark.parametrize("gone", [0, 1])
def test_a_peer_that_falls_away_changes_the_score_as_the_text_says(gone):
    costs, _ = data()
    found = score_all(may_be_peer=np.arange(3) != gone, slacks=True)
    line = row("zonder", HOMES[gone])
    assert_written(line["score van De Beuk"], found.score[YOU])
    assert_written(line["voorbeeld kost"], found.weights.toarray()[YOU] @ costs[:, 0])
    assert_written(line["overschot zonder behandeling"], found.output_slack[YOU, 0])
    assert_written(line["overschot met behandeling"], found.output_slack[YOU, 1])
    results = {name: number(result) for name, _, _, result in sums()}
    effect = (found.score[YOU] - score_all().score[YOU]) * costs[YOU, 0]
    assert results[f"effect van {HOMES[gone]}"] == rounded(effect, 2)


def test_minimum_maximum_and_bandwidth_are_those_of_the_tariff_rules():
    costs, _ = data()

    def given(name):
        value = number(row("uitgangspunten", name)["waarde"])
        return Decimal(value.numerator) / Decimal(value.denominator)

    tariffs = {
        "zonder": Tariff(given("maximumtarief zonder behandeling")),
        "met": Tariff(given("maximumtarief met behandeling")),
    }
    _, days = data()
    found = bandwidth(
        costs=Costs(
            score=Decimal(repr(round(float(score_all().score[YOU]), 6))),
            comparable=Decimal(int(costs[YOU, 0])),
            fixed=Decimal(0),
            allowance=given("apart vergoede kosten"),
        ),
        rules=Rules(markup=given("opslag"), cap=given("plafond")),
        days={"zonder": Decimal(int(days[YOU, 0])), "met": Decimal(int(days[YOU, 1]))},
        book_year_tariffs=tariffs,
        tariff_year_tariffs=tariffs,
    )
    assert found.status == "within"
    line = row("bandbreedte", "in geld")
    assert (number(line["onderkant"]), number(line["bovenkant"])) == (
        Fraction(found.minimum_cost),
        Fraction(found.maximum_cost),
    )
    line = row("bandbreedte", "van de maximumtarieven")
    assert_written(line["onderkant"], found.lower_rate)
    assert_written(line["bovenkant"], found.upper_rate)
    for product in found.products:
        line = row("bandbreedte", f"per dag {product.product} behandeling")
        assert number(line["onderkant"]) == Fraction(product.lower)
        assert number(line["bovenkant"]) == Fraction(product.upper)
    results = {name: number(result) for name, _, _, result in sums()}
    assert results["referentie"] == Fraction(found.reference)
    assert results["minimum"] == Fraction(found.minimum_cost) <= results["opbrengst bij de onderkant"]
    assert results["opbrengst bij de bovenkant"] <= Fraction(found.maximum_cost) == results["maximum"]


@pytest.mark.parametrize("line", table("varianten"), ids=lambda line: line["instelling"].split("`")[1])
def test_other_returns_to_scale_give_what_the_text_says(line):
    returns = line["instelling"].split("`")[1]
    found = score_all(returns_to_scale=returns)
    own = data()[0][YOU, 0]
    weights = found.weights.toarray()[YOU]
    assert_written(line["score"], found.score[YOU])
    assert_written(line["gewicht De Linde"], weights[0])
    assert_written(line["gewicht De Es"], weights[1])
    prices = [*found.output_price[YOU] * own, found.scale_price[YOU] * own]
    for name, price in zip(
        ("per dag zonder behandeling", "per dag met behandeling", "vast bedrag"), prices, strict=True
    ):
        if line[name] == DASH:
            assert np.isnan(price)
        else:
            assert_written(line[name], price)


def test_every_returns_to_scale_is_in_the_table():
    assert [line["instelling"].split("`")[1] for line in table("varianten")] == ["vrs", "crs", "drs", "irs", "fdh"]


def test_scale_efficiency_is_the_quotient_of_the_two_scores():
    quotient = score_all(returns_to_scale="crs").score[YOU] / score_all().score[YOU]
    results = {name: result for name, _, _, result in sums()}
    assert_written(results["schaalefficiëntie"], quotient)


def test_price_bounds_give_what_the_text_says():
    factor = float(number(row("prijsgrenzen", "factor")["waarde"]))
    given = {line["uitgangspunt"]: line["waarde"] for line in table("uitgangspunten")}
    ratio = float(number(given["maximumtarief zonder behandeling"]) / number(given["maximumtarief met behandeling"]))
    lower = np.array([[1.0, ratio / factor], [1 / (ratio * factor), 1.0]])
    found = score_all(price_bounds=(lower, 1 / lower.T))
    own = data()[0][YOU, 0]
    assert_written(row("prijsgrenzen", "kleinste verhouding zonder tot met behandeling")["waarde"], ratio / factor)
    assert_written(row("prijsgrenzen", "score")["waarde"], found.score[YOU])
    assert_written(row("prijsgrenzen", "per dag zonder behandeling")["waarde"], found.output_price[YOU, 0] * own)
    assert_written(row("prijsgrenzen", "per dag met behandeling")["waarde"], found.output_price[YOU, 1] * own)
