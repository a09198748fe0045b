"""NZa: the steps by which an objection is decided: a verdict on each ground, drawn up by one, decided by another."""

from __future__ import annotations

from typing import Any

from ivportal.pages.cases.moving import became, term_of
from ivportal.pages.cases.objection_forms import draft_form
from ivportal.pages.cases.verdict_forms import verdicts_form
from ivportal.pages.steps import NothingToFillIn, Step
from providers.access import Actor
from tariffs.models import (
    Consequence,
    Objection,
    ObjectionOutcome,
    ObjectionStatus,
)
from tariffs.procedure import replacing, ruling_letters, rulings
from tariffs.procedure.notified import is_letter_waiting
from tariffs.procedure.renewals import adopted_release, in_place_of

S = ObjectionStatus
#: Not taken into treatment yet: all that can be decided is that it will not be.
BEFORE = (S.RECEIVED, S.INCOMPLETE)


def _judge(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    verdicts = {
        int(name.removeprefix("verdict_")): (value, said[f"reasons_{name.removeprefix('verdict_')}"])
        for name, value in said.items()
        if name.startswith("verdict_")
    }
    changed = rulings.judge(objection=item, verdicts=verdicts, actor=actor)
    return f"{changed} {'oordeel is' if changed == 1 else 'oordelen zijn'} vastgelegd. Stel nu de beslissing op."


def _draft(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    made = rulings.draft(
        objection=item,
        outcome=ObjectionOutcome(said["outcome"]),
        reasons=said["reasons"],
        consequence=Consequence(said["consequence"]),
        changes=said["changes"],
        deviates={"ja": True, "nee": False}.get(said.get("deviates", "")),
        deviation=said.get("deviation", ""),
        actor=actor,
    )
    found = f" Het nieuwe besluit staat klaar: {made.new_decision}." if made.new_decision else ""
    return f"De beslissing is opgesteld. Een collega beslist.{found}"


def _decide(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    made = rulings.decide(objection=item, actor=actor)
    went = (
        "De brief is nog op de post te doen (bij ‘Post’ van deze ronde)."
        if is_letter_waiting(made)
        else "De brief staat in het portaal: de aanbieder krijgt bericht."
    )
    return f"Op bezwaar {made.reference} is beslist: {made.get_outcome_display().lower()}. {went}"


def _is_ripe(item: Objection) -> bool:
    return item.status == S.ADVISED or (item.status == S.HEARD and not item.with_committee)


def _follows(item: Objection) -> list[str]:
    """Say what happens when it is decided so: to the provider, and to others."""
    drafter = item.drafted_by.name if item.drafted_by else "Nog niemand"
    found = [
        f"{drafter} stelde de beslissing op: {item.get_outcome_display().lower()}."
        f" {ruling_letters.in_third_person(ruling_letters.FOLLOWS.get(item.consequence, ''))}",
        "De aanbieder krijgt de beslissing met de redenen per grond, en leest hoe beroep kan (art. 6:23 en 7:12 Awb).",
    ]
    if item.new_decision is not None:
        found.append(f"Besluit {item.new_decision.reference} komt in de plaats van {item.decision.reference}.")
    if item.consequence == Consequence.NEW_RUN:
        found += _others(item)
    return found


def _others(item: Objection) -> list[str]:
    """Say what the new national run does to the decisions about others."""
    release = adopted_release(item.decision.round)
    if release is None or release.pk == item.decision.report.release_id:
        return []
    return [
        "Voor anderen verandert er nu niets. Veranderen hun besluiten door de nieuwe berekening, dan bereidt u die daarna voor"
        " bij de ronde.",
        *in_place_of(release, other_than=item.decision.provider_id),
    ]


def _reckons(item: Objection) -> list[str]:
    if Consequence.FROZEN_FRONTIER not in replacing.allowed(item.decision.round):
        return []
    return ["Bij een nieuw besluit met dezelfde vergelijking rekent het portaal nu; dat duurt enkele seconden."]


def ruling_steps(objection: Objection) -> tuple[Step[Objection], ...]:
    """Return the steps with this objection; two of them ask for what it consists of."""
    return (
        Step(
            name="gronden",
            title="Slagen de gronden?",
            button="Beoordeel de gronden",
            is_open=_is_ripe,
            follows=lambda item: [
                *(
                    [
                        "Wat over een gedeelde grond is beslist, geldt voor iedereen in de groep. Een eigen grond in dezelfde"
                        " woorden is daarmee beantwoord. Zegt een eigen grond het anders, kies dan ‘Hetzelfde als gedeelde"
                        " grond …’."
                    ]
                    if item.group_id is not None
                    else []
                ),
                "Een beslissing die al was opgesteld, moet daarna opnieuw"
                + (
                    ", bij een gedeelde grond ook die van de anderen in de groep." if item.group_id is not None else "."
                ),
            ],
            form=verdicts_form(objection) if _is_ripe(objection) else NothingToFillIn,
            act=_judge,
        ),
        Step(
            name="opstellen",
            title="Hoe beslist de NZa op het bezwaar?",
            button="Stel de beslissing op" if objection.status not in BEFORE else "Verklaar niet-ontvankelijk",
            is_open=lambda item: _is_ripe(item) or rulings.can_be_turned_away(item),
            follows=lambda item: [
                "Beslissen doet iemand die de beslissing niet opstelde (art. 3:2 Awb) en die het besluit zelf niet nam (art."
                " 10:3, derde lid, Awb).",
                "Er komt geen hoorzitting: het bezwaar is kennelijk niet-ontvankelijk (art. 7:3, onder a, Awb). De aanbieder"
                " leest dat in de beslissing."
                if item.status in BEFORE
                else "Bij een nieuw besluit met dezelfde vergelijking rekent het portaal nu; dat duurt enkele seconden.",
                term_of(item),
            ],
            form=draft_form(objection),
            initial=lambda item: (
                {
                    "outcome": item.outcome,
                    "consequence": item.consequence,
                    "reasons": item.reasons,
                    "deviates": "ja" if item.deviation else "nee",
                    "deviation": item.deviation,
                }
                if item.outcome
                else {}
            ),
            act=_draft,
        ),
        Step(
            name="beslissen",
            title="Beslist u zo op het bezwaar?",
            button="Beslis",
            is_open=rulings.can_be_decided,
            follows=_follows,
            act=_decide,
            was_taken=became(S.DECIDED),
            is_weighty=True,
        ),
    )
