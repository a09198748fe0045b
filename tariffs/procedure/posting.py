"""Letters that go by post (Awb 2:14, 3:41): what waits, taken a hundred at a time to be printed, and the day on which it went.

A pile is what has one date and one kind. That a letter was taken to be printed stands in :class:`~tariffs.models.Printing`; on
which day it was put in the post in :class:`~tariffs.models.Posting`, once and for good: terms run from it. The last day for
views, which the NZa sets itself, moves by as many days as an intention went later than the day on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from providers import powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_date, format_number
from providers.models import Act, Round
from providers.refusal import Refused
from tariffs.models import (
    Decision,
    DecisionStatus,
    Hearing,
    Letter,
    LetterKind,
    Objection,
    ObjectionStatus,
    Posting,
    Printing,
    TermEvent,
    TermEventKind,
)
from tariffs.policies import current_policy
from tariffs.procedure.notified import NOTIFYING
from tariffs.terms import amsterdam_day, equated_days, next_working_day

#: So many letters are in one archive: more take longer than somebody waits.
PER_ARCHIVE = 100
#: Why a letter of a kind is of no use any more: it asks for what came in since (Awb 6:6), or to what was called off.
NEEDLESS: dict[str, str] = {
    LetterKind.OBJECTION_REMEDY: "de aanvulling is er al, of het bezwaar is ingetrokken",
    LetterKind.HEARING: "de hoorzitting gaat niet door",
    LetterKind.INTENDED: "het voornemen is ingetrokken",
}


@dataclass(frozen=True, kw_only=True)
class Pile:
    """The letters of one date and kind in a round that go by post: how many, and how far they are."""

    round_id: int
    dated: date
    kind: LetterKind
    total: int
    posted: int
    printed: int
    """Taken to be printed, but not written down as posted."""

    @property
    def begins_term(self) -> bool:
        """Tell whether a term to object or to appeal begins with these letters."""
        return self.kind in NOTIFYING

    @property
    def unposted(self) -> int:
        """Return how many are not in the post yet, as far as anybody wrote down."""
        return self.total - self.posted

    @property
    def unprinted(self) -> int:
        """Return how many nobody took to be printed yet."""
        return self.unposted - self.printed

    @property
    def parts(self) -> int:
        """Return in how many archives they are."""
        return -(-self.total // PER_ARCHIVE)


def piles(*, round: Round | None = None) -> list[Pile]:
    """Return the piles of a round, or of all rounds, newest first; in one query, however many there are."""
    rows = (
        by_post(round)
        .order_by()
        .values_list("round", "dated", "kind")
        .annotate(n=Count("pk"), went=Count("posting"), lies=Count("printing", filter=Q(posting=None)))
    )
    return sorted(
        (
            Pile(
                round_id=round_id,
                dated=dated,
                kind=LetterKind(kind),
                total=total,
                posted=posted,
                printed=printed,
            )
            for round_id, dated, kind, total, posted, printed in rows
        ),
        key=lambda pile: (-pile.dated.toordinal(), pile.round_id, list(LetterKind).index(pile.kind)),
    )


def part(*, round: Round, dated: date, kind: str, number: int) -> list[Letter]:
    """Return the letters of one archive of a pile: always the same ones, also after they were posted; beyond the last, none."""
    if number < 1:
        return []
    found = by_post(round).filter(dated=dated, kind=kind).select_related("round").order_by("pk")
    return list(found[(number - 1) * PER_ARCHIVE : number * PER_ARCHIVE])


def untaken(*, round: Round, dated: date, kind: str) -> list[Letter]:
    """Return the letters of a pile that nobody took to be printed yet, as many as one archive holds, oldest first."""
    found = by_post(round).filter(dated=dated, kind=kind, printing=None, posting=None).select_related("round")
    return list(found.order_by("pk")[:PER_ARCHIVE])


def take(letters: Sequence[Letter], *, actor: Actor) -> None:
    """Write down that letters were taken to be printed; taken again (a jammed printer), that is recorded and nothing changes.

    Raises :class:`~providers.refusal.Refused` for a letter that does not go by post.
    """
    powers.require_staff(actor)
    _require_by_post(letters)
    with transaction.atomic():
        # Who takes the same letters at the same moment is passed by: they were taken.
        Printing.objects.bulk_create(
            (Printing(letter=letter, by=actor.user) for letter in letters), batch_size=500, ignore_conflicts=True
        )
        for round in {letter.round: None for letter in letters}:
            those = [letter for letter in letters if letter.round_id == round.pk]
            record(
                act=Act.LETTERS_PRINTED,
                actor=actor,
                subject=f"{count_of(len(those))}, {round}",
                details={"round": round.slug, "letters": [str(letter.uuid) for letter in those]},
            )


def to_post(*, round: Round, dated: date) -> QuerySet[Letter]:
    """Return the letters of a day that were taken to be printed and are not in the post yet, as far as anybody wrote down."""
    found = by_post(round).filter(dated=dated, posting=None, printing__isnull=False)
    return found.select_related("provider").defer("body", "figures").order_by("kind", "pk")


def put_day_in_post(*, round: Round, dated: date, shown: Collection[UUID], on: date, actor: Actor) -> int:
    """Write down that what waited of a day was put in the post, the letters that somebody was ``shown``.

    Raises :class:`~providers.refusal.Refused` as :func:`put_in_post` does, and if other letters wait by now than she saw.
    """
    powers.require_staff(actor)
    if set(to_post(round=round, dated=dated).values_list("uuid", flat=True)) != set(shown):
        raise Refused(
            "Er wachten nu andere brieven dan toen u deze bladzijde opende: er zijn er opgehaald om te printen, of al op de post"
            " gedaan. Er is niets vastgelegd. Ververs de bladzijde: ga terug en open haar opnieuw."
        )
    return put_in_post(round=round, letters=shown, on=on, actor=actor)


def put_in_post(*, round: Round, letters: Collection[UUID], on: date, actor: Actor) -> int:
    """Write down that letters were put in the post on a day, and return how many of them were new; said twice, it is said once.

    Raises :class:`~providers.refusal.Refused` for a letter that nobody took to be printed, for a day before the one on the letter
    or after today, and for a letter that went on another day already.
    """
    powers.require_staff(actor)
    with transaction.atomic():
        found = list(
            Letter.objects.select_for_update(no_key=True, of=("self",))
            .filter(round=round, uuid__in=letters)
            .defer("body", "figures")
            .order_by("pk")
        )
        if not found or len(found) != len(set(letters)):
            raise Refused(
                "Kies ten minste één brief uit de lijst. Ververs de bladzijde als een brief er niet meer staat."
            )
        # Looked at after the letters are locked: who writes the same down at the same moment waits, and then finds it here.
        known = dict(Posting.objects.filter(letter__in=found).values_list("letter", "posted_on"))
        _require_new(found, known, on)
        new = [letter for letter in found if letter.pk not in known]
        _require_possible(new, on)
        Posting.objects.bulk_create(
            (Posting(letter=letter, posted_on=on, by=actor.user) for letter in new), batch_size=500
        )
        moved = _move_views(round, new, on)
        if new:
            record(
                act=Act.LETTERS_POSTED,
                actor=actor,
                subject=f"{count_of(len(new))}, {round}, op {format_date(on)}",
                details={
                    "round": round.slug,
                    "on": on.isoformat(),
                    "letters": [str(letter.uuid) for letter in new],
                    **({"views_until": moved} if moved else {}),
                },
            )
    return len(new)


def _move_views(round: Round, letters: Iterable[Letter], on: date) -> dict[str, str]:
    """Give views on an intention that went later than the day on it as many days more (Awb 4:8); return the new last days.

    Once a decision is drawn up nothing moves any more.
    """
    late = {
        letter.decision_id: on - letter.dated
        for letter in letters
        if letter.kind == LetterKind.INTENDED and letter.decision_id is not None and letter.dated < on
    }
    if not late:
        return {}
    found = list(
        Decision.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=late, status=DecisionStatus.ANNOUNCED, views_until__isnull=False)
        .only("reference", "views_until")
        .order_by("pk")
    )
    runs_on = current_policy(round).courtesy_terms
    for decision in found:
        assert decision.views_until is not None
        until = decision.views_until + late.get(decision.pk, timedelta())
        decision.views_until = next_working_day(until, equated=equated_days()) if runs_on else until
    Decision.objects.bulk_update(found, ["views_until"], batch_size=500)
    return {decision.reference: str(decision.views_until) for decision in found}


def _require_new(letters: Iterable[Letter], known: dict[int, date], on: date) -> None:
    for letter in letters:
        went = known.get(letter.pk)
        if went is not None and went != on:
            raise Refused(
                f"Van brief {letter.reference} staat al vast dat die op {format_date(went)} op de post is gedaan. Dat kan niet"
                " nog een keer op een andere dag (art. 6:8 Awb). Kies die brief niet."
            )


def _require_possible(letters: Sequence[Letter], on: date) -> None:
    if on > amsterdam_day(timezone.now()):
        raise Refused(
            f"{format_date(on).capitalize()} is nog niet geweest. Vul de dag in waarop de brieven echt op de post zijn gedaan"
            " (art. 3:41 Awb)."
        )
    early = next((letter for letter in letters if on < letter.dated), None)
    if early is not None:
        raise Refused(
            f"Brief {early.reference} is van {format_date(early.dated)} en kan niet eerder op de post zijn gedaan (art. 3:41"
            " Awb). Vul die dag of een latere in."
        )
    _require_by_post(letters)
    taken = dict(Printing.objects.filter(letter__in=letters).values_list("letter", "at"))
    left = [letter for letter in letters if letter.pk not in taken]
    if left:
        raise Refused(
            f"{count_of(len(left)).capitalize()} {'is' if len(left) == 1 else 'zijn'} nog niet opgehaald om te printen, zoals"
            f" {left[0].reference}. Download eerst het bestand met de brieven (art. 3:41 Awb)."
        )
    before = next((letter for letter in letters if on < amsterdam_day(taken[letter.pk])), None)
    if before is not None:
        raise Refused(
            f"Brief {before.reference} is op {format_date(amsterdam_day(taken[before.pk]))} opgehaald om te printen en kan niet"
            " eerder op de post zijn gedaan (art. 3:41 Awb). Vul die dag of een latere in."
        )


def _require_by_post(letters: Iterable[Letter]) -> None:
    here = next((letter for letter in letters if not letter.goes_by_post), None)
    if here is not None:
        raise Refused(
            f"Brief {here.reference} gaat niet per post: de aanbieder krijgt die in het portaal (art. 2:14 Awb)."
        )


def count_of(number: int) -> str:
    """Return a number of letters in words: ``1 brief``, ``1.200 brieven``."""
    return f"{format_number(number)} {'brief' if number == 1 else 'brieven'}"


def still_to_go(round: Round, kind: LetterKind, *, decision: Decision | None = None) -> str:
    """Say how many letters of a kind still have to go in the post, of a round or with one decision; empty if none has."""
    waiting = by_post(round).filter(kind=kind, posting=None)
    count = waiting.count() if decision is None else waiting.filter(decision=decision).count()
    return f"Nog op de post te doen: {count_of(count)} (bij ‘Post’ van deze ronde)." if count else ""


def by_post(round: Round | None = None) -> QuerySet[Letter]:
    """Return the letters that go or went by post; not those of no use any more that nobody took to be printed."""
    found = Letter.objects.filter(goes_by_post=True)
    found = found.exclude(is_needless(), printing__isnull=True, posting__isnull=True)
    return found if round is None else found.filter(round=round)


def is_needless() -> Q:
    """Return the condition that a letter is of no use any more: see :data:`NEEDLESS`.

    What tells that an intention was withdrawn, or that a hearing does not take place, goes all the same: who is written to could
    read the first letter in the portal.
    """
    remedied = TermEvent.objects.filter(
        objection=OuterRef("objection"), kind=TermEventKind.REMEDIED, at__gte=OuterRef("sent_at")
    )
    given_up = Objection.objects.filter(pk=OuterRef("objection"), status=ObjectionStatus.WITHDRAWN)
    called_off = Hearing.objects.filter(
        objections=OuterRef("objection"), invited_at=OuterRef("sent_at"), cancelled_because__gt=""
    )
    withdrawn = Decision.objects.filter(pk=OuterRef("decision"), status=DecisionStatus.WITHDRAWN)
    return (
        Q(kind=LetterKind.OBJECTION_REMEDY) & (Q(Exists(remedied)) | Q(Exists(given_up)))
        | Q(kind=LetterKind.HEARING) & Q(Exists(called_off))
        | Q(kind=LetterKind.INTENDED) & Q(Exists(withdrawn))
    )
