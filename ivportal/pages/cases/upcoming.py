"""A provider: the one thing that comes next in a case, by whom, until when, and where somebody does it if she may."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from providers.access import Actor
from providers.formatting import format_date
from providers.models import Power
from tariffs.models import (
    ENDED_BY_DECISION,
    Decision,
    DecisionStatus,
    Objection,
    ObjectionStatus,
    SuspensionCause,
    TermEvent,
    TermEventKind,
)
from tariffs.procedure import ruling_letters
from tariffs.procedure.admission import missing
from tariffs.procedure.case import CaseOf
from tariffs.procedure.deadlines import Deadline, deadlines, in_words, timeliness_of
from tariffs.procedure.notified import is_letter_waiting, is_posting_unknown
from tariffs.procedure.views import WAIVED, may_add
from tariffs.procedure.withdrawing import own_words

S = DecisionStatus
#: In these an objection can be added to.
MAY_ADD = (
    ObjectionStatus.RECEIVED,
    ObjectionStatus.INCOMPLETE,
    ObjectionStatus.ADMITTED,
    ObjectionStatus.HEARING,
    ObjectionStatus.HEARD,
)
COURT = "het College van Beroep voor het bedrijfsleven"


@dataclass(frozen=True)
class Next:
    """What somebody does next: a sentence, and where to do it if she may."""

    title: str
    text: str
    url: str = ""
    link: str = ""


def may(actor: Actor, *powers: Power) -> bool:
    """Tell whether somebody of a provider may do something."""
    return any(actor.can(power) for power in powers)


def as_far_as_allowed(found: Next, actor: Actor, slug: str) -> Next:
    """Return what is next without the way to it for who may not go there, saying who may."""
    if not found.url or "#" in found.url:
        return found
    needed = (Power.DELIVER, Power.SIGN) if found.url == reverse("give_views", args=[slug]) else (Power.SIGN,)
    if may(actor, *needed):
        return found
    names = " of ".join(f"‘{power.label}’" for power in needed)
    return Next(found.title, f"{found.text} Dat doet een collega met de bevoegdheid {names}.")


def next_of(case: CaseOf) -> Next:
    """Return what the provider can do next."""
    slug = case.round.slug
    open_objection = next((item for item in case.objections if item.is_open), None)
    if open_objection is not None:
        return _of_objection(open_objection, slug)
    decision = case.decision
    if decision is None:
        return _without_decision(case)
    if outdated := own_words(decision):
        return Next("Er zijn nieuwere uitkomsten", outdated, _letters(case), "Lees de brieven")
    if decision.status == S.ANNOUNCED:
        due = {item.code: item for item in deadlines(decision)}
        if "views" in due and not due["views"].is_over:
            return _of_views(case, decision, due["views"])
    if decision.status in (S.ANNOUNCED, S.DRAFTED):
        return Next(
            "De NZa bereidt het besluit voor", "U hoeft nu niets te doen. U krijgt bericht als het besluit er is."
        )
    return _of_decision(case, decision)


def _letters(case: CaseOf) -> str:
    return f"{reverse('own_case', args=[case.round.slug])}#brieven"


def _without_decision(case: CaseOf) -> Next:
    if any(item.status == S.WITHDRAWN for item in case.decisions):
        return Next(
            "De NZa heeft haar voornemen ingetrokken",
            "U hoeft nu niets te doen. Wil de NZa een ander besluit nemen, dan krijgt u eerst een nieuw voornemen (art. 4:8"
            " Awb).",
            _letters(case),
            "Lees de brieven",
        )
    return Next("Er is nog geen voornemen of besluit", "U hoeft nu niets te doen.")


def _of_views(case: CaseOf, decision: Decision, term: Deadline) -> Next:
    """Return what is next while views can be given."""
    page = reverse("give_views", args=[case.round.slug])
    said = [item for item in case.views if item.decision_id == decision.pk]
    if not said:
        return Next(
            "U kunt een zienswijze geven",
            f"De NZa wil een besluit nemen. Zeg wat u daarvan vindt, {in_words(term)}.",
            page,
            "Geef uw zienswijze",
        )
    if all(item.text == WAIVED for item in said):
        return Next(
            "U liet weten dat u geen zienswijze geeft",
            "De NZa kan het besluit nu opstellen. Bedenkt u zich? Een zienswijze kan tot en met"
            f" {format_date(term.on)} (art. 4:8 Awb), zolang de NZa het besluit nog niet opstelt.",
            page,
            "Geef toch een zienswijze",
        )
    return Next("De NZa heeft uw zienswijze ontvangen", may_add(decision), page, "Vul uw zienswijze aan")


def _of_decision(case: CaseOf, decision: Decision) -> Next:
    """Return what is next once a decision was sent."""
    ruled = next(
        (
            item
            for item in reversed(case.objections)
            if item.status in ENDED_BY_DECISION and decision.pk in (item.decision_id, item.new_decision_id)
        ),
        None,
    )
    if ruled is not None:
        return _of_ruling(case, ruled)
    due = {item.code: item for item in deadlines(decision)}
    page = reverse("object", args=[case.round.slug])
    if "objection" not in due:
        return Next("Er is een besluit", "U hoeft nu niets te doen.", _letters(case), "Lees de brieven")
    if is_posting_unknown(decision):
        return Next(
            "Er is een besluit vastgesteld, nog niet bekendgemaakt",
            "De brief is nog niet op de post; het besluit werkt daarna pas (art. 3:40 en 3:41 Awb). Bent u het er niet mee"
            f" eens? Bezwaar maken kan al, voorlopig {in_words(due['objection'])}. Gaat de brief later weg, dan schuift die dag"
            " mee (art. 6:8 Awb).",
            page,
            "Maak bezwaar",
        )
    if not due["objection"].is_over:
        return Next(
            "Er is een besluit",
            f"Bent u het er niet mee eens? Dan kunt u bezwaar maken, {in_words(due['objection'])}.",
            page,
            "Maak bezwaar",
        )
    over = f"De bezwaartermijn liep tot en met {format_date(due['objection'].on)} (art. 6:7 Awb)."
    if any(item.decision_id == decision.pk for item in case.objections):
        return Next("Er is een besluit", f"{over} U hoeft nu niets te doen.", _letters(case), "Lees de brieven")
    return Next("Er is een besluit", over, page, "Toch bezwaar maken")


def _of_ruling(case: CaseOf, ruled: Objection) -> Next:
    """Return what is next once an objection was decided on: an appeal, as long as that can be."""
    is_new = ruled.new_decision_id is not None
    title = "Er is een nieuw besluit, na uw bezwaar" if is_new else "De NZa heeft op uw bezwaar beslist"
    said = ruling_letters.SENTENCES.get(ruled.outcome, "")
    if ruled.status == ObjectionStatus.APPEALED:
        text = f"Tegen de beslissing loopt beroep bij {COURT}."
    else:
        (term,) = deadlines(ruled)
        text = (
            f"De termijn om in beroep te gaan liep tot en met {format_date(term.on)} ({term.article})."
            if term.is_over
            else f"Bent u het er niet mee eens? Dan kunt u in beroep bij {COURT}, {in_words(term)}."
        )
        if is_letter_waiting(ruled):
            text = (
                "De brief is nog niet op de post; de beslissing werkt daarna pas (art. 3:40 en 3:41 Awb). Bent u het er niet mee"
                f" eens? Dan kunt u in beroep bij {COURT}, voorlopig {in_words(term)}. Gaat de brief later weg, dan schuift die"
                " dag mee (art. 6:8 Awb)."
            )
    return Next(title, f"{said} {text}".strip(), _letters(case), "Lees de beslissing")


def _of_objection(objection: Objection, slug: str) -> Next:
    """Return what is next while an objection is open."""
    due = {item.code: item for item in deadlines(objection)}
    supplement = reverse("supplement_objection", args=[slug, objection.uuid])
    if "remedy" in due:
        return _of_remedy(due["remedy"], supplement)
    if "hearing" in due:
        return _of_hearing(due, supplement)
    lacks = missing(objection, to_provider=True) if objection.status == ObjectionStatus.RECEIVED else []
    if lacks:
        return Next(
            "Uw bezwaar is nog niet compleet",
            f"Dit ontbreekt nog: {', '.join(lacks)}. U kunt het nu al sturen. Doet u dat niet, dan vraagt de NZa erom en geeft"
            " zij u een termijn (art. 6:6 Awb).",
            supplement,
            "Vul uw bezwaar aan",
        )
    decide = due["decide"]
    if "default" in due:
        return Next("U stelde de NZa in gebreke", due["default"].sentence)
    if decide.is_over:
        return Next(
            "De NZa is te laat met haar beslissing",
            f"Zij had moeten beslissen op {format_date(decide.on)} ({decide.article}). U kunt haar in gebreke stellen"
            " (art. 4:17 Awb).",
            reverse("notice_of_default", args=[slug, objection.uuid]),
            "Stel de NZa in gebreke",
        )
    if (asked := _waited_for(objection)) is not None:
        return Next(
            "De NZa wacht op u",
            f"De termijn om te beslissen staat daarom stil: ‘{asked.reason}’ Stuur wat nog ontbreekt. De NZa beslist"
            f" {in_words(decide)}.",
            *((supplement, "Vul uw bezwaar aan") if objection.status in MAY_ADD else ()),
        )
    decides = f"Zij beslist {in_words(decide)}. U hoeft nu niets te doen."
    if timeliness_of(objection).timing == "late" and objection.is_excused is None:
        return Next(
            "Uw bezwaar kwam na de termijn binnen",
            "De NZa beoordeelt of dat verschoonbaar is (art. 6:11 Awb). Zo niet, dan behandelt zij de inhoud van uw bezwaar niet."
            f" {decides}",
        )
    return Next("De NZa behandelt uw bezwaar", decides)


def _waited_for(objection: Objection) -> TermEvent | None:
    """Return why the term stands still if that is up to the objector; ``None`` if it runs, or for another reason (Awb 4:15)."""
    moved = objection.events.filter(kind__in=(TermEventKind.SUSPENDED, TermEventKind.RESUMED)).order_by("on", "pk")
    last = moved.last()
    is_waiting = last is not None and last.kind == TermEventKind.SUSPENDED and last.cause == SuspensionCause.OBJECTOR
    return last if is_waiting else None


def _of_remedy(term: Deadline, supplement: str) -> Next:
    if not term.is_over:
        return Next("Uw bezwaar is nog niet compleet", f"Vul het aan, {in_words(term)}.", supplement, "Vul aan")
    return Next(
        "De termijn om uw bezwaar aan te vullen is voorbij",
        f"Die liep tot en met {format_date(term.on)}. De NZa kan uw bezwaar nu niet-ontvankelijk verklaren (art. 6:6 Awb): dan"
        " behandelt zij de inhoud niet. Stuur wat ontbreekt alsnog, zolang zij niet heeft beslist.",
        supplement,
        "Vul alsnog aan",
    )


def _of_hearing(due: dict[str, Deadline], supplement: str) -> Next:
    hearing, papers = due["hearing"], due.get("papers")
    if hearing.is_over:
        return Next(
            "De hoorzitting is geweest",
            f"Die was op {format_date(hearing.on)}. De NZa maakt er een verslag van; dat leest u dan hier (art. 7:7 Awb). Zij"
            f" beslist {in_words(due['decide'])}.",
        )
    if papers is not None and not papers.is_over:
        text = f"{hearing.sentence} {papers.sentence}"
        return Next("U bent uitgenodigd voor een hoorzitting", text, supplement, "Stuur stukken")
    return Next("U bent uitgenodigd voor een hoorzitting", hearing.sentence)
