"""NZa: the steps with an objection, from receipt to the decision on it, each with what follows and what it asks."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ivportal.pages.cases.objection_forms import (
    AdjournForm,
    AdmitForm,
    AdviceForm,
    AgreeForm,
    AssignForm,
    HearingForm,
    LatenessForm,
    NoticeForm,
    RemedyForm,
    ReportForm,
    SuspendForm,
    WaiveForm,
    WhyForm,
    draft_form,
    verdicts_form,
)
from ivportal.pages.steps import NothingToFillIn, Step
from providers.access import Actor
from providers.formatting import format_date
from providers.refusal import Refused
from tariffs.models import (
    OBJECTION_TRANSITIONS,
    Consequence,
    Objection,
    ObjectionOutcome,
    ObjectionStatus,
    SuspensionCause,
    TermEventKind,
)
from tariffs.policies import current_policy
from tariffs.procedure import admission, delays, figures, groups, hearings, objections, rulings
from tariffs.procedure.deadlines import decision_term_of, hearing_of, timeliness_of
from tariffs.procedure.decisions import adopted_release

S = ObjectionStatus
ROWS = 4
WORDS = {"rows": 6}


def _remedy(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    event = admission.ask_remedy(objection=item, what=said["what"], actor=actor)
    return f"De aanbieder kan aanvullen tot en met {format_date(event.until)} (art. 6:6 Awb) en krijgt een brief."


def _lateness(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    admission.judge_lateness(
        objection=item,
        is_excused=said["is_excused"] == "ja",
        reason=said["reason"],
        late_because=said["late_because"],
        actor=actor,
    )
    return "Het oordeel over de termijn is vastgelegd (art. 6:11 Awb)."


def _admit(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    admission.admit(objection=item, with_committee=said["with_committee"], actor=actor)
    return "Het bezwaar is in behandeling. De aanbieder krijgt bericht met de beslistermijn."


def _plan(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    found = hearings.together_with(item)
    hearings.plan(objections=found, at=said["at"], place=said["place"], actor=actor)
    return f"De hoorzitting is gepland voor {len(found)} {'bezwaar' if len(found) == 1 else 'bezwaren'}. De uitnodiging is weg."


def _waive(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    found = hearings.together_with(item)
    hearings.waive(objections=found, ground=said["ground"], reason=said["reason"], actor=actor)
    return "Vastgelegd is waarom er geen hoorzitting komt (art. 7:3 Awb)."


def _cancel(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    hearing = hearing_of(item)
    if hearing is None:
        raise Refused("Er is geen hoorzitting gepland (art. 7:2 Awb).")
    hearings.cancel(hearing=hearing, reason=said["reason"], actor=actor)
    return "De hoorzitting gaat niet door. Wie was uitgenodigd krijgt bericht. U kunt een nieuwe plannen."


def _report(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    hearing = hearing_of(item)
    if hearing is None:
        raise Refused("Er is geen hoorzitting gepland (art. 7:2 Awb).")
    hearings.report(hearing=hearing, text=said["text"], actor=actor)
    return "Het verslag staat in het dossier (art. 7:7 Awb)."


def _advise(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    rulings.advise(objection=item, advice=said["advice"], advised_on=said["advised_on"], actor=actor)
    return "Het advies staat in het dossier (art. 7:13 Awb)."


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
        actor=actor,
    )
    found = f" Het nieuwe besluit staat klaar: {made.new_decision}." if made.new_decision else ""
    return f"De beslissing is opgesteld. Een collega beslist.{found}"


def _decide(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    made = rulings.decide(objection=item, actor=actor)
    return (
        f"Op bezwaar {made.reference} is beslist: {made.get_outcome_display().lower()}. De aanbieder krijgt de brief."
    )


def _withdraw(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    objections.withdraw(objection=item, actor=actor)
    objections.settle_standings()
    return "Vastgelegd is dat het bezwaar is ingetrokken (art. 6:21 Awb)."


def _adjourn(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.adjourn(objection=item, weeks=said["weeks"], reason=said["reason"], actor=actor)
    return "De beslissing is verdaagd. De aanbieder krijgt een brief (art. 7:10, vijfde lid, Awb)."


def _agree(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.agree(objection=item, until=said["until"], reason=said["reason"], actor=actor)
    return "Het uitstel met instemming is vastgelegd (art. 7:10, vierde lid, Awb)."


def _suspend(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.suspend(objection=item, cause=SuspensionCause(said["cause"]), reason=said["reason"], actor=actor)
    return "De beslistermijn staat stil (art. 4:15 Awb). De aanbieder krijgt een brief."


def _resume(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.resume(objection=item, reason=said["reason"], actor=actor)
    return "De beslistermijn loopt weer (art. 4:15 Awb)."


def _default(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.give_notice(objection=item, received_on=said["received_on"], actor=actor)
    return "De ingebrekestelling is vastgelegd (art. 4:17 Awb)."


def _assign(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    made = admission.assign(objection=item, to=said["to"], actor=actor)
    return f"{made.assigned_to.name if made.assigned_to else 'Niemand'} behandelt het bezwaar."


def _appeal(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    admission.record_appeal(objection=item, actor=actor)
    return "Vastgelegd is dat beroep is ingesteld."


def _leave(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    groups.leave(objection=item, actor=actor)
    return "Het bezwaar wordt weer apart behandeld."


def _can_go(to: ObjectionStatus) -> Any:
    return lambda item: to in OBJECTION_TRANSITIONS[ObjectionStatus(item.status)]


def _became(to: ObjectionStatus) -> Any:
    return lambda item, said, actor: item.status == to


def _is_ripe(item: Objection) -> bool:
    return item.status == S.ADVISED or (item.status == S.HEARD and not item.with_committee)


def _is_suspended(item: Objection) -> bool:
    last = item.events.filter(kind__in=[TermEventKind.SUSPENDED, TermEventKind.RESUMED]).order_by("on", "pk").last()
    return last is not None and last.kind == TermEventKind.SUSPENDED


def _was_held(item: Objection) -> bool:
    hearing = hearing_of(item) if item.status == S.HEARING else None
    return hearing is not None and hearing.at is not None and hearing.at <= timezone.now()


def _together(item: Objection) -> list[str]:
    found = hearings.together_with(item)
    return [f"Dit geldt voor {len(found)} bezwaren in de groep ‘{item.group}’."] if len(found) > 1 else []


def _term(item: Objection) -> str:
    return decision_term_of(item).sentence


def _seen(item: Objection) -> list[str]:
    """Say what the one who decides should know: who drew it up, and what it does to others."""
    drafter = item.drafted_by.name if item.drafted_by else "Nog niemand"
    found = [
        f"{drafter} stelde de beslissing op: {item.get_outcome_display().lower()}. {rulings.FOLLOWS.get(item.consequence, '')}",
        "De aanbieder krijgt de beslissing met de redenen per grond, en leest hoe beroep kan (art. 6:23 en 7:12 Awb).",
    ]
    found.append(f"Motivering: {item.reasons}")
    for ground in rulings.grounds_of(item) if item.outcome != ObjectionOutcome.INADMISSIBLE else []:
        shared = "Gedeelde grond" if ground.group_id else "Grond"
        found.append(f"{shared} {ground.number} {ground.get_verdict_display().lower()}: {ground.reasons}")
    if item.new_decision is not None:
        currency = item.decision.round.currency
        for name, held in (("Was", item.decision.figures), ("Wordt", item.new_decision.figures)):
            lines = [line[2:] for line in figures.in_words(held, currency).splitlines()]
            found.append(f"{name}: {'; '.join(lines)}.")
        found.append(f"Besluit {item.new_decision.reference} komt in de plaats van {item.decision.reference}.")
    if item.consequence == Consequence.NEW_RUN:
        found += _others(item)
    return found


def _others(item: Objection) -> list[str]:
    release = adopted_release(item.decision.round)
    if release is None:
        return []
    lower = rulings.lower_in(release, instead_of=item.decision)
    if not lower:
        return ["In de nieuwe berekening komt niemand anders lager uit."]
    policy = current_policy(item.decision.round)
    kept = (
        "Het beleid laat toe dat zij daardoor lager uitkomen, maar dat vraagt voor elk van hen een eigen besluit."
        if policy.objection_may_lower_others
        else "Volgens het beleid blijven hun besluiten zoals ze zijn."
    )
    return [f"In de nieuwe berekening komen {lower} anderen lager uit. {kept}"]


def steps_for(objection: Objection) -> tuple[Step[Objection], ...]:
    """Return all steps with this objection; two of them ask for what it consists of."""
    return (
        Step(
            name="aanvulling-vragen",
            title="Wat ontbreekt er aan het bezwaar?",
            button="Vraag om aanvulling",
            is_open=_can_go(S.INCOMPLETE),
            follows=lambda item: [
                *(f"Nu ontbreekt: {lacking}." for lacking in admission.missing(item)),
                f"De aanbieder krijgt {current_policy(item.decision.round).remedy_days} dagen (art. 6:6 Awb). Zolang staat de"
                " beslistermijn stil (art. 7:10, tweede lid, Awb).",
            ],
            form=RemedyForm,
            initial=lambda item: {"what": "\n".join(f"- {lacking}" for lacking in admission.missing(item))},
            act=_remedy,
            was_taken=_became(S.INCOMPLETE),
        ),
        Step(
            name="termijn",
            title="Is het te laat, en is dat verschoonbaar?",
            button="Beoordeel de termijn",
            is_open=lambda item: item.status in (S.RECEIVED, S.INCOMPLETE) and timeliness_of(item).timing != "in_time",
            follows=lambda item: [
                timeliness_of(item).sentence,
                f"De aanbieder zegt: ‘{item.late_because}’"
                if item.late_because
                else "De aanbieder gaf nog geen reden.",
            ],
            form=LatenessForm,
            act=_lateness,
        ),
        Step(
            name="behandelen",
            title="Neemt u het bezwaar in behandeling?",
            button="Neem in behandeling",
            is_open=lambda item: item.status == S.RECEIVED,
            follows=lambda item: (
                [
                    timeliness_of(item).sentence,
                    *(f"Nog niet compleet: {lacking}." for lacking in admission.missing(item)),
                    _term(item),
                ]
                if item.status == S.RECEIVED
                else ["De hoorzitting vervalt."]
            ),
            form=AdmitForm,
            act=_admit,
            was_taken=_became(S.ADMITTED),
        ),
        Step(
            name="hoorzitting",
            title="Wanneer en waar hoort de NZa de aanbieder?",
            button="Plan een hoorzitting",
            is_open=_can_go(S.HEARING),
            follows=lambda item: [
                *_together(item),
                "Iedereen krijgt een uitnodiging per brief (art. 7:2 Awb).",
                _term(item),
            ],
            form=HearingForm,
            act=_plan,
            was_taken=_became(S.HEARING),
        ),
        Step(
            name="niet-horen",
            title="Waarom hoort de NZa niemand?",
            button="Zie af van horen",
            is_open=lambda item: item.status == S.ADMITTED,
            follows=lambda item: [*_together(item), "Dat kan alleen op een van de gronden van art. 7:3 Awb."],
            form=WaiveForm,
            act=_waive,
            was_taken=_became(S.HEARD),
        ),
        Step(
            name="afzeggen",
            title="Waarom gaat de hoorzitting niet door?",
            button="Zeg af of verplaats",
            is_open=lambda item: item.status == S.HEARING,
            follows=lambda item: [*_together(item), "Daarna plant u een nieuwe, of ziet u af van horen."],
            form=WhyForm,
            act=_cancel,
            was_taken=_became(S.ADMITTED),
        ),
        Step(
            name="verslag",
            title="Wat is er gezegd op de hoorzitting?",
            button="Leg het verslag vast",
            is_open=_was_held,
            follows=lambda item: [*_together(item), "Het verslag staat in het dossier (art. 7:7 Awb)."],
            form=ReportForm,
            act=_report,
            was_taken=_became(S.HEARD),
        ),
        Step(
            name="advies",
            title="Wat adviseert de commissie?",
            button="Leg het advies vast",
            is_open=lambda item: item.status == S.HEARD and item.with_committee,
            follows=lambda item: ["Wijkt de NZa van het advies af, dan zegt zij waarom (art. 7:13, zevende lid, Awb)."],
            form=AdviceForm,
            act=_advise,
            was_taken=_became(S.ADVISED),
        ),
        Step(
            name="gronden",
            title="Slagen de gronden?",
            button="Beoordeel de gronden",
            is_open=_is_ripe,
            follows=lambda item: [
                "Wat over een gedeelde grond is beslist, geldt voor iedereen in de groep.",
                "Een beslissing die al was opgesteld, moet daarna opnieuw.",
            ],
            form=verdicts_form(objection) if _is_ripe(objection) else NothingToFillIn,
            act=_judge,
        ),
        Step(
            name="opstellen",
            title="Hoe beslist de NZa op het bezwaar?",
            button="Stel de beslissing op",
            is_open=lambda item: _is_ripe(item) or item.status in (S.RECEIVED, S.INCOMPLETE),
            follows=lambda item: [
                "Beslissen doet iemand die de beslissing niet opstelde (art. 3:2 Awb) en die het besluit zelf niet nam (art."
                " 10:3, derde lid, Awb).",
                "Bij een nieuw besluit met dezelfde vergelijking rekent het portaal nu; dat duurt enkele seconden.",
                _term(item),
            ],
            form=draft_form(objection),
            initial=lambda item: (
                {"outcome": item.outcome, "consequence": item.consequence, "reasons": item.reasons}
                if item.outcome
                else {}
            ),
            act=_draft,
        ),
        Step(
            name="beslissen",
            title="Beslist u zo op het bezwaar?",
            button="Beslis en verstuur",
            is_open=lambda item: item.is_open and bool(item.outcome),
            follows=_seen,
            act=_decide,
            was_taken=_became(S.DECIDED),
            is_weighty=True,
        ),
        Step(
            name="verdagen",
            title="Hoe lang verdaagt de NZa de beslissing?",
            button="Verdaag",
            is_open=lambda item: item.is_open and not item.events.filter(kind=TermEventKind.ADJOURNED).exists(),
            follows=lambda item: [_term(item), "Verdagen kan één keer (art. 7:10, derde lid, Awb)."],
            form=AdjournForm,
            act=_adjourn,
            was_taken=lambda item, said, actor: item.events.filter(kind=TermEventKind.ADJOURNED).exists(),
        ),
        Step(
            name="uitstel-met-instemming",
            title="Tot wanneer stemde de bezwaarmaker in met uitstel?",
            button="Leg uitstel met instemming vast",
            is_open=lambda item: item.is_open,
            follows=lambda item: [
                _term(item),
                "Verder uitstel kan alleen met instemming (art. 7:10, vierde lid, Awb).",
            ],
            form=AgreeForm,
            act=_agree,
        ),
        Step(
            name="opschorten",
            title="Waardoor staat de termijn stil?",
            button="Schort de termijn op",
            is_open=lambda item: item.is_open and not _is_suspended(item),
            follows=lambda item: [_term(item)],
            form=SuspendForm,
            act=_suspend,
        ),
        Step(
            name="hervatten",
            title="Waarom loopt de termijn weer?",
            button="Laat de termijn weer lopen",
            is_open=lambda item: item.is_open and _is_suspended(item),
            follows=lambda item: [_term(item)],
            form=WhyForm,
            act=_resume,
        ),
        Step(
            name="ingebrekestelling",
            title="Wanneer kwam de ingebrekestelling binnen?",
            button="Leg een ingebrekestelling vast",
            is_open=lambda item: item.is_open and not item.events.filter(kind=TermEventKind.DEFAULT_NOTICE).exists(),
            follows=lambda item: [_term(item), "Daarna heeft de NZa nog twee weken (art. 4:17, derde lid, Awb)."],
            form=NoticeForm,
            act=_default,
        ),
        Step(
            name="toewijzen",
            title="Wie behandelt dit bezwaar?",
            button="Wijs toe",
            is_open=lambda item: item.is_open,
            follows=lambda item: ["De naam staat bij de termijnen in ‘Zaken’. De aanbieder merkt er niets van."],
            form=AssignForm,
            initial=lambda item: {"to": item.assigned_to_id},
            act=_assign,
        ),
        Step(
            name="uit-de-groep",
            title="Behandelt u dit bezwaar weer apart?",
            button="Haal uit de groep",
            is_open=lambda item: item.is_open and item.group_id is not None,
            follows=lambda item: [f"De gedeelde gronden van ‘{item.group}’ gelden dan niet meer voor dit bezwaar."],
            act=_leave,
        ),
        Step(
            name="intrekken",
            title="Trok de aanbieder het bezwaar in?",
            button="Leg intrekking vast",
            is_open=lambda item: item.is_open,
            follows=lambda item: [
                "Schriftelijk, of mondeling op de hoorzitting (art. 6:21 Awb). Het besluit blijft zoals het is."
            ],
            act=_withdraw,
            was_taken=_became(S.WITHDRAWN),
            is_weighty=True,
        ),
        Step(
            name="beroep",
            title="Is er beroep ingesteld bij het CBb?",
            button="Leg vast dat er beroep is",
            is_open=_can_go(S.APPEALED),
            follows=lambda item: ["U legt alleen vast dat de zaak bij de rechter ligt."],
            act=_appeal,
            was_taken=_became(S.APPEALED),
        ),
    )
