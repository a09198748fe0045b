"""Reading everything somebody can fetch, and finding figures in it whatever way they are written."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client

LINK = re.compile(r'(?:href|action|hx-get|src)="([^"]+)"')
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?(?:e-?\d+)?")
MOST_PAGES = 400


@dataclass(frozen=True)
class Fetched:
    """One answer: what it says, and what a cache or a curious reader could compare it by."""

    address: str
    status: int
    headers: tuple[tuple[str, str], ...]
    text: str


def fetch_all(client: Client, *, also: Iterable[str] = (), but: str | None = None) -> dict[str, Fetched]:
    """Open the start page, follow every link from there, and try the addresses in ``also``.

    ``but``: what begins with this is left alone.
    """
    waiting, found = ["/", "/begrippen/", "/bevoegdheid/", *also], {}
    while waiting:
        address = waiting.pop()
        if address in found or (but and address.startswith(but)):
            continue
        assert len(found) < MOST_PAGES, "the pages do not end"
        response = client.get(address)
        text = text_of(response)
        found[address] = Fetched(address, response.status_code, comparable(response), text)
        if response.status_code == 302:
            waiting.append(response["Location"])
        for link in LINK.findall(text):
            target = urlsplit(urljoin(address, html.unescape(link)))
            here = target.path + (f"?{target.query}" if target.query else "")
            if not target.netloc and target.path.startswith("/") and not target.path.startswith("/static/"):
                waiting.append(here)
    return found


def comparable(response: HttpResponse) -> tuple[tuple[str, str], ...]:
    """Return the headers without the moment, and without the length of a workbook, which holds the moment."""
    skipped = {"Expires", "Content-Length"} if "spreadsheet" in response.get("Content-Type", "") else {"Expires"}
    return tuple(sorted((name, value) for name, value in response.headers.items() if name not in skipped))


def text_of(response: HttpResponse) -> str:
    """Return all text of an answer: a page without the tokens of its forms, or every part of a workbook."""
    if response.get("Content-Type", "") == "application/pdf":
        # Its letters are drawn; what they say stands on the page of the receipt as well. Only what is not drawn is read here.
        return response.content.decode("latin-1")
    if "spreadsheet" not in response.get("Content-Type", ""):
        page = response.content.decode()
        return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", page)
    with zipfile.ZipFile(io.BytesIO(response.content)) as book:
        parts = {name: book.read(name).decode() for name in sorted(book.namelist())}
    parts["docProps/core.xml"] = re.sub(r"(<dcterms:\w+[^>]*>)[^<]+", r"\1", parts["docProps/core.xml"])
    return "\n".join(f"{name}\n{text}" for name, text in parts.items())


def numbers_in(text: str) -> set[float]:
    """Return every number in a text, read the Dutch way, the computer's way and without any separators.

    >>> sorted(numbers_in("€ 7.313.977,41 of 92,6 %"))
    [92.6, 926.0, 7313977.41, 731397741.0]
    """
    found = set()
    for token in NUMBER.findall(text.replace("\u00a0", " ")):
        readings = {token, token.replace(".", "").replace(",", "."), token.replace(",", "")}
        readings.add(token.replace(".", "").replace(",", ""))
        for reading in readings:
            try:
                found.add(float(reading))
            except ValueError:
                continue
    return found
