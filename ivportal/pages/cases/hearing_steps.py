"""NZa: the steps with the hearing of an objection, or without one, and with the advice of a committee."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ivportal.pages.cases.moving import became, can_go, term_of, together
from ivportal.pages.cases.objection_forms import (
    AdviceForm,
    HearingForm,
    ReportForm,
    WaiveForm,
    WhyForm,
)
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.refusal import Refused
from tariffs.models import (
    Objection,
    ObjectionStatus,
)
from tariffs.procedure import hearings, rulings
from tariffs.procedure.deadlines import hearing_of

S = ObjectionStatus


def _plan(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    found = hearings.together_with(item)
    hearings.plan(objections=found, at=said["at"], place=said["place"], actor=actor)
    count = f"{len(found)} {'bezwaar' if len(found) == 1 else 'bezwaren'}"
    return f"De hoorzitting is gepland voor {count}. De uitnodiging is verstuurd."


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


def _was_held(item: Objection) -> bool:
    hearing = hearing_of(item) if item.status == S.HEARING else None
    return hearing is not None and hearing.at is not None and hearing.at <= timezone.now()


HEARING_STEPS: tuple[Step[Objection], ...] = (
    Step(
        name="hoorzitting",
        title="Wanneer en waar hoort de NZa de aanbieder?",
        button="Plan een hoorzitting",
        is_open=can_go(S.HEARING),
        follows=lambda item: [
            *together(item),
            "Iedereen krijgt een uitnodiging per brief (art. 7:2 Awb).",
            term_of(item),
        ],
        form=HearingForm,
        act=_plan,
        was_taken=became(S.HEARING),
    ),
    Step(
        name="niet-horen",
        title="Waarom hoort de NZa niemand?",
        button="Zie af van horen",
        is_open=lambda item: item.status == S.ADMITTED,
        follows=lambda item: [*together(item), "Dat kan alleen op een van de gronden van art. 7:3 Awb."],
        form=WaiveForm,
        act=_waive,
        was_taken=became(S.HEARD),
    ),
    Step(
        name="afzeggen",
        title="Waarom gaat de hoorzitting niet door?",
        button="Zeg de hoorzitting af",
        is_open=lambda item: item.status == S.HEARING,
        follows=lambda item: [
            *together(item),
            "Wie was uitgenodigd, krijgt de brief ‘De hoorzitting gaat niet door’, met uw reden (art. 7:2 Awb).",
            "Wilt u verplaatsen, dan plant u daarna een nieuwe hoorzitting: daarvoor gaat een nieuwe uitnodiging uit.",
        ],
        form=WhyForm,
        act=_cancel,
        was_taken=became(S.ADMITTED),
    ),
    Step(
        name="verslag",
        title="Wat is er gezegd op de hoorzitting?",
        button="Leg het verslag vast",
        is_open=_was_held,
        follows=lambda item: [*together(item), "Het verslag staat in het dossier (art. 7:7 Awb)."],
        form=ReportForm,
        act=_report,
        was_taken=became(S.HEARD),
    ),
    Step(
        name="advies",
        title="Wat adviseert de commissie?",
        button="Leg het advies vast",
        is_open=lambda item: item.status == S.HEARD and item.with_committee,
        follows=lambda item: ["Wijkt de NZa van het advies af, dan zegt zij waarom (art. 7:13, zevende lid, Awb)."],
        form=AdviceForm,
        act=_advise,
        was_taken=became(S.ADVISED),
    ),
)
