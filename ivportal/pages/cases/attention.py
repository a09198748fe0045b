"""What waits for the NZa in the procedures of all rounds: for its start page, in sentences with how many and until when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Count, Max
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone

from providers.formatting import format_date, format_number
from providers.models import Round
from tariffs.models import Decision, DecisionStatus, InterpretationResponse, Release, ReleaseStage, ResponseKind
from tariffs.procedure import answering, due, posting, withdrawing
from tariffs.procedure.renewals import adopted_release
from tariffs.terms import amsterdam_day

Item = dict[str, Any]


def attention() -> list[Item]:
    """Return what waits, by round; nothing for what does not wait. The number of queries does not depend on how much there is."""
    rounds = Round.objects.in_bulk()
    today = amsterdam_day(timezone.now())
    return [
        *_post(rounds, today),
        *_responses(rounds, today),
        *_objections(),
        *_decisions(rounds),
        *_releases(),
    ]


def _item(round: Round, what: str, text: str, url: str, *, term: date | None = None, is_urgent: bool = False) -> Item:
    return {"title": f"{round.title}: {what}", "text": text, "url": url, "is_urgent": is_urgent, "term": term}


def _post(rounds: dict[int, Round], today: date) -> Iterator[Item]:
    waiting: dict[int, list[posting.Pile]] = {}
    for pile in posting.piles():
        if pile.unposted:
            waiting.setdefault(pile.round_id, []).append(pile)
    for key, piles in waiting.items():
        oldest = min(pile.dated for pile in piles)
        count = sum(pile.unposted for pile in piles)
        which = (
            f"van {format_date(oldest)}"
            if len({pile.dated for pile in piles}) == 1
            else f"de oudste van {format_date(oldest)}"
        )
        yield _item(
            rounds[key],
            "brieven nog niet op de post",
            f"{posting.count_of(count)}, {which}. Schrijf op wanneer zij op de post zijn gedaan (art. 3:41 Awb).",
            reverse("case_post", args=[rounds[key].slug]),
            term=oldest,
            is_urgent=oldest < today,
        )


def _responses(rounds: dict[int, Round], today: date) -> Iterator[Item]:
    newest: dict[int, int] = dict(
        Release.objects.released().order_by("round", "released_at", "pk").values_list("round", "pk")
    )
    found = (
        InterpretationResponse.objects.filter(status__in=answering.OPEN)
        .exclude(kind=ResponseKind.AGREE)
        .order_by()
        .values("report__release__round", "report__release")
        # PostgreSQL passes by what is not there: without longer terms it is the one of the release.
        .annotate(
            n=Count("pk", distinct=True),
            until=Greatest(Max("report__release__respond_until"), Max("report__release__terms__until")),
        )
        .values_list("report__release__round", "report__release", "n", "until")
    )
    waiting: dict[int, list[tuple[int, date | None]]] = {}
    for key, release, count, until in found:
        # A newer release ended the period of the one before.
        end = amsterdam_day(until) if until is not None and newest.get(key) == release else None
        waiting.setdefault(key, []).append((count, end if end is not None and end >= today else None))
    for key, parts in waiting.items():
        count, ends = sum(number for number, _ in parts), [end for _, end in parts]
        term = None if None in ends else min(end for end in ends if end is not None)
        until = "de duidingsperiode is voorbij" if term is None else f"reageren kan tot en met {format_date(term)}"
        yield _item(
            rounds[key],
            "reacties zonder antwoord",
            f"{format_number(count)} {'reactie wacht' if count == 1 else 'reacties wachten'} op antwoord; {until}.",
            f"{reverse('response_queue')}?ronde={rounds[key].slug}",
            term=term,
            is_urgent=term is None,
        )


def _objections() -> Iterator[Item]:
    waiting: dict[Round, list[due.Due]] = {}
    for item in due.objections():
        if item.deadline.code != "appeal" and (item.deadline.whose == "nza" or not item.deadline.is_over):
            waiting.setdefault(item.round, []).append(item)
    for round, items in waiting.items():
        count = len({item.reference for item in items})
        first = min(items, key=lambda item: (item.deadline.stands_still, item.deadline.on))
        still = first.deadline.stands_still
        late = first.deadline.is_over
        yield _item(
            round,
            "bezwaren in behandeling",
            f"{format_number(count)} {'bezwaar is' if count == 1 else 'bezwaren zijn'} open."
            f" {'Te laat' if late else 'Het eerst'}: {first.deadline.name.lower()} bij {first.reference}"
            f"{'' if still else f', {format_date(first.deadline.on)}'}.",
            f"{reverse('cases')}?ronde={round.slug}&kanaal=bezwaar",
            term=None if still else first.deadline.on,
            is_urgent=late,
        )


def _decisions(rounds: dict[int, Round]) -> Iterator[Item]:
    behind = withdrawing.outdated_by_round()
    for round, found in behind.items():
        newest = adopted_release(round)
        assert newest is not None
        assert newest.released_at is not None
        yield _item(
            round,
            "verouderde voornemens",
            " ".join(withdrawing.in_words(found)),
            reverse("case_round", args=[round.slug]),
            # None of these goes further until somebody takes them back: since that day.
            term=amsterdam_day(newest.released_at),
            is_urgent=True,
        )
    drafted = Decision.objects.filter(status=DecisionStatus.DRAFTED).order_by().values_list("round")
    drafted = drafted.exclude(pk__in=[item.pk for found in behind.values() for item in found])
    for key, count in drafted.annotate(n=Count("pk")):
        yield _item(
            rounds[key],
            "besluiten wachten op vaststelling",
            f"{format_number(count)} {'besluit is' if count == 1 else 'besluiten zijn'} opgesteld. Een ander dan de opsteller"
            " stelt vast (art. 3:2 Awb).",
            f"{reverse('case_round', args=[rounds[key].slug])}?status={DecisionStatus.DRAFTED}",
        )


def _releases() -> Iterator[Item]:
    found = Release.objects.filter(stage=ReleaseStage.PREPARED).select_related("round", "prepared_by")
    for release in found.order_by("prepared_at"):
        by = release.prepared_by.name if release.prepared_by else "het portaal"
        yield _item(
            release.round,
            "een vrijgave wacht op goedkeuring",
            f"Status {release.get_status_display().lower()}, klaargezet door {by}. Een ander keurt goed.",
            reverse("release", args=[release.uuid]),
        )
