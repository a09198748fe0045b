"""What the portal checks: every rule with its limits, for everybody who may log in."""

from __future__ import annotations

import re
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from providers.checks import Rule, rules
from providers.checks.in_words import limit_in_words, limits_of_measures
from providers.checks.ratios import ratios
from providers.measures import CATALOGUE, TEMPLATES

FIRST: Final = "iv-2"
TEMPLATE_NAMES: Final = {
    "iv-1": "Landelijk bestand met alle aanbieders",
    "iv-2": "Formulier van één aanbieder",
    "somed": "Zwitserse verpleeghuizen",
    "zin-personeel": "Personeelssamenstelling, Zorginstituut",
}
SEVERITY_NAMES: Final = {"error": "Fout", "warning": "Signalering", "note": "Opmerking"}
#: In this order: scope (``reading`` for what is noticed while a file is read), heading, one sentence.
GROUPS: Final = (
    ("reading", "Wat zien wij bij het lezen van een bestand?", "Dit merken wij op voordat wij de cijfers controleren."),
    ("within", "Kloppen de cijfers met elkaar?", "Hier kijken wij alleen naar de cijfers van één aanlevering."),
    (
        "last_year",
        "Wat is er anders dan vorig jaar?",
        "Hier vergelijken wij met wat dezelfde aanbieder eerder aanleverde. Zonder eerdere cijfers zwijgen deze regels.",
    ),
    (
        "sector",
        "Wat is anders dan bij andere aanbieders?",
        "Hier vergelijken wij met alle aanleveringen in dezelfde ronde. U leest alleen een afgerond midden van ten minste"
        " twintig aanbieders; cijfers van een ander zijn er niet uit af te leiden.",
    ),
    (
        "accounts",
        "Sluiten de kosten aan op de jaarrekening?",
        "Lasten in de jaarrekening = totale kosten zonder aftrek van opbrengsten + andere activiteiten + andere verschillen.",
    ),
)
#: What is filled in for one provider; a place that is not named here is shown as dots.
PLACES: Final = {
    "accounts": "[bedrag]",
    "all": "[aantal]",
    "cells": "[cellen]",
    "change": "[zo veel meer of minder]",
    "cost": "[bedrag]",
    "count": "[aantal]",
    "days": "[dagen]",
    "difference": "[bedrag]",
    "differences": "[bedrag]",
    "expected": "[bedrag]",
    "figure": "[cijfer]",
    "filled_in": "[naam van het cijfer]",
    "first": "[eerste cijfer]",
    "gap": "[bedrag]",
    "gross": "[bedrag]",
    "known": "[bekende waarde]",
    "limit": "[grens]",
    "measure": "[naam van het cijfer]",
    "measures": "[namen van de cijfers]",
    "multiple": "[rond getal]",
    "now": "[dit jaar]",
    "other": "[bedrag]",
    "others": "",
    "per_day": "[bedrag]",
    "places": "[plaatsen]",
    "points": "[aantal]",
    "previous": "[vorig cijfer]",
    "published": "[bedrag]",
    "ratio": "[naam van het cijfer]",
    "revenues": "[bedrag]",
    "second": "[tweede cijfer]",
    "share": "[percentage]",
    "sheet": "[tabblad]",
    "sheets": "[tabbladen]",
    "source": "[bron]",
    "sum": "[bedrag]",
    "then": "[vorig jaar]",
    "times": "[zo veel keer]",
    "total": "[bedrag]",
    "usual": "[afgerond midden]",
    "value": "[cijfer]",
    "way": "[hoger of lager]",
    "written": "[tekst]",
    "year": "[jaar]",
}


@require_GET
def checks(request: Any) -> HttpResponse:
    """Show every rule of a template: what it finds, its limits, how to mend it and why it is asked."""
    template = request.GET.get("sjabloon") or FIRST
    if template not in TEMPLATES:
        raise Http404
    shown = [rule for rule in rules().values() if template in rule.templates]
    groups = [
        {"id": name, "title": title, "text": text, "rules": [_rule(item, template) for item in found]}
        for name, title, text in GROUPS
        if (found := [item for item in shown if _group(item) == name])
    ]
    context = {
        "templates": [
            {"value": name, "label": TEMPLATE_NAMES.get(name, name), "selected": name == template} for name in TEMPLATES
        ],
        "template_name": TEMPLATE_NAMES.get(template, template),
        "groups": groups,
        "total": len(shown),
    }
    return render(request, "providers/checks.html", context)


def _group(rule: Rule) -> str:
    return rule.scope if rule.check else "reading"


def _rule(rule: Rule, template: str) -> dict[str, Any]:
    codes = [*(ratios()[code].label for code in rule.ratios), *(CATALOGUE[code].label for code in rule.measures)]
    return {
        "code": rule.code,
        "severity": SEVERITY_NAMES[rule.severity],
        "explain": rule.explain,
        "title": rule.title,
        "message": re.sub(r"\{(\w+)\}", lambda found: PLACES.get(found[1], "…"), rule.message),
        "limit": limit_in_words(rule, template),
        "limits": limits_of_measures(rule, template),
        "about": codes,
        "mend": rule.mend,
        "why": rule.why,
        "unless": [code for code in rule.unless if template in rules()[code].templates],
    }
