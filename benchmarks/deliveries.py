"""What is delivered under load: a round after last year's, filled-in workbooks, and people who are logged in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.visitors import EXPLAINED, Delivery, Person

if TYPE_CHECKING:
    from providers.models import Submission

YEARS = (2024, 2025)
SEED = 20250101
SLUG = "uitvraag-2025"
#: So many times as many providers are made as deliver: some do not deliver that year, some made a mistake.
SPARE = 1.25


def prepare(wanted: int) -> list[Delivery]:
    """Make last year's round, this year's, the people and the workbooks; return what can be delivered without an error."""
    from django.conf import settings
    from django.utils import timezone

    from ivportal import new_round
    from providers import desk, fictitious
    from providers.models import Submission
    from providers.rounds import import_files

    population = fictitious.generate(SEED, providers=round(wanted * SPARE), book_years=YEARS)
    folder = Path(settings.DATA_DIR) / "before"
    folder.mkdir()
    files = fictitious.write(population, folder, years=YEARS[:1])
    imported = import_files(source_name="iv", paths=[path for path in files if path.suffix == ".xlsx"], actor=None)
    now = timezone.now()
    made = new_round.create(
        slug=SLUG,
        title="Uitvraag van de meting",
        book_year=YEARS[1],
        previous=imported[0].round,
        opens_at=now - timedelta(days=1),
        deadline=now + timedelta(days=30),
        contact="Bel de NZa.",
        actor=None,
    ).round
    desk.open_round(round=made, actor=None)
    submissions = {
        item.provider.key: item for item in Submission.objects.filter(round=made).select_related("provider", "round")
    }
    filled: dict[str, bytes] = {}
    for item in population.providers:
        if len(filled) == wanted:
            break
        if item.kvk in submissions and YEARS[1] in item.years:
            content = _workbook(submissions[item.kvk], fictitious.form_figures(population, item, YEARS[1]))
            if content is not None:
                filled[item.kvk] = content
    people = _people([submissions[key] for key in filled])
    return [Delivery(key, *people[key], workbook=content) for key, content in filled.items()]


def _workbook(submission: Submission, figures: Mapping[str, Decimal | None]) -> bytes | None:
    """Return a workbook as a provider filled it in, explanations included; ``None`` if there is an error in it."""
    from django.utils import timezone

    from providers import checking, drafts, prefill, uploads
    from providers.contents import Figure
    from providers.measures import CATALOGUE
    from providers.workbook.form import Line, Organisation, write

    known = drafts.contents_of(None, submission)
    filled = replace(known, figures={code: Figure(value=figures.get(code)) for code in submission.round.measures})
    verdict = checking.check(submission=submission, contents=filled)
    if verdict.errors:
        return None
    previous = prefill.earlier_of(submission).values
    return write(
        uploads.form_for(submission),
        [Line(code, figure.value, previous.get(code)) for code, figure in filled.figures.items()],
        Organisation(**known.organisation),
        known.locations,
        made_at=timezone.now(),
        explanations={item.measure: EXPLAINED for item in verdict.unexplained if item.measure in CATALOGUE},
    )


def _people(submissions: Sequence[Submission]) -> dict[str, tuple[Person, Person]]:
    """Make somebody who fills in and somebody who signs for each, logged in; return them by key."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone
    from django.utils.crypto import get_random_string

    from providers.middleware import MANDATE_KEY
    from providers.models import Mandate, Power, Role, User

    powers = ([Power.DELIVER, Power.ADMINISTER], [Power.SIGN])
    users = [
        User(
            email=f"{what}-{submission.provider.key}@iv.example", name=f"{what} {submission.provider.key}", password="!"
        )
        for submission in submissions
        for what in ("invuller", "bestuurder")
    ]
    User.objects.bulk_create(users, batch_size=1000)
    mandates = [
        Mandate(
            user=user,
            role=Role.PROVIDER,
            provider=submissions[number // 2].provider,
            powers=[str(power) for power in powers[number % 2]],
        )
        for number, user in enumerate(users)
    ]
    Mandate.objects.bulk_create(mandates, batch_size=1000)
    store, ends = SessionStore(), timezone.now() + timedelta(hours=8)
    sessions = [
        Session(
            session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
            session_data=store.encode(
                {
                    SESSION_KEY: str(mandate.user_id),
                    BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
                    HASH_SESSION_KEY: mandate.user.get_session_auth_hash(),
                    MANDATE_KEY: str(mandate.uuid),
                }
            ),
            expire_date=ends,
        )
        for mandate in mandates
    ]
    Session.objects.bulk_create(sessions, batch_size=1000)
    made = [Person(session.session_key, SLUG) for session in sessions]
    return {
        submission.provider.key: (made[2 * number], made[2 * number + 1])
        for number, submission in enumerate(submissions)
    }
