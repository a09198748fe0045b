"""The desk where the NZa runs a round: made after the previous one, providers invited, opened, extended, closed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from providers import drafts, notices, powers
from providers.access import Actor
from providers.audit import record
from providers.formatting import format_datetime
from providers.mandates import people_of_each
from providers.measures import CATALOGUE
from providers.models import (
    PORTAL,
    Act,
    Provider,
    Round,
    RoundStatus,
    Submission,
    SubmissionStatus,
    TermChange,
)
from providers.models.rounds import ROUND_TRANSITIONS
from providers.refusal import Refused
from providers.texts import copy_texts

TEMPLATE: Final = "iv-2"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def create_round(
    *,
    slug: str,
    title: str,
    book_year: int,
    previous: Round | None,
    opens_at: datetime | None,
    deadline: datetime | None,
    contact: str,
    actor: Actor | None,
) -> Round:
    """Make a round in draft after ``previous``: its texts, whether it is fictitious, and as invited whoever was in it.

    Raises :class:`~providers.refusal.Refused` with every reason. Model and policy are copied by who composes the portal.
    """
    powers.require_staff(actor)
    problems = _problems(slug, title, book_year, previous, opens_at, deadline)
    if problems:
        raise Refused(" ".join(problems))
    with transaction.atomic():
        round = Round.objects.create(
            slug=slug,
            title=title.strip(),
            book_year=book_year,
            previous=previous,
            currency=previous.currency if previous else "EUR",
            is_fictitious=previous.is_fictitious if previous else False,
            source=PORTAL,
            template_version=TEMPLATE,
            measures=[measure.code for measure in CATALOGUE.of_template(TEMPLATE)],
            opens_at=opens_at,
            deadline=deadline,
            contact=contact.strip(),
        )
        record(act=Act.ROUND_CREATED, actor=actor, subject=str(round), details={"slug": slug})
        if previous is not None:
            copy_texts(source=previous, target=round)
            invite(
                round=round,
                providers=Provider.objects.filter(
                    submissions__round=previous, submissions__merged_into__isnull=True
                ).distinct(),
                actor=actor,
            )
    return round


def _problems(
    slug: str,
    title: str,
    book_year: int,
    previous: Round | None,
    opens_at: datetime | None,
    deadline: datetime | None,
) -> list[str]:
    found = []
    if not _SLUG.fullmatch(slug):
        found.append("Gebruik in de korte naam alleen kleine letters, cijfers en streepjes, zoals iv-2025.")
    elif Round.objects.filter(slug=slug).exists():
        found.append(f"Er is al een ronde met de korte naam {slug}. Kies een andere.")
    if not title.strip():
        found.append("Geef de ronde een titel.")
    if not 2000 <= book_year <= timezone.localdate().year + 1:
        found.append(f"Het boekjaar {book_year} kan niet kloppen. Vul het jaar in waar de kosten over gaan.")
    if previous is not None and previous.book_year >= book_year:
        found.append(f"De vorige ronde gaat over {previous.book_year}. Deze ronde moet over een later jaar gaan.")
    if opens_at is not None and deadline is not None and opens_at >= deadline:
        found.append("De termijn eindigt voordat de ronde opent. Kies een latere einddatum.")
    return found


def change_round(
    *,
    round: Round,
    title: str,
    opens_at: datetime | None,
    deadline: datetime | None,
    contact: str,
    actor: Actor,
) -> Round:
    """Change a round that is still a draft; afterwards only its term can be extended."""
    with transaction.atomic():
        locked = _lock(round, actor)
        if locked.status != RoundStatus.DRAFT:
            raise Refused("Deze ronde is al geopend. U kunt alleen nog de termijn verlengen en de teksten wijzigen.")
        problems = []
        if not title.strip():
            problems.append("Geef de ronde een titel.")
        if opens_at is not None and deadline is not None and opens_at >= deadline:
            problems.append("De termijn eindigt voordat de ronde opent. Kies een latere einddatum.")
        if problems:
            raise Refused(" ".join(problems))
        locked.title, locked.opens_at, locked.deadline, locked.contact = (
            title.strip(),
            opens_at,
            deadline,
            contact.strip(),
        )
        locked.save()
        record(act=Act.ROUND_CHANGED, actor=actor, subject=str(locked))
    return locked


def invite(*, round: Round, providers: Iterable[Provider], actor: Actor | None) -> int:
    """Invite providers to a round that is not over; return how many were not in it yet."""
    with transaction.atomic():
        locked = _lock(round, actor)
        if locked.status not in (RoundStatus.DRAFT, RoundStatus.OPEN):
            raise Refused("Deze ronde is gesloten. Open haar eerst weer om nog iemand uit te nodigen.")
        known = set(locked.submissions.values_list("provider_id", flat=True))
        new = [provider for provider in providers if provider.pk not in known]
        Submission.objects.bulk_create(
            (Submission(round=locked, provider=provider, status=SubmissionStatus.NOT_STARTED) for provider in new),
            batch_size=2000,
        )
        if new:
            record(act=Act.PROVIDERS_INVITED, actor=actor, subject=str(locked), details={"count": len(new)})
        if locked.status == RoundStatus.OPEN:
            transaction.on_commit(lambda: _announce(locked))
    return len(new)


def uninvite(*, submission: Submission, actor: Actor) -> None:
    """Take back an invitation in a draft round."""
    with transaction.atomic():
        locked = drafts.lock(submission, actor)
        if locked.round.status != RoundStatus.DRAFT:
            raise Refused("Deze ronde is al geopend. Geef een aanbieder die niet hoeft aan te leveren ontheffing.")
        record(
            act=Act.PROVIDERS_INVITED,
            actor=actor,
            subject=str(locked.round),
            details={"taken_back": locked.provider.key},
        )
        locked.delete()


def open_round(*, round: Round, actor: Actor | None) -> Round:
    """Open a round: invitations go out, and providers deliver from ``opens_at`` on (at once if that is not set or past)."""
    now = timezone.now()
    with transaction.atomic():
        locked = _lock(round, actor)
        problems = []
        if locked.deadline is None:
            problems.append("Kies eerst tot wanneer aanbieders kunnen aanleveren.")
        elif locked.deadline <= now:
            problems.append("De termijn is al voorbij. Kies eerst een latere einddatum.")
        if not locked.submissions.exists():
            problems.append("Nodig eerst aanbieders uit.")
        if not locked.contact:
            problems.append("Vul eerst in bij wie aanbieders terechtkunnen met vragen.")
        if problems and locked.status == RoundStatus.DRAFT:
            raise Refused(" ".join(problems))
        if locked.opens_at is None:
            locked.opens_at = now
            locked.save(update_fields=["opens_at"])
        _move(locked, RoundStatus.OPEN, actor)
        transaction.on_commit(lambda: _announce(locked))
    return locked


def close_round(*, round: Round, actor: Actor | None) -> Round:
    """Close a round before or at its deadline; everybody is told, and who has a term of its own can still deliver."""
    with transaction.atomic():
        locked = _lock(round, actor)
        _move(locked, RoundStatus.CLOSED, actor)
        transaction.on_commit(lambda: _tell_of_closing(locked))
    return locked


def open_again(*, round: Round, until: datetime, reason: str, actor: Actor) -> Round:
    """Open a closed round again for all, with a new term."""
    with transaction.atomic():
        locked = _lock(round, actor)
        if locked.status != RoundStatus.CLOSED:
            raise Refused("Alleen een gesloten ronde kan weer open.")
        _move(locked, RoundStatus.OPEN, actor)
        return extend(round=locked, until=until, reason=reason, actor=actor)


def archive_round(*, round: Round, actor: Actor) -> Round:
    """Put a closed round away; nothing in it can be delivered any more."""
    with transaction.atomic():
        locked = _lock(round, actor)
        _move(locked, RoundStatus.ARCHIVED, actor)
    return locked


def extend(*, round: Round, until: datetime, reason: str, actor: Actor) -> Round:
    """Extend the term for all, with the reason; everybody who has not delivered is told."""
    _require(reason, until)
    with transaction.atomic():
        locked = _lock(round, actor)
        if locked.status != RoundStatus.OPEN:
            raise Refused("Deze ronde is niet open. Open haar weer om de termijn te verlengen.")
        if locked.deadline is not None and until <= locked.deadline:
            raise Refused(
                f"De termijn loopt al tot en met {format_datetime(locked.deadline)}. Een termijn wordt nooit korter; kies een"
                " later moment."
            )
        change = TermChange.objects.create(
            round=locked, before=locked.deadline, after=until, reason=reason.strip(), by=actor.user
        )
        locked.deadline = until
        locked.save(update_fields=["deadline"])
        # A term of its own that would be over sooner now is no favour any more.
        locked.submissions.filter(extended_until__lte=until).update(extended_until=None)
        record(act=Act.TERM_CHANGED, actor=actor, subject=str(locked), details={"until": until.isoformat()})
        transaction.on_commit(lambda: _tell_of_term(change.pk))
    return locked


def extend_for_one(*, submission: Submission, until: datetime, reason: str, actor: Actor) -> Submission:
    """Give one provider a term of its own, also after the round was closed; it is told, with the reason."""
    _require(reason, until)
    with transaction.atomic():
        locked = drafts.lock(submission, actor)
        if locked.round.status not in (RoundStatus.OPEN, RoundStatus.CLOSED):
            raise Refused("Alleen in een open of gesloten ronde kunt u een aanbieder een eigen termijn geven.")
        if locked.deadline is not None and until <= locked.deadline:
            raise Refused(
                f"De termijn van deze aanbieder loopt al tot en met {format_datetime(locked.deadline)}. Kies een later moment."
            )
        change = give_term(submission=locked, until=until, reason=reason, actor=actor)
        tell_of_term(change, [locked])
    return locked


def give_term(*, submission: Submission, until: datetime, reason: str, actor: Actor) -> TermChange:
    """Give a locked submission a term of its own and write down why; telling it is for who calls."""
    powers.require_staff(actor)
    change = TermChange.objects.create(
        round=submission.round,
        submission=submission,
        before=submission.deadline,
        after=until,
        reason=reason.strip(),
        by=actor.user,
    )
    submission.extended_until = until
    submission.save(update_fields=["extended_until"])
    record(act=Act.TERM_CHANGED, actor=actor, subject=str(submission), details={"until": until.isoformat()})
    return change


def tell_of_term(change: TermChange, submissions: Sequence[Submission]) -> None:
    """Tell the people of these providers that their term moved."""
    round = change.round
    people = people_of_each(submission.provider_id for submission in submissions)
    notices.tell_all(
        kind="term_extended" if round.status == RoundStatus.OPEN else "reopened",
        round=round,
        path=reverse("own_submission", args=[round.slug]),
        messages=[
            notices.Message(
                to=people.get(submission.provider_id, []),
                provider=submission.provider,
                occasion=f"{change.pk}:{submission.pk}",
                facts={"termijn": format_datetime(change.after), "reden": change.reason},
            )
            for submission in submissions
        ],
    )


def _lock(round: Round, actor: Actor | None) -> Round:
    powers.require_staff(actor)
    return Round.objects.select_for_update(of=("self",)).get(pk=round.pk)


def _move(round: Round, to: RoundStatus, actor: Actor | None) -> None:
    before = RoundStatus(round.status)
    if to not in ROUND_TRANSITIONS[before]:
        raise Refused(f"Deze ronde staat op ‘{before.label}’ en kan niet naar ‘{to.label}’.")
    round.status = to
    round.save(update_fields=["status"])
    record(act=Act.ROUND_MOVED, actor=actor, subject=str(round), details={"before": before.value, "after": to.value})


def _require(reason: str, until: datetime) -> None:
    if not reason.strip():
        raise Refused("Schrijf op waarom de termijn langer wordt. Aanbieders lezen dit.")
    if until <= timezone.now():
        raise Refused("Kies een termijn die nog moet komen.")


def _announce(round: Round) -> None:
    from providers import terms

    terms.wake_announcing(round.pk)


def _tell_of_term(change_id: int) -> None:
    from providers import terms

    terms.wake_telling_of_term(change_id)


def _tell_of_closing(round: Round) -> None:
    from providers import terms

    terms.wake_telling_of_closing(round.pk)
