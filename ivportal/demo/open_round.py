"""The round of the demonstration that is going on: made after last year's, opened, and partly delivered by invented people."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import islice

from django.db import transaction
from django.utils import timezone

from ivportal import new_round
from providers import checking, contents, desk, drafts, exemptions, review, signing
from providers.access import Actor
from providers.contents import Contents, Figure
from providers.fictitious import Population, form_figures
from providers.fictitious.population import FictitiousProvider
from providers.formatting import AMSTERDAM
from providers.mandates import grant, new_user
from providers.models import Mandate, Power, Provider, Role, Round, Submission, User
from providers.refusal import Refused

YEAR = 2025
SLUG = f"fictief-{YEAR}"
#: Which share of the providers has delivered, is busy, or asked not to have to.
DELIVERED, BUSY, ASKING = 0.07, 0.023, 0.005
#: The invented people cannot log in; by this they are told from those who can.
NO_PASSWORD = "!"  # noqa: S105 (Django's sign for an account without a password)
EXPLAINED = "Dit hebben wij nagekeken: het getal klopt. Er was een verbouwing en tijdelijk meer inhuur."

Say = Callable[[str], None]


def is_made() -> bool:
    """Tell whether the round is there."""
    return Round.objects.filter(slug=SLUG).exists()


def make(*, population: Population, previous: Round, say: Say, but: Provider | None = None) -> Round:
    """Make and open the round and let part of the providers deliver; ``but`` one that has not begun, to be tried."""
    today = timezone.localdate()
    with transaction.atomic():
        staff = Actor(user=(user := _staff()), mandate=user.mandates.get(role=Role.NZA), mandates=())
        round = new_round.create(
            slug=SLUG,
            title=f"Fictieve uitvraag verpleeghuiszorg {YEAR}",
            book_year=YEAR,
            previous=previous,
            opens_at=datetime.combine(today - timedelta(days=24), time(9), tzinfo=AMSTERDAM),
            deadline=datetime.combine(today + timedelta(days=18), time(23, 59, 59), tzinfo=AMSTERDAM),
            contact="Bel of mail de helpdesk van de NZa: 030 000 00 00, helpdesk@iv.example (verzonnen).",
            actor=staff,
        ).round
        _people(round)
        desk.open_round(round=round, actor=staff)
    delivering = [item for item in population.providers if YEAR in item.years and (but is None or item.kvk != but.key)]
    submissions = {
        item.provider.key: item for item in Submission.objects.filter(round=round).select_related("provider", "round")
    }
    invited = [item for item in delivering if item.kvk in submissions]
    delivered, busy, asking = (math.ceil(len(invited) * share) for share in (DELIVERED, BUSY, ASKING))
    chosen = iter(invited[:: len(invited) // (delivered + busy + asking)])
    done = sum(_deliver(population, item, submissions[item.kvk]) for item in islice(chosen, delivered))
    for item in islice(chosen, busy):
        _prepare(population, item, submissions[item.kvk], is_half=True)
    for item in islice(chosen, asking):
        submission = submissions[item.kvk]
        exemptions.ask(
            submission=submission,
            grounds="Onze locatie is op 1 maart gesloten. Wij leverden daarna geen verpleeghuiszorg meer.",
            actor=_actor(submission, Power.DELIVER),
        )
    _review(round, staff)
    say(f"{round.title}: open, {done} van {round.submissions.count()} zorgaanbieders leverden aan")
    return round


def _staff() -> User:
    user = new_user(email="nza2@iv.example", name="Pieter Post")
    grant(user=user, role=Role.NZA)
    return user


def _people(round: Round) -> None:
    """Give every provider of the round two invented people who cannot log in: one fills in, one signs."""
    providers = list(Provider.objects.filter(submissions__round=round))
    users, mandates = [], []
    for provider in providers:
        for short, name, powers in (
            ("gegevens", "Medewerker gegevens", [Power.DELIVER, Power.ADMINISTER]),
            ("bestuur", "Bestuurder", [Power.SIGN]),
        ):
            user = User(
                email=f"{short}-{provider.key}@iv.example",
                name=f"{name} van {provider.name}"[:120],
                password=NO_PASSWORD,
            )
            users.append(user)
            mandates.append(
                Mandate(user=user, role=Role.PROVIDER, provider=provider, powers=[str(item) for item in powers])
            )
    User.objects.bulk_create(users, batch_size=1000)
    Mandate.objects.bulk_create(mandates, batch_size=1000)


def _actor(submission: Submission, power: Power) -> Actor:
    mandate = (
        submission.provider.mandates.filter(powers__contains=[power], user__password=NO_PASSWORD)
        .select_related("user")
        .first()
    )
    assert mandate is not None
    return Actor(user=mandate.user, mandate=mandate, mandates=(mandate,))


def _prepare(
    population: Population, item: FictitiousProvider, submission: Submission, *, is_half: bool = False
) -> Contents:
    known = drafts.contents_of(None, submission)
    figures = form_figures(population, item, YEAR)
    left_out = set(list(figures)[len(figures) // 2 :]) if is_half else set()
    wanted = replace(
        known,
        figures={
            code: Figure(value=None if code in left_out else figures.get(code)) for code in submission.round.measures
        },
    )
    said = checking.check(submission=submission, contents=wanted).unexplained
    wanted = replace(
        wanted, explanations={checking.key_of(found.measure, found.rule.code): EXPLAINED for found in said}
    )
    drafts.save(
        submission=submission,
        changes=contents.difference(known, wanted),
        based_on=0,
        actor=_actor(submission, Power.DELIVER),
    )
    return wanted


def _deliver(population: Population, item: FictitiousProvider, submission: Submission) -> bool:
    """Fill in, offer and sign; whoever made an error is left with it."""
    _prepare(population, item, submission)
    newest = drafts.newest_of(submission)
    assert newest is not None
    try:
        signing.offer(submission=submission, draft_number=newest.number, actor=_actor(submission, Power.DELIVER))
    except Refused:
        return False
    signing.sign(
        submission=submission,
        draft_number=newest.number,
        position="bestuurder",
        actor=_actor(submission, Power.SIGN),
    )
    return True


def _review(round: Round, staff: Actor) -> None:
    """Let the NZa have looked at some of what came in."""
    delivered = list(
        round.submissions.filter(status="submitted").select_related("provider", "round").order_by("provider__key")
    )
    taken = delivered[::3]
    for submission in taken:
        review.take(submission=submission, actor=staff)
    for submission in taken[::3]:
        review.validate(submission=submission, actor=staff)
    for submission in taken[1::15]:
        review.give_back(
            submission=submission,
            reason="De kosten van behandeling lijken dubbel geteld. Kunt u dit nakijken?",
            until=(round.deadline or timezone.now()) + timedelta(days=7),
            actor=staff,
        )
