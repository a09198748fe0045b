"""The explanation of the method in the portal: everything that stands in docs/method is there, and a browser can draw it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from ivportal import method
from providers.models import User

FOLDER = Path(settings.BASE_DIR) / "docs" / "method"
FILES = sorted(path.stem for path in FOLDER.glob("*.md"))


def source(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


@pytest.fixture
def reader(db: None) -> Client:
    """Give the browser of somebody who may log in and nothing more."""
    client = Client()
    client.force_login(User.objects.create_user("olaf@example.org", "een-lang-wachtwoord-1", name="Olaf"))
    return client


def address(name: str) -> str:
    return "/methode/" if name == "README" else f"/methode/{name}/"


def test_every_page_can_be_reached_from_the_contents_in_their_order(reader: Client) -> None:
    contents = reader.get("/methode/").content.decode()
    assert [name for name in FILES if name != "README" and f'href="/methode/{name}/"' not in contents] == []
    here = re.findall(r'href="(/methode/[\w-]+/)"', contents)[0]
    walked = []
    while here:
        walked.append(here)
        page = reader.get(here).content.decode()
        onward = re.search(r'Volgende: <a class="nl-link" href="([^"]+)"', page)
        here = onward[1] if onward else ""
    assert sorted(walked) == sorted(address(name) for name in FILES if name != "README")


@pytest.mark.parametrize("name", FILES)
def test_every_link_on_a_page_leads_somewhere(name: str, reader: Client) -> None:
    page = reader.get(address(name)).content.decode()
    article = page[page.index('<article class="method"') : page.index("</article>")]
    targets = re.findall(r'href="([^"]+)"', article)
    assert ".md" not in " ".join(targets)
    for target in targets:
        path, _, anchor = target.partition("#")
        answer = reader.get(path)
        assert answer.status_code == 200, target
        assert not anchor or f'id="{anchor}"' in answer.content.decode(), target


@pytest.mark.parametrize("name", FILES)
def test_every_formula_is_drawn_and_keeps_its_number(name: str) -> None:
    text = re.sub(r"```.*?```", "", source(name), flags=re.DOTALL)
    blocks = re.findall(r"\$\$.+?\$\$", text, re.DOTALL)
    inline = re.findall(r"\$[^$\n]+?\$", re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL))
    html = method.page(name).html
    assert html.count('display="block"') == len(blocks)
    assert html.count('display="inline"') == len(inline)
    assert re.findall(r'formula__number">\(([^)]+)\)', html) == re.findall(r"\\tag\{([^}]+)\}", text)
    # What the converter does not know it leaves standing as a word with a backslash.
    formulas = " ".join(re.findall(r"<math.*?</math>", html, re.DOTALL))
    assert re.findall(r"\\\w+", formulas) == []
    assert "$" not in re.sub(r"<(code|pre)>.*?</\1>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("name", FILES)
def test_a_page_has_nothing_that_the_security_policy_refuses(name: str) -> None:
    html = method.page(name).html
    assert re.findall(r'<(?:script|style|iframe|img)|\sstyle="|\son\w+="', html) == []
    assert "&lt;!--" not in html


def test_a_dutch_decimal_is_one_number() -> None:
    html = method.page("5-onzekerheid").html
    assert "<mn>0,05</mn>" in html
    assert "<mn>1,34</mn>" in html


def test_figures_in_tables_stand_to_the_right_without_a_style_attribute() -> None:
    assert "|---:|" in source("rekenvoorbeeld").replace(" ", "")
    assert '<td class="numeric">' in method.page("rekenvoorbeeld").html


def test_the_page_for_engineers_is_marked_as_english(reader: Client) -> None:
    page = reader.get("/methode/solver/").content.decode()
    assert '<article class="method" lang="en">' in page
    assert "voor technici" in page
    assert 'lang="en"' not in reader.get("/methode/2-peers/").content.decode()


@pytest.mark.parametrize("path", ["/methode/README/", "/methode/bestaat-niet/", "/methode/operations/"])
def test_what_is_no_page_of_the_method_is_not_served(path: str, reader: Client) -> None:
    assert reader.get(path).status_code == 404


def test_the_image_holds_the_pages() -> None:
    kept = (Path(settings.BASE_DIR) / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "!docs/method" in kept
