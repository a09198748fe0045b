"""A specification in Dutch sentences."""

from __future__ import annotations

from decimal import Decimal

from benchmarking.naming import label, name_of
from benchmarking.specification import Specification
from providers.formatting import format_exact, format_money, format_number
from providers.measures import CATALOGUE

RETURNS = {
    "crs": "constante schaalopbrengsten: een kleine aanbieder wordt ook met een grote vergeleken",
    "vrs": "variabele schaalopbrengsten: een aanbieder wordt vergeleken met een combinatie van ongeveer dezelfde omvang",
    "drs": "niet-toenemende schaalopbrengsten: klein zijn telt niet als reden voor hogere kosten",
    "irs": "niet-afnemende schaalopbrengsten: groot zijn telt niet als reden voor hogere kosten",
    "fdh": "vergelijking met één bestaande aanbieder tegelijk, zonder combinaties",
}

CONVENTIONS = {
    "shephard": "rekenwijze ‘shephard’, naar Simar en Wilson",
    "benchmarking": "rekenwijze ‘benchmarking’, zoals het R-pakket Benchmarking",
    "rdea": "rekenwijze ‘rdea’, zoals het R-pakket rDEA",
}


def convention_in_words(code: str) -> str:
    """Return how a bootstrap is called; also one that a stored specification names and this portal does not know."""
    return CONVENTIONS.get(code, f"rekenwijze ‘{code}’, die dit portaal niet kent")


def _bound(measure: str, value: Decimal) -> str:
    """Return a bound in the unit of its measure: a share as a percentage."""
    if measure in CATALOGUE and CATALOGUE[measure].unit == "share":
        return f"{format_exact(value * 100)}\u00a0%"
    return format_exact(value)


def sentences(model: Specification, currency: str) -> list[str]:
    """Return what the model does, one sentence per rule; also for rules that are switched off where that matters."""
    said = [
        f"Wij vergelijken: {', '.join(name_of(name) for name in model.inputs)}.",
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
    said += _participation(model, currency)
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
                f"Wie de uitkomst van anderen te sterk bepaalt is geen peer (F-toets, grens {format_exact(rule.alpha * 100)} %)."
            )
        else:
            said.append(
                "Wie uitzonderlijk lage kosten heeft is geen peer"
                f" (grens: derde kwartiel plus {format_exact(rule.iqr_multiple)} keer de afstand tussen de kwartielen)."
            )
    if not model.quality_gate:
        said.append("Er is geen voorwaarde op kwaliteit om peer te zijn.")
    if not model.outliers.rules:
        said.append("Er is niet getoetst op uitbijters: ook een aanbieder met uitzonderlijke cijfers kan peer zijn.")
    for factor in model.environment:
        said.append(f"Peers hebben even moeilijke of moeilijkere omstandigheden: {name_of(factor.measure)}.")
    if model.price_bounds:
        said.append(
            f"Prijsverhoudingen liggen binnen een factor {format_exact(model.price_bounds.factor)} van die van de"
            " maximumtarieven."
        )
    if model.score_floor is not None:
        said.append(f"Een score wordt nooit lager vastgesteld dan {format_exact(model.score_floor * 100)} %.")
    if model.correction is not None:
        said.append(
            "Na de vergelijking wordt de score gecorrigeerd voor het verschil in omstandigheden met de eigen peers:"
            f" {', '.join(name_of(name) for name in model.correction.measures)}. De correctie is hoogstens"
            f" {format_exact(model.correction.cap * 100)} procentpunt."
        )
    if model.bootstrap is not None:
        said.append(
            "Rond elke score wordt een interval berekend met"
            f" {format_exact(Decimal(str(model.bootstrap.confidence)) * 100)}\u00a0%, uit"
            f" {format_number(model.bootstrap.replications)} herhalingen ({convention_in_words(model.bootstrap.convention)})."
            " In proeven lag de werkelijke score er vaker buiten: het is een orde van grootte. Het interval is informatie en"
            " verandert geen bedrag."
        )
    else:
        said.append("Er wordt geen interval rond de score berekend.")
    return said


def _participation(model: Specification, currency: str) -> list[str]:
    rule = model.participation
    said = []
    if rule.min_care_days > 0:
        said.append(f"Meedoen kan vanaf {format_exact(rule.min_care_days)} zorgdagen.")
    if rule.months_covered is not None:
        said.append(f"De cijfers gaan over {rule.months_covered} maanden.")
    if rule.cost_per_day is not None:
        said.append(
            f"De kosten per zorgdag liggen tussen {format_money(rule.cost_per_day.at_least, currency=currency)}"
            f" en {format_money(rule.cost_per_day.at_most, currency=currency)}."
        )
    if rule.without_errors:
        said.append("Wie een fout in de aanlevering heeft die niet is hersteld, doet niet mee.")
    return said
