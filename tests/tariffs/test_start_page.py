"""The start page of the NZa names what waits in the procedures: how many, until when, and where to go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ivportal.pages.cases.attention import attention
from tariffs import release as releasing
from tariffs.models import Channel, Decision, InterpretationResponse, MirrorReport, ReportStatus
from tariffs.procedure import decisions, views
from tests import storing
from tests.access.world import MODEL
from tests.cast import browser_of
from tests.factories import computed
from tests.tariffs import cases
from tests.tariffs.cases import MONDAY, REASONS, Adopted, at, filed

TODAY = dt.date(2026, 9, 8)


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: Any) -> Iterator[Adopted]:
    with storing.stored(django_db_blocker):
        yield cases.adopted()


@pytest.fixture
def world(stored: Adopted, db: None) -> Adopted:
    return stored


def said(world: Adopted) -> dict[str, dict[str, Any]]:
    """Return what waits, by what it is, once it was seen that nothing else is."""
    found = attention()
    kept = {item["title"].removeprefix(f"{world.round.title}: "): item for item in found}
    assert len(kept) == len(found)
    return kept


def objected(world: Adopted, decision: Decision) -> None:
    decisions.send_all(round=world.round, actor=world.rinske, decisions=[decision.uuid])
    filed(world, decision, actor=cases.acting(cases.somebody_at(decision.provider, *cases.Power)))


def test_what_waits_is_named_with_how_many_until_when_and_where(world: Adopted) -> None:
    assert attention() == []
    with at(MONDAY):
        run = computed(world.round, {**MODEL, "bootstrap": None})
        release = releasing.prepare(
            run=run, status=ReportStatus.ADOPTED, note="De modelspecificatie is anders.", actor=world.noor
        )
        assert releasing.make_reports(release.pk)
        report = MirrorReport.objects.get(release=world.release, provider=world.cast.linde)
        InterpretationResponse.objects.create(
            provider=world.cast.linde, report=report, number=1, item="costs", kind="ask", text="Waarom is dit zo?", key="x",
            submitted_by=world.cast.anne, submitted_at=timezone.now(),
        )  # fmt: skip
        cases.announced(world)
        for decision in Decision.objects.filter(round=world.round):
            views.write_down(
                decision=decision, text=views.WAIVED, channel=Channel.EMAIL, received_at=timezone.now(), key="geen",
                actor=world.noor,
            )  # fmt: skip
        decisions.draft_all(round=world.round, actor=world.noor, reasons=REASONS)
        assert set(said(world)) == {
            "brieven nog niet op de post",
            "reacties zonder antwoord",
            "besluiten wachten op vaststelling",
            "een vrijgave wacht op goedkeuring",
        }
        objected(world, world.decision())
    slug = world.round.slug
    with at(TODAY):
        with CaptureQueriesContext(connection) as one:
            found = said(world)
        for what, text, url in (
            ("brieven nog niet op de post", "12 brieven, van 7 september 2026.", reverse("case_post", args=[slug])),
            (
                "reacties zonder antwoord",
                "1 reactie wacht op antwoord; de duidingsperiode is voorbij.",
                f"?ronde={slug}",
            ),
            ("besluiten wachten op vaststelling", "9 besluiten zijn opgesteld.", "?status=drafted"),
            ("een vrijgave wacht op goedkeuring", "klaargezet door Noor", reverse("release", args=[release.uuid])),
            ("bezwaren in behandeling", "1 bezwaar is open. Het eerst: ", "kanaal=bezwaar"),
        ):
            assert text in found[what]["text"], found[what]["text"]
            assert url in found[what]["url"]
        assert {what for what, item in found.items() if item["is_urgent"]} == {
            "brieven nog niet op de post", "reacties zonder antwoord",
        }  # fmt: skip
        page = browser_of(world.cast.noor).get(reverse("rounds"))
        shown = [item["title"] for item in page.context["attention"]]
        assert shown.index(f"{world.round.title}: brieven nog niet op de post") < shown.index(
            f"{world.round.title}: bezwaren in behandeling"
        )
        assert "9 besluiten zijn opgesteld." in page.content.decode()
        objected(world, world.decision(world.cast.anker))
        with CaptureQueriesContext(connection) as two:
            assert "2 bezwaren zijn open." in said(world)["bezwaren in behandeling"]["text"]
        assert len(two) == len(one) <= 16
