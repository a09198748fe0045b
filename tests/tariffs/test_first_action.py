"""The start page of a provider names the one thing to do first: the wrong one costs somebody a term."""

from __future__ import annotations

import datetime as dt
import re

from django.urls import reverse

from providers.models import User
from tariffs.procedure import admission, views
from tests.cast import browser_of
from tests.tariffs import cases


def told(user: User) -> tuple[str, str]:
    """Return the words of the first action on somebody's start page, and where its button leads."""
    page = browser_of(user).get(reverse("mirror")).content.decode()
    found = re.search(r'notice--action no-print">(.*?)href="([^"]+)"', page, re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()), found[2]


def test_a_provider_is_led_to_its_views_and_to_what_its_objection_lacks_and_otherwise_left_alone(db: None) -> None:
    world = cases.adopted()
    anne, greet, slug = world.cast.anne, world.cast.greet, world.round.slug
    with cases.at(cases.MONDAY):
        assert "U hoeft nu niets te doen" in told(anne)[0]
        cases.announced(world)
        words, address = told(anne)
        assert "tot en met 21 september 2026 (art. 4:8 Awb)" in words
        assert address == reverse("give_views", args=[slug])
        # Who may only read is not sent to a form that refuses her.
        assert "U hoeft nu niets te doen" in told(greet)[0]
        views.give(decision=world.decision(), text="De huur telt dubbel mee.", key="een", actor=world.anne)
        assert "U hoeft nu niets te doen" in told(anne)[0]
        assert told(world.cast.bram)[1] == reverse("give_views", args=[slug])
        views.react(views=world.decision().views.get(), reaction=cases.REASONS, actor=world.noor)
    with cases.at(dt.date(2026, 9, 22)):
        # The term has passed: nobody is sent where it is too late.
        assert "U hoeft nu niets te doen" in told(world.cast.bram)[0]
        cases.decisions.draft_all(round=world.round, actor=world.noor, reasons=cases.REASONS)
        cases.decisions.send_all(round=world.round, actor=world.rinske)
        objection = cases.filed(world, world.decision(), grounds=[], is_pro_forma=True)
        admission.ask_remedy(objection=objection, what="Noem uw gronden.", actor=world.noor)
        words, address = told(anne)
        assert "Uw bezwaar is nog niet compleet" in words
        assert address == reverse("supplement_objection", args=[slug, objection.uuid])
