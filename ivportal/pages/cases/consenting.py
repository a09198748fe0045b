"""A provider: consent to stand by name in the mirrors of others, per round, where the policy shows peers so."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ivportal.pages.rights import for_role
from providers.access import Actor
from providers.mandates import people_of
from providers.models import Power, Provider, Round
from providers.refusal import Refused
from tariffs import consents
from tariffs.models import Consent, ConsentKind, Disclosure, Release, ReportStatus
from tariffs.policies import current_policy

KIND = ConsentKind.NAMED_AS_PEER
#: The same for who consents and for who releases.
WHEN_IT_COUNTS = (
    "Toestemming telt zoals zij is op het moment van vrijgeven, en alleen voor uitkomsten die zijn berekend onder het beleid"
    f" ‘{Disclosure.CONSENT.label}’."
)


def asked_in(actor: Actor) -> list[dict[str, Any]]:
    """Return the rounds of a provider in which others see its name after consent, newest first.

    ``{round, is_given, is_ahead, choosers}``: whether it consents now, whether outcomes that it holds for are still to be
    adopted, and in words who may choose; that is empty if who asks may. Where the policy does not ask any more, who consented
    can still take that back.
    """
    provider = actor.provider
    if provider is None:
        return []
    choosers = "" if actor.can(Power.SIGN) else _choosers(provider)
    adopted = Release.objects.released().filter(status=ReportStatus.ADOPTED)
    found = []
    for round in Round.objects.filter(submissions__provider=provider).distinct().order_by("-book_year", "title"):
        is_given = consents.is_given(kind=KIND, provider=provider, round=round)
        if is_given or current_policy(round).disclosure == Disclosure.CONSENT:
            found.append(
                {
                    "round": round,
                    "is_given": is_given,
                    "is_ahead": not adopted.filter(round=round).exists(),
                    "choosers": choosers,
                }
            )
    return found


def _choosers(provider: Provider) -> str:
    names = [user.name for user in people_of(provider, Power.SIGN)]
    if not names:
        return f"Kiezen kan alleen wie de bevoegdheid ‘{Power.SIGN.label}’ heeft. Niemand bij {provider.name} heeft die nu."
    return f"U kunt dit niet kiezen. Wel: {', '.join(names)}."


def to_say(actor: Actor) -> list[dict[str, Any]]:
    """Return ``title``, ``text``, ``url``, ``link`` per round in which outcomes are still to be adopted, for who may consent."""
    if not actor.can(Power.SIGN):
        return []
    return [
        {
            "title": f"Mag uw naam bij anderen staan in {row['round'].title}?",
            "text": "U gaf toestemming. Intrekken kan tot het moment van de vrijgave."
            if row["is_given"]
            else "Nu staat u zonder naam in de spiegel van aanbieders die met u worden vergeleken. Met uw toestemming met naam.",
            "url": reverse("name_consent", args=[row["round"].slug]),
            "link": "Wijzig uw keuze" if row["is_given"] else "Lees wat anderen dan zien, en kies",
        }
        for row in asked_in(actor)
        if row["is_ahead"]
    ]


@require_http_methods(["GET", "POST"])
@for_role("provider", Power.SIGN)
def name_consent(request: Any, slug: str) -> HttpResponse:
    """Choose whether others that are compared with this provider see its name."""
    provider = request.actor.provider
    round = get_object_or_404(Round, slug=slug)
    if not any(row["round"] == round for row in asked_in(request.actor)):
        raise Http404
    if request.method == "POST":
        chosen = request.POST.get("keuze")
        try:
            if chosen not in ("naam", "geen-naam"):
                raise Refused("Kies of uw naam bij anderen mag staan.")
            consents.give(kind=KIND, provider=provider, is_given=chosen == "naam", actor=request.actor, round=round)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request,
                f"Uw naam mag in {round.title} bij anderen staan. {WHEN_IT_COUNTS}"
                if chosen == "naam"
                else f"Uw naam staat in nieuwe versies van {round.title} niet bij anderen. Wat is vrijgegeven, verandert niet.",
            )
            return redirect("own_cases")
    newest = Consent.objects.filter(kind=KIND, provider=provider, round=round).select_related("by").first()
    return render(
        request,
        "tariffs/cases/name_consent.html",
        {
            "provider": provider,
            "round": round,
            "newest": newest,
            "is_given": bool(newest and newest.is_given),
            "when_it_counts": WHEN_IT_COUNTS,
            "was_released": Release.objects.released().filter(round=round).exists(),
        },
    )
