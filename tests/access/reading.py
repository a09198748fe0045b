"""Reading everything somebody can fetch, and finding figures in it whatever way they are written."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client

from tests.access.unpacking import text_in

LINK = re.compile(r'(?:href|action|hx-get|src)="([^"]+)"')
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?(?:[eE][+-]?\d+)?")
#: Numbers of rows as they are shown outside, and digests: drawn by chance, they hold any number now and then.
IDENTIFIER = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,})\b")
#: Thousands apart by a blank of any width or an apostrophe.
GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3})+(?:[.,]\d+)?(?![\d])")
#: Counted in more than ones.
IN_UNITS = re.compile(r"(\d(?:[\d.,]*\d)?)\s*(duizend|dzd\b|k\b|× ?1[.,]?000\b|mln\b|miljoen|mio\b|mld\b)")
UNITS = {"m": 1_000_000.0, "mld": 1_000_000_000.0}
MOST_PAGES = 400


@dataclass(frozen=True)
class Fetched:
    """One answer: what it says, and what a cache or a curious reader could compare it by."""

    address: str
    status: int
    headers: tuple[tuple[str, str], ...]
    text: str

    @cached_property
    def said(self) -> str:
        """Return everything that is told: the answer and its headers."""
        return "\n".join([self.text, *(f"{name}: {value}" for name, value in self.headers)])

    @cached_property
    def numbers(self) -> list[float]:
        """Return every number that is told, from small to large."""
        return sorted(numbers_in(self.said))


def fetch_all(client: Client, *, also: Iterable[str] = (), but: str | None = None) -> dict[str, Fetched]:
    """Open the start page, follow every link from there, and try the addresses in ``also``.

    ``but``: what begins with this is left alone.
    """
    tried = list(also)
    waiting, found = ["/", "/begrippen/", "/bevoegdheid/", *tried], {}
    while waiting:
        address = waiting.pop()
        if address in found or (but and address.startswith(but)):
            continue
        assert len(found) < MOST_PAGES + len(tried), "the pages do not end"
        response = client.get(address)
        text = text_of(response)
        found[address] = Fetched(address, response.status_code, comparable(response), text)
        if response.status_code == 302:
            waiting.append(response["Location"])
        for link in LINK.findall(text) if "html" in response.get("Content-Type", "") else ():
            target = urlsplit(urljoin(address, html.unescape(link)))
            here = target.path + (f"?{target.query}" if target.query else "")
            if not target.netloc and target.path.startswith("/") and not target.path.startswith("/static/"):
                waiting.append(here)
    return found


def comparable(response: HttpResponse) -> tuple[tuple[str, str], ...]:
    """Return the headers without the moment, and without the length of a workbook or an archive, which hold the moment."""
    packed = re.search("spreadsheet|zip", response.get("Content-Type", ""))
    skipped = {"Expires", "Content-Length"} if packed else {"Expires"}
    return tuple(sorted((name, value) for name, value in response.headers.items() if name not in skipped))


def text_of(response: HttpResponse) -> str:
    """Return all text of an answer, whatever it is packed in; a page without the tokens of its forms, which differ each time."""
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    return text_in(re.sub(rb'(name="csrfmiddlewaretoken" value=")[^"]+', rb"\1", content))


def numbers_in(text: str) -> set[float]:
    """Return every number in a text, read the Dutch way, the computer's way and without any separators.

    >>> sorted(numbers_in("€ 7.313.977,41 of 92,6 %"))
    [92.6, 926.0, 7313977.41, 731397741.0]
    >>> sorted(numbers_in("12 345 of 1.5E+3"))
    [12.0, 345.0, 1500.0, 12345.0, 15000.0]
    >>> 7_314_000.0 in numbers_in("zo'n 7.314 duizend") and 7_310_000.0 in numbers_in("7,31 mln")
    True
    """
    found = set()
    text = IDENTIFIER.sub(" ", text)
    for token in NUMBER.findall(text):
        found |= _readings(token)
    for token in GROUPED.findall(text):
        found |= _readings(re.sub(r"[^\d.,]", "", token))
    for token, unit in IN_UNITS.findall(text):
        factor = UNITS.get(unit, UNITS["m"] if unit.startswith("m") else 1000.0)
        found |= {number * factor for number in _readings(token)}
    return found


def _readings(token: str) -> set[float]:
    """Return what a number can mean: a comma and a point are each a decimal sign to somebody."""
    written = {token, token.replace(".", "").replace(",", "."), token.replace(",", "")}
    written.add(token.replace(".", "").replace(",", ""))
    found = set()
    for reading in written:
        try:
            found.add(float(reading))
        except ValueError:
            continue
    return found
