"""NZa: the steps with the hearing of an objection, or without one, and with the advice of a committee."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import escape

from ivportal.pages.cases.moving import became, can_go, term_of, together
from ivportal.pages.cases.objection_forms import (
    AdviceForm,
    HearingForm,
    ReportForm,
    WaiveForm,
    WhyForm,
)
from ivportal.pages.naming import asks_about_names
from ivportal.pages.steps import Step
from providers.access import Actor
from providers.refusal import Refused
from tariffs.models import (
    LetterKind,
    Objection,
    ObjectionStatus,
)
from tariffs.procedure import hearings, posting, rulings
from tariffs.procedure.deadlines import hearing_of

S = ObjectionStatus


def _plan(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    found = [item] if said.get("apart") else hearings.together_with(item)
    hearings.plan(objections=found, at=said["at"], place=said["place"], actor=actor)
    count = f"{len(found)} {'bezwaar' if len(found) == 1 else 'bezwaren'}"
    waiting = posting.still_to_go(item.decision.round, LetterKind.HEARING)
    return f"De hoorzitting is gepland voor {count}. De uitnodiging staat in het portaal. {waiting}".strip()


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


def _heard_with(item: Objection) -> list[Objection]:
    """Return the objections of the hearing that was planned."""
    hearing = hearing_of(item)
    return [] if hearing is None else list(hearing.objections.select_related("provider").order_by("provider__name"))


def _counted(found: list[Objection]) -> list[str]:
    """Say for how many objections a step with a hearing counts, if for more than one."""
    return [f"Dit geldt voor de {len(found)} bezwaren die samen worden gehoord."] if len(found) > 1 else []


def _read_by(found: list[Objection]) -> str:
    """Say who reads what is written at a hearing, by name."""
    names = [item.provider.name for item in found]
    return (
        f"Dit leest {names[0]}, ook in het dossier."
        if len(names) == 1
        else f"Dit lezen {', '.join(names[:-1])} en {names[-1]}, ook in hun dossier. Schrijf geen cijfers op die zij niet van"
        " elkaar mogen weten."
    )


def _asking(
    form: type[forms.Form], field: str, item: Objection, found: Callable[[], list[Objection]]
) -> type[forms.Form]:
    """Return a form of which a field is read by the providers of some objections, with the question which names can stay."""
    return asks_about_names(
        form, fields=[field], rounds=[item.decision.round], readers=lambda: [each.provider for each in found()]
    )


def _hearing_form(item: Objection) -> type[forms.Form]:
    if item.group_id is None or len(hearings.together_with(item)) == 1:
        return HearingForm
    apart = forms.BooleanField(
        label=f"Hoor {item.provider.name} apart",
        required=False,
        help_text="Kan als samen horen een zorgvuldige behandeling belemmert, of als er iets ter sprake komt dat om gewichtige"
        " redenen geheim moet blijven, zoals kosten die een ander niet mag weten (art. 7:6, tweede lid, Awb). De anderen in de"
        " groep hoort u daarna. U laat hun weten wat er is gezegd, behalve wat geheim moet blijven (derde en vierde lid).",
    )
    return type("GroupHearingForm", (HearingForm,), {"apart": apart})


def _report_form(item: Objection) -> type[forms.Form]:
    found = _heard_with(item)

    class NamedReportForm(ReportForm):
        """The report, with who reads it."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            said = f"Wie er was, en wat er is gezegd (art. 7:7 Awb). {_read_by(found)}"
            self.fields["text"].help_text = str(escape(said))

    return _asking(NamedReportForm, "text", item, lambda: found)


def hearing_steps(objection: Objection) -> tuple[Step[Objection], ...]:
    """Return the steps with the hearing of this objection; what is written there may be read by a whole group."""
    return (
        Step(
            name="hoorzitting",
            title="Wanneer en waar hoort de NZa de aanbieder?",
            button="Plan een hoorzitting",
            is_open=can_go(S.HEARING),
            follows=lambda item: [
                *together(item),
                "Iedereen krijgt een uitnodiging per brief (art. 7:2 Awb).",
                *(
                    [
                        "Wie samen wordt gehoord, hoort en leest wat de anderen zeggen. U kunt ook apart horen (art. 7:6 Awb)."
                    ]
                    if together(item)
                    else []
                ),
                term_of(item),
            ],
            form=_hearing_form(objection),
            act=_plan,
            was_taken=became(S.HEARING),
        ),
        Step(
            name="niet-horen",
            title="Waarom hoort de NZa niemand?",
            button="Zie af van horen",
            is_open=lambda item: item.status == S.ADMITTED,
            follows=lambda item: [*together(item), "Dat kan alleen op een van de gronden van art. 7:3 Awb."],
            form=_asking(WaiveForm, "reason", objection, lambda: hearings.together_with(objection)),
            act=_waive,
            was_taken=became(S.HEARD),
        ),
        Step(
            name="afzeggen",
            title="Waarom gaat de hoorzitting niet door?",
            button="Zeg de hoorzitting af",
            is_open=lambda item: item.status == S.HEARING,
            follows=lambda item: [
                *_counted(_heard_with(item)),
                "Wie was uitgenodigd, krijgt de brief ‘De hoorzitting gaat niet door’, met uw reden (art. 7:2 Awb).",
                "Wilt u verplaatsen, dan plant u daarna een nieuwe hoorzitting: daarvoor gaat een nieuwe uitnodiging uit.",
            ],
            form=_asking(WhyForm, "reason", objection, lambda: _heard_with(objection)),
            act=_cancel,
            was_taken=became(S.ADMITTED),
        ),
        Step(
            name="verslag",
            title="Wat is er gezegd op de hoorzitting?",
            button="Leg het verslag vast",
            is_open=_was_held,
            follows=lambda item: [
                *_counted(_heard_with(item)),
                "Het verslag staat in het dossier (art. 7:7 Awb).",
            ],
            form=_report_form(objection) if _was_held(objection) else ReportForm,
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
