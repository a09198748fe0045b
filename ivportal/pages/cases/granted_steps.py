"""NZa: the steps by which figures of an objection come into the data, before a new national run or after the decision."""

from __future__ import annotations

from typing import Any

from django import forms

from ivportal.pages import moments
from ivportal.pages.cases import figure_rows
from ivportal.pages.delivering.form import as_typed
from ivportal.pages.steps import NothingToFillIn, Step
from providers.access import Actor
from providers.measures import CATALOGUE
from providers.models import Draft
from tariffs.models import Consequence, Objection
from tariffs.procedure import granted


def _form(objection: Objection) -> type[forms.Form]:
    """Return what has to be filled in: the figures, unless the decision has them, and a term where the board signs."""
    bases: tuple[type[forms.Form], ...] = ()
    fields: dict[str, Any] = {}
    if granted.comes_before(objection):
        bases += (figure_rows.FiguresForm,)
        fields |= figure_rows.fields_of(objection.decision, help_text="")
    if objection.decision.round.is_delivered_here:
        bases += (moments.SignForm,)
    return type("BringInForm", bases or (NothingToFillIn,), fields)


def _follows(objection: Objection) -> list[str]:
    found = [
        f"{CATALOGUE[code].label}: {as_typed(value, CATALOGUE[code])}."
        for code, value in (granted.to_put_back(objection) or granted.to_bring(objection)).items()
    ]
    if objection.decision.round.is_delivered_here:
        found += [
            "De aanlevering gaat terug naar de aanbieder met de nieuwe getallen erin. Het bestuur ondertekent; daarna valideert u"
            " de nieuwe versie.",
            "Tot die tijd telt de aanlevering niet mee in een nieuwe berekening.",
        ]
    else:
        found.append(
            "Er komt een nieuwe versie van de gegevens, met deze zaak als bronbestand. De oude versie blijft. De aanbieder ziet"
            " haar bij haar aanlevering."
        )
    if granted.comes_before(objection):
        found.append(
            "Maak daarna een nieuwe landelijke berekening, stel die vast en geef haar vrij. Dan kunt u de beslissing opstellen"
            f" met als gevolg ‘{Consequence.NEW_RUN.label}’."
        )
    elif granted.to_put_back(objection):
        found.append("Er slaagt geen grond: de getallen worden weer zoals ze voor dit bezwaar waren.")
    else:
        found.append(
            "De getallen tellen mee in de volgende berekening. Zolang ze daar niet in staan, blijft dit besluit zoals het is."
        )
    return found


def _bring_in(objection: Objection, said: dict[str, Any], actor: Actor) -> str:
    made = granted.bring_in(objection=objection, changes=said.get("changes"), until=said.get("until"), actor=actor)
    if isinstance(made, Draft):
        return "De getallen staan klaar bij de aanbieder. Ze tellen mee zodra het bestuur ze ondertekent."
    return f"De getallen staan in versie {made.number} van de gegevens. Zij tellen mee in de volgende berekening."


def granted_steps(objection: Objection) -> tuple[Step[Objection], ...]:
    """Return the step that brings the figures of an objection into the data."""
    return (
        Step(
            name="gegevens",
            title="Welke gegevens van de aanbieder worden anders?",
            button="Neem de gegevens over",
            is_open=lambda item: (
                granted.comes_before(item) or bool(granted.to_bring(item)) or bool(granted.to_put_back(item))
            ),
            follows=_follows,
            form=_form(objection),
            act=_bring_in,
        ),
    )
