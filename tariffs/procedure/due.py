"""What falls due in all cases together, for the NZa: every channel, earliest first, and last what stands still.

What many have in common on one day (the term for views, the term to object) is one row with how many; what asks for somebody's
work has a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from providers.formatting import format_date
from providers.models import Provider, Round
from tariffs.models import (
    OPEN_OBJECTION,
    Decision,
    DecisionStatus,
    InterpretationResponse,
    Objection,
    ObjectionStatus,
    Release,
    ResponseStatus,
    StatementOfViews,
    TermEvent,
)
from tariffs.periods import ended_at
from tariffs.procedure import posting
from tariffs.procedure.deadlines import Deadline, deadlines
from tariffs.procedure.notified import with_posting
from tariffs.procedure.renewals import adopted_release
from tariffs.procedure.views import WAIVED
from tariffs.procedure.withdrawing import in_words, outdated_by_round
from tariffs.terms import amsterdam_day, equated_days, objection_term

S = DecisionStatus
#: The channels by which the board is filtered: code and label.
CHANNELS = (
    ("duiding", "Duiding"),
    ("zienswijze", "Zienswijze"),
    ("besluit", "Besluit"),
    ("bezwaar", "Bezwaar"),
    ("post", "Post"),
)
#: Of these nobody has to do anything once the day is over: a right that passed, a file that lies open.
PASSED = ("appeal", "file", "papers")
#: Longer than the six weeks of an appeal can run on: what was made known before is not looked at.
LONGEST_APPEAL = timedelta(weeks=8)


@dataclass(frozen=True, kw_only=True)
class Due:
    """One thing that falls due: in which round and channel, about whom (or how many providers or letters), and the term."""

    round: Round
    channel: str
    deadline: Deadline
    provider: Provider | None = None
    count: int = 1
    reference: str = ""
    assigned: str = ""


def due(*, round: Round | None = None) -> list[Due]:
    """Return what falls due, in one round or in all; the number of queries grows with releases that can be responded to alone."""
    found = [*_releases(round), *_responses(round), *_decisions(round), *objections(round), *_post(round)]
    return sorted(found, key=lambda item: (item.deadline.stands_still, item.deadline.on, item.round.pk, item.reference))


def _releases(round: Round | None) -> Iterator[Due]:
    rows = Release.objects.released().filter(respond_until__isnull=False).select_related("round")
    for release in rows if round is None else rows.filter(round=round):
        if all(item.is_over for item in deadlines(release)):
            continue
        count = release.reports.count()
        for item in deadlines(release):
            yield Due(round=release.round, channel="duiding", deadline=item, count=count)


def _responses(round: Round | None) -> Iterator[Due]:
    rows = InterpretationResponse.objects.filter(status=ResponseStatus.MORE_ASKED)
    if round is not None:
        rows = rows.filter(report__release__round=round)
    rows = rows.select_related("provider", "report__release__round").prefetch_related("messages")
    for response in rows.defer("report__content"):
        for item in deadlines(response):
            yield Due(
                round=response.report.release.round,
                channel="duiding",
                deadline=item,
                provider=response.provider,
                reference=f"reactie {response.number}",
            )
    yield from _unanswered(round)


def _unanswered(round: Round | None) -> Iterator[Due]:
    """Yield the responses that still wait for an answer when nobody can respond any more: the period is over or was ended."""
    rows = InterpretationResponse.objects.filter(status__in=(ResponseStatus.SUBMITTED, ResponseStatus.ASSIGNED))
    if round is not None:
        rows = rows.filter(report__release__round=round)
    now = timezone.now()
    ends: dict[int, datetime | None] = {}
    for response in rows.select_related("provider", "report__release__round", "assigned_to").defer("report__content"):
        release = response.report.release
        if release.pk not in ends:
            ends[release.pk] = ended_at(release)
        end = ends[release.pk]
        if end is None or end > now:
            continue
        yield Due(
            round=release.round,
            channel="duiding",
            deadline=Deadline(
                code="answer",
                name="Beantwoord een reactie",
                article="",
                on=amsterdam_day(end),
                is_over=False,
                sentence="De duidingsperiode is voorbij en deze reactie heeft nog geen antwoord. Dat is geen wettelijke termijn.",
                whose="nza",
            ),
            provider=response.provider,
            reference=f"reactie {response.number}",
            assigned=response.assigned_to.name if response.assigned_to else "",
        )


def _decisions(round: Round | None) -> Iterator[Due]:
    rows = Decision.objects.select_related("round", "provider")
    if round is not None:
        rows = rows.filter(round=round)
    behind = {key: found for key, found in outdated_by_round().items() if round is None or key == round}
    rows = rows.exclude(pk__in=[item.pk for found in behind.values() for item in found])
    for decision in _announced(rows, is_unanswered=True):
        (item,) = deadlines(decision)
        yield Due(
            round=decision.round,
            channel="zienswijze",
            deadline=Deadline(
                code="react",
                name="Overweeg een zienswijze",
                article="art. 3:46 Awb",
                on=item.on,
                is_over=item.is_over,
                sentence="Bij een zienswijze staat nog niet wat de NZa ervan vindt (art. 3:46 en 4:8 Awb).",
                whose="nza",
            ),
            provider=decision.provider,
            reference=decision.reference,
        )
    yield from _outdated(behind)
    yield from _together(rows)


def _announced(rows: QuerySet[Decision], *, is_unanswered: bool) -> QuerySet[Decision]:
    """Return the intentions that were announced, with their post: those with views that wait for an answer, or all others."""
    unanswered = Exists(StatementOfViews.objects.filter(decision=OuterRef("pk"), reaction_at=None).exclude(text=WAIVED))
    return with_posting(rows.filter(unanswered if is_unanswered else ~unanswered, status=S.ANNOUNCED))


def _outdated(behind: Mapping[Round, Sequence[Decision]]) -> Iterator[Due]:
    """Yield, per round, what can only be withdrawn since newer outcomes were adopted."""
    for round, found in behind.items():
        newest = adopted_release(round)
        assert newest is not None
        assert newest.released_at is not None
        yield Due(
            round=round,
            channel="besluit",
            deadline=Deadline(
                code="outdated",
                name="Verouderde voornemens in te trekken",
                article="art. 3:2 Awb",
                on=amsterdam_day(newest.released_at),
                is_over=False,
                sentence=f"{' '.join(in_words(found))} Dat is geen wettelijke termijn.",
                whose="nza",
            ),
            count=len(found),
        )


def _together(rows: QuerySet[Decision]) -> Iterator[Due]:
    """Yield, per round and day, the terms that many share."""
    rounds = {row.pk: row for row in Round.objects.all()}
    said = StatementOfViews.objects.filter(decision=OuterRef("pk"))
    # Where views wait for an answer, that comes first and has a row of its own.
    announced = _announced(rows, is_unanswered=False).order_by().annotate(said=Exists(said))
    today = amsterdam_day(timezone.now())
    together = announced.values_list("round", "views_until", "said", "letter_waits").annotate(n=Count("pk"))
    for round_id, until, has_said, is_unposted, count in together:
        on = until or today
        waits = (on >= today or is_unposted) and not has_said
        if has_said:
            sentence = "Zij lieten weten wat zij ervan vinden: de NZa kan deze besluiten nu opstellen (art. 4:8 Awb)."
        elif is_unposted:
            sentence = (
                "Hun brief is nog niet op de post. De termijn begint pas als de NZa opschrijft wanneer dat is gedaan."
            )
        else:
            sentence = "Na deze dag kan de NZa de besluiten opstellen (art. 4:8 Awb)."
        yield Due(
            round=rounds[round_id],
            channel="zienswijze",
            deadline=Deadline(
                code="views",
                name="Zienswijzen tot en met" if waits else "Besluiten op te stellen",
                article="art. 4:8 Awb",
                on=on,
                is_over=on < today and not is_unposted,
                sentence=sentence,
                whose="provider" if waits else "nza",
            ),
            count=count,
        )
    drafted = rows.filter(status=S.DRAFTED).order_by().values_list("round")
    for round_id, count, since in drafted.annotate(n=Count("pk"), since=Min("drafted_at")):
        yield Due(
            round=rounds[round_id],
            channel="besluit",
            deadline=Deadline(
                code="send",
                name="Besluiten vast te stellen",
                article="art. 3:2 Awb",
                on=amsterdam_day(since),
                is_over=False,
                sentence="Opgesteld vanaf deze dag; een collega stelt ze vast (art. 3:2 Awb). Dat is geen wettelijke termijn.",
                whose="nza",
            ),
            count=count,
        )
    # PostgreSQL passes by what is not there: without a day of the post the day on the letter counts.
    sent = with_posting(rows.filter(status=S.SENT).exclude(origin="objection").order_by())
    sent = sent.exclude(Exists(Objection.objects.filter(decision=OuterRef("pk"))))
    sent = sent.annotate(made_known=Greatest("sent_on", "went_on"))
    for round_id, made_known, count in sent.values_list("round", "made_known").annotate(n=Count("pk")):
        term = objection_term(notified_on=made_known, equated=equated_days())
        if term.end < today:
            continue
        yield Due(
            round=rounds[round_id],
            channel="bezwaar",
            deadline=Deadline(
                code="objection",
                name="Bezwaartermijn",
                article=term.articles[0],
                on=term.end,
                is_over=False,
                sentence=term.sentence,
            ),
            count=count,
        )


def objections(round: Round | None = None) -> Iterator[Due]:
    """Yield what falls due in objections, in one round or in all; the number of queries does not depend on how many there are."""
    today = amsterdam_day(timezone.now())
    rows = with_posting(Objection.objects.all())
    rows = rows.annotate(made_known=Greatest("decided_on", "went_on")).filter(
        Q(status__in=OPEN_OBJECTION) | Q(status=ObjectionStatus.DECIDED, made_known__gte=today - LONGEST_APPEAL)
    )
    if round is not None:
        rows = rows.filter(decision__round=round)
    rows = rows.select_related("provider", "assigned_to").prefetch_related(
        Prefetch("events", queryset=TermEvent.objects.order_by("on", "pk")),
        Prefetch("decision", queryset=with_posting(Decision.objects.select_related("round"))),
        "hearings",
    )
    for objection in rows:
        for item in deadlines(objection):
            if item.is_over and item.code in PASSED:
                continue
            yield Due(
                round=objection.decision.round,
                channel="bezwaar",
                deadline=_turn_of_nza(item) if item.is_over else item,
                provider=objection.provider,
                reference=objection.reference,
                assigned=objection.assigned_to.name if objection.assigned_to else "",
            )


def _turn_of_nza(item: Deadline) -> Deadline:
    """Return what the NZa does once the day of somebody else, or of a hearing, is over: with that it is not late yet."""
    if item.code == "hearing":
        return replace(
            item,
            is_over=False,
            name="Leg het verslag van de hoorzitting vast",
            article="art. 7:7 Awb",
            sentence=f"De hoorzitting was op {format_date(item.on)}; het verslag is er nog niet (art. 7:7 Awb).",
        )
    if item.code == "remedy":
        return replace(
            item,
            is_over=False,
            name="Beslis over een bezwaar dat niet is aangevuld",
            whose="nza",
            sentence=f"Aanvullen kon tot en met {format_date(item.on)} (art. 6:6 Awb).",
        )
    return item


def _post(round: Round | None) -> Iterator[Due]:
    """Yield, per round and day, how many letters of that day are not in the post yet, as far as anybody wrote down."""
    today = amsterdam_day(timezone.now())
    waiting: dict[tuple[int, date], list[posting.Pile]] = {}
    for pile in posting.piles(round=round):
        if pile.unposted:
            waiting.setdefault((pile.round_id, pile.dated), []).append(pile)
    rounds = Round.objects.in_bulk({round_id for round_id, _ in waiting})
    for (round_id, dated), found in waiting.items():
        count = sum(pile.unposted for pile in found)
        yield Due(
            round=rounds[round_id],
            channel="post",
            deadline=Deadline(
                code="post",
                name=f"Nog niet op de post: {posting.count_of(count)} van {format_date(dated)}",
                article="art. 3:41 Awb",
                on=dated,
                is_over=dated < today,
                sentence=_how_far(
                    sum(pile.printed for pile in found),
                    count,
                    begins_term=any(pile.begins_term and pile.unposted for pile in found),
                ),
                whose="nza",
            ),
            count=count,
        )


def _how_far(printed: int, count: int, *, begins_term: bool) -> str:
    where = (
        "Nog niet opgehaald om te printen."
        if not printed
        else "Opgehaald om te printen."
        if printed == count
        else f"Daarvan {'is' if printed == 1 else 'zijn'} er {printed} opgehaald om te printen."
    )
    term = (
        ": de termijn voor bezwaar of beroep begint de dag daarna (art. 6:8 Awb)" if begins_term else " (art. 3:41 Awb)"
    )
    return f"{where} Schrijf op wanneer zij op de post zijn gedaan{term}."
