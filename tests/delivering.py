"""Rounds that providers deliver in the portal, for tests: made, filled in and signed through the same verbs as a page uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone

from providers import checking, contents, desk, drafts, mandates, signing
from providers.access import Actor
from providers.contents import Contents, Figure
from providers.formatting import AMSTERDAM
from providers.models import (
    CareOfficeRegion,
    Location,
    Power,
    Provider,
    Role,
    Round,
    Submission,
    SubmissionStatus,
    SubmissionVersion,
    User,
)
from tests.cast import PASSWORD

CONTACT = "Bel Noor Bakker van de NZa."
#: What an ordinary nursing home of 2020 could report. Costs are in whole euros and grow with prices, days with care.
COSTS = {
    "care_staff_employed": 9_871_340,
    "care_staff_hired": 1_013_170,
    "treatment": 1_713_970,
    "food_and_hotel_services": 2_673_190,
    "housing_controllable": 1_019_430,
    "overhead": 1_607_759,
    "other_costs": 719_131,
    "housing_nhc": 1_756_837,
    "inventory_nic": 417_631,
}
REVENUES = -277_671
OTHER_ACTIVITIES = 3_170_293
DAYS = {
    "days_4vv": 1_137,
    "days_5vv": 4_519,
    "days_5vv_with_treatment": 18_731,
    "days_6vv": 733,
    "days_6vv_with_treatment": 29_773,
    "days_7vv_with_treatment": 8_219,
    "days_8vv_with_treatment": 7_019,
    "days_8vv": 1_319,
}
NOT_DELIVERED = (
    "days_4vv_with_treatment",
    "days_7vv",
    "days_9vv",
    "days_9vv_with_treatment",
    "days_10vv",
    "days_10vv_with_treatment",
)
UNCHANGED = {
    "months_covered": "12",
    "qualified_staff_share": "0.593",
    "absence_rate": "0.067",
    "client_rating": "7.9",
    "advance_care_planning_share": "0.831",
    "urbanity": "5",
    "ses_score": "0.100",
    "share_75_plus": "0.103",
}
PLACES, FTE = 205, Decimal("166.3")


def end_of_day(day: Any) -> datetime:
    """Return the last second of a day in Amsterdam, which is how a term is stored."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=AMSTERDAM)


def a_provider(key: str, name: str = "", region: str = "5501") -> Provider:
    """Return the provider with this KvK number, made with one location if there is none."""
    provider, is_new = Provider.objects.get_or_create(
        key_scheme="kvk", key=key, defaults={"name": name or f"Aanbieder {key}"}
    )
    if is_new:
        Location.objects.create(
            provider=provider,
            number=f"{key}0001",
            name="Hoofdlocatie",
            street="Dorpsstraat 1",
            postcode="9711 AA",
            place="Groningen",
            region=CareOfficeRegion.objects.get(code=region),
        )
    return provider


def portal_round(
    *,
    slug: str = "iv-2025",
    status: str = "open",
    deadline: datetime | None = None,
    providers: Iterable[Provider] = (),
    previous: Round | None = None,
    book_year: int = 2025,
    opens_at: datetime | None = None,
    actor: Actor | None = None,
) -> Round:
    """Make a round that is delivered in the portal, in the status given (``draft``, ``open``, ``closed``, ``archived``).

    Without ``providers`` (and without a previous round) De Linde and Het Anker are invited. Without a deadline it ends in
    thirty days; a deadline that is over already was opened before it, as it would have been.
    """
    now = timezone.now()
    wanted = deadline or end_of_day(timezone.localdate() + timedelta(days=30))
    begins = opens_at or min(now, wanted) - timedelta(days=30)
    is_over = wanted <= now
    round = desk.create_round(
        slug=slug,
        title=f"Integrale Vergelijking {book_year}",
        book_year=book_year,
        previous=previous,
        opens_at=begins,
        deadline=now + timedelta(days=1) if is_over else wanted,
        contact=CONTACT,
        actor=actor,
    )
    invited = list(providers)
    if not invited and previous is None:
        invited = [a_provider("99900001", "De Linde"), a_provider("99900002", "Het Anker")]
    desk.invite(round=round, providers=invited, actor=actor)
    if status != "draft":
        round = desk.open_round(round=round, actor=actor)
    if is_over:
        Round.objects.filter(pk=round.pk).update(deadline=wanted)
    if status in ("closed", "archived"):
        round = desk.close_round(round=round, actor=actor)
    if status == "archived":
        round = desk.archive_round(round=round, actor=acting(an_employee()))
    round.refresh_from_db()
    return round


def an_employee(name: str = "Rinske de Ronde") -> User:
    """Return somebody of the NZa, made if she is not there."""
    email = f"{name.split()[0].lower()}@nza.example"
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD, name=name)
    mandates.grant(user=user, role=Role.NZA)
    return user


def somebody_at(provider: Provider, *powers: str, name: str = "") -> User:
    """Return somebody at a provider who holds exactly these powers, made if she is not there."""
    who = name or "-".join(powers) or "lezer"
    email = f"{who.lower().replace(' ', '-')}-{provider.key}@example.org"
    user = User.objects.filter(email=email).first() or User.objects.create_user(
        email, PASSWORD, name=name or f"{who.capitalize()} van {provider.name}"
    )
    mandates.grant(user=user, role=Role.PROVIDER, provider=provider, powers=powers)
    return user


def acting(user: User, provider: Provider | None = None) -> Actor:
    """Return ``user`` acting under her mandate (for ``provider``, if she has more)."""
    held = tuple(user.current_mandates())
    chosen = next(item for item in held if provider is None or item.provider_id == provider.pk)
    return Actor(user=user, mandate=chosen, mandates=held)


def submission_of(round: Round, provider: Provider | str) -> Submission:
    """Return the submission of a provider, or of the provider with this key."""
    key = provider if isinstance(provider, str) else provider.key
    return Submission.objects.select_related("round", "provider").get(round=round, provider__key=key)


def figures_of(provider: Provider, book_year: int) -> dict[str, Decimal]:
    """Return honest figures: in proportion to one another whatever the size, and a little more every year."""
    size = Decimal(60 + int(provider.key) * 37 % 120) / 100
    years = book_year - 2020
    prices, care = size * Decimal("1.037") ** years, size * Decimal("1.009") ** years
    found = {code: _whole(cost * prices) for code, cost in COSTS.items()}
    found["revenues_as_negative_cost"] = _whole(REVENUES * prices)
    found["total_cost"] = sum(found.values(), Decimal(0))
    found |= {code: _whole(days * care) for code, days in DAYS.items()} | dict.fromkeys(NOT_DELIVERED, Decimal(0))
    found |= {code: Decimal(text) for code, text in UNCHANGED.items()}
    found["places"] = _whole(PLACES * care)
    found["staff_fte_care"] = (FTE * care).quantize(Decimal("0.1"))
    found["accounts_other_activities"] = _whole(OTHER_ACTIVITIES * prices)
    found["accounts_differences"] = Decimal(0)
    found["accounts_total_cost"] = (
        found["total_cost"] - found["revenues_as_negative_cost"] + found["accounts_other_activities"]
    )
    return found


def _whole(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def filled(submission: Submission, **changes: Any) -> Contents:
    """Return a form that is filled in honestly and passes all checks; ``changes`` are other figures, by measure."""
    known = drafts.contents_of(drafts.newest_of(submission), submission)
    figures = {**figures_of(submission.provider, submission.round.book_year), **_decimals(changes)}
    return replace(
        known,
        figures={code: Figure(value=figures[code], raw="") for code in submission.round.measures},
        organisation={"legal_form": "Stichting", "agb_code": "41410001", "nza_number": "300-1234"},
        remarks="",
    )


def _decimals(figures: Mapping[str, Any]) -> dict[str, Decimal | None]:
    return {code: None if value is None else Decimal(str(value)) for code, value in figures.items()}


def prepared(submission: Submission, *, explanation: str = "", **changes: Any) -> int:
    """Save a filled-in form as somebody who delivers; return the number of the saved state.

    With ``explanation`` every finding that asks for one gets it.
    """
    newest = drafts.newest_of(submission)
    wanted = filled(submission, **changes)
    if explanation:
        verdict = checking.check(submission=submission, contents=wanted)
        said = {checking.key_of(item.measure, item.rule.code): explanation for item in verdict.unexplained}
        wanted = replace(wanted, explanations={**wanted.explanations, **said})
    saved = drafts.save(
        submission=submission,
        changes=contents.difference(drafts.contents_of(newest, submission), wanted),
        based_on=newest.number if newest else 0,
        actor=acting(somebody_at(submission.provider, Power.DELIVER), submission.provider),
    )
    return saved.number


def offered(submission: Submission, *, explanation: str = "", **changes: Any) -> int:
    """Fill in a form and offer it to be signed; return the number of the saved state."""
    number = prepared(submission, explanation=explanation, **changes)
    somebody_at(submission.provider, Power.SIGN)
    signing.offer(
        submission=submission,
        draft_number=number,
        actor=acting(somebody_at(submission.provider, Power.DELIVER), submission.provider),
    )
    return number


def delivered(submission: Submission, *, explanation: str = "", **changes: Any) -> SubmissionVersion:
    """Deliver honest figures: saved by one person, offered, signed by another; people are made if they are missing."""
    number = offered(submission, explanation=explanation, **changes)
    version = signing.sign(
        submission=submission,
        draft_number=number,
        position="bestuurder",
        actor=acting(somebody_at(submission.provider, Power.SIGN), submission.provider),
    )
    submission.refresh_from_db()
    assert submission.status == SubmissionStatus.SUBMITTED
    return version
