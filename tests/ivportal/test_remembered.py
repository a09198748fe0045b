"""What pages remember is never shown beyond its time: other figures to compare with count at once, what was typed is not kept."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from ivportal.pages.delivering import rows
from providers import signing
from providers.checks import statistics
from providers.models import Power, SectorBasis, Submission
from tests.cast import Cast, browser_of, make_cast
from tests.delivering import acting, delivered, figures_of, portal_round, prepared, somebody_at, submission_of

SLUG, BEFORE = "iv-2025", "iv-2024"


@pytest.fixture
def cast(db: None) -> Cast:
    """Give the cast."""
    return make_cast()


@pytest.fixture
def submission(cast: Cast) -> Submission:
    """Give De Linde's submission, filled in honestly, in an open round after one that it delivered."""
    previous = portal_round(slug=BEFORE, book_year=2024)
    delivered(submission_of(previous, cast.linde))
    made = submission_of(portal_round(slug=SLUG, previous=previous), cast.linde)
    prepared(made)
    return made


def page_of(browser: Client) -> str:
    """Return the form as it is shown."""
    answer = browser.get(reverse("fill_in", args=[SLUG]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_new_figures_of_the_sector_are_seen_on_the_page_that_was_shown_before(
    cast: Cast, submission: Submission
) -> None:
    daan, strange = browser_of(cast.daan), "hoger dan gebruikelijk"
    assert strange not in page_of(daan)
    honest = figures_of(cast.linde, 2025)
    # Everybody else does the same with half the staff, give or take a little.
    others = [{**honest, "staff_fte_care": honest["staff_fte_care"] * (100 + number % 5) / 200} for number in range(20)]
    SectorBasis.objects.create(round=submission.round, content=statistics(others).to_json(), deliveries=20)
    assert strange in page_of(daan)


def test_another_delivery_of_last_year_is_seen_on_the_page_that_was_shown_before(
    cast: Cast, submission: Submission
) -> None:
    daan, same = browser_of(cast.daan), "precies gelijk aan 2024"
    assert same not in page_of(daan)
    last_year = submission_of(submission.round.previous, cast.linde)  # type: ignore[arg-type]
    signing.withdraw(submission=last_year, actor=acting(somebody_at(cast.linde, Power.SIGN), cast.linde))
    honest = figures_of(cast.linde, 2025)
    taken_over = {code: honest[code] for code in honest if code.startswith("days_")}
    delivered(submission_of(last_year.round, cast.linde), explanation="Zo was het ook vorig jaar.", **taken_over)
    assert same in page_of(daan)


def test_what_was_typed_and_refused_is_shown_cut_and_not_remembered(cast: Cast, submission: Submission) -> None:
    daan = browser_of(cast.daan)
    page_of(daan)
    before = rows.remembered.cache_info().currsize
    assert before > 0, "nothing is remembered at all"
    sent = {"stand": str(submission.drafts.count()), "figure:overhead": "9" * 60_000, "figure:places": "twaalf"}
    answer = daan.post(reverse("fill_in", args=[SLUG]), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Dit is geen getal: het is langer dan 60 tekens." in page
    assert f'value="{"9" * 60}"' in page
    assert "9" * 61 not in page
    assert rows.remembered.cache_info().currsize == before
    assert "twaalf" not in page_of(daan)
