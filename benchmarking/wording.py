"""A specification in Dutch sentences."""

from __future__ import annotations

from decimal import Decimal

from benchmarking.mirror import label
from benchmarking.specification import Specification
from providers.measures import CATALOGUE

RETURNS = {
    "crs": "constante schaalopbrengsten: een kleine aanbieder wordt ook met een grote vergeleken",
    "vrs": "variabele schaalopbrengsten: een aanbieder wordt vergeleken met een combinatie van ongeveer dezelfde omvang",
    "drs": "niet-toenemende schaalopbrengsten: klein zijn telt niet als reden voor hogere kosten",
    "irs": "niet-afnemende schaalopbrengsten: groot zijn telt niet als reden voor hogere kosten",
    "fdh": "vergelijking met één bestaande aanbieder tegelijk, zonder combinaties",
}


def name_of(measure: str) -> str:
    """Return the Dutch name of a measure inside a sentence, or its code if the catalogue does not have it."""
    if measure not in CATALOGUE:
        return measure
    name = CATALOGUE[measure].label
    return name[:1].lower() + name[1:]


def _bound(measure: str, value: Decimal) -> str:
    """Return a bound in the unit of its measure: a share as a percentage."""
    if measure in CATALOGUE and CATALOGUE[measure].unit == "share":
        return f"{_number(value * 100)}\u00a0%"
    return _number(value)


def _number(value: Decimal | float) -> str:
    return f"{Decimal(str(value)).normalize():f}".replace(".", ",")


def sentences(model: Specification) -> list[str]:
    """Return what the model does, one sentence per rule; also for rules that are switched off where that matters."""
    said = [
        f"Vergeleken worden de kosten: {', '.join(name_of(name) for name in model.inputs)}.",
        f"Geleverde zorg telt in {len(model.outputs)} producten: {', '.join(label(output.name) for output in model.outputs)}.",
        f"Het model rekent met {RETURNS[model.returns_to_scale]}.",
    ]
    if any(output.weights == "tariff" and len(output.days) > 1 for output in model.outputs):
        said.append("Zorgprofielen die samen één product zijn, tellen mee naar de verhouding van hun maximumtarieven.")
    if model.allowances:
        said.append(
            f"Apart vergoed en daarom niet vergeleken: {', '.join(name_of(name) for name in model.allowances)}."
        )
    if model.fixed_inputs:
        said.append(f"Niet te verlagen door de aanbieder: {', '.join(name_of(name) for name in model.fixed_inputs)}.")
    said += _participation(model)
    for criterion in model.quality_gate:
        bounds = []
        if criterion.at_least is not None:
            bounds.append(f"ten minste {_bound(criterion.measure, criterion.at_least)}")
        if criterion.at_most is not None:
            bounds.append(f"hoogstens {_bound(criterion.measure, criterion.at_most)}")
        missing = "is geen peer" if criterion.missing == "not_a_peer" else "kan toch peer zijn"
        said.append(
            f"Peers voldoen aan: {name_of(criterion.measure)} {' en '.join(bounds)}. Wie dit niet opgaf, {missing}."
        )
    for rule in model.outliers.rules:
        if rule.rule == "dominance":
            said.append(
                f"Wie de uitkomst van anderen te sterk bepaalt is geen peer (toets met {_number(rule.alpha * 100)} %)."
            )
        else:
            said.append(
                "Wie uitzonderlijk lage kosten heeft is geen peer"
                f" (meer dan {_number(rule.iqr_multiple)} keer de kwartielafstand boven het derde kwartiel)."
            )
    for factor in model.environment:
        said.append(f"Peers hebben even moeilijke of moeilijkere omstandigheden: {name_of(factor.measure)}.")
    if model.price_bounds:
        said.append(
            f"Prijsverhoudingen liggen binnen een factor {_number(model.price_bounds.factor)} van die van de maximumtarieven."
        )
    if model.score_floor is not None:
        said.append(f"Een score wordt nooit lager vastgesteld dan {_number(model.score_floor * 100)} %.")
    if model.bootstrap is not None:
        said.append(
            "De specificatie vraagt om een interval rond de score. Dat wordt in deze versie van het portaal nog niet berekend."
        )
    return said


def _participation(model: Specification) -> list[str]:
    rule = model.participation
    said = []
    if rule.min_care_days > 0:
        said.append(f"Meedoen kan vanaf {_number(rule.min_care_days)} zorgdagen.")
    if rule.months_covered is not None:
        said.append(f"De cijfers gaan over {rule.months_covered} maanden.")
    if rule.cost_per_day is not None:
        said.append(
            f"De kosten per zorgdag liggen tussen {_number(rule.cost_per_day.at_least)} en {_number(rule.cost_per_day.at_most)}."
        )
    if rule.without_errors:
        said.append("Wie een fout in de aanlevering heeft die niet is hersteld, doet niet mee.")
    return said
