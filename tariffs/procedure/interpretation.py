"""The interpretation period (duidingsperiode), as a provider goes through it: respond, add what is asked, take back.

A response is about a mirror, which is information and no decision (Awb 1:3): it is neither a statement of views nor an objection.
The term is the NZa's own. Its last second is in time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from providers import notices, powers
from providers.access import Actor
from providers.audit import record
from providers.checking import FEWEST_LETTERS, says_why
from providers.formatting import format_datetime
from providers.free_text import plain
from providers.models import Act, Power, Submission
from providers.refusal import Refused
from providers.workbook.client_data import ClientDataError, refuse_client_data_in_texts
from tariffs.models import (
    Bandwidth,
    Decision,
    DecisionStatus,
    InterpretationResponse,
    Item,
    MirrorReport,
    Release,
    ReportStatus,
    ResponseKind,
    ResponseMessage,
    ResponseOutcome,
    ResponseStatus,
    respond_until,
)
from tariffs.procedure import corrected_figures, files
from tariffs.procedure.responses import asked_until, facts_of, lock, move, subject_of

LONGEST_TEXT: Final = 5_000
CLIENTS: Final = (
    "In de tekst staan nummers die op burgerservicenummers lijken. Haal ze weg: gegevens van personen mogen wij niet"
    " bewaren."
)
ANOTHER: Final = "U reageerde al eens met deze bladzijde, maar met iets anders. Open de bladzijde opnieuw."


def items_of(report: MirrorReport) -> list[Item]:
    """Return what of a mirror there is to respond to: who does not take part has no score."""
    content = report.content
    if "costs" not in content:
        return [Item.TAKING_PART, Item.COSTS, Item.DAYS, Item.QUALITY, Item.OTHER]
    rules = content.get("rules", {})
    shown = {
        Item.QUALITY: bool(rules.get("has_quality_gate")),
        Item.OUTLIER: bool(rules.get("has_outlier_rules")),
        Item.BANDWIDTH: "tariff" in content,
    }
    return [item for item in Item if shown.get(item, True)]


def newest_report(report: MirrorReport) -> MirrorReport:
    """Return the newest released report of the same provider and round."""
    return (
        MirrorReport.objects.filter(
            provider=report.provider_id, release__round=report.release.round_id, release__stage="released"
        )
        .select_related("release__round", "provider")
        .latest("version")
    )


def why_closed(report: MirrorReport, moment: datetime) -> str:
    """Return why nobody can respond to a report at ``moment``, in Dutch; empty if its provider can."""
    release: Release = report.release
    if not release.is_released:
        return "Deze spiegel is nog niet vrijgegeven."
    until = respond_until(release, report.provider)
    if until is None:
        return "Bij deze spiegel hoort geen duidingsperiode. U kunt haar lezen."
    newest = newest_report(report)
    if newest.pk != report.pk:
        return _why_replaced(newest, moment)
    if moment.replace(microsecond=0) > until:
        return f"De duidingsperiode is voorbij: u kon reageren tot en met {format_datetime(until)}."
    return ""


def _why_replaced(newest: MirrorReport, moment: datetime) -> str:
    """Return why nobody can respond to a report of which ``newest`` took the place."""
    until = respond_until(newest.release, newest.provider)
    if until is not None and moment.replace(microsecond=0) <= until:
        return f"Er is een nieuwere spiegel: versie {newest.version}. Reageer op die versie."
    if until is not None:
        return f"De duidingsperiode is voorbij: u kon reageren tot en met {format_datetime(until)}."
    if newest.release.status != ReportStatus.ADOPTED:
        return f"Reageren kan niet meer: bij de nieuwste spiegel, versie {newest.version}, hoort geen duidingsperiode."
    adopted = "Reageren kan niet meer: de uitkomst is vastgesteld."
    decided = Decision.objects.filter(round=newest.release.round_id, provider=newest.provider_id)
    is_to_come = (
        Bandwidth.objects.filter(
            run=newest.release.run_id, provider=newest.provider_id, upper_rate__isnull=False
        ).exists()
        and not decided.exclude(status=DecisionStatus.WITHDRAWN).exists()
    )
    return f"{adopted} U krijgt nog een voornemen en kunt dan een zienswijze geven." if is_to_come else adopted


def respond(
    *,
    report: MirrorReport,
    item: Item,
    kind: ResponseKind,
    text: str,
    key: str,
    actor: Actor,
    changes: Mapping[str, Decimal] | None = None,
    sent: Sequence[files.Sent] = (),
) -> InterpretationResponse:
    """Respond to one item of a mirror; the same ``key`` is the same response.

    ``changes``: for a correction the right figures by measure. Raises :class:`~providers.refusal.Refused` outside the term, for
    what is not shown in this mirror, and for a correction after which the delivery would not be right in itself.
    """
    powers.require(actor, report.provider, Power.DELIVER, Power.SIGN)
    said = _texts(text, is_needed=kind != ResponseKind.AGREE)
    wanted = {} if kind != ResponseKind.CORRECT else corrected_figures.as_text(changes or {})
    now = timezone.now()
    with transaction.atomic():
        submission = _lock(report)
        known = InterpretationResponse.objects.filter(report=report, key=key[:80]).first()
        if known is not None:
            if (known.item, known.kind, known.text, known.changes) != (item, kind, said, wanted):
                raise Refused(ANOTHER)
            return known
        if closed := why_closed(report, now):
            raise Refused(closed)
        if item not in items_of(report):
            raise Refused("Dit onderdeel staat niet in uw spiegel. Kies een ander onderdeel.")
        if kind == ResponseKind.CORRECT:
            corrected_figures.require_possible(submission=submission, changes=changes or {})
        response = InterpretationResponse.objects.create(
            provider=report.provider,
            report=report,
            number=_next_number(report),
            item=item,
            kind=kind,
            text=said,
            changes=wanted,
            key=key[:80],
            submitted_by=actor.user,
            submitted_at=now,
            **_as_noted(now) if kind == ResponseKind.AGREE else {},
        )
        files.receive(case=response, sent=sent, actor=actor)
        record(act=Act.RESPONSE_SENT, actor=actor, subject=subject_of(response), details=facts_of(response))
        if kind != ResponseKind.AGREE:
            notices.tell(
                kind="response_received",
                to=[actor.user],
                provider=report.provider,
                round=submission.round,
                occasion=str(response.uuid),
                path=reverse("own_response", args=[response.uuid]),
                termijn=format_datetime(respond_until(report.release, report.provider)),
                onderwerp=response.get_item_display(),
                moment=format_datetime(now),
            )
    return response


def agree_with_the_rest(*, report: MirrorReport, key: str, actor: Actor) -> list[InterpretationResponse]:
    """Agree with every item that nothing was said about yet; return the responses, also those of an earlier click."""
    with transaction.atomic():
        powers.require(actor, report.provider, Power.DELIVER, Power.SIGN)
        _lock(report)
        before = InterpretationResponse.objects.filter(report=report).exclude(status=ResponseStatus.WITHDRAWN)
        spoken = set(before.exclude(key__startswith=f"{key}:"[:60]).values_list("item", flat=True))
        return [
            respond(report=report, item=item, kind=ResponseKind.AGREE, text="", key=f"{key[:60]}:{item}", actor=actor)
            for item in items_of(report)
            if item not in spoken and item != Item.OTHER
        ]


def supplement(
    *, response: InterpretationResponse, text: str, actor: Actor, sent: Sequence[files.Sent] = ()
) -> ResponseMessage:
    """Give what the NZa asked for, within the term it set; then the NZa goes on. Sent twice, it is one message."""
    powers.require(actor, response.provider, Power.DELIVER, Power.SIGN)
    said = _texts(text, is_needed=True)
    now = timezone.now()
    with transaction.atomic():
        locked = lock(response)
        last = locked.messages.last()
        if last is not None and not last.is_from_nza and (last.text, last.by_id) == (said, actor.user.pk):
            return last
        if locked.status != ResponseStatus.MORE_ASKED:
            raise Refused("De NZa vraagt nu geen aanvulling op deze reactie. U kunt wel een nieuwe reactie geven.")
        until = asked_until(locked)
        if until is not None and now.replace(microsecond=0) > until:
            raise Refused(
                f"U kon aanvullen tot en met {format_datetime(until)}. Vraag de NZa om meer tijd als u dat nog wilt."
            )
        message = ResponseMessage.objects.create(response=locked, is_from_nza=False, text=said, at=now, by=actor.user)
        files.receive(case=locked, sent=sent, actor=actor)
        move(locked, ResponseStatus.ASSIGNED, actor)
        record(act=Act.RESPONSE_SUPPLEMENTED, actor=actor, subject=subject_of(locked), details=facts_of(locked))
    response.status = locked.status
    return message


def withdraw(*, response: InterpretationResponse, actor: Actor) -> InterpretationResponse:
    """Take a response back as long as it was not answered; it stays readable. Done twice, nothing happens twice."""
    powers.require(actor, response.provider, Power.DELIVER, Power.SIGN)
    with transaction.atomic():
        locked = lock(response)
        if locked.status == ResponseStatus.WITHDRAWN:
            return locked
        move(locked, ResponseStatus.WITHDRAWN, actor)
        record(act=Act.RESPONSE_WITHDRAWN, actor=actor, subject=subject_of(locked), details=facts_of(locked))
    response.status = locked.status
    return locked


def _lock(report: MirrorReport) -> Submission:
    """Let those who respond for one provider in a round go one by one, and return its submission."""
    return (
        Submission.objects.select_for_update(of=("self",))
        .select_related("round__previous", "provider")
        .get(round=report.release.round_id, provider=report.provider_id)
    )


def _next_number(report: MirrorReport) -> int:
    last: int | None = InterpretationResponse.objects.filter(report=report).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _as_noted(now: datetime) -> dict[str, object]:
    return {"status": ResponseStatus.ANSWERED, "outcome": ResponseOutcome.NOTED, "answered_at": now}


def _texts(text: str, *, is_needed: bool) -> str:
    said = plain(text)
    if is_needed and not says_why(said):
        raise Refused(f"Schrijf op wat u wilt zeggen, in ten minste {FEWEST_LETTERS} letters.")
    if len(said) > LONGEST_TEXT:
        raise Refused(f"Uw tekst is te lang: {LONGEST_TEXT} tekens is het meeste. Stuur de rest als bestand mee.")
    try:
        refuse_client_data_in_texts([said], file="", path="")
    except ClientDataError:
        raise Refused(CLIENTS) from None
    return said
