"""A release that ends a period to respond which still runs: until when that was, what is not answered yet, who is told what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from benchmarking import datasets
from providers.formatting import format_datetime, format_number
from providers.models import Provider, Round
from tariffs.models import (
    RESPONSE_TRANSITIONS,
    UNDER_WAY,
    Bandwidth,
    InterpretationResponse,
    Release,
    ReportStatus,
    ResponseTerm,
    period_until,
)

#: In these a response waits for an answer, or for what the NZa asked before it can answer.
UNANSWERED = tuple(status for status, steps in RESPONSE_TRANSITIONS.items() if steps)


#: What a provider is told of its outcome.
TOLD = ("minimum_cost", "maximum_cost", "lower_rate", "upper_rate")


def period_of(round: Round) -> datetime | None:
    """Return until when providers can respond to the newest release of a round, the longest of them; ``None`` if nobody can."""
    newest = newest_release(round)
    until = period_until(newest) if newest is not None else None
    return until if until is not None and until >= timezone.now() else None


def newest_release(round: Round) -> Release | None:
    """Return the newest release of a round that is visible."""
    return Release.objects.released().filter(round=round).first()


def ended_by(release: Release) -> datetime | None:
    """Return until when somebody could respond if ``release``, not out yet, did not end that; ``None`` if it ends nothing."""
    running = period_of(release.round) if release.stage in UNDER_WAY else None
    if running is None or (release.release_at is not None and release.release_at > running):
        return None
    return running if release.respond_until is None or release.respond_until < running else None


def ended_at(release: Release) -> datetime | None:
    """Return when responding to a visible release ends: with its longest term, or with the next release if that came first."""
    if release.respond_until is None:
        return None
    until = max([release.respond_until, *release.terms.values_list("until", flat=True)])
    newer = Release.objects.released().filter(round=release.round_id, released_at__gt=release.released_at)
    replaced = newer.order_by("released_at").values_list("released_at", flat=True).first()
    return min(until, replaced) if replaced is not None else until


def unanswered(round: Round) -> int:
    """Return how many responses in a round have no answer yet."""
    return InterpretationResponse.objects.filter(report__release__round=round, status__in=UNANSWERED).count()


def why_not_adopted(round: Round) -> str:
    """Return why the outcome of a round cannot be adopted yet, in Dutch; empty if every response was answered."""
    count = unanswered(round)
    if not count:
        return ""
    return (
        f"{_count_of(count)} nog niet beantwoord. Vaststellen kan pas als elke reactie een antwoord met een reden heeft."
        " Doe dat eerst, op de bladzijde ‘Duiding’."
    )


def was_extended(release: Release) -> bool:
    """Tell whether somebody got more time to respond after ``release`` was prepared."""
    return ResponseTerm.objects.filter(release__round=release.round_id, set_at__gt=release.prepared_at).exists()


def consequences(release: Release) -> list[str]:
    """Say, for who releases, that a period to respond ends with it and what is not answered yet."""
    if release.stage not in UNDER_WAY:
        return []
    until, count, is_adopted = ended_by(release), unanswered(release.round), release.status == ReportStatus.ADOPTED
    found = [f"De duidingsperiode tot en met {format_datetime(until)} eindigt hiermee."] if until is not None else []
    if release.respond_until is None and (moved := _moved(release)):
        found.append(f"{_moved_in_words(*moved)} Reageren kan daarop niet meer.")
    if count and (found or is_adopted):
        found.append(f"{_count_of(count)} nog niet beantwoord.")
    return found


def _moved_in_words(moved: int, untouched: int) -> str:
    who = "1 aanbieder krijgt" if moved == 1 else f"{format_number(moved)} aanbieders krijgen"
    said = f"{who} een andere uitkomst dan in de vorige spiegel"
    if not untouched:
        return f"{said}."
    part = "" if untouched == moved else f"waarvan {format_number(untouched)} "
    return f"{said}, {part}zonder {'dat die zelf iets wijzigde' if untouched == 1 else 'dat zij zelf iets wijzigden'}."


def _moved(release: Release) -> tuple[int, int] | None:
    """Return how many providers have other costs or another bandwidth than in the newest release that is visible.

    And how many of those have the same figures as then; ``None`` if nobody's outcome is another.
    """
    last = newest_release(release.round)
    if last is None or last.run_id == release.run_id:
        return None
    old, new = (
        {row[0]: row[1:] for row in Bandwidth.objects.filter(run=run).values_list("provider_id", *TOLD)}
        for run in (last.run_id, release.run_id)
    )
    moved = {provider for provider in old.keys() & new.keys() if old[provider] != new[provider]}
    if not moved:
        return None
    changed = datasets.different(last.run.dataset, release.run.dataset)
    return len(moved), Provider.objects.filter(pk__in=moved).exclude(key__in=changed).count()


def sentences(*, last: Release | None, respond_until: datetime | None, providers: Iterable[int]) -> dict[int, str]:
    """Return, by key of the provider, what it reads of a period to respond that ends or becomes shorter with a newer release.

    ``last``: the release before it; ``respond_until``: until when the newer one can be responded to. Who has no time left to
    lose is not in it.
    """
    if last is None or last.respond_until is None:
        return {}
    now = timezone.now()
    terms = list(last.terms.values_list("provider_id", "until"))
    found = {}
    for provider in providers:
        until = max([last.respond_until, *(end for whose, end in terms if whose in (None, provider))])
        if until < now or (respond_until is not None and respond_until >= until):
            continue
        what = (
            "Die eindigt met deze nieuwe spiegel: reageren kan niet meer."
            if respond_until is None
            else f"Die is nu korter: reageren kan tot en met {format_datetime(respond_until)}."
        )
        found[provider] = (
            f"De duidingsperiode liep tot en met {format_datetime(until)}. {what} De reden staat hierboven."
        )
    return found


def _count_of(count: int) -> str:
    return "1 reactie is" if count == 1 else f"{format_number(count)} reacties zijn"
