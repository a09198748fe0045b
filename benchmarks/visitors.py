"""People at their browsers, in one event loop: some deliver, some read. They do what the pages do; a request, a connection."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlencode

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: As often as the page asks after a file that is being read (templates/providers/delivering/_files.html).
POLL_SECONDS = 1.0
#: How often a person at a provider looks at a page, in seconds.
READ_SECONDS = 10.0
#: Every so many deliveries the file and the signature are sent twice at the same moment, as by a double click.
DOUBLE_CLICKS = 10
MOST_TRIES = 5
PATIENCE = 120.0
#: A token of our own choice, in the cookie and in the form: what counts is that they are the same.
TOKEN = "benchmarkbenchmarkbenchmarkbench"
EXPLAINED = "Dit hebben wij nagekeken en het klopt: er was een verbouwing en tijdelijk meer inhuur."

_STAND = re.compile(r'name="stand" value="(\d+)"')
_KEY = re.compile(r'name="sleutel" value="([^"]+)"')
_ERRORS = re.compile(r"<strong> Fout </strong> ([^<]*)")
_ASKED = re.compile(r'<textarea[^>]*name="(explanation:[^"]+)"[^>]*>([^<]*)</textarea>')


class WentWrong(Exception):
    """A page was not what its reader expects."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, address that it leads to, body; ``refresh``: the page asks to be loaded anew."""

    status: int
    location: str
    refresh: bool
    body: str


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in."""

    session: str
    slug: str


@dataclass(frozen=True)
class Delivery:
    """One provider: who fills in, who signs, and the workbook that is ready to be sent."""

    key: str
    filler: Person
    signer: Person
    workbook: bytes


@dataclass
class Measured:
    """Seconds by what was done, what went wrong, and the receipts that were seen."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    receipts: dict[str, str] = field(default_factory=dict)
    explained: int = 0
    requests: int = 0


@dataclass
class Visitors:
    """Everybody who visits one portal on loopback."""

    port: int
    measured: Measured = field(default_factory=Measured)

    async def ask(
        self, person: Person, path: str, *, body: bytes | None = None, kind: str = "", htmx: bool = False
    ) -> Answer:
        """Send one request on a connection of its own, and wait for all of the answer."""
        self.measured.requests += 1
        lines = [
            f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Cookie: ivportal_sessie={person.session}; csrftoken={TOKEN}",
            "Connection: close",
        ]
        if htmx:
            lines.append("HX-Request: true")
        if body is not None:
            lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}", f"X-CSRFToken: {TOKEN}"]
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
                await writer.drain()
                received = await reader.read(-1)
            finally:
                writer.close()
        head, _, content = received.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        if not first:
            raise WentWrong(f"no answer to {path}")
        return Answer(
            int(first.split()[1]),
            headers.get("location", ""),
            "hx-refresh" in headers,
            content.decode(errors="replace"),
        )

    async def page(self, person: Person, path: str) -> str:
        """Return a page, and keep how long it took."""
        began = time.perf_counter()
        answer = await self.ask(person, path)
        self.measured.seconds["page"].append(time.perf_counter() - began)
        if answer.status != 200:
            raise WentWrong(f"{answer.status} for a page")
        return answer.body

    async def form(self, person: Person, path: str, **fields: str) -> Answer:
        """Send a form."""
        return await self.ask(person, path, body=urlencode(fields).encode(), kind="application/x-www-form-urlencoded")

    async def deliver(self, number: int, delivery: Delivery) -> None:
        """Deliver as people do: send the workbook, wait for the findings, explain what is asked, offer, sign, see the receipt."""
        try:
            await self._deliver(delivery, twice=number % DOUBLE_CLICKS == 0)
        except (WentWrong, OSError, TimeoutError, ValueError) as wrong:
            self.measured.errors[f"delivering: {type(wrong).__name__} {wrong}"[:160]] += 1

    async def _deliver(self, delivery: Delivery, *, twice: bool) -> None:
        filler, signer, home = delivery.filler, delivery.signer, f"/aanlevering/{delivery.filler.slug}/"
        page = await self.page(filler, home)
        body, kind = _with_file(
            {"stand": _found(_STAND, page), "sleutel": _found(_KEY, page)}, f"{delivery.key}.xlsx", delivery.workbook
        )
        began = time.perf_counter()
        clicks = 2 if twice else 1
        for answer in await asyncio.gather(
            *(self.ask(filler, f"{home}versturen/", body=body, kind=kind) for _ in range(clicks))
        ):
            if answer.status != 302:
                raise WentWrong(f"{answer.status} for a file")
        page = await self.page(filler, home)
        while "Wordt gelezen" in page:
            await asyncio.sleep(POLL_SECONDS)
            polled = await self.ask(filler, f"{home}bestanden/", htmx=True)
            if polled.refresh:
                page = await self.page(filler, home)
        self.measured.seconds["findings"].append(time.perf_counter() - began)
        if "Gelezen en overgenomen" not in page:
            raise WentWrong("the file was not taken over")
        for _ in range(MOST_TRIES):
            stand = await self._offered(filler, home, page)
            await self.page(signer, f"{home}ondertekenen/")
            began = time.perf_counter()
            said = {"stand": stand, "functie": "bestuurder", "akkoord": "ja"}
            signed = await asyncio.gather(*(self.form(signer, f"{home}ondertekenen/", **said) for _ in range(clicks)))
            self.measured.seconds["sign"].append(time.perf_counter() - began)
            places = {answer.location for answer in signed if answer.status == 302}
            if len(places) == 1 and all(answer.status == 302 for answer in signed):
                receipt = places.pop()
                if "Ontvangstbevestiging" not in await self.page(signer, receipt):
                    raise WentWrong("no receipt")
                self.measured.receipts[delivery.key] = receipt
                return
            # The sector was compared anew between offering and signing: there is more to explain.
            page = await self.page(filler, home)
        raise WentWrong(f"not signed in {MOST_TRIES} tries")

    async def _offered(self, filler: Person, home: str, page: str) -> str:
        """Explain what is asked and offer; return the number of the saved state that lies ready to be signed."""
        for _ in range(MOST_TRIES):
            if "voorleggen/" not in page:
                await self._explain(filler, home)
                page = await self.page(filler, home)
                continue
            stand = _found(_STAND, page)
            await self.form(filler, f"{home}voorleggen/", stand=stand)
            page = await self.page(filler, home)
            if "Wie ondertekent?" in page:
                return stand
        raise WentWrong(f"not offered in {MOST_TRIES} tries")

    async def _explain(self, filler: Person, home: str) -> None:
        page = await self.page(filler, f"{home}invullen/")
        asked = {name: EXPLAINED for name, said in _ASKED.findall(page) if not said.strip()}
        if not asked:
            found = _ERRORS.search(" ".join(page.split()))
            raise WentWrong(f"nothing to explain, and still not ready: {found[1] if found else ''}")
        answer = await self.form(filler, f"{home}invullen/", stand=_found(_STAND, page), **asked)
        if answer.status != 302:
            raise WentWrong(f"{answer.status} for explanations")
        self.measured.explained += 1

    async def read(self, person: Person, *, offset: float, until: float) -> None:
        """Look at a page every so often, the overview and the form in turn, until the clock says ``until``."""
        home = f"/aanlevering/{person.slug}/"
        begin, turn = time.perf_counter() + offset, 0
        while (planned := begin + turn * READ_SECONDS) < until:
            await asyncio.sleep(max(0.0, planned - time.perf_counter()))
            path = home if turn % 2 == 0 else f"{home}invullen/"
            turn += 1
            began = time.perf_counter()
            try:
                answer = await self.ask(person, path)
            except (WentWrong, OSError, TimeoutError, ValueError) as wrong:
                self.measured.errors[f"reading: {type(wrong).__name__} {wrong}"[:160]] += 1
                continue
            self.measured.seconds["read"].append(time.perf_counter() - began)
            if answer.status != 200:
                self.measured.errors[f"reading: {answer.status}"] += 1


def _found(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    if found is None:
        raise WentWrong(f"nothing like {pattern.pattern} on the page")
    return found[1]


def _with_file(fields: dict[str, str], name: str, content: bytes) -> tuple[bytes, str]:
    """Return the body of a form with a file, and its content type."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="bestand"; filename="{name}"\r\n'
        f"Content-Type: {XLSX}\r\n\r\n".encode()
    )
    return b"".join([*parts, content, f"\r\n--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
