"""NZa: one response, with what was said, what was decided, and for a correction what it would do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from ivportal.pages import steps
from ivportal.pages.interpretation.handling import steps_of
from ivportal.pages.interpretation.own import figures_of
from ivportal.pages.interpretation.shown import changes_of, line_of
from ivportal.pages.ribbon import ribbon
from ivportal.pages.rights import for_role
from providers.audit import record_reading
from providers.formatting import format_money, format_percent
from providers.models import Provider
from providers.refusal import Refused
from tariffs.models import Consequences, InterpretationResponse, Item, Settlement
from tariffs.policies import current_policy
from tariffs.procedure import corrections, outlook
from tariffs.procedure.responses import asked_until
from tariffs.room import inward


def _found(request: Any, response: Any) -> InterpretationResponse:
    found: InterpretationResponse = get_object_or_404(
        InterpretationResponse.objects.visible_to(request.actor).select_related(
            "report__release__round",
            "report__provider",
            "provider",
            "submitted_by",
            "assigned_to",
            "answered_by",
            "carried_into",
            "version",
        ),
        uuid=response,
    )
    return found


@require_GET
@for_role("nza")
def response(request: Any, response: Any) -> HttpResponse:
    """One response; that it was read is recorded."""
    found = _found(request, response)
    round = found.report.release.round
    record_reading(actor=request.actor, subject=f"{found.provider}: {found}")
    seen = outlook.seen_of(found)
    kept = seen.kept
    context = {
        "ribbon": ribbon(round=round, release=found.report.release),
        "response": found,
        "round": round,
        "provider": found.provider,
        "provider_url": reverse("provider_file", args=[round.slug, found.provider.uuid]),
        "figures_url": reverse("provider_submission", args=[round.slug, found.provider.uuid]),
        "line": line_of(Item(found.item), found.report),
        "changes": changes_of(found, figures_of(found)),
        "files": found.files.defer("content"),
        "letter": found.letters.last(),
        "thread": found.messages.select_related("by"),
        "asked_until": asked_until(found),
        "steps": steps.open_steps(
            steps_of(found), found, lambda name: reverse("response_step", args=[found.uuid, name])
        ),
        "consequences": _consequences(found, kept) if kept else None,
        "is_computing": seen.is_busy,
        "not_computed": seen.reason,
        "needs_consequences": bool(found.changes)
        and not found.is_ended
        and kept is None
        and not seen.is_busy
        and current_policy(round).corrections_settled != Settlement.NEXT_YEAR,
        "became": _became(found),
        "note_url": f"{reverse('round_notes', args=[round.slug])}?uit={found.uuid}" if found.answer else "",
        "extend_url": f"{reverse('extend_period', args=[found.report.release.uuid])}?aanbieder={found.provider.key}",
    }
    return render(request, "tariffs/interpretation/response.html", context)


@require_http_methods(["GET", "POST"])
@for_role("nza")
def response_step(request: Any, response: Any, step: str) -> HttpResponse:
    """One step with a response: what follows, what to fill in, and the deed."""
    found = _found(request, response)
    chosen = steps.chosen(steps_of(found), step)
    back = reverse("response", args=[found.uuid])
    crumbs = [(reverse("response_queue"), "Duiding"), (back, f"{found.provider.name}, reactie {found.number}")]
    return steps.take(request, chosen, found, back=back, crumbs=crumbs)


def _became(found: InterpretationResponse) -> str:
    if found.outcome not in corrections.ACCEPTED or not found.accepted_changes:
        return ""
    version = corrections.version_of(found)
    if version is not None:
        return f"De correctie staat in versie {version.number} van de gegevens."
    if found.carried_into is not None:
        return "De correctie staat klaar bij de aanbieder en wacht op ondertekening."
    return "De correctie is nog niet overgenomen in de gegevens."


def _consequences(found: InterpretationResponse, kept: Consequences) -> dict[str, Any]:
    """Return what was computed, in words and with names; whether it still holds for what would be decided now."""
    document, currency = kept.document, found.report.release.round.currency
    keys = {key for part in (document["this"], document["together"]) if part is not None for key in _keys_in(part)}
    names = dict(Provider.objects.filter(key__in=keys).values_list("key", "name"))
    return {
        "computed_at": kept.computed_at,
        "is_stale": not found.is_ended and not _holds(found, document),
        "is_frozen": document["settlement"] == Settlement.FROZEN_FRONTIER,
        "measures": len(document["measures"]),
        "asked": len(found.changes),
        "this": _part(document["this"], names, currency),
        "together": _part(document["together"], names, currency) if document["together"] else None,
    }


def _holds(found: InterpretationResponse, document: dict[str, Any]) -> bool:
    try:
        outlook.require_fresh(found, document["measures"])
    except Refused:
        return False
    return True


def _keys_in(part: dict[str, Any]) -> set[str]:
    changes = [*part["own"], *part.get("largest", ())]
    return {change["key"] for change in changes} | {*part["become_peers"], *part["stop_being_peers"]}


def _part(part: dict[str, Any], names: dict[str, str], currency: str) -> dict[str, Any]:
    others = part["others"]
    return {
        "own": [_change(change, names, currency) for change in part["own"]],
        "nobody_else": part["nobody_else_moves"],
        "up": others["up"],
        "down": others["down"],
        "unchanged": others["unchanged"],
        "other_peers": others["other_peers"],
        "minimum": _signed(others["minimum_cost"], currency),
        "maximum": _signed(others["maximum_cost"], currency),
        "tariffs_lower": _signed(others["tariffs_lower"], currency),
        "tariffs_upper": _signed(others["tariffs_upper"], currency),
        "largest": [_change(change, names, currency) for change in part["largest"]],
        "moved": part["moved"],
        "become": [names.get(key, key) for key in part["become_peers"]],
        "stop": [names.get(key, key) for key in part["stop_being_peers"]],
    }


def _change(change: dict[str, Any], names: dict[str, str], currency: str) -> dict[str, Any]:
    before, after = _told(change["before"], currency), _told(change["after"], currency)
    return {
        "name": names.get(change["key"], change["key"]),
        "difference": _signed(change["difference"]["minimum_cost"], currency),
        "rows": [{"label": label, "before": text, "after": after[label]} for label, text in before.items()],
        "participates": change["after"]["participates"],
        "peers_changed": change["peers_changed"],
    }


def _told(position: dict[str, Any], currency: str) -> dict[str, str]:
    """Return where a provider stands, by label; rates as every letter has them."""
    rates = [Decimal(position[name]) for name in ("lower_rate", "upper_rate") if position[name] is not None]
    lower, upper = inward(*rates) if len(rates) == 2 else (None, None)
    return {
        "Efficiëntiescore": format_percent(position["score"], decimals=2),
        "Minimale kosten": format_money(position["minimum_cost"], currency=currency),
        "Maximale kosten": format_money(position["maximum_cost"], currency=currency),
        "Onderkant van de bandbreedte": format_percent(lower, decimals=2),
        "Bovenkant van de bandbreedte": format_percent(upper, decimals=2),
    }


def _signed(text: str, currency: str) -> str:
    amount = Decimal(text)
    shown = format_money(amount, currency=currency)
    return f"+{shown}" if amount > 0 else shown
