"""The letter with the decision on an objection: outcome, reasons per ground, advice, what follows, how to appeal (Awb 7:12)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from providers.access import Actor
from providers.formatting import format_date
from providers.refusal import Refused
from tariffs import letters
from tariffs.models import (
    Consequence,
    Decision,
    Ground,
    LetterKind,
    Objection,
    ObjectionOutcome,
    TermEventKind,
)
from tariffs.procedure import figures, figures_in_words
from tariffs.procedure.deadlines import counts_as_in_time, timeliness_of
from tariffs.procedure.decision_letters import holds_in
from tariffs.terms import appeal_term, equated_days

O = ObjectionOutcome  # noqa: E741
SENTENCES: dict[str, str] = {
    O.GRANTED: "Uw bezwaar is gegrond.",
    O.PARTLY: "Uw bezwaar is deels gegrond.",
    O.DISMISSED: "Uw bezwaar is ongegrond.",
    O.INADMISSIBLE: "Uw bezwaar is niet-ontvankelijk: de NZa behandelt de inhoud niet.",
}
FOLLOWS: dict[str, str] = {
    Consequence.NONE: "Het besluit blijft zoals het is.",
    Consequence.FROZEN_FRONTIER: (
        "De NZa neemt een nieuw besluit. Alleen uw eigen cijfers zijn opnieuw berekend; de vergelijking met anderen is dezelfde"
        " gebleven. Voor andere zorgaanbieders verandert er niets."
    ),
    Consequence.NEW_RUN: (
        "De NZa neemt een nieuw besluit, met de uitkomsten van een nieuwe landelijke berekening. Besluiten over andere"
        " zorgaanbieders veranderen daardoor niet vanzelf: daarover laat de NZa hun eerst weten wat zij wil besluiten."
    ),
    Consequence.OTHER_REASONS: "De NZa verbetert de motivering. De bandbreedte blijft zoals die was.",
}

NOT_HEARD = "De NZa hield geen hoorzitting: het bezwaar is kennelijk niet-ontvankelijk (art. 7:3, onder a, Awb)."
#: Why nobody was heard, as the NZa wrote it down (``tariffs.procedure.hearings.WAIVERS``) and as the letter says it.
ADDRESSED = (
    ("De aanbieder verklaarde dat zij niet wil worden gehoord", "U verklaarde dat u niet wilt worden gehoord"),
    (
        "De aanbieder liet niet binnen de gegeven termijn weten dat zij wil worden gehoord",
        "U liet niet binnen de gegeven termijn weten dat u wilt worden gehoord",
    ),
)

#: The same for who reads about a provider: the NZa.
THIRD_PERSON = (("Uw bezwaar", "Het bezwaar"), ("Alleen uw eigen cijfers", "Alleen de eigen cijfers van de aanbieder"))


def in_third_person(sentence: str) -> str:
    """Return a sentence about an objection as the NZa reads it, which is not the one that objected."""
    for own, theirs in THIRD_PERSON:
        sentence = sentence.replace(own, theirs)
    return sentence


def outgoing(objection: Objection, *, grounds: Iterable[Ground], decided_on: date, actor: Actor) -> letters.Outgoing:
    """Return the letter with a decision on an objection that is taken on a day, with the verdict on each of its grounds."""
    new, round = objection.new_decision, objection.decision.round
    if objection.outcome == O.INADMISSIBLE:
        return _turned_away(objection, decided_on=decided_on, actor=actor)
    return letters.Outgoing(
        kind=LetterKind.OBJECTION_DECISION,
        provider=objection.provider,
        round=round,
        reference=objection.reference,
        facts={
            "uitkomst": SENTENCES[objection.outcome],
            "gevolg": "\n\n".join(
                [
                    " ".join([FOLLOWS[objection.consequence], *_replacing(objection, new)]),
                    *_changed(new, round.currency),
                ]
            ),
            "bandbreedte": "\n\n".join(
                [figures.in_words(new.figures, round.currency), *holds_in(new.report.release.tariff_year)]
            )
            if new is not None
            else "",
            "motivering": "\n\n".join([letters.plain_lines(objection.reasons), *_not_heard(objection)]),
            "gronden": "\n\n".join([*_grounds_in_words(grounds), *_advice(objection)]),
            "rechtsmiddel": appeal_clause(decided_on),
            "ondertekenaar": actor.user.name,
        },
        figures=None if new is None else figures.table(new.figures, round.currency, new.report.release.tariff_year),
        objection=objection,
        decision=new,
    )


def _turned_away(objection: Objection, *, decided_on: date, actor: Actor) -> letters.Outgoing:
    """Return the letter that an objection is not treated: on which article, and why nobody was heard (Awb 6:6, 6:11, 7:3)."""
    return letters.Outgoing(
        kind=LetterKind.OBJECTION_DECISION,
        text="letter_objection_inadmissible",
        provider=objection.provider,
        round=objection.decision.round,
        reference=objection.reference,
        facts={
            "uitkomst": " ".join([SENTENCES[O.INADMISSIBLE], _why_not_treated(objection)]),
            "gevolg": FOLLOWS[objection.consequence],
            "motivering": letters.plain_lines(objection.reasons),
            "horen": NOT_HEARD,
            "rechtsmiddel": appeal_clause(decided_on),
            "ondertekenaar": actor.user.name,
        },
        objection=objection,
    )


def _why_not_treated(objection: Objection) -> str:
    """Say on which article it rests: too late, or not completed within the time that was given for it."""
    if counts_as_in_time(objection) is False:
        return f"{timeliness_of(objection).sentence} Dat is niet verschoonbaar (art. 6:11 Awb)."
    asked = objection.events.filter(kind=TermEventKind.REMEDY_ASKED).order_by("pk").last()
    if asked is None:
        raise Refused(
            "Dit bezwaar is niet te laat, en om een aanvulling is niet gevraagd. Niet-ontvankelijk kan dan niet (art. 6:6 en 6:7"
            " Awb)."
        )
    return (
        f"De NZa vroeg op {format_date(asked.on)} om een aanvulling, uiterlijk op {format_date(asked.until)}. Het bezwaar is"
        f" niet op tijd compleet geworden (art. 6:6 Awb). Dit vroeg zij:\n\n{letters.quoted(asked.reason)}"
    )


def _not_heard(objection: Objection) -> list[str]:
    """Say on which ground nobody was heard; empty if there was a hearing (Awb 7:12(1))."""
    waived = objection.hearings.exclude(waived_because="").order_by("pk").last()
    if waived is None:
        return []
    why = waived.waived_because
    for theirs, own in ADDRESSED:
        if why.startswith(theirs):
            why = f"{own}{why.removeprefix(theirs)}"
    return [f"De NZa hield geen hoorzitting. {letters.plain_lines(why)}"]


def _replacing(objection: Objection, new: Decision | None) -> list[str]:
    """Say which decision takes the place of which, as the law asks (Awb 7:11(2))."""
    if new is None:
        return []
    return [
        f"De NZa herroept besluit {objection.decision.reference} en neemt daarvoor in de plaats besluit {new.reference} (art."
        " 7:11, tweede lid, Awb)."
    ]


def _changed(new: Decision | None, currency: str) -> list[str]:
    """Say which figures of the provider were computed anew with, from what to what; empty if none were."""
    rows = figures_in_words.changed(new.figures, currency) if new is not None else []
    if not rows:
        return []
    return [
        "Met deze andere gegevens rekende de NZa:",
        "\n".join(f"- {name}: was {was}, wordt {becomes}" for name, was, becomes in rows),
        "Dit wordt de bandbreedte:",
    ]


def appeal_clause(decided_on: date) -> str:
    """Return where, until when and how somebody can appeal against a decision on an objection (Awb 6:23)."""
    term = appeal_term(notified_on=decided_on, equated=equated_days())
    return letters.clause(
        channel="beroep instellen",
        until=term.end,
        starts=term.starts,
        articles=("art. 6:23 Awb", *term.articles, "bijlage 2, art. 4, Awb"),
        whom="het College van Beroep voor het bedrijfsleven (CBb)",
        needs="U kunt alleen beroep instellen tegen deze beslissing, niet meer tegen het eerste besluit.",
    )


def _grounds_in_words(grounds: Iterable[Ground]) -> list[str]:
    return [
        f"## {'Gedeelde grond' if ground.group_id else 'Grond'} {ground.number}\n\n{letters.quoted(ground.text)}\n\n"
        f"{ground.get_verdict_display()}. {letters.plain_lines(ground.reasons)}"
        for ground in grounds
    ]


def _advice(objection: Objection) -> list[str]:
    """Return the advice of the committee as a part of the letter: it goes with the decision (Awb 7:13(7))."""
    if not objection.advice:
        return []
    said = (
        f"De NZa wijkt van dit advies af (art. 7:13, zevende lid, Awb). {letters.plain_lines(objection.deviation)}"
        if objection.deviation
        else "De NZa volgt dit advies."
    )
    return [
        "## Advies van de commissie\n\nDe commissie bracht op"
        f" {format_date(objection.advised_on)} dit advies uit (art. 7:13 Awb):\n\n{letters.quoted(objection.advice)}\n\n{said}"
    ]
