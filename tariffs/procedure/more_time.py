"""More time to respond in the interpretation period: for everybody or for one provider, with the reason, and never less."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from providers import notices, powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_datetime
from providers.mandates import people_of_each
from providers.models import Act, Provider
from providers.refusal import Refused
from tariffs.models import MirrorReport, Release, ReportStatus, ResponseTerm, respond_until
from tariffs.own_terms import require_own_term
from tariffs.procedure.responses import in_words


def extend(
    *, release: Release, until: datetime, reason: str, actor: Actor, provider: Provider | None = None
) -> ResponseTerm:
    """Give more time to respond, to everybody or to one provider, with the reason; each is told once.

    A term never becomes shorter. Given twice alike by the same person, it is one.
    """
    powers.require_staff(actor)
    why = in_words(reason, "Schrijf op waarom de duidingsperiode langer wordt. Aanbieders lezen dit.")
    with transaction.atomic():
        locked = Release.objects.select_for_update(of=("self",)).select_related("round").get(pk=release.pk)
        known = ResponseTerm.objects.filter(release=locked, provider=provider).first()
        if known is not None and (known.until, known.reason, known.set_by_id) == (until, why, actor.user.pk):
            return known
        _require_asked(locked)
        if provider is not None and not MirrorReport.objects.filter(release=locked, provider=provider).exists():
            raise Refused(f"{provider.name} kreeg in deze vrijgave geen spiegel.")
        running = _running(locked, provider)
        if until <= running:
            raise Refused(
                f"De duidingsperiode loopt al tot en met {format_datetime(running)}. Zij wordt nooit korter; kies een later"
                " moment."
            )
        require_own_term(until, locked.round)
        term = ResponseTerm.objects.create(
            release=locked, provider=provider, until=until, reason=why, set_by=actor.user
        )
        record(
            act=Act.RESPONSE_TERM_SET,
            actor=actor,
            subject=f"{locked}" if provider is None else f"{locked}: {provider}",
            details={"release": str(locked.uuid), "until": until.isoformat()},
        )
        _tell_of_term(term)
    return term


def _require_asked(release: Release) -> None:
    if not release.is_released or release.respond_until is None or release.status == ReportStatus.ADOPTED:
        raise Refused("Bij deze vrijgave hoort geen duidingsperiode. Er valt niets te verlengen.")
    newest = Release.objects.released().filter(round=release.round).first()
    if newest is not None and newest.pk != release.pk:
        raise Refused("Er is een nieuwere vrijgave van deze ronde. Verleng de duidingsperiode daarvan.")


def _running(release: Release, provider: Provider | None) -> datetime:
    """Return until when somebody can respond by the term that runs, for everybody or for one provider."""
    assert release.respond_until is not None
    if provider is not None:
        return respond_until(release, provider) or release.respond_until
    terms = ResponseTerm.objects.filter(Q(provider__isnull=True), release=release)
    return max([release.respond_until, *terms.values_list("until", flat=True)])


def _tell_of_term(term: ResponseTerm) -> None:
    """Tell those for whom the term moved; who had a longer one already hears nothing."""
    reports = MirrorReport.objects.filter(release=term.release).select_related("provider").defer("content")
    if term.provider_id is not None:
        reports = reports.filter(provider=term.provider_id)
    else:
        longer = ResponseTerm.objects.filter(release=term.release, until__gte=term.until).exclude(pk=term.pk)
        reports = reports.exclude(provider__in=longer.filter(provider__isnull=False).values("provider"))
    providers = {report.provider_id: report for report in reports}
    people = people_of_each(providers)
    notices.tell_all(
        kind="response_term_extended",
        round=term.release.round,
        path=reverse("own_responses"),
        messages=[
            notices.Message(
                to=people.get(provider_id, []),
                provider=report.provider,
                occasion=f"{term.pk}",
                facts={"termijn": format_datetime(term.until), "reden": term.reason},
            )
            for provider_id, report in providers.items()
        ],
    )
