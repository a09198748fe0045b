"""The page of the rules: complete, and every link on it leads to a rule on it."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from ivportal.pages.checks import PLACES
from providers.checks import rules
from providers.measures import TEMPLATES
from providers.models import User


@pytest.fixture
def reader(db: None) -> Client:
    """Give the browser of somebody who may log in and nothing more."""
    client = Client()
    client.force_login(User.objects.create_user("olaf@example.org", "een-lang-wachtwoord-1", name="Olaf"))
    return client


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_rule_of_a_template_stands_on_its_page_once_and_no_other(template: str, reader: Client) -> None:
    page = reader.get("/controles/", {"sjabloon": template}).content.decode()
    shown = re.findall(r'<article class="section" id="([^"]+)"', page)
    assert sorted(shown) == sorted(code for code, item in rules().items() if template in item.templates)
    for code in shown:
        assert html.escape(rules()[code].title) in page
        assert html.escape(rules()[code].mend) in page
    targets = set(re.findall(r'href="#([^"]+)"', page))
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert {target for target in targets if target} <= anchors


def test_the_form_of_a_provider_is_shown_first(reader: Client) -> None:
    page = reader.get("/controles/").content.decode()
    assert 'id="IV-A-001"' in page
    assert '<option value="iv-2" selected>' in re.sub(r"\s+", " ", page)
    assert "Een verschil van meer dan €\u00a01 plus 0,05\u00a0% van het totaal." in page
    assert "Sluiten de kosten aan op de jaarrekening?" in page


def test_a_template_that_does_not_exist_is_not_found(reader: Client) -> None:
    assert reader.get("/controles/", {"sjabloon": "kaas"}).status_code == 404


def test_a_reader_sees_what_stands_in_a_message_and_no_brackets_of_a_program() -> None:
    """A place that is filled in per provider is named in words."""
    asked = [item for item in rules().values() if item.check and {"iv-1", "iv-2"} & set(item.templates)]
    assert {name for item in asked for name in item.placeholders} <= PLACES.keys()
