"""Zorgkantoor: one provider. Its bandwidth per profile, how it was before, and registering what was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ivportal.pages.care_office.forms import AgreementForm, NoteForm
from ivportal.pages.care_office.rows import (
    Sight,
    ends_of,
    on_the_scale,
    rates_in_words,
    ribbon_of,
    row_of,
    scale_of,
    sight_of,
)
from ivportal.pages.rights import for_role
from ivportal.pages.scales import rate_scale, scale_ends
from providers.access import Actor
from providers.audit import record
from providers.formatting import AMSTERDAM, format_money, format_percent
from providers.models import Act, CareOfficeRegion
from providers.refusal import Refused
from tariffs import agreements, standings
from tariffs.agreements import AgreedMeanwhile, Outside, StandingMoved, label_of, place_of
from tariffs.models import Occasion, OutsideBandwidth, ReportStatus, Standing, TariffAgreement
from tariffs.policies import current_policy
from tariffs.room import Room

UNDER_OBJECTION = (
    "Tegen het besluit met deze bandbreedte loopt een bezwaar. Een afspraak kan, maar de bandbreedte kan nog veranderen. Dan"
    " ziet u bij uw afspraken of zij nog past."
)


@dataclass(frozen=True)
class Desk:
    """A provider as its care office sees it now."""

    actor: Actor
    seen: Sight
    standing: Standing

    @cached_property
    def room(self) -> Room | None:
        """Return the room to agree in."""
        return agreements.room_for(self.standing, self.seen.cap)

    @cached_property
    def history(self) -> list[TariffAgreement]:
        """Return what was agreed for this year, newest first."""
        year = self.standing.tariff_year
        return agreements.history_of(self.actor, self.standing.provider, year) if year else []

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return reverse("care_office_provider", args=[self.seen.round.slug, self.standing.provider.uuid])


def desk_of(request: Any, round: str, provider: UUID) -> Desk:
    """Return the provider of the address as the own care office sees it, else 404."""
    seen = sight_of(request.actor, round)
    if seen is None or seen.round.slug != round:
        raise Http404
    for standing in seen.standings:
        if standing.provider.uuid == provider:
            return Desk(actor=request.actor, seen=seen, standing=standing)
    raise Http404


@require_GET
@for_role("care_office")
def provider(request: Any, round: str, provider: UUID) -> HttpResponse:
    """Show a provider."""
    desk = desk_of(request, round, provider)
    record(act=Act.BANDWIDTHS_READ, actor=request.actor, subject=f"{desk.standing.provider.name}, {desk.seen.round}")
    return _page(request, desk)


@require_POST
@for_role("care_office")
def agree(request: Any, round: str, provider: UUID) -> HttpResponse:
    """Register an agreement; what does not fit comes back with what was typed."""
    desk = desk_of(request, round, provider)
    form = _agreement_form(desk, request.POST)
    if not form.is_valid():
        return _page(request, desk, form=form)
    said = form.cleaned_data
    try:
        made = agreements.register(
            provider=desk.standing.provider,
            round=desk.seen.round,
            seen=said["seen"],
            after=said["after"],
            terms=said["terms"],
            agreed_on=said["agreed_on"],
            reason=said.get("reason", ""),
            actor=request.actor,
        )
    except StandingMoved as moved:
        return _asked_again(request, desk, form, moved=moved)
    except AgreedMeanwhile as meanwhile:
        return _asked_again(request, desk, form, meanwhile=meanwhile)
    except Refused as refused:
        sentences = str(refused).splitlines()
        if isinstance(refused, Outside) and refused.asks_reason:
            form.add_error("reason", sentences.pop())
        form.add_error(None, sentences)
        return _page(request, desk, form=form)
    outside = " Zij ligt buiten de bandbreedte; de reden is erbij vastgelegd." if made.is_outside else ""
    messages.success(request, f"Afspraak {made.number} met {made.provider.name} is vastgelegd.{outside}")
    return redirect(desk.url)


@require_POST
@for_role("care_office")
def note(request: Any, round: str, provider: UUID) -> HttpResponse:
    """Keep a note about a provider."""
    desk = desk_of(request, round, provider)
    form = NoteForm(request.POST, prefix="notitie")
    if desk.standing.tariff_year is None:
        raise Http404
    if form.is_valid():
        try:
            agreements.write_note(
                provider=desk.standing.provider,
                tariff_year=desk.standing.tariff_year,
                text=form.cleaned_data["text"],
                actor=request.actor,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Uw notitie is opgeslagen.")
            return redirect(f"{desk.url}#notitie")
    return _page(request, desk, note_form=form)


def _agreement_form(desk: Desk, data: Any = None, **over: Any) -> AgreementForm:
    asks_reason = desk.seen.policy.agreements_outside == OutsideBandwidth.RECORDED
    history = desk.history
    initial = {
        "seen": desk.standing.uuid,
        "after": history[0].number if history else 0,
        "agreed_on": timezone.localdate(timezone=AMSTERDAM),
    }
    return AgreementForm(data, initial=initial | over, room=desk.room, asks_reason=asks_reason)


def _asked_again(
    request: Any,
    desk: Desk,
    form: AgreementForm,
    *,
    moved: StandingMoved | None = None,
    meanwhile: AgreedMeanwhile | None = None,
) -> HttpResponse:
    """Show what changed meanwhile beside what was seen, and the same form with what was typed, about what holds now."""
    desk = desk_of(request, desk.seen.round.slug, desk.standing.provider.uuid)
    history = desk.history
    data = request.POST.copy()
    data["seen"], data["after"] = str(desk.standing.uuid), str(history[0].number if history else 0)
    again = _agreement_form(desk, data)
    if moved is not None:
        again.add_error(
            None,
            "De bandbreedte of haar status is veranderd sinds u deze bladzijde opende. Er is niets vastgelegd. Hieronder ziet"
            " u wat er veranderde. Past uw afspraak nog, leg haar dan opnieuw vast.",
        )
    else:
        again.add_error(
            None,
            "Een collega legde intussen een andere afspraak met deze aanbieder vast. Er is nu niets vastgelegd. Kijk welke"
            " moet gelden en leg de uwe zo nodig opnieuw vast: dan vervangt zij die van uw collega.",
        )
    changed = []
    if moved is not None and moved.seen is not None:
        before, now = moved.seen, moved.now
        changed = [
            {"label": "Status", "before": before.get_status_display(), "now": now.get_status_display()},
            {
                "label": "Bandbreedte",
                "before": rates_in_words(before),
                "now": rates_in_words(now),
            },
        ]
    if meanwhile is not None and meanwhile.newest is not None:
        changed = [
            {
                "label": "Afspraak",
                "before": f"{form.cleaned_data['after'] or 'geen'}",
                "now": f"{meanwhile.newest.number}: {agreements.in_words(meanwhile.newest, desk.room)}",
            }
        ]
    return _page(request, desk, form=again, changed=changed, status=409)


def _page(
    request: Any,
    desk: Desk,
    *,
    form: AgreementForm | None = None,
    note_form: NoteForm | None = None,
    changed: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    seen, standing = desk.seen, desk.standing
    row = row_of(standing, seen)
    ends = scale_ends(on_the_scale([row], seen.guide))
    row["scale"] = scale_of(row, ends)
    history = desk.history
    room, closed = desk.room, agreements.why_not(standing)
    form = form or _agreement_form(desk)
    mine = (
        agreements.notes_of(request.actor, standing.tariff_year).get(standing.provider_id)
        if standing.tariff_year
        else None
    )
    context = {
        "ribbon": ribbon_of(seen.round, [standing]),
        "office": seen.office.name,
        "round": seen.round,
        "tariff_year": standing.tariff_year,
        "row": row,
        "guide": seen.guide,
        "scale_from": ends[0],
        "scale_to": ends[1],
        "products": _products(desk, history[0] if history else None, form, ends),
        "years": _years(desk),
        "statuses": _statuses(desk),
        "regions": [region.name for region in CareOfficeRegion.objects.filter(care_office=seen.office)],
        "form": form,
        "form_errors": form.is_bound and not form.is_valid(),
        "rule": agreements.rule_of(seen.policy),
        "room": room and {"lower": room.rate.lower, "upper": room.rate.upper, "maximum": room.rate.maximum},
        "closed": closed,
        "warning": UNDER_OBJECTION if standing.status == ReportStatus.UNDER_OBJECTION else "",
        "changed": changed or [],
        "agree_url": reverse("agree", args=[seen.round.slug, standing.provider.uuid]),
        "agreements": [_agreement(one, desk) for one in history],
        "note": mine,
        "note_form": note_form or NoteForm(initial={"text": mine.text if mine else ""}, prefix="notitie"),
        "note_url": reverse("care_office_note", args=[seen.round.slug, standing.provider.uuid]),
        "back_url": f"{reverse('bandwidths')}?ronde={seen.round.slug}",
    }
    return render(request, "tariffs/care_office/provider.html", context, status=status)


def _products(
    desk: Desk, newest: TariffAgreement | None, form: AgreementForm, ends: tuple[Decimal, Decimal]
) -> list[dict[str, Any]]:
    room = desk.room
    if room is None:
        return []
    terms = agreements.terms_of(newest) if newest else None
    found = []
    for code in sorted(room.products, key=place_of):
        tariff, limits = room.tariffs[code], room.products[code]
        agreed = None
        if terms is not None:
            agreed = room.tariff_at(code, terms.rate) if terms.rate is not None else terms.amounts.get(code)
        found.append(
            {
                "label": label_of(code),
                "maximum_tariff": tariff,
                "lower": limits.lower,
                "upper": limits.upper,
                "agreed": agreed,
                "scale": rate_scale(
                    lower=limits.lower / tariff,
                    upper=limits.upper / tariff,
                    ends=ends,
                    agreed=(agreed / tariff, agreed / tariff) if agreed and _is_on(ends, agreed / tariff) else None,
                ),
                "field": form.amounts.get(code),
            }
        )
    return found


def _is_on(ends: tuple[Decimal, Decimal], rate: Decimal) -> bool:
    return ends[0] <= rate <= ends[1]


def _years(desk: Desk) -> list[dict[str, Any]]:
    """Return what holds for this provider in every year that the care office sees, newest first."""
    found = (
        standings.newest(desk.actor)
        .filter(provider=desk.standing.provider, lower_rate__isnull=False)
        .select_related("round")
        .order_by("-tariff_year", "-round__book_year")
    )
    rows = [one for one in found if one.tariff_year]
    ends = scale_ends([rate for one in rows for rate in ends_of(one) if rate is not None])
    years = []
    for one in rows:
        assert one.tariff_year is not None
        agreed = agreements.newest_of(desk.actor, one.tariff_year).get(one.provider_id)
        room = agreements.room_for(one, current_policy(one.round).cap)
        lower, upper = ends_of(one)
        assert lower is not None
        assert upper is not None
        guide = agreements.guide_of(desk.actor, one.tariff_year)
        years.append(
            {
                "year": one.tariff_year,
                "book_year": one.round.book_year,
                "size": desk.seen.sizes.get((one.provider_id, one.round_id)),
                "lower_rate": lower,
                "upper_rate": upper,
                "scale": rate_scale(lower=lower, upper=upper, ends=ends),
                "guide": format_percent(guide.share, decimals=2) if guide else "",
                "agreed": agreements.in_words(agreed, room) if agreed else "",
                "status_label": one.get_status_display(),
                "is_this": one.pk == desk.standing.pk,
            }
        )
    return years


def _statuses(desk: Desk) -> list[dict[str, Any]]:
    found = Standing.objects.visible_to(desk.actor).filter(provider=desk.standing.provider, round=desk.seen.round)
    return [
        {
            "since": one.since,
            "status_label": one.get_status_display(),
            # When a decision was made known is not for care offices to see: here it is the day on which it was taken.
            "occasion": "Besluit genomen" if one.occasion == Occasion.DECISION else one.get_occasion_display(),
            "rates": rates_in_words(one),
        }
        for one in found.order_by("-since", "-pk")
    ]


def _agreement(agreement: TariffAgreement, desk: Desk) -> dict[str, Any]:
    is_newest = agreement == desk.history[0]
    then = desk.seen.agreed_within.get(agreement.standing_id)
    fit = agreements.fit_of(agreement, then=then, now=desk.standing, cap=desk.seen.cap) if is_newest else None
    terms = agreements.terms_of(agreement)
    replaced = "Lag buiten de bandbreedte, met reden. " if agreement.is_outside else ""
    return {
        "number": agreement.number,
        "words": agreements.in_words(agreement, desk.room),
        "amounts": [
            f"{label_of(product)}: {format_money(amount, currency=desk.seen.round.currency, decimals=2)}"
            for product, amount in terms.amounts.items()
        ],
        "on": agreement.agreed_on,
        "by": agreement.registered_by.name,
        "at": agreement.registered_at,
        "reason": agreement.reason,
        "fit": fit.label if fit else f"{replaced}Vervangen door een latere afspraak",
        "is_newest": is_newest,
    }
