"""The model as data: the documented example is understood, and a wrong document says in Dutch where it is wrong."""

from __future__ import annotations

import hashlib
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from benchmarking.specification import Specification, SpecificationError, canonical, parse, parse_stored, sha256
from benchmarking.wording import sentences

EXAMPLE = """
{"inputs": ["total_cost"],
 "outputs": [{"name": "4vv_with_treatment", "days": ["days_4vv_with_treatment"]},
             {"name": "5_6vv", "days": ["days_5vv", "days_6vv"], "weights": "tariff"}],
 "returns_to_scale": "vrs", "orientation": "input", "price_bounds": {"around": "tariff", "factor": "1.5"},
 "participation": {"min_care_days": 3650, "months_covered": 12},
 "allowances": ["housing_nhc", "inventory_nic"],
 "quality_gate": [{"measure": "qualified_staff_share", "at_least": "0.40", "missing": "not_a_peer"}],
 "outliers": {"returns_to_scale": "crs",
              "rules": [{"rule": "dominance", "alpha": 0.05}, {"rule": "super_efficiency", "iqr_multiple": 1.5}]},
 "environment": [{"measure": "urbanity", "harder": "higher", "tolerance": "0", "method": "same_or_harder"}],
 "score_floor": null, "bootstrap": {"replications": 2000, "confidence": 0.95, "convention": "shephard"}, "seed": 20240101}
"""
SMALL: dict[str, Any] = {"inputs": ["total_cost"], "outputs": [{"name": "5vv", "days": ["days_5vv"]}]}


def with_(**parts: Any) -> dict[str, Any]:
    return {**SMALL, **parts}


def output(**parts: Any) -> dict[str, Any]:
    return with_(outputs=[{"name": "5vv", "days": ["days_5vv"], **parts}])


def shuffled(document: Any, order: random.Random) -> Any:
    """Return the document with the names inside every object in another order; lists stay as they are."""
    if isinstance(document, dict):
        names = list(document)
        order.shuffle(names)
        return {name: shuffled(document[name], order) for name in names}
    return [shuffled(item, order) for item in document] if isinstance(document, list) else document


# ── what is understood ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_documented_example_is_understood_to_the_last_part() -> None:
    model = parse(json.loads(EXAMPLE))
    assert model.inputs == ("total_cost",)
    assert [(item.name, item.days, item.weights) for item in model.outputs] == [
        ("4vv_with_treatment", ("days_4vv_with_treatment",), "sum"),
        ("5_6vv", ("days_5vv", "days_6vv"), "tariff"),
    ]
    assert model.price_bounds is not None
    assert model.price_bounds.factor == Decimal("1.5")
    assert (model.participation.min_care_days, model.participation.months_covered) == (Decimal(3650), 12)
    assert model.quality_gate[0].at_least == Decimal("0.40")
    assert [rule.rule for rule in model.outliers.rules] == ["dominance", "super_efficiency"]
    assert model.environment[0].tolerance == Decimal(0)
    assert model.bootstrap is not None
    assert (model.bootstrap.replications, model.score_floor, model.seed) == (2000, None, 20240101)
    assert model.needs_tariffs


def test_the_example_names_every_measure_that_a_run_will_ask_for_once() -> None:
    assert parse(json.loads(EXAMPLE)).measures == (
        "total_cost", "days_4vv_with_treatment", "days_5vv", "days_6vv", "housing_nhc", "inventory_nic",
        "qualified_staff_share", "urbanity", "months_covered",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["integrale-vergelijking.json", "somed.json"])
def test_the_specifications_that_come_with_the_portal_are_understood(name: str) -> None:
    path = Path(settings.BASE_DIR) / "benchmarking" / "specifications" / name
    model = parse(json.loads(path.read_text(encoding="utf-8")))
    assert model.measures


def test_a_small_document_has_the_documented_defaults() -> None:
    model = parse(SMALL)
    assert (model.returns_to_scale, model.orientation, model.outputs[0].weights) == ("vrs", "input", "sum")
    assert (model.price_bounds, model.score_floor, model.bootstrap, model.correction) == (None,) * 4
    assert (model.allowances, model.quality_gate, model.environment, model.outliers.rules) == ((), (), (), ())
    assert model.participation.without_errors
    assert not model.needs_tariffs


@pytest.mark.parametrize("weights", ["sum", "tariff", ["1", "1.25"], [1, 2]])
def test_weights_are_a_word_or_a_list_of_numbers(weights: Any) -> None:
    model = parse(output(days=["days_5vv", "days_6vv"], weights=weights))
    expected = weights if isinstance(weights, str) else tuple(Decimal(str(weight)) for weight in weights)
    assert model.outputs[0].weights == expected


def test_a_correction_asks_for_the_measures_of_the_circumstances() -> None:
    model = parse(with_(bootstrap={}, correction={"method": "peer_difference", "measures": ["urbanity"]}))
    assert model.measures == ("total_cost", "days_5vv", "urbanity")
    assert model.correction is not None
    assert model.correction.cap == Decimal("0.40")


# ── what people read of it ─────────────────────────────────────────────────────────────────────────────────────────


def test_people_read_how_sure_scores_are_made_and_what_is_corrected() -> None:
    document = with_(
        bootstrap={"replications": 1500, "confidence": 0.9, "convention": "rdea"},
        correction={"method": "peer_difference", "measures": ["urbanity"], "cap": "0.25"},
    )
    said = " ".join(sentences(parse(document), "EUR"))
    assert (
        "een interval berekend met 90\u00a0%, uit 1.500 herhalingen (rekenwijze ‘rdea’, zoals het R-pakket rDEA)"
        in said
    )
    assert "In proeven lag de werkelijke score er vaker buiten" in said
    assert "verandert geen bedrag" in said
    assert "gecorrigeerd" in said
    assert "hoogstens 25 procentpunt" in said


def test_a_model_without_interval_says_so() -> None:
    said = " ".join(sentences(parse(SMALL), "EUR"))
    assert "geen interval" in said
    assert "gecorrigeerd" not in said


# ── what is hashed ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_model_has_the_same_hash_in_whatever_order_it_was_written() -> None:
    document = json.loads(EXAMPLE)
    expected = canonical(parse(document))
    order = random.Random(5)
    for _ in range(10):
        assert canonical(parse(shuffled(document, order))) == expected


def test_defaults_that_are_written_out_do_not_make_another_model() -> None:
    written_out = with_(returns_to_scale="vrs", allowances=[], seed=20240101, outliers={"rules": []}, score_floor=None)
    assert sha256(parse(written_out)) == sha256(parse(SMALL))


def test_the_stored_form_is_the_same_model_again() -> None:
    model = parse(json.loads(EXAMPLE))
    stored = json.loads(canonical(model))
    assert parse(stored) == model
    assert parse(model.model_dump(mode="json")) == model
    assert sha256(parse(stored)) == hashlib.sha256(canonical(model)).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"returns_to_scale": "crs"},
        {"seed": 2},
        {"outputs": [{"name": "5vv", "days": ["days_5vv", "days_6vv"]}]},
        {"participation": {"without_errors": False}},
        {"score_floor": "0.5"},
    ],
)
def test_another_model_has_another_hash(change: dict[str, Any]) -> None:
    assert sha256(parse(with_(**change))) != sha256(parse(SMALL))


def test_a_model_cannot_be_changed_after_it_was_read() -> None:
    model = parse(SMALL)
    with pytest.raises(ValueError, match="frozen"):
        model.seed = 3


# ── what is refused, and how it is told ────────────────────────────────────────────────────────────────────────────

CHOOSE = "kies één van de toegestane waarden"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "Heeft niet de juiste vorm (tekst, getal of lijst)."),
        (with_(inputs=[]), "inputs: vul ten minste 1 waarde in."),
        (with_(inputs="total_cost"), "inputs: heeft niet de juiste vorm (tekst, getal of lijst)."),
        (with_(inputs=["total_cost", "total_cost"]), "inputs: noem elke naam één keer."),
        (with_(outputs=[]), "outputs: vul ten minste 1 waarde in."),
        (with_(doel="winst"), "doel: deze naam kennen wij niet; haal hem weg of verbeter de spelling."),
        (with_(orientation="output"), f"orientation: {CHOOSE}: 'input'."),
        (with_(returns_to_scale="bcc"), f"returns_to_scale: {CHOOSE}: 'crs', 'vrs', 'drs', 'irs' of 'fdh'."),
        (with_(outliers={"returns_to_scale": "fdh"}), "outliers → returns_to_scale: " + CHOOSE),
        (with_(outliers={"rules": [{"rule": "raar"}]}), f"outliers → rules → 1 → rule: {CHOOSE}"),
        (
            with_(outliers={"rules": [{"rule": "dominance"}, {"rule": "dominance", "alpha": 1}]}),
            "outliers → rules → 2 → alpha: moet kleiner zijn dan 1.0.",
        ),
        (output(name=""), "outputs → 1 → name: vul ten minste 1 teken in."),
        (output(name="x" * 61), "outputs → 1 → name: mag hoogstens 60 tekens lang zijn."),
        (output(days=[]), "outputs → 1 → days: vul ten minste 1 waarde in."),
        (with_(outputs=[{"name": "5vv"}]), "outputs → 1 → days: ontbreekt; vul dit in."),
        (output(weights="tarief"), f"outputs → 1 → weights: {CHOOSE}: 'tariff' of 'sum'."),
        (output(weights=["0"]), "outputs → 1 → weights → 1: moet groter zijn dan 0."),
        (output(weights=["1", "2"]), "outputs → 1: geef bij 5vv evenveel gewichten als producten (1)."),
        (
            with_(outputs=[{"name": "a", "days": ["days_5vv"]}, {"name": "a", "days": ["days_6vv"]}]),
            "Geef elk product (outputs) een eigen naam.",
        ),
        (
            with_(outputs=[{"name": "a", "days": ["days_5vv"]}, {"name": "b", "days": ["days_5vv"]}]),
            "Tel elke soort zorgdagen in één product mee (outputs).",
        ),
        (with_(participation={"min_care_days": -1}), "participation → min_care_days: moet ten minste 0 zijn."),
        (with_(participation={"months_covered": 13}), "participation → months_covered: mag hoogstens 12 zijn."),
        (
            with_(participation={"cost_per_day": {"at_least": "100"}}),
            "participation → cost_per_day → at_most: ontbreekt; vul dit in.",
        ),
        (
            with_(participation={"cost_per_day": {"at_least": "200", "at_most": "100"}}),
            "participation → cost_per_day: at_least mag niet hoger zijn dan at_most.",
        ),
        (with_(quality_gate=[{"measure": "q"}]), "quality_gate → 1: vul at_least of at_most in."),
        (
            with_(quality_gate=[{"measure": "q", "at_least": "0.5", "at_most": "0.4"}]),
            "quality_gate → 1: at_least mag niet hoger zijn dan at_most.",
        ),
        (
            with_(quality_gate=[{"measure": "q", "at_least": "veel"}]),
            "quality_gate → 1 → at_least: heeft niet de juiste",
        ),
        (with_(environment=[{"measure": "u", "harder": "up"}]), f"environment → 1 → harder: {CHOOSE}"),
        (with_(price_bounds={"factor": "1"}), "price_bounds → factor: moet groter zijn dan 1."),
        (with_(price_bounds={"factor": "Infinity"}), "price_bounds → factor: moet een eindig getal zijn."),
        (
            with_(price_bounds={"factor": "2"}, returns_to_scale="fdh"),
            "Prijsgrenzen (price_bounds) kunnen niet samen met fdh.",
        ),
        (with_(score_floor="1"), "score_floor: moet kleiner zijn dan 1."),
        (with_(score_floor="0"), "score_floor: moet groter zijn dan 0."),
        (with_(bootstrap={"replications": 10}), "bootstrap → replications: moet ten minste 100 zijn."),
        (
            with_(bootstrap={"convention": "simar"}),
            f"bootstrap → convention: {CHOOSE}: 'shephard', 'benchmarking' of 'rdea'.",
        ),
        (
            with_(bootstrap={}, returns_to_scale="fdh"),
            "Een interval (bootstrap) kan niet samen met fdh.",
        ),
        (
            with_(correction={"method": "peer_difference", "measures": ["urbanity"]}),
            "Een correctie (correction) rekent met het interval; vul ook bootstrap in.",
        ),
        (
            with_(
                bootstrap={},
                correction={"method": "peer_difference", "measures": ["urbanity"]},
                environment=[{"measure": "urbanity", "harder": "higher"}],
            ),
            "Omstandigheden tellen één keer: noem urbanity in environment of in correction.",
        ),
        (
            with_(bootstrap={}, correction={"method": "peer_difference", "measures": []}),
            "correction → measures: vul ten minste 1 waarde in.",
        ),
        (
            with_(bootstrap={}, correction={"method": "peer_difference", "measures": ["urbanity"], "cap": "1"}),
            "correction → cap: moet kleiner zijn dan 1.",
        ),
        (
            with_(bootstrap={}, correction={"method": "average", "measures": ["urbanity"]}),
            f"correction → method: {CHOOSE}: 'peer_difference'.",
        ),
        (with_(seed=2**63), "seed: moet kleiner zijn dan"),
        (
            with_(inputs=["a", "b"], allowances=["c"]),
            "Afzonderlijk vergoede kosten (allowances) kunnen alleen bij één kostensoort (inputs).",
        ),
        (with_(allowances=["total_cost"]), "total_cost kan niet."),
        (with_(fixed_inputs=["rente"]), "Vaste kosten (fixed_inputs) staan ook in inputs; rente staat daar niet."),
        (with_(fixed_inputs=["total_cost"]), "Laat ten minste één kostensoort (inputs) over die beïnvloedbaar is."),
    ],
)
def test_a_wrong_part_is_told_in_one_sentence_that_names_the_place(document: Any, sentence: str) -> None:
    with pytest.raises(SpecificationError) as caught:
        parse(document)
    (problem,) = caught.value.problems
    assert sentence in problem
    assert problem.endswith(".")
    assert not {"Input", "should", "valid", "or"} & set(problem.split())  # no English of the library


def test_all_wrong_parts_are_told_at_once() -> None:
    with pytest.raises(SpecificationError) as caught:
        parse({"inputs": [], "seed": "morgen", "extra": 1})
    assert sorted(problem.partition(":")[0] for problem in caught.value.problems) == [
        "extra",
        "inputs",
        "outputs",
        "seed",
    ]


def test_a_measure_that_the_round_does_not_ask_for_is_named_beside_those_there_are() -> None:
    with pytest.raises(SpecificationError) as caught:
        parse(
            with_(allowances=["housing_nhc"], environment=[{"measure": "urbanity", "harder": "higher"}]),
            measures=["total_cost", "days_5vv", "days_6vv"],
        )
    assert caught.value.problems == (
        "Deze gegevens worden in de ronde niet gevraagd: housing_nhc, urbanity."
        " Wel gevraagd: total_cost, days_5vv, days_6vv.",
    )


def test_months_must_be_delivered_if_the_model_asks_for_them() -> None:
    document = with_(participation={"months_covered": 12})
    with pytest.raises(SpecificationError, match="months_covered"):
        parse(document, measures=["total_cost", "days_5vv"])
    assert isinstance(parse(document, measures=["total_cost", "days_5vv", "months_covered"]), Specification)


# ── what was accepted once ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "parts",
    [
        {"returns_to_scale": "fdh", "bootstrap": {}},
        {"bootstrap": {"convention": "simar"}},
        {"bootstrap": {"replications": 100_001}},
    ],
)
def test_a_stored_model_from_before_a_rule_is_still_read_as_it_is_and_not_accepted_anew(parts: dict[str, Any]) -> None:
    model = parse_stored(with_(**parts))
    assert model.bootstrap is not None
    written = model.model_dump(mode="json")
    assert written["returns_to_scale"] == parts.get("returns_to_scale", "vrs")
    assert parts["bootstrap"].items() <= written["bootstrap"].items()
    assert "interval" in " ".join(sentences(model, "EUR"))
    for document in (with_(**parts), written):
        with pytest.raises(SpecificationError):
            parse(document)


def test_what_never_was_a_model_is_not_read_as_a_stored_one_either() -> None:
    for document in ([], with_(returns_to_scale="bcc"), with_(bootstrap={"replications": 99})):
        with pytest.raises(SpecificationError):
            parse_stored(document)
