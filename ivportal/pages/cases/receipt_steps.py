"""NZa: the steps with an objection that came in: what is missing, whether it is in time, taking it on; who treats it; its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ivportal.pages.cases.moving import became, can_go, term_of
from ivportal.pages.cases.objection_forms import (
    AddressForm,
    AdmitForm,
    AssignForm,
    LatenessForm,
    RemedyForm,
    mandate_form,
)
from ivportal.pages.steps import NothingToFillIn, Step
from providers.access import Actor
from providers.formatting import format_date
from tariffs.models import FileKind, Objection, ObjectionStatus
from tariffs.procedure import admission, groups, objections
from tariffs.procedure.deadlines import counts_as_in_time, timeliness_of
from tariffs.procedure.form import require_address

S = ObjectionStatus


def _remedy(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    event = admission.ask_remedy(objection=item, what=said["what"], actor=actor)
    return f"De aanbieder kan aanvullen tot en met {format_date(event.until)} (art. 6:6 Awb) en krijgt een brief."


def _point_out(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    made = admission.point_out_mandate(objection=item, file=UUID(said["file"]), actor=actor)
    return f"‘{made.name}’ staat als machtiging bij het bezwaar."


def mandate_step(objection: Objection) -> Step[Objection]:
    """Return the step for a mandate that came among other files: it is not asked for again."""
    can_be = admission.may_be_mandate(objection).exists()
    return Step(
        name="machtiging",
        title="Welk bestand is de machtiging?",
        button="Wijs de machtiging aan",
        is_open=lambda item: can_be,
        follows=lambda item: [
            f"{item.representative} maakt bezwaar namens {item.provider.name} en laat zien dat dat mag (art. 2:1, tweede lid,"
            " Awb).",
            "Het bestand blijft zoals het binnenkwam. U hoeft er niet meer om te vragen.",
        ],
        form=mandate_form(objection) if can_be else NothingToFillIn,
        act=_point_out,
        was_taken=lambda item, said, actor: item.files.filter(kind=FileKind.MANDATE).exists(),
    )


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


def _withdraw(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    objections.withdraw(objection=item, actor=actor)
    objections.settle_standings()
    return "Vastgelegd is dat het bezwaar is ingetrokken (art. 6:21 Awb)."


def _assign(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    made = admission.assign(objection=item, to=said["to"], actor=actor)
    return f"{made.assigned_to.name if made.assigned_to else 'Niemand'} behandelt het bezwaar."


def _mend_address(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    made = admission.mend_address(objection=item, address=said["address"], reason=said["reason"], actor=actor)
    return f"De volgende brieven voor {made.representative} gaan naar dit adres."


def _has_address(item: Objection, said: dict[str, Any], actor: Actor) -> bool:
    return item.representative_address == require_address(item.representative, said["address"])


def _appeal(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    admission.record_appeal(objection=item, actor=actor)
    return "Vastgelegd is dat beroep is ingesteld."


def _leave(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    groups.leave(objection=item, actor=actor)
    return "Het bezwaar wordt weer apart behandeld."


RECEIPT_STEPS: tuple[Step[Objection], ...] = (
    Step(
        name="aanvulling-vragen",
        title="Wat ontbreekt er aan het bezwaar?",
        button="Vraag om aanvulling",
        is_open=can_go(S.INCOMPLETE),
        follows=lambda item: [
            *(f"Nu ontbreekt: {lacking}." for lacking in admission.missing(item)),
            admission.remedy_days(item),
            admission.remedy_sentence(item),
        ],
        form=RemedyForm,
        initial=lambda item: {
            "what": "\n".join(f"- {lacking}" for lacking in admission.missing(item, to_provider=True))
        },
        act=_remedy,
        was_taken=became(S.INCOMPLETE),
    ),
    Step(
        name="termijn",
        title="Is het te laat, en is dat verschoonbaar?",
        button="Beoordeel de termijn",
        is_open=lambda item: item.status in (S.RECEIVED, S.INCOMPLETE) and timeliness_of(item).timing != "in_time",
        follows=lambda item: [
            timeliness_of(item).sentence,
            f"De aanbieder zegt: ‘{item.late_because}’" if item.late_because else "De aanbieder gaf nog geen reden.",
        ],
        form=LatenessForm,
        act=_lateness,
    ),
    Step(
        name="behandelen",
        title="Neemt u het bezwaar in behandeling?",
        button="Neem in behandeling",
        is_open=lambda item: (
            item.status == S.RECEIVED and bool(counts_as_in_time(item)) and not admission.missing(item)
        ),
        follows=lambda item: [timeliness_of(item).sentence, term_of(item)],
        form=AdmitForm,
        act=_admit,
        was_taken=became(S.ADMITTED),
    ),
)

CASE_STEPS: tuple[Step[Objection], ...] = (
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
        name="adres-gemachtigde",
        title="Wat is het postadres van de gemachtigde?",
        button="Wijzig het adres van de gemachtigde",
        is_open=lambda item: item.is_open and bool(item.representative),
        follows=lambda item: [
            f"{item.representative} krijgt de volgende brieven over dit bezwaar op dit adres, als er een machtiging is (art. 2:1"
            " en 6:17 Awb).",
            "Brieven die al zijn verstuurd, houden het oude adres, ook als ze nog niet zijn geprint.",
        ],
        form=AddressForm,
        initial=lambda item: {"address": item.representative_address},
        act=_mend_address,
        was_taken=_has_address,
    ),
    Step(
        name="uit-de-groep",
        title="Behandelt u dit bezwaar weer apart?",
        button="Haal uit de groep",
        is_open=lambda item: item.is_open and item.group is not None and not groups.is_decided(item.group),
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
        was_taken=became(S.WITHDRAWN),
        is_weighty=True,
    ),
    Step(
        name="beroep",
        title="Is er beroep ingesteld bij het CBb?",
        button="Leg vast dat er beroep is",
        is_open=can_go(S.APPEALED),
        follows=lambda item: ["U legt alleen vast dat de zaak bij de rechter ligt."],
        act=_appeal,
        was_taken=became(S.APPEALED),
    ),
)
