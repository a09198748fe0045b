"""The explanation of the method, from ``docs/method``: Markdown with formulas as HTML that needs no script, no style attribute.

Formulas become MathML, which browsers draw themselves. The pages are the project's own text, so nothing in them is made harmless;
HTML inside them is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

FOLDER = Path(settings.BASE_DIR) / "docs" / "method"
CONTENTS = "README"
IN_ENGLISH = {"solver", "11-effects-and-consequences"}
CLASSES = {
    "heading_open": {"h2": "nl-heading nl-heading--level-2", "h3": "nl-heading nl-heading--level-3"},
    "paragraph_open": {"p": "nl-paragraph"},
    "link_open": {"a": "nl-link"},
    "table_open": {"table": "utrecht-table utrecht-table--html-table data-table"},
}
TAG = re.compile(r"\\tag\{([^}]*)\}")
#: A Dutch decimal, written ``0{,}05``: one number, without the space that follows a comma in a list.
DECIMAL_COMMA = re.compile(r"<mn>(\d+)</mn><mrow><mo>&#x0002C;</mo></mrow><mn>(\d+)</mn>")
COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


@dataclass(frozen=True)
class Page:
    """One page: its name in the address, its title, its body as HTML and the language it is in."""

    name: str
    title: str
    html: str
    language: str


def names() -> list[str]:
    """Return the pages in the order in which the table of contents names them, without that table itself."""
    text = (FOLDER / f"{CONTENTS}.md").read_text(encoding="utf-8")
    return list(dict.fromkeys(re.findall(r"^\| \[[^\]]+\]\(([\w-]+)\.md\)", text, re.MULTILINE)))


def page(name: str) -> Page:
    """Return the page with this name; raise :class:`KeyError` if there is none."""
    if name != CONTENTS and name not in names():
        raise KeyError(name)
    path = FOLDER / f"{name}.md"
    return _rendered(name, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _rendered(name: str, path: Path, changed: int) -> Page:
    """Return the page as it is since ``changed``."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    dollarmath_plugin(parser, double_inline=False, renderer=_formula)
    tokens = parser.parse(COMMENT.sub("", path.read_text(encoding="utf-8")))
    title = tokens[1].content  # every page begins with its only heading of the first level
    body = parser.renderer.render(_dressed(tokens[3:]), parser.options, {})
    body = body.replace("<table", '<div class="table-area"><table').replace("</table>", "</table></div>")
    return Page(name=name, title=title, html=body, language="en" if name in IN_ENGLISH else "nl")


def _formula(content: str, options: dict[str, bool]) -> str:
    """Return a formula as MathML; one on a line of its own scrolls in itself and has its number beside it."""
    tag = TAG.search(content)
    display = bool(options.get("display_mode"))
    drawn = convert(TAG.sub("", content).strip(), display="block" if display else "inline")
    drawn = DECIMAL_COMMA.sub(r"<mn>\1,\2</mn>", drawn)
    if not display:
        return drawn
    number = f'<span class="formula__number">({escape(tag[1])})</span>' if tag else ""
    return f'<span class="formula__drawn">{drawn}</span>{number}'


def _dressed(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with the classes of the house, anchors on headings and links that lead to pages."""
    for number, token in enumerate(tokens):
        if chosen := CLASSES.get(token.type, {}).get(token.tag):
            token.attrSet("class", chosen)
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[number + 1].content))
        if token.type in ("th_open", "td_open") and "right" in str(token.attrs.pop("style", "")):
            token.attrSet("class", "numeric")
        if token.type == "link_open":
            token.attrSet("href", _address(str(token.attrGet("href"))))
        if token.children:
            _dressed(token.children)
    return list(tokens)


def anchor(heading: str) -> str:
    """Return what a heading can be linked by, as code forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _address(target: str) -> str:
    """Return the address of a page that a page links to by its file."""
    name, separator, place = target.partition("#")
    if not name.endswith(".md"):
        return target
    stem = name.removesuffix(".md")
    return f"{reverse('methods') if stem == CONTENTS else reverse('method', args=[stem])}{separator}{place}"
