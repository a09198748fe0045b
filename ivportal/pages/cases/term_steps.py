"""NZa: the steps that move the term to decide on an objection."""

from __future__ import annotations

from typing import Any

from ivportal.pages.cases.moving import term_of
from ivportal.pages.cases.objection_forms import (
    AdjournForm,
    AgreeForm,
    NoticeForm,
    SuspendForm,
    WhyForm,
)
from ivportal.pages.steps import Step
from providers.access import Actor
from tariffs.models import (
    Objection,
    ObjectionStatus,
    SuspensionCause,
    TermEventKind,
)
from tariffs.procedure import delays

S = ObjectionStatus


def _adjourn(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.adjourn(objection=item, weeks=said["weeks"], reason=said["reason"], actor=actor)
    return "De beslissing is verdaagd. De aanbieder krijgt een brief (art. 7:10, vijfde lid, Awb)."


def _agree(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.agree(objection=item, until=said["until"], reason=said["reason"], actor=actor)
    return "Het uitstel met instemming is vastgelegd (art. 7:10, vierde lid, Awb)."


def _suspend(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.suspend(objection=item, cause=SuspensionCause(said["cause"]), reason=said["reason"], actor=actor)
    return f"Vastgelegd (art. 4:15 Awb). {term_of(item)} De aanbieder krijgt een brief."


def _resume(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.resume(objection=item, reason=said["reason"], actor=actor)
    return "De beslistermijn loopt weer (art. 4:15 Awb)."


def _default(item: Objection, said: dict[str, Any], actor: Actor) -> str:
    delays.give_notice(objection=item, received_on=said["received_on"], actor=actor)
    return "De ingebrekestelling is vastgelegd (art. 4:17 Awb)."


def _is_suspended(item: Objection) -> bool:
    last = item.events.filter(kind__in=[TermEventKind.SUSPENDED, TermEventKind.RESUMED]).order_by("on", "pk").last()
    return last is not None and last.kind == TermEventKind.SUSPENDED


TERM_STEPS: tuple[Step[Objection], ...] = (
    Step(
        name="verdagen",
        title="Hoe lang verdaagt de NZa de beslissing?",
        button="Verdaag",
        is_open=lambda item: item.is_open and not item.events.filter(kind=TermEventKind.ADJOURNED).exists(),
        follows=lambda item: [term_of(item), "Verdagen kan één keer (art. 7:10, derde lid, Awb)."],
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
            term_of(item),
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
        follows=lambda item: [term_of(item)],
        form=SuspendForm,
        act=_suspend,
    ),
    Step(
        name="hervatten",
        title="Waarom loopt de termijn weer?",
        button="Laat de termijn weer lopen",
        is_open=lambda item: item.is_open and _is_suspended(item),
        follows=lambda item: [term_of(item)],
        form=WhyForm,
        act=_resume,
    ),
    Step(
        name="ingebrekestelling",
        title="Wanneer kwam de ingebrekestelling binnen?",
        button="Leg een ingebrekestelling vast",
        is_open=lambda item: item.is_open and not item.events.filter(kind=TermEventKind.DEFAULT_NOTICE).exists(),
        follows=lambda item: [term_of(item), "Daarna heeft de NZa nog twee weken (art. 4:17, derde lid, Awb)."],
        form=NoticeForm,
        act=_default,
    ),
)
