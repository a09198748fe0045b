"""The one thing that a provider has to do first, whatever the channel, for its start page: what has to be done soonest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.urls import reverse
from django.utils import timezone

from ivportal.pages.delivering.overview import next_action
from providers.access import Actor
from providers.formatting import AMSTERDAM, format_datetime
from providers.models import Power
from tariffs.models import (
    Decision,
    DecisionStatus,
    InterpretationResponse,
    MirrorReport,
    Objection,
    ObjectionStatus,
    ResponseStatus,
    respond_until,
)
from tariffs.procedure.deadlines import deadlines
from tariffs.procedure.responses import asked_until


def first_action(request: Any, report: MirrorReport | None) -> dict[str, Any] | None:
    """Return what has to be done soonest by who asks: ``title``, ``text``, ``url``, ``link``; nothing if there is nothing.

    ``report``: the newest mirror of the provider.
    """
    actor, now = request.actor, timezone.now()
    found = [item for item in _waiting(actor, report, now) if item["due"] >= now]
    if (delivering := next_action(request)) is not None:
        found.append(delivering)
    return min(found, key=lambda item: item["due"], default=None)


def _waiting(actor: Actor, report: MirrorReport | None, now: datetime) -> Iterator[dict[str, Any]]:
    if actor.can(Power.SIGN):
        yield from _objections(actor)
    if actor.can(Power.SIGN) or actor.can(Power.DELIVER):
        yield from _views(actor)
        yield from _responses(actor)
        if report is not None:
            yield from _interpretation(actor, report)


def _objections(actor: Actor) -> Iterator[dict[str, Any]]:
    incomplete = Objection.objects.visible_to(actor).filter(status=ObjectionStatus.INCOMPLETE)
    for objection in incomplete.select_related("decision__round"):
        for deadline in deadlines(objection):
            if deadline.code == "remedy":
                yield {
                    "due": _end_of(deadline.on),
                    "title": "Uw bezwaar is nog niet compleet",
                    "text": f"{deadline.sentence} Vult u niet aan, dan kan de NZa uw bezwaar niet behandelen.",
                    "url": reverse("supplement_objection", args=[objection.decision.round.slug, objection.uuid]),
                    "link": "Vul uw bezwaar aan",
                }


def _views(actor: Actor) -> Iterator[dict[str, Any]]:
    announced = Decision.objects.visible_to(actor).filter(status=DecisionStatus.ANNOUNCED, views__isnull=True)
    for decision in announced.select_related("round"):
        for deadline in deadlines(decision):
            yield {
                "due": _end_of(deadline.on),
                "title": f"De NZa wil een besluit nemen over {decision.round.book_year}",
                "text": f"U kunt eerst zeggen wat u ervan vindt. {deadline.sentence}",
                "url": reverse("give_views", args=[decision.round.slug]),
                "link": "Geef uw zienswijze",
            }


def _responses(actor: Actor) -> Iterator[dict[str, Any]]:
    asked = InterpretationResponse.objects.visible_to(actor).filter(status=ResponseStatus.MORE_ASKED)
    for response in asked:
        until = asked_until(response)
        if until is not None:
            yield {
                "due": until,
                "title": f"De NZa vraagt u iets over ‘{response.get_item_display()}’",
                "text": f"Antwoorden kan tot en met {format_datetime(until)}.",
                "url": reverse("own_response", args=[response.uuid]),
                "link": "Lees de vraag en antwoord",
            }


def _interpretation(actor: Actor, report: MirrorReport) -> Iterator[dict[str, Any]]:
    until = respond_until(report.release, report.provider) if report.release.is_released else None
    if until is not None and not InterpretationResponse.objects.visible_to(actor).filter(report=report).exists():
        yield {
            "due": until,
            "title": f"U kunt reageren tot en met {format_datetime(until)}",
            "text": "Bekijk of uw cijfers kloppen. Zeg per onderdeel of u akkoord bent, licht iets toe, verbeter gegevens of"
            " stel een vraag.",
            "url": reverse("report_responses", args=[report.uuid]),
            "link": "Reageer op uw spiegel",
        }


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, AMSTERDAM)
